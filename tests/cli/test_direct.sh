# The direct term from training to lists: figures of train and evaluate, lists and scores of recommend, also of new users, are those of dense matrices in NumPy;
# the same bits on 1 to 4 ranks and in another cut; what does not go together is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
export PYTHONPATH=$KITH_SOURCE/tests/support:. PYTHONDONTWRITEBYTECODE=1
small 150 220 3000 5 0.1 0.2 <<'J'
model:
  name: spectral
  dim: 6
  spectral: {user_power: 0.4, item_power: 0.6, input_power: 0.3, output_power: -0.2, direct: 1.5}
evaluate: {k: [5, 10], split: test}
embed: {interactions: {path: new.tsv, format: edges}, types: users}
J

cat >oracle.py <<'P'
from dense import *
M = weighted(.4, .6)
lambda_1 = np.linalg.eigvalsh(M.T @ M)[-1]
def scores(rows, own, c): return rows.astype(float) @ e["item/embedding"][:].astype(float).T + c / lambda_1 * ((own * power(di, -.3)) @ (M.T @ M)) * power(di, -.2)
def known(c): return scores(e["user/embedding"][:], R, c)
P

train() { n=$1; shift; ranks $n train job.yaml --json "$@" >out 2>err || { cat err; exit 1; }; }
train 1 --fresh
if grep -q "warning.*direct" err; then echo "train warns of the direct term:"; cat err; exit 1; fi
tail -1 out >train.json
"$KITH" evaluate job.yaml --json --quiet >out 2>err; tail -1 out >evaluate.json
if grep -q "direct" err; then echo "evaluate warns of the direct term:"; cat err; exit 1; fi
"$KITH" evaluate job.yaml --split valid --json --quiet | tail -1 >valid.json
"$KITH" evaluate job.yaml --protocol sampled-1000 --json --quiet | tail -1 >sampled.json # all items but the user's: full ranking
"$KITH" recommend job.yaml --all --k 10 --output top.h5 >out 2>err
if grep -q "direct" err; then echo "recommend warns of the direct term:"; cat err; exit 1; fi
cat >check.py <<'P'
from oracle import *
assert e.attrs["direct"] == 1.5 and abs(e.attrs["lambda_1"] / lambda_1 - 1) < 1e-5
wanted, plain = figures(known(1.5), test, R + valid), figures(known(0), test, R + valid)
assert abs(wanted[0] - plain[0]) > 1e-3, "the direct term changes nothing here"
for name, truth, masks in ("train", test, R + valid), ("evaluate", test, R + valid), ("sampled", test, R + valid), ("valid", valid, R):
    told, prefix = json.load(open(name + ".json")), "test_" if name == "train" else ""
    for found, truth in zip((told[prefix + "recall@10"], told[prefix + "ndcg@10"]), figures(known(1.5), truth, masks)):
        assert abs(found - truth) < 1e-6, (name, found, truth)
    assert name == "train" or told["direct"] == 1.5
top = h5py.File("top.h5", "r")
s = np.where(R + valid > 0, -np.inf, scores(e["user/embedding"][:], R, 1.5))
for u in range(len(user_id)): best(s[u], top["top/item"][u], top["top/score"][u], 10, user_id[u], 1e-4)
P
/usr/bin/python3 check.py

# Any number of ranks and any cut.
lists() { /usr/bin/python3 -c 'import h5py, hashlib; f = h5py.File("top.h5", "r"); print(hashlib.sha256(f["top/item"][:].tobytes() + f["top/score"][:].tobytes()).hexdigest())'; }
wanted=$(lists)
for n in 2 3 4; do
  ranks $n recommend job.yaml --all --k 10 --output top.h5 >/dev/null 2>&1
  [ "$(lists)" = "$wanted" ] || { echo "other lists on $n ranks"; exit 1; }
done
cp -r work kept
"$KITH" partition job.yaml --quiet --set partition.method=hash >/dev/null 2>&1
train 2 --fresh --set partition.method=hash
ranks 3 recommend job.yaml --set partition.method=hash --all --k 10 --output top.h5 >/dev/null 2>&1
[ "$(lists)" = "$wanted" ] || { echo "other lists in another cut"; exit 1; }
rm -r work; mv kept work

# New users: their lists are those of known ones, their own items and no others are left out.
/usr/bin/python3 - <<'P'
from oracle import *
with open("new.tsv", "w") as f:
    for u in range(0, 150, 10):
        for i in R[u].nonzero()[0]: f.write("%s\t%s\n" % (10 ** 6 + u if isinstance(user_id[u], int) else "new%d" % u, item_id[i]))
P
"$KITH" embed job.yaml --quiet >out 2>err || { cat err; exit 1; }
ids=$(cut -f1 new.tsv | uniq | sed 's/^/--user /')
for n in 1 3; do
  ranks $n recommend job.yaml --json --k 10 $ids >out 2>err || { cat err; exit 1; }
  if grep -q "direct" err; then echo "recommend warns of the direct term for new users:"; cat err; exit 1; fi
  tail -1 out >new.json
  /usr/bin/python3 - <<'P'
from oracle import *
new, told = h5py.File("work/new.h5", "r"), json.load(open("new.json"))["recommendations"]
assert len(told) == 15 and new.attrs["direct"] == 1.5 and new.attrs["lambda_1"] == e.attrs["lambda_1"]
rows = dict(zip(text(new["user/id"][:]), new["user/embedding"][:]))
for t, u in zip(told, range(0, 150, 10)):
    s = np.where(R[u] > 0, -np.inf, scores(rows[t["user"]], R[u], 1.5))
    best(s, [item_id.index(i) for i in t["items"]], t["scores"], 10, t["user"], 1e-4)
P
done

refused() { # CODE WORDS VERB ARGUMENTS…
  want=$1 words=$2 verb=$3 code=0; shift 3
  "$KITH" $verb job.yaml --quiet "$@" >out 2>&1 || code=$?
  [ $code = $want ] && grep -qF -- "$words" out || { echo "kith $verb $* ended with $code and not by \"$words\":"; cat out; exit 1; }
}
one=$(head -1 new.tsv | cut -f1)
refused 78 "was exported with direct=1.5, the job has direct=0.5" embed --set model.spectral.direct=0.5
train 1 --set model.spectral.direct=0.5 # exports again
refused 65 "new.h5: was made with other settings of the model" recommend --set model.spectral.direct=0.5 --user "$one"
"$KITH" embed job.yaml --quiet --set model.spectral.direct=0.5 >/dev/null 2>&1
"$KITH" recommend job.yaml --quiet --set model.spectral.direct=0.5 --user "$one" >/dev/null
