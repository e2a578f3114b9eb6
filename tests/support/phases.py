"""phases.py FILE [--ranks N] [--also KEY…]: times and memory of the lines of metrics.jsonl keep their promises."""
import argparse, json

NAMES = ["sample", "forward", "exchange", "backward", "update"]
SHARE = 0.3  # of a run's seconds are in phases, at least, on a machine that does other work between them
ROUNDED = 0.0005 + len(NAMES) * 0.0000005

ask = argparse.ArgumentParser()
ask.add_argument("file")
ask.add_argument("--ranks", type=int, default=1, help="0: several runs on different numbers")
ask.add_argument("--also", nargs="*", default=[], help="keys that some line has")
ask.add_argument("--brief", nargs="*", default=[], help="phases that may take less than a microsecond a line")
ask.add_argument("--none", nargs="*", default=[], help="phases that take no time at all")
a = ask.parse_args()
lines = [x for x in map(json.loads, open(a.file)) if "seconds" in x]
assert lines, a.file + ": no line with seconds"
for x in lines:
    assert list(x["phases"]) == NAMES, x
    assert all(s >= 0 for s in x["phases"].values()), x
    assert x["peak_bytes"] > 1 << 20, x
    assert a.ranks in (0, x["ranks"]), x
    assert ("evaluate_seconds" in x) == ("split" in x), x
    # One rank's phases lie within its seconds; of several the seconds are rank 0's.
    assert a.ranks != 1 or sum(x["phases"].values()) <= x["seconds"] + ROUNDED, x
total = {p: sum(x["phases"][p] for x in lines) for p in NAMES}
brief = a.brief + (["exchange"] if a.ranks == 1 else [])
for p in NAMES:
    assert total[p] == 0 if p in a.none else total[p] > 0 or p in brief, (p, total)
assert sum(total.values()) >= SHARE * (sum(x["seconds"] for x in lines) - ROUNDED * len(lines)), (total, lines)
for key in a.also:
    assert any(key in x for x in lines), (key, lines)
