/* Reading a whole list, adjacency or edges, into blocks of numbered pairs. */
#include <stdio.h>
#include <string.h>

#include "ingest/dialect.h"

/* ---- blocks ---- */

/* Blocks grow to a few huge pages, just filled, and are given back one by one. */
static const int64_t block_first = 1 << 14, block_last = (4 << 20) - 64;

kith_status kith__pairs_grow(kith__pairs *pairs) {
  kith_status st = KITH_OK;
  int64_t each = 2 * (int64_t)sizeof(int32_t) + (pairs->has_time ? 8 : 0) + (pairs->has_weight ? 4 : 0);
  int64_t bytes = pairs->last ? 2 * pairs->last->room * each : block_first;
  int64_t room = ((bytes < block_last ? bytes : block_last) - (int64_t)sizeof(kith__block)) / each;
  char *memory = NULL;
  KITH_TRY(KITH_NEW(memory, (int64_t)sizeof(kith__block) + room * each));
  kith__block *b = (kith__block *)(void *)memory;
  int64_t *wide = (int64_t *)(void *)(b + 1);
  b->room = room;
  b->time = pairs->has_time ? wide : NULL;
  b->user = (int32_t *)(void *)(wide + (pairs->has_time ? room : 0));
  b->item = b->user + room;
  b->weight = pairs->has_weight ? (float *)(void *)(b->item + room) : NULL;
  if (pairs->last) pairs->last->next = b;
  else pairs->first = b;
  pairs->last = b;
done:
  return st;
}

void kith__pairs_free(kith__pairs *pairs) {
  for (kith__block *b = pairs->first, *next; b; b = next) {
    next = b->next;
    KITH_FREE(b);
  }
  *pairs = (kith__pairs){.has_time = pairs->has_time, .has_weight = pairs->has_weight};
}

/* ---- which column is what ---- */

/* An edge list that is being read. */
typedef struct edges {
  kith__knife knife;
  kith__columns c;
  int most; /* cells that a line may have; 0: any number */
  kith__time_units units;
  bool named;  /* a line of the names of columns is none of data */
  float least; /* weight of a line that counts; 0: whatever it is */
} edges;

/* A header's cells in a message: "uid", "iid", "ts". */
static void columns_show(kith__knife knife, kith__cell header, size_t size, char *text) {
  kith__cell cell;
  size_t used = 0;
  char shown[48];
  text[0] = '\0';
  knife.dry = true;
  while (kith__knife_cut(&knife, &header, &cell) && used + sizeof shown + 2 < size)
    used +=
        (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", kith__cell_show(cell, shown));
}

static kith_status column_check(const kith__lines *lines, const kith__dialect *d, const char *name,
                                int place) {
  kith_status st = KITH_OK;
  char found[512];
  if (place > -2 && name[0] && d->header.size >= 0)
    KITH_CHECK(kith__column_count(&d->way.knife, d->header, name) < 2, KITH_EDATA,
               "%s:%lld: several columns are called \"%s\" in the header; give the number of the one, from 1",
               lines->path, (long long)d->header_number, name);
  if (place > -2) goto done;
  KITH_CHECK(d->header.size >= 0, KITH_ECONFIG,
             "%s: column \"%s\" is no number from 1 to %d, and names need %s.header: true", lines->path, name,
             KITH__CELLS, lines->key);
  columns_show(d->way.knife, d->header, sizeof found, found);
  st = kith_fail(KITH_EDATA, "%s:%lld: expected a column \"%s\" in the header, found %s", lines->path,
                 (long long)d->header_number, name, found);
done:
  return st;
}

/* No column is two things at once. */
static kith_status columns_check_apart(const kith__lines *lines, const kith__columns *c) {
  static const char *const what[] = {"user", "item", "time", "weight"};
  const int place[] = {c->user, c->item, c->time, c->weight};
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < i; j++)
      if (place[i] >= 0 && place[i] == place[j])
        return kith_fail(
            KITH_ECONFIG,
            "%s: column %d would be the %s and the %s; set %s.columns.%s and .%s to different ones",
            lines->path, place[i] + 1, what[j], what[i], lines->key, what[j], what[i]);
  return KITH_OK;
}

static kith_status columns_check(const kith_source *s, const kith__lines *lines, const kith__dialect *d) {
  kith_status st = KITH_OK;
  const kith__columns *c = &d->way.columns;
  KITH_TRY(column_check(lines, d, s->user, c->user));
  KITH_TRY(column_check(lines, d, s->item, c->item));
  KITH_TRY(column_check(lines, d, s->time, c->time));
  KITH_TRY(column_check(lines, d, s->weight, c->weight));
  KITH_TRY(columns_check_apart(lines, c));
done:
  return st;
}

