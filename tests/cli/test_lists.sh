# fast
# kith generate, ingest and inspect from the command line: what they say, and how they end when the input is bad.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failed=0

fail() { echo "FAILED: $*"; failed=1; }

# expect CODE TEXT WORDS…: the program ends with this code and says this text in one line.
expect() {
  local code=$1 text=$2
  shift 2
  "$@" >out 2>err
  local found=$?
  [ "$found" = "$code" ] || fail "$*: exit $found, expected $code: $(tail -1 err)"
  tr -s '\n ' ' ' <out | cat - err | grep -F -- "$text" >/dev/null || fail "$*: does not say \"$text\": $(cat err)"
  if [ "$code" != 0 ]; then
    [ "$(wc -l <err)" = 1 ] || fail "$*: more than one line: $(cat err)"
    [ ! -e work/graph.h5 ] && [ -z "$(ls work 2>/dev/null)" ] || fail "$*: left something behind: $(ls work)"
  fi
}

job() { # job KEYS…: a job file whose data section has these lines
  { echo "work: work"; echo "data:"; printf '  %s\n' "$@"; } >job.yaml
  rm -rf work
}

# ---- a graph is made, read and described --------------------------------------------------------------------------------
job 'interactions: {path: lists/pairs.tsv, format: edges, columns: {time: 3}}' 'social: {path: lists/friends.tsv, format: edges}' \
    'split: {method: leave-last-out}'
expect 0 'wrote 3000 interactions' "$KITH" generate job.yaml --set generate.users=200 --set generate.items=300 --set generate.interactions=3000 --set generate.friends=400
expect 0 'wrote work/graph.h5' "$KITH" ingest job.yaml --json --set data.split.valid=.5 --set data.split.test=.1
grep 'valid is set to 0.5, but data.split.method: leave-last-out holds out one interaction of each user' err >/dev/null || fail "a share without effect: $(cat err)"
grep 'data.split.test' err && fail "the default warns"
tail -1 out | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
assert r["users"] == 200 and r["train"] == 2600 and r["valid"] == 200 and r["test"] == 200, r
assert r["types"] == {"user": 200, "item": 300}, r
friend = r["relations"].pop("friend")
assert friend.pop("list")["lines"] == 400 and not r["relations"], r
assert 0 < friend.pop("without_overlap") < 400, friend
assert friend == {"from": "user", "to": "user", "edges": 400, "pairs": 400, "direction": "both", "kinds": 0, "duplicates": 0, "unknown": 0, "self_loops": 0, "below_min_weight": 0}, friend' || fail "the JSON line"
expect 0 '2600 training interactions, with times' "$KITH" inspect work/graph.h5
grep -q 'relation friend, user to user: 400 pairs' out || fail "inspect does not tell of the ties"
grep -q 'TORN' out && fail "inspect finds a whole file torn"
grep -q 'nothing is held out' out && fail "ingest finds nothing held out"
expect 0 'leave-last-out' "$KITH" inspect work/graph.h5 --show job
expect 0 '"format": "kith-graph"' "$KITH" inspect work/graph.h5 --json
mpirun -n 3 --oversubscribe "$KITH" ingest job.yaml >/dev/null 2>err || fail "ingest on three ranks: $(cat err)"

