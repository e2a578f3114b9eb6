# kith embed: rows of new users and items are what an independent oracle makes of the checkpoint, the training lists and
# the new list; they find held-out items; the same on any number of ranks; what is no new node is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
job=$dir/t/job.yaml work=$dir/t/work

# Every eighth user is hidden from training; of its pairs two thirds are told to kith embed, the others are what it should find.
cat >"$dir/hide.py" <<'P'
import random, sys
folder, r = sys.argv[1], random.Random(3)
pairs = list(dict.fromkeys(tuple(line.split("\t")[:2]) for line in open(folder + "/list.tsv").read().splitlines() if line[0] != "#"))
users = list(dict.fromkeys(u for u, _ in pairs))
hidden = set(users[::8])
known = [p for p in pairs if p[0] not in hidden]
items = {i for _, i in known}
mine = [p for p in pairs if p[0] in hidden and p[1] in items]
told = [p for p in mine if r.random() < 2 / 3]
twin = [("twin of " + u, i) for u, i in known if u == known[0][0]]
write = lambda name, some: open(folder + "/" + name, "w").write("".join("%s\t%s\n" % p for p in some))
write("known.tsv", known)
write("test.tsv", [(known[0][0], "an item without training")])
write("new.tsv", told + twin + told[:5] + [(told[0][0], "an item without training")])
write("held.tsv", [p for p in mine if p not in set(told)])
some = sorted({u for u, _ in known})
items_new = [("%s" % r.choice(some), "item-%d-new" % (k % 7)) for k in range(40)]
write("items.tsv", items_new)
write("both.tsv", items_new + [("somebody", "item-2-new"), ("somebody", known[3][1]), ("nobody", "item-9-new")])
P
/usr/bin/python3 "$dir/hide.py" "$dir/t"
columns=(--set data.interactions.columns.time= --set data.social.path= --set data.interactions.path=known.tsv --set data.test.path=test.tsv --set data.test.format=edges --set data.test.delimiter=tab)
from() { embed=(--set embed.interactions.path="$1" --set embed.interactions.format=edges --set embed.interactions.delimiter=tab --set embed.types="$2"); }
for verb in ingest partition; do "$KITH" $verb "$job" "${columns[@]}" --set data.split.method=none >/dev/null; done

cat >"$dir/oracle.py" <<'P'
import collections, h5py, numpy as np, sys
work, model, path, listed, held, discount = sys.argv[1:6] + [float(sys.argv[6])]
open5 = lambda name: h5py.File(work + "/" + name, "r")
graph, told, new = open5("graph.h5"), open5("embeddings.h5"), h5py.File(path, "r")
state = open5(open(work + "/checkpoint-latest").read().strip())
text = lambda a: [i.decode() for i in a]
known = [text(graph["user/id"][:]), text(graph["item/id"][:])]
fresh = [text(new["user/id"][:]), text(new["item/id"][:])]
nodes = [(t, i) for group in (known, fresh) for t in (0, 1) for i in group[t]]
place = {node: n for n, node in enumerate(nodes)}
n_known, d = len(known[0]) + len(known[1]), state.attrs["width"]
reads = collections.defaultdict(set) # only newcomers read what is in the new list
start, item = graph["train/start"][:], graph["train/item"][:]
for u in range(len(known[0])):
    for i in item[start[u]:start[u + 1]]:
        reads[u].add(len(known[0]) + i)
        reads[len(known[0]) + i].add(u)
lines = [tuple(line.split("\t")) for line in open(listed).read().splitlines()]
assert fresh[0] == list(dict.fromkeys(u for u, _ in lines if (0, u) in place and place[0, u] >= n_known))
assert fresh[1] == list(dict.fromkeys(i for _, i in lines if place[1, i] >= n_known)) and fresh[0] + fresh[1]
for u, i in lines:
    u, i = place[0, u], place[1, i]
    if u >= n_known: reads[u].add(i)
    if i >= n_known: reads[i].add(u)
degree = [max(len(reads[n]), 1) for n in range(len(nodes))]
x = np.zeros((len(nodes), d))
x[:n_known] = np.concatenate([state["user/parameter"][:], state["item/parameter"][:]])
if model == "lightgcn":
    h, final = x, x / 3
    for l in range(2):
        h = np.stack([sum((h[j] / (degree[n] * degree[j]) ** 0.5 for j in reads[n]), np.zeros(d)) for n in range(len(nodes))])
        final = final + h / 3
else: # sage: bias, weights, layer by layer
    h, flat, at = x, state["weights/parameter"][:].astype(float), 0
    for l in range(2):
        b, w, at = flat[at:at + d], flat[at + d:at + d + 2 * d * d].reshape(2 * d, d), at + d + 2 * d * d
        mean = np.stack([sum((h[j] for j in reads[n]), np.zeros(d)) / degree[n] for n in range(len(nodes))])
        h = np.concatenate([h, mean], 1) @ w + b
        if l == 0:
            h = np.maximum(h, 0)
            h /= np.maximum(np.linalg.norm(h, axis=1, keepdims=True), 1e-30)
    final = h
