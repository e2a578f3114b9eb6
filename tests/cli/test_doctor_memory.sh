# What kith doctor says a rank will need is near what it then takes: between 0.8 and 1.4 times its peak, for every kind of
# model, on one rank and on two.  Sampled steps are counted as large as they could be: up to 1.8 times.
set -euo pipefail
[ "${KITH_PATIENCE:-1}" = 1 ] || { echo "skipped: sanitizers take memory of their own"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
cat >job.yaml <<J
work: work
generate: {users: 24000, items: 16000, interactions: 150000, friends: 0, communities: 30}
data: {interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}, split: {method: ratio, valid: 0.1, test: 0.1}}
partition: {parts: 4}
model: {dim: 48, layers: 2}
train: {batch: 16384, epochs: 1, lr: 0.01}
evaluate: {k: [5, 10], every: 1, split: test}
checkpoint: {every: 1, keep: 1}
J
for verb in generate ingest partition; do "$KITH" $verb job.yaml >/dev/null; done
cat >peak.py <<'P'
import os, resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
with open("peak." + os.environ.get("OMPI_COMM_WORLD_RANK", "0"), "w") as f: f.write(str(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
P
job=job
near() { # RANKS MOST settings…: of $job.yaml
  n=$1 most=$2; shift 2
  set=$(printf -- ' --set %s' "$@")
  ranks "$n" doctor $job.yaml $set --json >said
  timeout -k 5 $limit mpirun --quiet --oversubscribe --bind-to none -n "$n" /usr/bin/python3 peak.py "$KITH" train $job.yaml --fresh --quiet $set >out 2>&1 || { cat out; exit 1; }
  tail -n 1 said | /usr/bin/python3 -c '
import json, sys
need = json.load(sys.stdin)["need_bytes"]
peak = [int(open("peak.%d" % r).read()) for r in range(len(need))]
share = [n / p for n, p in zip(need, peak)]
print(sys.argv[2:], len(need), "ranks:", ", ".join("%.0f of %.0f MiB, %.2f" % (n / 2**20, p / 2**20, s) for n, p, s in zip(need, peak, share)))
assert 0.8 <= min(share) and max(share) <= float(sys.argv[1]), "not near"' "$most" "$@"
}
near 2 1.4 model.name=lightgcn
near 1 1.4 model.name=ngcf
near 2 1.4 model.name=gat
near 2 1.4 model.name=pinsage
near 1 1.4 model.name=gcnii model.layers=8
near 2 1.4 model.name=rgcn
near 2 1.4 model.name=diffnet
near 2 1.4 loss.name=softmax
near 1 1.25 model.name=spectral model.dim=400
near 2 1.25 model.name=spectral model.dim=400
near 1 1.25 model.name=spectral model.dim=48
near 1 1.4 model.start=spectral model.dim=8
near 2 1.4 model.start=spectral model.dim=8
near 2 1.8 sampler.mode=neighbor sampler.fanouts=5 train.batch=4096
near 1 1.8 sampler.mode=cluster

# Relations in the matrix of the spectral model: ties between users, and pairs of items.  Views, and what kgin has for a relation.
job=related
/usr/bin/python3 - <<'P'
pairs = [line.split()[:2] for line in open("list.tsv") if line[0] != "#"]
for name, ids in ("friends", sorted({u for u, i in pairs})), ("alike", sorted({i for u, i in pairs})):
    n = len(ids)
    ends = ((k % n, (k * 7919 + k // n * 31 + 1) % n) for k in range(150000))
    open(name + ".tsv", "w").write("".join("%s\t%s\n" % (ids[a], ids[b]) for a, b in ends if a != b))
users, items = (sorted({p[k] for p in pairs}) for k in (0, 1))
open("views.tsv", "w").write("".join("%s\t%s\n" % (users[k % len(users)], items[k * 7919 % len(items)]) for k in range(150000)))
P
sed 's/^work:.*/work: related/; s/split: {method.*/social: {path: friends.tsv, format: edges}, relations: {view: {path: views.tsv, format: edges, from: user, to: item}, alike: {path: alike.tsv, format: edges, from: item, to: item}}, &/' job.yaml >related.yaml
for verb in ingest partition; do "$KITH" $verb related.yaml --quiet >/dev/null; done
for n in 1 2; do near $n 1.25 model.name=spectral model.dim=48 model.relations.friend=0.5 model.relations.alike=0.5; done
near 2 1.4 model.name=cascade 'model.cascade.order=[view,interactions]' train.also.view=0.5
near 1 1.4 model.name=lightgcn train.also.view=0.5
near 2 1.4 model.name=kgin model.relations.alike=1

# Han, whose meta-path has many more edges than the lists.
job=han
/usr/bin/python3 - <<'P'
n, authors = 20000, 4000
out = lambda name, lines: open(name, "w").write("\n".join(lines) + "\n")
out("pa.txt", ["%d a%d" % (i, (i * 7919 + k * k * 31) % authors) for i in range(n) for k in range(3)])
out("labels.txt", [str(i % 3) for i in range(n)])
out("features.txt", ["%d %d %d" % (i % 97, 97 + i % 89, 186 + i % 83) for i in range(n)])
for name, a, b in ("train", 0, 2000), ("valid", 2000, 4000), ("test", 4000, 8000): out(name + ".txt", [str(i) for i in range(a, b)])
P
cat >han.yaml <<'J'
task: classify
work: han
data:
  relations: {pa: {path: pa.txt, from: node, to: author}}
  paths: {pap: {path: [pa, pa.back]}}
  labels: {path: labels.txt}
  features: {path: features.txt}
  splits: {train: train.txt, valid: valid.txt, test: test.txt}
partition: {parts: 4}
model: {name: han, layers: 1, dim: 48, relations: {pap: 1}}
train: {epochs: 2}
evaluate: {split: valid}
J
for verb in ingest partition; do "$KITH" $verb han.yaml --quiet >/dev/null; done
near 2 1.4 model.han.neighbors=mean
near 1 1.4 model.han.neighbors=attention model.han.fuse=type

# A model of a stream: memory and rows of nodes, tensors of a step, scores.
job=stream
/usr/bin/python3 - >events.txt <<'P'
import random
r, now = random.Random(5), 10 ** 9
for e in range(9000):
    now += r.choice([0, 1, 30])
    print(r.randrange(9000), r.randrange(4000), now, " ".join("%.2f" % r.random() for f in range(40)))
P
cat >stream.yaml <<'J'
work: stream
data:
  interactions: {path: events.txt, format: edges, columns: {user: 1, item: 2, time: 3, features: 4-43}}
  split: {method: stream, valid: .2, test: .1}
partition: {parts: 4}
stream: {model: tgn, dim: 64, batch: 2100}
train: {epochs: 1}
evaluate: {stream: batch, mask: [], every: 1}
checkpoint: {keep: 1}
J
for verb in ingest partition; do "$KITH" $verb stream.yaml --quiet >/dev/null; done
near 1 1.4 stream.neighbors=5
near 2 1.4 stream.neighbors=5

# The checkpoints that are kept, and the one being written.
/usr/bin/python3 - said stream/checkpoint-000001-000000.h5 <<'P'
import json, os, re, sys
disk = [c["seen"] for c in json.loads(open(sys.argv[1]).readlines()[-1])["checks"] if c["check"] == "disk"][0]
most = float(re.search(r"writes up to ([0-9.]+) MiB", disk)[1]) * 2 ** 20
assert 1 <= most / (2 * os.path.getsize(sys.argv[2])) < 1.2, (disk, os.path.getsize(sys.argv[2]))
P
