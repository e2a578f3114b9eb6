# timeout: 180
# Users who have every item: told once, counted, in no step, whatever the loss; what is left trains the same bits on two ranks.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"

awk 'BEGIN { for (u = 0; u < 40; u++) { line = u; for (i = 0; i < 10; i++) if (u % 5 == 0 || (u + i) % 4) line = line " " i; print line } }' >"$dir/list.txt"
cat >"$dir/job.yaml" <<J
work: work
data: {interactions: {path: list.txt, format: adjacency}}
partition: {parts: 4, method: hash}
model: {dim: 4, layers: 1}
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
told 1 --set loss.name=nce --set negatives.popularity=0.5 --set sampler.mode=neighbor
told 1 --set loss.name=softmax --set negatives.shared=8 --set sampler.mode=cluster
told 0 --set loss.name=softmax --set loss.mask_known=false # the items of other pairs are taken as they are

# The sampled protocol is what the key and the option say; where N is more than is left, all of it is ranked, and that is said.
cat >"$dir/held.yaml" <<J
work: held
data: {interactions: {path: list.txt, format: adjacency}, split: {method: ratio, valid: 0, test: 0.2}}
partition: {parts: 2}
model: {name: mf, dim: 4, layers: 0}
train: {epochs: 1, batch: 64}
evaluate: {k: [1, 2], every: 1, protocol: sampled-2}
J
for verb in ingest partition; do "$KITH" $verb "$dir/held.yaml" >/dev/null; done
"$KITH" train "$dir/held.yaml" >"$dir/log" 2>&1
[ "$(grep -c 'users have fewer than 2 candidate items' "$dir/log")" = 1 ] || { cat "$dir/log"; exit 1; }
"$KITH" evaluate "$dir/held.yaml" --json | tail -1 >"$dir/job.json"
"$KITH" evaluate "$dir/held.yaml" --json --protocol sampled-100 | tail -1 >"$dir/many.json"
"$KITH" evaluate "$dir/held.yaml" --json --protocol full | tail -1 >"$dir/full.json"
/usr/bin/python3 - "$dir" <<'P'
import json, sys
few, many, full = (json.load(open("%s/%s.json" % (sys.argv[1], name))) for name in ("job", "many", "full"))
assert (few["protocol"], many["protocol"], full["protocol"]) == ("sampled-2", "sampled-100", "full")
assert many["users_with_fewer"] == many["users"] > few["users_with_fewer"] > 0
for key in "recall@1", "ndcg@2", "mrr@2": # all that is left is what full ranking ranks, as there is no validation split
    assert many[key] == full[key], key
assert few["recall@1"] > full["recall@1"] # fewer rivals
P

# Where everybody has everything there is nothing to learn from.
# Steps that teach little are told: a pair that softmax compares with nothing, nodes without a sampled neighbor.
says() { # WORDS HOW OFTEN words…
  words=$1 often=$2; shift 2
  "$KITH" train "$job" --fresh "$@" >"$dir/log" 2>&1
  [ "$(grep -c "$words" "$dir/log")" = "$often" ] || { cat "$dir/log"; echo "expected $often times: $words: $*"; exit 1; }
}
n=$(awk '{ n += NF - 1 } END { print n - 80 }' "$dir/list.txt")
single='warning: softmax: 1 of the 2 steps of an epoch has a single pair, which has no negative'
says "$single" 1 --set loss.name=softmax --set train.batch=$((n - 1))
says "$single" 0 --set loss.name=softmax --set train.batch=$((n - 2))
says "$single" 0 --set loss.name=softmax --set train.batch=$((n - 1)) --set negatives.shared=4
alone='warning: [0-9]* % of the seed nodes of this epoch.s steps have no sampled neighbor, since sampler.exclude_targets leaves out the step.s own pairs'
says "$alone" 1 --set sampler.mode=cluster --set train.batch=4096
says "$alone" 0 --set sampler.mode=cluster --set train.batch=8 --set sampler.clusters=2
says "$alone" 0 --set sampler.mode=cluster --set train.batch=4096 --set sampler.exclude_targets=false
says 'no sampled neighbor' 0 --set sampler.mode=neighbor

# Every epoch samples neighbors anew: with one step of all pairs and a rate of nothing, only they can change the loss.
losses() { # FANOUT: different losses of 4 epochs, to 6 digits
  "$KITH" train "$job" --fresh --set loss.name=softmax --set loss.mask_known=false --set train.batch=1000000 --set train.lr=1e-12 \
    --set train.epochs=4 --set sampler.mode=neighbor --set sampler.exclude_targets=false --set sampler.fanouts=$1 >"$dir/log" 2>&1
  sed -n 's/.*"loss": \([0-9.]*\),.*/\1/p' "$dir/work/metrics.jsonl" | cut -c1-8 | sort -u | wc -l
}
[ $(losses 0) = 1 ] || { echo "losses differ without sampling"; cat "$dir/log"; exit 1; }
[ $(losses 1) = 4 ] || { echo "epochs sample the same neighbors"; cat "$dir/log"; exit 1; }

awk 'BEGIN { for (u = 0; u < 5; u++) print u, 0, 1, 2 }' >"$dir/list.txt"
for verb in ingest partition; do "$KITH" $verb "$job" >/dev/null; done
code=0
"$KITH" train "$job" --fresh >"$dir/log" 2>&1 || code=$?
[ $code = 65 ] && grep -q 'every user interacted with every item: no pair has a negative' "$dir/log" || { cat "$dir/log"; exit 1; }
