# kith evaluate --baseline: item kNN and EASE have the figures of oracles written from the papers, with settings that
# are the best on validation; figures of baselines and groups are those of any number of ranks.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
small 70 90 1100 3 0.15 0.15 <<'J'
model: {dim: 8, layers: 1}
train: {batch: 512, epochs: 1}
evaluate: {k: [5, 10]}
J
"$KITH" train job.yaml --quiet >log
"$KITH" evaluate job.yaml --baseline popular,itemknn,ease --json >out
tail -n 1 out >full.json
for word in popular 'itemknn' 'chosen on validation' lambda; do grep "$word" out >/dev/null; done
# The next evaluation keeps them in its file, and one at other cutoffs says that it does not.
kept() { "$KITH" evaluate job.yaml "$@" >out; tail -n 1 out; /usr/bin/python3 -c 'import json; print(*(b["name"] for b in json.load(open("work/evaluate-test.json"))["baselines"]))'; }
[ "$(kept | tr '\n' ' ')" = "evaluate-test.json keeps the baselines measured before: itemknn, ease popular itemknn ease " ]
/usr/bin/python3 -c 'import json; a, b = (json.load(open(p))["baselines"] for p in ("full.json", "work/evaluate-test.json")); assert a[1:] == b[1:], (a, b)'
kept --baseline none | grep -x "popular itemknn ease" >/dev/null
kept --k 5 | tail -n 1 | grep -x popular >/dev/null
tr -s '\n ' ' ' <out | grep "or cutoffs, which are dropped: itemknn, ease; --baseline with their names measures them again" >/dev/null
ranks 3 evaluate job.yaml --baseline ease,itemknn,popular --json | tail -n 1 >three.json
"$KITH" evaluate job.yaml --baseline popular,itemknn,ease --protocol sampled-200 --json | tail -n 1 >sampled.json
for n in 1 3; do
  ranks $n evaluate job.yaml --baseline itemknn,ease --split valid --set evaluate.mask=[] --json | tail -n 1 >valid$n.json
  ranks $n evaluate job.yaml --baseline itemknn,ease --protocol sampled-9 --json | tail -n 1 >few$n.json
done
"$KITH" evaluate job.yaml --baseline ease-low,ease:choose --json | tail -n 1 >low1.json
ranks 3 evaluate job.yaml --baseline ease-low --json | tail -n 1 >low3.json
"$KITH" evaluate job.yaml --baseline ease-low:12 --json | tail -n 1 >narrow.json
"$KITH" evaluate job.yaml --json | tail -n 1 >default.json
"$KITH" evaluate job.yaml --baseline none --json | tail -n 1 >none.json
"$KITH" evaluate job.yaml --set evaluate.candidates=cold --json 2>log | tail -n 1 >cold.json

mkdir plain # without a validation split
cd plain
small 60 130 900 3 0 0.2 <<'J'
model: {dim: 8, layers: 1}
train: {batch: 512, epochs: 1}
evaluate: {k: [10]}
J
"$KITH" train job.yaml --quiet >log
"$KITH" evaluate job.yaml --baseline itemknn,ease --json | tail -n 1 >plain.json
"$KITH" evaluate job.yaml --baseline ease:30,itemknn:7 --json | tail -n 1 >given.json
ranks 3 evaluate job.yaml --baseline ease:30,itemknn:7 --json | tail -n 1 >given3.json
cd ..

cat >oracle.py <<'P'
import json, os, sys
sys.path.insert(0, os.environ["KITH_SOURCE"] + "/tests/support")
from dense import *
read = lambda name: json.load(open(name + ".json"))
def same(a, b, but=("seconds", "memory_bytes", "ranks")): # of one rank and of another, or of another protocol
    return len(a) == len(b) and all(x[k] == y[k] for x, y in zip(a, b) for k in x if k not in but)
plain = sys.argv[1] == "plain"
full, three = read(sys.argv[1]), read("plain" if plain else "three")
assert same(full["baselines"], three["baselines"]) and full["groups"] == three["groups"], three
for name in () if plain else ("valid", "few"): assert same(read(name + "1")["baselines"], read(name + "3")["baselines"]), name
# As many candidates as there are: all items without an interaction, which full ranking has, too.  Of settings only
# those are compared, since validation ranks its own items among others then.
if not plain:
    assert same(full["baselines"][:1], read("sampled")["baselines"][:1])
    assert [b["name"] for b in read("default")["baselines"]] == ["popular"]
    assert read("none")["baselines"] == read("cold")["baselines"] == [] and read("cold")["groups"]["items"]
    for g in read("cold")["groups"]["items"]: assert ("recall@10" in g) == (g["held_out"] > 0), g

