#!/usr/bin/env bash
# Of three ranks that ingest, one is killed: when it has read its share, when edges are exchanged, when rows are written.  The
# others end within seconds with code 137, there is no graph.h5, and the next run writes the bytes that one rank writes.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
for i in $(seq 300); do echo "$((i * 7919 % 97)) $((i * i % 61))"; done >list.tsv
echo 'data: {interactions: {path: list.tsv, format: edges}, split: {method: ratio, valid: 0.1, test: 0.1}}' >job.yaml
echo 'work: work' >>job.yaml
KITH_FAULT=kill:1000000@0 "$KITH" ingest job.yaml --quiet >/dev/null 2>&1 || { echo "built without faults"; exit 77; }
mv work/graph.h5 right.h5
for place in 1@0 2@1 3@2 3@0; do
  got=0
  KITH_FAULT=kill:$place KITH_WATCH_SECONDS=1000 ranks 3 ingest job.yaml --quiet >out 2>err || got=$?
  [ "$got" = 137 ] || { echo "killed at $place: code $got"; cat err; exit 1; }
  [ ! -e work/graph.h5 ] || { echo "killed at $place: there is a graph.h5"; exit 1; }
done
ranks 3 ingest job.yaml --quiet >/dev/null
cmp work/graph.h5 right.h5
[ "$(ls -A work)" = graph.h5 ] || { echo "left behind: $(ls -A work)"; exit 1; }
