/* The table of candidates: which users, which items of each, and the scores of every knot and of the direct
 * term. */
#include <math.h>
#include <string.h>

#include "base/order.h"
#include "eval/eval.h"
#include "halo/halo.h"
#include "ops/ops.h"
#include "spectral/filter.h"
#include "spectral/rows.h"
#include "tune/tune_impl.h"

/* What the making of a table needs. */
typedef struct table_work {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_spectrum *s;
  const kith_tune_options *tune;
  const kith_spectral_options *o;
  kith__tune_table *t;
  int64_t n_number; /* distinct candidate items of this rank's users */
  kith_gid *number; /* [n_number] their global numbers, ascending */
  kith_halo *halo;  /* from their owners */
  kith_lid *at;     /* [n_user, n_candidate] index of each candidate among them */
  float *x;         /* [n_own, k] users: m_j (V' D_i^-p r_u)_j; items: V */
  float *row;       /* [n_number, k] of the candidates */
  int *first;       /* [n_knot] first eigenvalue past each knot; past the last: the first zero */
  float *far; /* [k] weight of the next knot at each eigenvalue; that of the knot before it is the rest */
} table_work;

void kith__tune_table_free(kith__tune_table *t) {
  KITH_FREE(t->user);
  KITH_FREE(t->half);
  KITH_FREE(t->n_truth);
  KITH_FREE(t->item);
  KITH_FREE(t->hit);
  KITH_FREE(t->degree);
  KITH_FREE(t->feature);
}

static void table_work_free(table_work *w) {
  kith_halo_destroy(&w->halo);
  KITH_FREE(w->number);
  KITH_FREE(w->at);
  KITH_FREE(w->x);
  KITH_FREE(w->row);
  KITH_FREE(w->first);
  KITH_FREE(w->far);
}

/* ---- users ---- */

/* Each user with validation items is taken with the same probability, by a key of its own. */
static kith_status table_users(const table_work *w, int64_t n_all) {
  kith_status st = KITH_OK;
  const kith_graph *g = w->g;
  kith__tune_table *t = w->t;
  double share = n_all > 0 ? (double)w->tune->n_user / (double)n_all : 1;
  KITH_TRY(KITH_NEW(t->user, g->n_own_of[KITH_USER]));
  KITH_TRY(KITH_NEW(t->half, g->n_own_of[KITH_USER]));
  KITH_TRY(KITH_NEW(t->n_truth, g->n_own_of[KITH_USER]));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    int64_t n = g->valid.start[u + 1] - g->valid.start[u];
    uint64_t original = (uint64_t)g->original[g->row_of[KITH_USER][u]];
    kith_draw draw = kith_random(w->tune->seed, KITH_RNG_TUNE_USER, original, 0, 0);
    if (n == 0 || kith_random_unit(draw.bits[0]) >= share) continue;
    t->user[t->n_user] = u;
    t->half[t->n_user] = (uint8_t)(draw.bits[1] & 1);
    t->n_truth[t->n_user++] = n;
  }
done:
  return st;
}

static int64_t table_count_users(const table_work *w) {
  int64_t n = 0;
  for (kith_lid u = 0; u < w->g->n_own_of[KITH_USER]; u++)
    n += w->g->valid.start[u + 1] > w->g->valid.start[u];
  kith_comm_sum_int(w->comm, 1, &n);
  return n;
}

/* ---- candidates ---- */

static kith_status table_make(kith__tune_table *t) {
  kith_status st = KITH_OK;
  int64_t n = (int64_t)t->n_user * t->n_candidate;
  KITH_TRY(KITH_NEW(t->item, n));
  KITH_TRY(KITH_NEW(t->hit, n));
  KITH_TRY(KITH_NEW(t->degree, n));
  KITH_TRY(KITH_NEW(t->feature, n * t->n_feature));
done:
  return st;
}

static void table_take(table_work *w, const kith_topk *top) {
  kith__tune_table *t = w->t;
  for (kith_lid i = 0; i < t->n_user; i++)
    for (int c = 0; c < t->n_candidate; c++) {
      int64_t at = (int64_t)i * t->n_candidate + c;
      t->item[at] = top->item[at];
      t->hit[at] = top->item[at] >= 0 && kith_ragged_has(&w->g->valid, t->user[i], top->item[at]);
    }
}

