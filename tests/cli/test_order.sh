# data.interactions.columns.time: line: the number of the line, or in adjacency lists the order within a user, is the time of leave-last-out;
# graph.h5 and parts.h5 say so, and what needs seconds, or compares users, is refused in one line.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
/usr/bin/python3 - <<'P'
import random
random.seed(3)
rows = [(u, random.sample(range(30), 6)) for u in range(40)]
rows.append((0, [31, 32])) # a further line of a user comes later
open("list.adj", "w").write("".join(f"{u} {' '.join(map(str, i))}\n" for u, i in rows))
open("list.tsv", "w").write("".join(f"{u}\t{i}\n" for u, items in rows for i in items))
open("named.tsv", "w").write("user\titem\tline\n" + "".join(f"{u}\t{i}\t1\n" for u, items in rows for i in items))
P
cat >job.yaml <<'J'
work: adj
data:
  interactions: {path: list.adj, format: adjacency, columns: {time: line}}
  split: {method: leave-last-out, valid: 0.1, test: 0.1}
partition: {parts: 3}
model: {dim: 4, layers: 1, sequence: recent}
train: {epochs: 1, batch: 64}
evaluate: {every: 1}
J
edges="--set work=edges --set data.interactions.path=list.tsv --set data.interactions.format=edges"
refuses() { rc=0; "${@:2}" >said 2>&1 || rc=$?; [ $rc != 0 ] || { echo "taken: $*"; exit 1; }; grep "$1" said >/dev/null || { cat said; exit 1; }; }
"$KITH" ingest job.yaml --strict >said 2>&1 || { cat said; exit 1; }
tr -s ' \n' ' ' <said | grep "the order within a user as time" >/dev/null
"$KITH" ingest job.yaml $edges --strict >said 2>&1 || { cat said; exit 1; }
tr -s ' \n' ' ' <said | grep "the line as time" >/dev/null
for job in "" "$edges"; do "$KITH" partition job.yaml $job --quiet >log; done
"$KITH" train job.yaml --quiet >log
refuses "compares the times of all users" "$KITH" ingest job.yaml --set work=no --set data.split.method=time
refuses "times in seconds" "$KITH" ingest job.yaml --set work=no --set data.split.method=stream
refuses "a column has this name" "$KITH" ingest job.yaml $edges --set work=no --set data.interactions.path=named.tsv --set data.interactions.header=true --set data.interactions.columns.user=user --set data.interactions.columns.item=item
refuses "ages need times in seconds" "$KITH" train job.yaml --set model.sequence=none --set model.half_life=30d --fresh
"$KITH" ingest job.yaml $edges --set work=time --set data.split.method=time --quiet >log # lines are an order of all
/usr/bin/python3 - <<'P'
import h5py
last = {}
for line in open("list.adj"):
    u, *items = line.split()
    last.setdefault(u, []).extend(items)
for work, what in ("adj", 2), ("edges", 1):
    g = h5py.File(f"{work}/graph.h5", "r")
    assert g.attrs["time_is"] == what == h5py.File(f"{work}/parts.h5", "r").attrs["time_is"]
    user, item = [str(x) for x in g["user/id"][:]], [str(x) for x in g["item/id"][:]]
    for u, name in enumerate(user):
        for split, place in ("test", -1), ("valid", -2):
            s = g[split + "/start"][:]
            assert [item[i] for i in g[split + "/item"][s[u]:s[u + 1]]] == [last[name][place]], (work, split, name)
P
