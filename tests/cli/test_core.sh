# data.split.method: core deals interactions as a naive peeling says, on any number of ranks, with a test list and without.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
/usr/bin/python3 - <<'P'
lines = [l.split()[:2] for l in open("list.tsv") if not l.startswith("#")]
held = [l for k, l in enumerate(lines) if k % 5 == 0]
rest = [l for k, l in enumerate(lines) if k % 5]
users = {l[0] for l in rest}
for name, some in ("rest.tsv", rest), ("held.tsv", [l for l in held if l[0] in users]):
    open(name, "w").write("".join("\t".join(l) + "\n" for l in some))
P
core="--set data.split.method=core --set data.split.core=8 --set data.split.valid=0.2"
listed="--set data.interactions.path=rest.tsv --set data.interactions.columns.time= --set data.test.path=held.tsv"
plain="--set data.split.method=none --set evaluate.split=test --set evaluate.every=0"
"$KITH" ingest job.yaml $plain --set work=whole >/dev/null 2>err
"$KITH" ingest job.yaml $plain $listed --set work=whole-listed >/dev/null 2>err
for n in 1 2 3; do
  ranks $n ingest job.yaml $core --set work=both-$n --json >both-$n.json 2>err
  ranks $n ingest job.yaml $core $listed --set work=listed-$n --json >listed-$n.json 2>err
done
cat >look.py <<'P'
import h5py, json, math

def pairs(f, name):
    start = f[name + "/start"][:]
    return [(u, i) for u in range(len(start) - 1) for i in f[name + "/item"][start[u]:start[u + 1]]]

def peel(all, k):
    while True:
        n = {}
        for u, i in all:
            for key in ("u", u), ("i", i): n[key] = n.get(key, 0) + 1
        left = [(u, i) for u, i in all if n["u", u] >= k and n["i", i] >= k]
        if len(left) == len(all): return left
        all = left

def check(name, whole, test_share):
    told = json.loads(open(name + "-1.json").read().splitlines()[-1])
    files = [h5py.File("%s-%d/graph.h5" % (name, n), "r") for n in (1, 2, 3)]
    assert len({f.attrs["fingerprint"] for f in files}) == 1, name
    f, whole = files[0], h5py.File(whole + "/graph.h5", "r")
    every, core = pairs(whole, "train"), set(peel(pairs(whole, "train"), 8))
    lists = {part: pairs(f, part) for part in ("train", "valid", "test", "outside")}
    dealt = lists["train"] + lists["valid"] + (lists["test"] if test_share else [])
    assert sorted(dealt) == sorted(core) and sorted(dealt + lists["outside"]) == sorted(every), name
    if not test_share: assert lists["test"] == pairs(whole, "test")
    for u in {u for u, i in every}:
        n = sum(v == u for v, i in core)
        for part, share in ("valid", 0.2), ("test", test_share):
            if share: assert sum(v == u for v, i in lists[part]) == math.floor(share * n + 0.5), (name, part, u)
    sides = [len({p[s] for p in core}) for s in (0, 1)]
    assert 0 < len(core) < len(every)
    assert [told["core_users"], told["core_items"], told["core_pairs"]] == sides + [len(core)], told
    assert [told["outside_users"], told["outside_items"]] == [len({p[s] for p in every}) - sides[s] for s in (0, 1)], told
    assert told["outside_pairs"] == len(lists["outside"]) == len(every) - len(core), told

check("both", "whole", 0.1)
check("listed", "whole-listed", 0)
P
/usr/bin/python3 look.py

# An empty core: one line, and no file.
code=0
"$KITH" ingest job.yaml $core --set data.split.core=200 --set work=none >out 2>err || code=$?
[ $code = 65 ] && [ "$(grep -vc "^kith: warning" err)" = 1 ] && grep -q "data.split.core: 200: no users and items have 200 or more" err && [ ! -e none/graph.h5 ] \
  || { echo "an empty core: $code"; cat err; exit 1; }

# A model can be trained on the core, and evaluated on both splits.
"$KITH" partition job.yaml $core --set work=both-2 >/dev/null 2>err
"$KITH" train job.yaml $core --set work=both-2 --set evaluate.split=valid --quiet >/dev/null 2>err
"$KITH" inspect both-2/graph.h5 | grep "^  outside/item .* checksums are right" >/dev/null

# The list of a user outside of the core rests on nothing that the model learned: a warning says so.
core="--set data.split.method=core --set data.split.core=12 --set data.split.valid=0.2 --set work=few"
for verb in ingest partition train; do "$KITH" $verb job.yaml $core >out 2>err || { cat out err; exit 1; }; done
/usr/bin/python3 - >users <<'P'
import h5py
f = h5py.File("few/graph.h5", "r")
start, names = f["train/start"][:], f["user/id"][:]
row = (start[1:] == start[:-1]).nonzero()[0]
print(len(row), names[row[0]].decode() if names.dtype.kind in "SO" else names[row[0]])
P
read -r n user <users
"$KITH" recommend job.yaml $core --user "$user" >out 2>err
grep -q "user $user: this user has no training interactions" err || { echo "no warning of $user"; cat out err; exit 1; }
"$KITH" recommend job.yaml $core --all --output all.tsv >out 2>err
grep -q "warning: $n of the users have no training interactions" err || { echo "no warning of $n users"; cat out err; exit 1; }
