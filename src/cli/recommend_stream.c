/* kith recommend of a stream: what users meet next, by what kith evaluate ranks events by. */
#include <math.h>
#include <mpi.h>
#include <string.h>

#include "cli/recommend.h"
#include "cli/stream.h"
#include "comm/comm.h"

typedef struct answer {
  cli *c;
  const recommend_request *w;
  cli_ranker r;
  recommend_data a;   /* its graph is that of r */
  int64_t n_user;     /* that are asked for */
  int32_t *number;    /* [n_user] their original numbers */
  kith_gid *node;     /* [users] global numbers by original number */
  int32_t *met;       /* [n_user, RECOMMEND_HISTORY] their latest items, padded with -1 */
  int64_t n_event;    /* known ones */
  int32_t *item;      /* [n_user, k] on rank 0 */
  float *score, *all; /* [n_user, k] on rank 0; [KITH_STREAM_ROWS, items] scratch */
} answer;

static void answer_free(answer *s) {
  cli_ranker_close(&s->r);
  s->a.g = NULL;
  cli_recommend_free(&s->a);
  KITH_FREE(s->number);
  KITH_FREE(s->node);
  KITH_FREE(s->met);
  KITH_FREE(s->item);
  KITH_FREE(s->score);
  KITH_FREE(s->all);
}

static kith_status answer_find_users(answer *s) {
  const recommend_request *w = s->w;
  for (int64_t q = 0; q < s->n_user; q++) {
    const int64_t found = w->all ? q : kith_ids_find(&s->a.user, w->user[q]);
    if (found < 0) return kith_fail(KITH_EDATA, "--user %s: no such user in the graph", w->user[q]);
    s->number[q] = (int32_t)found;
  }
  return KITH_OK;
}

static kith_status answer_alloc(answer *s) {
  kith_status st = KITH_OK;
  const kith_graph *g = s->r.g;
  const int64_t n = s->c->comm->rank == 0 ? s->n_user * s->w->k : 0;
  KITH_TRY(KITH_NEW(s->number, s->n_user));
  KITH_TRY(KITH_NEW(s->node, g->n[KITH_USER]));
  KITH_TRY(KITH_NEW(s->met, s->n_user * RECOMMEND_HISTORY));
  KITH_TRY(KITH_NEW(s->item, n));
  KITH_TRY(KITH_NEW(s->score, n));
  KITH_TRY(KITH_NEW(s->all, KITH_STREAM_ROWS * g->n[KITH_ITEM]));
  for (int64_t i = 0; i < s->n_user * RECOMMEND_HISTORY; i++) s->met[i] = -1;
  for (kith_lid i = 0; i < g->n_own_of[KITH_USER]; i++) {
    const kith_lid row = g->row_of[KITH_USER][i];
    s->node[g->original[row]] = g->first[s->c->comm->rank] + row;
  }
done:
  return st;
}

static kith_agreed answer_open(answer *s) {
  kith_agreed st = {KITH_OK};
  cli *c = s->c;
  char graph[KITH_PATH];
  KITH_TRY(cli_ranker_open(c, graph, &s->r));
  s->a.g = s->r.g;
  KITH_TRY(kith_ids_read(c->comm, graph, KITH_USER, &s->a.user));
  KITH_TRY(kith_ids_read(c->comm, graph, KITH_ITEM, &s->a.item));
  for (int t = 0; t < KITH_SIDES; t++)
    KITH_TRY(kith_node_names_read(c->comm, graph, (kith_node_type)t, &s->a.name[t]));
  s->n_user = s->w->all ? s->r.g->n[KITH_USER] : s->w->n_user;
  KITH_TRY(kith_agree(c->comm, answer_alloc(s)));
  kith_comm_sum_int(c->comm, s->r.g->n[KITH_USER], s->node); /* each has one owner, others have 0 */
  KITH_TRY(kith_agreed_same(answer_find_users(s)));
done:
  return st;
}

/* ---- what is known ---- */

