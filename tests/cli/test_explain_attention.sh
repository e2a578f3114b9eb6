# kith explain of gat and diffnet: attention, shares and contributions are those of dense matrices in NumPy, contributions add up
# to the score, attention over the neighbors of a relation to 1; connections follow attention; the same on 1 and 3 ranks.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 40, items: 50, interactions: 500, friends: 80, tags: 8, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges, columns: {from: 1, to: 2, time: 3}}
    tag: {path: tag.tsv, from: item, to: tag, format: edges}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {name: diffnet, dim: 8, layers: 2, edge_dropout: 0.1}
train: {batch: 256, epochs: 2, lr: 0.05}
evaluate: {k: [5], every: 1}
J
sed 's/, columns: {from: 1, to: 2, time: 3}//' job.yaml >untimed.yaml
"$KITH" generate untimed.yaml --quiet >log 2>&1 || { cat log; exit 1; }
awk -v OFS='\t' '{print $1, $2, 1600000000 + NR * 7 % 80 * 86400}' friend.tsv >timed.tsv && mv timed.tsv friend.tsv
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done

cat >oracle.py <<'P' # MODEL dot|cosine FRIEND TAG DIM: answers against formulas in double, with codes of DIM numbers for time
import h5py, json, numpy as np, sys
model, cosine, omega = sys.argv[1], sys.argv[2] == "cosine", dict(interactions=1, friend=float(sys.argv[3]), tag=float(sys.argv[4]))
graph, told = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/checkpoint-%06d-000000.h5" % told.attrs["epoch"])
group = {"user": "user", "item": "item"}
if omega["tag"]: group["tag"] = "node/tag"
names = {t: [x.decode() for x in graph[g + "/id"][:]] for t, g in group.items()}
first, n = {}, 0
for t in group: first[t], n = n, n + len(names[t])
where = {(t, x): first[t] + i for t in group for i, x in enumerate(names[t])}
kind = np.concatenate([np.full(len(names[t]), k) for k, t in enumerate(group)])
dim = int(sys.argv[5])
reads = {r: np.zeros((n, n), bool) for r in omega if omega[r]}
when = {r: np.zeros((n, n)) for r in reads}
start, item = graph["train/start"][:], graph["train/item"][:]
for u in range(len(names["user"])):
    reads["interactions"][u, first["item"] + item[start[u]:start[u + 1]]] = True
    when["interactions"][u, first["item"] + item[start[u]:start[u + 1]]] = graph["train/time"][start[u]:start[u + 1]]
for r, a, b in ("friend", "user", "user"), ("tag", "item", "tag"):
    start, to = graph["edge/%s/start" % r][:], graph["edge/%s/to" % r][:]
    for i in range(len(start) - 1):
        if r in reads: reads[r][first[a] + i, first[b] + to[start[i]:start[i + 1]]] = True
        if r == "friend" and r in reads: when[r][first[a] + i, first[b] + to[start[i]:start[i + 1]]] = graph["edge/friend/time"][start[i]:start[i + 1]]
for a in reads.values(): a |= a.T.copy()
age = {r: ((t.max() - np.maximum(t, t.T)) / 86400).astype(np.float32).astype(float) for r, t in when.items() if r != "tag"}
weights, taken = state["weights/parameter"][:].astype(float), 0
def take(*shape):
    global taken
    taken += int(np.prod(shape))
    return weights[taken - int(np.prod(shape)):taken].reshape(shape)
clock = None
def timed(r, heads): # what a relation's codes of time add to scores, head by head [heads, n, n]
    global clock
    if dim == 0 or r not in age: return np.zeros((heads, n, n))
    if clock is None: clock = take(dim), take(dim)
    code = np.cos(age[r][:, :, None] * clock[0] + clock[1]) # Xu et al., ICLR 2020, with phases
    return np.stack([code @ w for w in take(heads, dim)])
leaky = lambda x: np.where(x > 0, x, 0.2 * x)
def softmax(score, there):
    e = np.where(there, np.exp(score - score.max()), 0)
    return e / np.maximum(e.sum(-1, keepdims=True), 1e-300)
x = np.concatenate([state[g + "/parameter"][:] for g in group.values()]).astype(float)
d, layers = x.shape[1], 2
term = {} # (relation, layer): share [n], alpha [n, n] and what the score sums, z [n, n of target] by head
if model == "diffnet":
    rows = [x]
    for l in range(layers):
        h, p = rows[-1], []
        for r in reads:
            for t in range(len(group)): # types of readers
                there = reads[r] & (kind[:, None] == t)
                if not (reads[r][kind == t].any()): continue
                a, b = take(d), take(d)
                alpha = softmax(leaky(h @ a[:, None] + h @ b + timed(r, 1)[0]), there)
                p.append((r, alpha, there.any(1)))
        c, e = take(d), take(d)
        own = h @ c
        gamma = softmax(np.stack([leaky(own + (a @ h) @ e) + np.log(omega[r]) for r, a, _ in p], 1), np.stack([has for *_, has in p], 1))
        for k, (r, a, has) in enumerate(p):
            share, alpha = term.get((r, l), (np.zeros(n), np.zeros((n, n))))
            term[r, l] = share + gamma[:, k], alpha + a
        rows.append(h + sum(gamma[:, k:k + 1] * (a @ h) for k, (_, a, _) in enumerate(p)))
    final = np.concatenate(rows, 1)
