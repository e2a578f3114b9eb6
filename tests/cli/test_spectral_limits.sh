# The spectral model where the matrix is odd: one user, one item, equal columns, eigenvalues that are many times the same, more
# columns than the rank, items without a user.  Nothing is NaN; columns beyond the rank are reported and weigh nothing.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
cd "$dir"
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  test: {path: test.tsv, format: edges, columns: {user: 1, item: 2}}
partition: {parts: 3}
model: {name: spectral, dim: 70, spectral: {tolerance: 1e-4, rounds: 20, t: 0, input_power: -0.5, output_power: -0.3}}
evaluate: {split: test}
J
/usr/bin/python3 - <<'P'
import random
random.seed(1)
sets = {"one-user": [(0, i) for i in range(30)], "one-item": [(u, 0) for u in range(30)], "one-pair": [(0, 0)],
        "blocks": [(u, 10 * (u % 5) + j) for u in range(40) for j in range(10)], "identity": [(u, u) for u in range(60)],
        "twins": sorted({(u, i) for u, j in ((random.randrange(60), random.randrange(40)) for _ in range(500)) for i in (j, j + 40)}),
        "star": [(0, i) for i in range(50)] + [(u, 0) for u in range(1, 50)]}
for name, pairs in sets.items():
    with open(name, "w") as f: f.writelines("%d\t%d\n" % p for p in pairs)
P
cat >oracle.py <<'P'
import h5py, numpy as np, sys
name, a, b = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
g, e = h5py.File("work/graph.h5", "r"), h5py.File("work/embeddings.h5", "r")
c = h5py.File("work/" + open("work/checkpoint-latest").read().strip(), "r")
start, item = g["train/start"][:], g["train/item"][:]
U, V = e["user/embedding"][:].astype(float), e["item/embedding"][:].astype(float)
R = np.zeros((len(U), len(V)))
for u in range(len(U)): R[u, item[start[u]:start[u + 1]]] = 1
power = lambda d, x: np.where(d > 0, np.maximum(d, 1) ** x, 0)
du, di = R.sum(1), R.sum(0)
w, Q = np.linalg.eigh((power(du, -a)[:, None] * R * power(di, -b)).T @ (power(du, -a)[:, None] * R * power(di, -b)))
Q = Q[:, w > 1e-9 * w[-1]]
rank = Q.shape[1]
values = c["weights/parameter"][:].astype(float).reshape(-1, 3).sum(1)
assert rank <= 70 and np.isfinite(U).all() and np.isfinite(V).all() and np.isfinite(values).all()
assert abs(values[:rank] - w[::-1][:rank]).max() < 1e-5 * w[-1] and abs(values[rank:]).max() < 1e-6 * w[-1], "values"
wanted = R * power(di, 0.5) @ Q @ Q.T * power(di, -0.3) # all eigenvectors weigh 1, however they are turned
assert abs(U @ V.T - wanted).max() < 1e-4 * abs(wanted).max(), "scores are off by %g" % (abs(U @ V.T - wanted).max() / abs(wanted).max())
said = open("out").read()
assert rank == 70 or "model.dim: 70, but the interactions have %d eigenvector%s not zero" % (rank, "s that are" if rank != 1 else " that is") in said, said
P
run() { "$KITH" $1 job.yaml --quiet "${@:2}" >log 2>&1 || { cat log; exit 1; }; }
for name in one-user one-item one-pair blocks identity twins star; do
  cp $name list.tsv
  head -1 list.tsv | sed 's/\t.*/\t7777/' >test.tsv # an item without a training interaction
  run ingest; run partition
  for powers in "0.5 0.5 1" "0 0 1" "1 0.2 1" "0.5 0.5 3"; do
    set -- $powers
    if [ $3 = 3 ] && [ $name != star ]; then continue; fi # random columns that once gave star no basis
    ranks $((${#name} % 3 + 1)) train job.yaml --fresh --set train.seed=$3 --set model.spectral.user_power=$1 --set model.spectral.item_power=$2 >out 2>&1 || { echo "$name $powers:"; cat out; exit 1; }
    /usr/bin/python3 oracle.py $name $1 $2 || { echo "$name $powers"; cat out; exit 1; }
  done
done
