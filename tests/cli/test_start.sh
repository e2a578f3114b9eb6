# model.start: spectral: input rows have the directions that NumPy's singular vectors say, and the length of random rows; the same bits on 1 to 4 ranks; a run that goes on does not make them anew.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
small 60 90 900 4 0 0.2 <<'J'
model: {name: mf, dim: 8, start: spectral, init: 0.2, spectral: {tolerance: 1e-4}}
train: {batch: 100, epochs: 1, lr: 1e-12, optimizer: sgd}
J

refused() { # WORDS SETTINGS…: code 78, and one line with the words
  words=$1; shift
  code=0
  "$KITH" train job.yaml --quiet "$@" >out 2>&1 || code=$?
  [ $code = 78 ] && grep -qF -- "$words" out && [ "$(grep -c . out)" = 1 ] || { echo "$* ended with $code and not by \"$words\":"; cat out; exit 1; }
}
refused "expected random | spectral" --set model.start=ones
unused() { # SETTINGS…: a warning that names the first one
  "$KITH" train job.yaml "$@" >out 2>&1 || true
  grep -qF -- "${2%%=*} is set but has no effect" out || { echo "no warning for $2:"; cat out; exit 1; }
}
unused --set model.start=spectral --set model.name=spectral
unused --set model.spectral.degree=4 --set model.start=random
unused --set model.spectral.t=0.2

/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
cat >oracle.py <<'P'
import h5py, numpy as np, sys
work, a, b, k, length = sys.argv[1], *map(float, sys.argv[2:4]), int(sys.argv[4]), float(sys.argv[5])
g, e = (h5py.File("%s/%s" % (work, name), "r") for name in ("graph.h5", "embeddings.h5"))
start, item = g["train/start"][:], g["train/item"][:]
users, items = e["user/embedding"][:].astype(float), e["item/embedding"][:].astype(float)
R = np.zeros((len(users), len(items)))
for u in range(len(users)): R[u, item[start[u]:start[u + 1]]] = 1
power = lambda d, x: np.where(d > 0, np.maximum(d, 1) ** x, 0)
U, s, Vt = np.linalg.svd(power(R.sum(1), -a)[:, None] * R * power(R.sum(0), -b), full_matrices=False)
U, V, s = U[:, :k], Vt[:k].T, s[:k]
assert (s[:-1] - s[1:]).min() > 1e-3, "two singular values are too close for this test"
unit = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
sign = 0
for found, wanted, degree in ((users, U, R.sum(1)), (items, V, R.sum(0))):
    found, wanted = found[degree > 0, :k], unit((wanted * s ** 0.5)[degree > 0])
    assert abs(np.linalg.norm(found, axis=1) / (length * k ** 0.5) - 1).max() < 1e-5, "lengths"
    mine = np.sign((unit(found) * wanted).sum(0))
    assert abs(unit(found) - wanted * mine).max() < 1e-3, "directions"
    assert np.ndim(sign) == 0 or (sign == mine).all(), "users and items have other signs"
    sign = mine
P
train() { n=$1; shift; ranks $n train job.yaml --set model.spectral.oversample=12 "$@" >out 2>&1 || { cat out; return 1; }; }

# Steps of length 1e-12 leave the rows as they are.
train 1 --fresh
grep -q "model.start: 8 singular vectors" out || { cat out; exit 1; }
/usr/bin/python3 oracle.py work 0.5 0.5 8 0.2
train 1 --fresh --set model.spectral.user_power=0.3 --set model.spectral.item_power=0.7 --set model.init=0.05
/usr/bin/python3 oracle.py work 0.3 0.7 8 0.05

# The same bits on any number of ranks; a run that goes on reads its rows.
train 1 --fresh --set train.lr=0.05 --set train.epochs=3
wanted=$(exported)
for n in 2 3 4; do
  train $n --fresh --set train.lr=0.05 --set train.epochs=3
  [ "$(exported)" = "$wanted" ] || { echo "other bits on $n ranks"; exit 1; }
done
train 1 --fresh --set train.lr=0.05 --set train.epochs=1
train 3 --set train.lr=0.05 --set train.epochs=3
[ "$(exported)" = "$wanted" ] || { echo "other bits after going on"; exit 1; }
if grep -q "singular vectors" out; then echo "a run that went on made its rows anew"; cat out; exit 1; fi
for setting in model.start=random model.spectral.tolerance=0.1 model.spectral.rounds=2; do
  code=0
  "$KITH" train job.yaml --quiet --set model.spectral.oversample=12 --set train.lr=0.05 --set train.epochs=4 --set $setting >out 2>&1 || code=$?
  [ $code = 78 ] && grep -qF "${setting%%=*}" out || { echo "went on with $setting: $code"; cat out; exit 1; }
done

# Few rounds, and more columns than singular vectors: warnings.
train 1 --fresh --set model.spectral.rounds=1
grep -q "model.start: after 1 round an eigenpair has the residual" out || { cat out; exit 1; }
train 1 --fresh --set model.dim=70
grep -q "fewer than model.dim" out || { cat out; exit 1; }
/usr/bin/python3 - <<'P'
import h5py, numpy as np
x = h5py.File("work/embeddings.h5", "r")["user/embedding"][:]
assert abs(x).min(0).max() > 0 and (abs(x) > 0).all(0).all(), "columns of zeros"
P
