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
lines = [(user[u], str(j + 1), item[best[u, j]], score[u, j]) for u in range(len(user)) for j in range(k) if best[u, j] >= 0]
told = [(u, place, i, numpy.float32(s)) for u, place, i, s in csv.reader(open(work + "/top.tsv"), delimiter="\t", quoting=csv.QUOTE_NONE)]
assert told == lines

# --user --json: the same ids, of the lists' type, and the same numbers
told = [answer for line in open(work + "/users.json") for answer in json.loads(line)["recommendations"]]
mine = [i.decode() if isinstance(i, bytes) else int(i) for i in top["item/id"][:]]
whose = [u.decode() if isinstance(u, bytes) else int(u) for u in top["user/id"][:]]
assert [a["user"] for a in told] == whose
for u, a in enumerate(told):
    n = int((best[u] >= 0).sum())
    assert a["items"] == [mine[i] for i in best[u, :n]] and [numpy.float32(s) for s in a["scores"]] == list(score[u, :n]), a["user"]

# --user: the same items in the same places with the same scores, and why
shown = {}
for line in open(work + "/users.txt"):
    if not line.startswith(" "): mine = shown.setdefault(line.rstrip("\n"), [])
    elif line.startswith("  who chose"): mine.append(re.fullmatch("  who chose (.*) … may like\n", line).group(1).split(", "))
    else: mine.append(tuple(line.split()))
assert list(shown) == user, "users are answered in the order of the question"
for u in range(len(user)):
    chosen = text(item[i] for i in sorted(had("train", u))[:5])
    assert shown[user[u]] == [chosen] + [(str(j + 1), item[best[u, j]], "%.5f" % score[u, j]) for j in range(k) if best[u, j] >= 0], user[u]
P
for ids in names integers; do
  tiny "$dir/$ids"
  job=$dir/$ids/job.yaml work=$dir/$ids/work
  "$KITH" generate "$job" --set generate.ids=$ids >/dev/null
  for verb in ingest partition train; do "$KITH" $verb "$job" --quiet >/dev/null; done
  for n in 1 3; do
    for k in 10 300; do # 300 are all items, so that no list is full
      for kind in tsv h5; do ranks $n recommend "$job" --all --k $k --output "$work/top.$kind" >/dev/null; done
      cut -f 1 "$work/top.tsv" | uniq | xargs -n 100 | while read -r some; do # a call takes a hundred users
        ranks $n recommend "$job" --json --k $k $(printf -- '--user %s ' $some) </dev/null
      done >"$work/both.txt"
      grep -v '^{' "$work/both.txt" >"$work/users.txt"
      grep '^{' "$work/both.txt" >"$work/users.json"
      /usr/bin/python3 "$dir/agree.py" "$work" $k
    done
  done
  [ -z "$(find "$work" -name '*.tmp')" ]
done
