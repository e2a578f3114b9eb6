#!/usr/bin/env python3
"""docs/pictures/terminal.svg: a session in a terminal of 80 columns, from commands that run now.

    docs/pictures/terminal.py FOLDER 'COMMAND' … >docs/pictures/terminal.svg

Commands run in FOLDER. What they print is shown as it is; of more than twelve lines the middle is left out.
"""
import html, subprocess, sys

HEIGHT, WIDTH, COLUMNS, MOST = 18, 8.43, 80, 12
prompt, dim, text = "#7ee787", "#8b949e", "#e6edf3"


def session(folder, commands):
    for command in commands:
        yield prompt, "$ " + command
        run = subprocess.run(["/bin/bash", "-c", command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode: sys.exit("%s: %d\n%s" % (command, run.returncode, run.stdout))
        lines = run.stdout.rstrip("\n").split("\n")
        for n, line in enumerate(lines):
            if len(lines) > MOST and n == MOST // 2: yield dim, "  …"
            if len(lines) > MOST and MOST // 2 <= n < len(lines) - MOST // 2: continue
            if len(line) > COLUMNS: sys.exit("more than %d columns: %s" % (COLUMNS, line))
            yield text, line


def main():
    lines = list(session(sys.argv[1], sys.argv[2:]))
    width, height = 32 + COLUMNS * WIDTH, 56 + HEIGHT * len(lines)
    print('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" role="img" aria-label="a session of kith in a terminal">' % (width, height, width))
    print('<rect width="100%" height="100%" rx="8" fill="#0d1117"/>')
    for i, color in enumerate(("#ff5f57", "#febc2e", "#28c840")): print('<circle cx="%d" cy="18" r="6" fill="%s"/>' % (20 + 20 * i, color))
    print('<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14">')
    for n, (color, line) in enumerate(lines):
        print('<text x="16" y="%d" fill="%s">%s</text>' % (52 + HEIGHT * n, color, html.escape(line.replace(" ", "\u00a0"), quote=False)))
    print("</g></svg>")


main()
