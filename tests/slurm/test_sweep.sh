# kith sweep --slurm: trials are an array of jobs; a node is lost in the middle; all end, by halving one goes on, and the
# job behind them prints one table.  KITH_TEST_TRIALS=12 is the number of trials; without it there are three.
set -euo pipefail
. "$KITH_SOURCE/tests/support/cluster.sh"
trials=${KITH_TEST_TRIALS:-3}
cat >"$dir/job.yaml" <<J
name: swept
work: work
generate: {users: 300, items: 400, interactions: 8000, friends: 0, communities: 8}
data: {interactions: {path: list.tsv, format: edges}, split: {method: ratio, valid: 0.1, test: 0.1}}
partition: {parts: 4}
model: {dim: 16}
train: {batch: 256, epochs: 40}
evaluate: {every: 1}
sweep:
  train.lr: {from: 0.001, to: 0.05, scale: log}
  model.layers: [1, 2]
  trials: $trials
  halving: {epochs: 20, factor: 3}
J
cd "$dir"
for verb in generate ingest partition; do "$KITH" $verb job.yaml >/dev/null; done
fail() { echo "FAIL: $1"; cat work/sweep/slurm.out work/sweep/trial-*/log.txt | tail -60; squeue; sinfo -N -l; exit 1; }
cluster_up 2 2
export KITH_SLURM=$KITH_SOURCE/slurm
"$KITH" sweep job.yaml --slurm --sbatch "--time=60 --comment=swept" >out || fail "not submitted"
grep "submitted $trials trials as jobs" out >/dev/null || fail "nobody says what was submitted"
again=0; "$KITH" sweep job.yaml --slurm >out 2>err || again=$?
[ $again = 64 ] || fail "submitted twice"
grep 'are in the queue' err >/dev/null || fail "nobody says that it is in the queue"
if [ "$nodes" -gt 1 ]; then
  until_true test -s work/sweep/trial-001/metrics.jsonl || fail "no trial begins"
  "$KITH_SOURCE/slurm/cluster" lose 1
  sleep 1
  "$KITH_SOURCE/slurm/cluster" return 1
fi
ended() { grep -qs 'best.yaml --refit' work/sweep/slurm.out; }
until_true ended || fail "no table"
[ "$(grep -c '^trial ' work/sweep/slurm.out)" = 1 ] || fail "more than one table"
/usr/bin/python3 - "$trials" <<'P' || fail "trials"
import json, sys
trials = [json.loads(line) for line in open("work/sweep/trials.jsonl")]
n = int(sys.argv[1])
assert len(trials) == n and all(t["status"] in ("done", "stopped") for t in trials), trials
done = [t for t in trials if t["status"] == "done"]
assert len(done) == max(1, max(1, n // 3) if n < 6 else n // 3), done
best = max(trials, key=lambda t: (t["epochs"], t["score"]))
assert "Trial %d, the best" % best["trial"] in open("work/sweep/best.yaml").readline()
P
# The same bits as a run of the best trial that nothing happened to.
best=$(sed -n '1s/^# Trial \([0-9]*\),.*/\1/p' work/sweep/best.yaml)
"$KITH" train work/sweep/best.yaml --set work="$dir/one" --quiet >/dev/null
same_embeddings one/embeddings.h5 "$(printf 'work/sweep/trial-%03d/embeddings.h5' "$best")"
