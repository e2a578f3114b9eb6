# fast
# What is installed names its parts by the way from one to the other, wherever it lies; the Debian package holds the same,
# and runs from where it was unpacked; the list of libraries is sound; the source archive is the same twice.
set -euo pipefail
. "$KITH_SOURCE/tests/support/installed.sh"
version=$("$KITH" --version | sed 's/^kith \([0-9.]*\).*/\1/')
fail() { echo "FAIL: $*"; exit 1; }

# ---- moved: DESTDIR and --prefix, then to another folder ----
DESTDIR=$dir/destdir cmake --install "$KITH_BUILD" --prefix /opt/some >/dev/null
[ "$(ls "$dir/destdir")" = opt ] || fail "installed outside of the prefix: $(ls "$dir/destdir")"
mv "$dir/destdir/opt/some" "$dir/moved here"
here="$dir/moved here"
for file in bin/kith share/kith/slurm/train.sbatch share/kith/slurm/pipeline.sh share/kith/jobs/quickstart.yaml share/kith/kith.spdx.json \
  "share/kith/modulefiles/kith/$version.lua" share/doc/kith/README.md share/doc/kith/docs/job.md share/doc/kith/docs/examples/01_one_rank.c share/doc/kith/LICENSE; do
  [ -s "$here/$file" ] || fail "$file is not installed"
done
pages="share/man/man1/kith.1 share/man/man1/kith-train.1 share/man/man5/kith-job.5 share/man/man7/kith-errors.7"
completions="share/bash-completion/completions/kith share/zsh/site-functions/_kith share/fish/vendor_completions.d/kith.fish"
for file in $pages $completions; do
  [ -s "$here/$file" ] || fail "$file is not installed"
done
grep -rIlF -e "$KITH_SOURCE" -e "$KITH_BUILD" -e /opt/some "$here/share" >"$dir/found" || true
[ ! -s "$dir/found" ] || fail "names a folder of the build: $(cat "$dir/found")"
program=$(env -u KITH PATH=/usr/bin:/bin KITH_JOB=x.yaml bash -c '. "$1/share/kith/slurm/environment.sh"; echo "$KITH"' - "$here")
[ "$program" = "$(realpath "$here/bin/kith")" ] || fail "the Slurm scripts find $program"
for script in "$here"/share/kith/slurm/*; do case $script in */environment.sh) ;; *) [ -x "$script" ] || fail "$script is no program" ;; esac; done
/usr/bin/python3 - "$here/share/doc/kith" <<'P'
import glob, os, re, sys
bad = ["%s: %s" % (page, link) for page in [sys.argv[1] + "/README.md"] + glob.glob(sys.argv[1] + "/docs/*.md")
       for link in re.findall(r"\]\(([^)#:]+)\)", open(page).read()) if not link.startswith("../tests/") and not os.path.exists(os.path.join(os.path.dirname(page), link))]
sys.exit("\n".join(bad) or 0)
P

# ---- the module file: its prefix is where it lies ----
lua=$(command -v lua5.3 || command -v lua5.4 || command -v lua || true)
[ -n "$lua" ] || echo "skipped: the module file, without Lua"
[ -z "$lua" ] || "$lua" - "$here" "$version" <<'L' || fail "the module file"
local prefix, version = arg[1], arg[2]
local set, path, file = {}, {}, prefix .. "/share/kith/modulefiles/kith/" .. version .. ".lua"
function help() end; function whatis() end; function family() end
function myFileName() return file end
function pathJoin(...) return table.concat({...}, "/") end
function isFile(name) local f = io.open(name); if f then f:close() end; return f ~= nil end
function LmodError(text) error(text) end
function setenv(name, value) set[name] = value end
function prepend_path(name, value) path[name] = value end
function append_path() end
dofile(file)
assert(set.KITH == prefix .. "/bin/kith" and set.KITH_SLURM == prefix .. "/share/kith/slurm" and path.PATH == prefix .. "/bin")
L

# ---- the list of libraries ----
/usr/bin/python3 - "$here/share/kith/kith.spdx.json" "$version" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
by = {p["SPDXID"]: p for p in d["packages"]}
assert d["spdxVersion"] == "SPDX-2.3" and d["name"] == "kith-" + sys.argv[2] and len(by) == len(d["packages"]) > 9, d
assert by["SPDXRef-kith"]["versionInfo"] == sys.argv[2]
assert {r["relatedSpdxElement"] for r in d["relationships"]} == set(by), d["relationships"]
own = {l["licenseId"] for l in d["hasExtractedLicensingInfos"]}
assert all(p["licenseDeclared"] and (not p["licenseDeclared"].startswith("LicenseRef") or p["licenseDeclared"] in own) for p in by.values())
P

