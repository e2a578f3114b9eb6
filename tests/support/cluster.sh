# Sourced by tests of the job scripts: a folder that goes away, a local cluster, and jobs on it.
for tool in slurmctld slurmd munged sbatch; do command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }; done
[ "$(id -u)" = 0 ] || { echo "skipped: the local cluster needs root"; exit 77; }
. "$KITH_SOURCE/tests/support/until.sh"
# Each node has a /dev/shm of its own, which hides what is in ours; and scripts of jobs see mpirun as users have it.
unset TMPDIR OMPI_MCA_odls_base_sigkill_timeout
dir=$(mktemp -d); chmod 755 "$dir" # munge wants its socket reachable
free_port() { # of eight ports in a row, below those that the system gives away, the first; nobody listens on them
  local port i
  for _ in $(seq 100); do
    port=$((10000 + RANDOM % 20000))
    for i in $(seq $((port - 1)) $((port + 6))); do ! (: <"/dev/tcp/127.0.0.1/$i") 2>/dev/null || continue 2; done
    echo $port; return
  done
}
export KITH_CLUSTER=$dir/cluster KITH_CLUSTER_PORT=$(free_port)
trap '"$KITH_SOURCE/slurm/cluster" down; rm -rf "$dir"' EXIT

cluster_up() { # NODES CPUS; sets nodes
  # slurmd wants a mounted cgroup file system, and several nodes want namespaces: containers often lack them.
  "$KITH_SOURCE/slurm/cluster" up "$@" >"$dir/up" 2>&1 || {
    cat "$dir/up"
    grep -q ' /sys/fs/cgroup' /proc/self/mounts || { echo "skipped: nothing is mounted on /sys/fs/cgroup"; exit 77; }
    unshare --uts --mount true 2>/dev/null || { echo "skipped: no UTS and mount namespaces"; exit 77; }
    exit 1
  }
  . "$KITH_CLUSTER/env"
  nodes=$(sinfo -h -N | wc -l)
}

state() { scontrol show job "$1" | grep -oE '^ *JobState=[A-Z_]+' | head -1 | cut -d= -f2; }

await() { # JOB: until it is over, whatever the outcome
  until_true over "$1" && [ "$(state "$1")" = COMPLETED ] && return 0
  echo "job $1: $(state "$1")"; cat "$dir"/slurm-*.out; return 1
}
over() { case $(state "$1") in COMPLETED | FAILED | CANCELLED | TIMEOUT | NODE_FAIL) ;; *) return 1 ;; esac; }
said() { grep -qs -e "$2" "slurm-$1.out"; } # JOB PATTERN

. "$KITH_SOURCE/tests/support/embeddings.sh"
