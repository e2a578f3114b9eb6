# Evidence of kith blend: numbers of pairs and of items by dense matrices, their weights by another search; rankings with
# them; the same bits on any number of ranks and any cut.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >made.yaml <<'J'
work: made
generate: {users: 200, items: 150, interactions: 3600, friends: 500, communities: 6, carts: 1.5, views: 3, homophily: 0.9}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    cart: {path: cart.tsv, from: user, to: item, format: edges}
    view: {path: view.tsv, from: user, to: item, format: edges}
  split: {method: ratio, valid: 0.2, test: 0.1}
partition: {parts: 6}
evaluate: {k: [5, 10], split: valid}
J
sed '1,2d; s/view.tsv, from: user, to: item, format: edges/seen.tsv, from: user, to: item, format: edges, columns: {from: 1, to: 2, time: 3}/' made.yaml >data.yaml
{ echo "work: one"; cat data.yaml; echo "model: {name: spectral, dim: 8}"; } >one.yaml
{ echo "work: both"; cat data.yaml; echo "blend: {models: {filter: one}, seen: [view, cart], rate: [view], friends: [friend], recent: [view], order: [interactions], popular: [interactions], half_life: 30d}"; echo "graph: one/graph.h5"; echo "parts: one/parts.h5"; } >both.yaml
quiet() { "$@" --quiet >log 2>&1 || { cat log; exit 1; }; }
quiet "$KITH" generate made.yaml
awk '!/^#/ {print $0 "\t" 86400 * (NR * 7919 % 9973)}' view.tsv >seen.tsv # no two views of a user at one time
for verb in ingest partition train; do quiet "$KITH" $verb one.yaml; done

cat >oracle.py <<'P' # JSON of kith blend, JSON of kith evaluate, sampled JSON; what stdin names: evidence
import json, os, sys
import h5py, numpy as np
sys.path.append(os.environ["KITH_SOURCE"] + "/tests/support")
import blend as dense_blend
told, told2 = json.loads(sys.argv[1]), json.loads(sys.argv[2])
graph = h5py.File("one/graph.h5")
n_user, n_item = int(graph.attrs["n_user"]), int(graph.attrs["n_item"])
def dense(name, value, n):
    start, to = graph[name + "/start"][:], graph[name + "/" + value][:]
    r = np.zeros((n_user, n))
    r[np.repeat(np.arange(n_user), np.diff(start)), to] = 1
    return r
R, V = dense("train", "item", n_item), dense("valid", "item", n_item)
view, cart = dense("edge/view", "to", n_item), dense("edge/cart", "to", n_item)
friend = dense("edge/friend", "to", n_user)
friend = np.maximum(friend, friend.T)
rate = view * np.log(((view * R).sum(0) + 1) / (view.sum(0) + 20))
F = {"seen view": view, "seen cart": cart, "rate view": rate, "friends friend": np.log(1 + friend @ R)}
def latest(name, value): # items of each user, the latest first
    start, to, time = graph[name + "/start"][:], graph[name + "/" + value][:], graph[name + "/time"][:]
    lists = [sorted(zip(-time[a:b], to[a:b])) for a, b in zip(start, start[1:])]
    assert all(len(set(t for t, _ in l)) == len(l) for l in lists), name # no ties
    return [[i for _, i in l] for l in lists]
recent, order = np.zeros((n_user, n_item)), np.zeros((n_user, n_item))
for u, l in enumerate(latest("edge/view", "to")):
    for place, i in enumerate(l): recent[u, i] = 1 / (place + 1)
after, chosen = np.zeros((n_item, n_item)), latest("train", "item") # after[j, i]: users of i within three places after j
for l in chosen:
    for place, j in enumerate(l):
        for i in l[max(place - 3, 0):place]: after[j, i] += 1
for u, l in enumerate(chosen):
    for place, j in enumerate(l[:3]): order[u] += 0.6 ** place * after[j]
