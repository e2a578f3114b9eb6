# Features of users and items: models that read nothing else recommend far better than popularity; items that nobody has
# touched are embedded by what they are like, as an independent oracle computes it, and are recommended to the right users;
# on any number of ranks; runs go on; what cannot be is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/t"
job=$dir/t/job.yaml work=$dir/t/work
cat >"$job" <<J
work: work
generate: {users: 400, items: 600, interactions: 12000, friends: 0, communities: 6}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  user_features: {path: users.tsv}
  item_features: {path: items.tsv}
partition: {parts: 6}
model: {dim: 16, layers: 2, input: features}
loss:  {name: bpr}
train: {batch: 512, epochs: 8, lr: 0.02}
evaluate: {k: [20], every: 8, split: test}
embed: {types: items, item_features: {path: items.tsv}}
J
"$KITH" generate "$job" >/dev/null
cp "$dir/t/items.tsv" "$dir/items1"
"$KITH" generate "$job" >/dev/null
cmp "$dir/t/items.tsv" "$dir/items1"

# Every eighth item is hidden from training; of the other pairs a tenth is held out.
cat >"$dir/hide.py" <<'P'
import random, sys
folder, r = sys.argv[1], random.Random(3)
pairs = [tuple(line.split("\t")[:2]) for line in open(folder + "/list.tsv").read().splitlines() if line[0] != "#"]
hidden = set(sorted({i for _, i in pairs})[::8])
warm = [p for p in pairs if p[1] not in hidden]
test = {p for p in warm if r.random() < 0.1}
users = {u for u, i in warm if (u, i) not in test}
write = lambda name, some: open(folder + "/" + name, "w").write("".join("%s\t%s\n" % p for p in some))
write("known.tsv", [p for p in warm if p not in test])
write("test.tsv", [p for p in sorted(test) if p[0] in users])
cold = [p for p in pairs if p[1] in hidden and p[0] in users]
told = {p for i in sorted(hidden) for p in r.sample([p for p in cold if p[1] == i], 2)} # for models that are used to neighbors
write("told.tsv", sorted(told))
write("cold.tsv", [p for p in cold if p not in told])
P
/usr/bin/python3 "$dir/hide.py" "$dir/t"
set -- --set data.interactions.path=known.tsv --set data.test.path=test.tsv --set data.test.format=edges --set data.test.delimiter=tab
"$KITH" ingest "$job" "$@" >"$dir/said"
grep -q '46 different features of users' "$dir/said"
grep -q '[0-9]* lines of features of items without interactions, left out' "$dir/said"
"$KITH" partition "$job" "$@" >/dev/null
"$KITH" inspect "$work/graph.h5" | grep '  46 features of items, [0-9]* entries' >/dev/null
"$KITH" inspect "$work/parts.h5" | grep '  46 features of users, 46 of items; [0-9]* entries' >/dev/null

cat >"$dir/oracle.py" <<'P'
import collections, h5py, numpy as np, os, sys
folder, model, recall = sys.argv[1], sys.argv[2], float(sys.argv[3])
graph, told, new = (h5py.File(os.path.join(folder, "work", name), "r") for name in ("graph.h5", "embeddings.h5", "new.h5"))
state = h5py.File(os.path.join(folder, "work", open(os.path.join(folder, "work", "checkpoint-latest")).read().strip()), "r")
text = lambda a: [i.decode() for i in a]
tags = {t: {w[0]: w[1].split(" ") for w in (line.split("\t") for line in open(folder + "/%ss.tsv" % t).read().splitlines()) if w[0][0] != "#"} for t in ("user", "item")}
flat, at, d, row = state["weights/parameter"][:].astype(float), 0, 16, {}
for t in "user", "item": # weights, bias, type by type
    name = text(graph[t + "_feature/id"][:])
    w, b, at = flat[at:at + len(name) * d].reshape(len(name), d), flat[at + len(name) * d:at + (len(name) + 1) * d], at + (len(name) + 1) * d
    place = {n: k for k, n in enumerate(name)}
    row[t] = lambda i, t=t, w=w, b=b, place=place: b + sum(w[place[tag]] for tag in tags[t][i] if tag in place)
assert "user/parameter" not in state # features are all that is learned of nodes
near = lambda a, b: np.abs(a - b).max() <= 2e-5 * np.abs(b).max()
layers = {"mf": 0, "lightgcn": 2}.get(model)
cold = text(new["item/id"][:])
assert new["user/id"].shape[0] == 0 and not set(cold) & set(text(graph["item/id"][:])) and set(cold) == set(tags["item"]) - set(text(graph["item/id"][:]))
if layers is not None: assert near(new["item/embedding"][:], np.stack([row["item"](i) for i in cold]) / (layers + 1)), "cold items"
if model == "mf":
    for t in "user", "item": assert near(told[t + "/embedding"][:], np.stack([row[t](i) for i in text(graph[t + "/id"][:])])), t

# Warm items: against the most popular ones.
start, item, tstart, titem = (graph[n][:] for n in ("train/start", "train/item", "test/start", "test/item"))
count = np.bincount(item, minlength=graph["item/id"].shape[0]).astype(float)
found = []
for u in range(len(start) - 1):
    truth = set(titem[tstart[u]:tstart[u + 1]].tolist())
    score = count.copy()
    score[item[start[u]:start[u + 1]]] = -1
    if truth: found.append(len(set(np.argsort(-score)[:20].tolist()) & truth) / len(truth))
