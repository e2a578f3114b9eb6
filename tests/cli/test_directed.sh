# timeout: 300
# LightGCN over directed relations, kinds, and ids of entities that are those of items: rows are what NumPy makes of the checkpoint and the lists; one SHA-256 of every
# type's rows on 1 to 4 ranks and two cuts, fixed and learned weights; new nodes read, and are read, in the relation's direction.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >lists.py <<'P' # who follows whom, in no direction alike; what items and others cite; triples of three kinds, of which some join the same nodes
import random
r = random.Random(3)
users, items, tags = ["u%d" % i for i in range(90)], ["i%d" % i for i in range(70)], ["t%d" % i for i in range(8)]
write = lambda name, lines: open(name, "w").write("".join("\t".join(line) + "\n" for line in lines))
pairs = [(u, i) for k, u in enumerate(users) for i in r.sample(items, 4 + k % 5)]
write("list.tsv", pairs)
write("follow.tsv", [(u, v) for u in users for v in r.sample(users, 3) if u != v])
things = items[:40] + ["e%d" % i for i in range(12)] # entities: items, and others
write("cites.tsv", [(a, b) for a in r.sample(things, len(things)) for b in r.sample(things, 3) if a != b])
write("about.tsv", [(i, "kind%d" % k, t) for i in items for t in r.sample(tags, 2) for k in range(3) if r.random() < 0.6])
write("new.tsv", [("new%d" % k, i) for k in range(5) for i in r.sample(items, 3)])
write("new-about.tsv", [("fresh0", "kind0", "t1"), ("fresh0", "kind2", "t1"), ("fresh0", "another", "t3"), ("fresh0", "kind0", "t1"), ("i1", "kind0", "t1"), ("fresh1", "kind1", "t2")])
write("new-follow.tsv", [("new0", "u3"), ("new0", "new1"), ("u5", "new0"), ("u6", "new0"), ("new1", "new0"), ("new6", "u1"), ("u2", "new7"), ("u1", "u2")])
P
/usr/bin/python3 lists.py
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: list.tsv, format: edges}
  relations:
    follow: {path: follow.tsv, from: user, to: user, format: edges, direction: forward}
    cites: {path: cites.tsv, from: entity, to: entity, format: edges, direction: back}
    about: {path: about.tsv, from: item, to: tag, format: edges, columns: {from: 1, kind: 2, to: 3}}
  nodes: {entity: {same_as: item}}
partition: {parts: 6}
model: {dim: 8, layers: 2, relations: {follow: 0.6, cites: 1.7, about: 0.3}}
train: {batch: 128, epochs: 2, lr: 0.01}
evaluate: {every: 0}
checkpoint: {every: 1, keep: 2, best: false}
embed: {interactions: new.tsv, types: both, relations: {follow: new-follow.tsv, about: new-about.tsv}}
J
cut() { "$KITH" partition job.yaml --quiet "$@" >cut.log 2>&1; }
train() { n=$1; shift; ranks $n train job.yaml --quiet "$@" >log 2>&1 || { cat log; exit 1; }; }
"$KITH" ingest job.yaml --quiet >/dev/null 2>&1

cat >sha.py <<'P'
import h5py, hashlib
f, total = h5py.File("work/embeddings.h5"), hashlib.sha256()
for t in "user", "item", "node/tag", "node/entity": total.update(f[t + "/embedding"][:].tobytes())
print(total.hexdigest())
P
sha() { /usr/bin/python3 sha.py; }

cat >oracle.py <<'P' # of training, or with a file of new nodes of kith embed
import h5py, numpy as np, sys
omega, new = {"follow": 0.6, "cites": 1.7, "about": 0.3}, h5py.File(sys.argv[1]) if len(sys.argv) > 1 else None
ends = {"follow": ("user", "user"), "cites": ("entity", "entity"), "about": ("item", "tag")}
graph, told = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
group = {"user": "user", "item": "item"}
group.update({line.split()[1]: "node/" + line.split()[1] for line in graph.attrs["schema"].decode().splitlines()[2:] if line.startswith("type")})
text = lambda a: [x.decode() for x in a]
nodes = [(t, x) for t in group for x in text(graph[group[t] + "/id"][:])]
n_known = len(nodes)
if new: nodes += [(t, x) for t in ("user", "item") for x in text(new[t + "/id"][:])]
assert set(group) == {"user", "item", "tag", "entity"} and ("entity", "e3") in nodes and ("entity", "i3") not in nodes
place = {node: k for k, node in enumerate(nodes)}
place.update({("entity", x): k for (t, x), k in place.items() if t == "item" and k < n_known})
read = lambda name: [line.split("\t") for line in open(name).read().splitlines()]
count = lambda: np.zeros((len(nodes), len(nodes)))
def add(rows, columns, i, j): # node i reads node j: known nodes read no new ones, but what new ones are read by counts
    if i >= n_known or j < n_known: rows[i, j] += 1
    if j >= n_known or i < n_known: columns[i, j] += 1
