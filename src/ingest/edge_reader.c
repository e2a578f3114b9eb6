/* Read a list of edges, in either format, into an edge list of original numbers. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ingest/edge_reader.h"

/* Number of an id; -1 if it is unknown and its edges are skipped. */
static inline kith_status edge_find_node(const kith__edge_policy *policy, kith__id_map *map, bool add,
                                         const kith__lines *lines, kith__field id, int32_t *number) {
  char shown[48];
  kith_status st = kith__id_map_find(map, lines, id, add, number);
  if (kith_is_bad(st) || *number >= 0 || policy->skip_unknown) return st;
  return kith__lines_fail(lines, "expected %s %s that the %s, found %s", kith__article(map->kind), map->kind,
                          policy->must_be_new ? "graph knows" : "interactions know",
                          kith__field_quote(id, shown));
}

static inline kith_status edge_find_user(const kith__edge_policy *policy, const kith__lines *lines,
                                         kith__field id, int32_t *number) {
  return edge_find_node(policy, policy->user, policy->add_users, lines, id, number);
}

static inline kith_status edge_find_item(const kith__edge_policy *policy, const kith__lines *lines,
                                         kith__field id, int32_t *number) {
  return edge_find_node(policy, policy->item, policy->add_items, lines, id, number);
}

enum { EDGE_SELF = -2 }; /* in place of a number: an unknown node would be joined with itself */

static inline bool edge_joins_itself(const kith__edge_policy *policy, kith__field user, kith__field item) {
  return policy->same > 0 && policy->user == policy->item && user.size == item.size &&
         memcmp(user.at, item.at, (size_t)user.size) == 0;
}

/* Numbers of both ends; below 0 where an unknown id makes the edge be skipped. */
static inline kith_status edge_find_ends(const kith__edge_policy *policy, const kith__lines *lines,
                                         kith__field user, kith__field item, int32_t *n_user,
                                         int32_t *n_item) {
  kith_status st = KITH_OK;
  if (policy->add_whole) {
    KITH_TRY(edge_find_node(policy, policy->user, false, lines, user, n_user));
    KITH_TRY(edge_find_node(policy, policy->item, false, lines, item, n_item));
    if (*n_user < 0 && !policy->add_users) goto done;
    if (*n_item < 0 && !policy->add_items) goto done;
    if (*n_user < 0 && edge_joins_itself(policy, user, item)) {
      *n_user = *n_item = EDGE_SELF;
      goto done;
    }
  }
  KITH_TRY(edge_find_user(policy, lines, user, n_user));
  KITH_TRY(edge_find_item(policy, lines, item, n_item));
done:
  return st;
}

/* Whether a map that has ids knows this one. */
static bool edge_end_is_known(kith__id_map *map, const kith__lines *lines, kith__field id) {
  int32_t number = -1;
  return map->decided && !kith_is_bad(kith__id_map_find(map, lines, id, false, &number)) && number >= 0;
}

/* Whether an edge that is skipped would fit with its ends exchanged. */
static bool edge_is_swapped(const kith__edge_policy *policy, const kith__lines *lines, kith__field user,
                            kith__field item) {
  if (!policy->from_to || policy->user == policy->item) return false;
  bool first = edge_end_is_known(policy->item, lines, user),
       second = edge_end_is_known(policy->user, lines, item);
  return (first || second) && (first || policy->add_items) && (second || policy->add_users);
}

enum { EDGE_KINDS = UINT16_MAX }; /* kinds of a relation at most */

/* Number of the kind of an edge that is kept. */
static kith_status edge_find_kind(const kith__edge_policy *policy, const kith__lines *lines,
                                  kith__field field, uint16_t *kind) {
  kith_status st = KITH_OK;
  int32_t number = 0;
  KITH_TRY(kith__id_map_find(policy->kind, lines, field, true, &number));
  if (number >= EDGE_KINDS)
    st = kith__lines_fail(lines, "more than %d different kinds; is %s.columns.kind another column?",
                          EDGE_KINDS, policy->key);
  *kind = (uint16_t)number;
done:
  return st;
}

