# Half-lives of interactions in LightGCN: rows are what NumPy makes of the checkpoint and the times; the same bits on any
# number of ranks and any cut; none is a job without the key; new users read recent interactions more; auto chooses by
# slices of time; what cannot be is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
with="--set model.half_life=90d"
plain="--set checkpoint.best=false --set evaluate.every=0 --set evaluate.oversmoothing=false"
train() { n=$1; shift; ranks $n train job.yaml --fresh --quiet "$@" >/dev/null; }

cat >"$dir/oracle.py" <<'P'
import h5py, numpy as np, sys
days = float(sys.argv[1])
graph, told = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
n = [len(graph["user/id"]), len(graph["item/id"])]
start, item, time = (graph["train/" + x][:] for x in ("start", "item", "time"))
count = np.zeros((sum(n), sum(n)))
for u in range(n[0]):
    for e in range(start[u], start[u + 1]):
        count[u, n[0] + item[e]] = count[n[0] + item[e], u] = 2.0 ** -min((time.max() - time[e]) / (days * 86400), 60)
degree = np.where(count.sum(1) > 0, count.sum(1), 1)
m = count / np.sqrt(np.outer(degree, degree))
e = np.concatenate([state["user/parameter"][:], state["item/parameter"][:]]).astype(float)
layers = [e]
for _ in range(2): layers.append(m @ layers[-1])
truth = np.mean(layers, 0)
mine = np.concatenate([told["user/embedding"][:], told["item/embedding"][:]])
worst = np.abs(mine - truth).max() / np.abs(truth).max()
assert worst < 1e-5, worst
if len(sys.argv) > 2: # a new user's interactions count fully
    new = h5py.File(sys.argv[2])
    items = [x.decode() for x in graph["item/id"][:]]
    reads = [n[0] + items.index(line.split("\t")[1]) for line in open("new.tsv").read().splitlines()]
    rows = [np.zeros(e.shape[1])] + [sum(x[i] / np.sqrt(len(reads) * degree[i]) for i in reads) for x in layers[:2]]
    assert len(reads) == 2 and np.abs(new["user/embedding"][0] - np.mean(rows, 0)).max() < 1e-5 * np.abs(truth).max()
P

# One SHA of the rows on 1 to 4 ranks and two cuts, and they are the oracle's.
train 1 $with $plain
/usr/bin/python3 "$dir/oracle.py" 90
/usr/bin/python3 "$dir/oracle.py" 100 2>/dev/null && { echo "the oracle sees no half-life"; exit 1; }
cp work/embeddings.h5 one.h5
for n in 2 3 4; do train $n $with $plain; same_embeddings one.h5 work/embeddings.h5; done
"$KITH" partition job.yaml --quiet --set partition.method=hash >/dev/null
train 3 $with $plain
same_embeddings one.h5 work/embeddings.h5
train 2 --set model.half_life=1s $plain # the oldest count 2^-60
/usr/bin/python3 "$dir/oracle.py" 1.1574074074074074e-05
train 3 $with $plain

# New users, on one rank and on three.
sed -n '/^#/d; s/^[^\t]*/new-1/p' list.tsv >all.tsv; sed -n 1,2p all.tsv >new.tsv
new="--set embed.interactions.path=new.tsv --set embed.interactions.format=edges"
ranks 1 embed job.yaml $with $new --output new-one.h5 --quiet >/dev/null
ranks 3 embed job.yaml $with $new --output new.h5 --quiet >/dev/null
/usr/bin/python3 "$dir/oracle.py" 90 new.h5
same_embeddings new-one.h5 new.h5

# A resumed run says the same: with another half-life the checkpoint is not taken.
rc=0; "$KITH" train job.yaml --set model.half_life=91d --set train.epochs=5 $plain >out 2>err || rc=$?
[ $rc = 78 ] && grep -q "half_life" err || { echo "exit $rc"; cat err; exit 1; }
"$KITH" train job.yaml $with --set train.epochs=5 $plain >out 2>err

# None is a job without the key, and so is what auto chooses where nothing drifts; the choice is the same on any ranks.
train 2 $plain
cp work/embeddings.h5 none.h5
train 2 --set model.half_life=none $plain
same_embeddings none.h5 work/embeddings.h5
/usr/bin/python3 "$dir/oracle.py" 90 2>/dev/null && { echo "none decays"; exit 1; }
for n in 1 3; do ranks $n train job.yaml --fresh --set model.half_life=auto $plain 2>&1 >/dev/null | grep -E "half_life|mean|chosen|half-life" >choice$n; done
diff choice1 choice3
grep -q "none .*chosen" choice1 || { cat choice1; exit 1; }

