# TGN on a stream: training is the same on one rank and on three up to rounding; a run that is killed and continued has the
# bits of one that was not, and on another number of ranks the loss up to rounding; the model helps kith evaluate, every
# key decides something, and what has no effect is said.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
/usr/bin/python3 - >list.txt <<'P' # users walk along a ring of items, so that the latest item tells the next one
import random
r, f, at, now = random.Random(5), random.Random(6), {}, 10 ** 9
for e in range(400):
    u = r.randrange(12)
    at[u] = (at.get(u, u) + 1) % 16 if r.random() < .8 else r.randrange(16)
    now += r.choice([0, 1, 30, 900])
    print(100 + u, 200 + at[u], now, "%.2f %.2f" % (f.gauss(0, 1), at[u] % 3))
P
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: list.txt, format: edges, columns: {user: 1, item: 2, time: 3, features: 4-5}}
  split: {method: stream, valid: .15, test: .15}
partition: {parts: 5}
stream: {model: tgn, dim: 8, time_dim: 4, neighbors: 3, batch: 20}
train: {epochs: 4, lr: .01}
evaluate: {stream: event, mask: [], k: [1, 3], every: 2}
checkpoint: {every: 1, keep: 2}
J
"$KITH" ingest job.yaml --json >out
grep '"event_features": 2' out >/dev/null && grep ' 4-5 features; no header' out >/dev/null || { cat out; exit 1; }
"$KITH" partition job.yaml --quiet >/dev/null
loss() { # FILE: of the last line
  tail -1 "$1" | /usr/bin/python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["loss"], r["valid_mrr"], r["epochs"])'
}
near() { # LOSSES LOSSES: up to rounding
  /usr/bin/python3 - "$1" "$2" <<'P'
import sys
a, b = (list(map(float, x.split())) for x in sys.argv[1:])
assert abs(a[0] - b[0]) < 1e-4 * a[0] and abs(a[1] - b[1]) < .02 and a[2] == b[2], (a, b)
P
}
says() { # CODE TEXT WORDS…
  code=$1 text=$2; shift 2
  got=0; "$@" >log 2>&1 || got=$?
  [ "$got" = "$code" ] || { cat log; exit 1; }
  grep -F -- "$text" log >/dev/null || { cat log; exit 1; }
}
"$KITH" train job.yaml --json >one.json 2>train.log
truth=$(loss one.json)
grep 'valid, event by event, of the model alone: MRR' train.log >/dev/null || { cat train.log; exit 1; } # not of evaluate
times work/metrics.jsonl
cp work/checkpoint-000004-000000.h5 truth.h5
ranks 3 train job.yaml --json --fresh >three.json
near "$truth" "$(loss three.json)"
/usr/bin/python3 - <<'P' # none has a gradient that is rounding alone, which Adam would make steps of
try: import h5py, numpy as np
except ImportError: raise SystemExit
a, b = (h5py.File(f)["weights/parameter"][:] for f in ("truth.h5", "work/checkpoint-000004-000000.h5"))
assert np.abs(a - b).max() < 1e-6 * np.abs(a).max(), (np.abs(a - b).max(), np.abs(a).max())
P

# What a node needs of memory can be planned, and what is not is named.
"$KITH" plan job.yaml --nodes 1 --tasks-per-node 2 --json | tail -1 | grep '"ranks": 2, .*"need_bytes": [1-9].*"not_predicted": "stream.model: tgn"' >/dev/null

# Killed in the third epoch, behind the checkpoint of step 35: continued on the same rank, and on three.
killed() {
  { KITH_FAULT=kill:39@0 "$KITH" train job.yaml --quiet --fresh --set checkpoint.steps=7 >log 2>&1 && exit 1; } 2>/dev/null
  test -f work/checkpoint-000002-000005.h5
}
killed
"$KITH" train job.yaml --json >again.json 2>log
grep 'continuing from work/checkpoint-000002-000005.h5' log >/dev/null
[ "$(loss again.json)" = "$truth" ]
times work/metrics.jsonl --also checkpoint_seconds
/usr/bin/python3 - <<'P'
try: import h5py
except ImportError: raise SystemExit
a, b = (h5py.File(f) for f in ("truth.h5", "work/checkpoint-000004-000000.h5"))
names = []
a.visititems(lambda n, x: names.append(n) if isinstance(x, h5py.Dataset) else None)
assert len(names) >= 3
for n in names: assert (a[n][:] == b[n][:]).all(), n
P
killed
ranks 3 train job.yaml --json >again.json 2>log
grep 'continuing from work/checkpoint-000002-000005.h5' log >/dev/null
near "$truth" "$(loss again.json)"

