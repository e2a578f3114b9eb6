# fast
# Figures of one model are not told under the name of another.  What a verb is asked to write is nothing that the job reads and nothing of Kith's own; output that is lost is an error; a
# damaged embeddings.h5 is written anew from its checkpoint, to the bit.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
"$KITH" train job.yaml --quiet >/dev/null
head -3 list.tsv | cut -f2 | sed 's/^/new\t/' >new.tsv

refused() { # CODE WORDS words…: fails with the code and one line that holds the words; nothing changes
  code=$1 words=$2 before=$(cat job.yaml ./*.tsv work/* | cksum); shift 2
  rc=0; "$@" >out 2>err || rc=$?
  rm -f out
  [ $rc = "$code" ] && [ "$(wc -l <err)" = 1 ] && grep -q -- "$words" err || { echo "$*: code $rc"; cat err; exit 1; }
  rm -f err
  [ "$before" = "$(cat job.yaml ./*.tsv work/* | cksum)" ] || { echo "$*: a file changed"; exit 1; }
}

embed=(embed job.yaml --set embed.interactions.path=new.tsv --set embed.interactions.format=edges)
refused 64 'ends in .h5' "$KITH" "${embed[@]}" --output x.tsv
refused 64 "work folder's own" "$KITH" "${embed[@]}" --output work/embeddings.h5
refused 64 "work folder's own" "$KITH" "${embed[@]}" --output work/checkpoint-000009-000000.h5
refused 64 'reads as data.interactions.path' "$KITH" recommend job.yaml --all --output list.tsv
refused 64 'reads as data.interactions.path' "$KITH" recommend job.yaml --all --output ../t/list.tsv
refused 64 'reads as data.social.path' "$KITH" recommend job.yaml --all --output friends.tsv
refused 64 "work folder's own" "$KITH" recommend job.yaml --all --output work/graph.h5
ln new.tsv same.h5
refused 64 'reads as embed.interactions.path' "$KITH" "${embed[@]}" --output same.h5
refused 78 'was trained with model=lightgcn, the job has model=sage' "$KITH" evaluate job.yaml --set model.name=sage
refused 78 'was trained with model=lightgcn, the job has model=sage' "$KITH" recommend job.yaml --user 1 --set model.name=sage
refused 78 '--set work=FOLDER, or with --fresh, which removes these checkpoints' "$KITH" train job.yaml --quiet --set model.name=sage

# What is replaced is said, and nothing of another kind is.
said() { grep -qF -- "$1" out || { echo "no word of: $1"; cat out err; exit 1; }; }
replaced='in place of the file that was there'
for i in 1 2; do
  "$KITH" "${embed[@]}" --output some.h5 >out 2>err || { cat err; exit 1; }; [ $i = 1 ] || said "$replaced"
  [ $i = 2 ] || ! grep -qF "$replaced" out || { echo "replaced nothing"; exit 1; }
  for to in top.tsv top.h5; do
    "$KITH" recommend job.yaml --all --output $to >out 2>err || { cat err; exit 1; }; [ $i = 1 ] || said "$replaced"
  done
done
cp work/embeddings.h5 other.h5
refused 73 'was not made by kith embed; remove it, or name another file' "$KITH" "${embed[@]}" --output other.h5
refused 73 'was not made by kith recommend' "$KITH" recommend job.yaml --all --output other.h5
refused 73 'was not made by kith recommend' "$KITH" recommend job.yaml --all --output some.h5
cmp work/embeddings.h5 other.h5

# Training does not end because its reader does.
rc=0; { "$KITH" train job.yaml --fresh --set work=w2 --set graph=work/graph.h5 --set parts=work/parts.h5 2>&1; echo $? >rc; } | head -1 >out || true
[ "$(wc -l <out)" = 1 ] && [ "$(cat rc)" = 0 ] || { echo "training without a reader: code $(cat rc)"; exit 1; }
same_embeddings work/embeddings.h5 w2/embeddings.h5
{ rc=0; "$KITH" train job.yaml --json 2>/dev/null || rc=$?; echo $rc >rc; } | true
[ "$(cat rc)" = 74 ] || { echo "an object that is lost: code $(cat rc)"; exit 1; }

rc=0; "$KITH" evaluate job.yaml --json >/dev/full 2>err || rc=$?
[ $rc = 74 ] && grep -q 'standard output: writing failed' err || { echo "lost output: code $rc"; cat err; exit 1; }

cp work/embeddings.h5 whole
size=$(stat -c %s whole)
head -c $((size / 2)) whole >work/embeddings.h5
"$KITH" train job.yaml --quiet 2>err >/dev/null || { cat err; exit 1; }
grep -q 'warning: .*embeddings.h5' err || { echo "no warning"; cat err; exit 1; }
same_embeddings whole work/embeddings.h5
"$KITH" train job.yaml --quiet 2>err >/dev/null && [ ! -s err ] || { cat err; exit 1; }
