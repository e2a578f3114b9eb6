/* kith inspect of graph.h5: further node types, and statistics of each relation that need no training. */
#include <stdio.h>
#include <time.h>

#include "cli/cli.h"
#include "diagnose/relation_stats.h"
#include "graph/schema.h"

/* Times of lists are seconds since 1970, or numbers of any kind: those of before 1973 are printed as they
 * are. */
static void print_times(const cli *c, const kith_relation_stats *s) {
  const int64_t since = 100000000, until = 253402300800; /* year 10000 */
  char text[2][32];
  struct tm day;
  const int64_t time[2] = {s->first_time, s->last_time};
  for (int i = 0; i < 2; i++) {
    time_t t = (time_t)time[i];
    bool date = s->first_time >= since && s->last_time < until && gmtime_r(&t, &day);
    if (date) strftime(text[i], sizeof text[i], "%Y-%m-%d", &day);
    else snprintf(text[i], sizeof text[i], "%lld", (long long)time[i]);
  }
  cli_print(c, "    times from %s to %s", text[0], text[1]);
}

static void print_degrees(const cli *c, const char *type, const char *end, int64_t n,
                          const kith_degree_stats *s) {
  cli_print(c, "    per %s%s: %.2f on average, %lld at most; %lld of %lld have none", type, end, s->mean,
            (long long)s->most, (long long)s->none, (long long)n);
}

static double percent(int64_t part, int64_t all) { return all > 0 ? 100 * (double)part / (double)all : 0; }

static void print_relation(const cli *c, const kith_dataset *d, const kith_relation_type *e,
                           const kith_relation_stats *s) {
  const kith_schema *schema = &d->schema;
  bool one = e->from == e->to, directed = e->direction != KITH_DIRECTION_BOTH, same = one && !directed;
  cli_print(c, "  relation %s, %s to %s: %s%s%s%s%s", e->name, schema->type[e->from], schema->type[e->to],
            KITH_COUNT(s->pairs, !same           ? "edge(s)"
                                 : e->n_kind > 0 ? "pair(s) by kind"
                                                 : "pair(s)"),
            e->timed ? ", with times" : "", e->weighted ? ", with weights" : "", directed ? ", read " : "",
            directed ? kith_direction_text(e->direction) : "");
  if (s->both > 0) cli_print(c, "    %s", KITH_COUNT(s->both, "pair(s) (is|are) listed in both directions"));
  print_degrees(c, schema->type[e->from], one && !same ? ", as from" : "",
                kith_schema_space(schema, d->n, e->from), &s->degree[0]);
  if (!same)
    print_degrees(c, schema->type[e->to], one ? ", as to" : "", kith_schema_space(schema, d->n, e->to),
                  &s->degree[1]);
  if (e->timed && s->edges > 0) print_times(c, s);
  if (s->compared > 0)
    cli_print(c,
              "    homophily: training %ss of the two ends overlap by %.4f on average (Jaccard, %s), "
              "by %.4f if ends are paired at random",
              kith_schema_side(schema, e->from) == KITH_USER ? "item" : "user", s->overlap,
              KITH_COUNT(s->compared, "pair(s)"), s->overlap_random);
  if (s->n_valid > 0)
    cli_print(c, "    %.2f %% of the validation pairs are edges of it", percent(s->valid, s->n_valid));
  if (s->n_test > 0)
    cli_print(c, "    %.2f %% of the test pairs are edges of it", percent(s->test, s->n_test));
}

/* The edges of each kind, ordered as the list names them first; of many kinds the first ones. */
static kith_status print_kinds(cli *c, const kith_relation_edges *l) {
  enum { SHOWN = 8, ID = 256 };
  kith_status st = KITH_OK;
  int64_t *count = NULL;
  char id[ID], text[SHOWN * (ID + 24)];
  size_t at = 0;
  KITH_TRY(KITH_NEW(count, l->kind_ids.n));
  for (kith_eid e = 0; e < l->edges.start[l->edges.n_row]; e++) count[l->kind[e]]++;
  cli_json_more(c, ", \"kinds\": {");
  for (int64_t k = 0; k < l->kind_ids.n; k++) {
    kith_ids_print(&l->kind_ids, k, sizeof id, id);
    if (k < SHOWN)
      at +=
          (size_t)snprintf(text + at, sizeof text - at, "%s%s %lld", k ? ", " : "", id, (long long)count[k]);
    cli_json_more(c, k ? ", " : "");
    cli_json_string(c, id);
    cli_json_more(c, ": %lld", (long long)count[k]);
  }
  cli_json_more(c, "}");
  cli_print(c, "    %s: %s%s", KITH_COUNT(l->kind_ids.n, "kind(s)"), text,
            l->kind_ids.n > SHOWN ? ", …" : "");
done:
  KITH_FREE(count);
  return st;
}

static void json_degrees(cli *c, const char *end, const kith_degree_stats *s) {
  cli_json_more(c, ", \"%s_degree_mean\": %.6g, \"%s_degree_max\": %lld, \"%s_without\": %lld", end, s->mean,
                end, (long long)s->most, end, (long long)s->none);
}

static void json_relation(cli *c, const kith_schema *schema, const kith_relation_type *e,
                          const kith_relation_stats *s) {
  cli_json_more(c,
                "%s\"%s\": {\"from\": \"%s\", \"to\": \"%s\", \"edges\": %lld, \"pairs\": %lld, "
                "\"both\": %lld, \"direction\": \"%s\"",
                c->members[c->n_members - 1] == '{' ? "" : ", ", e->name, schema->type[e->from],
                schema->type[e->to], (long long)s->edges, (long long)s->pairs, (long long)s->both,
                kith_direction_text(e->direction));
  json_degrees(c, "from", &s->degree[0]);
  json_degrees(c, "to", &s->degree[1]);
  if (e->timed && s->edges > 0)
    cli_json_more(c, ", \"first_time\": %lld, \"last_time\": %lld", (long long)s->first_time,
                  (long long)s->last_time);
  if (s->compared > 0)
    cli_json_more(c, ", \"compared\": %lld, \"overlap\": %.9g, \"overlap_random\": %.9g",
                  (long long)s->compared, s->overlap, s->overlap_random);
  if (s->n_valid + s->n_test > 0)
    cli_json_more(c, ", \"valid\": %lld, \"test\": %lld", (long long)s->valid, (long long)s->test);
}

static void print_type(const cli *c, const kith_dataset *d, int t) {
  int base = kith_schema_base(&d->schema, t);
  cli_print(c, "  %s of the further type %s%s%s%s", KITH_COUNT(d->n[t], "node(s)"), d->schema.type[t],
            base < 0 ? "" : ", whose ids may also be those of ", base < 0 ? "" : d->schema.type[base],
            base < 0 ? "" : "s");
}

kith_status cli_inspect_relations(cli *c, const kith_dataset *d) {
  kith_status st = KITH_OK;
  cli_print(c, "relations");
  for (int t = KITH_SIDES; t < d->schema.n_type; t++) print_type(c, d, t);
  cli_json(c, "relations", "{");
  for (int r = 0; r < d->schema.n_relation; r++) {
    const kith_relation_type *e = &d->schema.relation[r];
    kith_relation_stats s;
    KITH_TRY(kith_relation_measure(d, r, &s));
    print_relation(c, d, e, &s);
    json_relation(c, &d->schema, e, &s);
    if (e->n_kind > 0) KITH_TRY(print_kinds(c, &d->relation[r]));
    cli_json_more(c, "}");
  }
  cli_json_more(c, "}");
done:
  return st;
}
