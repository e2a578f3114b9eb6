/* kith evaluate of a stream: its events are replayed, and ranked by rules whose weights validation events
 * chose. */
#include <stdio.h>

#include "cli/evaluate.h"
#include "cli/stream.h"

bool cli_replays(const cli *c) {
  return c->job.task == KITH_TASK_RECOMMEND && c->job.stream.known != KITH_STREAM_NONE;
}

kith_status cli_check_stream(const cli *c, const kith_graph *g) {
  kith_status st = KITH_OK;
  const kith_eval_options *o = &c->job.evaluate;
  const kith_stream_options *s = &c->job.stream;
  KITH_CHECK(
      o->scope.mask.n == 0, KITH_ECONFIG,
      "evaluate.mask: with evaluate.stream all items are ranked, also those that the user has met; set "
      "evaluate.mask: []");
  KITH_CHECK(
      o->sampled == 0 && o->scope.candidates == KITH_CANDIDATES_ALL, KITH_ECONFIG,
      "evaluate.stream: all items are ranked; expected evaluate.protocol: full and evaluate.candidates: all");
  KITH_CHECK(
      !c->refit && !(g && g->refit), KITH_EUSAGE,
      "kith %s: --refit: a stream has no refit; validation events are known when test events are ranked in "
      "any case",
      c->verb);
  KITH_CHECK(s->recent || s->own || s->around || s->popular.n > 0, KITH_ECONFIG,
             "stream: every rule is off; expected stream.recent, own or around: true, or half-lives in "
             "stream.popular");
  KITH_CHECK(s->popular.n <= KITH_RULES_POPULAR, KITH_ECONFIG,
             "stream.popular: expected at most %d half-lives", KITH_RULES_POPULAR);
done:
  return st;
}

/* The events that are ranked. */
static kith_status stream_choose(cli *c, kith_stream_range range, int64_t *begin, int64_t *end) {
  kith_status st = KITH_OK;
  kith_eval_split *split = &c->job.evaluate.split;
  if (*split == KITH_EVAL_AUTO) *split = range.n > range.test ? KITH_EVAL_TEST : KITH_EVAL_VALID;
  *begin = *split == KITH_EVAL_TEST ? range.test : range.valid;
  *end = *split == KITH_EVAL_TEST ? range.n : range.test;
  KITH_CHECK(*end > *begin, KITH_ECONFIG, "evaluate.split: nothing is held out for test");
done:
  return st;
}

static void stream_print_weights(cli *c, const kith_stream_rules *rules, const double *share) {
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

/* A line of figures, and its members in the report. */
static void stream_print_figures(cli *c, const char *what, const char *key, const kith_stream_figures *f) {
  const kith_eval_options *o = &c->job.evaluate;
  char text[512], name[KITH_NAME];
  int n = snprintf(text, sizeof text, "%-34s %9lld  %8.6f", what, (long long)f->n, f->mrr);
  for (int i = 0; i < o->n_k; i++)
    n += snprintf(text + n, sizeof text - (size_t)n, "  %8.6f", f->hit_rate[i]);
  cli_print(c, "%s", text);
  snprintf(name, sizeof name, "events%s", key);
  cli_json(c, name, "%lld", (long long)f->n);
  snprintf(name, sizeof name, "mrr%s", key);
  cli_json(c, name, "%.10g", f->mrr);
  for (int i = 0; i < o->n_k; i++) {
    snprintf(name, sizeof name, "hit_rate%s@%d", key, o->k[i]);
    cli_json(c, name, "%.10g", f->hit_rate[i]);
  }
}

static void stream_print(cli *c, const kith_stream_figures *all, const kith_stream_figures *fresh,
                         const kith_stream_figures *among) {
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
  stream_print_figures(c, "all events", "", all);
  stream_print_figures(c, "new to the user, among all items", "_new", fresh);
  stream_print_figures(c, "new to the user, among new items", "_new_among_new", among);
  if (!test)
    cli_print_wrapped(
        c, 2,
        "these events chose the weights of the rules, so these figures are better than those on "
        "others");
}

static kith_agreed stream_evaluate(cli *c, cli_ranker *r) {
  kith_agreed st = {KITH_OK};
  const kith_eval_options *o = &c->job.evaluate;
  kith_stream_figures figures[KITH_STREAM_FIGURES];
  double share[KITH_RULE_PARTS], began = kith_clock();
  int64_t begin = 0, end = 0;
  KITH_TRY(kith_agreed_same(stream_choose(c, kith_stream_ranges(r->stream), &begin, &end)));
  KITH_TRY(cli_ranker_fit(r, share));
  kith_stream_scorer scorer = kith_stream_rules_scorer(r->rules);
  KITH_TRY(kith_stream_evaluate(c->comm, r->g, r->stream, 1, &scorer, r->batch, begin, end, o->n_k, o->k,
                                figures));
  stream_print_weights(c, r->rules, share);
  stream_print(c, &figures[KITH_STREAM_ALL], &figures[KITH_STREAM_NEW], &figures[KITH_STREAM_AMONG_NEW]);
  cli_print(c, "replayed in %.2f s", kith_clock() - began);
  cli_json(c, "seconds", "%.4f", kith_clock() - began);
done:
  return st;
}

kith_agreed cli_evaluate_stream(cli *c) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  cli_ranker r = {.g = NULL};
  KITH_TRY(cli_ranker_open(c, graph, &r));
  KITH_TRY(stream_evaluate(c, &r));
  KITH_TRY(cli_write_evaluation(c, r.g, c->job.evaluate.split == KITH_EVAL_TEST ? "test" : "valid"));
done:
  cli_ranker_close(&r);
  return st;
}
