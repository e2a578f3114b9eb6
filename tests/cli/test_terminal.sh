# timeout: 300
# Under mpirun on a terminal: a bar of at most 80 columns whose loss is that of all ranks, the best epoch marked, Ctrl-C
# that leaves a checkpoint and a word, errors that stand out.  In a log: plain lines.
set -euo pipefail
. "$KITH_SOURCE/tests/support/tiny.sh"
tiny "$dir/t"
cd "$dir/t"
export KITH_LIMIT=$limit

screen() { # WHEN LOG command…: run on a terminal of 80 columns; Ctrl-C where the text WHEN has come ("": never)
  /usr/bin/python3 - "$@" <<'P'
import fcntl, os, pty, select, struct, sys, termios, time
when, log, command = sys.argv[1].encode(), sys.argv[2], sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.environ["TERM"] = "xterm" # a dumb one has no bar
    os.execvp(command[0], command)
raw, limit = b"", time.time() + 4 * int(os.environ["KITH_LIMIT"])
while time.time() < limit:
    if select.select([terminal], [], [], 0.1)[0]:
        try: more = os.read(terminal, 65536)
        except OSError: break
        if not more: break
        raw += more
    if when and when in raw:
        os.write(terminal, b"\x03")
        when = b""
open(log, "wb").write(raw)
if time.time() >= limit: os.kill(pid, 9)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
P
}

on2() { mpirun --oversubscribe --bind-to none -n 2 "$@"; }
long="--set train.batch=16 --set train.epochs=6"

# What a run shows, and that no line is wider than the terminal.  The bar waits for 0.2 s: its epochs have 4000 steps.
slow="--set train.batch=1 --set model.dim=64 --set train.epochs=3"
screen "" shown mpirun --oversubscribe --bind-to none -n 2 "$KITH" train job.yaml $slow --set evaluate.split=valid
/usr/bin/python3 - <<'P'
import json, re
raw = open("shown", encoding="utf-8").read()
pieces = [re.sub(r"\x1b\[[0-9]*[mK]", "", x) for x in re.split(r"[\r\n]+", raw)]
wide = [x for x in pieces if len(x) > 80]
assert not wide, wide
bars = [x for x in pieces if re.match(r"epoch \d+/3 ▕[━ ]+▏ +\d+ %  .*left, job [\d:]+  loss [\d.]+  ", x)]
assert bars, raw
lines = [json.loads(x) for x in open("work/metrics.jsonl")]
best = max((x["recall@10"], -x["epoch"]) for x in lines if "recall@10" in x)[1]
said = [re.match(r"epoch (\d+) ", pieces[i - 1]).group(1) for i, x in enumerate(pieces) if x.endswith("best so far")]
assert said and int(said[-1]) == -best, (said, best)
assert raw.count("\x1b[32m  best so far\x1b[0m") == len(said), raw # in its color
P

# A log has lines, and no bar.
on2 "$KITH" train job.yaml $long --fresh 2>log >out
grep -q '▕' log && { echo "a bar in a log"; cat log; exit 1; }
grep -q '^epoch 6  loss' log
! grep -a $'\033' log out || { echo "colors in a log"; exit 1; }

# Ctrl-C on mpirun; only the stop itself may write a checkpoint.  What goes on from it ends with the bits of one piece.
clear() { rm -f work/checkpoint* work/embeddings.h5 work/metrics.jsonl; }
few="--set checkpoint.every=0 --set checkpoint.minutes=0 --set evaluate.every=0"
clear
rc=0
OMPI_MCA_odls_base_sigkill_timeout=3 \
  screen "epoch 1 " cut mpirun --oversubscribe --bind-to none -n 2 "$KITH" train job.yaml $few --set train.epochs=100000 || rc=$?
[ $rc != 0 ] || { echo "Ctrl-C did not end mpirun"; cat cut; exit 1; }
grep -q 'checkpoint written (' cut && grep -q 'kith: stopped by a signal' cut || { cat cut; exit 1; }
done=$(sed 's/checkpoint-0*\([0-9]*\)-.*/\1/' work/checkpoint-latest)
last=$((${done:-0} + 1))
on2 "$KITH" train job.yaml $few --set train.epochs=$last 2>log >out
grep -q "^continuing from work/checkpoint-0*$done-" log || { cat log; exit 1; }
cp work/embeddings.h5 cut.h5
clear
on2 "$KITH" train job.yaml $few --set train.epochs=$last 2>log >out
same_embeddings cut.h5 work/embeddings.h5

# SIGCONT of the parent asks for one more checkpoint and changes no bit; that of anybody else is nothing.
many="$few --set train.batch=16 --set train.epochs=20"
clear
"$KITH" train job.yaml $many --quiet >out
cp work/embeddings.h5 whole.h5
for sender in parent other; do
  clear
  /usr/bin/python3 - $sender "$KITH" train job.yaml $many <<'P'
import signal, subprocess, sys
kith = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
seen = []
for line in kith.stderr:
    seen.append(line)
    if line.startswith("epoch 1 "):
        if sys.argv[1] == "parent": kith.send_signal(signal.SIGCONT)
        else: subprocess.run(["sh", "-c", "kill -CONT %d" % kith.pid], check=True)
assert kith.wait() == 0
assert any("checkpoint written (" in x for x in seen) == (sys.argv[1] == "parent"), seen
P
  same_embeddings whole.h5 work/embeddings.h5
done

# A search of kith tune shows its trials.
spectral="--set model.name=spectral --set model.layers=0 --set data.split.test=0.1 --set work=spectral"
"$KITH" ingest job.yaml $spectral --quiet >out 2>&1
"$KITH" partition job.yaml $spectral --quiet >out 2>&1
"$KITH" train job.yaml $spectral --quiet >out 2>&1 || { cat out; exit 1; }
screen "" tuned "$KITH" tune job.yaml $spectral --trials 4000
grep -qE 'trials ▕[━ ]+▏ +[0-9]+ %  .*left, Recall@10 \+ NDCG@10 [01]\.[0-9]{4}' tuned || { cat tuned; exit 1; }

# The line of an error stands out, and above mpirun's paragraph.
screen "" wrong mpirun --oversubscribe --bind-to none -n 2 "$KITH" train missing.yaml || rc=$?
/usr/bin/python3 - <<'P'
import re
raw = open("wrong", encoding="utf-8").read()
line = re.search(r"\x1b\[1;31mkith: [^\n]*missing.yaml: ", raw)
assert line and line.start() < raw.index("-----"), raw
P
