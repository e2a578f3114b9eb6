# Sections of kith report on the data and the training: figures and points against NumPy, names that are no HTML, and what
# is said where something cannot be shown.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
fail() { echo "FAIL: $*"; exit 1; }
page() { /usr/bin/python3 "$KITH_SOURCE/tests/support/page.py" "$@" || fail "page: $*"; }
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 120, items: 150, interactions: 2500, friends: 200, tags: 12, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    tag: {path: tag.tsv, from: item, to: tag, format: edges}
  item_names: {path: names.tsv, columns: {id: 1, name: 2}}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 16, layers: 2, relations: {friend: 0.5, tag: 0.5}}
train: {batch: 512, epochs: 4, lr: 0.01}
evaluate: {k: [10], every: 1, oversmoothing: true}
J
"$KITH" generate job.yaml --quiet >/dev/null
cut -f 2 list.tsv | sort -u | sed "s|.*|&\t<script>alert(\"&\")</script> \& 'co'|" >names.tsv
"$KITH" ingest job.yaml --quiet >/dev/null
"$KITH" report job.yaml --quiet >/dev/null
page work/report.html 'kith partition job.yaml'
"$KITH" partition job.yaml --quiet >/dev/null
ranks 4 train job.yaml --quiet >/dev/null
"$KITH" report job.yaml --quiet >/dev/null
page work/report.html '&lt;script&gt;alert(' 'on 4 ranks' 'id="cut"' 'id="map"' 'id="examples"' 'id="memory"' 'mpirun -n 4 kith train job.yaml' 'has a general taste for it'
cat >check.py <<'P'
import h5py, html, json, re, sys
import numpy as np
page = open("work/report.html").read()
section = {n: t for n, t in re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.S)}
cells = lambda t: [[html.unescape(re.sub("<.*?>", "", c)) for c in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", r, re.S)] for r in re.findall(r"<tr.*?>(.*?)</tr>", t, re.S)]
number = lambda s: float(s.replace("\u202f", "").replace(" %", ""))
graph = h5py.File("work/graph.h5")

# Degrees: means, medians, the largest, and the end of each curve.
start, item = graph["train/start"][:], graph["train/item"][:]
n_item = len(graph["item/id"])
for row, degree in zip(cells(section["degrees"])[1:], (np.diff(start), np.bincount(item, minlength=n_item))):
    top = np.sort(degree)[-((len(degree) + 99) // 100):].sum() / degree.sum()
    said = [number(x) for x in row[1:]]
    assert np.allclose(said, [len(degree), degree.mean(), np.sort(degree)[(len(degree) - 1) // 2], degree.max(), (degree == 0).sum(), 100 * top], atol=.06), (row, top)

# The map: every item is a point of the plane of the two largest principal components of the rows of length 1.
x = h5py.File("work/embeddings.h5")["item/embedding"][:].astype(float)
x /= np.linalg.norm(x, axis=1)[:, None]
value, axis = np.linalg.eigh(np.cov(x.T))
axis = axis[:, :-3:-1] * np.where(np.abs(axis).max(0) == axis.max(0), 1, -1)[:-3:-1]
at = (x - x.mean(0)) @ axis
shares = [number(s) for s in re.findall(r"axis, ([\d.]+) %", section["map"])]
assert np.allclose(shares, 100 * value[:-3:-1][::-1] / value.sum(), atol=.06), (shares, value)
dots = np.array([[float(a) for a in d] for d in re.findall(r'<circle r="1.7" cx="([\d.]+)" cy="([\d.]+)"', section["map"])])
assert dots.shape == at.shape, (dots.shape, at.shape)
unit = lambda p: (p - p.min(0)) / (p.max(0) - p.min(0))
dots[:, 1] *= -1 # up is larger
distance = np.abs(unit(dots)[:, None] - unit(at)[None]).max(2)
assert distance.min(1).max() < 1e-3 and distance.min(0).max() < 1e-3, distance.min(1).max()
groups = re.findall(r"</svg> (\S+) \(([\d\u202f]+)\)", section["map"])
tags = np.bincount(graph["edge/tag/to"][:] if "edge/tag/to" in graph else graph["edge/tag/target"][:], minlength=1)
wanted = sorted((int(n) for n in tags if 2 <= n <= n_item // 2), reverse=True)[:7]
assert [int(n.replace("\u202f", "")) for _, n in groups] == wanted, (groups, wanted)

# Time and layers are those of metrics.jsonl.
lines = [json.loads(l) for l in open("work/metrics.jsonl")]
rows = {r[0]: r for r in cells(section["time"])}
took = lambda l: max(l["seconds"], sum(l["phases"].values()))
total = sum(took(l) + l.get("evaluate_seconds", 0) + l.get("checkpoint_seconds", 0) for l in lines)
for phase in "forward", "exchange", "backward":
    assert abs(number(rows[phase][3]) - 100 * sum(l["phases"][phase] for l in lines) / total) < .1, rows[phase]
assert abs(sum(number(r[3]) for r in rows.values() if r[0] != "phase") - 100) < .4, rows
assert page.count(re.search(r"<p[^>]*>(\S+ \S+) of 4 epochs on 4 ranks", section["time"])[1]) > 1 # the headline has the same
epoch = int(re.search(r"After epoch (\d+)", section["layers"])[1])
line, = [l for l in lines if l["epoch"] == epoch]
said = cells(section["layers"])[1:]
assert len(said) == 3
assert np.allclose([number(r[1]) for r in said], line["layer_cosine"], atol=1e-4)

# Friends who choose alike; the cut on the ranks of the run.
relation = {r[0]: r for r in cells(section["relations"])}
assert number(relation["friend"][7]) > number(relation["friend"][8]) > 0, relation
assert "For 4 ranks, along interactions, friend, tag" in section["cut"] and [r[0] for r in cells(section["cut"])] == ["ranks", "2", "4"], cells(section["cut"])

# The matrix between ranks has the ghosts that the table counts on its own, those of relations too.
read = number(re.search(r"([\d\u202f]+) in all", section["cut"])[1])
nodes = sum(len(graph[n]) for n in ("user/id", "item/id", "node/tag/id"))
assert abs(read - number(cells(section["cut"])[2][2]) * nodes) < .0006 * nodes, (read, cells(section["cut"]))

# Recommendations: six users, and no item that they have in training; shares of reasons are below one.
ids = [i.decode() if isinstance(i, bytes) else str(i) for i in graph["item/id"][:]]
shown = re.findall(r"<h3>User (\S+) .*?</h3>(.*?)</table>", section["examples"], re.S)
assert len(shown) == 6
users = [u.decode() if isinstance(u, bytes) else str(u) for u in graph["user/id"][:]]
for user, text in shown:
    u = users.index(user)
    known = {ids[i] for i in item[start[u]:start[u + 1]]}
    table = cells(text)[1:]
    assert len(table) == 5
    for r in table:
        assert re.search(r'alert\("(.*?)"\)', r[0])[1] not in known, r
        assert 0 < float(r[1]), r
        assert all(re.search(r'alert\("(.*?)"\)', name)[1] in known for name in re.findall(r"chose (.*?'co')", r[2])), r
P
/usr/bin/python3 check.py || fail "figures"

# Without the model's checkpoint there are no reasons; the page says so, and has the recommendations.
mkdir kept
mv work/checkpoint-* kept
"$KITH" report job.yaml --quiet >/dev/null
page work/report.html 'id="examples"' 'reasons of recommendations'

# A graph that parts.h5 is not of: the page says so, and nothing is drawn of the two together.
head -n 800 list.tsv >fewer.tsv
"$KITH" ingest job.yaml --quiet --set data.interactions.path=fewer.tsv >/dev/null
"$KITH" report job.yaml --quiet --set data.interactions.path=fewer.tsv >/dev/null
page work/report.html 'was cut from another graph'
