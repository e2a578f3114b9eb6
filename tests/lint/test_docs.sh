# fast
# Links of the documents resolve, docs/job.md is what the program prints, every public function has a comment, no stray paths.
set -euo pipefail
cd "$KITH_SOURCE"
"$KITH" help --markdown | diff - docs/job.md || { echo "docs/job.md is out of date: kith help --markdown > docs/job.md"; exit 1; }
/usr/bin/python3 - <<'P'
import glob, os, re, sys
bad = []
for page in glob.glob("*.md") + glob.glob("docs/*.md") + glob.glob("docs/*/*.md"):
    blocks = re.split(r"^```.*$", open(page).read(), flags=re.M)
    if len(blocks) % 2 == 0: bad.append("%s: a block of code is not closed" % page)
    for code in blocks[1::2]:
        for heading in re.findall(r"^##+ .*", code, flags=re.M): bad.append("%s: in a block of code: %s" % (page, heading))
    for link in re.findall(r"\]\(([^)#:]+)\)", open(page).read()):
        if not os.path.exists(os.path.join(os.path.dirname(page), link)): bad.append("%s: link to %s, which is not there" % (page, link))
for header in glob.glob("include/kith/*.h") + glob.glob("src/*/*.h"):
    lines = open(header).read().split("\n")
    for n, line in enumerate(lines):
        if not re.match(r"^(?:KITH_API )?(kith_\w+|void|bool|double|int\w*|char|const|uint64_t|float)\b.*\bkith_[a-z]\w*\(", line): continue
        before = "\n".join(lines[max(0, n - 6):n]) + line + lines[n + 1]
        if "/**" not in before and "*/" not in before: bad.append("%s:%d: no comment: %s" % (header, n + 1, line))
for path in glob.glob("src/*/*") + glob.glob("include/kith/*") + glob.glob("tests/*/*") + glob.glob("docs/*") + glob.glob("jobs/*") + glob.glob("slurm/*"):
    if os.path.isfile(path) and re.search(r"(^|[\s\"'=(])/(root|home)/", open(path, errors="replace").read()) and not path.endswith("test_docs.sh"): bad.append(path + ": a path of one machine")
print("\n".join(bad))
sys.exit(1 if bad else 0)
P
