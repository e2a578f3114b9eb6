/* Lines of a list: one large buffer, in which lines are found by memchr and handed out in place. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "io/lists.h"

enum { LINES_ROOM = 1 << 20, LINES_FIRST = 1 << 16 };
static const int64_t lines_most = INT64_C(1) << 30; /* bytes of one line */

kith_status kith__lines_fail(const kith__lines *lines, const char *format, ...) {
  char text[1024];
  va_list rest;
  va_start(rest, format);
  vsnprintf(text, sizeof text, format, rest);
  va_end(rest);
  return kith_fail(KITH_EDATA, "%s:%lld: %s", lines->path, (long long)lines->number, text);
}

void kith__lines_close(kith__lines *lines) {
  if (lines->buffer) kith_progress_end(&lines->progress);
  if (lines->path) kith__bytes_close(&lines->bytes);
  KITH_FREE(lines->buffer);
}

/* Make room behind what is unread: move it to the front, or double the buffer when one line fills it. */
static kith_status lines_make_room(kith__lines *lines) {
  kith_status st = KITH_OK;
  int64_t unread = lines->end - lines->begin;
  if (lines->begin > 0) memmove(lines->buffer, lines->buffer + lines->begin, (size_t)unread);
  lines->begin = 0;
  lines->end = unread;
  if (unread < lines->room / 2) goto done;
  if (2 * lines->room > lines_most) {
    lines->number++;
    st = kith__lines_fail(lines, "a line longer than %lld bytes; is this a text list?", (long long)lines_most / 2);
    goto done;
  }
  KITH_TRY(KITH_GROW(lines->buffer, lines->room, 2 * lines->room));
  lines->room *= 2;
done:
  return st;
}

static kith_status lines_fill(kith__lines *lines) {
  kith_status st = KITH_OK;
  int64_t n = 0;
  KITH_TRY(lines_make_room(lines));
  KITH_TRY(kith__bytes_read(&lines->bytes, lines->room - lines->end, lines->buffer + lines->end, &n));
  lines->end += n;
  lines->at_end = n == 0;
  kith_progress_step(&lines->progress, lines->bytes.done, lines->path);
done:
  return st;
}

/* The first bytes say whether this is a list at all. */
static kith_status lines_begin(kith__lines *lines) {
  kith_status st = KITH_OK;
  while (lines->end < LINES_FIRST && !lines->at_end) KITH_TRY(lines_fill(lines));
  KITH_TRY(kith__kind_check(lines->path, lines->buffer, lines->end));
  if (lines->end >= 3 && memcmp(lines->buffer, "\xEF\xBB\xBF", 3) == 0) lines->begin = 3; /* byte order mark */
done:
  return st;
}

kith_status kith__lines_open(const char *path, kith__lines *lines) {
  kith_status st = KITH_OK;
  *lines = (kith__lines){.path = path, .room = LINES_ROOM};
  KITH_TRY(kith__bytes_open(path, &lines->bytes));
  KITH_TRY(KITH_NEW(lines->buffer, lines->room));
  kith_progress_begin(&lines->progress, "reading", lines->bytes.size);
  KITH_TRY(lines_begin(lines));
done:
  if (kith_is_bad(st)) kith__lines_close(lines);
  return st;
}

/* Blank or a comment. */
static bool lines_is_empty(kith__cell line) {
  for (int64_t i = 0; i < line.size; i++)
    if (line.at[i] != ' ' && line.at[i] != '\t') return line.at[i] == '#';
  return true;
}

kith_status kith__lines_any(kith__lines *lines, kith__cell *line) {
  kith_status st = KITH_OK;
  int64_t looked = 0; /* bytes known to hold no line end */
  for (;;) {
    const char *from = lines->buffer + lines->begin;
    int64_t unread = lines->end - lines->begin;
    const char *stop = memchr(from + looked, '\n', (size_t)(unread - looked));
    if (stop || (lines->at_end && unread > 0)) {
      int64_t size = stop ? stop - from : unread;
      lines->begin += size + (stop != NULL);
      lines->number++;
      *line = (kith__cell){from, size - (size > 0 && from[size - 1] == '\r')};
      goto done;
    }
    *line = (kith__cell){NULL, -1};
    if (lines->at_end) goto done;
    looked = unread;
    KITH_TRY(lines_fill(lines));
  }
done:
  return st;
}

kith_status kith__lines_next(kith__lines *lines, kith__cell *line) {
  kith_status st;
  do st = kith__lines_any(lines, line);
  while (!kith_is_bad(st) && line->size >= 0 && lines_is_empty(*line));
  return st;
}
