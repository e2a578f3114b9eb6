# kith inspect: of every kind of file it says what h5py finds there, and a byte that has changed in any dataset is noticed.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
job=$dir/t/job.yaml
"$KITH" train "$job" --quiet >/dev/null
"$KITH" recommend "$job" --all --output "$dir/t/work/top.h5" >/dev/null
cat >"$dir/look.py" <<'P'
import h5py, json, numpy, os, re, shutil, subprocess, sys

kith, folder = os.environ["KITH"], sys.argv[1]
kinds = {  # file: its format, and what must be said of it in words
    "graph.h5": ("kith-graph", ["200 users (text ids), 300 items (text ids)", "{train/item} training interactions, with times",
                                "{valid/item} validation interactions", "{test/item} test interactions", "relation friend, user to user: 300 pairs", "per user: ", "homophily: training items of the two ends"]),
    "parts.h5": ("kith-parts", ["200 users and 300 items with {train/item} training interactions, cut into 6 parts by metis"]),
    "checkpoint-000004-000000.h5": ("kith-checkpoint", ["after epoch 4 and 0 steps", "rows of dimension 16 for 200 users and 300 items"]),
    "embeddings.h5": ("kith-embeddings", ["lightgcn after epoch 4: rows of dimension 16 for 200 users and 300 items", 'last metrics: {"epoch": 4, ']),
    "top.h5": ("kith-recommendations", ["the best 10 of 300 items (text ids) for each of 200 users (text ids)"])}
graph = h5py.File(folder + "/graph.h5", "r")
counts = {name + "/item": len(graph[name + "/item"]) for name in ("train", "valid", "test")}

def inspect(*words):
    done = subprocess.run([kith, "inspect", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()

def datasets(f):
    found = {}
    f.visititems(lambda name, what: found.update({name: what}) if isinstance(what, h5py.Dataset) else None)
    return found

def holds(path, kind, words):
    code, said, error = inspect(path, "--json")
    assert (code, error) == (0, ""), (path, code, error)
    told = json.loads(said.splitlines()[-1])
    first = said.splitlines()[0]
    assert first.startswith(path + ": ") and not first.endswith(": a file of Kith"), first
    for w in words:
        for name, n in counts.items(): w = w.replace("{%s}" % name, str(n))
        assert w in said, (path, w, said)
    f = h5py.File(path, "r")
    assert told["format"] == kind == f.attrs["format"].decode(), told
    for name, d in datasets(f).items():
        assert told[name] == list(d.shape), (path, name, told[name], d.shape)
        assert re.search(r"^  %s +\[%s\] .* checksums are right$" % (name, ", ".join(map(str, d.shape))), said, re.M), (path, name, said)
    assert said.count("checksums are right") == len(datasets(f)) > 0
    for name, value in f.attrs.items():
        if name == "seal": continue
        assert re.search(r"^  %s +%s" % (name, r"\S" if f.attrs[name] != b"" else "$"), said, re.M), (path, name)
        if isinstance(value, bytes):
            code, shown, error = inspect(path, "--show", name)
            assert code == 0 and shown == value.decode() + "\n", (path, name, shown, value)
        elif isinstance(told[name], int): assert told[name] == value, (path, name, told[name], value)
        else: assert abs(told[name] - value) <= 1e-8 * abs(value), (path, name, told[name], value)  # nine digits are printed

def middle(d):
    """A byte of a dataset, in the middle of its first chunk or of all of it."""
    if d.chunks is None: return d.id.get_offset() + d.id.get_storage_size() // 2
    chunk = d.id.get_chunk_info(0)
    return chunk.byte_offset + chunk.size // 2

def notices(path):
    """Spoil one byte of each dataset in turn; only that dataset is called torn, and what it holds checksums of."""
    f = h5py.File(path, "r")
    places = {name: middle(d) for name, d in datasets(f).items() if d.size > 0}
    f.close()
    spoiled = os.path.join(folder, "spoiled.h5")
    for name, place in places.items():
        shutil.copy(path, spoiled)
        with open(spoiled, "r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 0x55]))
        code, said, error = inspect(spoiled)
        assert code == 65 and error.startswith("kith: ") and error.count("\n") == 1, (path, name, code, error)
        torn = re.findall(r"^  (\S+) .* TORN$", said, re.M)
        assert torn == [name] + ([name[9:]] if name.startswith("checksum/") else []), (path, name, torn)
    os.unlink(spoiled)

kept = {f for f in os.listdir(folder) if f.endswith(".h5") and f != "checkpoint-000003-000000.h5"}
assert kept == set(kinds), "a kind of file that this test does not know: %s" % (kept ^ set(kinds))
for name, (kind, words) in kinds.items():
    holds(os.path.join(folder, name), kind, words)
    notices(os.path.join(folder, name))
P
/usr/bin/python3 "$dir/look.py" "$dir/t/work"
for file in "$dir"/t/work/*.h5; do ranks 2 inspect "$file" | diff - <("$KITH" inspect "$file"); done
