# fast
# No key of the job without a test in which it decides something; and where that is a script of its own, the script sets it.
set -euo pipefail
cd "$KITH_SOURCE"
known=$("$KITH" help --markdown | sed -n 's/^| `\([A-Za-z_.0-9]*\)` .*/\1/p' | LC_ALL=C sort)
tried=$(/usr/bin/python3 tests/cli/keys.py --names | LC_ALL=C sort)
[ "$(echo "$known" | wc -l)" -gt 50 ] || { echo "kith help --markdown names few keys: $known"; exit 1; }
[ "$known" = "$tried" ] || { echo "keys (<) and those that are tried (>): mend the lines of TRIED in tests/cli/keys.py"; diff <(echo "$known") <(echo "$tried"); exit 1; }
/usr/bin/python3 -B - <<'P'
import sys
sys.path.insert(0, "tests/cli")
import keys
bad = ["%s: tests/%s does not set it" % (key, script) for key, script in sorted(keys.ELSEWHERE.items()) if key + "=" not in open("tests/" + script).read()]
print("\n".join(bad))
sys.exit(1 if bad else 0)
P
