# partition.method: stream: the parts that its definition in NumPy says, the same bytes on any number of ranks; --compare has a table of every method.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
tiny .
cut() { n=$1; shift; ranks "$n" partition job.yaml --set partition.method=stream "$@" >out 2>&1 || { cat out; return 1; }; }

/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
oracle=$KITH_SOURCE/tests/support/stream_cut.py
cut 1 --set partition.parts=16
cp work/parts.h5 one.h5
/usr/bin/python3 "$oracle" work 16 1 1.05
cut 3 --set partition.parts=16
cmp work/parts.h5 one.h5
weighted="--set partition.weight.friend=3 --set partition.seed=5 --set partition.imbalance=1.2"
cut 3 $weighted
/usr/bin/python3 "$oracle" work 6 5 1.2 friend 3
cp work/parts.h5 one.h5
cut 1 $weighted
cmp work/parts.h5 one.h5

ranks 2 partition job.yaml --compare --json >out
/usr/bin/python3 - <<'P'
import json
r = json.loads(open("out").readlines()[-1])
ghosts = {m: r["%s_6" % m]["ghosts"] for m in ("metis", "hash", "contiguous", "stream")}
ghosts["ptscotch"] = r.get("ptscotch_6", {"ghosts": 0})["ghosts"] # where it is not built in
assert ghosts["ptscotch"] < ghosts["hash"] and ghosts["stream"] < ghosts["hash"] and ghosts["metis"] < ghosts["hash"], ghosts
P
