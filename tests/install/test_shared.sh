# The shared library, configured and installed by itself: the examples run against it, and it exports nothing but kith_….
set -euo pipefail
. "$KITH_SOURCE/tests/support/installed.sh"
generator=$(sed -n 's/^CMAKE_GENERATOR:[A-Z]*=//p' "$KITH_BUILD/CMakeCache.txt")
cmake -S "$KITH_SOURCE" -B "$dir/build" -G "$generator" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug -DBUILD_SHARED_LIBS=ON -DBUILD_TESTING=OFF \
  -DKITH_STRICT=ON >"$dir/log" 2>&1 && cmake --build "$dir/build" -j 2 >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
cmake --install "$dir/build" --prefix "$dir/prefix" >/dev/null
build_with_cmake
run_examples "$dir/cmake"
library=$(find "$dir/prefix" -name libkith.so)
build_with_pkg_config -Wl,-rpath,"$(dirname "$library")"
run_examples "$dir/pkg-config"
names=$(nm -D --defined-only "$library" | awk 'NF == 3 { print $3 }')
[ "$(wc -l <<<"$names")" -gt 50 ] || { echo "few symbols: $names"; exit 1; }
if grep -v '^kith_' <<<"$names"; then echo "is exported without the prefix kith_"; exit 1; fi
"$dir/prefix/bin/kith" --version >/dev/null
