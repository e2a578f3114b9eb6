/* Clock and log lines. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/base.h"

static kith_log_level log_level;
static bool log_is_strict;
static int64_t log_warnings;

double kith_clock(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void kith_log_set(kith_log_level level) { log_level = level; }
kith_log_level kith_log_get(void) { return log_level; }

/* What erases the bar of a terminal. */
static const char *log_erase(void) { return kith_terminal_columns() > 0 ? "\r\033[K" : ""; }

static void log_line(const char *before, const char *format, va_list rest) {
  char line[4096];
  vsnprintf(line, sizeof line, format, rest);
  fprintf(stderr, "%s%s%s\n", log_erase(), before, line);
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
  log_warnings++;
  if (log_level > KITH_LOG_WARNINGS) return;
  char before[64];
  snprintf(before, sizeof before, "%skith: warning:%s ", kith_color(KITH_COLOR_WARNING),
           kith_color(KITH_COLOR_END));
  va_start(rest, format);
  log_line(before, format, rest);
  va_end(rest);
}

void kith_log_strict(void) { log_is_strict = true; }

kith_status kith_log_check(void) {
  if (!log_is_strict || log_warnings == 0) return KITH_OK;
  return kith_fail(KITH_ECONFIG, "--strict: %s above; a warning is an error",
                   KITH_COUNT(log_warnings, "warning(s)"));
}

void kith_log_error(void) {
  bool launched = kith_terminal_columns() > 0 && kith_terminal_has_launcher();
  fprintf(stderr, "%s%skith: %s%s%s", log_erase(), kith_color(KITH_COLOR_ERROR), kith_error_text(),
          kith_color(KITH_COLOR_END), launched ? "\n\n" : "\n");
}
