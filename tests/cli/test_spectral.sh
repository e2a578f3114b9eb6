# The spectral model: its keys have bounds, and what has no effect is a warning; rows are what NumPy makes of the eigenvectors; the same bits on 1 to 4 ranks and where a run goes on.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
small 60 90 900 4 0 0.2 <<'J'
model: {name: spectral, dim: 8, spectral: {tolerance: 1e-4}}
J

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
refused model.spectral.filter=poly "model.spectral.coefficients: expected 1 to 16 numbers"
refused model.spectral.coefficients=1,x "expected a number"
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

# Exported rows are what NumPy makes of the eigenvectors of the checkpoint and of the lists; those are eigenvectors.
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
cat >oracle.py <<'P'
import h5py, numpy as np, sys
work, a, b, p, q, kind, *rest = sys.argv[1:]
a, b, p, q = map(float, (a, b, p, q))
values = [float(x) for x in rest]
g, e, c = (h5py.File("%s/%s" % (work, name), "r") for name in ("graph.h5", "embeddings.h5", open(work + "/checkpoint-latest").read().strip()))
start, item = g["train/start"][:], g["train/item"][:]
n_user, n_item = e["user/embedding"].shape[0], e["item/embedding"].shape[0]
R = np.zeros((n_user, n_item))
for u in range(n_user): R[u, item[start[u]:start[u + 1]]] = 1
du, di = R.sum(1), R.sum(0)
power = lambda d, x: np.where(d > 0, np.maximum(d, 1) ** x, 0)
M = power(du, -a)[:, None] * R * power(di, -b)
k = e["item/embedding"].shape[1]
w, Q = np.linalg.eigh(M.T @ M)
w, Q = w[::-1][:k], Q[:, ::-1][:, :k]
assert "user" not in c or "parameter" not in c["user"], "the checkpoint has rows of users"
V = c["item/parameter"][:][:, :k].astype(float)
assert abs(V.T @ V - np.eye(k)).max() < 1e-4, "columns are not orthonormal"
assert abs(M.T @ M @ V - V * w).max() < 1e-3 * w[0], "no eigenvectors"
m = w / w[0]
at = np.log(m) / np.log(m[-1])
f = m / (m + values[0]) if kind == "ratio" else m * np.interp(at, np.linspace(0, 1, len(values)), values)
users, items = R * power(di, -p) @ V * f, power(di, q)[:, None] * V
def close(found, wanted, what):
    worst = abs(found - wanted).max() / abs(wanted).max()
    if not worst < 2e-4: raise SystemExit("%s: off by %g" % (what, worst))
close(e["item/embedding"][:], items, "items")
close(e["user/embedding"][:], users, "users")
S = (R * power(di, -p)) @ (Q * f) @ Q.T * power(di, q)
close(e["user/embedding"][:].astype(float) @ e["item/embedding"][:].T, S, "scores")
assert abs(e.attrs["lambda_1"] / w[0] - 1) < 1e-5 and e.attrs["residual"] <= 1e-4, "attributes"
P
powers=(--set model.spectral.user_power=0.4 --set model.spectral.item_power=0.6)
train() { n=$1; shift; ranks $n train job.yaml --quiet --set model.spectral.oversample=12 "${powers[@]}" "$@" >out 2>&1 || { cat out; return 1; }; }
ls_of() { /usr/bin/python3 -c 'import h5py; h5py.File("work/graph.h5", "r").visit(print)'; }
shapes=(--set model.spectral.input_power=0.3 --set model.spectral.output_power=0.7)
train 1 --fresh "${shapes[@]}"
/usr/bin/python3 oracle.py work 0.4 0.6 0.3 0.7 ratio 0.1 || { ls_of; exit 1; }
rounds=$(grep -c . work/metrics.jsonl)
times work/metrics.jsonl --none sample backward update
train 1 "${shapes[@]}" --set model.spectral.t=0.4 # again without iterating
/usr/bin/python3 oracle.py work 0.4 0.6 0.3 0.7 ratio 0.4
train 1 "${shapes[@]}" --set model.spectral.filter=knots --set model.spectral.knots=1.5,0.5,-0.4
/usr/bin/python3 oracle.py work 0.4 0.6 0.3 0.7 knots 1.5 0.5 -0.4
[ "$(grep -c . work/metrics.jsonl)" = "$rounds" ] || { echo "another filter iterated again"; exit 1; }

