# Every optimizer trains to the same bits on one rank and on three, and over a restart as without one, on the whole graph
# and in sampled steps; its checkpoints hold its own slots, and another optimizer refuses them.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/job"
job=$dir/job/job.yaml work=$dir/job/work
train() { ranks "$1" train "$job" --quiet --set evaluate.every=0 --set train.epochs=2 "${@:2}" >/dev/null; }
keep() { mv "$work/embeddings.h5" "$dir/$1.h5"; }

declare -A slots=([adamw]="adam_m adam_v" [sgd]=sgd_velocity [adagrad]=adagrad_sum)
for name in adamw sgd adagrad; do
  by=(--set train.optimizer=$name)
  train 1 --fresh "${by[@]}"; keep one
  train 3 --fresh "${by[@]}"; same_embeddings "$dir/one.h5" "$work/embeddings.h5"
  train 3 --fresh "${by[@]}" --set train.epochs=1
  train 2 "${by[@]}"; same_embeddings "$dir/one.h5" "$work/embeddings.h5"
  by+=(--set sampler.mode=neighbor)
  train 1 --fresh "${by[@]}"; keep sampled
  train 1 --fresh "${by[@]}" --set train.epochs=1
  train 1 "${by[@]}"; same_embeddings "$dir/sampled.h5" "$work/embeddings.h5"
  /usr/bin/python3 - "$work" ${slots[$name]} <<'P'
import glob, sys, h5py
f = h5py.File(sorted(glob.glob(sys.argv[1] + "/checkpoint-0*.h5"))[-1])
assert sorted(f["user"]) == sorted(["parameter"] + sys.argv[2:]), list(f["user"])
assert all((f["item/" + name][:] != 0).any() for name in sys.argv[2:])
P
  code=0; "$KITH" train "$job" --quiet --set sampler.mode=neighbor --set train.epochs=3 >"$dir/out" 2>&1 || code=$?
  [ $code = 78 ] && grep -q "optimizer=$name" "$dir/out" || { cat "$dir/out"; echo "$name: code $code"; exit 1; }
done

# Without weight decay AdamW is Adam; with it, it is not.
gcn() { train 1 --fresh --set model.name=gcn --set train.optimizer=$1 --set train.weight_decay=$2; keep $1-$2; }
for decay in 0 0.1; do gcn adam $decay; gcn adamw $decay; done
same_embeddings "$dir/adam-0.h5" "$dir/adamw-0.h5"
! same_embeddings "$dir/adam-0.1.h5" "$dir/adamw-0.1.h5" 2>/dev/null
