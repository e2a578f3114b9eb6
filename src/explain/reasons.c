/* Contributions of the neighbors of a user, at the owner of the user's row. */
#include <math.h>
#include <stdlib.h>

#include "explain/explain_impl.h"

typedef struct found {
  double value, direct;
  int feature;         /* 1 + its number; 0: a neighbor */
  kith_eid entry, nth; /* the entry of the matrix, and how many of its term are before it in the row; of a
                          feature its place behind the entries */
} found;

void kith__explain_node(int64_t key, int *type, int64_t *original) {
  bool further = key >> 62 & 1;
  *type = further ? (int)(key >> 48 & 0x3fff) : (int)(key & 1);
  *original = further ? key & ((INT64_C(1) << 48) - 1) : key >> 1;
}

/* Time and kind are those of the same entry of the graph, whose rows have the order of the matrix. */
kith_explain_edge kith__explain_edge(const kith_explainer *e, kith_lid p, kith_eid entry, kith_eid nth) {
  const kith_dist_csr *a = e->a;
  const kith_graph *g = e->g;
  kith_lid row = a->csr.perm[p];
  int relation = e->term[kith__explain_term(e, entry)];
  bool choice = relation == KITH_EXPLAIN_CHOICE;
  const kith_adjacency *r = choice ? NULL : &g->relation[relation];
  const int64_t *time = choice ? g->time : r->time;
  kith_eid at = (choice ? g->start : r->start)[row] + nth;
  kith_explain_edge edge = {.relation = relation, .kind = -1};
  kith__explain_node(a->node[a->csr.col[entry]], &edge.type, &edge.original);
  if (!choice && r->kind) edge.kind = r->kind[at];
  if (time) {
    edge.timed = true;
    edge.time = time[at];
  }
  return edge;
}

static double reasons_dot(int d, const float *x, const float *y) {
  double sum = 0;
  for (int k = 0; k < d; k++) sum += (double)x[k] * (double)y[k];
  return sum;
}

/* Highest contribution first; equal ones in the order of the row. */
static int reasons_compare(const void *a, const void *b) {
  const found *x = a, *y = b;
  if (x->value != y->value) return x->value > y->value ? -1 : 1;
  return (x->entry > y->entry) - (x->entry < y->entry);
}

/* What an entry of R(0) is multiplied by: cosines divide by the length of the user's row. */
static double reasons_scale(const kith_explainer *e, kith_lid row) {
  if (e->run->model.score != KITH_COSINE || !e->all) return 1;
  const float *r = e->all + (size_t)row * (size_t)e->d;
  double square = reasons_dot(e->d, r, r);
  return square > 0 ? 1 / sqrt(square) : 0;
}

/* The neighbors of query q's user; of spectral, R(1) contains the weights of the entries. */
static void reasons_find(const kith_explainer *e, kith_lid row, const kith__batch *b, int q, double scale,
                         found *list) {
  const kith_csr *csr = &e->a->csr;
  const float *target = b->target + (size_t)q * (size_t)e->d;
  kith_eid seen[1 + KITH_MAX_RELATIONS] = {0};
  kith_lid p = e->a->iperm[row];
  for (kith_eid i = csr->start[p]; i < csr->start[p + 1]; i++) {
    const size_t at = (size_t)csr->col[i];
    double weight = e->all ? (double)csr->weight[i] : 1;
    found *f = list++;
    f->entry = i;
    f->nth = seen[kith__explain_term(e, i)]++;
    f->direct = b->direct ? (double)b->direct[at * BATCH + (size_t)q] : 0;
    f->value = scale * weight * reasons_dot(e->d, e->rest + at * (size_t)e->d, target) + f->direct;
  }
}

/* The features of the user's input row, which is b + sum of f_uk w_k; in place of a neighbor's entry their
 * place. */
static void reasons_find_features(const kith_explainer *e, kith_lid row, const float *target, double scale,
                                  found *list) {
  const kith_features *f = e->inference.recording.input.features;
  const float *w = e->inference.recording.input.w[KITH_USER]->value;
  for (kith_eid i = f->start[row]; i < f->start[row + 1]; i++, list++) {
    double product = reasons_dot(e->d, w + (size_t)f->index[i] * (size_t)e->d, target);
    *list =
        (found){.value = scale * e->weight[0] * (double)f->value[i] * product, .feature = 1 + f->index[i]};
    list->entry = INT64_MAX / 2 + i;
  }
}

static int64_t reasons_n_feature(const kith_explainer *e, kith_lid row) {
  const kith_input *in = &e->inference.recording.input;
  if (!e->x || !in->w[KITH_USER]) return 0;
  return in->features->start[row + 1] - in->features->start[row];
}

static void reasons_sum(int64_t n, const found *list, kith_explain_sums *s) {
  s->n_term = n;
  for (int64_t i = 0; i < n; i++) {
    *(list[i].value > 0 ? &s->positive : &s->negative) += list[i].value;
    s->n_positive += list[i].value > 0;
    s->n_negative += list[i].value < 0;
    if (list[i].feature > 0) s->own -= list[i].value;
  }
  s->rounding = s->score - s->own - s->positive - s->negative;
}

static kith_explain_reason reasons_show(const kith_explainer *e, kith_lid p, const found *f) {
  kith_explain_reason r = {.value = f->value, .direct = f->direct};
  if (f->feature > 0)
    r.edge = (kith_explain_edge){.relation = KITH_EXPLAIN_FEATURE, .kind = -1, .original = f->feature - 1};
  else r.edge = kith__explain_edge(e, p, f->entry, f->nth);
  return r;
}

static kith_status reasons_of(const kith_explainer *e, kith_lid row, const kith__batch *b, int q,
                              int n_reason, kith_explain_sums *sums, kith_explain_reason *reason) {
  kith_status st = KITH_OK;
  const kith_lid p = e->a->iperm[row];
  const int64_t n_entry = e->layers > 0 ? e->a->csr.start[p + 1] - e->a->csr.start[p] : 0,
                n_feature = reasons_n_feature(e, row), n = n_entry + n_feature;
  const size_t at = (size_t)row * (size_t)e->d;
  const double scale = sums->scale = reasons_scale(e, row);
  const float *target = b->target + (size_t)q * (size_t)e->d;
  found *list = NULL;
  KITH_TRY(KITH_NEW(list, n));
  sums->score = reasons_dot(e->d, e->final + at, target) + (b->direct ? b->direct_score[q] : 0);
  if (e->x) sums->own = scale * e->weight[0] * reasons_dot(e->d, e->x + at, target);
  if (n_entry > 0) reasons_find(e, row, b, q, scale, list);
  if (n_feature > 0) reasons_find_features(e, row, target, scale, list + n_entry);
  reasons_sum(n, list, sums);
  qsort(list, (size_t)n, sizeof *list, reasons_compare);
  for (int i = 0; i < n_reason; i++)
    reason[i] = i < n ? reasons_show(e, p, &list[i]) : (kith_explain_reason){.edge = {.type = -1}};
done:
  KITH_FREE(list);
  return st;
}

kith_status kith__explain_reasons(const kith_explainer *e, const kith__batch *b, int n_reason,
                                  kith_explain_sums *sums, kith_explain_reason *reason) {
  kith_status st = KITH_OK;
  for (int q = 0; q < b->n; q++) {
    kith_lid row = e->row_of[KITH_USER][b->query[q].user];
    if (row < 0) continue;
    KITH_TRY(reasons_of(e, row, b, q, n_reason, sums + q, reason + (size_t)q * (size_t)n_reason));
  }
done:
  return st;
}
