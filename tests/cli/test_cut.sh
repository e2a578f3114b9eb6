# partition.method: stream: the parts that its definition in NumPy says, on one rank and on three, which write the same bytes; --compare has a table of every method.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
tiny .
cut() { n=$1; shift; ranks "$n" partition job.yaml --set partition.method=stream "$@" >out 2>&1 || { cat out; return 1; }; }

/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
oracle=$KITH_SOURCE/tests/support/stream_cut.py
cut 1 --set partition.parts=16
/usr/bin/python3 "$oracle" work 16 1 1.05
weighted="--set partition.weight.friend=3 --set partition.seed=5 --set partition.imbalance=1.2"
cut 3 $weighted
/usr/bin/python3 "$oracle" work 6 5 1.2 friend 3

# Users and items alone: all ranks write what one writes, and count what one counts.
sed -i '/social/d; s/friends: 300, //' job.yaml
awk 'BEGIN {srand(1)} {print $0 "\t" 1 + int(9 * rand())}' list.tsv >weighted.tsv
sed -i 's/list.tsv/weighted.tsv/; s/time: 3}/time: 3, weight: 4}/' job.yaml
"$KITH" ingest job.yaml >/dev/null
for n in 1 3; do
  cut $n --json
  tail -n 1 out >said.$n
  cp work/parts.h5 parts.$n.h5
done
cmp parts.1.h5 parts.3.h5
/usr/bin/python3 - <<'P'
import h5py, json
said = [{k: v for k, v in json.load(open("said.%d" % n)).items() if k.startswith("stream_")} for n in (1, 3)]
assert len(said[0]) == 4 and said[0] == said[1], said
with h5py.File("parts.3.h5", "r") as f: assert all(x in f for x in ("train/time", "train/weight", "valid/item"))
P

"$KITH" partition job.yaml --compare --json >out 2>err
/usr/bin/python3 - <<'P'
import json
r = json.loads(open("out").readlines()[-1])
ghosts = {m: r["%s_6" % m]["ghosts"] for m in ("metis", "hash", "contiguous", "stream")}
ghosts["ptscotch"] = r.get("ptscotch_6", {"ghosts": 0})["ghosts"] # where it is not built in
assert ghosts["ptscotch"] < ghosts["hash"] and ghosts["stream"] < ghosts["hash"] and ghosts["metis"] < ghosts["hash"], ghosts
P
