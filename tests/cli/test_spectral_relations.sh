# Relations in the spectral model: eigenvectors are those of a matrix that NumPy stacks from the lists; the same bits on 1 to 4 ranks and for any cut; weight 0 is no line; what it cannot read is refused.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 60, items: 90, interactions: 700, friends: 90, tags: 12, carts: 1.5, views: 3, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  relations:
    friend: {path: friends.tsv, from: user, to: user, format: edges}
    tag: {path: tags.tsv, from: item, to: tag, format: edges}
    view: {path: views.tsv, from: user, to: item, format: edges, columns: {from: 1, to: 2}}
    also: {path: also.tsv, from: item, to: item, format: edges, columns: {from: 1, to: 2}, direction: forward}
    kg: {path: kg.tsv, from: entity, to: entity, format: edges, columns: {from: 1, to: 2, kind: 3}}
    group: {path: group.tsv, from: user, to: group, format: edges, columns: {from: 1, to: 2}}
  nodes: {entity: {same_as: item}}
  split: {method: ratio, valid: 0, test: 0.2}
partition: {parts: 6}
model: {name: spectral, dim: 8, relations: {friend: 0.7, tag: 0.4, view: 0.3, also: 0.2, kg: 0.6}}
J
powers=(--set model.spectral.tolerance=1e-4 --set model.spectral.user_power=0.4 --set model.spectral.item_power=0.6 --set model.spectral.oversample=12)
run() { n=$1; shift; ranks $n "$@" >out 2>&1 || { cat out; return 1; }; }
sed '/also:\|kg:\|group:\|nodes:/d; s/, also: 0.2, kg: 0.6//' job.yaml >generate.yaml
run 1 generate generate.yaml --quiet
cut -f2 list.tsv | sort -u | head -40 >items
awk 'NR > 1 {print last "\t" $1; if (NR % 5 == 0) print $1 "\t" last} {last = $1}' items >also.tsv
awk '{print $1 "\te" NR % 7 "\tby"; if (NR % 3 == 0) print $1 "\te" NR % 7 "\tof"; if (NR % 4 == 0) print "e" NR % 7 "\te" NR % 5 + 9 "\tin"} NR > 1 {print last "\t" $1 "\tlike"} {last = $1}' items | sort -u >kg.tsv
cut -f1 list.tsv | sort -u | awk '{print $1 "\tg" NR % 3}' >group.tsv
run 1 ingest job.yaml
grep -q "data.relations.also.direction is set but has no effect" out || { echo "no warning of the direction"; cat out; exit 1; }
run 1 partition job.yaml --quiet

refused() { # SETTING WORDS: code 78, and one line with the words
  code=0
  "$KITH" train job.yaml --quiet --set "$1" >out 2>&1 || code=$?
  [ $code = 78 ] && grep -qF -- "$2" out && [ "$(grep -c . out)" = 1 ] || { echo "--set $1 ended with $code and not by \"$2\":"; cat out; exit 1; }
}
refused model.relations.tag=learned "model.relations.tag: learned, but spectral has no steps to learn it"
refused model.tie=similarity "model.tie: spectral weighs all ties alike"
refused model.half_lives.view=30d "model.half_lives.view: spectral weighs edges of any age alike"
code=0; "$KITH" train job.yaml --quiet --set model.relations.group=1 >out 2>&1 || code=$?
[ $code = 78 ] && grep -q "model.relations.group: joins user with group, but spectral reads edges with an item at an end" out || { cat out; exit 1; }
"$KITH" train job.yaml --fresh "${powers[@]}" >out 2>&1 || { cat out; exit 1; }
for text in "relation view: weight 0.3, where interactions weigh 1" "model.relations.kg: spectral does not read [0-9]* edges of it, which have no item at an end"; do
  grep -q "$text" out || { echo "not said: $text"; cat out; exit 1; }
done

/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
cat >oracle.py <<'P'
import h5py, numpy as np, os, sys
a, b, weights = float(sys.argv[1]), float(sys.argv[2]), dict((w.split("=")[0], float(w.split("=")[1])) for w in sys.argv[3:])
g, e, c = (h5py.File("work/" + name, "r") for name in ("graph.h5", "embeddings.h5", open("work/checkpoint-latest").read().strip()))
n_user, n_item = e["user/embedding"].shape[0], e["item/embedding"].shape[0]
power = lambda d, x: np.where(d > 0, np.maximum(d, 1) ** x, 0)
def normal(A, x, y): return power(A.sum(1), -x)[:, None] * A * power(A.sum(0), -y)
R = np.zeros((n_user, n_item))
for u in range(n_user): R[u, g["train/item"][g["train/start"][u]:g["train/start"][u + 1]]] = 1
M = normal(R, a, b)
P = M.T @ M
directed = {"also"}
user, item, own = 0, 1, {"friend": ("user", "user"), "tag": ("item", "tag"), "view": ("user", "item"), "also": ("item", "item"), "kg": ("item", "item")}
for name, weight in weights.items():
    start, to = g["edge/%s/start" % name][:], g["edge/%s/to" % name][:]
    kind = g["edge/%s/kind" % name][:] if "edge/%s/kind" % name in g else np.zeros(len(to), int)
    edges = [((own[name][0], x), (own[name][1], int(to[i])), int(kind[i])) for x in range(len(start) - 1) for i in range(start[x], start[x + 1])]
    edges = [t for t in edges if t[0] != t[1]]
    if name not in directed: edges = sorted({(min(x, y), max(x, y), k) for x, y, k in edges})
    if name == "friend":
        F = np.zeros((n_user, n_user))
        for (_, x), (_, y), k in edges: F[x, y] += 1; F[y, x] += 1
        F = weight * normal(F, 0.5, 0.5)
        P += M.T @ F @ F @ M
        continue
    is_item = lambda x: x[0] == "item" and x[1] < n_item # further numbers are entities of their own
    node = {x: i for i, x in enumerate(sorted({x for t in edges for x in t[:2]}))}
    A = np.zeros((len(node), n_item))
    for x, y, k in edges:
        if is_item(y): A[node[x], y[1]] += 1
        if is_item(x): A[node[y], x[1]] += 1
    N = weight * normal(A, a, b)
    P += N.T @ N
