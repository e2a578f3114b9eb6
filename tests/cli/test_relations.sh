# fast
# data.relations, from lists to graph.h5: what kith ingest and kith inspect tell of random lists is what Python makes of
# them; rules of names, ends and columns; nothing is half-written.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/t"
cd "$dir/t"
cat >"$dir/lists.py" <<'P'
import random
r = random.Random(11)
users, items, tags = ["u%d" % k for k in range(40)], ["i%d" % k for k in range(30)], ["t%d" % k for k in range(9)]
write = lambda name, lines: open(name, "w").write("".join("\t".join(map(str, x)) + "\n" for x in lines))
pairs = [(u, i) for u in users for i in items]
train = r.sample(pairs, 300) + [(u, items[0]) for u in users] + [(users[0], i) for i in items]
write("train.tsv", train)
write("test.tsv", r.sample(pairs, 60))
some = lambda a, b, n: [(r.choice(a), r.choice(b)) for _ in range(n)]
write("friend.tsv", [("stranger", "u1")] + some(users, users, 200) + some(["u1", "u2"], ["u1", "u2"], 4))
write("tag.tsv", [("from", "to", "w", "t")] + [(i, t, r.randrange(1, 6), r.randrange(10**9, 2 * 10**9)) for i, t in some(items + ["nothing"], tags, 120)])
write("view.tsv", some(users, items, 300))
write("kg.tsv", [(a, r.choice(["made by", "of", "near"]), b) for a, b in some(items + ["nothing"], tags, 200)])
write("cites.tsv", some(items[:8], items[:8], 40))
write("near.tsv", some(tags + ["t-late"], tags, 30) + [("t-late", "t1")])
P
python3 "$dir/lists.py"
cat >job.yaml <<'Y'
work: work
data:
  interactions: {path: train.tsv, format: edges, delimiter: tab}
  test: {path: test.tsv}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges, delimiter: tab}
    tag: {path: tag.tsv, from: item, to: tag, delimiter: tab, header: true, columns: {from: 1, to: to, weight: w, time: t}, min_weight: 2}
    view: {path: view.tsv, from: user, to: item, format: edges, delimiter: tab}
    kg: {path: kg.tsv, from: item, to: tag, direction: back, delimiter: tab, columns: {from: 1, kind: 2, to: 3}}
    cites: {path: cites.tsv, from: item, to: item, direction: forward, format: edges, delimiter: tab}
    near: {path: near.tsv, from: tag, to: tag, format: edges, delimiter: tab}
Y
"$KITH" ingest job.yaml --json >ingested
"$KITH" inspect work/graph.h5 --json >inspected

cat >"$dir/oracle.py" <<'P'
import json
read = lambda name: [line.split("\t") for line in open(name).read().splitlines()]
train, test = {tuple(p) for p in read("train.tsv")}, {tuple(p) for p in read("test.tsv")}
users, items = {u for u, _ in train}, {i for _, i in train | test}
told, found = (json.loads(open(name).read().splitlines()[-1]) for name in ("ingested", "inspected"))
tags = []
jaccard = lambda a, b: len(a & b) / len(a | b) if a | b else 0
for name, first, second, light in ("friend", users, users, 0), ("tag", items, tags, 2), ("view", users, items, 0), ("kg", items, tags, 0), ("cites", items, items, 0), ("near", tags, tags, 0):
    lines = read(name + ".tsv")[1 if name == "tag" else 0:]
    edges, unknown, self_loops, below, times = [], 0, 0, 0, {}
    for line in lines:
        if light and int(line[2]) < light: below += 1; continue
        a, b, kind = (line[0], line[2], line[1]) if name == "kg" else (*line[:2], "")
        if (first is not tags and a not in first) or (second is not tags and b not in second): unknown += 1; continue
        if first is second and a == b: self_loops += 1; continue
        for end, known in ((a, first), (b, second)):
            if known is tags and end not in tags: tags.append(end)
        edges.append((a, b, kind))
        if light: times[a, b] = min(times.get((a, b), 1 << 60), int(line[3]))
    every, one, same = set(edges), first is second, first is second and name != "cites"
    pairs = {(frozenset(e[:2]), e[2]) for e in every} if same else every
    t, f = told["relations"][name], found["relations"][name]
    assert (t["edges"], t["pairs"], t["duplicates"]) == (len(every), len(pairs), len(edges) - len(every)), (name, t)
    assert (t["unknown"], t["self_loops"], t["below_min_weight"]) == (unknown, self_loops, below), (name, t)
    assert (t["direction"], f["direction"]) == ({"kg": "back", "cites": "forward"}.get(name, "both"),) * 2, (t, f)
    assert t["list"]["from"] == 1 and t["list"]["to"] == 2 + (name == "kg") and t["list"]["lines"] == len(lines), t
    assert (f["edges"], f["pairs"], f["both"]) == (len(every), len(pairs), len(every) - len(pairs)), (name, f)
    reads = {}
    for a, b, kind in every:
        reads.setdefault((0, a), set()).add(b)
        reads.setdefault((0 if same else 1, b), set()).add(a)
    for end, nodes, side in ("from", first, 0), ("to", second, 0 if same else 1):
        n = told["types"][f[end]]
        degrees = [len(x) for (s, _), x in reads.items() if s == side] # several kinds are one neighbor
        assert abs(f[end + "_degree_mean"] - sum(degrees) / n) < 1e-4 and f[end + "_degree_max"] == max(degrees), (name, end, f)
        assert f[end + "_without"] == n - len(degrees), (name, end, f)
    if name == "friend":
        mine = {u: {i for v, i in train if v == u} for u in users}
        overlap = sum(jaccard(*(mine[u] for u in p)) for p, _ in pairs) / len(pairs)
        assert f["compared"] == len(pairs) and abs(f["overlap"] - overlap) < 1e-6 and 0 < f["overlap_random"] < 1, (overlap, f)
    else: assert ("overlap" in f) == (name == "cites")
    if name == "kg":
        assert f["kinds"] == {k: sum(e[2] == k for e in every) for k in dict.fromkeys(e[2] for e in edges)} and t["kinds"] == 3, f
        assert t["list"]["kind"] == 2, t
    else: assert "kinds" not in f and t["kinds"] == 0
    if name == "view": assert (f["valid"], f["test"]) == (0, len(test & {e[:2] for e in every})), f
    if name == "tag": assert (f["first_time"], f["last_time"]) == (min(times.values()), max(times.values())), f
    else: assert "first_time" not in f
