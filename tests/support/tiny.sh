# Sourced by script tests: a folder that goes away, a small job, and a way to run it on ranks.
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

limit=$((900 * ${KITH_PATIENCE:-1})) # seconds for one run: for one that hangs, not for one that is slow
. "$KITH_SOURCE/tests/support/until.sh"

ranks() { # N words…: kith on N ranks, quietly
  n=$1; shift
  timeout -k 5 $limit mpirun --quiet --oversubscribe --bind-to none -n "$n" "$KITH" "$@"
}

digits() { # metrics.jsonl: its lines without the run, times, traffic and memory
  sed -E 's/"phases": \{[^}]*\},? ?//; s/"(run|([a-z]+_)?seconds|pairs_per_second|halo_bytes|ranks|peak_bytes)": [^,}]*,? ?//g' "$1"
}

times() { # metrics.jsonl …: what its lines say of time and memory can be true
  /usr/bin/python3 "$KITH_SOURCE/tests/support/phases.py" "$@"
}

tiny() { # FOLDER [LOSS]: a generated job in FOLDER, up to its cut
  mkdir -p "$1"
  cat >"$1/job.yaml" <<J
work: work
generate: {users: 200, items: 300, interactions: 5000, friends: 300, communities: 6}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2, time: 3}}
  social: {path: friends.tsv, format: edges}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 6}
model: {dim: 16, layers: 2}
loss:  {name: ${2:-bpr}}
train: {batch: 256, epochs: 4, lr: 0.01}
evaluate: {k: [5, 10], every: 2, split: test, oversmoothing: true}
checkpoint: {every: 1, keep: 2}
J
  for verb in generate ingest partition; do "$KITH" $verb "$1/job.yaml" >/dev/null; done
}

small() { # USERS ITEMS INTERACTIONS COMMUNITIES VALID TEST <<further keys: a generated job.yaml here, up to its cut
  { cat <<J
work: work
generate: {users: $1, items: $2, interactions: $3, friends: 0, communities: $4}
data:
  interactions: {path: list.tsv, format: edges, columns: {user: 1, item: 2}}
  split: {method: ratio, valid: $5, test: $6}
partition: {parts: 6}
J
    cat; } >job.yaml
  for verb in generate ingest partition; do "$KITH" $verb job.yaml --quiet >log 2>&1 || { cat log; exit 1; }; done
}

. "$KITH_SOURCE/tests/support/embeddings.sh"
