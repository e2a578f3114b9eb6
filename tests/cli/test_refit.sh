# --refit trains on training and validation interactions and on those outside of a core, for the epochs that validation
# chose: bit for bit as a job whose list was never split does, overlaps, times and weights included; on any number of ranks,
# and where it was killed.  What cannot be is one line.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t" 2>/dev/null
cd "$dir/t"
quiet() { "$@" >out 2>err || { echo "failed: $*"; cat out err; exit 1; }; }
fails() { # CODE WORDS command…: it ends so, with one line that has the words
  local wanted=$1 words=$2 code=0
  shift 2
  "$@" --quiet >out 2>err || code=$?
  [ $code = "$wanted" ] && grep -qF -- "$words" err && [ "$(grep -vc '^kith: warning' err)" = 1 ] \
    || { echo "expected $wanted and: $words; found $code from: $*"; cat err; exit 1; }
}
told() { /usr/bin/python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).read().splitlines()[-1])[sys.argv[2]])' "$@"; }

# Core: one list for training, one for test; of `whole` the same two, but nothing is held out for validation.
/usr/bin/python3 - <<'P'
lines = [l.split() for l in open("list.tsv") if not l.startswith("#")]
held, rest = lines[::5], [l for k, l in enumerate(lines) if k % 5]
users = {l[0] for l in rest}
for name, some in ("rest.tsv", rest), ("held.tsv", [l for l in held if l[0] in users]):
    open(name, "w").write("".join("\t".join(l + ["%g" % (1 + k % 5)]) + "\n" for k, l in enumerate(some)))
items = sorted({l[1] for l in rest})
open("alike.tsv", "w").write("".join("%s\t%s\n" % (items[k], items[k * 7 % len(items)]) for k in range(1, len(items), 2) if k * 7 % len(items) != k))
P
cat >core.yaml <<'J'
work: chosen
data:
  interactions: {path: rest.tsv, format: edges, columns: {user: 1, item: 2, time: 3, weight: 4}}
  test: {path: held.tsv}
  social: {path: friends.tsv, format: edges}
  relations:
    alike: {path: alike.tsv, format: edges, from: item, to: item}
  split: {method: core, core: 8, valid: 0.2}
partition: {parts: 4}
model: {dim: 16, layers: 2, half_life: auto, relations: {friend: 0.5, alike: 0.5}, tie: similarity}
train: {batch: 256, epochs: 8, lr: 0.05}
evaluate: {k: [5, 10], every: 1}
J
sed 's/^work:.*/work: whole/; /split:.*core/d' core.yaml >whole.yaml
for job in core whole; do for verb in ingest partition; do quiet "$KITH" $verb $job.yaml; done; done
fails 66 "run kith train core.yaml first" "$KITH" train core.yaml --refit
[ ! -e chosen/refit ] || { echo "a refused refit left a folder"; exit 1; }
fails 66 "run kith train core.yaml --refit first" "$KITH" evaluate core.yaml --refit
{ KITH_FAULT=kill:45@0 "$KITH" train core.yaml --quiet --set checkpoint.every=1 >out 2>err; } 2>/dev/null && code=0 || code=$?
if [ $code = 137 ]; then fails 78 "its run has not ended: " "$KITH" train core.yaml --refit; fi
quiet "$KITH" train core.yaml --json
grep -q "on test: without [0-9]* validation interactions" out || { cat out; exit 1; }
[ "$(told out refit)" = False ] || { cat out; exit 1; }
best=$(told out best_epoch) half=$(told out half_life_days)
[ "$half" = 0 ] && half=none || half+=d
cp chosen/embeddings.h5 before.h5
quiet "$KITH" train core.yaml --refit --json
cp out refit.json
grep -q "model.half_life: auto: .* as chosen for the run of chosen/checkpoint-" err || { cat err; exit 1; }
grep -qF "refit: $best epoch" err && grep -qF "as chosen on validation; test read once" err || { cat err; exit 1; }
if grep -q "on test: without" out; then echo "a refit warns of the share that it trains on"; exit 1; fi
sed -i "s/half_life: auto/half_life: $half/" whole.yaml
quiet "$KITH" train whole.yaml --set train.epochs="$best" --set evaluate.every="$best" --json
cp out whole.json
same_embeddings chosen/refit/embeddings.h5 whole/embeddings.h5
/usr/bin/python3 - <<'P'
import h5py, json
a, b = (json.loads(open(name + ".json").read().splitlines()[-1]) for name in ("refit", "whole"))
for key in "epochs", "pairs", "test_recall@10", "test_ndcg@5": assert a[key] == b[key], (key, a[key], b[key])
assert a["split"] == "test" and a["refit"] and not any(k.startswith("valid") for k in a), a
evaluations = [l for l in map(json.loads, open("chosen/refit/metrics.jsonl")) if "split" in l]
assert len(evaluations) == 1 and evaluations[0]["split"] == "test", evaluations
a, b = h5py.File("chosen/refit/parts.h5"), h5py.File("whole/parts.h5")
names = []
b.visititems(lambda name, x: names.append(name) if isinstance(x, h5py.Dataset) else None)
assert {"train/time", "train/weight", "edge/friend/overlap", "edge/alike/overlap"} <= set(names), names
for name in names: assert name.startswith("checksum/") or (a[name][:] == b[name][:]).all(), name
P

