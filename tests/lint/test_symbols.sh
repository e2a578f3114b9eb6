# fast
# Every global symbol of the library begins with kith_, so that it can meet no other library's in one program.
set -euo pipefail
library=$KITH_BUILD/libkith.a
names=$(nm --defined-only --extern-only "$library" 2>/dev/null | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u)
[ "$(echo "$names" | wc -l)" -gt 100 ] || { echo "$library: few symbols: $names"; exit 1; }
bad=$(echo "$names" | grep -vE '^(kith_|__)' || true) # sanitizers add names of their own, which begin with __
[ -z "$bad" ] || { echo "global symbols without the prefix kith_; make them static, or name them kith__…:"; echo "$bad"; exit 1; }
