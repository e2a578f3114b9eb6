# update.init: features: rows of new nodes begin as the means of the rows of the most alike known ones, by dense matrices; the
# same bits on 3 ranks; nodes without such begin as with mean; jobs without features are refused.  A known item whose first
# pairs these are begins so as well, and none is like it.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
. "$KITH_SOURCE/tests/support/embeddings.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: buy.tsv, format: edges}
  test: {path: held.tsv, format: edges}
  item_features: {path: items.txt, format: sparse}
partition: {parts: 5}
model: {name: mf, dim: 6, layers: 0}
train: {batch: 64, epochs: 1, lr: 0.05}
evaluate: {every: 0}
update: {interactions: {path: new_buys.tsv}, item_features: {path: new_items.txt}, init: features, init_neighbors: 3, epochs: 1, lr: 1e-30, hold: 0}
J
/usr/bin/python3 - <<'P'
import random
r = random.Random(5)
tags = ["t%d" % k for k in range(14)]
words = lambda n: " ".join("%s:%g" % (w, r.choice([.5, 1, 2])) for w in r.sample(tags, n))
write = lambda name, lines: open(name, "w").write("".join(l + "\n" for l in lines))
write("buy.tsv", ["u%d\ti%d" % (u, i) for u in range(30) for i in r.sample(range(40), 6)])
items = ["i%d all %s" % (i, words(1 + i % 4)) for i in range(38)] + ["i39"]
items[:2] = [i + " rare" for i in items[:2]]
write("held.tsv", ["u3\tcold", "u4\tcold", "u5\tcolder"])
write("items.txt", items + ["cold all t0:1 t3:2", "colder all t0:1 t3:2 t5:.5"] + [items[7].replace("i7 ", "i38 ")]) # two alike, one with nothing
write("new_items.txt", ["n%d all %s" % (i, words(1 + i % 5)) for i in range(15)]
      + ["like " + items[7].split(" ", 1)[1], "none unheard:3", "common all", "few rare"])
new = ["n%d" % i for i in range(15)] + ["like", "none", "common", "few", "bare"]
write("new_buys.tsv", ["u%d\t%s" % (r.randrange(30), i) for i in new] + ["u2\tnone", "u9\tcold", "v0\ti1", "v0\ti5", "v1\tn3"])
P
cat >oracle.py <<'P'
import h5py, numpy as np
K, graph = 3, h5py.File("work/graph.h5")
state = lambda f: h5py.File(f + "/" + open(f + "/checkpoint-latest").read().strip())
old, new = state("before"), state("work")
text = lambda a: [i.decode() for i in a]
ids, n_known = text(graph["item/id"][:]), len(old["item/parameter"])
lists = {l.split()[0]: l.split()[1:] for name in ("items.txt", "new_items.txt") for l in open(name)}
rows = [[(w.rpartition(":")[0] or w, float(w.rpartition(":")[2]) if ":" in w else 1) for w in lists.get(i, [])] for i in ids]
known, x = rows[:n_known], old["item/parameter"][:].astype(float)
column = {w: k for k, w in enumerate(sorted({w for row in known for w, _ in row}))}
m = np.zeros((len(ids), len(column)))
for i, row in enumerate(rows):
    for w, v in row:
        if w in column: m[i, column[w]] = v
cold = ids.index("cold")
met = np.arange(n_known) != cold # those that others can be like
m *= np.log(n_known / (m[:n_known][met] != 0).sum(0))
length = np.sqrt((m**2).sum(1))
cosine = m @ (met[:, None] * m[:n_known] / np.where(length > 0, length, 1)[:n_known, None]).T
pairs = [l.split() for l in open("new_buys.tsv")]
users = {u: k for k, u in enumerate(text(graph["user/id"][:]))}
y, n_alike, seen = new["item/parameter"][:], 0, set()
assert np.array_equal(x[met].astype("f4"), y[:n_known][met])
for i, c in [(ids[j], cosine[j]) for j in [cold, *range(n_known, len(ids))]]:
    order = [j for j in np.argsort(-np.round(c, 6), kind="stable") if c[j] > 1e-9][:K]
    n_alike += bool(order)
    seen.add(len(order))
    partners = [users[u] for u, j in pairs if j == i and users[u] < len(old["user/parameter"])]
    want = x[order].mean(0) if order else old["user/parameter"][:].astype(float)[partners].mean(0)
    assert np.abs(y[ids.index(i)] - want).max() < 1e-6 * np.abs(x).max(), (i, order)
assert seen == {0, 2, 3}, seen
v = new["user/parameter"][users["v0"]] # users have no features
assert np.abs(v - x[[ids.index("i1"), ids.index("i5")]].mean(0)).max() < 1e-6
print("%d %d" % (n_alike, len(ids) - n_known))
P
quiet() { "$@" --quiet >out 2>log || { cat log; exit 1; }; }
refused() { rc=0; "$KITH" update job.yaml --quiet "${@:2}" >log 2>&1 || rc=$?; [ $rc = 78 ]; grep "$1" log >/dev/null || { cat log; exit 1; }; [ ! -e work/update ]; }
for verb in ingest partition train; do quiet "$KITH" $verb job.yaml; done
cp -r work before
refused 'update.init: features: needs' --set data.item_features.path=
refused 'update.init: features: needs' --set model.input=features
quiet "$KITH" update job.yaml --json
told=$(/usr/bin/python3 oracle.py)
[ "$told" = "19 20" ] || { echo "$told"; exit 1; }
grep '"cold_rows": 1, "alike_rows": 19, "drawn_rows": 1[,}]' out >/dev/null || { cat out; exit 1; } # v1 has met new items alone
mv work one; cp -r before work
ranks 3 update job.yaml --quiet >log 2>&1 || { cat log; exit 1; }
same_embeddings one/embeddings.h5 work/embeddings.h5
rm -r work; cp -r before work
quiet "$KITH" update job.yaml --set update.init_neighbors=1
! cmp -s one/embeddings.h5 work/embeddings.h5
