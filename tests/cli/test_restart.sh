# A run that is interrupted anyhow goes on as if nothing had happened: by TERM, USR1 and KILL in turn, at random steps, on
# a random other number of ranks each time; by KILL at random moments of a checkpoint's write; by a full disk.
#
# KITH_RESTART_KILLS    interruptions of a run (3)
# KITH_RESTART_WRITES   kills among writes of checkpoints (10)
# KITH_RESTART_SEED     of all that is random here (1)
# KITH_RESTART_GOWALLA  folder for a run on ../shared/data/gowalla beside the sources, instead of all the above
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
kills=${KITH_RESTART_KILLS:-3} writes=${KITH_RESTART_WRITES:-10}
RANDOM=${KITH_RESTART_SEED:-1}

fail() { echo "FAIL: $*"; [ ! -e "$dir/log" ] || tail -n 5 "$dir/log"; exit 1; }
place() { # the newest checkpoint's place, in steps over all epochs; -1 without one
  local epoch step name=
  { read -r name <"$work/checkpoint-latest"; } 2>/dev/null || true
  if [[ $name =~ ^checkpoint-([0-9]+)-([0-9]+).h5$ ]]; then epoch=$((10#${BASH_REMATCH[1]})) step=$((10#${BASH_REMATCH[2]})); echo $((epoch * n_step + step)); else echo -1; fi
}
begin() { # N words…: kith train on N ranks in the background; sets pid
  local n=$1; shift
  if [ "$n" = 0 ]; then "$KITH" train "$job" "$@" >"$dir/out" 2>"$dir/log" & pid=$!
  else timeout -k 5 $limit mpirun --quiet --oversubscribe --bind-to none -n "$n" "$KITH" train "$job" "$@" >"$dir/out" 2>"$dir/log" & pid=$!; fi
}
await() { # PLACE: until there is a checkpoint of that place, or the run has ended
  while kill -0 $pid 2>/dev/null && [ "$(place)" -lt "$1" ]; do sleep 0.02; done
}
# Where faults are compiled in, rank 0 stops itself at the step that the signal is for, so that no run ends before it comes.
if KITH_FAULT=read:1000000@0 "$KITH" help >/dev/null 2>&1; then stops=1; else stops=0; fi
await_stop() { # until a rank has stopped itself
  local rank
  while kill -0 $pid 2>/dev/null; do
    for rank in $(ranks_of $pid); do ! grep -qs '^State:.T' "/proc/$rank/status" || return 0; done
    sleep 0.02
  done
}
ranks_of() { local mpirun; mpirun=$(pgrep -P "$1" mpirun) && pgrep -P "$mpirun" -x "$(basename "$KITH")"; }
end() { rc=0; { wait $pid; } 2>/dev/null || rc=$?; }
whole() { # there is at least one checkpoint, and nothing in it is damaged
  local last
  last=$(ls "$work"/checkpoint-*.h5 | sort | tail -n 1)
  "$KITH" inspect "$last" >/dev/null || fail "$last is damaged"
}

interrupt() { # SIGNAL N words…: send it to a running job on N ranks; the job must end as documented
  local signal=$1 n=$2 rank; shift 2
  rank=$(ranks_of $pid | shuf -n 1 --random-source=<(yes $RANDOM)) || fail "no ranks to send $signal to"
  case $signal in
    USR1) kill -USR1 "$(pgrep -P $pid mpirun)" ;;
    *) kill -$signal "$rank" ;;
  esac
  [ $stops = 0 ] || kill -CONT $(ranks_of $pid) 2>/dev/null || true
  end
  case $signal in KILL) wanted=137 ;; *) wanted=75 ;; esac
  [ $rc = $wanted ] || fail "$signal on $n ranks: code $rc, expected $wanted"
}