/* The item comes first among the latest of its user. */
static void answer_see_user(int32_t *met, int32_t item) {
  int at = 0;
  while (at < RECOMMEND_HISTORY - 1 && met[at] >= 0 && met[at] != item) at++;
  for (; at > 0; at--) met[at] = met[at - 1];
  met[0] = item;
}

static void answer_see(void *context, const kith_event *e) {
  answer *s = context;
  if (s->w->all) answer_see_user(s->met + (int64_t)e->user_number * RECOMMEND_HISTORY, e->item_number);
  for (int64_t q = 0; q < s->n_user && !s->w->all; q++)
    if (s->number[q] == e->user_number) answer_see_user(s->met + q * RECOMMEND_HISTORY, e->item_number);
}

/* Weights, then the events before the time that is asked for. */
static kith_agreed answer_replay(answer *s, const kith_stream_scorer *by) {
  kith_agreed st = {KITH_OK};
  double share[KITH_RULE_PARTS];
  const bool ends = s->w->at == RECOMMEND_END;
  KITH_TRY(cli_ranker_fit(&s->r, share));
  KITH_TRY(cli_stream_replay(s->c, s->r.stream, by, ends ? INT64_MAX : s->w->at, answer_see, s, &s->n_event,
                             &s->a.time));
  if (s->n_event == 0)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EUSAGE, "--at %lld: no event of the stream is before this time",
                                        (long long)s->w->at)));
  if (!ends) s->a.time = s->w->at;
  s->a.has_time = true;
done:
  return st;
}

static void answer_warn(const answer *s) {
  int64_t n = 0, first = -1;
  if (s->c->comm->rank != 0) return;
  for (int64_t q = 0; q < s->n_user; q++)
    if (s->met[q * RECOMMEND_HISTORY] < 0 && n++ == 0) first = q;
  if (n > 0 && s->w->all)
    kith_warn("%s no event before this time: the order of their items is that of all users",
              KITH_COUNT(n, "of the users (has|have)"));
  for (int64_t q = first; q >= 0 && q < s->n_user && !s->w->all; q++)
    if (s->met[q * RECOMMEND_HISTORY] < 0)
      kith_warn("--user %s: this user has no event before this time: the order of the items is that of all "
                "users",
                s->w->user[q]);
  if (s->n_event < kith_stream_ranges(s->r.stream).test)
    kith_warn("--at %lld: the weights, and the model, have learned of events behind this time, too",
              (long long)s->w->at);
}

/* ---- the items ---- */

/* Of an owned user's scores [items]; whether all are numbers. */
static bool answer_take(const answer *s, const float *score, kith_scored_item *best, int32_t *item,
                        float *value) {
  const int64_t n_item = s->r.g->n[KITH_ITEM];
  bool numbers = true;
  for (int64_t i = 0; i < n_item; i++) numbers = numbers && score[i] == score[i];
  const int n = cli_stream_top(n_item, score, s->w->k, best);
  for (int j = 0; j < n; j++) {
    item[j] = best[j].item;
    value[j] = best[j].score;
  }
  return numbers;
}

/* Scores of those of n users whom this rank owns; to item, score [n, k]. */
static bool answer_score(const answer *s, const kith_stream_scorer *by, int n, const kith_event *event,
                         kith_scored_item *best, int32_t *item, float *score) {
  const kith_graph *g = s->r.g;
  const int64_t k = s->w->k, n_item = g->n[KITH_ITEM];
  int index[KITH_STREAM_ROWS], many = 0;
  bool numbers = true;
  for (int i = 0; i <= n; i++) {
    if (i == n || many == KITH_STREAM_ROWS) {
      memset(s->all, 0, (size_t)many * (size_t)n_item * sizeof *s->all);
      by->score(by->context, many, index, event, s->all);
      for (int m = 0; m < many; m++)
        if (!answer_take(s, s->all + m * n_item, best, item + index[m] * k, score + index[m] * k))
          numbers = false;
      many = 0;
    }
    const int rank = s->c->comm->rank;
    if (i < n && event[i].user >= g->first[rank] && event[i].user < g->first[rank + 1]) index[many++] = i;
  }
  return numbers;
}

