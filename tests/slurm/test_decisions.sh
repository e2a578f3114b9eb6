# fast
# What the job scripts decide, without a cluster: stubs stand for Slurm and for the launchers, and note what they are asked.
set -uo pipefail
. "$KITH_SOURCE/tests/support/until.sh"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"; cd "$dir" || exit 1
stub() { { echo '#!/usr/bin/env bash'; cat; } >"bin/$1"; chmod +x "bin/$1"; }
stub squeue <<'S'
case "$*" in *%T*) echo "$STATE" ;; *%k*) cat comment ;; *%o*) echo "$KITH_SLURM/train.sbatch" ;; esac
S
stub scontrol <<'S'
echo "scontrol $*" >>asked
for word in "$@"; do case $word in Comment=*) echo "${word#Comment=}" >comment ;; esac; done
S
stub sbatch <<'S'
case "$*" in *--test-only*) exit 0 ;; esac
echo "sbatch $*" >>asked
grep -c '^sbatch' asked
S
stub kith <<'S'
echo "kith $1" >>asked
[ "$1" != "${FAILS:-}" ] || exit 65
S
stub mpirun <<'S'
echo "$(basename "$0")" >>asked
[ -n "${LASTS:-}" ] || exit "$CODE"
trap 'echo USR1 >>heard' USR1
trap 'echo TERM >>heard; exit 1' TERM
echo begun >>heard
while :; do sleep 0.05; done
S
cp bin/mpirun bin/srun
export PATH=$dir/bin:$PATH KITH=$dir/bin/kith KITH_SLURM=$KITH_SOURCE/slurm KITH_JOB=$dir/job.yaml SLURM_JOB_ID=7 SLURM_JOB_NAME=own
export SLURM_SUBMIT_DIR=$dir STATE=RUNNING CODE=0
echo 'name: tried' >job.yaml
bad=0
fail() { echo "FAIL: $*: $(cat asked said 2>/dev/null)"; bad=1; }

# WHAT CODE PATTERN settings…: train.sbatch ends with CODE and has asked for what is like PATTERN, or for no requeue if it is "-".
trains() {
  local what=$1 code=$2 pattern=$3 rc; shift 3
  : >asked
  env "$@" bash "$KITH_SLURM/train.sbatch" >said 2>&1; rc=$?
  [ $rc = "$code" ] || fail "$what: code $rc, expected $code"
  if [ "$pattern" = - ]; then ! grep -q requeue asked || fail "$what: back into the queue"
  else grep -q -e "$pattern" asked || fail "$what: not asked for $pattern"; fi
}
: >comment
trains "a run that ends well" 0 - CODE=0
trains "a checkpoint and 75" 0 '^scontrol requeue 7' CODE=75
trains "the last restart" 75 - CODE=75 SLURM_RESTART_COUNT=2 KITH_MAX_RESTARTS=2
trains "one restart less" 0 '^scontrol requeue 7' CODE=75 SLURM_RESTART_COUNT=1 KITH_MAX_RESTARTS=2
trains "a job that was cancelled" 75 - CODE=75 STATE=CANCELLED
trains "a job whose time is over" 75 - CODE=75 STATE=COMPLETING
trains "what kith says no to" 66 - CODE=66
trains "the first crash" 0 '^scontrol requeue 7' CODE=137 KITH_MAX_CRASHES=2
[ "$(cat comment)" = kith-crashes=1 ] || fail "after one crash the comment is $(cat comment)"
trains "the second crash" 0 '^scontrol requeue 7' CODE=139 KITH_MAX_CRASHES=2
trains "a crash too many" 137 - CODE=137 KITH_MAX_CRASHES=2
grep -q 'which is enough' said || fail "a crash too many is not told"
trains "mpirun" 0 '^mpirun$' CODE=0
trains "srun" 0 '^srun$' CODE=0 KITH_LAUNCH=srun
trains "another launcher" 64 - KITH_LAUNCH=ssh

# The first signal asks for a checkpoint, the second ends the ranks.
: >heard; : >asked
LASTS=1 bash "$KITH_SLURM/train.sbatch" >said 2>&1 & script=$!
until_true grep -q begun heard || fail "no ranks"
kill -USR1 $script
until_true grep -q USR1 heard || fail "the first signal is not passed on"
kill -USR1 $script
until_true grep -q TERM heard || fail "the second signal does not end the ranks"
wait $script; [ "$(tr '\n' ' ' <heard)" = "begun USR1 TERM " ] || fail "heard $(tr '\n' ' ' <heard)"

# Each stage only after the one before has succeeded.
: >asked
FAILS=ingest bash "$KITH_SLURM/partition.sbatch" >said 2>&1; rc=$?
[ $rc = 65 ] && ! grep -q '^kith partition' asked || fail "partition after an ingest that failed: code $rc"
: >asked
bash "$KITH_SLURM/partition.sbatch" >said 2>&1 && grep -q '^kith partition' asked || fail "partition"
: >asked
SLURM_NTASKS=4 bash "$KITH_SLURM/partition.sbatch" >said 2>&1 || fail "partition on ranks"
[ "$(tr '\n' ' ' <asked)" = "mpirun mpirun " ] || fail "ingest and partition on ranks"
: >asked
KITH_PARTITION_OPTIONS="--nodes=2 --ntasks=6" "$KITH_SLURM/pipeline.sh" job.yaml >said 2>&1 || fail "pipeline.sh with options of partition"
grep -e '--nodes=2 --ntasks=6 .*partition.sbatch' asked >/dev/null || fail "the options of partition"
! grep -e '--ntasks=6 .*train.sbatch' asked >/dev/null || fail "train has the options of partition"
: >asked
"$KITH_SLURM/pipeline.sh" job.yaml --nodes=3 >said 2>&1 || fail "pipeline.sh"
[ "$(grep -c -e '--nodes=3.*train.sbatch\|--nodes=3.*evaluate.sbatch' asked)" = 2 ] || fail "the options of train and evaluate"
grep -q -e '--dependency=afterok:1 .*train.sbatch' asked && grep -q -e '--dependency=afterok:2 .*evaluate.sbatch' asked || fail "dependencies"
exit $bad
