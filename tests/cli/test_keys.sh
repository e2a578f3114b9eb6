# timeout: 120
# fast
# A key that is set without effect is a warning that names file, line and key, and with --strict an error before anything is
# done.  graph and parts may lie elsewhere.  Advice to run another verb repeats the settings.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"

says() { grep -qF -- "$1" err || { echo "no word of: $1"; cat err; exit 1; }; }
silent() { ! grep -q 'has no effect' err || { echo "a warning too many"; cat err; exit 1; }; }
code() { want=$1; shift; rc=0; "$@" >out 2>err || rc=$?; [ $rc = "$want" ] || { echo "$*: code $rc, expected $want"; cat err; exit 1; }; }

line=$(grep -n 'social:' job.yaml | cut -d: -f1)
code 0 "$KITH" ingest job.yaml
says "kith: warning: job.yaml:$line: data.social is set but has no effect: it needs model.relations.friend above 0"
says "job.yaml:$((line - 1)): data.interactions.columns.time is set but has no effect: it needs data.split.method: time, stream or leave-last-out"
[ "$(grep -c 'has no effect' err)" = 2 ]

# data.social is short for a relation: the same graph, and the same warning where no model reads it.
sed 's/  social: {\(.*\)}/  relations: {friend: {\1, from: user, to: user}}/' job.yaml >long.yaml
code 0 "$KITH" ingest long.yaml --set graph=long.h5
says "kith: warning: long.yaml:$line: data.relations.friend is set but has no effect: it needs a weight above 0 in model.relations"
code 0 "$KITH" ingest long.yaml --set graph=long.h5 --set model.relations.friend=1
[ "$(grep -c 'has no effect' err)" = 1 ]
/usr/bin/python3 - work/graph.h5 long.h5 <<'P'
import h5py, sys
one, two = ({n: f[n][()].tobytes() for n in f["edge/friend"] for n in ["edge/friend/" + n]} for f in map(h5py.File, sys.argv[1:]))
assert one and one == two
P
code 78 "$KITH" ingest long.yaml --strict; says "kith: --strict: "
code 78 "$KITH" train long.yaml --set model.relations.freind=1
says "kith: --set model.relations.freind: data names no such relation; the nearest is friend, all are friend"
sed -i '/social:/d; s/, time: 3//' job.yaml

# A column of weights is stored in any case: it is training that reads it, or does not.
weights="--set work=weights --set data.interactions.columns.weight=3"
code 0 "$KITH" ingest job.yaml --strict $weights; silent
code 0 "$KITH" partition job.yaml --strict $weights
code 0 "$KITH" train job.yaml --quiet $weights
says "kith: warning: --set data.interactions.columns.weight is set but has no effect: it needs data.interactions.min_weight, or"
code 0 "$KITH" train job.yaml --quiet --fresh --strict $weights --set sampler.mode=neighbor --set sampler.fanouts=5 --set sampler.weighting=weight
code 0 "$KITH" ingest job.yaml; silent
code 0 "$KITH" partition job.yaml; silent
code 0 "$KITH" train job.yaml --quiet; silent

code 0 "$KITH" train job.yaml --quiet --set model.gat.heads=2
says "kith: warning: --set model.gat.heads is set but has no effect: it needs model.name: gat"
code 0 "$KITH" evaluate job.yaml --set model.gat.heads=2; silent # it is kith train that would read it
code 78 "$KITH" train job.yaml --strict --fresh --set loss.temperature=0.5
says "loss.temperature is set but has no effect: it needs loss.name: softmax"
says "kith: --strict: 1 warning above; a warning is an error"
[ -e work/checkpoint-000004-000000.h5 ] || { echo "--strict came too late: checkpoints are gone"; exit 1; }
code 78 "$KITH" partition job.yaml --strict --set partition.parts=10000
says "partition.parts is 10000, but the graph has"
code 0 "$KITH" train job.yaml --quiet --strict

# What the job says of data after ingest counts no more, and the run would tell it all the same.
code 0 "$KITH" train job.yaml --quiet --set data.split.seed=7
says "data.split.seed is 7, but work/graph.h5 was ingested with 1, which counts"
code 0 "$KITH" train job.yaml --quiet --set data.interactions.path=other.tsv --set data.interactions.columns.user=3
says "data.interactions.path is other.tsv, but work/graph.h5 was ingested with list.tsv, which counts"
says "data.interactions.columns.user is 3, but work/graph.h5 was ingested with 1, which counts"
code 78 "$KITH" evaluate job.yaml --strict --set data.test.path=later.tsv
says "data.test.path is later.tsv, but work/graph.h5 was ingested with empty, which counts"
code 0 "$KITH" train job.yaml --quiet --set data.interactions.format=edges # as it was detected
! grep -q 'was ingested with' err

# Clusters are parts of the partition: a run on another one with as many parts does not continue.
clusters="--quiet --set work=c --set graph=work/graph.h5 --set sampler.mode=cluster"
code 0 "$KITH" partition job.yaml --set work=c --set graph=work/graph.h5
code 0 "$KITH" train job.yaml $clusters
code 0 "$KITH" partition job.yaml --set work=c --set graph=work/graph.h5 --set partition.method=hash
code 78 "$KITH" train job.yaml $clusters --set train.epochs=9; says "partition="

# Where graph and parts are: shared by two work folders, copied by nobody.
code 0 "$KITH" ingest job.yaml --set graph=shared/g.h5
code 0 "$KITH" partition job.yaml --set graph=shared/g.h5 --set parts=shared/cut/p.h5
[ -e shared/g.h5 ]
[ -e shared/cut/p.h5 ]
for run in a b; do
  code 0 "$KITH" train job.yaml --quiet --set work=$run --set graph=shared/g.h5 --set parts=shared/cut/p.h5
  [ ! -e $run/graph.h5 ]
  [ ! -e $run/parts.h5 ]
  same_embeddings work/embeddings.h5 $run/embeddings.h5
done
code 0 "$KITH" evaluate job.yaml --set work=b --set graph=shared/g.h5 --set parts=shared/cut/p.h5
code 64 "$KITH" recommend job.yaml --all --set graph=shared/g.h5 --output shared/g.h5

before=$(cat job.yaml ./*.tsv shared/g.h5 work/*.h5 | cksum)
for place in job.yaml list.tsv work/embeddings.h5 work/checkpoint-latest shared/cut/p.h5; do
  code 64 "$KITH" ingest job.yaml --set parts=shared/cut/p.h5 --set graph=$place; says "name another file for graph.h5"
done
for place in job.yaml list.tsv work/embeddings.h5 work/graph.h5 shared/g.h5; do
  code 64 "$KITH" partition job.yaml --set graph=$([ $place = work/graph.h5 ] && echo $place || echo shared/g.h5) --set parts=$place
  says "name another file for parts.h5"
done
[ "$before" = "$(cat job.yaml ./*.tsv shared/g.h5 work/*.h5 | cksum)" ] || { echo "a file was written over"; exit 1; }
code 78 "$KITH" generate job.yaml --set data.social.path=list.tsv; says "would replace it"
code 78 "$KITH" train job.yaml --set loss.name=softmax --set train.batch=1; says "compares the pairs of a step"

code 66 "$KITH" train job.yaml --set work=none --set 'name=a b'
says "run kith ingest job.yaml --set work=none --set 'name=a b' first"
