#!/usr/bin/env bash
# A job that hangs ends by itself with code 75 and names who is missing; one of which a rank is killed ends within seconds;
# both go on from the last checkpoint to what an uninterrupted run gives.  A job that was suspended as a whole goes on.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"

code() { # CODE words…: must end with the code
  local want=$1 got=0; shift
  "$@" >"$dir/out" 2>"$dir/err" || got=$?
  [ "$got" = "$want" ] && return
  echo "code $got, expected $want: $*"; cat "$dir/err"; exit 1
}
says() { grep -q "$1" "$dir/err" || { echo "not said: $1"; cat "$dir/err"; exit 1; }; }

tiny "$dir/a"
job="$dir/a/job.yaml"
if KITH_FAULT=read:1000000@0 "$KITH" inspect "$dir/a/work/graph.h5" >/dev/null 2>&1; then :; else
  echo "built without faults (cmake -DKITH_FAULTS=ON)"; exit 77
fi
few="--quiet --set train.epochs=4 --set evaluate.every=0"
ranks 2 train "$job" $few >/dev/null
cp "$dir/a/work/embeddings.h5" "$dir/right.h5"

# The roll call, in which every rank that lives must get a core, is a fifth of the limit: of 15 seconds here.
limited="$few --set watchdog.minutes=$(awk "BEGIN {print ${KITH_PATIENCE:-1} / 4}")"
rm -f "$dir"/a/work/checkpoint* "$dir/a/work/embeddings.h5"
KITH_FAULT=stop:30@1 code 75 ranks 3 train "$job" $limited # epoch 2
says "kith: rank 0 (.*) has waited .* s in .*, epoch 2, step "
says "kith: rank 2 (.*) has waited .* s in "
says "kith: rank 1 (.*) gives no sign"
says "ending all ranks with code 75"
[ -s "$dir/a/work/waiting.txt" ] || { echo "no record of who waited"; exit 1; }
code 0 ranks 3 train "$job" $few
[ ! -e "$dir/a/work/waiting.txt" ] || { echo "the record of the run before is still there"; exit 1; }
same_embeddings "$dir/right.h5" "$dir/a/work/embeddings.h5"

# Killed: mpirun takes the others down, long before the limit of waiting.
export KITH_WATCH_SECONDS=1000
rm -f "$dir"/a/work/checkpoint* "$dir/a/work/embeddings.h5"
KITH_FAULT=kill:30@2 code 137 ranks 3 train "$job" $few
code 0 ranks 2 train "$job" $few
same_embeddings "$dir/right.h5" "$dir/a/work/embeddings.h5"

# Suspended as a whole for longer than the limit, as by Ctrl-Z: nobody has waited.
export KITH_WATCH_SECONDS=$((10 * ${KITH_PATIENCE:-1}))
ranks 2 train "$job" --fresh --quiet --set train.epochs=1000000 --set evaluate.every=0 --set checkpoint.every=0 >"$dir/out" 2>"$dir/err" &
mpirun=$!
trains() { kiths=$(pgrep -f "^$KITH train $job" || true); [ "$(echo "$kiths" | wc -w)" = 2 ] && [ -s "$dir/a/work/metrics.jsonl" ]; }
until_true trains || { echo "does not train"; cat "$dir/err"; exit 1; }
kill -STOP $kiths
sleep $((KITH_WATCH_SECONDS + 3))
at=$(wc -l <"$dir/a/work/metrics.jsonl")
kill -CONT $kiths
sleep 4 # longer than the roll call
goes_on() { [ "$(wc -l <"$dir/a/work/metrics.jsonl")" -gt "$at" ]; }
until_true goes_on || { echo "does not go on"; cat "$dir/err"; exit 1; }
kill -0 $kiths || { echo "ended though it was only suspended"; cat "$dir/err"; exit 1; }
! grep -q "has waited" "$dir/err" || { echo "suspended time has counted"; cat "$dir/err"; exit 1; }
kill -USR1 $kiths
wait $mpirun && got=0 || got=$?
[ $got = 75 ] || { echo "code $got after the signal"; cat "$dir/err"; exit 1; }
