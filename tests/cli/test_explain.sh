# kith explain: contributions and paths are what NumPy finds in dense matrices, they add up to the score, and they are the same
# on 1 to 4 ranks and for two cuts; what is printed for people says the same in lines of 80 columns.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 60, items: 80, interactions: 900, friends: 100, tags: 10, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    tag: {path: tag.tsv, from: item, to: tag, format: edges}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 12, layers: 3, relations: {friend: 0.6, tag: 1.7}}
train: {batch: 256, epochs: 3, lr: 0.02}
evaluate: {k: [5, 10], every: 1}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done

cat >oracle.py <<'P' # LAYERS omega-friend omega-tag cosine|dot: every answer of the files against dense matrices
import h5py, itertools, json, numpy as np, sys
layers, omega, cosine = int(sys.argv[1]), dict(friend=float(sys.argv[2]), tag=float(sys.argv[3])), sys.argv[4] == "cosine"
graph, told = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/checkpoint-%06d-000000.h5" % told.attrs["epoch"])
group = {"user": "user", "item": "item", "tag": "node/tag"}
names = {t: [x.decode() for x in graph[g + "/id"][:]] for t, g in group.items()}
first, n = {}, 0
for t in group: first[t], n = n, n + len(names[t])
where = {(t, x): first[t] + i for t in group for i, x in enumerate(names[t])}
def normalized(a):
    degree = np.maximum(a.sum(1), 1)
    return a / np.sqrt(np.outer(degree, degree))
part = {"interactions": np.zeros((n, n)), "friend": np.zeros((n, n)), "tag": np.zeros((n, n))}
start, item, when = graph["train/start"][:], graph["train/item"][:], graph["train/time"][:]
time = {}
for u in range(len(names["user"])):
    for e in range(start[u], start[u + 1]):
        i = first["item"] + item[e]
        part["interactions"][u, i] = part["interactions"][i, u] = 1
        time[u, i] = int(when[e])
for name, ends in ("friend", ("user", "user")), ("tag", ("item", "tag")):
    for line in open(name + ".tsv").read().splitlines():
        x = line.split("\t")[:2]
        if line[0] == "#" or x[0] == x[1] or (ends[0], x[0]) not in where or (ends[1], x[1]) not in where: continue
        u, v = where[ends[0], x[0]], where[ends[1], x[1]]
        part[name][u, v] = part[name][v, u] = 1
part = {name: normalized(a) * omega.get(name, 1) for name, a in part.items()}
m = sum(part.values())
x = np.concatenate([state[g + "/parameter"][:] for g in group.values()]).astype(float)
w = 1 / (layers + 1)
rest = [w * x]
for _ in range(layers): rest.append(w * x + m @ rest[-1])
final, r1 = rest[-1], rest[-2] if layers else None
unit = final / np.linalg.norm(final, axis=1, keepdims=True) if cosine else final
rows = [[(k, int(v), a[j, v]) for k, a in part.items() for v in np.flatnonzero(a[j])] for j in range(n)]

def walks(u, depth, end): # every path of 1 … depth entries with its value
    reached = [((), u, 1.0)]
    for d in range(depth):
        reached = [(path + ((k, v),), v, c * a) for path, j, c in reached for k, v, a in rows[j]]
        for path, v, c in reached: yield path, c * end(d + 1, v)

def close(a, b, scale): return abs(a - b) <= 1e-5 * scale
def steps(walk): return tuple((s["relation"], where[s["type"], s["id"]]) for s in walk["steps"])
pairs = 0
for line in sys.stdin:
    for a in json.loads(line)["explanations"]:
        u, i = where["user", a["user"]], where["item", a["item"]]
        scale = 1 / np.linalg.norm(final[u]) if cosine else 1
        target = unit[i]
        if "against" in a: target = target - unit[where["item", a["against"]]]
        score = unit[u] @ target
        size = 1 + abs(score)
        assert close(a["score"], score, size), (a["score"], score)
        assert close(a["own"], scale * w * x[u] @ target, size)
        assert abs(a["rounding"]) < 1e-5 * size and close(a["score"], a["own"] + a["positive"] + a["negative"], size), a
        true = {(k, v): scale * c * r1[v] @ target for k, v, c in rows[u]} if layers else {}
        assert a["terms"] == len(true)
        assert close(a["positive"], sum(c for c in true.values() if c > 0), size)
        if len(a["reasons"]) == len(true): assert close(a["own"] + sum(r["contribution"] for r in a["reasons"]), score, size)
        mine = [r["contribution"] for r in a["reasons"]]
        assert mine == sorted(mine, key=lambda c: -abs(c)) and len(mine) == min(len(true), 100)
        for r in a["reasons"]:
            v = where[r["type"], r["id"]]
            assert close(r["contribution"], true[r["relation"], v], size), (r, true[r["relation"], v])
            assert r.get("time") == (time[u, v] if r["relation"] == "interactions" else None), r
        pairs += 1
        if pairs % 9: continue # a look at every path takes its time
        every = list(walks(u, layers, lambda d, v: scale * w * x[v] @ target))
        assert abs(a["own"] + sum(c for _, c in every) - score) < 1e-4 * size, "the oracle's own paths"
        best = sorted((c for _, c in every), reverse=True)[:len(a["paths"])]
        value = dict(every)
        for p, c in zip(a["paths"], best):
            assert close(p["contribution"], c, size) and close(value[steps(p)], c, size), (p, c)
        assert len(a["paths"]) == min(7, len(every))
        every = [(p, c) for p, c in walks(u, max(layers, 3), lambda d, v: float(v == i)) if c > 0 and all(v != u for _, v in p)]
        best, value = sorted((c for _, c in every), reverse=True), dict(every)
        assert len(a["connections"]) == min(4, len(every))
        for p, c in zip(a["connections"], best):
            assert close(p["weight"], c, 0.1) and close(value[steps(p)], c, 0.1), (p, c)
