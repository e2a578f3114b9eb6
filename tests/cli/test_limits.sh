# timeout: 120
# Limits of the shell end in a line and a documented code, with nothing half-written: files that would become too long in 74,
# time on processors in 75, with a checkpoint where there is training.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
sed -i 's/users: 200, items: 300, interactions: 5000/users: 20000, items: 30000, interactions: 400000/' job.yaml

hang=$limit
limited() { # CODE WORDS LIMIT words…: under `ulimit LIMIT` it ends with the code and one line that holds the words; no temporary file stays
  code=$1 words=$2 limit=$3 rc=0; shift 3
  bash -c "ulimit $limit; exec timeout -k 5 $hang \"\$@\"" - "$KITH" "$@" >out 2>err || rc=$?
  [ $rc = "$code" ] && [ "$(grep -v 'kith: warning' err | grep -c '^kith: ')" = 1 ] && grep -q -- "$words" err || { echo "$*: code $rc"; cat err; exit 1; }
  [ -z "$(find . -name '*.tmp*')" ] || { echo "$*: left"; find . -name '*.tmp*'; exit 1; }
}
limited 74 'MPI needs' '-f 100' inspect work/graph.h5
limited 74 'File too large' '-f 4096' generate job.yaml
"$KITH" generate job.yaml >/dev/null
before=$(cksum work/graph.h5)
limited 74 'File too large\|no room for' '-f 4096' ingest job.yaml
[ "$before" = "$(cksum work/graph.h5)" ]
"$KITH" ingest job.yaml >/dev/null
"$KITH" partition job.yaml --set partition.method=hash >/dev/null
limited 74 'File too large\|no room for' '-f 4096' train job.yaml --quiet --set evaluate.every=0
[ -z "$(find work -name 'checkpoint*')" ]
limited 75 'checkpoint' '-t 3' train job.yaml --quiet --set train.epochs=100000 --set evaluate.every=0 --set checkpoint.every=0
[ -n "$(find work -name 'checkpoint-0*')" ]
rc=0
bash -c "ulimit -t 2; exec \"\$@\"" - "$KITH" generate job.yaml --set generate.interactions=300000000 --set data.interactions.path=other.tsv >out 2>err || rc=$?
[ $rc = 75 ] && [ "$(grep -v warning err | wc -l)" = 1 ] && grep -q 'ulimit -t' err && [ ! -e other.tsv ] || { echo "generate: code $rc"; cat err; exit 1; }
