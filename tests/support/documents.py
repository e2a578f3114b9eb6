"""Every block of code, and every command within a line, of README.md, CONTRIBUTING.md and docs/ is held against the program.

    <!-- run: ROOM -->             the block runs in the folder ROOM, where the blocks before it ran; of yaml: it is ROOM/job.yaml.
                                   Those of room slurm run on a cluster (tests/slurm/test_cookbook.sh), and are checked here
    <!-- run by TEST -->           TEST, which names the page, runs it
    <!-- LANGUAGE run by TEST -->  the same of all blocks of the page in that language, anywhere on the page
    <!-- with: YAML -->            what the program reads behind a block of yaml to make it a job
    <!-- not run: REASON -->       nothing can be held against it, for a reason of at least four words

A block without such a line before it is checked by its language: the commands of sh are called with stand-ins, and verbs,
options, keys, values and files are looked up; cron is sh behind five fields; yaml is read by the program as part of a job; names
in c are those of the sources; text is what the block that ran before it prints, but for numbers.  All other languages
need a line.
"""
import functools, glob, html, os, re, resource, shlex, subprocess, sys

KITH, SOURCE = os.environ["KITH"], os.environ["KITH_SOURCE"]
bad = []


class Block:
    def __init__(self, page, line, language, mark, text):
        self.page, self.line, self.language, self.mark, self.text = page, line, language, mark, text

    def fail(self, what):
        bad.append("%s:%d: %s" % (self.page, self.line, what))


def read(path):
    with open(os.path.join(SOURCE, path)) as f: return f.read()


def pages():
    os.chdir(SOURCE)
    return ["README.md"] + sorted(glob.glob("docs/*.md") + glob.glob("docs/*/*.md")) + ["CONTRIBUTING.md"]


def blocks_of(page):
    """The blocks of a page, each with the comment that stands right before it, and the text outside of blocks by line."""
    blocks, prose, marks, before, lines = [], [], {}, "", read(page).split("\n")
    n = 0
    while n < len(lines):
        fence = re.match(r"^( *)```(.*)$", lines[n])
        if not fence:
            prose.append((n + 1, lines[n]))
            of_page = re.fullmatch(r"<!-- (\w+) (run by \S+) -->", lines[n].strip())
            if of_page: marks[of_page[1]] = of_page[2]
            elif lines[n].strip(): before = lines[n].strip()
            n += 1
            continue
        end = next(i for i in range(n + 1, len(lines)) if lines[i].strip() == "```")
        mark = re.fullmatch(r"<!-- (.*) -->", before)
        text = "".join(line[len(fence[1]):] + "\n" for line in lines[n + 1:end])
        blocks.append(Block(page, n + 1, (fence[2].split() or [""])[0], mark[1] if mark else "", text))
        before, n = "", end + 1
    for block in blocks: block.mark = block.mark or marks.get(block.language, "")
    return blocks, prose


# ---- the tables of the program

@functools.lru_cache(None)
def verbs():
    """Options of each verb; True: with a value. They are read where the help has them from: a start of the program each would take longer."""
    table, rest = {}, read("src/cli/verbs.c")
    options = lambda text: {m[1]: bool(m[2]) for m in re.finditer(r'"  (--[a-z-]+)( [^ ]\S*)?(?=  |\\n)', text)}
    for row in re.finditer(r'\{"([a-z]+)", (?:true|false), \w+,.*?"\}', rest, re.S): table[row[1]] = options(row[0])
    for row in re.findall(r'\{"[a-z]+", (?:true|false), \w+,.*?"\}', rest, re.S): rest = rest.replace(row, "")
    common = {**options(rest), **options(read("src/cli/main.c"))}
    assert len(table) > 10 and "--fresh" in table["train"] and common.get("--set") and "--json" in common, "src/cli/verbs.c: no table of verbs"
    return {verb: {**common, **own} for verb, own in table.items()}


