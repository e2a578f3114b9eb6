# A stream of events, replayed: figures and weights are those that NumPy makes of the definitions, event by event and in
# batches, on one rank and on three; every key of stream decides something; what cannot be is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
/usr/bin/python3 - >list.txt <<'P' # 14 users come back to what they and their group met; lines are not in order, times tied
import random
r, met, now, lines = random.Random(3), {}, 10 ** 9, []
for e in range(600):
    u = r.randrange(14)
    mine = met.setdefault(u, [])
    old = mine and r.random() < .6
    i = mine[-1 - int(len(mine) * r.random() ** 3)] if old else r.randrange(12) * 4 + u % 4 if r.random() < .8 else r.randrange(48)
    mine.append(i)
    now += r.choice([0, 1, 20, 200, 2000, 20000])
    lines.append("%d %d %d" % (100 + u, 200 + i, now))
for k in range(50, 600, 50):
    lines[k], lines[k + 1] = lines[k + 1], lines[k]
print("\n".join(lines))
P
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: list.txt, format: edges, columns: {user: 1, item: 2, time: 3}}
  split: {method: stream, valid: .3, test: .2}
partition: {parts: 5}
evaluate: {stream: event, mask: [], k: [1, 3]}
J
"$KITH" ingest job.yaml --json >ingest.json
"$KITH" partition job.yaml --quiet >/dev/null
/usr/bin/python3 - <<'P'
import h5py, numpy as np
f = h5py.File("work/graph.h5")
lines = sorted((tuple(map(int, l.split())) for l in open("list.txt")), key=lambda l: l[2])
got = np.stack([f["user/id"][:][f["event/user"][:]], f["item/id"][:][f["event/item"][:]], f["event/time"][:]], 1)
assert (got == np.array(lines)).all()
first = f["event/first"][:]
assert first[0] >= 300 and first[1] >= 480 and (np.diff(f["event/time"][:])[first - 1] > 0).all()
P
one() { # KEYS…: what the last line of the report says
  "$KITH" evaluate job.yaml --json "$@" | tail -1
}
same() { # BATCH RULES POPULAR SPLIT KEYS…: figures of one rank and of three, and of the oracle
  batch=$1 rules=$2 popular=$3 split=$4; shift 4
  one --groups --split "$split" "$@" >one.json
  ranks 3 evaluate job.yaml --json --groups --split "$split" "$@" | tail -1 >three.json
  /usr/bin/python3 "$KITH_SOURCE/tests/support/stream.py" list.txt "$batch" .3 .2 "$rules" "$popular" "$split" 1 3 >oracle.json
  /usr/bin/python3 - <<'P'
import json
one, three, truth = (json.load(open(f + ".json")) for f in ("one", "three", "oracle"))
names = [k for k in truth if k != "weights" and not k.startswith("by")]
for by in ("by_user", "by_item"):
    assert one[by] == three[by] and len(one[by]) == 4
    for a, b in zip(one[by], truth[by]): assert a.keys() == b.keys() and all(abs(a[k] - b[k]) < 1e-6 for k in a), (a, b)
assert len(names) == 16 and [one[k] for k in names] == [three[k] for k in names] and one["weights"] == three["weights"]
for k in names: assert abs(one[k] - truth[k]) < 1e-6, (k, one[k], truth[k])
want, got = [w for w in truth["weights"] if w >= 1e-4], list(one["weights"].values())
assert len(want) == len(got) and all(abs(a - b) < 1e-6 for a, b in zip(want, got)), (want, got)
assert one["events_new"] > 3 and one["mrr"] > one["mrr_new"]
P
}
same 1 recent,own,around 900,21600,86400,0 test
same 7 recent,own,around 900,21600,86400,0 test --set evaluate.stream=batch --set stream.batch=7
same 1 recent,own,around 900,21600,86400,0 valid
same 30 own 3600,0 test --set evaluate.stream=batch --set stream.batch=30 --set stream.recent=false --set stream.around=false --set stream.popular=[3600,0]

# Each key decides something, and none is taken in silence.
one >all.json
for key in stream.recent=false stream.own=false stream.around=false stream.popular=[60] evaluate.stream=batch; do
  one --set $key >other.json
  /usr/bin/python3 -c 'import json; assert json.load(open("all.json"))["mrr"] != json.load(open("other.json"))["mrr"]'
