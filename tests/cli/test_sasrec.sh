# model.sequence: sasrec: the rows of the model of the graph stand beside those of the sequence; killed in the model's
# epochs and in its own, it goes on to the same bits; three ranks give the rows of one; new users with the items of known
# ones get their rows; what it cannot do is refused.  Trained jointly, the model of the graph moves.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 90, items: 60, interactions: 900, friends: 0, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  split: {method: leave-last-out}
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

/usr/bin/python3 - <<'P' # every user once more, with the training items
import h5py
g = h5py.File("work/graph.h5")
start, item, time = (g["train/" + n][:] for n in ("start", "item", "time"))
ids = {t: [x.decode() if isinstance(x, bytes) else str(x) for x in g[t + "/id"][:]] for t in ("user", "item")}
with open("new.tsv", "w") as o:
    for u in range(len(start) - 1):
        for e in range(start[u], start[u + 1]):
            o.write(f"99{ids['user'][u]}\t{ids['item'][item[e]]}\t{time[e]}\n")
P
whole="--set work=whole --set graph=work/graph.h5 --set parts=work/parts.h5"
times="--set embed.interactions.columns.time=3"
(cat new.tsv; echo "99 an-item 5" | tr ' ' '\t') >more.tsv
say embed job.yaml --quiet $whole $times --output one.h5 || { cat said; exit 1; }
if grep 'embed.interactions.columns.time' said; then echo "the times are read: no warning"; exit 1; fi
as_known() { # ROWS NEW: users with the items of known ones have their rows of the sequence
  /usr/bin/python3 - "$@" <<'P'
import sys, h5py, numpy as np
known, new, g = (h5py.File(f) for f in (*sys.argv[1:], "work/graph.h5"))
text = lambda f: [x.decode() if isinstance(x, bytes) else str(x) for x in f["user/id"][:]]
start, time = g["train/start"][:], g["train/time"][:]
row = {x: i for i, x in enumerate(text(new))}
clear = [u for u in range(len(start) - 1) if start[u + 1] > start[u] and len(set(time[start[u]:start[u + 1]])) == start[u + 1] - start[u]]
assert len(clear) > 20, len(clear)
of = [row["99" + x] for x in np.array(text(known))[clear]]
x, y = known["user/embedding"][:][clear], new["user/embedding"][:][of]
assert new.attrs["sasrec_gamma"] == known.attrs["sasrec_gamma"]
assert np.allclose(x[:, 8:], y[:, 8:], rtol=1e-5, atol=1e-5), np.abs(x - y)[:, 8:].max()
assert np.isfinite(y).all() and (np.abs(y[:, :8]).max() > 0 or new.attrs["sasrec_gamma"] == 0)
P
}
as_known whole/embeddings.h5 one.h5
refuses 'embed.types: users' embed job.yaml $whole $times --set embed.types=both --set embed.interactions.path=more.tsv
refuses 'embed.interactions.columns.time' embed job.yaml $whole
refuses 'embed.adapt' embed job.yaml $whole $times --set embed.adapt=3

# Jointly, among candidates: the rows of the model of the graph move; killed it goes on to the same bits, and three ranks
# give the rows of one.
cp -r work kept
joint="--set model.sasrec.joint=true --set model.sasrec.candidates=20"
jointly() { # RANKS: from the rows of the model alone
  rm -rf work/check* work/embeddings.h5 work/metrics.jsonl
  if [ $1 = 1 ]; then rc=0; KITH_FAULT=${2:-} "$KITH" train job.yaml --quiet $joint >said 2>&1 || rc=$?
  else ranks $1 train job.yaml --quiet $joint >said 2>&1 || { cat said; exit 1; }; fi
}
jointly 1; [ $rc = 0 ] || { cat said; exit 1; }
wanted=$(exported); cp work/embeddings.h5 joint.h5
if KITH_FAULT=kill:1000000@0 "$KITH" help >/dev/null 2>&1; then
  jointly 1 kill:7@0
  [ $rc = 137 ] || { echo "code $rc: $(cat said)"; exit 1; }
  say train job.yaml --quiet $joint || { cat said; exit 1; }
  [ "$(exported)" = "$wanted" ] || { echo "a joint run in pieces has other bits"; exit 1; }
