# embed.adapt: rows of new users are those of kith embed, moved by the rates that new.h5 names, by dense matrices in double
# precision; the same bits on 3 ranks; who has more pairs keeps its row; jobs that cannot learn are refused.  Then a graph in
# which every user has 5 training items and all are episodes, so that what is learned can be repeated: the row m, the figures.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
small 150 120 3000 5 0.2 0 <<'J'
model: {name: lightgcn, dim: 8, layers: 2}
loss: {name: softmax, temperature: 0.2}
train: {batch: 256, epochs: 6, lr: 0.05}
evaluate: {k: [20], every: 0}
embed: {types: users, interactions: {path: new.tsv, format: edges}, adapt_users: 100}
J
/usr/bin/python3 - <<'P'
import random
r = random.Random(3)
lines = [l.split() for l in open("list.tsv")]
lists = {}
for l in lines: lists.setdefault(l[0], []).append(l[1])
users = [u for u in sorted(lists) if len(lists[u]) >= 6]
with open("new.tsv", "w") as f:
    for n, u in enumerate(users[:40]):
        for i in sorted(set(r.sample(lists[u], min(len(lists[u]), 1 + n % 6)))): f.write("n%d\t%s\n" % (n, i))
P
cat >oracle.py <<'P'
import json, sys, h5py, numpy as np
graph, known, plain, adapted = (h5py.File(p) for p in ("work/graph.h5", "work/embeddings.h5", "plain.h5", "adapted.h5"))
said, m = json.loads(adapted.attrs["adapt"]), np.array(json.loads(adapted.attrs["adapt_row"]))
E, U = known["item/embedding"][:].astype(float), known["user/embedding"][:].astype(float)
ids = [i.decode() if isinstance(i, bytes) else str(i) for i in known["item/id"][:]]
r, c = np.sqrt((U**2).sum(1).mean()), 1 / .2
assert abs(said["length"] - r) < 1e-6 * r and abs(np.linalg.norm(m) - 1) < 1e-6, (said, r)
unit = lambda x: x / np.linalg.norm(x) if np.linalg.norm(x) > 0 else x
rates = {k["pairs"]: (k["own"], k["likely"], k["shared"], k["steps"]) for k in said["rates"]}
lists = {}
for l in open("new.tsv"): lists.setdefault(l.split()[0], set()).add(ids.index(l.split()[1]))
n_moved = 0
for row, (u, x) in enumerate(zip(plain["user/id"][:], plain["user/embedding"][:].astype(float))):
    items = sorted(lists[u.decode()])
    is_, under = adapted["user/embedding"][row], [k for k in rates if k <= len(items)]
    if len(items) > max(rates) or not under or not rates[max(under)][3]:
        assert np.array_equal(is_, plain["user/embedding"][row]), (u, "moved")
        continue
    own, likely, shared, steps = rates[max(under)]
    y = r * unit(r * unit(x) + r * shared * m)
    P = unit(E[items].mean(0))
    for s in range(steps):
        p = np.exp(c * E @ y - (c * E @ y).max())
        M = unit(E.T @ (p / p.sum()))
        y = r * unit(y + r * (own * P + likely * M))
    assert np.abs(is_ - y).max() < 2e-5 * r, (u, np.abs(is_ - y).max())
    n_moved += 1
print(n_moved)
P
quiet() { "$@" --quiet >out 2>log || { cat log; exit 1; }; }
refused() { rc=0; "$KITH" embed job.yaml --quiet --output no.h5 --set embed.adapt=1 "${@:2}" >log 2>&1 || rc=$?; [ $rc = 78 ] || { cat log; exit 1; }; grep "$1" log >/dev/null || { cat log; exit 1; }; [ ! -e no.h5 ]; }
quiet "$KITH" train job.yaml
quiet "$KITH" embed job.yaml --output plain.h5
quiet "$KITH" embed job.yaml --output adapted.h5 --json --set embed.adapt=2
moved=$(/usr/bin/python3 oracle.py)
grep "\"adapted_users\": $moved, \"other_rates_users\": 0, \"empty_users\": 0, \"adapt\": \[{\"pairs\": 1, " out >/dev/null || { cat out; exit 1; }
[ "$moved" -gt 0 ] || { echo "no row was moved"; cat out; exit 1; }
ranks 3 embed job.yaml --quiet --output three.h5 --set embed.adapt=2 >log 2>&1 || { cat log; exit 1; }
same_embeddings adapted.h5 three.h5
"$KITH" embed job.yaml --output plain.h5 --set embed.adapt_users=50 >log 2>&1
grep 'embed.adapt_users.*needs embed.adapt above 0' log >/dev/null || { cat log; exit 1; }
refused 'embed.adapt: rows of model.name: spectral' --set model.name=spectral
refused 'embed.adapt: learns by ranking all items' --set evaluate.candidates=cold
refused 'embed.adapt: learns on users without embed.init' --set embed.init=mean
refused 'embed.adapt_pairs: 2 is given twice' --set 'embed.adapt_pairs=[2, 1, 2]'
cp -r work held
quiet "$KITH" ingest job.yaml --set data.split.method=none
quiet "$KITH" partition job.yaml --set data.split.method=none
quiet "$KITH" train job.yaml --fresh --set data.split.method=none
refused 'embed.adapt: learns from users with validation items' --set data.split.method=none