/* Whether both ends are known although one must be new. */
static inline bool edge_is_known(const kith__edge_policy *policy, int32_t user, int32_t item) {
  return policy->must_be_new && user >= 0 && item >= 0 && user < policy->n_known[KITH_USER] &&
         item < policy->n_known[KITH_ITEM];
}

static kith_status edge_refuse_known(const kith__edge_policy *policy, const kith__lines *lines,
                                     kith__field user, kith__field item) {
  char shown[2][48];
  return kith__lines_fail(lines, "expected %s, found user %s and item %s, who are in the graph both",
                          policy->must_be_new, kith__field_quote(user, shown[0]),
                          kith__field_quote(item, shown[1]));
}

/* Append an edge, or count why it is not. */
static inline kith_status edge_add(kith__edge_policy *policy, kith__edge_list *edges, int32_t user,
                                   int32_t item, int64_t time, float weight, uint16_t kind) {
  if (user >= 0 && item >= 0) return kith__edge_list_add(edges, user, item, time, weight, kind);
  policy->self_loops += user == EDGE_SELF;
  policy->skipped += user != EDGE_SELF;
  return KITH_OK;
}

static kith_status edges_refuse(const kith__lines *lines, const kith__edge_columns *e, int found) {
  const char *by = e->delimiter.size == 0         ? "white space"
                   : e->delimiter.text[0] == '\t' ? "tabs"
                                                  : e->delimiter.text;
  bool sign = e->delimiter.size > 0 && e->delimiter.text[0] != '\t';
  return kith__lines_fail(lines, "expected %s or more, separated by %s%s%s, found %d",
                          KITH_COUNT(e->c.n, "column(s)"), sign ? "\"" : "", by, sign ? "\"" : "", found);
}

/* A line of more or fewer columns may be cut off, or hold what would be lost or read as another column. */
static kith_status edges_unequal(const kith__lines *lines, const kith__edge_columns *e,
                                 const kith__edge_policy *policy, int found) {
  char remedy[KITH_PATH] = "";
  if (e->detected) snprintf(remedy, sizeof remedy, "; set %s.format: adjacency or edges", lines->key);
  else if (e->may_name)
    snprintf(remedy, sizeof remedy,
             "; set %s%s%s.columns.%s and .%s as numbers to leave out what is behind them",
             e->headed ? "" : lines->key,
             e->headed ? "" : ".format: adjacency if a line is a node and its neighbors, or ", lines->key,
             kith__edge_end(policy, 0), kith__edge_end(policy, 1));
  return kith__lines_fail(lines, "expected %s, as in the %s, found %d%s",
                          KITH_COUNT(found < e->least ? e->least : e->most, "column(s)"), e->as_in, found,
                          remedy);
}

/* Count the fields of the rest of a line behind the first n; *full: up to the last that is not empty. */
static int edges_count(kith__delimiter delimiter, kith__field rest, int n, int *full) {
  kith__field field;
  delimiter.read_only = true;
  *full = n;
  while (kith__field_next(&delimiter, &rest, &field)) {
    n++;
    if (field.size > 0) *full = n;
  }
  return n;
}

/* Check the rest of a line behind the first n fields: quotes are well-formed, and the number of columns is
 * right. */
static kith_status edges_end(const kith__lines *lines, const kith__edge_columns *e,
                             const kith__edge_policy *policy, kith__field rest, int n) {
  kith_status st = KITH_OK;
  int full = n;
  KITH_TRY(kith__field_end(&e->delimiter, lines, rest));
  if (e->most == 0) goto done;
  n = edges_count(e->delimiter, rest, n, &full);
  if (full > e->most) st = edges_unequal(lines, e, policy, full);
  else if (n < e->least) st = edges_unequal(lines, e, policy, n);
done:
  return st;
}

/* A header in the middle of a list comes from concatenated files. */
static kith_status edges_named(const kith__lines *lines, kith__field user, kith__field item) {
  char shown[2][48];
  return kith__lines_fail(
      lines,
      "%s, %s look like the names of columns in the middle of the list; leave the line out, "
      "or set %s.header: false if all lines are data",
      kith__field_quote(user, shown[0]), kith__field_quote(item, shown[1]), lines->key);
}

