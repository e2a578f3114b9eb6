# Ties between users in LightGCN: rows are what NumPy makes of the checkpoint and the lists; the same bits on any number
# of ranks and any cut; a weight of 0 is no ties at all; new users read friends of theirs; what cannot be is refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
printf 'user-0001\tuser-0002\nuser-0002\tuser-0001\nuser-0003\tuser-0003\n' >>friends.tsv # both directions; oneself
"$KITH" ingest job.yaml >/dev/null
with="--set model.relations.friend=0.6"
cut() { "$KITH" partition job.yaml --quiet "$@" >/dev/null; }
train() { n=$1; shift; ranks $n train job.yaml --fresh --quiet "$@" >/dev/null; }

cat >"$dir/oracle.py" <<'P'
import h5py, numpy as np, sys
omega = float(sys.argv[1])
graph, told = h5py.File("work/graph.h5"), h5py.File("work/embeddings.h5")
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
n = [len(graph["user/id"]), len(graph["item/id"])]
interactions, ties = np.zeros((sum(n), sum(n))), np.zeros((sum(n), sum(n)))
def rows(group, column): # (row, value) of a ragged group
    start, value = graph[group + "/start"][:], graph[group + "/" + column][:]
    return ((u, v) for u in range(len(start) - 1) for v in value[start[u]:start[u + 1]])
for u, i in rows("train", "item"): interactions[u, n[0] + i] = interactions[n[0] + i, u] = 1
for line in open("friends.tsv").read().splitlines(): # from the list itself, whatever graph.h5 made of it
    if line[0] == "#": continue
    names = [x.decode() for x in graph["user/id"][:]]
    ends = line.split("\t")
    if ends[0] == ends[1] or not set(ends) <= set(names): continue
    u, v = (names.index(x) for x in ends)
    ties[u, v] = ties[v, u] = 1
def normalized(a):
    degree = np.maximum(a.sum(1), 1)
    return a / np.sqrt(np.outer(degree, degree))
m = normalized(interactions) + omega * normalized(ties)
e = np.concatenate([state["user/parameter"][:], state["item/parameter"][:]]).astype(float)
layers = [e]
for _ in range(2): layers.append(m @ layers[-1])
truth = np.mean(layers, 0)
mine = np.concatenate([told["user/embedding"][:], told["item/embedding"][:]])
worst = np.abs(mine - truth).max() / np.abs(truth).max()
assert worst < 1e-5, worst
if len(sys.argv) > 2: # a new user of two items: known rows, ties among them included, as they were trained
    new = h5py.File(sys.argv[2])
    items = [x.decode() for x in graph["item/id"][:]]
    reads = [n[0] + items.index(line.split("\t")[1]) for line in open("new.tsv").read().splitlines()]
    degree = interactions.sum(1)
    rows = [np.zeros(e.shape[1])] + [sum(x[i] / np.sqrt(len(reads) * degree[i]) for i in reads) for x in layers[:2]]
    assert len(reads) == 2 and np.abs(new["user/embedding"][0] - np.mean(rows, 0)).max() < 1e-5 * np.abs(truth).max()
P
plain="--set checkpoint.best=false --set evaluate.every=0 --set evaluate.oversmoothing=false"

# One SHA of the rows on 1 to 4 ranks and two cuts, and they are the oracle's.
cut $with
train 1 $with $plain
/usr/bin/python3 "$dir/oracle.py" 0.6
/usr/bin/python3 "$dir/oracle.py" 0 2>/dev/null && { echo "the oracle sees no ties"; exit 1; }
cp work/embeddings.h5 one.h5
for n in 2 3 4; do train $n $with $plain; same_embeddings one.h5 work/embeddings.h5; done
cut $with --set partition.method=hash
train 3 $with $plain
same_embeddings one.h5 work/embeddings.h5
cut # a cut that does not count ties serves as well
train 2 $with $plain
same_embeddings one.h5 work/embeddings.h5

# New users: known rows and checkpoint as they were trained with ties; the same bits on 3 ranks.
sed -n '/^#/d; s/^[^\t]*/new-1/p' list.tsv >all.tsv; sed -n 1,2p all.tsv >new.tsv
new="--set embed.interactions.path=new.tsv --set embed.interactions.format=edges"
ranks 1 embed job.yaml $with $new --output new-one.h5 --quiet >/dev/null
ranks 3 embed job.yaml $with $new --output new.h5 --quiet >/dev/null
/usr/bin/python3 "$dir/oracle.py" 0.6 new.h5
same_embeddings new-one.h5 new.h5

# A weight of 0 is to the bit what a job without the list gives.
train 2 --set model.relations.friend=0
cp work/embeddings.h5 zero.h5
for verb in ingest partition; do "$KITH" $verb job.yaml --set data.social.path= >/dev/null; done
train 2 --set data.social.path=
same_embeddings zero.h5 work/embeddings.h5

# What cannot be is refused with one line that names the key.
refused() { # TEXT words…
  text=$1; shift
  rc=0; "$KITH" train job.yaml --fresh "$@" >out 2>err || rc=$?
  [ $rc = 78 ] && grep -q "model.relations.friend: .*$text" err || { echo "exit $rc"; cat err; exit 1; }
}
refused "no relation friend" $with
for verb in ingest partition; do "$KITH" $verb job.yaml $with >/dev/null; done
refused "sampler.mode: layerwise" $with --set sampler.mode=layerwise
"$KITH" train job.yaml --fresh $with --set model.name=ngcf >out 2>err
grep -q "model.relations.friend is set but has no effect: it needs model.name: lightgcn" err || { cat err; exit 1; }

# A continued run keeps its weight.
train 1 $with --set train.epochs=2
rc=0; "$KITH" train job.yaml --set model.relations.friend=0.5 --set train.epochs=3 >out 2>err || rc=$?
[ $rc != 0 ] && grep -q 'friend' err || { echo "exit $rc"; cat err; exit 1; }
