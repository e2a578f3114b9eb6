/* Final rows: one product of the interactions, weighted by D_i^-p, with the eigenvectors. */
#include "spectral/rows.h"

#include <math.h>
#include <string.h>

#include "ops/ops.h"
#include "spectral/filter.h"

enum { SLAB = KITH_SPECTRAL_SLAB };

typedef struct rows {
  const kith_graph *g;
  const kith_spectral_options *o;
  const kith_spectrum *s;
  kith_dist_csr *a;      /* the interactions; entries of user rows weigh D_i^-p */
  kith_lid n[2];         /* users in the interior and at the boundary … */
  kith_lid *position[2]; /* … and where they are in a->csr */
  double *f;             /* [k] */
  float *in;             /* [n_own + n_ghost, SLAB] columns of V */
  float *sum;            /* [n_own, SLAB] their sums over the items of each user */
} rows;

static double rows_power(int64_t degree, double power) { return degree > 0 ? pow((double)degree, power) : 0; }

static bool rows_is_user(const rows *r, kith_lid row) { return r->g->type[row] == KITH_USER; }

/* A power is taken once an item, not once for each of its users. */
static kith_status rows_weigh(rows *r) {
  kith_status st = KITH_OK;
  const kith_csr *csr = &r->a->csr;
  double *factor = NULL;
  KITH_TRY(KITH_NEW(factor, csr->n_col));
#pragma omp parallel for
  for (kith_lid i = 0; i < csr->n_col; i++) factor[i] = rows_power(r->a->degree[i], -r->o->input_power);
#pragma omp parallel for schedule(dynamic, 256)
  for (kith_lid p = 0; p < csr->n_row; p++)
    for (kith_eid e = csr->start[p]; e < csr->start[p + 1]; e++)
      csr->weight[e] = rows_is_user(r, csr->perm[p]) ? (float)factor[csr->col[e]] : 0;
done:
  KITH_FREE(factor);
  return st;
}

static kith_status rows_alloc(rows *r) {
  kith_status st = KITH_OK;
  const kith_csr *csr = &r->a->csr;
  for (int boundary = 0; boundary < 2; boundary++) KITH_TRY(KITH_NEW(r->position[boundary], csr->n_row));
  KITH_TRY(KITH_NEW(r->f, r->s->k));
  KITH_TRY(KITH_NEW(r->in, (int64_t)csr->n_col * SLAB));
  KITH_TRY(KITH_NEW(r->sum, (int64_t)csr->n_row * SLAB));
  for (kith_lid p = 0; p < csr->n_row; p++) {
    int boundary = p >= r->a->n_interior;
    if (rows_is_user(r, csr->perm[p])) r->position[boundary][r->n[boundary]++] = p;
  }
done:
  return st;
}

static void rows_free(rows *r) {
  for (int boundary = 0; boundary < 2; boundary++) KITH_FREE(r->position[boundary]);
  KITH_FREE(r->f);
  KITH_FREE(r->in);
  KITH_FREE(r->sum);
  kith_dist_csr_destroy(&r->a);
}

static void rows_filter(rows *r) {
  const double largest = r->s->value[0], last = kith_spectral_last(r->s);
  for (int j = 0; j < r->s->k; j++)
    r->f[j] = largest > 0 ? kith_spectral_filter(r->o, last, r->s->value[j] / largest) : 0;
}

/* Sum n columns of V, from `first` on, over the items of each user. */
static void rows_sum(rows *r, int first, int n) {
  const kith_csr *csr = &r->a->csr;
  float *ghost = r->in + (size_t)r->g->n_own * SLAB;
#pragma omp parallel for
  for (kith_lid i = 0; i < r->g->n_own; i++) {
    float *to = r->in + (size_t)i * SLAB;
    memcpy(to, r->s->v + (size_t)i * (size_t)r->s->width + first, (size_t)n * sizeof *to);
    memset(to + n, 0, (size_t)(SLAB - n) * sizeof *to);
  }
  kith_halo_begin(r->a->halo, SLAB, r->in, ghost);
  kith_spmm_rows(csr, r->n[0], r->position[0], SLAB, kith_node_rows_together(r->in), r->sum);
  kith_halo_end(r->a->halo);
  kith_spmm_rows(csr, r->n[1], r->position[1], SLAB, kith_node_rows_together(r->in), r->sum);
}

/* Columns first … first + n - 1 of the rows. */
static void rows_fill(const rows *r, int first, int n, float *x) {
#pragma omp parallel for
  for (kith_lid i = 0; i < r->g->n_own; i++) {
    const float *v = r->in + (size_t)i * SLAB, *sum = r->sum + (size_t)i * SLAB;
    float *to = x + (size_t)i * (size_t)r->s->k + first;
    double scale = r->g->type[i] == KITH_ITEM ? rows_power(r->a->degree[i], r->o->output_power) : 0;
    for (int j = 0; j < n; j++)
      to[j] = rows_is_user(r, i) ? (float)(r->f[first + j] * (double)sum[j]) : (float)(scale * (double)v[j]);
  }
}

kith_agreed kith_spectral_rows(const kith_comm *comm, const kith_graph *g, const kith_spectral_options *o,
                               const kith_spectrum *s, float *x) {
  kith_agreed st = {KITH_OK};
  rows r = {.g = g, .o = o, .s = s};
  KITH_TRY(kith_dist_csr_create(comm, g, SLAB, &r.a));
  KITH_TRY(kith_agree(comm, rows_alloc(&r)));
  KITH_TRY(kith_agree(comm, rows_weigh(&r)));
  rows_filter(&r);
  for (int first = 0; first < s->k; first += SLAB) {
    int n = (int)kith_min(SLAB, s->k - first);
    rows_sum(&r, first, n);
    rows_fill(&r, first, n, x);
  }
done:
  rows_free(&r);
  return st;
}

kith_direct_term kith_spectral_direct(const kith_spectral_options *o, const kith_spectrum *s) {
  kith_direct_term t = {.c = o->direct,
                        .lambda_1 = s->value[0],
                        .user_power = o->user_power,
                        .item_power = o->item_power,
                        .input_power = o->input_power,
                        .output_power = o->output_power};
  _Static_assert(KITH_MAX_KNOTS == 1 + KITH_MAX_HIGHER, "a list of the job fits");
  if (o->coefficients.n == 0) return t;
  t.c = o->coefficients.of[0];
  t.n_higher = o->coefficients.n - 1;
  for (int j = 0; j < t.n_higher; j++) t.higher[j] = o->coefficients.of[1 + j];
  return t;
}

int64_t kith_spectral_rows_bytes(const kith_dist_csr_sizes *s, int k) {
  const rows *r = NULL;
  return kith_dist_csr_bytes(s) + 2 * KITH_BYTES(r->position[0], s->n_own) + KITH_BYTES(r->f, k) +
         KITH_BYTES(r->in, (s->n_own + s->n_ghost) * SLAB) + KITH_BYTES(r->sum, s->n_own * SLAB);
}
