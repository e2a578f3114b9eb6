# fast
# data.nodes.TYPE.same_as: ids of a further type that are ids of items are those items, from lists to embeddings.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/s"
cd "$dir/s"
/usr/bin/python3 - <<'P'
import random
r = random.Random(5)
write = lambda name, lines: open(name, "w").write("".join("\t".join(x) + "\n" for x in lines))
users, items = ["u%d" % k for k in range(30)], ["i%d" % k for k in range(20)]
write("train.tsv", sorted({(u, r.choice(items)) for u in users for _ in range(6)} | {(users[0], i) for i in items}))
write("cites.tsv", [r.sample(items, 2) for _ in range(40)])
write("kg.tsv", [(i, r.choice(["by", "of"]), "e%d" % r.randrange(8)) for i in items] + [("e%d" % k, "in", r.choice(items)) for k in range(8)])
P
cat >items.yaml <<'Y'
work: items
data:
  interactions: {path: train.tsv, format: edges, delimiter: tab}
  relations:
    cites: {path: cites.tsv, from: item, to: item, direction: forward, format: edges, delimiter: tab}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 4}
model: {dim: 8, layers: 2, relations: {cites: 0.5}}
train: {epochs: 2, batch: 64}
evaluate: {every: 0}
Y
sed 's/from: item, to: item/from: thing, to: thing/; s/^work: .*/work: things/; s/^data:/&\n  nodes: {thing: {same_as: item}}/' items.yaml >things.yaml
sed 's/cites: {path: cites.tsv, from: item, to: item, direction: forward, format: edges/kg: {path: kg.tsv, from: thing, to: thing, columns: {from: 1, kind: 2, to: 3}/; s/relations: {cites/relations: {kg/; s/^work: .*/work: kg/; s/^data:/&\n  nodes: {thing: {same_as: item}}/' items.yaml >kg.yaml

made() { # JOB RANKS PARTITION WORK
  "$KITH" ingest "$1" --strict --set work="$4" >"$4.log" 2>&1 || { cat "$4.log"; exit 1; }
  "$KITH" partition "$1" --set work="$4" --set partition.method="$3" >/dev/null
  ranks "$2" train "$1" --quiet --set work="$4" >/dev/null
}
made items.yaml 1 metis items
made things.yaml 3 hash things
grep -q "0 nodes of the further type thing beside 20 items, named by its ids" things.log || { cat things.log; exit 1; }
made kg.yaml 1 metis one
made kg.yaml 4 hash four
made kg.yaml 3 metis three
grep -q "8 nodes of the further type thing beside 20 items" one.log || { cat one.log; exit 1; }
"$KITH" inspect one/graph.h5 >inspected
grep -q "attributes, datasets, counts and starts fit together" inspected
grep -q "8 nodes of the further type thing, whose ids may also be those of items" inspected
"$KITH" inspect four/parts.h5 >/dev/null
/usr/bin/python3 -c 'import h5py' 2>/dev/null && /usr/bin/python3 - <<'P'
import h5py
rows = lambda work, name: h5py.File(work + "/embeddings.h5", "r")[name][:].tobytes()
for name in "user/embedding", "item/embedding":
    assert rows("items", name) == rows("things", name), "a relation of things that are items is one of items: " + name
for name in "user/embedding", "item/embedding", "node/thing/embedding":
    assert rows("one", name) == rows("four", name) == rows("three", name), "the same rows on any ranks: " + name
f = h5py.File("one/graph.h5", "r")
assert [k.decode() for k in f["node/thing/id"][:]] == list(dict.fromkeys(t for l in open("kg.tsv") for t in (l.split()[0], l.split()[2]) if t[0] == "e"))
assert len(f["edge/kg/start"]) == 20 + 8 + 1
P

# Ids that are written differently share nothing, which is said; what cannot be is refused.
sed 's/i\([0-9]\)/I\1/g' kg.tsv >other.tsv
"$KITH" ingest kg.yaml --set work=no --set data.relations.kg.path=other.tsv >log 2>&1
grep -q "no id of thing in the lists is the id of an item; are ids written alike?" log || { cat log; exit 1; }
refused() { # WORDS settings…
  words=$1 rc=0; shift
  "$KITH" ingest kg.yaml --set work=none "$@" >log 2>&1 || rc=$?
  [ $rc = 78 ] && grep -q "$words" log && [ ! -e none/graph.h5 ] || { echo "exit $rc, expected: $words"; cat log; exit 1; }
}
refused "data.nodes.thing.same_as: expected user or item, found tag" --set data.nodes.thing.same_as=tag
refused "data.nodes.thing.same_as: no relation of data.relations has this node type" --set data.relations.kg.from=tag --set data.relations.kg.to=tag
refused "data.nodes.other: a setting changes a section of the job file, where the nearest is thing" --set data.nodes.other.same_as=item
printf 'i1\tby\tnew\n' >new.tsv
rc=0; "$KITH" embed kg.yaml --set work=one --set embed.relations.kg=new.tsv --set embed.types=items >log 2>&1 || rc=$?
[ $rc = 78 ] && grep -q "embed.relations.kg: " log || { cat log; exit 1; }

# A new item with the id of a thing that has no interactions stays another node, which is said.
printf 'u1\te1\nu2\te1\nu3\te2\nu3\tfresh\n' >fresh.tsv
"$KITH" embed kg.yaml --set work=one --set embed.interactions.path=fresh.tsv --set embed.types=items >log 2>&1 || { cat log; exit 1; }
[ "$(grep -c 'warning: new nodes of type item: 2 of them have the id of a node of type thing' log)" = 1 ] || { cat log; exit 1; }
printf 'u4\tfresh\n' >fresh.tsv
"$KITH" embed kg.yaml --strict --set work=one --set embed.interactions.path=fresh.tsv --set embed.types=items >log 2>&1 || { cat log; exit 1; }
