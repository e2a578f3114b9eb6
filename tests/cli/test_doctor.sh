# kith doctor: on a machine that is well nothing fails; whatever can be wrong is made wrong here, and each time the line that
# is about it says so, with a remedy, and the program ends with the documented code.  Nothing is ever left behind.
set -euo pipefail
unset OPENBLAS_CORETYPE # which kernels are chosen is looked at
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
job=$dir/t/job.yaml
cd "$dir"
fail() { echo "$1"; cat out err; exit 1; }
listing() { find . -not -name out -not -name err | sort; }

# CODE PATTERN words…: a command that ends with CODE and prints such a line.
says() {
  code=$1 pattern=$2; shift 2
  listing >was
  rc=0; timeout -k 5 $limit "$@" >out 2>err || rc=$?
  listing | diff was - || fail "$*: leaves something behind"
  rm -f was
  [ $rc = "$code" ] || fail "$*: code $rc, expected $code"
  grep -qE "$pattern" out || fail "$*: no line like $pattern"
  [ "$code" = 0 ] || { grep -qE '^kith: [0-9]+ of [0-9]+ checks failed: ' err && [ "$(grep -c '^kith:' err)" = 1 ]; } || fail "$*: no summary"
  ! grep -E '^(warn|FAIL)' out | grep -v '; remedy: .' || fail "$*: no remedy"
}
on() { n=$1; shift; echo mpirun --quiet --oversubscribe --bind-to none -n "$n" "$@"; }

# ---- well
for n in 1 2 3; do
  says 0 '^ok +hdf5 +written by ' $(on $n "$KITH" doctor)
  grep -qE "^ok +ranks +$n ranks? on 1 node: $n on " out || fail "$n ranks"
  [ "$(grep -cE '^(ok|warn|FAIL) ' out)" = 13 ] && [ "$(grep -cE '^ok +(folder|locks|shm|libraries|threads) ' out)" = 5 ] || fail "lines on $n"
done
says 0 '^ok +folder +new/deeper: ' $(on 2 "$KITH" doctor --folder new/deeper)
says 0 '^ok +graph .*6 parts for 2 ranks' $(on 2 "$KITH" doctor "$job" --json)
tail -n 1 out | /usr/bin/python3 -c '
import json, sys
r = json.load(sys.stdin)
assert r["verb"] == "doctor" and r["status"] == "ok" and r["ranks"] == 2, r
assert [c["check"] for c in r["checks"]] == "ranks threads libraries processors cores blas shm messages clocks graph folder locks disk hdf5 memory".split(), r
assert len(r["need_bytes"]) == 2 and min(r["need_bytes"]) > 1e6, r
assert all(c["verdict"] == "ok" or c["remedy"] for c in r["checks"]) and all(c["seen"] for c in r["checks"])' || fail "JSON"
mv t/work/parts.h5 parts.h5
says 0 '^warn +graph .*not cut yet' $(on 2 "$KITH" doctor "$job")
grep -qE '^ok +memory ' out || fail "no memory before the cut"
mv t/work/graph.h5 graph.h5
says 0 '^warn +graph .*run kith ingest' "$KITH" doctor "$job"
mv graph.h5 parts.h5 t/work

# ---- words
for words in "--no-such" "$job --folder" "--set train.lr=1" "$job one-more"; do
  rc=0; "$KITH" doctor $words >out 2>err || rc=$?
  [ $rc = 64 ] || fail "doctor $words: code $rc"
done
rc=0; "$KITH" doctor nowhere.yaml >out 2>err || rc=$?
[ $rc = 66 ] || fail "a job file that is not there: $rc"

