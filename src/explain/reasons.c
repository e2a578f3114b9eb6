/* Contributions of the neighbors of a user, at the owner of the user's row. */
#include <math.h>
#include <stdlib.h>

#include "explain/explain_impl.h"

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
  const bool seconds = !choice || g->time_is == KITH_TIME_SECONDS;
  if (time && seconds && !kith__explain_is_new(e, row)) { /* lists of new nodes have no times */
    edge.timed = true;
    edge.time = time[at];
  }
  return edge;
}

kith_lid kith__explain_user_index(const kith_graph *g, kith_lid row) {
  kith_lid low = 0, high = g->n_own_of[KITH_USER];
  while (low + 1 < high) {
    kith_lid middle = (low + high) / 2;
    if (g->row_of[KITH_USER][middle] <= row) low = middle;
    else high = middle;
  }
  return low;
}

/* By relation, in the order of the row. */
static int reasons_compare_edges(const void *a, const void *b) {
  const kith__found *x = a, *y = b;
  if (x->relation != y->relation) return x->relation < y->relation ? -1 : 1;
  return (x->nth > y->nth) - (x->nth < y->nth);
}

/* Highest contribution first. */
static int reasons_compare(const void *a, const void *b) {
  const kith__found *x = a, *y = b;
  if (x->value != y->value) return x->value > y->value ? -1 : 1;
  return reasons_compare_edges(a, b);
}

/* The largest first, whether it is for the item or against it. */
static int reasons_compare_sizes(const void *a, const void *b) {
  const kith__found *x = a, *y = b;
  if (fabs(x->value) != fabs(y->value)) return fabs(x->value) > fabs(y->value) ? -1 : 1;
  return reasons_compare(a, b);
}

double kith__explain_scale(const kith_explainer *e, kith_lid row) {
  if (!e->all || e->run->model.score != KITH_COSINE) return 1;
  const float *r = e->all + (size_t)row * (size_t)e->d;
  double square = kith__explain_dot(e->d, r, r);
  return square > 0 ? 1 / sqrt(square) : 0;
}

/* The neighbors of query q's user; of spectral, R(1) contains the weights of the entries. */
static kith__found *reasons_find(const kith__part *part, int m, kith_lid row, int q, double scale,
                                 kith__found *list) {
  const kith_explainer *e = part->e;
  const kith_csr *csr = &e->a->csr;
  const float *target = part->batch.target + (size_t)q * (size_t)e->d;
  const double *direct = part->batch.direct;
  kith_eid seen[1 + KITH_MAX_RELATIONS] = {0};
  kith_lid p = e->a->iperm[row];
  for (kith_eid i = csr->start[p]; i < csr->start[p + 1] && e->layers > 0; i++) {
    const size_t at = (size_t)csr->col[i];
    double weight = e->all ? (double)csr->weight[i] : 1;
    int term = kith__explain_term(e, i);
    kith__found *f = list++;
    *f = (kith__found){.part = m, .relation = e->term[term], .entry = i, .nth = seen[term]++};
    f->direct = direct ? part->factor * direct[at * BATCH + (size_t)q] : 0;
    f->value = scale * weight * kith__explain_dot(e->d, e->rest + at * (size_t)e->d, target) + f->direct;
  }
  return list;
}

/* The input row of a user is b + sum of f_uk w_k where it has features. */
static kith__found *reasons_find_features(const kith__part *part, int m, kith_lid row, int q, double scale,
                                          kith__found *list) {
  const kith_explainer *e = part->e;
  const float *target = part->batch.target + (size_t)q * (size_t)e->d;
  if (!kith__explain_has_features(e, KITH_USER)) return list;
  const kith_features *f = e->inference.recording.input.features;
  const float *w = e->inference.recording.input.w[KITH_USER]->value;
  for (kith_eid i = f->start[row]; i < f->start[row + 1]; i++) {
    double product = kith__explain_dot(e->d, w + (size_t)f->index[i] * (size_t)e->d, target);
    *list++ = (kith__found){.value = scale * e->weight[0] * (double)f->value[i] * product,
                            .part = m,
                            .relation = KITH_EXPLAIN_FEATURE,
                            .feature = f->index[i],
                            .nth = i - f->start[row]};
  }
  return list;
}

