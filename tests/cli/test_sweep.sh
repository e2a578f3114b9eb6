# kith sweep: a grid with halving, stopped in the middle and continued, has the trials and the bits of runs that nobody
# stopped; a trial that cannot run is recorded and stops no other; other settings are noticed; test is not read.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/until.sh"
. "$KITH_SOURCE/tests/support/embeddings.sh"
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 100, items: 120, interactions: 2000, friends: 0, communities: 4}
data: {interactions: {path: list.tsv, format: edges}, split: {method: ratio, valid: 0.2, test: 0.1}}
partition: {parts: 4}
model: {dim: 8}
train: {batch: 64, epochs: 40}
evaluate: {every: 1}
sweep: {train.lr: [0.002, 0.02], model.name: [lightgcn, han]}
J
"$KITH" generate job.yaml >/dev/null
fail() { echo "FAIL: $1"; cat out err work/sweep/trial-*/log.txt; exit 1; }
expect() { # CODE WORDS command…: it ends so, and its errors have the words
  local wanted=$1 words=$2 code=0
  shift 2
  "$@" >out 2>err || code=$?
  [ $code = "$wanted" ] || fail "code $code, expected $wanted: $*"
  grep -F -e "$words" err >/dev/null || fail "not said: $words: $*"
}
halves=(--set sweep.halving.epochs=20 --set sweep.halving.factor=4)
sweep() { "$KITH" sweep job.yaml "${halves[@]}" "$@"; }
# Statuses, scores and epochs of all trials; and the command that the table ends with.
statuses() { /usr/bin/python3 -c 'import json; print(*[t["status"] for t in map(json.loads, open("work/sweep/trials.jsonl"))])'; }

expect 66 'run kith ingest' "$KITH" sweep job.yaml --status
expect 66 'run kith sweep job.yaml first' "$KITH" export job.yaml --format tensorboard --output logs
# Ctrl-C, when the first trial has an epoch behind it: what runs writes a checkpoint, and nothing more begins.
set -m
"$KITH" sweep job.yaml "${halves[@]}" --quiet >out 2>err & pid=$!
set +m
until_true test -s work/sweep/trial-001/metrics.jsonl
kill -INT $pid
code=0; wait $pid || code=$?
[ $code = 75 ] || fail "stopped with code $code"
grep 'run again to continue' err >/dev/null || fail "nobody says that it can go on"
statuses | grep done && fail "all was done before it was stopped"
expect 64 'KITH_SWEEP_RUNG: expected the number of a rung, found "x"' env KITH_SWEEP_RUNG=x "$KITH" sweep job.yaml --slurm
# Of two models one ranks no items: two trials fail, and the best of the other two goes on to the last epoch.
expect 78 '2 of 4 trials failed: trial 2: ' sweep --parallel 2 --quiet
[ "$(statuses)" = "stopped failed done failed" ] || fail "statuses: $(statuses)"
grep 'kith train work/sweep/best.yaml --refit' out >/dev/null || fail "the table does not say what to do"
grep '^    3  *0\.[0-9]*  *[0-9]*  *40 ' out >/dev/null || fail "the table lacks the best trial"
grep -h '"test_' work/sweep/trial-*/log.txt && fail "a trial has read the test split"
# The same bits as a run from beginning to end.
"$KITH" train work/sweep/trial-003/job.yaml --set work="$dir/one" --quiet >/dev/null
same_embeddings one/embeddings.h5 work/sweep/trial-003/embeddings.h5
# TensorBoard is given the curves of both trials that have any, each with its settings.
expect 0 '2 trials have no metrics.jsonl yet' "$KITH" export job.yaml --format tensorboard --output logs
[ "$(ls logs | sed 's/-[^-]*$//' | paste -sd' ')" = "work-sweep-trial-001 work-sweep-trial-003" ] || fail "folders: $(ls logs)"
grep -a 'trial 3: train.lr=0.02, model.name=lightgcn' logs/work-sweep-trial-003-*/events* >/dev/null || fail "no settings"
# Nothing is left to do but what failed; and who only looks does not fail.
sweep --status --json >out
tail -1 out | /usr/bin/python3 -c 'import json, sys; o = json.load(sys.stdin); assert (o["best"], o["done"], o["stopped"], o["trials"]) == (3, 1, 1, 4), o'
expect 78 'holds a sweep with train.epochs=40 (the default), and the job has train.epochs=30' sweep --set train.epochs=30 --status
expect 66 'kith recommend work/sweep/best.yaml' "$KITH" recommend job.yaml --user 1
"$KITH" train work/sweep/best.yaml --refit --quiet >out 2>err || fail "the best trial cannot be refitted"

