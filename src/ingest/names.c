/*
 * Read display names of users and items; a line holds an id and a name.  Names contain commas, colons and
 * spaces, so the delimiter, unless the job sets it, is the one that finds the most known ids in the first
 * lines.
 */
#include "ingest/names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
  NODE_NAME_MOST = 255,
  NODE_NAME_PROBE = 100
}; /* longest name in bytes; lines read to detect the delimiter */

typedef struct reader {
  const char *key;
  const kith_name_source *source;
  kith__id_map *node;
  kith__lines lines;
  kith__delimiter delimiter;
  int id, name;   /* columns from 0; name -1: the rest of the line */
  int64_t *begin; /* [nodes] 1 + offset of the name in `pool`; 0: none */
  uint8_t *size;  /* [nodes] */
  char *pool;
  int64_t used, capacity;
  int width;
  kith_name_report report;
  kith_list_report list;
} reader;

/* ---- delimiter and columns ---- */

/* Whether a field is the id of a known node. */
static kith_status reader_knows(reader *r, kith__field id, bool *known) {
  int64_t value = 0;
  int32_t number = -1;
  kith_status st = KITH_OK;
  bool may_be = r->node->text ? id.size > 0 && id.size <= KITH__ID_BYTES
                              : kith__field_integer(id, &value) && value >= 0;
  if (may_be) st = kith__id_map_add(r->node, &r->lines, id, false, &number);
  *known = !kith_is_bad(st) && number >= 0;
  return st == KITH_EDATA ? KITH_OK : st; /* with a wrong delimiter, the first field may be an invalid id */
}

/* Count the first lines that begin with a known id, for one delimiter; *all: whether all do. */
static kith_status reader_try(reader *r, const kith__delimiter *delimiter, int64_t *known, bool *all) {
  kith_status st = KITH_OK;
  kith__field line, id;
  bool is = false;
  *known = 0;
  *all = true;
  KITH_TRY(kith__lines_open(r->source->path, &r->lines));
  for (int i = 0; i < NODE_NAME_PROBE; i++) {
    KITH_TRY(kith__lines_next(&r->lines, &line));
    if (line.size < 0) break;
    is = kith__field_next(delimiter, &line, &id) && line.at && line.size > 0; /* there must be a name */
    if (is) KITH_TRY(reader_knows(r, id, &is));
    *known += is;
    *all = *all && is;
  }
done:
  kith__lines_close(&r->lines);
  return st;
}

/* Without known ids, detect the delimiter as for other lists. */
static kith_status reader_guess_plain(reader *r) {
  kith_status st = KITH_OK;
  kith__field line;
  KITH_TRY(kith__lines_open(r->source->path, &r->lines));
  KITH_TRY(kith__lines_next(&r->lines, &line));
  if (line.size >= 0) r->delimiter = kith__delimiter_detect(line);
done:
  kith__lines_close(&r->lines);
  return st;
}

static kith_status reader_guess(reader *r) {
  kith_status st = KITH_OK;
  static const char *const sign[] = {"\t", "::", "|", ";", ",", ""};
  int64_t most = 0, known = 0;
  bool all = false;
  r->delimiter = kith__delimiter_make(r->source->delimiter);
  if (r->source->delimiter[0]) return st;
  for (size_t i = 0; i < sizeof sign / sizeof *sign && !(all && known > 0); i++) {
    kith__delimiter delimiter = kith__delimiter_make(sign[i]);
    KITH_TRY(reader_try(r, &delimiter, &known, &all));
    if (known > most) r->delimiter = delimiter;
    if (known > most) most = known;
  }
  if (most == 0) KITH_TRY(reader_guess_plain(r));
done:
  return st;
}

