# Relations in sampled steps, a directed one with kinds among them: all neighbors give what the whole graph gives; any number of ranks and any cut give the same
# losses; a run that stops within an epoch continues to the same bits; other ways of sampling say that they read none.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 150, items: 200, interactions: 3000, friends: 300, tags: 20, entities: 40, views: 2, communities: 6}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    tag: {path: tag.tsv, from: item, to: tag, format: edges}
    view: {path: view.tsv, from: user, to: item, format: edges, columns: {from: 1, to: 2}}
    kg: {path: kg.tsv, from: entity, to: entity, direction: forward, format: edges, columns: {from: 1, kind: 2, to: 3}}
  nodes: {entity: {same_as: item}}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 16, layers: 2, relations: {friend: 0.6, kg: learned, tag: learned, view: 0.3}}
sampler: {mode: neighbor, fanouts: [6, 4], relations: {friend: [2, 1], view: [0, 3]}}
train: {batch: 256, epochs: 2, lr: 0.01}
evaluate: {every: 0}
checkpoint: {every: 1, keep: 2, best: false}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >/dev/null; done
train() { n=$1; shift; ranks $n train job.yaml --quiet "$@" >/dev/null 2>err || { cat err; exit 1; }; }
near() { # TOLERANCE FILE: losses and rows are those of FILE.jsonl and FILE.h5 within the tolerance
  /usr/bin/python3 - "$@" <<'P'
import h5py, json, sys
import numpy as np
tolerance, name = float(sys.argv[1]), sys.argv[2]
def losses(path): return np.array([x["loss"] for x in map(json.loads, open(path)) if "loss" in x])
a, b = losses("work/metrics.jsonl"), losses(name + ".jsonl")
assert len(a) == len(b) > 0 and np.abs(a - b).max() <= tolerance * np.abs(a).max(), (a, b)
for t in "user", "item", "node/tag":
    x, y = (h5py.File(f)[t + "/embedding"][:] for f in ("work/embeddings.h5", name + ".h5"))
    assert np.abs(x - y).max() <= tolerance * np.abs(y).max(), (t, np.abs(x - y).max(), np.abs(y).max())
P
}
keep() { cp work/metrics.jsonl "$1.jsonl"; cp work/embeddings.h5 "$1.h5"; }

# All neighbors: the step that the whole graph makes.  sgd moves rows without a gradient in neither.
all="--set train.optimizer=sgd --set train.momentum=0 --set sampler.fanouts=0 --set sampler.relations.friend=0 --set sampler.relations.view=0 --set sampler.exclude_targets=false"
train 1 --fresh $all --set sampler.mode=full
keep full
train 2 --fresh $all
near 1e-5 full
for relation in friend kg tag view; do
  train 1 --fresh $all --set model.relations.$relation=0
  near 1e-5 full 2>/dev/null && { echo "$relation decides nothing"; exit 1; }
done

# Any number of ranks, and another cut.
train 1 --fresh
keep one
times work/metrics.jsonl
for n in 2 3 4; do train $n --fresh; near 1e-4 one; done
times work/metrics.jsonl --ranks 4
"$KITH" partition job.yaml --quiet --set partition.method=hash >/dev/null
train 3 --fresh
near 1e-4 one
keep three
train 3 --fresh --set sampler.relations.friend=[3,1]
near 1e-4 one 2>/dev/null && { echo "the fan-outs of a relation decide nothing"; exit 1; }

# A run that stops within an epoch continues to the same bits.
if KITH_FAULT=read:1000000@0 "$KITH" help >/dev/null 2>&1; then
  { KITH_FAULT=kill:14@0 ranks 3 train job.yaml --quiet --fresh --set checkpoint.steps=3 >/dev/null 2>&1 && exit 1; } 2>/dev/null
  train 3
  same_embeddings three.h5 work/embeddings.h5
fi

# A run does not continue with other fan-outs.
rc=0; "$KITH" train job.yaml --quiet --set sampler.relations.friend=[3,1] --set train.epochs=3 >log 2>&1 || rc=$?
[ $rc = 78 ] && grep -q 'sampler.relations.friend=\[3,1\]' log || { echo "code $rc"; cat log; exit 1; }

# What cannot be is one line that names the key; what has no effect is a warning.
refused() { # TEXT words…
  text=$1; shift
  rc=0; "$KITH" train job.yaml --fresh "$@" >out 2>err || rc=$?
  [ $rc = 78 ] && grep -q "$text" err || { echo "exit $rc"; cat err; exit 1; }
}
for mode in layerwise cluster saint-node saint-edge saint-walk; do
  refused "model.relations.friend: sampler.mode: $mode .*expected full or neighbor" --set sampler.mode=$mode
done
refused 'sampler.relations.frend: data names no such relation; the nearest is friend' --set sampler.relations.frend=2
"$KITH" train job.yaml --fresh --quiet --set model.relations.view=0 --set sampler.relations.friend=[1,1,1] >out 2>err
grep -q 'sampler.relations.view is set but has no effect: it needs sampler.mode: neighbor, and a weight above 0' err
grep -q 'sampler.relations.friend has 3 numbers, but the model has 2 layers' err
