# blend.alike, near and near2: scores of cold items by dense matrices and the weights of the file; the same bits on any number
# of ranks and any cut; features as content; a split by items.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >data.yaml <<'J'
generate: {users: 150, items: 160, interactions: 3000, friends: 0, communities: 6, tags: 30}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  relations:
    tag: {path: tag.tsv, from: item, to: tag, format: edges}
    weighted: {path: weighted.tsv, from: word, to: item, format: edges, columns: {from: 1, to: 2, weight: 3}}
    cite: {path: cite.tsv, from: item, to: item, direction: forward, format: edges}
  item_features: {path: words.tsv, format: long}
  split: {method: items, valid: 0.3, test: 0.1}
partition: {parts: 6}
evaluate: {k: [5, 10], split: valid, candidates: cold}
J
{ echo "work: one"; cat data.yaml; echo "model: {name: lightgcn, dim: 8, layers: 2, relations: {tag: 1}}"; echo "train: {batch: 512, epochs: 3, lr: 0.02}"; } >one.yaml
{ echo "work: both"; cat data.yaml; echo "blend: {models: {gcn: one}, alike: [tag, weighted, features], near: [cite], near2: [cite]}"; echo "graph: one/graph.h5"; echo "parts: one/parts.h5"; } >both.yaml
quiet() { "$@" --quiet >log 2>&1 || { cat log; exit 1; }; }
grep -v -e weighted -e cite -e item_features one.yaml >made.yaml
quiet "$KITH" generate made.yaml
# A word of an item has the tag's name and a weight; an item cites the next ones of its first tag.
awk '!/^#/ {w = 1 + NR % 5 / 2; print $2 "w\t" $1 "\t" w >"weighted.tsv"; print $1 "\t" $2 "w\t" w * w >"words.tsv"}
     !/^#/ && NR % 2 {if ($2 in last) print $1 "\t" last[$2] >"cite.tsv"; if ($2 in last && NR % 3 == 0) print last[$2] "\t" $1 >"cite.tsv"; last[$2] = $1}' tag.tsv
for verb in ingest partition train; do quiet "$KITH" $verb one.yaml; done

cat >oracle.py <<'P' # JSON of kith blend, JSON of kith evaluate
import json, sys
import h5py, numpy as np
told, told2 = json.loads(sys.argv[1]), json.loads(sys.argv[2])
graph = h5py.File("one/graph.h5")
n_user, n_item = int(graph.attrs["n_user"]), int(graph.attrs["n_item"])
ids = {side: [i.decode().rstrip("\0") if isinstance(i, bytes) else str(i) for i in graph[side + "/id"][:]] for side in ("user", "item")}
place = {name: i for i, name in enumerate(ids["item"])}
def dense(name):
    start, to = graph[name + "/start"][:], graph[name + "/item"][:]
    r = np.zeros((n_user, n_item))
    r[np.repeat(np.arange(n_user), np.diff(start)), to] = 1
    return r
def content(file, item, other, weight=None): # of the lists, not of graph.h5
    rows = [l.split() for l in open(file) if not l.startswith("#")]
    rows = [l for l in rows if l[item] in place]
    names = {name: k for k, name in enumerate(sorted(set(l[other] for l in rows)))}
    c = np.zeros((n_item, len(names)))
    for l in rows: c[place[l[item]], names[l[other]]] = 1 if weight is None else float(l[weight])
    return c
R, V = dense("train"), dense("valid")
cold = R.sum(0) == 0
assert (V.sum(0)[~cold] == 0).all() and V.sum() > 100 and cold.sum() > 40
assert 0.25 < (V.sum(0) > 0).sum() / ((R + V + dense("test")).sum(0) > 0).sum() < 0.35 # the share of the items
n = R.sum(1, keepdims=True)
def unit(x): return x / np.maximum(np.sqrt((x * x).sum(1, keepdims=True)), 1e-300)
def alike(c, p, q):
    w = c * np.log(n_item / (c != 0).sum(0)) ** p
    length = np.sqrt((w * w).sum(1))
    scale = np.where(length > 0, np.maximum(length, 1e-300) ** -q, 0)
    return unit(R @ unit(w) / np.maximum(n, 1)) @ (w.T * scale)
p, q = float(sys.argv[3]), float(sys.argv[4])
tag, weighted, words = content("tag.tsv", 0, 1), content("weighted.tsv", 1, 0, 2), content("words.tsv", 0, 1, 2)
A = np.zeros((n_item, n_item))
for l in open("cite.tsv"):
    i, j = (place.get(name) for name in l.split())
    if i is not None and j is not None and i != j: A[i, j] = A[j, i] = 1