/* The terms of one part, and its share of the sums. */
static kith__found *reasons_add(const kith__part *part, int m, kith_lid row, int q, kith_explain_sums *sums,
                                kith__found *list) {
  const kith_explainer *e = part->e;
  if (!e->a) return list; /* a blend of evidence alone */
  const kith__batch *b = &part->batch;
  const size_t at = (size_t)row * (size_t)e->d;
  const float *target = b->target + (size_t)q * (size_t)e->d;
  const double scale = part->factor * kith__explain_scale(e, row);
  sums->scale = scale;
  sums->score += part->factor * (kith__explain_dot(e->d, kith__explain_scored(e) + at, target) +
                                 (b->direct ? b->direct_score[q] : 0));
  if (e->attended) return kith__explain_attended(part, m, row, q, scale, sums, list);
  if (e->x) sums->own += scale * e->weight[0] * kith__explain_dot(e->d, e->x + at, target);
  kith__found *first = list;
  list = reasons_find(part, m, row, q, scale, list);
  for (; kith__explain_is_new(e, row) && first < list; first++) sums->score += first->direct;
  for (kith__found *end = reasons_find_features(part, m, row, q, scale, list); list < end; list++)
    sums->own -= list->value;
  return list;
}

/* Number k of the evidence, times its weight. */
static double reasons_evidence(const kith_explainer *blend, kith_lid user, int64_t item, int k) {
  return blend->evidence_weight[k] * kith_evidence_value(blend->evidence, user, item, k);
}

static kith__found *reasons_add_evidence(const kith_explainer *blend, kith_lid row,
                                         const kith_explain_query *q, kith_explain_sums *sums,
                                         kith__found *list) {
  kith_lid user = kith__explain_user_index(blend->member[0]->g, row);
  for (int k = 0; k < blend->evidence->n; k++) {
    double value = reasons_evidence(blend, user, q->item, k);
    if (q->against >= 0) value -= reasons_evidence(blend, user, q->against, k);
    if (value == 0) continue;
    *list++ = (kith__found){.value = value, .relation = KITH_EXPLAIN_EVIDENCE, .feature = k, .nth = k};
    sums->score += value;
  }
  return list;
}

/* Terms of several parts for one edge become one; returns how many are left. */
static int64_t reasons_merge(int64_t n, kith__found *list) {
  int64_t kept = 0;
  qsort(list, (size_t)n, sizeof *list, reasons_compare_edges);
  for (int64_t i = 0; i < n; i++) {
    if (kept > 0 && reasons_compare_edges(&list[kept - 1], &list[i]) == 0) {
      list[kept - 1].value += list[i].value;
      list[kept - 1].direct += list[i].direct;
    } else list[kept++] = list[i];
    list[kept - 1].share = 0; /* attention of one model says nothing of the others */
  }
  return kept;
}

static void reasons_sum(int64_t n, const kith__found *list, kith_explain_sums *s) {
  s->n_term = n;
  for (int64_t i = 0; i < n; i++) {
    *(list[i].value > 0 ? &s->positive : &s->negative) += list[i].value;
    s->n_positive += list[i].value > 0;
    s->n_negative += list[i].value < 0;
  }
  s->rounding = s->score - s->own - s->positive - s->negative;
}

