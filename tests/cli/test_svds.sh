# Eigenpairs are SciPy's: squared singular values of the weighted matrix to 1e-5, and its right singular vectors.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
python=${KITH_PYTHON:-/usr/bin/python3} # of an environment with SciPy, where Debian's is not installed
$python -c 'import h5py, numpy, scipy' 2>/dev/null || { echo "skipped: no h5py, numpy or scipy"; exit 77; }
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 900, items: 1400, interactions: 20000, friends: 0, communities: 8}
data: {interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}, split: {method: none}}
partition: {parts: 3}
model: {name: spectral, dim: 100, spectral: {user_power: 0.4, item_power: 0.3, tolerance: 1e-6, rounds: 20}}
evaluate: {every: 0}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
ranks 2 train job.yaml --quiet >out 2>&1 || { cat out; exit 1; }
$python - <<'P'
import h5py, numpy as np, scipy.sparse as sp
from scipy.sparse.linalg import svds
g = h5py.File("work/graph.h5", "r")
c = h5py.File("work/" + open("work/checkpoint-latest").read().strip(), "r")
start, item = g["train/start"][:], g["train/item"][:]
R = sp.csr_matrix((np.ones(len(item)), item, start), (len(start) - 1, c["item/parameter"].shape[0]))
power = lambda d, x: np.where(d > 0, np.maximum(d, 1.0) ** x, 0)
M = sp.diags(power(np.diff(start), -0.4)) @ R @ sp.diags(power(np.asarray(R.sum(0)).ravel(), -0.3))
k = 100
s, Vt = svds(M, k=k + 20, tol=1e-10)[1:]
wanted, W = s[::-1] ** 2, Vt[::-1].T
found = c["weights/parameter"][:].astype(float).reshape(-1, 3).sum(1)[:k]
V = c["item/parameter"][:, :k].astype(float)
off = abs(found - wanted[:k]).max() / wanted[0]
assert off < 1e-5, "eigenvalues are off by %g" % off
residual = np.linalg.norm(M.T @ (M @ V) - V * found, axis=0).max() / wanted[0]
assert residual < 1e-5, "an eigenpair has the residual %g" % residual
gap = np.minimum(np.r_[np.inf, wanted[:-1] - wanted[1:]][:k], (wanted[:-1] - wanted[1:])[:k]) / wanted[0]
alone = gap > 3e-4 # vectors of closer values are not determined to 1e-5
turned = 1 - abs((V * W[:, :k]).sum(0))[alone]
assert alone.sum() > k // 4 and turned.max() < 1e-5, "vectors are off by %g" % turned.max()
print("%d pairs: values off by %.1e, residual %.1e; %d vectors off by %.1e" % (k, off, residual, alone.sum(), turned.max()))
P
