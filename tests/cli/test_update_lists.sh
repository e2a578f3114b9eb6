# The lists of two updates by the program, against all lists read by plain Python: interactions, edges of a relation and
# features by ids, numbers of old nodes, marks of new interactions in graph.h5 and parts.h5, and what kith inspect says.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >check.py <<'P'
import csv, glob, h5py, json, random, sys
def rows(name): return [tuple(r) for r in csv.reader(open(name))]
if sys.argv[1] == "draw":
    random.seed(5)
    seen = set()
    def draw(n, users, items):
        for _ in range(n):
            u, i = "u%d" % random.randrange(users), "i%d" % random.randrange(items)
            yield u, i, 100 + random.randrange(50)
    parts = {"old": (300, 30, 25, "w"), "one": (60, 36, 28, "w"), "two": (60, 40, 31, "w")}
    for name, (n, users, items, mode) in parts.items():
        with open(name + ".csv", mode) as f:
            for r in draw(n, users, items):
                print(*r, sep=",", file=f)
                seen.add(r[1])
        with open(name + "-tag.csv", "w") as f:
            for _ in range(30): print(random.choice(sorted(seen)), "t%d" % random.randrange(items), 100 + random.randrange(50), sep=",", file=f)
        with open(name + "-features.txt", "w") as f:
            for i in sorted(seen - {l.split()[0] for n in glob.glob("*-features.txt") for l in open(n)}):
                print(i, "all", "f%d:%d" % (random.randrange(4), random.randrange(1, 9)), file=f)
    with open("test.csv", "w") as f:
        for r in draw(20, 30, 25):
            if r[:2] not in {x[:2] for x in rows("old.csv")} and r[0] in {x[0] for x in rows("old.csv")}: print(*r[:2], sep=",", file=f)
    sys.exit()
names, graph, parts = sys.argv[1].split(","), h5py.File(sys.argv[2]), h5py.File(sys.argv[3])
old = h5py.File(sys.argv[4])
def ids(f, name): return [x.decode() for x in f[name][:]]
def edges(f, group, column, ends):
    a, b = (ids(f, e) for e in ends)
    start, to, time = f[group + "/start"][:], f[group + "/" + column][:], f[group + "/time"][:]
    return {(a[u], b[to[e]]): int(time[e]) for u in range(len(start) - 1) for e in range(start[u], start[u + 1])}
def merged(lists, skip=()):
    out = {}
    for name in lists:
        for a, b, t in rows(name):
            if (a, b) not in skip: out[a, b] = min(int(t), out.get((a, b), 10 ** 9))
    return out
held = {r[:2] for r in rows("test.csv")}
assert edges(graph, "train", "item", ("user/id", "item/id")) == merged([n + ".csv" for n in names], held)
assert edges(graph, "edge/tag", "to", ("item/id", "node/word/id")) == merged([n + "-tag.csv" for n in names])
for name in ("user/id", "item/id", "node/word/id"):
    assert ids(graph, name)[:len(old[name])] == ids(old, name), name
assert graph.attrs["parent"] == old.attrs["fingerprint"] and graph.attrs["parent_item"] == len(old["item/id"])
known = {}
for n in names:
    for line in open(n + "-features.txt"):
        f = line.split()
        known[f[0]] = {w.split(":")[0]: float((w + ":1").split(":")[1]) for w in f[1:]}
item, feature = ids(graph, "item/id"), ids(graph, "item_feature/id")
start, index, value = (graph["item_feature/" + c][:] for c in ("start", "feature", "value"))
for i, name in enumerate(item):
    have = {feature[index[e]]: float(value[e]) for e in range(start[i], start[i + 1])}
    assert have == {k: v for k, v in known.get(name, {}).items() if k in feature}, (name, have, known.get(name))
