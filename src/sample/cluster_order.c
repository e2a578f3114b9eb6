/* Cluster steps: the order of the parts, and bounds of a step's size. */
#include <stdlib.h>

#include "sample/cluster_order.h"

int64_t kith_cluster_steps_per_round(int n_part, int clusters) { return (n_part + clusters - 1) / clusters; }

kith_permutation kith_cluster_order(uint64_t rng_seed, int64_t round, int n_part) {
  return kith_permutation_make(rng_seed, KITH_RNG_CLUSTER, (uint64_t)round, (uint64_t)n_part);
}

int64_t kith_cluster_step_of_part(uint64_t rng_seed, int64_t round, int n_part, int clusters, int part) {
  kith_permutation order = kith_cluster_order(rng_seed, round, n_part);
  return (int64_t)kith_permutation_inverse(&order, (uint64_t)part) / clusters;
}

static int cluster_order_compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x < y) - (x > y);
}

int64_t kith__sum_of_largest(int n, int64_t *size, int k) {
  int64_t sum = 0;
  qsort(size, (size_t)n, sizeof *size, cluster_order_compare);
  for (int p = 0; p < n && p < k; p++) sum += size[p];
  return sum;
}
