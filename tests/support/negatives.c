#include "support/negatives.h"
#include "support/mpi_main.h"

kith_negative_distribution *test_distribution(const kith_graph *g, kith_negative_options o) {
  kith_negative_distribution *z = NULL;
  assert_int_equal(KITH_OK, kith_negative_distribution_create(test_comm, g, &o, &z).status);
  return z;
}

void test_distribution_law(const test_graph *t, kith_negative_options o, const kith_inbatch_pairs *pairs,
                           double *p) {
  double *degree = calloc((size_t)t->n_item, sizeof *degree), sum = 0;
  assert_non_null(degree);
  for (int64_t e = 0; e < t->n_edge; e++) degree[t->item[e]]++;
  for (int64_t i = 0; i < t->n_item; i++) sum += pow(degree[i], o.alpha);
  for (int64_t i = 0; i < t->n_item; i++)
    p[i] = o.popularity * pow(degree[i], o.alpha) / sum +
           (pairs ? 0 : o.inbatch * degree[i] / (double)t->n_edge) +
           (1 - o.popularity - o.inbatch) / (double)t->n_item;
  for (int64_t q = 0; pairs && q < pairs->n; q++) p[pairs->item[q]] += o.inbatch / (double)pairs->n;
  free(degree);
}

double test_distribution_without(const kith_ragged *known, kith_lid user, int n_item, double *p) {
  double left = 0;
  for (int i = 0; i < n_item; i++) left += p[i] *= !kith_ragged_has(known, user, i);
  for (int i = 0; i < n_item && left > 0; i++) p[i] /= left;
  return left;
}

/* The quantile of chi-square with n degrees of freedom (Wilson and Hilferty 1931). */
static double chi_quantile(int n) { return n * pow(1 - 2.0 / (9 * n) + TEST_LEVEL * sqrt(2.0 / (9 * n)), 3); }

/* Cells that expect fewer than five draws are joined. */
void expect_distribution(int n_item, const double *count, const double *p, double n) {
  double chi = 0, rest[2] = {0};
  int cells = 0;
  for (int i = 0; i < n_item; i++)
    if (n * p[i] < 5) {
      rest[0] += count[i];
      rest[1] += n * p[i];
    } else {
      chi += (count[i] - n * p[i]) * (count[i] - n * p[i]) / (n * p[i]);
      cells++;
    }
  if (rest[1] > 0) chi += (rest[0] - rest[1]) * (rest[0] - rest[1]) / rest[1];
  else assert_true(rest[0] == 0);
  int freedom = cells - (rest[1] == 0);
  assert_true(freedom > 0 ? chi < chi_quantile(freedom) : chi < 1e-9 * n); /* of one item all draws are */
}

test_graph test_graph_with_missing_items(const test_graph *t, const int *lacks) {
  test_graph out = {.n_user = t->n_user,
                    .n_item = t->n_item,
                    .user = calloc((size_t)(t->n_user * t->n_item), sizeof *t->user),
                    .item = calloc((size_t)(t->n_user * t->n_item), sizeof *t->item)};
  for (int u = 0; u < t->n_user; u++)
    for (int i = 0, left = lacks[u]; i < t->n_item; i++) {
      bool has = false;
      for (int64_t e = 0; e < t->n_edge; e++) has = has || (t->user[e] == u && t->item[e] == i);
      if (!has && (lacks[u] < 0 || left-- > 0)) continue;
      out.user[out.n_edge] = u;
      out.item[out.n_edge++] = i;
    }
  return out;
}