# On other numbers of ranks, killed and continued, with a cut that was made before; what was chosen stays as it is.
same() { same_embeddings chosen/refit/embeddings.h5 whole/embeddings.h5; cmp before.h5 chosen/embeddings.h5; }
ranks 3 train core.yaml --refit --fresh --quiet >/dev/null
same
rm -r chosen/refit
quiet "$KITH" partition core.yaml --refit --set partition.method=hash
code=0; KITH_FAULT=kill:9@1 ranks 2 train core.yaml --refit --quiet --set checkpoint.steps=2 >out 2>err || code=$?
[ $code != 0 ] && [ -e chosen/refit/checkpoint-latest ] || { echo "the kill came to nothing"; cat err; exit 1; }
[ ! -e chosen/refit/embeddings.h5 ] || { echo "a killed refit exported"; exit 1; }
ranks 3 train core.yaml --refit --quiet >/dev/null
same

# Verbs that read it.
quiet "$KITH" evaluate core.yaml --refit --json
grep -q '^a refit: none of [0-9]* interactions is held out for validation' out || { cat out; exit 1; }
[ ! -s err ] || { echo "evaluate --refit says"; cat err; exit 1; }
/usr/bin/python3 - <<'P'
import json
a, b = (json.loads(open(name).read().splitlines()[-1]) for name in ("out", "whole.json"))
assert abs(a["recall@10"] - b["test_recall@10"]) < 1e-9 and a["split"] == "test" and a["refit"], (a, b)
P
quiet "$KITH" evaluate core.yaml
grep -q "on test: without" out || { cat out; exit 1; }
for job in core whole; do
  refit=--refit; [ $job = core ] || refit=
  quiet "$KITH" recommend $job.yaml $refit --all --output $job-top.tsv
  printf 'one\t%s\n' $(cut -f2 rest.tsv | head -3) >new.tsv
  quiet "$KITH" embed $job.yaml $refit --set embed.interactions.path=new.tsv --set embed.types=users
  quiet "$KITH" recommend $job.yaml $refit --user one
  sed 's/^  *[0-9]* //' out >$job-one
done
cmp core-top.tsv whole-top.tsv
cmp core-one whole-one
[ -e chosen/refit/new.h5 ] && [ ! -e chosen/new.h5 ] || { echo "new.h5 is not in the refit's folder"; exit 1; }

# What cannot be.
# Advice to train anew says --fresh, and then it works.
fails 78 "which validation has not judged; train into another folder with --set work=FOLDER, or run kith train core.yaml --set train.lr=0.02 --fresh first" "$KITH" train core.yaml --refit --set train.lr=0.02
fails 78 "has model=mf; use it with --set model.name=lightgcn, or name the job's own folder with --set work=FOLDER" \
  "$KITH" evaluate core.yaml --refit --set model.name=mf --set model.layers=0 --set model.half_life=none
fails 78 "has not ended: 8 of 9 epochs are done" "$KITH" train core.yaml --refit --set train.epochs=9
fails 78 "holds out no interactions for validation" "$KITH" train whole.yaml --refit
fails 78 "holds out no interactions for validation" "$KITH" partition whole.yaml --refit
[ ! -e whole/refit ] || [ -z "$(ls whole/refit)" ] || { echo "a refused refit left files"; exit 1; }
fails 65 "was cut with --refit" "$KITH" train core.yaml --set parts=chosen/refit/parts.h5
fails 78 "refit=1" "$KITH" train core.yaml --set work=chosen/refit --set graph=chosen/graph.h5 --set parts=chosen/parts.h5
fails 64 "--refit" "$KITH" ingest core.yaml --refit
fails 64 "--refit" "$KITH" tune core.yaml --refit
fails 78 "nothing is held out for valid" "$KITH" evaluate core.yaml --refit --split valid
quiet "$KITH" train core.yaml --fresh --set work=ontest --set graph=chosen/graph.h5 --set parts=chosen/parts.h5 --set evaluate.split=test --set train.patience=3
fails 78 "its epoch was chosen by recall@10 on test; train with --fresh and evaluate.split: valid" "$KITH" train core.yaml --refit --set work=ontest --set graph=chosen/graph.h5 --set evaluate.split=test --set train.patience=3
rm -r ontest