def normalized(rows, columns):
    d, c = np.maximum(rows.sum(1), 1), np.maximum(columns.sum(0), 1)
    return rows / np.sqrt(np.outer(d, c))
rows, columns = count(), count()
for u, i in read("list.tsv") + (read("new.tsv") if new else []):
    u, i = place[("user", u)], place[("item", i)]
    add(rows, columns, u, i), add(rows, columns, i, u)
m = normalized(rows, columns)
for name, (a, b) in ends.items():
    rows, columns = count(), count()
    extra = [tuple(line) for line in read("new-%s.tsv" % name)] if new and name != "cites" else []
    for line in read(name + ".tsv") + [line for line in dict.fromkeys(extra) if any(x.startswith(("new", "fresh")) for x in line)]:
        i, j = place[(a, line[0])], place[(b, line[-1])]
        if name != "cites": add(rows, columns, i, j)
        if name != "follow": add(rows, columns, j, i)
    assert name != "about" or rows.max() == 3 and (not new or rows[place[("item", "fresh0")]].max() == 2)
    assert (rows != rows.T).any() == (name != "about") or new
    m += omega[name] * normalized(rows, columns)
layers = [np.zeros((len(nodes), 8))]
layers[0][:n_known] = np.concatenate([state[group[t] + "/parameter"][:] for t in group])
for _ in range(2): layers.append(m @ layers[-1])
truth = np.mean(layers, 0)
mine = np.concatenate([new["user/embedding"][:], new["item/embedding"][:]]) if new else np.concatenate([told[group[t] + "/embedding"][:] for t in group])
truth = truth[n_known:] if new else truth
worst = np.abs(mine - truth).max() / np.abs(truth).max()
assert worst < 1e-5, worst
if new: assert text(new["item/id"][:]) == ["fresh0", "fresh1"] and np.abs(truth[text(new["user/id"][:]).index("new6")]).max() > 0 and "new7" in text(new["user/id"][:])
P

cut
grep -q 'of follow alone' cut.log && grep -q 'of cites alone' cut.log || { cat cut.log; exit 1; }
train 1
/usr/bin/python3 oracle.py
one=$(sha)
for n in 2 3 4; do train $n --fresh; [ "$(sha)" = $one ] || { echo "$n ranks differ"; exit 1; }; done
for f in graph.h5 parts.h5 embeddings.h5; do "$KITH" inspect "work/$f" --check >/dev/null 2>&1 || "$KITH" inspect "work/$f" >/dev/null; done
cut --set partition.method=hash
train 3 --fresh
[ "$(sha)" = $one ] || { echo "another cut differs"; exit 1; }
cut --set partition.weight.follow=7 --set partition.weight.about=0
train 2 --fresh
[ "$(sha)" = $one ] || { echo "a cut of other weights differs"; exit 1; }

# New nodes: new0 is followed and follows; new6 only follows; new7 only is followed, which tells it nothing.
for n in 1 3; do
  ranks $n embed job.yaml --output new-$n.h5 --quiet >/dev/null
  /usr/bin/python3 oracle.py new-$n.h5
done

# The other direction is another model.
"$KITH" ingest job.yaml --quiet --set data.relations.follow.direction=back --set work=other >/dev/null 2>&1
"$KITH" partition job.yaml --quiet --set work=other >/dev/null 2>&1
"$KITH" train job.yaml --quiet --set work=other >/dev/null 2>&1
cmp -s work/embeddings.h5 other/embeddings.h5 && { echo "the direction decides nothing"; exit 1; }

# Learned weights: the same bits, fewer edges and continued runs included.
learned="--set model.relations.follow=learned --set model.relations.about=learned --set model.edge_dropout=0.2"
train 1 --fresh $learned
one=$(sha)
train 3 --fresh $learned --set train.epochs=1
train 2 $learned
[ "$(sha)" = $one ] || { echo "learned weights differ"; exit 1; }
/usr/bin/python3 - <<'P'
import h5py
w = h5py.File("work/" + open("work/checkpoint-latest").read().strip())["weights/parameter"][:]
assert len(w) == 2 and all(0 < abs(x - 1) < 0.5 for x in w), w
P
