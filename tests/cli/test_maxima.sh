# fast
# A graph with the most node types and relations, all with features, weights, times, kinds and a direction: each verb takes it.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/m"
cd "$dir/m"
/usr/bin/python3 - <<'P'
import random
r = random.Random(3)
write = lambda name, lines: open(name, "w").write("".join("\t".join(map(str, line)) + "\n" for line in lines))
write("train.tsv", sorted({("u%d" % (k % 12), "i%d" % (i % 9)) for k in range(12) for i in range(k, k + 4)}))
edges = lambda a, b: [(a + str(k), b + str(r.randrange(9)), "k%d" % (k % 2), 7 + k, 1 + k % 3) for k in range(9)]
relations, types = [], []
def relation(name, source, a, target, b):
    write(name + ".tsv", edges(a, b))
    relations.append("    %s: {path: %s.tsv, from: %s, to: %s, direction: forward, format: edges, delimiter: tab, "
                     "columns: {from: 1, to: 2, kind: 3, time: 4, weight: 5}}\n" % (name, name, source, target))
for t in range(14):
    write("t%d.tsv" % t, [("%s%d" % ("ab"[t % 2], k), "f%d" % (k % 3)) for k in range(9)])
    types.append("    t%d: {features: t%d.tsv}\n" % (t, t))
for k in range(7): relation("r%d" % k, "t%d" % (2 * k), "a", "t%d" % (2 * k + 1), "b")
for k in range(7, 32): relation("r%d" % k, "item", "i", "item", "i")
names = ", ".join("r%d: 0.1" % k for k in range(32))
open("job.yaml", "w").write("work: work\ndata:\n  interactions: {path: train.tsv, format: edges, delimiter: tab}\n  nodes:\n" +
    "".join(types) + "  relations:\n" + "".join(relations) + "partition: {parts: 3}\nmodel: {dim: 4, layers: 2, input: both, relations: {" +
    names + "}}\ntrain: {epochs: 1}\nevaluate: {every: 0}\ncheckpoint: {every: 1}\n")
P
for verb in ingest partition train; do "$KITH" $verb job.yaml --quiet >out 2>err || { cat err; exit 1; }; done
for file in work/*.h5; do
  "$KITH" inspect "$file" >out 2>err || { echo "$file"; cat err; exit 1; }
  tail -n 1 out | grep -qx "attributes, datasets, counts and starts fit together" || { tail -n 3 out; exit 1; }
done
