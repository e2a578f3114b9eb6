# jobs/cold.yaml: new items, without a training interaction, are ranked alone; their tags place them.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
sed 's|runs/cold|run|g' "$KITH_SOURCE/jobs/cold.yaml" >"$dir/job.yaml"
job=$dir/job.yaml
for verb in generate ingest partition train; do "$KITH" $verb "$job" >/dev/null 2>"$dir/err" || { cat "$dir/err"; exit 1; }; done
for split in valid test; do "$KITH" evaluate "$job" --split $split --json | tail -1 >"$dir/tags.$split"; done
"$KITH" recommend "$job" --all --output "$dir/top.tsv" >/dev/null
"$KITH" train "$job" --fresh --set model.relations.tag=0 >/dev/null 2>&1
"$KITH" evaluate "$job" --split valid --json --set model.relations.tag=0 | tail -1 >"$dir/chance.valid"
/usr/bin/python3 - "$dir" <<'P'
import h5py, json, sys
tags, test, chance = (json.load(open("%s/%s" % (sys.argv[1], n))) for n in ("tags.valid", "tags.test", "chance.valid"))
f = h5py.File(sys.argv[1] + "/run/graph.h5")
ids = [i.decode().rstrip("\0") for i in f["item/id"][:]]
known = {ids[i] for i in set(f["train/item"][:].tolist())}
top = [line.rstrip("\n").split("\t") for line in open(sys.argv[1] + "/top.tsv")]
assert top and not known & {line[2] for line in top}, "an item with training interactions is recommended"
assert 0 < tags["users"] and 0 < test["users"] and tags["candidates"] == "cold", (tags, test)
name = next(k for k in tags if k.lower() == "recall@20" or k == "recall")
recall = [t[name][0] if isinstance(t[name], list) else t[name] for t in (tags, chance)]
assert recall[0] > 1.3 * recall[1], recall
P
