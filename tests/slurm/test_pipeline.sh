# The real job scripts on a local cluster: the pipeline gives the bits of one rank, and a preempted job goes on to them.
set -euo pipefail
. "$KITH_SOURCE/tests/support/cluster.sh"
cat >"$dir/job.yaml" <<J
name: slurm
work: work
generate: {users: 300, items: 400, interactions: 8000, friends: 0, communities: 8}
data: {interactions: {path: list.tsv, format: edges}, split: {method: ratio, valid: 0.1, test: 0.1}}
partition: {parts: 8}
model: {dim: 16, layers: 2}
train: {batch: 512, epochs: 4, lr: 0.01}
evaluate: {k: [10], every: 2, split: test}
checkpoint: {every: 1, keep: 2}
J
"$KITH" generate "$dir/job.yaml" >/dev/null
cp -r "$dir/job.yaml" "$dir/list.tsv" "$(mkdir -p "$dir/one"; echo "$dir/one")"
for verb in ingest partition train; do "$KITH" $verb "$dir/one/job.yaml" --quiet >/dev/null; done

cluster_up 2 4
cd "$dir"
for options in --nodes=99 --no-such-option; do
  "$KITH_SOURCE/slurm/pipeline.sh" job.yaml $options >refused 2>&1 && { echo "pipeline.sh takes $options"; exit 1; }
  grep -q 'refuses the options of train' refused && [ -z "$(squeue -h)" ] || { cat refused; squeue; exit 1; }
done
if "$KITH_SOURCE/slurm/pipeline.sh" nowhere.yaml 2>refused; then echo "pipeline.sh takes no job file"; exit 1; fi
grep -q 'nowhere.yaml: no such job file' refused
for options in "--set train.learning_rate=1" "--set train.lr=-1" --no-such-option; do
  if KITH_OPTIONS=$options "$KITH_SOURCE/slurm/pipeline.sh" job.yaml >refused 2>&1; then echo "pipeline.sh takes $options"; exit 1; fi
  grep -q "nothing is submitted: kith: .*${options##*[. ]}" refused || grep -q 'Kith calls it train.lr\|expected 1e-12 to 1000' refused || { cat refused; exit 1; }
  [ -z "$(squeue -h)" ] && [ ! -e work ] || { squeue; ls work; exit 1; }
done
"$KITH_SOURCE/slurm/pipeline.sh" job.yaml --nodes="$nodes" --test-only >dry 2>&1 || { cat dry; exit 1; }
[ "$(grep -c 'would be submitted: Job' dry)" = 3 ] && [ -z "$(squeue -h)" ] && [ ! -e work ] || { cat dry; squeue; exit 1; }
jobs=$("$KITH_SOURCE/slurm/pipeline.sh" job.yaml --nodes="$nodes" --ntasks-per-node=2)
for id in $(echo "$jobs" | awk '{print $2}'); do await "$id"; done
same_embeddings work/embeddings.h5 one/work/embeddings.h5
grep -q '"status": "ok"' "slurm-$(echo "$jobs" | awk '/evaluate/ {print $2}').out"
echo "pipeline: $nodes nodes x 2 ranks, the bits of one rank"

# Preemption: USR1 in the middle of a longer run, one more in the queue, and the bits are still those of one rank; who follows
# the job from Python sees every epoch once, also those of a run that replaces the one before.
long="--set train.epochs=120 --set evaluate.every=0 --set checkpoint.every=0 --fresh"
"$KITH" train one/job.yaml --quiet $long >/dev/null
rm -f work/checkpoint-* work/embeddings.h5
export KITH_JOB=$dir/job.yaml KITH_SLURM=$KITH_SOURCE/slurm KITH_OPTIONS="--set train.epochs=120 --set evaluate.every=0 --set checkpoint.every=0"
id=$(sbatch --parsable --export=ALL --nodes="$nodes" --ntasks-per-node=2 "$KITH_SOURCE/slurm/train.sbatch")
cat >follow.py <<'P'
import os, sys
sys.path.insert(0, os.environ["KITH_SOURCE"] + "/docs")
sys.dont_write_bytecode = True
import kith
seen = list(kith.follow(sys.argv[1], "work", seconds=0.2))
epochs = [line["epoch"] for line in seen if line["run"] == seen[-1]["run"]]
assert epochs == list(range(1, 121)), epochs
P
/usr/bin/python3 -c 'import h5py, pandas' 2>/dev/null || : >follow.py # docs/kith.py needs them
/usr/bin/python3 follow.py "$id" & follower=$!
until_true said "$id" 'epoch 2 '
scancel -b -s USR1 "$id"
until_true said "$id" 'back into the queue' || { cat "slurm-$id.out"; exit 1; }
ls work/checkpoint-0*.h5 >/dev/null
await "$id"
wait $follower || { echo "kith.follow"; cat work/metrics.jsonl; exit 1; }
grep -q 'continuing from' "slurm-$id.out"
same_embeddings work/embeddings.h5 one/work/embeddings.h5
echo "preempted, requeued, and the same bits"