# Cold items: ranked among themselves; 0.5 by chance, and popularity says nothing.
place, wins = {i: k for k, i in enumerate(cold)}, []
liked = collections.defaultdict(set)
for u, i in (line.split("\t") for line in open(folder + "/cold.tsv").read().splitlines()): liked[u].add(place[i])
for k, u in enumerate(text(graph["user/id"][:])):
    yes = sorted(liked[u])
    no = [j for j in range(len(cold)) if j not in liked[u]]
    score = new["item/embedding"][:] @ told["user/embedding"][k] if yes else None
    if yes: wins.append(np.mean(score[yes][:, None] > score[no][None, :]))
print("%s: recall@20 %.3f, of the most popular %.3f; cold items before others %.3f of %d users" % (model, recall, np.mean(found), np.mean(wins), len(wins)))
least = 1.2 if model == "mf" else 1.5 # features do not say how popular an item is, neighbors do
assert recall > least * np.mean(found) and np.mean(wins) > 0.7 and len(wins) > 200
P

recall() { tail -n 1 "$1" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["test_recall@20"])'; }
for model in mf lightgcn sage; do
  how=(--set model.name=$model)
  [ $model = lightgcn ] && how+=(--set sampler.mode=neighbor --set sampler.fanouts=10,10)
  [ $model = mf ] && how+=(--set train.epochs=40 --set evaluate.every=40)
  [ $model = sage ] && how+=(--set train.epochs=16 --set evaluate.every=16)
  ranks $([ $model = sage ] && echo 2 || echo 1) train "$job" "$@" "${how[@]}" --quiet --fresh --json >"$dir/said"
  [ $model = sage ] && how+=(--set embed.interactions.path=told.tsv --set embed.interactions.format=edges --set embed.interactions.delimiter=tab)
  "$KITH" embed "$job" "$@" "${how[@]}" >/dev/null
  /usr/bin/python3 "$dir/oracle.py" "$dir/t" $model "$(recall "$dir/said")"
done
ranks 3 embed "$job" "$@" "${how[@]}" --output "$dir/on3.h5" >/dev/null
/usr/bin/python3 - "$work/new.h5" "$dir/on3.h5" <<'P'
import h5py, numpy as np, sys
a, b = (h5py.File(n, "r") for n in sys.argv[1:])
x, y = a["item/embedding"][:], b["item/embedding"][:]
assert (a["item/id"][:] == b["item/id"][:]).all() and np.abs(x - y).max() <= 1e-6 * np.abs(x).max()
P

# A run on other ranks goes on where another stopped: weights of features are in the checkpoint.
loss() { tail -n 1 "$1" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["loss"])'; }
for input in features both; do
  whole=(--set model.input=$input --set train.epochs=4 --set evaluate.every=0)
  "$KITH" train "$job" "$@" "${whole[@]}" --quiet --fresh --json >"$dir/said"; once=$(loss "$dir/said")
  "$KITH" train "$job" "$@" "${whole[@]}" --quiet --fresh --set train.epochs=2 >/dev/null
  ranks 3 train "$job" "$@" "${whole[@]}" --quiet --json >"$dir/said"
  /usr/bin/python3 -c 'import sys; a, b = map(float, sys.argv[1:]); assert abs(a - b) <= 1e-5 * a, (a, b)' "$once" "$(loss "$dir/said")"
done

# ---- what is refused ----
refused() { # WHAT CODE MESSAGE words…
  what=$1 code=$2 message=$3; shift 3
  rc=0; "$KITH" "$@" >/dev/null 2>"$dir/err" || rc=$?
  grep -q "^kith: .*$message" "$dir/err" && [ $rc = $code ] || { echo "$what: code $rc: $(cat "$dir/err")"; exit 1; }
}
refused "another input" 78 'was trained with model.input=both, the job has model.input=features' train "$job" "$@" --set train.epochs=5
refused "no lists" 78 'model.input: features, but there are no features' train "$job" "$@" --set data.user_features.path= --set data.item_features.path=
refused "features that nobody reads" 78 'embed.item_features: .*no features are read' embed "$job" "$@" --set model.input=embedding
refused "a classifier" 78 'model.input: features, but a classifier reads what data.features names' train "$job" "$@" --set task=classify --set model.name=gcn
printf 'item-001\ttag-1\n' >"$dir/t/same.tsv"; cat "$dir/t/same.tsv" "$dir/t/same.tsv" >"$dir/t/twice.tsv"
refused "an item twice" 65 'twice.tsv:2: item "item-001" is already in line 1; if a line is one feature, set the format to long' ingest "$job" "$@" --set data.item_features.path=twice.tsv --set data.item_features.format=sparse
"$KITH" ingest "$job" "$@" --set data.user_features.path= --set data.item_features.path= --set model.input=embedding >/dev/null
"$KITH" partition "$job" "$@" --set data.user_features.path= --set data.item_features.path= --set model.input=embedding >/dev/null
refused "a graph without features" 78 'the graph has no features; name data.user_features' train "$job" "$@" --fresh
