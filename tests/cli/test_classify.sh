# Node classification from text files to accuracy, by the program alone: on any number of ranks, in pieces, and refused in words.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"

# 240 nodes of 4 classes: five in six neighbors are of the own class, and features hint at it.
/usr/bin/python3 - "$dir" <<'P'
import random, sys
r, n, c = random.Random(5), 240, 4
label = [r.randrange(c) for _ in range(n)]
words = ["art", "biology", "chess", "dance"]
out = lambda name, lines: open("%s/%s" % (sys.argv[1], name), "w").write("\n".join(lines) + "\n")
edges = set()
while len(edges) < 700:
    a, b = r.randrange(n), r.randrange(n)
    if a != b and (label[a] == label[b] or r.random() < 0.06): edges.add((min(a, b), max(a, b)))
out("edges.txt", ["%d %d" % e for e in sorted(edges)])
out("labels.txt", [words[l] for l in label])
out("features.txt", [" ".join(str(k) for k in range(40) if r.random() < (0.35 if k % c == l else 0.1)) for l in label])
order = list(range(n)); r.shuffle(order)
for name, a, b in ("train", 0, 40), ("valid", 40, 120), ("test", 120, 240): out(name + ".txt", [str(i) for i in order[a:b]])
P
job=$dir/job.yaml
cat >"$job" <<'J'
task: classify
work: work
data:
  edges: {path: edges.txt}
  labels: {path: labels.txt}
  features: {path: features.txt, normalize: true}
  splits: {train: train.txt, valid: valid.txt, test: test.txt}
partition: {parts: 6}
model: {name: gcn, dim: 16, layers: 2, dropout: 0.3}
train: {epochs: 30, lr: 0.02, weight_decay: 0.0005, weight_decay_on: first}
evaluate: {split: valid, every: 1}
checkpoint: {every: 10, keep: 2}
J
"$KITH" ingest "$job" --json | tail -n 1 >"$dir/ingest.json"
"$KITH" partition "$job" | grep '240 nodes, 700 edges cut into 6 parts' >/dev/null
"$KITH" train "$job" --quiet --json | tail -n 1 >"$dir/one.json"
"$KITH" evaluate "$job" --json | tail -n 1 >"$dir/evaluate.json"
times "$dir/work/metrics.jsonl" --brief sample --also evaluate_seconds

# What is said is what the files say, counted again.
/usr/bin/python3 - "$dir" <<'P'
import h5py, json, math, os, sys
d = sys.argv[1]
read = lambda name: json.load(open(d + "/" + name))
ingest, one, evaluate = read("ingest.json"), read("one.json"), read("evaluate.json")
assert (ingest["nodes"], ingest["classes"], ingest["edges"], ingest["features"]) == (240, 4, 700, 40), ingest
assert (ingest["train"], ingest["valid"], ingest["test"]) == (40, 80, 120), ingest
lists = ingest["lists"]
assert set(lists) == {"edges", "labels", "features", "train", "valid", "test"}, lists
assert (lists["labels"]["lines"], lists["labels"]["format"], lists["train"]["format"]) == (240, "labels", "nodes"), lists
f = h5py.File(os.path.join(d, "work", "embeddings.h5"))
assert list(f["class/id"][:]) == [b"art", b"biology", b"chess", b"dance"] and list(f["node/id"][:]) == list(range(240))
logits, predicted = f["node/embedding"][:], f["node/label_predicted"][:]
assert (logits.argmax(1) == predicted).all()
label = open(d + "/labels.txt").read().split()
for split in "train", "valid", "test":
    nodes = [int(i) for i in open("%s/%s.txt" % (d, split)).read().split()]
    right = sum(f["class/id"][predicted[i]].decode() == label[i] for i in nodes)
    assert abs(evaluate[split + "_accuracy"] - right / len(nodes)) < 1e-9, (split, right)
    loss = sum(math.log(sum(math.exp(x) for x in logits[i])) - logits[i][list(f["class/id"][:]).index(label[i].encode())] for i in nodes) / len(nodes)
    pairs = [(label[i], f["class/id"][predicted[i]].decode()) for i in nodes]
    f1 = [2 * sum(a == b == c for a, b in pairs) / (sum(a == c for a, b in pairs) + sum(b == c for a, b in pairs)) for c in sorted({c for p in pairs for c in p})]
    assert abs(evaluate[split + "_macro_f1"] - sum(f1) / len(f1)) < 1e-9, (split, f1)
    assert abs(evaluate[split + "_loss"] - loss) < 1e-5, (split, loss)
