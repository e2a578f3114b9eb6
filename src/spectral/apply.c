/* Products of a slab of columns by P, and polynomials of P. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/fault.h"
#include "ops/ops.h"
#include "ops/panel.h"
#include "spectral/spectral_impl.h"

static kith_status apply_positions(kith__apply *p) {
  kith_status st = KITH_OK;
  const kith_csr *csr = &p->a->csr;
  for (int t = 0; t < KITH_SIDES; t++)
    for (int boundary = 0; boundary < 2; boundary++)
      KITH_TRY(KITH_NEW(p->position[t][boundary], p->g->n_own_of[t]));
  for (kith_lid i = 0; i < csr->n_row; i++) {
    int t = p->g->type[csr->perm[i]], boundary = i >= p->a->n_interior;
    if (t < KITH_SIDES) p->position[t][boundary][p->n[t][boundary]++] = i;
  }
done:
  return st;
}

kith_status kith__apply_make(const kith_graph *g, kith_dist_csr *a, kith_spectral_relations *relations,
                             kith__item_block *block, kith__gram *gram, kith__apply *p) {
  kith_status st = KITH_OK;
  kith_lid n_col = kith__relations_columns(relations);
  int64_t n = (int64_t)(n_col > a->csr.n_col ? n_col : a->csr.n_col) * SLAB;
  *p = (kith__apply){.g = g, .a = a, .relations = relations, .block = block, .gram = gram};
  KITH_TRY(apply_positions(p));
  KITH_TRY(KITH_NEW(p->x, n));
  KITH_TRY(KITH_NEW(p->before, n));
  KITH_TRY(KITH_NEW(p->y, n));
  KITH_TRY(KITH_NEW(p->lead_block, (int64_t)block->n * SLAB));
  KITH_TRY(KITH_NEW(p->other, (int64_t)block->n * SLAB));
  KITH_TRY(KITH_NEW(p->inner, SLAB * SLAB));
done:
  return st;
}

void kith__apply_free(kith__apply *p) {
  for (int t = 0; t < KITH_SIDES; t++)
    for (int boundary = 0; boundary < 2; boundary++) KITH_FREE(p->position[t][boundary]);
  KITH_FREE(p->x);
  KITH_FREE(p->before);
  KITH_FREE(p->y);
  KITH_FREE(p->lead_block);
  KITH_FREE(p->other);
  KITH_FREE(p->inner);
}

int64_t kith__apply_bytes(const kith_dist_csr_sizes *s, int64_t n_item) {
  const kith__apply *p = NULL;
  int64_t n_block = kith_min((n_item / s->size / CHUNK + 2) * CHUNK, n_item);
  return 2 * KITH_BYTES(p->position[0][0], s->n_own) + 3 * KITH_BYTES(p->x, (s->n_own + s->n_ghost) * SLAB) +
         2 * KITH_BYTES(p->other, n_block * SLAB) + KITH_BYTES(p->inner, SLAB * SLAB);
}

/* ---- products ---- */

void kith__apply_set(kith__apply *p, int width, const float *v, int ld) {
#pragma omp parallel for
  for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
    size_t row = (size_t)p->g->row_of[KITH_ITEM][i];
    memcpy(p->x + row * SLAB, v + row * (size_t)ld, (size_t)width * sizeof *v);
    memset(p->x + row * SLAB + width, 0, (size_t)(SLAB - width) * sizeof *v);
  }
}

/* Rows of one side of y from rows of the other side of x. */
static void apply_side(kith__apply *p, int side, float *x, float *y) {
  kith_halo_begin(p->a->halo, SLAB, x, x + (size_t)p->g->n_own * SLAB);
  kith_spmm_rows(&p->a->csr, p->n[side][0], p->position[side][0], SLAB, kith_node_rows_together(x), y);
  kith_halo_end(p->a->halo);
  kith_spmm_rows(&p->a->csr, p->n[side][1], p->position[side][1], SLAB, kith_node_rows_together(x), y);
}

void kith__apply_product(kith__apply *p) {
  kith_fault_step();
  apply_side(p, KITH_USER, p->x, p->y);
  if (p->relations) kith__relations_add_ties(p->relations, p->y);
  apply_side(p, KITH_ITEM, p->y, p->y);
  if (p->relations) kith__relations_add_items(p->relations, p->x, p->y);
}

/* Powers of two are exact: the bits do not depend on when a slab is scaled. */
static void apply_scale(kith__apply *p) {
  uint32_t most = 0;
#pragma omp parallel for reduction(max : most)
  for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
    const float *row = p->x + (size_t)p->g->row_of[KITH_ITEM][i] * SLAB;
    for (int k = 0; k < SLAB; k++) {
      uint32_t bits;
      memcpy(&bits, &row[k], sizeof bits);
      bits &= 0x7fffffffu;
      if (bits > most) most = bits;
    }
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_UINT32_T, MPI_MAX, p->block->comm->mpi));
  float scale = most == 0 ? 1 : ldexpf(1, 126 - (int)(most >> 23));
