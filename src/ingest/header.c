/* Detect headers that the job does not declare, whose fields would become ids, and declared ones that are
 * data. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ingest/dialect.h"

static const char *const user_words[] = {"user", "users",      "userid",      "user_id",   "user id",
                                         "uid",  "reviewerid", "customer_id", "customerid"};
static const char *const item_words[] = {"item",        "items",      "itemid",   "item_id",   "item id",
                                         "iid",         "movieid",    "movie_id", "artistid",  "artist_id",
                                         "asin",        "bookid",     "book_id",  "productid", "product_id",
                                         "business_id", "parent_asin"};

/* Names of the ends of an edge, and of its kind, as in lists of triples. */
static const char *const end_words[][2] = {
    {"head", "tail"},      {"head_id", "tail_id"},      {"h", "t"},     {"source", "target"},
    {"subject", "object"}, {"subject_id", "object_id"}, {"s", "o"},     {"from", "to"},
    {"source", "dest"},    {"source_id", "target_id"},  {"src", "dst"}, {"src", "dest"},
    {"headid", "tailid"}};
static const char *const kind_words[] = {"relation", "relation_id", "relationid", "relationship", "rel",
                                         "r",        "predicate",   "p",          "property",     "edge_type",
                                         "kind",     "type",        "label"};

#define IS_WORD(field, words) field_is_word(field, words, sizeof(words) / sizeof *(words))

/* Whether a field is a word, of letters in either case, as such or with a type: "head_id:token". */
static bool field_is(kith__field field, const char *word) {
  static const char type[] = ":token";
  size_t n = strlen(word), size = (size_t)field.size;
  bool typed = size == n + strlen(type) && strncasecmp(field.at + n, type, strlen(type)) == 0;
  return (size == n || typed) && strncasecmp(field.at, word, n) == 0;
}

static bool field_is_word(kith__field field, const char *const *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (field_is(field, words[i])) return true;
  return false;
}

bool kith__header_words(kith__field user, kith__field item) {
  return IS_WORD(user, user_words) && IS_WORD(item, item_words);
}

/* Whether two fields name the ends of an edge, in either order. */
static bool header_ends(kith__field a, kith__field b) {
  for (size_t i = 0; i < sizeof end_words / sizeof *end_words; i++)
    for (int k = 0; k < 2; k++)
      if (field_is(a, end_words[i][k]) && field_is(b, end_words[i][1 - k])) return true;
  return false;
}

/* Words may be nodes, too: beside a column of kinds it takes the name of that one, and letters take one. */
bool kith__header_edge(const kith__columns *c, const kith__field *field, int n) {
  if (c->user < 0 || c->item < 0 || c->user >= n || c->item >= n) return false;
  kith__field a = field[c->user], b = field[c->item];
  bool has_kind = c->kind >= 0 && c->kind < n, named = has_kind && IS_WORD(field[c->kind], kind_words);
  return kith__header_words(a, b) || ((has_kind ? named : a.size > 1) && header_ends(a, b));
}

static bool field_is_number(kith__field field) {
  int64_t whole;
  float real;
  return kith__field_integer(field, &whole) || kith__field_real(field, &real) ||
         kith__field_time(field, &whole);
}

/* Split a line into at most `most` fields, without changing it. */
static int line_field(const kith__candidate *w, kith__field line, int most, kith__field *field) {
  kith__delimiter delimiter = w->delimiter;
  int n = 0;
  delimiter.read_only = true;
  while (n < most && kith__field_next(&delimiter, &line, &field[n])) n++;
  return n;
}

enum { LOOKED = 16 }; /* columns that are checked */

/* The column in which the first line has a word, and all others have numbers: a time or weight only if there
 * is no other; -1: none. */
static int header_column(const kith__preview *a, const kith__candidate *w, int skip) {
  int found = -1;
  kith__field first[LOOKED], field[LOOKED];
  int n = line_field(w, a->line[0], LOOKED, first), others[LOOKED] = {0};
  bool numbers[LOOKED] = {false};
  for (int k = 0; k < n; k++) numbers[k] = first[k].size > 0 && !field_is_number(first[k]);
  for (int i = 1; i < a->n; i++) {
    int m = line_field(w, a->line[i], n, field);
    for (int k = 0; k < m; k++) {
      if (field[k].size == 0) continue;
      others[k]++;
      numbers[k] = numbers[k] && field_is_number(field[k]);
    }
  }
  for (int k = n - 1; k >= skip; k--)
    if (numbers[k] && others[k] > 0 && (found < 0 || (k != w->columns.time && k != w->columns.weight)))
      found = k;
  return found;
}