expect 78 'holds a sweep with sweep.halving.epochs=20' "$KITH" sweep job.yaml --set sweep.halving.epochs=10
expect 78 'the job has train.batch=32' sweep --set train.batch=32
expect 78 'the job has sweep.train.lr=0.5' sweep --set 'sweep.train.lr=[0.5]' --status
expect 78 'found 0.1, model.dim: [4]' sweep --set 'sweep.train.lr=0.1, model.dim: [4]'
expect 78 '--set: sweep.loss.temperature has no effect in any trial' sweep --set 'sweep.loss.temperature={from: 0.1, to: 0.2}' --set sweep.trials=2
expect 64 '--ranks R gives each trial R ranks' mpirun -n 1 "$KITH" sweep job.yaml
expect 64 'these are options of --slurm' sweep --sbatch "--time=10 --partition=main"
expect 64 '--sbatch: expected a value behind it' sweep --slurm --sbatch
# Settings of the command line are found again by who looks, by who goes on, and by the curves; others are not.
sed '/^sweep:/d; s/epochs: 40/epochs: 1/; s/^work: .*/work: line/' job.yaml >line.yaml
expect 78 "or --set 'sweep.train.lr=[0.001, 0.003]'" "$KITH" sweep line.yaml
echo 'sweep: {model.layers: [1]}' >>line.yaml
for keys in 'sweep.train.lr=[0.002, 0.02]' 'sweep.train.lr={from: 0.001, to: 0.1, scale: log}' 'sweep.train.batch={from: 16, to: 64}'; do
  case $keys in *from*) trials=(--set sweep.trials=2 --set sweep.seed=3) ;; *) trials=(--set name="it's, all") ;; esac
  "$KITH" sweep line.yaml --set "$keys" "${trials[@]}" --set train.batch=32 --fresh --quiet >began 2>err || fail "$keys"
  expect 0 "as the sweep in line/sweep was begun: --set '$keys' --set" "$KITH" sweep line.yaml --status
  cmp out began || fail "--status has another table"
  expect 0 "as the sweep in line/sweep was begun: --set '$keys' --set" "$KITH" sweep line.yaml
  cmp out began || fail "another sweep goes on"
done
expect 78 'the job has train.epochs=2' "$KITH" sweep line.yaml --set train.epochs=2 --status
expect 78 'the job has train.batch=16' "$KITH" sweep line.yaml --set train.batch=16
if grep 'begun:.* --set train.batch' err; then fail "a setting of this command is said to be that of the sweep"; fi
sed -i '/^sweep:/d' line.yaml
"$KITH" export line.yaml --format tensorboard --output lines >out 2>err || fail "curves of trials"
[ "$(ls lines | wc -l)" = 2 ] || fail "not the curves of both trials: $(ls lines)"
expect 78 'names no key that varies' "$KITH" sweep line.yaml --fresh
# Draws: by another seed another one of the grid's four trials; with --fresh the trials that are there are forgotten.
for seed in 1 2 3 4 5; do
  "$KITH" sweep job.yaml --set sweep.trials=1 --set sweep.seed=$seed --set train.epochs=1 --fresh --quiet >/dev/null 2>&1 || true
  head -1 work/sweep/trials.jsonl | grep -o '"settings": {[^}]*}'
done | sort -u >seeds
[ "$(wc -l <seeds)" -gt 1 ] || fail "sweep.seed draws the same trial"

# Of a model of sequences the second model's epochs are cut, behind one training of the rows; a filter has no epochs.
sequence=(--set work="$dir/seq" --set data.interactions.columns.time=3 --set data.split.method=leave-last-out
  --set loss.name=softmax --set train.epochs=2 --set model.sequence=sasrec --set model.sasrec.dim=8 --set model.sasrec.heads=1 --set model.sasrec.epochs=4
  --set 'sweep.model.name=[lightgcn]' --set 'sweep.train.lr=[0.01]' --set sweep.halving.epochs=2)
"$KITH" sweep job.yaml "${sequence[@]}" --set 'sweep.model.sasrec.rate=[0.001, 0.01]' --quiet >out 2>err || fail "a sweep of sasrec"
[ "$(head -1 seq/sweep/trials.jsonl | grep -o '"train.lr"' | wc -l)" = 1 ] || fail "a key that --set gives stands beside that of the job"
grep -o '"status": "[a-z]*", "rung": [12], "epochs": [24],' seq/sweep/trials.jsonl | sort | tr '\n' ' ' >statuses
[ "$(cat statuses)" = '"status": "done", "rung": 2, "epochs": 4, "status": "stopped", "rung": 1, "epochs": 2, ' ] || fail "sasrec: $(cat statuses)"
best=$(grep '"done"' seq/sweep/trials.jsonl | grep -o 'trial-00[12]')
"$KITH" train "seq/sweep/$best/job.yaml" --set work="$dir/two" --no-test --quiet >/dev/null
same_embeddings two/embeddings.h5 "seq/sweep/$best/embeddings.h5"
expect 78 'spectral is not trained by epochs' "$KITH" sweep job.yaml --set 'sweep.model.name=[spectral]' --set model.name=spectral --set 'sweep.train.lr=[1]' --set sweep.halving.epochs=2
