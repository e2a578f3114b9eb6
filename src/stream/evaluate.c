/* Replaying a stream, and the figures of its events. */
#include "stream/evaluate.h"

#include <string.h>

#include "comm/comm.h"

const int64_t kith_stream_group_from[2][KITH_STREAM_GROUPS] = {{0, 1, 4, 16}, {0, 1, 10, 100}};

/* Sums of this rank's events. */
typedef struct replay_sums {
  kith_exact_sum reciprocal;
  int64_t n, hit[KITH_MAX_CUTOFFS];
} replay_sums;

typedef struct replay {
  const kith_comm *comm;
  const kith_graph *g;
  int n_scorer, n_k;
  const kith_stream_scorer *scorer;
  const int *k;
  kith_stream_recent *met; /* whom an item is new to */
  int64_t *of_user;        /* [n_own] earlier events of a user, … */
  int64_t *of_item;        /* [n_item] … and of an item, before the batch or up to an event of it … */
  int64_t *before;         /* [KITH_STREAM_WINDOW] … and of the items of the batch's events, before each */
  float *score;            /* [KITH_STREAM_ROWS, n_item] */
  int64_t n_nan;
  replay_sums sums[KITH_STREAM_FIGURES];
} replay;

static bool replay_owns(const replay *r, kith_gid node) {
  return node >= r->g->first[r->comm->rank] && node < r->g->first[r->comm->rank + 1];
}

/* The position of item `target` among all: 1 is the best. */
static int64_t replay_position(int64_t n_item, const float *score, int32_t target, int64_t *n_nan) {
  int64_t above = 0;
  for (int64_t i = 0; i < n_item; i++) {
    above += score[i] > score[target] || (score[i] == score[target] && i < target);
    *n_nan += score[i] != score[i];
  }
  return above + 1;
}

static void replay_count(const replay *r, int64_t position, replay_sums *s) {
  s->n++;
  kith_exact_sum_add(&s->reciprocal, 1.0 / (double)position);
  for (int i = 0; i < r->n_k; i++) s->hit[i] += position <= r->k[i];
}

/* What an event is to its user: the items that it met before, and whether the event's is one of them. */
static int replay_met(const replay *r, const kith_event *e, const kith_stream_met **met, bool *known) {
  int n = kith_stream_recent_get(r->met, (kith_lid)(e->user - r->g->first[r->comm->rank]), met);
  *known = false;
  for (int i = 0; i < n; i++) *known = *known || (*met)[i].item_number == e->item_number;
  return n;
}

/* Count an event in the group of a number of earlier ones; side 0: of the user, 1: of the item. */
static void replay_group(replay *r, int side, int64_t earlier, int64_t position) {
  int k = KITH_STREAM_GROUPS - 1;
  while (earlier < kith_stream_group_from[side][k]) k--;
  replay_count(r, position, &r->sums[(side ? KITH_STREAM_BY_ITEM : KITH_STREAM_BY_USER) + k]);
}

/* Rank event `index` of a batch by its scores [n_item]. */
static void replay_rank(replay *r, int index, const kith_event *e, const float *score) {
  const kith_stream_met *met;
  const int32_t target = e->item_number;
  bool known;
  int n = replay_met(r, e, &met, &known);
  int64_t position = replay_position(r->g->n[KITH_ITEM], score, target, &r->n_nan);
  replay_count(r, position, &r->sums[KITH_STREAM_ALL]);
  replay_group(r, 0, r->of_user[e->user - r->g->first[r->comm->rank]], position);
  replay_group(r, 1, r->before[index], position);
  if (known) replay_count(r, position, &r->sums[KITH_STREAM_MET]);
  if (known) return;
  replay_count(r, position, &r->sums[KITH_STREAM_NEW]);
  for (int i = 0; i < n; i++) {
    int32_t item = met[i].item_number;
    position -= score[item] > score[target] || (score[item] == score[target] && item < target);
  }
  replay_count(r, position, &r->sums[KITH_STREAM_AMONG_NEW]);
}

/* The next events of a batch whose users are owned, from *at on. */
static int replay_take(const replay *r, int n, const kith_event *event, int *at,
                       int index[KITH_STREAM_ROWS]) {
  int many = 0;
  for (; *at < n && many < KITH_STREAM_ROWS; ++*at)
    if (replay_owns(r, event[*at].user)) index[many++] = *at;
  return many;
}

