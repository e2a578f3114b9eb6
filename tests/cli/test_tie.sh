# Ties in LightGCN: what the two ends have in common, counted by kith ingest from training interactions alone; weights by
# it, by age and by learned gates are what NumPy makes of the files; one SHA-256 of the rows on 1 to 4 ranks and two cuts;
# what cannot be is refused with one line.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 150, items: 200, interactions: 3000, friends: 300, communities: 6}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    near: {path: near.tsv, from: item, to: item, format: edges, columns: {from: 1, to: 2, time: 3}}
  split: {method: ratio, valid: 0.1, test: 0.2}
partition: {parts: 6}
model: {dim: 16, layers: 2, relations: {friend: 0.6, near: 0.8}}
train: {batch: 256, epochs: 2, lr: 0.01}
evaluate: {every: 0}
checkpoint: {every: 1, keep: 2, best: false}
J
sed "/near: {path/d; s/, near: 0.8//" job.yaml >make.yaml
"$KITH" generate make.yaml --quiet >/dev/null 2>&1
# Items that follow each other in the list, at times of about three years; some pairs in both directions.
awk -F '\t' -v OFS='\t' '!/^#/ && n++ < 500 {
  if (n > 1 && last != $2) print last, $2, $3 + 4000000 # some later than all interactions
  if (n % 7 == 0) print $2, last, $3 - 1000000
  last = $2
}' list.tsv >near.tsv
"$KITH" ingest job.yaml --json 2>ingest.log | tail -n 1 >ingest.json
"$KITH" partition job.yaml --quiet >/dev/null 2>&1

# Overlaps are those of the training sets, in graph.h5 and at both ends in parts.h5.
/usr/bin/python3 - <<'P'
import h5py, json
graph, parts = h5py.File("work/graph.h5"), h5py.File("work/parts.h5")
start, item = graph["train/start"][:], graph["train/item"][:]
users = [set(item[a:b]) for a, b in zip(start, start[1:])]
items = [set() for _ in graph["item/id"]]
for u, mine in enumerate(users):
    for i in mine: items[i].add(u)
original = parts["node/original"][:]
for name, lists in ("friend", users), ("near", items):
    edges = graph["edge/" + name]
    pairs = {}
    for a in range(len(lists)):
        for e in range(edges["start"][a], edges["start"][a + 1]):
            b, n = edges["to"][e], edges["overlap"][e]
            assert n == len(lists[a] & lists[b]), (name, a, b, n)
            pairs[a, b] = pairs[b, a] = n
    assert max(pairs.values()) > 1 and min(pairs.values()) == 0, name
    rows = parts["edge/" + name]
    seen = 0
    for v in range(len(original)):
        for e in range(rows["start"][v], rows["start"][v + 1]):
            assert rows["overlap"][e] == pairs[original[v], original[rows["neighbor"][e]]], (name, v)
            seen += 1
    assert seen == len(pairs)
    told = json.load(open("ingest.json"))["relations"][name]
    assert told["without_overlap"] == (edges["overlap"][:] == 0).sum(), (name, told)
print("overlaps of", len(users), "users and", len(items), "items are right")
P
"$KITH" inspect work/graph.h5 >out
"$KITH" inspect work/parts.h5 >out

cat >oracle.py <<'P' # TIE DAYS DAYS-OF-NEAR [forward]: days 0 for none; near without a direction, or with it
import h5py, numpy as np, sys
forward = len(sys.argv) > 4
tie, days, near_days = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
omega = dict(friend=0.6, near=0.8)
graph, told = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
n = [len(graph["user/id"]), len(graph["item/id"])]
total, first = sum(n), dict(user=0, item=n[0])
x = np.concatenate([state["user/parameter"][:], state["item/parameter"][:]]).astype(float)
start, item = graph["train/start"][:], graph["train/item"][:]
now = graph["train/time"][:].max() if "train/time" in graph else graph["edge/near/time"][:].max()
def age(time, days): return 2.0 ** -np.clip((now - time) / (days * 86400), 0, 60) if days else np.ones(len(time))
def normalized(a):
    row, column = (np.where(a.sum(side) > 0, a.sum(side), 1) for side in (1, 0))
    return a / np.sqrt(np.outer(row, column))
