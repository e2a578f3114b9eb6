# The whole program on several ranks: the same bits and digits for any number of ranks and any cut; a run may stop on one
# number of ranks and go on on another; predicted bytes are the counted ones.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"

for loss in bpr softmax; do
  tiny "$dir/$loss" $loss
  job=$dir/$loss/job.yaml
  "$KITH" train "$job" --quiet >/dev/null
  cp "$dir/$loss/work/embeddings.h5" "$dir/$loss/one.h5"
  /usr/bin/python3 - "$dir/$loss/work/metrics.jsonl" <<'P'
import json, sys
for line in map(json.loads, open(sys.argv[1])): # every evaluated epoch tells of the input rows and of two layers
    evaluated = "recall@10" in line
    assert evaluated == (line["epoch"] % 2 == 0)
    for key in "layer_cosine", "layer_energy": assert len(line.get(key, [])) == 3 * evaluated, line
P
  digits "$dir/$loss/work/metrics.jsonl" >"$dir/$loss/one.jsonl"
  times "$dir/$loss/work/metrics.jsonl" --also evaluate_seconds checkpoint_seconds
  for n in 2 3 4; do
    ranks $n train "$job" --quiet --fresh >/dev/null
    same_embeddings "$dir/$loss/work/embeddings.h5" "$dir/$loss/one.h5"
    digits "$dir/$loss/work/metrics.jsonl" | diff - "$dir/$loss/one.jsonl"
  done
  times "$dir/$loss/work/metrics.jsonl" --ranks 4
  "$KITH" partition "$job" --set partition.method=hash >/dev/null
  ranks 3 train "$job" --quiet --fresh >/dev/null
  same_embeddings "$dir/$loss/work/embeddings.h5" "$dir/$loss/one.h5"

  # Two epochs on 4 ranks, the rest on 3; and the history is that of one run.
  ranks 4 train "$job" --quiet --fresh --set train.epochs=2 >/dev/null
  ranks 3 train "$job" --quiet >/dev/null
  same_embeddings "$dir/$loss/work/embeddings.h5" "$dir/$loss/one.h5"
  digits "$dir/$loss/work/metrics.jsonl" | diff - "$dir/$loss/one.jsonl"
done

# A signal to a single kith, or USR1 to mpirun: a checkpoint, code 75, and the rest of the run gives the bits of a run in one piece.
job=$dir/bpr/job.yaml long="--set train.epochs=150 --set evaluate.every=0 --set checkpoint.every=0"
"$KITH" train "$job" --quiet --fresh $long >/dev/null
cp "$dir/bpr/work/embeddings.h5" "$dir/bpr/long.h5"
interrupted() { # SIGNAL words…: the program is sent a signal in its third epoch
  signal=$1; shift
  : >"$dir/log" # the one of the run before would be read until this run has begun
  "$@" train "$job" --fresh $long >/dev/null 2>"$dir/log" & pid=$!
  until_true grep -q '^epoch 2 ' "$dir/log"
  kill -"$signal" $pid
  rc=0; wait $pid || rc=$?
  [ $rc = 75 ] && grep -q '^kith: stopped by a signal' "$dir/log" || { echo "$signal to $1: code $rc: $(tail -n 3 "$dir/log")"; exit 1; }
  "$KITH" train "$job" --quiet $long >/dev/null
  same_embeddings "$dir/bpr/work/embeddings.h5" "$dir/bpr/long.h5"
}
interrupted INT "$KITH"
interrupted USR1 mpirun --quiet --oversubscribe --bind-to none -n 2 "$KITH"

# Weights and sampled steps go on from a checkpoint as if they had not stopped: on one rank to the last bit.
job=$dir/bpr/job.yaml
for how in "--set model.name=gcnii --set model.dropout=0.1" "--set sampler.mode=neighbor --set sampler.fanouts=3,2 --set train.forget=0.3" \
           "--set model.layer_weights=learned --set model.edge_dropout=0.2" "--set model.storage=bf16" "--set model.residual=0.2" \
           "--set model.name=gat --set model.gat.heads=2 --set model.gat.last_merge=average --set model.gat.attention_dropout=0.2" \
           "--set model.name=gcnii --set train.weight_decay_dense=0.01" "--set model.name=sage --set model.aggregator=lstm"; do
  "$KITH" train "$job" --quiet --fresh $how >/dev/null
  cp "$dir/bpr/work/embeddings.h5" "$dir/bpr/whole.h5"
  "$KITH" train "$job" --quiet --fresh $how --set train.epochs=2 >/dev/null
  "$KITH" train "$job" --quiet $how >/dev/null
  same_embeddings "$dir/bpr/work/embeddings.h5" "$dir/bpr/whole.h5"
