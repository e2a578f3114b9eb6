# timeout: 180
# Users who have every item: told once, counted, in no step, whatever the loss; what is left trains the same bits on two ranks.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"

awk 'BEGIN { for (u = 0; u < 40; u++) { line = u; for (i = 0; i < 10; i++) if (u % 5 == 0 || (u + i) % 4) line = line " " i; print line } }' >"$dir/list.txt"
cat >"$dir/job.yaml" <<J
work: work
data: {interactions: {path: list.txt, format: adjacency}}
partition: {parts: 4, method: hash}
model: {width: 4, layers: 1}
train: {epochs: 2, batch: 64}
evaluate: {every: 0}
J
job=$dir/job.yaml
for verb in ingest partition; do "$KITH" $verb "$job" >/dev/null; done

told() { # HOW OFTEN words…: the line about users of all items
  often=$1; shift
  "$KITH" train "$job" --fresh "$@" >"$dir/log" 2>&1
  [ "$(grep -c '8 users interacted with every item: their 80 pairs have no negative and are left out' "$dir/log")" = "$often" ] || { cat "$dir/log"; echo "expected $often times: $*"; exit 1; }
}
told 1
cp "$dir/work/embeddings.h5" "$dir/one.h5"
ranks 2 train "$job" --fresh >/dev/null 2>&1
same_embeddings "$dir/work/embeddings.h5" "$dir/one.h5"
told 1 --set train.loss=nce --set train.negatives.popularity=0.5 --set train.mode=neighbor
told 1 --set train.loss=softmax --set train.shared=8 --set train.mode=cluster
told 0 --set train.loss=softmax --set train.mask=false # the items of other pairs are taken as they are

# Where everybody has everything there is nothing to learn from.
awk 'BEGIN { for (u = 0; u < 5; u++) print u, 0, 1, 2 }' >"$dir/list.txt"
for verb in ingest partition; do "$KITH" $verb "$job" >/dev/null; done
code=0
"$KITH" train "$job" --fresh >"$dir/log" 2>&1 || code=$?
[ $code = 65 ] && grep -q 'every user interacted with every item: no pair has a negative' "$dir/log" || { cat "$dir/log"; exit 1; }
