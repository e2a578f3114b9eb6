# timeout: 240
# Early stopping counts evaluations, whether a run is trained at once or in pieces.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
impatient="--quiet --set train.lr=0.1 --set evaluate.every=1 --set evaluate.split=valid --set checkpoint.every=1"

scores() { # of each epoch, without times and the id of the run
  /usr/bin/python3 -c 'import json, sys
for line in map(json.loads, open(sys.argv[1])):
    if line.get("split") == "valid": print(line["epoch"], line["loss"], line["recall@10"])' $1
}

# The epoch that stops is the first one with so many evaluations in a row below the best of those before them.
expected() { # PATIENCE FILE
  /usr/bin/python3 -c 'import sys
patience, best, bad = int(sys.argv[1]), -1, 0
for line in open(sys.argv[2]):
    epoch, score = int(line.split()[0]), float(line.split()[2])
    bad = 0 if score > best else bad + 1
    best = max(best, score)
    if bad >= patience: break
print(epoch)' $1 $2
}

"$KITH" train job.yaml $impatient --set work=all --set parts=work/parts.h5 --set graph=work/graph.h5 --set train.epochs=24 >/dev/null
scores all/metrics.jsonl >all.txt
for patience in 2 3; do
  stop=$(expected $patience all.txt)
  [ $stop -gt $((patience + 1)) ] && [ $stop -lt 24 ] || { echo "the scores do not suit this test"; cat all.txt; exit 1; }
  for way in whole pieces; do
    for epochs in $([ $way = whole ] && echo 24 || seq 24); do
      "$KITH" train job.yaml $impatient --set work=$way$patience --set parts=work/parts.h5 --set graph=work/graph.h5 \
        --set train.patience=$patience --set train.epochs=$epochs >/dev/null
    done
    scores $way$patience/metrics.jsonl | cmp - <(head -n $stop all.txt) || { echo "$way, patience $patience: expected to stop after epoch $stop"; tail -n 3 $way$patience/metrics.jsonl; exit 1; }
  done
done
