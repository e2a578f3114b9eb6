/* Is backward the derivative of forward?  A random direction through all leaves and weights, and the
   difference of a random linear form of the result along it, on the whole graph over all ranks and on a
   sampled block. */
#ifndef KITH_TEST_FORM_H
#define KITH_TEST_FORM_H

#include "model/model.h"

enum { FORM_WIDTH = 8, FORM_LEAVES = 2 };

typedef struct test_form {
  kith_tape *tape;
  kith_params *params;
  const kith_graph *g; /* the whole graph, cut; null on a sampled block */
  kith_dist_csr *a;
  kith_full_block full;
  const kith_block *block;
  kith_tensor *leaf[FORM_LEAVES]; /* [in rows, FORM_WIDTH] */
  kith_tensor *y;
  uint64_t seed;
  kith_exec_ctx exec;
} test_form;

/* Plays ops on the leaves and weights; returns what the linear form is taken of. */
typedef kith_tensor *(*test_formula)(test_form *f);

/* The step of the difference: small enough that no maximum changes hands and truncation shows in the bound.
 */
static const double FORM_STEP = 1e-2, FORM_SMALL_STEP = 1e-3;

/* Fails the running test unless the slope along a random direction is that of backward.  Collective. */
void test_form_whole(test_formula make, double step, bool loops);
void test_form_near(test_formula make,
                    double step); /* the same on importance neighborhoods, which are not symmetric */
void test_form_sampled(test_formula make, double step);
/* The same on the whole graph with the relations of test_schema(), merged; directed as test_schema_of() has
 * it. */
void test_form_related(test_formula make, double step, const kith_relation_weights *w, bool directed);
/* The same on a sampled block whose entries are of `w` relations beside the interactions. */
void test_form_sampled_related(test_formula make, double step, const kith_relation_weights *w);
/* A formula for test_formula: the rows of a model whose input rows are x, every owned one once. */
kith_tensor *test_form_model(test_form *f, const kith_model_options *o, kith_tensor *x);

#endif
