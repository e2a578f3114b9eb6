# fast
# The words that tests/lint/retired/*.txt gave up for the field's own stay away: a line is a regular expression for whole
# words, a tab, what to write instead, and perhaps a tab and a glob of the files that it holds for.
set -euo pipefail
cd "$KITH_SOURCE"
/usr/bin/python3 - <<'P'
import fnmatch, glob, re, sys
retired = []
for name in sorted(glob.glob("tests/lint/retired/*.txt")):
    for n, line in enumerate(open(name), 1):
        if not line.strip() or line.startswith("#"): continue
        cells = line.rstrip("\n").split("\t")
        if len(cells) not in (2, 3): sys.exit("%s:%d: expected WORD, a tab, what to write instead" % (name, n))
        retired.append((cells[0], cells[1], cells[2] if len(cells) == 3 else "*"))
assert retired, "no word is retired"
def whole(words): return re.compile(r"(?<!\w)(?:" + "|".join(words) + r")(?!\w)")
kinds = ["%s/**/*.%s" % (top, end) for top in ("src", "include", "partition", "tests", "docs") for end in ("c", "h", "sh", "md", "py", "txt", "yaml")]
paths = [p for kind in kinds for p in glob.glob(kind, recursive=True)] + ["README.md", "CONTRIBUTING.md"]
bad = 0
for path in sorted(set(paths)):
    if "retired" in path or path in ("docs/terms.md", "docs/job.md"): continue # they say what is retired
    rules = [(word, use) for word, use, where in retired if fnmatch.fnmatch(path, where)]
    text = open(path, errors="replace").read()
    if not whole([word for word, use in rules]).search(text): continue
    for n, line in enumerate(text.split("\n"), 1):
        for word, use in rules:
            m = whole([word]).search(line)
            if m: print("%s:%d: %s; write %s" % (path, n, m.group(0), use)); bad += 1
sys.exit(1 if bad else 0)
P
