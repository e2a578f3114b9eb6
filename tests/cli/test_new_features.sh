# fast
# Lists of features of new nodes are separated as the graph's list is, even where they alone would be read otherwise.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cat >"$dir/job.yaml" <<'J'
work: work
data:
  interactions: {path: buy.tsv, format: edges}
  item_features: {path: items.txt}
partition: {parts: 2}
model: {dim: 4, layers: 1, input: features}
train: {batch: 64, epochs: 1}
evaluate: {every: 0}
embed: {types: items, item_features: {path: new.txt}}
J
for u in $(seq 0 9); do for i in 1 2 3; do printf 'u%d\ti%d\n' "$u" $(((u * i) % 6)); done; done >"$dir/buy.tsv"
job=$dir/job.yaml
graph() { for verb in ingest partition train; do "$KITH" $verb "$job" "$@" >/dev/null 2>"$dir/err" || { cat "$dir/err"; exit 1; }; done; }
embed() { # NEW UNKNOWN: so many new items, so many features that the graph does not have
  "$KITH" embed "$job" --json >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; exit 1; }
  grep -q "\"items\": $1,.*\"unknown_features\": $2," "$dir/out" || { cat "$dir/out"; exit 1; }
}
# A semicolon behind the id and between features: "science fiction" is one of them.
printf 'i%d;science fiction;war\n' 0 1 2 3 >"$dir/items.txt"
graph
printf 'n1;science fiction\n' >"$dir/new.txt"
embed 1 0
# Tabs between columns: commas belong to the features.
printf 'i%d\twar,drama\tcomedy\n' 0 1 2 3 >"$dir/items.txt"
rm -rf "$dir/work"; graph
printf 'n1\twar,drama\nn2\tcomedy\n' >"$dir/new.txt"
embed 2 0
# A list that is separated otherwise behind the id is read anew.
printf 'n1;comedy;"war,drama"\n' >"$dir/new.txt"
embed 1 0
