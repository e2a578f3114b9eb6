# kith export: every format holds the numbers, ids and edges of Kith's files, as readers made from the formats' descriptions see
# them; neighbors are those of all pairs, of FAISS and of kith recommend, on any number of ranks; nothing is left half-written.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
sed -i 's/item-00\([0-9]\)/item 0%2\1, "x"/' list.tsv # ids with spaces, a %, a comma and quotes
cut -f2 list.tsv | sort -u | awk 'NR % 3 {print $0 "\tThe " NR " of all"}' >names.tsv
sed -i 's/interactions: {path: list.tsv, format: edges/item_names: {path: names.tsv, delimiter: tab}\n  &, delimiter: tab/; s/epochs: 4/epochs: 2/' job.yaml
for verb in ingest partition train; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
"$KITH" recommend job.yaml --all --output top.h5 --quiet >/dev/null
printf 'someone\titem-100\nsomeone\titem-101\n' >new.tsv
"$KITH" embed job.yaml --set embed.interactions.path=new.tsv --set embed.interactions.format=edges --quiet >/dev/null

for format in npy csv tsv word2vec word2vec-binary projector edges tensorboard; do
  "$KITH" export job.yaml --format $format --output out --json >"$format.json" 2>>warnings
done
[ "$(grep -c 'of type .* written as %20 and %25' warnings)" = 2 ] || { cat warnings; exit 1; }
"$KITH" export work/embeddings.h5 --format npy --nodes item --output of-file --quiet >/dev/null
"$KITH" export work/new.h5 --format csv --output new --quiet >/dev/null
for format in npy tsv csv; do "$KITH" export top.h5 --format $format --output top --quiet >/dev/null; done
"$KITH" export work/metrics.jsonl --format tensorboard --output again --quiet >/dev/null

near() { "$KITH" export job.yaml --format neighbors-$1 --output near "${@:2}" --quiet >/dev/null; }
near h5; near tsv; near h5 --nodes user --k 7; near tsv --nodes user --k 7
mkdir three
ranks 3 export job.yaml --format neighbors-h5 --output three --quiet >/dev/null
ranks 3 export job.yaml --format neighbors-h5 --nodes user --k 7 --output three --quiet >/dev/null
cmp near/item.neighbors.h5 three/item.neighbors.h5
cmp near/user.neighbors.h5 three/user.neighbors.h5
"$KITH" inspect near/user.neighbors.h5 | grep 'fit together' >/dev/null
"$KITH" export job.yaml --format neighbors-tsv --new work/new.h5 --k 3 --output new --quiet >/dev/null
"$KITH" export work/embeddings.h5 --format neighbors-tsv --k 299 --score dot --output dot --quiet >/dev/null
"$KITH" recommend job.yaml --similar-to item-100 --k 5 --json | tail -n 1 >similar.json

# A graph with relations between types that share ids, of kinds, weights and times: its edges are the lines of its lists.
cat >typed.yaml <<'Y'
work: typed
data:
  nodes: {thing: {same_as: item}}
  interactions: {path: list.tsv, format: edges, delimiter: tab, columns: {user: 1, item: 2, time: 3}}
  relations:
    kg: {path: kg.tsv, from: thing, to: thing, direction: back, delimiter: tab, columns: {from: 1, kind: 2, to: 3, weight: 4, time: 5}}
  split: {method: ratio, valid: 0.1, test: 0.1}
Y
printf 'item-100\tby\ta\t1.5\t1000000001\na\tof\titem-101\t0.25\t1000000002\na\tby\tb\t2\t1000000003\n' >kg.tsv
printf '0 1\n1 2\n2 0\n' >edges.txt; printf 'x\ny\nx\n' >labels.txt; echo 0 >0.txt; echo 1 >1.txt; echo 2 >2.txt
printf 'task: classify\nwork: nodes\nmodel: {name: gcn}\ndata: {edges: {path: edges.txt}, labels: {path: labels.txt}, splits: {train: 0.txt, valid: 1.txt, test: 2.txt}}\n' >nodes.yaml
printf 'work: events\ndata: {interactions: {path: list.tsv, format: edges, delimiter: tab, columns: {user: 1, item: 2, time: 3}}, split: {method: stream, valid: .2, test: .2}}\n' >events.yaml
for job in typed nodes events; do
  "$KITH" ingest $job.yaml --quiet >log 2>&1 || { cat log; exit 1; }
  "$KITH" export $job/graph.h5 --format edges --output $job.out --quiet >/dev/null
done

