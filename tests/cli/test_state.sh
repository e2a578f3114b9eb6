# Whatever is published was written by the run that says so: ids of runs, another score, another run's files, defaults of evaluation.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
fail() { echo "FAIL: $*"; for f in "$dir/out" "$dir/err"; do [ ! -e "$f" ] || tail -n 5 "$f"; done; exit 1; }
tiny "$dir/t"
job=$dir/t/job.yaml work=$dir/t/work
train() { "$KITH" train "$job" --set train.batch=512 --set train.lr=0.1 --set model.dim=8 --set evaluate.oversmoothing=false "$@" >"$dir/out" 2>"$dir/err"; }
of() { # FILE ATTRIBUTE
  /usr/bin/python3 -c 'import h5py, sys; a = h5py.File(sys.argv[1]).attrs[sys.argv[2]]; print(a.decode() if hasattr(a, "decode") else a)' "$1" "$2"
}
says() { sed -n 's/.*embeddings.h5 holds epoch \([0-9]*\).*/\1/p' "$dir/out"; } # what the run says is exported
best_by() { # METRIC [FROM]: the first of the best epochs by metrics.jsonl, ties by NDCG, lines measured again included
  /usr/bin/python3 - "$work/metrics.jsonl" "$1" <<'P'
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
k = sys.argv[2].split("@")[1]
lines = [l for l in lines if sys.argv[2] in l]
print(max(lines, key=lambda l: (l[sys.argv[2]], l["ndcg@" + k], -l["epoch"]))["epoch"])
P
}
picks="--set evaluate.split=valid --set evaluate.every=1 --set checkpoint.every=2"

# ---- a run has an id, which is in everything that it writes, and another run has another ----
train --fresh $picks --set train.epochs=4 || fail "a run"
id=$(of "$work/embeddings.h5" run)
[[ $id =~ ^[0-9a-f]{16}$ ]] || fail "no id of the run: $id"
for f in "$work"/checkpoint-0*.h5; do [ "$(of "$f" run)" = "$id" ] || fail "$f is of another run"; done
[ "$(grep -c "\"run\": \"$id\"" "$work/metrics.jsonl")" = 4 ] || fail "metrics.jsonl does not name the run"
[ "$(says)" = "$(of "$work/embeddings.h5" epoch)" ] && [ "$(says)" = "$(best_by recall@10)" ] || fail "holds $(says), the best is $(best_by recall@10)"
train $picks --set train.epochs=6 || fail "the run does not go on"
[ "$(of "$work/embeddings.h5" run)" = "$id" ] || fail "a run that goes on has another id"
cp -r "$work" "$dir/six"
"$KITH" evaluate "$job" --set model.dim=8 --set train.batch=512 --set train.lr=0.1 >"$dir/out" 2>"$dir/err"
grep -q "lightgcn of dimension 8, epoch $(of "$work/embeddings.h5" epoch) of run $id" "$dir/out" || fail "evaluate does not say of what"
[ ! -s "$dir/err" ] || fail "a warning without cause"
"$KITH" evaluate "$job" --set model.dim=16 --set train.batch=512 --set train.lr=0.1 >"$dir/out" 2>"$dir/err"
grep -q 'was trained with model.dim=8, the job has model.dim=16' "$dir/err" || fail "another width is not told of"

