/* Lines of a list: found by memchr() in one large buffer, and returned in place. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ingest/lists.h"

enum { LINES_ROOM = 1 << 20, LINES_FIRST = 1 << 16 };
static const int64_t lines_most = INT64_C(1) << 30; /* longest line, in bytes */

kith_status kith__lines_fail(const kith__lines *lines, const char *format, ...) {
  char text[KITH__FAILURE];
  va_list rest;
  va_start(rest, format);
  vsnprintf(text, sizeof text, format, rest);
  va_end(rest);
  if (lines->failure) snprintf(lines->failure, KITH__FAILURE, "%s", text);
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
  kith_progress_step(&lines->progress, lines->bytes_before + lines->bytes.bytes_read, lines->path);
done:
  return st;
}

/* Read the first bytes and check the file type. */
static kith_status lines_begin(kith__lines *lines) {
  kith_status st = KITH_OK;
  while (lines->end < LINES_FIRST && !lines->at_end) KITH_TRY(kith__lines_refill(lines));
  KITH_TRY(kith__file_type_check(lines->path, lines->buffer, lines->end));
  if (lines->end >= 3 && memcmp(lines->buffer, "\xEF\xBB\xBF", 3) == 0)
    lines->begin = lines->at = 3; /* byte order mark */
  if (lines->bytes.compression != KITH__PLAIN) lines->limit = INT64_MAX;
done:
  return st;
}

kith_status kith__lines_open(const char *path, kith__lines *lines) {
  kith_status st = KITH_OK;
  *lines = (kith__lines){.path = path, .capacity = LINES_ROOM, .limit = INT64_MAX, .limit_last = INT64_MAX};
  KITH_TRY(kith__bytes_open(path, &lines->bytes));
  KITH_TRY(KITH_NEW(lines->buffer, lines->capacity));
  kith_progress_begin(&lines->progress, "reading", lines->bytes.size);
  KITH_TRY(lines_begin(lines));
done:
  if (kith_is_bad(st)) kith__lines_close(lines);
  return st;
}

kith_status kith__lines_open_files(const kith__list_files *files, kith__lines *lines) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__lines_open(files->path[0], lines));
  lines->files = files;
  lines->progress.n = 0;
  for (int i = 0; i < files->n; i++) lines->progress.n += files->bytes[i];
done:
  return st;
}

/* Pass over the rest of a line that begins before the span. */
static kith_status lines_resume(kith__lines *lines, int64_t from, int64_t limit) {
  kith_status st = KITH_OK;
  kith__field line;
  KITH_TRY(kith__bytes_seek(&lines->bytes, from - 1));
  lines->at = from - 1;
  KITH_TRY(kith__lines_next_raw(lines, &line));
  lines->number = 0;
  lines->limit = limit;
done:
  return st;
}

kith_status kith__lines_open_span(const kith__list_files *files, int64_t from, int64_t to,
                                  kith__lines *lines) {
  kith_status st = KITH_OK;
  *lines = (kith__lines){
      .path = files->path[0], .files = files, .capacity = LINES_ROOM, .limit = INT64_MAX, .limit_last = to};
  const int64_t limit = files->n > 1 ? INT64_MAX : to;
  KITH_TRY(kith__bytes_open(lines->path, &lines->bytes));
  KITH_TRY(KITH_NEW(lines->buffer, lines->capacity));
  kith_progress_begin(&lines->progress, "reading", 0);
  for (int i = 0; i < files->n; i++) lines->progress.n += files->bytes[i];
  if (from > 0 && lines->bytes.compression == KITH__PLAIN) KITH_TRY(lines_resume(lines, from, limit));
  else if (from > 0 && kith__lines_has_file(lines)) KITH_TRY(kith__lines_next_file(lines));
  else if (from > 0) lines->limit = lines->at = 0;
  else {
    lines->limit = limit;
    lines->fresh = true;
    KITH_TRY(lines_begin(lines));
  }
done:
  if (kith_is_bad(st)) kith__lines_close(lines);
  return st;
}

kith_status kith__lines_next_file(kith__lines *lines) {
  kith_status st = KITH_OK;
  lines->before += lines->number;
  lines->bytes_before += lines->bytes.bytes_read;
  lines->number = 0;
  kith__bytes_close(&lines->bytes);
  lines->path = lines->files->path[++lines->file];
  lines->begin = lines->end = lines->at = 0;
  lines->at_end = false;
  lines->fresh = true;
  lines->limit = kith__lines_has_file(lines) ? INT64_MAX : lines->limit_last;
  KITH_TRY(kith__bytes_open(lines->path, &lines->bytes));
  KITH_TRY(lines_begin(lines));
done:
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
  *line = (kith__field){NULL, -1};
  if (lines->at >= lines->limit) goto done;
  for (;;) {
    const char *from = lines->buffer + lines->begin;
    int64_t unread = lines->end - lines->begin;
    const char *stop = memchr(from + looked, '\n', (size_t)(unread - looked));
    if (stop || (lines->at_end && unread > 0)) {
      int64_t size = stop ? stop - from : unread;
      lines->begin += size + (stop != NULL);
      lines->at += size + (stop != NULL);
      lines->number++;
      *line = (kith__field){from, size - (size > 0 && from[size - 1] == '\r')};
      goto done;
    }
    *line = (kith__field){NULL, -1};
    if (lines->at_end && !kith__lines_has_file(lines)) goto done;
    looked = lines->at_end ? 0 : unread;
    KITH_TRY(lines->at_end ? kith__lines_next_file(lines) : kith__lines_refill(lines));
    if (lines->at >= lines->limit) goto done; /* of a further file nothing */
  }
done:
  return st;
}

/* A further file whose first line is not the header may have other columns. */
static kith_status lines_check_head(kith__lines *lines, bool header) {
  char by[16];
  lines->fresh = false;
  if (!lines->heads || header) return KITH_OK;
  return kith__lines_fail(lines,
                          "expected the header of %s again, by %s, as %s.header is true: each file of the "
                          "list has one, with the same delimiter; put parts without one behind each other in "
                          "one file",
                          lines->files->path[0], kith__delimiter_show(lines->delimiter, by),
                          lines->key ? lines->key : "data.interactions");
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
  if (lines->max_fields == 0 || (lines->n_data == 0 && !lines->resumed && lines->n_data_like <= 1))
    return KITH_OK;
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
    if (lines->fresh && kind == KITH__LINE_DATA) KITH_TRY(lines_check_head(lines, header));
    if (kind == KITH__LINE_DATA && !header) break;
    if (kind == KITH__LINE_COMMENT) KITH_TRY(lines_comment(lines, *line));
  }
done:
  return st;
}
