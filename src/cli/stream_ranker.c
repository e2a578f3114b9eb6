/* What ranks the events of the job's stream, and the events that it takes in. */
#include "cli/stream.h"

kith_agreed cli_open_stream(cli *c, char *graph, kith_graph **g, kith_stream **out) {
  kith_agreed st = {KITH_OK};
  char parts[KITH_PATH];
  KITH_TRY(kith_agreed_same(cli_check_stream(c, NULL))); /* before files that a refit would not have */
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  KITH_TRY(cli_read_parts(c, parts, g));
  KITH_TRY(cli_check_task(c, *g));
  KITH_TRY(kith_agreed_same(cli_check_stream(c, *g)));
  KITH_TRY(cli_check_data(c, graph));
  KITH_TRY(kith_stream_open(c->comm, *g, graph, out));
done:
  return st;
}

kith_agreed cli_ranker_open(cli *c, char *graph, cli_ranker *r) {
  kith_agreed st = {KITH_OK};
  kith_stream_scorer scorer;
  *r = (cli_ranker){.batch = c->job.stream.known == KITH_STREAM_BATCH ? c->job.stream.batch : 1};
  KITH_TRY(cli_open_stream(c, graph, &r->g, &r->stream));
  KITH_TRY(cli_stream_model(c, r->g, r->stream, &r->tgn));
  if (r->tgn) scorer = kith_tgn_scorer(r->tgn);
  KITH_TRY(kith_agree(c->comm, kith_stream_rules_create(c->comm, r->g, &c->job.stream,
                                                        r->tgn ? &scorer : NULL, &r->rules)));
done:
  return st;
}

void cli_ranker_close(cli_ranker *r) {
  kith_stream_rules_destroy(&r->rules);
  kith_tgn_destroy(&r->tgn);
  kith_stream_destroy(&r->stream);
  kith_graph_destroy(&r->g);
}

kith_agreed cli_ranker_fit(cli_ranker *r, double *share) {
  const kith_stream_range range = kith_stream_ranges(r->stream);
  if (range.test == range.valid)
    return kith_agreed_same(
        kith_fail(KITH_ECONFIG, "evaluate.stream: validation events choose the weights of rules, and there "
                                "are none; set data.split.valid above 0, and run kith ingest again"));
  return kith_stream_rules_fit(r->rules, r->stream, r->batch, range.valid, range.test, share);
}

/* How many events are before a time: they ascend by it. */
static int64_t ranker_before(kith_stream *stream, int64_t until) {
  int64_t low = 0, high = kith_stream_ranges(stream).n;
  while (low < high) {
    const kith_event *event = NULL;
    const int64_t middle = low + (high - low) / 2;
    kith_stream_events(stream, middle, middle + 1, &event);
    if (event->time < until) low = middle + 1;
    else high = middle;
  }
  return low;
}

kith_agreed cli_stream_replay(const cli *c, kith_stream *stream, const kith_stream_scorer *s, int64_t until,
                              cli_see_event *see, void *context, int64_t *n, int64_t *now) {
  kith_agreed st = {KITH_OK};
  const kith_stream_range range = kith_stream_ranges(stream);
  const int batch = c->job.stream.batch;
  *n = until == INT64_MAX ? range.n : ranker_before(stream, until);
  const int64_t last = c->job.stream.known == KITH_STREAM_BATCH ? *n : *n - *n % batch;
  s->reset(s->context);
  for (int64_t at = 0, end = 0; at < *n; at = end) {
    const kith_event *event = NULL;
    end = kith_min(kith_stream_batch_end(range, at, batch), at < last ? last : *n);
    kith_stream_events(stream, at, end, &event);
    *now = event[end - at - 1].time;
    for (int64_t i = 0; i < end - at && see; i++) see(context, &event[i]);
    if (at == last && s->begin) KITH_TRY(s->begin(s->context, at, 1, event));
    KITH_TRY(s->observe(s->context, at, (int)(end - at), event));
  }
done:
  return st;
}

int cli_stream_top(int64_t n_item, const float *score, int k, kith_scored_item *best) {
  kith_topk_heap heap = {.k = k, .entry = best};
  for (int32_t i = 0; i < n_item; i++) kith__topk_heap_push(&heap, (kith_scored_item){score[i], i});
  kith__topk_heap_sort(&heap);
  return heap.n;
}
