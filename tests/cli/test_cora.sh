# Cora, if it is there: the files give the graph that is known, and a short training already beats what features alone can.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
data=$KITH_SOURCE/../shared/data/cora
[ -e "$data/edges.txt" ] || { echo "skipped: Cora is not in ../shared/data/cora"; exit 77; }
job=$dir/job.yaml
sed -e "s|data/cora/|$data/|g" -e 's|runs/cora-gcn|work|' "$KITH_SOURCE/jobs/cora-gcn.yaml" >"$job"
"$KITH" ingest "$job" --json | tail -n 1 >"$dir/ingest.json"
"$KITH" partition "$job" >/dev/null
ranks 2 train "$job" --quiet --json --set train.epochs=25 --set train.lr=0.05 --set evaluate.every=5 | tail -n 1 >"$dir/train.json"
/usr/bin/python3 - "$dir" <<'P'
import json, sys
i, t = (json.load(open(sys.argv[1] + "/" + name)) for name in ("ingest.json", "train.json"))
assert [i[k] for k in ("nodes", "classes", "edges", "features", "train", "valid", "test")] == [2708, 7, 5278, 1433, 140, 500, 1000], i
assert t["test_accuracy"] > 0.75, t
P
