/* New users whose rows are moved; contract: train/embed_adapt.h. */
#include "train/embed_adapt.h"

#include <string.h>

#include "base/base.h"
#include "comm/comm.h"
#include "model/model.h"
#include "ops/ops.h"
#include "train/adapt_learn.h"

/* A number given twice would be learned, and told, twice. */
static kith_status adapt_check_pairs(const kith_fanouts *pairs) {
  kith_status st = KITH_OK;
  for (int c = 0; c < pairs->n; c++)
    for (int b = 0; b < c; b++)
      KITH_CHECK(pairs->of[b] != pairs->of[c], KITH_ECONFIG,
                 "embed.adapt_pairs: %d is given twice; expected each number once", pairs->of[c]);
done:
  return st;
}

kith_status kith_embed_adapt_check(const kith_run *run, const kith_embed_options *o) {
  kith_status st = KITH_OK;
  const kith_model_options *m = &run->model;
  if (o->adapt == 0) return st;
  KITH_CHECK(kith_model_has_steps(m), KITH_ECONFIG,
             "embed.adapt: rows of model.name: %s have no loss that steps descend; expected 0",
             kith_model_text(m->name));
  KITH_CHECK(m->sequence == KITH_SEQUENCE_NONE, KITH_ECONFIG,
             "embed.adapt: learns without model.sequence; expected 0, or model.sequence: none");
  KITH_CHECK(o->init == KITH_EMBED_ZERO, KITH_ECONFIG,
             "embed.adapt: learns on users without embed.init: mean; expected 0, or embed.init: zero");
  KITH_CHECK(run->evaluate.scope.candidates == KITH_CANDIDATES_ALL, KITH_ECONFIG,
             "embed.adapt: learns by ranking all items; expected 0, or evaluate.candidates: all");
  KITH_TRY(adapt_check_pairs(&o->adapt_pairs));
done:
  return st;
}

static kith_status adapt_check_new(const kith_graph *g, const kith_run *run, const kith_new_nodes *new) {
  kith_status st = KITH_OK;
  KITH_CHECK(!kith_model_uses_features(&run->model, g, KITH_USER) && new->n_relation == 0, KITH_ECONFIG,
             "embed.adapt: learns on users without features and relations; expected 0");
  KITH_CHECK(new->n[KITH_USER] > 0, KITH_ECONFIG,
             "embed.adapt: moves rows of new users, and there are none; expected 0");
done:
  return st;
}

/* ---- new users ---- */

typedef struct adapt_new {
  const kith_new_nodes *new;
  const kith_adaptation *by;
  int64_t first, n; /* this rank's new users */
  int64_t *start;   /* [n + 1] … */
  int32_t *item;    /* … their known items */
  int *class;       /* [n] the class of each, -1: none */
  int64_t *at;      /* [n] scratch: users of a class … */
  float *own, *y;   /* [n, d] … what moves them, and where to */
} adapt_new;

static void new_free(adapt_new *a) {
  KITH_FREE(a->start);
  KITH_FREE(a->item);
  KITH_FREE(a->class);
  KITH_FREE(a->at);
  KITH_FREE(a->own);
  KITH_FREE(a->y);
}

/* Pairs are sorted by user. */
static kith_status new_lists(adapt_new *a, int d) {
  kith_status st = KITH_OK;
  const kith_new_nodes *new = a->new;
  const int64_t low = new->n_known[KITH_USER] + a->first;
  int64_t to = 0, at = 0;
  KITH_TRY(KITH_NEW(a->start, a->n + 1));
  KITH_TRY(KITH_NEW(a->item, new->n_pair));
  KITH_TRY(KITH_NEW(a->class, a->n));
  KITH_TRY(KITH_NEW(a->at, a->n));
  KITH_TRY(KITH_NEW(a->own, a->n * d));
  KITH_TRY(KITH_NEW(a->y, a->n * d));
  for (int64_t i = 0; i < a->n; i++) {
    while (at < new->n_pair &&new->user[at] < low + i) at++;
    for (; at < new->n_pair &&new->user[at] == low + i; at++)
      if (new->item[at] < new->n_known[KITH_ITEM]) a->item[to++] = new->item[at];
    a->start[i + 1] = to;
  }
done:
  return st;
}

/* The largest number of pairs that a user with n known items has; -1: none, or more than any of them. */
static int new_class(const kith_adaptation *by, int64_t n) {
  int best = -1, most = 0;
  for (int c = 0; c < by->n_class; c++) {
    most = by->of[c].pairs > most ? by->of[c].pairs : most;
    if (by->of[c].pairs <= n && (best < 0 || by->of[c].pairs > by->of[best].pairs)) best = c;
  }
  return n > most ? -1 : best;
}

/* The same among those that have steps, for n > 0; else the smallest of these: a row of zeros ranks nothing,
 * so that any rates are better. */
static int new_class_of_empty(const kith_adaptation *by, int64_t n) {
  int best = -1;
  for (int c = 0; c < by->n_class; c++) {
    if (by->of[c].steps == 0) continue;
    const int is = by->of[c].pairs, was = best < 0 ? 0 : by->of[best].pairs;
    if (best < 0 || (is <= n ? was > n || is > was : was > n && is < was)) best = c;
  }
  return n > 0 ? best : -1;
}