else:
    h, heads, average = x, 2, model == "gat-average"
    there = reads["interactions"] | np.eye(n, dtype=bool)
    for l in range(layers):
        last = l + 1 == layers
        width = d if average and last else d // heads
        w, a, b = take(d, heads * width), take(heads, width), take(heads, width)
        z = (h @ w).reshape(n, heads, width)
        np.fill_diagonal(age["interactions"], 0) # a node is its own neighbor now
        late = timed("interactions", heads)
        heed = [softmax(leaky((z[:, k] @ a[k])[:, None] + z[:, k] @ b[k] + late[k]), there) for k in range(heads)]
        y = np.stack([heed[k] @ z[:, k] for k in range(heads)], 1)
        h = y.mean(1) if average and last else y.reshape(n, d)
        if not last: h = np.where(h > 0, h, np.expm1(h))
    final = h
assert taken == len(weights)
length = np.linalg.norm(final, axis=1, keepdims=True)
unit = final / length if cosine else final
exported = np.concatenate([told["user/embedding"][:], told["item/embedding"][:]])
assert np.abs(exported - unit[:len(exported)]).max() < 1e-5 * np.abs(unit).max(), np.abs(exported - unit[:len(exported)]).max()
def contributions(u, target):
    out, own = {}, 0
    if model == "diffnet":
        part = target.reshape(layers + 1, d)
        own = x[u] @ part.sum(0)
        for (r, l), (share, alpha) in term.items():
            for j in np.flatnonzero(reads[r][u]):
                out[r, j] = out.get((r, j), 0) + share[u] * alpha[u, j] * (rows[l][j] @ part[l + 1:].sum(0))
        return out, own, lambda r, j: (term[r, layers - 1][1][u, j], term[r, layers - 1][0][u])
    t = np.stack([target / heads] * heads) if average else target.reshape(heads, -1)
    for j in np.flatnonzero(there[u]):
        c = sum(heed[k][u, j] * (z[j, k] @ t[k]) for k in range(heads))
        if j == u: own = c
        else: out["interactions", j] = c
    return out, own, lambda r, j: (np.mean([heed[k][u, j] for k in range(heads)]), 1)
if model == "diffnet": hop = {r: term[r, layers - 1][0][:, None] * term[r, layers - 1][1] for r in reads}
else: hop = {"interactions": np.mean(heed, 0) * ~np.eye(n, dtype=bool)}
total = sum(hop.values()) # no two nodes here are neighbors in two relations
def best(u): # the highest products along paths of at most three hops that do not come back to u
    reach = [np.where(np.arange(n) == u, 0, total[u])]
    for _ in range(2): reach.append(np.where(np.arange(n) == u, 0, (reach[-1][:, None] * total).max(0)))
    return np.max(reach, 0)
seen = 0
for line in sys.stdin:
    for a in json.loads(line)["explanations"]:
        u, i, scale = where["user", a["user"]], where["item", a["item"]], 1
        target = unit[i] - (unit[where["item", a["against"]]] if "against" in a else 0)
        if cosine: scale = 1 / length[u, 0]
        score = unit[u] @ target
        size = 1 + abs(score)
        near = lambda p, q: abs(p - q) <= 1e-5 * size
        true, own, weighs = contributions(u, target)
        assert a["method"] == "exact given attention" and a["paths"] == []
        assert near(a["score"], score) and near(a["own"], scale * own), (a, score, scale * own)
        assert near(a["own"] + sum(r["contribution"] for r in a["reasons"]), a["score"]), "contributions do not add up"
        assert a["terms"] == len(true) == len(a["reasons"])
        whole = {}
        for r in a["reasons"]:
            j = where[r["type"], r["id"]]
            alpha_of, share = weighs(r["relation"], j)
            assert near(r["contribution"], scale * true[r["relation"], j]), r
            assert near(r["attention"], alpha_of) and near(r["share"], share), (r, alpha_of, share)
            whole[r["relation"]] = whole.get(r["relation"], 0) + r["attention"]
        if model == "diffnet": assert whole and all(abs(s - 1) < 1e-5 for s in whole.values()), whole
        found = a["connections"][0]["attention"] if a["connections"] else 0
        assert abs(found - best(u)[i]) <= 1e-4 * best(u)[i], (found, best(u)[i])
        seen += 1
print(seen)
P

