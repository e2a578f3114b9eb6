# timeout: 240
# Names and places: paths begin as in a shell, only files are opened, nothing is written through links, what cannot be
# removed stops --fresh, one program writes into a work folder at a time, and programs that take themselves to be alone say so.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
export KITH_LOCK_SECONDS=0
bad=0
fail() { echo "FAIL: $1"; bad=1; }
one_line() { [ "$(grep '^kith: ' "$dir/err" | grep -vc '^kith: warning: ')" = 1 ]; }
refuses() { # NAME CODE PATTERN words…: kith, quickly, with one line
  local name=$1 code=$2 pattern=$3 rc=0; shift 3
  timeout -k 5 $limit "$KITH" "$@" >"$dir/out" 2>"$dir/err" || rc=$?
  [ $rc = "$code" ] && one_line && grep -q "^kith: .*$pattern" "$dir/err" || fail "$name: code $rc: $(cat "$dir/err")"
}
tiny "$dir"
cd "$dir"

# ---- ranks that a launcher started as so many programs -------------------------------------------------------------------
for verb in generate ingest partition train evaluate embed recommend inspect; do
  SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 refuses "srun, $verb" 64 '4 ranks were started.*srun --mpi=pmix' $verb job.yaml
done
SLURM_STEP_ID=0 SLURM_NTASKS=3 SLURM_PROCID=0 refuses "srun without a step's tasks" 64 '3 ranks were started' train job.yaml
PMI_SIZE=2 PMI_RANK=0 refuses "a foreign mpirun" 64 '2 ranks were started' train job.yaml
PMI_SIZE=2 PMI_RANK=1 refuses "another than the first" 64 'this is rank 1 of 2 .*unset these variables' train job.yaml
alone() { env "$@" "$KITH" inspect work/graph.h5 >/dev/null 2>"$dir/err" || fail "$*: $(cat "$dir/err")"; }
alone SLURM_NTASKS=4 SLURM_PROCID=0                                    # a batch script
alone SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=4 SLURM_STEP_ID=4294967291   # the same, of a later Slurm
alone SLURM_NTASKS=4 SLURM_STEP_NUM_TASKS=1 SLURM_STEP_ID=0
alone SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 OMPI_COMM_WORLD_SIZE=1    # mpirun within an allocation
[ "$(SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=2 ranks 2 evaluate job.yaml 2>&1 | grep -c started)" = 0 ] || fail "two ranks of two are taken for singletons"

# ---- ~ and $NAME ---------------------------------------------------------------------------------------------------------
mkdir home
cp list.tsv home
sed 's|^work: .*|work: ~/w|; s|path: list.tsv|path: "${LISTS}/list.tsv"|; /social/d' job.yaml >./-x.yaml
HOME=$dir/home LISTS=$dir/home/ ranks 2 ingest -- -x.yaml >/dev/null
[ -e home/w/graph.h5 ] && [ ! -e '~' ] || fail "work: ~/w is not in the home"
HOME=$dir/home LISTS=$dir/home "$KITH" partition --quiet -- -x.yaml >/dev/null || fail "an option before --"
HOME=$dir/home LISTS=$dir/home "$KITH" train -- -x.yaml --set 'work=$HOME/w' --set train.epochs=1 --quiet >/dev/null || fail "\$HOME in --set"
for o in '--output=~/one.tsv' "--output ~/two.tsv" '--output=${LISTS}/three.tsv'; do
  HOME=$dir/home LISTS=$dir/home "$KITH" recommend --all ${o} --quiet -- -x.yaml >/dev/null
done
[ -e home/one.tsv ] && [ -e home/two.tsv ] && [ -e home/three.tsv ] || fail "--output: $(ls home)"
LISTS= refuses "an empty variable" 78 'x.yaml: data.interactions.path: ${LISTS}/list.tsv: the environment has no LISTS' ingest -- -x.yaml
refuses "an unset variable" 78 'work: $NOT_SET/w: the environment has no NOT_SET' ingest job.yaml --set 'work=$NOT_SET/w'
refuses "no such user" 78 'work: ~nobody-of-that-name/w: unknown user' ingest job.yaml --set 'work=~nobody-of-that-name/w'
refuses "an open brace" 78 'work: ${HOME/w: expected ${NAME}' ingest job.yaml --set 'work=${HOME/w'
refuses "an unset variable in --output" 78 'output: $NOT_SET/top.tsv' recommend job.yaml --all --output '$NOT_SET/top.tsv'
"$KITH" ingest job.yaml --quiet --set 'work=a/~b/$HOME' >/dev/null && [ -e 'a/~b/$HOME/graph.h5' ] || fail "within a path they are letters"
refuses "nothing behind --" 64 'expected a file behind it' ingest --

