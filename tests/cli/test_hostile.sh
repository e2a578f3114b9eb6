# Files that are well-formed and false, with checksums and a seal that are right: on one rank and on three, all ranks end with one
# line that names the file.
set -uo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
bad=0
fail() { echo "FAIL: $*"; bad=1; }
tiny "$dir/t"
job=$dir/t/job.yaml
work=$dir/t/work
cp "$work/parts.h5" "$dir/parts.h5"
cp "$work/graph.h5" "$dir/graph.h5"

spoil() { # FILE PYTHON: do that to the open file f
  cp "$dir/$1" "$work/$1"
  /usr/bin/python3 -c "import h5py, numpy as np
f = h5py.File('$work/$1', 'r+')
$2
f.close()"
}
spoil_sealed() { # FILE PYTHON: the same, and checksums and seal are made anew
  spoil "$1" "$2"
  /usr/bin/python3 "$KITH_SOURCE/tests/support/seal.py" anew "$work/$1"
}
refused() { # NAME PATTERN words…
  name=$1 pattern=$2; shift 2
  for n in 1 3; do
    ranks $n "$@" >/dev/null 2>"$dir/err"; rc=$?
    [ $rc = 65 ] && [ "$(grep -c '^kith: ' "$dir/err")" = 1 ] && grep '^kith: ' "$dir/err" | grep -qE -e "$pattern" || fail "$name on $n: code $rc: $(cat "$dir/err")"
  done
}

spoil_sealed parts.h5 "o = f['node/original']; o[1] = o[0]"
refused "a number twice" "parts.h5.*original number" train "$job" --fresh --quiet
spoil_sealed parts.h5 "e = f['node/edge']; u = np.flatnonzero(e[:] >= 0); e[u[3]] += 1"
refused "a place twice" "parts.h5.*indices of training interactions" train "$job" --fresh --quiet
spoil_sealed parts.h5 "e = f['node/edge']; u = np.flatnonzero(e[:] >= 0); e[u[3]] = 2**62"
refused "a place far away" "parts.h5.*at index 4611686018427387904" train "$job" --fresh --quiet
spoil_sealed parts.h5 "s, x, o = f['train/start'][:], f['train/neighbor'], f['train/original']
last = s[1:][(np.diff(s) > 0) & (f['node/edge'][:] < 0)][0] - 1  # the last user of an item
free = max(f['user/number'][:]); x[last], o[last] = free, f['user/number'].shape[0] - 1"
refused "a pair with one end" "parts.h5.*(one end only|ascending numbers)" train "$job" --fresh --quiet
spoil_sealed parts.h5 "f.attrs['n_user'] = np.int64(2**62)"
refused "too many users" "parts.h5.*n_user.* cannot be" train "$job" --fresh --quiet
spoil_sealed parts.h5 "t = f['train/time']; t[0] -= 1"
refused "a time at one end" "parts.h5.*train/time differs" train "$job" --fresh --quiet --set model.half_life=90d
cp "$dir/parts.h5" "$work/parts.h5"

spoil_sealed graph.h5 "del f['train/item']; f['train/item'] = h5py.ExternalLink('$dir/graph.h5', 'train/item')"
refused "a link to another file" "graph.h5.*train/item.*link" partition "$job"
spoil graph.h5 "n = f['train/item'].shape[0]; del f['train/item']; v = h5py.VirtualLayout(shape=(n,), dtype='<i4'); v[:] = h5py.VirtualSource('$dir/graph.h5', 'train/item', shape=(n,)); f.create_virtual_dataset('train/item', v)"
refused "values in another file" "graph.h5.*train/item.*another file" partition "$job"
spoil graph.h5 "del f['train/item']; f.create_dataset('train/item', shape=(2**40,), dtype='<i4', chunks=(2**18,))"
refused "a terabyte of nothing" "graph.h5.*train/item.*claims" partition "$job"
exit $bad
