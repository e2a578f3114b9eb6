# kith explain of new users and items, whose lists kith embed has read: a new user with the list of a known one has its very
# reasons but no own row; scores are products of the rows in both files; the same on 1 to 3 ranks; other lists are refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 60, items: 80, interactions: 900, friends: 100, tags: 8, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  social: {path: friend.tsv, format: edges}
  relations: {tag: {path: tag.tsv, from: item, to: tag, format: edges}}
  item_features: {path: genres.txt}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 12, layers: 2, input: both, relations: {friend: 0.6, tag: 0}}
train: {batch: 256, epochs: 3, lr: 0.02}
evaluate: {k: [5, 10], every: 1}
embed: {interactions: {path: new.tsv, format: edges}, types: both, item_features: new.txt, relations: {friend: ties.tsv}}
J
"$KITH" generate job.yaml --quiet >log 2>&1 || { cat log; exit 1; }
seq 0 79 | awk '{printf "item-%02d\tgenre-%d\n", $1, $1 % 6}' >genres.txt
for verb in ingest partition train; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
/usr/bin/python3 - <<'P' # twin has the list and the friends of user-17, copy the users of item-11 and a genre
import h5py
g = h5py.File("work/graph.h5")
user, item = ([x.decode() for x in g[t + "/id"][:]] for t in ("user", "item"))
start, items = g["train/start"][:], g["train/item"][:]
chosen = {user[u]: [item[i] for i in items[start[u]:start[u + 1]]] for u in range(len(user))}
with open("new.tsv", "w") as f:
    for i in chosen["user-17"]: f.write("twin\t%s\n" % i)
    for u in user:
        if "item-11" in chosen[u]: f.write("%s\tcopy\n" % u)