@functools.lru_cache(None)
def keys():
    """What each key takes, as docs/job.md says it."""
    rows = re.findall(r"^\| `([A-Za-z_.0-9]+)` \| ((?:[^|\\]|\\.)*) \|", read("docs/job.md"), re.M)
    return {key: values.strip().replace("\\|", "|") for key, values in rows}


def key_of(name):
    """The row of a key, whose names of relations and types stand as NAME in the table."""
    if name in keys(): return name
    for key in keys():
        if "NAME" in key and re.fullmatch(re.escape(key).replace("NAME", "[a-z][a-z0-9_]*"), name): return key
    return name + ".path" if name + ".path" in keys() else None


def value_is_wrong(key, value):
    takes = keys()[key]
    if re.fullmatch(r"[A-Z]+", value) or "$" in value: return False
    if re.fullmatch(r"\S+( \| \S+)+", takes): return value not in takes.split(" | ")
    bounds = re.match(r"([-+.e0-9]+) to ([-+.e0-9]+)(?: [a-z ]+)?$", takes)
    if not bounds: return False
    try: return not float(bounds[1]) <= float(value) <= float(bounds[2])
    except ValueError: return True


# ---- commands

def check_kith(fail, words):
    words = words[:next((i for i, word in enumerate(words) if word in (">", "|", "&&", "&")), len(words))]
    if not words: return
    verb, rest = words[0], words[1:]
    if verb in ("--version", "--help", "help"): return check_help(fail, words)
    if re.fullmatch(r"[A-Z]+", verb): return check_options(fail, "any verb", {o: v for t in verbs().values() for o, v in t.items()}, rest)
    if verb == "completion": return None if rest in (["bash"], ["zsh"], ["fish"]) else fail("kith completion completes no %s" % rest)
    if verb not in verbs(): return fail("kith has no verb %s" % verb)
    check_options(fail, verb, verbs()[verb], rest)


def check_options(fail, verb, options, rest):
    i = 0
    while i < len(rest):
        word, value = rest[i], None
        i += 1
        if word in ("--", "OPTIONS"): continue
        if not word.startswith("-"):
            if word.startswith(("jobs/", "docs/", "slurm/")) and "runs/" not in word and not os.path.exists(os.path.join(SOURCE, word)): fail("there is no %s" % word)
            continue
        if "=" in word: word, value = word.split("=", 1)
        if word not in options: fail("%s has no option %s" % (verb, word)); continue
        if not options[word]: continue
        if value is None: value, i = (rest[i] if i < len(rest) else ""), i + 1
        if word == "--set": check_set(fail, value)


def check_set(fail, pair):
    name, equals, value = pair.partition("=")
    if re.fullmatch(r"(KEY|NAME|…|\.\.\.)?", name): return
    if name.startswith("sweep.") and key_of(name[6:]) and value[:1] in "[{": return  # a key that a sweep varies
    key = key_of(name)
    if not equals: fail("--set %s: without a value" % pair)
    elif not key: fail("--set %s: no such key" % name)
    elif value_is_wrong(key, value): fail("--set %s: it takes %s" % (pair, keys()[key]))


def check_help(fail, words):
    for word in words[1:]:
        if word.startswith("-") or word.isupper() or word.isdigit() or word in verbs() or word in ("keys", "sections", "verbs", "models", "errors", "renamed"): continue
        if not key_of(word) and not any(key.startswith(word + ".") for key in keys()): fail("kith help %s: no such key or section" % word)


def check_call(fail, words):
    """A command as the shell would call it."""
    name = words[0]
    if name in ("kith", "build/kith"): return check_kith(fail, words[1:])
    if name in ("mpirun", "srun"):
        at = next((i for i, w in enumerate(words) if w in ("kith", "build/kith")), None)
        if at is not None: check_kith(fail, words[at + 1:])
    if name in ("sbatch", "bash"):
        scripts = [w for w in words[1:] if w.endswith((".sbatch", ".sh"))]
        for script in scripts:
            inside = re.sub(r"^/opt/kith/share/kith/", "", script)
            if inside.startswith(("slurm/", "tests/")) and not os.path.exists(os.path.join(SOURCE, inside)): fail("there is no %s" % inside)


