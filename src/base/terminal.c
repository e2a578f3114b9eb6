/*
 * The terminal that shows stderr, if any.
 *
 * Under mpirun a rank's stderr is a pipe, which mpirun copies unchanged to its own stderr.  So if the parent
 * is a launcher whose stderr is a terminal, that terminal shows ours.  This fails if the launcher rewrites
 * the stream by lines (--tag-output and similar options), or runs on another node.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

enum { TERMINAL_UNKNOWN = -2, TERMINAL_NONE = -1, TERMINAL_COLUMNS = 80, TERMINAL_TEXT = 4096 };

/* Read a file of /proc of the parent process; returns its length, 0 if unreadable.  Zero-terminated. */
static size_t terminal_parent_text(const char *name, char text[TERMINAL_TEXT]) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/%s", (long)getppid(), name);
  FILE *f = fopen(path, "re");
  size_t n = f ? fread(text, 1, TERMINAL_TEXT - 1, f) : 0;
  if (f) fclose(f);
  text[n] = '\0';
  return n;
}

bool kith_terminal_has_launcher(void) {
  static const char *const known[] = {"mpirun\n",  "mpiexec\n", "orterun\n",
                                      "prterun\n", "orted\n",   "prted\n"};
  char name[TERMINAL_TEXT];
  if (terminal_parent_text("comm", name) == 0) return false;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (strcmp(name, known[i]) == 0) return true;
  return false;
}

/* Whether a launcher option makes it rewrite the output or redirect it to files. */
static bool terminal_is_edited(void) {
  static const char *const edits[] = {"tag-output", "timestamp-output", "output-filename", "xml", "xterm"};
  char text[TERMINAL_TEXT];
  size_t n = terminal_parent_text("cmdline", text);
  for (size_t at = 0; at < n; at += strlen(text + at) + 1) {
    const char *word = text + at + strspn(text + at, "-");
    for (size_t i = 0; word > text + at && i < sizeof edits / sizeof edits[0]; i++)
      if (strncmp(word, edits[i], strlen(edits[i])) == 0) return true;
  }
  return false;
}

/* A descriptor of the launcher's terminal, or TERMINAL_NONE. */
static int terminal_of_launcher(void) {
  char path[64];
  struct stat is;
  if (fstat(STDERR_FILENO, &is) != 0 || S_ISREG(is.st_mode)) return TERMINAL_NONE;
  if (!kith_terminal_has_launcher() || terminal_is_edited()) return TERMINAL_NONE;
  snprintf(path, sizeof path, "/proc/%ld/fd/2", (long)getppid());
  if (stat(path, &is) != 0 || !S_ISCHR(is.st_mode)) return TERMINAL_NONE;
  int file = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (file >= 0 && isatty(file)) return file;
  if (file >= 0) close(file);
  return TERMINAL_NONE;
}

int kith_terminal_columns(void) {
  static int shows = TERMINAL_UNKNOWN;
  struct winsize size = {0};
  const char *term = getenv("TERM");
  if (term && strcmp(term, "dumb") == 0) return 0; /* it could not erase a line */
  if (shows == TERMINAL_UNKNOWN) shows = isatty(STDERR_FILENO) ? STDERR_FILENO : terminal_of_launcher();
  if (shows == TERMINAL_NONE) return 0;
  if (ioctl(shows, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return TERMINAL_COLUMNS;
}
