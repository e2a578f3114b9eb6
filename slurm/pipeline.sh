#!/usr/bin/env bash
# Partition, train and evaluate a job, each when the one before has succeeded.
#   slurm/pipeline.sh JOB.yaml [options of sbatch for train and evaluate, such as --nodes=4 --ntasks-per-node=8]
# KITH names the program (default: kith on PATH, else build/kith); KITH_OPTIONS are passed to every verb.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,4p' -- "$0" >&2; exit 64; }
unset CDPATH
here=$(cd -- "$(dirname -- "$0")" && pwd)
job=$(realpath -- "$1"); shift
export KITH_JOB=$job KITH_SLURM=$here
fail() { echo "slurm/pipeline.sh: $2" >&2; exit "$1"; }
[ -r "$job" ] || fail 66 "$job: no such job file"
# What sbatch would refuse is found before anything is in the queue.
for script in partition train; do
  [ $script = partition ] && options=() || options=("$@")
  said=$(sbatch --test-only --export=ALL "${options[@]}" "$here/$script.sbatch" 2>&1) || fail 64 "sbatch refuses the options of $script: $said"
done
submit() { sbatch --parsable --export=ALL --kill-on-invalid-dep=yes "$@"; }
partition=$(submit "$here/partition.sbatch")
train=$(submit --dependency=afterok:"$partition" "$@" "$here/train.sbatch")
evaluate=$(submit --dependency=afterok:"$train" "$@" "$here/evaluate.sbatch")
echo "partition $partition"
echo "train $train"
echo "evaluate $evaluate"