assert told["types"] == {"user": len(users), "item": len(items), "tag": len(tags)} and "t-late" in tags, told["types"]
P
python3 "$dir/oracle.py"
mpirun -n 3 --oversubscribe "$KITH" ingest job.yaml --set work=three >/dev/null
"$KITH" inspect three/graph.h5 --json | tail -1 >again
tail -1 inspected | cmp - again
for text in 'relation near, tag to tag' ' pairs are listed in both directions' 'times from 2' '% of the test pairs are edges of it'; do
  grep -q "$text" inspected || { echo "inspect does not say: $text"; exit 1; }
done

# What cannot be is one line, and leaves no file.
refused() { # CODE TEXT words…
  code=$1 text=$2 rc=0; shift 2
  rm -rf no
  "$KITH" ingest job.yaml --set work=no "$@" >out 2>err || rc=$?
  [ $rc = $code ] && [ "$(grep ^kith: err | grep -vc warning)" = 1 ] && grep -q -- "$text" err && [ ! -e no/graph.h5 ] || { echo "exit $rc"; cat err; exit 1; }
}
refused 66 'missing.tsv' --set data.relations.view.path=missing.tsv
refused 78 'data.relations.tag.to: label means something else in files' --set data.relations.tag.to=label
refused 78 'data.relations.tag.columns.to and .weight to different ones' --set data.relations.tag.columns.weight=2
refused 78 'data.relations.view.min_weight: 2, but no column of weights' --set data.relations.view.min_weight=2
printf 'u1\ti1\nu2\n' >torn.tsv
refused 65 'torn.tsv:2: expected 2 columns' --set data.relations.view.path=torn.tsv
printf 'u1\ti\x01\n' >odd.tsv
refused 65 'odd.tsv:1: .*control character in a tag id' --set data.relations.near.path=odd.tsv
awk 'BEGIN { for (k = 0; k < 65536; k++) print "i1\tkind" k "\tt1" }' >many.tsv
refused 65 'many.tsv:65536: more than 65535 different kinds; is data.relations.kg.columns.kind another' --set data.relations.kg.path=many.tsv
head -65535 many.tsv >most.tsv
"$KITH" ingest job.yaml --set work=most --set data.relations.kg.path=most.tsv >/dev/null
"$KITH" inspect most/graph.h5 >out
grep -q '65535 kinds: kind0 1, kind1 1, .*, …' out
printf 'i1\tk\x01\tt1\n' >odd.tsv
refused 65 'odd.tsv:1: .*control character in a kind id' --set data.relations.kg.path=odd.tsv
refused 78 'data.relations.cites.direction: expected both | forward | back' --set data.relations.cites.direction=up
