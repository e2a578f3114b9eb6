# embed.init: mean: rows of new nodes are the means of the rows of the most alike known ones, by dense matrices; the same bits
# on 3 ranks; with mf, beside features and layers, and with spectral; what it does not apply to is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
. "$KITH_SOURCE/tests/support/embeddings.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: buy.tsv, format: edges}
  item_features: {path: items.txt, format: sparse}
  user_features: {path: users.txt, format: sparse}
partition: {parts: 5}
model: {name: mf, dim: 6, layers: 0}
train: {batch: 64, epochs: 2, lr: 0.05}
evaluate: {every: 0}
embed: {types: both, item_features: {path: new_items.txt}, user_features: {path: new_users.txt}, init: mean, init_neighbors: 3}
J
/usr/bin/python3 - <<'P'
import random
r = random.Random(5)
def words(pool, n): return " ".join("%s:%g" % (w, r.choice([.5, 1, 2])) for w in r.sample(pool, n))
tags, towns = ["t%d" % k for k in range(14)], ["w%d" % k for k in range(9)]
write = lambda name, lines: open(name, "w").write("".join(l + "\n" for l in lines))
write("buy.tsv", ["u%d\ti%d" % (u, i) for u in range(30) for i in r.sample(range(40), 6)])
items = ["i%d all %s" % (i, words(tags, 1 + i % 4)) for i in range(38)] + ["i39"]
items[:2] = [i + " rare" for i in items[:2]]
write("items.txt", items + [items[7].replace("i7 ", "i38 ")]) # two alike, one with nothing
write("users.txt", ["u%d %s" % (u, words(towns, 2)) for u in range(30)])
write("new_items.txt", ["n%d all %s" % (i, words(tags, 1 + i % 5)) for i in range(15)]
      + ["like " + items[7].split(" ", 1)[1], "none unheard:3", "common all", "few rare", "i3 t1"])
write("new_users.txt", ["v%d %s" % (u, words(towns, 1 + u % 3)) for u in range(7)] + ["v8 nowhere"])
P
cat >oracle.py <<'P' # MODEL: the difference that embed.init makes
import sys
import h5py, numpy as np
model, zero, mean = sys.argv[1], h5py.File("zero.h5"), h5py.File("mean.h5")
K, graph = 3, h5py.File("work/graph.h5")
text = lambda a: [i.decode() for i in a]
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip()) if model == "lightgcn" else None
def rows_of(name, ids):
    lists = {l.split()[0]: l.split()[1:] for l in open(name)}
    return [[(w.rpartition(":")[0] or w, float(w.rpartition(":")[2]) if ":" in w else 1) for w in lists.get(i, [])] for i in ids]
for side, known_list, new_list in (("item", "items.txt", "new_items.txt"), ("user", "users.txt", "new_users.txt")):
    known, new = text(graph[side + "/id"][:]), text(mean[side + "/id"][:])
    told = rows_of(known_list, known)
    column = {w: k for k, w in enumerate(sorted({w for row in told for w, _ in row}))}
    def dense(rows):
        m = np.zeros((len(rows), len(column)))
        for i, row in enumerate(rows):
            for w, v in row: m[i, column[w]] = v if w in column else 0
        return m
    told = dense(told)
    fresh = dense([[(w, v) for w, v in row if w in column] for row in rows_of(new_list, new)])
    idf = np.log(len(known) / (told != 0).sum(0))
    told, fresh = told * idf, fresh * idf
    length = np.sqrt((told**2).sum(1))
    cosine = fresh @ (told / np.where(length > 0, length, 1)[:, None]).T
    x = state[side + "/parameter"][:] if state else h5py.File("work/embeddings.h5")[side + "/embedding"][:]
    rows, met = np.zeros((len(new), x.shape[1])), np.zeros(len(new), int)
    for i, c in enumerate(cosine):
        order = [j for j in np.argsort(-np.round(c, 6), kind="stable") if c[j] > 1e-9][:K]
        met[i] = len(order)
        if order: rows[i] = x[order].mean(0)
    assert (met == K).sum() > len(new) / 2 and (met == 0).any(), met
    assert side == "user" or (met == 2).any(), met
    is_, was = mean[side + "/embedding"][:], zero[side + "/embedding"][:] if side + "/embedding" in zero else None
    if model == "lightgcn": is_ = 2 * (is_ - was) # the mean of two layers, of which one has neighbors
    if model == "spectral" and side == "user": # v0 … v2 have interactions
        told = [u in ("v0", "v1", "v2") for u in new]
        assert np.array_equal(is_[told], was) and np.abs(was).max() > 0
        is_, rows = is_[~np.array(told)], rows[~np.array(told)]
    assert np.abs(is_ - rows).max() < 2e-5 * np.abs(x).max(), (side, np.abs(is_ - rows).max())
P
quiet() { "$@" --quiet >out 2>log || { cat log; exit 1; }; }
embed() { quiet "$KITH" embed job.yaml --json "$@"; }
refused() { rc=0; "$KITH" embed job.yaml --quiet "${@:2}" >log 2>&1 || rc=$?; [ $rc = 78 ]; grep "$1" log >/dev/null || { cat log; exit 1; }; }
printf 'v%d\ti%d\n' 0 1 0 2 1 2 2 5 >new_buys.tsv
for verb in ingest partition train; do quiet "$KITH" $verb job.yaml; done
embed --output mean.h5; cp mean.h5 zero.h5
grep '"alone_users": 1, "alone_items": 1' out >/dev/null || { cat out; exit 1; }
/usr/bin/python3 oracle.py mf
ranks 3 embed job.yaml --quiet --output three.h5 >log 2>&1 || { cat log; exit 1; }
same_embeddings mean.h5 three.h5
refused 'mf without layers reads neither' --set embed.init=zero --set embed.item_features.path= --set embed.user_features.path= --set embed.interactions.path=new_buys.tsv --set embed.types=users
refused 'embed.init: mean: no new node has both features' --set embed.item_features.path= --set embed.user_features.path= --set embed.interactions.path=new_buys.tsv --set embed.types=users
refused 'no new node has both' --set model.input=features

both="--set model.name=lightgcn --set model.layers=1 --set model.input=both"
quiet "$KITH" train job.yaml --fresh $both
embed --output mean.h5 $both
embed --output zero.h5 $both --set embed.init=zero
/usr/bin/python3 oracle.py lightgcn

filter="--set model.name=spectral --set embed.interactions.path=new_buys.tsv"
quiet "$KITH" train job.yaml --fresh $filter
embed --output mean.h5 $filter
embed --output zero.h5 $filter --set embed.init=zero --set embed.types=users --set embed.item_features.path= --set embed.user_features.path=
/usr/bin/python3 oracle.py spectral
printf 'u1\tunheard of\n' >new_item.tsv
refused 'spectral has no rows for new items' --set model.name=spectral --set embed.init=zero --set embed.types=items \
  --set embed.interactions.path=new_item.tsv --set embed.item_features.path= --set embed.user_features.path=
