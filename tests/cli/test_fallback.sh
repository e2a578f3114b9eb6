# A checkpoint that cannot be read is told of and passed over for the one before it, down to the oldest; what was read of
# it is not seen in what follows.  One of another graph or configuration is refused.  Where none is good nothing is touched.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
fail() { echo "FAIL: $*"; [ ! -e "$dir/err" ] || tail -n 5 "$dir/err"; exit 1; }
tiny "$dir/t"
job=$dir/t/job.yaml work=$dir/t/work
keep="--set checkpoint.keep=3 --set checkpoint.every=1 --set evaluate.every=1"

"$KITH" train "$job" --quiet --fresh $keep >/dev/null
cp "$work/embeddings.h5" "$dir/whole.h5"
digits "$work/metrics.jsonl" >"$dir/whole.jsonl"
"$KITH" train "$job" --quiet --fresh $keep --set train.epochs=3 >/dev/null
rm "$work/embeddings.h5"
cp -r "$work" "$dir/three" # checkpoints of the epochs 1, 2 and 3
newest=checkpoint-000003-000000.h5 before=checkpoint-000002-000000.h5 oldest=checkpoint-000001-000000.h5
[ "$(cat "$work/checkpoint-latest")" = $newest ] && [ -e "$work/$before" ] && [ -e "$work/$oldest" ] || fail "not the three checkpoints: $(ls "$work")"

