/* The most that steps of several parts of the cut may have. */
#ifndef KITH_SRC_SAMPLE_CLUSTER_ORDER_H
#define KITH_SRC_SAMPLE_CLUSTER_ORDER_H

#include "kith/sample.h"

/* The sum of the k largest of n sizes, which are sorted by this.  Local. */
int64_t kith__sum_of_largest(int n, int64_t *size, int k);

#endif
