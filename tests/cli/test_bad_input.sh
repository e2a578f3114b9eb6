# Bad input: one clear line, the documented exit code, every rank ends, nothing half-written; on one rank and on three.
set -uo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
bad=0
fail() { echo "FAIL: $*"; bad=1; }

on="1 3"
refused() { # NAME CODE PATTERN words…: kith must refuse with CODE and one line that matches PATTERN
  name=$1 code=$2 pattern=$3; shift 3
  for n in $on; do
    if [ $n = 1 ]; then timeout -k 5 $limit "$KITH" "$@" >/dev/null 2>"$dir/err"; else ranks $n "$@" >/dev/null 2>"$dir/err"; fi
    rc=$?
    lines=$(grep -c '^kith: ' "$dir/err")
    [ $rc = "$code" ] || fail "$name on $n: code $rc, expected $code: $(cat "$dir/err")"
    [ "$lines" = 1 ] || fail "$name on $n: $lines lines: $(cat "$dir/err")"
    grep '^kith: ' "$dir/err" | grep -qE -e "$pattern" || fail "$name on $n: \"$(cat "$dir/err")\" does not match $pattern"
    [ -z "$(find "$dir" -name '*.tmp*')" ] || fail "$name on $n: left $(find "$dir" -name '*.tmp*')"
  done
}
list() { printf '%b' "$1" >"$dir/list.txt"; } # an adjacency list; the job "lists.yaml" reads it
cat >"$dir/lists.yaml" <<J
work: lists
data: {interactions: {path: list.txt, format: adjacency}, test: {path: held.txt, format: adjacency}}
J
printf '0 3\n' >"$dir/held.txt"
tiny "$dir/t"
job=$dir/t/job.yaml
"$KITH" train "$job" --quiet >/dev/null || fail "the tiny job itself"

refused "no job file"        66 'none.yaml'                        train "$dir/none.yaml"
refused "no list"            66 'list.txt'                         ingest "$dir/lists.yaml"
list '0 1 2\n1 x7 2\n';      refused "letter in a number" 65 'list.txt:2.*x7'   ingest "$dir/lists.yaml"
list '0 1 2\n1 -4 2\n';      refused "negative id"        65 'list.txt:2.*-4'   ingest "$dir/lists.yaml"
list '';                     refused "empty file"         65 'list.txt'         ingest "$dir/lists.yaml"
list '1 3 2\n';              refused "unseen test user"   65 'held.txt:1.*0'    ingest "$dir/lists.yaml"
[ ! -e "$dir/lists/graph.h5" ] || fail "graph.h5 was written in spite of bad lists"

