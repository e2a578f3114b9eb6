# The shared library, configured and installed by itself: the examples run against it, and it exports what the headers mark.
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
grep -x "kith $("$dir/prefix/bin/kith" --version | sed 's/^kith \([0-9.]*\).*/\1/'): recall.*" "$dir/pkg-config/run/train.1" >/dev/null # of the library, and the program's
readelf -d "$library" | grep -F "[libkith.so.$("$dir/prefix/bin/kith" --version | sed 's/^kith \([0-9]*\.[0-9]*\).*/\1/')]" >/dev/null || { readelf -d "$library"; exit 1; }

# The static library beside it, named as such.
folder=$(dirname "$library")
mkdir "$dir/static"
# shellcheck disable=SC2046
OMPI_CC=$compiler MPICH_CC=$compiler mpicc $flags -o "$dir/static/02_halo" "$examples/02_halo.c" -I"$dir/prefix/include" -L"$folder" -l:libkith.a \
  $(sed -n 's/^Libs.private://p' "$folder/pkgconfig/kith.pc")
readelf -d "$dir/static/02_halo" | { ! grep -F libkith.so; }
(cd "$dir/cmake/run" && mpirun -n 3 "$dir/static/02_halo" | diff - halo.3)
exported=$(nm -D --defined-only "$library" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort)
marked=$(cat "$dir"/prefix/include/kith/*.h | tr '\n' ' ' | grep -oE 'KITH_API [^(#;]*\(' | grep -oE 'kith_\w+\($' | tr -d '(' | LC_ALL=C sort)
diff <(echo "$marked") <(echo "$exported") || { echo "marked KITH_API (<) and exported (>) differ"; exit 1; }
"$dir/prefix/bin/kith" --version >/dev/null