fi
ranks 3 embed job.yaml --quiet $times $joint --output moved.h5 >said 2>&1 || { cat said; exit 1; }
as_known work/embeddings.h5 moved.h5
/usr/bin/python3 - <<'P' # by the model of the graph as it is now
import h5py, numpy as np
now, before = (h5py.File(f)["user/embedding"][:, :8] / (h5py.File(f).attrs["sasrec_gamma"] or 1) for f in ("moved.h5", "one.h5"))
assert np.abs(now).max() == 0 or np.abs(now - before).max() > 1e-3
P
joint="$joint --set model.sasrec.rate=1e-9 --set model.sasrec.epochs=1" jointly 1
/usr/bin/python3 -c 'import h5py, numpy as np
x, e = (h5py.File(f)["item/embedding"][:] for f in ("work/embeddings.h5", "work/base/embeddings.h5"))
assert np.abs(x[:, :8] - e).max() < 1e-6, "a joint run does not begin with the rows of the folder base"'
jointly 3
/usr/bin/python3 - <<'P'
import h5py, numpy as np
one, three, base = (h5py.File(f) for f in ("joint.h5", "work/embeddings.h5", "work/base/embeddings.h5"))
x, y, e = (f["item/embedding"][:] for f in (one, three, base))
assert np.abs(x[:, :8] - e).max() > 1e-3 and np.isfinite(x).all()
assert np.allclose(x, y, rtol=2e-3, atol=2e-3), np.abs(x - y).max()
u, v = (f["user/embedding"][:] for f in (one, three))
assert np.allclose(u, v, rtol=2e-3, atol=2e-3), np.abs(u - v).max()
P
refuses 'model.sasrec.joint' train job.yaml $joint --set model.sasrec.graph=false
refuses 'model.sasrec.candidates: 60' train job.yaml --set model.sasrec.candidates=60
rm -r work; mv kept work

say train job.yaml --quiet --set model.sasrec.gamma=0 || { cat said; exit 1; }
/usr/bin/python3 -c 'import h5py; f = h5py.File("work/embeddings.h5"); assert f["item/embedding"].shape[1] == 4 and f.attrs["sasrec_gamma"] == 0'
say evaluate job.yaml
grep 'model.sasrec.gamma' said >/dev/null || { cat said; exit 1; }
cat work/evaluate-*.json | grep '"model": "lightgcn", "sequence": "sasrec"' >/dev/null
grep '^sasrec  .*0[.]' said >/dev/null || { echo "the row of the model beside baselines: $(cat said)"; exit 1; }
say train job.yaml --quiet --refit --set model.sasrec.gamma=0 || { cat said; exit 1; }
refuses 'model.sequence' explain job.yaml --user 1 --set model.sasrec.gamma=0
say embed job.yaml --quiet $times --set model.sasrec.gamma=0 || { cat said; exit 1; }
/usr/bin/python3 -c 'import h5py; assert h5py.File("work/new.h5")["user/embedding"].shape[1] == 4'
refuses 'train.epochs=2' train job.yaml --set train.epochs=3 --set model.sasrec.gamma=0
refuses 'heads' train job.yaml --set model.sasrec.heads=3
say train job.yaml --set work=alone --set graph=work/graph.h5 --set parts=work/parts.h5 --set model.sasrec.graph=false || { cat said; exit 1; }
[ ! -e alone/base ]
grep 'model.sasrec.graph: true' said >/dev/null || { echo "keys of a model that is not trained are not warned of: $(cat said)"; exit 1; }

# Rows with sequences and rows with the latest items are members of one blend, beside evidence.
{ sed 's/, sequence: sasrec, sasrec: {.*/, sequence: recent}/; s/^work: .*/work: latest/' job.yaml; printf 'graph: work/graph.h5\nparts: work/parts.h5\n'; } >latest.yaml
{ sed '/^\(model\|train\|checkpoint\|embed\)/d; s/^work: .*/work: both/; s/, every: 1//' job.yaml; printf 'graph: work/graph.h5\nparts: work/parts.h5\nblend: {models: {sequence: whole, recent: latest}, order: [interactions]}\n'; } >both.yaml
say train latest.yaml --quiet || { cat said; exit 1; }
say blend both.yaml --json || { cat said; exit 1; }
grep '"name": "sequence".*"name": "recent".*"name": "order interactions"' said >/dev/null || { cat said; exit 1; }
say evaluate both.yaml || { cat said; exit 1; }
