# kith tune: with all items as candidates and all users, its marks are those of kith evaluate, before and after the search;
# the same digits on any number of ranks and any cut; the half that is searched on never gets worse; what cannot be is refused.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
small 300 200 6000 8 0.2 0.1 <<'J'
model:
  name: spectral
  dim: 24
  spectral: {user_power: 0.4, item_power: 0.6, input_power: 0.3, output_power: 0.2, filter: knots, knots: [1, 3, 0.5, 2, 8]}
evaluate: {k: [5, 10], split: valid}
J
"$KITH" train job.yaml --quiet >log 2>&1 || { cat log; exit 1; }
all="--users 1000000 --candidates 200 --knots 5 --trials 60"

tune() { n=$1; shift; ranks $n tune job.yaml --json --quiet "$@" | tail -1 | sed 's/"ranks": [0-9]*, //'; }

cat >check.py <<'P' # the marks of both halves together, against those of kith evaluate
import json, sys
tune, told, which = json.loads(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
a, b = tune["searched_users"], tune["checked_users"]
assert a > 50 and b > 50 and a + b == told["users"], (a, b, told["users"])
for name in "recall@10", "ndcg@10":
    both = (a * tune[which + "_searched_" + name] + b * tune[which + "_checked_" + name]) / (a + b)
    assert abs(both - told[name]) < 1e-6, (which, name, both, told[name])
assert sum(tune["found_searched_" + x] for x in ("recall@10", "ndcg@10")) >= sum(tune["own_searched_" + x] for x in ("recall@10", "ndcg@10"))
P
evaluated() { "$KITH" evaluate job.yaml --json --quiet "$@" | tail -1; }

one=$(tune 1 $all)
/usr/bin/python3 check.py "$one" "$(evaluated)" own
echo "$one" | grep -q '"better": [1-9]' || { echo "no trial was better: $one"; exit 1; }
echo "$one" | grep -q '"kept": true' || { echo "nothing was kept: $one"; exit 1; }

# What was found, as a job: evaluation has the marks that the search saw.
settings() {
  /usr/bin/python3 - "$1" <<'P'
import json, sys
t = json.loads(sys.argv[1])
print("--set model.spectral.knots=%s --set model.spectral.direct=%r --set model.spectral.output_power=%r"
      % (",".join(repr(x) for x in t["knots"]), t["direct"], t["output_power"]))
P
}
settings "$one" >sets
"$KITH" train job.yaml --quiet $(cat sets) >log 2>&1 || { cat log; exit 1; }
/usr/bin/python3 check.py "$one" "$(evaluated $(cat sets))" found

# The command that is printed is run without a warning, though the job's own filter has another key, and its numbers are
# short; a setting that it replaces is not repeated.
ratio="--set model.spectral.filter=ratio --set model.spectral.t=0.123456789"
sed 's/filter: knots, knots: .*/t: 0.2}/' job.yaml >ratio.yaml
for file in job.yaml ratio.yaml; do
  own=
  [ $file = job.yaml ] && own="$ratio --set model.spectral.knots=[]"
  "$KITH" train $file --quiet $own >log 2>&1 || { cat log; exit 1; }
  "$KITH" tune $file $all $own --json >out
  grep '^kith train' out >command
  [ "$(grep -o 'model.spectral.[a-z_]*' command | sort | uniq -d)" = "" ] && ! grep -q 'spectral\.t=' command || { cat command; exit 1; }
  ! grep -qE '[0-9]{7}' command || { echo "long numbers"; cat command; exit 1; }
  sed 's/^kith train/"$KITH" train --strict --quiet/; s/--strict --quiet \([^ ]*\)/\1 --strict --quiet/' command >run.sh
  . ./run.sh >log 2>&1 || { cat command log; exit 1; }
  [ ! -s log ] || ! grep -q warning log || { cat command log; exit 1; }
  set -- $(sed 's/^kith train [^ ]*//; s/, /,/g' command | tr -d "'")
  /usr/bin/python3 check.py "$(tail -1 out)" "$(evaluated "$@" --strict)" found
done
"$KITH" train ratio.yaml --strict --quiet --set model.spectral.t=0.3 --set model.spectral.filter=knots --set model.spectral.knots=1,0.5 >out 2>&1 &&
  { echo "a useless --set was not warned of"; exit 1; }
grep -q 'set model.spectral.t is set but has no effect' out || { cat out; exit 1; }
"$KITH" train job.yaml --quiet $(cat sets) >log 2>&1

# The same where the job has a direct term, and where its weight is searched for.
term="--set model.spectral.direct=2"
"$KITH" train job.yaml --quiet $term >log 2>&1 || { cat log; exit 1; }
with=$(tune 2 $all --direct $term)
/usr/bin/python3 check.py "$with" "$(evaluated $term)" own
/usr/bin/python3 check.py "$(tune 1 --users 1000000 --candidates 20 --knots 5 --trials 1 $term)" "$(evaluated $term)" own # few candidates are the best by the whole score
echo "$with" | grep -q '"kept": true' || { echo "nothing was kept: $with"; exit 1; }
settings "$with" >sets
"$KITH" train job.yaml --quiet $(cat sets) >log 2>&1 || { cat log; exit 1; }
/usr/bin/python3 check.py "$with" "$(evaluated $(cat sets))" found
"$KITH" train job.yaml --quiet >log 2>&1 # as before

# Any number of ranks, any cut.
for n in 2 3; do [ "$(tune $n $all)" = "$one" ] || { echo "$n ranks chose otherwise"; exit 1; }; done
"$KITH" partition job.yaml --quiet --set partition.method=hash >/dev/null 2>&1
"$KITH" train job.yaml --quiet --fresh --set partition.method=hash >/dev/null 2>&1
[ "$(tune 2 $all --set partition.method=hash)" = "$one" ] || { echo "another cut chose otherwise"; exit 1; }

# Few users and candidates: fewer users are measured, and what helps the one half may harm the other; the half that is
# searched on never gets worse.
for users in 30 60 90 120; do
  few=$(tune 2 --users $users --candidates 40 --trials 40)
  /usr/bin/python3 - "$few" $users <<'P'
import json, sys
t, users = json.loads(sys.argv[1]), int(sys.argv[2])
n = t["searched_users"] + t["checked_users"]
assert users / 2 < n < users * 1.5, (users, n)
marks = [sum(t[which + "_searched_" + x] for x in ("recall@10", "ndcg@10")) for which in ("found", "own")]
assert marks[0] >= marks[1], (users, marks)
better = sum(t["found_checked_" + x] - t["own_checked_" + x] for x in ("recall@10", "ndcg@10"))
assert t["kept"] == (better > 0), (users, better)
P
done

refused() { # CODE WORDS ARGUMENTS…: one line with the words
  want=$1 words=$2 code=0; shift 2
  "$KITH" tune job.yaml --quiet "$@" >out 2>&1 || code=$?
  [ $code = $want ] && grep -qF -- "$words" out || { echo "kith tune $* ended with $code and not by \"$words\":"; cat out; exit 1; }
}
refused 64 "--knots 1: expected a number from 2 to 16" --knots 1
refused 64 "--trials x: expected a number" --trials x
refused 78 "kith tune searches for settings of spectral; the job has lightgcn" --set model.name=lightgcn
refused 78 "the job ranks items without training interactions" --set evaluate.candidates=cold
refused 78 "the job ranks all items" --set 'evaluate.mask=[]'
refused 78 "has model.spectral.user_power" --set model.spectral.user_power=0.5
rm -r work
refused 66 "run kith" 
