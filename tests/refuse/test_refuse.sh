# fast
# What must not compile, does not, and for the reason that its first line gives; without REFUSED the same file compiles.
# With gcc, and with clang where it is installed.
set -euo pipefail
cd "$KITH_SOURCE/tests/refuse"
export LC_ALL=C
compile() { OMPI_CC=$1 MPICH_CC=$1 mpicc -std=c11 -Wall -Wextra -Werror -Wno-unused-command-line-argument -c -o /dev/null -I"$KITH_SOURCE/include" "${@:2}" 2>&1; }
tried=0 bad=0
for cc in gcc $(command -v clang || command -v clang-14 || true); do
  for file in *.c; do
    reason=$(sed -n '1s,^/\* refused: \(.*\) \*/$,\1,p' "$file")
    [ -n "$reason" ] || { echo "$file: the first line must be /* refused: REGEX */"; exit 1; }
    said=$(compile "$cc" "$file") || { echo "$cc, $file: the right form does not compile"; echo "$said"; bad=1; }
    if said=$(compile "$cc" -DREFUSED "$file"); then echo "$cc, $file: the wrong form compiles"; bad=1
    elif ! grep -qE "error: .*$reason" <<<"$said"; then echo "$cc, $file: refused, but not with $reason"; echo "$said"; bad=1; fi
    tried=$((tried + 1))
  done
done
[ $tried -ge 5 ] || { echo "only $tried were tried"; exit 1; }
exit $bad