static bool new_is_empty(int d, const float *x) { return kith_dot(d, x, x) == 0; }

/* Choose the classes of all, before any row moves; out->n_other.  x [n, d] */
static void new_choose(adapt_new *a, int d, const float *x, kith_adaptation *out) {
  for (int64_t i = 0; i < a->n; i++) {
    const int64_t n_item = a->start[i + 1] - a->start[i];
    const int usual = new_class(a->by, n_item);
    a->class[i] = new_is_empty(d, x + i * d) ? new_class_of_empty(a->by, n_item) : usual;
    out->n_other += a->class[i] >= 0 && a->class[i] != usual;
  }
}

/* Move the users of a class: x [n, d]; their number. */
static int64_t new_move(adapt_new *a, const kith__adapt *by, int class, float *x) {
  const kith_adapt_class *c = &a->by->of[class];
  const size_t row = (size_t)by->d * sizeof *x;
  int64_t n = 0;
  if (c->steps == 0) return 0;
  for (int64_t i = 0; i < a->n; i++) {
    if (a->class[i] != class) continue;
    kith__adapt_own(by, a->start[i + 1] - a->start[i], a->item + a->start[i], a->own + n * by->d);
    memcpy(a->y + n * by->d, x + i * by->d, row);
    a->at[n++] = i;
  }
  kith__adapt_rows(by, (kith__adapt_rates){c->own, c->likely, c->shared, c->steps}, n, a->own, a->y);
  for (int64_t i = 0; i < n; i++) memcpy(x + a->at[i] * by->d, a->y + i * by->d, row);
  return n;
}

static kith_agreed adapt_new_users(const kith_comm *comm, const kith_new_nodes *new, const kith__adapt *by,
                                   kith_adaptation *out, kith_new_embeddings *e) {
  kith_agreed st = {KITH_OK};
  const int64_t left = new->n[KITH_USER] > e->first ? new->n[KITH_USER] - e->first : 0;
  adapt_new a = {.new = new, .by = out, .first = e->first, .n = kith_min(e->n, left)};
  KITH_TRY(kith_agree(comm, new_lists(&a, by->d)));
  new_choose(&a, by->d, e->x, out);
  for (int c = 0; c < out->n_class; c++) out->n_moved += new_move(&a, by, c, e->x);
  for (int64_t i = 0; i < a.n; i++)
    out->n_empty += a.start[i + 1] > a.start[i] && new_is_empty(by->d, e->x + i * by->d);
  kith_comm_sum_int(comm, 1, &out->n_moved);
  kith_comm_sum_int(comm, 1, &out->n_other);
  kith_comm_sum_int(comm, 1, &out->n_empty);
done:
  new_free(&a);
  return st;
}

/* ---- all of it ---- */

/* Rows of the episodes' users, as kith_embed() gives them to new ones. */
static kith_agreed adapt_embed(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                               const kith_embed_options *o, const char *checkpoint, kith__episodes *of) {
  kith_agreed st = {KITH_OK};
  kith_new_embeddings e = {.n = 0};
  KITH_TRY(kith_embed(comm, g, run, &of->as_new, o, checkpoint, &e));
  KITH_TRY(kith_agree(comm, KITH_NEW(of->x, of->n * e.d)));
  memcpy(of->x + e.first * e.d, e.x, (size_t)(e.n * e.d) * sizeof *e.x);
  kith_comm_reduce(comm, of->n * e.d, MPI_UINT32_T, MPI_BOR, of->x);
done:
  kith_new_embeddings_free(&e);
  return st;
}

static double adapt_sharpness(const kith_run *run) {
  return run->train.loss.name == KITH_SOFTMAX ? 1 / run->train.loss.temperature : 1;
}

kith_agreed kith_embed_adapt(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                             const kith_new_nodes *new, const kith_embed_options *o, const char *checkpoint,
                             const float *x, kith_new_embeddings *e) {
  kith_agreed st = {KITH_OK};
  kith__episodes of = {.n = 0};
  kith__adapt a = {.d = e->d};
  kith_adaptation out = {.steps = o->adapt, .n_class = o->adapt_pairs.n, .d = e->d};
  KITH_TRY(kith_agreed_same(adapt_check_new(g, run, new)));
  for (int c = 0; c < out.n_class; c++) out.of[c].pairs = o->adapt_pairs.of[c];
  KITH_TRY(kith__episodes_make(comm, g, run, o, &of));
  KITH_TRY(kith__adapt_make(comm, g, e->d, x, adapt_sharpness(run), &a));
  KITH_TRY(adapt_embed(comm, g, run, o, checkpoint, &of));
  KITH_TRY(kith__adapt_learn(comm, g, run, &of, x, &a, &out));
  out.length = a.length;
  KITH_TRY(adapt_new_users(comm, new, &a, &out, e));
  out.shared = a.shared;
  a.shared = NULL;
  e->adapted = out;
done:
  kith__adapt_free(&a);
  kith__episodes_free(&of);
  return st;
}