# The same bits on any number of ranks, and where a run was killed between rounds.
train 1 --fresh
wanted=$(exported)
for n in 2 3 4; do
  train $n --fresh
  [ "$(exported)" = "$wanted" ] || { echo "other bits on $n ranks"; exit 1; }
done
train 1 --fresh --set checkpoint.every=1 --set model.spectral.rounds=1 --set model.spectral.tolerance=0
train 3
[ "$(exported)" = "$wanted" ] || { echo "other bits after going on from the first round on 3 ranks"; exit 1; }
if "$KITH" train job.yaml --quiet --set model.spectral.user_power=0.1 >out 2>&1; then echo "another power went on from the checkpoint"; exit 1; fi

# New users with the lists of known ones have their very rows; new items are refused.
train 1 --fresh
/usr/bin/python3 - <<'P'
import h5py
g = h5py.File("work/graph.h5", "r")
start, item, user, ids = g["train/start"][:], g["train/item"][:], g["user/id"][:], g["item/id"][:]
text = lambda x: x.decode() if isinstance(x, bytes) else str(x)
number = not isinstance(user[0], bytes)
with open("new.tsv", "w") as f:
    for u in range(len(user)):
        for i in item[start[u]:start[u + 1]]: f.write("%s\t%s\n" % (10 ** 6 + u if number else "new" + text(user[u]), text(ids[i])))
P
printf '%s\t%s\n' "$(head -1 new.tsv | cut -f1)" 99999999 >items.tsv
embed() { n=$1; shift; ranks $n embed job.yaml --quiet --set model.spectral.oversample=12 "${powers[@]}" --set embed.interactions.format=edges "$@" >out 2>&1; }
for n in 1 3; do
  embed $n --set embed.interactions.path=new.tsv --set embed.types=users || { cat out; exit 1; }
  /usr/bin/python3 - <<'P'
import h5py
known, new = h5py.File("work/embeddings.h5", "r"), h5py.File("work/new.h5", "r")
k, n = known["user/embedding"][:], new["user/embedding"][:]
assert len(n) <= len(k) and len(n) > 10
rows = {r.tobytes() for r in k}
assert all(r.tobytes() in rows for r in n) and n.any(), "rows of known lists differ"
P
done
if embed 1 --set embed.interactions.path=items.tsv --set embed.types=both; then echo "a new item was embedded"; exit 1; fi
grep -q "no rows for new items" out || { cat out; exit 1; }

# New rows are made with the filter and powers of embeddings.h5, or not at all; new.h5 of an earlier export is refused.
code=0
embed 1 --set embed.interactions.path=new.tsv --set embed.types=users --set model.spectral.t=0.3 || code=$?
[ $code = 78 ] && grep -q "was exported with filter=ratio:0.1, the job has filter=ratio:0.3; run kith train job.yaml .*first, which exports it again" out || { echo "another filter: $code"; cat out; exit 1; }
code=0
embed 1 --set embed.interactions.path=new.tsv --set embed.types=users --set model.spectral.output_power=0.25 || code=$?
[ $code = 78 ] && grep -q "was exported with output_power=0.5, the job has output_power=0.25" out || { echo "another power: $code"; cat out; exit 1; }
new() { "$KITH" recommend job.yaml --user "$(head -1 new.tsv | cut -f1)" --set model.spectral.oversample=12 "${powers[@]}" "$@" >out 2>&1; }
new || { cat out; exit 1; }
train 1 --set model.spectral.output_power=0.25
code=0; new --set model.spectral.output_power=0.25 || code=$?
[ $code = 65 ] && grep -q "new.h5: was made with other settings of the model than embeddings.h5; run kith embed again" out || { echo "new.h5 of another export: $code"; cat out; exit 1; }
embed 1 --set embed.interactions.path=new.tsv --set embed.types=users --set model.spectral.output_power=0.25
new --set model.spectral.output_power=0.25 || { cat out; exit 1; }
