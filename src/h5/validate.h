/* Whether values that were read can be true; all are Local. */
#ifndef KITH_SRC_H5_VALIDATE_H
#define KITH_SRC_H5_VALIDATE_H

#include "kith/h5.h"

/** KITH_EDATA if a number that was read is not finite: it would spread to all that is computed of it. */
kith_status kith__validate_finite(const char *path, const char *name, int64_t n,
                                  const float *x) KITH_MUST_USE;
/**
 * Places first … first + n - 1 of n_place, at which rows begin: from 0, ascending, to n_value, the number of
 * values that are there.  Slices that overlap by one place see every step.
 */
kith_status kith__validate_offsets(const char *path, const char *name, int64_t n_place, int64_t first,
                                   int64_t n, const int64_t *start, int64_t n_value) KITH_MUST_USE;
/** Values, of which the first stands at place `first`, from `low` to below - 1. */
kith_status kith__validate_range(const char *path, const char *name, int64_t first, int64_t n,
                                 const int64_t *x, int64_t low, int64_t below) KITH_MUST_USE;

#endif