/* A column, given by number or, with a header, by name. */
static kith_status reader_column(const reader *r, kith__field header, const char *text, int *column) {
  char *end = NULL;
  long number = strtol(text, &end, 10);
  kith__delimiter delimiter = r->delimiter;
  kith__field field;
  if (!text[0]) return KITH_OK;
  delimiter.read_only = true; /* the header is split once per column */
  for (int i = 0; header.size >= 0 && i < KITH__MAX_FIELDS && kith__field_next(&delimiter, &header, &field);
       i++)
    if ((size_t)field.size == strlen(text) && memcmp(field.at, text, (size_t)field.size) == 0) {
      *column = i;
      return KITH_OK;
    }
  if (*end || number < 1 || number > KITH__MAX_FIELDS)
    return kith_fail(KITH_ECONFIG, "%s: %s.columns: no column \"%s\"%s", r->source->path, r->key, text,
                     r->source->header ? " in the header"
                                       : "; columns are called by names only with header: true");
  *column = (int)number - 1;
  return KITH_OK;
}

/* `line` is the first line; a header is skipped. */
static kith_status reader_columns(reader *r, kith__field *line) {
  kith_status st = KITH_OK;
  kith__field header = r->source->header ? *line : (kith__field){NULL, -1};
  r->id = 0;
  r->name = -1;
  KITH_TRY(reader_column(r, header, r->source->id, &r->id));
  KITH_TRY(reader_column(r, header, r->source->name, &r->name));
  KITH_CHECK(r->id != r->name, KITH_ECONFIG,
             "%s: column %d cannot be both the id and the name; set %s.columns.name", r->source->path,
             r->id + 1, r->key);
  if (!r->source->header) goto done;
  KITH_TRY(kith__lines_set_header(&r->lines, *line));
  KITH_TRY(kith__lines_next(&r->lines, line));
done:
  return st;
}

/* ---- lines ---- */

static kith__field field_trim(kith__field c) {
  while (c.size > 0 && (c.at[0] == ' ' || c.at[0] == '\t')) c = (kith__field){c.at + 1, c.size - 1};
  while (c.size > 0 && (c.at[c.size - 1] == ' ' || c.at[c.size - 1] == '\t')) c.size--;
  return c;
}

/* The rest of the line; if it is a single field, without its quotes. */
static kith__field reader_behind(const reader *r, kith__field rest) {
  kith__delimiter look = r->delimiter;
  kith__field all = field_trim(rest), ahead = rest, field = {"", 0};
  look.read_only = true; /* keep quotes unless there is only one field */
  bool single = rest.at && look.size > 0 && kith__field_next(&look, &ahead, &field) && !ahead.at;
  if (single && kith__field_next(&r->delimiter, &rest, &field)) return field;
  return all.at ? all : (kith__field){"", 0};
}

static kith_status reader_cut(const reader *r, kith__field line, kith__field *id, kith__field *name) {
  kith__field field;
  bool has_id = false, has_name = false;
  int last = r->id > r->name ? r->id : r->name, n = 0;
  for (; n <= last && kith__field_next(&r->delimiter, &line, &field); n++) {
    if (n == r->id) *id = field;
    if (n == r->name) *name = field;
    has_id |= n == r->id;
    has_name |= n == r->name;
  }
  kith_status st = kith__field_end(&r->delimiter, &r->lines, n <= last ? line : (kith__field){NULL, 0});
  if (kith_is_bad(st)) return st;
  if (!has_id || (r->name >= 0 && !has_name))
    return kith__lines_fail(&r->lines, "expected %s or more, found %d", KITH_COUNT(last + 1, "column(s)"), n);
  if (r->name < 0) *name = reader_behind(r, line);
  return KITH_OK;
}

/* Names are printed and written between tabs: no control characters. */
static kith_status reader_check(const reader *r, kith__field name) {
  uint32_t code = 0;
  for (int64_t at = 0, n = 1; at < name.size; at += n) {
    n = kith_utf8_decode(name.at + at, name.size - at, &code);
    if (n == 0)
      return kith__lines_fail(&r->lines,
                              "expected names in UTF-8, found byte 0x%02x (iconv -f latin1 -t utf-8 makes it "
                              "so, if the list is Latin-1)",
                              (unsigned char)name.at[at]);
    if (code == '\t')
      return kith__lines_fail(&r->lines, "a tab in the name; say which column has it: %s.columns.name",
                              r->key);
    if (kith_unicode_is_control(code))
      return kith__lines_fail(&r->lines,
                              "a control character, U+%04" PRIX32 ", in the name; names are printed", code);
  }
  return KITH_OK;
}