printf 'train:\n  batches: 3\n' >"$dir/key.yaml"
refused "unknown key"        78 'key.yaml:2.*train.batches.*train.batch"' train "$dir/key.yaml"
printf 'train:\n  lr: fast\n' >"$dir/value.yaml"
refused "no number"          78 'value.yaml:2.*train.lr.*fast'     train "$dir/value.yaml"
refused "out of bounds"      78 'model.dim.*0'                   train "$job" --set model.dim=0
refused "noise that is hard" 78 'negatives.hard.*nce'        train "$job" --set loss.name=nce --set negatives.hard=0.5
refused "too many draws"     78 'negatives.inbatch.*negatives.popularity' train "$job" --set negatives.inbatch=0.6 --set negatives.popularity=0.6
refused "softmax's own"      78 'negatives.inbatch.*loss.inbatch' train "$job" --set loss.name=softmax --set negatives.inbatch=0.5
refused "no candidates"      78 'negatives.shared.*loss.inbatch'      train "$job" --set loss.name=softmax --set loss.inbatch=false
refused "unknown setting"    78 'train.lrr.*train.lr'              train "$job" --set train.lrr=1
refused "unknown verb"       64 'trian.*train'                     trian "$job"
refused "unknown option"     64 'bogus: unknown option; see'       train "$job" --bogus
on=1 # of these, all ranks read the same words
refused "a verb like none"     64 'unknown verb "zebra"; kith --help' zebra "$job"
refused "option before the job" 64 'unknown option'                train --bogus "$job"
refused "an option nearly"   64 '--frsh: unknown option .did you mean --fresh.); see' train "$job" --frsh
refused "a key as an option" 64 'a key of the job. --set train.epochs=VALUE' train "$job" --epochs 3
refused "a foreign option"   64 '--set KEY=VALUE; Kith calls it train.lr' train "$job" --learning-rate 1
refused "a foreign key"      78 'learning_rate: Kith calls it train.lr; kith help KEY' train "$job" --set learning_rate=1
refused "a value nearly"     78 'found "LightGCN"; did you mean lightgcn?' train "$job" --set model.name=LightGCN
refused "--user before the job" 64 'a job file before --user'      recommend --user user-003 "$job"
refused "no value"           64 '--user: expected a value'         recommend "$job" --user
refused "no value, an option" 64 '--user: expected a value'        recommend "$job" --user --k 3
refused "no setting"         64 '--set: expected a value'          train "$job" --set
refused "no setting, an option" 64 '--set: expected a value'       train "$job" --set --fresh
refused "a flag twice"       64 '--fresh: given twice'             train "$job" --fresh --fresh
refused "a flag's value"     64 '--fresh=1: takes no value'        train "$job" --fresh=1
refused "a value twice"      64 '--k.*: given twice'               recommend "$job" --user user-003 --k 3 --k 4
refused "a word too many"    64 'more: one word too many'          evaluate "$job" more
refused "a section as a key" 78 '"train" is a section'             train "$job" --set train=1
"$KITH" >"$dir/out" 2>"$dir/err"; rc=$?
[ $rc = 64 ] && [ ! -s "$dir/out" ] && grep -q '^Verbs' "$dir/err" || fail "kith alone: $rc"
"$KITH" help bogus >"$dir/out" 2>"$dir/err"; rc=$?
[ $rc = 64 ] && [ ! -s "$dir/out" ] && grep -q '^kith: no help on "bogus"' "$dir/err" && [ "$(wc -l <"$dir/err")" = 1 ] || fail "kith help bogus: $rc"
"$KITH" help train | grep -e --fresh >/dev/null || fail "kith help train"
[ "$("$KITH" help train.lr | grep -c -e '^  train.lr$' -e 'default: 0.01$')" = 2 ] || fail "kith help train.lr"
[ "$("$KITH" help checkpoint | grep -c '^  checkpoint\.')" -gt 3 ] || fail "kith help checkpoint"
[ "$("$KITH" help kgin)" = "$("$KITH" help model.kgin)" ] || fail "kith help kgin"
"$KITH" help train.l >"$dir/out" 2>/dev/null && fail "kith help train.l is no key"
refused "--set without a job" 64 'no job file'             inspect "$dir/t/work/graph.h5" --set a=1
"$KITH" inspect --help | grep -e --set >/dev/null && fail "inspect offers --set"
on="1 3"
refused "unknown user"       65 'nobody'                           recommend "$job" --user nobody

"$KITH" partition "$job" --set partition.parts=2 >/dev/null
timeout $limit mpirun --quiet --oversubscribe --bind-to none -n 3 "$KITH" train "$job" --fresh >/dev/null 2>"$dir/err"; rc=$?
[ $rc = 78 ] && grep -q '^kith: .*parts.h5.*2 parts.*3 ranks' "$dir/err" || fail "more ranks than parts: $rc $(cat "$dir/err")"
"$KITH" partition "$job" >/dev/null

for file in graph parts embeddings; do
  verb=$(case $file in graph) echo partition ;; parts) echo train ;; *) echo evaluate ;; esac)
  maker=$(case $file in graph) echo ingest ;; parts) echo partition ;; *) echo train ;; esac)
  cp "$dir/t/work/$file.h5" "$dir/keep"
  for size in 0 100 5000; do
    head -c $size "$dir/keep" >"$dir/t/work/$file.h5"
    refused "$file.h5 torn at $size" 65 "$file.h5" $verb "$job"
  done
  echo "this is no HDF5 file" >"$dir/t/work/$file.h5"; refused "$file.h5 foreign" 65 "$file.h5" $verb "$job"
  rm "$dir/t/work/$file.h5"
  refused "$file.h5 missing" 66 "$file.h5: No such file or directory: run kith $maker .*job.yaml first" $verb "$job"
  cp "$dir/keep" "$dir/t/work/$file.h5"
