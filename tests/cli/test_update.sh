# An update: what it refuses and says, that the old model serves until the new one is there, and that one which is killed, in
# its steps and between the files that take their places, and goes on on other ranks ends with the bits of one that nobody
# disturbed.  Every key of update decides something; rows that are held firmly stay.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
# Users 0 to 119 of which some are new, items likewise; every seventh pair is new as well.
awk 'BEGIN { srand(3); for (n = 0; n < 2400; n++) { u = int(120 * rand() ^ 1.4); i = int(90 * rand() ^ 1.4); if (!s[u, i]++) {
  print "u" u "\ti" i > (u > 112 || i > 85 || n % 7 == 0 ? "new.tsv" : n % 8 == 1 ? "test.tsv" : "old.tsv") } } }'
head -40 new.tsv >other.tsv
cat >job.yaml <<'J'
work: work
data:
  interactions: {path: old.tsv, format: edges, header: false}
  test: {path: test.tsv, format: edges, header: false}
partition: {parts: 6}
model: {name: lightgcn, dim: 8, layers: 2}
loss: {name: softmax}
train: {batch: 128, epochs: 3, lr: 0.02}
evaluate: {k: [5]}
checkpoint: {keep: 2}
update: {epochs: 2}
J
new="--set update.interactions.path=new.tsv"
refused() { # CODE WORDS ARGUMENTS…: kith update is refused
  local code=0 want=$1 words=$2; shift 2
  "$KITH" update job.yaml --quiet "$@" >log 2>&1 || code=$?
  [ $code = $want ] && grep -F "$words" log >/dev/null || { echo "expected $want and '$words', got $code:"; cat log; exit 1; }
}
run() { "$KITH" "$@" --quiet >log 2>&1 || { echo "kith $* ended with $?"; cat log; exit 1; }; }
refused 78 "update.interactions.path: expected a list"
run ingest job.yaml
run partition job.yaml
refused 66 "there is no model to update: run kith train job.yaml first" $new
run train job.yaml
cp -r work before
afresh() { rm -rf work; cp -r before work; }
old=$(exported)

# the update that nobody disturbs
refused 78 "sampler.mode: cluster" $new --set sampler.mode=cluster
refused 78 "there is nothing to update" $new --set data.split.method=stream
refused 78 "was trained with model.dim=8, the job has model.dim=12; update with" $new --set model.dim=12
[ ! -e work/update ] || { echo "left $(ls work/update)"; exit 1; }
refused 78 "elsewhere.h5 may be of other jobs" $new --set parts=elsewhere.h5
"$KITH" update job.yaml $new --json >told 2>log || { cat log; exit 1; }
grep -E '"new_pairs": [1-9].*"new_users": [1-9].*"new_items": [1-9].*"updated": true' told >/dev/null || { cat told; exit 1; }
[ ! -e work/update ] || { echo "left $(ls work/update)"; exit 1; }
wanted=$(exported)
[ "$wanted" != "$old" ] || { echo "an update changed nothing"; exit 1; }
grep '"update_of"' work/metrics.jsonl >/dev/null
[ "$(wc -l <work/metrics.jsonl)" = 6 ] || { cat work/metrics.jsonl; exit 1; }
for verb in evaluate recommend; do run $verb job.yaml $([ $verb = evaluate ] || echo --user u119); done
"$KITH" update job.yaml $new --quiet >log 2>&1
grep "was updated by these lists: nothing is to be done" log >/dev/null || { cat log; exit 1; }
[ "$(exported)" = "$wanted" ] || { echo "an update that was done did something"; exit 1; }
"$KITH" update job.yaml --set update.interactions.path=other.tsv --quiet >log 2>&1
grep "the lists hold nothing that the graph lacks" log >/dev/null || { cat log; exit 1; }
[ ! -e work/update ] || { echo "left $(ls work/update)"; exit 1; }

