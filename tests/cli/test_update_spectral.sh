# kith update of the spectral model: rounds from the old eigenvectors end at those of a dense decomposition of the new
# matrix; fewer are needed than from random columns; killed in its rounds and continued on other ranks, the same bits.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
/usr/bin/python3 - <<'P'
import numpy as np
r = np.random.default_rng(2)
pairs = []
for u in range(160): # five groups of users with items of their own, and ten users of a group that is new
    c = 5 if u >= 150 else u % 5
    pairs += [(u, c * 30 + i if c == 5 or r.random() < .8 else int(r.integers(0, 150))) for i in r.permutation(30)[:r.integers(6, 16)]]
pairs = list(dict.fromkeys(pairs))
old = [p for p in pairs if p[0] < 145 and p[1] < 146 and (7 * p[0] + 3 * p[1]) % 10]
write = lambda name, l: open(name, "w").write("".join("u%d\ti%d\n" % p for p in l))
write("old.tsv", old)
write("new.tsv", [p for p in pairs if p not in set(old)])
P
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: old.tsv, format: edges, header: false}
partition: {parts: 4}
model: {name: spectral, dim: 12, spectral: {oversample: 20, tolerance: 1.0e-6, rounds: 9, user_power: 0.4, item_power: 0.3, input_power: 0.4, output_power: 0.2, t: 0.1}}
evaluate: {every: 0}
checkpoint: {every: 1, keep: 9}
J
new="--set update.interactions.path=new.tsv"
for verb in ingest partition train; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
cp -r work before
"$KITH" update job.yaml $new --json --quiet >told || { cat told; exit 1; }
grep '"rounds": [1-9].*"updated": true' told >/dev/null
wanted=$(exported)

# Rows U f(m) V' D_i^-p r_u and D_i^q V of the dense matrix, compared by their products: signs of vectors are free.
/usr/bin/python3 - <<'P'
import h5py, json, numpy as np
g, e = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
n = [len(g["user/id"]), len(g["item/id"])]
start, item = g["train/start"][:], g["train/item"][:]
r = np.zeros(n)
for u in range(n[0]): r[u, item[start[u]:start[u + 1]]] = 1
assert n[0] == 160 and r.sum() == sum(1 for f in ("old.tsv", "new.tsv") for _ in open(f))
du, di = r.sum(1), r.sum(0)
m = du[:, None] ** -.4 * r * di ** -.3
value, v = np.linalg.eigh(m.T @ m)
value, v = value[::-1][:12], v[:, ::-1][:, :12]
f = (value / value[0]) / (value / value[0] + .1)
truth = (r * di ** -.4) @ v * f @ (di[:, None] ** .2 * v).T
mine = e["user/embedding"][:].astype(float) @ e["item/embedding"][:].astype(float).T
worst = np.abs(mine - truth).max() / np.abs(truth).max()
assert worst < 1e-5, worst
block = np.array([x.decode() for x in g["item/id"][:]])
block = [int(x[1:]) >= 150 for x in block]
assert sum(block) > 20 and np.abs(v[block]).max() > .1   # the new group is among the pairs
lines = [json.loads(l) for l in open("work/metrics.jsonl")]
at = [i for i, l in enumerate(lines) if "update_of" in l]
assert len(at) == 1 and lines[at[0]]["new_users"] == 15 and lines[-1]["residual"] < 1e-6, lines
P

# Killed, and on again.
KITH_FAULT=kill:1000000@0 "$KITH" help >/dev/null 2>&1 || { echo "built without faults"; exit 77; }
rm -rf work
cp -r before work
seen=
for place in 3:2@1 1:8@0 2:16@1 3; do
  n=${place%%:*} fault= code=0
  [ "$n" = "$place" ] || fault=kill:${place#*:}
  KITH_FAULT=$fault ranks $n update job.yaml $new --quiet >log 2>&1 || code=$?
  if [ -n "$fault" ]; then
    [ $code = 137 ] || { echo "$place ended with $code"; cat log; exit 1; }
    cmp work/embeddings.h5 before/embeddings.h5
    seen+=" $(cat work/update/checkpoint-latest 2>/dev/null || echo none)"
  else [ $code = 0 ] || { cat log; exit 1; }; fi
done
[ "$(exported)" = "$wanted" ] || { echo "other bits after$seen"; exit 1; }
grep " none checkpoint-000001-000000.h5 checkpoint-000002-000000.h5" <<<"$seen" >/dev/null || { echo "killed elsewhere:$seen"; exit 1; }