# What a score is the sum of, and what the user's row reads, behind all events.
"$KITH" explain job.yaml --user 101 --k 4 --json 2>/dev/null | tail -1 >why.json
ranks 3 explain job.yaml --user 101 --k 4 --json | tail -1 >why3.json
"$KITH" explain job.yaml --user 101 --item 205 --json 2>/dev/null | tail -1 >item.json
/usr/bin/python3 - <<'P'
import json
one, three, item = (json.load(open(f + ".json")) for f in ("why", "why3", "item"))
events = [tuple(map(int, l.split()[:3])) for l in open("list.txt")]
mine = [(i, t) for u, i, t in sorted(events, key=lambda e: e[2]) if u == 101][::-1]
met = list(dict.fromkeys(i for i, t in mine))
assert [(r["item"], r["time"]) for r in one["reads"]] == mine[:3] and one["time"] == max(t for u, i, t in events)
assert abs(sum(r["share"] for r in one["reads"]) - 1) < 1e-5 and len(one["items"]) == 4
assert [i["item"] for i in item["items"]] == [205]
for line in one["items"] + item["items"]:
    parts = [line[k] for k in ("match", "latest", "age", "count")] + line["popular"]
    assert abs(sum(parts) - line["score"]) < 1e-4 and line["place"] == 1 + met.index(line["item"]), line
for a, b in zip(one["items"], three["items"]): assert a["item"] == b["item"] and abs(a["score"] - b["score"]) < 1e-2, (a, b)
P
says 64 "of a stream's model, --user ID goes with --item ID or --k N alone" "$KITH" explain job.yaml --user 101 --paths 2
says 65 'no such user' "$KITH" explain job.yaml --user 99
for at in "--at 1000000500" --at=1000000500; do
  says 64 'kith explain: --at: kith explain knows no times' "$KITH" explain job.yaml --user 101 $at --k 2
done
says 0 'by the model alone: kith recommend mixes' "$KITH" explain job.yaml --user 101 --k 2

# Without counts of items around each other the rules know no order of items; the model does.
one() { # KEYS…
  "$KITH" evaluate job.yaml --json --set train.epochs=30 --set stream.around=false "$@" 2>/dev/null | tail -1 |
    /usr/bin/python3 -c 'import json, sys; r = json.load(sys.stdin); print(r["mrr"])'
}
"$KITH" train job.yaml --quiet --no-test --set train.epochs=30 --set evaluate.every=0 >/dev/null
"$KITH" report job.yaml --set train.epochs=30 >log 2>&1 || { cat log; exit 1; }
if grep 'embeddings.h5' log; then echo "a stream has no embeddings.h5"; exit 1; fi
with=$(one)
without=$(one --set stream.model=none)
/usr/bin/python3 -c 'import sys; a, b = map(float, sys.argv[1:]); assert a > b + .05, (a, b)' "$with" "$without"
says 0 'has 30 epochs behind it, train.epochs is 40' "$KITH" evaluate job.yaml --set train.epochs=40

# Each key decides something; others warn or are refused.
"$KITH" train job.yaml --json --fresh --set train.epochs=1 >same.json 2>/dev/null
for key in stream.dim=4 stream.heads=1 stream.time_dim=2 stream.neighbors=1 stream.evidence=false stream.init=.5 stream.batch=10 evaluate.stream=batch; do
  "$KITH" train job.yaml --json --fresh --set train.epochs=1 --set $key >other.json 2>/dev/null
  [ "$(loss other.json)" != "$(loss same.json)" ] || { echo "$key decides nothing"; exit 1; }
done
plain="--set work=plain --set data.interactions.columns.features="
"$KITH" ingest job.yaml --quiet $plain >/dev/null
"$KITH" partition job.yaml --quiet $plain >/dev/null
"$KITH" train job.yaml --json --set train.epochs=1 $plain >other.json 2>/dev/null
[ "$(loss other.json)" != "$(loss same.json)" ] || { echo "features decide nothing"; exit 1; }
sed '7s/[^ ]*$/many/' list.txt >word.txt
says 65 'word.txt:7: expected a number in column 5, a feature of the event, found "many"' "$KITH" ingest job.yaml \
  --set work=other --set data.interactions.path=word.txt
says 78 'column 3 is the time of an event' "$KITH" ingest job.yaml --set work=other --set data.interactions.columns.features=3-4
says 78 '"mood" is neither a number' "$KITH" ingest job.yaml --set work=other --set data.interactions.columns.features=4,mood
says 0 'columns.features is set but has no effect: it needs data.split.method: stream' "$KITH" ingest job.yaml --set work=other \
  --set data.split.method=ratio
rm -r other
awk '{print $1, $2, $3 - 2000000000, $4, $5}' list.txt | sed '200{h;d};300G' >early.txt # times before 1970, a line out of order
early="--set work=early --set data.interactions.path=early.txt"
"$KITH" ingest job.yaml --quiet $early >/dev/null
"$KITH" partition job.yaml --quiet $early >/dev/null
"$KITH" train job.yaml --json --set train.epochs=1 $early >other.json 2>/dev/null
[ "$(loss other.json)" = "$(loss same.json)" ]
says 78 'stream.heads' "$KITH" train job.yaml --fresh --set stream.heads=3
says 78 'expected event or batch' "$KITH" train job.yaml --set evaluate.stream=none
says 78 'or with --fresh' "$KITH" train job.yaml --set stream.batch=10
says 78 'evaluate.mask: with evaluate.stream' "$KITH" train job.yaml --set evaluate.mask=[interactions]
says 0 'train.momentum is set but has no effect: it needs train.optimizer: sgd' "$KITH" train job.yaml --fresh --set train.epochs=0 \
  --set train.momentum=.5 --set model.dim=32 --set model.sequence=recent --set train.patience=2 --set train.batch=7 --set train.forget=.5 \
  --set loss.name=softmax --set checkpoint.best=true
