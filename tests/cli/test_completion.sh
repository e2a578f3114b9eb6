# fast
# Completions and manual pages are printed from the tables of the program: every verb, option, key and value is there, bash
# really completes, and zsh, fish and mandoc find no fault where they are installed.
set -uo pipefail
bad=0
fail() { echo "FAIL: $*"; bad=1; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
export OMPI_MCA_pml=none # none of this starts MPI
"$KITH" help --markdown >reference
verbs=$("$KITH" help verbs | awk '{print $1}')

# ---- bash -----------------------------------------------------------------------------------------------------------------
"$KITH" completion bash >kith.bash || fail "kith completion bash"
set +u # as in an interactive shell
. ./kith.bash
gives() { # EXPECTED words…: what the last word, cut at "=" as bash does, is completed to
  want=$(tr ' ' '\n' <<<"$1" | sort); shift
  COMP_WORDS=(kith "$@") COMP_CWORD=$#
  _kith
  found=$(printf '%s\n' "${COMPREPLY[@]}" | sort)
  [ "$found" = "$want" ] || fail "kith $*: completed to: ${COMPREPLY[*]}; expected: $(echo $want)"
}
complete -p kith | grep -F -e '-F _kith' >/dev/null || fail "nothing completes kith"
mkdir -p here/jobs.d; cd here || exit 1; touch a.yaml b.yml c.txt d.h5
for verb in $verbs; do
  "$KITH" "$verb" --help >../its
  gives "$(sed -n 's/^  \(--[a-z0-9-]*\) .*/\1/p' ../its | tr '\n' ' ' | sed 's/ $//')" "$verb" a.yaml --
  case $(sed -n 1p ../its) in *" JOB|FILE "*) want="a.yaml b.yml d.h5 jobs.d/" ;; *" FILE "*) want="jobs.d/ d.h5" ;; "kith $verb [options]") want= ;; *) want="a.yaml b.yml jobs.d/" ;; esac
  gives "$want" "$verb" ""
done
gives "train" trai
gives "train tune" t
gives "bash fish zsh" completion ""
gives "model models" help model
gives "model.layers model.layer_weights" help model.la
gives "npy neighbors-tsv neighbors-h5" export a.yaml --format n
for format in $("$KITH" completion bash | sed -n "s/.*export:--format) echo '\(.*\)' ;;/\1/p"); do # as the help has them
  "$KITH" help export | grep -wF -e "$format" >/dev/null || fail "--format $format is completed"
done
gives "itemknn" evaluate a.yaml --baseline i
gives "user" export a.yaml --nodes u
gives "" plan a.yaml --nodes ""
gives "jobs.d/ a.yaml b.yml c.txt d.h5" report a.yaml --compare ""
gives "d.h5" embed a.yaml --output d
gives "a.yaml" train a.y
gives "test train" evaluate a.yaml --split t
gives "always" train a.yaml --color al
gives "always" train a.yaml --color = al
gives "model.layers= model.layer_weights=" train a.yaml --set model.la
gives "model.layers= model.layer_weights=" train a.yaml --set = model.la
gives "data. generate. partition. model. sampler. loss. negatives. train. evaluate. stream. embed. update. blend. checkpoint. watchdog. sweep. name= task= work= graph= parts=" train a.yaml --set ""
gives "lightgcn" train a.yaml --set model.name = li
gives "lightgcn" train a.yaml --set = model.name = li
printf 'data:\n  relations: {friend: {path: f.tsv, from: user}, tagged: {path: [a, b]}}\n  nodes: {thing: {same_as: item}}\nmodel: {relations: {no: 1}}\nblend:\n  models:\n    graph: runs/x\n' >named.yaml
kith() { OMPI_MCA_pml=none "$KITH" "$@"; } # as on PATH
gives "data.relations.friend. data.relations.tagged." train named.yaml --set data.relations.
gives "model.relations.friend= model.relations.tagged=" train named.yaml --set model.relations.
gives "partition.weight.tagged=" train named.yaml --set partition.weight.t
gives "data.nodes.thing." train named.yaml --set data.nodes.
gives "blend.models.graph=" blend named.yaml --set blend.models.
rm named.yaml; unset -f kith
gives "data.relations.friend.from= data.relations.friend.format=" train a.yaml --set data.relations.friend.f
gives "user" train a.yaml --set data.relations.friend.from = u
gives "model.relations." train a.yaml --set model.rel
gives "a.yaml b.yml c.txt d.h5 jobs.d/" train a.yaml --set data.test.path =
n=0
while IFS=$'\t' read -r key values; do
  gives "$values" ingest a.yaml --set "${key/NAME/friend}" =
  n=$((n + 1))
