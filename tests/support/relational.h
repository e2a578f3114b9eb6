/* A model that reads each relation apart: R-GCN (Schlichtkrull et al., ESWC 2018, eq. 2) with a matrix for
 * each relation.  h_i <- ReLU(W_0 h_i + sum over r of W_r sum over j of a_r(i, j) h_j), where a_r are the
 * entries of the block.  Interactions are a relation. */
#ifndef KITH_TEST_RELATIONAL_H
#define KITH_TEST_RELATIONAL_H

#include "tape/tape.h"

enum { TEST_RELATIONAL_LAYERS = 2 };

/* Weights "self.L" and "relation.R.L", of the width of x.  Blocks of a merged matrix. */
kith_tensor *test_relational(kith_tape *t, kith_params *params, const kith_block *const *block, int layers,
                             kith_tensor *x);

#endif