print(pairs)
P

on() { if [ $1 = 1 ]; then shift; "$KITH" "$@"; else ranks "$@"; fi; } # a rank alone starts sooner without mpirun
asked="--top 100 --paths 7 --connections 4"
users="03 17 34 55"
answers() { # RANKS words…
  n=$1; shift
  for u in $users; do
    on $n explain job.yaml --user user-$u --k 20 $asked --json --quiet "$@" | tail -1
  done | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//'
}
holds() { # LAYERS FRIEND TAG SCORE words…: what NumPy says
  layers=$1 friend=$2 tag=$3 score=$4; shift 4
  set -- --set model.layers=$layers --set model.relations.friend=$friend --set model.relations.tag=$tag --set model.score=$score "$@"
  "$KITH" train job.yaml --fresh --quiet "$@" >log 2>&1 || { cat log; exit 1; }
  answers 1 "$@" >one
  /usr/bin/python3 oracle.py $layers $friend $tag $score <one >pairs || { echo "the answers to $* are not NumPy's"; exit 1; }
  [ "$(cat pairs)" = 80 ] || { echo "$(cat pairs) pairs"; exit 1; }
}
holds 2 0 0 cosine
holds 1 0.6 1.7 dot
holds 3 0.6 1.7 dot
/usr/bin/python3 oracle.py 3 0.6 1.6 dot <one >log 2>&1 && { echo "the oracle does not see weights"; exit 1; }

# One item rather than another: the same sums for the difference of both rows.
for pair in "42 07" "11 70"; do
  set -- $pair
  "$KITH" explain job.yaml --user user-17 --item item-$1 --against item-$2 $asked --json --quiet | tail -1
done >against
/usr/bin/python3 oracle.py 3 0.6 1.7 dot <against >pairs && [ "$(cat pairs)" = 2 ] || { echo "differences are not NumPy's"; exit 1; }

