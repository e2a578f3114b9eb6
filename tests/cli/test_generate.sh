# kith generate writes the lists of relations by their names, ingest reads them whole, and what a job reads otherwise is
# refused before anything is written.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
fail() { echo "FAIL: $*"; exit 1; }

job() { # RELATIONS…: a job with these lines below data.relations
  cat >job.yaml <<J
work: work
generate: {users: 200, items: 300, interactions: 3000, friends: 400, tags: 40, entities: 30, carts: 1.5, views: 3, communities: 6}
data:
  interactions: {path: lists/buy.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  split: {method: leave-last-out}
  relations:
J
  printf '    %s\n' "$@" >>job.yaml
  rm -rf lists
}
refused() { # WORDS: the job cannot be generated, and nothing is written
  local words=$1 rc=0
  shift
  "$KITH" generate job.yaml "$@" >out 2>err || rc=$?
  [ $rc = 78 ] && grep -q -- "$words" err && [ "$(grep -vc '^kith: warning' err)" = 1 ] || fail "code $rc, expected 78 and '$words': $(cat err)"
  [ ! -e lists ] || fail "$words: lists were written"
}

job 'friend: {path: lists/friend.tsv, from: user, to: user, format: edges}' \
  'cart: {path: lists/cart.tsv, from: user, to: item, format: edges, columns: {from: 1, to: 2, time: 3}}' \
  'view: {path: lists/view.tsv, from: user, to: item, format: edges, columns: {from: 1, to: 2, time: 3}}' \
  'tag: {path: lists/tag.tsv, from: item, to: tag, format: edges}' \
  'kg: {path: lists/kg.tsv, from: item, to: entity, format: edges, columns: {from: 1, kind: 2, to: 3}}'
"$KITH" generate job.yaml --json >out
cat >check.py <<'P'
import json, sys
rows = lambda name: [tuple(l.split("\t")) for l in open("lists/%s.tsv" % name).read().splitlines() if l[0] != "#"]
told = json.loads(open("out").read().splitlines()[-1])
of = {name: rows(name) for name in ("buy", "friend", "cart", "view", "tag", "kg")}
pairs = {name: {r[:2] for r in of[name]} for name in of}
assert pairs["buy"] < pairs["cart"] < pairs["view"]
for name, key in (("buy", "interactions"), ("friend", "friendships"), ("cart", "carts"), ("view", "views"), ("tag", "tags"), ("kg", "triples")):
    assert told[key] == len(of[name]) == len(set(of[name])), (name, told)
assert len(of["friend"]) == 400 and abs(len(of["view"]) - 9000) < 200 and abs(len(of["cart"]) - 4500) < 200
assert {k for _, k, _ in of["kg"]} == {"made_by", "part_of", "about"} and all(h.startswith("item-") for h, _, _ in of["kg"])
P
/usr/bin/python3 check.py || fail "the lists"
cp -r lists first
"$KITH" generate job.yaml --quiet >/dev/null
diff -r lists first || fail "other bytes for the same seed"
"$KITH" generate job.yaml --quiet --set generate.views=4 >/dev/null
cmp -s lists/tag.tsv first/tag.tsv && cmp -s lists/buy.tsv first/buy.tsv || fail "views change other lists"
"$KITH" generate job.yaml --quiet >/dev/null

"$KITH" ingest job.yaml --json >out
cat >ingested.py <<'P'
import h5py, json
told = json.loads(open("out").read().splitlines()[-1])["relations"]
f = h5py.File("work/graph.h5", "r")
known = {t: {x.decode() for x in f[t + "/id"][:]} for t in ("user", "item")}
for name, ends, second in (("friend", "user user", 1), ("cart", "user item", 1), ("view", "user item", 1), ("tag", "item tag", 1), ("kg", "item entity", 2)):
    lines = [l.split("\t") for l in open("lists/%s.tsv" % name).read().splitlines() if l[0] != "#"]
    a, b = ends.split()
    read = {(l[0], l[second]) for l in lines if l[0] in known[a] and (b not in known or l[second] in known[b])}
    start = f["edge/%s/start" % name][:]
    assert len(f["edge/%s/to" % name]) == start[-1] == len(read), (name, start[-1], len(read))
    if name == "kg": assert {k.decode() for k in f["edge/kg/kind_id"][:]} == {l[1] for l in lines} and len({*f["edge/kg/kind"][:]}) == 3
    assert ("edge/%s/time" % name in f) == (name in ("cart", "view"))
P
/usr/bin/python3 -c 'import h5py' 2>/dev/null && { /usr/bin/python3 ingested.py || fail "what ingest reads of it"; }

# LightGCN reads all five of them, and every type gets rows.
with="--set partition.parts=2 --set model.dim=8 --set train.epochs=1"
for relation in friend cart view tag kg; do with="$with --set model.relations.$relation=0.5"; done
for verb in ingest partition train; do "$KITH" $verb job.yaml --quiet $with >/dev/null; done
/usr/bin/python3 -c 'import h5py' 2>/dev/null && /usr/bin/python3 -c '
import h5py
f, g = h5py.File("work/embeddings.h5", "r"), h5py.File("work/graph.h5", "r")
for group in "user", "item", "node/tag", "node/entity": assert f[group + "/embedding"].shape == (len(g[group + "/id"]), 8), group'

# From entity to entity, all triples are written.
job 'kg: {path: lists/kg.tsv, from: entity, to: entity, format: edges, columns: {from: 1, to: 3}}'
"$KITH" generate job.yaml --quiet >/dev/null
grep -q '^entity-' lists/kg.tsv && grep -q '^item-' lists/kg.tsv || fail "triples of items and of entities"

# ---- what cannot be --------------------------------------------------------------------------------------------------
job 'similar: {path: lists/x.tsv, from: item, to: item}'
refused 'data.relations.similar: kith generate has no such list; expected friend, cart, view, tag or kg'
job 'tag: {path: lists/x.tsv, from: user, to: tag}'
refused 'data.relations.tag: kith generate writes tags from item to another type; the job expects them from user to tag'
job 'tag: {path: lists/x.tsv, from: item, to: user}'; refused 'from item to user'
job 'view: {path: lists/x.tsv, from: item, to: user}'; refused 'from user to item'
job 'kg: {path: lists/x.tsv, from: item, to: entity}'; refused 'data.relations.kg.columns: .* columns 1 and 3'
job 'friend: {path: lists/x.tsv, from: user, to: user, columns: {time: 3}}'; refused 'data.relations.friend.columns'
job 'cart: {path: lists/x.tsv, from: user, to: item, header: true}'; refused 'without a header'
job 'cart: {path: lists/x.tsv, from: user, to: item}' 'view: {path: lists/x.tsv, from: user, to: item}'
refused 'data.relations.view.path: is the file of data.relations.cart.path'
job 'cart: {path: lists/x.tsv, from: user, to: item}'
refused 'generate.carts: 4, expected 1 to 3 (generate.views' --set generate.carts=4
refused 'generate.views: 11, expected 1 to 10' --set generate.views=11
job 'kg: {path: lists/x.tsv, from: item, to: entity, columns: {from: 1, to: 3}}'
refused 'generate.entities: expected 3 to' --set generate.entities=2

# A number that no list depends on is told of.
job 'cart: {path: lists/cart.tsv, from: user, to: item, format: edges}'
"$KITH" generate job.yaml --quiet >out 2>err
for key in tags entities views; do grep -q "generate.$key is set but has no effect: it needs data.relations" err || fail "generate.$key: $(cat err)"; done
! grep -q 'generate.carts' err || fail "$(cat err)"
