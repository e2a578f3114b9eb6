/* Progress display for terminals and log files. */
#include <math.h>
#include <stdio.h>

#include "base/base.h"

enum { BAR = 28, BAR_LEAST = 4 }; /* columns */
static const double REDRAW_SECONDS = 0.2, LOG_SECONDS = 15;

void kith_duration_print(double seconds, size_t size, char *text) {
  long s = lround(seconds);
  if (s >= 3600) snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

void kith_progress_begin(kith_progress *p, const char *what, int64_t n) {
  *p = (kith_progress){.n = n, .began = kith_clock()};
  p->drawn = p->began;
  snprintf(p->what, sizeof p->what, "%s", what);
}

/* Columns of a text: UTF-8 continuation bytes take none. */
static int progress_columns(const char *text) {
  int n = 0;
  for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
  return n;
}

/* Truncate a text to a number of columns. */
static void progress_cut(int columns, char *text) {
  int n = 0;
  for (; *text; text++) {
    n += ((unsigned char)*text & 0xC0) != 0x80;
    if (n > columns) *text = '\0';
    if (!*text) break;
  }
}

/* One line: label, a bar in the free columns, the rest; it ends before the last column. */
static void progress_draw_bar(const char *what, double share, const char *rest, int columns) {
  char bar[3 * BAR + 8] = "", line[1024];
  int room = columns - 1 - progress_columns(what) - progress_columns(rest) - 3;
  int width = room < BAR ? room : BAR, n = 0;
  if (width >= BAR_LEAST) {
    n += snprintf(bar, sizeof bar, "▕");
    for (int i = 0; i < width; i++) {
      bool full = i < (int)(share * width + 0.5);
      n += snprintf(bar + n, sizeof bar - (size_t)n, "%s", full ? "━" : " ");
    }
    snprintf(bar + n, sizeof bar - (size_t)n, "▏");
  }
  snprintf(line, sizeof line, "%s %s%s", what, bar, rest);
  progress_cut(columns - 1, line);
  fprintf(stderr, "\r\033[K%s", line);
  fflush(stderr);
}

static void progress_draw(const kith_progress *p, double now, const char *note) {
  char past[32], left[32], rest[512];
  int columns = kith_terminal_columns();
  double share = p->n > 0 ? (double)p->done / (double)p->n : 1;
  kith_duration_print(now - p->began, sizeof past, past);
  kith_duration_print(share > 0 ? (now - p->began) * (1 - share) / share : 0, sizeof left, left);
  snprintf(rest, sizeof rest, " %3.0f %%  %s left%s%s", 100 * share, left, note ? ", " : "",
           note ? note : "");
  if (columns > 0) progress_draw_bar(p->what, share, rest, columns);
  else fprintf(stderr, "%s %s after %s\n", p->what, rest, past);
}

bool kith_progress_is_due(const kith_progress *p) {
  if (kith_log_get() > KITH_LOG_ALL) return false;
  double since = kith_clock() - p->drawn;
  return since >= LOG_SECONDS || (since >= REDRAW_SECONDS && kith_terminal_columns() > 0);
}

void kith_progress_step(kith_progress *p, int64_t done, const char *note) {
  p->done = done;
  if (!kith_progress_is_due(p)) return;
  p->drawn = kith_clock();
  progress_draw(p, p->drawn, note);
}

void kith_progress_end(kith_progress *p) {
  (void)p;
  if (kith_log_get() == KITH_LOG_ALL && kith_terminal_columns() > 0) fprintf(stderr, "\r\033[K");
}
