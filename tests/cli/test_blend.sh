# kith blend: weights are the maximum of the likelihood, by another search; rows and direct term are the members' together;
# the same bits on any number of ranks and any cut; a model of random rows has no weight; --refit keeps the weights.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
seal="/usr/bin/python3 -B $KITH_SOURCE/tests/support/seal.py"
cat >data.yaml <<'J'
generate: {users: 260, items: 180, interactions: 6000, friends: 0, communities: 8}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  split: {method: ratio, valid: 0.2, test: 0.1}
partition: {parts: 6}
evaluate: {k: [5, 10], every: 0, split: valid}
J
{ echo "work: gcn"; cat data.yaml; echo "model: {name: lightgcn, dim: 8, layers: 2}"; echo "train: {batch: 256, epochs: 8, lr: 0.02}"; } >gcn.yaml
{ echo "work: filter"; cat data.yaml; echo "model: {name: spectral, dim: 12}"; echo "graph: gcn/graph.h5"; echo "parts: gcn/parts.h5"; } >filter.yaml
{ echo "work: both"; cat data.yaml; echo "blend: {models: {gcn: gcn, filter: filter}}"; echo "graph: gcn/graph.h5"; echo "parts: gcn/parts.h5"; } >both.yaml
quiet() { "$@" --quiet >log 2>&1 || { cat log; exit 1; }; }
for verb in generate ingest partition train; do quiet "$KITH" $verb gcn.yaml; done
quiet "$KITH" train filter.yaml

cat >oracle.py <<'P' # FOLDER FILE JSON MEMBERS…: all of it by dense matrices
import json, os, sys
import h5py, numpy as np
sys.path.append(os.environ["KITH_SOURCE"] + "/tests/support")
import blend as dense_blend
folder, file, told, members = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4:]
graph = h5py.File("gcn/graph.h5")
n_user, n_item = int(graph.attrs["n_user"]), int(graph.attrs["n_item"])
def dense(split):
    start, item = graph[split + "/start"][:], graph[split + "/item"][:]
    r = np.zeros((n_user, n_item))
    r[np.repeat(np.arange(n_user), np.diff(start)), item] = 1
    return r
R, V = dense("train"), dense("valid")
def direct(a):
    if a.get("direct", 0) == 0: return 0
    du, di = np.maximum(R.sum(1), 1), np.maximum(R.sum(0), 1)
    M = du[:, None] ** -a["user_power"] * R * di ** -a["item_power"]
    return a["direct"] / a["lambda_1"] * (R * di ** -a["input_power"]) @ (M.T @ M) * (di ** a["output_power"] * (R.sum(0) > 0))
def scores(path):
    f = h5py.File(path)
    return f["user/embedding"][:].astype(float) @ f["item/embedding"][:].astype(float).T + direct(f.attrs)
blend = h5py.File(folder + "/" + file).attrs
n = int(blend["members"])
assert n == len(members)
F, gamma, sigma = [], [], []
for m in range(n):
    s = scores(members[m] + "/embeddings.h5")
    of = lambda what: blend["member_%d_%s" % (m + 1, what)]
    assert abs(of("sigma") / s.std() - 1) < 0.02, (m, of("sigma"), s.std()) # of 100000 pairs, some of them twice
    F.append(s / of("sigma")); gamma.append(of("gamma")); sigma.append(of("sigma"))
