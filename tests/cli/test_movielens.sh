# jobs/movielens-100k.yaml on a file of exactly the format and size of u.data: threshold, ids and split are what an
# independent count finds, and LightGCN ranks far above popularity, as the tastes that the file was made of allow.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cat >"$dir/make.py" <<'P'
import random, sys
r = random.Random(7)
taste = [r.randrange(12) for _ in range(943)]
kind = [r.randrange(12) for _ in range(1682)]
fame = [(i + 5) ** -0.4 for i in range(1682)]
r.shuffle(fame)
counts = [20 + int(r.expovariate(1 / 86)) for _ in range(943)]
while sum(counts) != 100000: # as in the original, nobody has rated fewer than 20 films
    u = r.randrange(943)
    step = 1 if sum(counts) < 100000 else -1
    if 20 <= counts[u] + step <= 700: counts[u] += step
lines = []
for u, n in enumerate(counts):
    weight = [fame[i] * (9 if kind[i] == taste[u] else 1) for i in range(1682)]
    best = sorted(range(1682), key=lambda i: r.random() ** (1 / weight[i]), reverse=True)[:n] # without replacement
    for i in best:
        stars = r.choices([1, 2, 3, 4, 5], [2, 4, 10, 40, 44] if kind[i] == taste[u] else [15, 22, 35, 20, 8])[0]
        lines.append("%d\t%d\t%d\t%d" % (u + 1, i + 1, stars, 874724710 + r.randrange(18561928)))
r.shuffle(lines)
open(sys.argv[1], "w").write("\n".join(lines) + "\n")
P
cat >"$dir/judge.py" <<'P'
import collections, h5py, json, numpy, sys
u_data, graph, told = sys.argv[1], h5py.File(sys.argv[2], "r"), [json.loads(line) for line in open(sys.argv[3])]
rows = [tuple(map(int, line.split("\t"))) for line in open(u_data)]
liked = {(u, i) for u, i, stars, _ in rows if stars >= 4}
assert len(rows) == len({r[:2] for r in rows}) == 100000 and 40000 < len(liked) < 70000

# Ids and pairs: those of four and five stars, numbered as they come.
first = lambda k: list(dict.fromkeys(r[k] for r in rows if r[2] >= 4))
user, item = graph["user/id"][:].tolist(), graph["item/id"][:].tolist()
assert user == first(0) and item == first(1)
split = {}
for name in "train", "valid", "test":
    start, places = graph[name + "/start"][:], graph[name + "/item"][:]
    split[name] = [{item[i] for i in places[start[u]:start[u + 1]]} for u in range(len(user))]
pairs = [{(user[u], i) for u in range(len(user)) for i in split[name][u]} for name in split]
assert set.union(*pairs) == liked and sum(map(len, pairs)) == len(liked)
stars = {r[:2]: r[2] for r in rows}
start, places, weight = (graph["train/" + name][:] for name in ("start", "item", "weight"))
assert all(weight[e] == stars[user[u], item[places[e]]] for u in range(len(user)) for e in range(start[u], start[u + 1]))

# A tenth of each one's pairs, a broken share rounded up or down; in all a tenth, within five standard deviations.
for name in "valid", "test":
    share = [len(split[name][u]) - sum(len(s[u]) for s in split.values()) / 10 for u in range(len(user))]
    assert all(-1 < s < 1 for s in share) and abs(sum(share)) < 5 * (0.25 * len(user)) ** 0.5, (name, sum(share))

# What was printed.
ingest, evaluate = told
assert ingest["below_min_weight"] == 100000 - len(liked) and ingest["users"] == len(user) and ingest["items"] == len(item)
assert [ingest[name] for name in split] == [len(p) for p in pairs]

# Popularity, by the definition of docs/metrics.md, worked out here.
fame = collections.Counter(i for mine in split["train"] for i in mine)
by_fame = sorted(item, key=lambda i: -fame[i])
recall = numpy.mean([len(set([i for i in by_fame if i not in split["train"][u] | split["valid"][u]][:20]) & split["test"][u]) / len(split["test"][u])
                     for u in range(len(user)) if split["test"][u]])
print("recall@20: popularity %.4f, kith %.4f, users %d" % (recall, evaluate["recall@20"], evaluate["users"]))
assert evaluate["users"] == sum(1 for mine in split["test"] if mine)
assert recall > 0.03 and evaluate["recall@20"] > 2 * recall
P
/usr/bin/python3 "$dir/make.py" "$dir/u.data"
job="$KITH_SOURCE/jobs/movielens-100k.yaml"
set -- --set work="$dir/work" --set data.interactions.path="$dir/u.data" --set train.epochs=15 --set train.lr=0.01 --json
ranks 1 ingest "$job" "$@" | tail -n 1 >"$dir/told"
ranks 1 partition "$job" "$@" >/dev/null
ranks 2 train "$job" "$@" --quiet >/dev/null
ranks 2 evaluate "$job" "$@" --split test | tail -n 1 >>"$dir/told"
/usr/bin/python3 "$dir/judge.py" "$dir/u.data" "$dir/work/graph.h5" "$dir/told"
