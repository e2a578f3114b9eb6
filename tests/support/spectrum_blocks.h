/* The first round of an update in blocks, dense and in double. */
#ifndef KITH_TESTS_SUPPORT_SPECTRUM_BLOCKS_H
#define KITH_TESTS_SUPPORT_SPECTRUM_BLOCKS_H

#include "support/spectrum.h"

/*
 * New columns x and values of the older ones v [n_item, width], neither sorted: blocks of `most`
 * columns, at most 64, up to width - drawn, with V'P V t = theta V'V t,   x ~ P V t of length 1,   x -= X X'x
 * for X of the first block, of length 1 again; and for the last `drawn` columns z: z ~ P z of length 1, z -=
 * X X'z for each block, Ritz vectors of z.
 *
 * @param z  [n_item, drawn]; overwritten
 */
void dense_blocks(const test_graph *t, const double *m, int width, int most, const double *v, int drawn,
                  double *z, double *x, double *value);

#endif
