# Sourced by script tests: waiting for something to become true, without guessing how long it takes.

until_true() { # words…: until the command succeeds, or for the minutes after which it never will
  local end=$((SECONDS + 600 * ${KITH_PATIENCE:-1}))
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.05; done
}