/* Read a time.  A date between numbers would be another time than the one that is meant, and the reverse. */
static kith_status edges_time(const kith__lines *lines, kith__time_units *units, kith__field field,
                              int64_t *time) {
  char shown[48], elsewhere[KITH_PATH + 32];
  bool date = kith__field_is_date(field);
  if (!kith__field_time(field, time))
    return kith__lines_fail(lines, "expected a time (seconds, or a date like 2010-10-19T23:55:27Z), found %s",
                            kith__field_quote(field, shown));
  if (units->first == 0) {
    units->first = lines->number;
    units->first_path = lines->path;
    units->dates = date;
  }
  if (date != units->dates) {
    const bool here = strcmp(units->first_path, lines->path) == 0;
    snprintf(elsewhere, sizeof elsewhere, "%s%s%lld", here ? "line " : units->first_path, here ? "" : ":",
             (long long)units->first);
    return kith__lines_fail(lines, "expected %s, as in %s, found %s; write all times in one form",
                            units->dates ? "a date" : "a number of seconds", elsewhere,
                            kith__field_quote(field, shown));
  }
  if (!date) kith__time_units_add(units, lines->number, *time);
  if (units->line > 0 && !units->path) units->path = lines->path;
  return KITH_OK;
}

static kith_status edges_line(const kith__lines *lines, kith__edge_columns *e, kith__field line,
                              kith__edge_policy *policy, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  const kith__columns *c = &e->c;
  kith__field field[KITH__MAX_FIELDS];
  int32_t user, item, n_user = policy->user->n;
  int64_t time = 0;
  float weight = 0;
  uint16_t kind = 0;
  char shown[48];
  int n = 0;
  while (n < c->n && kith__field_next_fast(&e->delimiter, &line, &field[n])) n++;
  bool more = line.size != 0 || (line.at && e->delimiter.size > 0);
  if (n < c->n && line.size >= 0) return edges_refuse(lines, e, n);
  if (more) KITH_TRY(edges_end(lines, e, policy, line, n));
  if (!more && n < e->least) return edges_unequal(lines, e, policy, n);
  if (c->weight >= 0 && !kith__field_real(field[c->weight], &weight)) {
    st = kith__lines_fail(lines, "expected a weight (a number), found %s",
                          kith__field_quote(field[c->weight], shown));
    goto done;
  }
  if (e->min_weight > 0 && weight < e->min_weight) {
    policy->below_min_weight++;
    goto done;
  }
  if (policy->by_line) time = lines->before + lines->number;
  if (policy->ends && (policy->by_line || (c->time >= 0 && kith__field_time(field[c->time], &time))) &&
      time >= policy->until)
    goto done;
  KITH_TRY(edge_find_ends(policy, lines, field[c->user], field[c->item], &user, &item));
  policy->named = policy->user->n > n_user && e->named && kith__header_edge(c, field, c->n);
  if (policy->named) return edges_named(lines, field[c->user], field[c->item]);
  if (c->time >= 0) KITH_TRY(edges_time(lines, &e->units, field[c->time], &time));
  if (edge_is_known(policy, user, item))
    return edge_refuse_known(policy, lines, field[c->user], field[c->item]);
  if (user < 0 || item < 0) policy->swapped += edge_is_swapped(policy, lines, field[c->user], field[c->item]);
  bool is_edge = user >= 0 && item >= 0 && !(user == item && user < policy->same);
  if (c->kind >= 0 && is_edge) KITH_TRY(edge_find_kind(policy, lines, field[c->kind], &kind));
  KITH_TRY(edge_add(policy, edges, user, item, time, weight, kind));
  if (c->n_feature > 0 && user >= 0 && item >= 0) KITH_TRY(kith__event_features_read(lines, c, field, edges));
done:
  return st;
}

/* The header line as it would appear among data. */
static kith__field header_alone(const kith__dialect *d) {
  kith__field h = d->header;
  while (d->candidate.header_is_comment && h.size > 0 && (h.at[0] == ' ' || h.at[0] == '\t'))
    h = (kith__field){h.at + 1, h.size - 1};
  return h;
}

