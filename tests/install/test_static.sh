# fast
# The installed static library: the examples are built against it with CMake and with pkg-config, and run.
set -euo pipefail
. "$KITH_SOURCE/tests/support/installed.sh"
cmake --install "$KITH_BUILD" --prefix "$dir/prefix" >/dev/null
[ -e "$dir/prefix/lib/libkith.a" ] || ls "$dir"/prefix/lib*/*/libkith.a >/dev/null
build_with_cmake
run_examples "$dir/cmake"
build_with_pkg_config
run_examples "$dir/pkg-config"