done
mv "$dir/t/work/parts.h5" "$dir/keep"
for verb in bench evaluate "recommend --user user-003"; do refused "parts.h5 missing for $verb" 66 'parts.h5: .*: run kith partition' ${verb%% *} "$job" ${verb#"${verb%% *}"}; done
mv "$dir/keep" "$dir/t/work/parts.h5"
for file in "$dir"/t/work/checkpoint-*.h5; do mv "$file" "$dir/"; done
refused "the only checkpoints missing" 66 'checkpoint-000004-000000.h5: cannot be read: No such file.*no other checkpoint is left.*--fresh' train "$job"
mv "$dir"/checkpoint-*.h5 "$dir/t/work"

# A graph that was ingested anew makes the old cut another graph's, and nothing goes on before it is cut again.
cp "$dir/t/work/graph.h5" "$dir/keep"
"$KITH" ingest "$job" --set data.split.seed=2 >/dev/null
for verb in train "train --fresh" evaluate bench "recommend --user user-003" doctor; do
  on=1; [ "$verb" = train ] && on="1 3"
  refused "an old parts.h5 for $verb" 65 "(parts.h5: was cut from another graph than .*graph.h5; run kith partition|failed: graph)" ${verb%% *} "$job" ${verb#"${verb%% *}"}
done
on="1 3"
ls "$dir"/t/work/checkpoint-*.h5 >/dev/null || fail "an old parts.h5 and --fresh cost the checkpoints"
mv "$dir/keep" "$dir/t/work/graph.h5"

# What is left to do decides whether the embeddings are exported: of a finished run, and of one without epochs.
cp "$dir/t/work/embeddings.h5" "$dir/trained"
rm "$dir/t/work/embeddings.h5"
"$KITH" train "$job" --quiet >/dev/null && same_embeddings "$dir/t/work/embeddings.h5" "$dir/trained" || fail "a finished run does not export again"
for n in 1 2; do
  ranks $n train "$job" --fresh --set train.epochs=0 >"$dir/out" 2>"$dir/err" || fail "no epochs: $(cat "$dir/err")"
  grep -q untrained "$dir/err" || fail "no epochs: $(cat "$dir/err")"
  "$KITH" evaluate "$job" --json >"$dir/out" || fail "untrained embeddings are not evaluated"
  "$KITH" inspect "$dir/t/work/embeddings.h5" | grep 'after epoch 0' >/dev/null || fail "the embeddings are not those of epoch 0"
done
past="--set evaluate.split=valid --set train.lr=0.1 --set train.epochs=8 --set checkpoint.best=false" # the best epoch is not the last
"$KITH" train "$job" --quiet --fresh $past >/dev/null
rm "$dir/t/work/embeddings.h5"
refused "the best epoch's embeddings missing" 66 'embeddings.h5: is missing, damaged.*no checkpoint of epoch [246], the best so far, is left;.*--fresh' train "$job" $past
"$KITH" train "$job" --quiet --fresh >/dev/null
cp "$dir/t/work/parts.h5" "$dir/t/work/embeddings.keep"; cp "$dir/t/work/embeddings.h5" "$dir/emb"
cp "$dir/t/work/parts.h5" "$dir/t/work/embeddings.h5"; refused "a file of another kind" 65 'embeddings.h5' evaluate "$job"
cp "$dir/emb" "$dir/t/work/embeddings.h5"; rm "$dir/t/work/embeddings.keep"

# A read-only folder, and a full disk: in a mount namespace of our own.
if unshare --mount true 2>/dev/null; then
  export KITH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 job dir limit
  in_mount() { # MOUNT-COMMANDS words…
    setup=$1; shift
    unshare --mount sh -c "$setup"' && shift && timeout -k 5 $limit "$@"' sh x "$@" >/dev/null 2>"$dir/err"
  }
  for n in 1 3; do
    in_mount 'mount --bind "$dir/t/work" "$dir/t/work" && mount -o remount,bind,ro "$dir/t/work"' mpirun --quiet --oversubscribe --bind-to none -n $n "$KITH" train "$job" --set train.epochs=9
    rc=$?
    [ $rc = 73 ] && [ "$(grep -c '^kith: ' "$dir/err")" = 1 ] || fail "read-only folder on $n: $rc $(cat "$dir/err")"
    in_mount 'cp -r "$dir/t/work" "$dir/t/full.$$" && mount -t tmpfs -o size=600k full "$dir/t/work" && cp "$dir"/t/full.$$/parts.h5 "$dir"/t/full.$$/graph.h5 "$dir/t/work" && head -c 10000000 /dev/zero >"$dir/t/work/filler" 2>/dev/null; true' \
      sh -c 'mpirun --quiet --oversubscribe --bind-to none -n '$n' "$KITH" train "$job" --set train.epochs=1; rc=$?; find "$dir/t/work" -name "*.tmp*" | grep . && exit 99; [ ! -e "$dir/t/work/embeddings.h5" ] || exit 98; exit $rc'
    rc=$?
    [ $rc = 74 ] && [ "$(grep -c '^kith: ' "$dir/err")" = 1 ] || fail "full disk on $n: $rc $(cat "$dir/err")"
  done
else
  echo "read-only folder and full disk: skipped, no mount namespaces"
fi
exit $bad