# Three updates, each from the last, as a chain of dependencies; a rank of the second is killed, and it goes on.
unset KITH_OPTIONS
id= ids=()
for hour in 1 2 3; do
  awk -v h=$hour 'NR % 40 == h + 3 { $1 = "new" h "-" NR % 7; print }' list.tsv >hour$hour.tsv
  options="--set evaluate.every=0 --set checkpoint.steps=4 --set update.epochs=$((hour == 2 ? 16 : 2))"
  KITH_FAULT= "$KITH" update one/job.yaml --quiet --set update.interactions.path=$dir/hour$hour.tsv $options >/dev/null
  export KITH_UPDATE=$dir/hour$hour.tsv KITH_OPTIONS=$options KITH_FAULT=$([ $hour != 2 ] || echo kill:10@0)
  id=$(sbatch --parsable --export=ALL ${id:+--dependency=afterok:$id} --nodes="$nodes" --ntasks-per-node=2 "$KITH_SOURCE/slurm/update.sbatch")
  ids+=("$id")
done
unset KITH_FAULT
for id in "${ids[@]}"; do await "$id"; done
grep -q 'killed (.*back into the queue' "slurm-${ids[1]}.out" && grep -q 'continuing from .*/update/' "slurm-${ids[1]}.out" || { cat "slurm-${ids[1]}.out"; exit 1; }
[ "$(grep -c update_of work/metrics.jsonl)" = 3 ] || { cat work/metrics.jsonl; exit 1; }
same_embeddings work/embeddings.h5 one/work/embeddings.h5
echo "three updates in a row, a rank of one killed, and the same bits"

# kith doctor on the allocation: two nodes, one folder; and a node that has another folder there is found out.
# From another folder, and with nothing but the job file named; the job is called after it.
unset KITH_OPTIONS KITH_SLURM
mkdir -p away; cd away
id=$(sbatch --parsable --export=ALL --nodes="$nodes" --ntasks-per-node=2 "$KITH_SOURCE/slurm/doctor.sbatch")
await "$id"
scontrol show job "$id" | grep -q 'JobName=slurm-doctor$' || { scontrol show job "$id"; exit 1; }
mv "slurm-$id.out" ..; cd ..
grep -qE "^ok +ranks +$((2 * nodes)) ranks on $nodes node" "slurm-$id.out" && grep -q '^ok *folder' "slurm-$id.out" && grep -qE '^(ok|warn) +memory' "slurm-$id.out" || { cat "slurm-$id.out"; exit 1; }
if [ "$nodes" -gt 1 ]; then
  mkdir -p elsewhere
  printf '%s\n' '[ "$(hostname)" = node0 ] || mount -t tmpfs x "$1"' 'exec "$2" doctor --folder "$1"' >apart.sh
  rc=0; srun --mpi=pmix --nodes=2 --ntasks-per-node=1 unshare --mount sh apart.sh "$dir/elsewhere" "$KITH" >doctor.out 2>&1 || rc=$?
  [ $rc = 73 ] && grep -q '^FAIL *folder .*rank 1: another rank wrote .* not seen on node1' doctor.out || { echo "code $rc"; cat doctor.out; exit 1; }
fi
echo "doctor: $nodes nodes"