/* Score some events of a batch whose users are owned. */
static void replay_score(replay *r, int n, const int *index, const kith_event *event) {
  memset(r->score, 0, (size_t)n * (size_t)r->g->n[KITH_ITEM] * sizeof *r->score);
  for (int s = 0; s < r->n_scorer; s++) r->scorer[s].score(r->scorer[s].context, n, index, event, r->score);
}

static kith_agreed replay_batch(replay *r, int64_t first, int n, const kith_event *event, bool ranked) {
  kith_agreed st = {KITH_OK};
  int index[KITH_STREAM_ROWS], at = 0, many = 0;
  for (int i = 0; i < n; i++) r->before[i] = r->of_item[event[i].item_number]++;
  for (int s = 0; s < r->n_scorer && ranked; s++)
    if (r->scorer[s].begin) KITH_TRY(r->scorer[s].begin(r->scorer[s].context, first, n, event));
  while ((many = replay_take(r, n, event, &at, index)) > 0) {
    if (ranked) replay_score(r, many, index, event);
    for (int i = 0; i < many; i++) {
      if (ranked) replay_rank(r, index[i], &event[index[i]], r->score + i * r->g->n[KITH_ITEM]);
      r->of_user[event[index[i]].user - r->g->first[r->comm->rank]]++;
      kith_stream_recent_add(r->met, 1, &event[index[i]]); /* an item is new once, also within a batch */
    }
  }
  for (int s = 0; s < r->n_scorer; s++) KITH_TRY(r->scorer[s].observe(r->scorer[s].context, first, n, event));
done:
  return st;
}

int64_t kith_stream_batch_end(kith_stream_range range, int64_t begin, int batch) {
  int64_t end = kith_min(begin + batch, range.n);
  if (begin < range.valid && end > range.valid) end = range.valid;
  if (begin < range.test && end > range.test) end = range.test;
  return end;
}

static void replay_figures(const replay *r, kith_stream_figures *out) {
  for (int f = 0; f < KITH_STREAM_FIGURES; f++) {
    replay_sums s = r->sums[f];
    kith_comm_sum(r->comm, 1, &s.reciprocal);
    kith_comm_sum_int(r->comm, 1, &s.n);
    kith_comm_sum_int(r->comm, r->n_k, s.hit);
    double n = s.n > 0 ? (double)s.n : 1;
    out[f] = (kith_stream_figures){.n = s.n, .mrr = kith_exact_sum_value(&s.reciprocal) / n};
    for (int i = 0; i < r->n_k; i++) out[f].hit_rate[i] = (double)s.hit[i] / n;
  }
}

kith_agreed kith_stream_evaluate(const kith_comm *comm, const kith_graph *g, kith_stream *stream,
                                 int n_scorer, const kith_stream_scorer *scorer, int batch, int64_t begin,
                                 int64_t end, int n_k, const int *k, kith_stream_figures *figures) {
  kith_agreed st = {KITH_OK};
  replay r = {.comm = comm, .g = g, .n_scorer = n_scorer, .n_k = n_k, .scorer = scorer, .k = k};
  const kith_stream_range range = kith_stream_ranges(stream);
  const kith_event *event;
  KITH_TRY(kith_agree(comm, kith_stream_recent_create(g, comm->rank, &r.met)));
  KITH_TRY(kith_agree(comm, KITH_NEW(r.score, KITH_STREAM_ROWS * g->n[KITH_ITEM])));
  KITH_TRY(kith_agree(comm, KITH_NEW(r.of_user, g->n_own)));
  KITH_TRY(kith_agree(comm, KITH_NEW(r.of_item, g->n[KITH_ITEM])));
  KITH_TRY(kith_agree(comm, KITH_NEW(r.before, KITH_STREAM_WINDOW)));
  for (int s = 0; s < n_scorer; s++) scorer[s].reset(scorer[s].context);
  for (int64_t first = 0, next = 0; first < end; first = next) {
    next = kith_min(kith_stream_batch_end(range, first, batch), end);
    kith_stream_events(stream, first, next, &event);
    KITH_TRY(replay_batch(&r, first, (int)(next - first), event, first >= begin));
  }
  kith_comm_sum_int(comm, 1, &r.n_nan);
  if (r.n_nan > 0)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ENUMERIC, "%lld scores of the stream are not numbers", (long long)r.n_nan)));
  replay_figures(&r, figures);
done:
  kith_stream_recent_destroy(&r.met);
  KITH_FREE(r.score);
  KITH_FREE(r.of_user);
  KITH_FREE(r.of_item);
  KITH_FREE(r.before);
  return st;
}
