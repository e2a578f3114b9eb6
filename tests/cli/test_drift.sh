# Drift of popularity and of the catalog, in the report of kith ingest and in kith inspect: what NumPy counts.
set -euo pipefail
/usr/bin/python3 -c 'import numpy' 2>/dev/null || { echo "skipped: no numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
/usr/bin/python3 - <<'P'
import numpy as np
r = np.random.default_rng(5)
n = 3000
t = r.integers(-500, 4000, n)                                              # many at one time
item = (r.zipf(1.4, n) % 150 + np.maximum(t, 0) // 40 * r.integers(0, 2, n)) % 260   # half of the catalog moves on
user = r.integers(0, 40, n) + np.maximum(t, 0) // 100
pair = {}
for u, i, x in zip(user, item, t): pair.setdefault((u, i), x)
open("list.tsv", "w").write("".join("u%d\ti%d\t%d\n" % (u, i, x) for (u, i), x in pair.items()))
P
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  split: {method: ratio, valid: 0.1, test: 0}
J
"$KITH" ingest job.yaml --json >ingest
"$KITH" inspect work/graph.h5 --json >inspect
grep 'drift of the training interactions over 5 slices' ingest >/dev/null
grep 'drift of the training interactions over 5 slices' inspect >/dev/null
"$KITH" ingest job.yaml --quiet >quiet
if grep 'drift of' quiet; then exit 1; fi
grep 'wrote work/graph.h5' quiet >/dev/null

/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
/usr/bin/python3 - <<'P'
import h5py, json, numpy as np
told = [json.loads(open(f).read().splitlines()[-1])["drift"] for f in ("ingest", "inspect")]
assert told[0] == told[1] and len(told[0]) == 5
g = h5py.File("work/graph.h5")
start, item, time = (g["train/" + x][:] for x in ("start", "item", "time"))
user = np.repeat(np.arange(len(start) - 1), np.diff(start))
n, n_item = len(item), len(g["item/id"])
sort = np.sort(time)
cut = [sort[0]] + [sort[int(np.ceil(n * s / 5)) - 1] + 1 for s in range(1, 5)] + [sort[-1] + 1]
def ranks(x): return np.array([(x < y).sum() + ((x == y).sum() - 1) / 2 for y in x])
def near(a, b): assert abs(a - b) < 1e-9, (a, b)
before = None
for s, d in enumerate(told[0]):
    here = (time >= cut[s]) & (time < cut[s + 1])
    assert (d["from"], d["until"], d["pairs"]) == (cut[s], cut[s + 1], here.sum())
    for name, x in (("user", user), ("item", item)):
        new = here & ~np.isin(x, x[time < cut[s]])
        assert d[name + "s"] == len(set(x[here])) and d["new_%ss" % name] == len(set(x[new]))
        near(d["new_%s_share" % name], new.sum() / here.sum())
    count = np.bincount(item[here], minlength=n_item)
    if s == 0: assert d["overlap"] is None and d["rank_correlation"] is None
    else:
        k = min(100, (count > 0).sum(), (before > 0).sum())
        top = [set(np.lexsort((np.arange(n_item), -c))[:k]) for c in (count, before)]
        near(d["overlap"], len(top[0] & top[1]) / k)
        both = count + before > 0
        near(d["rank_correlation"], np.corrcoef(ranks(count[both]), ranks(before[both]))[0, 1])
    before = count
assert 0 < told[0][3]["new_item_share"] < 1 and 0 < told[0][4]["overlap"] < 1
P

# One time, or none: nothing is measured, and nothing printed.
awk -F '\t' -v OFS='\t' '{print $1, $2, 7}' list.tsv >same.tsv
"$KITH" ingest job.yaml --json --quiet --set data.interactions.path=same.tsv --set work=one >same
if grep drift same >/dev/null; then echo "drift without slices"; exit 1; fi