anew() { rm -rf "$work"; cp -r "$dir/three" "$work"; }
flip() { # FILE DATASET: a byte in the middle of a dataset
  /usr/bin/python3 - "$1" "$2" <<'P'
import sys, h5py
f = h5py.File(sys.argv[1])
d = f[sys.argv[2]]
at, n = (d.id.get_offset(), d.id.get_storage_size()) if d.chunks is None else (lambda c: (c.byte_offset, c.size))(d.id.get_chunk_info(0))
f.close()
with open(sys.argv[1], "r+b") as f:
    f.seek(at + n // 2)
    byte = f.read(1)
    f.seek(at + n // 2)
    f.write(bytes([byte[0] ^ 64]))
P
}
goes_on() { # NAME RANKS FROM LINES: from that checkpoint, after so many lines of trouble, to the same bits
  local rc=0
  ranks $2 train "$job" $keep >"$dir/out" 2>"$dir/err" || rc=$?
  [ $rc = 0 ] || fail "$1: code $rc"
  grep -q "^continuing from .*/$3: " "$dir/err" || fail "$1: not from $3"
  [ "$(grep -c "^kith: warning: .*\(tried\|looked at\)$" "$dir/err")" = "$4" ] || fail "$1: not $4 lines"
  same_embeddings "$work/embeddings.h5" "$dir/whole.h5" || fail "$1"
  digits "$work/metrics.jsonl" | diff - "$dir/whole.jsonl" || fail "$1: metrics"
  [ "$(cat "$work/checkpoint-latest")" = checkpoint-000004-000000.h5 ] || fail "$1: latest is $(cat "$work/checkpoint-latest")"
  [ -z "$(find "$work" -name '*.tmp*')" ] || fail "$1: left $(find "$work" -name '*.tmp*')"
}

goes_on "all is well" 1 $newest 0
# The moments of the items are read last: parameters of the broken file are in the trainer by then.
anew; flip "$work/$newest" item/adam_v;  goes_on "a byte flipped" 2 $before 1
anew; flip "$work/$newest" user/parameter; flip "$work/$before" item/adam_m; goes_on "a byte flipped in two" 3 $oldest 2
anew; truncate -s -5000 "$work/$newest"; goes_on "torn" 1 $before 1
anew; : >"$work/$newest";                goes_on "empty" 2 $before 1
anew; rm "$work/$newest";                goes_on "missing" 1 $before 1
anew; cp "$work/parts.h5" "$work/$newest"; goes_on "a file of another kind" 1 $before 1
anew; rm "$work/checkpoint-latest";      goes_on "no checkpoint-latest" 1 $newest 0
anew; head -c 300 /dev/urandom >"$work/checkpoint-latest"; goes_on "checkpoint-latest garbage" 2 $newest 1
anew; echo ../../etc/passwd >"$work/checkpoint-latest"; flip "$work/$newest" item/parameter; goes_on "both" 1 $before 2
anew; echo $before >"$work/checkpoint-latest"; goes_on "an older one is named" 1 $before 0
# What a killed write leaves, and files that are not checkpoints, are no checkpoints.
anew; for f in checkpoint-000009-000000.h5 checkpoint-latest embeddings.h5 metrics.jsonl; do echo half >"$work/$f.tmp"; done
touch "$work/checkpoint-000008.h5.old" "$work/checkpoint-x.h5" "$work/checkpoint-000007-.h5" "$work/checkpoint-000007-1x.h5"
goes_on "left-over files" 2 $newest 0
[ -e "$work/checkpoint-000008.h5.old" ] && [ -e "$work/checkpoint-x.h5" ] && [ -e "$work/checkpoint-000007-1x.h5" ] || fail "somebody else's files were removed"
# Names without steps are those of older versions.
anew; for e in 1 2 3; do mv "$work/checkpoint-00000$e-000000.h5" "$work/checkpoint-00000$e.h5"; done; echo checkpoint-000003.h5 >"$work/checkpoint-latest"
goes_on "older names" 1 checkpoint-000003.h5 0
[ ! -e "$work/checkpoint-000001.h5" ] && [ -e "$work/checkpoint-000002.h5" ] || fail "older names are not pruned: $(ls "$work")"

refuses() { # NAME CODE PATTERN words…: on one rank and on two; the folder stays as it is
  local name=$1 code=$2 pattern=$3 n rc; shift 3
  find "$work" -type f -exec cksum {} + | sort >"$dir/sums"
  for n in 1 2; do
    rc=0; ranks $n train "$job" $keep "$@" >"$dir/out" 2>"$dir/err" || rc=$?
    [ $rc = "$code" ] && [ "$(grep '^kith: ' "$dir/err" | grep -vc '^kith: warning: ')" = 1 ] && grep -q "^kith: .*$pattern" "$dir/err" || fail "$name on $n: code $rc"
    find "$work" -type f -exec cksum {} + | sort | diff - "$dir/sums" || fail "$name on $n: the folder was changed"
  done
}
anew; for f in $newest $before $oldest; do flip "$work/$f" item/adam_v; done
refuses "none is good" 65 'no other checkpoint is left.*--fresh'
anew; rm "$work"/checkpoint-0*; refuses "the named one missing" 66 "$newest: cannot be read: No such file.*no other checkpoint is left"
anew; rm "$work"/checkpoint-0*; echo junk >"$work/checkpoint-latest"; refuses "junk and nothing else" 65 'checkpoint-latest: expected the name of a checkpoint, found "junk".*--fresh'
anew; refuses "another configuration key" 78 "$newest: was trained with train.lr=0.01" --set train.lr=0.02
anew; flip "$work/$newest" item/adam_v; refuses "another configuration key before a broken one" 78 "lr=0.01" --set train.lr=0.02
anew
tiny "$dir/other"
for e in 1 2; do "$KITH" train "$dir/other/job.yaml" --quiet --set train.epochs=$e >/dev/null; done
"$KITH" generate "$dir/other/job.yaml" --set generate.seed=99 >/dev/null
"$KITH" ingest "$dir/other/job.yaml" >/dev/null; "$KITH" partition "$dir/other/job.yaml" >/dev/null
cp "$dir/other/work/graph.h5" "$dir/other/work/parts.h5" "$work"
refuses "another graph" 65 "$newest: a checkpoint of another graph"

# The newest N stay, whatever was broken; that of the picked epoch too, though later ones in the middle of an epoch come after it.
anew; truncate -s 1000 "$work/$newest"
"$KITH" train "$job" --quiet $keep --set checkpoint.keep=1 --set checkpoint.steps=5 --set train.epochs=3 >/dev/null
[ "$(ls "$work" | grep -c '^checkpoint-0')" = 1 ] && "$KITH" inspect "$work/$newest" >/dev/null || fail "kept: $(ls "$work")"
rm "$work"/checkpoint-*
"$KITH" train "$job" --quiet --set evaluate.split=valid --set evaluate.every=1 --set train.epochs=9 --set train.lr=0.1 --set checkpoint.best=true --set checkpoint.keep=2 --set checkpoint.steps=5 --json >"$dir/out"
best=$(/usr/bin/python3 -c 'import json, sys; print(json.loads(open(sys.argv[1]).readlines()[-1])["best_epoch"])' "$dir/out")
[ "$best" -lt 9 ] && [ -e "$work/checkpoint-00000$best-000000.h5" ] && [ "$(ls "$work" | grep -c '^checkpoint-0')" = 3 ] || fail "best $best: $(ls "$work")"

# When checkpoints are written changes nothing; those by rank 0's clock are written by all ranks at the same step.
rm -rf "$work"; cp -r "$dir/three" "$work"
ranks 3 train "$job" --quiet --fresh $keep --set checkpoint.every=0 --set checkpoint.minutes=0.00001 --set checkpoint.keep=1000 >/dev/null
[ "$(ls "$work" | grep -c '^checkpoint-00000[0-9]-00000[1-9].h5$')" -gt 4 ] || fail "by minutes: $(ls "$work")"
same_embeddings "$work/embeddings.h5" "$dir/whole.h5"
"$KITH" train "$job" --quiet --fresh $keep --set checkpoint.every=0 --set checkpoint.steps=7 --set checkpoint.minutes=0 --set checkpoint.keep=1000 --json >"$dir/out"
/usr/bin/python3 - "$dir/out" "$work" <<'P'
import json, os, re, sys
n = -(-json.loads(open(sys.argv[1]).readlines()[-1])["pairs"] // 4 // 256) # steps of an epoch, of 4
found = sorted(tuple(map(int, m.groups())) for m in (re.match(r"checkpoint-(\d+)-(\d+)\.h5$", f) for f in os.listdir(sys.argv[2])) if m)
wanted = sorted({divmod(s, n) for s in range(7, 4 * n, 7)} | {(4, 0)})
assert found == wanted, (found, wanted)
P
same_embeddings "$work/embeddings.h5" "$dir/whole.h5"
"$KITH" train "$job" --quiet --fresh $keep --set checkpoint.every=0 --set checkpoint.minutes=0 >/dev/null
[ "$(ls "$work" | grep '^checkpoint-0')" = checkpoint-000004-000000.h5 ] || fail "only at the end: $(ls "$work")"

# What is not finite is not saved over what is.
stays_finite() { # RANKS settings…
  n=$1; shift
  rc=0; ranks $n train "$job" --fresh --set checkpoint.steps=1 --set model.name=gcn "$@" >"$dir/out" 2>"$dir/err" || rc=$?
  [ $rc = 70 ] && grep -q '^kith: .*not finite; the last checkpoint is kept' "$dir/err" || fail "not finite on $n: code $rc"
  /usr/bin/python3 -c 'import sys, numpy, h5py; f = h5py.File(sys.argv[1]); assert all(numpy.isfinite(f[k][:]).all() for k in ("user/parameter", "item/parameter", "weights/parameter"))' \
    "$work/$(cat "$work/checkpoint-latest")" || fail "not finite on $n: saved"
}
for n in 1 2; do stays_finite $n --set model.layers=12 --set train.lr=1000; done
# Weights overflow in a step whose loss is finite, since cosines do not depend on their length.
stays_finite 1 --set model.layers=1 --set loss.name=softmax --set train.optimizer=adamw --set train.lr=10 --set train.weight_decay=1000