again() { # KILLS EPOCHS words…: a run in pieces; each ends at a random step of its share of the run
  local kills=$1 epochs=$2 i n=0 last=0 old signal at; shift 2
  local signals=(TERM USR1 KILL)
  rm -f "$work"/checkpoint-* "$work"/metrics.jsonl "$work"/embeddings.h5
  for i in $(seq 0 "$kills"); do
    last=$n; while [ $n = $last ]; do n=$((1 + RANDOM % 4)); done
    signal=${signals[i % 3]} at=$(((epochs * n_step * i + RANDOM * epochs * n_step / 32768 * 2 / 3) / kills))
    old=$(place); old=$((old < 0 ? 0 : old)) # steps that are done
    export KITH_FAULT=
    [ $stops = 0 ] || [ "$i" = "$kills" ] || KITH_FAULT=stop:$((at > old ? at - old + 1 : 1 + RANDOM % 3))@0
    begin $n "$@"
    unset KITH_FAULT
    [ "$i" -lt "$kills" ] || break
    if [ $stops = 1 ]; then await_stop; else await $at; sleep 0.$((100 + RANDOM % 200)); fi
    interrupt $signal $n
    places="${places:-} $signal:$n@$(place)"
    ! grep -q 'older checkpoint' "$dir/log" || fail "the newest checkpoint was not taken"
    whole
  done
  end
  [ $rc = 0 ] || fail "the last piece on $n ranks: code $rc"
  ! grep -q 'older checkpoint' "$dir/log" || fail "the newest checkpoint was not taken"
  [ -z "$(find "$work" -name '*.tmp*')" ] || fail "left $(find "$work" -name '*.tmp*')"
}

count_steps() { # EPOCHS BATCH: sets n_step of the run whose report is in $dir/out
  n_step=$(/usr/bin/python3 -c 'import json, sys; r = json.loads(open(sys.argv[1]).readlines()[-1]); print(-(-r["pairs"] // int(sys.argv[2]) // int(sys.argv[3])))' "$dir/out" "$1" "$2")
}

close_losses() { # FILE FILE: the same epochs, losses within 1e-5
  /usr/bin/python3 - "$1" "$2" <<'P'
import json, sys
a, b = ([json.loads(l) for l in open(p)] for p in sys.argv[1:3])
assert [x["epoch"] for x in a] == [x["epoch"] for x in b], "epochs differ"
most = max(abs(x["loss"] - y["loss"]) / y["loss"] for x, y in zip(a, b))
assert most <= 1e-5, most
P
}

if [ -n "${KITH_RESTART_GOWALLA:-}" ]; then
  data=$KITH_SOURCE/../shared/data/gowalla
  [ -e "$data/train.txt" ] || { echo "no Gowalla in $data: skipped"; exit 77; }
  job=$KITH_SOURCE/jobs/gowalla-lightgcn.yaml work=$KITH_RESTART_GOWALLA n_step=0
  common="--set work=$work --set data.interactions.path=$data/train.txt --set data.test.path=$data/test.txt"
  run="$common --set train.batch=16384 --set train.epochs=4 --set evaluate.every=4 --set checkpoint.steps=${KITH_RESTART_STEPS:-3} ${KITH_RESTART_SET:-}"
  mkdir -p "$work"
  [ -e "$work/parts.h5" ] || { "$KITH" ingest "$job" $common >/dev/null; "$KITH" partition "$job" $common >/dev/null; }
  begin 2 --quiet --fresh $run --json; end; [ $rc = 0 ] || fail "the run in one piece: $rc"
  count_steps 4 16384
  cp "$work/embeddings.h5" "$dir/whole.h5"; cp "$work/metrics.jsonl" "$dir/whole.jsonl"
  again "${KITH_RESTART_KILLS:-20}" 4 $run
  echo "interrupted at (signal:ranks@newest checkpoint, of $((4 * n_step)) steps):$places"
  close_losses "$work/metrics.jsonl" "$dir/whole.jsonl"
  if [[ $run == *neighbor* ]]; then echo "losses agree"; exit 0; fi
  same_embeddings "$work/embeddings.h5" "$dir/whole.h5"
  diff <(digits "$work/metrics.jsonl") <(digits "$dir/whole.jsonl")
  echo "embeddings and metrics are the same bits"
  exit 0
fi

tiny "$dir/t"
job=$dir/t/job.yaml work=$dir/t/work n_step=0
run="--set train.batch=64 --set train.epochs=6 --set evaluate.split=valid --set evaluate.every=1 --set checkpoint.every=0 --set checkpoint.steps=3"
for mode in full neighbor; do
  begin 0 --quiet --fresh $run --json --set sampler.mode=$mode; end
  [ $rc = 0 ] || fail "the run in one piece: $rc"
  count_steps 6 64
  cp "$work/embeddings.h5" "$dir/$mode.h5"; cp "$work/metrics.jsonl" "$dir/$mode.jsonl"
  again "$kills" 6 $run --set sampler.mode=$mode
  close_losses "$work/metrics.jsonl" "$dir/$mode.jsonl"
  times "$work/metrics.jsonl" --ranks 0
  if [ $mode = full ]; then
    same_embeddings "$work/embeddings.h5" "$dir/full.h5"
    diff <(digits "$work/metrics.jsonl") <(digits "$dir/full.jsonl")
  fi
