/* Print how a text list was read: format, delimiter, columns, header, and how many lines have no data. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "ingest/ingest.h"

/* Text that grows within a line of the report. */
typedef struct line {
  size_t n;
  char text[512];
} line;

static void line_add(line *l, const char *format, ...) KITH_FORMAT(2, 3);
static void line_add(line *l, const char *format, ...) {
  va_list rest;
  va_start(rest, format);
  int n = vsnprintf(l->text + l->n, sizeof l->text - l->n, format, rest);
  va_end(rest);
  if (n > 0) l->n = l->n + (size_t)n < sizeof l->text ? l->n + (size_t)n : sizeof l->text - 1;
}

static void list_delimiter(const kith_list_report *r, line *l) {
  if (!r->delimiter[0]) line_add(l, " by white space");
  else if (r->delimiter[0] == '\t') line_add(l, " by tabs");
  else line_add(l, " by \"%s\"", r->delimiter);
}

/* Columns of features by number, as a range where they are one; their number if some are too far right. */
static void list_features(const kith_list_report *r, line *l) {
  int first = 0, n = 0, last = 0;
  for (int i = 1; i <= 31; i++)
    if (r->features >> (i - 1) & 1) first = first ? first : i, last = i, n++;
  if (n < r->n_feature) line_add(l, ", %s of features", KITH_COUNT(r->n_feature, "column(s)"));
  else if (n > 1 && last - first + 1 == n) line_add(l, ", %d-%d features", first, last);
  else
    for (int i = first; i > 0 && i <= last; i++)
      if (r->features >> (i - 1) & 1) line_add(l, ", %d feature", i);
}

/* What each column is. */
static void list_columns(const kith_list_report *r, line *l) {
  const int place[] = {r->user, r->item, r->weight, r->time, r->kind_column};
  const char *const what[] = {r->from_to ? "from" : "user", r->from_to ? "to" : "item", "weight", "time",
                              "kind"};
  if (r->n_column > 0) line_add(l, " in %s", KITH_COUNT(r->n_column, "column(s)"));
  for (int k = 0; k < 5; k++)
    if (place[k] > 0) line_add(l, "%s %d %s", k ? "," : ":", place[k], what[k]);
  if (r->time_is == KITH_TIME_LINE) line_add(l, ", the line as time");
  list_features(r, l);
  for (int i = 1; i <= r->n_column && i <= 8; i++)
    if (i != r->user && i != r->item && i != r->weight && i != r->time && i != r->kind_column &&
        !(r->features >> (i - 1) & 1))
      line_add(l, ", %d not read", i);
}

static void list_header(const kith_list_report *r, line *l) {
  if (r->header > 0) line_add(l, "; header in line %lld", (long long)r->header);
  else if (r->format == KITH_EDGES) line_add(l, "; no header");
}

/* Of a list of names. */
static void list_name_columns(const kith_list_report *r, line *l) {
  line_add(l, ": %d id, ", r->user);
  if (r->item > 0) line_add(l, "%d name", r->item);
  else line_add(l, "the rest the name");
}

void cli_print_list(const cli *c, const char *key, const kith_list_report *r) {
  line l = {.n = 0};
  if (!r->kind[0]) return;
  line_add(&l, "%s", r->kind);
  list_delimiter(r, &l);
  if (r->time_is == KITH_TIME_PLACE) line_add(&l, ", the order within a user as time");
  if (r->format == KITH_EDGES) list_columns(r, &l);
  else if (r->user > 0) list_name_columns(r, &l);
  list_header(r, &l);
  line_add(&l, "; %s", KITH_COUNT(r->lines, "line(s)"));
  if (r->comments > 0) line_add(&l, ", %s passed over", KITH_COUNT(r->comments, "comment(s)"));
  if (r->blank > 0) line_add(&l, ", %lld blank", (long long)r->blank);
  if (r->repeated > 0) line_add(&l, ", %s passed over", KITH_COUNT(r->repeated, "repeated header(s)"));
  cli_print_wrapped(c, 4, "  %s: %s", key, l.text);
}

void cli_json_list(cli *c, const char *name, const kith_list_report *r) {
  if (!r->kind[0]) return;
  bool first = c->members[c->n_members - 1] == '{';
  cli_json_more(c, "%s\"%s\": {\"format\": \"%s\", \"delimiter\": ", first ? "" : ", ", name, r->kind);
  cli_json_string(c, r->delimiter[0] ? r->delimiter : " ");
  cli_json_more(c,
                ", \"columns\": %d, \"%s\": %d, \"%s\": %d, \"time\": %d, \"weight\": %d, \"header\": %lld",
                r->n_column, r->from_to ? "from" : "user", r->user, r->from_to ? "to" : "item", r->item,
                r->time, r->weight, (long long)r->header);
  if (r->kind_column > 0) cli_json_more(c, ", \"kind\": %d", r->kind_column);
  cli_json_more(c, ", \"lines\": %lld, \"comments\": %lld, \"blank\": %lld, \"repeated_headers\": %lld}",
                (long long)r->lines, (long long)r->comments, (long long)r->blank, (long long)r->repeated);
}

void cli_print_relation(cli *c, const char *section, const char *name, const kith_list_report *list,
                        int64_t edges, const char *what, int n_note, const cli_edge_note *note) {
  char key[KITH_NAME];
  snprintf(key, sizeof key, "%s.relations.%.31s", section, name);
  cli_print_list(c, key, list);
  cli_print(c, "  %s: %s", name, KITH_COUNT(edges, what));
  cli_json_more(c, "%s\"%s\": {\"edges\": %lld", c->members[c->n_members - 1] == '{' ? "" : ", ", name,
                (long long)edges);
  for (int i = 0; i < n_note; i++) {
    cli_json_more(c, ", \"%s\": %lld", note[i].key, (long long)note[i].n);
    if (note[i].n > 0) cli_print(c, "    %s of %s%s", KITH_COUNT(note[i].n, note[i].what), name, note[i].why);
  }
  cli_json_list(c, "list", list);
  cli_json_more(c, "}");
}

int cli_relation_sources(const kith_job *job, int n, const struct kith_job_list *list,
                         kith_relation_source *out) {
  int n_out = 0;
  for (int i = 0; i < n; i++) {
    kith_relation_source *s = &out[n_out];
    if (!list[i].path[0]) continue;
    *s = (kith_relation_source){.list = {.format = KITH_FORMAT_AUTO}};
    for (int k = 0; k < job->data.n_relation; k++)
      if (strcmp(job->data.relation[k].name, list[i].name) == 0) *s = job->data.relation[k];
    memcpy(s->name, list[i].name, sizeof s->name);
    memcpy(s->list.path, list[i].path, sizeof s->list.path);
    n_out++;
  }
  return n_out;
}