# ---- what is learned ----
mkdir learn; cd learn
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: list.tsv, format: edges, columns: {time: line}}
  split: {method: leave-last-out}
model: {name: lightgcn, dim: 8, layers: 2}
loss: {name: softmax, temperature: 0.2}
train: {batch: 128, epochs: 4, lr: 0.05}
evaluate: {k: [10], every: 0}
embed: {types: users, interactions: {path: new.tsv, format: edges}}
J
/usr/bin/python3 - <<'P'
import random
r = random.Random(4)
with open("list.tsv", "w") as f, open("new.tsv", "w") as g:
    for u in range(60):
        items = r.sample(range(u % 3 * 15, u % 3 * 15 + 20), 7)
        for i in items: f.write("u%d\ti%d\n" % (u, i))
        for i in items[:5]: g.write("n%d\ti%d\n" % (u, i)) # a new user with the training items of a known one
P
for verb in ingest partition train; do quiet "$KITH" $verb job.yaml; done
quiet "$KITH" embed job.yaml --output plain.h5
quiet "$KITH" embed job.yaml --output adapted.h5 --json --set embed.adapt=1 --set 'embed.adapt_pairs=[5]'
cat >oracle.py <<'P'
import json, h5py, numpy as np
known, plain, adapted = (h5py.File(p) for p in ("work/embeddings.h5", "plain.h5", "adapted.h5"))
told, m = json.loads(open("out").read().splitlines()[-1]), np.array(json.loads(adapted.attrs["adapt_row"]))
E, U = known["item/embedding"][:].astype(float), known["user/embedding"][:].astype(float)
text = lambda a: [i.decode() for i in a]
ids, row = text(known["item/id"][:]), {u: k for k, u in enumerate(text(plain["user/id"][:]))}
lists = {}
for l in open("list.tsv"): lists.setdefault(l.split()[0], []).append(ids.index(l.split()[1]))
users = text(known["user/id"][:])
unit = lambda x: x / np.sqrt((x**2).sum(-1, keepdims=True))
r, c = np.sqrt((U**2).sum(1).mean()), 5.
X = r * unit(np.array([plain["user/embedding"][row["n" + u[1:]]] for u in users]).astype(float))
own, held, half = np.array([lists[u][:5] for u in users]), np.array([lists[u][5] for u in users]), np.arange(len(users)) % 2
def M(y):
    s = c * y @ E.T
    p = np.exp(s - s.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True) @ E
want = unit((E[held] - M(X))[half == 0].sum(0))
assert np.abs(m - want).max() < 1e-4, (m, want)
def ndcg(alpha, beta, mu, h):
    y = r * unit(X + r * mu * want)
    y = y + r * (alpha * unit(E[own].mean(1)) + (beta * unit(M(y)) if beta else 0))
    s = y @ E.T
    np.put_along_axis(s, own, -np.inf, 1)
    place = (s > np.take_along_axis(s, held[:, None], 1)).sum(1)
    return np.where(place < 10, 1 / np.log2(place + 2), 0)[half == h].mean()
