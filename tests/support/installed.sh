# Sourced by tests of what is installed into $dir/prefix.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
if grep -q '^KITH_SANITIZE:[A-Z]*=ON' "$KITH_BUILD/CMakeCache.txt"; then echo "skipped: a library with sanitizers"; exit 77; fi
examples=$KITH_SOURCE/docs/examples
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[A-Z]*=//p' "$KITH_BUILD/CMakeCache.txt")
flags="-std=c11 -pedantic -Wall -Wextra -Werror"

build_with_cmake() {
  cmake -S "$examples" -B "$dir/cmake" -DCMAKE_PREFIX_PATH="$dir/prefix" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$flags" >"$dir/log" 2>&1 &&
    cmake --build "$dir/cmake" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
}

build_with_pkg_config() {
  local path
  path=$(dirname "$(find "$dir/prefix" -name kith.pc)")
  mkdir -p "$dir/pkg-config"
  for name in 01_one_rank 02_halo 03_train; do
    # shellcheck disable=SC2046
    OMPI_CC=$compiler MPICH_CC=$compiler mpicc $flags -o "$dir/pkg-config/$name" "$examples/$name.c" \
      $(PKG_CONFIG_PATH=$path pkg-config --cflags --libs kith) "$@"
  done
}

# The loss falls, five items are listed, and three ranks compute what one does.
run_examples() {
  local folder=$1/run
  mkdir "$folder"
  (cd "$folder" && "$1/01_one_rank" >one && for n in 1 3; do mpirun -n $n "$1/02_halo" >halo.$n && mpirun -n $n "$1/03_train" >train.$n; done) || exit 1
  awk '/^epoch/ { if (!first) first = $4; last = $4 } /^item/ { n++ } END { exit !(last < 0.9 * first && n == 5) }' "$folder/one" || { cat "$folder/one"; exit 1; }
  grep -q "A x and A' y of 3 ranks are those of one" "$folder/halo.3"
  grep -E '^kith [0-9.]+: recall@[0-9]+ 0\.[0-9]+$' "$folder/train.1" >/dev/null || { cat "$folder/train.1"; exit 1; }
  diff "$folder/train.1" "$folder/train.3" # LightGCN: the same bits
}