# ---- ranks and cores
cores=$(env -u OMP_NUM_THREADS nproc) # nproc follows OMP_NUM_THREADS
says 64 '^FAIL +ranks .*4 were started' env -u OMPI_COMM_WORLD_SIZE -u PMI_SIZE SLURM_STEP_NUM_TASKS=4 "$KITH" doctor
says 0 '^warn +cores .*remedy: more threads than cores: .* a smaller OMP_NUM_THREADS' env OMP_NUM_THREADS=$((2 * cores + 1)) "$KITH" doctor
says 0 '^warn +cores .*remedy: more threads than cores: fewer ranks a node, or OMPI_MCA' env OMP_NUM_THREADS=1 $(on $((cores + 1)) "$KITH" doctor)
if [ "$cores" -gt 1 ]; then
  core=$(taskset -cp $$ | grep -oE '[0-9]+' | tail -n 1)
  says 64 '^FAIL +cores .*2 ranks with 2 threads, rank 0 among them, bound to 1 of' env OMP_NUM_THREADS=1 $(on 2 taskset -c "$core" "$KITH" doctor)
  says 64 '^FAIL +cores .*1 rank with 2 threads, rank 0' env OMP_NUM_THREADS=2 taskset -c "$core" "$KITH" doctor
fi

# ---- the job's files
cp t/work/parts.h5 whole
"$KITH" partition "$job" --set partition.parts=2 >/dev/null
says 78 '^FAIL +graph .*cut into 2 parts' $(on 3 "$KITH" doctor "$job")
head -c 3000 whole >torn; cp torn t/work/parts.h5
says 65 '^FAIL +graph .*parts.h5.*kith partition' $(on 2 "$KITH" doctor "$job")
cp whole t/work/parts.h5; rm torn whole

# ---- the folder
: >file
says 73 '^FAIL +folder .*file' $(on 2 "$KITH" doctor --folder file/below)
mount_works() { [ "$(id -u)" = 0 ] && unshare --mount mount -t tmpfs x "$dir" 2>/dev/null; }
if mount_works; then
  mkdir place
  # A shell whose mounts nobody else sees: MOUNT words, then kith.
  apart() { printf '%s\n' "$1" 'shift; exec "$@"' >apart.sh; echo unshare --mount sh "$dir/apart.sh" -; }
  : >apart.sh
  says 73 '^FAIL +folder .*place.*[Rr]ead-only' $(apart "mount --bind $dir/place $dir/place; mount -o remount,ro,bind $dir/place") $(on 2 "$KITH" doctor --folder place)
  says 73 '^FAIL +folder .*rank 1: another rank wrote .* not seen on' $(on 1 "$KITH" doctor --folder place) : -n 1 $(apart "mount -t tmpfs x $dir/place") "$KITH" doctor --folder place
  says 73 '^FAIL +folder .*rank 1: .*cannot be written on .*Read-only' $(on 1 "$KITH" doctor --folder place) : -n 1 \
    $(apart "mount --bind $dir/place $dir/place; mount -o remount,ro,bind $dir/place") "$KITH" doctor --folder place
  says 74 '^FAIL +hdf5 ' $(apart "mount -t tmpfs -o size=32k x $dir/place") $(on 2 "$KITH" doctor --folder place)
  says 74 '^FAIL +disk .*the job writes up to' $(apart "mount -t tmpfs -o size=1m x $dir/place") $(on 2 "$KITH" doctor "$job" --folder place)
  says 0 '^warn +disk ' $(apart "mount -t tmpfs -o size=2m x $dir/place") $(on 2 "$KITH" doctor "$job" --folder place)
  rm -r place apart.sh
fi