# ---- several files are one list -----------------------------------------------------------------------------------------
keep=$PWD/work.keep
mv work work.before
cp job.yaml job.before
mkdir -p logs
printf 'uid,iid,ts\nb,y,5\na,x,3' >logs/2.csv # no end of the last line
printf 'uid,iid,ts\r\na,y,4\r\nb,y,2\r\n' | gzip >logs/10.csv.gz
: >logs/1.csv
gzip -dc logs/10.csv.gz | tr -d '\r' >whole.csv
tail -n +2 logs/2.csv >>whole.csv
split='split: {method: leave-last-out, valid: 0}'
columns='format: edges, header: true, columns: {user: uid, item: iid, time: ts}'
job "interactions: {path: whole.csv, $columns}" "$split"
expect 0 'wrote work/graph.h5' "$KITH" ingest job.yaml
mv work "$keep"
job "interactions: {path: logs/*, $columns}" "$split"
expect 0 '4 lines, 1 repeated header passed over' "$KITH" ingest job.yaml
grep -F 'data.interactions: 2 files, by name from 10.csv.gz to 2.csv' err >/dev/null || fail "the files are not said: $(cat err)"
fingerprint() { "$KITH" inspect "$1/graph.h5" --json | grep -o '"fingerprint": [^,}]*'; }
[ -n "$(fingerprint work)" ] && [ "$(fingerprint work)" = "$(fingerprint "$keep")" ] || fail "a glob is another list than its files one behind the other"
job "interactions: {path: [logs/10.csv.gz, 'logs/2*'], $columns}" "$split"
expect 0 '4 lines' "$KITH" ingest job.yaml
[ "$(fingerprint work)" = "$(fingerprint "$keep")" ] || fail "a list of paths is another list than its files one behind the other"
"$KITH" inspect work/graph.h5 --show job >stored.yaml || fail "the stored job"
grep -F 'path: ["logs/10.csv.gz", "logs/2*"]' stored.yaml >/dev/null || fail "the stored job does not list the paths"
"$KITH" inspect work/graph.h5 >/dev/null || fail "inspect"
"$KITH" partition job.yaml --quiet --set partition.parts=2 2>err || fail "partition: $(cat err)"
train=(train job.yaml --set train.epochs=1 --set model.dim=4 --set evaluate.every=0)
expect 0 'epoch 1' "$KITH" "${train[@]}"
! grep -F 'was ingested with' err >/dev/null || fail "a list of paths is said to have changed: $(cat err)"
sed -i 's|logs/2\*|logs/2.csv|' job.yaml
expect 0 'data.interactions.path is [logs/10.csv.gz, logs/2.csv], but work/graph.h5 was ingested with [logs/10.csv.gz, logs/2*], which counts' "$KITH" "${train[@]}"
expect_kept() { rm -rf work; expect "$@"; }
job "interactions: {path: logs/*.txt, $columns}" "$split"
expect 66 'logs/*.txt: no file has such a name' "$KITH" ingest job.yaml
job "interactions: {path: [logs/2.csv, logs/*.csv], $columns}" "$split"
expect 78 'logs/2.csv: is named twice among the paths of one list' "$KITH" ingest job.yaml
printf 'uid,iid\na,z\n' >logs/3.csv
job "interactions: {path: logs/*.csv, $columns}" "$split"
expect 65 'logs/3.csv:1: expected the header of logs/2.csv again' "$KITH" ingest job.yaml
printf 'uid\tiid\tts\na\tz\t9\n' >logs/3.csv
expect 65 'logs/3.csv:1: expected the header of logs/2.csv again, by ",", as' "$KITH" ingest job.yaml
printf 'uid,iid,ts\na,z,x\n' >logs/3.csv
expect_kept 65 'logs/3.csv:2: expected a time' "$KITH" ingest job.yaml
printf 'uid,iid,ts\n\na,z,2020-01-01\n' >logs/3.csv
expect_kept 65 'logs/3.csv:3: expected a number of seconds, as in logs/2.csv:2, found "2020-01-01"' "$KITH" ingest job.yaml
expect_kept 78 'names several files, and kith generate writes one' "$KITH" generate job.yaml --set data.interactions.header=auto --set data.interactions.columns.user= --set data.interactions.columns.item= --set data.interactions.columns.time=3 --set generate.users=20
rm -rf logs work
mv work.before work
mv job.before job.yaml

# ---- ties of time are told ----------------------------------------------------------------------------------------------
printf 'a\tx\t1\na\ty\t1\nb\tx\t1\nb\ty\t2\n' >tied.tsv
cp job.yaml job1.yaml
mv work work1
job 'interactions: {path: tied.tsv, format: edges, columns: {time: 3}}' 'split: {method: leave-last-out, valid: 0}'
expect 0 'the last interaction is tied in time for 1 user, 50.0 % of those it is held out of' "$KITH" ingest job.yaml --json
tail -1 out | python3 -c 'import json, sys; r = json.loads(sys.stdin.read()); assert r["split_users"] == 2 and r["tied_last"] == 1 and r["tied_before"] == 0, r' || fail "ties in the JSON line"
job 'interactions: {path: tied.tsv, format: edges, columns: {time: 3}}' 'split: {method: time, valid: 0, test: 0.5}'
expect 0 '1 interaction short of the shares held out' "$KITH" ingest job.yaml
mv job1.yaml job.yaml
rm -rf work
mv work1 work

