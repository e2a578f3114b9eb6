# Meta-paths are integer products of their relations, cut by PathSim: graph.h5 holds what NumPy makes of the lists, with empty rows,
# ties and directed relations; a job that names what is not there, or what cannot be, is refused in one line.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
/usr/bin/python3 - <<'P'
import random
r = random.Random(3)
n, authors, venues = 40, 25, 4
out = lambda name, lines: open(name, "w").write("\n".join(lines) + "\n")
wrote = sorted({(r.randrange(n - 5), "a%d" % r.randrange(authors)) for _ in range(90)})  # the last five papers have no author
out("pa.txt", ["%d %s" % e for e in wrote])
out("pv.txt", ["%d %d" % (i, r.randrange(venues)) for i in range(n) if i % 7])
out("know.txt", ["a%d a%d" % e for e in {(r.randrange(authors), r.randrange(authors)) for _ in range(30)}])  # ties, some in both directions, some loops
out("cites.txt", ["%d %d" % (r.randrange(n), r.randrange(n)) for _ in range(80)])
out("labels.txt", [str(i % 3) for i in range(n)])
out("features.txt", [" ".join(str(k) for k in range(9) if r.random() < (0.6 if k % 3 == i % 3 else 0.2)) for i in range(n)])
for name, a, b in ("train", 0, 12), ("valid", 12, 24), ("test", 24, 40): out(name + ".txt", [str(i) for i in range(a, b)])
P
cat >job.yaml <<'J'
task: classify
work: work
data:
  relations:
    pa: {path: pa.txt, from: node, to: author}
    pv: {path: pv.txt, from: node, to: venue}
    know: {path: know.txt, from: author, to: author}
    cites: {path: cites.txt, from: node, to: node, direction: forward}
  paths:
    pap: {path: [pa, pa.back]}
    near: {path: [pa, pa.back], keep: 3, weights: similarity}
    pvp: {path: [pv, pv.back], keep: 2}
    known: {path: [pa, know, pa.back]}
    cited: {path: [cites, cites.back], weights: similarity}
    chain: {path: [cites, cites], keep: 2}
    odd: {path: [cites, pa, know, know.back, pa.back]}
  labels: {path: labels.txt}
  features: {path: features.txt}
  splits: {train: train.txt, valid: valid.txt, test: test.txt}
partition: {parts: 5, method: metis}
model: {name: han, layers: 1, relations: {cites: 1, pap: 1, near: 1, pvp: 1, known: 1, cited: 1, chain: 1, odd: 1}}
train: {epochs: 12, lr: 0.05, weight_decay: 0.01}
evaluate: {split: valid, every: 4}
J
"$KITH" ingest job.yaml --strict --json | tail -n 1 >ingest.json
/usr/bin/python3 - <<'P'
import h5py, json, numpy as np
from fractions import Fraction
lines = lambda name: [l.split() for l in open(name + ".txt")]
n, authors = 40, list(dict.fromkeys(a for _, a in lines("pa")))
for a, b in lines("know"):
    if a != b: authors += [x for x in (a, b) if x not in authors]
def matrix(name, rows, columns, known):
    m = np.zeros((rows, columns), np.int64)
    for x, y in lines(name): m[known(x), known(y) if rows == columns else columns_of[name](y)] = 1
    if rows == columns: np.fill_diagonal(m, 0)
    return m
columns_of = {"pa": authors.index, "pv": int}
pa, pv = (matrix(k, n, s, int) for k, s in (("pa", len(authors)), ("pv", 4)))
cites = matrix("cites", n, n, int)
know = matrix("know", len(authors), len(authors), authors.index)
know = know | know.T
product = {"pap": pa @ pa.T, "near": pa @ pa.T, "pvp": pv @ pv.T, "known": pa @ know @ pa.T, "cited": cites @ cites.T, "chain": cites @ cites,
           "odd": cites @ pa @ know @ know @ pa.T}
keep, alike = {"near": 3, "pvp": 2, "chain": 2}, {"near", "cited"}
f, report = h5py.File("work/graph.h5"), json.load(open("ingest.json"))
schema = {l.split()[1]: l.split()[5:] for l in f.attrs["schema"].decode().splitlines() if l.startswith("relation")}
assert set(f["edge"]) == set(product) | {"cites", "start", "node"} and set(schema) == set(product) | {"cites"}, list(f["edge"])
cut = 0
for name, m in product.items():
    sim = lambda x, y: Fraction(2 * int(m[x, y]), int(m[x, x] + m[y, y])) if name not in ("chain", "odd", "known") else int(m[x, y])
    start, to, weight = (f["edge/%s/%s" % (name, c)][:] for c in ("start", "to", "weight"))
    for x in range(n):
        row = sorted((y for y in range(n) if m[x, y] and y != x), key=lambda y: (-sim(x, y), y))
        best = sorted(row[:keep.get(name, n)])
        cut += len(row) - len(best)
        assert list(to[start[x]:start[x + 1]]) == best, (name, x, best, to[start[x]:start[x + 1]])
        want = [np.float32(float(sim(x, y))) if name in alike else m[x, y] for y in best]
        assert list(weight[start[x]:start[x + 1]]) == want, (name, x, want)
    assert schema[name] == ["weighted"] + ([] if name in ("pap", "known", "cited") else ["forward"]), (name, schema[name])
    assert report["relations"][name]["edges"] == len(to)