a = np.zeros((total, total))
counts = age(graph["train/time"][:], days) if days else np.ones(len(item))
for u in range(n[0]):
    for e in range(start[u], start[u + 1]): a[u, n[0] + item[e]] = a[n[0] + item[e], u] = counts[e]
m = normalized(a)
have = (a > 0).astype(float)
common = have @ have
relations = {}
for name, type in ("friend", "user"), ("near", "item"): # of two lines of one pair the earlier one counts
    edge = graph["edge/" + name]
    r, when = np.zeros((total, total)), np.full((total, total), np.inf)
    for u in range(n[0] if type == "user" else n[1]):
        for e in range(edge["start"][u], edge["start"][u + 1]):
            i, j = first[type] + u, first[type] + edge["to"][e]
            time = edge["time"][e] if "time" in edge else 0
            if time >= when[i, j]: continue
            f = age(np.array([time]), near_days)[0] if name == "near" else 1
            both = ((i, j),) if forward and name == "near" else ((i, j), (j, i))
            for pair in both:
                when[pair] = time
                r[pair] = f * (common[i, j] if tie == "similarity" else 1)
    assert r.any()
    relations[name] = r
    r = normalized(r)
    if tie == "learned" and not (forward and name == "near"):
        w = state["weights/parameter"][:].astype(float)
        assert len(w) == x.shape[1] + 1 and np.abs(w).max() > 1e-4, w
        r *= 1 / (1 + np.exp(-((x * w[:-1]) @ x.T + w[-1])))
    m += omega[name] * r
layers = [x]
for _ in range(2): layers.append(m @ layers[-1])
truth = np.mean(layers, 0)
mine = np.concatenate([told["user/embedding"][:], told["item/embedding"][:]])
worst = np.abs(mine - truth).max() / np.abs(truth).max()
assert worst < 1e-5, worst
P
check() { /usr/bin/python3 oracle.py "$@"; }
train() { n=$1; shift; ranks $n train job.yaml --fresh --quiet "$@" >log 2>&1 || { cat log; exit 1; }; }
everywhere() { # "RANKS…" words…: the same bits on any number of ranks and with another cut
  numbers=$1; shift
  train 1 "$@"
  cp work/embeddings.h5 one.h5
  for n in $numbers; do train $n "$@"; same_embeddings one.h5 work/embeddings.h5; done
  "$KITH" partition job.yaml --quiet "$@" --set partition.method=hash >/dev/null 2>&1
  train 3 "$@"
  same_embeddings one.h5 work/embeddings.h5
  "$KITH" partition job.yaml --quiet "$@" >/dev/null 2>&1
}
train 2
cp work/embeddings.h5 plain.h5
check none 0 0
everywhere 4 --set model.tie=similarity
check similarity 0 0
check none 0 0 2>/dev/null && { echo "the oracle sees no overlaps"; exit 1; }
everywhere 2 --set model.half_lives.near=180d --set model.half_life=90d
check none 90 180
check none 90 0 2>/dev/null && { echo "the oracle sees no age of edges"; exit 1; }
train 3 --set model.half_lives.near=180d --set model.tie=similarity
check similarity 0 180
# New nodes: their ties weigh what they have in common with the other end, and their edges count as the latest.
with="--set model.half_lives.near=180d --set model.tie=similarity"
users=($(grep -v '^#' list.tsv | cut -f 1 | sort -u | sed -n '1p;5p;9p'))
awk -F '\t' -v OFS='\t' -v u="${users[0]}" -v v="${users[1]}" '$1 == u { print "new-1", $2, $3 } $1 == v && n++ < 2 { print "new-1", $2, $3 }' list.tsv | sort -u -k 2,2 >new.tsv
awk -F '\t' -v OFS='\t' '!/^#/ && !seen[$1]++ && n++ < 90 { print $1, "thing", $3 }' list.tsv >>new.tsv
printf 'new-1\t%s\n%s\tnew-1\n' "${users[0]}" "${users[1]}" >new-friend.tsv
awk -F '\t' -v OFS='\t' 'n++ < 3 && !seen[$1]++ { print "thing", $1, 5 }' near.tsv >new-near.tsv
cat >embed.py <<'P' # as oracle.py
exec(open("oracle.py").read())
ids = [[i.decode() if isinstance(i, bytes) else str(i) for i in graph[t + "/id"][:]] for t in ("user", "item")]
def lines(path): return [line.split("\t") for line in open(path).read().splitlines()]
node = {name: i for i, name in enumerate(ids[0] + ids[1])}
new = {}
for u, i, _ in lines("new.tsv"):
    for mine, other in ((u, i), (i, u)):
        if mine not in node: new.setdefault(mine, set()).add(node[other])