got = told["adapt"][0]
assert got["users"] == (half == 1).sum()
assert abs(got["plain"] - ndcg(0, 0, 0, 1)) < .01, (got, ndcg(0, 0, 0, 1))
pairs = [(.3, -.3), (.6, -.6), (.3, 0), (1, 0), (0, -.1), (0, -.3), (0, .1), (0, .3), (0, 1), (0, 3), (1, 1)]
best = max([(ndcg(0, 0, 0, 0), (0, 0))] + [(ndcg(a, b, 0, 0), (a, b)) for a, b in pairs])[0]
rates = (got["own"], got["likely"], got["shared"])
if any(rates):
    assert rates[:2] in pairs + [(0, 0)] and rates[2] in (0, .1, .3, .6)
    assert ndcg(*rates, 0) > best - .02 and abs(got["adapted"] - ndcg(*rates, 1)) < .01 and got["adapted"] > got["plain"]
else: assert got["adapted"] <= got["plain"] or best < 1.02 * ndcg(0, 0, 0, 0)
print(rates)
P
/usr/bin/python3 oracle.py >log 2>&1 || { cat log; exit 1; }

# mf gives new users no row: all of it is made by steps, also with more items than any number, fewer, or between two.
mf="--set model.name=mf --set model.layers=0"
quiet "$KITH" train job.yaml --fresh $mf
quiet "$KITH" embed job.yaml --output mf.h5 --json $mf --set embed.adapt=2 --set 'embed.adapt_pairs=[5]'
grep '"adapted_users": 60, "other_rates_users": 0, "empty_users": 0, ' out >/dev/null || { cat out; exit 1; }
cat >mf.py <<'P'
import json, h5py, numpy as np
known, new = h5py.File("work/embeddings.h5"), h5py.File("mf.h5")
said, m = json.loads(new.attrs["adapt"]), np.array(json.loads(new.attrs["adapt_row"]))
E, r, rates = known["item/embedding"][:].astype(float), said["length"], {k["pairs"]: k for k in said["rates"]}
ids, unit = [i.decode() for i in known["item/id"][:]], lambda x: x / np.linalg.norm(x) if np.linalg.norm(x) > 0 else x
lists = {}
for l in open("few.tsv"): lists.setdefault(l.split()[0], []).append(ids.index(l.split()[1]))
for u, x in zip(new["user/id"][:], new["user/embedding"][:]):
    items = sorted(lists[u.decode()])
    moves = [p for p in rates if rates[p]["steps"]]
    k = rates[max([p for p in moves if p <= len(items)] or [min(moves)])]
    y = r * unit(r * k["shared"] * m)
    for s in range(k["steps"]):
        p = np.exp(5 * E @ y - (5 * E @ y).max())
        y = r * unit(y + r * (k["own"] * unit(E[items].mean(0)) + k["likely"] * unit(E.T @ (p / p.sum()))))
    assert np.linalg.norm(x) > .1 * r and np.abs(x - y).max() < 2e-5 * r, (u, x, y, k)
P
cut -f2 list.tsv | sort -u | awk '{print (NR <= 7 ? "many" : NR <= 9 ? "two" : NR <= 12 ? "three" : NR <= 13 ? "one" : "five") "\t" $1} NR == 18 {exit}' >few.tsv
few() { # PAIRS OTHER: so many of five users take the rates of another number
  quiet "$KITH" embed job.yaml --output mf.h5 --json $mf --set embed.interactions.path=few.tsv --set embed.adapt=2 --set "embed.adapt_pairs=$1"
  grep "\"adapted_users\": 5, \"other_rates_users\": $2, \"empty_users\": 0, " out >/dev/null || { cat out; exit 1; }
  /usr/bin/python3 mf.py >log 2>&1 || { cat log; exit 1; }
}
few '[5]' 4
few '[2, 5, 50]' 1 # no known user has 50, so no rates are learned for as many
few '[2, 5]' 2
ranks 3 embed job.yaml --quiet --output three.h5 $mf --set embed.interactions.path=few.tsv --set embed.adapt=2 --set 'embed.adapt_pairs=[2, 5]' >log 2>&1 || { cat log; exit 1; }
same_embeddings mf.h5 three.h5
"$KITH" recommend job.yaml $mf --user many --user two --new mf.h5 >out 2>&1 || { cat out; exit 1; }
if grep warning out; then exit 1; fi
/usr/bin/python3 -c 'import h5py; h5py.File("mf.h5", "r+")["user/embedding"][:] = 0'
/usr/bin/python3 "$KITH_SOURCE/tests/support/seal.py" anew mf.h5
"$KITH" recommend job.yaml $mf --user many --new mf.h5 >out 2>&1 || { cat out; exit 1; }
grep 'many: the row of this new user is zeros in spite of 7 known items' out >/dev/null || { cat out; exit 1; }