assert evaluate["test_accuracy"] == one["test_accuracy"] > 0.7 and evaluate["valid_accuracy"] == one["valid_accuracy"], one
history = [json.loads(line) for line in f.attrs["metrics"].splitlines()]
best = max(history, key=lambda h: (h["right"], -h["held_out_loss"]))
assert best["epoch"] == one["best_epoch"] == f.attrs["epoch"] and best["accuracy"] == one["valid_accuracy"], (best, one)
P

near() { # FILE FILE: logits agree but for rounding
  /usr/bin/python3 - "$1" "$2" <<'P'
import sys, h5py, numpy
a, b = (h5py.File(p)["node/embedding"][:] for p in sys.argv[1:3])
assert abs(a - b).max() < 1e-3 * abs(a).max(), abs(a - b).max()
P
}
same() { # FILE FILE: bit for bit
  /usr/bin/python3 - "$1" "$2" <<'P'
import sys, h5py
a, b = (h5py.File(p)["node/embedding"][:] for p in sys.argv[1:3])
assert a.tobytes() == b.tobytes()
P
}
same_json() { /usr/bin/python3 -c 'import json, sys; a, b = (json.load(open(p)) for p in sys.argv[1:3]); assert all(a[k] == b[k] for k in ("epochs", "best_epoch", "valid_accuracy", "test_accuracy")), (a, b)' "$1" "$2"; }

work=$dir/work
cp "$work/embeddings.h5" "$dir/one.h5"
for n in 2 4; do
  ranks $n train "$job" --quiet --fresh --json | tail -n 1 >"$dir/many.json"
  near "$work/embeddings.h5" "$dir/one.h5"
  same_json "$dir/many.json" "$dir/one.json"
  ranks $n evaluate "$job" >"$dir/many.txt"
  grep -q '^test ' "$dir/many.txt"
done

# In two pieces, with features and without, full and sampled: to the last bit what one run gives.
for how in "" "--set sampler.mode=neighbor --set sampler.fanouts=4,3 --set train.batch=16" "--set model.name=sage --set data.features.path="; do
  case $how in *features*) "$KITH" ingest "$job" $how >/dev/null; "$KITH" partition "$job" >/dev/null ;; esac
  "$KITH" train "$job" --quiet --fresh $how >/dev/null
  cp "$work/embeddings.h5" "$dir/whole.h5"
  "$KITH" train "$job" --quiet --fresh $how --set train.epochs=11 >/dev/null
  "$KITH" train "$job" --quiet $how >/dev/null
  same "$work/embeddings.h5" "$dir/whole.h5"
done
"$KITH" inspect "$work/checkpoint-000030-000000.h5" | grep 'rows of dimension 16 for 240 nodes; [0-9]* weights' >/dev/null
"$KITH" ingest "$job" >/dev/null; "$KITH" partition "$job" >/dev/null

# Features of older files, which are dense, are read as they stand: no bit differs.
"$KITH" train "$job" --quiet --fresh --set train.epochs=6 >/dev/null
cp "$work/embeddings.h5" "$dir/sparse.h5"
mkdir "$dir/older"; cp "$work/graph.h5" "$work/parts.h5" "$dir/older"
/usr/bin/python3 - "$dir/older" <<'P'
import h5py, numpy, sys
for name, group in ("graph.h5", "node_feature"), ("parts.h5", "feature"):
    with h5py.File(sys.argv[1] + "/" + name, "r+") as f:
        start, index, value = (f[group + "/" + k][:] for k in ("start", "feature", "value"))
        dense = numpy.zeros((f.attrs["n_node"], f.attrs["n_feature"]), "f4")
        for i in range(len(dense)): dense[i, index[start[i]:start[i + 1]]] = value[start[i]:start[i + 1]]
        assert (dense != 0).sum() == len(value) > 0
        del f[group], f["checksum/" + group]
        f.create_dataset("node/feature", data=dense, chunks=(64, dense.shape[1]), fletcher32=True)
P
for name in graph parts; do /usr/bin/python3 -B "$KITH_SOURCE/tests/support/seal.py" old "$dir/older/$name.h5" 1; done
"$KITH" train "$job" --quiet --set work=older --set train.epochs=6 >/dev/null
same "$dir/older/embeddings.h5" "$dir/sparse.h5"
rm "$dir/older/parts.h5"; "$KITH" partition "$job" --set work=older >/dev/null
ranks 2 train "$job" --quiet --set work=older --fresh --set train.epochs=6 >/dev/null
near "$dir/older/embeddings.h5" "$dir/sparse.h5"