check() { # MODEL SCORE FRIEND TAG DIM RANKS words…
  model=$1 score=$2 friend=$3 tag=$4 time=$5 n=$6; shift 6
  set -- --set model.name=${model%-*} --set model.${model%-*}.time_dim=$time --set model.score=$score --set model.relations.friend=$friend --set model.relations.tag=$tag "$@"
  "$KITH" train job.yaml --fresh --quiet "$@" >log 2>&1 || { cat log; exit 1; }
  for u in 03 17; do ranks $n explain job.yaml --user user-$u --k 4 --top 100 --paths 0 --connections 2 --json --quiet "$@" 2>/dev/null | tail -1; done >told
  ranks $n explain job.yaml --user user-03 --item item-11 --against item-20 --top 100 --json --quiet "$@" 2>/dev/null | tail -1 >>told
  seen=$(/usr/bin/python3 oracle.py $model $score $friend $tag $time <told)
  [ "$seen" = 9 ] || { echo "$model: $seen explanations"; exit 1; }
}
check diffnet dot 0.6 1.7 0 1
check diffnet cosine 1 0.5 4 3
check gat dot 0 0 0 3 --set model.gat.heads=2
check gat-average cosine 0 0 3 1 --set model.gat.heads=2 --set model.gat.last_merge=average --set model.gat.attention_dropout=0.2

# In words; all users; what there is no word for.
set -- --set model.relations.friend=1
"$KITH" train job.yaml --fresh --quiet "$@" >log 2>&1 || { cat log; exit 1; }
"$KITH" explain job.yaml --user user-03 --k 2 "$@" >text
grep -E 'chose item-[0-9]+, 2.*, attention 0\.[0-9]{3} of 0\.[0-9]{3}$' text >/dev/null && grep 'connections by attention of the last layer' text >/dev/null || { cat text; exit 1; }
"$KITH" explain job.yaml --all --k 3 --top 2 --output why.tsv --quiet "$@" >log 2>&1 || { cat log; exit 1; }
awk -F '\t' '{sum[$1 FS $2] += $NF; score[$1 FS $2] = $4} END {for (k in sum) {n++; d = sum[k] - score[k]; if (d * d > 1e-9) bad++}; exit bad > 0 || n < 60}' why.tsv || { head why.tsv; exit 1; }
code=0
"$KITH" explain job.yaml --user user-03 --item item-11 --paths 3 "$@" >out 2>&1 || code=$?
[ $code = 64 ] && grep -F 'scores of diffnet are no sums over paths' out >/dev/null || { echo "code $code"; cat out; exit 1; }

refused() { # CODE words WORDS…
  want=$1 words=$2 code=0; shift 2
  "$KITH" "$@" >out 2>&1 || code=$?
  [ $code = $want ] && grep -F -- "$words" out >/dev/null || { echo "kith $* ended with $code and not by \"$words\":"; cat out; exit 1; }
}
printf 'nobody\titem-11\t1\nnobody\titem-20\t2\n' >new.tsv
timed="--set model.diffnet.time_dim=4"
refused 78 'model.diffnet.time_dim: sampler.mode: neighbor does not read the times of edges' train job.yaml --fresh $timed --set sampler.mode=neighbor
"$KITH" train job.yaml --fresh --quiet $timed --set model.layers=1 >log 2>&1 || { cat log; exit 1; }
refused 78 'model.diffnet.time_dim: kith embed does not compute time codes of new edges' embed job.yaml $timed --set model.layers=1 --set embed.interactions.path=new.tsv
sed 's/, time: 3//; s/^work: .*/work: untimed/' untimed.yaml >never.yaml
for verb in ingest partition; do "$KITH" $verb never.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
refused 78 'model.gat.time_dim: no relation that the model reads has times' train never.yaml --set model.name=gat --set model.gat.time_dim=2

# In a blend the terms of attention are terms like others; a path of it is one step.
sed -n '/^data/,/^partition/p' job.yaml >data.yaml
{ cat data.yaml; echo 'work: linear'; echo 'graph: work/graph.h5'; echo 'parts: work/parts.h5'; echo 'model: {dim: 8, layers: 2}'; echo 'train: {batch: 256, epochs: 2, lr: 0.05}'; } >linear.yaml
sed 's/edge_dropout: 0.1/relations: {friend: 1}/' job.yaml >attends.yaml
{ cat data.yaml; echo 'work: both'; echo 'graph: work/graph.h5'; echo 'parts: work/parts.h5'; echo 'blend: {models: {a: work, b: linear}, weights: [1, 0.5]}'; } >both.yaml
for job in linear attends; do "$KITH" train $job.yaml --fresh --quiet >log 2>&1 || { cat log; exit 1; }; done
"$KITH" blend both.yaml --quiet >log 2>&1 || { cat log; exit 1; }
"$KITH" explain both.yaml --user user-03 --k 3 --top 100 --paths 3 --json --quiet | tail -1 >told
"$KITH" recommend both.yaml --user user-03 --k 3 --json --quiet | tail -1 >top
/usr/bin/python3 - <<'P'
import json
said, best = json.load(open("told"))["explanations"], json.load(open("top"))["recommendations"][0]
assert [a["item"] for a in said] == best["items"]
for a, score in zip(said, best["scores"]):
    assert abs(a["score"] - score) < 1e-5 * (1 + abs(score))
    assert abs(a["own"] + sum(r["contribution"] for r in a["reasons"]) - score) < 1e-5 * (1 + abs(score)), a
    assert len(a["paths"]) == 3 and not any("attention" in r for r in a["reasons"])
    assert {r["relation"] for r in a["reasons"]} == {"interactions", "friend"}
P
