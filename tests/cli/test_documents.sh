# Every block and every command of every document: run on a small graph, or held against the program's tables (tests/support/documents.py).
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
rooms=$dir/rooms
mkdir -p "$rooms/bin" "$rooms/job/runs/shop"
ln -s "$KITH" "$rooms/bin/kith"
ln -s job/runs/shop "$rooms/job_files"
# mpirun starts two ranks for the first training, and one for everything else: that there may be more is for other tests.
cat >"$rooms/bin/mpirun" <<M
#!/bin/sh
shift 2
case "\$*" in *" train "*) mkdir "$rooms/trained" 2>/dev/null && exec $(command -v mpirun) --quiet --oversubscribe --bind-to none -n 2 "\$@" ;; esac
exec "\$@"
M
chmod +x "$rooms/bin/mpirun"

# The list that README.md speaks of: 100 users who mostly choose items of their own third.
awk 'BEGIN {
  print "user_id,item_id,rating,time"
  for (u = 1; u <= 100; u++) for (i = 1; i <= 90; i++) {
    r = (r * 1103515245 + 12345 + 7 * u + i) % 2147483648
    if (r / 2147483648 < (u % 3 == i % 3 ? 0.5 : 0.05)) printf "%d,%d,%d,%d\n", u, i, 1 + i % 5, 1600000000 + 1000 * u + i
  }
}' >"$rooms/job/ratings.csv"

/usr/bin/python3 -B "$KITH_SOURCE/tests/support/documents.py" "$rooms"