# ---- torn and foreign files ---------------------------------------------------------------------------------------------
mv work/graph.h5 whole.h5
size=$(stat -c %s whole.h5)
head -c $((size / 2)) whole.h5 >half.h5
python3 - <<'P'
import sys
b = bytearray(open("whole.h5", "rb").read())
# times lie in one dataset: spoil eight bytes in the middle of the largest run of them
at = len(b) // 2
b[at:at + 8] = bytes(x ^ 0xff for x in b[at:at + 8])
open("spoiled.h5", "wb").write(b)
P
expect 65 'half.h5: is torn' "$KITH" inspect half.h5
expect 65 'spoiled.h5' "$KITH" inspect spoiled.h5
expect 65 'not an HDF5 file' "$KITH" inspect job.yaml
expect 66 'nowhere.h5' "$KITH" inspect nowhere.h5
expect 64 'expected a file' "$KITH" inspect
expect 65 'no attribute "nothing"' "$KITH" inspect whole.h5 --show nothing

# ---- bad lists ----------------------------------------------------------------------------------------------------------
printf '1 2 3\n4 5x 6\n' >letter.txt
printf '1 2\n3 -4\n' >negative.txt
: >empty.txt
printf '1 2\n2 3\n' >good.txt
printf '1 3\n9 2\n' >stranger.txt
job 'interactions: {path: letter.txt}'; expect 65 'letter.txt:2: expected an integer item id, found "5x"' "$KITH" ingest job.yaml
job 'interactions: {path: negative.txt}'; expect 65 'negative.txt:2: expected an item id of 0 or more, found -4' "$KITH" ingest job.yaml
job 'interactions: {path: empty.txt}'; expect 65 'empty.txt' "$KITH" ingest job.yaml
job 'interactions: {path: missing.txt}'; expect 66 'missing.txt: cannot be read' "$KITH" ingest job.yaml
printf 'a,x\n"b\tb",y\n' >tab.csv
printf 'a,x\nb,y\033[31m\n' >escape.csv
printf 'u1,i1,3\nu2,i2,4\n' >columns.csv
printf '1::2\n' >columns.dat
job 'interactions: {path: tab.csv, format: edges}'; expect 65 'tab.csv:2: a tab or control character in a user id, "b?b"' "$KITH" ingest job.yaml
job 'interactions: {path: escape.csv, format: edges}'; expect 65 'escape.csv:2: a tab or control character in an item id' "$KITH" ingest job.yaml
job 'interactions: {path: columns.csv, format: adjacency}'; expect 65 'columns.csv: expected lines of a user and items, found no pair in it; line 1 looks like columns separated by ",": set format: edges' "$KITH" ingest job.yaml
job 'interactions: {path: columns.dat, format: adjacency}'; expect 65 'separated by "::": set format: edges' "$KITH" ingest job.yaml
job 'interactions: {path: good.txt}' 'test: {path: stranger.txt}'
expect 65 'stranger.txt:2: expected a user that the interactions know, found "9"' "$KITH" ingest job.yaml
expect 65 'stranger.txt:2' mpirun -n 2 --oversubscribe --quiet "$KITH" ingest job.yaml --quiet
job 'interactions: {path: good.txt}'; expect 0 'nothing is held out' "$KITH" ingest job.yaml
expect 0 'wrote' "$KITH" ingest job.yaml --set evaluate.every=0
grep -q 'nothing is held out' out && fail "ingest misses held-out lists that nobody asks for"
rm -rf work
job 'interactions: {path: good.txt}' 'split: {method: time}'; expect 78 'needs times' "$KITH" ingest job.yaml
job 'interactions: {path: good.txt}'; expect 73 'good.txt: is there and was not made by kith generate' "$KITH" generate job.yaml --set data.interactions.format=edges
job 'interactions: {path: new.txt, format: adjacency}'; expect 78 'kith generate writes format edges' "$KITH" generate job.yaml
job 'interactions: {path: new.txt, format: edges, comment: none}'; expect 78 'a line of comment' "$KITH" generate job.yaml
job 'interactions: {path: new.txt, format: edges, columns: {user: 1, item: 3}}'
expect 78 'data.interactions.columns: kith generate writes user, item, time' "$KITH" generate job.yaml
job 'interactions: {path: new.txt, format: edges}' 'social: {path: ties.txt, format: edges, columns: {time: 3}}'
expect 78 'data.social.columns: kith generate writes user, user' "$KITH" generate job.yaml
job 'interactions: {path: new.txt, format: edges}' 'social: {path: ties.txt, format: edges}' 'item_features: {path: ties.txt}'
expect 78 'data.item_features.path: is the file of data.social.path' "$KITH" generate job.yaml