items = np.array([t == 1 for t, _ in nodes])
final[items] /= np.maximum(np.linalg.norm(final[items], axis=1, keepdims=True), 1e-30) ** discount
near = lambda a, b: np.abs(a - b).max() <= 2e-5 * np.abs(b).max()
assert near(np.concatenate([told["user/embedding"][:], told["item/embedding"][:]]), final[:n_known]), "known nodes"
assert near(np.concatenate([new["user/embedding"][:], new["item/embedding"][:]]), final[n_known:]), "new nodes"
assert new.attrs["fingerprint"] == graph.attrs["fingerprint"] and new.attrs["epoch"] == told.attrs["epoch"] and new.attrs["model"].decode() == model
assert b"not in the graph" in new.attrs["nodes"]
if held == "-": sys.exit()

# A newcomer with the list of somebody known reads the same rows: it lacks nothing but an input row of its own.
if model == "lightgcn":
    of = known[0][0]
    assert start[1] - start[0] == len(reads[place[0, "twin of " + of]])
    assert near(new["user/embedding"][fresh[0].index("twin of " + of)], told["user/embedding"][0] - state["user/parameter"][0] / 3), "twin"

# Held-out items of the hidden: far above what chance finds, twenty of all items.
truth = collections.defaultdict(set)
for u, i in (line.split("\t") for line in open(held).read().splitlines()): truth[u].add(place[1, i] - len(known[0]))
hits, n_items = [], len(known[1])
for u in sorted(truth.keys() & set(fresh[0])):
    row = fresh[0].index(u)
    score = told["item/embedding"][:] @ new["user/embedding"][row]
    score[[j - len(known[0]) for j in reads[place[0, u]]]] = -np.inf
    hits.append(len(set(np.argsort(-score)[:20].tolist()) & truth[u]) / len(truth[u]))
print("%s: recall@20 of %d hidden users %.3f, by chance %.3f" % (model, len(hits), np.mean(hits), 20 / n_items))
assert len(hits) >= 20 and np.mean(hits) > 2.5 * 20 / n_items
P

cat >"$dir/same.py" <<'P'
import h5py, numpy as np, sys
a, b, exact = h5py.File(sys.argv[1], "r"), h5py.File(sys.argv[2], "r"), sys.argv[3] == "bits"
for t in "user", "item":
    assert (a[t + "/id"][:] == b[t + "/id"][:]).all()
    x, y = a[t + "/embedding"][:], b[t + "/embedding"][:]
    assert x.tobytes() == y.tobytes() if exact else np.abs(x - y).max(initial=0) <= 1e-6 * np.abs(x).max(initial=1), (t, np.abs(x - y).max())
P

for model in lightgcn lightgcn-discount sage pinsage gcn gcnii rgcn gat ngcf sage-lstm; do
  case $model in lightgcn | sage) epochs=8 ;; *) epochs=1 ;; esac
  set -- "${columns[@]}" --set model.name=${model%-*} --set data.split.method=none --set evaluate.every=0 --set train.epochs=$epochs
  [ ${model%-*} = lightgcn ] || set -- "$@" --set sampler.mode=neighbor --set sampler.fanouts=5,5
  discount=0
  [ $model != lightgcn-discount ] || discount=0.3
  set -- "$@" --set model.length_discount=$discount
  [ $model != sage-lstm ] || set -- "$@" --set model.aggregator=lstm --set model.edge_dropout=0.1
  "$KITH" train "$job" "$@" --quiet --fresh >/dev/null
  for what in users items both; do
    [ $what = users ] && list=new.tsv held=$dir/t/held.tsv || { list=$what.tsv; held=-; }
    case $model-$what in lightgcn-users | lightgcn-items | sage-users | sage-items | *-both) ;; *) continue ;; esac
    from $list $what
    "$KITH" embed "$job" "$@" "${embed[@]}" >"$dir/said"
    case $model in lightgcn* | sage)
      /usr/bin/python3 "$dir/oracle.py" "$work" ${model%-*} "$work/new.h5" "$dir/t/$list" "$held" $discount ;;
    esac
    [ $what = both ] || continue
    for n in $([ ${model%-*} = lightgcn ] && echo 2 3 5 || echo 3); do
      ranks $n embed "$job" "$@" "${embed[@]}" --output "$dir/on$n.h5" >/dev/null
      /usr/bin/python3 "$dir/same.py" "$work/new.h5" "$dir/on$n.h5" $([ ${model%-*} = lightgcn ] && echo bits || echo near)
    done
  done
done
grep -q '^2 new users, 8 new items, .* interactions with them' "$dir/said"
from new.tsv users
"$KITH" embed "$job" "$@" "${embed[@]}" | grep '5 repeated interactions' >/dev/null # all of it is read: nobody writes into a closed pipe
"$KITH" inspect "$work/new.h5" | grep 'nodes .*new: not in the graph' >/dev/null

