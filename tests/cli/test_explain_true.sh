# kith explain tells the truth: without the edge to the neighbor that contributes most, the score falls more than without any other
# that is tried, and falls follow contributions. Each model is played again in NumPy, with the same rows and normalization; of
# those that are not linear the contributions are also derivatives by the weights of the user's edges.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 150, items: 200, interactions: 4000, friends: 0, communities: 5}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 16, layers: 2}
loss: {name: softmax}
train: {batch: 256, epochs: 20, lr: 0.02}
evaluate: {k: [5, 10], every: 0}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
cat >play.py <<'P' # MODEL LAYERS PAIRS: reads answers, and prints how often the top contributor's fall is the largest, and Spearman's rho
import h5py, json, numpy as np, sys
model, layers, wanted = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
graph, told = h5py.File("work/graph.h5"), h5py.File(model + "/embeddings.h5")
state = h5py.File(model + "/" + open(model + "/checkpoint-latest").read().strip())
user, item = ([x.decode() for x in graph[t + "/id"][:]] for t in ("user", "item"))
n, start, items = len(user) + len(item), graph["train/start"][:], graph["train/item"][:]
a = np.zeros((n, n))
for u in range(len(user)):
    for i in items[start[u]:start[u + 1]]: a[u, len(user) + i] = a[len(user) + i, u] = 1
degree = np.maximum(a.sum(1), 1)
x = np.concatenate([state[t + "/parameter"][:] for t in ("user", "item")]).astype(float)
flat, d = state["weights/parameter"][:].astype(float).ravel() if "weights" in state else np.zeros(0), x.shape[1]
def take(*shape): # the next weights of the checkpoint
    global flat
    w, flat = flat[:np.prod(shape)].reshape(shape), flat[np.prod(shape):]
    return w
unit = lambda h: h / np.maximum(np.linalg.norm(h, axis=1, keepdims=True), 1e-12)
m = a / np.sqrt(np.outer(degree, degree))
if model == "lightgcn":
    def final(m):
        h = [x]
        for _ in range(layers): h.append(m @ h[-1])
        return sum(h) / (layers + 1)
elif model == "gcn":
    m = (a + np.eye(n)) / np.sqrt(np.outer(a.sum(1) + 1, a.sum(1) + 1))
    w = [take(d, d) for _ in range(layers)]
    final = lambda m: m @ np.maximum(m @ (x @ w[0]), 0) @ w[1]
elif model == "sage":
    m = a / degree[:, None]
    w = [(take(1, d), take(2 * d, d)) for _ in range(layers)]
    layer = lambda m, h, l: np.hstack([h, m @ h]) @ w[l][1] + w[l][0]
    final = lambda m: layer(m, unit(np.maximum(layer(m, x, 0), 0)), 1)
else:
    w = [(take(d, d), take(1, d), take(d, d), take(1, d)) for _ in range(layers)]
    def layer(m, h, l):
        z = (m @ h + h) @ w[l][0] + w[l][1] + (m @ h * h) @ w[l][2] + w[l][3]
        return np.where(z > 0, z, 0.2 * z)
    def final(m):
        h = layer(m, x, 0)
        return np.hstack([x, unit(h), unit(layer(m, h, 1))])
f = final(m)
rows = np.concatenate([told[t + "/embedding"][:] for t in ("user", "item")])
assert flat.size == 0 and np.abs(f - rows).max() < 1e-5 * (1 + np.abs(rows).max()), "NumPy plays another model"
def played(u, target, j, both, factor): # the score with the edge of u and j weighted otherwise
    kept = m[u, j], m[j, u]
    m[u, j] *= factor
    if both: m[j, u] *= factor
    g = final(m)
    m[u, j], m[j, u] = kept
    return g[u] @ (g[target] if both else f[target])
rank = lambda x: np.argsort(np.argsort(x))
draw, largest, follows, pairs = np.random.default_rng(1), 0, [], 0
for line in sys.stdin:
    for e in json.loads(line)["explanations"]:
        u, i, r = user.index(e["user"]), len(user) + item.index(e["item"]), sorted(e["reasons"], key=lambda x: -x["contribution"])
        assert all(x["relation"] == "interactions" for x in r) and len(r) == e["terms"], r
        at = lambda k: len(user) + item.index(r[k]["id"])
        pick = [0, len(r) // 2, len(r) - 1]
        pick += list(draw.choice([k for k in range(len(r)) if k not in pick], 3, replace=False))
        falls = [f[u] @ f[i] - played(u, i, at(k), True, 0) for k in pick]
        if pairs % 5 == 0 and layers == 2: # of more layers the edge is met again behind neighbors
            for k in pick[:3]:
                slope = (played(u, i, at(k), False, 1.001) - played(u, i, at(k), False, 0.999)) / 0.002
                assert abs(slope - r[k]["contribution"]) < 2e-3 * abs(slope) + 1e-5 * (1 + abs(e["score"])), (slope, r[k])
        largest += falls[0] == max(falls)
        follows.append(np.corrcoef(rank(falls), rank([r[k]["contribution"] for k in pick]))[0, 1])
        pairs += 1
assert pairs == wanted, pairs
print("%s: %d pairs, largest %.3f, Spearman %.3f" % (model, pairs, largest / pairs, np.mean(follows)))
assert largest >= 0.95 * pairs and np.mean(follows) >= 0.95
P
for how in "lightgcn 3 15" "gcn 2 50" "sage 2 50" "ngcf 2 50"; do
  set -- $how
  users=$(seq 3 ${EXPLAIN_STEP:-$3} 149) # EXPLAIN_STEP=15: 200 pairs of every model
  settings="--set work=$1 --set graph=work/graph.h5 --set parts=work/parts.h5 --set model.name=$1 --set model.layers=$2"
  "$KITH" train job.yaml --quiet $settings >log 2>&1 || { cat log; exit 1; }
  for u in $users; do "$KITH" explain job.yaml --user $(printf 'user-%03d' $u) --k 20 --top 100 --json --quiet $settings | tail -1; done >answers
  /usr/bin/python3 play.py $1 $2 $((20 * $(echo $users | wc -w))) <answers
done
