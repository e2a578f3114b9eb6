# kith bench: a number for everything it times, on one rank and on two; a bad --repeat is refused; nothing is left behind.
set -uo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
bad=0
fail() { echo "FAIL: $*"; bad=1; }
tiny "$dir/t"
job=$dir/t/job.yaml
listing() { find "$dir/t" -type f -exec sha256sum {} + | sort; }
listing >"$dir/before"
unchanged() { listing | diff "$dir/before" - || fail "$*: the work folder is not what it was"; }

measures() { # RANKS words…: every number is there, positive and finite, and a fraction is that of its two times
  n=$1; shift
  ranks "$n" bench "$job" "$@" --json >"$dir/out" 2>"$dir/err" || fail "bench $* on $n: code $?: $(cat "$dir/err")"
  tail -n 1 "$dir/out" | /usr/bin/python3 -c '
import json, math, sys
ranks = int(sys.argv[1])
r = json.load(sys.stdin)
assert [r.pop(key) for key in ("verb", "status", "code", "ranks")] == ["bench", "ok", 0, ranks]
limits = {"stream_bytes_per_second", "gather_bytes_per_second", "gather_random_bytes_per_second"}
timed = {"spmm", "adam", "step", "ranking", "write"} | ({"halo"} if ranks > 1 else set())
assert set(r) == limits | timed | {"step_parts"}, set(r) ^ (limits | timed)
shares = r["step_parts"]["shares"]
assert all(x >= 0 for x in shares) and abs(sum(shares) - 1) < 1e-5, shares
for key in limits: assert 0 < r[key] < math.inf, (key, r[key])
for key in timed:
    t = r[key]
    assert set(t) == {"seconds", "limit", "fraction"}, (key, t)
    assert 0 < t["seconds"] < math.inf and 0 < t["limit"] < math.inf, (key, t)
    share = t["limit"] / t["seconds"]
    assert abs(t["fraction"] - share) <= 1e-4 + 1e-4 * share, (key, t)  # as many digits as are printed
' "$n" || fail "bench $* on $n: $(tail -n 1 "$dir/out")"
  unchanged "bench $* on $n"
}
measures 1 --repeat 3
grep -q 'too small for these fractions' "$dir/out" || fail "bench does not say that the graph is too small"
# More than memory gives is said to come from a cache, and nothing else is.
awk '/limit .* of (stream|gather)/ { share = $0; sub(/ %.*/, "", share); sub(/.* /, "", share); said = /in a cache/
  seen++; if (share + 0 > 100.1 && !said || share + 0 < 99.9 && said) bad = 1 } END { exit bad || seen != 2 }' "$dir/out" || fail "what is in a cache: $(grep ' of ' "$dir/out")"
measures 2 --repeat 3
# Strips of columns are used, or it is said that they are not.
export KITH_RANKS_PER_HOST=1
measures 2 --repeat 1 --set model.dim=32 --set train.strips=2
unset KITH_RANKS_PER_HOST
grep -x 'layers exchange rows in 2 strips of columns, and sum one while the next travels' "$dir/out" >/dev/null || fail "bench does not say its strips: $(cat "$dir/out")"
measures 1 --repeat 1 --set train.strips=2
grep 'train.strips: 2 has no effect: one rank receives no rows' "$dir/err" >/dev/null || fail "bench does not say that there are no strips: $(cat "$dir/err")"
measures 2 --repeat=1 --set model.name=mf
measures 1 --repeat 1 --set loss.name=softmax