# ---- --fresh: nothing of the run before looks like the new run's; its embeddings stay until there are others ----
cp -r "$dir/six/." "$work"
"$KITH" train "$job" --fresh --set train.lr=0.05 --set model.dim=8 --set checkpoint.steps=1 --set evaluate.split=test --set evaluate.every=0 --quiet >/dev/null 2>&1 &
p=$!; while kill -0 $p 2>/dev/null && [ ! -e "$work/metrics.jsonl" ]; do sleep 0.01; done; wait $p || fail "--fresh"
[ "$(of "$work/embeddings.h5" run)" != "$id" ] && ! grep -q "$id" "$work/metrics.jsonl" || fail "--fresh goes on under the old id"
rm -rf "$work"; cp -r "$dir/six" "$work"
fault=$(KITH_FAULT=read:1000000@0 "$KITH" help >/dev/null 2>&1 && echo 1 || true)
if [ "$fault" ]; then
  { KITH_FAULT=kill:1@0 train --fresh $picks && fail "not killed"; } 2>/dev/null
  [ ! -e "$work/metrics.jsonl" ] && [ "$(of "$work/embeddings.h5" run)" = "$id" ] || fail "killed at its first step, --fresh left $(ls "$work")"
  train $picks --set train.epochs=2 || fail "after a kill at the first step"
  [ "$(of "$work/embeddings.h5" run)" != "$id" ] && [ "$(of "$work/embeddings.h5" epoch)" = "$(says)" ] || fail "the old run's embeddings stayed"
fi

