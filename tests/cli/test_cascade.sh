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
"$KITH" explain job.yaml --user user-003 --k 3 --json --quiet --set model.cascade.residual=true 2>/dev/null | tail -1 | grep -o '"score": [^,]*\|"remainder": [^,]*' >log
awk '$1 ~ /score/ {s = $2} $1 ~ /remainder/ {n++; if ($2 * $2 > 1e-6 * s * s) bad = 1} END {exit bad || n != 3}' log || { echo "unit rows leave a remainder"; cat log; exit 1; }
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
# Who has viewed every item has no negative there, which is told once; if all users have, training is refused.
views() { # USERS: so many of them have viewed every item, the others as before
  /usr/bin/python3 - $1 <<'P'
import sys
lists = [[l.split()[:2] for l in open(name + ".tsv") if l[0] != "#"] for name in ("list", "cart", "view")]
users, items = (sorted({e[k] for l in lists for e in l}) for k in (0, 1))
full = set(users[:int(sys.argv[1])])
edges = [(u, i) for u in sorted(full) for i in items] + [e for e in lists[2] if e[0] not in full]
open("views.tsv", "w").write("".join("%s\t%s\n" % tuple(e) for e in edges))
P
  for verb in ingest partition; do "$KITH" $verb job.yaml --quiet "${views[@]}" >log 2>&1 || { cat log; exit 1; }; done
}
views=(--set work=viewed --set data.relations.view.path=views.tsv)
views 2
ranks 2 train job.yaml --fresh --set train.epochs=1 "${also[@]}" "${views[@]}" >log 2>&1 || { cat log; exit 1; }
[ "$(grep -c 'interacted with every item' log)" = 1 ] && grep -F 'warning: train.also.view: 2 users interacted with every item: their 180 pairs have no negative' log >/dev/null || { cat log; exit 1; }
views 1000
says 65 'train.also.view: every user interacted with every item: no pair has a negative' "${also[@]}" "${views[@]}"

says 0 'model.cascade.transform is set but has no effect' --set model.cascade.residual=true --set model.cascade.transform=shared --set train.epochs=1
says 0 'model.layers is set but has no effect' --set 'model.cascade.layers=[1, 2, 1]' --set train.epochs=1
says 0 'model.cascade.order is set but has no effect' --set model.name=lightgcn --set train.epochs=1 --set 'model.cascade.order=[view, interactions]'
