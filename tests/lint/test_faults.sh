# fast
#!/usr/bin/env bash
# Every place that opens, reads, writes, syncs or renames a file asks within six lines whether it has to fail
# (kith_fault() or what is built on it), so that the sweeps of refused reads and writes miss none.
set -euo pipefail
cd "${KITH_SOURCE:?}"

# bench measures the disk itself; the board, and looking at what the system says of a process, may fail, and then nobody minds.
files=$(find src partition -name '*.c' ! -path 'src/cli/bench*' ! -path src/comm/heartbeat.c ! -path src/comm/init.c ! -path src/comm/placement.c ! -path src/comm/lock_owner.c ! -path src/base/terminal.c | sort)
awk '
  function flush_file(   i, j, good) {
    for (i = 1; i <= n; i++) {
      if (line[i] !~ calls || line[i] ~ /^ *(\/\*|\*|static [a-z_]+ [a-z0-9_]+\()/) continue
      good = 0
      for (j = i - 6; j <= i + 6; j++) if (line[j] ~ asks) good = 1
      if (!good) { printf "%s:%d: no fault is asked for: %s\n", name, i, line[i]; bad = 1 }
    }
    delete line; n = 0
  }
  BEGIN {
    calls = "(^|[^a-zA-Z0-9_])(fopen|open|creat|gzopen|gzread|fread|fwrite|pread|pwrite|rename|fsync|fallocate|mkdir|H5Fopen|H5Dopen2|H5Dread|H5Aread|H5Fcreate|H5Dcreate2|H5Dwrite|H5Acreate2|H5Awrite|H5Fflush) ?\\("
    asks = "kith_fault\\(|kith__h5_fault\\(|kith__h5_agree_write\\("
  }
  FNR == 1 { flush_file(); name = FILENAME }
  { line[++n] = $0; seen++ }
  END { flush_file(); if (seen < 1000) { print "nothing was looked at"; exit 1 }; exit bad }
' $files
