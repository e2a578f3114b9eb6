# The commands of docs/slurm.md on a local cluster: Slurm takes all of them, and the scripts that the page writes do what it says.
set -euo pipefail
. "$KITH_SOURCE/tests/support/cluster.sh"
room=$dir/rooms/slurm
mkdir -p "$room/jobs" "$dir/rooms/bin"
cd "$room"
cp -r "$KITH_SOURCE/slurm" .
ln -s "$KITH" "$dir/rooms/bin/kith"
sbatch=$(command -v sbatch)
# Submitted jobs are held.
cat >"$dir/rooms/bin/sbatch" <<B
#!/bin/sh
case "\$*" in *--test-only*) exec $sbatch "\$@" ;; esac
exec $sbatch --hold "\$@"
B
# A held job takes no signal; test_restart.sh sends it to a running one.
printf '#!/bin/sh\n[ $# = 3 ] && [ "$1 $2" = "--batch --signal=USR1" ] && [ "$3" -gt 0 ]\n' >"$dir/rooms/bin/scancel"
chmod +x "$dir/rooms/bin/sbatch" "$dir/rooms/bin/scancel"
awk 'BEGIN {print "user,item"; for (u = 1; u <= 40; u++) for (i = 1; i <= 30; i++) if ((7 * u + 3 * i) % 5 < 2) print u "," i}' >ratings.csv
cat >job.yaml <<'J'
name: shop
work: runs/shop
data:
  interactions: {path: ratings.csv, format: edges, delimiter: ",", header: true, columns: {user: user, item: item}}
  split: {method: ratio, valid: 0.1, test: 0.1}
partition: {parts: 4}
model: {dim: 8, layers: 1}
train: {batch: 512, epochs: 2}
evaluate: {k: [5]}
J
for verb in ingest partition; do "$KITH" $verb job.yaml --quiet >/dev/null; done
sed 's|runs/shop|../runs/one|; s|ratings|../ratings|; $a graph: ../runs/shop/graph.h5\nparts: ../runs/shop/parts.h5' job.yaml >jobs/one.yaml

cluster_up 2 4
export KITH
/usr/bin/python3 -B "$KITH_SOURCE/tests/support/documents.py" "$dir/rooms" slurm
[ "$(squeue -h | wc -l)" -ge 12 ] || { squeue; exit 1; }

# The page's own scripts run; the last tasks of the array are not needed for that.
for name in seeds small local; do
  id=$(squeue -h -o '%F %o' | awk -v script="/$name.sbatch" 'index($2, script) {print $1; exit}')
  [ -n "$id" ] || { echo "$name.sbatch is not in the queue"; exit 1; }
  [ $name != seeds ] || scancel "${id}_[3-5]"
  scontrol release "$id"
done
squeue -h -t PENDING -o '%i %r' | awk '/JobHeld/ {print $1}' | xargs -r scancel
done_all() { [ -z "$(squeue -h)" ]; }
until_true done_all || { squeue; cat slurm-*.out; exit 1; }
for file in runs/seed-1 runs/seed-2 runs/one kept/shop; do
  [ -s $file/embeddings.h5 ] || { echo "no $file/embeddings.h5"; cat slurm-*.out; exit 1; }
done
