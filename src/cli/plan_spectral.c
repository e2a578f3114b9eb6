/* kith plan: rounds of the spectral model. */
#include <math.h>

#include "cli/plan.h"
#include "spectral/spectral.h"

enum {
  PLAN_FIRST = 3,  /* products by P of the first round, whose columns are random */
  PLAN_BESIDE = 2, /* … of any, beside those of its polynomial: of Rayleigh-Ritz, and of residuals */
  PLAN_EIGEN = 7   /* multiply-adds of an eigenproblem, for each cube of its columns */
};

static double spectral_products(const kith_spectral_options *o, bool first) {
  return PLAN_BESIDE + (first ? fmin(o->degree, PLAN_FIRST) : o->degree);
}

double plan_first_round(const kith_spectral_options *o) {
  return spectral_products(o, true) / spectral_products(o, false);
}

/* Every product gathers a row of columns for each entry, and reads or writes three more for each node; Gram
 * matrices and rotations take 8 flops for each item and pair of columns; rank 0 solves for eigenvectors. */
kith_plan_work plan_round_of(const planner *p, const kith_graph_sizes *s) {
  const kith_model_options *m = &p->c->job.model;
  const double width = m->dim + m->spectral.oversample, products = spectral_products(&m->spectral, false);
  const double slabs = ceil(width / KITH_SPECTRAL_SLAB);
  return (kith_plan_work){.gathered = 4 * products * (double)s->n_entry * width,
                          .streamed = 4 * products * 3 * (double)s->n_own * width,
                          .products = 4 * (double)p->all.n[KITH_ITEM] * width * width / s->size,
                          .serial = PLAN_EIGEN * width * width * width,
                          .exchanges = 2 * products * slabs, /* of users' rows, then of items' */
                          .row_bytes = 4 * products * width,
                          .output_bytes = 4.0 * m->dim};
}