# Partners that the graph does not know are left out and counted, and the key that decides is named.
head -n 3 "$dir/t/new.tsv" | sed -e 's/$/ of before/' -e 's/^[^\t]*/a lonely one/' >"$dir/t/some.tsv"
cat "$dir/t/new.tsv" >>"$dir/t/some.tsv"
from some.tsv users
cp "$work/new.h5" "$dir/without.h5"
"$KITH" embed "$job" "$@" "${embed[@]}" --json >"$dir/said"
grep -q '^  3 interactions with items that the graph does not know, left out: embed.types: users' "$dir/said"
grep -q '^  1 new user without an interaction or edge that counts: its row has no information' "$dir/said"
/usr/bin/python3 - "$dir/without.h5" "$work/new.h5" "$dir/said" <<'P'
import h5py, json, numpy as np, sys
a, b = (h5py.File(p, "r") for p in sys.argv[1:3])
said = json.loads(open(sys.argv[3]).read().splitlines()[-1])
assert said["skipped"] == 3 and said["isolated_users"] == 1 and said["isolated_items"] == 0
assert list(b["user/id"][:]) == [b"a lonely one"] + list(a["user/id"][:])
assert np.abs(b["user/embedding"][1:] - a["user/embedding"][:]).max() <= 1e-6 * np.abs(a["user/embedding"][:]).max()
P

# Where validation picks the epoch, checkpoint.best keeps its checkpoint, and kith embed takes that one; else it says that the two do not fit.
picked=("${columns[@]}" --set evaluate.split=valid --set train.lr=0.1 --set train.epochs=12 --set evaluate.every=1 --set checkpoint.keep=1)
"$KITH" ingest "$job" "${columns[@]}" >/dev/null
"$KITH" partition "$job" "${columns[@]}" >/dev/null
for best in true false; do
  "$KITH" train "$job" "${picked[@]}" --set checkpoint.best=$best --quiet --fresh >/dev/null
  "$KITH" embed "$job" "${picked[@]}" "${embed[@]}" --json >"$dir/said"
  epochs=$(tail -n 1 "$dir/said" | /usr/bin/python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["epoch"], r["exported_epoch"])')
  [ "${epochs#* }" -lt 12 ] || { echo "the picked epoch is the last, which tells nothing: $epochs"; exit 1; }
  if [ $best = true ]; then [ "${epochs% *}" = "${epochs#* }" ]; else [ "${epochs% *}" = 12 ] && grep -q 'only roughly comparable' "$dir/said"; fi
  [ $(ls "$work"/checkpoint-0* | wc -l) = $([ $best = true ] && echo 2 || echo 1) ]
done
"$KITH" ingest "$job" "$@" >/dev/null
"$KITH" partition "$job" "$@" >/dev/null
"$KITH" train "$job" "$@" --quiet --fresh >/dev/null

# ---- what is refused ----
refused() { # WHAT CODE MESSAGE words…
  what=$1 code=$2 message=$3; shift 3
  rm -f "$work/new.h5"
  for n in ${on:-1}; do
    [ $n = 1 ] && how=("$KITH") || how=(ranks $n)
    rc=0; "${how[@]}" embed "$@" >/dev/null 2>"$dir/err" || rc=$?
    grep -q "^kith: .*$message" "$dir/err" && [ $rc = $code ] && [ ! -e "$work/new.h5" ] || { echo "$what on $n: code $rc: $(cat "$dir/err")"; exit 1; }
  done
}
printf 'somebody\tno such item\n' >"$dir/t/bad1.tsv"
printf '# old\n%s\n' "$(head -n 1 "$dir/t/known.tsv")" >"$dir/t/bad2.tsv"
on="1 3"
from bad1.tsv users; refused "no known item" 65 'bad1.tsv: none of its 1 interaction is with an item that the graph knows; embed.types: users' "$job" "$@" "${embed[@]}"
refused "an unknown item" 65 'bad1.tsv:1: expected an item that the graph knows' "$job" "$@" "${embed[@]}" --set embed.unknown=error
on=1
from new.tsv items;  refused "an unknown user" 65 'new.tsv:1: expected a user that the graph knows' "$job" "$@" "${embed[@]}" --set embed.unknown=error
from bad2.tsv users; refused "a known user" 65 'bad2.tsv:2: expected a new user, found user ".*" and item ".*", who are in the graph both' "$job" "$@" "${embed[@]}"
from bad2.tsv both;  refused "nothing new" 65 'bad2.tsv:2: expected a new user or a new item, found' "$job" "$@" "${embed[@]}"
from new.tsv users
refused "no list" 78 'embed.interactions.path: expected' "$job" "$@"
refused "a missing list" 66 'nowhere: cannot be read' "$job" "$@" --set embed.interactions.path=nowhere
refused "another model" 78 'was trained with model.name=sage, the job has model.name=gcn' "$job" "$@" "${embed[@]}" --set model.name=gcn
refused "no layer" 78 'model.name: mf' "$job" "$@" "${embed[@]}" --set model.name=mf
rm "$work"/checkpoint-*
refused "no checkpoint" 66 'no checkpoint is there: run kith train' "$job" "$@" "${embed[@]}"
rm "$work/embeddings.h5"
refused "no training" 66 'embeddings.h5: .*run kith train' "$job" "$@" "${embed[@]}"
