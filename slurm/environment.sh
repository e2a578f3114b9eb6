# Sourced by every job script and by pipeline.sh: the program, the job file and its name, threads, one way of starting ranks.
# KITH_JOB_IS_OPTIONAL=1 is for scripts that can do without a job file.
[ -n "${KITH_JOB_IS_OPTIONAL:-}" ] || [ -n "${KITH_JOB:-}" ] || { echo 'kith: set KITH_JOB to the job file, as in KITH_JOB=$PWD/job.yaml sbatch slurm/train.sbatch' >&2; exit 64; }
case ${KITH_JOB:-} in -*) KITH_JOB=./$KITH_JOB ;; esac # a file, though it begins like an option
# The program: the one that KITH names, that was installed or built with these scripts, or that is on PATH.
here=$(unset CDPATH; cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
for program in "$here/../../../bin/kith" "$here/../build/kith" "$(command -v kith)"; do
  [ -n "${KITH:-}" ] || { [ -f "$program" ] && [ -x "$program" ] && KITH=$(realpath -- "$program"); }
done
[ -x "${KITH:-}" ] || { echo "kith: no program ${KITH:-beside $here, nor on PATH}; set KITH" >&2; exit 66; }
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
# More threads than one a rank must not be bound to one core.
export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}

# The number by which Slurm knows this job; of an array that of the task, since the array's own stands for all of them.
job_id=${SLURM_JOB_ID:-}
[ -z "${SLURM_ARRAY_JOB_ID:-}" ] || job_id=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID

# Run kith on all tasks of the allocation, in place of the shell that calls this: in a subshell, or behind &.
# KITH_LAUNCH is mpirun, the default, or srun.
start_ranks() {
  case ${KITH_LAUNCH:-mpirun} in
  mpirun) exec mpirun "$KITH" "$@" ;;
  srun) exec srun --mpi=pmix "$KITH" "$@" ;;
  *) echo "kith: KITH_LAUNCH is $KITH_LAUNCH; expected mpirun or srun" >&2; exit 64 ;;
  esac
}

# The Slurm job bears the job file's name, unless it was given another than this script's: NAME-train instead of kith-train.
name_job() { # STAGE
  [ "${SLURM_JOB_NAME:-}" = "kith-$1" ] && [ -r "${KITH_JOB:-}" ] || return 0
  name=$(job_name "$KITH_JOB")
  [ -z "$name" ] || scontrol update JobId="$job_id" JobName="$name-$1" || true # a name is not worth a job
}

# What stands behind `name:` in a job file, letters, digits and ._- of it.
job_name() { # FILE
  sed -n 's/^name:[[:space:]]*//p' -- "$1" | head -n 1 | sed 's/[[:space:]]#.*//' | tr -cd 'A-Za-z0-9._-'
}

# Run kith on all tasks, wait for the end and return its code.  Meanwhile $ranks is the launcher, for signals.
ranks=""
run_ranks() {
  start_ranks "$@" &
  ranks=$!
  watch_launcher $ranks &
  watcher=$!
  wait $ranks; code=$?
  while kill -0 $ranks 2>/dev/null; do wait $ranks; code=$?; done # a trapped signal ends the wait early
  kill $watcher 2>/dev/null
  return $code
}

# Whether a process has a child that is alive, other than those that start ranks on other nodes.
has_ranks() { # PID
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{
    name = $0; sub(/^[0-9]+ \(/, "", name); sub(/\) [A-Za-z] .*/, "", name)
    sub(/^.*\) /, "") # what is left begins with the state and the parent
    if ($2 == parent && $1 != "Z" && name !~ /^(srun|ssh|orted)$/) found = 1
  } END { exit !found }'
}

# mpirun may hang when a rank is killed while it starts.  If none of its ranks is left on this node for KITH_GONE_SECONDS
# (60; ten times that before the first one is seen), it is ended, as if a rank had crashed.
watch_launcher() { # PID
  [ "${KITH_LAUNCH:-mpirun}" = mpirun ] || return 0 # srun's ranks are not its children, and Slurm itself watches them
  seconds=${KITH_GONE_SECONDS:-60} gone=0 nap=$((${KITH_GONE_SECONDS:-60} > 10 ? 5 : 1))
  limit=$((10 * seconds))
  while sleep $nap && kill -0 "$1" 2>/dev/null; do
    if has_ranks "$1"; then gone=0 limit=$seconds; else gone=$((gone + nap)); fi
    [ $gone -ge $limit ] || continue
    echo "kith: mpirun has had no rank on $(hostname) for $gone s, and is ended" >&2
    kill -TERM "$1"
    for _ in $(seq 10); do sleep 1; kill -0 "$1" 2>/dev/null || return 0; done
    kill -KILL "$1"
  done
}