/* Columns that nobody reads may be what somebody wants. */
static void columns_warn_unread(const kith_source *s, const kith__lines *lines, const kith__way *w) {
  if (w->min != w->max || w->max <= 2 || s->user[0] || s->item[0] || s->time[0] || s->weight[0]) return;
  kith_warn(
      "%s: %s %s not read; name %s with %s.columns.weight or .time, or name .user and .item to leave %s out",
      lines->path,
      w->max == 3   ? "column 3"
      : w->max == 4 ? "columns 3 and 4"
                    : "the columns from 3 on",
      w->max == 3 ? "is" : "are", w->max == 3 ? "it" : "them", lines->key, w->max == 3 ? "it" : "them");
}

/* ---- reading ---- */

/* The number of an id; -1 if it is unknown and its pairs are to be left out. */
static inline kith_status meet_one(const kith__meet *meet, kith__names *names, bool add,
                                   const kith__lines *lines, kith__cell id, int32_t *number) {
  char shown[48];
  kith_status st = kith__names_meet(names, lines, id, add, number);
  if (kith_is_bad(st) || *number >= 0 || meet->skip_unknown) return st;
  return kith__lines_fail(lines, "expected %s %s that the %s, found %s", names->what[0] == 'i' ? "an" : "a",
                          names->what, meet->wanted ? "graph knows" : "interactions know",
                          kith__cell_show(id, shown));
}

static inline kith_status meet_user(const kith__meet *meet, const kith__lines *lines, kith__cell id,
                                    int32_t *number) {
  return meet_one(meet, meet->user, meet->new_users, lines, id, number);
}

static inline kith_status meet_item(const kith__meet *meet, const kith__lines *lines, kith__cell id,
                                    int32_t *number) {
  return meet_one(meet, meet->item, meet->new_items, lines, id, number);
}

/* Whether a list of what is new names a pair of which nothing is. */
static inline bool meet_is_old(const kith__meet *meet, int32_t user, int32_t item) {
  return meet->wanted && user >= 0 && item >= 0 && user < meet->n_known[KITH_USER] &&
         item < meet->n_known[KITH_ITEM];
}

static kith_status meet_refuse_old(const kith__meet *meet, const kith__lines *lines, kith__cell user,
                                   kith__cell item) {
  char shown[2][48];
  return kith__lines_fail(lines, "expected %s, found user %s and item %s, who are in the graph both",
                          meet->wanted, kith__cell_show(user, shown[0]), kith__cell_show(item, shown[1]));
}

/* Keep a pair, or count it as left out. */
static inline kith_status meet_pair(kith__meet *meet, kith__pairs *pairs, int32_t user, int32_t item,
                                    int64_t time, float weight) {
  if (user >= 0 && item >= 0) return kith__pairs_add(pairs, user, item, time, weight);
  meet->skipped++;
  return KITH_OK;
}

static kith_status edges_refuse(const kith__lines *lines, const edges *e, int found) {
  const char *by = e->knife.size == 0 ? "white space" : e->knife.text[0] == '\t' ? "tabs" : e->knife.text;
  bool sign = e->knife.size > 0 && e->knife.text[0] != '\t';
  return kith__lines_fail(lines, "expected %d columns or more, parted by %s%s%s, found %d", e->c.n,
                          sign ? "\"" : "", by, sign ? "\"" : "", found);
}

/* The first lines said that lines are equally long, which told the format. */
static kith_status edges_few(const kith__lines *lines, const edges *e, int n) {
  return kith__lines_fail(
      lines, "expected %d columns, as in the first lines, found %d; set %s.format: adjacency or edges",
      e->most, n, lines->key);
}

/* What stands behind the columns that are read: quotes must be right; and where the format was told by the
 * first lines, there are no more. */
static kith_status edges_end(const kith__lines *lines, const edges *e, kith__cell rest, int n) {
  kith__cell at = rest, cell;
  kith__knife knife = e->knife;
  knife.dry = true;
  while (e->most > 0 && n <= e->most && kith__knife_cut(&knife, &at, &cell)) n++;
  if (e->most > 0 && n > e->most)
    return kith__lines_fail(
        lines, "expected %d columns, as in the first lines, found more; set %s.format: adjacency or edges",
        e->most, lines->key);
  if (e->most > 0 && n < e->most) return edges_few(lines, e, n);
  return kith__knife_end(&e->knife, lines, rest);
}

/* The first line was looked at before; in the middle, the names of columns stand where files were joined. */
static kith_status edges_named(const kith__lines *lines, kith__cell user, kith__cell item) {
  char shown[2][48];
  return kith__lines_fail(
      lines,
      "%s, %s look like the names of columns in the middle of the list; leave the line out, "
      "or set %s.header: false if all lines are data",
      kith__cell_show(user, shown[0]), kith__cell_show(item, shown[1]), lines->key);
}

