# fast
# What looks like a request and is none: Kith's own names for files, YAML's word for nothing, a file that is not there,
# relations without an edge, output that goes nowhere.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0
fail() { echo "FAILED: $*"; failed=1; }
says() { # CODE TEXT WORDS…: the program ends with this code, and says this text
  local code=$1 text=$2 found
  shift 2
  timeout -k 5 60 "$KITH" "$@" >out 2>err
  found=$?
  [ "$found" = "$code" ] || fail "$*: exit $found, expected $code: $(cat err)"
  [ "$code" = 0 ] || [ "$(grep '^kith: ' err | grep -vc '^kith: warning')" = 1 ] || fail "$*: more than one line: $(cat err)"
  grep -qF -- "$text" out err || fail "$*: does not say \"$text\": $(cat err)"
}
job() { { echo "work: work"; echo "data:"; printf '  %s\n' "$@"; } >job.yaml; rm -rf work; }
seq 40 | awk '{print "u" $1 % 8 "\ti" $1 % 10 "\t" $1 % 5}' >pairs.tsv

# ---- relations of which nothing is left ------------------------------------------------------------------------------
printf 'x\ty\nu1\tz\n' >strange.tsv
printf 'u1\tu1\nu2\tu2\n' >loops.tsv
printf 'u1\tu2\nx\tu3\nu4\ty\n' >few.tsv
printf 'j1\tred\nj2\tblue\n' >tags.tsv
uses='model: {name: lightgcn, layers: 2, relations: {friend: 0.5}}'
job 'interactions: {path: pairs.tsv, columns: {user: 1, item: 2}}' 'social: {path: list.tsv}'; echo "$uses" >>job.yaml
cp strange.tsv list.tsv; says 65 'list.tsv: none of its edges can be used: 2 of 2 have an unknown user, 0 join a node to itself' ingest job.yaml
cp loops.tsv list.tsv; says 65 'list.tsv: none of its edges can be used: 0 of 2 have an unknown user, 2 join' ingest job.yaml
[ ! -e work/graph.h5 ] || fail "a graph without its ties"
cp few.tsv list.tsv; says 0 'warning: list.tsv: most of its edges are left out: 2 of 3 have an unknown user' ingest job.yaml
job 'interactions: {path: pairs.tsv, columns: {user: 1, item: 2}}' 'relations: {tag: {path: tags.tsv, from: item, to: tag}}'
says 65 'tags.tsv: none of its edges can be used: 2 of 2 have an unknown item or tag' ingest job.yaml

# ---- a test list counts lines that the interactions leave out ------------------------------------------------------------
job 'interactions: {path: pairs.tsv, columns: {user: 1, item: 2, weight: 3}, min_weight: 2}' 'test: {path: pairs.tsv}'
says 0 'data.interactions.min_weight: 2 does not hold for data.test; set data.test.min_weight' ingest job.yaml
says 0 'data.test: edges' ingest job.yaml --set data.test.min_weight=0
grep -q 'does not hold' err && fail "a warning of what the job says"

# ---- names that are taken ----------------------------------------------------------------------------------------------
job 'interactions: {path: pairs.tsv, columns: {user: 1, item: 2}}'
says 0 'wrote' ingest job.yaml
for name in kith.lock kith.lock.break waiting.txt; do
  says 64 "$name: is a name that Kith keeps for itself; name another file for graph.h5" ingest job.yaml --set graph=other/$name
  says 64 "$name: is a name that Kith keeps for itself" partition job.yaml --set parts=other/$name
done
says 64 'new.h5: is the file of kith embed; name another file for graph.h5' ingest job.yaml --set graph=work/new.h5
says 78 'data.interactions.path: other/kith.lock is a name that Kith keeps for itself' generate job.yaml --set data.interactions.path=other/kith.lock
[ ! -e other ] || fail "a folder for what was refused"

# ---- nothing is no value -----------------------------------------------------------------------------------------------
for word in '~' null NULL; do
  printf 'work: %s\ndata: {interactions: pairs.tsv}\n' "$word" >none.yaml
  says 78 "none.yaml:1: work: expected a value, found nothing ($word)" ingest none.yaml
  printf 'data: {interactions: {path: pairs.tsv, columns: {user: 1, item: 2, time: %s}}}\n' "$word" >none.yaml
  says 78 'none.yaml:1: data.interactions.columns.time: expected a value' ingest none.yaml
  printf 'data: {interactions: %s}\n' "$word" >none.yaml
  says 78 'data.interactions: expected keys below it' ingest none.yaml
done
[ ! -e null ] && [ ! -e NULL ] || fail "a folder called nothing"
printf 'work: "null"\ndata: {interactions: {path: pairs.tsv, columns: {user: 1, item: 2}}}\n' >none.yaml
says 0 'wrote null/graph.h5' ingest none.yaml

# ---- numbers of the generator, and its columns ---------------------------------------------------------------------------
says 78 'generate.items: 7, expected 8 to' generate job.yaml --set data.interactions.path=made.tsv --set generate.items=7 --set generate.communities=1
says 78 'expected columns 1 and 2 for the two ends' generate job.yaml --set data.interactions.path=made.tsv --set data.interactions.columns.user=2 --set data.interactions.columns.item=1

# ---- a file of new users that is not there, or not asked ------------------------------------------------------------------
job 'interactions: {path: pairs.tsv, columns: {user: 1, item: 2}}'; printf 'model: {name: mf, dim: 4}\ntrain: {epochs: 1}\nevaluate: {every: 0}\npartition: {parts: 1}\n' >>job.yaml
for verb in ingest partition train; do says 0 '' $verb job.yaml; done
says 66 'none.h5' recommend job.yaml --user u1 --new none.h5
says 64 '--new FILE goes with --user' recommend job.yaml --similar-to i1 --new none.h5
says 64 '--new FILE goes with --user' recommend job.yaml --all --output all.tsv --new none.h5

# ---- pages that cannot be written ------------------------------------------------------------------------------------------
for page in --version --help 'help keys' 'help train' 'help --markdown'; do
  "$KITH" $page >/dev/full 2>err; rc=$?
  [ $rc = 74 ] && grep -q '^kith: standard output: writing failed' err || fail "kith $page to a full disk: $rc"
done
"$KITH" --version >&- 2>err; rc=$?
[ $rc = 74 ] || fail "kith --version without an output: $rc"
exit $failed
