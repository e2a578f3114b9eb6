# kith explain of a blend: every contribution is that of its models, each times gamma / sigma, evidence is a term of its own, and
# they add up to the score of kith recommend; the same on any number of ranks; a model that was trained again since is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >data.yaml <<'J'
generate: {users: 160, items: 120, interactions: 3000, friends: 200, communities: 6}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  relations: {friend: {path: friends.tsv, from: user, to: user, format: edges}}
  split: {method: ratio, valid: 0.2, test: 0.1}
partition: {parts: 6}
evaluate: {k: [5, 10], every: 0, split: valid}
J
graph="graph: gcn/graph.h5
parts: gcn/parts.h5"
{ echo "work: gcn"; cat data.yaml; echo "model: {name: lightgcn, dim: 8, layers: 2, relations: {friend: 0.3}}"; echo "train: {batch: 256, epochs: 6, lr: 0.02}"; } >gcn.yaml
{ echo "work: wide"; cat data.yaml; echo "$graph"; echo "model: {name: lightgcn, dim: 12, layers: 1, relations: {friend: 0.5}}"; echo "train: {batch: 256, epochs: 6, lr: 0.02}"; } >wide.yaml
{ echo "work: filter"; cat data.yaml; echo "$graph"; echo "model: {name: spectral, dim: 12, spectral: {direct: 0.5}}"; } >filter.yaml
{ echo "work: both"; cat data.yaml; echo "$graph"; echo "blend: {models: {gcn: gcn, wide: wide, filter: filter}, friends: [friend]}"; } >both.yaml
quiet() { "$KITH" "$@" --quiet >log 2>&1 || { cat log; exit 1; }; }
sed -i 's/friends.tsv/friend.tsv/' ./*.yaml
for verb in generate ingest partition train; do quiet $verb gcn.yaml; done
quiet train wide.yaml; quiet train filter.yaml; quiet blend both.yaml

"$KITH" recommend both.yaml --user user-017 --k 6 --json --quiet | tail -1 >best
"$KITH" explain both.yaml --user user-017 --k 6 --top 100 --paths 8 --json --quiet | tail -1 >both.json
for item in $(/usr/bin/python3 -c 'import json; print(*json.load(open("best"))["recommendations"][0]["items"])'); do
  for model in gcn wide filter; do "$KITH" explain $model.yaml --user user-017 --item $item --top 100 --paths 8 --json --quiet | tail -1 >$model.$item.json; done
done
/usr/bin/python3 - <<'P'
import collections, h5py, json, math
f = h5py.File("both/blend.h5").attrs
text = lambda x: x.decode() if isinstance(x, bytes) else str(x)
factor = {text(f["member_%d_name" % m]): f["member_%d_gamma" % m] / f["member_%d_sigma" % m] for m in (1, 2, 3)}
assert sum(x > 0 for x in factor.values()) > 1, factor
assert text(f["evidence_1"]) == "friends friend", text(f["evidence_1"])
graph = h5py.File("gcn/graph.h5")
ids = {t: [text(x) for x in graph[t + "/id"][:]] for t in ("user", "item")}
start, items = graph["train/start"][:], graph["train/item"][:]
chose = lambda u, i: ids["item"].index(i) in items[start[u]:start[u + 1]]
at, to = graph["edge/friend/start"][:], graph["edge/friend/to"][:]
me = ids["user"].index("user-017")
friends = set(to[at[me]:at[me + 1]]) | {u for u in range(len(ids["user"])) if me in to[at[u]:at[u + 1]]}
said_evidence = 0
best = json.load(open("best"))["recommendations"][0]
said = json.load(open("both.json"))["explanations"]
assert [a["item"] for a in said] == best["items"]
for a, score in zip(said, best["scores"]):
    term, own, paths = collections.defaultdict(float), 0, []
    for model, x in factor.items():
        b = json.load(open("%s.%s.json" % (model, a["item"])))["explanations"][0]
        own += x * b["own"]
        steps = lambda p: tuple((s["relation"], s["type"], s["id"]) for s in p["steps"])
        ends = b["paths"] if model != "filter" else [{"contribution": r["contribution"], "steps": [r]} for r in sorted(b["reasons"], key=lambda r: -r["contribution"])]
        if x > 0: paths += [(x * p["contribution"], model, steps(p)) for p in ends[:8]]
        for r in b["reasons"]: term[r["relation"], r["id"]] += x * r["contribution"] if x > 0 else 0
    size = 1 + abs(score)
    given = [r["contribution"] for r in a["reasons"] if r.get("evidence") == "friends friend"]
    true = f["evidence_1_weight"] * math.log(1 + sum(chose(u, a["item"]) for u in friends))
    assert abs(sum(given) - true) < 1e-5 * size and len(given) == (true != 0), (given, true)
    said_evidence += len(given)
    assert abs(a["own"] + a["positive"] + a["negative"] - score) < 1e-5 * size
    a["terms"] -= len(given)
    a["reasons"] = [r for r in a["reasons"] if "evidence" not in r]
    assert abs(a["score"] - score) < 1e-5 * size and abs(a["rounding"]) < 1e-5 * size
    assert abs(a["own"] - own) < 1e-5 * size and a["connections"]
    mine = {(r["relation"], r["id"]): r["contribution"] for r in a["reasons"]}
    assert len(mine) == len(a["reasons"]) == a["terms"] <= len(term), (len(mine), a["terms"], len(term))
    for key, c in term.items(): assert abs(mine.get(key, 0) - c) < 1e-5 * size, (key, mine.get(key), c)
    assert any(relation == "friend" for relation, _ in mine)
    paths.sort(key=lambda p: -p[0])
    said = [(p["contribution"], p["model"], steps(p)) for p in a["paths"]]
    assert len(said) == 8 and {p[1:] for p in said} == {p[1:] for p in paths[:8]}, (said, paths)
    for p, q in zip(said, paths): assert abs(p[0] - q[0]) < 1e-5 * size, (p, q)
assert said_evidence > 0
P
"$KITH" explain both.yaml --user user-017 --k 6 --top 100 | grep ' evidence: chosen by those next to you in friend$' >/dev/null || { echo "no evidence in words"; exit 1; }
"$KITH" explain both.yaml --user user-017 --k 1 --paths 3 | grep -E '%  (gcn|wide|filter): you – ' >/dev/null || { echo "no path of a model in words"; exit 1; }
"$KITH" explain both.yaml --all --k 2 --top 30 --output why.tsv >log && grep -q "	evidence			friends friend	" why.tsv || { echo "no evidence in the file"; exit 1; }
for n in 2 3; do
  ranks $n explain both.yaml --user user-017 --k 6 --top 100 --paths 8 --json --quiet | tail -1 >many
  cmp <(sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//' both.json) <(sed 's/"ranks": [0-9]*, //; s/, "seconds": [0-9.]*//' many) || { echo "$n ranks say otherwise"; exit 1; }
