# fast
# evaluate.candidates and evaluate.mask say which items are ranked, in training, kith evaluate and kith recommend.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
/usr/bin/python3 - "$dir" <<'P'
import random, sys
r = random.Random(3)
user = {u: r.sample(range(20), 6) for u in range(30)}
open(sys.argv[1] + "/train.txt", "w").write("".join("%d %s\n" % (u, " ".join(map(str, l))) for u, l in user.items()))
# users 0 to 9 hold out a new item and an old one, users 10 to 19 an old one
test = {u: [i for i in range(20) if i not in user[u]][:1] + ([20 + u % 4] if u < 10 else []) for u in range(20)}
open(sys.argv[1] + "/test.txt", "w").write("".join("%d %s\n" % (u, " ".join(map(str, l))) for u, l in test.items()))
P
cat >"$dir/scope.yaml" <<'J'
work: scope
data: {interactions: {path: train.txt, format: adjacency}, test: {path: test.txt, format: adjacency}}
partition: {parts: 2}
model: {dim: 4, layers: 1}
train: {epochs: 1, batch: 64}
evaluate: {k: [3]}
J
job=$dir/scope.yaml
for verb in ingest partition train; do "$KITH" $verb "$job" >/dev/null; done
"$KITH" evaluate "$job" --json | tail -1 >"$dir/usual.json"
"$KITH" evaluate "$job" --json --set evaluate.candidates=cold >"$dir/cold.txt"
[[ "$(tr -s ' \n' ' ' <"$dir/cold.txt")" == *"ranked: items without training interactions, except the user's items in: interactions "* ]] # in lines of a terminal
grep -q "^10 users have held-out items of which none is ranked, and are left out$" "$dir/cold.txt"
tail -1 "$dir/cold.txt" >"$dir/cold.json"
"$KITH" evaluate "$job" --json --set evaluate.mask=[] | tail -1 >"$dir/any.json"
"$KITH" recommend "$job" --user 3 --k 9 --json --set evaluate.candidates=cold | tail -1 >"$dir/new.json"
"$KITH" recommend "$job" --user 3 --k 99 --json --set evaluate.mask=[] | tail -1 >"$dir/every.json"
/usr/bin/python3 - "$dir" <<'P'
import json, sys
usual, cold, every, new, all = (json.load(open("%s/%s.json" % (sys.argv[1], n))) for n in ("usual", "cold", "any", "new", "every"))
assert (usual["users"], usual["users_left_out"], usual["mask"], usual["candidates"]) == (20, 0, ["interactions"], "all"), usual
assert (cold["users"], cold["users_left_out"], cold["candidates"]) == (10, 10, "cold"), cold
assert (every["users"], every["mask"]) == (20, []), every
assert sorted(new["recommendations"][0]["items"]) == [20, 21, 22, 23], new
assert sorted(all["recommendations"][0]["items"]) == list(range(24)), all
P

# A relation masks too: of the users with a cold held-out item, the first five have viewed theirs.
for u in 0 1 2 3 4; do printf '%d\t%d\n' $u $((20 + u % 4)); done >"$dir/view.tsv"
{ sed 's/^work: .*/work: views/; s/^data: {/data: {relations: {view: {path: view.tsv, from: user, to: item}}, /' "$job"; } >"$dir/views.yaml"
with="--strict --set evaluate.mask=[interactions,view]"
for verb in ingest partition train; do "$KITH" $verb "$dir/views.yaml" $with >/dev/null 2>"$dir/log" || { cat "$dir/log"; exit 1; }; done
for n in 1 2; do ranks $n evaluate "$dir/views.yaml" $with --json --set evaluate.candidates=cold | tail -1 >"$dir/views$n.json"; done
"$KITH" recommend "$dir/views.yaml" $with --user 3 --k 99 --json | tail -1 >"$dir/unseen.json"
/usr/bin/python3 - "$dir" <<'P'
import json, sys
one, two, unseen = (json.load(open("%s/%s.json" % (sys.argv[1], n))) for n in ("views1", "views2", "unseen"))
assert (one["users"], one["users_left_out"], one["mask"]) == (5, 15, ["interactions", "view"]), one
same = {"seconds": 0, "ranks": 0}
assert {**one, **same} == {**two, **same}, (one, two)
items = unseen["recommendations"][0]["items"]
assert 23 not in items and len(items) == 24 - 6 - 1, items # six in training, and one that was viewed
P

