# kith embed with relations: rows of new nodes are what NumPy makes of the checkpoint and the lists, those of users who have
# no item but friends, and of items that have nothing but tags; the same on any number of ranks; lists that tell nothing
# new, and relations that are not there, are told of or refused.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"

# Every tenth user is hidden from training; half of these have friends alone.  Items have tags; two items are new.
cat >"$dir/hide.py" <<'P'
import random
r = random.Random(4)
read = lambda name: [line.split("\t") for line in open(name).read().splitlines() if line[0] != "#"]
pairs = list(dict.fromkeys(tuple(p[:2]) for p in read("list.tsv")))
ties = [tuple(t[:2]) for t in read("friends.tsv")]
users = list(dict.fromkeys(u for u, _ in pairs))
hidden = set(users[::10])
poor = set(sorted(hidden)[::2])
known = [p for p in pairs if p[0] not in hidden]
items = sorted({i for _, i in known})
write = lambda name, some: open(name, "w").write("".join("%s\t%s\n" % p for p in some))
write("known.tsv", known)
write("ties.tsv", [t for t in ties if not set(t) & hidden])
write("tags.tsv", [(i, "tag%d" % r.randrange(12)) for i in items for _ in range(2)])
write("new.tsv", [p for p in pairs if p[0] in hidden - poor and p[1] in items])
told = [t for t in ties if set(t) & hidden] + [(u, r.choice(sorted(set(users) - hidden))) for u in sorted(poor)]
told += [(sorted(hidden)[0], sorted(hidden)[1]), (sorted(hidden)[1], sorted(hidden)[0])] # both new, in both directions
told += [told[0], (users[1], users[2]), (sorted(poor)[0], sorted(poor)[0])] # again; both known; oneself
write("new-ties.tsv", told)
write("new-tags.tsv", [("item-new-1", "tag3"), ("item-new-1", "tag5"), ("item-new-2", "tag0"), ("item-new-3", "no such tag")])
P
/usr/bin/python3 "$dir/hide.py"
cat >job.yaml <<'Y'
work: work
data:
  interactions: {path: known.tsv, format: edges, delimiter: tab}
  relations:
    friend: {path: ties.tsv, from: user, to: user, format: edges, delimiter: tab}
    tag: {path: tags.tsv, from: item, to: tag, format: edges, delimiter: tab}
partition: {parts: 4}
model: {name: lightgcn, dim: 8, layers: 2, relations: {friend: 0.6, tag: 0.4}}
train: {epochs: 2, batch: 512}
evaluate: {every: 0}
embed: {interactions: new.tsv, types: both, relations: {friend: new-ties.tsv, tag: new-tags.tsv}}
Y
for verb in ingest partition train; do "$KITH" $verb job.yaml >/dev/null; done
"$KITH" embed job.yaml --json >out

cat >"$dir/oracle.py" <<'P'
import h5py, json, numpy as np
read = lambda name: [tuple(line.split("\t")[:2]) for line in open(name).read().splitlines()]
state = h5py.File("work/" + open("work/checkpoint-latest").read().strip())
graph, new = h5py.File("work/graph.h5"), h5py.File("work/new.h5")
text = lambda a: [x.decode() for x in a]
known = {"user": text(graph["user/id"][:]), "item": text(graph["item/id"][:]), "tag": text(graph["node/tag/id"][:])}
fresh = {"user": text(new["user/id"][:]), "item": text(new["item/id"][:])}
nodes = [(t, i) for t in known for i in known[t]]
n_known = len(nodes)
nodes += [(t, i) for t in fresh for i in fresh[t]]
place = {node: n for n, node in enumerate(nodes)}
assert len(place) == len(nodes)
def normalized(ends, lists): # what each node reads: known nodes no new ones
    a = np.zeros((len(nodes), len(nodes)))
    for pairs in lists:
        for u, v in pairs:
            i, j = place.get((ends[0], u)), place.get((ends[1], v))
            if i is None or j is None or i == j: continue
            if i >= n_known or j < n_known: a[i, j] = 1
            if j >= n_known or i < n_known: a[j, i] = 1
    degree = np.maximum(a.sum(1), 1)
    return a / np.sqrt(np.outer(degree, degree))
m = normalized(("user", "item"), [read("known.tsv"), read("new.tsv")])
m += 0.6 * normalized(("user", "user"), [read("ties.tsv"), read("new-ties.tsv")])
m += 0.4 * normalized(("item", "tag"), [read("tags.tsv"), read("new-tags.tsv")])
layers = [np.zeros((len(nodes), 8))]
layers[0][:n_known] = np.concatenate([state[g + "/parameter"][:] for g in ("user", "item", "node/tag")])
for _ in range(2): layers.append(m @ layers[-1])
truth = np.mean(layers, 0)[n_known:]
mine = np.concatenate([new["user/embedding"][:], new["item/embedding"][:]])
assert mine.shape == truth.shape and np.abs(mine - truth).max() < 1e-5 * np.abs(truth).max(), np.abs(mine - truth).max()
without = set(fresh["user"]) - {u for u, _ in read("new.tsv")} # friends are all they have
assert len(without) > 3 and all(np.abs(truth[fresh["user"].index(u)]).max() > 1e-3 for u in without)
assert fresh["item"] == ["item-new-1", "item-new-2"], fresh["item"]
told = json.loads(open("out").read().splitlines()[-1])
friend, tag = told["relations"]["friend"], told["relations"]["tag"]
ties = [t for t in read("new-ties.tsv") if set(t) & set(fresh["user"]) and t[0] != t[1]]
assert friend["edges"] == len(set(ties)) and friend["duplicates"] == len(ties) - len(set(ties)) > 0, friend
assert friend["known"] == 1 and friend["self_loops"] == 1 and friend["unknown"] == 0, friend
assert tag["edges"] == 3 and tag["unknown"] == 1 and told["isolated_users"] == told["isolated_items"] == 0, told
P
/usr/bin/python3 "$dir/oracle.py"

cp work/new.h5 one.h5
for n in 2 3; do
  ranks $n embed job.yaml --output new-$n.h5 --quiet >/dev/null
  same_embeddings one.h5 new-$n.h5
done

# Friends alone make a list of new users; a hidden user is a row of its own.
"$KITH" embed job.yaml --set embed.interactions.path= --set embed.relations.tag= --set embed.types=users --output alone.h5 >out
grep -q 'friend: [0-9]* edges with new nodes' out && grep -q '1 edge of friend of two known nodes, left out' out || { cat out; exit 1; }

# What cannot be.
refused() { # CODE TEXT words…
  code=$1 text=$2 rc=0; shift 2
  "$KITH" embed job.yaml --output no.h5 "$@" >out 2>err || rc=$?
  [ $rc = $code ] && grep -q "$text" err && [ ! -e no.h5 ] || { echo "exit $rc"; cat err; exit 1; }
}
refused 78 'embed.relations.trust: data names no such relation; the nearest is tag' --set embed.relations.trust=new-ties.tsv
refused 66 'missing.tsv' --set embed.relations.friend=missing.tsv
printf 'somebody\n' >torn.tsv
refused 65 'torn.tsv:1: expected 2 columns' --set embed.relations.friend=torn.tsv
sed -n 1p ties.tsv >known-ties.tsv
refused 65 'has a user or an item that .*graph.h5 lacks' --set embed.interactions.path= --set embed.relations.tag= --set embed.relations.friend=known-ties.tsv
