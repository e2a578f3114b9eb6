# timeout: 400
# The real job scripts on a local cluster: the pipeline gives the bits of one rank, and a preempted job goes on to them.
set -euo pipefail
for tool in slurmctld slurmd munged sbatch; do command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }; done
[ "$(id -u)" = 0 ] || { echo "skipped: the local cluster needs root"; exit 77; }
patience=${KITH_PATIENCE:-1}
dir=$(mktemp -d); chmod 755 "$dir" # munge wants its socket reachable
export KITH_CLUSTER=$dir/cluster KITH_CLUSTER_PORT=$((20000 + RANDOM % 20000))
trap '"$KITH_SOURCE/slurm/cluster" down; rm -rf "$dir"' EXIT
cat >"$dir/job.yaml" <<J
name: slurm
work: work
generate: {users: 300, items: 400, interactions: 8000, friends: 0, communities: 8}
data: {interactions: {path: list.tsv, format: edges}, split: {method: ratio, valid: 0.1, test: 0.1}}
partition: {parts: 8}
model: {width: 16, layers: 2}
train: {batch: 512, epochs: 4, lr: 0.01}
evaluate: {k: [10], every: 2, split: test}
checkpoint: {every: 1, keep: 2}
J
"$KITH" generate "$dir/job.yaml" >/dev/null
cp -r "$dir/job.yaml" "$dir/list.tsv" "$(mkdir -p "$dir/one"; echo "$dir/one")"
for verb in ingest partition train; do "$KITH" $verb "$dir/one/job.yaml" --quiet >/dev/null; done

# slurmd wants a mounted cgroup file system, and several nodes want namespaces: containers often lack them.
"$KITH_SOURCE/slurm/cluster" up 2 4 >"$dir/up" 2>&1 || {
  cat "$dir/up"
  grep -q ' /sys/fs/cgroup' /proc/self/mounts || { echo "skipped: nothing is mounted on /sys/fs/cgroup"; exit 77; }
  unshare --uts --mount true 2>/dev/null || { echo "skipped: no UTS and mount namespaces"; exit 77; }
  exit 1
}
. "$KITH_CLUSTER/env"
nodes=$(sinfo -h -N | wc -l)
state() { scontrol show job "$1" | grep -oE 'JobState=[A-Z_]+' | head -1 | cut -d= -f2; }
await() { # JOB: until it is over, whatever the outcome
  for _ in $(seq $((1500 * patience))); do
    case $(state "$1") in COMPLETED) return 0 ;; FAILED | CANCELLED | TIMEOUT | NODE_FAIL) break ;; esac
    sleep 0.1
  done
  echo "job $1: $(state "$1")"; cat "$dir"/slurm-*.out; return 1
}
same() { /usr/bin/python3 - "$1" "$2" <<'P'
import sys, h5py
a, b = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])
for t in "user", "item":
    assert a[t + "/embedding"][:].tobytes() == b[t + "/embedding"][:].tobytes(), t
P
}
cd "$dir"
for options in --nodes=99 --no-such-option; do
  "$KITH_SOURCE/slurm/pipeline.sh" job.yaml $options >refused 2>&1 && { echo "pipeline.sh takes $options"; exit 1; }
  grep -q 'refuses the options of train' refused && [ -z "$(squeue -h)" ] || { cat refused; squeue; exit 1; }
done
if "$KITH_SOURCE/slurm/pipeline.sh" nowhere.yaml 2>refused; then echo "pipeline.sh takes no job file"; exit 1; fi
grep -q 'nowhere.yaml: no such job file' refused
jobs=$("$KITH_SOURCE/slurm/pipeline.sh" job.yaml --nodes="$nodes" --ntasks-per-node=2)
for id in $(echo "$jobs" | awk '{print $2}'); do await "$id"; done
same work/embeddings.h5 one/work/embeddings.h5
grep -q '"status": "ok"' "slurm-$(echo "$jobs" | awk '/evaluate/ {print $2}').out"
echo "pipeline: $nodes nodes x 2 ranks, the bits of one rank"

# Preemption: USR1 in the middle of a longer run, one more in the queue, and the bits are still those of one rank.
long="--set train.epochs=120 --set evaluate.every=0 --set checkpoint.every=0 --fresh"
"$KITH" train one/job.yaml --quiet $long >/dev/null
rm -f work/checkpoint-* work/embeddings.h5
export KITH_JOB=$dir/job.yaml KITH_SLURM=$KITH_SOURCE/slurm KITH_OPTIONS="--set train.epochs=120 --set evaluate.every=0 --set checkpoint.every=0"
id=$(sbatch --parsable --export=ALL --nodes="$nodes" --ntasks-per-node=2 "$KITH_SOURCE/slurm/train.sbatch")
for _ in $(seq $((300 * patience))); do grep -q 'epoch 2 ' "slurm-$id.out" 2>/dev/null && break; sleep 0.05; done
scancel -b -s USR1 "$id"
for _ in $(seq $((300 * patience))); do grep -q 'back into the queue' "slurm-$id.out" 2>/dev/null && break; sleep 0.1; done
grep -q 'back into the queue' "slurm-$id.out" || { cat "slurm-$id.out"; exit 1; }
ls work/checkpoint-0*.h5 >/dev/null
await "$id"
grep -q 'continuing from' "slurm-$id.out"
same work/embeddings.h5 one/work/embeddings.h5
echo "preempted, requeued, and the same bits"
