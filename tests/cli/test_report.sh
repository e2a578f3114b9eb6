# kith report: a page that says what the files say, and names what it cannot show; whole, safe, and fit to be looked at.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
bad=0
fail() { echo "FAIL: $*"; bad=1; }
export CHECK="$KITH_SOURCE/tests/support/page.py"
page() { /usr/bin/python3 "$CHECK" "$@" || fail "page: $*"; } # PAGE TEXT…: is whole and safe, and shows these texts
refused() { # CODE TEXT words…
  code=$1 text=$2; shift 2
  status=0; "$KITH" report "$@" --quiet >"$dir/out" 2>"$dir/err" || status=$?
  [ $status = "$code" ] || fail "report $*: $status, not $code"
  grep -F -- "$text" "$dir/err" >/dev/null || fail "report $*: $(cat "$dir/err")"
}

tiny "$dir/t"
cd "$dir/t"
sed -i 's/^work:/name: "<b>a \& b<\/b>"\nwork:/; s/split: test,/split: valid,/' job.yaml

# Before training: the graph alone.
"$KITH" report job.yaml >"$dir/out"
page work/report.html "200 users" "kith train job.yaml --no-test" "kith evaluate job.yaml --split valid" "&lt;b&gt;a &amp; b&lt;/b&gt;"
grep "not shown: .*learning curves" "$dir/out" >/dev/null || fail "$(cat "$dir/out")"

# The curve has the epochs that were evaluated, and the mark is at the one of embeddings.h5.
"$KITH" train job.yaml --quiet >/dev/null
"$KITH" report job.yaml --json | tail -n 1 >"$dir/out"
picked=$("$KITH" inspect work/embeddings.h5 --json | tail -n 1 | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["epoch"])')
/usr/bin/python3 - "$picked" <<'P' || fail "the curves"
import json, re, sys
page, picked = open("work/report.html").read(), int(sys.argv[1])
lines = [json.loads(l) for l in open("work/metrics.jsonl")]
best = max((l for l in lines if "recall@10" in l), key=lambda l: l["recall@10"])
assert best["epoch"] == picked, (best, picked)
assert f"epoch {picked}: {best['recall@10']:.4f}" in page
loss = re.search(r'mean loss.*?<path class="line s0" d="M(.*?)"', page, re.S)[1].split()
assert len(loss) == 2 * len(lines), loss
P

# Results of another training are not shown; those of this one are, with groups and baselines.
result() { # EPOCH
  /usr/bin/python3 - "$1" <<'P'
import json, subprocess, sys
origin = json.loads(subprocess.run([__import__("os").environ["KITH"], "inspect", "work/embeddings.h5", "--json"], capture_output=True).stdout.split(b"\n")[-2])
last = [json.loads(l) for l in open("work/metrics.jsonl")][-1]
one = lambda r: {f"{m}@{k}": r for m in ("recall", "ndcg", "hit_rate", "precision", "mrr") for k in (5, 10)}
json.dump({"run": last["run"], "epoch": int(sys.argv[1]), "fingerprint": origin["fingerprint"], "split": "test", "protocol": "full", "users": 180, "candidates": "all", **one(.2345),
           "groups": {"users": [{"from": 1, "to": 8, "users": 90, **one(.0821)}, {"from": 9, "to": 31, "users": 90, **one(.31)}],
                      "items": [{"from": 0, "to": 9, "items": 200, "held_out": 44, "recall@10": .0432}, {"from": 10, "to": 90, "items": 100, "held_out": 400, "recall@10": .3}]},
           "baselines": [{"name": "popular", **one(.1234), "seconds": .01, "memory_bytes": 3000}]}, open("work/evaluate-test.json", "w"))
P
}
result $((picked + 1))
"$KITH" report job.yaml >/dev/null
page work/report.html "of another training" "kith train job.yaml
kith evaluate job.yaml
"
result "$picked"
"$KITH" report job.yaml >/dev/null
page work/report.html "0.2345" "0.1234" "popular" "1.90 times the Recall@10 of the only baseline that was run, popular" "with protocol full: ranked are all items, but for the user&#39;s in interactions" "users with 1 – 8 interactions, Recall@10 0.0821, 0.35 times" "items with 0 – 9 interactions" "3.0 kB"
if grep -F "0.2345" work/report.html | grep -F "Not shown" >/dev/null; then fail "what is shown is said to be missing"; fi

# A run without measured epochs has what kith evaluate wrote; runs of one name are called by their folders.
cp -r work other
/usr/bin/python3 - <<'P'
import json
lines = [json.loads(l) for l in open("work/metrics.jsonl")]
bare = [{k: v for k, v in l.items() if "@" not in k and k != "split"} for l in lines]
open("other/metrics.jsonl", "w").write("".join(json.dumps(l) + "\n" for l in bare))
e = json.load(open("work/evaluate-test.json"))
json.dump({**e, "split": "valid", "recall@10": .9876, "ndcg@10": .0012}, open("other/evaluate-valid.json", "w"))
P
"$KITH" report job.yaml --compare other --output "$dir/two.html" >/dev/null
page "$dir/two.html" "<b>0.9876</b>" "those of <code>kith evaluate</code>" "</b> other"
if grep -F "<b>0.0012</b>" "$dir/two.html" >/dev/null; then fail "the worst is marked as best"; fi