degree = a.sum(1)
for name, weight, edges, type in ("new-1", 0.6, lines("new-friend.tsv"), "user"), ("thing", 0.8, lines("new-near.tsv"), "item"):
    mine, sums = new[name], relations["friend" if type == "user" else "near"].sum(1)
    ends = {node[e[1] if e[0] == name else e[0]] for e in edges}
    overlap = {j: len(mine & set(np.flatnonzero(a[j]))) for j in ends}
    total_overlap = sum(overlap.values())
    assert total_overlap > 0 and len(ends) > 1
    if tie == "learned": # the input row of a new node is 0, and so is what its gate sees of the other end
        sums, total_overlap = (relations["friend" if type == "user" else "near"] > 0).sum(1), len(ends)
        overlap = dict.fromkeys(ends, 1 / (1 + np.exp(-state["weights/parameter"][-1].astype(float))))
    rows = [np.zeros(x.shape[1])]
    for l in layers[:2]:
        rows.append(sum(l[j] / np.sqrt(len(mine) * degree[j]) for j in mine) +
                    weight * sum(l[j] * o / np.sqrt(total_overlap * (sums[j] or 1)) for j, o in overlap.items()))
    found = h5py.File("new.h5")[type + "/embedding"][:]
    assert found.shape[0] == 1 and np.abs(found[0] - np.mean(rows, 0)).max() < 1e-5 * np.abs(truth).max(), name
P
embed() { # RANKS words…
  n=$1; shift
  ranks $n embed job.yaml "$@" --set embed.types=both --set embed.interactions.path=new.tsv --set embed.interactions.format=edges \
    --set embed.relations.friend=new-friend.tsv --set embed.relations.near=new-near.tsv --output new.h5 --quiet >log 2>&1 || { cat log; exit 1; }
}
for n in 1 3; do
  embed $n $with
  /usr/bin/python3 embed.py similarity 0 180
done

everywhere "2 3 4" --set model.tie=learned
check learned 0 0
embed 2 --set model.tie=learned
/usr/bin/python3 embed.py learned 0 0
train 3 --set model.tie=learned --set model.half_lives.near=180d --set model.relations.friend=0.6
check learned 0 180
train 2 --set model.tie=none --set model.half_lives.near=none
same_embeddings plain.h5 work/embeddings.h5

# With a direction, sums are by row and by column; gates of the ties beside it reach the transposed matrix.
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet --set data.relations.near.direction=forward >/dev/null 2>&1; done
everywhere 3 --set data.relations.near.direction=forward --set model.tie=learned --set model.half_lives.near=180d
check learned 0 180 forward
check learned 0 180 2>/dev/null && { echo "the oracle sees no direction"; exit 1; }

# Without times of interactions, age is that at the latest edge.
plain="--set data.interactions.columns.time="
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet $plain >/dev/null 2>&1; done
train 2 $plain --set model.half_lives.near=180d
check none 0 180

# Gates with learned weights of relations, edge dropout and all: a run that resumes has the same bits.
learned="$plain --set model.tie=learned --set model.relations.near=learned --set model.edge_dropout=0.2"
train 3 $learned
cp work/embeddings.h5 through.h5
train 2 $learned --set train.epochs=1
ranks 3 train job.yaml --quiet $learned >log 2>&1 || { cat log; exit 1; }
same_embeddings through.h5 work/embeddings.h5