# A random share of each user, and no test split: what was chosen changes to fewer epochs, which needs --fresh, and to more.
# Verbs that read the refit say that it is not of the epochs that are chosen now.
by_now() { # WORDS
  quiet "$KITH" recommend "${random[@]}" --refit --user user-001
  grep -q "random/embeddings.h5: $1" err || { echo "recommend does not say: $1"; cat err; exit 1; }
}
random=(job.yaml --set data.split.valid=0.2 --set data.split.test=0 --set evaluate.split=auto --set evaluate.oversmoothing=false --set work=random)
for verb in ingest partition; do quiet "$KITH" $verb "${random[@]}"; done
chosen() { # EPOCHS: a run of so many, of which the last counts, as nothing is evaluated
  quiet "$KITH" train "${random[@]}" --fresh --set train.epochs="$1" --set evaluate.every=0
}
chosen 3
quiet "$KITH" train "${random[@]}" --refit --set train.epochs=3 --set evaluate.every=0
grep -q "refit: 3 epochs, all of the run before: no validation chose one$" err || { cat err; exit 1; }
cp random/refit/embeddings.h5 three.h5
/usr/bin/python3 - <<'P'
import h5py
graph, parts = h5py.File("random/graph.h5"), h5py.File("random/refit/parts.h5")
assert parts.attrs["n_edge"] == len(graph["train/item"]) + len(graph["valid/item"]) > len(graph["train/item"])
assert len(parts["valid/item"]) == len(parts["test/item"]) == 0
P
quiet "$KITH" recommend "${random[@]}" --refit --user user-001
if grep -q "by now" err; then cat err; exit 1; fi
chosen 1
by_now "has 1 epoch by now, and the refit the 3 that were chosen before; run kith train .* --refit --fresh$"
fails 78 "is past epoch 1, which validation chose; begin anew with --fresh" "$KITH" train "${random[@]}" --refit --set train.epochs=1 --set evaluate.every=0
quiet "$KITH" train "${random[@]}" --refit --fresh --set train.epochs=1 --set evaluate.every=1 --quiet
grep -q "no interactions are held out for test: the refit is exported without figures" err || { cat err; exit 1; }
chosen 3
by_now "has 3 epochs by now, and the refit the 1 that were chosen before; run kith train .* --refit$"
quiet "$KITH" train "${random[@]}" --refit --set train.epochs=3 --set evaluate.every=0
same_embeddings random/refit/embeddings.h5 three.h5
quiet "$KITH" ingest "${random[@]}" --set data.split.valid=0.3
fails 65 "is of another graph; run kith partition and kith train job.yaml" "$KITH" train "${random[@]}" --refit --set train.epochs=3 --set evaluate.every=0

# Spectral: the settings of the job, also where kith tune has changed what the run exported; rounds by the tolerance.
for job in core whole; do
  sed "s/^work:.*/work: $job-plain/; /^  social/d; /^  relations/d; /^    alike/d; /^train:/d; s/^model:.*/model: {name: spectral, dim: 12}/" $job.yaml >$job-plain.yaml
  for verb in ingest partition train; do quiet "$KITH" $verb $job-plain.yaml; done
done
quiet "$KITH" train core-plain.yaml --refit
grep -q "refit: settings as in the job, rounds until model.spectral.tolerance; test read once" err || { cat err; exit 1; }
same_embeddings core-plain/refit/embeddings.h5 whole-plain/embeddings.h5
tuned=(--set model.spectral.filter=knots --set model.spectral.knots=2,1,3 --set model.spectral.output_power=0.3)
quiet "$KITH" train core-plain.yaml --refit "${tuned[@]}"
grep -q "refit: the job has filter=knots:2,1,3, and core-plain/embeddings.h5 has filter=ratio" err || { cat err; exit 1; }
quiet "$KITH" train whole-plain.yaml "${tuned[@]}"
same_embeddings core-plain/refit/embeddings.h5 whole-plain/embeddings.h5
ranks 3 train core-plain.yaml --refit --fresh --quiet "${tuned[@]}" >/dev/null
same_embeddings core-plain/refit/embeddings.h5 whole-plain/embeddings.h5
fails 78 "which validation has not judged" "$KITH" train core-plain.yaml --refit --set model.spectral.user_power=0.1
