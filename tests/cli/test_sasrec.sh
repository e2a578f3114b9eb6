# model.sequence: sasrec: the rows of the model of the graph stand beside those of the sequence; killed in the model's
# epochs and in its own, it goes on to the same bits; three ranks give the rows of one; what it cannot do is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 90, items: 60, interactions: 900, friends: 0, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  split: {method: leave-last-out, valid: 0.05, test: 0.05}
partition: {parts: 6}
model: {dim: 8, layers: 2, sequence: sasrec, sasrec: {dim: 4, length: 6, heads: 2, epochs: 3, batch: 25, dropout: 0.2, rate: 0.01}}
train: {epochs: 2, batch: 300, lr: 0.01}
evaluate: {k: [10], every: 1, split: valid}
checkpoint: {every: 1, steps: 2}
embed: {interactions: {path: new.tsv, format: edges}, types: users}
J
say() { "$KITH" "$@" >said 2>&1; }
refuses() { rc=0; say "${@:2}" || rc=$?; [ $rc = 78 ] || { echo "code $rc: $(cat said)"; exit 1; }; grep "$1" said >/dev/null || { cat said; exit 1; }; }
for verb in generate ingest partition; do say $verb job.yaml --quiet || { cat said; exit 1; }; done
awk 'NR <= 3 {print "somebody\t" $2}' list.tsv >new.tsv

"$KITH" train job.yaml --json >told 2>said || { cat said; exit 1; }
wanted=$(exported)
mv work whole; mkdir work; cp whole/graph.h5 whole/parts.h5 work
if KITH_FAULT=kill:1000000@0 "$KITH" help >/dev/null 2>&1; then
  for moment in 3 6 7; do # in the second epoch of the model, and twice in the middle of an epoch of sequences
    rc=0; KITH_FAULT=kill:$moment@0 "$KITH" train job.yaml --quiet >said 2>&1 || rc=$?
    [ $rc = 137 ] || { echo "code $rc: $(cat said)"; exit 1; }
  done
fi
say train job.yaml --quiet || { cat said; exit 1; }
times work/metrics.jsonl --also evaluate_seconds
[ "$(exported)" = "$wanted" ] || { echo "a run in pieces has other bits"; exit 1; }
rm -r work/base work/check* work/embeddings.h5 work/metrics.jsonl
ranks 3 train job.yaml --quiet >said 2>&1 || { cat said; exit 1; }
/usr/bin/python3 - <<'P'
import json, h5py, numpy as np
one, three, base = (h5py.File(f"{d}/embeddings.h5") for d in ("whole", "work", "whole/base"))
gamma = json.loads(open("told").readlines()[-1])["sasrec_gamma"]
assert one.attrs["sasrec_gamma"] == gamma, gamma
for t, weight in ("user", gamma), ("item", 1):
    x, y, e = (f[t + "/embedding"][:] for f in (one, three, base))
    assert x.shape[1] == 12 and np.isfinite(x).all()
    assert (x[:, :8] == np.float32(weight) * e).all(), t
    assert np.abs(x[:, 8:]).max() > 0.1
    assert np.allclose(x, y, rtol=1e-3, atol=1e-3), (t, np.abs(x - y).max())
P

say train job.yaml --quiet --set model.sasrec.gamma=0 || { cat said; exit 1; }
/usr/bin/python3 -c 'import h5py; f = h5py.File("work/embeddings.h5"); assert f["item/embedding"].shape[1] == 4 and f.attrs["sasrec_gamma"] == 0'
say evaluate job.yaml
grep 'model.sasrec.gamma' said >/dev/null || { cat said; exit 1; }
say train job.yaml --quiet --refit --set model.sasrec.gamma=0 || { cat said; exit 1; }
refuses 'model.sequence' embed job.yaml --set model.sasrec.gamma=0
refuses 'model.sequence' explain job.yaml --user 1 --set model.sasrec.gamma=0
refuses 'train.epochs=2' train job.yaml --set train.epochs=3 --set model.sasrec.gamma=0
refuses 'heads' train job.yaml --set model.sasrec.heads=3
say train job.yaml --set work=alone --set graph=work/graph.h5 --set parts=work/parts.h5 --set model.sasrec.graph=false || { cat said; exit 1; }
[ ! -e alone/base ]
grep 'model.sasrec.graph: true' said >/dev/null || { echo "keys of a model that is not trained are not warned of: $(cat said)"; exit 1; }