# ---- a killed run had exported a later epoch than its checkpoint knows ----
rm -rf "$work"; cp -r "$dir/six" "$work"
six=$(of "$work/embeddings.h5" epoch)
early() { # the checkpoints after two epochs, and the embeddings of six, all of one run
  rm -rf "$work"/checkpoint-* "$work/embeddings.h5"
  train --set evaluate.split=valid --set evaluate.every=1 --set checkpoint.every=2 --set train.epochs=2 "$@" || fail "two epochs"
  two=$(says)
  cp "$work"/embeddings.h5 "$dir/two.h5"; mkdir "$dir/keep"; cp "$work"/checkpoint-* "$dir/keep"
  train $picks --set train.epochs=6 "$@" || fail "six epochs"
  rm "$work"/checkpoint-*; cp "$dir"/keep/* "$work"; rm -r "$dir/keep"
  [ "$(of "$work/embeddings.h5" epoch)" -gt 2 ] || fail "six epochs are no better than two: $two"
}
early
train $picks --set train.epochs=2 || fail "goes on with two epochs"
[ "$(says)" = "$two" ] && [ "$(of "$work/embeddings.h5" epoch)" = "$two" ] || fail "says $(says), holds $(of "$work/embeddings.h5" epoch), expected $two"
same_embeddings "$work/embeddings.h5" "$dir/two.h5"
rm "$work/embeddings.h5" # of the best epoch there is a checkpoint
train $picks --set train.epochs=2 && same_embeddings "$work/embeddings.h5" "$dir/two.h5" || fail "not exported again from the checkpoint of the best"
early --set checkpoint.best=false --set checkpoint.keep=1
train $picks --set train.epochs=6 --set checkpoint.best=false || fail "goes on with six epochs"
[ "$(says)" = $six ] && same_embeddings "$work/embeddings.h5" "$dir/six/embeddings.h5" || fail "holds $(says), expected $six"
early --set checkpoint.best=false --set checkpoint.keep=1
if [ "$two" = 2 ]; then want=2; else want=$six; fi # of the newest there is a copy: the checkpoint itself
train $picks --set train.epochs=2 --set checkpoint.best=false || fail "two epochs without the best one's checkpoint"
[ "$(says)" = $want ] && [ "$(of "$work/embeddings.h5" epoch)" = $want ] || fail "says $(says), holds $(of "$work/embeddings.h5" epoch), expected $want"

# ---- the score that picks the epoch changes ----
rm -rf "$work"; cp -r "$dir/six" "$work"
train $picks --set train.epochs=6 --set evaluate.k=[3] || fail "another k"
grep -q 'compared by recall@3 on valid now, before by recall@10 on valid' "$dir/err" || fail "not told of another k"
[ "$(grep -c measured_again "$work/metrics.jsonl")" = 1 ] && [ "$(says)" = $six ] || fail "the exported epoch is not measured again"
train $picks --set train.epochs=9 --set evaluate.k=[3] || fail "another k goes on"
[ "$(says)" = "$(best_by recall@3)" ] && [ "$(of "$work/embeddings.h5" epoch)" = "$(says)" ] || fail "holds $(says), by recall@3 the best is $(best_by recall@3)"
train $picks --set train.epochs=10 --set evaluate.split=test || fail "another split"
grep -q 'no longer select the epoch' "$dir/err" && [ "$(says)" = 10 ] && [ "$(of "$work/embeddings.h5" epoch)" = 10 ] || fail "the last epoch is not exported"
train $picks --set train.epochs=11 || fail "and back"
grep -q 'compared by recall@10 on valid now, before by nothing' "$dir/err" || fail "not told that epochs are picked again"
[ "$(says)" = "$(of "$work/embeddings.h5" epoch)" ] || fail "says $(says), holds $(of "$work/embeddings.h5" epoch)"
train $picks --set train.epochs=11 && ! grep -q compared "$dir/err" || fail "told again of what has not changed"

# ---- of equal epochs the first is picked: with steps of nothing all are equal ----
train --fresh $picks --set train.lr=1e-12 --set train.epochs=3 && [ "$(says)" = 1 ] || fail "of equal epochs $(says) is picked"

# ---- embeddings of another run are not what this run exports, nor what newcomers are embedded beside ----
train --fresh $picks --set train.epochs=2 || fail "another run"
cp "$dir/six/embeddings.h5" "$work"
train $picks --set train.epochs=2 || fail "another run's embeddings in the way"
[ "$(of "$work/embeddings.h5" run)" != "$id" ] && [ "$(of "$work/embeddings.h5" epoch)" = "$(says)" ] || fail "another run's embeddings pass for this run's"
plain="--set evaluate.split=test --set train.epochs=2" # the same epoch of two runs
train --fresh $plain --set train.lr=0.05 && cp "$work/embeddings.h5" "$dir/two.h5" && train --fresh $plain || fail "two runs"
id2=$(of "$work/embeddings.h5" run); cp "$dir/two.h5" "$work/embeddings.h5"
train $plain && [ "$(of "$work/embeddings.h5" run)" = "$id2" ] || fail "the same epoch of another run passes for this run's"
cp "$dir/six/embeddings.h5" "$work"; awk -F'\t' '!/^#/ && n++ < 3 {print "somebody\t" $2}' "$dir/t/list.tsv" >"$dir/t/new.tsv"
rc=0; "$KITH" embed "$job" --set embed.interactions.path=new.tsv --set embed.interactions.format=edges --set model.dim=8 --set train.batch=512 --set train.lr=0.1 >"$dir/out" 2>"$dir/err" || rc=$?
[ $rc = 65 ] && grep -q "embeddings.h5: is of run $id" "$dir/err" || fail "newcomers beside another run's embeddings: $rc"
rm -rf "$work"; cp -r "$dir/six" "$work"
new=(--set embed.interactions.path=new.tsv --set embed.interactions.format=edges --set model.dim=8 --set train.batch=512 --set train.lr=0.1)
"$KITH" embed "$job" "${new[@]}" >"$dir/out" 2>"$dir/err" && "$KITH" recommend "$job" "${new[@]}" --user somebody >"$dir/out" 2>"$dir/err" || fail "a newcomer is not recommended to"
train --fresh $picks --set train.epochs=2 || fail "yet another run"
rc=0; "$KITH" recommend "$job" "${new[@]}" --user somebody >"$dir/out" 2>"$dir/err" || rc=$?
[ $rc = 65 ] && grep -q "new.h5: is of run $id" "$dir/err" || fail "a newcomer of another run is recommended to: $rc"

# ---- without keys of evaluation: validation picks, test is measured once at the end, early epochs are all evaluated ----
cat >"$dir/t/plain.yaml" <<J
work: work
data: {interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}, social: {path: friends.tsv, format: edges}, split: {method: ratio, valid: 0.1, test: 0.1}}
partition: {parts: 6}
model: {dim: 8, layers: 2}
train: {batch: 512, epochs: 17, lr: 0.1}
J
"$KITH" train "$dir/t/plain.yaml" --fresh --json >"$dir/out" 2>"$dir/err" || fail "a plain job"
[ "$(sed -n 's/.*"epoch": \([0-9]*\),.*"split": "valid".*/\1/p' "$work/metrics.jsonl" | paste -sd' ')" = "1 2 3 4 5 6 7 8 9 10 15 17" ] || fail "evaluated: $(cat "$work/metrics.jsonl")"
[ "$(says)" = "$(best_by recall@20)" ] && [ "$(says)" -lt 17 ] || fail "holds $(says)"
[ -e "$work/$(printf 'checkpoint-%06d-000000.h5' "$(says)")" ] || fail "the picked epoch has no checkpoint"
grep -q '^  test  ' "$dir/out" || fail "the test split is not measured"
"$KITH" train "$dir/t/plain.yaml" 2>/dev/null | grep '^  test  ' >/dev/null || fail "a finished run does not measure the test split"
"$KITH" evaluate "$dir/t/plain.yaml" --json | tail -n 1 >"$dir/eval.json"
/usr/bin/python3 - "$dir/out" "$dir/eval.json" <<'P' || fail "evaluate and the end of training differ"
import json, sys
a, b = (json.loads(open(p).readlines()[-1]) for p in sys.argv[1:3])
assert b["split"] == "test" and b["recall@20"] == a["test_recall@20"] and b["epoch"] == a["best_epoch"], (a, b)
P
"$KITH" evaluate "$dir/t/plain.yaml" --split valid | grep ' valid split' >/dev/null || fail "--split"
"$KITH" ingest "$dir/t/plain.yaml" --set data.split.valid=0 >/dev/null
"$KITH" partition "$dir/t/plain.yaml" --set data.split.valid=0 >/dev/null
"$KITH" train "$dir/t/plain.yaml" --set data.split.valid=0 --set train.epochs=3 --fresh >"$dir/out" 2>"$dir/err" || fail "without a validation share"
[ "$(says)" = 3 ] && grep -q '^  test  ' "$dir/out" || fail "without a validation share the last epoch is not exported"

# ---- a checkpoint that falls due during an evaluation is written then ----
for verb in ingest partition; do "$KITH" $verb "$job" >/dev/null; done
due="$picks --set train.epochs=3 --set checkpoint.every=0 --set checkpoint.keep=1000"
train --fresh $due --set checkpoint.minutes=0 || fail "a run without checkpoints"
cp "$work/embeddings.h5" "$dir/due.h5"
train --fresh $due --set checkpoint.minutes=0.0000001 || fail "checkpoints all the time"
steps=$(ls "$work" | sed -n 's/^checkpoint-000000-\([0-9]*\).h5$/\1/p' | sort -n | tail -n 1) # of an epoch
[ "$(ls "$work" | grep -c "^checkpoint-00000[012]-$steps.h5\$")" = 3 ] || fail "none in an evaluation: $(ls "$work")"
[ $((10#$steps * 512)) -ge "$(/usr/bin/python3 -c 'import h5py, sys; print(len(h5py.File(sys.argv[1])["train/item"]))' "$work/graph.h5")" ] || fail "$steps steps are not all of an epoch"
same_embeddings "$work/embeddings.h5" "$dir/due.h5"
rm "$work"/embeddings.h5 "$work"/checkpoint-latest "$work"/checkpoint-00000[23]-*; find "$work" -name 'checkpoint-000001-*' ! -name "*-$steps.h5" ! -name '*-000000.h5' -delete
train $due || fail "goes on with an evaluation"
grep -q "checkpoint-000001-$steps.h5: 1 epoch and" "$dir/err" && same_embeddings "$work/embeddings.h5" "$dir/due.h5" || fail "does not go on from the evaluation"
