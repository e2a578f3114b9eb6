# kith plan: the bytes that it says are those that training then counts; it reads profiles of kith bench; what cannot be, and
# what it cannot know, is said in one line.
set -uo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/bin" # where the scripts of Slurm are beside the program, wherever it was built
cp "$KITH" "$dir/bin/kith"
cp -r "$KITH_SOURCE/slurm" "$dir/slurm"
KITH=$dir/bin/kith
bad=0
fail() { echo "FAIL: $*"; bad=1; }
tiny "$dir/t"
job=$dir/t/job.yaml

json() { tail -n 1 "$dir/out" | /usr/bin/python3 -c "import json, sys
r = json.load(sys.stdin)
of = {x['ranks']: x for x in r.get('plan', [])}
$1" || fail "$2: $(tail -n 1 "$dir/out")"; }
plan() { timeout -k 5 $limit "$KITH" plan "$job" "$@" --json >"$dir/out" 2>"$dir/err" || fail "plan $*: code $?: $(cat "$dir/err")"; }

# Exact bytes of the steps of an epoch, an evaluation behind them; ranks that do not share memory.
KITH_RANKS_PER_HOST=1 ranks 3 train "$job" --fresh --quiet --set model.name=gcnii --set train.epochs=2 --json >"$dir/trained" 2>"$dir/err" || fail "train: $(cat "$dir/err")"
sent=$(tail -n 1 "$dir/trained" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["halo_bytes"])')
plan --nodes 1 --tasks-per-node 3 --set model.name=gcnii
json "
import h5py
steps = 2 * -(-h5py.File('$dir/t/work/graph.h5')['train/item'].shape[0] // 256)
assert list(of) == [1, 2, 3] and all(x['counted'] for x in of.values()), of
assert of[1]['layer_bytes'] == 0 < $sent == steps * of[3]['ghost_bytes'], ($sent, steps, of[3])
assert of[3]['node_bytes'] == 0 and of[3]['neighbors'] == 6, of[3]
assert of[2]['need_bytes'] > of[3]['need_bytes'] > 0 and of[1]['refused'] == '' and r['recommended'] in of, r
assert ' KITH_OPTIONS=\'--set model.name=gcnii\' KITH_JOB=' in r['sbatch'], r
assert '--nodes=1 --ntasks-per-node=%d ' % r['recommended'] in r['sbatch'] and r['sbatch'].endswith('/slurm/train.sbatch'), r
import os
assert os.path.isfile(r['sbatch'].split()[-1]) and 'KITH_JOB=$(realpath "$job") ' in r['sbatch'] and 'pipeline' not in r, r
" "plan of steps"

# Nodes, and more ranks than parts, which are assumed.
plan --nodes 4 --tasks-per-node 2 --network 1Gb --latency 50us
json "
assert list(of) == [1, 2, 4, 8] and [x['counted'] for x in of.values()] == [True, True, True, False], of
assert [x['nodes'] for x in of.values()] == [1, 1, 2, 4], of
assert of[2]['node_bytes'] == 0 < of[4]['node_bytes'] <= of[4]['layer_bytes'] <= of[4]['ghost_bytes'] and of[8]['ghosts'] > 0, of
assert of[4]['parts']['network'] > 0.9 * of[4]['node_bytes'] / 2 / 125e6, of[4]
" "plan of nodes"
if grep 'partition.parts to' "$dir/out" >/dev/null; then fail "a cut for ranks that are not recommended"; fi
mv "$dir/t/work/parts.h5" "$dir/t/parts.h5"
plan --nodes 1 --tasks-per-node 4 --set partition.method=hash
json "assert not any(x['counted'] for r, x in of.items() if r > 1) and of[4]['ghosts'] > 0, of" "plan without a cut"
json "assert '/slurm/pipeline.sh $(realpath "$job") --nodes=1 ' in r['pipeline'] and '--set partition.method=hash' in r['pipeline'], r" "all stages"
mv "$dir/t/parts.h5" "$dir/t/work/parts.h5"

# Strips of columns: more messages, but not where training exchanges whole rows, or none.
counts() { # words…: the messages of steps on three ranks, and the seconds of one
  plan --nodes 3 --tasks-per-node 1 --set model.dim=32 "$@"
  tail -n 1 "$dir/out" | /usr/bin/python3 -c 'import json, sys
of = {x["ranks"]: x for x in json.load(sys.stdin)["plan"]}
print(of[3]["layer_messages"], of[1]["step_seconds"])'
}
one=$(counts) two=$(counts --set train.strips=2)
[ "$((9 * ${one% *}))" = "$((5 * ${two% *}))" ] && [ "${one#* }" = "${two#* }" ] || fail "plan of strips: $one, $two"
one=$(counts --set model.relations.friend=learned) two=$(counts --set model.relations.friend=learned --set train.strips=2)
[ -n "$one" ] && [ "$one" = "$two" ] || fail "plan of strips of a learned relation: $one, $two"

# A job of less than a second gains nothing by ranks.
plan
json "assert r['recommended'] == 1 and min(x['job_seconds'] for x in r['plan']) < of[1]['job_seconds'] < 1, r" "ranks for nothing"

# A profile of this machine; what a step of the bench took is what the plan says.
"$KITH" bench "$job" --repeat 3 --profile "$dir/here" --json >"$dir/bench" 2>"$dir/err" || fail "bench --profile: $(cat "$dir/err")"
grep 'this graph is too small.*65536 users and items a rank' "$dir/err" >/dev/null || fail "a profile of a small graph: $(cat "$dir/err")"
/usr/bin/python3 -c "
import json
here = dict(line.split(': ') for line in open('$dir/here').read().splitlines())
triad = json.loads(open('$dir/bench').read().splitlines()[-1])['stream_bytes_per_second']
assert float(here['stream.1']) <= 2.001 * triad and float(here['exchange.1']) <= 2.001 * triad and float(here['disk']) == 2e9, (here, triad)
" || fail "rates of a small graph: $(cat "$dir/here")"
plan --machine "$dir/here"
step=$(tail -n 1 "$dir/bench" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["step"]["seconds"])')
json "assert 0.7 * $step < of[1]['step_seconds'] < 1.4 * $step, ($step, of[1])" "seconds of a step"

# Where gathering is all, the most ranks are recommended, for which the graph is to be cut anew.
{ sed 's/^gather.1: .*/gather.1: 1e4/' "$dir/here"; sed -n 's/\.1: /.8: /p' "$dir/here" | sed 's/^gather.8: .*/gather.8: 8e4/'; } >"$dir/slow"
plan --machine "$dir/slow" --cores 8 --nodes 1 --tasks-per-node 8
json "assert r['recommended'] == 8, r" "the most ranks"
grep 'recommended: 8 ranks, once the graph is cut anew' "$dir/out" >/dev/null && grep 'partition.parts to 8' "$dir/out" >/dev/null || fail "that the graph is to be cut anew is not said"

# Sampled steps: as many neighbors as they draw; a graph of 10^10 interactions that is not there; a model that is not counted.
sampled="--set sampler.mode=neighbor --set sampler.fanouts=5,5"
"$KITH" bench "$job" $sampled --repeat 1 --profile "$dir/here" >"$dir/bench" 2>"$dir/err" || fail "bench of sampled steps: $(cat "$dir/err")"
drawn=$(sed -n 's/.*each rank, \([0-9]*\) a step.*/\1/p' "$dir/bench")
plan $sampled --machine "$dir/here"
json "assert 0.85 * $drawn < of[1]['drawn'] < 1.15 * $drawn and of[1]['step_seconds'] > 0, ($drawn, of[1])" "plan of sampled steps"
plan $sampled --users 400000000 --items 200000000 --interactions 10000000000 --set train.batch=65536 --set sampler.fanouts=10,10
json "
last = of[1024]
assert not last['counted'] and last['refused'] == '' and last['nodes'] > 16, last # fewer ranks a node, for its memory
assert of[2]['rooms']['requested'] == last['rooms']['requested'] < 2**25 and last['rooms']['asked'] < 2**22, last
" "plan of a large graph"
plan --set model.name=pinsage
json "assert 'step_seconds' not in of[1] and of[1]['need_bytes'] > 0 and 'pinsage' in r['not_predicted'], r" "plan of a model that is not counted"

# A softmax of sampled steps: its products beside the neighbors of the profile; rounds of eigenvectors, by the formula.
plan $sampled --set loss.name=softmax --machine "$dir/here"
json "
rate = float(dict(l.split(': ') for l in open('$dir/here').read().splitlines())['product.1'])
assert abs(of[1]['parts']['products'] * rate / (4 * 256 * 256 * 16) - 1) < 1e-4 and of[1]['parts']['memory'] > 0, (rate, of[1])
" "plan of a sampled softmax"
plan --set model.name=spectral --set model.dim=20 --set model.spectral.oversample=4 --set model.spectral.degree=6 --set model.spectral.rounds=5
json "
import h5py
n, edges = 500, h5py.File('$dir/t/work/graph.h5')['train/item'].shape[0]
one = of[1]['parts']
assert abs(one['products'] * 2.5e10 / (4 * 300 * 24**2 + 7 * 24**3) - 1) < 1e-4, one
assert abs(one['memory'] * 20e9 / (4 * 8 * 24 * (2 * edges + 3 * n)) - 1) < 1e-4, (one, edges)
assert abs(of[1]['job_seconds'] - (4 + 5 / 8) * of[1]['epoch_seconds'] - of[1]['evaluation_seconds'] - 5 * of[1]['checkpoint_seconds']) < 1e-4 * of[1]['job_seconds'], of[1]
" "plan of rounds"
grep 'a round of eigenvectors; job: 5 rounds' "$dir/out" >/dev/null || fail "what a step is, is not said"

# The line: no more memory than a node has, a week at most, and no setting lost in silence.
plan --users 50000000 --items 10000000 --interactions 1000000000 --nodes 1 --tasks-per-node 16 --set name='a b' --set train.lr=0.02
json "
import re
mib = int(re.search('--mem=([0-9]+)M', r['sbatch']).group(1)) * 2**20
assert of[r['recommended']]['need_bytes'] * min(16, r['recommended']) < mib <= 256e9 and ' --time=7-00:00 ' in r['sbatch'], r['sbatch']
assert r['write_into_job'] == ['name=a b'] and \" KITH_OPTIONS='--set train.lr=0.02' \" in r['sbatch'], r
" "the line of a large job"
for words in ' years' ' d ' 'sampler.mode: neighbor' 'write name=a b into'; do
  grep -e "$words" "$dir/out" >/dev/null || fail "a plan of years: no '$words': $(cat "$dir/out")"
done
plan --users 50000000 --items 10000000 --interactions 1000000000 --nodes 1 --tasks-per-node 16 --memory 180GB
json "assert r['recommended'] == 16 and ' --mem=171661M ' in r['sbatch'], r['sbatch']" "no more memory than there is"
plan --machine "$dir/here" --cores 2 --nodes 4 --tasks-per-node 16
json "assert r['recommended'] is None and 'sbatch' not in r and of[64]['refused'], r" "an allocation that is refused"
grep -e '--cores and' "$dir/out" >/dev/null || fail "how a profile is overridden is not said"
plan --machine "$dir/here" --cores 16 --memory 256GB --nodes 4 --tasks-per-node 16
json "assert not any(x['refused'] for x in of.values()), of" "a node that is not that of the profile"

timeout -k 5 $limit "$KITH" plan "$job" --quiet >"$dir/out" 2>"$dir/err" || fail "plan --quiet: $(cat "$dir/err")"
[ "$(grep -cv '^ *[0-9]\|^ranks\|^recommended\|KITH_JOB=' "$dir/out")" = 0 ] || fail "plan --quiet explains: $(cat "$dir/out")"

refused() { # CODE WORDS words…: one line on stderr that has these
  code=$1 words=$2; shift 2
  timeout -k 5 $limit "$KITH" plan "$job" "$@" >"$dir/out" 2>"$dir/err"; rc=$?
  [ $rc = "$code" ] || fail "plan $*: code $rc: $(cat "$dir/err")"
  [ "$(wc -l <"$dir/err")" = 1 ] || fail "plan $*: $(cat "$dir/err")"
  grep -e "$words" "$dir/err" >/dev/null || fail "plan $*: $(cat "$dir/err")"
}
for rate in 100 0Gb nanGb 1e12Gb; do refused 64 '--network' --network="$rate"; done
refused 64 '--latency' --latency 2
refused 64 '--nodes' --nodes 0
refused 64 'give all three' --users 5
refused 64 '10 users and 10 items have 100 pairs' --users 10 --items 10 --interactions 101
refused 64 'expected 1e-09 to 1s' --latency 2s
refused 66 "$dir/nowhere" --machine "$dir/nowhere"
sed 's/^memory: .*/memory: 1000/' "$dir/here" >"$dir/small"
refused 71 'memory: .* on a node of' --machine "$dir/small"
grep -c refused "$dir/out" >/dev/null || fail "the table does not say that it would be refused"
sed 's/^disk: .*/disk: fast/' "$dir/here" >"$dir/small"
refused 78 'small:[0-9]*: disk: expected a number' --machine "$dir/small"
grep -v '^gather' "$dir/here" >"$dir/small"
refused 78 'lacks gather.1' --machine "$dir/small"
refused 66 'run kith ingest.*--users' --set work="$dir/none"
rc=0; "$KITH" bench "$job" --rows 100 --profile "$dir/x" >"$dir/out" 2>"$dir/err" || rc=$?
[ $rc = 64 ] || fail "bench --rows --profile: code $rc"
exit $bad
# fast