# Where tastes drift, auto chooses a half-life.
"$KITH" generate job.yaml --quiet --set generate.drift=1 --set generate.interactions=12000 >/dev/null
late="--set data.split.method=time"
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet $late >/dev/null; done
ranks 2 train job.yaml --fresh --json $late --set model.half_life=auto $plain 2>err | tail -1 >out.json
/usr/bin/python3 - <<'P' || { cat err; exit 1; }
import json
assert json.load(open("out.json"))["half_life_days"] > 0
P

# The choice stays with the run: a resumed run, the export and new nodes take what the checkpoint stores.
auto="$late --set model.half_life=auto $plain"
days() { /usr/bin/python3 -c 'import h5py, sys; print(h5py.File(sys.argv[1]).attrs["half_life"] / 86400)' "$1"; }
chosen=$(days work/embeddings.h5)
grep -q " d .*chosen" err
[ "$(days "work/$(cat work/checkpoint-latest)")" = "$chosen" ]
printf 'new-1\t%s\t1\n' "$(grep -v '^#' list.tsv | head -n 1 | cut -f 2)" >new.tsv
"$KITH" train job.yaml $auto --set train.epochs=5 >out 2>err
grep -q "as chosen for the run of" err && ! grep -q "untrained paths" err || { cat err; exit 1; }
"$KITH" embed job.yaml $auto $new --output new.h5 >out 2>err
grep -q "as chosen for the run of" err && [ "$(days new.h5)" = "$chosen" ] || { cat err; exit 1; }
"$KITH" train job.yaml $auto --set train.epochs=5 --fresh --quiet >out 2>err # anew
[ "$(days work/embeddings.h5)" = "$chosen" ]

"$KITH" train job.yaml --fresh --set train.epochs=1 --set model.half_life=1s --set work=short --set graph=work/graph.h5 --set parts=work/parts.h5 $plain >out 2>err
grep -q "half-life 1 s: interactions count .* on average, the oldest 8.7e-19" err || { cat err; exit 1; }

# A chosen half-life that no run can have is damage.
for bad in -1.0 0.5 float\(\"nan\"\); do
  at=work/$(cat work/checkpoint-latest) # the run goes on from the one before
  /usr/bin/python3 -c "import h5py; h5py.File(\"$at\", \"r+\").attrs.modify(\"half_life\", $bad)"
  /usr/bin/python3 -B "$KITH_SOURCE/tests/support/seal.py" anew "$at"
  "$KITH" train job.yaml $auto --set train.epochs=6 >out 2>err || true
  grep -q "a half_life of .* seconds is impossible" err || { echo "half_life $bad"; cat err; exit 1; }
done

# What cannot be is refused with one line that names the key.
refused() { # TEXT words…
  text=$1; shift
  rc=0; "$KITH" train job.yaml --fresh "$@" >out 2>err || rc=$?
  [ $rc = 78 ] && grep -q "model.half_life: .*$text" err || { echo "exit $rc, expected: $text"; cat err; exit 1; }
}
refused "expected none, auto, or a time with its unit" --set model.half_life=180
refused "expected none, auto, or a time with its unit" --set model.half_life=-3d
refused "expected none, auto, or a time with its unit" --set model.half_life=3m
refused "expected 1 to" --set model.half_life=1e9y
refused "sampler.mode: neighbor" $with --set sampler.mode=neighbor
"$KITH" ingest job.yaml --quiet --set data.interactions.columns.time= >/dev/null
"$KITH" partition job.yaml --quiet >/dev/null
refused "has no times; name data.interactions.columns.time" $with

# A new user who names an item that training does not know by any interaction: its degree counts as 1.
grep -v '^#' list.tsv | sed -n 1p | awk -v OFS='\t' '{ print $1, "cold-item", $3 }' >cold.tsv
cold="--set work=cold --set data.test.path=cold.tsv --set data.split.test=0"
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet $cold >/dev/null 2>&1; done
"$KITH" train job.yaml --fresh --quiet $cold $with $plain >/dev/null 2>&1
printf 'new-2\tcold-item\t%s\n' "$(cut -f3 cold.tsv)" >new.tsv; sed -n '1s/^[^\t]*/new-2/p' all.tsv >>new.tsv
"$KITH" embed job.yaml $cold $with $new --output cold.h5 --quiet >/dev/null 2>&1
/usr/bin/python3 -c 'import h5py, numpy; x = h5py.File("cold.h5")["user/embedding"][:]; assert x.shape[0] == 1 and numpy.isfinite(x).all() and abs(x).max() > 0, x'
