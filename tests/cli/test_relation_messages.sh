# fast
# What is wrong with a relation of the job is said where it stands, and with what to do.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cat >"$dir/job.yaml" <<'J'
work: work
data:
  interactions: {path: buy.tsv, format: edges}
  relations:
    friend: {path: friend.tsv, from: user, to: user}
    tag: {path: tag.tsv, from: item, to: tag}
  split: {method: ratio, valid: 0.2, test: 0}
partition: {parts: 2}
model: {dim: 4, layers: 1, relations: {friend: 1, tag: 0.5}}
train: {batch: 64, epochs: 1}
J
for u in $(seq 0 19); do for i in 1 2 3 5; do printf 'u%d\ti%d\n' "$u" $(((u * i) % 12)); done; done >"$dir/buy.tsv"
for u in $(seq 0 18); do printf 'u%d\tu%d\n' "$u" $((u + 1)); done >"$dir/friend.tsv"
for i in $(seq 0 11); do printf 'i%d\tt%d\n' "$i" $((i % 3)); done >"$dir/tag.tsv"
job=$dir/job.yaml

says() { # CODE WORDS FILE VERB settings…: a verb of a job ends with a code, and its error has the words
  code=$1 words=$2 file=$3; shift 3
  rc=0; "$KITH" "$1" "$file" "${@:2}" >"$dir/out" 2>"$dir/err" || rc=$?
  [ $rc = "$code" ] && grep -qF -- "$words" "$dir/err" || { echo "expected $code, $words; found $rc:"; cat "$dir/err"; exit 1; }
}
edited() { sed "$1" "$job" >"$dir/edited.yaml"; } # SED

edited 's/from: item, to: tag/from: tag, to: item/'
says 65 "12 of them fit with the columns exchanged: are from and to swapped?" "$dir/edited.yaml" ingest
edited 's/path: tag.tsv/path: ""/'
says 78 'edited.yaml:9: model.relations.tag: data.relations.tag.path is empty, so there is no such list' "$dir/edited.yaml" ingest
edited 's/from: item, to: tag}/to: tag}/'
says 78 'edited.yaml:6: data.relations.tag.from: expected a node type' "$dir/edited.yaml" ingest
says 78 "--set embed.relations.fiend: data names no such relation; the nearest is friend, all are friend, tag" "$job" ingest --set embed.relations.fiend=x.tsv

for verb in ingest partition train; do "$KITH" $verb "$job" >/dev/null 2>&1; done
# The lists of new nodes are written as those of the graph: lines of different lengths are wrong edges, no adjacency list.
printf 'new\ti1\nother\ti2\ti3\n' >"$dir/new.tsv"
says 65 "new.tsv:2: expected 2 columns" "$job" embed --set embed.interactions.path=new.tsv
says 78 "the job has train.lr=0.5" "$job" train --set train.lr=0.5
says 78 "was trained with train.lr=0.01, the job has" "$job" train --set train.lr=0.5
# The graph decides: one without relations has none for new nodes.
sed '/^  relations:/,/tag.tsv/d; s/, relations: {friend: 1, tag: 0.5}//; s/^work: .*/work: plain/' "$job" >"$dir/plain.yaml"
for verb in ingest partition train; do "$KITH" $verb "$dir/plain.yaml" >/dev/null 2>&1; done
sed "s|^work: .*|&\ngraph: plain/graph.h5\nparts: plain/parts.h5|; s|^work: .*|work: plain|; s/, relations: {friend: 1, tag: 0.5}//" "$job" >"$dir/mixed.yaml"
says 78 "has no relation of this name; it has none" "$dir/mixed.yaml" embed --set embed.relations.friend=friend.tsv
