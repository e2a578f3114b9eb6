# kith explain where users and items have features: what each feature of the user and of the item is worth is what NumPy finds, at
# both ends all parts add up to the score, for cold items too; the same on 1 to 3 ranks, and for people in words.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 60, items: 80, interactions: 700, friends: 100, communities: 4, drift: 1}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  social: {path: friend.tsv, format: edges}
  user_features: {path: ages.txt}
  item_features: {path: genres.txt}
  split: {method: time, valid: 0.1, test: 0.2}
partition: {parts: 6}
model: {dim: 12, layers: 2, input: both, relations: {friend: 0.6}}
loss: {name: softmax}
train: {batch: 256, epochs: 3, lr: 0.02}
evaluate: {k: [5, 10], every: 1}
J
"$KITH" generate job.yaml --quiet >log 2>&1 || { cat log; exit 1; }
seq 0 59 | awk '{printf "user-%02d\tage-%d city-%d:0.5\n", $1, $1 % 5, $1 % 3}' >ages.txt
seq 0 79 | awk '{printf "item-%02d\tgenre-%d year-%d:0.5 all\n", $1, $1 % 6, $1 % 4}' >genres.txt
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
cat >oracle.py <<'P' # LAYERS dot|cosine|gcn DELTA; reads answers: the features of both ends against the checkpoint's weights
import h5py, json, numpy as np, sys
layers, linear, gcn, delta = int(sys.argv[1]), sys.argv[2] == "dot", sys.argv[2] == "gcn", float(sys.argv[3])
g, e = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/checkpoint-%06d-000000.h5" % e.attrs["epoch"])
weights, at = state["weights/parameter"][:].astype(float).ravel(), 0
lists, w, b, ids = {}, {}, {}, {}
d = state["user/parameter"].shape[1]
names = {t: [x.decode() for x in e[t + "/id"][:]] for t in ("user", "item")}
for t, path in ("user", "ages.txt"), ("item", "genres.txt"):
    ids[t] = [x.decode() for x in g[t + "_feature/id"][:]]
    n = len(ids[t])
    w[t], b[t] = weights[at:at + n * d].reshape(n, d), weights[at + n * d:at + (n + 1) * d]
    at += (n + 1) * d
    lists[t] = {line.split("\t")[0]: [(f.split(":") + ["1"])[:2] for f in line.split("\t")[1].split()] for line in open(path)}
final = {t: e[t + "/embedding"][:].astype(float) for t in w}
chosen = {names["item"][i] for i in g["train/item"][:]}
def parts(t, id, other, scale): # what the input row of a node contributes: its features, and the rest
    term = {f: float(v) * scale * w[t][ids[t].index(f)] @ other for f, v in lists[t][id]}
    return term, scale * (b[t] + state[t + "/parameter"][names[t].index(id)]) @ other
def scale_of(id): # an exported row of an item against that of the model
    length = np.linalg.norm(final["item"][names["item"].index(id)])
    return length ** (-delta / (1 - delta))
def same(said, true): assert abs(said - true) < 2e-5 * (1 + abs(true)), (said, true)
cold = 0
for line in sys.stdin:
    for a in json.loads(line)["explanations"]:
        F = final["user"][names["user"].index(a["user"])]
        ends = [(a["item"], 1)] + ([(a["against"], -1)] if "against" in a else [])
        target = sum(sign * final["item"][names["item"].index(i)] for i, sign in ends)
        said = {r["feature"]: r["contribution"] for r in a["reasons"] if "feature" in r}
        if linear: # lengths for cosines are not stored
            true, own = parts("user", a["user"], target, 1 / (layers + 1))
            assert said.keys() == true.keys()
            for f in true: same(said[f], true[f])
            same(a["own"], own)
            true, own = {}, 0
            for i, sign in ends:
                term, rest = parts("item", i, sign * F, scale_of(i) / (layers + 1))
                own += rest
                for f in term: true[f] = true.get(f, 0) + term[f]
            end, said = a["item_end"], {r["feature"]: r["contribution"] for r in a["item_end"]["reasons"]}
            assert said.keys() == true.keys() and end["terms"] == len(true), (said, true)
            for f in true: same(said[f], true[f])
            same(end["own"], own)
        end = a["item_end"]
        assert [r["contribution"] for r in end["reasons"]] == sorted((r["contribution"] for r in end["reasons"]), key=lambda c: -abs(c))
        same(end["own"] + sum(r["contribution"] for r in end["reasons"]) + end["rest"], a["score"])
        same(a["own"] + a["positive"] + a["negative"], a["score"])
        if not chosen & {i for i, _ in ends}: # nobody has it: its input row is all of it
            cold += 1
            if gcn: # F_i = max(x_i W_0, 0) W_1
                w0, w1 = weights[at:at + d * d].reshape(d, d), weights[at + d * d:].reshape(d, d)
                row = b["item"] + state["item/parameter"][names["item"].index(a["item"])]
                row = row + sum(float(v) * w["item"][ids["item"].index(f)] for f, v in lists["item"][a["item"]])
                true, own = parts("item", a["item"], w0 @ ((row @ w0 > 0) * (w1 @ F)), 1)
                for r in end["reasons"]: same(r["contribution"], true[r["feature"]])
                same(end["own"], own)
            assert abs(end["rest"]) < 1e-5 * (1 + abs(a["score"])), a
print(cold)
P
on() { if [ $1 = 1 ]; then shift; "$KITH" "$@"; else ranks "$@"; fi; }
answers() { # RANKS words…
  n=$1; shift
  for asked in "--user user-03 --k 3" "--user user-17 --item $cold" "--user user-34 --item item-11 --against $cold"; do
    on $n explain job.yaml $asked --top 100 --json --quiet "$@" | tail -1
  done | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//'
}
cold=$(/usr/bin/python3 -c '
import h5py
f = h5py.File("work/graph.h5")
known = set(f["train/item"][:])
print(next(x.decode() for i, x in enumerate(f["item/id"][:]) if i not in known))')
for how in "2 gcn 0" "2 dot 0" "2 dot 0.4" "2 cosine 0" "0 dot 0"; do
  set -- $how
  settings="--set model.layers=$1 --set model.score=$2 --set model.length_discount=$3"
  [ $2 != gcn ] || settings="--set model.name=gcn --set model.layers=2 --set model.relations.friend=0"
  [ $1 -gt 0 ] || settings="--set model.name=mf --set model.relations.friend=0"
  "$KITH" train job.yaml --fresh --quiet $settings >log 2>&1 || { cat log; exit 1; }
  answers 1 $settings >one
  /usr/bin/python3 oracle.py $how <one >cold || { echo "with $how the features are not NumPy's"; exit 1; }
  [ "$(cat cold)" -gt 0 ] || { echo "no cold item"; exit 1; }
done
/usr/bin/python3 oracle.py 0 dot 0.1 <one >log 2>&1 && { echo "the oracle does not see lengths"; exit 1; }
for n in 2 3; do answers $n $settings >many; cmp one many || { echo "$n ranks say otherwise"; exit 1; }; done

"$KITH" explain job.yaml --user user-17 --item $cold $settings >text
grep '^  score -*[0-9.]*  item-' text >/dev/null || { echo "no word for the score"; cat text; exit 1; }
for words in ' has the feature age-2$' 'the same score by features of the item$' ' has the feature all$' "the item's own row$" 'reads no neighbors'; do
  grep -- "$words" text >/dev/null || { echo "no line with \"$words\""; cat text; exit 1; }
done