# The work that a step's limit counts, from the lists alone: a model gathers a row for each entry of some passes, and its
# products and streams are so many times N d d and N d numbers; but the last layer has the rows of the batch alone.
counts() { # RANKS MODEL LOSS
  ranks "$1" bench "$job" --json --repeat 1 --set model.name="$2" --set loss.name="$3" >"$dir/out" 2>"$dir/err" || fail "bench of $2 on $1: code $?: $(cat "$dir/err")"
  tail -n 1 "$dir/out" | /usr/bin/python3 -c '
import h5py, json, sys, numpy as np
model, loss, graph = sys.argv[1:]
f = h5py.File(graph)
N, E = int(f.attrs["n_user"] + f.attrs["n_item"]), 2 * f["train/item"].shape[0]
d, layers, pairs, found = 16, 2, 256, json.load(sys.stdin)["step_parts"]
R, ER = found["batch_rows"], found["batch_entries"] # the batch of the last step: these rows, and their entries
degree = sorted(list(np.bincount(f["train/item"][:], minlength=f.attrs["n_item"])) + list(np.diff(f["train/start"][:])))
assert 0 < R <= min(N, 3 * pairs) and sum(degree[:R]) <= ER <= sum(degree[N - R:]), (found, N)
loops, dense, streams, widths = {"mf": (0, 0, 0, 1), "lightgcn": (0, 0, 2, 1), "gcn": (0, 1, 7, 1), "gcnii": (0, 2, 15, 1), "gat": (1, 1, 7, 1), "rgcn": (0, 2, 12, 1), "diffnet": (0, 0, 8, 3), "sage": (0, 2, 10, 1), "ngcf": (0, 2, 10, 3)}[model]
passes = 0 if model == "mf" else 2 * layers
gathered, products, numbers = passes * (E + loops * N), layers * dense * N, layers * streams * N
if passes and model not in ("gcnii", "rgcn", "diffnet"): gathered -= 2 * (E - ER + loops * (N - R))
if model in ("sage", "ngcf"): products, numbers = products - dense * (N - R), numbers - (streams - 1) * (N - R) # all but the gradient of x
elif model in ("gcn", "gat"): numbers -= N - R # y
assert found["gathered"] == gathered * d + 2 * pairs * (2 if loss == "softmax" else 3) * widths * d, (found, gathered)
assert found["products"] == 3 * products * d * d + (4 * pairs * pairs if loss == "softmax" else 6 * pairs) * widths * d, (found, products)
assert found["streamed"] == (7 * N + numbers) * d, (found, N)
assert found["exchanges"] == passes, found
' "$2" "$3" "$dir/t/work/graph.h5" || fail "work of $2 with $3 on $1: $(tail -n 1 "$dir/out")"
}
for model in mf lightgcn gcn gcnii rgcn diffnet gat sage ngcf; do counts 1 $model bpr; done
counts 1 ngcf softmax
counts 2 gat bpr

refused() { # RANKS words…
  n=$1; shift
  if [ "$n" = 1 ]; then timeout -k 5 $limit "$KITH" bench "$job" "$@" >"$dir/out" 2>"$dir/err"; else ranks "$n" bench "$job" "$@" >"$dir/out" 2>"$dir/err"; fi
  rc=$?
  [ $rc = 64 ] && [ "$(wc -l <"$dir/err")" = 1 ] && grep -q -e '^kith: .*--repeat' "$dir/err" || fail "bench $* on $n: code $rc: $(cat "$dir/err")"
  [ ! -s "$dir/out" ] || fail "bench $* on $n: printed $(cat "$dir/out")"
  unchanged "bench $* on $n"
}
for n in 1 2; do
  rc=0
  ranks $n bench "$job" --set work="$dir/none" --set graph="$dir/t/work/graph.h5" --set parts="$dir/t/work/parts.h5" >"$dir/out" 2>"$dir/err" || rc=$?
  [ $rc = 73 ] && [ "$(wc -l <"$dir/err")" = 1 ] && [ ! -s "$dir/out" ] && grep 'the folder .*none cannot be written to' "$dir/err" >/dev/null || fail "bench without a folder on $n: code $rc: $(cat "$dir/out" "$dir/err")"
done
for repeat in 0 -1 102 4294967297 99999999999999999999 3x 1.5 1e1 x '' ' 2' '+2'; do refused 1 --repeat "$repeat"; done
refused 1 --repeat
refused 2 --repeat 3x
for n in 1 2; do
  ranks $n bench "$job" --set sampler.mode=neighbor --json --repeat 1 >"$dir/out" 2>"$dir/err" || fail "bench of sampled steps on $n: code $?: $(cat "$dir/err")"
  tail -n 1 "$dir/out" | /usr/bin/python3 -c '
import json, math, sys
r = json.load(sys.stdin)
for key in ("steps_per_second", "plan_seconds", "drawn_per_second_per_rank"): assert 0 < r[key] < math.inf, (key, r[key])
assert 0 <= r["messages"] < 1, r
' || fail "bench of sampled steps on $n: $(tail -n 1 "$dir/out")"
done
for n in 1 2; do
  ranks $n bench "$job" --rows 3001 --repeat 1 --json >"$dir/out" 2>"$dir/err" || fail "bench of checkpoints on $n: code $?: $(cat "$dir/err")"
  tail -n 1 "$dir/out" | /usr/bin/python3 -c '
import json, math, sys
r = json.load(sys.stdin)
for key in ("plain", "in_place", "stop", "beside", "fraction"): assert 0 < r[key] < math.inf, (key, r[key])
assert r["bytes"] % (12 * 3001) == 0, r
' || fail "bench of checkpoints on $n: $(tail -n 1 "$dir/out")"
  unchanged "bench --rows on $n"
done
exit $bad
