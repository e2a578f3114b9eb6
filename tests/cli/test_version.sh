# kith --version has the commit of a git checkout, and "-dirty" where files are changed; of an archive, or of one that lies in
# another repository, it has none.  A build that finds the same commit writes no file.
set -euo pipefail
command -v git >/dev/null || { echo "skipped: no git"; exit 77; }
. "$KITH_SOURCE/tests/support/tiny.sh"
cd "$dir"
"$KITH" --version | grep -xE 'kith [0-9.]+( \([0-9a-f]{8,}(-dirty)?\))?' >/dev/null || { "$KITH" --version; exit 1; }

# The version stands in CMakeLists.txt alone; whoever must repeat it is held against that.
version=$(sed -n 's/^project(kith VERSION \([0-9.]*\) .*/\1/p' "$KITH_SOURCE/CMakeLists.txt")
"$KITH" --version | grep -E "^kith $version( |$)" >/dev/null || { echo "CMakeLists.txt says $version: $("$KITH" --version)"; exit 1; }
grep -x "version: $version" "$KITH_SOURCE/CITATION.cff" >/dev/null || { echo "CITATION.cff is not of $version"; exit 1; }
sed -n 's/^## //p' "$KITH_SOURCE/CHANGELOG.md" | head -n 1 | grep -E "^$version(,|$)" >/dev/null || { echo "CHANGELOG.md does not begin with $version"; exit 1; }

# What it was built with: the same by both spellings, and true of the libraries that are loaded.
"$KITH" version >verb
"$KITH" --version --verbose | diff verb -
[ "$(head -n 1 verb)" = "$("$KITH" --version)" ]
"$KITH" --version --verbose --json | tail -n 1 | /usr/bin/python3 -c '
import json, sys
r = json.loads(sys.stdin.read())
assert r["version"] == sys.argv[1] and r["compiler"] and r["system"].startswith("Linux"), r
by = {l["id"]: l for l in r["libraries"]}
assert {"mpi", "hdf5", "metis", "blas", "cyaml", "yaml", "zlib", "zstd", "random123"} <= set(by), by
assert all(l["license"] for l in by.values()), by
assert by["hdf5"]["here"] == "HDF5 " + by["hdf5"]["version"], by["hdf5"]
assert by["metis"]["detail"] in ("32-bit integers", "64-bit integers"), by["metis"]
print(json.dumps(by["hdf5"]))' "$version" >/dev/null
! "$KITH" --version --verbos >/dev/null 2>err || { echo "an unknown option of --version passes"; exit 1; }
grep -xF "kith: kith version: --verbos: unknown option; see kith version --help" err >/dev/null || { cat err; exit 1; }

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
