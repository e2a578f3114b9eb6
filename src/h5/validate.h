/* Validators of values that were read from a file.  All are Local; errors: KITH_EDATA, naming path and
 * dataset. */
#ifndef KITH_SRC_H5_VALIDATE_H
#define KITH_SRC_H5_VALIDATE_H

#include "h5/h5.h"

/** Numbers x [n] are finite. */
kith_status kith__validate_finite(const char *path, const char *name, int64_t n,
                                  const float *x) KITH_MUST_USE;
/**
 * Row offsets of a ragged array ascend from 0 to n_value.  `start` is the slice first … first + n - 1 of
 * n_place offsets; slices should overlap by one offset, so that every step is checked.
 */
kith_status kith__validate_offsets(const char *path, const char *name, int64_t n_place, int64_t first,
                                   int64_t n, const int64_t *start, int64_t n_value) KITH_MUST_USE;
/** Integers x [n] are from `low` to below - 1; `first` is the index of x[0] in the dataset, for messages. */
kith_status kith__validate_range(const char *path, const char *name, int64_t first, int64_t n,
                                 const int64_t *x, int64_t low, int64_t below) KITH_MUST_USE;

/** Rows of a ragged array [start[n_row]]: each ascends from 0 to below - 1, without repetition unless
 * `parallel`. */
kith_status kith__validate_rows(const char *path, const char *name, int64_t n_row, const int64_t *start,
                                const int32_t *x, int64_t below, bool parallel) KITH_MUST_USE;
/** Kinds of the entries of such rows are below n_kind, and ascend where a number is repeated. */
kith_status kith__validate_kinds(const char *path, const char *name, int64_t n_row, const int64_t *start,
                                 const int32_t *x, const uint16_t *kind, int n_kind) KITH_MUST_USE;
/** Sparse features [n]: indices from 0 to n_feature - 1, finite values. */
kith_status kith__validate_features(const char *path, const char *name, int64_t n, const int32_t *index,
                                    const float *value, int n_feature) KITH_MUST_USE;

#endif
