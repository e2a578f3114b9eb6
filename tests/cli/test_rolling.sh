# kith evaluate --rolling: slices of the latest interactions as NumPy cuts them, each as if its list had ended there and time
# had split it; the mean and the deviation of every metric; killed and continued on other ranks, the same figures; refusals.
set -euo pipefail
/usr/bin/python3 -c 'import numpy' 2>/dev/null || { echo "skipped: no numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/t"
cd "$dir/t"
cat >job.yaml <<'J'
work: work
generate: {users: 120, items: 90, interactions: 2000, friends: 0, communities: 4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
partition: {parts: 3}
model: {name: mf, dim: 8}
train: {batch: 256, epochs: 3, lr: 0.02}
evaluate: {k: [5, 10]}
checkpoint: {every: 1}
J
"$KITH" generate job.yaml >/dev/null
awk -F '\t' -v OFS='\t' '!/^#/ {print $1, $2, int($3 / 400000)}' list.tsv >days.tsv # many at one time, also where a slice ends
mv days.tsv list.tsv
ranks 1 evaluate job.yaml --rolling 3 --groups --json --quiet >one || { cat one; exit 1; }

/usr/bin/python3 - <<'P' || exit 1
import json, numpy as np
told = json.loads(open("one").read().splitlines()[-1])
lines = [l for l in open("list.tsv") if not l.startswith("#")]
time = np.array([int(l.split()[2]) for l in lines])
n = len(time)
cut = [next(t + 1 for t in np.sort(time) if (time <= t).sum() >= (.6 + .4 * c / 3) * n - 1e-9) for c in range(3)] + [time.max() + 1]
assert len(told["slices"]) == 3 and all((time == c).sum() > 1 for c in cut[:3])
for c, s in enumerate(told["slices"]):
    assert (s["from"], s["until"]) == (cut[c], cut[c + 1]), (c, s, cut)
    assert s["train"] == (time < cut[c]).sum() and s["test"] == ((time >= cut[c]) & (time < cut[c + 1])).sum()
for k in (5, 10):
    for m in ("recall", "ndcg", "hit_rate", "precision", "mrr"):
        x = [s["%s@%d" % (m, k)] for s in told["slices"]]
        assert abs(told["%s@%d" % (m, k)] - np.mean(x)) < 1e-9 and abs(told["%s@%d_sd" % (m, k)] - np.std(x, ddof=1)) < 1e-9
s = told["slices"][1]
with open("short.tsv", "w") as f: f.writelines(l for l, t in zip(lines, time) if t < s["until"])
open("share", "w").write("%.17g\n" % (s["test"] / (s["train"] + s["test"])))
open("want", "w").write(json.dumps({k: s[k] for k in s if "@" in k or k in ("users", "groups")}))
P

# The second slice by the verbs alone.
alone="--set work=alone --set data.interactions.path=short.tsv --set data.split.method=time --set data.split.valid=0 --set data.split.test=$(cat share) --set evaluate.every=3"
for verb in ingest partition train; do "$KITH" $verb job.yaml $alone --quiet >log 2>&1 || { cat log; exit 1; }; done
"$KITH" evaluate job.yaml $alone --json --quiet | tail -1 >alone.json
/usr/bin/python3 -c '
import json
want, found = json.load(open("want")), json.load(open("alone.json"))
bad = {k: (want[k], found[k]) for k in want if want[k] != found[k]}
assert len(want) == 12 and want["groups"]["items"] and not bad, bad'

figures() { /usr/bin/python3 -c 'import json, sys; x = json.loads(open(sys.argv[1]).read().splitlines()[-1]); print({k: x[k] for k in x if "@" in k or k == "slices"})' "$1"; }
if KITH_FAULT=kill:1000000@0 "$KITH" help >/dev/null 2>&1; then # a build with faults; a slice's ingest counts three steps
  rm -rf work/rolling-3
  code=0
  KITH_FAULT=kill:14@1 ranks 3 evaluate job.yaml --rolling 3 --quiet >log 2>&1 || code=$?
  [ $code = 137 ] || { echo "ended with $code"; cat log; exit 1; }
  [ -e work/rolling-3/slice-1/checkpoint-latest ] || { echo "killed too early"; exit 1; }
fi
[ ! -e work/rolling-3/slice-3/embeddings.h5 ] || { echo "killed too late"; exit 1; }
ranks 2 evaluate job.yaml --rolling 3 --groups --json --quiet >two
[ "$(figures two)" = "$(figures one)" ] || { echo "other figures: $(figures two), expected $(figures one)"; exit 1; }
ranks 1 evaluate job.yaml --rolling 3 --groups --json >again 2>log
[ "$(figures again)" = "$(figures one)" ] || { echo "other figures when all is done"; exit 1; }
if grep '^epoch' log >/dev/null; then echo "trained again"; exit 1; fi

refuses() { # CODE WORDS OPTIONS…
  code=$1 words=$2; shift 2
  found=0
  "$KITH" evaluate job.yaml --quiet "$@" >log 2>&1 || found=$?
  [ $found = "$code" ] || { echo "ended with $found: $*"; cat log; exit 1; }
  [ "$(wc -l <log)" = 1 ] || { echo "more than a line: $*"; cat log; exit 1; }
  grep "$words" log >/dev/null || { echo "not said, $words: $*"; cat log; exit 1; }
}
cut -f 1,2 list.tsv >untimed.tsv
refuses 78 'slices of time need times' --rolling 3 --set data.interactions.path=untimed.tsv --set data.interactions.columns.time=
refuses 78 'train.patience: a slice has no validation' --rolling 3 --set train.patience=2
mkdir chosen
cp work/rolling-3/slice-1/embeddings.h5 chosen
refuses 78 'train.epochs to 3, which .*chosen/embeddings.h5 holds' --rolling 3 --set train.patience=2 --set work=chosen
refuses 78 'evaluate.split: valid' --rolling 3 --split valid
refuses 64 'leave out --refit' --rolling 3 --refit
refuses 64 'not the events of a stream' --rolling 3 --set data.split.method=stream
refuses 64 'not the events of a stream' --rolling 3 --set data.split.method=stream --set evaluate.stream=event
refuses 64 'expected a number from 2 to 50' --rolling 1
refuses 64 'belongs to --rolling' --fresh
refuses 78 'or with --fresh' --rolling 3 --set model.dim=4
refuses 78 'slice-1/checkpoint-000003-000000.h5: is past epoch 2, which is train.epochs; .* with --fresh' --rolling 3 --set train.epochs=2
awk -F '\t' -v OFS='\t' '!/^#/ {print $1, $2, 7}' list.tsv >same.tsv
refuses 65 'slice 1 of 3 is empty' --rolling 3 --set data.interactions.path=same.tsv

# The number of the line as time: slices of lines, and it is said.
"$KITH" evaluate job.yaml --rolling 2 --json --set work=lines --set data.interactions.columns.time=line >lines.json
tail -1 lines.json | /usr/bin/python3 -c '
import json, sys
r, n = json.load(sys.stdin), sum(not l.startswith("#") for l in open("list.tsv"))
assert r["time_is"] == "line" and [s["test"] for s in r["slices"]] == [n // 5, n // 5], r'
grep 'the number of the line, not a clock' lines.json >/dev/null

# --updated: the rows of kith update by hand; the figures of these rows by NumPy; the same on 2 ranks.
awk -F '\t' 'FNR == NR {last = $3 > last ? $3 : last; next} substr($1, 6) % 9 || $3 > .7 * last' list.tsv list.tsv >late.tsv # some users come late
late="--set work=late --set data.interactions.path=late.tsv --set update.epochs=1"
"$KITH" evaluate job.yaml --rolling 2 --updated $late --json --quiet | tail -1 >updated
ranks 2 evaluate job.yaml --rolling 2 --updated $late --set work=late2 --json --quiet | tail -1 >updated2
[ "$(figures updated2)" = "$(figures updated)" ] || { echo "other figures: $(figures updated2), expected $(figures updated)"; exit 1; }
/usr/bin/python3 - <<'P'
import json
told = json.load(open("updated"))
cut = [s["from"] for s in told["slices"]]
assert told["updated"] and sum(s["cold_users"] for s in told["slices"]) > 0, told
lines = [l for l in open("late.tsv") if not l.startswith("#")]
for name, low, high in (("first.tsv", 0, cut[0]), ("second.tsv", cut[0], cut[1])):
    open(name, "w").writelines(l for l in lines if low <= int(l.split()[2]) < high)
P
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
by_hand() { # MODEL
  hand="--set work=hand-$1 --set model.name=$1 --set data.interactions.path=first.tsv --set evaluate.every=0"
  for verb in ingest partition train; do "$KITH" $verb job.yaml $hand --quiet >log 2>&1 || { cat log; exit 1; }; done
  "$KITH" update job.yaml $hand --set update.epochs=1 --set update.interactions.path=second.tsv --quiet >log 2>&1 || { cat log; exit 1; }
  "$KITH" evaluate job.yaml --rolling 2 --updated $late --set work=late-$1 --set model.name=$1 --quiet >log 2>&1 || { cat log; exit 1; }
  same_embeddings hand-$1/embeddings.h5 late-$1/rolling-2-updated/slice-2/model/embeddings.h5
}
by_hand lightgcn
by_hand spectral
/usr/bin/python3 - <<'P'
import json, h5py, numpy as np
s = json.load(open("updated"))["slices"][1]
model, f = (h5py.File("late/rolling-2-updated/slice-2/" + p) for p in ("model/embeddings.h5", "embeddings.h5"))
U, E = f["user/embedding"][:].astype(float), f["item/embedding"][:].astype(float)
for t, X in (("user", U), ("item", E)):
    known = model[t + "/embedding"][:]
    assert len(X) >= len(known) and np.array_equal(X[:len(known)].astype(np.float32), known), t
user, item = ({i.decode(): k for k, i in enumerate(f[t + "/id"][:])} for t in ("user", "item"))
train, test = {}, {}
for l in open("late.tsv"):
    if l.startswith("#"): continue
    u, i, t = l.split()[0], l.split()[1], int(l.split()[2])
    if t < s["from"]: train.setdefault(user[u], set()).add(item[i])
for l in open("late.tsv"):
    if l.startswith("#"): continue
    u, i, t = l.split()[0], l.split()[1], int(l.split()[2])
    if s["from"] <= t < s["until"] and item[i] not in train.get(user[u], ()): test.setdefault(user[u], set()).add(item[i])
recall = []
for u in test:
    score = E @ U[u]
    score[list(train.get(u, ()))] = -np.inf
    recall.append(len(set(np.argsort(-score, kind="stable")[:10]) & test[u]) / len(test[u]))
assert s["test"] == sum(map(len, test.values())) and s["train"] == sum(map(len, train.values())) and s["users"] == len(test), s
assert abs(np.mean(recall) - s["recall@10"]) < 1e-9, (np.mean(recall), s)
P
refuses 64 'belongs to --rolling' --updated
refuses 78 'model.sequence: what is learned' --rolling 3 --updated --set model.sequence=sasrec
refuses 64 'not the events of a stream' --rolling 3 --updated --set data.split.method=stream --set evaluate.stream=event --set stream.model=tgn