for key in model.dim model.sequence train.patience train.batch train.forget loss.name checkpoint.best; do
  grep -F -- "$key is set but has no effect: it needs stream.model: none" log >/dev/null || { echo "$key is not warned of"; cat log; exit 1; }
done
says 66 'run kith train' "$KITH" evaluate job.yaml --set work=other --set graph=work/graph.h5 --set parts=work/parts.h5
says 78 'kith recommend --all' "$KITH" export job.yaml --format npy --output rows

# The items of users' next events: at the time of a test event its item has the place that kith evaluate gives it.
awk '{$3 += NR; print}' list.txt >apart.txt
ask="--set work=ask --set data.interactions.path=apart.txt --set data.split.test=.01 --set train.epochs=12 --set stream.around=false --set stream.batch=12" # 396 events before the test
for verb in ingest partition train; do "$KITH" $verb job.yaml --quiet $ask >/dev/null; done
"$KITH" evaluate job.yaml --json $ask | tail -1 >measured.json
sort -n -k 3 apart.txt | tail -4 | while read -r user item time rest; do
  "$KITH" recommend job.yaml $ask --user "$user" --at "$time" --k 16 --json | tail -1 | sed "s/^/$item /"
done >asked
"$KITH" recommend job.yaml $ask --all --output all.h5 >log
grep 'behind 400 events' log >/dev/null
ranks 3 recommend job.yaml $ask --all --k 16 --output all.tsv --quiet >/dev/null
"$KITH" recommend job.yaml $ask --user 103 --k 16 --json | tail -1 >last.json
/usr/bin/python3 - <<'P'
import json
measured, last, places = json.load(open("measured.json")), json.load(open("last.json")), []
assert measured["events"] == 4 and sum(w for k, w in measured["weights"].items() if k.startswith("model")) > .02, measured
for line in open("asked"):
    item, told = line.split(" ", 1)
    places.append(1 + json.loads(told)["recommendations"][0]["items"].index(int(item)))
assert abs(sum(1 / p for p in places) / 4 - measured["mrr"]) < 1e-9, (places, measured)
assert (last["known_events"], last["time"]) == (400, max(int(l.split()[2]) for l in open("apart.txt")))
three = [line.split() for line in open("all.tsv")]
assert len(three) == 12 * 16
of = {int(i): float(s) for u, _, i, s in three if u == "103"}
for i, s in zip(*(last["recommendations"][0][k] for k in ("items", "scores"))): assert abs(s - of[i]) < 1e-4, (i, s, of)
try: import h5py
except ImportError: raise SystemExit
assert h5py.File("all.h5").attrs["time"] == last["time"] and h5py.File("all.h5")["top/item"].shape == (12, 3)
P
says 0 'have learned of events behind this time' "$KITH" recommend job.yaml $ask --user 103 --at 1000000500
says 64 'no event of the stream is before this time' "$KITH" recommend job.yaml $ask --user 103 --at 5
says 64 'kith recommend: --refit: a stream has no refit' "$KITH" recommend job.yaml $ask --user 103 --refit
says 64 'there are no rows to compare' "$KITH" recommend job.yaml $ask --similar-to 203

# A sweep over a stream's model: two rungs, judged by the mean reciprocal rank of the model alone on validation.
cat >>job.yaml <<'J'
sweep: {stream.dim: [4, 8], halving: {epochs: 2, factor: 2}}
J
"$KITH" sweep job.yaml --set work=swept --set graph=work/graph.h5 --set parts=work/parts.h5 --json >out
/usr/bin/python3 - <<'P'
import json
said = json.loads(open("out").read().splitlines()[-1])
trials = [json.loads(line) for line in open("swept/sweep/trials.jsonl")]
assert said["metric"] == "mrr" and (said["done"], said["stopped"]) == (1, 1), said
assert sorted(t["epochs"] for t in trials) == [2, 4] and all(0 < t["score"] <= 1 for t in trials), trials
P
grep 'kith evaluate swept/sweep/best.yaml --split test' out >/dev/null
# Without evaluations in training every trial is measured behind its last epoch all the same.
"$KITH" sweep job.yaml --set work=unseen --set graph=work/graph.h5 --set parts=work/parts.h5 --set evaluate.every=0 --set train.epochs=1 --set sweep.halving.epochs=0 --quiet >/dev/null
[ "$(grep -c '"status": "done".*"metric": "mrr"' unseen/sweep/trials.jsonl)" = 2 ] || { cat unseen/sweep/trials.jsonl; exit 1; }
