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

# Relations with and without a direction, kinds, times and weights, nodes that are items, and features: three ranks write what one writes, which holds the whole graph, and count what it counts.
mkdir related
cat >related.yaml <<'E'
work: related
generate: {users: 60, items: 90, interactions: 500, friends: 150, entities: 40, communities: 4, seed: 3}
data:
  interactions: {path: related/interactions.tsv, format: edges, columns: {user: 1, item: 2}}
  user_features: {path: related/user-tags.tsv, format: sparse}
  nodes: {entity: {same_as: item}}
  relations:
    kg: {path: related/triples.tsv, from: entity, to: entity, format: edges, columns: {from: 1, kind: 2, to: 3}}
    friend: {path: related/friends.tsv, from: user, to: user, format: edges}
    view: {path: related/views.tsv, from: user, to: item, format: edges, columns: {from: 1, to: 2}, direction: forward}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 5, method: stream, weight: {view: 2}}
model: {name: lightgcn, relations: {friend: 1}}
E
"$KITH" generate related.yaml >/dev/null
awk '{print $1 "\t" $2 "\t" NR % 7 "\t" 1 + NR % 5; if (NR % 3 == 0) print $2 "\t" $1 "\t" NR % 4 "\t" 9}' related/friends.tsv >related/timed.tsv
sed -i 's/friends.tsv, from: user, to: user, format: edges/timed.tsv, from: user, to: user, format: edges, columns: {from: 1, to: 2, time: 3, weight: 4}/' related.yaml
awk '!/^#/ && NR % 4 == 2 {print $1 "\tlikes\t" $3; print $3 "\tmade_by\t" $1}' related/triples.tsv >more
cat more >>related/triples.tsv
"$KITH" ingest related.yaml >/dev/null
for n in 1 3; do
  ranks "$n" partition related.yaml --json >out 2>&1 || { cat out; exit 1; }
  tail -n 1 out >related.$n
  cp related/parts.h5 related.$n.h5
done
cmp related.1.h5 related.3.h5
for n in 1 3; do
  ranks "$n" partition related.yaml --set partition.method=contiguous >out 2>&1 || { cat out; exit 1; }
  cp related/parts.h5 ranges.$n.h5
done
cmp ranges.1.h5 ranges.3.h5
/usr/bin/python3 - <<'P'
import h5py, json
said = [{k: v for k, v in json.load(open("related.%d" % n)).items() if k.startswith("stream_")} for n in (1, 3)]
assert len(said[0]) == 4 * 3 and said[0] == said[1], said
with h5py.File("related.3.h5", "r") as f:
    for x in ("feature/value", "edge/kg/kind", "edge/friend/time", "edge/friend/weight", "edge/friend/overlap", "edge/view/transpose/start"):
        assert x in f and f[x].shape[0] > 0, x
P

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