STAND_INS = """
calls() { printf '%s\\037' "$@" >>"$CALLS"; printf '\\n' >>"$CALLS"; }
for name in kith mpirun mpicc srun scontrol squeue sinfo sacct scancel cmake ctest git bash lfs lctl module spack apt-get; do eval "$name() { calls $name \\"\\$@\\"; }"; done
sbatch() { calls sbatch "$@"; echo 1; }
"""


def dry_shell(block, folder):
    """Call the commands with stand-ins, and check what was called."""
    calls, text = os.path.join(folder, "calls"), block.text
    if block.language == "cron": text = re.sub(r"^(\S+ ){5}(?=\S)", "", text, flags=re.M).replace("\\%", "%")
    open(calls, "w").close()
    env = {"PATH": os.path.join(folder, "bin"), "CALLS": calls, "HOME": folder, "PWD": folder}
    run = subprocess.run(["/bin/bash", "-c", STAND_INS + text], cwd=folder, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if run.returncode or run.stderr: block.fail("the shell, with stand-ins: %d %s" % (run.returncode, run.stderr.strip()))
    seen = set()
    for line in open(calls):
        words = tuple(line.rstrip("\n").split("\037")[:-1])
        if words in seen: continue
        seen.add(words)
        check_call(lambda what: block.fail("%s: %s" % (shlex.join(words), what)), list(words))


def dry_folder(folder):
    os.makedirs(os.path.join(folder, "bin"))
    for tool in ("cat", "date", "seq", "sed", "head", "mkdir", "cp", "cut", "awk", "grep", "printf", "ls", "rm"):
        os.symlink("/usr/bin/" + tool, os.path.join(folder, "bin", tool))
    os.makedirs(os.path.join(folder, "runs/shop"))
    open(os.path.join(folder, "runs/shop/waiting.txt"), "w").close() # which a page prints
    for script in ["jobs/quickstart", "tests/run", "slurm/pipeline.sh", "slurm/cluster", "tests/tidy", "tests/mutate", "build/kith"]:
        path = os.path.join(folder, script)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f: f.write("#!/bin/bash\nprintf '%%s\\037' %s \"$@\" >>\"$CALLS\"; echo >>\"$CALLS\"\n" % script)
        os.chmod(path, 0o755)
        if script != "build/kith" and not os.access(os.path.join(SOURCE, script), os.X_OK): bad.append("there is no " + script)


def check_prose(page, prose):
    """Commands within a line: `kith …`, `--set …`."""
    for n, line in prose:
        for span in re.findall(r"(?<!`)`([^`]+)`(?!`)", line):
            fail = lambda what: bad.append("%s:%d: `%s`: %s" % (page, n, span, what))
            span = html.unescape(span)
            if not re.match(r"(build/)?kith (?![0-9])|mpirun .*kith |--set ", span): continue
            try: words = shlex.split(span.replace("…", " "), comments=True)
            except ValueError as e: fail(str(e)); continue
            if words[0] == "--set": check_options(fail, "any verb", {"--set": True}, words)
            else: check_call(fail, words)


# ---- yaml, c

def check_yaml(block, folder):
    text = block.text
    if block.mark.startswith("with: "): text += block.mark[6:] + "\n"
    elif not re.search(r"^data:", text, re.M): text += "data: {interactions: {path: nowhere.tsv, format: edges}}\n"
    path = os.path.join(folder, "part.yaml")
    with open(path, "w") as f: f.write(text)
    run = subprocess.run([KITH, "ingest", path], cwd=folder, capture_output=True, text=True)
    if run.returncode != 66: block.fail("the program says of this job: %d %s" % (run.returncode, run.stderr.strip()))


@functools.lru_cache(None)
def names_of_sources():
    return set(re.findall(r"\bkith_\w+", "".join(open(p, errors="replace").read() for p in glob.glob(SOURCE + "/include/kith/*.h") + glob.glob(SOURCE + "/src/*/*.h"))))


def check_c(block):
    for name in sorted(set(re.findall(r"\bkith_\w+", block.text)) - names_of_sources()): block.fail("no header declares %s" % name)


# ---- running

def run_block(block, folder):
    """Run a block in a room; what it prints."""
    env = dict(os.environ, PATH=os.path.join(folder, "..", "bin") + ":" + os.environ["PATH"])
    program = {"sh": ["/bin/bash", "-euo", "pipefail", "-c"], "python": ["/usr/bin/python3", "-c"]}.get(block.language)
    if not program: block.fail("cannot run %s" % block.language); return ""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(program + [block.text], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
    if os.environ.get("KITH_DOCUMENTS_PRINT"): # to copy into the page
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        print("== %s:%d, %.2f s\n%s" % (block.page, block.line, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, run.stdout))
    if run.returncode: block.fail("it ends with %d: %s" % (run.returncode, run.stdout[-2000:]))
    return run.stdout


def check_output(block, printed):
    """The lines of a block, but for their numbers and for lines of dots, are printed in this order."""
    plain = lambda line: re.sub(r"[━╌]+", "━", re.sub(r"[-+]?[0-9][0-9.,:e+-]*", "#", re.sub(r"\s+", " ", line.strip())))
    rest = [plain(line) for line in printed.split("\n")]
    for line in block.text.split("\n"):
        want = plain(line)
        if want in ("", "...", "…"): continue
        if want not in rest: return block.fail("is not printed, or not here: %s\n%s" % (line, printed))
        rest = rest[rest.index(want) + 1:]


def check_mark(block):
    """Whether the mark says that this block runs here, and in which room."""
    run, by, reason = (re.fullmatch(p, block.mark) for p in (r"run: (\w+)", r"run by (\S+)", r"not run: (.*)"))
    if run: return run[1]
    if by:
        if not os.path.exists(os.path.join(SOURCE, by[1])) or not any(name in read(by[1]) for name in (block.page, re.sub("/README.md$", "", block.page))): block.fail("%s does not name %s" % (by[1], block.page))
    elif reason:
        if len(reason[1].split()) < 4: block.fail("why is it not run?")
    return None


def main(scratch, wanted=None):
    """Run and check all blocks; with a room, run those of the room alone."""
    last, printed, dry = None, "", os.path.join(scratch, "dry")
    dry_folder(dry)
    n = {"run": 0, "checked": 0, "marked": 0}
    for page in pages():
        blocks, prose = blocks_of(page)
        if not wanted: check_prose(page, prose)
        for block in blocks:
            room = check_mark(block)
            if wanted and room != wanted: continue
            if not wanted and room == "slurm": room = None
            if room: os.makedirs(os.path.join(scratch, room), exist_ok=True)
            if room and block.language == "yaml":
                with open(os.path.join(scratch, room, "job.yaml"), "w") as f: f.write(block.text)
            elif room: printed, last = run_block(block, os.path.join(scratch, room)), page
            elif re.match("run by|not run:", block.mark): n["marked"] += 1
            elif block.language in ("sh", "cron"): dry_shell(block, dry)
            elif block.language == "yaml": check_yaml(block, dry)
            elif block.language == "c": check_c(block)
            elif block.language == "text":
                if last == page: check_output(block, printed)
                else: block.fail("text, and nothing that prints it: mark the block")
            else: block.fail("nothing checks %s: mark the block (tests/support/documents.py)" % (block.language or "a block without a language"))
            n["run" if room else "checked"] += 1
    print("\n".join(bad))
    print("%d blocks run, %d checked, %d of these marked" % (n["run"], n["checked"], n["marked"]))
    sys.exit(1 if bad else 0)


if __name__ == "__main__": main(*sys.argv[1:])
