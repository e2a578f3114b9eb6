# The snippets of docs/downstream.md run, with text ids (bpr) and with integers (softmax), and FAISS finds the items that kith recommend prints, in the same order.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, faiss' 2>/dev/null || { echo "skipped: no h5py or faiss"; exit 77; }
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
for loss in bpr softmax; do
  [ $loss = bpr ] && score=dot ids=names || { score=cosine; ids=integers; }
  cat >"$dir/$loss.yaml" <<J
work: $loss
generate: {users: 400, items: 600, interactions: 12000, friends: 0, communities: 8, ids: $ids}
data: {interactions: {path: $loss.tsv, format: edges}, split: {method: ratio, valid: 0.1, test: 0.1}}
partition: {parts: 4}
model: {dim: 32, layers: 2, score: $score}
loss:  {name: $loss}
train: {batch: 512, epochs: 5, lr: 0.01}
evaluate: {k: [20], every: 5, split: valid}
J
  for verb in generate ingest partition train; do "$KITH" $verb "$dir/$loss.yaml" --quiet >/dev/null; done
  "$KITH" recommend "$dir/$loss.yaml" --all --output "$dir/$loss/top.tsv" >/dev/null
  awk -F '\t' '!/^#/ && u == "" {u = $1} $1 == u {print "999999999\t" $2}' "$dir/$loss.tsv" >"$dir/new.tsv" # with the list of the first user
  "$KITH" embed "$dir/$loss.yaml" --set embed.interactions.path=new.tsv --set embed.interactions.format=edges >/dev/null
  cd "$dir/$loss"
  { awk '/^```python/ {take = 1; next} /^```/ {take = 0} take' "$KITH_SOURCE/docs/downstream.md"
    cat <<'P'
import csv, collections, os
graph, told = h5py.File("graph.h5", "r"), collections.defaultdict(list)
for user, place, item, score in csv.reader(open("top.tsv"), delimiter="\t"): told[user].append(item)
name = lambda i: i.decode() if isinstance(i, bytes) else str(i)
assert len(told) == len(users) == 400
own = int if os.environ["ids"] == "integers" else str
for u in range(0, 400, 7):
    id = own(name(user_ids[u]))
    assert row_by_id(user_row, id) == u and id_of_row(user_ids, u) == id and type(id_of_row(user_ids, u)) is own
    assert recommend_by_id(id, 5, graph) == [own(i) for i in told[name(user_ids[u])][:5]]
    mine = [name(item_ids[i]) for i in recommend(u, 20, graph)]
    assert mine == told[name(user_ids[u])], (u, mine, told[name(user_ids[u])])
# The direct term, of other degrees on both sides, is that of dense matrices.
R = np.zeros((len(users), len(items)))
start = graph["train/start"][:]
for u in range(len(users)): R[u, graph["train/item"][start[u]:start[u + 1]]] = 1
term = {"direct": 2.0, "lambda_1": .7, "user_power": .4, "item_power": .6, "input_power": .3, "output_power": -.2}
Du, Di = np.maximum(R.sum(1), 1), np.maximum(R.sum(0), 1)
M = Du[:, None] ** -.4 * R * Di ** -.6
dense = 2 / .7 * ((R * Di ** -.3) @ (M.T @ M)) * Di ** -.2
for u in (0, 17, 399):
    assert np.allclose(direct_scores(graph["train/item"][start[u]:start[u + 1]], graph, term), dense[u], rtol=1e-9, atol=1e-12)
    mine = recommend_direct(u, 20, graph, term)
    score = users[u] @ items.T + dense[u]
    assert not seen(graph, u) & set(mine) and np.allclose(score[mine], sorted(score[[i for i in range(len(items)) if i not in seen(graph, u)]])[::-1][:20])
    assert recommend_direct(u, 20, graph, {**term, "direct": 0.0}) == recommend(u, 20, graph)
P
  cat <<'P'
new, first = h5py.File("new.h5", "r"), user_row[user_ids.tolist()[0]]
known = seen(graph, first) | set(graph["test/item"][:][:graph["test/start"][first + 1]].tolist())
mine = recommend_new(new, 0, 20, known)
both = set(mine) & set(recommend(first, 60, graph))
assert len(new["user/id"]) == 1 and len(mine) == len(set(mine)) == 20 and not known & set(mine)
assert len(both) >= 10, len(both) # six hundred items: by chance two
P
  } >run.py
  ids=$ids OMP_NUM_THREADS=1 /usr/bin/python3 run.py
  cd - >/dev/null
done