/* The line may be a header, or data whose time or weight is wrong. */
static kith_status header_or_value(const kith__preview *a, const kith__candidate *w, int column,
                                   const char *key) {
  kith__field field[LOOKED];
  char shown[48];
  int n = line_field(w, a->line[0], LOOKED, field);
  return kith_fail(
      KITH_EDATA,
      "%s:%lld: expected %s in column %d, found %s; set %s.header: true if this line names the columns",
      a->lines->path, (long long)a->number[0],
      column == w->columns.time ? "a time (seconds, or a date like 2010-10-19T23:55:27Z)"
                                : "a weight (a number)",
      column + 1, kith__field_quote(column < n ? field[column] : (kith__field){"", 0}, shown), key);
}

static void header_show(const kith__candidate *w, kith__field header, size_t size, char *text) {
  kith__field field[4];
  int n = line_field(w, header, 4, field);
  size_t used = 0;
  char shown[48];
  text[0] = '\0';
  for (int i = 0; i < n && used < size; i++)
    used +=
        (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", kith__field_quote(field[i], shown));
}

/* The job does not declare a header. */
static kith_status header_unannounced(const kith__preview *a, const kith__candidate *w, const char *key) {
  kith__field field[LOOKED];
  char shown[256];
  int n = line_field(w, a->line[0], LOOKED, field);
  bool words = kith__header_edge(&w->columns, field, n);
  int skip = a->policy->user->declared_text ? 2 : 0; /* text ids may look like numbers */
  int column = header_column(a, w, skip);
  if (!words && column < 0) return KITH_OK;
  if (!words && (column == w->columns.time || column == w->columns.weight))
    return header_or_value(a, w, column, key);
  header_show(w, a->line[0], sizeof shown, shown);
  return kith_fail(KITH_EDATA,
                   "%s:%lld: %s look like the names of columns; set %s.header: true if they are, false if "
                   "this line is data",
                   a->lines->path, (long long)a->number[0], shown, key);
}

static bool header_is_known_id(kith__id_map *map, const kith__lines *lines, kith__field id) {
  int64_t value;
  int32_t number = -1;
  bool may = map->n > 0 && id.size > 0 && (map->text || kith__field_integer(id, &value));
  return may && !kith_is_bad(kith__id_map_add(map, lines, id, false, &number)) && number >= 0;
}

/* Whether a field is a usual column name of a node type. */
static bool header_is_type(kith__field field, const kith__id_map *map) {
  if (strcmp(map->kind, "user") == 0) return IS_WORD(field, user_words);
  return strcmp(map->kind, "item") == 0 && IS_WORD(field, item_words);
}

/* The header names the two ends in other columns than those that are read. */
static kith_status header_misplaced(const kith__preview *a, const kith__dialect *d, const kith__field *field,
                                    int n, const char *key) {
  bool named = a->source->user[0] || a->source->item[0], bad = n > 0 && field[0].size == 0;
  const kith__edge_policy *p = a->policy;
  char shown[256];
  for (int i = 0; i < n && p->user != p->item; i++)
    bad = bad || header_is_type(field[i], i != 0 ? p->user : p->item);
  if (named || !bad) return KITH_OK;
  header_show(&d->candidate, d->header, sizeof shown, shown);
  return kith_fail(KITH_EDATA,
                   "%s:%lld: columns are called %s, but the first would be the %s and the second the %s; "
                   "set %s.columns.%s and .%s",
                   a->lines->path, (long long)d->header_number, shown, p->user->kind, p->item->kind, key,
                   kith__edge_end(p, 0), kith__edge_end(p, 1));
}

/* The job declares a header: known ids or numbers are data. */
static kith_status header_announced(const kith__preview *a, const kith__dialect *d, const char *key) {
  kith_status st = KITH_OK;
  const kith__columns *c = &d->candidate.columns;
  kith__field field[LOOKED];
  int64_t value;
  char shown[256];
  int n = line_field(&d->candidate, d->header, LOOKED, field);
  KITH_TRY(header_misplaced(a, d, field, n, key));
  if (c->user >= n || c->item >= n || c->user < 0 || c->item < 0) goto done;
  header_show(&d->candidate, d->header, sizeof shown, shown);
  KITH_CHECK(!header_is_known_id(a->policy->user, a->lines, field[c->user]) &&
                 !header_is_known_id(a->policy->item, a->lines, field[c->item]),
             KITH_EDATA, "%s:%lld: %s would be the names of columns, but are ids; set %s.header: false",
             a->lines->path, (long long)d->header_number, shown, key);
  if (kith__field_integer(field[c->user], &value) && kith__field_integer(field[c->item], &value))
    kith_warn("%s:%lld: %s are taken for the names of columns, as %s.header says", a->lines->path,
              (long long)d->header_number, shown, key);
done:
  return st;
}

kith_status kith__dialect_check_header(const kith__preview *a, const kith__dialect *d) {
  const char *key = a->policy->key ? a->policy->key : "data.interactions";
  if (d->format != KITH_EDGES || a->n == 0) return KITH_OK;
  if (d->header.size >= 0) return header_announced(a, d, key);
  return a->source->header == KITH_HEADER_AUTO ? header_unannounced(a, &d->candidate, key) : KITH_OK;
}
