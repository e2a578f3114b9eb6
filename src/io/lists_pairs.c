/* Reading a whole list, adjacency or edges, into blocks of numbered pairs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/lists.h"

/* ---- blocks ------------------------------------------------------------------------------------------------------ */

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
  if (pairs->last)
    pairs->last->next = b;
  else
    pairs->first = b;
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

/* ---- which column is what ---------------------------------------------------------------------------------------- */

/* Places from 0 of the columns of an edge list; -1 = not there. */
typedef struct columns {
  kith__knife knife;
  int user, item, time, weight;
  int n; /* columns that a line must have */
  float least; /* weight of a line that counts; 0: whatever it is */
} columns;

/* The place of a column that the job gives by number; -1 if it is not a number. */
static int column_number(const char *text) {
  char *end = NULL;
  long number = strtol(text, &end, 10);
  return *text && !*end && number >= 1 && number <= KITH__CELLS ? (int)number - 1 : -1;
}

/* A header's cells in a message: "uid", "iid", "ts". */
static void columns_show(const kith__knife *knife, kith__cell header, size_t size, char *text) {
  kith__cell cell;
  size_t used = 0;
  char shown[48];
  text[0] = '\0';
  while (kith__knife_cut(knife, &header, &cell) && used + sizeof shown + 2 < size)
    used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", kith__cell_show(cell, shown));
}

static int column_named(const kith__knife *knife, kith__cell header, const char *name) {
  kith__cell cell;
  for (int i = 0; i < KITH__CELLS && kith__knife_cut(knife, &header, &cell); i++)
    if ((size_t)cell.size == strlen(name) && memcmp(cell.at, name, (size_t)cell.size) == 0) return i;
  return -1;
}

/* `header` has size -1 if the list has none. */
static kith_status column_find(const kith__lines *lines, const kith__knife *knife, kith__cell header, const char *name,
                               int otherwise, int *place) {
  kith_status st = KITH_OK;
  char found[512];
  *place = otherwise;
  if (!name[0]) goto done;
  if (header.size >= 0 && (*place = column_named(knife, header, name)) >= 0) goto done;
  *place = column_number(name);
  if (*place >= 0) goto done;
  KITH_CHECK(header.size >= 0, KITH_ECONFIG, "%s: column \"%s\" is no number from 1 to %d, and names need header: true",
             lines->path, name, KITH__CELLS);
  columns_show(knife, header, sizeof found, found);
  st = kith__lines_fail(lines, "expected a column \"%s\" in the header, found %s", name, found);
done:
  return st;
}

