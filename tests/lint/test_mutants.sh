# fast
# Every mutant of tests/mutants still finds its lines, so that tests/mutate can try it (which is not done here).
set -euo pipefail
cd "$KITH_SOURCE"
/usr/bin/python3 -B tests/mutate --check || { echo "mend the lines of those mutants in tests/mutants, or leave one out whose place is gone"; exit 1; }
