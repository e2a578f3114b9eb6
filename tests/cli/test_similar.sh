# timeout: 240
# kith recommend --similar-to, --similar-to-user, and --user for newcomers, against numpy, on one rank and on three.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
sed -i '/social:/d' job.yaml
"$KITH" ingest job.yaml --quiet >/dev/null
"$KITH" partition job.yaml --quiet >/dev/null
"$KITH" train job.yaml --quiet >/dev/null
/usr/bin/python3 - <<'P'
import h5py
item = [i.decode() for i in h5py.File("work/graph.h5")["item/id"][:]]
with open("new.txt", "w") as f:
    for u in range(3): f.write("".join("late-%d\t%s\n" % (u, i) for i in item[u:40 * (u + 1):5]))
P
"$KITH" embed job.yaml --quiet --set embed.interactions.path=new.txt --set embed.interactions.format=edges >/dev/null
read -r one two < <(/usr/bin/python3 -c 'import h5py; i = h5py.File("work/graph.h5")["item/id"]; print(i[7].decode(), i[123].decode())')
for n in 1 3; do
  ranks $n recommend job.yaml --json --quiet --similar-to "$one" --similar-to "$two" --k 9 >items.$n
  ranks $n recommend job.yaml --json --quiet --similar-to-user user-007 --k 5 >users.$n
  ranks $n recommend job.yaml --json --quiet --user late-2 --user late-0 --k 12 >new.$n
  for what in items users new; do cmp <(sed 's/"ranks": [0-9]*//' $what.1) <(sed 's/"ranks": [0-9]*//' $what.$n); done
done
/usr/bin/python3 - <<'P'
import h5py, json, numpy
e, new = h5py.File("work/embeddings.h5"), h5py.File("work/new.h5")
text = lambda ids: [i.decode() for i in ids]
item, user = text(e["item/id"][:]), text(e["user/id"][:])
told = lambda name: json.loads(open(name).read().splitlines()[-1])
def best(ids, score, k, but):
    order = [i for i in numpy.lexsort((numpy.arange(len(score)), -score)) if i not in but][:k]
    return [ids[i] for i in order], score[order]
def agrees(mine, score, truth, scores):
    assert numpy.allclose(score, scores, rtol=1e-5, atol=1e-6), (score, scores)
    close = numpy.abs(numpy.diff(scores)) < 1e-6 # who is all but alike may change places
    assert mine == truth or close.any(), (mine, truth)
def unit(x): return x / numpy.linalg.norm(x, axis=1, keepdims=True)
for name, type, ids in ("items.1", "item", item), ("users.1", "user", user):
    x = unit(e[type + "/embedding"][:].astype(float))
    lists = told(name)["similar"]
    assert len(lists) == (2 if type == "item" else 1)
    for a in lists:
        me = ids.index(a[type])
        assert a[type] not in a[type + "s"]
        agrees(a[type + "s"], a["scores"], *best(ids, x @ x[me], len(a["scores"]), {me}))
        assert len(a["scores"]) == (9 if type == "item" else 5)
x, late = e["item/embedding"][:].astype(float), text(new["user/id"][:])
had = {}
for line in open("new.txt"): had.setdefault(line.split("\t")[0], set()).add(item.index(line.split("\t")[1].strip()))
lists = told("new.1")["recommendations"]
assert [a["user"] for a in lists] == ["late-2", "late-0"]
for a in lists:
    row = new["user/embedding"][late.index(a["user"])].astype(float)
    agrees(a["items"], a["scores"], *best(item, x @ row, 12, had[a["user"]]))
    assert not {item.index(i) for i in a["items"]} & had[a["user"]] and len(a["items"]) == 12
P

refused() { want=$1 words=$2; shift 2; rc=0; "$KITH" recommend job.yaml "$@" >out 2>err || rc=$?; [ $rc = "$want" ] && grep -q -- "$words" err || { echo "$*: code $rc"; cat err; exit 1; }; }
refused 65 'no such item in the graph; .* kith export --format neighbors-tsv --new FILE --nodes item --among item' --similar-to nothing
refused 64 '--user late-0 is given twice' --user late-0 --user user-001 --user late-0
refused 64 'of all new users.* kith export --format neighbors-tsv --new FILE' --all --output top.tsv --new work/new.h5
for other in late-0 user-001; do # a mistyped id is told as one, whatever stands beside it
  refused 65 'user nobody: no such user in the graph, nor in work/new.h5' --user $other --user nobody
  refused 65 'user nobody: no such user in the graph, nor in work/new.h5' --user nobody --user $other
done
both='user user-001: is in the graph, and --user late-0 in work/new.h5; request them in runs of their own'
refused 65 "$both" --user user-001 --user late-0
refused 65 "$both" --user late-0 --user user-001
refused 65 'user user-001: is in the graph, not in work/new.h5; .* without --new' --user user-001 --new work/new.h5
mv work/new.h5 aside.h5
refused 65 'user nobody: no such user in the graph; kith embed makes rows' --user user-001 --user nobody
mv aside.h5 work/new.h5
refused 64 'exclude each other' --similar-to "$one" --user user-001
refused 66 'No such file' --user late-0 --new none.h5
"$KITH" recommend job.yaml --user user-001 >/dev/null

# Rows of another epoch than the items', and a newcomer of whom nothing is known: both are said.
printf 'alone\tnowhere\nlate-9\t%s\n' "$one" >new.txt
"$KITH" embed job.yaml --quiet --set embed.interactions.path=new.txt --set embed.interactions.format=edges >/dev/null
"$KITH" recommend job.yaml --user late-9 2>err >/dev/null
! grep -q 'warning' err || { cat err; exit 1; }
"$KITH" recommend job.yaml --user alone 2>err >/dev/null
grep -q 'user alone: this new user has no known items or features' err || { cat err; exit 1; }
# New items are in the file, and not ranked: both verbs say so, with the command that lists users for them.
instead='kith export job.yaml .*--format neighbors-tsv --new [^ ]*new.h5 --nodes item --among user --output'
"$KITH" embed job.yaml --set embed.types=both --set embed.interactions.path=new.txt --set embed.interactions.format=edges >out
grep -q "kith recommend ranks the items of the graph alone; .*$instead" out || { cat out; exit 1; }
"$KITH" recommend job.yaml --user late-9 --json >out 2>&1
grep -q "1 new item of the file is not ranked; .*$instead" out && grep -q '"unranked_new_items": 1[,}]' out || { cat out; exit 1; }
"$KITH" export job.yaml --format neighbors-tsv --new work/new.h5 --nodes item --among user --output near --quiet
grep -q '^nowhere.1.user-' near/item.neighbors.tsv || { head near/*; exit 1; }
"$KITH" train job.yaml --quiet --set train.epochs=5 >/dev/null
"$KITH" recommend job.yaml --user late-9 2>err >/dev/null
grep -q 'new.h5: is of epoch 4, and embeddings.h5 of epoch 5' err || { cat err; exit 1; }