age = (graph["train/time"][:].max() - graph["train/time"][:]) / (30 * 86400)
users = np.bincount(graph["train/item"][:], 0.5 ** age, n_item)
F.update({"recent view": recent, "order interactions": np.log(1 + order), "popular interactions 2592000s": np.tile(np.log(1 + users), (n_user, 1))})
f = h5py.File("both/blend.h5")
blend = f.attrs
n = int(blend["evidence"])
assert [blend["evidence_%d" % (k + 1)].decode() for k in range(n)] == [e["name"] for e in told["evidence"]]
weight = [blend["evidence_%d_weight" % (k + 1)] for k in range(n)]
g, sigma = blend["member_1_gamma"], blend["member_1_sigma"]
x = h5py.File("one/embeddings.h5")
S = x["user/embedding"][:].astype(float) @ x["item/embedding"][:].T / sigma
f_all = [S] + [F[e["name"]] for e in told["evidence"]]
theta = np.array([g] + weight)
assert len(theta) == 8 and (np.abs(theta[1:]) > 1e-3).all(), theta
kinds = ["dense"] + ["dense" if e["name"].startswith("popular") else "listed" for e in told["evidence"]]
want, value, uniform, rounds, kept = dense_blend.weights(f_all, 1, kinds, R == 0, V > 0)
assert np.abs(want - theta).max() < 1e-3 * np.abs(want).max(), (want, theta)
assert rounds == told["rounds"] and kept == told["kept"], (rounds, kept, told)
assert abs(value - told["log_likelihood"]) < 1e-5 and abs(uniform - told["uniform"]) < 1e-6, (value, uniform, told)
z = np.where(R > 0, -np.inf, np.tensordot(theta, np.array(f_all), 1))
order = np.argsort(-z, axis=1, kind="stable")[:, :10]
who = V.sum(1) > 0
recall = (np.take_along_axis(V, order, 1).sum(1)[who] / V.sum(1)[who]).mean()
assert abs(recall - told2["recall@10"]) < 2e-3, (recall, told2["recall@10"])
column = f["item/embedding"][:, -1] # the evidence of items is a column of the rows
assert blend["evidence_width"] == 1 and (f["user/embedding"][:, -1] == 1).all()
assert np.abs(column - weight[-1] * np.log(1 + users)).max() < 1e-5
P
blended() { n=$1; shift; ranks $n blend both.yaml "$@" --users 1000000 --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //'; }
evaluated() { n=$1; shift; ranks $n evaluate both.yaml --baseline none "$@" --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//'; }

one=$(blended 1)
mine=$(evaluated 1)
sampled=$(evaluated 1 --protocol sampled-30)
/usr/bin/python3 oracle.py "$one" "$mine"
"$KITH" inspect both/blend.h5 >log
"$KITH" recommend both.yaml --similar-to item-003 --k 5 --json --quiet | tail -1 >similar
"$KITH" recommend both.yaml --similar-to item-003 --quiet | tr -s ' \n' ' ' >log
grep "similarity: the cosine of rows of models, without evidence: .*friends friend.*order interactions, popular interactions" log >/dev/null
/usr/bin/python3 - <<'P' # by rows of models alone
import json, h5py, numpy as np
told = json.load(open("similar"))["similar"][0]
f = h5py.File("both/blend.h5")
x, ids = f["item/embedding"][:, :-1], [i.decode().rstrip("\0") for i in f["item/id"][:]]
x = x / np.linalg.norm(x, axis=1, keepdims=True)
s = x @ x[ids.index("item-003")]
assert np.abs(s[[ids.index(i) for i in told["items"]]] - told["scores"]).max() < 1e-5, told
P
"$KITH" recommend both.yaml --all --output top1.tsv --quiet >log
told=$("$KITH" explain both.yaml --user user-003 --k 1 --quiet | awk '$1 == "score" {print $2; exit}') # a sum of terms
ranked=$("$KITH" recommend both.yaml --user user-003 --k 1 --quiet | awk '$1 == 1 {print $3}')
/usr/bin/python3 -c 'import sys; a, b = map(float, sys.argv[1:]); assert abs(a - b) < 1e-4 * (1 + abs(b)), (a, b)' "$told" "$ranked"
cp both/blend.h5 first.h5
for n in 2 3 4; do
  [ "$(blended $n)" = "$one" ] || { echo "$n ranks chose otherwise: $(blended $n)"; exit 1; }
  same_embeddings first.h5 both/blend.h5
  [ "$(evaluated $n)" = "$mine" ] || { echo "$n ranks ranked otherwise"; exit 1; }
  [ "$(evaluated $n --protocol sampled-30)" = "$sampled" ] || { echo "$n ranks ranked a sample otherwise"; exit 1; }
  ranks $n recommend both.yaml --all --output top$n.tsv --quiet >log
  cmp top1.tsv top$n.tsv
done
quiet "$KITH" partition one.yaml --set partition.method=hash
[ "$(blended 2 --set partition.method=hash)" = "$one" ] || { echo "another cut chose otherwise"; exit 1; }
quiet "$KITH" partition one.yaml

# Evidence helps what it was made for; without it the same job ranks less well. With a direct term, both are added.
none="--set blend.seen=[] --set blend.rate=[] --set blend.friends=[] --set blend.recent=[] --set blend.order=[] --set blend.popular=[]"
plain=$(blended 1 $none)
/usr/bin/python3 - "$one" "$plain" <<'P'
import json, sys
a, b = [json.loads(x)["log_likelihood"] for x in sys.argv[1:]]
assert a > b + 0.01, (a, b)
P
[ -f both/embeddings.h5 ]
[ ! -e both/blend.h5 ]
fails() { # CODE WORDS command…
  code=$1 words=$2; shift 2
  got=0; "$@" >out 2>err || got=$?
  [ $got = $code ] && grep -q -- "$words" err || { echo "code $got, expected $code and \"$words\" of $*"; cat err; exit 1; }
}
fails 78 "the graph has no relation vieww" "$KITH" blend both.yaml --set blend.seen=vieww
fails 78 "friend is no relation of users with items" "$KITH" blend both.yaml --set blend.rate=friend
fails 78 "view is no relation between users" "$KITH" blend both.yaml --set blend.friends=view
fails 78 "blend.recent: the edges of cart have no times" "$KITH" blend both.yaml --set blend.recent=cart
fails 78 "blend.popular: the edges of cart have no times" "$KITH" blend both.yaml --set blend.popular=cart
fails 78 "no item is held out that the user has" "$KITH" blend both.yaml --set blend.recent=interactions
fails 78 "blend.seen: items of view are not ranked" "$KITH" blend both.yaml --set evaluate.mask=interactions,view
fails 78 "auto chooses for interactions in layers" "$KITH" blend both.yaml --set blend.half_life=auto
fails 78 "at most 8 relations in all evidence" "$KITH" blend both.yaml --set blend.popular=interactions,view,cart
quiet "$KITH" train one.yaml --refit
blended 1 >log
quiet "$KITH" blend both.yaml --refit
"$KITH" evaluate both.yaml --refit --quiet | grep "test split" >/dev/null
fails 78 "other models or evidence than the job names" "$KITH" blend both.yaml --refit --set blend.friends=[]

# Evidence that says nothing has weight 0 and is told of. With a model of rows that rank the other way round, evidence stands
# alone, and is what explanations consist of.
awk 'BEGIN {for (i = 0; i < 150; i++) printf "user-%03d\titem-%03d\n", i, i}' >even.tsv
sed -i 's/^  split:/    even: {path: even.tsv, from: user, to: item, format: edges}\n&/; s/: both/: flat/; s/: one/: two/; s!, half_life: 30d!!; s!one/!two/!' one.yaml both.yaml
for verb in ingest partition train; do quiet "$KITH" $verb one.yaml; done
/usr/bin/python3 -c 'import h5py; x = h5py.File("two/embeddings.h5", "r+")["user/embedding"]; x[...] = -x[:]'
/usr/bin/python3 -B "$KITH_SOURCE/tests/support/seal.py" anew two/embeddings.h5
few="--set blend.recent=[] --set blend.order=[] --set blend.popular=[even]"
for n in 1 3; do
  ranks $n blend both.yaml $few --json 2>err | tail -1 >told
  grep "evidence popular even is the same for all" err >/dev/null || { cat err; exit 1; }
  ranks $n explain both.yaml $few --user user-003 --k 2 --top 9 --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//' >why$n
done
cmp why1 why3
"$KITH" recommend both.yaml $few --user user-003 --k 2 --json --quiet | tail -1 >top
/usr/bin/python3 - <<'P'
import json
told, why, top = json.load(open("told")), json.load(open("why1"))["explanations"], json.load(open("top"))["recommendations"][0]
assert told["models"][0]["gamma"] == 0 and told["converged"], told
assert [e["name"] for e in told["evidence"] if e["weight"] == 0] == ["popular even"], told
for e, item, score in zip(why, top["items"], top["scores"]):
    assert e["item"] == item and abs(e["score"] - score) < 1e-5 and e["own"] == 0 and abs(e["rounding"]) < 1e-12, (e, top)
    assert e["terms"] == len(e["reasons"]) > 0 and abs(sum(r["contribution"] for r in e["reasons"]) - score) < 1e-5, (e, top)
    assert all("evidence" in r for r in e["reasons"]) and not e["connections"]
P
fails 78 "none of the 1 models, and no evidence, makes" "$KITH" blend both.yaml $few --set blend.seen=[] --set blend.rate=[] --set blend.friends=[]
