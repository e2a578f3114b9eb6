# timeout: 240
# Whatever call on a file fails, and with whatever error: no verb dies of a signal, it ends with a documented code and one line,
# or as if nothing had been; files under final names are whole, and no temporary file stays.  An interrupted call is tried again.
set -uo pipefail
[ "${KITH_PATIENCE:-1}" = 1 ] || { echo "skipped: no shim under a sanitizer"; exit 77; }
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: no h5py"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cc -shared -fPIC -D_GNU_SOURCE -o "$dir/shim.so" "$KITH_SOURCE/tests/cli/disk_shim.c" -ldl || { echo "skipped: no shared library made"; exit 77; }
tiny "$dir/t"
cd "$dir/t"
sed -i 's/epochs: 4/epochs: 1/' job.yaml
"$KITH" train job.yaml --quiet >/dev/null 2>&1
cp -r work good
bad=0

check() { # WHAT CODE: of a run that left out and err
  local what=$1 rc=$2 lines stays
  lines=$(grep -v "^kith: warning" err | grep -c "^kith: ")
  stays=$(find . -name '*.tmp*')
  case $rc in
    0) [ "$lines" = 0 ] ;;
    65 | 66 | 73 | 74 | 75) [ "$lines" = 1 ] ;;
    *) false ;;
  esac && [ -z "$stays" ] && /usr/bin/python3 "$KITH_SOURCE/tests/support/seal.py" check work/*.h5 >/dev/null && return
  echo "FAIL: $what: code $rc, $stays"; cat err; bad=1
}

sweep() { # ERROR CALL PLACES words…: the call fails at each of the places, each time from the same start
  local error=$1 call=$2 places=$3 k rc; shift 3
  for k in $places; do
    rm -rf work; cp -r good work
    [ "$1" = train ] && rm -f work/checkpoint* work/embeddings.h5
    rc=0
    SHIM_UNDER=t/work/ SHIM_CALL=$call SHIM_AT=$k SHIM_ERROR=$error LD_PRELOAD="$dir/shim.so" timeout -k 5 $limit "$KITH" "$@" >out 2>err || rc=$?
    grep -q '^\[shim' err || break
    check "$* with $call $k failing by $error" $rc
    case $error-$call-$rc in
      4-open-0 | 4-read-0 | 4-write-0 | 4-pread-0 | 4-pwrite-0 | 4-fsync-0) ;; # EINTR
      5-pread-65) echo "FAIL: $*: a device that fails is no damage: pread $k"; cat err; bad=1 ;;
      4-rename-* | 4-close-* | 4-ftruncate-*) ;;
      4-*) echo "FAIL: $*: an interrupted $call $k is not tried again: $rc"; cat err; bad=1 ;;
    esac
  done
}

save="train job.yaml --quiet --set checkpoint.steps=9 --set evaluate.every=0"
sweep 28 ftruncate '1 2 3' $save
sweep 5 close '2 4 6 9' $save
sweep 28 pwrite '1 2 7' $save
sweep 122 fsync '1 2' $save
sweep 5 rename 2 $save
sweep 5 pread '1 4 9 30 45 60' $save
sweep 5 read 1 $save
sweep 28 open '2 5' $save
sweep 4 fsync 1 $save
sweep 4 read 1 $save
sweep 4 pwrite 3 $save
sweep 28 ftruncate '1 2' partition job.yaml
sweep 28 pwrite '1 9' ingest job.yaml
sweep 5 close '4 6' recommend job.yaml --all --output work/top.h5
exit $bad
