/* Tables on narrow screens (narrow.h). */
#include "report/narrow.h"

#include <string.h>

enum {
  NARROW_COLUMNS = 32,
  NARROW_ROOM = 38, /* characters that a row of a table has on a phone … */
  NARROW_GAP = 1,   /* … with so many between two columns, … */
  NARROW_WIDE = 14  /* … and this for a cell whose text is broken */
};

/* A part of the HTML. */
typedef struct narrow_part {
  const char *text;
  int64_t n;
} narrow_part;

typedef struct narrow_table {
  int n;
  narrow_part name[NARROW_COLUMNS]; /* of columns, as HTML without elements */
  int width[NARROW_COLUMNS];        /* characters that a column needs */
} narrow_table;

/* The next cell of a table before `end`: where its tag begins, or null; *inner is what it has. */
static const char *narrow_cell(const char *at, const char *end, narrow_part *inner) {
  for (; (at = memchr(at, '<', (size_t)(end - at))); at++) {
    if (strncmp(at, "<td", 3) != 0 && (strncmp(at, "<th", 3) != 0 || at[3] == 'e')) continue;
    const char *begin = strchr(at, '>') + 1, *close = strstr(begin, at[2] == 'd' ? "</td>" : "</th>");
    if (!close || close > end) return NULL;
    *inner = (narrow_part){begin, close - begin};
    return at;
  }
  return NULL;
}

static bool narrow_tag_has(const char *tag, const narrow_part *inner, const char *word) {
  const char *found = strstr(tag, word);
  return found && found < inner->text;
}

/* Characters of a text without its elements: all, or those of the longest word.  An entity is one. */
static int narrow_width(const narrow_part *inner, bool word) {
  int n = 0, most = 0;
  bool in_tag = false, in_entity = false;
  for (int64_t i = 0; i < inner->n; i++) {
    const char c = inner->text[i];
    if (c == '<') in_tag = true;
    if (c == '&') in_entity = true;
    if (word && (c == ' ' || c == '<')) n = 0;
    if (!in_tag && (!in_entity || c == ';') && ((unsigned char)c & 0xc0) != 0x80) n++;
    if (c == '>') in_tag = false;
    if (c == ';') in_entity = false;
    if (n > most) most = n;
  }
  return most;
}

static void narrow_widen(narrow_table *t, int column, int width) {
  if (width > t->width[column]) t->width[column] = width;
}

/* Names and widths of the columns. */
static void narrow_measure(narrow_table *t, const char *begin, const char *end) {
  const char *body = strstr(begin, "</thead>");
  narrow_part inner;
  *t = (narrow_table){.n = 0};
  if (!body || body > end) return;
  for (const char *at = begin; t->n < NARROW_COLUMNS && (at = narrow_cell(at, body, &inner)); at++) {
    t->name[t->n] = inner;
    t->width[t->n++] = narrow_width(&inner, true);
  }
  int column = 0;
  for (const char *at = body; t->n > 0 && (at = narrow_cell(at, end, &inner)); at++) {
    const bool bar = narrow_tag_has(at, &inner, "class=\"bar\"");
    const bool wide = narrow_tag_has(at, &inner, "wide") || narrow_tag_has(at, &inner, "class=\"run\"");
    int width = bar ? 4 : narrow_width(&inner, wide);
    narrow_widen(t, column, wide && width < NARROW_WIDE ? NARROW_WIDE : width);
    column = (column + 1) % t->n;
  }
}

static bool narrow_fits(const narrow_table *t) {
  int all = 0;
  for (int k = 0; k < t->n; k++) all += t->width[k] + NARROW_GAP;
  return all <= NARROW_ROOM;
}

/* The name of a column as an attribute: its text is escaped, and elements in it are left out. */
static void narrow_name(report_page *p, const narrow_part *name) {
  kith__page_html(p, " data-l=\"");
  for (int64_t i = 0; i < name->n;) {
    const char *from = name->text + i, *open = memchr(from, '<', (size_t)(name->n - i));
    kith__page_append(p, from, open ? open - from : name->n - i);
    if (!open) break;
    const char *close = memchr(open, '>', (size_t)(name->text + name->n - open));
    i = close ? close + 1 - name->text : name->n;
  }
  kith__page_html(p, "\"");
}

/* A table whose rows can be blocks: `begin` is at "<table". */
static void narrow_rows(report_page *p, const narrow_table *t, const char *begin, const char *end) {
  narrow_part inner;
  const char *from = strstr(begin, "</thead>"), *class = strstr(begin, "class=\"");
  int column = 0;
  if (class && class < strchr(begin, '>')) {
    kith__page_html(p, "<table class=\"rows ");
    begin = class + strlen("class=\"");
  } else {
    kith__page_html(p, "<table class=\"rows\"");
    begin += strlen("<table");
  }
  kith__page_append(p, begin, from - begin);
  for (const char *at = from; (at = narrow_cell(at, end, &inner)); at++) {
    kith__page_append(p, from, at + 3 - from);
    narrow_name(p, &t->name[column]);
    from = at + 3;
    column = (column + 1) % t->n;
  }
  kith__page_append(p, from, end - from);
}

void kith__narrow_put(report_page *p, const char *html) {
  narrow_table t;
  for (const char *begin; (begin = strstr(html, "<table"));) {
    const char *end = strstr(begin, "</table>");
    if (!end) break;
    kith__page_append(p, html, begin - html);
    narrow_measure(&t, begin, end);
    if (t.n == 0 || narrow_fits(&t)) kith__page_append(p, begin, end - begin);
    else narrow_rows(p, &t, begin, end);
    html = end;
  }
  kith__page_html(p, html);
}
