# A spectral run that is killed between rounds and in the middle of their products, again and again at keyed moments, and goes
# on each time on another number of ranks, ends with the bits of a run that nobody disturbed; so does a kill of another cut.
#
# KITH_KILL_RUNS  runs in pieces (3)
# KITH_KILL_SEED  of moments, victims and numbers of ranks (1)
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
KITH_FAULT=kill:1000000@0 "$KITH" help >/dev/null 2>&1 || { echo "skipped: built without faults"; exit 77; }
RANDOM=${KITH_KILL_SEED:-1}
cd "$dir"
small 200 150 4000 6 0.1 0.1 <<'J'
model: {name: spectral, dim: 40, spectral: {oversample: 40, degree: 5, rounds: 5, tolerance: 0, user_power: 0.4, input_power: 0.4}}
checkpoint: {every: 1, keep: 2}
J
"$KITH" train job.yaml --quiet >log 2>&1 || { cat log; exit 1; }
residuals() { /usr/bin/python3 -c 'import json; print([json.loads(l)["residual"] for l in open("work/metrics.jsonl")])'; }
wanted=$(exported) told=$(residuals)
places= kills=0
n=1
for run in $(seq 1 "${KITH_KILL_RUNS:-3}"); do
  rm -f work/checkpoint-* work/metrics.jsonl work/embeddings.h5
  for piece in 1 2 3 4 5; do
    last=$n; while [ $n = $last ]; do n=$((1 + RANDOM % 4)); done
    fault=kill:$((1 + RANDOM % 28))@$((RANDOM % n)) code=0 # a round has 1 + 2 * (5 + 2) moments, the first one fewer
    [ $piece -lt 5 ] || fault= # to the end
    KITH_FAULT=$fault ranks $n train job.yaml --quiet >log 2>&1 || code=$?
    places+=" $n:$fault@$(cut -c12-17 work/checkpoint-latest 2>/dev/null || echo none)"
    [ $code != 0 ] || break
    kills=$((kills + 1))
    [ -n "$fault" ] && [ $code = 137 ] && [ ! -e work/embeddings.h5 ] || { echo "piece $piece on $n ranks ended with $code:$places"; cat log; exit 1; }
  done
  [ $code = 0 ] || { echo "no end:$places"; exit 1; }
  [ "$(exported)" = "$wanted" ] || { echo "other bits after$places"; exit 1; }
  [ "$(residuals)" = "$told" ] || { echo "other residuals after$places: $(residuals), expected $told"; exit 1; }
  [ -z "$(find work -name '*.tmp*')" ] || { echo "left $(find work -name '*.tmp*')"; exit 1; }
done
[ $kills -ge 5 ] || { echo "only $kills kills:$places"; exit 1; }
