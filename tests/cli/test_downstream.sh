# timeout: 120
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
model: {width: 32, layers: 2, score: $score}
train: {loss: $loss, batch: 512, epochs: 5, lr: 0.01}
evaluate: {k: [20], every: 5, split: valid}
J
  for verb in generate ingest partition train; do "$KITH" $verb "$dir/$loss.yaml" --quiet >/dev/null; done
  "$KITH" recommend "$dir/$loss.yaml" --all --output "$dir/$loss/top.tsv" >/dev/null
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
P
  } >run.py
  ids=$ids OMP_NUM_THREADS=1 /usr/bin/python3 run.py
  cd - >/dev/null
done
