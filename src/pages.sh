#!/bin/sh
# pages.sh KITH FOLDER: the manual pages and completions that the program KITH prints, in FOLDER.
set -eu
kith=$1 to=$2
rm -rf "$to"
mkdir -p "$to/man/man1" "$to/man/man5" "$to/man/man7"
"$kith" help --man >"$to/man/man1/kith.1"
"$kith" help --man job >"$to/man/man5/kith-job.5"
"$kith" help --man errors >"$to/man/man7/kith-errors.7"
for verb in $("$kith" help verbs | awk '{print $1}'); do "$kith" help --man "$verb" >"$to/man/man1/kith-$verb.1"; done
for shell in bash zsh fish; do "$kith" completion $shell >"$to/kith.$shell"; done
touch "$to/done"
