# A thread of the MPI library that gets no core for a while does not end the program with a segmentation fault (src/comm/init.c).
set -uo pipefail
[ "${KITH_PATIENCE:-1}" = 1 ] || { echo "skipped: no shim under a sanitizer"; exit 77; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cc -shared -fPIC -D_GNU_SOURCE -o "$dir/shim.so" "$KITH_SOURCE/tests/cli/late_shim.c" -ldl || { echo "skipped: no shared library made"; exit 77; }
bad=0
says() { # WHAT words…: kith, of a verb that there is none of, ends with its own code
  what=$1; shift
  timeout -k 5 900 "$@" "$KITH" zebra >"$dir/out" 2>&1
  rc=$?
  [ $rc = 64 ] && grep -q 'unknown verb' "$dir/out" || { echo "FAIL: $what: $rc"; cat "$dir/out"; bad=1; }
}
for late in 0.1 0.3 0.6; do # where the crash was, depends on how long starting and ending take
  says "one rank, $late s" env SHIM_LATE=$late LD_PRELOAD="$dir/shim.so" # started without mpirun
  says "two ranks, $late s" mpirun --quiet --oversubscribe --bind-to none -n 2 env SHIM_LATE=$late LD_PRELOAD="$dir/shim.so"
done
exit $bad
