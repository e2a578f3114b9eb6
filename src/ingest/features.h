/* Private to ingest: lists of features of users or items. */
#ifndef KITH_INGEST_FEATURES_H
#define KITH_INGEST_FEATURES_H

#include "ingest/lists.h"

/** Inputs of the reader of a list of features, and its counts. */
typedef struct kith__feature_reader {
  const kith_feature_source *source;
  kith__id_map *node, *feature;
  bool new_nodes, new_features; /**< add unknown ids; otherwise skip their lines or fields */
  int32_t n_skip;               /**< skip lines of nodes with smaller numbers */
  int64_t unknown_nodes, unknown_features,
      without_features;       /**< lines and fields skipped; nodes without a line */
  kith_feature_format format; /**< out: given or detected */
  bool weighted;              /**< out: long, with weights */
  int64_t repeated;           /**< out: long: repeated lines, merged */
  kith_list_report report;    /**< out */
} kith__feature_reader;

/** Read a list of features: one row per node from d->n_skip on.  Local.
 * Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ENOMEM. */
kith_status kith__features_read(kith__feature_reader *d, kith_features *out) KITH_MUST_USE;

/**
 * Divide rows by their sums, as Kipf and Welling do; rows of zeros stay.  Local.
 *
 * @param line  [n_row] line of each row, for messages; null: row i is line i + 1
 * Errors: KITH_EDATA (file:line): values cancel out.
 */
kith_status kith__features_normalize(const char *path, const char *kind, const int64_t *line,
                                     kith_features *f) KITH_MUST_USE;

#endif
