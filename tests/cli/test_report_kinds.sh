# kith report of other jobs: a classification, a sweep, runs side by side; hostile names everywhere; looked at in a browser.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
bad=0
fail() { echo "FAIL: $*"; bad=1; }
page() { /usr/bin/python3 "$KITH_SOURCE/tests/support/page.py" "$@" || fail "page: $*"; }
cd "$dir"

# 60 nodes of 3 classes, one of them named like HTML.
/usr/bin/python3 - <<'P'
import random
r, n = random.Random(5), 60
label = [i % 3 for i in range(n)]
out = lambda name, lines: open(name, "w").write("\n".join(lines) + "\n")
out("edges.txt", sorted({"%d %d" % (a, b) for a in range(n) for b in (r.randrange(n) for _ in range(3)) if a < b and (label[a] == label[b] or r.random() < .3)}))
out("labels.txt", [["art", "<script>alert(1)</script>", "chess"][l] for l in label])
for name, a, b in ("train", 0, 15), ("valid", 15, 30), ("test", 30, 60): out(name + ".txt", [str(i) for i in range(a, b)])
P
cat >classes.yaml <<'J'
task: classify
name: '"><img src=x onerror=alert(1)>'
work: classes & more
data:
  edges: {path: edges.txt}
  labels: {path: labels.txt}
  splits: {train: train.txt, valid: valid.txt, test: test.txt}
partition: {parts: 2}
model: {name: gcn, dim: 4, layers: 2}
train: {epochs: 6, lr: 0.02}
evaluate: {split: valid, every: 2}
J
for verb in ingest partition train evaluate; do "$KITH" $verb classes.yaml --json --quiet | tail -n 1 >$verb.json; done
"$KITH" train classes.yaml --set work=b --set graph="classes & more/graph.h5" --set parts="classes & more/parts.h5" --set model.dim=6 --quiet >/dev/null
cp -r "classes & more" "the & same"
"$KITH" report classes.yaml --compare b "the & same" >out
f1=$(/usr/bin/python3 -c 'import json; r = json.load(open("evaluate.json")); print("%.4f" % r["test_macro_f1"]); print("%.4f" % r["test_accuracy"])' | xargs)
page "classes & more/report.html" ${f1/ /  } "&lt;script&gt;alert(1)&lt;/script&gt;" "Settings that differ" "<td>6</td>" "model.dim"
[ "$("$KITH" report classes.yaml --output two.html --compare=b --json | tail -n 1 | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["missing"])')" = 0 ] || fail "something is missing"

# A sweep, as kith sweep leaves it: the best trial is the run that is shown.
mkdir -p sweep/sweep/trial-001 sweep/sweep/trial-002
for n in 1 2; do cp "classes & more/metrics.jsonl" sweep/sweep/trial-00$n; done
cp classes.yaml sweep/sweep/best.yaml
sed -i "s#^work: .*#work: '$dir/classes \& more'#; s#path: #path: $dir/#; s#train: train.txt, valid: valid.txt, test: test.txt#train: $dir/train.txt, valid: $dir/valid.txt, test: $dir/test.txt#" sweep/sweep/best.yaml
cat >sweep/sweep/trials.jsonl <<'J'
{"trial": 1, "folder": "trial-001", "settings": {"train.lr": 0.02, "model.name": "gcn"}, "status": "done", "rung": 1, "epochs": 6, "best_epoch": 4, "metric": "accuracy", "split": "valid", "score": 0.61, "seconds": 0.5}
{"trial": 2, "folder": "trial-002", "settings": {"train.lr": 0.2, "model.name": "<b onclick=alert(1)>sage"}, "status": "stopped", "rung": 1, "epochs": 2, "metric": "accuracy", "split": "valid", "score": 0.59}
{"trial": 3, "folder": "../../etc", "settings": {"train.lr": 2, "model.name": "gcn"}, "status": "failed", "error": "<i>the loss</i> & more"}
J
printf '%s\n' 'sweep.train.lr={from: 0.002, to: 2, scale: log}' "sweep.model.name=[gcn, 'sage']" sweep.trials=3 train.batch=4 train.epochs=6 >sweep/sweep/set.txt
echo 'graph=00000000000000aa train.batch=4' >sweep/sweep/settings.txt
sed 's#^work: .*#work: sweep#' classes.yaml >sweep.yaml
"$KITH" report sweep.yaml --output sweep.html --set train.epochs=60 --set train.batch=4 >out
page sweep.html "3 trials: 1 done, 1 stopped by halving, 1 failed" "Best is trial 1, Accuracy 0.6100" "&lt;i&gt;the loss&lt;/i&gt; &amp; more" "kith sweep sweep.yaml --set train.epochs=60 --set train.batch=4 --set &#39;sweep.train.lr={from: 0.002, to: 2, scale: log}&#39; --set &#39;sweep.model.name=[gcn, &#39;\\&#39;&#39;sage&#39;\\&#39;&#39;]&#39; --set sweep.trials=3 --set train.epochs=6" "the best trial" "The trials are of the graph before"

if command -v chromium >/dev/null; then
  timeout $limit /usr/bin/python3 "$KITH_SOURCE/tests/support/browser.py" two.html sweep.html >out || { cat out; fail "in the browser"; }
  [ "$(grep -c '[1-9][0-9]* charts' out)" = 2 ] || fail "$(cat out)"
else
  echo "no chromium: pages were not looked at"
  [ $bad != 0 ] || exit 77
fi
exit $bad
