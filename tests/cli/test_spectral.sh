# The spectral model: its keys have bounds, and a key that another model, or another filter, would read is a warning.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 60, items: 90, interactions: 900, friends: 0, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  split: {method: ratio, valid: 0, test: 0.2}
partition: {parts: 6}
model: {name: spectral, dim: 8}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done

refused() { # SETTING WORDS: code 78, and one line with the words
  code=0
  "$KITH" train job.yaml --quiet --set "$1" >out 2>&1 || code=$?
  [ $code = 78 ] && grep -qF -- "$2" out && [ "$(grep -c . out)" = 1 ] || { echo "--set $1 ended with $code and not by \"$2\":"; cat out; exit 1; }
}
refused model.spectral.item_power=2.5 "expected 0 to 2"
refused model.spectral.input_power=-2.5 "expected -2 to 2"
refused model.spectral.output_power=2.5 "expected -2 to 2"
refused model.spectral.user_power=-0.1 "expected 0 to 2"
refused model.spectral.filter=comb "expected ratio | knots"
refused model.spectral.filter=knots "model.spectral.knots: expected 2 to 16 values"
refused model.spectral.knots=1,x "expected a number"
refused model.spectral.knots=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 "expected at most 16 numbers"
refused model.spectral.t=-1 "expected 0 to"
refused model.spectral.direct=1e4 "expected 0 to 1000"
refused model.spectral.oversample=0 "expected 1 to 1024"
refused model.spectral.degree=1 "expected 2 to 64"
refused model.spectral.rounds=0 "expected 1 to 1000"
refused model.spectral.tolerance=2 "expected 0 to 1"
refused model.score=cosine "spectral ranks by inner products"
refused task=classify "spectral cannot classify nodes"

unused() { # SETTING NEEDS: a warning that names both
  "$KITH" train job.yaml --set "$@" >out 2>&1 || true
  grep -qF -- "--set ${1%%=*} is set but has no effect" out || { echo "no warning for $1:"; cat out; exit 1; }
}
for key in loss.l2=0.1 loss.name=softmax train.lr=0.1 train.batch=64 train.epochs=3 train.optimizer=sgd sampler.mode=cluster negatives.count=2 \
  model.layers=2 model.init=0.2 checkpoint.steps=5 checkpoint.best=true evaluate.oversmoothing=true model.dropout=0.1 model.edge_dropout=0.1 \
  model.spectral.knots=1,2 train.patience=3 train.momentum=0.5 train.beta1=0.5; do unused $key; done
unused model.spectral.t=0.2 --set model.spectral.filter=knots --set model.spectral.knots=2,1
unused model.spectral.t=0.2 --set model.name=mf
"$KITH" train job.yaml --set train.seed=3 >out 2>&1 || true
if grep -q "no effect" out; then echo "train.seed is warned of:"; cat out; exit 1; fi