before = edges(old, "train", "item", ("user/id", "item/id"))
user = ids(graph, "user/id")
start, to, new = (graph["train/" + c][:] for c in ("start", "item", "new"))
mark = {(u, int(to[e])): int(new[e]) for u in range(len(user)) for e in range(start[u], start[u + 1])}
assert mark == {(u, i): int((user[u], item[i]) not in before) for u, i in mark} and 0 < sum(mark.values()) < len(mark)
n_user = len(user)
numbers = {int(g): (t, i) for t, name in enumerate(("user/number", "item/number")) for i, g in enumerate(parts[name][:])}
start, to, new = (parts["train/" + c][:] for c in ("start", "neighbor", "new"))
for g, (t, i) in numbers.items():
    for e in range(start[g], start[g + 1]):
        j = numbers[int(to[e])][1]
        assert new[e] == (mark[i, j] if t == 0 else mark[j, i])
assert parts.attrs["parent"] == graph.attrs["parent"] and parts.attrs["fingerprint"] == graph.attrs["fingerprint"]
P
/usr/bin/python3 check.py draw
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: old.csv, format: edges, header: false, columns: {user: 1, item: 2, time: 3}}
  test: {path: test.csv, format: edges, header: false}
  relations: {tag: {path: old-tag.csv, from: item, to: word, columns: {time: 3}}}
  item_features: {path: old-features.txt, format: sparse}
partition: {parts: 4}
model: {name: lightgcn, dim: 4, layers: 1, relations: {tag: 1}, input: both}
loss: {name: softmax}
train: {batch: 512, epochs: 1}
evaluate: {k: [5]}
update: {epochs: 1}
J
lists() { echo --set update.interactions.path=$1.csv --set update.relations.tag=$1-tag.csv --set update.item_features.path=$1-features.txt; }
run() { "$KITH" "$@" >log 2>&1 || { echo "kith $* ended with $?"; cat log; exit 1; }; }
for verb in ingest partition train; do run $verb job.yaml; done
all=old
for name in one two; do
  all=$all,$name
  cp work/graph.h5 before.h5
  run update job.yaml $(lists $name)
  grep "  tag: [1-9][0-9]* new edges" log >/dev/null
  /usr/bin/python3 check.py $all work/graph.h5 work/parts.h5 before.h5
done
"$KITH" inspect work/graph.h5 >log
grep "an update, number 2 in a row, of the graph whose fingerprint is $(/usr/bin/python3 -c 'import h5py; print(h5py.File("before.h5").attrs["fingerprint"])')" log >/dev/null
"$KITH" inspect work/graph.h5 --json | grep -E '"behind": \{"update": 2, "train": [1-9][0-9]*, "user": [1-9][0-9]*, "item": [1-9]' >/dev/null
"$KITH" inspect work/parts.h5 | grep "an update of the graph whose fingerprint is" >/dev/null

# an item that is held out, and has its first training interaction now
awk -F, 'NR <= 3 { print $1 ",held" NR }' old.csv >test.csv
awk -F, 'NR > 40 && NR <= 44 { print $1 ",held" NR % 2 + 1 ",120" }' old.csv >one.csv
set_cold="--set evaluate.candidates=cold"
rm -r work
for verb in ingest partition; do run $verb job.yaml; done
run train job.yaml $set_cold
run update job.yaml --set update.interactions.path=one.csv $set_cold
grep "2 held-out items have training interactions now: figures of evaluate.candidates: cold before" log >/dev/null || { cat log; exit 1; }
"$KITH" inspect work/graph.h5 | grep "as kith ingest or kith update wrote it" >/dev/null

# known interactions with an earlier time alone: the time is the graph's, and no epoch is trained
awk -F, 'NR <= 5 { print $1 "," $2 ",7" }' old.csv >one.csv
run update job.yaml --set update.interactions.path=one.csv $set_cold
grep "5 known edges with an earlier time" log >/dev/null || { cat log; exit 1; }
grep "no new pair" log >/dev/null || { cat log; exit 1; }
if grep "held-out item" log; then exit 1; fi
echo "what is put behind a graph is what all lists say"