static kith_status edges_line(const kith__lines *lines, edges *e, kith__cell line, kith__meet *meet,
                              kith__pairs *pairs) {
  kith_status st = KITH_OK;
  const kith__columns *c = &e->c;
  kith__cell cell[KITH__CELLS];
  int32_t user, item, n_user = meet->user->n;
  int64_t time = 0;
  float weight = 0;
  char shown[48];
  int n = 0;
  while (n < c->n && kith__knife_next(&e->knife, &line, &cell[n])) n++;
  if (line.size != 0) KITH_TRY(edges_end(lines, e, line, n));
  if (n < c->n || (line.size == 0 && n < e->most)) {
    st = n < c->n ? edges_refuse(lines, e, n) : edges_few(lines, e, n);
    goto done;
  }
  if (c->weight >= 0 && !kith__cell_real(cell[c->weight], &weight)) {
    st = kith__lines_fail(lines, "expected a weight (a number), found %s",
                          kith__cell_show(cell[c->weight], shown));
    goto done;
  }
  if (e->least > 0 && weight < e->least) {
    meet->light++;
    goto done;
  }
  KITH_TRY(meet_user(meet, lines, cell[c->user], &user));
  KITH_TRY(meet_item(meet, lines, cell[c->item], &item));
  if (meet->user->n > n_user && e->named && kith__header_words(cell[c->user], cell[c->item]))
    return edges_named(lines, cell[c->user], cell[c->item]);
  if (c->time >= 0 && !kith__cell_time(cell[c->time], &time)) {
    st = kith__lines_fail(lines, "expected a time (seconds, or a date like 2010-10-19T23:55:27Z), found %s",
                          kith__cell_show(cell[c->time], shown));
    goto done;
  }
  if (c->time >= 0) kith__time_units_add(&e->units, lines->number, time);
  if (meet_is_old(meet, user, item)) return meet_refuse_old(meet, lines, cell[c->user], cell[c->item]);
  st = meet_pair(meet, pairs, user, item, time, weight);
done:
  return st;
}

/* The header as it would stand among data. */
static kith__cell header_alone(const kith__dialect *d) {
  kith__cell h = d->header;
  while (d->way.commented && h.size > 0 && (h.at[0] == ' ' || h.at[0] == '\t'))
    h = (kith__cell){h.at + 1, h.size - 1};
  return h;
}

static kith_status edges_read(const kith_source *s, const kith__dialect *d, kith__lines *lines,
                              kith__meet *meet, kith__pairs *pairs) {
  kith_status st = KITH_OK;
  const kith__way *w = &d->way;
  edges e = {.knife = w->knife,
             .c = w->columns,
             .named = s->header != KITH_HEADER_NO,
             .least = (float)s->least_weight}; /* as the weights are read, so that equal texts are equal */
  kith__cell line;
  if (s->format == KITH_FORMAT_AUTO && w->min == w->max) e.most = w->max;
  pairs->has_time = e.c.time >= 0;
  pairs->has_weight = e.c.weight >= 0;
  if (d->header.size >= 0) KITH_TRY(kith__lines_set_header(lines, header_alone(d)));
  KITH_TRY(kith__lines_next(lines, &line));
  while (line.size >= 0) {
    KITH_TRY(edges_line(lines, &e, line, meet, pairs));
    KITH_TRY(kith__lines_next(lines, &line));
  }
  columns_warn_unread(s, lines, w);
  kith__time_units_warn(&e.units, lines->path);
done:
  return st;
}

/* A user alone on a line is a user without items, but a user all the same. */
static kith_status adjacency_line(const kith__lines *lines, const kith__knife *knife, kith__cell line,
                                  kith__meet *meet, kith__pairs *pairs, int *n) {
  kith_status st = KITH_OK;
  kith__cell user, item;
  int32_t u, i;
  *n = 1;
  if (!kith__knife_cut(knife, &line, &user)) return kith__knife_end(knife, lines, line);
  KITH_TRY(meet_user(meet, lines, user, &u));
  while (kith__knife_cut(knife, &line, &item)) {
    if (item.size == 0 && !line.at) break; /* a delimiter that closes the line */
    ++*n;
    KITH_TRY(meet_item(meet, lines, item, &i));
    if (meet_is_old(meet, u, i)) return meet_refuse_old(meet, lines, user, item);
    KITH_TRY(meet_pair(meet, pairs, u, i, 0, 0));
  }
  KITH_TRY(kith__knife_end(knife, lines, line));
done:
  return st;
}

