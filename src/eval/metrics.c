/* Ranking metrics of a user, and their means over all users. Definitions and sources: docs/metrics.md. */
#include <math.h>
#include <stdio.h>

#include "eval/eval_impl.h"

kith_eval_options kith_eval_defaults(void) {
  return (kith_eval_options){.n_k = 2,
                             .k = {10, 20},
                             .every = KITH_EVERY_AUTO,
                             .split = KITH_EVAL_AUTO,
                             .scope = {.mask = {.n = 1, .of = {KITH_INTERACTIONS}}},
                             .sampled = 0,
                             .seed = 1};
}

static bool metrics_contains(int64_t n, const int32_t *truth, int32_t item) {
  int64_t a = 0, b = n;
  while (a < b) {
    int64_t middle = a + (b - a) / 2;
    if (truth[middle] < item) a = middle + 1;
    else b = middle;
  }
  return a < n && truth[a] == item;
}

/* DCG of n hits at the first n positions. */
static double metrics_ideal_dcg(int64_t n) {
  double sum = 0;
  for (int64_t i = 1; i <= n; i++) sum += 1 / log2((double)i + 1);
  return sum;
}

void kith__metric_sums_add(kith__metric_sums *t, const kith_eval_options *o, int n, const int32_t *item,
                           int64_t n_truth, const int32_t *truth) {
  double gain = 0;
  int hits = 0, first = 0, position = 0;
  t->n_user++;
  for (int c = 0; c < o->n_k; c++) {
    for (; position < o->k[c] && position < n && item[position] >= 0; position++) {
      if (!metrics_contains(n_truth, truth, item[position])) continue;
      hits++;
      gain += 1 / log2((double)position + 2);
      if (!first) first = position + 1;
    }
    kith_exact_sum_add(&t->recall[c], (double)hits / (double)n_truth);
    kith_exact_sum_add(&t->ndcg[c], gain / metrics_ideal_dcg(n_truth < o->k[c] ? n_truth : o->k[c]));
    kith_exact_sum_add(&t->hit_rate[c], hits > 0);
    kith_exact_sum_add(&t->precision[c], (double)hits / o->k[c]);
    kith_exact_sum_add(&t->mrr[c], first ? 1.0 / first : 0);
  }
}

static void metrics_mean(const kith_comm *comm, int n_k, int64_t n_user, kith_exact_sum *sums,
                         double *means) {
  kith_comm_sum(comm, n_k, sums);
  for (int c = 0; c < n_k; c++) means[c] = n_user ? kith_exact_sum_value(&sums[c]) / (double)n_user : 0;
}

void kith__metric_sums_reduce(const kith_comm *comm, kith__metric_sums *t, const kith_eval_options *o,
                              kith_metrics *out) {
  *out = (kith_metrics){.n_k = o->n_k,
                        .n_user = t->n_user,
                        .n_user_short = t->n_user_short,
                        .n_user_left_out = t->n_user_left_out};
  for (int c = 0; c < o->n_k; c++) out->k[c] = o->k[c];
  kith_comm_sum_int(comm, 1, &out->n_user);
  kith_comm_sum_int(comm, 1, &out->n_user_short);
  kith_comm_sum_int(comm, 1, &out->n_user_left_out);
  metrics_mean(comm, o->n_k, out->n_user, t->recall, out->recall);
  metrics_mean(comm, o->n_k, out->n_user, t->ndcg, out->ndcg);
  metrics_mean(comm, o->n_k, out->n_user, t->hit_rate, out->hit_rate);
  metrics_mean(comm, o->n_k, out->n_user, t->precision, out->precision);
  metrics_mean(comm, o->n_k, out->n_user, t->mrr, out->mrr);
}

void kith_metrics_print(const kith_metrics *m, const char *between, size_t size, char *buffer) {
  int c = m->n_k - 1, k = m->k[c];
  snprintf(buffer, size, "Recall@%d %.4f  NDCG@%d %.4f  HitRate@%d %.4f%sPrecision@%d %.4f  MRR@%d %.4f", k,
           m->recall[c], k, m->ndcg[c], k, m->hit_rate[c], between, k, m->precision[c], k, m->mrr[c]);
}

kith_agreed kith_eval_metrics_by_group(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                       const kith_eval_options *o, kith_metrics *out, kith_groups *groups) {
  kith_agreed st = {KITH_OK};
  kith__group_sums by = {.out = groups};
  kith__metric_sums t = {.groups = groups ? &by : NULL};
  kith_eval_options on = *o;
  *out = (kith_metrics){0};
  if (groups) *groups = (kith_groups){0};
  on.split = kith_eval_split_resolve(comm, g, o->split);
  KITH_TRY(kith_agreed_same(kith_eval_check(g, o)));
  if (on.sampled > 0) KITH_TRY(kith__eval_sampled(comm, g, d, x, &on, KITH__SAMPLED_BLOCK, &t));
  else KITH_TRY(kith__eval_full(comm, g, d, x, &on, &t));
  kith__metric_sums_reduce(comm, &t, &on, out);
  kith__group_sums_reduce(comm, t.groups, &on);
done:
  kith__group_sums_free(&by);
  return st;
}

kith_agreed kith_eval_metrics(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                              const kith_eval_options *o, kith_metrics *out) {
  return kith_eval_metrics_by_group(comm, g, d, x, o, out, NULL);
}