# What was learned is in metrics.jsonl and, as text, in the files.
/usr/bin/python3 - <<'P'
import h5py, json, numpy as np
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
w = dict(zip(("near", "tie", "bias"), np.split(state["weights/parameter"][:].astype(float), [1, -1])))
truth = {"relation_near": w["near"][0], "tie_norm": np.sqrt((w["tie"] ** 2).sum()), "tie_bias": w["bias"][0]}
line = json.loads(open("work/metrics.jsonl").read().splitlines()[-1])
texts = [f.attrs["learned"] for f in (state, h5py.File("work/embeddings.h5"))]
for text in texts:
    told = dict(part.split() for part in (text.decode() if isinstance(text, bytes) else text).split(", "))
    for name, value in truth.items():
        assert abs(line[name] - value) < 1e-6 and abs(float(told[name]) - value) < 1e-5, (name, value, line, told)
assert "learned" not in h5py.File("plain.h5").attrs
P
"$KITH" inspect work/embeddings.h5 >out
grep -q "learned .*relation_near .*tie_norm .*tie_bias" out || { cat out; exit 1; }

# Of interactions and a relation in other units nothing would be told; the times of interactions are read for ages.
aged="--set model.half_lives.near=9d"
refused() { # TEXT words…
  text=$1; shift
  rc=0; "$KITH" train job.yaml --fresh $plain "$@" >out 2>err || rc=$?
  [ $rc = 78 ] && grep -q "$text" err || { echo "exit $rc, expected: $text"; cat err; exit 1; }
}
refused "model.half_lives.friend: the relation has no times" --set model.half_lives.friend=9d
refused "model.half_lives.near: auto chooses for interactions in layers only" --set model.half_lives.near=auto
refused "model.half_lives.near: expected none or a time with its unit" --set model.half_lives.near=9
refused "model.half_lives.nera: data names no such relation; the nearest is near" --set model.half_lives.nera=9d
awk '{ $3 *= 1000 } 1' near.tsv >late.tsv
"$KITH" ingest job.yaml --strict --quiet --set work=late --set data.relations.near.path=late.tsv $aged >out 2>err || { cat err; exit 1; }
"$KITH" partition job.yaml --set work=late --quiet >/dev/null 2>&1
refused "model.half_lives.near: the latest time of the relation is [0-9]*, and that of the interactions" --set work=late $aged
# In one unit, but all later than the interactions, or all far before them: a half-life makes no difference, and a warning.
alike() { # SECONDS TEXT: times of near moved by so much
  awk -v OFS='\t' -v by="$1" '{ $3 += by } 1' near.tsv >late.tsv
  for verb in ingest partition; do "$KITH" $verb job.yaml --quiet --set work=late --set data.relations.near.path=late.tsv >/dev/null 2>&1; done
  for half_life in none 9d; do
    ranks 2 train job.yaml --fresh --quiet --set work=late --set train.epochs=1 --set model.half_lives.near=$half_life >out 2>err || { cat err; exit 1; }
    cp late/embeddings.h5 "$half_life.h5"
    [ $half_life = 9d ] || ! grep 'half_lives' err
  done
  [ "$(grep -c 'half_lives' err)" = $((${#2} > 0)) ] && grep -q "$2" err || { echo "expected: $2"; cat err; exit 1; }
}
alike 1000000000 "warning: model.half_lives.near has no effect: all edges of the relation, of the times [0-9]* to [0-9]*, are later than"
same_embeddings none.h5 9d.h5
alike -1000000000 "model.half_lives.near has no effect: all edges .* are 60 half-lives or more before the latest training interaction"
same_embeddings none.h5 9d.h5
alike 0 "" # the earliest are that old
refused "model.tie: sampler.mode: neighbor" --set model.tie=similarity --set sampler.mode=neighbor
refused "model.half_lives.near: sampler.mode: neighbor" --set model.half_lives.near=9d --set sampler.mode=neighbor
"$KITH" train job.yaml --fresh $plain --set model.relations.friend=0 --set model.half_lives.friend=9d --set train.epochs=1 >out 2>err
grep -q "model.half_lives.friend is set but has no effect: it needs the relation in model.relations" err || { cat err; exit 1; }