# ---- how a list was read is told ------------------------------------------------------------------------------------------
printf '# made by hand\nuid;iid;stars\nu1;i1;3,5\n\nu2;i1;4,0\n' >stars.csv
job 'interactions: {path: stars.csv, header: true}'
expect 0 'data.interactions: edges by ";" in 3 columns: 1 user, 2 item, 3 not read; header in line 2; 2 lines, 1 comment passed over, 1 blank' "$KITH" ingest job.yaml --json
grep -q 'warning: stars.csv: column 3 is not read; name it with data.interactions.columns.weight or .time' err || fail "no warning of a column that is not read: $(cat err)"
tail -1 out | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())["lists"]["interactions"]
assert r == {"format": "edges", "delimiter": ";", "columns": 3, "user": 1, "item": 2, "time": 0, "weight": 0, "header": 2, "lines": 2, "comments": 1, "blank": 1, "repeated_headers": 0}, r' || fail "the JSON line of a list"
printf 'item\ttag\ni1\tred\n# x\ni1\tblue\nitem\ttag\n' >tags.tsv
printf '\ni1;One\n' >names.csv
job 'interactions: {path: stars.csv, header: true}' 'item_features: {path: tags.tsv, header: true}' 'item_names: {path: names.csv}'
expect 0 'data.item_features: long by tabs; header in line 1; 2 lines, 1 comment passed over, 1 repeated header passed over' "$KITH" ingest job.yaml --json
grep -qF 'data.item_names: names by ";": 1 id, the rest the name; 1 line, 1 blank' out || fail "how names were read: $(cat out)"
tail -1 out | python3 -c '
import json, sys
r = json.loads(sys.stdin.read())["lists"]
assert r["item_features"]["lines"] == 2 and r["item_features"]["repeated_headers"] == 1 and r["item_names"]["blank"] == 1, r' || fail "the JSON of features and names"
printf '1 2 3\n4 5 6\n' >three.txt
job 'interactions: {path: three.txt, format: adjacency}'; expect 0 'data.interactions: adjacency by white space; 2 lines' "$KITH" ingest job.yaml
grep -q 'warning: three.txt: all lines have the same number of columns, 3' err || fail "no warning of an adjacency list that may be none"
rm -rf work

printf 'a,x,1287532527\nb,x,1287532528\nb,y,1287532529000\n' >units.csv
job 'interactions: {path: units.csv, columns: {time: 3}}' 'split: {method: time, valid: 0, test: 0.5}'
expect 0 'warning: units.csv:3: the time 1287532529000 looks like milliseconds, those before it like seconds' "$KITH" ingest job.yaml
rm -rf work

# ---- a folder that cannot be written (root may write anywhere) -------------------------------------------------------------
if [ "$(id -u)" != 0 ]; then
  job 'interactions: {path: good.txt}'
  mkdir work
  chmod 555 work
  expect 73 'work' "$KITH" ingest job.yaml
fi
exit $failed
