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