done
says() { # CODE TEXT WORDS…
  code=$1 text=$2; shift 2
  got=0; "$@" >log 2>&1 || got=$?
  [ "$got" = "$code" ] || { cat log; exit 1; }
  grep -F -- "$text" log >/dev/null || { cat log; exit 1; }
}
says 0 'known: events before the batch of 200' "$KITH" evaluate job.yaml --set evaluate.stream=batch
says 0 'these events chose the weights of the rules' "$KITH" evaluate job.yaml --split valid
says 78 'set evaluate.mask: []' "$KITH" evaluate job.yaml --set evaluate.mask=[interactions]
says 78 'expected evaluate.protocol: full' "$KITH" evaluate job.yaml --set evaluate.protocol=sampled-5
says 78 'every rule is off' "$KITH" evaluate job.yaml --set stream.recent=false --set stream.own=false --set stream.around=false --set stream.popular=[]
says 0 'users with 16 and more earlier' "$KITH" evaluate job.yaml --groups
says 64 '--baseline: is about lists of items' "$KITH" evaluate job.yaml --baseline popular
says 0 'stream.batch is set but has no effect' "$KITH" evaluate job.yaml --set stream.batch=5
says 78 'data.test: a stream has all its events' "$KITH" ingest job.yaml --set data.test.path=list.txt
says 78 'method stream needs times' "$KITH" ingest job.yaml --set data.interactions.columns.time=
says 0 'a stream of 600 events: ' "$KITH" inspect work/graph.h5
"$KITH" inspect work/graph.h5 --json | tail -1 >inspect.json
/usr/bin/python3 - <<'P'
import h5py, json
of, f = json.load(open("inspect.json"))["stream"], h5py.File("work/graph.h5")
pairs = list(zip(f["event/user"][:], f["event/item"][:]))
first = [0] + list(f["event/first"][:]) + [len(pairs)]
again = [[pairs[e] in pairs[:e] for e in range(a, b)] for a, b in zip(first, first[1:])]
want = [len(pairs), *map(len, again), len(set(pairs)), f["event/time"][0], f["event/time"][-1], sum(map(sum, again)) / len(pairs), *(sum(x) / len(x) for x in again[1:])]
assert list(of) == "events training validation test pairs first_time last_time repeated repeated_validation repeated_test".split()
assert all(abs(a - b) < 1e-8 for a, b in zip(of.values(), want)), (of, want)
P
# Rules rank, whatever kith train leaves in the folder: it says so, and nothing explains its model in their place.
says 78 'kith explain does not divide their scores; kith recommend lists the items' "$KITH" explain job.yaml --user 101
says 0 'never read this model; for one that they read set stream.model: tgn' "$KITH" train job.yaml --no-test --set train.epochs=1
one >trained.json
/usr/bin/python3 -c 'import json; assert json.load(open("all.json"))["mrr"] == json.load(open("trained.json"))["mrr"]'
for more in "--user 101 --json" "--user 101 --item 205" "--all --output why.tsv"; do
  says 78 'rules rank the events of a stream' ranks 3 explain job.yaml --set train.epochs=1 $more
done
[ ! -e why.tsv ]
"$KITH" report job.yaml --set train.epochs=1 --quiet >/dev/null 2>&1
grep 'The stream, replayed' work/report.html >/dev/null
if grep 'Recommendations' work/report.html >/dev/null; then echo "recommendations of a model that does not rank"; exit 1; fi
for change in 'time"][7] = 2 * 10 ** 9' 'user"][3] = 14' 'item"][3] = -1' 'first"][0] = 601'; do # what a file cannot hold
  cp work/graph.h5 kept.h5
  /usr/bin/python3 -c 'import h5py, sys; exec("h5py.File(\"work/graph.h5\", \"r+\")[\"event/" + sys.argv[1])' "$change"
  /usr/bin/python3 -B "$KITH_SOURCE/tests/support/seal.py" anew work/graph.h5
  says 65 'event' ranks 3 evaluate job.yaml
  cp kept.h5 work/graph.h5
done
"$KITH" ingest job.yaml --set data.split.method=time --quiet >/dev/null
"$KITH" partition job.yaml --quiet >/dev/null
says 78 'has no events; set data.split.method: stream' "$KITH" evaluate job.yaml
