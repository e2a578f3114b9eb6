# kith explain of the spectral model, with and without its direct term: contributions of the chosen items are what NumPy finds in
# dense matrices, and add up to the scores of kith recommend; the same on 1 to 4 ranks and in another cut.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<'J'
work: work
generate: {users: 90, items: 120, interactions: 1500, friends: 0, communities: 5}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  split: {method: ratio, valid: 0.1, test: 0.2}
partition: {parts: 6}
model:
  name: spectral
  dim: 8
  spectral: {user_power: 0.4, item_power: 0.6, input_power: 0.3, output_power: -0.2, t: 0.1, tolerance: 0.000001, rounds: 60}
evaluate: {k: [5, 10], split: test}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done

cat >oracle.py <<'P' # C…: the weights of the direct term's powers
import h5py, json, numpy as np, sys
c = [float(x) for x in sys.argv[1:]]
g, e = h5py.File("work/graph.h5", "r"), h5py.File("work/embeddings.h5", "r")
text = lambda ids: [i.decode() for i in ids]
user_id, item_id = text(e["user/id"][:]), text(e["item/id"][:])
R, start = np.zeros((len(user_id), len(item_id))), g["train/start"][:]
for u in range(len(user_id)): R[u, g["train/item"][start[u]:start[u + 1]]] = 1
power = lambda d, x: np.where(d > 0, np.maximum(d, 1) ** x, 0)
du, di = R.sum(1), R.sum(0)
M = power(du, -.4)[:, None] * R * power(di, -.6)
P = M.T @ M
value, V = np.linalg.eigh(P)
value, V = value[::-1], V[:, ::-1]
m = value[:8] / value[0]
rows = V[:, :8] * (m / (m + 0.1)) @ V[:, :8].T * power(di, -.3) # [item, chosen item], before D_i^q
direct = sum(x * np.linalg.matrix_power(P / value[0], k + 1) for k, x in enumerate(c)) * power(di, -.3)
term = (rows + direct) * power(di, -.2)[:, None]
pairs = 0
for line in sys.stdin:
    for a in json.loads(line)["explanations"]:
        u, i = user_id.index(a["user"]), item_id.index(a["item"])
        true, part = term[i].copy(), direct[i] * power(di, -.2)[i]
        if "against" in a:
            j = item_id.index(a["against"])
            true, part = true - term[j], part - direct[j] * power(di, -.2)[j]
        size = np.abs(true[R[u] > 0]).sum() + 1e-9
        assert a["own"] == 0 and not a["paths"] and a["terms"] == R[u].sum() and a["connections"]
        assert abs(a["score"] - true @ R[u]) < 2e-4 * size, (a["score"], true @ R[u])
        assert abs(a["rounding"]) < 1e-5 * size and abs(a["positive"] + a["negative"] - a["score"]) < 1e-5 * size
        assert len(a["reasons"]) == min(100, int(R[u].sum()))
        for r in a["reasons"]:
            j = item_id.index(r["id"])
            assert R[u, j] and r["relation"] == "interactions" and abs(r["contribution"] - true[j]) < 2e-4 * size, (r, true[j])
            assert ("direct" in r) == any(c) and abs(r.get("direct", 0) - part[j]) < 2e-4 * size, (r, part[j])
        pairs += 1
print(pairs)
P
on() { if [ $1 = 1 ]; then shift; "$KITH" "$@"; else ranks "$@"; fi; }
answers() { # RANKS words…
  n=$1; shift
  for u in 03 17; do on $n explain job.yaml --user user-$u --k 20 --top 100 --json --quiet "$@" | tail -1; done | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//'
  on $n explain job.yaml --user user-34 --item item-011 --against item-070 --top 100 --json --quiet "$@" | tail -1 | sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//'
}
for c in 0 1.5 "1 -2 1.5"; do
  set -- --set "model.spectral.direct=$c"
  [ "$c" = "${c% *}" ] || set -- --set "model.spectral.coefficients=[$(echo $c | tr ' ' ,)]"
  "$KITH" train job.yaml --quiet "$@" >log 2>&1 || { cat log; exit 1; }
  answers 1 "$@" >one
  /usr/bin/python3 oracle.py $c <one >pairs && [ "$(cat pairs)" = 41 ] || { echo "with c = $c they are not NumPy's"; exit 1; }
done
/usr/bin/python3 oracle.py 1 -2 1.4 <one >log 2>&1 && { echo "the oracle does not see the direct term"; exit 1; }
for n in 2 3 4; do answers $n "$@" >many; cmp one many || { echo "$n ranks say otherwise"; exit 1; }; done
"$KITH" partition job.yaml --quiet --set partition.method=hash >log 2>&1
answers 3 "$@" >many; cmp one many || { echo "another cut says otherwise"; exit 1; }

refused() { # CODE WORDS ARGUMENTS…: one line with the words
  want=$1 words=$2 code=0; shift 2
  "$KITH" explain job.yaml --quiet --user user-03 "$@" >out 2>&1 || code=$?
  [ $code = $want ] && grep -qF -- "$words" out || { echo "kith explain $* ended with $code and not by \"$words\":"; cat out; exit 1; }
}
refused 78 "was exported with" --set model.spectral.direct=2