s = np.sqrt(np.maximum(A.sum(1), 1))
A = A / s / s[:, None]
near = R @ A / np.sqrt(np.maximum(n, 1))
power = " idf=%g length=%g" % (p, q)
F = {"alike tag" + power: alike(tag, p, q), "alike weighted" + power: alike(weighted, p, q), "alike features" + power: alike(words, p, q),
     "near cite": near, "near2 cite": near @ A}
f = h5py.File("both/blend.h5")
blend = f.attrs
names = [e["name"] for e in told["evidence"]]
assert names == [blend["evidence_%d" % (k + 1)].decode() for k in range(int(blend["evidence"]))], names
theta = np.array([blend["member_1_gamma"]] + [blend["evidence_%d_weight" % (k + 1)] for k in range(len(names))])
x = h5py.File("one/embeddings.h5")
f_all = [x["user/embedding"][:].astype(float) @ x["item/embedding"][:].T / blend["member_1_sigma"]] + [F[name] for name in names]
assert (np.abs(theta[1:]) > 1e-3).all(), theta # or their numbers are not tested
z = np.where(cold, np.tensordot(theta, np.array(f_all), 1), -np.inf)
lists = [l.rstrip("\n").split("\t") for l in open("top.tsv")]
at = {name: u for u, name in enumerate(ids["user"])}
assert len(lists) > 1000
for user, _, item, score in [l[:4] for l in lists]:
    assert abs(z[at[user], place[item]] - float(score)) < 1e-4 * np.abs(z[:, cold]).max(), (user, item, score, z[at[user], place[item]])
order = np.argsort(-z, axis=1, kind="stable")[:, :10]
who = V.sum(1) > 0
recall = (np.take_along_axis(V, order, 1).sum(1)[who] / V.sum(1)[who]).mean()
assert abs(recall - told2["recall@10"]) < 5e-3, (recall, told2["recall@10"])
P
blended() { n=$1; shift; ranks $n blend both.yaml "$@" --users 1000000 --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //'; }
evaluated() { n=$1; shift; ranks $n evaluate both.yaml --baseline none "$@" --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//'; }

one=$(blended 1)
mine=$(evaluated 1)
listed() { "$KITH" recommend both.yaml --all --output top.tsv "$@" --quiet >log; }
listed
/usr/bin/python3 oracle.py "$one" "$mine" 2 0.5
"$KITH" explain both.yaml --user "$(cut -f 1 top.tsv | sed -n 1p)" --item "$(cut -f 3 top.tsv | sed -n 1p)" --top 100 --json --quiet >log
/usr/bin/python3 - <<'P'
import json
e = json.loads(open("log").readlines()[-1])["explanations"][0]
assert abs(e["own"] + sum(r["contribution"] for r in e["reasons"]) - e["score"]) < 1e-5, e
assert sum("evidence" in r for r in e["reasons"]) >= 3, e
P
cp both/blend.h5 first.h5
for n in 2 3; do
  [ "$(blended $n)" = "$one" ] || { echo "$n ranks chose otherwise: $(blended $n)"; exit 1; }
  same_embeddings first.h5 both/blend.h5
  [ "$(evaluated $n)" = "$mine" ] || { echo "$n ranks ranked otherwise"; exit 1; }
done
quiet "$KITH" partition one.yaml --set partition.method=hash
[ "$(blended 2 --set partition.method=hash)" = "$one" ] || { echo "another cut chose otherwise"; exit 1; }

# Cosines; evidence alone, if the model has no weight: rows that are 0 for cold items.
cosine="--set blend.alike_idf=1 --set blend.alike_length=1"
cosines=$(blended 2 $cosine)
listed $cosine
/usr/bin/python3 oracle.py "$cosines" "$(evaluated 2 $cosine)" 1 1
quiet "$KITH" train one.yaml --set model.name=spectral --set work=alone --set graph=one/graph.h5 --set parts=one/parts.h5
alone="--set blend.models.gcn=alone"
first=$(blended 1 $alone)
[[ $first == *'"gamma": 0, '* && $first == *'"columns": 1, '* ]] || { echo "$first"; exit 1; }
sed -i 's|one/embeddings.h5|alone/embeddings.h5|' oracle.py
listed $alone
/usr/bin/python3 oracle.py "$first" "$(evaluated 2 $alone)" 2 0.5

fails() { # WORDS command…
  words=$1; shift
  got=0; "$@" >out 2>err || got=$?
  [ $got = 78 ] && grep -- "$words" err >/dev/null || { echo "code $got, expected 78 and \"$words\" of $*"; cat err; exit 1; }
}
fails "blend.near: tag is no relation between items" "$KITH" blend both.yaml --set blend.near=tag
fails "blend.alike: the graph has no relation tagg" "$KITH" blend both.yaml --set blend.alike=tagg
fails "blend.alike_idf is set but has no effect" "$KITH" blend both.yaml --strict --set blend.alike=[] --set blend.alike_idf=1
fails "blend.near2: tag is no relation between items" "$KITH" blend both.yaml --set blend.near2=tag
