# Sourced by tests of the job scripts: a folder that goes away, a local cluster, and jobs on it.
for tool in slurmctld slurmd munged sbatch; do command -v $tool >/dev/null || { echo "skipped: no $tool"; exit 77; }; done
[ "$(id -u)" = 0 ] || { echo "skipped: the local cluster needs root"; exit 77; }
patience=${KITH_PATIENCE:-1}
dir=$(mktemp -d); chmod 755 "$dir" # munge wants its socket reachable
export KITH_CLUSTER=$dir/cluster KITH_CLUSTER_PORT=$((20000 + RANDOM % 20000))
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

state() { scontrol show job "$1" | grep -oE 'JobState=[A-Z_]+' | head -1 | cut -d= -f2; }

await() { # JOB: until it is over, whatever the outcome
  for _ in $(seq $((1500 * patience))); do
    case $(state "$1") in COMPLETED) return 0 ;; FAILED | CANCELLED | TIMEOUT | NODE_FAIL) break ;; esac
    sleep 0.1
  done
  echo "job $1: $(state "$1")"; cat "$dir"/slurm-*.out; return 1
}

same() { /usr/bin/python3 - "$1" "$2" <<'P'
import sys, h5py
a, b = h5py.File(sys.argv[1]), h5py.File(sys.argv[2])
for t in "user", "item":
    assert a[t + "/embedding"][:].tobytes() == b[t + "/embedding"][:].tobytes(), t
P
}
