# timeout: 120
# What the job scripts do around the ranks, with stand-ins for Slurm and mpirun: they find themselves, the program and the job
# from any folder and after an installation, name the job, and end a launcher whose ranks are gone.
set -uo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "FAIL: $1"; cat "$dir/out" "$dir/calls"; exit 1; }
mkdir -p "$dir/stand-ins" "$dir/pre fix/share/kith" "$dir/pre fix/bin" "$dir/jobs" "$dir/else where"
cp -r "$KITH_SOURCE/slurm" "$dir/pre fix/share/kith/slurm"
slurm="$dir/pre fix/share/kith/slurm"
stand_in() { printf '#!/usr/bin/env bash\n%s\n' "$2" >"$1"; chmod +x "$1"; }
stand_in "$dir/pre fix/bin/kith" 'echo "kith $*" >>"'"$dir"'/calls"; case "$*" in *pipeline.sh/none*) exit "${CHECK:-66}" ;; esac; exec sleep 1000'
stand_in "$dir/stand-ins/scontrol" 'echo "scontrol $*" >>"'"$dir"'/calls"'
stand_in "$dir/stand-ins/squeue" 'case "$*" in *%o*) echo "$COMMAND" ;; *%T*) echo RUNNING ;; esac'
stand_in "$dir/stand-ins/sbatch" 'echo "sbatch $*" >>"'"$dir"'/calls"; echo "KITH $KITH" >>"'"$dir"'/calls"; echo 7'
printf 'name: "gow alla/x" # of today\nwork: work\n' >"$dir/jobs/-x.yaml"
export PATH="$dir/stand-ins:$PATH" SLURM_JOB_ID=7 CDPATH="$dir" KITH_JOB="$dir/jobs/-x.yaml" KITH_GONE_SECONDS=1
unset KITH KITH_SLURM KITH_LAUNCH KITH_OPTIONS SLURM_SUBMIT_DIR SLURM_RESTART_COUNT
cd "$dir/else where"

submitted() { # SCRIPT words…: as Slurm does, from a copy of the script
  : >"$dir/calls"
  cp "$slurm/$1" "$dir/spooled"
  COMMAND="$slurm/$1" SLURM_JOB_NAME="kith-${1%.sbatch}" timeout 60 bash "$dir/spooled" >"$dir/out" 2>&1
}

# ---- the program, the job file and the name, from wherever
stand_in "$dir/stand-ins/mpirun" 'echo "mpirun $*" >>"'"$dir"'/calls"'
for script in train evaluate doctor; do
  submitted $script.sbatch || fail "$script: code $?"
  grep -q "^mpirun $dir/pre fix/bin/kith $script $dir/jobs/-x.yaml" "$dir/calls" || fail "$script does not find itself"
  grep -q "^scontrol update JobId=7 JobName=gowallax-$script\$" "$dir/calls" || fail "$script is not named after the job"
done
KITH_UPDATE="$dir/a list.tsv" KITH_OPTIONS=--quiet submitted update.sbatch || fail "update: code $?"
grep -q "^mpirun $dir/pre fix/bin/kith update $dir/jobs/-x.yaml --set update.interactions.path=$dir/a list.tsv --quiet" "$dir/calls" || fail "update does not pass its list"
grep -q "^scontrol update JobId=7 JobName=gowallax-update\$" "$dir/calls" || fail "update is not named after the job"
(unset KITH_UPDATE; submitted update.sbatch) && fail "an update without a list"
[ "$(wc -l <"$dir/out")" = 1 ] && grep -q '^kith: set KITH_UPDATE' "$dir/out" || fail "nobody says which list"
(unset KITH_JOB; submitted train.sbatch)
[ $? = 64 ] && [ "$(wc -l <"$dir/out")" = 1 ] && grep -q '^kith: set KITH_JOB' "$dir/out" || fail "nobody says which job"
submitted evaluate.sbatch
grep -q -e '--split auto' "$dir/calls" || fail "the test split is not measured"
KITH_SPLIT=valid submitted evaluate.sbatch
grep -q -e '--split valid' "$dir/calls" || fail "another split cannot be measured"
: >"$dir/calls"
COMMAND="$slurm/train.sbatch" SLURM_JOB_NAME=mine bash "$slurm/train.sbatch" >"$dir/out" 2>&1 || fail "train: code $?"
grep -q '^scontrol' "$dir/calls" && fail "a name that the user gave is taken away"
mv "$dir/pre fix/bin/kith" "$dir/stand-ins/kith"
submitted train.sbatch
grep -q "^mpirun $dir/stand-ins/kith train" "$dir/calls" || fail "the program on PATH is not found"
mv "$dir/stand-ins/kith" "$dir/pre fix/bin/kith"
PATH=/usr/bin:/bin KITH="$dir/nowhere" bash "$slurm/pipeline.sh" "$dir/jobs/-x.yaml" >"$dir/out" 2>&1
[ $? = 66 ] && grep -q 'no program .*nowhere.*set KITH' "$dir/out" || fail "no program, and nobody says so"
COMMAND=nonsense bash "$slurm/train.sbatch" >"$dir/out" 2>&1
[ $? = 66 ] && grep -q 'set KITH_SLURM' "$dir/out" || fail "scripts that do not find themselves"