# A file of all users has the same terms, and its lines of an item add up to the score.
for n in 1 3; do on $n explain job.yaml --all --k 4 --top 5 --output why.$n.tsv >log; done
cmp why.1.tsv why.3.tsv
grep -x 'wrote the reasons for 4 top items of 60 users to why.3.tsv' log >/dev/null || { cat log; exit 1; }
"$KITH" explain job.yaml --user user-34 --k 4 --top 5 --json --quiet >some.json
"$KITH" recommend job.yaml --all --k 4 --output top.tsv >log
/usr/bin/python3 - <<'P'
import collections, csv, json
lines = list(csv.reader(open("why.1.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE))
total, score = collections.defaultdict(float), {}
for user, place, item, s, relation, kind, type, id, c in lines:
    total[user, place, item] += float(c)
    score[user, place, item] = float(s)
for key in score: assert abs(total[key] - score[key]) < 1e-5 * (1 + abs(score[key])), key
top = [line.split("\t") for line in open("top.tsv").read().splitlines()]
assert [tuple(x[:3]) for x in top] == list(score) and all(abs(float(x[3]) - score[tuple(x[:3])]) < 1e-5 * (1 + abs(float(x[3]))) for x in top)
some = json.loads(open("some.json").read().splitlines()[-1])["explanations"]
mine = [line for line in lines if line[0] == "user-34" and line[4] not in ("own", "others")]
assert [(a["item"], r["relation"], r["id"], "%.9g" % r["contribution"]) for a in some for r in a["reasons"]] == [(l[2], l[4], l[7], l[8]) for l in mine]
P

# Any number of ranks, any cut.
users="17 55"
sed -n '2p; 4p' one >some
for n in 2 3 4; do answers $n >many; cmp some many || { echo "$n ranks say otherwise"; exit 1; }; done
"$KITH" partition job.yaml --quiet --set partition.method=hash >log 2>&1
answers 3 >many; cmp some many || { echo "another cut says otherwise"; exit 1; }

# For people: names in place of ids, words, dates, shares that add up, and no wide line.
seq 0 79 | awk '{printf "item-%02d\tThe %dth film, with a title of some length — naïve, très naïve, and longer\n", $1, $1}' >names.tsv
named="--set data.item_names.path=names.tsv"
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet $named >log 2>&1 || { cat log; exit 1; }; done
"$KITH" train job.yaml --fresh --quiet $named >log 2>&1 || { cat log; exit 1; }
for n in 1 3; do
  on $n explain job.yaml --user user-03 --item item-42 $named --paths 20 >text.$n
  on $n explain job.yaml --user user-03 --k 3 $named >top.$n
done
cmp text.1 text.3; cmp top.1 top.3
/usr/bin/python3 - <<'P'
import re
for name in "text.1", "top.1":
    text = open(name, encoding="utf-8").read()
    wide = [line for line in text.splitlines() if len(line) > 80]
    assert not wide, wide
    assert re.search(r"^ +[\d.]+ %  ━+ *friend user-\d+$", text, re.M), text
    assert "the user's own row" in text and "connections" in text
    for part in re.split(r"^  score", text, flags=re.M)[1:]:  # the own row stands where its size puts it
        lines = [(abs(float(x)), words) for x, words in re.findall(r"^ +(-?[\d.]+) %  [━╌ ]{12} (.*)$", part, re.M)]
        at = [words for _, words in lines].index("the user's own row")
        assert [x for x, _ in lines[: at + 1]] == sorted((x for x, _ in lines[: at + 1]), reverse=True), part
text = open("text.1", encoding="utf-8").read()
assert re.search(r"%  [━╌ ]+ chose The \d+th film, with a title", text) and re.search(r", 20\d\d-\d\d-\d\d$", text, re.M), text
shares = [float(x) for x in re.findall(r"^ +(-?[\d.]+) %  [━╌]", text, re.M)]
assert abs(sum(shares) - 100) < 0.06 * len(shares), shares
assert re.search(r"you – (chose|friend) – .* – tag – ", text.replace("\n", " ")), text
assert "reasons: the largest first" in text and not re.search(r"-0\.0+( |$)", text, re.M), text
assert open("top.1", encoding="utf-8").read().count("the user's own row") == 3
P

# One term more takes the line of its sum: its name. Connections of a difference are those of the first item.
terms=$("$KITH" explain job.yaml --user user-03 --item item-42 --json --quiet $named | tail -1 | sed 's/.*"terms": \([0-9]*\).*/\1/')
"$KITH" explain job.yaml --user user-03 --item item-42 --top $((terms - 1)) $named >text
! grep 'further reason' text >/dev/null && [ $(grep -cE '%  [━╌ ]+ (chose|friend) ' text) = $terms ] || { echo "no name for the last term"; cat text; exit 1; }
"$KITH" explain job.yaml --user user-03 --item item-42 --against item-07 $named | grep '^    connections of item-42' >/dev/null || { echo "whose connections?"; exit 1; }

# An item that kith recommend never lists says so: one that the user chose, one that is not cold.
chosen=$("$KITH" explain job.yaml --user user-03 --k 1 --top 100 --json --quiet $named | tail -1 | sed 's/.*"reasons"//' | grep -o '"id": "item-[0-9]*"' | head -n 1 | tr -dc 0-9)
unranked() { # WORDS ARGUMENTS…
  words=$1; shift
  "$KITH" explain job.yaml --user user-03 $named --item "$@" >text
  tr '\n' ' ' <text | tr -s ' ' | grep -F "is not ranked for this user: $words" >/dev/null || { echo "explained without \"$words\""; cat text; exit 1; }
}
unranked "the user has it in interactions (evaluate.mask))" item-$chosen
unranked "the user has it in interactions (evaluate.mask))" item-42 --against item-$chosen
unranked "it has training interactions, and evaluate.candidates: cold ranks items without any)" item-42 --set evaluate.candidates=cold
ranks 3 explain job.yaml --user user-03 --item item-$chosen --connections 20 --json --quiet $named | tail -1 >json.3
grep '"not_ranked": "the user has it in interactions (evaluate.mask)"' json.3 >/dev/null || { echo "a chosen item is ranked"; exit 1; }
grep '"weight"' json.3 >/dev/null && ! grep '"id": "user-03"' json.3 >/dev/null || { echo "a connection comes back to the user"; exit 1; }
"$KITH" explain job.yaml --user user-03 --k 1 $named >text
! grep 'not ranked' text || { echo "a top item that is not ranked"; exit 1; }

# Matrix factorization has no neighbors; learned weights of layers and relations are read from the checkpoint.
"$KITH" train job.yaml --fresh --quiet $named --set model.name=mf >log 2>&1 || { cat log; exit 1; }
"$KITH" explain job.yaml --user user-03 --k 4 $named --set model.name=mf --json --quiet | /usr/bin/python3 -c '
import json, sys
for a in json.loads(sys.stdin.read().splitlines()[-1])["explanations"]:
    assert abs(a["score"] - a["own"]) < 1e-6 and a["terms"] == 0 and not a["reasons"], a'
adds_up() { # words…
  "$KITH" train job.yaml --fresh --quiet $named "$@" >log 2>&1 || { cat log; exit 1; }
  for n in 1 3; do on $n explain job.yaml --user user-17 --k 20 --top 100 $named --json --quiet "$@" | tail -1 | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//' >json.$n; done
  cmp json.1 json.3 || { echo "ranks differ with $*"; exit 1; }
  /usr/bin/python3 - "$@" <<'P'
import json, sys
loose = any("bf16" in x for x in sys.argv)
for a in json.loads(open("json.1").read())["explanations"]:
    size, all = 1 + abs(a["score"]), a["own"] + sum(r["contribution"] for r in a["reasons"])
    assert abs(all + (a["rounding"] if loose else 0) - a["score"]) < 1e-5 * size, (sys.argv, a["score"], all)
    assert abs(a["rounding"]) < (0.02 if loose else 1e-5) * size, a["rounding"]
    assert not loose or a["rounding"] != 0
P
}
adds_up --set model.layer_weights=learned --set model.relations.friend=learned
adds_up --set model.tie=learned
adds_up --set model.kinds=learned
adds_up --set model.tie=similarity --set model.half_life=30d
adds_up --set model.residual=0.2 --set model.layer_weights=learned
adds_up --set loss.name=softmax --set model.length_discount=0.3
adds_up --set model.edge_dropout=0.3 --set loss.name=softmax --set model.score=cosine
seq 0 59 | awk '{printf "user-%02d\tage-%d city-%d:0.5\n", $1, $1 % 5, $1 % 3}' >features.txt
featured="--set data.user_features.path=features.txt --set model.input=both"
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet $named $featured >log 2>&1 || { cat log; exit 1; }; done
adds_up $featured
grep -q '"feature": "age-2"' json.1 && grep -q '"feature": "city-2"' json.1 || { echo "no features of user-17"; exit 1; }
"$KITH" explain job.yaml --user user-17 --k 1 --top 100 $named $featured | grep ' has the feature age-2$' >/dev/null || { echo "no word for a feature"; exit 1; }
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet $named >log 2>&1 || { cat log; exit 1; }; done
adds_up --set model.storage=bf16

refused() { # CODE WORDS ARGUMENTS…: one line with the words
  want=$1 words=$2 code=0; shift 2
  "$KITH" explain job.yaml --quiet $named "$@" >out 2>&1 || code=$?
  [ $code = $want ] && grep -qF -- "$words" out || { echo "kith explain $* ended with $code and not by \"$words\":"; cat out; exit 1; }
}
bf16="--set model.storage=bf16"
refused 64 "expected --user ID"
refused 64 "--top 0: expected a number from 1 to 100" --user user-03 --top 0
refused 64 "--k is a number of top items" --user user-03 --item item-11 --k 3
refused 64 "--against ID goes with --item ID" --user user-03 --against item-11
refused 64 "expected another item than --item" --user user-03 --item item-11 --against item-11
refused 64 "--all and --output FILE go together" --all
refused 64 "expected a name that ends in .tsv" --all --output why.h5
refused 64 "go with --user ID" --all --output why.tsv --paths 3
refused 65 "--user nobody: no such user" --user nobody $bf16
refused 65 "--item nothing: no such item" --user user-03 --item nothing $bf16
refused 78 "was trained with model=lightgcn, the job has model=gat" --user user-03 --set model.name=gat --set model.relations.friend=0 --set model.relations.tag=0

# Of other models gradient x input is an estimate, which says so; on any number of ranks the same to rounding.
other="--set work=w2 --set graph=work/graph.h5 --set parts=work/parts.h5 --set model.name=rgcn --set model.layers=2 --set model.score=cosine --set loss.name=softmax --set train.epochs=2"
"$KITH" train job.yaml --quiet $named $other >log 2>&1 || { cat log; exit 1; }
for n in 1 3; do on $n explain job.yaml --user user-03 --k 4 --top 100 --json --quiet $named $other | tail -1 >json.$n; done
"$KITH" recommend job.yaml --user user-03 --k 4 --json --quiet $named $other | tail -1 >top.json
/usr/bin/python3 - <<'P'
import json
one, many = (json.load(open("json.%d" % n))["explanations"] for n in (1, 3))
best = json.load(open("top.json"))["recommendations"][0]
assert [a["item"] for a in one] == best["items"]
for a, b, score in zip(one, many, best["scores"]):
    size = 1 + abs(score)
    assert a["method"] == "gradient x input" and abs(a["score"] - score) < 1e-5 * size
    assert abs(a["own"] + a["positive"] + a["negative"] + a["remainder"] - score) < 1e-5 * size
    assert abs(a["remainder"]) < 1e-4 * size, "a network of sums, matrices and ReLU divides exactly"
    assert a["connections"] and not a["paths"] and a["terms"] == b["terms"]
    edge = lambda r: (r.get("relation"), r["type"], r["id"])
    mine, theirs = ({edge(r): r["contribution"] for r in x["reasons"]} for x in (a, b))
    assert {r[0] for r in mine} == {"interactions", "friend"}, mine
    assert all(abs(mine[k] - theirs.get(k, mine[k])) < 1e-5 * size for k in mine) and len(mine.keys() ^ theirs.keys()) < 4
P
"$KITH" explain job.yaml --user user-03 --item item-42 $named $other >text
grep -F '(gradient x input: not additive' text >/dev/null && grep 'remainder: what gradient x input misses$' text >/dev/null || { echo "no word for an estimate"; cat text; exit 1; }

# Unit rows have their lengths held where they add up to the final ones; of others the remainder is most of a score, and is said.
for how in "kgin model.relations.tag=1" "ngcf model.relations.tag=0"; do
  set -- $how
  unit="--set work=$1 --set graph=work/graph.h5 --set parts=work/parts.h5 --set model.name=$1 --set model.layers=2 --set model.relations.friend=0 --set $2 --set loss.name=softmax --set train.epochs=2"
  "$KITH" train job.yaml --quiet $named $unit >log 2>&1 || { cat log; exit 1; }
  "$KITH" explain job.yaml --user user-03 --k 4 --top 100 --json --quiet $named $unit | tail -1 >$1.json
done
/usr/bin/python3 - <<'P'
import json
for a in json.load(open("kgin.json"))["explanations"]:
    assert abs(a["remainder"]) < 0.02 * abs(a["score"]) and not a["mostly_remainder"], a
    assert a["positive"] + a["negative"] > 0.5 * a["score"] and a["terms"] > 4, a
other = json.load(open("ngcf.json"))["explanations"]
assert all(a["mostly_remainder"] == (abs(a["remainder"]) > abs(a["score"]) / 2) for a in other) and any(a["mostly_remainder"] for a in other), other
P
"$KITH" explain job.yaml --user user-03 --k 4 $named $unit | grep -F '(the remainder is more than half of the score' >/dev/null || { echo "no word for a large remainder"; exit 1; }

# Places in a list are no times.
awk -v OFS='\t' '!/^#/ {print $1, $2, NR % 40}' list.tsv >places.tsv
places="--set work=placed --set data.interactions.path=places.tsv --set train.epochs=1"
for verb in ingest partition train; do "$KITH" $verb job.yaml --quiet $places >log 2>&1 || { cat log; exit 1; }; done
"$KITH" explain job.yaml --user user-03 --k 1 $places >text
grep ' chose item-[0-9]*$' text >/dev/null && ! grep ' chose item-[0-9]*,' text || { echo "a place is called a time"; cat text; exit 1; }

refused 78 "of rgcn it estimates single items" --all --output why.tsv $other
refused 64 "scores of rgcn are no sums over paths" --user user-03 --item item-42 --paths 3 $other
cp work/embeddings.h5 kept.h5
"$KITH" train job.yaml --fresh --quiet $named $bf16 --set train.epochs=2 >log 2>&1 || { cat log; exit 1; }
cp kept.h5 work/embeddings.h5
refused 66 "no checkpoint is left of what embeddings.h5 holds" --user user-03 $bf16 --set train.epochs=2
rm work/checkpoint*
refused 66 "no checkpoint is there" --user user-03 $bf16