# Whichever end reads the other in layers, the items that a user viewed are masked.
for direction in forward back; do
  sed "s/^work: .*/work: $direction/; s/to: item}}/to: item, direction: $direction}}/" "$dir/views.yaml" >"$dir/$direction.yaml"
  for verb in ingest partition train; do "$KITH" $verb "$dir/$direction.yaml" ${with#--strict} >/dev/null 2>"$dir/log" || { cat "$dir/log"; exit 1; }; done
  for n in 1 2; do ranks $n evaluate "$dir/$direction.yaml" ${with#--strict} --json --set evaluate.candidates=cold 2>/dev/null | tail -1 >"$dir/$direction$n.json"; done
done
/usr/bin/python3 - "$dir" <<'P'
import json, sys
for name in ("forward1", "forward2", "back1", "back2"):
    found = json.load(open("%s/%s.json" % (sys.argv[1], name)))
    assert (found["users"], found["users_left_out"], found["mask"]) == (5, 15, ["interactions", "view"]), (name, found)
P

# So are those of a relation of nodes that are users and items under other names (same_as), with others among them.
printf '70\t21\n1\t90\n2\t91\n70\t91\n' | cat "$dir/view.tsv" - >"$dir/seen.tsv"
for direction in both forward back; do
  sed "s/^work: .*/work: as-$direction/; s/view.tsv, from: user, to: item}}/seen.tsv, from: person, to: thing, direction: $direction}}, nodes: {person: {same_as: user}, thing: {same_as: item}}/" "$dir/views.yaml" >"$dir/as.yaml"
  for verb in ingest partition train; do "$KITH" $verb "$dir/as.yaml" ${with#--strict} >/dev/null 2>"$dir/log" || { cat "$dir/log"; exit 1; }; done
  ranks 2 evaluate "$dir/as.yaml" ${with#--strict} --json --set evaluate.candidates=cold 2>/dev/null | tail -1 >"$dir/as-$direction.json"
  "$KITH" recommend "$dir/as.yaml" ${with#--strict} --user 3 --k 99 --json 2>/dev/null | tail -1 >"$dir/as-$direction-unseen.json"
done
"$KITH" inspect "$dir/as-both/graph.h5" >"$dir/log"
grep -q " % of the test pairs are edges of it" "$dir/log" || { cat "$dir/log"; exit 1; }
/usr/bin/python3 - "$dir" <<'P'
import json, sys
for direction in "both", "forward", "back":
    found, unseen = (json.load(open("%s/as-%s.json" % (sys.argv[1], name))) for name in (direction, direction + "-unseen"))
    assert (found["users"], found["users_left_out"], found["mask"]) == (5, 15, ["interactions", "view"]), (direction, found)
    items = unseen["recommendations"][0]["items"]
    assert 23 not in items and len(items) == 24 - 6 - 1, (direction, items)
P

refused() { # WORDS settings…
  words=$1; shift
  rc=0; "$KITH" train "$job" --fresh "$@" >"$dir/log" 2>&1 || rc=$?
  [ $rc = 78 ] && grep -q "$words" "$dir/log" || { echo "code $rc, expected 78 and: $words"; cat "$dir/log"; exit 1; }
}
refused "evaluate.mask: the graph has no relation view; expected interactions" --set evaluate.mask=[interactions,view]
refused "evaluate.mask: expected names of relations" --set evaluate.mask=[View]
refused "evaluate.mask: expected a list of relations such as \[interactions\], or \[\]" --set evaluate.mask=
refused "evaluate.candidates: cold, but evaluate.protocol: sampled-3" --set evaluate.candidates=cold --set evaluate.protocol=sampled-3
refused "evaluate.mask: with evaluate.protocol: sampled-3" --set evaluate.mask=[] --set evaluate.protocol=sampled-3

# Users who are left out are told of once, and another scope is another score.
"$KITH" train "$job" --fresh --set train.epochs=3 --set train.patience=9 --set evaluate.candidates=cold >"$dir/log" 2>&1
[ "$(grep -c '10 users have held-out items of which none is ranked: left out, 10 are measured' "$dir/log")" = 1 ] || { cat "$dir/log"; exit 1; }
"$KITH" train "$job" --set train.epochs=4 --set train.patience=9 >"$dir/log" 2>&1
grep -q "recall@3 on test, cold items" "$dir/log" || { cat "$dir/log"; exit 1; }

# Where a mask leaves no held-out item, no epoch is better than another: training that selects one does not go on.
awk '{ for (i = 2; i <= NF; i++) print $1 "\t" $i }' "$dir/test.txt" >"$dir/view.tsv"
for verb in ingest partition; do "$KITH" $verb "$dir/views.yaml" $with >/dev/null; done
rc=0; "$KITH" train "$dir/views.yaml" --fresh --set evaluate.mask=[interactions,view] --set train.patience=2 >"$dir/log" 2>&1 || rc=$?
[ $rc = 78 ] && grep -q "none of the held-out items on test-selected is ranked" "$dir/log" || { echo "code $rc"; cat "$dir/log"; exit 1; }