n_item = R.shape[1]
def knn(similarity, shrink, normalize, power, k, center=False):
    w = np.log(n_item / np.maximum(du, 1)) if similarity == "tf-idf" else np.ones(len(du))
    V = (R * w[:, None]).T
    S, score = np.zeros((n_item, n_item), np.float32), np.zeros(R.shape, np.float32)
    def below(i, j): # what the users of both are divided by
        if similarity == "conditional": return di[i] * di[j] ** power
        return np.linalg.norm(V[i]) * np.linalg.norm(V[j]) + shrink
    for i in np.flatnonzero(di): # S[i, j] = s(i, j), if j is among the k most similar items of i
        s = np.array([V[i] @ V[j] / below(i, j) if di[j] and j != i else 0 for j in range(n_item)]).astype(np.float32)
        near = sorted(range(n_item), key=lambda j: (-s[j], j))[:k]
        S[i, near] = s[near] / s[near].astype(float).sum() if normalize and s[near].any() else s[near]
    for u in range(len(R)):
        for j in np.flatnonzero(R[u]): score[u] += S[j] if similarity == "conditional" else S[:, j]
    mean = R.mean(0) # of a user's entries of each item: S (r - mean) + mean
    return score + (mean - S.astype(float) @ mean).astype(np.float32) if center else score
def ease(lam): # Steck (2019), equation 8: B = I - P diagMat(1 / diag(P))
    P = np.linalg.inv(R.T @ R + lam * np.eye(n_item))
    B = np.eye(n_item) - P / np.diag(P)
    np.fill_diagonal(B, 0)
    return R @ B
def choose(make, grid): # by Recall at the largest cutoff on validation, of equals the first
    marks = [(figures(make(*s), valid, R)[0], s) for s in grid]
    best = max(m for m, _ in marks)
    return next(s for m, s in marks if m == best)
def check(b, make, settings, tolerance=1e-6):
    recall, ndcg = figures(make(*settings), test, R + valid)
    assert abs(b["recall@10"] - recall) < tolerance and abs(b["ndcg@10"] - ndcg) < tolerance, (b, settings, recall, ndcg)
if plain: # the defaults
    assert [b["settings"]["chosen"] for b in full["baselines"]] == [False, False]
    check(full["baselines"][0], knn, ("conditional", 0, False, 0.1, 20))
    check(full["baselines"][1], ease, (100,))
    item_knn, by_ease = read("given")["baselines"]
    check(by_ease, ease, (30,))
    check(item_knn, knn, ("cosine", 0, True, 0, 7, True))
    assert same([item_knn], read("given3")["baselines"][:1]) and item_knn["settings"]["center"], item_knn
    sys.exit()
popular, item_knn, by_ease = full["baselines"]
check(popular, lambda: np.tile(di, (len(R), 1)), ())
grid = [(*form, k) for form in (("cosine", 0, True, 0), ("cosine", 10, False, 0), ("tf-idf", 0, True, 0), ("tf-idf", 100, False, 0),
                                ("conditional", 0, False, 0.1), ("conditional", 0, False, 0.25), ("conditional", 0, False, 0.5))
        for k in (10, 20, 50, 100, 200)]
s = item_knn["settings"]
took = s["similarity"], s["shrink"], s["normalize"], s["power"], s["neighbors"]
assert s["chosen"] and took == choose(knn, grid), s
check(item_knn, knn, took)
s = by_ease["settings"]
assert s["chosen"] and (s["lambda"],) == choose(ease, [(x,) for x in (50, 100, 200, 500, 1000)]), s
check(by_ease, ease, (s["lambda"],))

# In the span of eigenvectors: all of them make it exact EASE, some of them a ridge regression in their span.
def low(lam, k):
    s, V = np.linalg.eigh(R.T @ R)
    s, V = s[::-1][:k], V[:, ::-1][:, :k]
    B = V * (s / (s + lam)) @ V.T / (1 - (V * V) @ (s / (s + lam)))
    np.fill_diagonal(B, 0)
    return R @ B
assert np.allclose(low(50, n_item), ease(50), atol=1e-9)
by_low, chosen = read("low1")["baselines"][1], read("low1")["baselines"][0]
assert chosen["settings"] == by_ease["settings"] and same([by_low], read("low3")["baselines"]), by_low
s = by_low["settings"]
assert s["chosen"] and s["columns"] == n_item and (s["lambda"],) == choose(ease, [(x,) for x in (10, 20, 50, 100, 200, 500, 1000)]), s
check(by_low, ease, (s["lambda"],))
s = read("narrow")["baselines"][0]["settings"]
assert s["columns"] == 12, s
check(read("narrow")["baselines"][0], lambda lam: low(lam, 12), (s["lambda"],), 0.005) # eigenvectors to 1e-3
P
/usr/bin/python3 oracle.py full
cd plain
/usr/bin/python3 ../oracle.py plain
cd ..

refused() { # STATUS WORDS…: the call ends with this status
  local want=$1 got=0; shift
  "$KITH" evaluate job.yaml "$@" >out 2>&1 || got=$?
  [ $got = "$want" ] || { echo "$* ended with $got: $(cat out)"; exit 1; }
}
refused 64 --baseline popular,knn
grep '"knn": expected popular, itemknn, ease or ease-low' out >/dev/null
refused 64 --baseline ease:-3
grep 'ease:-3: expected a number from 0.001 to 1e9' out >/dev/null
for wrong in ease:1e39 ease:0x10 ease:nan ease:1,ease:2 ease-low:0 ease-low:1.5 itemknn:0 itemknn:201 popular:2; do refused 64 --baseline $wrong; done
refused 64 --baseline ease --rolling 2
refused 78 --baseline ease --set evaluate.candidates=cold
