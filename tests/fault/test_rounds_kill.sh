#!/usr/bin/env bash
# Of ranks that train in sampled steps, one is killed within a round of a sparse exchange: its pairs, masks, queries or requests of
# rows are under way, and others wait for it.  They end within seconds with code 137, nothing is left in shared memory, and the next
# run goes on from the last checkpoint to the bits of a run that nothing happened to.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
small 120 150 2000 6 0.1 0.1 <<'J'
model: {dim: 8, layers: 2}
sampler: {mode: neighbor, fanouts: [4, 3]}
loss: {name: softmax}
train: {batch: 256, epochs: 2, lr: 0.01}
evaluate: {every: 0}
checkpoint: {steps: 2, keep: 2, best: false}
J
KITH_FAULT=round:1000000@0 "$KITH" help >/dev/null 2>&1 || { echo "built without faults"; exit 77; }
export KITH_WATCH_SECONDS=1000
mkdir shared; export OMPI_MCA_btl_vader_backing_directory=$dir/shared # of Open MPI; what Kith shares has no name
limit=$((60 * ${KITH_PATIENCE:-1})) # ten times what the end of a killed job takes on a busy machine
killed() { # RANKS ROUND@RANK words…
  local got=0 n=$1 round=$2; shift 2
  KITH_FAULT=round:$round ranks "$n" train job.yaml --quiet "$@" >out 2>err || got=$?
  [ "$got" = 137 ] || { echo "$n ranks, killed in round $round: code $got"; cat err; exit 1; }
}
near() { # rows and losses are those of the first run, to rounding
  /usr/bin/python3 - <<'P'
import h5py, json
import numpy as np
def losses(path): return np.array([x["loss"] for x in map(json.loads, open(path)) if "loss" in x])
a, b = losses("work/metrics.jsonl"), losses("right.jsonl")
assert len(a) == len(b) == 2 and np.abs(a - b).max() <= 1e-4 * np.abs(b).max(), (a, b)
x, y = (h5py.File(f)["user/embedding"][:] for f in ("work/embeddings.h5", "right.h5"))
assert np.abs(x - y).max() <= 1e-3 * np.abs(y).max(), np.abs(x - y).max()
P
}

# A step has five rounds: pairs, masks, queries of two layers, rows.  Every run goes on two steps behind the one before.
ranks 2 train job.yaml --quiet >/dev/null
cp work/embeddings.h5 right.h5; cp work/metrics.jsonl right.jsonl
killed 2 11@0 --fresh
for place in 12@1 13@0 15@1; do killed 2 $place; done
ranks 2 train job.yaml --quiet >/dev/null
same_embeddings right.h5 work/embeddings.h5

# Two hosts of two ranks.
export KITH_RANKS_PER_HOST=2
killed 4 12@3 --fresh
killed 4 15@0
ranks 4 train job.yaml --quiet >/dev/null
near
[ -z "$(ls -A shared)" ] || { echo "left in shared memory: $(ls -A shared)"; exit 1; }
[ ! -e work/kith.lock ] || { echo "a lock is left"; exit 1; }
