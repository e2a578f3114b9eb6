/* Headers that nobody announced, and announced ones that are none: told by the line, since ids would be made
 * of them. */
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

#define IS_WORD(cell, words) cell_is_word(cell, words, sizeof(words) / sizeof *(words))

static bool cell_is_word(kith__cell cell, const char *const *words, size_t n) {
  for (size_t i = 0; i < n; i++)
    if ((size_t)cell.size == strlen(words[i]) && strncasecmp(cell.at, words[i], (size_t)cell.size) == 0)
      return true;
  return false;
}

bool kith__header_words(kith__cell user, kith__cell item) {
  return IS_WORD(user, user_words) && IS_WORD(item, item_words);
}

static bool cell_is_number(kith__cell cell) {
  int64_t whole;
  float real;
  return kith__cell_integer(cell, &whole) || kith__cell_real(cell, &real) || kith__cell_time(cell, &whole);
}

/* Cells of a line, dry; at most `most`. */
static int line_cells(const kith__way *w, kith__cell line, int most, kith__cell *cell) {
  kith__knife knife = w->knife;
  int n = 0;
  knife.dry = true;
  while (n < most && kith__knife_cut(&knife, &line, &cell[n])) n++;
  return n;
}

enum { LOOKED = 16 }; /* columns */

/* Whether the first line has a word where all others, which have something there, have numbers. */
static bool header_differs(const kith__sample *a, const kith__way *w, int skip) {
  kith__cell first[LOOKED], cell[LOOKED];
  int n = line_cells(w, a->line[0], LOOKED, first), others[LOOKED] = {0};
  bool numbers[LOOKED];
  for (int k = 0; k < n; k++) numbers[k] = first[k].size > 0 && !cell_is_number(first[k]);
  for (int i = 1; i < a->n; i++) {
    int m = line_cells(w, a->line[i], n, cell);
    for (int k = 0; k < m; k++) {
      if (cell[k].size == 0) continue;
      others[k]++;
      numbers[k] = numbers[k] && cell_is_number(cell[k]);
    }
  }
  for (int k = 0; k < n; k++)
    if (numbers[k] && others[k] > 0 && k >= skip) return true;
  return false;
}

static void header_show(const kith__way *w, kith__cell header, size_t size, char *text) {
  kith__cell cell[4];
  int n = line_cells(w, header, 4, cell);
  size_t used = 0;
  char shown[48];
  text[0] = '\0';
  for (int i = 0; i < n && used < size; i++)
    used +=
        (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", kith__cell_show(cell[i], shown));
}

/* Nobody said that there is a header. */
static kith_status header_unannounced(const kith__sample *a, const kith__way *w, const char *key) {
  kith__cell cell[LOOKED];
  char shown[256];
  int n = line_cells(w, a->line[0], LOOKED, cell);
  bool words = n > w->columns.user && n > w->columns.item &&
               kith__header_words(cell[w->columns.user], cell[w->columns.item]);
  int skip = a->meet->user->asked ? 2 : 0; /* where ids are text, some look like numbers */
  if (!words && !header_differs(a, w, skip)) return KITH_OK;
  header_show(w, a->line[0], sizeof shown, shown);
  return kith_fail(KITH_EDATA,
                   "%s:%lld: %s look like the names of columns; set %s.header: true if they are, false if "
                   "this line is data",
                   a->lines->path, (long long)a->number[0], shown, key);
}

static bool meet_has(kith__names *names, const kith__lines *lines, kith__cell id) {
  int64_t value;
  int32_t number = -1;
  bool may = names->n > 0 && id.size > 0 && (names->text || kith__cell_integer(id, &value));
  return may && !kith_is_bad(kith__names_take(names, lines, id, false, &number)) && number >= 0;
}

/* The header names user and item in other columns than those that would be read. */
static kith_status header_misplaced(const kith__sample *a, const kith__dialect *d, const kith__cell *cell,
                                    int n, const char *key) {
  bool named = a->source->user[0] || a->source->item[0], bad = n > 0 && cell[0].size == 0;
  char shown[256];
  for (int i = 0; i < n; i++)
    bad = bad || (i != 0 && IS_WORD(cell[i], user_words)) || (i == 0 && IS_WORD(cell[i], item_words));
  if (named || !bad) return KITH_OK;
  header_show(&d->way, d->header, sizeof shown, shown);
  return kith_fail(KITH_EDATA,
                   "%s:%lld: columns are called %s, but the first would be the user and the second the item; "
                   "set %s.columns.user and .item",
                   a->lines->path, (long long)d->header_number, shown, key);
}

/* A line of known ids, or of numbers, is data. */
static kith_status header_announced(const kith__sample *a, const kith__dialect *d, const char *key) {
  kith_status st = KITH_OK;
  const kith__columns *c = &d->way.columns;
  kith__cell cell[LOOKED];
  int64_t value;
  char shown[256];
  int n = line_cells(&d->way, d->header, LOOKED, cell);
  KITH_TRY(header_misplaced(a, d, cell, n, key));
  if (c->user >= n || c->item >= n || c->user < 0 || c->item < 0) goto done;
  header_show(&d->way, d->header, sizeof shown, shown);
  KITH_CHECK(!meet_has(a->meet->user, a->lines, cell[c->user]) &&
                 !meet_has(a->meet->item, a->lines, cell[c->item]),
             KITH_EDATA, "%s:%lld: %s would be the names of columns, but are ids; set %s.header: false",
             a->lines->path, (long long)d->header_number, shown, key);
  if (kith__cell_integer(cell[c->user], &value) && kith__cell_integer(cell[c->item], &value))
    kith_warn("%s:%lld: %s are taken for the names of columns, as %s.header says", a->lines->path,
              (long long)d->header_number, shown, key);
done:
  return st;
}

kith_status kith__dialect_check_header(const kith__sample *a, const kith__dialect *d) {
  const char *key = a->meet->key ? a->meet->key : "data.interactions";
  if (d->format != KITH_EDGES || a->n == 0) return KITH_OK;
  if (d->header.size >= 0) return header_announced(a, d, key);
  return a->source->header == KITH_HEADER_AUTO ? header_unannounced(a, &d->way, key) : KITH_OK;
}
