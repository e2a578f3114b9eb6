#!/usr/bin/env bash
# Partition, train and evaluate a job, each when the one before has succeeded.
#   slurm/pipeline.sh JOB.yaml [options of sbatch for train and evaluate, such as --nodes=4 --ntasks-per-node=8]
# KITH names the program (default: the one installed or built with this script, else kith on PATH); KITH_OPTIONS are passed to
# every verb; KITH_PARTITION_OPTIONS are options of sbatch for ingest and partition, such as --ntasks=16 (default: one task);
# KITH_REFIT=1 trains the final model behind training, by kith train --refit, and evaluates that.  The Slurm jobs bear the job file's name, and their output lies beside the job file: slurm-NUMBER.out.
# With --test-only nothing is submitted: sbatch says of each stage when it could begin, or why it could not.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,7p' -- "$0" >&2; exit 64; }
unset CDPATH
here=$(cd -- "$(dirname -- "$0")" && pwd)
job=$(realpath -- "$1"); shift
export KITH_JOB=$job KITH_SLURM=$here
fail() { echo "slurm/pipeline.sh: $2" >&2; exit "$1"; }
[ -r "$job" ] || fail 66 "$job: no such job file"
. "$here/environment.sh"
export KITH
# What Kith says no to in the job or in KITH_OPTIONS is found here: partition reads them, and then finds no graph.
none=$here/pipeline.sh/none code=0 # below a file there can be nothing
said=$("$KITH" partition "$job" ${KITH_OPTIONS:-} --set work="$none" --set graph="$none/graph.h5" 2>&1 >/dev/null) || code=$?
case $code in 64 | 78) fail $code "${KITH_OPTIONS:+with KITH_OPTIONS=\"$KITH_OPTIONS\", }nothing is submitted: $said" ;; esac
# Training leaves the test split to evaluate, where Kith can: not without validation, if evaluate.split is test, or with stream.model.
untested=--no-test code=0
"$KITH" train "$job" ${KITH_OPTIONS:-} --no-test --set work="$none" --set graph="$none/graph.h5" --set parts="$none/parts.h5" >/dev/null 2>&1 || code=$?
case $code in 64 | 78) untested= ;; esac
# What sbatch would refuse is found before anything is in the queue; with --test-only that is all.
test=
for option in "$@" ${KITH_PARTITION_OPTIONS:-}; do [ "$option" != --test-only ] || test=yes; done
for script in partition train ${KITH_REFIT:+refit} evaluate; do
  [ $script = partition ] && options=(${KITH_PARTITION_OPTIONS:-}) || options=("$@")
  [ $script = refit ] && stage=train || stage=$script
  code=0
  said=$(sbatch --test-only --export=ALL "${options[@]}" "$here/$stage.sbatch" 2>&1) || code=$?
  [ $code = 0 ] || { [ -n "$test" ] || code=64; fail $code "sbatch refuses the options of $script: $said"; }
  [ -z "$test" ] || echo "$script would be submitted: ${said#sbatch: }"
done
[ -z "$test" ] || { echo "nothing is submitted: --test-only"; exit 0; }
name=$(job_name "$job")
folder=$(dirname -- "$job")
submit() { # STAGE options…
  stage=$1; shift
  sbatch --parsable --export=ALL --kill-on-invalid-dep=yes --job-name="${name:-kith}-$stage" --output="${folder//%/%%}/slurm-%j.out" "$@" "$here/$stage.sbatch"
}
partition=$(submit partition ${KITH_PARTITION_OPTIONS:-})
train=$(KITH_OPTIONS="${KITH_OPTIONS:-}${untested:+ $untested}" submit train --dependency=afterok:"$partition" "$@")
refit=
if [ -n "${KITH_REFIT:-}" ]; then
  export KITH_OPTIONS="${KITH_OPTIONS:-} --refit"
  refit=$(submit train --dependency=afterok:"$train" --job-name="${name:-kith}-refit" "$@")
fi
evaluate=$(submit evaluate --dependency=afterok:"${refit:-$train}" "$@")
echo "partition $partition"
echo "train $train"
[ -z "$refit" ] || echo "refit $refit"
echo "evaluate $evaluate"
