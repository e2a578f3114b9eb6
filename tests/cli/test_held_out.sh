# kith inspect counts held-out interactions by the degree of their items, as h5py and plain loops do.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t" 2>/dev/null
cd "$dir/t"
"$KITH" ingest job.yaml --set data.split.method=core --set data.split.core=8 --set data.split.valid=0.2 --set work=core >/dev/null 2>err
"$KITH" ingest job.yaml --set data.split.valid=0 --set evaluate.split=test --set work=test >/dev/null 2>err
"$KITH" ingest job.yaml --set data.split.method=none --set evaluate.every=0 --set evaluate.split=auto --set work=none >/dev/null 2>err
cat >look.py <<'P'
import h5py, json, subprocess, os

def items(f, part): return list(f[part + "/item"][:]) if part + "/item" in f else []

def buckets(known, held, n_item):
    degree = [0] * n_item
    for i in known: degree[i] += 1
    found = {}
    for i in range(n_item):
        low = 1 << (degree[i].bit_length() - 1) if degree[i] else 0
        b = found.setdefault(low, dict(degree=low, items=0, known=0, held=0))
        b["items"] += 1
        b["known"] += degree[i]
    for i in held: found[1 << (degree[i].bit_length() - 1) if degree[i] else 0]["held"] += 1
    return found

for work in "work", "core", "test", "none":
    f = h5py.File(work + "/graph.h5", "r")
    n_item = int(f.attrs["n_item"])
    said = subprocess.run([os.environ["KITH"], "inspect", work + "/graph.h5", "--json"], stdout=subprocess.PIPE, check=True).stdout.decode()
    told = json.loads(said.splitlines()[-1]).get("held_out", {})
    train, valid, test, outside = (items(f, part) for part in ("train", "valid", "test", "outside"))
    assert set(told) == {part for part, held in (("valid", valid), ("test", test)) if held}, (work, told.keys())
    for part, known, held in ("valid", train, valid), ("test", train + valid + outside, test):
        if not held: continue
        true, mean = buckets(known, held, n_item), len(held) / len(known)
        for b in told[part]:
            t = true.pop(b["degree"], dict(degree=b["degree"], items=0, known=0, held=0))
            assert {k: b[k] for k in t} == t, (work, part, b, t)
            if t["known"] == 0: assert b["ratio"] is None and b["lift"] is None
            else:
                ratio = t["held"] / t["known"]
                assert abs(b["ratio"] - ratio) < 1e-8 and abs(b["lift"] - ratio / mean) < 1e-7, (work, part, b)
                assert "%12d %8.3f %8.2f" % (t["held"], ratio, ratio / mean) in said, (work, part, b)
        assert not any(b["known"] or b["held"] for b in true.values()), (work, part, true)
    assert ("held-out interactions by" in said) == bool(told)
P
/usr/bin/python3 look.py