/*
 * How many fields a line has.  Behind a header, lines may lack columns at their end that are not read.  Where
 * the job gives the columns of the ends by number and no other column is before the last one read, lines may
 * have any further ones.
 */
static void edges_width(const kith_edge_source *s, const kith__dialect *d, kith__edge_columns *e) {
  const kith__candidate *w = &d->candidate;
  int n_read = 2 + (e->c.time >= 0) + (e->c.weight >= 0) + (e->c.kind >= 0) + e->c.n_feature, full = 0;
  bool named = s->user[0] && s->item[0] && n_read == e->c.n;
  e->headed = d->header.size >= 0;
  if (e->headed && !(isdigit((unsigned char)s->user[0]) && isdigit((unsigned char)s->item[0]))) named = false;
  e->detected = s->format == KITH_FORMAT_AUTO && w->min == w->max;
  e->may_name = n_read == e->c.n && !named;
  e->as_in = e->detected ? "first lines" : "first line";
  if (named && !e->detected) return;
  e->least = e->most = e->detected ? w->max : w->first;
  if (!e->headed || named) return;
  int n_header = edges_count(e->delimiter, header_alone(d), 0, &full);
  if (!e->detected) e->least = 0;
  if (e->detected && n_header >= w->max) return;
  e->most = n_header;
  e->as_in = "header";
}

/* What the columns and the header say of all lines. */
static kith_status edges_begin(kith__edge_reader *r) {
  kith_status st = KITH_OK;
  const kith__dialect *d = &r->d;
  r->e = (kith__edge_columns){.delimiter = d->candidate.delimiter,
                              .c = d->candidate.columns,
                              .named = r->source.header != KITH_HEADER_NO,
                              .min_weight = (float)r->source.min_weight}; /* as float, like the weights, so
                                                                             that equal texts compare equal */
  edges_width(&r->source, d, &r->e);
  if (d->header.size >= 0) KITH_TRY(kith__lines_set_header(&r->lines, header_alone(d)));
  r->lines.heads = d->header.size >= 0 && !d->candidate.header_is_comment;
done:
  return st;
}

/* A line with only a user adds a user without items. */
static kith_status adjacency_line(const kith__lines *lines, const kith__delimiter *delimiter,
                                  kith__field line, kith__edge_policy *policy, kith__edge_list *edges,
                                  int *n) {
  kith_status st = KITH_OK;
  kith__field user, item;
  int32_t u, i;
  char shown[2][48];
  *n = 1;
  if (!kith__field_next(delimiter, &line, &user)) return kith__field_end(delimiter, lines, line);
  if (!policy->add_whole) KITH_TRY(edge_find_user(policy, lines, user, &u));
  while (kith__field_next(delimiter, &line, &item)) {
    if (item.size == 0 && !line.at) break; /* a trailing delimiter */
    ++*n;
    if (*n == 2 && kith__header_words(user, item))
      return kith__lines_fail(
          lines, "%s, %s look like the names of columns; leave the line out: an adjacency list has no header",
          kith__field_quote(user, shown[0]), kith__field_quote(item, shown[1]));
    if (policy->add_whole) KITH_TRY(edge_find_ends(policy, lines, user, item, &u, &i));
    else KITH_TRY(edge_find_item(policy, lines, item, &i));
    if (edge_is_known(policy, u, i)) return edge_refuse_known(policy, lines, user, item);
    KITH_TRY(edge_add(policy, edges, u, i, edges->n + 1, 0, 0)); /* later lines of a user go on */
  }
  KITH_TRY(kith__field_end(delimiter, lines, line));
done:
  return st;
}

void kith__edge_reader_columns(const kith__edge_reader *r, kith__edge_list *edges) {
  const bool columns = r->d.format == KITH_EDGES;
  edges->has_time = r->policy->by_line || (columns && r->e.c.time >= 0);
  edges->has_weight = columns && r->e.c.weight >= 0;
  edges->has_kind = columns && r->e.c.kind >= 0;
  edges->n_feature = columns ? r->e.c.n_feature : 0;
}