# ---- the Debian package of the program ----
if [ "$(command -v dpkg-deb dpkg-shlibdeps file | wc -l)" != 3 ]; then
  echo "skipped: the package, without dpkg-dev and file"
else
  cpack -G DEB --config "$KITH_BUILD/CPackConfig.cmake" -B "$dir/deb" -D CPACK_COMPONENTS_ALL='program;papers_program' -D CPACK_DEBIAN_COMPRESSION_TYPE=gzip >"$dir/log" 2>&1 || fail "$(cat "$dir/log")"
  deb=$(echo "$dir"/deb/kith_"$version"-1_*.deb)
  dpkg-deb --info "$deb" >"$dir/info"
  for word in ' Depends: .*openmpi-bin.*libc6' ' Section: science' ' Description: distributed graph neural networks'; do grep -E "^$word" "$dir/info" >/dev/null || fail "$(cat "$dir/info")"; done
  dpkg-deb --contents "$deb" | awk '$2 != "root/root" || $1 ~ /^-.......w/ || $6 !~ /^\.\/(usr\/.*)?$/' >"$dir/odd"
  [ ! -s "$dir/odd" ] || fail "in the package: $(cat "$dir/odd")"
  dpkg-deb -x "$deb" "$dir/root"
  for file in bin/kith share/doc/kith/copyright share/doc/kith/changelog.Debian.gz share/kith/slurm/train.sbatch; do [ -s "$dir/root/usr/$file" ] || fail "the package lacks $file"; done
  for file in $pages; do gzip -t "$dir/root/usr/$file.gz" || fail "the package lacks $file.gz"; done
  [ -s "$dir/root/usr/share/zsh/vendor-completions/_kith" ] || fail "zsh of Debian would not find the completion"
  "$dir/root/usr/bin/kith" version --json | tail -n 1 | grep -F "\"version\": \"$version\"" >/dev/null
  cp "$dir/root/usr/share/kith/jobs/quickstart.yaml" "$dir"
  "$dir/root/usr/bin/kith" generate "$dir/quickstart.yaml" --quiet --set generate.users=50 --set generate.items=50 --set generate.interactions=400 --set generate.friends=50 --set generate.communities=4 >/dev/null
  [ -s "$dir/runs/quickstart/interactions.tsv" ] || fail "the packaged job wrote nothing"
fi

# ---- the source archive ----
command -v git >/dev/null && [ -e "$KITH_SOURCE/.git" ] || { echo "skipped: the source archive, outside of git"; exit 0; }
export GIT_CONFIG_NOSYSTEM=1 HOME=$dir
git clone -q --shared "$KITH_SOURCE" "$dir/clone" 2>"$dir/log" || { cat "$dir/log"; exit 1; }
dist() { mkdir -p "$dir/$1"; cp "$KITH_BUILD/kith.spdx.json" "$dir/$1/"; cmake -DSOURCE="$dir/clone" -DBUILD="$dir/$1" -DVERSION="$version" -P "$KITH_SOURCE/src/dist.cmake" >"$dir/log" 2>&1; }
git config --global tar.umask 0077
dist one || fail "$(cat "$dir/log")"
git config --global --unset tar.umask
sleep 1 # another second on the clock
dist two || fail "$(cat "$dir/log")"
cmp "$dir/one/dist/kith-$version.tar.gz" "$dir/two/dist/kith-$version.tar.gz" || fail "two archives of one commit differ"
(cd "$dir/one/dist" && sha256sum --quiet -c "kith-$version.tar.gz.sha256")
tar -tzf "$dir/one/dist/kith-$version.tar.gz" >"$dir/names"
{ ! grep -v "^kith-$version/" "$dir/names"; } || fail "outside of the archive's folder"
grep -x "kith-$version/CMakeLists.txt" "$dir/names" >/dev/null
sum=$(cut -d ' ' -f 1 "$dir/one/dist/kith-$version.tar.gz.sha256")
for recipe in spack/packages/kith/package.py conda/meta.yaml; do grep -F "$sum" "$dir/one/dist/$recipe" >/dev/null || fail "$recipe has another checksum"; done
{ ! grep -rnE '@[A-Z_]+@' "$dir/one/dist/spack" "$dir/one/dist/conda" "$dir/one/dist/apptainer"; } || fail "a recipe is not filled in"
/usr/bin/python3 -m py_compile "$dir/one/dist/spack/packages/kith/package.py"
echo changed >>"$dir/clone/README.md"
! dist three || fail "an archive of a changed checkout"
grep -F "the checkout has changes" "$dir/log" >/dev/null || fail "$(cat "$dir/log")"
