# timeout: 300
# Checksums and seals are what docs/files.md says (by numpy).  Whatever is changed, swapped, added or lost is noticed; where
# checksums were made anew too, so are starts that end early and counts that do not fit.  Files of versions 1 and 2 are read.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
seal="/usr/bin/python3 $KITH_SOURCE/tests/support/seal.py"
tiny "$dir/t"
cd "$dir/t"
"$KITH" train job.yaml --quiet >/dev/null
"$KITH" recommend job.yaml --all --output work/top.h5 >/dev/null
mkdir nodes
/usr/bin/python3 - nodes <<'P'
import random, sys
r, n, at = random.Random(1), 60, sys.argv[1] + "/"
edges = sorted({tuple(sorted(r.sample(range(n), 2))) for _ in range(200)})
open(at + "edges", "w").write("".join("%d %d\n" % e for e in edges))
open(at + "labels", "w").write("".join("%d\n" % (i % 4) for i in range(n)))
for name, some in ("train", range(20)), ("valid", range(20, 40)), ("test", range(40, 60)):
    open(at + name, "w").write("".join("%d\n" % i for i in some))
open(at + "job.yaml", "w").write("""task: classify
work: work
data: {edges: {path: edges}, labels: {path: labels}, splits: {train: train, valid: valid, test: test}}
partition: {parts: 3, method: hash}
model: {name: gcn, dim: 8, layers: 2}
train: {epochs: 2, lr: 0.01}
""")
P
for verb in ingest partition train; do "$KITH" $verb nodes/job.yaml --quiet >/dev/null; done
[ "$($seal check work/*.h5 nodes/work/*.h5)" -gt 100 ]

cat >edits.py <<'P'
"""Edits that leave what HDF5 notes in order: NAME FILE makes one, `list FILE` tells their names."""
import sys, h5py, numpy
sys.path.insert(0, sys.argv[3])
import seal
name, path = sys.argv[1], sys.argv[2]
with h5py.File(path, "r" if name == "list" else "r+") as f:
    sets = seal.datasets(f)
    ragged = [n for n in sets if n.endswith("start") or n == "part/first"]
    every = ["short " + n for n in ragged] + ["late " + n for n in ragged] + ["none " + n for n in ragged[:1]] + ["cut " + n for n in ragged[-1:]]
    if "user/parameter" in sets:  # what is the same for files of every kind
        every += ["attr " + a for a in f.attrs if a != "seal" and f.attrs[a] != b""] + ["drop item/adam_v", "zero item/adam_m", "swap user/adam_v"]
        every += ["seal", "lost seal", "extra", "more", "sums user/parameter"]
    if name == "list": print("\n".join(every)); sys.exit()
    what, _, n = name.partition(" ")
    def put(n, x):
        del f[n]; f.create_dataset(n, data=x, chunks=(max(len(x), 1),) + x.shape[1:] if len(x) else None)
    if what == "attr":
        v = f.attrs[n]
        f.attrs.modify(n, numpy.bytes_(v[:-1] + b"~") if isinstance(v, bytes) else v + type(v)(1))
    elif what == "drop":
        del f[n]
        if "checksum/" + n in f: del f["checksum/" + n]
    elif what == "zero": f[n][...] = 0; f["checksum/" + n][...] = 0
    elif what == "swap":
        m = "user/adam_m"
        f.move(n, "x"); f.move(m, n); f.move("x", m)
        f.move("checksum/" + n, "x"); f.move("checksum/" + m, "checksum/" + n); f.move("x", "checksum/" + m)
    elif name == "seal": f.attrs.modify("seal", numpy.zeros_like(f.attrs["seal"]))
    elif name == "lost seal": del f.attrs["seal"]
    elif name == "extra": f.attrs["more"] = numpy.int64(1)
    elif name == "more": f["more/data"] = numpy.arange(5)
    elif what == "sums": del f["checksum/" + n]
    else:
        x = f[n][:]
        if what == "short": x = numpy.minimum(x, max(x[-1] - 1, 0))  # the last row's last value is nobody's
        elif what == "none": x[:] = 0
        elif what == "cut": x = x[:-1]
        else: x = numpy.maximum(x, 1)  # the first value is nobody's
        put(n, x)
if what in ("short", "none", "cut", "late"): seal.anew(path)
P

refused() { # FILE EDIT words…: the command fails with 65 and one line that names the file
  local file=$1 edit=$2 rc=0; shift 2
  "$@" >out 2>err || rc=$?
  [ $rc = 65 ] && [ "$(grep -c ^kith: err)" = 1 ] && grep -q "$(basename "$file")" err || { echo "$file, $edit, $*: code $rc"; cat err; exit 1; }
}

n=0
for file in work/graph.h5 work/parts.h5 work/checkpoint-000004-000000.h5 nodes/work/graph.h5 nodes/work/parts.h5; do
  cp $file whole
  /usr/bin/python3 edits.py list $file "$KITH_SOURCE/tests/support" >list
  while IFS= read -r edit; do
    cp whole $file
    /usr/bin/python3 edits.py "$edit" $file "$KITH_SOURCE/tests/support"
    case $edit in # what a reader of the verb's own finds, for those that inspect finds by its own walk
      short*|none*|late*) case $file in
        */graph.h5) refused $file "$edit" "$KITH" partition "$(dirname "$(dirname $file)")/job.yaml" </dev/null ;;
        */parts.h5) refused $file "$edit" "$KITH" train "$(dirname "$(dirname $file)")/job.yaml" --fresh </dev/null ;;
      esac ;;
    esac
    refused $file "$edit" "$KITH" inspect $file </dev/null
    n=$((n + 1))
  done <list
  cp whole $file
done
[ $n -gt 50 ] || { echo "only $n edits were tried"; exit 1; }

cp -r work old
for f in old/graph.h5 old/parts.h5 old/top.h5; do $seal old $f 1; done
for f in old/checkpoint-00*.h5 old/embeddings.h5; do $seal old $f 2; done
for f in old/*.h5; do "$KITH" inspect $f >/dev/null; done
rm work/embeddings.h5 old/embeddings.h5
"$KITH" train job.yaml --quiet --set train.epochs=5 >/dev/null
"$KITH" train job.yaml --quiet --set train.epochs=5 --set work=old >/dev/null
same_embeddings work/embeddings.h5 old/embeddings.h5
