# model.length_discount: a finished run exports again, with rows of items divided by that power of their lengths and nothing else changed;
# the same as a run that had it from the start; kith embed, evaluate and --refit refuse, or report, a job with another one.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 120, items: 180, interactions: 2000, friends: 0, communities: 5}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 4}
model: {dim: 8, layers: 2}
loss: {name: softmax}
train: {epochs: 3, batch: 512, lr: 0.01}
evaluate: {k: [10], every: 3, split: valid}
checkpoint: {every: 1}
embed: {interactions: {path: new.tsv, format: edges}, types: users}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
awk 'NR <= 3 {print "somebody\t" $2}' list.tsv >new.tsv
discount() { verb=$1 with=$2; shift 2; "$KITH" $verb job.yaml --set model.length_discount=$with "$@" >said 2>&1; }
refuses() { rc=0; "${@:2}" || rc=$?; [ $rc = 78 ] && grep -q "$1" said || { echo "code $rc: $(cat said)"; exit 1; }; }

discount train 0
cp work/embeddings.h5 plain.h5
discount evaluate 0.3
grep -q 'model.length_discount=0.3' said || { cat said; exit 1; }
refuses 'model.length_discount' discount embed 0.3
refuses 'model.length_discount' discount train 0.3 --refit
discount train 0.3
grep -q 'with model.length_discount 0.3 now, before by recall@10 on valid: the selection restarts' said || { cat said; exit 1; }
cp work/embeddings.h5 again.h5
discount embed 0.3
refuses 'model.length_discount=0.3' discount embed 0
discount train 0.3 --fresh
discount train 0.3 --refit
/usr/bin/python3 - <<'P'
import h5py, numpy as np
rows = lambda name: [h5py.File(name, "r")[t + "/embedding"][:] for t in ("user", "item")]
plain, again, fresh = rows("plain.h5"), rows("again.h5"), rows("work/embeddings.h5")
assert plain[0].tobytes() == again[0].tobytes(), "rows of users"
want = plain[1] / np.linalg.norm(plain[1].astype(float), axis=1, keepdims=True) ** 0.3
assert np.abs(again[1] - want).max() <= 1e-6 * np.abs(want).max(), "rows of items"
assert all(a.tobytes() == b.tobytes() for a, b in zip(again, fresh)), "a run with the discount from its start"
P