/* The items that rank first by the job's settings, validation items included. */
static kith_agreed table_rank(table_work *w) {
  kith_agreed st = {KITH_OK};
  kith__tune_table *t = w->t;
  kith_graph trained = *w->g;
  kith_topk top = {0};
  kith_eid *none = NULL;
  const kith_direct_term direct = kith_spectral_direct(w->o, w->s);
  KITH_TRY(kith_agree(w->comm, KITH_NEW(none, (int64_t)w->g->n_own_of[KITH_USER] + 1)));
  trained.valid = (kith_ragged){.n_row = w->g->n_own_of[KITH_USER], .start = none};
  KITH_TRY(kith_spectral_rows(w->comm, w->g, w->o, w->s, w->x));
  KITH_TRY(kith_eval_topk(w->comm, &trained, w->s->k, w->x, &direct, NULL, t->n_candidate, NULL, t->n_user,
                          t->user, &top));
  KITH_TRY(kith_agree(w->comm, table_make(t)));
  table_take(w, &top);
done:
  kith_topk_free(&top);
  KITH_FREE(none);
  return st;
}

/* ---- rows of the candidates ---- */

/* Number the distinct candidates, so that each row travels once. */
static kith_status table_number(table_work *w) {
  kith_status st = KITH_OK;
  const kith__tune_table *t = w->t;
  int64_t n = (int64_t)t->n_user * t->n_candidate, m = 0;
  KITH_TRY(KITH_NEW(w->number, n));
  KITH_TRY(KITH_NEW(w->at, n));
  for (int64_t i = 0; i < n; i++)
    if (t->item[i] >= 0) w->number[m++] = w->g->item_number[t->item[i]];
  w->n_number = kith_sort_unique(m, w->number);
  for (int64_t i = 0; i < n; i++) {
    if (t->item[i] < 0) continue;
    w->at[i] = (kith_lid)kith_range_find(w->n_number, w->number, w->g->item_number[t->item[i]]);
  }
done:
  return st;
}

static void table_forward(const table_work *w, int d, const float *own, float *to) {
  kith_halo_begin(w->halo, d, own, to);
  kith_halo_end(w->halo);
}

/* The eigenvalues between each two knots, and their weights, as the filter interpolates. */
static void table_basis(const table_work *w) {
  int n_knot = w->tune->n_knot, rank = kith_spectral_rank(w->s), knot = 0;
  double last = kith_spectral_last(w->s);
  for (int k = 0; k < rank; k++) {
    double m = w->s->value[k] / w->s->value[0];
    while (knot < n_knot - 2 && kith_spectral_hat(n_knot, last, m, knot) <= 0) w->first[++knot] = k;
    w->far[k] = (float)kith_spectral_hat(n_knot, last, m, knot + 1);
  }
  while (knot < n_knot - 1) w->first[++knot] = rank;
}

/* F_j of one candidate; far [k] is the user's row times the weights. */
static void table_knots(const table_work *w, const float *user, const float *far, const float *item,
                        float *feature) {
  memset(feature, 0, (size_t)w->tune->n_knot * sizeof *feature);
  for (int j = 0; j + 1 < w->tune->n_knot; j++) {
    int from = w->first[j], n = w->first[j + 1] - from;
    float all = kith_dot(n, user + from, item + from), next = kith_dot(n, far + from, item + from);
    feature[j] += all - next;
    feature[j + 1] += next;
  }
}

/* F_j of a user's candidates; far [k] is scratch memory. */
static void table_user(const table_work *w, kith_lid i, float *far) {
  const kith__tune_table *t = w->t;
  const size_t k = (size_t)w->s->k;
  const float *user = w->x + k * (size_t)w->g->row_of[KITH_USER][t->user[i]];
  for (size_t l = 0; l < k; l++) far[l] = user[l] * w->far[l];
  for (int c = 0; c < t->n_candidate; c++) {
    int64_t at = (int64_t)i * t->n_candidate + c;
    if (t->item[at] < 0) continue;
    table_knots(w, user, far, w->row + k * (size_t)w->at[at], t->feature + at * t->n_feature);
  }
}

/* F_j of all candidates: rows of users and items without degrees, m_j on the user's side. */
static kith_agreed table_features(table_work *w) {
  kith_agreed st = {KITH_OK};
  float *far = NULL;
  kith_spectral_options plain = *w->o;
  plain.filter = KITH_FILTER_KNOTS;
  plain.knots = (kith_knots){.n = 2, .of = {1, 1}};
  plain.output_power = 0;
  KITH_TRY(kith_agree(w->comm, KITH_NEW(far, (int64_t)kith_max_threads() * w->s->k)));
  KITH_TRY(kith_spectral_rows(w->comm, w->g, &plain, w->s, w->x));
  table_forward(w, w->s->k, w->x, w->row);
#pragma omp parallel for schedule(dynamic)
  for (kith_lid i = 0; i < w->t->n_user; i++)
    table_user(w, i, far + (size_t)kith_thread_num() * (size_t)w->s->k);
done:
  KITH_FREE(far);
  return st;
}