# What the files are, in words.
"$KITH" inspect "$work/graph.h5" | grep '240 nodes, each with 40 features and of one of 4 classes (text names); 700 edges' >/dev/null
"$KITH" inspect "$work/parts.h5" | grep '240 nodes with 700 edges, cut into 6 parts by metis; 40 of them train, of 4 classes' >/dev/null

refused() { # CODE WORDS…  then the words of the program
  code=$1 words=$2; shift 2
  if "$@" >"$dir/out" 2>"$dir/err"; then echo "$* was not refused"; exit 1; else rc=$?; fi
  [ $rc = "$code" ] && grep -qF -- "$words" "$dir/err" && [ "$(wc -l <"$dir/err")" = 1 ] || { echo "$*: code $rc: $(cat "$dir/err")"; exit 1; }
}
# Baselines: label propagation finds the classes of a graph whose neighbors are mostly alike, the majority does not.
"$KITH" evaluate "$job" --baseline majority,propagation --json --set train.epochs=6 >"$dir/base.txt" 2>"$dir/err"
/usr/bin/python3 - "$dir/base.txt" <<'P'
import json, sys
majority, propagation = json.loads(open(sys.argv[1]).read().splitlines()[-1])["baselines"]
assert majority["name"] == "majority" and propagation["test_accuracy"] > majority["test_accuracy"] + 0.2, (majority, propagation)
P
refused 64 '"popular": expected majority or propagation' "$KITH" evaluate "$job" --baseline popular
refused 64 'kith evaluate: --groups: is about ranked items' "$KITH" evaluate "$job" --groups
# Ranking has options that a classification has not; --split takes one line of three.
refused 64 'kith evaluate: --k is about ranked items' "$KITH" evaluate "$job" --k 5
refused 64 'kith evaluate: --protocol is about ranked items' "$KITH" evaluate "$job" --protocol full
refused 64 'kith evaluate: --split auto: expected train, valid or test' "$KITH" evaluate "$job" --split auto
"$KITH" evaluate "$job" --set train.epochs=6 >"$dir/all.txt"
for split in train valid test; do
  "$KITH" evaluate "$job" --set train.epochs=6 --split $split --json >"$dir/split.txt"
  [ "$(grep -c '^[tv].* macro-F1 ' "$dir/split.txt")" = 1 ]
  grep -xF -- "$(grep "^$split " "$dir/all.txt")" "$dir/split.txt" >/dev/null
  [ "$(tail -n 1 "$dir/split.txt" | grep -o '[a-z]*_macro_f1' | sort -u)" = ${split}_macro_f1 ]
done
"$KITH" evaluate --help | grep -F 'accuracy, macro-F1' >/dev/null
"$KITH" partition "$job" --compare --json >"$dir/cut.txt" # layers exchange rows of widths that the report does not know
grep -E 'MB|bytes' "$dir/cut.txt" && { echo "bytes of unknown rows"; exit 1; }

refused 78 'was ingested to classify' "$KITH" train "$job" --quiet --set task=recommend --set evaluate.split=test
refused 78 'kith recommend is about users and items' "$KITH" recommend "$job" --user 1
refused 78 'kith embed is about users and items' "$KITH" embed "$job"
refused 78 'kith bench is about users and items' "$KITH" bench "$job"
refused 78 'kith generate is about users and items' "$KITH" generate "$job"
refused 78 'model.name: ngcf cannot classify nodes; with task: classify expected gcn, gcnii, gat, sage, rgcn or han' "$KITH" train "$job" --set model.name=ngcf
refused 78 'evaluate.split: valid, but data.splits.valid names no list' "$KITH" train "$job" --set data.splits.valid=
refused 78 'task: expected recommend | classify, found "regress"' "$KITH" train "$job" --set task=regress
refused 78 'model.gat.last_heads: 3 does not divide the columns of the last layer' "$KITH" train "$job" --quiet --fresh --set model.name=gat --set model.gat.last_heads=3
"$KITH" train "$job" --quiet --fresh --set train.epochs=2 >/dev/null
refused 78 'weight_decay=0.0005' "$KITH" train "$job" --quiet --set train.weight_decay=0.01
printf 'chess\nchess\n' >"$dir/few.txt"
refused 65 'few.txt' "$KITH" ingest "$job" --quiet --set data.features.path=few.txt --set work=other
[ ! -e "$dir/other/graph.h5" ]
