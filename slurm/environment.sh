# Sourced by every job script: the program, the job file, threads, and one way of starting ranks.
# KITH_JOB_IS_OPTIONAL=1 is for scripts that can do without a job file.
[ -n "${KITH_JOB_IS_OPTIONAL:-}" ] || : "${KITH_JOB:?set KITH_JOB to the job file, for example: sbatch --export=ALL,KITH_JOB=jobs/mine.yaml slurm/train.sbatch}"
case ${KITH_JOB:-} in -*) KITH_JOB=./$KITH_JOB ;; esac # a file, though it begins like an option
KITH=${KITH:-$(command -v kith || echo "$SLURM_SUBMIT_DIR/build/kith")}
[ -x "$KITH" ] || { echo "kith: no program at $KITH; set KITH" >&2; exit 66; }
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
# More threads than one a rank must not be bound to one core.
export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}

# Run kith on all tasks of the allocation, in place of the shell that calls this: in a subshell, or behind &.
# KITH_LAUNCH is mpirun, the default, or srun.
start_ranks() {
  case ${KITH_LAUNCH:-mpirun} in
  mpirun) exec mpirun "$KITH" "$@" ;;
  srun) exec srun --mpi=pmix "$KITH" "$@" ;;
  *) echo "kith: KITH_LAUNCH is $KITH_LAUNCH; expected mpirun or srun" >&2; exit 64 ;;
  esac
}