static kith_explain_reason reasons_show(const kith__part *part, kith_lid row, const kith__found *f) {
  const kith_explainer *e = part[f->part].e;
  kith_explain_reason r = {.value = f->value,
                           .direct = f->direct,
                           .attention = f->attention,
                           .share = f->share};
  if (f->relation == KITH_EXPLAIN_FEATURE || f->relation == KITH_EXPLAIN_EVIDENCE)
    r.edge = (kith_explain_edge){.relation = f->relation, .kind = -1, .original = f->feature};
  else if (f->relation == KITH_EXPLAIN_LATEST) r.edge = kith__explain_latest_edge(f);
  else r.edge = kith__explain_edge(e, e->a->iperm[row], f->entry, f->nth);
  return r;
}

/* Most terms of a row. */
static int64_t reasons_count(const kith__part *part, kith_lid row) {
  const kith_explainer *e = part->e;
  if (!e->a) return 0;
  const kith_lid p = e->a->iperm[row];
  const kith_features *f =
      kith__explain_has_features(e, KITH_USER) ? e->inference.recording.input.features : NULL;
  return e->a->csr.start[p + 1] - e->a->csr.start[p] + (f ? f->start[row + 1] - f->start[row] : 0);
}

static kith_status reasons_of(const kith_explainer *e, int n_part, const kith__part *part, kith_lid row,
                              int q, int n_reason, kith_explain_sums *sums, kith_explain_reason *reason) {
  kith_status st = KITH_OK;
  int64_t n = KITH_BLEND_EVIDENCE;
  kith__found *list = NULL, *end = NULL;
  for (int m = 0; m < n_part; m++)
    n += reasons_count(&part[m], row) + kith__explain_latest_count(part[m].e, row);
  KITH_TRY(KITH_NEW(list, n));
  end = list;
  for (int m = 0; m < n_part; m++) {
    end = reasons_add(&part[m], m, row, q, sums, end);
    end = kith__explain_add_latest(&part[m], m, row, q, end);
  }
  if (e->evidence) end = reasons_add_evidence(e, row, &part->batch.query[q], sums, end);
  n = end - list;
  if (n_part > 1) n = reasons_merge(n, list);
  reasons_sum(n, list, sums);
  qsort(list, (size_t)n, sizeof *list, reasons_compare_sizes);
  for (int i = 0; i < n_reason; i++)
    reason[i] = i < n ? reasons_show(part, row, &list[i]) : (kith_explain_reason){.edge = {.type = -1}};
done:
  KITH_FREE(list);
  return st;
}

kith_status kith__explain_reasons(const kith_explainer *e, int n_part, const kith__part *part, int n_reason,
                                  kith_explain_sums *sums, kith_explain_reason *reason) {
  kith_status st = KITH_OK;
  for (int q = 0; q < part->batch.n; q++) {
    kith_lid row = part->e->row_of[KITH_USER][part->batch.query[q].user];
    if (row < 0) continue;
    KITH_TRY(reasons_of(e, n_part, part, row, q, n_reason, sums + q, reason + (size_t)q * (size_t)n_reason));
  }
done:
  return st;
}

static kith_status steps_of(const kith__part *part, kith_lid row, int q, int most, kith_explain_walk *walk) {
  kith_status st = KITH_OK;
  kith__found *list = NULL;
  kith_explain_sums sums = {0};
  KITH_TRY(KITH_NEW(list, reasons_count(part, row)));
  const int64_t n = reasons_add(part, 0, row, q, &sums, list) - list;
  qsort(list, (size_t)n, sizeof *list, reasons_compare);
  for (int i = 0; i < most && i < n; i++) {
    walk[i] = (kith_explain_walk){.n = 1, .value = list[i].value};
    walk[i].hop[0] = reasons_show(part, row, &list[i]).edge;
  }
done:
  KITH_FREE(list);
  return st;
}

kith_status kith__explain_steps(const kith__part *part, int most, kith_explain_walk *walk) {
  kith_status st = KITH_OK;
  for (int q = 0; q < part->batch.n; q++) {
    kith_lid row = part->e->row_of[KITH_USER][part->batch.query[q].user];
    if (row >= 0) KITH_TRY(steps_of(part, row, q, most, walk + (size_t)q * (size_t)most));
  }
done:
  return st;
}
