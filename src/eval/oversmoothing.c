/* Mean cosine and Dirichlet energy of rows; definitions: eval/oversmoothing.h. */
#include <math.h>

#include "eval/oversmoothing.h"

/* Sums over nodes. */
typedef struct oversmoothing_sums {
  int64_t n, n_pointing; /* nodes; nodes with nonzero rows */
  kith_exact_sum energy;
  kith_exact_sum *direction; /* [d] sum of normalized rows */
} oversmoothing_sums;

static double oversmoothing_norm(int d, const float *x) {
  double square = 0;
  for (int k = 0; k < d; k++) square += (double)x[k] * (double)x[k];
  return sqrt(square);
}

/* Rows of further types, which may be read by no layer, are left out: keys of users and items are below. */
static bool oversmoothing_counts(const kith_dist_csr *a, kith_lid i) { return a->node[i] < INT64_C(1) << 62; }

static void oversmoothing_add_directions(const kith_dist_csr *a, int d, const float *x,
                                         oversmoothing_sums *s) {
  for (kith_lid i = 0; i < a->csr.n_row; i++) {
    const float *row = x + (size_t)i * (size_t)d;
    if (!oversmoothing_counts(a, i)) continue;
    s->n++;
    double norm = oversmoothing_norm(d, row);
    s->n_pointing += norm != 0;
    for (int k = 0; k < d && norm != 0; k++) kith_exact_sum_add(&s->direction[k], (double)row[k] / norm);
  }
}

/* |x / sqrt(d_x) - y / sqrt(d_y)|^2 */
static double oversmoothing_apart(int d, const float *x, double x_root, const float *y, double y_root) {
  double square = 0;
  for (int k = 0; k < d; k++) {
    double apart = (double)x[k] / x_root - (double)y[k] / y_root;
    square += apart * apart;
  }
  return square;
}

/* The energy of the row at place p: its edges in the order of the row, so the same on any rank. */
static double oversmoothing_row(const kith_dist_csr *a, kith_lid p, int d, const float *x,
                                const float *ghost) {
  const kith_csr *csr = &a->csr;
  kith_lid i = csr->perm[p];
  double sum = 0;
  for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++) {
    kith_lid j = csr->col[e];
    const float *y =
        j < csr->n_row ? x + (size_t)j * (size_t)d : ghost + (size_t)(j - csr->n_row) * (size_t)d;
    sum += oversmoothing_apart(d, x + (size_t)i * (size_t)d, sqrt((double)a->degree[i]), y,
                               sqrt((double)a->degree[j]));
  }
  return sum;
}

static void oversmoothing_add_energy(const kith_dist_csr *a, int d, const float *x, const float *ghost,
                                     oversmoothing_sums *s) {
#pragma omp parallel
  {
    kith_exact_sum mine = {0};
#pragma omp for schedule(dynamic, 256)
    for (kith_lid p = 0; p < a->csr.n_row; p++)
      kith_exact_sum_add(&mine, oversmoothing_row(a, p, d, x, ghost));
#pragma omp critical
    kith_exact_sum_merge(&s->energy, &mine);
  }
}

static void oversmoothing_end(const kith_comm *comm, int d, oversmoothing_sums *s, kith_oversmoothing *out) {
  int64_t count[2] = {s->n, s->n_pointing};
  kith_comm_sum_int(comm, 2, count);
  kith_comm_sum(comm, 1, &s->energy);
  kith_comm_sum(comm, d, s->direction);
  double m = (double)count[1], square = 0;
  for (int k = 0; k < d; k++)
    square += kith_exact_sum_value(&s->direction[k]) * kith_exact_sum_value(&s->direction[k]);
  out->cosine = count[1] > 1 ? (square - m) / (m * (m - 1)) : 0;
  out->energy = count[0] > 0 ? kith_exact_sum_value(&s->energy) / (2 * (double)count[0]) : 0;
}

kith_agreed kith_oversmoothing_measure(const kith_comm *comm, const kith_dist_csr *a, int d, const float *x,
                                       kith_oversmoothing *out) {
  kith_agreed st = {KITH_OK};
  oversmoothing_sums s = {.n = 0};
  float *ghost = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(s.direction, d)));
  KITH_TRY(kith_agree(comm, KITH_NEW(ghost, (int64_t)a->n_ghost * d)));
  KITH_TRY(kith_agree(comm, kith_halo_reserve(a->halo, d)));
  kith_halo_begin(a->halo, d, x, ghost);
  oversmoothing_add_directions(a, d, x, &s); /* overlaps the halo exchange */
  kith_halo_end(a->halo);
  oversmoothing_add_energy(a, d, x, ghost, &s);
  oversmoothing_end(comm, d, &s, out);
done:
  KITH_FREE(s.direction);
  KITH_FREE(ghost);
  return st;
}
