# Ties: what the two ends of an edge have in common, counted by kith ingest from training interactions alone.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 150, items: 200, interactions: 3000, friends: 300, communities: 6}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    near: {path: near.tsv, from: item, to: item, format: edges, columns: {from: 1, to: 2, time: 3}}
  split: {method: ratio, valid: 0.1, test: 0.2}
partition: {parts: 6}
model: {dim: 16, layers: 2, relations: {friend: 0.6, near: 0.8}}
train: {batch: 256, epochs: 2, lr: 0.01}
evaluate: {every: 0}
checkpoint: {every: 1, keep: 2, best: false}
J
sed "/near: {path/d; s/, near: 0.8//" job.yaml >make.yaml
"$KITH" generate make.yaml --quiet >/dev/null 2>&1
# Items that follow each other in the list, at times of about three years; some pairs in both directions.
awk -F '\t' -v OFS='\t' '!/^#/ && n++ < 500 {
  if (n > 1 && last != $2) print last, $2, n * 200000
  if (n % 7 == 0) print $2, last, n * 100000
  last = $2
}' list.tsv >near.tsv
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet >/dev/null 2>&1; done

# Overlaps are those of the training sets, in graph.h5 and at both ends in parts.h5.
/usr/bin/python3 - <<'P'
import h5py
graph, parts = h5py.File("work/graph.h5"), h5py.File("work/parts.h5")
start, item = graph["train/start"][:], graph["train/item"][:]
users = [set(item[a:b]) for a, b in zip(start, start[1:])]
items = [set() for _ in graph["item/id"]]
for u, mine in enumerate(users):
    for i in mine: items[i].add(u)
original = parts["node/original"][:]
for name, lists in ("friend", users), ("near", items):
    edges = graph["edge/" + name]
    pairs = {}
    for a in range(len(lists)):
        for e in range(edges["start"][a], edges["start"][a + 1]):
            b, n = edges["to"][e], edges["overlap"][e]
            assert n == len(lists[a] & lists[b]), (name, a, b, n)
            pairs[a, b] = pairs[b, a] = n
    assert max(pairs.values()) > 1 and min(pairs.values()) == 0, name
    rows = parts["edge/" + name]
    seen = 0
    for v in range(len(original)):
        for e in range(rows["start"][v], rows["start"][v + 1]):
            assert rows["overlap"][e] == pairs[original[v], original[rows["neighbor"][e]]], (name, v)
            seen += 1
    assert seen == len(pairs)
print("overlaps of", len(users), "users and", len(items), "items are right")
P
"$KITH" inspect work/graph.h5 >out && "$KITH" inspect work/parts.h5 >out
