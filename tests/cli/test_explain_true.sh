# kith explain tells the truth: without the edge to the neighbor that contributes most, the score falls more than without any other
# that is tried, and falls follow contributions. The model is played again in NumPy, with the same rows and normalization.
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
model: {dim: 16, layers: 3}
loss: {name: softmax}
train: {batch: 256, epochs: 20, lr: 0.02}
evaluate: {k: [5, 10], every: 0}
J
for verb in generate ingest partition train; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
for u in $(seq 3 15 149); do "$KITH" explain job.yaml --user $(printf 'user-%03d' $u) --k 20 --top 100 --json --quiet | tail -1; done >answers
/usr/bin/python3 - <<'P'
import h5py, json, numpy as np
graph = h5py.File("work/graph.h5")
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
user, item = ([x.decode() for x in graph[t + "/id"][:]] for t in ("user", "item"))
n, start, items = len(user) + len(item), graph["train/start"][:], graph["train/item"][:]
a = np.zeros((n, n))
for u in range(len(user)):
    for i in items[start[u]:start[u + 1]]: a[u, len(user) + i] = a[len(user) + i, u] = 1
degree = np.maximum(a.sum(1), 1)
m = a / np.sqrt(np.outer(degree, degree))
x = np.concatenate([state[t + "/parameter"][:] for t in ("user", "item")]).astype(float)
def row(m, v): # of the mean of layers
    e = np.zeros(n)
    e[v] = 1
    total = e.copy()
    for _ in range(3):
        e = e @ m
        total += e
    return total / 4 @ x
def fall(u, i, j): # of the score without the edge of u and j
    before, kept = row(m, u) @ row(m, i), m[u, j]
    m[u, j] = m[j, u] = 0
    after = row(m, u) @ row(m, i)
    m[u, j] = m[j, u] = kept
    return before - after
rank = lambda x: np.argsort(np.argsort(x))
draw, largest, follows, pairs = np.random.default_rng(1), 0, [], 0
for line in open("answers"):
    for e in json.loads(line)["explanations"]:
        u, i, r = user.index(e["user"]), len(user) + item.index(e["item"]), e["reasons"]
        pick = [0, len(r) // 2, len(r) - 1]
        pick += list(draw.choice([k for k in range(len(r)) if k not in pick], 3, replace=False))
        falls = [fall(u, i, len(user) + item.index(r[k]["id"])) for k in pick]
        largest += falls[0] == max(falls)
        follows.append(np.corrcoef(rank(falls), rank([r[k]["contribution"] for k in pick]))[0, 1])
        pairs += 1
assert pairs == 200, pairs
print(largest / pairs, np.mean(follows))
assert largest >= 0.95 * pairs and np.mean(follows) >= 0.95, (largest / pairs, np.mean(follows))
P