# ---- the pipeline
: >"$dir/calls"
cd "$dir/jobs" && "$slurm/pipeline.sh" -x.yaml --nodes=3 >"$dir/out" 2>&1 || fail "pipeline: code $?"
for stage in partition train evaluate; do
  grep -q -e "--job-name=gowallax-$stage --output=$dir/jobs/slurm-%j.out .*/$stage.sbatch" "$dir/calls" || fail "pipeline: $stage"
done
: >"$dir/calls"
for code in 64 78; do
  CHECK=$code KITH_OPTIONS="--set no.key=1" "$slurm/pipeline.sh" -x.yaml >"$dir/out" 2>&1
  [ $? = $code ] && grep -q 'KITH_OPTIONS="--set no.key=1", nothing is submitted' "$dir/out" && ! grep -q sbatch "$dir/calls" || fail "pipeline: code $code of the program"
done
"$slurm/pipeline.sh" -x.yaml --nodes=3 >"$dir/out" 2>&1 || fail "pipeline: code $?"
grep -q "^KITH $dir/pre fix/bin/kith" "$dir/calls" || fail "the pipeline does not tell its jobs which program"

# With --test-only sbatch is asked about every stage, and is never told to submit one.
for options in "--nodes=3 --test-only" "--test-only"; do
  : >"$dir/calls"
  KITH_REFIT=1 "$slurm/pipeline.sh" -x.yaml $options >"$dir/out" 2>&1 || fail "pipeline $options: code $?"
  [ "$(grep -c '^sbatch --test-only' "$dir/calls")" = 4 ] && ! grep '^sbatch' "$dir/calls" | grep -qv '^sbatch --test-only' || fail "pipeline $options submits"
  [ "$(grep -c 'would be submitted' "$dir/out")" = 4 ] && grep -q '^nothing is submitted' "$dir/out" || fail "pipeline $options says nothing"
done
: >"$dir/calls"
KITH_PARTITION_OPTIONS=--test-only "$slurm/pipeline.sh" -x.yaml >"$dir/out" 2>&1 || fail "a dry run by the options of partition: code $?"
grep '^sbatch' "$dir/calls" | grep -qv '^sbatch --test-only' && fail "a dry run by the options of partition submits"
stand_in "$dir/stand-ins/sbatch" 'case "$*" in *evaluate*) echo "no such node"; exit 5 ;; esac'
"$slurm/pipeline.sh" -x.yaml --test-only >"$dir/out" 2>&1
[ $? = 5 ] && grep -q 'refuses the options of evaluate: no such node' "$dir/out" || fail "a dry run that sbatch refuses"

stand_in "$dir/stand-ins/sbatch" 'case "$*" in *--test-only*) exit ;; esac; echo "$KITH_OPTIONS sbatch $*" >>"'"$dir"'/calls"; grep -c sbatch "'"$dir"'/calls"'
: >"$dir/calls"
KITH_REFIT=1 KITH_OPTIONS=--quiet "$slurm/pipeline.sh" -x.yaml >"$dir/out" 2>&1 || fail "pipeline with a refit: code $?"
grep -q -e '^--quiet --refit sbatch .*--dependency=afterok:2 .*--job-name=gowallax-refit .*/train.sbatch' "$dir/calls" || fail "pipeline: refit"
grep -q -e '^--quiet --refit sbatch .*--dependency=afterok:3 .*/evaluate.sbatch' "$dir/calls" && grep -q '^refit 3' "$dir/out" || fail "pipeline: evaluate of a refit"
[ "$(grep -c -e --refit "$dir/calls")" = 2 ] || fail "pipeline: a refit before training"
grep -q -e '^--quiet --no-test sbatch .*--dependency=afterok:1 .*/train.sbatch' "$dir/calls" || fail "pipeline: training reads the test list"

# ---- a launcher whose ranks are gone
rank='"$@" & rank=$!; until grep -q "^kith" "'"$dir"'/calls"; do sleep 0.1; done; sleep "${SEEN:-0}";'
stand_in "$dir/stand-ins/mpirun" "$rank"' kill -9 $rank; exec sleep 1000' # which leaves a zombie
submitted train.sbatch
[ $? = 0 ] && grep -q 'no rank on .* and is ended' "$dir/out" && grep -q 'killed (143); back into the queue' "$dir/out" || fail "a launcher without ranks"
SEEN=3 submitted evaluate.sbatch
[ $? = 143 ] || fail "a launcher without ranks of evaluate"
stand_in "$dir/stand-ins/mpirun" "$rank"' trap "" TERM; kill -9 $rank; exec sleep 1000'
SEEN=3 submitted train.sbatch
grep -q 'killed (137); back into the queue' "$dir/out" || fail "a launcher without ranks that hears no SIGTERM"
stand_in "$dir/stand-ins/mpirun" "$rank"' (sleep 4; kill -9 $rank) & wait $rank; exit 3'
submitted train.sbatch
[ $? = 3 ] || fail "a launcher with ranks is not let alone"