# A run that was ranked among sampled items is not the best of those ranked among all; the page says so, and its own headline.
/usr/bin/python3 - <<'P'
import json
e = json.load(open("work/evaluate-test.json"))
json.dump({**e, "protocol": "sampled-20", "recall@10": .9955}, open("other/evaluate-test.json", "w"))
P
"$KITH" report job.yaml --compare other --output "$dir/three.html" >/dev/null
page "$dir/three.html" "0.9955" "Run B was ranked on test with protocol sampled-20" "these figures cannot be compared"
if grep -F "<b>0.9955</b>" "$dir/three.html" >/dev/null; then fail "a sampled figure is the best"; fi
"$KITH" report job.yaml --set work=other --output "$dir/four.html" >/dev/null
page "$dir/four.html" "Recall@10, test split, sampled-20"

# Nobody is served worst where it may be chance (44 pairs of .18 have an error of .058), or where recall and NDCG disagree; a refit has validation interactions, too.
cp work/evaluate-test.json "$dir/evaluate"
/usr/bin/python3 -c 'import json; f = "work/evaluate-test.json"; e = json.load(open(f)); e["groups"]["users"][0]["ndcg@10"] = .9; json.dump(e, open(f, "w"))'
"$KITH" report job.yaml >/dev/null
if grep -F "Served worst: users" work/report.html >/dev/null; then fail "the wrong group is served worst"; fi
grep -F "Served worst: items" work/report.html >/dev/null || fail "no items are served worst"
/usr/bin/python3 -c 'import json; f = "work/evaluate-test.json"; e = json.load(open(f)); e["groups"]["items"][0]["recall@10"] = .18; json.dump(e, open(f, "w"))'
"$KITH" report job.yaml >/dev/null
if grep -F "Served worst" work/report.html >/dev/null; then fail "chance is served worst"; fi
mv "$dir/evaluate" work/evaluate-test.json
mkdir work/refit
cp work/embeddings.h5 work/metrics.jsonl work/refit
"$KITH" report job.yaml --refit --output "$dir/refit.html" >/dev/null
page "$dir/refit.html" "those of validation included" "A refit trains on validation interactions"
rm -r work/refit

# A damaged file is named, and the rest is there; nothing at all is refused, and so is what is no report.
cp work/metrics.jsonl "$dir/metrics"
sed -i '1s/{/{{/' work/metrics.jsonl
"$KITH" report job.yaml >"$dir/out" 2>"$dir/err"
page work/report.html "metrics.jsonl:1: not JSON" "0.2345"
grep "warning: .*metrics.jsonl:1: not JSON" "$dir/err" >/dev/null || fail "$(cat "$dir/err")"
cp "$dir/metrics" work/metrics.jsonl
refused 66 "kith ingest job.yaml" job.yaml --set work=nowhere --output "$dir/x.html"
[ ! -e "$dir/x.html" ] || fail "a page of nothing"
echo mine >"$dir/mine.html"
refused 73 "no report of Kith" job.yaml --output "$dir/mine.html"
refused 64 "is the job file" job.yaml --output job.yaml
refused 66 "no such work folder" job.yaml --compare nowhere
refused 64 "is the run of the report itself" job.yaml --compare other ./work
refused 64 "is named twice" job.yaml --compare other ./other
refused 66 "there is no refit" job.yaml --refit
refused 64 "is empty; name a file" job.yaml --output ""
refused 64 "is a folder; name a file in it" job.yaml --output "$dir"

# Files of a run that are not of each other are named on the terminal, too; so are lines that were cut off.
said() { # TEXT: in a warning and in the page of job.yaml
  "$KITH" report job.yaml --quiet 2>"$dir/err"
  grep -F -- "$1" "$dir/err" >/dev/null || fail "no warning: $1: $(cat "$dir/err")"
  page work/report.html "${1%% *}"
}
sed -i 's/"run": "[^"]*"/"run": "another"/' work/metrics.jsonl
said "is of another run than"
head -n $((picked - 1)) "$dir/metrics" >work/metrics.jsonl
said "has no line of epoch $picked"
cp "$dir/metrics" work/metrics.jsonl
mv work/embeddings.h5 "$dir/rows"
said "embeddings.h5 is not there"
mv "$dir/rows" work/embeddings.h5
[ "$(cat "$dir/mine.html")" = mine ] || fail "a file was replaced"

# In a browser: at the width of a phone and of a screen, light and dark.
"$KITH" report job.yaml >/dev/null
if command -v chromium >/dev/null; then
  timeout $limit /usr/bin/python3 "$KITH_SOURCE/tests/support/browser.py" work/report.html >"$dir/out" || { cat "$dir/out"; fail "in the browser"; }
  grep ": 9 charts" "$dir/out" >/dev/null || fail "charts: $(cat "$dir/out")"
else
  echo "no chromium: pages were not looked at"
  [ $bad != 0 ] || exit 77
fi
exit $bad