cat >check.py <<'P'
import csv, glob, json, os, sys, urllib.parse
import h5py, numpy as np
sys.path.insert(0, os.environ["KITH_SOURCE"] + "/tests/support")
import formats
f, graph = h5py.File("work/embeddings.h5"), h5py.File("work/graph.h5")
text = lambda a: [x.decode() if isinstance(x, bytes) else str(x) for x in a.tolist()]
table = lambda path, delimiter="\t": list(csv.reader(open(path, newline=""), delimiter=delimiter))
row = {}
for t in "user", "item":
    x, ids = f[t + "/embedding"][:], text(f[t + "/id"][:])
    row[t] = {id: i for i, id in enumerate(ids)}
    same = lambda a: np.array_equal(np.asarray(a, np.float32), x)  # to the bit
    got = np.load("out/%s.npy" % t)
    assert got.dtype == np.float32 and np.array_equal(got, x) and open("out/%s.ids.txt" % t).read().split("\n")[:-1] == ids
    for name, delimiter in ("csv", ","), ("tsv", "\t"):
        head, *lines = table("out/%s.%s" % (t, name), delimiter)
        assert head == ["id"] + ["x%d" % k for k in range(16)] and [l[0] for l in lines] == ids and same([l[1:] for l in lines])
    for words in formats.word2vec_text("out/%s.w2v.txt" % t), formats.word2vec_binary("out/%s.w2v.bin" % t):
        assert [urllib.parse.unquote(w) for w in words] == ids and same(list(words.values())) and not any(" " in w for w in words)
    assert same([l for l in table("out/%s.vectors.tsv" % t)])
    degree = np.diff(graph["train/start"][:]) if t == "user" else np.bincount(graph["train/item"][:], minlength=len(ids))
    head, *lines = [l.split("\t") for l in open("out/%s.metadata.tsv" % t).read().split("\n")[:-1]]
    names = text(graph["item/name"][:])
    if t == "user": assert head == ["id", "interactions"] and lines == [[i, str(n)] for i, n in zip(ids, degree)]
    else: assert head == ["id", "name", "popularity"] and lines == [[i, m, str(n)] for i, m, n in zip(ids, names, degree)] and "" in names
config = open("out/projector_config.pbtxt").read()
assert config.count("embeddings {") == 2 and 'tensor_path: "item.vectors.tsv"' in config and 'metadata_path: "user.metadata.tsv"' in config
assert np.array_equal(np.load("of-file/item.npy"), f["item/embedding"][:]) and not os.path.exists("of-file/user.npy")
assert json.loads(open("npy.json").read().split("\n")[-2])["files"] == ["out/user.npy", "out/user.ids.txt", "out/item.npy", "out/item.ids.txt"]
new = h5py.File("work/new.h5")
head, line = table("new/user.csv", ",")
assert line[0] == "someone" and np.array_equal(np.array(line[1:], np.float32), new["user/embedding"][0])

# recommendations
top = h5py.File("top.h5")
item, score = top["top/item"][:], top["top/score"][:]
assert np.array_equal(np.load("top/top.item.npy"), item) and np.array_equal(np.load("top/top.score.npy"), score)
want = [[u, str(j + 1), text(top["item/id"][:])[item[i, j]], score[i, j]] for i, u in enumerate(text(top["user/id"][:])) for j in range(10) if item[i, j] >= 0]
for name, delimiter in ("csv", ","), ("tsv", "\t"):
    head, *lines = table("top/recommendations." + name, delimiter)
    assert head == ["user", "position", "item", "score"] and [l[:3] + [np.float32(l[3])] for l in lines] == want

# neighbors: all products, in double
def nearest(query, rows, k, self):
    s = query.astype(float) @ rows.T.astype(float)
    if self: np.fill_diagonal(s, -np.inf)
    return s, np.argsort(-s, 1, kind="stable")[:, :k]
