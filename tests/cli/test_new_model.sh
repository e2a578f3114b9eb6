# docs/new-model.md, to the letter: its blocks make a model of a copy of the sources; its gradients are right, its loss
# falls, and two ranks give what one gives.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
mkdir "$dir/kith"
cp -r "$KITH_SOURCE"/{CMakeLists.txt,include,src,partition,slurm,tests} "$dir/kith"

# ```c FILE makes a file; ```diff FILE changes one.
/usr/bin/python3 - "$KITH_SOURCE/docs/new-model.md" "$dir/kith" <<'P'
import re, subprocess, sys
page, root = open(sys.argv[1]).read(), sys.argv[2]
added = 0
for kind, path, body in re.findall(r"^```(c|diff) (\S+)\n(.*?)^```$", page, re.S | re.M):
    if kind == "c": open(root + "/" + path, "x").write(body)
    else: subprocess.run(["patch", "--silent", "--no-backup-if-mismatch", root + "/" + path], input=body, text=True, check=True)
    added += body.count("\n") if kind == "c" else len(re.findall(r"^\+", body, re.M))
assert 10 < added < 100, "%d lines" % added
P

cached() { sed -n "s/^$1:[A-Z]*=//p" "$KITH_BUILD/CMakeCache.txt"; }
cmake -S "$dir/kith" -B "$dir/build" -G "$(cached CMAKE_GENERATOR)" -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)" -DCMAKE_BUILD_TYPE=Debug -DKITH_STRICT=ON >/dev/null
cmake --build "$dir/build" --target kith_program grad_models unit_job -j 2 >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
ctest --test-dir "$dir/build" --no-tests=error --output-on-failure -R '^(grad_models.np2|unit_job.np1)' >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }

KITH=$dir/build/kith
tiny "$dir/job"
for mode in full neighbor; do
  for n in 1 2; do
    ranks $n train "$dir/job/job.yaml" --quiet --fresh --set model.name=lrgccf --set sampler.mode=$mode >/dev/null
    mv "$dir/job/work/metrics.jsonl" "$dir/$mode.$n"
  done
  /usr/bin/python3 - "$dir/$mode.1" "$dir/$mode.2" <<'P'
import json, sys
one, two = ([json.loads(line)["loss"] for line in open(path)] for path in sys.argv[1:3])
assert len(one) == len(two) == 4 and one[3] < 0.9 * one[0], one
assert all(abs(a - b) < 1e-4 * a for a, b in zip(one, two)), (one, two)
P
done

# kith bench says what it does not count.
"$KITH" bench "$dir/job/job.yaml" --quiet --set model.name=lrgccf >"$dir/out" 2>"$dir/err" || { cat "$dir/err"; exit 1; }
grep -q "the limit of a step lacks the layers of lrgccf" "$dir/err" || { cat "$dir/out" "$dir/err"; exit 1; }
