# fast
# data.nodes.TYPE.features: features of a further node type, from the list to the rows that a model begins with.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/f"
cd "$dir/f"
/usr/bin/python3 - <<'P'
import random
r = random.Random(6)
write = lambda name, lines: open(name, "w").write("".join("\t".join(x) + "\n" for x in lines))
users, items = ["u%d" % k for k in range(30)], ["i%d" % k for k in range(20)]
write("train.tsv", sorted({(u, r.choice(items)) for u in users for _ in range(6)} | {(users[0], i) for i in items}))
write("tag.tsv", [(i, "t%d" % r.randrange(9)) for i in items for _ in range(2)] + [(items[k], "t%d" % k) for k in range(9)])
write("tags.txt", [("t%d" % k, "a:%d b%d" % (k + 1, k % 3)) for k in range(8)] + [("stranger", "a:1")]) # t8 has none
write("flat.txt", [("t%d" % k, "a:1 b0") for k in range(8)])
write("items.txt", [(i, "c%d" % (k % 4)) for k, i in enumerate(items)])
P
cat >job.yaml <<'Y'
work: work
data:
  interactions: {path: train.tsv, format: edges, delimiter: tab}
  relations:
    tag: {path: tag.tsv, from: item, to: tag, format: edges, delimiter: tab}
  nodes: {tag: {features: tags.txt}}
  item_features: items.txt
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 4}
model: {dim: 8, layers: 2, input: both, relations: {tag: 0.5}}
train: {epochs: 2, batch: 64}
evaluate: {every: 0}
Y
"$KITH" ingest job.yaml --strict --json >ingested
for words in "data.nodes.tag.features: sparse" "4 different features of tag nodes" "1 line of features of tag nodes that no relation names" "1 tag node without a line of features"; do
  grep -q "$words" ingested || { echo "missing: $words"; cat ingested; exit 1; }
done
"$KITH" inspect work/graph.h5 | grep "attributes, datasets, counts and starts fit together" >/dev/null
made() { # RANKS METHOD WORK settings…
  n=$1 method=$2 work=$3; shift 3
  "$KITH" partition job.yaml --set graph=work/graph.h5 --set work="$work" --set partition.method="$method" >/dev/null
  ranks "$n" train job.yaml --set graph=work/graph.h5 --set work="$work" "$@" >"$work.log" 2>&1 || { cat "$work.log"; exit 1; }
}
made 1 metis one
grep -q "input rows: both; 0 features of users, 4 of items, 4 of the type tag" one.log || { cat one.log; exit 1; }
"$KITH" inspect one/parts.h5 | grep "attributes, datasets, counts and starts fit together" >/dev/null
made 4 hash four
made 3 metis three --set model.input=features
made 1 hash alone --set model.input=features
"$KITH" ingest job.yaml --set work=flat --set data.nodes.tag.features.path=flat.txt >/dev/null
for verb in partition train; do "$KITH" $verb job.yaml --set work=flat >/dev/null; done
/usr/bin/python3 -c 'import h5py' 2>/dev/null && /usr/bin/python3 - <<'P'
import h5py, numpy
f = h5py.File("work/graph.h5", "r")
text = lambda name: [x.decode() for x in f[name][:]]
tags, ids, g = text("node/tag/id"), text("node/tag/feature/id"), f["node/tag/feature"]
stored = {}
for k, tag in enumerate(tags):
    entries = range(g["start"][k], g["start"][k + 1])
    stored[tag] = {ids[g["feature"][e]]: float(g["value"][e]) for e in entries}
listed = {l.split("\t")[0]: {w.split(":")[0]: float((w.split(":") + [1])[1]) for w in l.split("\t")[1].split()} for l in open("tags.txt")}
assert stored == {t: listed.get(t, {}) for t in tags}, stored
p = h5py.File("four/parts.h5", "r") # the same rows, in global order
at = p["node/tag/number"][:]
for k, tag in enumerate(tags):
    entries = range(p["feature/start"][at[k]], p["feature/start"][at[k] + 1])
    assert {ids[p["feature/feature"][e]]: float(p["feature/value"][e]) for e in entries} == stored[tag]
rows = lambda work, name: h5py.File(work + "/embeddings.h5", "r")[name][:]
for a, b in ("one", "four"), ("three", "alone"):
    for name in "user/embedding", "item/embedding", "node/tag/embedding":
        assert numpy.abs(rows(a, name) - rows(b, name)).max() < 1e-5, (a, b, name)
assert numpy.abs(rows("one", "node/tag/embedding") - rows("flat", "node/tag/embedding")).max() > 1e-3 # features decide
P
refused() { # WORDS settings…
  words=$1 rc=0; shift
  "$KITH" ingest job.yaml --set work=none "$@" >log 2>&1 || rc=$?
  [ $rc = 78 ] && grep -q "$words" log && [ ! -e none/graph.h5 ] || { echo "exit $rc, expected: $words"; cat log; exit 1; }
}
refused "data.nodes.tag.features: the type has the ids of another one" --set data.nodes.tag.same_as=item
sed 's/nodes: {tag:/nodes: {item:/' job.yaml >item.yaml
rc=0; "$KITH" ingest item.yaml --set work=none >log 2>&1 || rc=$?
[ $rc = 78 ] && grep -q "data.nodes.item.features: features of items are data.item_features" log || { cat log; exit 1; }