done

# Where an epoch is one step, a signal always comes after its last one: the evaluation is left to the next run.
steps=$n_step n_step=1 places=
long="--set train.batch=100000 --set train.epochs=90 --set evaluate.every=3 --set checkpoint.every=3"
begin 0 --quiet --fresh $long; end
[ $rc = 0 ] || fail "the run in one piece: $rc"
cp "$work/embeddings.h5" "$dir/one.h5"; cp "$work/metrics.jsonl" "$dir/one.jsonl"
again 1 90 $long
same_embeddings "$work/embeddings.h5" "$dir/one.h5"
diff <(digits "$work/metrics.jsonl") <(digits "$dir/one.jsonl")

# Kills when checkpoints are written all the time; every second time it is a second TERM, which ends the program at once.
rm -f "$work"/checkpoint-* "$work"/embeddings.h5
torn=0 began=-1 n_step=$steps
for i in $(seq 1 "$writes"); do
  begin 0 --quiet $run --set checkpoint.steps=1
  await $((began + 1))
  sleep 0.0$((10 + RANDOM % 90))
  if [ $((i % 2)) = 0 ]; then kill -KILL $pid || true; wanted=137; else kill -TERM $pid || true; sleep 0.00$((RANDOM % 10)); kill -TERM $pid 2>/dev/null || true; wanted=143; fi
  end
  [ $rc = $wanted ] || [ $rc-$wanted = 75-143 ] || [ $rc = 0 ] || fail "kill $i of a write: code $rc, expected $wanted"
  [ -z "$(find "$work" -name 'checkpoint*.tmp*')" ] || torn=$((torn + 1))
  whole
  [ "$(place)" -ge "$began" ] || fail "kill $i of a write: fell back from $began to $(place)"
  began=$(place)
  [ $rc != 0 ] || { rm -f "$work"/checkpoint-*; began=-1; }
done
begin 3 --quiet $run; end
[ $rc = 0 ] || fail "after kills of writes: code $rc"
[ -z "$(find "$work" -name '*.tmp*')" ] || fail "left $(find "$work" -name '*.tmp*')"
same_embeddings "$work/embeddings.h5" "$dir/full.h5"
diff <(digits "$work/metrics.jsonl") <(digits "$dir/full.jsonl")
echo "$torn of $writes kills were in the middle of a write"

# A disk that becomes full: an error, the checkpoints that are there stay, and the job goes on when there is room.
full_disk() { # N
  mount -t tmpfs -o size=8m small "$work"
  cp "$dir"/t/keep/*.h5 "$work"
  ranks "$1" train "$job" --quiet $run --set train.epochs=2 >/dev/null
  cksum "$work"/checkpoint-* >"$dir/before"
  head -c 20000000 /dev/zero >"$work/filler" 2>/dev/null || true
  rc=0; ranks "$1" train "$job" --quiet $run >/dev/null 2>"$dir/log" || rc=$?
  [ $rc = 74 ] && [ "$(grep -c '^kith: .*\(full\|space\|room\)' "$dir/log")" = 1 ] || fail "a full disk on $1: code $rc"
  [ -z "$(find "$work" -name '*.tmp*')" ] || fail "a full disk left $(find "$work" -name '*.tmp*')"
  cksum "$work"/checkpoint-* | diff - "$dir/before" || fail "a full disk changed the checkpoints"
  rm "$work/filler"
  ranks "$1" train "$job" --quiet $run >/dev/null
  same_embeddings "$work/embeddings.h5" "$dir/full.h5"
  diff <(digits "$work/metrics.jsonl") <(digits "$dir/full.jsonl")
}
if unshare --mount true 2>/dev/null; then
  mkdir -p "$dir/t/keep"; cp "$work"/graph.h5 "$work"/parts.h5 "$dir/t/keep"
  export -f full_disk ranks same_embeddings digits fail
  export KITH job work dir limit run OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  for n in 1 3; do unshare --mount bash -euo pipefail -c 'full_disk "$1"' x $n; done
else
  echo "full disk: skipped, no mount namespaces"
fi
