# The snippets of docs/downstream.md run, and docs/kith.py in them, with text ids (bpr) and with integers (softmax), and FAISS finds the items that kith recommend prints, in the same order.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, faiss, pandas' 2>/dev/null || { echo "skipped: no h5py, faiss or pandas"; exit 77; }
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
# A Slurm of one job, whose epochs come while it is followed: squeue knows it until its last line is written, then sacct does.
mkdir "$dir/bin"
cat >"$dir/bin/sbatch" <<'S'
#!/bin/bash
[ "$*" = "--parsable --nodes=2 --ntasks-per-node=8 slurm/train.sbatch" ] && [ -f "$KITH_JOB" ] || exit 1
cp runs/shop/metrics.jsonl all.jsonl; head -n 1 all.jsonl >runs/shop/metrics.jsonl; echo RUNNING >state
(sleep 0.5; head -n 3 all.jsonl | tail -n +2 >>runs/shop/metrics.jsonl; printf '{"epoch": 4' >>runs/shop/metrics.jsonl
 sleep 1.5; cp all.jsonl runs/shop/metrics.jsonl; rm state) >/dev/null 2>&1 &
echo "17;cluster"
S
printf '#!/bin/bash\n[ "$*" = "-h -o %%T -j 17" ] && [ -e state ] && cat state\n' >"$dir/bin/squeue"
printf '#!/bin/bash\n[ "$*" = "-n -X -P -o State -j 17" ] && echo COMPLETED\n' >"$dir/bin/sacct"
chmod +x "$dir"/bin/*
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
  "$KITH" recommend "$dir/$loss.yaml" --all --output "$dir/$loss/top.h5" >/dev/null
  cd "$dir/$loss"
  mkdir runs; ln -s .. runs/shop; ln -s "../$loss.yaml" job.yaml
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
# kith.py: the same numbers and lists as the snippets, and as kith recommend; without FAISS, too.
import pandas as pd, sys
assert rows["user"].index.tolist() == [id_of_row(user_ids, u) for u in range(400)] and (rows["item"].to_numpy() == items).all()
assert [(u, i) for u, i in zip(before.user, before.item)] == [(id_of_row(user_ids, u), id_of_row(item_ids, i)) for s in ("train", "valid")
    for u in range(400) for i in graph[s + "/item"][graph[s + "/start"][u]:graph[s + "/start"][u + 1]]]
printed = pd.read_csv("top.tsv", sep="\t", names=["user", "position", "item", "score"])
assert lists[["user", "position", "item"]].equals(printed[["user", "position", "item"]]) and (lists.score == printed.score.astype("float32")).all()
of_three = printed[printed.user.isin(top.user) & (printed.position <= 10)].reset_index(drop=True)
assert len(top) == 30 and top[["user", "position", "item"]].equals(of_three[["user", "position", "item"]]) and np.allclose(top.score, of_three.score)
sys.modules["faiss"] = None
assert kith.top(rows["user"].iloc[:3], rows["item"], 10, before)[["user", "position", "item"]].equals(top[["user", "position", "item"]])
assert kith.embeddings("new.h5")["user"].to_numpy().shape == (1, 32) and epoch["epoch"] == 5 and kith.state(number) == "COMPLETED"
new, first = h5py.File("new.h5", "r"), user_row[user_ids.tolist()[0]]
known = seen(graph, first) | set(graph["test/item"][:][:graph["test/start"][first + 1]].tolist())
mine = recommend_new(new, 0, 20, known)
both = set(mine) & set(recommend(first, 60, graph))
assert len(new["user/id"]) == 1 and len(mine) == len(set(mine)) == 20 and not known & set(mine)
assert len(both) >= 10, len(both) # six hundred items: by chance two
P
  } >run.py
  ids=$ids OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$KITH_SOURCE/docs PATH=$dir/bin:$PATH /usr/bin/python3 run.py >log
  [ "$(cut -d' ' -f1 log | tail -n 6 | xargs)" = "1 2 3 4 5 COMPLETED" ] || { cat log; exit 1; }
  cd - >/dev/null
done