# ---- machines that are not at hand: a library in front of the real ones says so
if [ "${KITH_PATIENCE:-1}" = 1 ] && cc -shared -fPIC -D_GNU_SOURCE $(mpicc --showme:compile) -o shim.so "$KITH_SOURCE/tests/cli/doctor_shim.c" -ldl; then
  sick() { code=$1 pattern=$2; shift 2; says "$code" "$pattern" env LD_PRELOAD="$dir/shim.so" "$@" "$KITH" doctor; } # VARIABLES…, on one rank
  two() { # CODE PATTERN A B words…: on two ranks, the first with A set, the second with B
    code=$1 pattern=$2 a=$3 b=$4; shift 4
    says "$code" "$pattern" $(on 1 env LD_PRELOAD="$dir/shim.so" $a "$KITH" doctor "$@") : -n 1 env LD_PRELOAD="$dir/shim.so" $b "$KITH" doctor "$@"
  }
  two 0 '^ok +ranks +2 ranks on 2 nodes: 1 on node0, 1 on node1' SHIM_NODE=0 SHIM_NODE=1
  grep -qE '^ok +clocks +of 2 nodes node1 differs most' out || fail "clocks"
  two 0 '^warn +clocks .*node1 differs most from node0: [+][45][.][0-9]' SHIM_NODE=0 "SHIM_NODE=1 SHIM_AHEAD=5"
  two 0 '^warn +messages .*remedy: ranks wait' SHIM_SLOW=1 SHIM_SLOW=1
  two 0 '^warn +messages .*remedy: messages take the wrong network' SHIM_NARROW=1 SHIM_NARROW=1
  two 64 '^FAIL +libraries .*rank 1 on .*OpenMPIv9' SHIM_LEVEL=1 SHIM_MPI=OpenMPIv9
  two 0 '^warn +processors .*rank 1 on .*OldKind' SHIM_LEVEL=1 SHIM_KERNELS=OldKind
  two 71 '^FAIL +shm ' SHIM_SHM=1000000 SHIM_SHM=1000000
  sick 64 '^FAIL +threads .*SINGLE' SHIM_LEVEL=0
  for v in "inspect $dir/nothing.h5" "recommend $job" doctor; do # only who writes checkpoints has threads that call MPI
    rm -f asked
    env LD_PRELOAD="$dir/shim.so" SHIM_ASKED="$dir/asked" "$KITH" $v >/dev/null 2>&1 || true
    [ "$(cat asked)" = "$(if [ "$v" = doctor ]; then echo multiple; else echo funneled; fi)" ] || fail "threads of $v"
  done
  sick 0 '^warn +blas .*threads of its own' SHIM_THREADS=1 OMP_NUM_THREADS=2
  says 0 '^warn +locks .*remedy: Kith needs no locks' env -u HDF5_USE_FILE_LOCKING LD_PRELOAD="$dir/shim.so" SHIM_NO_LOCKS=1 "$KITH" doctor
  sick 74 '^FAIL +locks .*remedy: set HDF5_USE_FILE_LOCKING=FALSE' SHIM_NO_LOCKS=1 HDF5_USE_FILE_LOCKING=TRUE
  sick 0 '^ok +locks .*HDF5_USE_FILE_LOCKING is off' SHIM_NO_LOCKS=1 HDF5_USE_FILE_LOCKING=FALSE
  sick 65 '^FAIL +hdf5 ' SHIM_SPOIL=1
  sick 74 '^FAIL +hdf5 .*Input/output error' SHIM_BROKEN=1
  two 71 '^FAIL +memory .*remedy: use more nodes' SHIM_MEMORY=50000000 SHIM_MEMORY=50000000 "$job"
  two 0 '^warn +memory .*this is close' SHIM_MEMORY=88000000 SHIM_MEMORY=88000000 "$job"
  two 71 '^FAIL +graph .*too large to be read' SHIM_MEMORY=100000 SHIM_MEMORY=100000 "$job"
  sick 0 '^warn +cores .*allows the time of 0.2.*remedy: less time than one core has' "SHIM_TIME=20000 100000"
  two 71 '^FAIL +memory .*or choose a smaller model.dim$' SHIM_MEMORY=30000000 SHIM_MEMORY=30000000 "$job" --set model.name=spectral

  # ---- the BLAS: kernels that do not suit the processor are replaced, unless the user chose them
  sick 0 '^(ok|warn) +cores ' SHIM_LEVEL=1
  case $(grep -o 'the processor has .*' out) in *AVX-512*) best=SkylakeX ;; *AVX2*) best=Haswell ;; *) best="" ;; esac
  if [ -n "$best" ]; then
    first() { KITH_BLAS_FIRST=Prescott sick "$@"; }
    first 0 "^ok +blas +$best kernels, chosen by Kith" SHIM_LEVEL=1
    says 0 "^ok +blas +$best kernels, chosen by Kith" $(on 2 env KITH_BLAS_FIRST=Prescott "$KITH" doctor)
    first 0 '^warn +blas +Prescott kernels, on .*remedy: products take .* unset OPENBLAS_CORETYPE' OPENBLAS_CORETYPE=Prescott
    sick 0 '^warn +blas +Prescott kernels, chosen by Kith' SHIM_KERNELS=Prescott # in vain, and once
    two 0 '^warn +processors .*Haswell kernels' OPENBLAS_CORETYPE=Prescott OPENBLAS_CORETYPE=Haswell
    grep -q '^kith: warning: ranks have different BLAS kernels (rank 0: Prescott)' err || fail "different kernels are not told"
    if [ $best = SkylakeX ]; then
      first 0 '^ok +blas +Haswell kernels, chosen by Kith' SHIM_WRONG=SkylakeX
      first 0 '^ok +blas +Haswell kernels, chosen by Kith' SHIM_ILLEGAL=SkylakeX
    fi
  fi
  for how in WRONG ILLEGAL; do
    rc=0; env LD_PRELOAD="$dir/shim.so" SHIM_$how=all "$KITH" inspect "$dir/t/work/graph.h5" >out 2>err || rc=$?
    [ $rc = 64 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -q '^kith: the BLAS computes wrong products with its .* kernels' err || fail "a BLAS that is $how: code $rc"
  done

  # ---- threads: few and short turns of waiting where cores are free, none where they are not, the user's where he says so
  waits() { # PATTERN VARIABLES…: how libgomp was told to wait by the last start
    pattern=$1; shift
    env -u OMP_NUM_THREADS -u OMP_WAIT_POLICY LD_PRELOAD="$dir/shim.so" OMP_DISPLAY_ENV=verbose "$@" "$KITH" doctor >out 2>err || fail "$*: doctor fails"
    grep -E 'GOMP_SPINCOUNT|OMP_WAIT_POLICY' err | tail -n 2 | tr '\n' ' ' | grep -qE "$pattern" || fail "$*: threads do not wait like $pattern"
  }
  if [ "$cores" -gt 1 ]; then
    waits "SPINCOUNT = '10000'" 'SHIM_LOAD=9.00 9.00 9.00 1/99 4711'
    waits "POLICY = 'PASSIVE'.*SPINCOUNT = '0'" "SHIM_LOAD=0.00 0.00 0.00 $((1 + cores))/99 4711"
    grep -qE '^warn +cores .*'"$cores of other programs run on .*remedy: other programs use the cores" out || fail "the load is not seen"
    env LD_PRELOAD="$dir/shim.so" OMP_NUM_THREADS=1 "SHIM_LOAD=0.00 0.00 0.00 $((1 + cores))/99 4711" "$KITH" doctor >out 2>err
    grep -q 'remedy: other programs use the cores of .*(--exclusive)$' out || fail "a remedy that one thread cannot follow"
    waits "SPINCOUNT = '777'" GOMP_SPINCOUNT=777 "SHIM_LOAD=0.00 0.00 0.00 99/99 4711"
    waits "POLICY = 'ACTIVE'" OMP_WAIT_POLICY=active "SHIM_LOAD=0.00 0.00 0.00 99/99 4711"
    waits "POLICY = 'PASSIVE'" OMP_NUM_THREADS=$((1 + cores)) 'SHIM_LOAD=0.00 0.00 0.00 1/99 4711'
    waits 'POLICY' "SHIM_TIME=100000 100000" 'SHIM_LOAD=0.00 0.00 0.00 1/99 4711'
    grep -q '^ok *cores *1 thread on' out || fail "more threads than the control group's time"
  fi
else
  echo "not tried: machines that are not at hand"
fi
