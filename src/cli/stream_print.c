/* What kith evaluate prints of a stream. */
#include <stdio.h>

#include "cli/evaluate.h"
#include "cli/stream.h"

void cli_stream_print_weights(cli *c, const kith_stream_rules *rules, const double *share) {
  char name[KITH_NAME];
  cli_print(c, "weights, chosen on the validation events: the part of them that each rule explains");
  cli_json(c, "weights", "{");
  for (int k = 0, n = 0; k < kith_stream_rules_n(rules); k++) {
    kith_stream_rules_name(rules, k, name);
    if (share[k] < 1e-4) continue;
    cli_print(c, "  %-22s %.4f", name, share[k]);
    cli_json_more(c, "%s\"%s\": %.10g", n++ > 0 ? ", " : "", name, share[k]);
  }
  cli_json_more(c, "}");
}

/* A line of figures. */
static void stream_print_line(cli *c, const char *what, const kith_stream_figures *f) {
  const kith_eval_options *o = &c->job.evaluate;
  char text[512];
  int n = snprintf(text, sizeof text, "%-34s %9lld  %8.6f", what, (long long)f->n, f->mrr);
  for (int i = 0; i < o->n_k; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "  %8.6f", f->hit_rate[i]);
  cli_print(c, "%s", text);
}

/* The same, and its members in the report. */
static void stream_print_figures(cli *c, const char *what, const char *key, const kith_stream_figures *f) {
  const kith_eval_options *o = &c->job.evaluate;
  char name[KITH_NAME];
  stream_print_line(c, what, f);
  snprintf(name, sizeof name, "events%s", key);
  cli_json(c, name, "%lld", (long long)f->n);
  snprintf(name, sizeof name, "mrr%s", key);
  cli_json(c, name, "%.10g", f->mrr);
  for (int i = 0; i < o->n_k; i++) {
    snprintf(name, sizeof name, "hit_rate%s@%d", key, o->k[i]);
    cli_json(c, name, "%.10g", f->hit_rate[i]);
  }
}

/* Groups by earlier events of one side. */
static void stream_print_side(cli *c, int side, const kith_stream_figures *f) {
  const kith_eval_options *o = &c->job.evaluate;
  const int64_t *from = kith_stream_group_from[side];
  for (int g = 0; g < KITH_STREAM_GROUPS; g++) {
    const bool last = g == KITH_STREAM_GROUPS - 1;
    char what[64], to[32] = "";
    if (!last) snprintf(to, sizeof to, " to %lld", (long long)from[g + 1] - 1);
    snprintf(what, sizeof what, "%s with %lld%s earlier", side ? "items" : "users", (long long)from[g],
             last                        ? " and more"
             : from[g + 1] - 1 > from[g] ? to
                                         : "");
    stream_print_line(c, what, &f[g]);
    cli_json_more(c, "%s{\"from\": %lld, \"events\": %lld, \"mrr\": %.10g", g > 0 ? ", " : "",
                  (long long)from[g], (long long)f[g].n, f[g].mrr);
    for (int i = 0; i < o->n_k; i++) cli_json_more(c, ", \"hit_rate@%d\": %.10g", o->k[i], f[g].hit_rate[i]);
    cli_json_more(c, "}");
  }
}

/* --groups: by what was known of the event's user and item. */
static void stream_print_groups(cli *c, const kith_stream_figures *figures) {
  stream_print_figures(c, "met by the user before", "_met", &figures[KITH_STREAM_MET]);
  cli_json(c, "by_user", "[");
  stream_print_side(c, 0, &figures[KITH_STREAM_BY_USER]);
  cli_json_more(c, "]");
  cli_json(c, "by_item", "[");
  stream_print_side(c, 1, &figures[KITH_STREAM_BY_ITEM]);
  cli_json_more(c, "]");
}

void cli_stream_print(cli *c, const kith_stream_figures *figures, bool groups) {
  const kith_eval_options *o = &c->job.evaluate;
  const kith_stream_options *s = &c->job.stream;
  bool batch = s->known == KITH_STREAM_BATCH, test = o->split == KITH_EVAL_TEST;
  char head[512];
  cli_json(c, "split", "\"%s\"", test ? "test" : "valid");
  cli_json(c, "stream", "\"%s\"", batch ? "batch" : "event");
  cli_json(c, "batch", "%d", batch ? s->batch : 1);
  if (batch)
    cli_print(c, "%s split, all items ranked, known: events before the batch of %d", test ? "test" : "valid",
              s->batch);
  else cli_print(c, "%s split, all items ranked, known: every event before", test ? "test" : "valid");
  int n = snprintf(head, sizeof head, "%-34s %9s  %8s", batch ? "batch by batch" : "event by event", "events",
                   "MRR");
  for (int i = 0; i < o->n_k; i++)
    n += snprintf(head + n, sizeof head - (size_t)n, "  %5s%-3d", "HR@", o->k[i]);
  cli_print(c, "%s", head);
  stream_print_figures(c, "all events", "", &figures[KITH_STREAM_ALL]);
  stream_print_figures(c, "new to the user, among all items", "_new", &figures[KITH_STREAM_NEW]);
  stream_print_figures(c, "new to the user, among new items", "_new_among_new",
                       &figures[KITH_STREAM_AMONG_NEW]);
  if (groups) stream_print_groups(c, figures);
  if (!test)
    cli_print_wrapped(
        c, 2,
        "these events chose the weights of the rules, so these figures are better than those on "
        "others");
}
