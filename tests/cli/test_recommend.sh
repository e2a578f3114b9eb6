# kith recommend: --user, --all to TSV and --all to HDF5 tell the same, on one rank and on three, and nothing that a user has had.
set -euo pipefail
/usr/bin/python3 -c 'import h5py, numpy' 2>/dev/null || { echo "skipped: no h5py or numpy"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cat >"$dir/agree.py" <<'P'
import csv, h5py, json, numpy, re, sys
work, k = sys.argv[1], int(sys.argv[2])
text = lambda ids: [i.decode() if isinstance(i, bytes) else str(i) for i in ids]
top, graph = h5py.File(work + "/top.h5", "r"), h5py.File(work + "/graph.h5", "r")
user, item = text(top["user/id"][:]), text(top["item/id"][:])
assert user == text(graph["user/id"][:]) and item == text(graph["item/id"][:])
assert top.attrs["fingerprint"] == graph.attrs["fingerprint"]
named = {t: text(graph[t + "/name"][:]) if t + "/name" in graph else None for t in ("user", "item")}
for t in named:
    for f in (top, h5py.File(work + "/embeddings.h5", "r")): assert (text(f[t + "/name"][:]) if t + "/name" in f else None) == named[t], t
assert (named["item"] is None) == (sys.argv[3] == "names") and (not named["item"] or named["item"][0] == "Ünder, 0" and named["item"][1] == "")
best, score = top["top/item"][:], top["top/score"][:]
assert best.shape == score.shape == (len(user), k) and score.dtype == numpy.float32

# of the HDF5 file alone: as many as there are, none twice, none that the user has had, never a better one below
had = lambda name, u: set(graph[name + "/item"][graph[name + "/start"][u]:graph[name + "/start"][u + 1]])
for u in range(len(user)):
    n = int((best[u] >= 0).sum())
    seen = had("train", u) | had("valid", u)
    assert n == min(k, len(item) - len(seen)) and (best[u, n:] == -1).all(), (user[u], n)
    assert len(set(best[u, :n])) == n and not seen & set(best[u, :n]), user[u]
    assert (numpy.diff(score[u, :n]) <= 0).all() and numpy.isfinite(score[u]).all(), user[u]

# the TSV file: the same lines, and scores that are read as the same numbers
more = lambda u, i: [named["item"][i], named["user"][u]] if named["item"] else []
lines = [[user[u], str(j + 1), item[best[u, j]], score[u, j]] + more(u, best[u, j]) for u in range(len(user)) for j in range(k) if best[u, j] >= 0]
told = [[u, place, i, numpy.float32(s)] + m for u, place, i, s, *m in csv.reader(open(work + "/top.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE)]
assert told == lines

# --user --json: the same ids, of the lists' type, and the same numbers
told = [answer for line in open(work + "/users.json") for answer in json.loads(line)["recommendations"]]
mine = [i.decode() if isinstance(i, bytes) else int(i) for i in top["item/id"][:]]
whose = [u.decode() if isinstance(u, bytes) else int(u) for u in top["user/id"][:]]
assert [a["user"] for a in told] == whose
for u, a in enumerate(told):
    n = int((best[u] >= 0).sum())
    assert a["items"] == [mine[i] for i in best[u, :n]] and [numpy.float32(s) for s in a["scores"]] == list(score[u, :n]), a["user"]
    assert a.get("user_name") == (named["user"][u] or None if named["user"] else None)
    assert a.get("names") == ([named["item"][i] or None for i in best[u, :n]] if named["item"] else None)

# --user: the same items in the same places with the same scores, and why
shown = {}
label = lambda t, i, before="  ", behind="": before + named[t][i] + behind if named[t] and named[t][i] else ""
for line in open(work + "/users.txt"):
    if not line.startswith(" "): mine = shown.setdefault(line.rstrip("\n"), [])
    elif line.startswith("  who chose"): mine.append(re.fullmatch("  who chose (.*) … may like\n", line).group(1))
    else: mine.append(tuple(re.split(r" +", line.rstrip("\n").lstrip(), maxsplit=3)))
assert list(shown) == [user[u] + label("user", u) for u in range(len(user))], "users are answered in the order of the question"
for u in range(len(user)):
    chosen = ", ".join(item[i] + label("item", i, " (", ")") for i in sorted(had("train", u))[:5])
    rows = [(str(j + 1), item[best[u, j]], "%.5f" % score[u, j]) + ((named["item"][best[u, j]],) if label("item", best[u, j]) else ()) for j in range(k) if best[u, j] >= 0]
    assert shown[user[u] + label("user", u)] == [chosen] + rows, user[u]
P
for ids in names integers; do
  tiny "$dir/$ids"
  job=$dir/$ids/job.yaml work=$dir/$ids/work
  "$KITH" generate "$job" --set generate.ids=$ids >/dev/null
  set --
  if [ $ids = integers ]; then # with names, but for the second item
    seq 0 199 | sed 's/.*/&\tUser of &/' >"$dir/$ids/users.txt"
    "$KITH" ingest "$job" --quiet >/dev/null
    /usr/bin/python3 - "$work/graph.h5" "$dir/$ids/items.csv" <<'P'
import h5py, sys
ids = h5py.File(sys.argv[1])["item/id"][:]
open(sys.argv[2], "w").write("title,id\n" + "".join('"Ünder, %d",%d\n' % (k, i) for k, i in enumerate(ids) if k != 1))
P
    set -- --set data.user_names=users.txt --set data.item_names=items.csv --set data.item_names.header=true --set data.item_names.delimiter=, \
      --set data.item_names.columns.id=id --set data.item_names.columns.name=title
    "$KITH" ingest "$job" "$@" | grep -x '  1 item without a name' >/dev/null
  fi
  "$KITH" ingest "$job" "$@" --quiet >/dev/null
  for verb in partition train; do "$KITH" $verb "$job" --quiet >/dev/null; done
  for n in 1 3; do
    for k in 10 300; do # 300 are all items, so that no list is full
      for kind in tsv h5; do ranks $n recommend "$job" --all --k $k --output "$work/top.$kind" >/dev/null; done
      cut -f 1 "$work/top.tsv" | uniq | xargs -n 100 | while read -r some; do # a call takes a hundred users
        ranks $n recommend "$job" --json --k $k $(printf -- '--user %s ' $some) </dev/null
      done >"$work/both.txt"
      grep -v '^{' "$work/both.txt" >"$work/users.txt"
      grep '^{' "$work/both.txt" >"$work/users.json"
      /usr/bin/python3 "$dir/agree.py" "$work" $k $ids
    done
  done
  [ -z "$(find "$work" -name '*.tmp*')" ]
done