U, I = f["user/embedding"][:], f["item/embedding"][:]
unit = I / np.maximum(np.linalg.norm(I, axis=1, keepdims=True), 1e-30)
for t, q, x, k, self in ("item", unit, unit, 20, True), ("user", U, I, 7, False):
    n = h5py.File("near/%s.neighbors.h5" % t)
    got, s = n["top/neighbor"][:], n["top/score"][:]
    dense, best = nearest(q, x, k, self)
    rows = np.arange(len(q))[:, None]
    assert got.shape == (len(q), k) and np.allclose(s, dense[rows, got], atol=1e-5) and np.allclose(s, dense[rows, best], atol=1e-5)
    assert (np.diff(s) <= 0).all() and all(len(set(g)) == k for g in got.tolist()) and (not self or (got != rows).all())
    assert n.attrs["query_type"] == t.encode() and n.attrs["score"] == (b"cosine" if self else b"dot") and n.attrs["fingerprint"] == f.attrs["fingerprint"]
    head, *lines = table("near/%s.neighbors.tsv" % t)
    ids, items = text(n["query/id"][:]), text(n["neighbor/id"][:])
    assert lines == [[ids[i], str(j + 1), items[got[i, j]], "%.9g" % s[i, j]] for i in range(len(q)) for j in range(k)]
    try: import faiss
    except ImportError: continue
    index = faiss.IndexFlatIP(x.shape[1])
    index.add(np.ascontiguousarray(x, np.float32))
    s2, found = index.search(np.ascontiguousarray(q, np.float32), k + self)
    for i in range(len(q)):
        mine = [j for j in found[i].tolist() if not self or j != i][:k]
        assert mine == got[i].tolist() or np.allclose(np.sort(dense[i][mine]), np.sort(dense[i][got[i]]), atol=1e-6), i  # ties apart
similar, = json.load(open("similar.json"))["similar"]
n = h5py.File("near/item.neighbors.h5")
i = row["item"]["item-100"]
assert similar["items"] == [text(n["neighbor/id"][:])[j] for j in n["top/neighbor"][i, :5]]
assert np.allclose(similar["scores"], n["top/score"][i, :5], atol=1e-6)
lines = table("new/user.neighbors.tsv")[1:]
assert [l[0] for l in lines] == ["someone"] * 3 and [l[2] for l in lines] == [text(f["item/id"][:])[j] for j in nearest(new["user/embedding"][:], I, 3, False)[1][0]]
assert len(table("dot/item.neighbors.tsv")) == 1 + 300 * 299

# edges
given = {(u, i): t for u, i, t in (l.rstrip("\n").split("\t")[:3] for l in open("list.tsv") if l[0] != "#")}
edges = {s: table("out/interactions.%s.tsv" % s) for s in ("train", "valid", "test")}
assert all(e[0] == ["user", "item", "time"] for e in edges.values())
assert {(u, i): t for e in edges.values() for u, i, t in e[1:]} == given and sum(len(e) - 1 for e in edges.values()) == len(given)
for s in edges: # in the order of the file
    start, item = graph[s + "/start"][:], graph[s + "/item"][:]
    owner = np.repeat(np.arange(len(start) - 1), np.diff(start))
    assert [(row["user"][u], row["item"][i]) for u, i, _ in edges[s][1:]] == list(zip(owner.tolist(), item.tolist()))
assert {tuple(sorted(l)) for l in table("out/relation.friend.tsv")[1:]} == {tuple(sorted(l.split()[:2])) for l in open("friends.tsv") if l[0] != "#"}
assert table("typed.out/relation.kg.tsv") == [["from", "to", "kind", "weight", "time"], ["item-100", "a", "by", "1.5", "1000000001"], ["a", "item-101", "of", "0.25", "1000000002"], ["a", "b", "by", "2", "1000000003"]]
assert sorted(table("nodes.out/edges.tsv")) == [["0", "1"], ["0", "2"], ["1", "2"], ["from", "to"]]
assert table("nodes.out/labels.tsv") == [["node", "label", "split"], ["0", "x", "train"], ["1", "y", "valid"], ["2", "x", "test"]]
head, *events = table("events.out/events.tsv")
first = h5py.File("events/graph.h5")["event/first"][:]
assert head == ["user", "item", "time", "split"] and {(u, i): t for u, i, t, _ in events} == given and [int(l[2]) for l in events] == sorted(int(l[2]) for l in events)
assert [l[3] for l in events] == ["train"] * first[0] + ["valid"] * (first[1] - first[0]) + ["test"] * (len(events) - first[1])

# scalars
path, = glob.glob("out/*/events.out.tfevents.kith")
version, got, texts = formats.scalars(path)
lines = [json.loads(l) for l in open("work/metrics.jsonl")]
run = lines[0]["run"]
assert version == "brain.Event:2" and path.split("/")[1] == "work-" + run[:6] and texts == {"run": run} and open(path, "rb").read() == open(glob.glob("again/*/events*")[0], "rb").read()
want = []
for l in lines:
    for k, v in l.items():
        tag = "%s/%s" % (l["split"], k) if "@" in k else k
        if k in ("epoch", "run", "split", "protocol", "candidates", "mask"): continue
        if isinstance(v, list): want += [("%s/%d" % (tag, i), l["epoch"], np.float32(e)) for i, e in enumerate(v)]
        elif isinstance(v, dict): want += [("%s/%s" % (tag, m), l["epoch"], np.float32(e)) for m, e in v.items()]
        else: want.append((tag, l["epoch"], np.float32(v)))
