# fast
# Every global symbol of the library begins with kith_, so that it can meet no other library's in one program; the public
# headers mark every function with KITH_API, and are few.
set -euo pipefail
cd "$KITH_SOURCE"
library=$KITH_BUILD/libkith.a
names=$(nm --defined-only --extern-only "$library" 2>/dev/null | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u)
[ "$(echo "$names" | wc -l)" -gt 100 ] || { echo "$library: few symbols: $names"; exit 1; }
bad=$(echo "$names" | grep -vE '^(kith_|__)' || true) # sanitizers add names of their own, which begin with __
[ -z "$bad" ] || { echo "global symbols without the prefix kith_; make them static, or name them kith__…:"; echo "$bad"; exit 1; }
/usr/bin/python3 - <<'P'
import glob, re, sys
bad, n = [], 0
for path in glob.glob("include/kith/*.h") + glob.glob("src/*/*.h") + glob.glob("partition/*.h"):
    text = re.sub(r"/\*.*?\*/", " ", open(path).read(), flags=re.S)
    for line in re.findall(r"^(?!#|typedef|static|KITH_INLINE)(\w[\w *]*?\bkith_\w+\([^;{]*;)", text, re.M):
        marked = line.startswith("KITH_API ")
        n += marked
        if marked != path.startswith("include/"): bad.append("%s: %s KITH_API: %s" % (path, "unexpected" if marked else "missing", line.split("\n")[0]))
if n > 132: bad.append("%d public functions, at most 132: does a program that links the library need all of them?" % n)
if n < 50: bad.append("only %d public functions were found" % n)
print("\n".join(bad))
sys.exit(1 if bad else 0)
P
