# Several behaviors in their order: what each key of model.cascade decides, the same result on any number of ranks and from a
# checkpoint, and what is refused.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 120, items: 90, interactions: 2200, friends: 200, communities: 5, carts: 1.5, views: 2}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges}
    cart: {path: cart.tsv, from: user, to: item, format: edges}
    view: {path: view.tsv, from: user, to: item, format: edges}
  split: {method: ratio, valid: 0.2, test: 0}
partition: {parts: 5}
model: {name: cascade, dim: 8, layers: 1, cascade: {order: [view, cart, interactions]}}
train: {batch: 500, epochs: 2, lr: 0.02}
evaluate: {every: 0}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
trained() { "$KITH" train job.yaml --quiet "$@" >log 2>&1 || { cat log; exit 1; }; }
differs() { # settings…: another result than that of the job
  trained --fresh "$@"
  [ "$(exported)" != "$plain" ] || { echo "no effect: $*"; exit 1; }
}

trained --fresh
plain=$(exported)
differs --set 'model.cascade.order=[cart, view, interactions]'
differs --set 'model.cascade.order=[view, interactions]'
differs --set 'model.cascade.layers=[1, 1, 2]'
differs --set model.cascade.residual=true
differs --set model.cascade.transform=shared
differs --set model.cascade.transform=none
trained --fresh --set 'model.cascade.layers=1' --set model.relations.view=1 # what the job has without them
[ "$(exported)" = "$plain" ]

# The second epoch from a checkpoint, to the bit; of other behaviors it is refused.
trained --fresh --set train.epochs=1
trained
[ "$(exported)" = "$plain" ]

# One rank and three: the weights' gradients are sums over ranks, which round.
loss() { sed -n 's/.*"loss":\([^,]*\),.*/\1/p' work/metrics.jsonl; }
loss >loss.1
ranks 3 train job.yaml --fresh --quiet >log 2>&1 || { cat log; exit 1; }
loss >loss.3
/usr/bin/python3 - <<'P'
one, three = [float(x) for x in open("loss.1")], [float(x) for x in open("loss.3")]
assert len(one) == len(three) == 2 and all(abs(a / b - 1) < 1e-5 for a, b in zip(one, three)), (one, three)
P

# Auxiliary losses: another result, on any number of ranks; each has its own in metrics.jsonl; the second epoch from a checkpoint.
# The order has no effect, nor has a weight of 0.
also=(--set train.also.view=0.5 --set train.also.cart=0.2)
losses() { sed -E 's/.*("loss": *[^,]*),.*("loss_cart".*)/\1 \2/' work/metrics.jsonl; }
differs --set train.also.view=0.5 --set model.name=mf
differs "${also[@]}"
both=$(exported)
losses >loss.1
other=(--set train.also.cart=0.2 --set train.also.view=0.5)
trained --fresh --set train.epochs=1 "${other[@]}"
trained "${other[@]}"
[ "$(exported)" = "$both" ]
losses | diff - loss.1
ranks 3 train job.yaml --fresh --quiet "${also[@]}" >log 2>&1 || { cat log; exit 1; }
losses >loss.3
/usr/bin/python3 - <<'P'
import re
one, three = ([float(x) for x in re.findall(r"-?\d+\.\d+", open("loss.%d" % n).read())] for n in (1, 3))
assert len(one) == len(three) == 6 and all(abs(a / b - 1) < 1e-5 for a, b in zip(one, three)), (one, three)
P
trained --fresh --set train.also.view=0
[ "$(exported)" = "$plain" ]

says() { # CODE WORDS settings…
  code=$1 words=$2 rc=0; shift 2
  "$KITH" train job.yaml --quiet --fresh "$@" >out 2>err || rc=$?
  [ $rc = "$code" ] && grep -F -- "$words" err >/dev/null || { echo "expected $code, $words; found $rc:"; cat err; exit 1; }
}
says 78 'model.cascade.order: viev: data names no such relation; the nearest is view' --set 'model.cascade.order=[viev, interactions]'
says 78 'model.cascade.order: names view twice' --set 'model.cascade.order=[view, view, interactions]'
says 78 'found a list that ends with view' --set 'model.cascade.order=[interactions, view]'
says 78 'model.relations.view: 0, but model.cascade.order names the relation' --set model.relations.view=0
says 78 'model.relations.view: cascade reads each behavior' --set model.relations.view=0.5
says 78 'friend is a relation of user and user; expected relations of users with items' --set 'model.cascade.order=[friend, interactions]'
says 78 'sampler.mode: cluster samples interactions alone' --set sampler.mode=cluster
says 78 'train.also.viev: data names no such relation; the nearest is view' --set train.also.viev=1
says 78 'train.also.friend: a relation of user and user; expected one of users with items' --set train.also.friend=1
says 78 'train.also: sampler.mode: neighbor trains on interactions alone' --set train.also.view=1 --set sampler.mode=neighbor
says 78 'train.also: model.name: gcn trains on interactions alone' --set train.also.view=1 --set model.name=gcn
says 78 'train.also: model.layer_weights: learned' --set train.also.view=1 --set model.name=lightgcn --set model.layer_weights=learned
says 0 'model.cascade.transform is set but has no effect' --set model.cascade.residual=true --set model.cascade.transform=shared --set train.epochs=1
says 0 'model.layers is set but has no effect' --set 'model.cascade.layers=[1, 2, 1]' --set train.epochs=1
says 0 'model.cascade.order is set but has no effect' --set model.name=lightgcn --set train.epochs=1 --set 'model.cascade.order=[view, interactions]'
