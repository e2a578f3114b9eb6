# Polynomials of P beside the eigenvectors and without them: figures of train and evaluate, lists and scores of recommend, also of new users, are those of dense matrices in NumPy;
# one coefficient is the direct term; the same bits on 1 to 4 ranks and in another cut.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
export PYTHONPATH=$KITH_SOURCE/tests/support PYTHONDONTWRITEBYTECODE=1
small 120 180 2000 5 0.1 0.2 <<'J'
model:
  name: spectral
  dim: 6
  spectral: {user_power: 0.4, item_power: 0.6, input_power: 0.3, output_power: -0.2, tolerance: 1e-4, filter: poly, coefficients: [3, -4, 0, 1.5]}
evaluate: {k: [5, 10], split: test}
embed: {interactions: {path: new.tsv, format: edges}, types: users}
J

cat >oracle.py <<'P'
from dense import *
filter, coefficients = sys.argv[1], [float(x) for x in sys.argv[2].split(",")]
M = weighted(.4, .6)
w, V = np.linalg.eigh(M.T @ M)
m = np.maximum(w / w[-1], 0) # all eigenvalues, where the ranking has none
f = sum(c * m ** (j + 1) for j, c in enumerate(coefficients))
if filter == "ratio": f[-6:] += m[-6:] / (m[-6:] + 0.1)
S = (R * power(di, -.3)) @ (V * f) @ V.T * power(di, -.2)
assert (e["user/embedding"][:].any()) == (filter == "ratio"), "rows of users"
assert e.attrs["direct"] == coefficients[0] and np.bytes_(e.attrs["filter"]).decode().split(":")[0] == filter
assert [e.attrs["coefficient_%d" % j] for j in range(2, 1 + len(coefficients))] == coefficients[1:]
for name, truth, masks in ("train", test, R + valid), ("evaluate", test, R + valid), ("sampled", test, R + valid), ("valid", valid, R):
    told, prefix = json.load(open(name + ".json")), "test_" if name == "train" else ""
    for found, wanted in zip((told[prefix + "recall@10"], told[prefix + "ndcg@10"]), figures(S, truth, masks)):
        assert abs(found - wanted) < 1e-6, (name, found, wanted)
    assert name == "train" or len(coefficients) == 1 or told["degree"] == len(coefficients)
top = h5py.File("top.h5", "r")
known = np.where(R + valid > 0, -np.inf, S)
for u in range(len(user_id)): best(known[u], top["top/item"][u], top["top/score"][u], 10, user_id[u], 2e-4)
told = json.load(open("new.json"))["recommendations"] # new users with the lists of known ones
assert len(told) == 12
for t, u in zip(told, range(0, 120, 10)):
    best(np.where(R[u] > 0, -np.inf, S[u]), [item_id.index(i) for i in t["items"]], t["scores"], 10, t["user"], 2e-4)
P
/usr/bin/python3 - <<'P'
import h5py
g = h5py.File("work/graph.h5", "r")
start, item, ids = g["train/start"][:], g["train/item"][:], g["item/id"][:]
with open("new.tsv", "w") as f:
    for u in range(0, 120, 10):
        for i in item[start[u]:start[u + 1]]: f.write("%s\t%s\n" % ("new%d" % u if isinstance(ids[0], bytes) else 10 ** 6 + u, ids[i].decode() if isinstance(ids[0], bytes) else ids[i]))
P
lists() { /usr/bin/python3 -c 'import h5py, hashlib; f = h5py.File("top.h5", "r"); print(hashlib.sha256(f["top/item"][:].tobytes() + f["top/score"][:].tobytes()).hexdigest())'; }
check() { # FILTER COEFFICIENTS [SETTINGS]
  how=("${@:3}")
  "$KITH" train job.yaml --json "${how[@]}" >out 2>err || { cat err; exit 1; }
  if grep -q "warning" err; then cat err; exit 1; fi
  tail -1 out >train.json
  "$KITH" evaluate job.yaml "${how[@]}" --json --quiet | tail -1 >evaluate.json
  "$KITH" evaluate job.yaml "${how[@]}" --split valid --json --quiet | tail -1 >valid.json
  "$KITH" evaluate job.yaml "${how[@]}" --protocol sampled-1000 --json --quiet | tail -1 >sampled.json # all items but the user's: full ranking
  "$KITH" recommend job.yaml "${how[@]}" --all --k 10 --output top.h5 >out 2>&1 || { cat out; exit 1; }
  "$KITH" embed job.yaml "${how[@]}" --quiet >out 2>&1 || { cat out; exit 1; }
  ranks 2 recommend job.yaml "${how[@]}" --json --k 10 $(cut -f1 new.tsv | uniq | sed 's/^/--user /') >out 2>err || { cat err; exit 1; }
  if grep -q "meaningless" err; then echo "a warning of users whom the polynomial orders"; cat err; exit 1; fi
  tail -1 out >new.json
  /usr/bin/python3 oracle.py $1 "$2"
}
check poly 3,-4,0,1.5
wanted=$(lists)
for n in 2 3 4; do
  ranks $n recommend job.yaml --all --k 10 --output top.h5 >/dev/null 2>&1
  [ "$(lists)" = "$wanted" ] || { echo "other lists on $n ranks"; exit 1; }
done
"$KITH" partition job.yaml --quiet --set partition.method=hash >/dev/null 2>&1
ranks 2 train job.yaml --quiet --fresh --set partition.method=hash >/dev/null 2>&1
ranks 3 recommend job.yaml --set partition.method=hash --all --k 10 --output top.h5 >/dev/null 2>&1
[ "$(lists)" = "$wanted" ] || { echo "other lists in another cut"; exit 1; }
"$KITH" partition job.yaml --quiet >/dev/null 2>&1
check ratio 0.5,-0.25 --set model.spectral.filter=ratio --set model.spectral.coefficients=0.5,-0.25
check poly 1 --set model.spectral.coefficients=1
wanted=$(lists)
one=(--set model.spectral.filter=ratio --set model.spectral.coefficients=0.7)
check ratio 0.7 "${one[@]}"
wanted=$(lists)
direct=(--set model.spectral.filter=ratio --set model.spectral.coefficients=[] --set model.spectral.direct=0.7)
"$KITH" train job.yaml --quiet "${direct[@]}" >out 2>&1 || { cat out; exit 1; }
"$KITH" recommend job.yaml "${direct[@]}" --all --k 10 --output top.h5 >/dev/null 2>&1
[ "$(lists)" = "$wanted" ] || { echo "one coefficient is not the direct term"; exit 1; }

refused() { # WORDS VERB SETTING
  code=0
  "$KITH" $2 job.yaml --quiet --set "$3" >out 2>&1 || code=$?
  [ $code = 78 ] && grep -qF -- "$1" out || { echo "kith $2 --set $3 ended with $code and not by \"$1\":"; cat out; exit 1; }
}
refused "model.spectral.direct: 0.5 beside model.spectral.coefficients" train model.spectral.direct=0.5
refused "kith tune has no search for coefficients" tune name=x