at, to = g["edge/friend/start"][:], g["edge/friend/to"][:]
me = user.index("user-17")
friends = set(to[at[me]:at[me + 1]]) | {u for u in range(len(user)) if me in to[at[u]:at[u + 1]]}
open("ties.tsv", "w").write("".join("twin\t%s\n" % user[u] for u in sorted(friends)))
open("users.tsv", "w").write("".join("twin\t%s\n" % i for i in chosen["user-17"]))
open("new.txt", "w").write("copy\tgenre-3\n")
P
on() { if [ $1 = 1 ]; then shift; "$KITH" "$@"; else ranks "$@"; fi; }
said() { on "$@" --top 100 --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//'; }
cat >twins.py <<'P' # OWN: all but the own row is that of the twin; the own row is there or not
import json, sys
known, new = (json.load(open(f))["explanations"] for f in ("known.json", "new.json"))
for a, b in zip(known, new):
    size = 1 + abs(a["score"])
    terms = lambda e: {(r["relation"], r["id"]): r["contribution"] for r in e["reasons"]}
    mine, theirs = terms(a), terms(b)
    assert mine.keys() == theirs.keys() and len(mine) == a["terms"] == b["terms"] > 0, (mine, theirs)
    assert all(abs(mine[k] - theirs[k]) < 1e-5 * size for k in mine), (mine, theirs)
    assert b["own"] == 0 and abs(b["rounding"]) < 1e-5 * size and not any("time" in r for r in b["reasons"])
    assert abs(a["score"] - a["own"] - b["score"]) < 1e-5 * size
    assert [p["steps"][0]["id"] for p in b["paths"] if p["contribution"] > 0 and len(p["steps"]) == 1] or not a["paths"]
P
"$KITH" embed job.yaml --quiet >log 2>&1 || { cat log; exit 1; }
said 1 explain job.yaml --user user-17 --item item-42 --paths 5 >known.json
said 1 explain job.yaml --user twin --item item-42 --paths 5 >new.json
/usr/bin/python3 twins.py || { echo "a twin has other reasons"; exit 1; }
for n in 2 3; do said $n explain job.yaml --user twin --item item-42 --paths 5 | cmp - new.json || { echo "$n ranks say otherwise"; exit 1; }; done

# Its top items are those of kith recommend; a new item has a score by its row, and features.
"$KITH" recommend job.yaml --user twin --k 3 --json --quiet | tail -1 >top.json
said 1 explain job.yaml --user twin --k 3 --new work/new.h5 >some.json
said 1 explain job.yaml --user user-03 --item copy --against item-42 >against.json
said 1 explain job.yaml --user user-03 --item copy >copy.json
said 2 explain job.yaml --user user-03 --item copy | cmp - copy.json
/usr/bin/python3 - <<'P'
import h5py, json
best = json.load(open("top.json"))["recommendations"][0]
some = json.load(open("some.json"))["explanations"]
assert [a["item"] for a in some] == best["items"]
for a, score in zip(some, best["scores"]): assert abs(a["score"] - score) < 1e-5 * (1 + abs(score))
known, new = h5py.File("work/embeddings.h5"), h5py.File("work/new.h5")
u = known["user/embedding"][[x.decode() for x in known["user/id"][:]].index("user-03")].astype(float)
i = known["item/embedding"][[x.decode() for x in known["item/id"][:]].index("item-42")].astype(float)
j = new["item/embedding"][0].astype(float)
a, b = (json.load(open(f))["explanations"][0] for f in ("copy.json", "against.json"))
assert a["item"] == "copy" and abs(a["score"] - u @ j) < 1e-5 and abs(b["score"] - u @ (j - i)) < 1e-5
assert abs(a["own"] + a["positive"] + a["negative"] - a["score"]) < 1e-5 and abs(a["rounding"]) < 1e-5
assert [r["feature"] for r in a["item_end"]["reasons"]] == ["genre-3"] and not a["connections"]
P

# spectral with a direct term; a model of which terms are estimates.
filter="--set work=filter --set graph=work/graph.h5 --set parts=work/parts.h5 --set model.name=spectral --set model.input=embedding --set model.relations.friend=0 --set model.spectral.direct=0.7 --set embed.types=users --set embed.item_features= --set embed.relations.friend= --set embed.interactions.path=users.tsv"
for verb in train embed; do "$KITH" $verb job.yaml --quiet $filter >log 2>&1 || { cat log; exit 1; }; done
said 1 explain job.yaml --user user-17 --item item-42 $filter >known.json
said 1 explain job.yaml --user twin --item item-42 $filter >new.json
/usr/bin/python3 twins.py || { echo "a twin of the filter has other reasons"; exit 1; }
said 3 explain job.yaml --user twin --item item-42 $filter | cmp - new.json
other="--set work=w2 --set graph=work/graph.h5 --set parts=work/parts.h5 --set model.name=rgcn"
for verb in train embed; do "$KITH" $verb job.yaml --quiet $other >log 2>&1 || { cat log; exit 1; }; done
"$KITH" explain job.yaml --user twin --item copy $other >text
grep '  friend user-' text >/dev/null && grep 'remainder:' text >/dev/null || { echo "no estimate for a new user"; cat text; exit 1; }

# Models of which gradients find the terms: known nodes do not read new ones, so backward is no product with the same matrix.
cat >sums.py <<'P'
import json, sys
kind, e = sys.argv[1], json.load(open("new.json"))["explanations"][0]
size, rest = 1e-3 + abs(e["score"]), e["rounding"] if kind == "exact" else e["remainder"]
assert e["terms"] >= len(e["reasons"]) > 0 and e["own"] == 0 and abs(e["score"]) > 1e-6, e
assert kind == "estimate" or abs(rest) < 1e-5 * size, (kind, e)
P
begins() { # OPTIONS…: another model on the same graph, which kith embed reads
  options="--set work=w3 --set model.input=embedding --set graph=work/graph.h5 --set parts=work/parts.h5 --set embed.item_features= --set embed.types=users --set embed.interactions.path=users.tsv $*"
  "$KITH" train job.yaml --fresh --quiet $options >log 2>&1 && "$KITH" embed job.yaml --quiet $options >log 2>&1 || { cat log; exit 1; }
}
adds() { # RANKS KIND: terms of the new user add up
  said $1 explain job.yaml --user twin --item item-42 $options >new.json
  /usr/bin/python3 sums.py $2 || { echo "terms of a new user do not add up on $1 rank(s): $options"; exit 1; }
}
why() { "$KITH" explain job.yaml --user user-17 --item item-42 --top 100 --json $options; }
scaled() { # FACTOR: of the exported row of user-17, which is too little of all rows to be noticed
  /usr/bin/python3 -c "
import h5py
f = h5py.File('w3/embeddings.h5', 'r+')
x = f['user/embedding']
u = [i.decode() for i in f['user/id'][:]].index('user-17')
x[u] = $1 * x[u]"
  /usr/bin/python3 "$KITH_SOURCE/tests/support/seal.py" anew w3/embeddings.h5
}
begins --set model.kinds=learned
why | tail -1 >known.json
for n in 3 1; do
  adds $n exact
  /usr/bin/python3 twins.py || { echo "a twin has other reasons by kinds on $n rank(s)"; exit 1; }
done
scaled 1.01
why >/dev/null 2>log && grep "warning: embeddings.h5: the reasons of user number" log >/dev/null || { echo "no warning of a rest"; cat log; exit 1; }
scaled 1.15
code=0; why >log 2>&1 || code=$?
[ $code = 65 ] && grep "^kith: embeddings.h5: the reasons of user number .* add up to .*run kith train" log >/dev/null || { echo "no error of a rest"; cat log; exit 1; }
alone="--set model.relations.friend=0 --set embed.relations.friend="
begins --set model.name=cascade --set model.cascade.order=[interactions] $alone
adds 3 sums
begins --set model.name=gcn $alone
adds 3 sums
begins --set model.name=kgin --set model.relations.tag=1 $alone
adds 3 estimate

refused() { # CODE WORDS ARGUMENTS…: one line with the words
  want=$1 words=$2 code=0; shift 2
  "$KITH" explain job.yaml --quiet "$@" >out 2>&1 || code=$?
  [ $code = $want ] && grep -F -- "$words" out >/dev/null || { echo "kith explain $* ended with $code and not by \"$words\":"; cat out; exit 1; }
}
refused 64 "--new FILE goes with --user ID" --all --output why.tsv --new work/new.h5
refused 65 "nobody: no such node in the graph, nor in work/new.h5" --user nobody
head -n 1 ties.tsv >fewer.tsv
refused 65 "its rows are not those of the lists" --user twin --set embed.relations.friend=fewer.tsv
refused 65 "was made of the list new.tsv, and the job names users.tsv; give the settings of that kith embed here as well, --set embed.interactions.path=new.tsv" --user twin --set embed.interactions.path=users.tsv --set embed.item_features=