assert cut == sum(r.get("cut", 0) for r in report["relations"].values()) > 20
assert any((product["pvp"][x] == 1).sum() > 3 for x in range(n)) and not product["pap"][-1].any()  # ties were cut, a row is empty
assert report["types"] == {"node": n, "author": len(authors), "venue": 4}, report["types"]
P

# Every rank count classifies alike, means by weights included; what kith says of the files.
"$KITH" partition job.yaml >cut.txt
grep 'of near alone' cut.txt >/dev/null
for k in 1 2 3; do
  ranks $k train job.yaml --quiet --fresh >/dev/null
  cp work/embeddings.h5 "$k.h5"
done
ranks 3 evaluate job.yaml --json | tail -n 1 >three.json
"$KITH" evaluate job.yaml --json | tail -n 1 >one.json
cmp <(sed 's/"seconds.*//; s/"ranks[^,]*,//' one.json) <(sed 's/"seconds.*//; s/"ranks[^,]*,//' three.json)
/usr/bin/python3 - <<'P'
import h5py
a = h5py.File("1.h5")["node/embedding"][:]
for k in "23": assert abs(h5py.File(k + ".h5")["node/embedding"][:] - a).max() < 1e-4 * abs(a).max()
P
"$KITH" inspect work/graph.h5 | grep 'relation near, node to node' >/dev/null
"$KITH" inspect work/parts.h5 >/dev/null

refused() { # CODE WORDS…  then the words of the program
  code=$1 words=$2; shift 2
  if "$@" >out 2>err; then echo "$* was not refused"; exit 1; else rc=$?; fi
  [ $rc = "$code" ] && grep -F -- "$words" err >/dev/null && [ "$(wc -l <err)" = 1 ] || { echo "$*: code $rc: $(cat err)"; exit 1; }
}
path() { echo "data.paths.pap.$1"; } # set a key of a path
refused 78 'data.paths.pap.path: data names no such relation; the nearest is pa, all are pa, pv, know, cites' "$KITH" ingest job.yaml --set "$(path path)=[paa, pa.back]"
refused 78 'data.paths.pap.path: near is a meta-path itself' "$KITH" ingest job.yaml --set "$(path path)=[near, near]"
refused 78 'data.paths.pap.path: paths do not follow interactions' "$KITH" ingest job.yaml --set "$(path path)=[interactions]"
refused 78 'data.paths.pap.path: pa ends at author, but pv begins at node; expected relations that meet' "$KITH" ingest job.yaml --set "$(path path)=[pa, pv]"
refused 78 'expected names of relations, each perhaps with .back' "$KITH" ingest job.yaml --set "$(path path)=[pa.front]"
refused 78 'data.paths.pap.path: expected a list of relations such as [writes.back, writes], found nothing; with model.relations.pap: 0 the model' "$KITH" ingest job.yaml --set "$(path path)=[]"
refused 78 'data.paths.odd.weights: similarity is that of paths that lead back as they came' "$KITH" ingest job.yaml --set data.paths.odd.weights=similarity
refused 78 'model.name: gcn reads data.edges, which names no list' "$KITH" ingest job.yaml --set model.name=gcn
refused 78 'model.relations.papp: data names no such relation; the nearest is pa, all are pa, pv, know, cites, pap, near' "$KITH" train job.yaml --set model.relations.papp=1
refused 78 'model.relations.pap: han learns what a meta-path weighs; expected 1' "$KITH" train job.yaml --set model.relations.pap=0.5
refused 78 'job.yaml: task: classify; kith explain is about users and items, task recommend' "$KITH" explain job.yaml --user 3
refused 78 'model.relations.pa: pa leads from node to author, and is read for meta-paths alone; expected a relation among nodes, such as pap' "$KITH" train job.yaml --set model.relations.pa=1
refused 78 'model.name: han classifies nodes' "$KITH" train job.yaml --set task=recommend --set data.interactions=pa.txt

