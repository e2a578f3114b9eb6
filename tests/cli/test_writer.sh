# Checkpoints written beside the steps: the same embeddings and the same checkpoints, bit for bit, as when steps wait for them.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
trains() { # WORK RANKS words…: the work folder of that name, trained
  work=$1 n=$2; shift 2
  mkdir "$dir/t/$work"
  cp "$dir/t/work/graph.h5" "$dir/t/work/parts.h5" "$dir/t/$work"
  ranks "$n" train "$dir/t/job.yaml" --set work="$work" --set checkpoint.keep=9 --set checkpoint.steps=3 "$@" --quiet --json >"$dir/out"
  tail -n 1 "$dir/out" | /usr/bin/python3 -c 'import json, sys; r = json.load(sys.stdin); assert r["checkpoints"] > 4 and r["checkpoint_seconds"] > 0, r'
}
trains waits 1
trains beside1 1 --set checkpoint.async_above_mb=0
trains beside3 3 --set checkpoint.async_above_mb=0 # three threads that meet
trains waits3 3
for other in beside1 beside3 waits3; do
  /usr/bin/python3 - "$dir/t/waits" "$dir/t/$other" <<'P'
import h5py, os, sys
one, other = sys.argv[1:]
files = sorted(f for f in os.listdir(one) if f.startswith(("checkpoint-0", "embeddings")))
assert files == sorted(f for f in os.listdir(other) if f.startswith(("checkpoint-0", "embeddings"))) and len(files) > 5, (files, os.listdir(other))
for name in files:
    a, b = h5py.File(os.path.join(one, name)), h5py.File(os.path.join(other, name))
    found = []
    a.visititems(lambda n, what: found.append(n) if isinstance(what, h5py.Dataset) else None)
    assert found
    for n in found: assert a[n][:].tobytes() == b[n][:].tobytes(), (name, n)
    for n in "epoch", "step", "loss_high", "loss_low", "best", "config_key": assert n not in a.attrs or a.attrs[n] == b.attrs[n], (name, n)
P
done
