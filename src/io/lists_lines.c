/* Lines of a plain or gzip file: one large buffer, in which lines are found by memchr and handed out in place. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/lists.h"

enum { LINES_ROOM = 1 << 20, LINES_ZLIB = 1 << 17 };
static const int64_t lines_most = INT64_C(1) << 30; /* bytes of one line; zlib reads at most 2 GiB at a time */

kith_status kith__lines_fail(const kith__lines *lines, const char *format, ...) {
  char text[1024];
  va_list rest;
  va_start(rest, format);
  vsnprintf(text, sizeof text, format, rest);
  va_end(rest);
  return kith_fail(KITH_EDATA, "%s:%lld: %s", lines->path, (long long)lines->number, text);
}

kith_status kith__lines_open(const char *path, kith__lines *lines) {
  kith_status st = KITH_OK;
  struct stat is;
  *lines = (kith__lines){.path = path, .room = LINES_ROOM};
  KITH_CHECK(stat(path, &is) == 0, KITH_ENOINPUT, "%s: cannot be read: %s", path, strerror(errno));
  KITH_CHECK(!S_ISDIR(is.st_mode), KITH_ENOINPUT, "%s: is a folder, expected a list", path);
  lines->file = kith_fault(KITH_FAULT_READ) ? NULL : gzopen(path, "rb");
  KITH_CHECK(lines->file != NULL, KITH_ENOINPUT, "%s: cannot be read: %s", path, strerror(errno));
  gzbuffer(lines->file, LINES_ZLIB);
  KITH_TRY(KITH_NEW(lines->buffer, lines->room));
  kith_progress_begin(&lines->progress, "reading", is.st_size);
done:
  if (kith_is_bad(st)) kith__lines_close(lines);
  return st;
}

void kith__lines_close(kith__lines *lines) {
  if (lines->file) {
    gzclose_r(lines->file);
    kith_progress_end(&lines->progress);
  }
  lines->file = NULL;
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
  KITH_TRY(lines_make_room(lines));
  int n = kith_fault(KITH_FAULT_READ) ? -1 : gzread(lines->file, lines->buffer + lines->end, (unsigned)(lines->room - lines->end));
  int why = Z_OK;
  int number = errno; /* of a read that failed: before anything else is asked */
  const char *text = gzerror(lines->file, &why);
  if (n < 0 || (why != Z_OK && why != Z_STREAM_END)) {
    bool device = why == Z_ERRNO || why == Z_OK; /* the latter: not even begun */
    st = kith_fail(device ? KITH_EIO : KITH_EDATA, "%s: %s: %s", lines->path,
                   device ? "reading failed" : "the gzip file is torn", device ? strerror(number) : text);
    goto done;
  }
  bool first = lines->number == 0 && lines->end == 0;
  lines->end += n;
  lines->at_end = n == 0;
  if (first && n >= 3 && memcmp(lines->buffer, "\xEF\xBB\xBF", 3) == 0) lines->begin = 3; /* byte order mark */
  kith_progress_step(&lines->progress, gzoffset(lines->file), lines->path);
done:
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
