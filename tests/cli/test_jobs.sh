# fast
# Every job file that is shipped is understood, to the last key, each of which has an effect: what ends it is that the user's data are not there.
set -uo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
bad=0
for job in "$KITH_SOURCE"/jobs/*.yaml; do
  case $job in */quickstart.yaml) continue ;; esac # the embedded default's: it generates its data
  rc=0
  timeout -k 5 $limit "$KITH" ingest "$job" --strict --set work="$dir/work" >"$dir/out" 2>"$dir/err" || rc=$?
  [ $rc = 66 ] && [ "$(wc -l <"$dir/err")" = 1 ] || { echo "FAIL: $job: code $rc: $(cat "$dir/err")"; bad=1; }
done
exit $bad