# one that is killed: in its steps, then among its renames
KITH_FAULT=kill:1000000@0 "$KITH" help >/dev/null 2>&1 || { echo "built without faults"; exit 77; }
asked=false amid=false
for places in "3:7@2" "1:16@0 1:2@0"; do
  afresh
  for place in $places; do
    n=${place%%:*} fault= code=0
    [ "$n" = "$place" ] || fault=kill:${place#*:}
    run_on="ranks $n"
    [ $n != 1 ] || run_on=$KITH
    KITH_FAULT=$fault $run_on update job.yaml $new --set checkpoint.steps=2 --quiet >log 2>&1 || code=$?
    [ -n "$fault" ] || [ $code = 0 ] || { echo "$place of $places ended with $code"; cat log; exit 1; }
    [ $code != 0 ] || break
    if [ -e work/update/commit ]; then
      amid=true
      code=0; "$KITH" evaluate job.yaml --quiet >log 2>&1 || code=$?
      [ $code = 66 ] && grep "run kith update" log >/dev/null || { echo "read amid renames"; cat log; exit 1; }
    else
      [ "$(exported)" = "$old" ] || { echo "the old model changed at $place"; exit 1; }
      ! $asked || continue
      asked=true
      run evaluate job.yaml
      for verb in train ingest partition; do
        code=0; "$KITH" $verb job.yaml --quiet >log 2>&1 || code=$?
        [ $code = 73 ] && grep "is not complete; run kith update" log >/dev/null || { echo $verb; cat log; exit 1; }
      done
      refused 78 "an update by other lists is not complete" --set update.interactions.path=other.tsv
      refused 78 "update.epochs=2" $new --set update.epochs=3
    fi
  done
  ranks 2 update job.yaml $new --quiet >log 2>&1 || { cat log; exit 1; }
  [ "$(exported)" = "$wanted" ] || { echo "other bits after $places"; exit 1; }
  [ ! -e work/update ] || { echo "left $(ls work/update)"; exit 1; }
  run evaluate job.yaml
done
$asked
$amid || { echo "no kill fell among the renames"; exit 1; }

# one that is dropped: nothing of it is left, and the old model is there
afresh
code=0; KITH_FAULT=kill:3@0 "$KITH" update job.yaml $new --quiet >log 2>&1 || code=$?
[ $code != 0 ]
[ -e work/update/graph.h5 ]
touch work/update/{settings,commit}.tmp-0123456789abcdef # of a process that is killed before it renames them
"$KITH" update job.yaml --set update.interactions.path=old.tsv --fresh --quiet >log 2>&1
grep "the lists hold nothing" log >/dev/null || { echo "--fresh"; cat log; exit 1; }
[ ! -e work/update ] || { echo "--fresh left $(ls work/update)"; exit 1; }
[ "$(exported)" = "$old" ] || { echo "--fresh changed the old model"; exit 1; }

# every key decides something
for set in update.epochs=1 update.replay=0 update.lr=0.001 update.hold=9 update.init=zero; do
  afresh
  run update job.yaml $new --set $set
  [ "$(exported)" != "$wanted" ] || { echo "$set does nothing"; exit 1; }
done

# held firmly, known nodes stay; new ones do not
afresh
run update job.yaml $new --set update.hold=1e9
/usr/bin/python3 - <<'P'
import glob, h5py, numpy as np
old, = (h5py.File(p)["user/parameter"][()] for p in sorted(glob.glob("before/checkpoint-0*.h5"))[-1:])
new, = (h5py.File(p)["user/parameter"][()] for p in sorted(glob.glob("work/checkpoint-0*.h5"))[-1:])
assert len(new) > len(old) and np.abs(new[: len(old)] - old).max() < 1e-3, np.abs(new[: len(old)] - old).max()
P
run ingest job.yaml
grep -F "had the lists of 1 update, which data.interactions does not name" log >/dev/null || { cat log; exit 1; }

# other models, and sampled steps
for set in model.name=mf model.name=ngcf sampler.mode=neighbor; do
  rm -rf work
  mkdir work
  cp before/graph.h5 before/parts.h5 work
  run train job.yaml --set $set
  old=$(exported)
  run update job.yaml $new --set $set
  [ "$(exported)" != "$old" ] || { echo "$set: nothing was updated"; exit 1; }
  grep -E '"epoch": 5, "loss": [0-9]' work/metrics.jsonl >/dev/null
done

# lists of features and of edges
mkdir rich; cd rich
awk '{ print $1 "\tf" substr($1, 2) % 7 "\th" substr($1, 2) % 5 }' ../old.tsv ../new.tsv | sort -u >users.tsv
awk '{ print $2 "\tg" substr($2, 2) % 7 }' ../old.tsv ../new.tsv | sort -u >items.tsv
awk '{ print $1 "\tu" (substr($1, 2) * 7) % 100 }' ../old.tsv | sort -u >friends.tsv
awk '{ print $1 "\tu" (substr($1, 2) * 3) % 100 }' ../new.tsv | sort -u >later.tsv
sed 's/path: \(old\|test\)/path: ..\/\1/; s/^partition/  user_features: {path: users.tsv}\n  item_features: {path: items.tsv}\n  social: {path: friends.tsv, format: edges, header: false}\npartition/; s/layers: 2/layers: 2, input: both, relations: {friend: 0.5}/' ../job.yaml >job.yaml
for verb in ingest partition train; do run $verb job.yaml; done
cp -r work before
new="--set update.interactions.path=../new.tsv"
run update job.yaml $new
wanted=$(exported)
for set in update.user_features.path=users.tsv update.item_features.path=items.tsv update.relations.friend=later.tsv; do
  afresh
  run update job.yaml $new --set $set
  [ "$(exported)" != "$wanted" ] || { echo "$set does nothing"; exit 1; }
done

# lists without a new pair: edges alone leave the input rows as they are; what is refused leaves no folder
afresh
refused 78 "expected a new list" --set update.user_features.path=users.tsv
[ ! -e work/update ] || { echo "left $(ls work/update)"; exit 1; }
old=$(exported)
"$KITH" update job.yaml --set update.relations.friend=later.tsv --json >told 2>log || { cat log; exit 1; }
grep "no epoch is trained" told >/dev/null || { cat told; exit 1; }
grep '"new_pairs": 0, "old_pairs": 0' told >/dev/null || { cat told; exit 1; }
[ ! -e work/update ] || { echo "left $(ls work/update)"; exit 1; }
[ "$(exported)" != "$old" ] || { echo "new edges changed no exported row"; exit 1; }
/usr/bin/python3 - <<'P'
import glob, h5py, numpy as np
old, new = (h5py.File(sorted(glob.glob(f + "/checkpoint-0*.h5"))[-1])["user/parameter"][()] for f in ("before", "work"))
assert np.array_equal(old, new)
P
run evaluate job.yaml

# a refit has the steps of the model's epochs, of which those of updates are short
held="--set work=held --set data.split.method=ratio --set data.split.valid=.1 --set data.split.test=0"
for verb in ingest partition train; do run $verb job.yaml $held; done
refused 64 "kith update: --no-test: but evaluate.split is test" $held $new --no-test --set evaluate.split=test
"$KITH" update job.yaml $held $new --no-test --quiet --json >told 2>log || { cat log; exit 1; }
grep valid_recall told >/dev/null
! grep test_recall told >/dev/null || { echo "read the test split"; cat told; exit 1; }
"$KITH" train job.yaml $held --refit >log 2>&1 || { cat log; exit 1; }
/usr/bin/python3 - <<'P'
import h5py, json, math
told, steps = json.loads(open("told").read().splitlines()[-1]), lambda n: math.ceil(n / 128)
n = len(h5py.File("held/graph.h5")["train/item"])
before, = [l["epoch"] for l in map(json.loads, open("held/metrics.jsonl")) if "update_of" in l]
made = before * steps(n - told["new_pairs"]) + 2 * steps(told["new_pairs"] + told["old_pairs"])
epochs, is_ = math.floor(made / steps(n) + .5), h5py.File("held/refit/embeddings.h5").attrs["epoch"]
assert is_ == epochs < before + 2, (is_, epochs, before)
P
grep "had as many steps as" log >/dev/null || { cat log; exit 1; }
"$KITH" evaluate job.yaml $held --refit --quiet >log 2>&1
! grep "by now, and the refit" log >/dev/null

# a run that patience stopped has ended, also after updates; epochs of kith train behind the chosen one do not count
early="$held --set work=early --set train.patience=1 --set train.epochs=30 --set train.lr=.1"
for verb in ingest partition train; do run $verb job.yaml $early; done
cp -r early prior
"$KITH" update job.yaml $early $new --json >told 2>log || { cat log; exit 1; }
! grep "best so far" log >/dev/null || { echo "an update is the best of its one measurement"; cat log; exit 1; }
run report job.yaml $early --compare prior
grep "Runs A and B are before and after an update" early/report.html >/dev/null
grep "^kith update job.yaml .* --set update.interactions.path=.*new.tsv$" early/report.html >/dev/null
counts() { # a refit has the steps of the exported model
  "$KITH" train job.yaml $early --refit --fresh >log 2>&1 || { cat log; exit 1; }
  /usr/bin/python3 - <<'P'
import h5py, json, math
told, steps = json.loads(open("told").read().splitlines()[-1]), lambda n: math.ceil(n / 128)
chosen, refit = (int(h5py.File(f"early/{f}embeddings.h5").attrs["epoch"]) for f in ("", "refit/"))
n = len(h5py.File("early/graph.h5")["train/item"])
before, = [l["epoch"] for l in map(json.loads, open("early/metrics.jsonl")) if "update_of" in l]
made = before * steps(n - told["new_pairs"]) + 2 * steps(told["new_pairs"] + told["old_pairs"])
assert refit == math.floor(made / steps(n) + .5) + chosen - before - 2 < chosen < 30, (refit, chosen, before)
P
}
counts
updated=$(/usr/bin/python3 -c "import h5py; print(h5py.File(\"early/embeddings.h5\").attrs[\"epoch\"])")
run train job.yaml $early # goes on, and stops
known="--set update.interactions.path=../other.tsv" # nothing that the graph lacks
"$KITH" update job.yaml $early $known --quiet >log 2>&1
! grep "has not ended" log >/dev/null || { echo "patience ended it"; cat log; exit 1; }
"$KITH" update job.yaml $early $known --quiet --set train.patience=9 >log 2>&1
grep "has not ended: [0-9]* of 30 epochs, and 1 of 9 evaluations without a better .* kith train job.yaml .*=9 does the rest" log >/dev/null || { cat log; exit 1; }
[ "$(tail -n 1 early/metrics.jsonl | /usr/bin/python3 -c "import json; print(json.loads(input())[\"epoch\"])")" -gt "$updated" ] || { echo "no epoch was made"; exit 1; }
counts
