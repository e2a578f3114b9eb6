# kith --version has the commit of a git checkout, and "-dirty" where files are changed; of an archive, or of one that lies in
# another repository, it has none.  A build that finds the same commit writes no file.
set -euo pipefail
command -v git >/dev/null || { echo "skipped: no git"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
"$KITH" --version | grep -xE 'kith [0-9.]+( \([0-9a-f]{8,}(-dirty)?\))?' >/dev/null || { "$KITH" --version; exit 1; }

says() { # WORDS: what a build in `tree` would say
  cmake -DSOURCE="$dir/tree" -DOUT="$dir/commit.c" -P "$KITH_SOURCE/src/cli/commit.cmake"
  grep -qxF "const char cli_commit[] = \"$1\";" commit.c || { echo "expected \"$1\""; cat commit.c; exit 1; }
}
mkdir tree
says ""
export GIT_CONFIG_NOSYSTEM=1 HOME=$dir GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
git init -q . # around it
git -c core.hooksPath=/dev/null commit -q --allow-empty -m one
says ""
git init -q tree
says "" # without a commit
echo a >tree/file
git -C tree add file
git -C tree -c core.hooksPath=/dev/null commit -q -m one
git -C tree tag v1
commit=$(git -C tree rev-parse --short=8 HEAD)
says "$commit"
touch -d 2001-01-01 commit.c
says "$commit"
[ "$(stat -c %Y commit.c)" -lt 1000000000 ] || { echo "the file was written again"; exit 1; }
echo b >>tree/file
says "$commit-dirty"