done

# The blend's own graph is read, whatever the models' jobs call theirs, and from any folder.
"$KITH" explain both.yaml --user user-017 --k 6 --top 100 --quiet >here
(cd / && "$KITH" explain "$dir/both.yaml" --user user-017 --k 6 --top 100 --quiet) >there
cmp here there

# A model whose terms are estimates is refused in a blend.
{ echo "work: sage"; cat data.yaml; echo "$graph"; echo "model: {name: sage, dim: 8, layers: 1}"; echo "train: {batch: 256, epochs: 2, lr: 0.02}"; } >sage.yaml
{ echo "work: mixed"; cat data.yaml; echo "$graph"; echo "blend: {models: {gcn: gcn, sage: sage}, weights: [1, 0.5]}"; } >mixed.yaml
quiet train sage.yaml; quiet blend mixed.yaml
rc=0; "$KITH" explain mixed.yaml --user user-017 --quiet >out 2>&1 || rc=$?
[ $rc = 78 ] && grep 'sage/embeddings.h5 is of sage, whose scores kith explain estimates' out >/dev/null || { echo "a blend with sage: code $rc"; cat out; exit 1; }

# A model that was exported again, or trained again, is refused.
used=$(/usr/bin/python3 -c '
import h5py
f = h5py.File("both/blend.h5").attrs
name = lambda m: f["member_%d_name" % m] if isinstance(f["member_%d_name" % m], str) else f["member_%d_name" % m].decode()
print(next(name(m) for m in (1, 2) if f["member_%d_gamma" % m] > 0))') # one of lightgcn that has weight
quiet train $used.yaml --set model.length_discount=0.5
rc=0; "$KITH" explain both.yaml --user user-017 --quiet >out 2>&1 || rc=$?
[ $rc = 65 ] && grep -q "$used/embeddings.h5: has been exported again" out || { echo "another export: code $rc"; cat out; exit 1; }
quiet train $used.yaml --fresh --set train.epochs=2
rc=0; "$KITH" explain both.yaml --user user-017 --quiet >out 2>&1 || rc=$?
[ $rc = 65 ] && grep -q 'run kith blend again' out || { echo "another run: code $rc"; cat out; exit 1; }
