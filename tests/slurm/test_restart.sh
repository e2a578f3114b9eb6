# What clusters do to jobs: whatever happens to a training job, it ends by itself, with the bits of a run that nothing happened to.
# KITH_TEST_SLOW=1 adds what takes minutes: the time limit, and every misfortune under either way of starting ranks.
set -euo pipefail
. "$KITH_SOURCE/tests/support/cluster.sh"
epochs=${KITH_TEST_EPOCHS:-40}
cat >"$dir/job.yaml" <<J
name: restart
work: work
generate: {users: 300, items: 400, interactions: 8000, friends: 0, communities: 8}
data: {interactions: {path: list.tsv, format: edges}, split: {method: ratio, valid: 0.1, test: 0.1}}
partition: {parts: 8}
model: {dim: 16, layers: 2}
train: {batch: 512, epochs: $epochs, lr: 0.01}
evaluate: {every: 0}
checkpoint: {every: 2, keep: 2}
J
cd "$dir"
for verb in generate ingest partition; do "$KITH" $verb job.yaml >/dev/null; done
mkdir one; cp -r job.yaml list.tsv work one
"$KITH" train one/job.yaml --quiet >/dev/null
cluster_up 2 4
export KITH_JOB=$dir/job.yaml KITH_SLURM=$KITH_SOURCE/slurm
id="" out="" seen=0

fail() { echo "$1"; cat "$out"; scontrol show job "$id"; sinfo -N -l; exit 1; }
line() { # PATTERN: until one of the lines since the last misfortune is like that
  until_true says_since "$1" || fail "job $id never said $1"
}
says_since() { tail -n "+$((seen + 1))" "$out" 2>/dev/null | grep -q "$1"; }
has_checkpoint() { ls work/checkpoint-*.h5 >/dev/null 2>&1; }
is_gone() { [ -z "$(squeue -h -j "$id" 2>/dev/null)" ]; }
is() { [ "$(state "$id")" = "$1" ]; }
submit() { # LAUNCH words…: a training job from its beginning
  rm -rf work/checkpoint-* work/embeddings.h5
  export KITH_LAUNCH=$1; shift
  id=$(sbatch --parsable --export=ALL --job-name="a JobState=FAILED Comment=x" --nodes="$nodes" --ntasks-per-node=2 "$@" "$KITH_SOURCE/slurm/train.sbatch")
  out=slurm-$id.out seen=0
}
# The processes of this test's ranks, whichever node they are on.
rank_pids() { for p in $(pgrep -f "train $KITH_JOB"); do [ "$(readlink "/proc/$p/exe")" = "$KITH" ] && echo "$p"; done; true; }
a_rank() { rank_pids | shuf -n 1 --random-source=<(yes 1); }
pending() { # a requeued job waits a few seconds for its old credential to end
  until_true is PENDING || fail "job $id is not back in the queue"
}

suffer() { # MISFORTUNE
  line '^epoch [0-9]*  loss' # since the last one: there is something to lose
  until_true has_checkpoint || fail "no checkpoint"
  seen=$(wc -l <"$out")
  case $1 in
  signal) scancel -b -s USR1 "$id"; line 'back into the queue' ;;
  requeue) scontrol requeue "$id" ;;
  killed) kill -9 "$(a_rank)"; line 'killed (.*back into the queue' ;;
  lost) "$KITH_SOURCE/slurm/cluster" lose 1; pending; "$KITH_SOURCE/slurm/cluster" return 1 ;;
  esac
  line 'continuing from'
  echo "  $KITH_LAUNCH, $1: goes on, $(tail -n "+$((seen + 1))" "$out" | grep -o 'continuing from.*' | head -1)"
}
survive() { # LAUNCH MISFORTUNES…
  submit "$1"; shift
  for misfortune in "$@"; do suffer "$misfortune"; done
  await "$id"
  same_embeddings work/embeddings.h5 one/work/embeddings.h5 || fail "other bits after $*"
  echo "$KITH_LAUNCH: $*, and the bits of the run that nothing happened to"
}

# A job that its owner cancels stays cancelled, though its ranks end with the code that asks for more.
submit mpirun
line '^epoch [0-9]*  loss'
scancel "$id"
until_true is_gone
sleep 1
[ "$(state "$id")" = CANCELLED ] || fail "a cancelled job is $(state "$id")"

if [ "$nodes" -gt 1 ]; then survive mpirun killed lost; else survive mpirun killed; fi
survive srun requeue
[ -n "${KITH_TEST_SLOW:-}" ] || exit 0

survive srun signal killed
[ "$nodes" -gt 1 ] && survive srun lost
survive mpirun signal requeue killed

# The time limit: the signal comes half a minute ahead, and the job that is back in the queue has all its time again.
# How many epochs fit is not known before, so the job learns of its last one while it waits for its second turn.
for launch in mpirun srun; do
  sed -i 's/epochs: [0-9]*/epochs: 100000/' job.yaml
  submit $launch --time=1 --signal=B:USR1@40 --export=ALL,KITH_OPTIONS="--set checkpoint.every=0"
  line 'back into the queue'
  reached=$(grep -o 'stopped by a signal after [0-9]*' "$out" | grep -o '[0-9]*$')
  sed -i "s/epochs: [0-9]*/epochs: $((reached + 40))/" job.yaml one/job.yaml
  seen=$(wc -l <"$out")
  line "continuing from .*: $reached epochs"
  await "$id"
  "$KITH" train one/job.yaml --fresh --quiet >/dev/null
  same_embeddings work/embeddings.h5 one/work/embeddings.h5 || fail "other bits after the time limit"
  echo "$launch: the time limit after $reached of $((reached + 40)) epochs, and the bits of the run that nothing happened to"
done