static kith_status columns_find(const kith_source *s, const kith__lines *lines, kith__cell first, columns *c) {
  kith_status st = KITH_OK;
  kith__cell header = s->header ? first : (kith__cell){NULL, -1};
  c->knife = s->delimiter[0] ? kith__knife_make(s->delimiter) : kith__knife_guess(first);
  KITH_TRY(column_find(lines, &c->knife, header, s->user, 0, &c->user));
  KITH_TRY(column_find(lines, &c->knife, header, s->item, 1, &c->item));
  KITH_TRY(column_find(lines, &c->knife, header, s->time, -1, &c->time));
  KITH_TRY(column_find(lines, &c->knife, header, s->weight, -1, &c->weight));
  c->least = (float)s->least_weight; /* as the weights are read, so that equal texts are equal */
  const int all[] = {c->user, c->item, c->time, c->weight};
  c->n = 0;
  for (int i = 0; i < 4; i++)
    if (all[i] >= c->n) c->n = all[i] + 1;
done:
  return st;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* The number of an id; -1 if it is unknown and its pairs are to be left out. */
static inline kith_status meet_one(const kith__meet *meet, kith__names *names, bool add, const kith__lines *lines,
                            kith__cell id, int32_t *number) {
  char shown[48];
  kith_status st = kith__names_meet(names, lines, id, add, number);
  if (kith_is_bad(st) || *number >= 0 || meet->skip_unknown) return st;
  return kith__lines_fail(lines, "expected %s %s that the %s, found %s", names->what[0] == 'i' ? "an" : "a", names->what,
                          meet->wanted ? "graph knows" : "interactions know", kith__cell_show(id, shown));
}

static inline kith_status meet_user(const kith__meet *meet, const kith__lines *lines, kith__cell id, int32_t *number) {
  return meet_one(meet, meet->user, meet->new_users, lines, id, number);
}

static inline kith_status meet_item(const kith__meet *meet, const kith__lines *lines, kith__cell id, int32_t *number) {
  return meet_one(meet, meet->item, meet->new_items, lines, id, number);
}

/* Whether a list of what is new names a pair of which nothing is. */
static inline bool meet_is_old(const kith__meet *meet, int32_t user, int32_t item) {
  return meet->wanted && user >= 0 && item >= 0 && user < meet->n_known[KITH_USER] && item < meet->n_known[KITH_ITEM];
}

static kith_status meet_refuse_old(const kith__meet *meet, const kith__lines *lines, kith__cell user, kith__cell item) {
  char shown[2][48];
  return kith__lines_fail(lines, "expected %s, found user %s and item %s, who are in the graph both", meet->wanted, kith__cell_show(user, shown[0]),
                          kith__cell_show(item, shown[1]));
}

/* Keep a pair, or count it as left out. */
static inline kith_status meet_pair(kith__meet *meet, kith__pairs *pairs, int32_t user, int32_t item, int64_t time,
                                    float weight) {
  if (user >= 0 && item >= 0) return kith__pairs_add(pairs, user, item, time, weight);
  meet->skipped++;
  return KITH_OK;
}

static kith_status edges_refuse(const kith__lines *lines, const columns *c, int found) {
  const char *by = c->knife.size == 0 ? "white space" : c->knife.text[0] == '\t' ? "tabs" : c->knife.text;
  bool sign = c->knife.size > 0 && c->knife.text[0] != '\t';
  return kith__lines_fail(lines, "expected %d columns or more, parted by %s%s%s, found %d", c->n, sign ? "\"" : "", by,
                          sign ? "\"" : "", found);
}

static kith_status edges_line(const kith__lines *lines, const columns *c, kith__cell line, kith__meet *meet,
                              kith__pairs *pairs) {
  kith_status st = KITH_OK;
  kith__cell cell[KITH__CELLS];
  int32_t user, item;
  int64_t time = 0;
  float weight = 0;
  char shown[48];
  int n = 0;
  while (n < c->n && kith__knife_next(&c->knife, &line, &cell[n])) n++;
  if (line.at || line.size < 0) KITH_TRY(kith__knife_end(&c->knife, lines, line));
  if (n < c->n) {
    st = edges_refuse(lines, c, n);
    goto done;
  }
  if (c->weight >= 0 && !kith__cell_real(cell[c->weight], &weight)) {
    st = kith__lines_fail(lines, "expected a weight (a number), found %s", kith__cell_show(cell[c->weight], shown));
    goto done;
  }
  if (c->least > 0 && weight < c->least) {
    meet->light++;
    goto done;
  }
  KITH_TRY(meet_user(meet, lines, cell[c->user], &user));
  KITH_TRY(meet_item(meet, lines, cell[c->item], &item));
  if (c->time >= 0 && !kith__cell_time(cell[c->time], &time)) {
    st = kith__lines_fail(lines, "expected a time (seconds, or a date like 2010-10-19T23:55:27Z), found %s",
                          kith__cell_show(cell[c->time], shown));
    goto done;
  }
  if (meet_is_old(meet, user, item)) return meet_refuse_old(meet, lines, cell[c->user], cell[c->item]);
  st = meet_pair(meet, pairs, user, item, time, weight);
done:
  return st;
}

static kith_status edges_read(const kith_source *s, kith__lines *lines, kith__meet *meet, kith__pairs *pairs) {
  kith_status st = KITH_OK;
  columns c;
  kith__cell line;
  KITH_TRY(kith__lines_next(lines, &line));
  if (line.size < 0) goto done;
  KITH_TRY(columns_find(s, lines, line, &c));
  pairs->has_time = c.time >= 0;
  pairs->has_weight = c.weight >= 0;
  if (s->header) KITH_TRY(kith__lines_next(lines, &line));
  while (line.size >= 0) {
    KITH_TRY(edges_line(lines, &c, line, meet, pairs));
    KITH_TRY(kith__lines_next(lines, &line));
  }
done:
  return st;
}

/* A user alone on a line is a user without items, but a user all the same. */
static kith_status adjacency_line(const kith__lines *lines, const kith__knife *knife, kith__cell line, kith__meet *meet,
                                  kith__pairs *pairs) {
  kith_status st = KITH_OK;
  kith__cell user, item;
  int32_t u, i;
  if (!kith__knife_cut(knife, &line, &user)) return kith__knife_end(knife, lines, line);
  KITH_TRY(meet_user(meet, lines, user, &u));
  while (kith__knife_cut(knife, &line, &item)) {
    if (item.size == 0 && !line.at) break; /* a delimiter that closes the line */
    KITH_TRY(meet_item(meet, lines, item, &i));
    if (meet_is_old(meet, u, i)) return meet_refuse_old(meet, lines, user, item);
    KITH_TRY(meet_pair(meet, pairs, u, i, 0, 0));
  }
  KITH_TRY(kith__knife_end(knife, lines, line));
done:
  return st;
}

static kith_status adjacency_read(const kith_source *s, kith__lines *lines, kith__meet *meet, kith__pairs *pairs) {
  kith_status st = KITH_OK;
  kith__knife knife = kith__knife_make(s->delimiter);
  kith__cell line;
  KITH_TRY(kith__lines_next(lines, &line));
  while (line.size >= 0) {
    KITH_TRY(adjacency_line(lines, &knife, line, meet, pairs));
    KITH_TRY(kith__lines_next(lines, &line));
  }
done:
  return st;
}

/* No pair was found, unless too light ones.  If the first line has a sign that parts columns, the list is one of edges, most likely. */
static kith_status pairs_none(const kith_source *s, int64_t light) {
  kith_status st = KITH_OK;
  kith__lines lines = {0};
  kith__cell line;
  const char *expected = s->format == KITH_ADJACENCY ? "lines of a user and items" : "lines of a user and an item";
  KITH_CHECK(light == 0, KITH_EDATA, "%s: none of its %lld lines has a weight of %.9g or more", s->path, (long long)light, s->least_weight);
  KITH_TRY(kith__lines_open(s->path, &lines));
  KITH_TRY(kith__lines_next(&lines, &line));
  kith__knife knife = line.size > 0 ? kith__knife_guess(line) : kith__knife_make("");
  bool parted = s->format == KITH_ADJACENCY && !s->delimiter[0] && knife.size > 0 && knife.text[0] != '\t';
  if (parted)
    st = kith_fail(KITH_EDATA, "%s: expected %s, found no pair in it; line %lld looks like columns parted by \"%s\": say format: edges",
                   s->path, expected, (long long)lines.number, knife.text);
  else
    st = kith_fail(KITH_EDATA, "%s: expected %s, found no pair in it", s->path, expected);
done:
  kith__lines_close(&lines);
  return st;
}

kith_status kith__pairs_read(const kith_source *s, kith__meet *meet, kith__pairs *pairs) {
  kith_status st = KITH_OK;
  kith__lines lines = {0};
  KITH_TRY(kith__lines_open(s->path, &lines));
  if (s->format == KITH_ADJACENCY)
    KITH_TRY(adjacency_read(s, &lines, meet, pairs));
  else
    KITH_TRY(edges_read(s, &lines, meet, pairs));
  if (pairs->n + meet->skipped == 0) KITH_TRY(pairs_none(s, meet->light));
done:
  kith__lines_close(&lines);
  return st;
}
