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

static kith_agreed stream_evaluate(cli *c, cli_ranker *r, bool groups) {
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
  cli_stream_print_weights(c, r->rules, share);
  cli_stream_print(c, figures, groups);
  cli_print(c, "replayed in %.2f s", kith_clock() - began);
  cli_json(c, "seconds", "%.4f", kith_clock() - began);
done:
  return st;
}

kith_agreed cli_evaluate_stream(cli *c, bool groups) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  cli_ranker r = {.g = NULL};
  KITH_TRY(cli_ranker_open(c, graph, &r));
  KITH_TRY(stream_evaluate(c, &r, groups));
  KITH_TRY(cli_write_evaluation(c, r.g, c->job.evaluate.split == KITH_EVAL_TEST ? "test" : "valid"));
done:
  cli_ranker_close(&r);
  return st;
}