# ---- no files ------------------------------------------------------------------------------------------------------------
"$KITH" train job.yaml --quiet >/dev/null
place() { # PATH words…: with a pipe there
  local at=$1 rc=0; shift
  mv "$at" kept; mkfifo "$at"
  timeout -k 5 $limit "$KITH" "$@" >/dev/null 2>"$dir/err" || rc=$?
  [ $rc = 66 ] && one_line && grep -q "$at: is a pipe" "$dir/err" || fail "a pipe as $at: code $rc: $(cat "$dir/err")"
  rm "$at"; mv kept "$at"
}
place job.yaml train job.yaml
place list.tsv ingest job.yaml
place work/graph.h5 partition job.yaml
place work/parts.h5 train job.yaml
place work/embeddings.h5 evaluate job.yaml
mkfifo pipe
refuses "inspect of a pipe" 66 'is a pipe' inspect pipe
refuses "a list from a device" 66 '/dev/zero: is a device' ingest job.yaml --set data.interactions.path=/dev/zero
refuses "a list from stdin" 66 'write what is to be read to a file' ingest job.yaml --set data.interactions.path=/dev/stdin </dev/null
"$KITH" evaluate <(sed "s|: work|: $dir/work|; s|: list|: $dir/list|; s|: friends.tsv|: $dir/friends.tsv|" job.yaml) >/dev/null || fail "a job from the shell's pipe"
mv work/checkpoint-latest kept; mkfifo work/checkpoint-latest
timeout -k 5 $limit "$KITH" train job.yaml --quiet >/dev/null 2>"$dir/err" && grep -q 'checkpoint-latest: is a pipe.*own checkpoints' "$dir/err" || fail "a pipe as checkpoint-latest: $(cat "$dir/err")"
rm -f work/checkpoint-latest; mv kept work/checkpoint-latest

# ---- links ---------------------------------------------------------------------------------------------------------------
echo precious >victim
ln -s "$dir/victim" top.tsv.tmp
ln -s "$dir/victim" top.tsv
"$KITH" recommend job.yaml --all --output top.tsv >/dev/null
[ "$(cat victim)" = precious ] && [ -f top.tsv ] && [ ! -L top.tsv ] || fail "a link's aim was written"
refuses "a pipe as output" 73 'pipe.tsv: is a pipe (FIFO), expected a file' recommend job.yaml --all --output "$(mkfifo pipe.tsv; echo pipe.tsv)"

# ---- --fresh ---------------------------------------------------------------------------------------------------------------
mkdir work/checkpoint-000001-000000.h5
find work -exec cksum {} + 2>/dev/null | sort >before
refuses "--fresh" 73 'checkpoint-000001-000000.h5: cannot be removed: it is a folder' train job.yaml --fresh --quiet
find work -exec cksum {} + 2>/dev/null | sort | diff - before || fail "--fresh has changed something"
rmdir work/checkpoint-000001-000000.h5

# ---- one at a time -----------------------------------------------------------------------------------------------------------
if [ -n "${KITH_FAULTS_BUILT:-}" ] || KITH_FAULT=read:1@9 "$KITH" inspect work/graph.h5 >/dev/null 2>&1; then
  KITH_FAULT=stop:2@0 "$KITH" train job.yaml --fresh --quiet >/dev/null 2>&1 &
  holder=$!
  for _ in $(seq 600); do [ "$(cut -d' ' -f3 "/proc/$holder/stat" 2>/dev/null)" = T ] && break; sleep 0.1; done
  for verb in ingest partition train; do
    refuses "$verb of a folder that is held" 73 "kith.lock: kith train of job.yaml (process $holder on " $verb job.yaml
  done
  refuses "recommend into a folder that is held" 73 "process $holder" recommend job.yaml --all --output work/top.tsv
  "$KITH" partition job.yaml --compare >/dev/null 2>&1 && "$KITH" evaluate job.yaml --quiet >/dev/null && "$KITH" inspect work/graph.h5 >/dev/null &&
    "$KITH" recommend job.yaml --all --output top.tsv >/dev/null || fail "who only reads is kept out"
  kill -9 $holder; wait $holder 2>/dev/null || true
  [ -e work/kith.lock ] || fail "the holder had no lock"
  ranks 2 train job.yaml --fresh >/dev/null 2>"$dir/err" && grep -q "kith.lock: taken over from kith train of job.yaml (process $holder on .*ended" "$dir/err" || fail "a lock that is left: $(cat "$dir/err")"
fi
[ ! -e work/kith.lock ] || fail "a lock is left"
# A signal that ends the program gives the lock back; a list that takes a while, so that the signal comes in time.
awk 'BEGIN { for (i = 0; i < 1500000; i++) print i % 9973 "\t" i % 30011 }' >long.tsv
rc=0
for _ in 1 2 3 4 5; do
  "$KITH" ingest job.yaml --quiet --set data.interactions.path=long.tsv --set data.interactions.columns.time= >/dev/null 2>&1 &
  p=$!; rc=0
  for _ in $(seq 600); do [ -e work/kith.lock ] && break; sleep 0.01; done
  kill -TERM $p 2>/dev/null || true
  wait $p || rc=$?
  [ $rc != 143 ] || [ -e work/kith.lock ] || break # it may come before the program heeds it; the lock is then one that was left
done
[ $rc = 143 ] && [ ! -e work/kith.lock ] || fail "ended by a signal ($rc): $(ls work)"

# ---- scripts -----------------------------------------------------------------------------------------------------------------
mkdir bin
printf '#!/bin/sh\nprintf "%%s|%%s\\n" "$KITH_SLURM" "$KITH_JOB" >>"$SAID"; echo 1\n' >bin/sbatch
chmod +x bin/sbatch
(cd "$KITH_SOURCE" && LISTS=$dir/home SAID=$dir/said PATH=$dir/bin:$PATH CDPATH=.:/ bash slurm/pipeline.sh "$dir/-x.yaml") >/dev/null || fail "pipeline.sh with CDPATH"
(LISTS=$dir/home SAID=$dir/said PATH=$dir/bin:$PATH bash "$KITH_SOURCE/slurm/pipeline.sh" -x.yaml) >/dev/null || fail "pipeline.sh -x.yaml"
[ "$(sort -u said)" = "$KITH_SOURCE/slurm|$dir/-x.yaml" ] || fail "pipeline.sh: $(sort -u said)"
exit $bad