/* Training interactions of each candidate. */
static kith_agreed table_degrees(table_work *w) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = w->g;
  kith__tune_table *t = w->t;
  int64_t *own = NULL, *ghost = NULL;
  KITH_TRY(kith_agree(w->comm, KITH_NEW(own, g->n_own)));
  KITH_TRY(kith_agree(w->comm, KITH_NEW(ghost, w->n_number)));
  for (kith_lid i = 0; i < g->n_own; i++) own[i] = g->start[i + 1] - g->start[i];
  KITH_TRY(kith_halo_forward_int(w->halo, own, ghost));
  t->most_degree = 1;
  for (int64_t at = 0; at < (int64_t)t->n_user * t->n_candidate; at++) {
    t->degree[at] = t->item[at] >= 0 && ghost[w->at[at]] > 0 ? (int32_t)ghost[w->at[at]] : 1;
    if (t->degree[at] > t->most_degree) t->most_degree = t->degree[at];
  }
done:
  KITH_FREE(own);
  KITH_FREE(ghost);
  return st;
}

/* ---- the direct term ---- */

/* Make T as large as the sum of all F_j, on average over candidates. */
static void table_scale_direct(table_work *w) {
  kith__tune_table *t = w->t;
  kith_exact_sum sum[2] = {{0}};
  int last = t->n_feature - 1;
  for (int64_t at = 0; at < (int64_t)t->n_user * t->n_candidate; at++) {
    double all = 0;
    for (int f = 0; f < last; f++) all += (double)t->feature[at * t->n_feature + f];
    kith_exact_sum_add(&sum[0], fabs(all));
    kith_exact_sum_add(&sum[1], fabs((double)t->feature[at * t->n_feature + last]));
  }
  kith_comm_sum(w->comm, 2, sum);
  double knots = kith_exact_sum_value(&sum[0]), direct = kith_exact_sum_value(&sum[1]);
  t->direct_scale = knots > 0 && direct > 0 ? knots / direct : 1;
  for (int64_t at = 0; at < (int64_t)t->n_user * t->n_candidate; at++)
    t->feature[at * t->n_feature + last] *= (float)t->direct_scale;
}

/* T of all candidates: the direct term with c = 1 and q = 0. */
static kith_agreed table_direct_term(table_work *w) {
  kith_agreed st = {KITH_OK};
  kith__tune_table *t = w->t;
  kith_spectral_options one = *w->o;
  int64_t n = (int64_t)t->n_user * t->n_candidate;
  float *term = NULL;
  one.direct = 1;
  one.output_power = 0;
  const kith_direct_term direct = kith_spectral_direct(&one, w->s);
  KITH_TRY(kith_agree(w->comm, KITH_NEW(term, n)));
  KITH_TRY(kith_eval_direct_some(w->comm, w->g, &direct, t->n_user, t->user, t->n_candidate, t->item, term));
  for (int64_t at = 0; at < n; at++) t->feature[at * t->n_feature + t->n_feature - 1] = term[at];
  table_scale_direct(w);
done:
  KITH_FREE(term);
  return st;
}

/* ---- all of it ---- */

static kith_status table_work_make(table_work *w) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->x, (int64_t)w->g->n_own * w->s->k));
  KITH_TRY(KITH_NEW(w->first, w->tune->n_knot));
  KITH_TRY(KITH_NEW(w->far, w->s->k));
  table_basis(w);
done:
  return st;
}

static kith_status table_receive_make(table_work *w) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(w->row, w->n_number * w->s->k));
  KITH_TRY(kith_halo_reserve(w->halo, w->s->k));
done:
  return st;
}

kith_agreed kith__tune_table_make(const kith_comm *comm, const kith_graph *g, const kith_spectrum *s,
                                  const kith_tune_options *tune, const kith_spectral_options *o,
                                  kith__tune_table *out) {
  kith_agreed st = {KITH_OK};
  table_work w = {.comm = comm, .g = g, .s = s, .tune = tune, .o = o, .t = out};
  *out = (kith__tune_table){.comm = comm,
                            .n_candidate = (int)kith_min(tune->n_candidate, g->n[KITH_ITEM]),
                            .n_feature = tune->n_knot + 1};
  KITH_TRY(kith_agree(comm, table_users(&w, table_count_users(&w))));
  KITH_TRY(kith_agree(comm, table_work_make(&w)));
  KITH_TRY(table_rank(&w));
  KITH_TRY(kith_agree(comm, table_number(&w)));
  KITH_TRY(kith_halo_create(comm, g->first, w.n_number, w.number, &w.halo));
  KITH_TRY(kith_agree(comm, table_receive_make(&w)));
  KITH_TRY(table_degrees(&w));
  KITH_TRY(table_features(&w));
  out->direct_scale = 1;
  if (tune->direct || o->direct > 0) KITH_TRY(table_direct_term(&w));
done:
  table_work_free(&w);
  if (kith_is_bad(st)) kith__tune_table_free(out);
  return st;
}
