"""partition.method: stream, from its definition in partition/stream.c, one node after the other.

    stream_cut.py WORK PARTS SEED IMBALANCE [RELATION WEIGHT]

Fails unless parts.h5 of WORK has the same parts, by whatever numbers.
"""
import h5py, numpy as np, sys

work, parts, seed, imbalance = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
graph, cut = (h5py.File("%s/%s" % (work, name), "r") for name in ("graph.h5", "parts.h5"))
n_user, n_item = graph.attrs["n_user"], graph.attrs["n_item"]
n = int(n_user + n_item)

# Neighbors with weights.
near = [dict() for _ in range(n)]
def join(a, b, weight):
    near[a][b] = near[a].get(b, 0) + weight
    near[b][a] = near[b].get(a, 0) + weight
start, item = graph["train/start"][:], graph["train/item"][:]
for u in range(n_user):
    for i in item[start[u]:start[u + 1]]: join(u, int(n_user + i), 1)
if len(sys.argv) > 5:
    start, to = (graph["edge/%s/%s" % (sys.argv[5], name)][:] for name in ("start", "to"))
    pairs = {tuple(sorted((u, int(v)))) for u in range(len(start) - 1) for v in to[start[u]:start[u + 1]] if u != v}
    for u, v in pairs: join(u, v, int(sys.argv[6]))

def draw(type, original): # Philox 4x64; NumPy's counts on before it draws
    counter = (type + (original << 64) + (1 << 128) - 1) % (1 << 256)
    return [int(x) for x in np.random.Philox(key=seed + (6 << 64), counter=counter).random_raw(4)]
draws = [draw(0, i) if i < n_user else draw(1, int(i - n_user)) for i in range(n)]
below = lambda bits, m: bits * m >> 64
blocks = min(n, 256)
members = [[] for _ in range(blocks)]
for i in range(n): members[below(draws[i][0], blocks)].append(i)

weight = [len(near[i]) + 1 for i in range(n)]
capacity = imbalance * sum(weight) / parts
part, load = [-1] * n, [0] * parts
fits = lambda p, w: load[p] + w <= capacity

def choose(i, seen):
    count = {}
    for j, w in near[i].items():
        if seen[j] >= 0: count[seen[j]] = count.get(seen[j], 0) + w
    room = [(-(c * (1 - load[p] / capacity)), load[p], p) for p, c in count.items() if fits(p, weight[i])]
    if room: return min(room)[2]
    a, b = below(draws[i][1], parts), below(draws[i][2], parts)
    best = b if load[b] < load[a] else a
    return best if fits(best, weight[i]) else min(range(parts), key=lambda p: (load[p], p))

def settle(nodes, depth, seen):
    if not nodes: return
    wanted = {i: choose(i, seen) for i in nodes}
    sums = [0] * parts
    for i in nodes: sums[wanted[i]] += weight[i]
    full = [len(nodes) > 1 and s > 0 and load[p] + s > capacity for p, s in enumerate(sums)]
    for i in nodes:
        if not full[wanted[i]]: part[i] = wanted[i]
    for p in range(parts):
        if not full[p]: load[p] += sums[p]
    rest = [i for i in nodes if full[wanted[i]]]
    for half in 0, 1: settle([i for i in rest if draws[i][3] >> depth & 1 == half], depth + 1, seen)

for _ in range(10):
    for nodes in members:
        seen = list(part)
        for i in nodes:
            if part[i] >= 0: load[part[i]] -= weight[i]
        settle(nodes, 0, seen)

number = np.concatenate([cut["user/number"][:], cut["item/number"][:]])
found = np.searchsorted(cut["part/first"][:], number, side="right") - 1
pairs = set(zip(part, found.tolist()))
assert len(pairs) == len(set(part)) == len(set(found.tolist())), "%d parts, %d in the file, %d pairs" % (
    len(set(part)), len(set(found.tolist())), len(pairs))
assert max(load) <= capacity, "a part weighs %d of %g" % (max(load), capacity)