# A list that leads nowhere, and a path that nothing reads, are told of.
"$KITH" ingest job.yaml --set data.paths.pvp.path='[pa, pa.back]' 2>err >/dev/null
grep 'data.relations.pv: leads to another type than node, and no path of data.paths follows it' err >/dev/null
"$KITH" ingest job.yaml --set model.relations.near=0 2>err >/dev/null
grep 'data.paths.near is set but has no effect' err >/dev/null

"$KITH" ingest job.yaml >said; "$KITH" partition job.yaml >>said; "$KITH" inspect work/graph.h5 >>said; "$KITH" inspect work/parts.h5 >>said
grep -x '    [0-9]* edges of near left out, as keep takes the best of each node' said >/dev/null
grep '^40 nodes, 8 relations cut into 5 parts' said >/dev/null
"$KITH" train job.yaml --fresh --set model.dim=8 --set train.epochs=1 >>said 2>err
grep -F -- '--set model.dim is set but has no effect: it needs model.han.fuse: type, node or mean' err >/dev/null
grep -x 'relation pap: what it weighs is learned' err >/dev/null
cat err >>said
grep -E '(^|[^0-9])0 edges|interactions' said && { echo "edges that there are not"; exit 1; }
"$KITH" train job.yaml --fresh --strict --quiet --set model.dim=8 --set model.han.fuse=mean --set train.epochs=1 >/dev/null

# Of users and items: items by what tags they share, read by LightGCN, the same bits on any number of ranks.
/usr/bin/python3 - <<'P'
import random
r = random.Random(4)
out = lambda name, lines: open(name, "w").write("\n".join(lines) + "\n")
out("list.tsv", ["u%d i%d" % e for e in sorted({(r.randrange(20), r.randrange(15)) for _ in range(90)})])
out("tag.tsv", ["i%d t%d" % (i, r.randrange(5)) for i in range(17) for _ in range(2)])
P
cat >pairs.yaml <<'J'
work: pairs
data:
  interactions: {path: list.tsv, format: edges}
  relations:
    tag: {path: tag.tsv, from: item, to: tag}
  paths:
    alike: {path: [tag, tag.back], keep: 4, weights: similarity}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 4}
model: {dim: 8, layers: 2, relations: {alike: 0.5}}
train: {epochs: 3, batch: 32}
evaluate: {every: 0}
J
for verb in ingest partition train; do "$KITH" $verb pairs.yaml --strict --quiet >/dev/null; done
cp pairs/embeddings.h5 one.h5
ranks 3 train pairs.yaml --fresh --quiet >/dev/null
"$KITH" partition pairs.yaml --compare --json >said; grep 'MB an epoch' said >/dev/null; grep bytes_per_epoch said >/dev/null
"$KITH" partition pairs.yaml --compare --json --set model.name=mf >said
grep -E 'MB|bytes' said && { echo "bytes of layers that there are not"; exit 1; }
/usr/bin/python3 - <<'P'
import h5py
a, b = h5py.File("one.h5"), h5py.File("pairs/embeddings.h5")
assert all(a[k][:].tobytes() == b[k][:].tobytes() for k in ("user/embedding", "item/embedding"))
assert "relation alike item item" in h5py.File("pairs/graph.h5").attrs["schema"].decode()
P
refused 78 'embed.relations.alike: data names no such relation' "$KITH" embed pairs.yaml --set embed.relations.alike=tag.tsv
refused 78 'alike is a meta-path of data.paths, and cascade reads none' "$KITH" train pairs.yaml --set model.name=cascade --set 'model.cascade.order=[alike, interactions]'

# A bound that cuts no edge changes nothing.
for keep in 0 1000; do "$KITH" ingest pairs.yaml --set work=bound --set data.paths.alike.keep=$keep --quiet >/dev/null && cp bound/graph.h5 $keep.h5; done
/usr/bin/python3 - <<'P'
import h5py
a, b = h5py.File("0.h5"), h5py.File("1000.h5")
assert a.attrs["schema"] == b.attrs["schema"] and a.attrs["schema"].endswith(b" weighted\n"), b.attrs["schema"]
assert all((a["edge/alike/" + k][:] == b["edge/alike/" + k][:]).all() for k in ("start", "to", "weight"))
P

# Weights of 0 are refused where they are read: by means, not by attention.
awk '{print $1, $2, 0}' cites.txt >zero.txt
zero="--set work=zero --set data.relations.cites.path=zero.txt --set data.relations.cites.format=edges --set data.relations.cites.columns.weight=3"
for verb in ingest partition; do "$KITH" $verb job.yaml $zero --quiet >/dev/null; done
refused 78 'model.relations.cites: an edge weighs 0, but means by weights need' "$KITH" train job.yaml $zero --quiet
"$KITH" train job.yaml $zero --set model.han.neighbors=attention --set model.han.fuse=type --set model.dim=8 --set train.epochs=1 --quiet >/dev/null