#pragma omp parallel for
  for (int64_t i = 0; i < (int64_t)p->g->n_own * SLAB; i++) p->x[i] *= scale;
}

void kith__apply_power(kith__apply *p, int n) {
  for (int i = 0; i < n; i++) {
    apply_scale(p);
    kith__apply_product(p);
    float *x = p->x;
    p->x = p->y;
    p->y = x;
  }
}

/* ---- the polynomial ---- */

bool kith__apply_lead(kith__apply *p, int lead, const float *v, int ld) {
  p->lead = lead;
  p->lead_own = v;
  p->ld = ld;
  kith__apply_set(p, lead, v, ld);
  p->lead_exponent = kith__item_block_take(p->block, p->x, SLAB, p->lead_block, SLAB);
  return p->lead_exponent != INT_MAX;
}

/* Items first … last - 1 of x get the rows of V times the panels added, a run of neighboring rows at a time.
 */
static void apply_add_rows(const kith__apply *p, kith_lid first, kith_lid last, const float *panels,
                           float *x) {
  const kith_lid *row = p->g->row_of[KITH_ITEM];
  for (kith_lid i = first, n; i < last; i += n) {
    size_t at = (size_t)row[i];
    for (n = 1; i + n < last && row[i + n] == row[i] + n;) n++;
    for (int j = 0; j < SLAB; j += KITH_PANEL)
      kith_panel_product(n, p->lead, (kith_strided){p->lead_own + at * (size_t)p->ld, (size_t)p->ld, 1},
                         panels + (size_t)j * (size_t)p->lead, (kith_panel_output){SLAB, 1, true},
                         x + at * SLAB + j);
  }
}

/* x += V inner.  Every element is one chain over the leading vectors, wherever its row is. */
static void apply_add(const kith__apply *p, const float *inner, float *x) {
  float panels[SLAB * SLAB] __attribute__((aligned(64)));
  kith_lid n = p->g->n_own_of[KITH_ITEM];
  for (int j = 0; j < SLAB; j += KITH_PANEL)
    kith_panel_pack(KITH_PANEL, p->lead, (kith_strided){inner + j, SLAB, 1},
                    panels + (size_t)j * (size_t)p->lead);
#pragma omp parallel for schedule(dynamic, 1)
  for (kith_lid i = 0; i < n; i += CHUNK) apply_add_rows(p, i, (kith_lid)kith_min(i + CHUNK, n), panels, x);
}

/* x -= V V'x for the leading vectors V. */
static bool apply_project(kith__apply *p, float *x) {
  float inner[SLAB * SLAB];
  int exponent = kith__item_block_take(p->block, x, SLAB, p->other, SLAB);
  if (exponent == INT_MAX) return false;
  kith__gram_sum(p->gram, p->lead, p->lead_block, SLAB, SLAB, p->other, SLAB, p->inner, SLAB);
  for (int i = 0; i < p->lead * SLAB; i++) inner[i] = -(float)ldexp(p->inner[i], exponent + p->lead_exponent);
  apply_add(p, inner, x);
  return true;
}

/* x, before = factor (y - center x) - back before, x. */
static void apply_term(kith__apply *p, double factor, double center, double back) {
  const float f = (float)factor, c = (float)center, b = (float)back;
#pragma omp parallel for
  for (kith_lid i = 0; i < p->g->n_own_of[KITH_ITEM]; i++) {
    size_t at = (size_t)p->g->row_of[KITH_ITEM][i] * SLAB;
    float *x = p->x + at, *y = p->y + at, *before = p->before + at;
    for (int k = 0; k < SLAB; k++) y[k] = f * (y[k] - c * x[k]) - b * before[k];
  }
  float *free = p->before;
  p->before = p->x;
  p->x = p->y;
  p->y = free;
}

/* Products after which rounding errors towards the largest eigenvalue have grown a million times. */
static int apply_period(kith__interval by) {
  double growth = log10(2 * (2 * by.largest - by.low) / by.low);
  int period = growth > 0 ? (int)(6 / growth) : INT_MAX;
  return period < 1 ? 1 : period;
}

/* Chebyshev's recurrence, scaled as Zhou and Saad do (SIAM J. Matrix Anal. Appl. 2007), so that nothing
 * overflows. */
bool kith__apply_filter(kith__apply *p, int degree, kith__interval by, bool project) {
  double half = by.low / 2, first = half / (fmax(by.top, by.low) - half), ratio = first;
  int period = apply_period(by);
  kith__apply_product(p);
  apply_term(p, first / half, half, 0);
  for (int i = 2; i <= degree; i++) {
    if (project && (i - 1) % period == 0 && (!apply_project(p, p->x) || !apply_project(p, p->before)))
      return false;
    double next = 1 / (2 / first - ratio);
    kith__apply_product(p);
    apply_term(p, 2 * next / half, half, ratio * next);
    ratio = next;
  }
  return true;
}
