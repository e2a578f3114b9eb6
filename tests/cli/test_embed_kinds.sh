# fast
# kith embed of new nodes with edges of several kinds: one kind is as none, and two edges of other kinds are two entries.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/k"
cd "$dir/k"
/usr/bin/python3 - <<'P'
import random
r = random.Random(7)
write = lambda name, lines: open(name, "w").write("".join("\t".join(x) + "\n" for x in lines))
users, items = ["u%d" % k for k in range(30)], ["i%d" % k for k in range(20)]
write("train.tsv", sorted({(u, r.choice(items)) for u in users for _ in range(6)} | {(users[0], i) for i in items}))
write("friend.tsv", [(a, b, "likes") for a, b in sorted({tuple(r.sample(users, 2)) for _ in range(60)})])
write("new.tsv", [("n0", "u1", "likes"), ("n0", "u2", "likes"), ("u3", "n1", "likes"), ("n1", "n0", "likes")])
write("twice.tsv", [("n0", "u1", "likes"), ("n0", "u1", "likes"), ("n0", "u2", "likes"), ("u3", "n1", "likes"), ("n1", "n0", "likes")])
write("kinds.tsv", [("n0", "u1", "likes"), ("n0", "u1", "trusts"), ("n0", "u2", "likes"), ("u3", "n1", "likes"), ("n1", "n0", "likes")])
P
cat >job.yaml <<'Y'
work: plain
data:
  interactions: {path: train.tsv, format: edges, delimiter: tab}
  relations:
    friend: {path: friend.tsv, from: user, to: user, format: edges, delimiter: tab, columns: {from: 1, to: 2}}
partition: {parts: 4}
model: {dim: 8, layers: 2, relations: {friend: 0.5}}
train: {epochs: 2, batch: 64}
evaluate: {every: 0}
embed: {types: users}
Y
sed 's/to: 2}/to: 2, kind: 3}/; s/^work: .*/work: kinds/' job.yaml >kinds.yaml
for job in job.yaml kinds.yaml; do for verb in ingest partition train; do "$KITH" $verb $job --quiet >/dev/null; done; done
rows() { # JOB LIST RANKS OUT
  ranks "$3" embed "$1" --quiet --set embed.relations.friend="$2" --output "$4" >log 2>&1 || { cat log; exit 1; }
}
rows job.yaml new.tsv 1 plain.h5
rows kinds.yaml new.tsv 1 one.h5
rows kinds.yaml new.tsv 3 three.h5
rows kinds.yaml twice.tsv 2 twice.h5
rows kinds.yaml kinds.tsv 1 kinds.h5
rows kinds.yaml kinds.tsv 3 kinds3.h5
/usr/bin/python3 -c 'import h5py' 2>/dev/null && /usr/bin/python3 - <<'P'
import h5py
rows = {name: h5py.File(name + ".h5", "r")["user/embedding"][:].tobytes() for name in ("plain", "one", "three", "twice", "kinds", "kinds3")}
assert rows["plain"] == rows["one"] == rows["three"] == rows["twice"]
assert rows["kinds"] == rows["kinds3"] != rows["one"]
P

# kgin has a row for each kind: new items read their edges, on any number of ranks alike, and a kind without one is refused.
/usr/bin/python3 - <<'P'
import random
r = random.Random(8)
write = lambda name, lines: open(name, "w").write("".join("\t".join(x) + "\n" for x in lines))
write("kg.tsv", [("i%d" % i, r.choice(["made by", "about"]), "e%d" % r.randrange(6)) for i in range(20) for _ in range(3)])
write("new-kg.tsv", [("i98", "made by", "e1"), ("i98", "about", "e2"), ("i99", "made by", "e1"), ("i99", "about", "e2")])
write("other-kg.tsv", [("i98", "about", "e1"), ("i98", "made by", "e2"), ("i99", "about", "e2")])
write("no-kg.tsv", [("i98", "near", "e1")])
P
sed 's/to: 2}/to: 3, kind: 2}/; s/^work: .*/work: kgin/; s/friend: {path: friend.tsv, from: user, to: user/kg: {path: kg.tsv, from: item, to: entity/
  s/friend: 0.5/kg: 1/; s/model: {/model: {name: kgin, dropout: 0.1, edge_dropout: 0.1, /; s/types: users/types: items/' job.yaml >kgin.yaml
for verb in ingest partition train; do "$KITH" $verb kgin.yaml --quiet >/dev/null; done
for list in new other; do
  for n in 1 3; do ranks $n embed kgin.yaml --quiet --set embed.relations.kg=$list-kg.tsv --output kgin-$list$n.h5 >log 2>&1 || { cat log; exit 1; }; done
done
/usr/bin/python3 -c 'import h5py' 2>/dev/null && /usr/bin/python3 - <<'P'
import h5py
rows = {name: h5py.File("kgin-%s.h5" % name, "r")["item/embedding"][:] for name in ("new1", "new3", "other1", "other3")}
for name in "new", "other": assert rows[name + "1"].tobytes() == rows[name + "3"].tobytes()
one, two = rows["new1"]
assert (one == two).all() and abs(one).max() > 0, "equal edges, equal rows"
assert (rows["other1"][0] != one).any(), "kinds make no difference"
P
refused() { # CODE TEXT words…
  code=$1 text=$2 rc=0; shift 2
  "$KITH" "$@" --quiet >out 2>err || rc=$?
  [ $rc = $code ] && [ "$(wc -l <err)" = 1 ] && grep -e "$text" err >/dev/null || { echo "$*: $rc: $(cat err)"; exit 1; }
}
refused 65 'embed.relations.kg: an edge has a kind' embed kgin.yaml --set embed.relations.kg=no-kg.tsv --output no.h5
refused 78 'model.relations.friend: kgin' train kinds.yaml --set model.name=kgin --set model.relations.friend=1 --fresh
refused 78 'model.relations: kgin' train kinds.yaml --set model.name=kgin --set model.relations.friend=0 --fresh