static kith_status reader_keep(reader *r, int32_t node, kith__field name) {
  kith_status st = KITH_OK;
  int64_t size = name.size;
  if (size > NODE_NAME_MOST) {
    for (size = NODE_NAME_MOST; ((unsigned char)name.at[size] & 0xc0) == 0x80;)
      size--; /* do not split a UTF-8 character */
    r->report.truncated++;
  }
  if (r->used + size > r->capacity) {
    int64_t capacity = 2 * (r->used + size) + 4096;
    KITH_TRY(KITH_GROW(r->pool, r->capacity, capacity));
    r->capacity = capacity;
  }
  memcpy(r->pool + r->used, name.at, (size_t)size);
  r->begin[node] = r->used + 1;
  r->size[node] = (uint8_t)size;
  r->used += size;
  r->report.named++;
  if (size > r->width) r->width = (int)size;
done:
  return st;
}

static kith_status reader_line(reader *r, kith__field line) {
  kith_status st = KITH_OK;
  kith__field id = {"", 0}, name = {"", 0};
  int32_t node = -1;
  int64_t value = 0;
  char shown[48];
  KITH_TRY(reader_cut(r, line, &id, &name));
  if (!r->node->text && !kith__field_integer(id, &value))
    return kith__lines_fail(
        &r->lines, "expected an integer %s id, found %s; if the line names columns, set %s.header: true",
        r->node->kind, kith__field_quote(id, shown), r->key);
  KITH_TRY(kith__id_map_add(r->node, &r->lines, id, false, &node));
  r->report.unknown += node < 0;
  if (node < 0 || name.size == 0) return st;
  r->report.repeated += r->begin[node] > 0;
  if (r->begin[node] > 0) return st;
  KITH_TRY(reader_check(r, name));
  KITH_TRY(reader_keep(r, node, name));
done:
  return st;
}

static kith_status reader_lines(reader *r) {
  kith_status st = KITH_OK;
  kith__field line;
  KITH_TRY(kith__lines_open(r->source->path, &r->lines));
  KITH_TRY(kith__lines_next(&r->lines, &line));
  if (line.size >= 0) KITH_TRY(reader_columns(r, &line));
  while (line.size >= 0) {
    KITH_TRY(reader_line(r, line));
    KITH_TRY(kith__lines_next(&r->lines, &line));
  }
  KITH_CHECK(r->report.named > 0, KITH_EDATA,
             "%s: expected lines of ids and names, found no name of a known %s; if columns are separated "
             "by another delimiter, set %s.delimiter",
             r->source->path, r->node->kind, r->key);
  r->list = kith__lines_report(&r->lines, "names", &r->delimiter);
  r->list.user = r->id + 1;
  r->list.item = r->name + 1;
done:
  kith__lines_close(&r->lines);
  return st;
}

kith_status kith__node_names_read(const char *key, const kith_name_source *source, kith__id_map *node,
                                  kith_ids *names, kith_name_report *report, kith_list_report *list) {
  kith_status st = KITH_OK;
  reader r = {.key = key, .source = source, .node = node};
  kith_ids text = {.n = node->n};
  KITH_TRY(KITH_NEW(r.begin, node->n));
  KITH_TRY(KITH_NEW(r.size, node->n));
  KITH_TRY(reader_guess(&r));
  KITH_TRY(reader_lines(&r));
  text.width = r.width;
  KITH_TRY(KITH_NEW(text.text, text.n * text.width));
  for (int64_t i = 0; i < text.n; i++)
    if (r.begin[i] > 0) memcpy(text.text + i * text.width, r.pool + r.begin[i] - 1, r.size[i]);
  r.report.unnamed = node->n - r.report.named;
  *report = r.report;
  *list = r.list;
  *names = text;
  text = (kith_ids){0};
done:
  kith_ids_free(&text);
  KITH_FREE(r.begin);
  KITH_FREE(r.size);
  KITH_FREE(r.pool);
  return st;
}
