/* Clock, log lines, and a progress display that suits a terminal and a log file. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kith/base.h"

enum { BAR = 28 };

static kith_log_level log_level;

double kith_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void kith_log_set(kith_log_level level) { log_level = level; }

static void log_line(const char *before, const char *format, va_list rest) {
  char line[4096];
  vsnprintf(line, sizeof line, format, rest);
  fprintf(stderr, "%s%s%s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", before, line);
}

void kith_log(const char *format, ...) {
  va_list rest;
  if (log_level > KITH_LOG_ALL) return;
  va_start(rest, format);
  log_line("", format, rest);
  va_end(rest);
}

void kith_warn(const char *format, ...) {
  va_list rest;
  if (log_level > KITH_LOG_WARNINGS) return;
  va_start(rest, format);
  log_line("kith: warning: ", format, rest);
  va_end(rest);
}

void kith_progress_begin(kith_progress *p, const char *what, int64_t n) {
  *p = (kith_progress){.n = n, .began = kith_clock(), .terminal = isatty(STDERR_FILENO) != 0};
  p->drawn = p->began;
  snprintf(p->what, sizeof p->what, "%s", what);
}

/* "1:02:03", or "2:03" below an hour. */
static void progress_time(double seconds, size_t size, char *text) {
  long s = lround(seconds);
  if (s >= 3600) snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  else snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
}

static void progress_draw(const kith_progress *p, double now, const char *note) {
  char past[32], left[32], bar[3 * BAR + 1] = "";
  double share = p->n > 0 ? (double)p->done / (double)p->n : 1;
  progress_time(now - p->began, sizeof past, past);
  progress_time(share > 0 ? (now - p->began) * (1 - share) / share : 0, sizeof left, left);
  if (!p->terminal) {
    fprintf(stderr, "%s %3.0f %%  %s, %s left  %s\n", p->what, 100 * share, past, left, note ? note : "");
    return;
  }
  for (int i = 0; i < BAR; i++) strcat(bar, i < (int)(share * BAR + 0.5) ? "━" : " ");
  fprintf(stderr, "\r\033[K%s ▕%s▏ %3.0f %%  %s, %s left  %s", p->what, bar, 100 * share, past, left, note ? note : "");
  fflush(stderr);
}

void kith_progress_step(kith_progress *p, int64_t done, const char *note) {
  double now = kith_clock();
  p->done = done;
  if (log_level > KITH_LOG_ALL || now - p->drawn < (p->terminal ? 0.1 : 15)) return;
  p->drawn = now;
  progress_draw(p, now, note);
}

void kith_progress_end(kith_progress *p) {
  if (log_level == KITH_LOG_ALL && p->terminal) fprintf(stderr, "\r\033[K");
}
