# fast
# Every C file is as clang-format 14 (Debian 12's) writes it with .clang-format; other versions break lines otherwise.
set -euo pipefail
cd "$KITH_SOURCE"
format=$(command -v clang-format-14 || command -v clang-format || true)
case $([ -z "$format" ] || "$format" --version) in
  *"version 14."*) ;;
  *) echo "skipped: there is no clang-format 14 here"; exit 77 ;;
esac
mapfile -t files < <(find include src partition tests docs/examples -name '*.[ch]')
[ ${#files[@]} -gt 100 ]
"$format" --dry-run -Werror "${files[@]}" || { echo "format them: clang-format -i FILE…"; exit 1; }