assert [g[:3] for g in got] == want and any(t == "layer_cosine/1" for t, *_ in want) and any(t == "test/recall@10" for t, *_ in want)
wall = [g[3] for g in got]
assert wall == sorted(wall) and abs(wall[-1] - os.stat("work/metrics.jsonl").st_mtime) < 2
P
/usr/bin/python3 check.py

# What cannot be done is said in one line, with a documented code, and leaves no file.
refused() { # CODE WORDS words…
  code=$1 words=$2 rc=0; shift 2
  "$@" >out.log 2>err || rc=$?
  [ $rc = "$code" ] && [ "$(wc -l <err)" = 1 ] && grep -F -- "$words" err >/dev/null || { echo "$*: code $rc"; cat err; exit 1; }
  [ ! -e no ] || { echo "$*: left a folder"; ls -R no; exit 1; }
}
refused 64 'expected --format' "$KITH" export job.yaml --output no
refused 64 'python3 kith.py parquet' "$KITH" export job.yaml --format parquet --output no
mkdir -p folder
refused 64 'is a folder; expected a job file' "$KITH" export folder --format npy --output no
refused 64 'x.json: expected a job file' "$KITH" export x.json --format npy --output no
refused 64 'expected --output' "$KITH" export job.yaml --format npy
refused 64 'expected a job file' "$KITH" export --format npy --output no
refused 64 'go with --format neighbors' "$KITH" export job.yaml --format npy --k 3 --output no
refused 64 'has no types of nodes' "$KITH" export job.yaml --format edges --nodes item --output no
refused 64 'has no nodes of this type' "$KITH" export job.yaml --format npy --nodes tag --output no
refused 64 'has no nodes of type tag' "$KITH" export job.yaml --format neighbors-tsv --nodes tag --output no
refused 64 'expected cosine or dot' "$KITH" export job.yaml --format neighbors-tsv --score l2 --output no
refused 64 'needs embeddings' "$KITH" export work/graph.h5 --format npy --output no
refused 64 'needs a graph.h5' "$KITH" export top.h5 --format edges --output no
refused 65 'has nothing to export' "$KITH" export work/parts.h5 --format npy --output no
refused 66 'run kith train' "$KITH" export job.yaml --set work=typed --format tensorboard --output no
refused 64 'WORK/refit' "$KITH" export work/embeddings.h5 --refit --format npy --output no
refused 66 'kith train job.yaml --refit' "$KITH" export job.yaml --refit --format npy --output no
refused 78 'was trained with model=lightgcn' "$KITH" export job.yaml --set model.name=sage --format npy --output no
refused 73 '--output names a folder' "$KITH" export job.yaml --format npy --output list.tsv
mkdir -p clash; ln -s ../list.tsv clash/item.tsv
refused 64 'reads as data.interactions.path' "$KITH" export job.yaml --format tsv --output clash
mkdir -p foreign; cp work/graph.h5 foreign/item.neighbors.h5
refused 73 'was not made by kith export' "$KITH" export job.yaml --format neighbors-h5 --output foreign
echo '{"epoch": 1, "run": "../x", "loss": 1}' >bad.jsonl
refused 65 'expected at most' "$KITH" export bad.jsonl --format tensorboard --output no
echo '{"epoch": 1' >bad.jsonl
refused 65 'bad.jsonl' "$KITH" export bad.jsonl --format tensorboard --output no
head -c 20000 work/embeddings.h5 >short.h5
refused 65 'short.h5' "$KITH" export short.h5 --format npy --output no
if KITH_FAULT=read:1000000@0 "$KITH" inspect top.h5 >/dev/null 2>&1; then # built with faults
  mkdir -p full; echo old >full/user.npy
  for at in "npy 2" "edges 3" "tensorboard 4"; do
    rc=0; KITH_FAULT=write:${at#* }@0 "$KITH" export job.yaml --format ${at% *} --output full >/dev/null 2>err || rc=$?
    [ $rc = 73 ] || [ $rc = 74 ] || { echo "$at: code $rc"; cat err; exit 1; }
    [ "$(ls -A full)" = user.npy ] && [ "$(cat full/user.npy)" = old ] || { echo "after $at"; ls -A full; exit 1; }
  done
  refused 73 'cannot be written' env KITH_FAULT=write:3@0 "$KITH" export job.yaml --format npy --output no
fi
