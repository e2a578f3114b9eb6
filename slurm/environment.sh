# Sourced by every job script: the program, the job file, threads, and one way of starting ranks.
: "${KITH_JOB:?set KITH_JOB to the job file, for example: sbatch --export=ALL,KITH_JOB=jobs/mine.yaml slurm/train.sbatch}"
KITH=${KITH:-$(command -v kith || echo "$SLURM_SUBMIT_DIR/build/kith")}
[ -x "$KITH" ] || { echo "kith: no program at $KITH; set KITH" >&2; exit 66; }
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
# More threads than one a rank must not be bound to one core.
export OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}
