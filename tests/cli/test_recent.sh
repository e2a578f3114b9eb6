# model.sequence: recent: exported rows of users have the sums of their latest items, by the formula in NumPy, the same bits on 1 and 3 ranks;
# a finished run takes them on; auto is chosen on validation, stored, and kept by --refit; kith explain's terms add up, and kith embed adds them.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 120, items: 180, interactions: 2000, friends: 0, communities: 5}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  split: {method: leave-last-out, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 8, layers: 2}
loss: {name: softmax}
train: {epochs: 2, batch: 512, lr: 0.01}
evaluate: {k: [10], every: 2, split: valid}
embed: {interactions: {path: new.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}, types: users}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
set -- --set model.sequence=recent
fixed="--set model.recent.decay=0.5 --set model.recent.weight=2 --set model.recent.items=3"
refuses() { rc=0; "${@:2}" >said 2>&1 || rc=$?; [ $rc = 78 ] || { echo "code $rc: $(cat said)"; exit 1; }; grep "$1" said >/dev/null || { cat said; exit 1; }; }
grep -v '^#' list.tsv >pairs.tsv
awk -v OFS='\t' 'NR <= 5 {print "somebody", $2, 100 - NR} NR >= 4 && NR <= 8 {print "other", $2, NR}' pairs.tsv >new.tsv

"$KITH" train job.yaml --quiet >log
cp work/embeddings.h5 plain.h5
"$KITH" embed job.yaml --output plain-new.h5 --quiet >log
"$KITH" train job.yaml "$@" $fixed --quiet >log
cp work/embeddings.h5 again.h5
"$KITH" embed job.yaml "$@" $fixed --output new.h5 --quiet >log
"$KITH" explain job.yaml "$@" $fixed --user "$(awk 'NR == 7 {print $1}' pairs.tsv)" --k 3 --top 100 --json --quiet | tail -1 >explained.json
ranks 3 train job.yaml "$@" $fixed --fresh --quiet >log
cp work/embeddings.h5 ranks.h5
refuses 'embed.interactions.columns.time' "$KITH" embed job.yaml "$@" $fixed --set embed.interactions.columns.time= --set data.interactions.columns.time= --output none.h5
"$KITH" train job.yaml "$@" --json --quiet | tail -1 >chosen.json
cp work/embeddings.h5 chosen.h5
"$KITH" train job.yaml "$@" --refit --json --quiet | tail -1 >refit.json
refuses 'has not judged' "$KITH" train job.yaml --refit
/usr/bin/python3 - <<'P'
import h5py, json, numpy as np
rows = lambda name: [h5py.File(name, "r")[t + "/embedding"][:] for t in ("user", "item")]
g = h5py.File("work/graph.h5", "r")
start, item, time = (g["train/" + k][:] for k in ("start", "item", "time"))
plain, again, ranks = rows("plain.h5"), rows("again.h5"), rows("ranks.h5")
assert plain[1].tobytes() == again[1].tobytes(), "rows of items"
assert all(a.tobytes() == b.tobytes() for a, b in zip(again, ranks)), "three ranks"
far, n = 0, 0
for u in range(len(start) - 1):
    t, i = time[start[u]:start[u + 1]], item[start[u]:start[u + 1]]
    order = np.argsort(-t, kind="stable")
    if len(set(t)) < len(t): continue # ties are ordered by a key: tests/same/test_sequence.c
    far = max(far, np.abs(plain[0][u] + 2 * sum(0.5 ** p * plain[1][i[j]].astype(float) for p, j in enumerate(order[:3])) - again[0][u]).max())
    n += 1
assert n > 50 and far < 1e-6, (n, far)
name = [str(x.decode() if isinstance(x, bytes) else x) for x in g["item/id"][:]]
def new(path):
    f = h5py.File(path, "r")
    return {str(x.decode() if isinstance(x, bytes) else x): r for x, r in zip(f["user/id"][:], f["user/embedding"][:])}
before, after = new("plain-new.h5"), new("new.h5")
for who in before:
    pairs = sorted((line.split() for line in open("new.tsv") if line.startswith(who)), key=lambda p: -int(p[2]))[:3]
    want = before[who] + 2 * sum(0.5 ** p * plain[1][name.index(x[1])].astype(float) for p, x in enumerate(pairs))
    assert np.abs(want - after[who]).max() < 1e-6, who
e = json.load(open("explained.json"))
for one in e["explanations"]:
    latest = [r for r in one["reasons"] if r.get("relation") == "latest"]
    assert len(latest) == 3, one
    assert abs(one["score"] - one["own"] - one["positive"] - one["negative"]) < 1e-5 * (1 + abs(one["score"])), one
c, r = json.load(open("chosen.json")), json.load(open("refit.json"))
a = h5py.File("chosen.h5", "r").attrs
assert a["recent_decay"] == c["recent_decay"] == r["recent_decay"] and a["recent_weight"] == c["recent_weight"] == r["recent_weight"], (dict(a), c, r)
P