/* The lists of users first … first + n - 1, to rank 0. */
static kith_agreed answer_block(answer *s, const kith_stream_scorer *by, int64_t first, int n,
                                kith_event *event, kith_scored_item *best, int32_t *item, float *score) {
  kith_agreed st = {KITH_OK};
  const int k = s->w->k;
  const bool root = s->c->comm->rank == 0;
  for (int i = 0; i < n; i++)
    event[i] = (kith_event){.time = s->a.time,
                            .user = s->node[s->number[first + i]],
                            .user_number = s->number[first + i]};
  for (int i = 0; i < n * k; i++) {
    item[i] = -1;
    score[i] = -INFINITY;
  }
  if (by->begin) KITH_TRY(by->begin(by->context, s->n_event, n, event));
  const bool numbers = answer_score(s, by, n, event, best, item, score);
  KITH_TRY(kith_agree(s->c->comm,
                      numbers ? KITH_OK : kith_fail(KITH_ENUMERIC, "scores of the stream are not numbers")));
  KITH_MPI(
      MPI_Reduce(item, root ? s->item + first * k : NULL, n * k, MPI_INT32_T, MPI_MAX, 0, s->c->comm->mpi));
  KITH_MPI(
      MPI_Reduce(score, root ? s->score + first * k : NULL, n * k, MPI_FLOAT, MPI_MAX, 0, s->c->comm->mpi));
done:
  return st;
}

/* As many users at a time as a batch has events, and of few items. */
static kith_agreed answer_users(answer *s, const kith_stream_scorer *by) {
  kith_agreed st = {KITH_OK};
  enum { MOST = 1 << 20 };
  const int k = s->w->k, of = s->c->job.stream.batch;
  const int size = (int)kith_min(s->n_user, kith_min(of, 1 + MOST / k));
  kith_event *event = NULL;
  kith_scored_item *best = NULL;
  int32_t *item = NULL;
  float *score = NULL;
  KITH_TRY(kith_agree(s->c->comm, KITH_NEW(event, size)));
  KITH_TRY(kith_agree(s->c->comm, KITH_NEW(best, k)));
  KITH_TRY(kith_agree(s->c->comm, KITH_NEW(item, (int64_t)size * k)));
  KITH_TRY(kith_agree(s->c->comm, KITH_NEW(score, (int64_t)size * k)));
  for (int64_t first = 0; first < s->n_user; first += size) {
    const int n = (int)kith_min(size, s->n_user - first);
    KITH_TRY(answer_block(s, by, first, n, event, best, item, score));
  }
done:
  KITH_FREE(event);
  KITH_FREE(best);
  KITH_FREE(item);
  KITH_FREE(score);
  return st;
}

kith_agreed cli_recommend_stream(cli *c, const recommend_request *w, bool replaces) {
  kith_agreed st = {KITH_OK};
  answer s = {.c = c, .w = w};
  KITH_TRY(answer_open(&s));
  const kith_stream_scorer by = kith_stream_rules_scorer(s.r.rules);
  KITH_TRY(answer_replay(&s, &by));
  KITH_TRY(answer_users(&s, &by));
  answer_warn(&s);
  cli_print(c, "%s, behind %s, at the time %lld; items that a user has met are listed, too",
            s.r.tgn ? "by rules and model" : "by rules", KITH_COUNT(s.n_event, "event(s)"),
            (long long)s.a.time);
  cli_json(c, "time", "%lld", (long long)s.a.time);
  cli_json(c, "known_events", "%lld", (long long)s.n_event);
  if (w->all) KITH_TRY(cli_recommend_save(c, w, &s.a, s.item, s.score, replaces));
  else if (c->comm->rank == 0) cli_recommend_show(c, w, &s.a, s.item, s.score, s.met);
done:
  answer_free(&s);
  return st;
}