done

# A checkpoint of another configuration is refused, and says what differs.
job=$dir/softmax/job.yaml
if "$KITH" train "$job" --quiet --set train.lr=0.02 2>"$dir/err"; then echo "another configuration was resumed"; exit 1; else rc=$?; fi
[ $rc = 78 ]
grep -q 'lr=0.01' "$dir/err"
grep -q 'fresh' "$dir/err"
# Also where it differs by a key that had its default.
if "$KITH" train "$job" --quiet --set negatives.shared=64 2>"$dir/err"; then echo "another configuration was resumed"; exit 1; else rc=$?; fi
[ $rc = 78 ]
grep -q 'was trained with negatives.shared=0 (the default), the job has negatives.shared=64' "$dir/err"

# What the report of the cut predicts is what a training run counts, where layers receive all ghosts by messages.
job=$dir/bpr/job.yaml
"$KITH" partition "$job" --json | tail -n 1 >"$dir/cut.json"
for n in 2 3 6; do
  KITH_RANKS_PER_HOST=1 ranks $n train "$job" --quiet --fresh --set model.name=gcnii --set evaluate.every=0 --set train.epochs=2 --json | tail -n 1 >"$dir/run.json"
  /usr/bin/python3 - "$dir/cut.json" "$dir/run.json" $n <<'P'
import json, sys
cut, run = (json.load(open(p)) for p in sys.argv[1:3])
predicted = cut["metis_" + sys.argv[3]]["bytes_per_epoch"]
assert run["halo_bytes"] == 2 * predicted > 0, (run["halo_bytes"], 2 * predicted)
P
done

# In strips of columns the results are the same, also of a run that goes on; a job that has none is told so.
wide="--set model.dim=32 --set train.epochs=2 --set evaluate.every=0"
"$KITH" train "$job" --quiet --fresh $wide --set train.strips=2 2>"$dir/err" >/dev/null
grep 'train.strips: 2 has no effect: one rank receives no rows' "$dir/err" >/dev/null
cp "$dir/bpr/work/embeddings.h5" "$dir/bpr/wide.h5"
KITH_RANKS_PER_HOST=1 ranks 3 train "$job" --fresh $wide --set train.epochs=1 --set train.strips=4 2>"$dir/err" >/dev/null
grep 'in 2 strips of columns' "$dir/err" >/dev/null
KITH_RANKS_PER_HOST=2 ranks 3 train "$job" --quiet $wide --set train.strips=2 >/dev/null
same_embeddings "$dir/bpr/work/embeddings.h5" "$dir/bpr/wide.h5"
"$KITH" train "$job" --fresh $wide --quiet --set train.epochs=0 --set model.name=mf --set train.strips=2 2>"$dir/err" >/dev/null
grep 'train.strips is set but has no effect: it needs sampler.mode: full' "$dir/err" >/dev/null

# recommend and evaluate say the same on any number of ranks.  What is no number of ranks is said, once.
KITH_RANKS_PER_HOST=two ranks 4 train "$job" --quiet --fresh 2>"$dir/err" >/dev/null
[ "$(grep -c 'KITH_RANKS_PER_HOST=two is ignored' "$dir/err")" = 1 ]
rc=0
"$KITH" recommend "$job" --user user-003 --k 0 2>"$dir/err" >/dev/null || rc=$?
[ $rc = 64 ]
grep -q -e '--k 0: expected a number from 1 to 10000' "$dir/err"
"$KITH" recommend "$job" --user user-003 --user user-017 >"$dir/one.txt"
"$KITH" recommend "$job" --all --output "$dir/one.tsv" >/dev/null
"$KITH" evaluate "$job" --protocol sampled-50 --baseline none | grep -v ranked >"$dir/one.eval"
for n in 2 5; do
  ranks $n recommend "$job" --user user-003 --user user-017 | diff - "$dir/one.txt"
  ranks $n recommend "$job" --all --output "$dir/many.tsv" >/dev/null
  diff "$dir/one.tsv" "$dir/many.tsv"
  ranks $n evaluate "$job" --protocol sampled-50 --baseline none | grep -v ranked | diff - "$dir/one.eval"
done
