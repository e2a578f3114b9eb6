# Events behind a stream: kith update makes the graph that kith ingest makes of one list, and a model that ends its epoch
# with them has the weights and memory of one that had them from the start, up to rounding; an update that is killed and
# continued, on one rank, has the bits of one that was not; events before the end, and updates that nothing would learn
# from, are refused and leave no folder.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
/usr/bin/python3 - <<'P' # 400 events of 12 users and 16 items, one new user behind 200
import random
r, at, now, lines = random.Random(5), {}, 10 ** 9, []
for e in range(400):
    u = r.randrange(12) if e < 200 else r.randrange(13)
    at[u] = (at.get(u, u) + 1) % 16 if r.random() < .8 else r.randrange(16)
    now += r.choice([1, 30, 900])
    lines.append("%d %d %d %.3f %d\n" % (100 + u, 200 + at[u], now, r.random(), e % 3))
open("all.txt", "w").writelines(lines)
open("old.txt", "w").writelines(lines[:200])
open("new.txt", "w").writelines(lines[200:])
open("early.txt", "w").writelines(lines[150:210])
open("few.txt", "w").writelines(lines[200:201])
P
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: old.txt, format: edges, columns: {user: 1, item: 2, time: 3, features: "4, 5"}}
  split: {method: stream, valid: .2, test: .2}
partition: {parts: 1}
stream: {model: tgn, dim: 8, time_dim: 4, neighbors: 3, batch: 20}
train: {epochs: 1, lr: .01}
evaluate: {stream: event, mask: [], k: [1, 3], every: 1}
J
one="--set work=one --set data.interactions.path=all.txt"
for verb in ingest partition train; do
  "$KITH" $verb job.yaml --quiet >/dev/null
  "$KITH" $verb job.yaml --quiet $one >/dev/null
done
cp -r work kept
says() { # CODE TEXT WORDS…
  code=$1 text=$2; shift 2
  got=0; "$@" >log 2>&1 || got=$?
  [ "$got" = "$code" ] || { cat log; exit 1; }
  grep -F -- "$text" log >/dev/null || { cat log; exit 1; }
}
update() { # LIST WORDS…
  list=$1; shift
  "$KITH" update job.yaml --set update.interactions.path="$list" "$@"
}
same() { # FILES: bits
  /usr/bin/python3 - "$@" <<'P'
import h5py, sys
a, b = (h5py.File(f) for f in sys.argv[1:])
names = []
a.visititems(lambda n, x: names.append(n) if isinstance(x, h5py.Dataset) else None)
assert len(names) >= 3
for n in names: assert (a[n][:] == b[n][:]).all(), n
P
}
says 65 'before the last one of work/graph.h5' update early.txt
[ ! -e work/update ]
says 78 '0 features of early.txt, 2 features of each event' update early.txt --set data.interactions.columns.features=
says 78 'learn from no event more' update few.txt --set data.split.valid=.3
says 78 'stream.dim' update new.txt --set stream.dim=16 # what refuses the checkpoint leaves nothing
says 70 'no checkpoint was written; try a smaller train.lr' "$KITH" train job.yaml --fresh --set train.lr=1000 --set work=far --set graph=work/graph.h5 --set parts=work/parts.h5
[ ! -e work/update ]
update new.txt --json >update.json 2>log || { cat log; exit 1; }
cp work/checkpoint-000001-000000.h5 truth.h5
/usr/bin/python3 - <<'P'
import h5py, json, numpy as np
told = json.loads(open("update.json").read().splitlines()[-1])
a, b = h5py.File("work/graph.h5"), h5py.File("one/graph.h5")
for n in "event/user event/item event/time event/feature event/first train/start train/item train/time valid/item test/item user/id item/id".split():
    assert a[n].shape == b[n].shape and (a[n][:] == b[n][:]).all(), n
old = h5py.File("kept/graph.h5")["event/first"][0]
assert old % 20 == 0 and told["events"] == 200 and told["new_events"] == a["event/first"][0] - old, (old, told)
a, b, c = (h5py.File(f + "/checkpoint-000001-000000.h5") for f in ("work", "one", "kept"))
for n in ["user/parameter", "item/parameter"]: # learned rows, memory, messages: as of one list, and not as before
    x, y = a[n][:], b[n][:]
    assert x.shape == y.shape and np.abs(x - y).max() < 1e-4, (n, np.abs(x - y).max())
    assert np.abs(x[: len(c[n])] - c[n][:]).max() > 1e-2
lines = [json.loads(l) for l in open("work/metrics.jsonl")]
assert [l["epoch"] for l in lines] == [1, 1, 1], lines
old, new = lines[0]["run"], lines[2]["run"]
assert old and new and old != new and lines[1]["update_of"] == old and lines[1]["run"] == new, lines
P
says 0 'nothing is to be done' update new.txt
grep '^[0-9]* pairs of a user and an item new in training' update.json >/dev/null
says 0 report.html "$KITH" report job.yaml
for verb in train update; do grep "^kith $verb job.yaml" work/report.html >/dev/null; done
"$KITH" export job.yaml --format tensorboard --output board >/dev/null
says 0 'tgn of work/checkpoint-latest, after 1 epoch' "$KITH" evaluate job.yaml

rm -rf work && cp -r kept work
{ KITH_FAULT=kill:4@0 update new.txt --quiet --set checkpoint.steps=2 >log 2>&1 && exit 1; } 2>/dev/null
test -f work/update/checkpoint-000000-000002.h5
says 0 'the update goes on' update new.txt
same truth.h5 work/checkpoint-000001-000000.h5
[ "$(echo work/checkpoint-*.h5)" = work/checkpoint-000001-000000.h5 ]
[ ! -e work/update ]
says 78 'stream: without stream.model there is nothing to update' update new.txt --set stream.model=none