kith_status kith__edge_reader_read(kith__edge_reader *r, bool head, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  kith__field line;
  int n = 0;
  const bool plain = !head && kith__edge_plain_may(r);
  kith__edge_reader_columns(r, edges);
  for (;;) {
    if (plain) KITH_TRY(kith__edge_plain_read(r, edges));
    KITH_TRY(kith__lines_next(&r->lines, &line));
    if (line.size < 0) break;
    if (r->d.format == KITH_EDGES) KITH_TRY(edges_line(&r->lines, &r->e, line, r->policy, edges));
    else {
      KITH_TRY(adjacency_line(&r->lines, &r->d.candidate.delimiter, line, r->policy, edges, &n));
      if (n < r->min) r->min = n;
      if (n > r->max) r->max = n;
    }
    if (head && r->policy->user->decided && r->policy->item->decided) goto done;
  }
done:
  return st;
}

/* Set the number of fields by which comments are mistaken for data. */
static void edge_reader_expect(const kith__dialect *d, kith__lines *lines) {
  const kith__candidate *w = &d->candidate;
  bool equal = d->format == KITH_EDGES && w->min == w->max;
  lines->delimiter = &d->candidate.delimiter;
  lines->min_fields = equal ? w->max : 2;
  lines->max_fields = equal ? w->max : INT32_MAX - 1;
  if (w->header_is_comment) lines->n_data_like--; /* the header is not data */
}

kith_status kith__edge_reader_open(const kith_edge_source *source, kith__edge_policy *policy,
                                   kith__edge_reader *r) {
  kith_status st = KITH_OK;
  *r = (kith__edge_reader){.source = *source, .policy = policy, .min = INT32_MAX};
  const kith_edge_source *s = &r->source;
  policy->by_line = strcmp(source->time, KITH__BY_LINE) == 0;
  if (policy->by_line) r->source.time[0] = '\0'; /* the order of lines is no column */
  KITH_TRY(kith__list_files_find(s->path, &r->files));
  KITH_TRY(kith__lines_open_files(&r->files, &r->lines));
  r->lines.key = policy->key ? policy->key : "data.interactions";
  r->lines.comment = s->comment;
  KITH_TRY(KITH_NEW(r->preview, 1));
  KITH_TRY(kith__preview_read(s, policy, &r->lines, r->preview));
  KITH_TRY(kith__dialect_find(r->preview, &r->d));
  if (policy->by_line) KITH_TRY(kith__edge_columns_check_line(&r->lines, policy, &r->d));
  if (r->d.format == KITH_EDGES) KITH_TRY(kith__edge_columns_check(s, &r->lines, policy, &r->d));
  KITH_TRY(kith__dialect_check_header(r->preview, &r->d));
  edge_reader_expect(&r->d, &r->lines);
  if (r->preview->n > 0) { /* reading invalidates the lines of the preview */
    const kith__field line = r->preview->line[0];
    r->number = r->preview->number[0];
    r->guess = kith__delimiter_detect(line);
    r->head = r->lines.at + (line.at + line.size - r->lines.buffer - r->lines.begin);
  } else r->guess = r->d.candidate.delimiter;
  if (r->d.format == KITH_EDGES) KITH_TRY(edges_begin(r));
done:
  return st;
}

void kith__edge_reader_close(kith__edge_reader *r) {
  KITH_FREE(r->preview);
  kith__lines_close(&r->lines);
  kith__list_files_free(&r->files);
}

kith_status kith__edge_list_read(const kith_edge_source *source, kith__edge_policy *policy,
                                 kith__edge_list *edges) {
  kith_status st = KITH_OK;
  kith__edge_reader r;
  KITH_TRY(kith__edge_reader_open(source, policy, &r));
  KITH_TRY(kith__edge_reader_read(&r, false, edges));
  kith__edge_reader_warn(&r);
  kith__edge_reader_report(&r, &policy->report);
  if (edges->n + policy->skipped + policy->self_loops == 0) KITH_TRY(kith__edge_reader_none(&r));
done:
  kith__edge_reader_close(&r);
  return st;
}