done < <(sed -n 's/^| `\([^`]*\)` | \([a-z0-9-]*\( \\| [a-z0-9-]*\)*\) |.*/\1\t\2/p' ../reference | grep -F '\|' | sed 's/ \\| / /g; s/\\| //g')
[ $n -gt 50 ] || fail "only $n keys with words as values were tried"
COMP_WORDBREAKS=${COMP_WORDBREAKS//=/} # as some people have it
gives "--set=model.name=lightgcn" train a.yaml --set=model.name=li
gives "model.name=lightgcn" train a.yaml --set model.name=li
set -u
cd ..

# ---- zsh and fish -------------------------------------------------------------------------------------------------------------
for shell in zsh fish; do
  "$KITH" completion $shell >kith.$shell || fail "kith completion $shell"
  for verb in $verbs; do grep -w -e "$verb" kith.$shell >/dev/null || fail "$shell: no $verb"; done
  for key in $(sed -n 's/^| `\([A-Za-z_.0-9]*\)` .*/\1/p' reference); do echo "${key%%NAME*}"; done | sort -u >keys
  grep -oE '[a-z_0-9.]+' kith.$shell | sort -u >words
  missing=$(comm -23 keys words)
  [ -z "$missing" ] || fail "$shell: no $missing"
  command -v $shell >/dev/null && { $shell -n kith.$shell || fail "$shell finds fault with its completion"; }
done
"$KITH" completion tcsh 2>err && fail "tcsh is completed"
grep 'expected bash, zsh or fish' err >/dev/null || fail "$(cat err)"

# ---- manual pages ---------------------------------------------------------------------------------------------------------------
sh "$KITH_SOURCE/src/pages.sh" "$KITH" pages || fail "src/pages.sh"
[ "$(ls pages/man/*/* | wc -l)" = $(($(wc -w <<<"$verbs") + 3)) ] || fail "pages: $(ls pages/man/*/*)"
plain() { sed 's/\\&//g' "$1"; }
for verb in $verbs; do
  page=pages/man/man1/kith-$verb.1
  options=$("$KITH" "$verb" --help | sed -n 's/^  -\(-[a-z0-9-]*\) .*/\1/p')
  [ "$options" = "$(plain $page | sed -n 's/^\.It Fl \([a-z0-9-]*\).*/\1/p')" ] || fail "$page: other options"
  grep "^\.It Cm $verb " pages/man/man1/kith.1 >/dev/null || fail "kith.1: no $verb"
done
keys=$(sed -n 's/^| `\([A-Za-z_.0-9]*\)` .*/\1/p' reference | sort)
[ "$keys" = "$(sed -n 's/^\.It Va //p' pages/man/man5/kith-job.5 | sort)" ] || fail "kith-job.5: other keys"
"$KITH" help --man nothing 2>err && fail "a page of nothing"
if command -v mandoc >/dev/null; then
  mandoc -T lint -W style pages/man/*/* 2>&1 | grep -vE 'outdated mandoc.db|referenced manual not found|lower case character in document title' >lint
  [ ! -s lint ] || fail "mandoc: $(head -20 lint)"
fi
exit $bad
