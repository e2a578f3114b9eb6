/* Lines of a list: found by memchr() in one large buffer, and returned in place. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ingest/lists.h"

enum { LINES_ROOM = 1 << 20, LINES_FIRST = 1 << 16 };
static const int64_t lines_most = INT64_C(1) << 30; /* longest line, in bytes */

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
  KITH_FREE(lines->header);
}

kith_status kith__lines_set_header(kith__lines *lines, kith__field header) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(lines->header, header.size));
  memcpy(lines->header, header.at, (size_t)header.size);
  lines->header_size = header.size;
  lines->header_number = lines->number;
done:
  return st;
}

kith_list_report kith__lines_report(const kith__lines *lines, const char *kind,
                                    const kith__delimiter *delimiter) {
  kith_list_report r = {.header = lines->header_number,
                        .lines = lines->n_data - lines->n_header - (lines->header_number > 0),
                        .repeated = lines->n_header,
                        .comments = lines->n_comment,
                        .blank = lines->n_blank};
  snprintf(r.kind, sizeof r.kind, "%s", kind);
  memcpy(r.delimiter, delimiter->text, sizeof r.delimiter);
  return r;
}

static bool lines_is_header(const kith__lines *lines, kith__field line) {
  return lines->header && line.size == lines->header_size &&
         memcmp(line.at, lines->header, (size_t)line.size) == 0;
}

/* Move the unread bytes to the front; double the buffer if they fill half of it. */
static kith_status lines_reserve(kith__lines *lines) {
  kith_status st = KITH_OK;
  int64_t unread = lines->end - lines->begin;
  if (lines->begin > 0) memmove(lines->buffer, lines->buffer + lines->begin, (size_t)unread);
  lines->begin = 0;
  lines->end = unread;
  if (unread < lines->capacity / 2) goto done;
  if (2 * lines->capacity > lines_most) {
    lines->number++;
    st = kith__lines_fail(lines, "a line longer than %lld bytes; is this a text list?",
                          (long long)lines_most / 2);
    goto done;
  }
  KITH_TRY(KITH_GROW(lines->buffer, lines->capacity, 2 * lines->capacity));
  lines->capacity *= 2;
done:
  return st;
}

kith_status kith__lines_refill(kith__lines *lines) {
  kith_status st = KITH_OK;
  int64_t n = 0;
  KITH_TRY(lines_reserve(lines));
  KITH_TRY(kith__bytes_read(&lines->bytes, lines->capacity - lines->end, lines->buffer + lines->end, &n));
  lines->end += n;
  lines->at_end = n == 0;
  kith_progress_step(&lines->progress, lines->bytes.bytes_read, lines->path);
done:
  return st;
}

/* Read the first bytes and check the file type. */
static kith_status lines_begin(kith__lines *lines) {
  kith_status st = KITH_OK;
  while (lines->end < LINES_FIRST && !lines->at_end) KITH_TRY(kith__lines_refill(lines));
  KITH_TRY(kith__file_type_check(lines->path, lines->buffer, lines->end));
  if (lines->end >= 3 && memcmp(lines->buffer, "\xEF\xBB\xBF", 3) == 0)
    lines->begin = 3; /* byte order mark */
done:
  return st;
}

kith_status kith__lines_open(const char *path, kith__lines *lines) {
  kith_status st = KITH_OK;
  *lines = (kith__lines){.path = path, .capacity = LINES_ROOM};
  KITH_TRY(kith__bytes_open(path, &lines->bytes));
  KITH_TRY(KITH_NEW(lines->buffer, lines->capacity));
  kith_progress_begin(&lines->progress, "reading", lines->bytes.size);
  KITH_TRY(lines_begin(lines));
done:
  if (kith_is_bad(st)) kith__lines_close(lines);
  return st;
}

kith__line_kind kith__line_kind_of(const kith__lines *lines, kith__field line) {
  for (int64_t i = 0; i < line.size; i++)
    if (line.at[i] != ' ' && line.at[i] != '\t')
      return line.at[i] == '#' && lines->comment != KITH_COMMENT_NONE ? KITH__LINE_COMMENT : KITH__LINE_DATA;
  return KITH__LINE_BLANK;
}

kith_status kith__lines_next_raw(kith__lines *lines, kith__field *line) {
  kith_status st = KITH_OK;
  int64_t looked = 0; /* bytes known to contain no line end */
  for (;;) {
    const char *from = lines->buffer + lines->begin;
    int64_t unread = lines->end - lines->begin;
    const char *stop = memchr(from + looked, '\n', (size_t)(unread - looked));
    if (stop || (lines->at_end && unread > 0)) {
      int64_t size = stop ? stop - from : unread;
      lines->begin += size + (stop != NULL);
      lines->number++;
      *line = (kith__field){from, size - (size > 0 && from[size - 1] == '\r')};
      goto done;
    }
    *line = (kith__field){NULL, -1};
    if (lines->at_end) goto done;
    looked = unread;
    KITH_TRY(kith__lines_refill(lines));
  }
done:
  return st;
}

/* Whether a comment could be data whose first id begins with #: no space behind #, as many fields as data. */
static bool lines_is_alike(const kith__lines *lines, kith__field line) {
  bool close = line.size > 1 && line.at[0] == '#' && !strchr(" \t#!", line.at[1]);
  if (!close || lines->max_fields == 0) return close && lines->n_data > 0;
  kith__delimiter delimiter = *lines->delimiter;
  kith__field field;
  int n = 0;
  delimiter.read_only = true;
  while (n <= lines->max_fields && kith__field_next(&delimiter, &line, &field)) n++;
  return n >= lines->min_fields && n <= lines->max_fields;
}

/* One such line before all data is most likely a header. */
static kith_status lines_comment(kith__lines *lines, kith__field line) {
  lines->n_comment++;
  if (lines->comment != KITH_COMMENT_AUTO || !lines_is_alike(lines, line)) return KITH_OK;
  lines->n_data_like++;
  if (lines->max_fields == 0 && lines->n_data_like == 1)
    kith_warn("%s:%lld: begins with # and is skipped as a comment, like all such lines of this list",
              lines->path, (long long)lines->number);
  if (lines->max_fields == 0 || (lines->n_data == 0 && lines->n_data_like <= 1)) return KITH_OK;
  return kith__lines_fail(lines,
                          "begins with # but has as many columns as the lines around it; set %s.comment: "
                          "hash if it is a comment, none if the # belongs to an id",
                          lines->key ? lines->key : "data.interactions");
}

kith_status kith__lines_next(kith__lines *lines, kith__field *line) {
  kith_status st = KITH_OK;
  for (;;) {
    KITH_TRY(kith__lines_next_raw(lines, line));
    if (line->size < 0) break;
    bool plain = line->size > 0 && line->at[0] > '#'; /* the common case */
    kith__line_kind kind = plain ? KITH__LINE_DATA : kith__line_kind_of(lines, *line);
    lines->n_data += kind == KITH__LINE_DATA;
    lines->n_blank += kind == KITH__LINE_BLANK;
    bool header = kind == KITH__LINE_DATA && lines_is_header(lines, *line);
    lines->n_header += header;
    if (kind == KITH__LINE_DATA && !header) break;
    if (kind == KITH__LINE_COMMENT) KITH_TRY(lines_comment(lines, *line));
  }
done:
  return st;
}