F, gamma = np.array(F), np.array(gamma)
want, value, uniform, rounds, kept = dense_blend.weights(F, n, ["dense"] * n, R == 0, V > 0)
assert told["items"] == V.sum() and told["users"] == (V.sum(1) > 0).sum()
assert np.abs(want - gamma).max() < 1e-3 * want.max() and ((want > 0) == (gamma > 0)).all(), (want, gamma)
assert rounds == told["rounds"] and kept == told["kept"], (rounds, kept, told)
assert abs(value - told["log_likelihood"]) < 1e-5 and abs(uniform - told["uniform"]) < 1e-6, (value, uniform, told)
both = h5py.File(folder + "/" + file)
Z = scores(folder + "/" + file)
want = np.tensordot(gamma, F, 1)
assert np.abs(Z - want).max() < 1e-4 * np.abs(want).max(), np.abs(Z - want).max()
assert sum(int(blend["member_%d_width" % (m + 1)]) for m in range(n)) == both["user/embedding"].shape[1]
order = np.argsort(-np.where(R > 0, -np.inf, Z), axis=1, kind="stable")[:, :10]
who = V.sum(1) > 0
print(repr((np.take_along_axis(V, order, 1).sum(1)[who] / V.sum(1)[who]).mean()))
P
blended() { n=$1; shift; ranks $n blend "$@" --users 1000000 --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //'; }
evaluated() { "$KITH" evaluate "$@" --json --quiet | tail -1; }
agrees() { # JSON of kith evaluate, recall@10 of the oracle
  /usr/bin/python3 -c 'import json, sys; a = json.loads(sys.argv[1])["recall@10"]; assert abs(a - float(sys.argv[2])) < 2e-3, (a, sys.argv[2])' "$1" "$2"
}

one=$(blended 1 both.yaml)
/usr/bin/python3 -c 'import json, sys; m = json.loads(sys.argv[1]); assert m["evaluations"] <= 8 * (m["rounds"] + 1), m' "$one" # Newton converges fast
[ -f both/embeddings.h5 ]
[ ! -e both/blend.h5 ]
"$KITH" blend both.yaml --users 1000000 >log 2>/dev/null # lines of a terminal, with a legend
grep "score: the sum of gamma times" log >/dev/null
grep "of spectral, rounds" log >/dev/null
awk 'length($0) > 80 {print "too long: " $0; exit 1}' log
"$KITH" evaluate both.yaml --quiet | grep "the items of these users chose the weights" >/dev/null
"$KITH" evaluate both.yaml --split test --quiet >log
grep "chose the weights" log && { echo "test items chose no weights"; exit 1; }
recall=$(/usr/bin/python3 oracle.py both embeddings.h5 "$one" gcn filter)
agrees "$(evaluated both.yaml)" "$recall"
"$KITH" inspect both/embeddings.h5 >log
grep "as kith blend wrote it" log >/dev/null
grep "  blend: rows of dimension 20" log >/dev/null
$seal check both/embeddings.h5 >log
"$KITH" recommend both.yaml --user user-003 --quiet >log

# Any number of ranks, any cut.
cp both/embeddings.h5 first.h5
for n in 2 3 4; do
  [ "$(blended $n both.yaml)" = "$one" ] || { echo "$n ranks chose otherwise: $(blended $n both.yaml)"; exit 1; }
  same_embeddings first.h5 both/embeddings.h5
done
quiet "$KITH" partition gcn.yaml --set partition.method=hash
[ "$(blended 2 both.yaml --set partition.method=hash)" = "$one" ] || { echo "another cut chose otherwise"; exit 1; }
quiet "$KITH" partition gcn.yaml

# A model of random rows; and one that is twice in the blend.
mkdir noise
cp gcn/embeddings.h5 noise/
/usr/bin/python3 - <<'P'
import h5py, numpy as np
r = np.random.default_rng(1)
with h5py.File("noise/embeddings.h5", "r+") as f:
    for t in "user", "item": f[t + "/embedding"][...] = r.normal(size=f[t + "/embedding"].shape)
P
$seal anew noise/embeddings.h5
noisy=$(blended 2 both.yaml --set blend.models.noise=noise)
/usr/bin/python3 oracle.py both embeddings.h5 "$noisy" gcn filter noise >log
/usr/bin/python3 -c 'import json, sys; m = json.loads(sys.argv[1])["models"]; assert m[2]["name"] == "noise" and m[2]["weight"] < 0.05, m' "$noisy"
# Rows that rank the other way round have no weight, though a negative one would be likelier.
mkdir against
cp filter/embeddings.h5 against/
/usr/bin/python3 -c 'import h5py; x = h5py.File("against/embeddings.h5", "r+")["user/embedding"]; x[...] = -x[:]'
$seal anew against/embeddings.h5
cp both.yaml other.yaml
sed -i 's/^work: .*/work: other/; s/filter: filter/filter: against/' other.yaml
other=$(blended 2 other.yaml)
/usr/bin/python3 oracle.py other embeddings.h5 "$other" gcn against >log
/usr/bin/python3 -c 'import json, sys; m = json.loads(sys.argv[1]); assert m["models"][1]["gamma"] == 0, m' "$other"
twice=$(blended 1 both.yaml --set blend.models.friend=gcn)
/usr/bin/python3 - "$one" "$twice" <<'P'
import json, sys
a, b = [json.loads(x) for x in sys.argv[1:]]
g = {m["name"]: m["gamma"] for m in b["models"]}
assert abs(g["gcn"] + g["friend"] - a["models"][0]["gamma"]) < 1e-3 and abs(a["log_likelihood"] - b["log_likelihood"]) < 1e-4, (a, b)
P

# With a direct term the blend is blend.h5, and the file of rows alone goes.
term="--set model.spectral.direct=3"
quiet "$KITH" train filter.yaml $term
with=$(blended 1 both.yaml)
[ -f both/blend.h5 ]
[ ! -e both/embeddings.h5 ]
recall=$(/usr/bin/python3 oracle.py both blend.h5 "$with" gcn filter)
agrees "$(evaluated both.yaml)" "$recall"
$seal check both/blend.h5 >log
"$KITH" inspect both/blend.h5 >out
grep -q "a blend of several models" out
grep -q "ranked by inner product, and the terms" out
"$KITH" doctor both.yaml >out 2>&1 || true # it may find fault with this machine
grep -q "the job is a blend, which trains nothing" out
[ "$(blended 3 both.yaml)" = "$with" ] || { echo "3 ranks chose otherwise with a direct term"; exit 1; }
quiet "$KITH" train filter.yaml
one=$(blended 1 both.yaml)
[ -f both/embeddings.h5 ]
[ ! -e both/blend.h5 ]

# Few users: fewer items, other weights.
few=$("$KITH" blend both.yaml --users 60 --json --quiet | tail -1)
"$KITH" evaluate both.yaml --json >log
grep "the items of [0-9]* of these users chose" log >/dev/null
grep "\"weight_users\": $(echo "$few" | sed 's/.*"users": \([0-9]*\).*/\1/')," log >/dev/null
/usr/bin/python3 -c 'import json, sys; n = json.loads(sys.argv[1])["users"]; assert 30 < n < 100, n' "$few"
[ "$(ranks 3 blend both.yaml --set blend.users=60 --json --quiet | tail -1 | sed 's/"ranks": [0-9]*, //')" = "$(echo "$few" | sed 's/"ranks": [0-9]*, //')" ]
one=$(blended 1 both.yaml)

# --refit: the same weights, the refitted members, all interactions.
quiet "$KITH" train gcn.yaml --refit
fails() { # CODE WORDS command…
  code=$1 words=$2; shift 2
  got=0; "$@" >out 2>err || got=$?
  [ $got = $code ] && grep -q -- "$words" err || { echo "code $got, expected $code and \"$words\" of $*"; cat err; exit 1; }
}
fails 66 "run kith train --refit with the job of model filter" "$KITH" blend both.yaml --refit
quiet "$KITH" train filter.yaml --refit
again=$(ranks 2 blend both.yaml --refit --json --quiet | tail -1)
/usr/bin/python3 - "$one" "$again" <<'P'
import json, sys
import h5py, numpy as np
a, b = [json.loads(x)["models"] for x in sys.argv[1:]]
assert [m["gamma"] for m in a] == [m["gamma"] for m in b] and [m["sigma"] for m in a] != [m["sigma"] for m in b], (a, b)
f = h5py.File("both/refit/embeddings.h5")
z = sum(m["gamma"] / m["sigma"] * (lambda x: x["user/embedding"][:].astype(float) @ x["item/embedding"][:].astype(float).T)(h5py.File(m["name"] + "/refit/embeddings.h5")) for m in b)
assert np.abs(f["user/embedding"][:].astype(float) @ f["item/embedding"][:].T - z).max() < 1e-4 * np.abs(z).max()
P
"$KITH" evaluate both.yaml --refit --quiet | grep "test split" >/dev/null

# Given weights, on validation and refitted.
for refit in "" --refit; do
  "$KITH" blend both.yaml --set blend.weights=0.25,2 $refit --json --quiet | tail -1 >out
  /usr/bin/python3 - "$refit" <<'P'
import json, sys
import h5py, numpy as np
models, folder = json.load(open("out"))["models"], "/refit/" if sys.argv[1] else "/"
assert [m["gamma"] for m in models] == [0.25, 2], models
rows = lambda x: x["user/embedding"][:].astype(float) @ x["item/embedding"][:].astype(float).T
z = sum(m["gamma"] * rows(h5py.File(m["name"] + folder + "embeddings.h5")) / m["sigma"] for m in models)
assert np.abs(rows(h5py.File("both" + folder + "embeddings.h5")) - z).max() < 1e-4 * np.abs(z).max()
P
done
fails 78 "given weights are for models alone" "$KITH" blend both.yaml --set blend.weights=1,1 --set blend.seen=view
fails 78 "blend.weights: all are 0" "$KITH" blend both.yaml --set blend.weights=0,0
"$KITH" evaluate both.yaml --set blend.weights=1,1 --quiet 2>&1 | grep "other models, weights or evidence" >/dev/null
"$KITH" evaluate both.yaml --set blend.weights=0.25,2 --quiet 2>&1 | grep "other models" && { echo "a false warning"; exit 1; }
fails 78 "has 1 weights, and blend.models 2 models" "$KITH" blend both.yaml --set blend.weights=1

# A graph and parts of another folder are read; what is written there is said. A blend sends no rows.
"$KITH" ingest both.yaml --quiet | grep "replaced a file outside the work folder" >/dev/null
"$KITH" partition both.yaml --quiet >log
tr -s ' \n' ' ' <log | grep "replaced a file outside the work folder" >/dev/null
grep "MB" log && { echo "a blend sends nothing"; exit 1; }
"$KITH" partition gcn.yaml --quiet >log
grep "replaced" log && { echo "gcn's own file"; exit 1; }
grep "MB a layer" log >/dev/null

# What cannot be is refused; nothing is left behind.
fails 78 "kith train is for one model" "$KITH" train both.yaml
fails 78 "kith tune is for one model" "$KITH" tune both.yaml
fails 78 "kith bench is for one model" "$KITH" bench both.yaml
"$KITH" help blend | grep "blend.users" >/dev/null
fails 78 "kith embed is for one model" "$KITH" embed both.yaml --set embed.interactions.path=list.tsv
fails 78 "expected the work folder of a model or more" "$KITH" blend gcn.yaml
fails 66 "run kith train with the job of model friend first" "$KITH" blend both.yaml --set blend.models.friend=nowhere
fails 78 "expected the work folder of the run without --refit" "$KITH" blend both.yaml --set blend.models.friend=gcn/refit
fails 78 "blend.users: expected 1 to" "$KITH" blend both.yaml --users 0
fails 73 "was not made by kith blend" "$KITH" blend both.yaml --set work=gcn
sed 's/valid: 0.2/valid: 0.3/; s/work: both/work: other/; /^graph/d; /^parts/d' both.yaml >other.yaml
for verb in ingest partition; do quiet "$KITH" $verb other.yaml; done
fails 65 "model gcn is of another graph" "$KITH" blend other.yaml
"$KITH" evaluate both.yaml --quiet --set blend.models.gcn=filter 2>err >log
grep "filter/embeddings.h5: is of run" err >/dev/null
grep "model gcn of run" err >/dev/null
"$KITH" recommend both.yaml --user user-003 --quiet --set blend.models.gcn=nowhere 2>err >log
grep "nowhere/embeddings.h5: is not there; the blend has model gcn of gcn" err >/dev/null
"$KITH" evaluate both.yaml --quiet --set blend.models.friend=gcn 2>err >log
grep -q "is a blend of other models" err
quiet "$KITH" train filter.yaml $term
mkdir -p filter2
cp filter/embeddings.h5 filter2/
fails 78 "models filter and second both have a direct term" "$KITH" blend both.yaml --set blend.models.second=filter2 --set blend.models.gcn=
for f in both/*.tmp-*; do [ ! -e "$f" ] || { echo "left behind: $f"; exit 1; }; done
