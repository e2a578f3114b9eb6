# fast
# Keys of earlier versions: a job that has one is answered with its present name, and the job that a graph stores is
# compared by it.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"

says() { grep -qF -- "$1" err || { echo "no word of: $1"; cat err; exit 1; }; }
code() { want=$1; shift; rc=0; "$@" >out 2>err || rc=$?; [ $rc = "$want" ] || { echo "$*: code $rc, expected $want"; cat err; exit 1; }; }

# In the file, as a setting and as a topic of help.
code 0 "$KITH" help renamed
[ "$(grep -c ' is now ' out)" -gt 30 ]
grep -q '^  train.mode  *is now sampler.mode$' out
sed 's/^loss:.*//; s/^train: {/train: {loss: bpr, /' job.yaml >old.yaml
code 78 "$KITH" train old.yaml
says "kith: old.yaml:$(grep -n '^train:' old.yaml | cut -d: -f1): train.loss is now called loss.name; kith help renamed lists the renamed keys"
code 78 "$KITH" train job.yaml --set train.mode=neighbor; says "kith: --set: train.mode is now called sampler.mode;"
code 64 "$KITH" help train.negatives.hard; says "kith: train.negatives.hard is now called negatives.hard; see kith help negatives.hard"
[ "$(wc -l <err)" = 1 ]
sed 's/^loss:.*//; s/^train: {/train: {loss: bpr, mode: full, /' job.yaml >old.yaml
code 78 "$KITH" train old.yaml --set train.walk=3
says "train.loss is now called loss.name; old.yaml:$(grep -n '^train:' old.yaml | cut -d: -f1): train.mode is now called sampler.mode; --set: train.walk is now called sampler.walk_length; kith help"
code 78 "$KITH" train job.yaml --set train.negatives=3; says "train.negatives is now called negatives, a section of keys such as negatives.count;"
code 0 "$KITH" help renamed; grep -q '^  sampler.exclude  *is now sampler.exclude_targets$' out

# An unknown topic of help is told the nearest.
for topic in keyz:keys renamd:renamed trian:train model.dimm:model.dim data.relations.tag.frm:data.relations.NAME.from; do
  code 64 "$KITH" help ${topic%:*}; says "kith: no help on \"${topic%:*}\"; did you mean \"${topic#*:}\"? see kith help ${topic#*:}"
  [ "$(wc -l <err)" = 1 ]
done
code 0 "$KITH" help data.relations.tag.from; grep -q '^  data.relations.NAME.from$' out

# The graph was ingested by an earlier version, with other values of keys that are retired now.
/usr/bin/python3 - work/graph.h5 <<'P'
import h5py, sys
with h5py.File(sys.argv[1], "r+") as f:
    job = bytes(f.attrs["job"]).decode()
    old = job.replace("    min_weight: 0\n", "    least_weight: 3\n", 1).replace("    normalize: false\n", "    normalise: true\n", 1)
    assert old.count("least_weight") == old.count("normalise") == 1, job
    f.attrs.create("job", old.encode(), dtype=h5py.string_dtype("utf-8", len(old.encode())))
P
/usr/bin/python3 -B "$KITH_SOURCE/tests/support/seal.py" anew work/graph.h5
code 0 "$KITH" train job.yaml --quiet
says "data.interactions.min_weight is 0, but work/graph.h5 was ingested with 3, which counts"
says "data.user_features.normalize is false, but work/graph.h5 was ingested with true, which counts"