static kith_status adjacency_read(const kith__dialect *d, kith__lines *lines, kith__meet *meet,
                                  kith__pairs *pairs) {
  kith_status st = KITH_OK;
  kith__cell line;
  int n = 0, min = INT32_MAX, max = 0;
  KITH_TRY(kith__lines_next(lines, &line));
  while (line.size >= 0) {
    KITH_TRY(adjacency_line(lines, &d->way.knife, line, meet, pairs, &n));
    if (n < min) min = n;
    if (n > max) max = n;
    KITH_TRY(kith__lines_next(lines, &line));
  }
  if (min == max && (n == 3 || n == 4) && lines->n_data > 1)
    kith_warn("%s: all lines have the same number of columns, %d; if they are a pair, a weight or a time, "
              "set %s.format: edges",
              lines->path, n, lines->key);
done:
  return st;
}

/* No pair was found, unless too light ones. */
static kith_status pairs_none(const kith_source *s, const kith__lines *lines, kith__knife knife,
                              int64_t number, kith_format format, int64_t light) {
  const char *expected = format == KITH_EDGES ? "lines of a user and an item" : "lines of a user and items";
  if (light > 0)
    return kith_fail(KITH_EDATA, "%s: none of its %lld lines has a weight of %.9g or more", s->path,
                     (long long)light, s->least_weight);
  if (format != KITH_EDGES && !s->delimiter[0] && knife.size > 0 && knife.text[0] != '\t')
    return kith_fail(KITH_EDATA,
                     "%s: expected %s, found no pair in it; line %lld looks like columns parted by \"%s\": "
                     "say format: edges",
                     s->path, expected, (long long)number, knife.text);
  if (lines->n_comment > 0)
    return kith_fail(KITH_EDATA,
                     "%s: expected %s, found no pair in it; %lld of its lines begin with #: set %s.comment: "
                     "none if the # belongs to ids",
                     s->path, expected, (long long)lines->n_comment, lines->key);
  return kith_fail(KITH_EDATA, "%s: expected %s, found no pair in it%s", s->path, expected,
                   lines->number == 0 ? ": it is empty" : "");
}

static void pairs_report(const kith__dialect *d, const kith__lines *lines, kith_list_report *r) {
  const kith__way *w = &d->way;
  *r = (kith_list_report){.format = d->format,
                          .n_column = w->min == w->max ? w->max : 0,
                          .lines = lines->n_data - lines->n_header,
                          .repeated = lines->n_header,
                          .comments = lines->n_comment,
                          .blank = lines->n_blank};
  memcpy(r->delimiter, w->knife.text, sizeof r->delimiter);
  if (d->header.size >= 0) {
    r->header = d->header_number;
    if (w->commented) r->comments--;
    else r->repeated--;
  }
  if (d->format != KITH_EDGES) return;
  r->user = w->columns.user + 1;
  r->item = w->columns.item + 1;
  r->time = w->columns.time + 1;
  r->weight = w->columns.weight + 1;
}

/* What a comment must look like to be taken for data. */
static void pairs_expect(const kith__dialect *d, kith__lines *lines) {
  const kith__way *w = &d->way;
  bool equal = d->format == KITH_EDGES && w->min == w->max;
  lines->knife = &d->way.knife;
  lines->min_cell = equal ? w->max : 2;
  lines->max_cell = equal ? w->max : INT32_MAX - 1;
  if (w->commented) lines->n_alike--; /* the header is none */
}

kith_status kith__pairs_read(const kith_source *s, kith__meet *meet, kith__pairs *pairs) {
  kith_status st = KITH_OK;
  kith__lines lines = {0};
  kith__sample *sample = NULL;
  kith__dialect d;
  KITH_TRY(kith__lines_open(s->path, &lines));
  lines.key = meet->key ? meet->key : "data.interactions";
  lines.comment = s->comment;
  KITH_TRY(KITH_NEW(sample, 1));
  KITH_TRY(kith__sample_take(s, meet, &lines, sample));
  KITH_TRY(kith__dialect_find(sample, &d));
  if (d.format == KITH_EDGES) KITH_TRY(columns_check(s, &lines, &d));
  KITH_TRY(kith__dialect_check_header(sample, &d));
  pairs_expect(&d, &lines);
  const int64_t number =
      sample->n > 0 ? sample->number[0] : 0; /* the lines themselves are gone once others are read */
  const kith__knife guess = number > 0 ? kith__knife_guess(sample->line[0]) : d.way.knife;
  if (d.format == KITH_EDGES) KITH_TRY(edges_read(s, &d, &lines, meet, pairs));
  else KITH_TRY(adjacency_read(&d, &lines, meet, pairs));
  pairs_report(&d, &lines, &meet->report);
  if (pairs->n + meet->skipped == 0) KITH_TRY(pairs_none(s, &lines, guess, number, d.format, meet->light));
done:
  KITH_FREE(sample);
  kith__lines_close(&lines);
  return st;
}
