# With --json the last line of stdout is one JSON object, of every verb, on any number of ranks, whether it succeeds or not.
set -uo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
bad=0
fail() { echo "FAIL: $*"; bad=1; }
verbs=$("$KITH" help verbs | awk '{print $1}')
[ "$(echo "$verbs" | wc -l)" -ge 8 ] || fail "kith help verbs names only: $verbs"

object() { # RANKS STATUS KEYS CODE: what is on stdin ends with an object that has these
  tail -n 1 | /usr/bin/python3 -c '
import json, sys
def constant(word): raise ValueError(word + " is not JSON")
r = json.loads(sys.stdin.buffer.read().decode("utf-8"), parse_constant=constant)
assert r["ranks"] == int(sys.argv[1]) and r["status"] == sys.argv[2] and r["verb"], r
assert r["code"] == int(sys.argv[5]), (r["code"], sys.argv[5])
missing = [k for k in sys.argv[3].split() if k not in r]
assert not missing, (missing, r)
if "error" in r: assert "kith: " + r["error"] == open(sys.argv[4]).read().rstrip("\n"), r  # the line on stderr
' "$1" "$2" "$3" "$dir/err" "$4"
}
says() { # RANKS STATUS KEYS words…: two ranks are quiet, too, and then the object is all, but for warnings and the error
  n=$1 status=$2 keys=$3; shift 3
  case "$n $*" in 2*--quiet* | 1*) quiet= ;; *) quiet=--quiet ;; esac
  if [ "$n" = 1 ]; then timeout -k 5 $limit "$KITH" "$@" --json >"$dir/out" 2>"$dir/err"; rc=$?; else ranks "$n" "$@" $quiet --json >"$dir/out" 2>"$dir/err"; rc=$?; fi
  object "$n" "$status" "$keys" "$rc" <"$dir/out" || fail "$* on $n: $(tail -n 1 "$dir/out")"
  if [ "$n" = 2 ]; then
    [ "$(wc -l <"$dir/out")" = 1 ] || fail "$* --quiet --json: more than the object: $(cat "$dir/out")"
    ! grep -v '^kith: ' "$dir/err" || fail "$* --quiet: not quiet"
  fi
}

tiny "$dir/t"
job=$dir/t/job.yaml
for n in 1 2; do
  for verb in $verbs; do
    case $verb in
      generate) says $n ok 'interactions seconds' generate "$job" ;;
      ingest) says $n ok 'users items train valid test duplicates types relations seconds' ingest "$job" ;;
      partition)
        says $n ok 'metis_2 metis_3 metis_6' partition "$job"
        says $n ok 'metis_2 hash_2 contiguous_2' partition "$job" --compare ;;
      plan) says $n ok "plan recommended sbatch" plan "$job" ;;
      train)
        says $n ok 'epochs best_epoch loss seconds pairs halo_bytes split test_recall@10 test_ndcg@5' train "$job" --fresh --quiet
        says $n ok 'epochs best_epoch seconds test_recall@10' train "$job" --quiet # nothing is left to do
        says $n ok 'epochs loss' train "$job" --fresh --quiet --set evaluate.every=0
        says $n ok 'valid_recall@10 test_recall@10' train "$job" --fresh --quiet --set evaluate.split=valid ;;
      evaluate)
        says $n ok 'split protocol users recall@5 ndcg@10 hit_rate@10 precision@5 mrr@10 seconds groups fingerprint epoch run' evaluate "$job" --groups
        tail -n 1 "$dir/out" | cmp - "$dir/t/work/evaluate-test.json" || fail "evaluate-test.json is not what was printed"
        [ $n = 2 ] || [ "$(grep -c 'training interactions' "$dir/out")" = 2 ] || fail "--groups on $n: $(cat "$dir/out")"
        says $n ok 'split protocol users recall@3' evaluate "$job" --split valid --protocol sampled-20 --k 3
        [ -s "$dir/t/work/evaluate-valid.json" ] || fail "evaluate-valid.json is not there"
        mkdir -p "$dir/t/full/evaluate-test.json"; ln -f "$dir"/t/work/*.h5 "$dir/t/full" # where the file cannot be
        says $n ok 'recall@5' evaluate "$job" --set work=full
        grep 'warning:.*evaluate-test.json' "$dir/err" >/dev/null || fail "no warning: $(cat "$dir/err")" ;;
      report) says $n ok 'report bytes sections missing seconds' report "$job" ;;
      recommend)
        says $n ok recommendations recommend "$job" --user user-003
        says $n ok 'users k output' recommend "$job" --all --output "$dir/top.h5" ;;
      explain)
        says $n ok 'explanations seconds' explain "$job" --user user-003
        says $n ok 'explanations seconds' explain "$job" --user user-003 --item item-001 --paths 3 ;;
      embed)
        printf 'a new user\titem-001\na new user\titem-002\n' >"$dir/t/new.tsv"
        says $n ok 'users items interactions epoch exported_epoch seconds' embed "$job" --set embed.interactions.path=new.tsv --set embed.interactions.format=edges --output "$dir/new.h5" ;;
      export)
        says $n ok files export "$job" --format npy --output "$dir/exported"
        says $n ok files export "$job" --format neighbors-h5 --output "$dir/exported" ;;
      inspect)
        for file in "$dir"/t/work/*.h5 "$dir/top.h5"; do says $n ok 'format format_version fingerprint' inspect "$file"; done
        says $n ok 'text' inspect "$dir/t/work/graph.h5" --show job ;;
      bench) says $n ok 'stream_bytes_per_second spmm step' bench "$job" --repeat 1 ;;
      update) says $n 'bad job' error update "$job" ;; # which names no new list: test_update.sh
      sweep) if [ $n = 1 ]; then says $n 'bad job' error sweep "$job"; else says $n usage error sweep "$job"; fi ;; # no key varies: test_sweep.sh
      tune) says $n 'bad job' error tune "$job" ;; # which is for the spectral model: test_tune.sh
      blend) says $n 'bad job' error blend "$job" ;; # which names no models: test_blend.sh
      version) says $n ok 'version commit compiler build_type flags libraries' version ;;
      doctor) says $n ok 'checks warnings need_bytes' doctor "$job" ;;
      *) fail "a verb that this test does not know: $verb" ;;
    esac
    [ $n != 1 ] || [ $verb = doctor ] || [ $verb = version ] || says $n usage error "$verb" # those two are well without a job
    [ $verb = version ] || says $n 'no input' error "$verb" "$dir/nowhere.yaml"
  done
  says $n usage error trian "$job"
  says $n usage error train "$job" --color sometimes
  says $n 'bad job' error train "$job" --set $'train.lr="1\\\n\t\xff\e[31m'
  says $n 'no input' error train "$dir/a \"quoted\"\\name"$'\n'".yaml"
done
"$KITH" train --json -- >"$dir/out" 2>"$dir/err"; object 1 usage error $? <"$dir/out" || fail "of a command line that cannot be taken apart"
exit $bad
