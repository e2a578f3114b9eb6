#!/usr/bin/env bash
# Every verb with a read, write or allocation refused through the environment (KITH_FAULT), at sampled places on sampled
# ranks: one line and the code that says what went wrong, no half-written file, inputs as they were, and the next run works.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"

fail() { echo "$*"; cat "$dir/err" 2>/dev/null; exit 1; }

KITH_FAULT="read:3" "$KITH" inspect nothing 2>"$dir/err" && fail "a bad KITH_FAULT was taken"
[ "$(wc -l <"$dir/err")" = 1 ] && grep -q 'KITH_FAULT: expected kind:k@rank' "$dir/err" || fail "a bad KITH_FAULT is told otherwise"

tiny "$dir/a"
job="$dir/a/job.yaml" work="$dir/a/work"
if ! KITH_FAULT=read:1000000@0 "$KITH" inspect "$work/graph.h5" >/dev/null 2>&1; then
  echo "built without faults (cmake -DKITH_FAULTS=ON)"; exit 77
fi
few="--set train.epochs=1"
ranks 2 train "$job" --quiet $few >/dev/null

# FAULT CODES N words…: kith on N ranks must end with one of the codes, or pass if the fault was not reached.
reached=0
refuse() {
  local fault=$1 codes=$2 n=$3 got=0 before after; shift 3
  before=$(sha256sum "$dir/a/list.tsv" "$dir/a/friends.tsv" "$dir/a/job.yaml" "$work/parts.h5")
  KITH_FAULT=$fault ranks $n "$@" --quiet >"$dir/out" 2>"$dir/err" || got=$?
  after=$(sha256sum "$dir/a/list.tsv" "$dir/a/friends.tsv" "$dir/a/job.yaml" "$work/parts.h5")
  [ "$before" = "$after" ] || fail "$fault: $*: an input has changed"
  [ -z "$(find "$dir/a" -name '*.tmp*')" ] || fail "$fault: $*: a half-written file is left"
  [ $got = 0 ] && return
  reached=$((reached + 1))
  case " $codes " in *" $got "*) ;; *) fail "$fault: $*: code $got, expected $codes" ;; esac
  [ "$(grep '^kith: ' "$dir/err" | grep -vc '^kith: warning: ')" = 1 ] || fail "$fault: $*: one line was expected"
}

for k in 1 2 7 20; do
  r=$((k % 3))
  refuse read:$k@$r "66 74" 3 train "$job" --fresh $few
  refuse write:$k@$r "73 74" 3 train "$job" --fresh $few
  refuse alloc:$k@$r "71" 3 train "$job" --fresh $few
  ranks 2 train "$job" --quiet $few >/dev/null || fail "after fault $k the next run does not work"
  refuse read:$k@$r "66 74" 3 evaluate "$job"
  refuse alloc:$((k * 5))@$r "71" 3 evaluate "$job"
  for end in tsv h5; do
    echo old >"$dir/a/top.$end"
    was=$reached
    refuse write:$k@0 "73 74" 2 recommend "$job" --all --output "$dir/a/top.$end"
    [ $reached = $was ] || [ "$(cat "$dir/a/top.$end")" = old ] || fail "write:$k@0: the old top.$end is gone"
  done
  refuse read:$k@0 "66 74" 1 inspect "$work/graph.h5"
  refuse read:$k@0 "66 74" 1 ingest "$job"
  refuse write:$k@0 "73 74" 1 ingest "$job"
  "$KITH" inspect "$work/graph.h5" >/dev/null || fail "the old graph is gone"
done
[ $reached -gt 25 ] || fail "only $reached faults were reached"

# A loss that is not finite on one rank: all learn it, and the checkpoint before stays.
"$KITH" train "$job" --quiet --fresh $few >/dev/null
got=0; KITH_FAULT=loss:3@1 ranks 2 train "$job" --quiet 2>"$dir/err" >/dev/null || got=$?
[ $got = 70 ] && grep -q "loss is not finite" "$dir/err" || fail "code $got, expected 70"
ranks 2 train "$job" --quiet >/dev/null || fail "it does not go on"

# Files that one rank alone cannot read: the same code from all, and the rank is named.
got=0; KITH_FAULT=read:5@2 ranks 3 evaluate "$job" --quiet 2>"$dir/err" >/dev/null || got=$?
grep -q '^kith: rank 2: .*Input/output error' "$dir/err" || fail "code $got: the rank and the reason were expected"
