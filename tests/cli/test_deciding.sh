# Every key of the job decides something: what kith makes differs between two values of it (keys.py says of which).
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
/usr/bin/python3 "$KITH_SOURCE/tests/cli/keys.py" "$KITH" "$dir"