k = e["item/embedding"].shape[1]
w = np.linalg.eigvalsh(P)[::-1][:k]
V = c["item/parameter"][:][:, :k].astype(float)
assert abs(V.T @ V - np.eye(k)).max() < 1e-4, "columns are not orthonormal"
worst = abs(P @ V - V * w).max() / w[0]
assert worst < 2e-4, "no eigenvectors: off by %g" % worst
assert abs(e.attrs["lambda_1"] / w[0] - 1) < 1e-5, "lambda"
f = w / w[0] / (w / w[0] + 0.1)
users = R * power(R.sum(0), -0.5) @ V * f
worst = abs(e["user/embedding"][:] - users).max() / abs(users).max()
assert worst < 2e-4, "users: off by %g" % worst
P
train() { n=$1; shift; run $n train job.yaml --quiet --fresh "${powers[@]}" "$@"; }
all="friend=0.7 tag=0.4 view=0.3 also=0.2 kg=0.6"
without() { for name in friend tag view also kg; do case " $1 " in *" $name "*) ;; *) printf ' --set model.relations.%s=0' $name ;; esac; done; } # all but these
/usr/bin/python3 oracle.py 0.4 0.6 $all
wanted=$(exported)
for one in $all; do # each alone
  train 2 $(without ${one%=*})
  /usr/bin/python3 oracle.py 0.4 0.6 $one || { echo "the relation alone: $one"; exit 1; }
done

# The same bits on any number of ranks and for any cut, and where a run goes on; a weight may not change.
for n in 1 2 3 4; do
  [ $n -lt 3 ] || run 1 partition job.yaml --quiet --set partition.method=hash --set partition.parts=$((n + 3))
  train $n
  [ "$(exported)" = "$wanted" ] || { echo "other bits on $n ranks"; exit 1; }
done
train 1 --set checkpoint.every=1 --set model.spectral.rounds=1 --set model.spectral.tolerance=0
run 3 train job.yaml --quiet "${powers[@]}"
[ "$(exported)" = "$wanted" ] || { echo "other bits after going on from the first round"; exit 1; }
if "$KITH" train job.yaml --quiet "${powers[@]}" --set model.relations.view=0.5 >out 2>&1; then echo "another weight went on from the checkpoint"; exit 1; fi

# Weight 0 is no line.
train 2 $(without "")
none=$(exported)
[ "$none" != "$wanted" ] || { echo "relations change nothing"; exit 1; }
sed 's/, relations: {friend: 0.7.*}}$/}/' job.yaml >none.yaml
if grep -q "relations: {friend" none.yaml; then echo "the line is still there"; exit 1; fi
run 2 train none.yaml --quiet --fresh "${powers[@]}"
[ "$(exported)" = "$none" ] || { echo "weights of 0 have other bits than no line"; exit 1; }

# New users with the lists of known ones have their very rows; their edges in relations are refused.
train 1
/usr/bin/python3 - <<'P'
import h5py
g = h5py.File("work/graph.h5", "r")
start, item, user, ids = g["train/start"][:], g["train/item"][:], g["user/id"][:], g["item/id"][:]
text = lambda x: x.decode() if isinstance(x, bytes) else str(x)
number = not isinstance(user[0], bytes)
name = lambda u: str(10 ** 6 + u) if number else "new" + text(user[u])
with open("new.tsv", "w") as f:
    for u in range(len(user)):
        for i in item[start[u]:start[u + 1]]: f.write("%s\t%s\n" % (name(u), text(ids[i])))
open("ties.tsv", "w").write("%s\t%s\n" % (name(0), text(user[1])))
P
embed() { n=$1; shift; ranks $n embed job.yaml --quiet "${powers[@]}" --set embed.interactions.format=edges --set embed.interactions.path=new.tsv --set embed.types=users "$@" >out 2>&1; }
for n in 1 3; do
  embed $n || { cat out; exit 1; }
  /usr/bin/python3 - <<'P'
import h5py
known, new = h5py.File("work/embeddings.h5", "r"), h5py.File("work/new.h5", "r")
k, n = known["user/embedding"][:], new["user/embedding"][:]
rows = {r.tobytes() for r in k}
assert len(n) > 10 and n.any() and all(r.tobytes() in rows for r in n), "rows of known lists differ"
P
done
code=0; embed 1 --set embed.relations.friend=ties.tsv || code=$?
[ $code = 78 ] && grep -q "embed.relations.friend: rows of new users are made of their interactions alone" out || { cat out; exit 1; }
