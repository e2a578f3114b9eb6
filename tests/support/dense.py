"""The graph of a small job in work/ as dense matrices, and rankings of them: for oracles of script tests."""
import h5py, json, numpy as np, sys
g, e = h5py.File("work/graph.h5", "r"), h5py.File("work/embeddings.h5", "r")
text = lambda ids: [i.decode() if isinstance(i, bytes) else int(i) for i in ids]
user_id, item_id = text(e["user/id"][:]), text(e["item/id"][:])
def matrix(split):
    m, start = np.zeros((len(user_id), len(item_id))), g[split + "/start"][:]
    for u in range(len(user_id)): m[u, g[split + "/item"][start[u]:start[u + 1]]] = 1
    return m
R, valid, test = map(matrix, ("train", "valid", "test"))
power = lambda d, x: np.where(d > 0, np.maximum(d, 1) ** x, 0)
du, di = R.sum(1), R.sum(0)
def weighted(a, b): return power(du, -a)[:, None] * R * power(di, -b)
def figures(s, truth, masks): # Recall@10 and NDCG@10 of scores s
    top = np.argsort(-np.where(masks > 0, -np.inf, s), axis=1, kind="stable")[:, :10]
    hit, n = np.take_along_axis(truth, top, 1), truth.sum(1)
    gain = 1 / np.log2(np.arange(2, 12))
    best = np.array([gain[:int(min(10, x))].sum() for x in n])
    who = n > 0
    return hit.sum(1)[who] @ (1 / n[who]) / who.sum(), (hit @ gain)[who] @ (1 / best[who]) / who.sum()
def best(s, items, told, k, what, near): # a list of the best items, of which those that are all but alike may change places
    assert len(items) == k and np.allclose(told, s[items], rtol=2e-4, atol=near / 5), what
    assert (np.diff(told) <= 0).all() and (s[items] >= np.sort(s)[::-1][:k] - near).all(), what
