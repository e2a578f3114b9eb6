# fast
# What verbs tell beside the training of relations: kith inspect, oversmoothing, ids that look alike.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cat >"$dir/job.yaml" <<'J'
work: work
data:
  interactions: {path: buy.tsv, format: edges}
  relations: {tag: {path: tag.tsv, from: item, to: tag}}
  split: {method: ratio, valid: 0.2, test: 0}
partition: {parts: 2}
model: {dim: 4, layers: 1, relations: {tag: 0}}
train: {batch: 64, epochs: 1}
evaluate: {oversmoothing: true}
J
for u in $(seq 0 19); do for i in 1 2 3 5; do printf 'u%d\ti%d\n' "$u" $(((u * i) % 12)); done; done >"$dir/buy.tsv"
for i in $(seq 0 11); do printf 'i%d\tt%d\n' "$i" $((i % 3)); done >"$dir/tag.tsv"
job=$dir/job.yaml
sed '/^  relations:/d; s/^model: .*/model: {dim: 4, layers: 1}/; s/^work: .*/work: plain/' "$job" >"$dir/plain.yaml"
for j in "$job" "$dir/plain.yaml"; do for verb in ingest partition train; do "$KITH" $verb "$j" >/dev/null 2>&1; done; done

# Rows of tags, which no layer reads, do not change what is measured of users and items.
layers() { grep -o '"layer_[a-z]*": \[[^]]*\]' "$dir/$1/metrics.jsonl"; }
[ "$(layers work)" = "$(layers plain)" ] && [ "$(layers work | wc -l)" -ge 2 ] || { layers work; layers plain; exit 1; }

# Relations come before the long tables, and a file that is damaged is told by its table.
"$KITH" inspect "$dir/work/graph.h5" >"$dir/out"
at() { grep -n "$1" "$dir/out" | head -1 | cut -d: -f1; } # WORDS: the line
[ "$(at 'relation tag, item to tag')" -lt "$(at '^  fingerprint')" ] && [ "$(at '^  fingerprint')" -lt "$(at '^  edge/tag/start')" ] || { cat "$dir/out"; exit 1; }

# An edge of a node with itself, which is skipped, numbers neither its node nor its kind.
printf 's9\ts9\tself\ns1\ts2\ta\ns1\ts1\tknown\ns2\ts1\ta\ns2\ts1\tc\ns3\ts1\tb\n' >"$dir/chain.tsv"
sed 's/relations: {tag: {/relations: {chain: {path: chain.tsv, from: step, to: step, columns: {from: 1, to: 2, kind: 3}}, tag: {/; s/^work: .*/work: steps/' "$job" >"$dir/steps.yaml"
"$KITH" ingest "$dir/steps.yaml" --json 2>/dev/null | grep '"chain": {[^}]*"unknown": 0, "self_loops": 2' >/dev/null || { "$KITH" ingest "$dir/steps.yaml" --json; exit 1; }
"$KITH" inspect "$dir/steps/graph.h5" >"$dir/out"
grep -q "relation chain, step to step: 3 pairs by kind$" "$dir/out" && grep -q "3 nodes of the further type step" "$dir/out" && grep -q "3 kinds: a 2, c 1, b 1" "$dir/out" || { cat "$dir/out"; exit 1; }

# An accent in two forms, and a joiner that nobody sees.
printf 'Ren\303\251\ti1\nRene\314\201\ti2\nu\342\200\2153\ti1\n' >>"$dir/buy.tsv"
"$KITH" ingest "$job" --json >"$dir/out" 2>"$dir/err"
grep -q '"lookalikes": 2' "$dir/out"
grep -q '^kith: warning: type user: 2 ids look like another one' "$dir/err" || { cat "$dir/err"; exit 1; }

# kith plan counts rows that ranks read along relations, too; what it does not predict it names.
sed 's/^work: .*/work: related/' "$job" >"$dir/related.yaml"
for verb in ingest partition; do "$KITH" $verb "$dir/related.yaml" --quiet >/dev/null 2>&1; done
set_rgcn="--set model.name=rgcn --set model.relations.tag=1 --set evaluate.oversmoothing=false"
KITH_RANKS_PER_HOST=1 ranks 2 train "$dir/related.yaml" $set_rgcn --fresh --quiet --json 2>"$dir/err" | tail -n 1 >"$dir/trained" || { cat "$dir/err"; exit 1; }
"$KITH" plan "$dir/related.yaml" $set_rgcn --nodes 1 --tasks-per-node 4 --json | tail -n 1 >"$dir/planned"
"$KITH" plan "$dir/related.yaml" $set_rgcn --set model.relations.tag=0 --nodes 1 --tasks-per-node 2 --json | tail -n 1 >"$dir/alone"
/usr/bin/python3 - "$dir" <<'P'
import h5py, json, sys
sent, plan, alone = (json.load(open("%s/%s" % (sys.argv[1], name))) for name in ("trained", "planned", "alone"))
of = {r["ranks"]: r for r in plan["plan"]}
graph = h5py.File(sys.argv[1] + "/related/graph.h5")
steps = -(-graph["train/item"].shape[0] // 64)
assert sent["halo_bytes"] == steps * of[2]["ghost_bytes"] > 0, (sent, steps, of[2])
assert of[2]["ghosts"] > alone["plan"][1]["ghosts"] and "not_predicted" not in alone, (of[2], alone)
more = of[1]["parts"]["memory"] - alone["plan"][0]["parts"]["memory"]
nodes = sum(len(graph[n]) for n in ("user/id", "item/id", "node/tag/id"))
wanted = 4 * (2 * 24 * 4 + 5 * 4 * nodes) # bytes: 12 tags, back and forth, of 4 columns; a product more, which reads and writes rows
assert abs(more * 20e9 / wanted - 1) < .01, (more, wanted, of[1], alone)
assert of[1]["step_seconds"] > 0 and "step_seconds" not in of[4] and "cut" in plan["not_predicted"], plan
P
