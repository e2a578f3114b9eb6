# fast
# The drawing is the test: every include is held against docs/layers.md, and a planted violation must be found.
set -euo pipefail
check() { /usr/bin/python3 - "$1" <<'P'
import glob, os, re, sys
root = sys.argv[1]
rooms, doors = [], {}
for line in open(root + "/docs/layers.md"):
    cells = [c.strip() for c in line.split("|")[1:-1]]
    if len(cells) == 4 and cells[0] not in ("room", "---"): rooms.append((cells[0], cells[1], cells[2].replace(",", " ").split()))
    if len(cells) == 2 and cells[0].endswith(".h"): doors[cells[0]] = cells[1].replace(",", " ").split()
assert len(rooms) > 10 and len(doors) > 3, "docs/layers.md has no tables"
place = {r[0]: i for i, r in enumerate(rooms)}
public = {h: r[0] for r in rooms for h in r[2]}
bad = []
def hold(path, room, where):
    for n, line in enumerate(open(path), 1):
        m = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
        if not m: continue
        name, at = m.group(1), "%s:%d" % (os.path.relpath(path, root), n)
        if name in doors and room not in doors[name]: bad.append("%s: <%s> belongs to %s" % (at, name, ", ".join(doors[name])))
        if name.startswith("kith/"):
            other = public.get(name[5:-2])
            if other is None: bad.append("%s: %s is in no room of docs/layers.md" % (at, name))
            elif place[other] > place[room]: bad.append("%s: %s may not use %s" % (at, room, other))
        elif where == "include" and "/" in name: bad.append("%s: a public header may not include %s, which is not installed" % (at, name))
        elif "/" in name and name.split("/")[0] in place and name.split("/")[0] != room:
            other = public.get(name[:-2])
            if other is None: bad.append("%s: %s is private to %s" % (at, name, name.split("/")[0]))
            elif place[other] > place[room]: bad.append("%s: %s may not use %s" % (at, room, other))
for room, folder, headers in rooms:
    for path in glob.glob(root + "/" + folder + "/*.[ch]"): hold(path, room, folder)
    for h in headers:
        if "/" not in h: hold(root + "/include/kith/" + h + ".h", room, "include")
        elif not os.path.exists(root + "/" + folder + "/" + h.split("/")[1] + ".h"): bad.append("docs/layers.md: %s.h is not there" % h)
known = {r[1] for r in rooms}
for folder in glob.glob(root + "/src/*/"):
    if os.path.relpath(folder, root) not in known: bad.append(os.path.relpath(folder, root) + ": a room that docs/layers.md does not know")
for path in glob.glob(root + "/src/*/*.[ch]") + glob.glob(root + "/partition/*.[ch]") + glob.glob(root + "/include/kith/*.h"):
    lines = len(open(path).readlines())
    most = 900 if path.endswith("/src/job/table.c") else 600 # the one table of keys
    if lines > most: bad.append("%s: %d lines, at most %d" % (os.path.relpath(path, root), lines, most))
print("\n".join(bad))
sys.exit(1 if bad else 0)
P
}
check "$KITH_SOURCE"
copy=$(mktemp -d); trap 'rm -rf "$copy"' EXIT
cp -r "$KITH_SOURCE"/{src,include,partition,docs} "$copy"
plant() { printf '%s\n' "$2" >>"$copy/$1"; if check "$copy" >/dev/null; then echo "not found: $2 in $1"; exit 1; fi; sed -i '$d' "$copy/$1"; }
check "$copy"
plant src/ops/spmm.c '#include "kith/train.h"'
plant include/kith/halo.h '#include "graph/graph.h"'
plant src/train/run.c '#include <hdf5.h>'
plant src/cli/main.c '#include "h5/file.h"'
plant src/h5/file.c '#include "store/graph.h"'
echo "layers hold"
