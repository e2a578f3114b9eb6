# LightGCN over three relations and three node types: rows are what NumPy makes of the checkpoint and the lists; one
# SHA-256 of every type's rows on 1 to 4 ranks and two cuts; learned weights likewise; runs continue on other ranks.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 150, items: 200, interactions: 3000, friends: 300, tags: 20, views: 2, communities: 6}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    tag: {path: tag.tsv, from: item, to: tag, format: edges}
    view: {path: view.tsv, from: user, to: item, format: edges, columns: {from: 1, to: 2}}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 16, layers: 2, relations: {friend: 0.6, tag: 1.7, view: 0.3}}
train: {batch: 256, epochs: 2, lr: 0.01}
evaluate: {every: 0}
checkpoint: {every: 1, keep: 2, best: false}
J
for verb in generate ingest; do "$KITH" $verb job.yaml --quiet >/dev/null 2>&1; done
cut() { "$KITH" partition job.yaml --quiet "$@" >cut.log 2>&1; }
train() { n=$1; shift; ranks $n train job.yaml --quiet "$@" >/dev/null 2>&1; }

cat >sha.py <<'P' # the rows of every type, and of users and items alone
import h5py, hashlib, sys
def sha(f, types):
    total = hashlib.sha256()
    for t in types:
        total.update(f[t + "/embedding"][:].tobytes())
    return total.hexdigest()
f = h5py.File("work/embeddings.h5")
types = ["user", "item"] + (["node/tag"] if len(sys.argv) < 2 else [])
assert "node/tag" not in f or len(f["node/tag/id"]) == len(f["node/tag/embedding"]) > 10
print(sha(f, types))
P
sha() { /usr/bin/python3 sha.py "$@"; }

cat >oracle.py <<'P'
import h5py, numpy as np, sys
omega = dict(zip(("friend", "tag", "view"), map(float, sys.argv[1:4])))
graph, told = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
group = {"user": "user", "item": "item", "tag": "node/tag"}
n = {t: len(graph[group[t] + "/id"]) for t in group}
first = {"user": 0, "item": n["user"], "tag": n["user"] + n["item"]}
names = {t: {x.decode() if isinstance(x, bytes) else str(x): i for i, x in enumerate(graph[group[t] + "/id"][:])} for t in group}
def normalized(a):
    degree = np.maximum(a.sum(1), 1)
    return a / np.sqrt(np.outer(degree, degree))
total = sum(n.values())
a = np.zeros((total, total))
start, item = graph["train/start"][:], graph["train/item"][:]
for u in range(n["user"]):
    for i in item[start[u]:start[u + 1]]: a[u, first["item"] + i] = a[first["item"] + i, u] = 1
m = normalized(a)
for name, ends in ("friend", ("user", "user")), ("tag", ("item", "tag")), ("view", ("user", "item")): # from the lists themselves
    r = np.zeros((total, total))
    for line in open(name + ".tsv").read().splitlines():
        if line[0] == "#": continue
        x = line.split("\t")[:2]
        if x[0] not in names[ends[0]] or x[1] not in names[ends[1]] or (ends[0] == ends[1] and x[0] == x[1]): continue
        u, v = first[ends[0]] + names[ends[0]][x[0]], first[ends[1]] + names[ends[1]][x[1]]
        r[u, v] = r[v, u] = 1
    assert r.any(), name
    m += omega[name] * normalized(r)
layers = [np.concatenate([state[group[t] + "/parameter"][:] for t in group]).astype(float)]
for _ in range(2): layers.append(m @ layers[-1])
truth = np.mean(layers, 0)
mine = np.concatenate([told[group[t] + "/embedding"][:] for t in group])
worst = np.abs(mine - truth).max() / np.abs(truth).max()
assert worst < 1e-5, worst
for t in group: assert (told[group[t] + "/id"][:] == graph[group[t] + "/id"][:]).all()
P

# Fixed weights.
cut
grep -q 'of friend alone' cut.log && grep -q 'of interactions alone' cut.log || { cat cut.log; exit 1; }
train 1
/usr/bin/python3 oracle.py 0.6 1.7 0.3
/usr/bin/python3 oracle.py 0.6 0 0.3 2>/dev/null && { echo "the oracle sees no tags"; exit 1; }
one=$(sha)
for n in 2 3 4; do train $n --fresh; [ "$(sha)" = $one ] || { echo "$n ranks differ"; exit 1; }; done
for f in parts.h5 embeddings.h5 "$(cat work/checkpoint-latest)"; do "$KITH" inspect "work/$f" >/dev/null; done
cut --set partition.method=hash
train 3 --fresh
[ "$(sha)" = $one ] || { echo "another cut differs"; exit 1; }

# A run continues on another number of ranks, rows of every type included.
train 1 --set train.epochs=3
longer=$(sha)
train 2 --fresh
train 3 --set train.epochs=3
[ "$(sha)" = $longer ] || { echo "a continued run differs"; exit 1; }

# Learned weights: the same bits, fewer edges and continued runs included; they begin as fixed weights of 1.
learned="--set model.relations.friend=learned --set model.relations.view=learned"
train 1 --fresh $learned --set model.edge_dropout=0.2
one=$(sha)
train 3 --fresh $learned --set model.edge_dropout=0.2 --set train.epochs=1
train 2 $learned --set model.edge_dropout=0.2
[ "$(sha)" = $one ] || { echo "learned weights differ"; exit 1; }
/usr/bin/python3 - <<'P'
import h5py
w = h5py.File("work/" + open("work/checkpoint-latest").read().strip())["weights/parameter"][:]
assert len(w) == 2 and all(0 < abs(x - 1) < 0.5 for x in w), w
P
train 2 --fresh $learned --set train.lr=1e-12
/usr/bin/python3 oracle.py 1 1.7 1

# Weight decay reaches learned weights, so a run does not continue with another one.
train 1 --fresh $learned
rc=0; "$KITH" train job.yaml --quiet $learned --set train.epochs=3 --set train.weight_decay=5 >log 2>&1 || rc=$?
[ $rc = 78 ] && grep -q 'train.weight_decay=5' log || { echo "code $rc"; cat log; exit 1; }

# Without weights the relations do not exist: users and items have the bits of a job without their lists.
none="--set model.relations.friend=0 --set model.relations.tag=0 --set model.relations.view=0"
train 2 --fresh $none
zero=$(sha plain)
losses() { /usr/bin/python3 -c 'import json; print(["%.5f" % json.loads(line)["loss"] for line in open("work/metrics.jsonl")])'; }
sets="--fresh --set model.name=sage --set sampler.budget=20 --set sampler.coverage=3"
for mode in saint-edge saint-walk; do train 2 $none $sets --set sampler.mode=$mode; losses; done >sets.unread
sed -e '/^  relations:/d; /^    [ftv][a-z]*: /d; s/, relations: {.*}}/}/' job.yaml >plain.yaml
for verb in ingest partition; do "$KITH" $verb plain.yaml --quiet >/dev/null 2>&1; done
ranks 2 train plain.yaml --fresh --quiet >/dev/null 2>&1
[ "$(sha plain)" = $zero ] || { echo "relations of weight 0 leave traces"; exit 1; }
for mode in saint-edge saint-walk; do ranks 2 train plain.yaml $sets --quiet --set sampler.mode=$mode >/dev/null 2>&1; losses; done >sets.plain
cmp sets.unread sets.plain || { echo "nodes of types that nothing reads are sampled"; exit 1; }
