# fast
# kith help: every verb, option, section, key, model and exit code has its line, of at most 80 columns, without MPI.
# Colors are for terminals, and the environment and --color decide.
set -uo pipefail
bad=0
fail() { echo "FAIL: $*"; bad=1; }
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

# MPI cannot start here: what prints a page does not notice.
export OMPI_MCA_pml=none
"$KITH" doctor >out 2>&1 && fail "MPI starts with a component that is not there: this test tests nothing"
page() { # WORDS…: in `out`, which is not empty, and no line of it is wide
  "$KITH" "$@" >out 2>err || fail "kith $*: $(cat err)"
  [ -s out ] || fail "kith $*: nothing"
  awk -v what="kith $*" '{gsub(/[\200-\277]/, "")} length($0) > 80 {print what ": a line of " length($0) " columns: " $0; bad = 1} END {exit bad}' out || bad=1
}
export LC_ALL=C # so that bytes are counted, of which UTF-8 has one that is no continuation for each character
page help; cp out all
page --help; cmp -s out all || fail "kith --help is not kith help"
page help verbs
verbs=$(awk '{print $1}' out)
grep train <<<"$verbs" >/dev/null || fail "kith help verbs: $verbs"
for verb in $verbs; do
  [ "$(grep -c "^  $verb " all)" = 1 ] || fail "kith help does not name $verb once"
  page "$verb" --help; cp out its
  page "$verb" -h; cmp -s out its || fail "kith $verb -h"
  page help "$verb"
  [ "$(head -n "$(wc -l <its)" out)" = "$(cat its)" ] || fail "kith help $verb does not begin with its options"
  [ "$(grep -cE '^  --(json|quiet|strict|color|help) ' its)" = 5 ] || fail "$verb: not the options of every verb"
done
"$KITH" help --markdown >reference
page help sections; cp out sections
for section in $(awk '{print $1}' sections); do
  grep -E ":( [a-z ]*)? $section( |$)" all >/dev/null || fail "kith help gives the section $section to no task"
  if [ "$section" = job ]; then keys=$(sed -n 's/^| `\([a-z]*\)` .*/\1/p' reference); else keys=$(sed -n "s/^| \`\($section\.[A-Za-z_.0-9]*\)\` .*/\1/p" reference); fi
  [ -n "$keys" ] || fail "section $section: no keys"
  page help "$section"
  [ "$keys" = "$(awk -v s="$section." '/^  [^ ]/ && NF > 1 && (s == "job." || index($1, s) == 1) {print $1}' out)" ] || fail "kith help $section: not one line of each of: $keys"
done
for section in $(sed -n 's/^## \([a-z]*\)$/\1/p' reference); do grep "^  $section " sections >/dev/null || fail "kith help sections: no $section"; done
page help train.lr; grep '^  train.lr$' out >/dev/null || fail "kith help train.lr"
page help train evaluate; [ "$(grep -c -e '--no-test' -e '--baseline' out)" -ge 2 ] || fail "kith help of two topics"
page help models
models=$(sed -n 's/^| `model.name` | \(.*\) | `.*/\1/p' reference | sed 's/\\|//g; s/ |.*//')
for model in $models; do grep -E "^  $model +(\* )?[a-z].{10}" out >/dev/null || fail "kith help models: nothing on $model"; done
[ "$(grep -cE '^  [a-z]+ +' out)" = "$(wc -w <<<"$models")" ] || fail "kith help models: other models: $(cat out)"
page help errors
codes=$(sed -n 's/^ *\([0-9]\{1,\}\)  .*/\1/p' out)
[ "$codes" = "$(sed -n 's/^| \([0-9]*\) | .*/\1/p' "$KITH_SOURCE/docs/errors.md")" ] || fail "kith help errors: other codes than docs/errors.md: $codes"
for code in $codes; do page help "$code"; done
page help renamed
page help lightgcn; grep 'docs/models.md' out >/dev/null || fail "kith help lightgcn: $(cat out)"
page help softmax; grep 'value of loss.name' out >/dev/null || fail "kith help softmax: $(cat out)"
page help recall; grep 'docs/metrics.md' out >/dev/null || fail "kith help recall: $(cat out)"
"$KITH" help learning-rate 2>err && fail "a foreign key is a topic"
grep -x 'kith: no key "learning-rate": Kith calls it train.lr' err >/dev/null || fail "$(cat err)"
[ "$(OMPI_COMM_WORLD_SIZE=3 OMPI_COMM_WORLD_RANK=2 "$KITH" help | wc -l)" = 0 ] || fail "every rank prints the help"
unset OMPI_MCA_pml

# ---- colors ---------------------------------------------------------------------------------------------------------------
unset NO_COLOR CLICOLOR_FORCE
cat >colored.py <<'P'
"""WHERE VARIABLE=VALUE… WORDS…: whether an error has its color, on a terminal or in a pipe."""
import os, pty, subprocess, sys
where, *rest = sys.argv[1:]
environment = dict(os.environ, TERM="xterm")
while rest and "=" in rest[0]: environment.__setitem__(*rest.pop(0).split("=", 1))
command = [os.environ["KITH"]] + (["train", "none.yaml"] + rest if rest else ["help", "none.yaml"]) # the latter is faster
if where == "pipe": raw = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
else:
    pid, terminal = pty.fork()
    if pid == 0: os.execve(command[0], command, environment)
    raw = b""
    try:
        while more := os.read(terminal, 65536): raw += more
    except OSError: pass
    os.waitpid(pid, 0)
assert b"none.yaml" in raw, raw
print("yes" if b"\x1b[1;31mkith: " in raw and b"\x1b[0m" in raw else "no" if b"\x1b[" not in raw.replace(b"\x1b[K", b"") else raw)
P
colored() { # EXPECTED as colored.py
  want=$1; shift
  found=$(/usr/bin/python3 colored.py "$@")
  [ "$found" = "$want" ] || fail "colors of $*: $found, expected $want"
}
colored yes terminal
colored no terminal NO_COLOR=1
colored yes terminal NO_COLOR=
colored no terminal TERM=dumb
colored no terminal --color never
colored yes terminal NO_COLOR=1 --color always
colored no pipe
colored yes pipe CLICOLOR_FORCE=1
colored no pipe CLICOLOR_FORCE=0
colored no pipe CLICOLOR_FORCE=1 NO_COLOR=1
colored yes pipe --color always
exit $bad
