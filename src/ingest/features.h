/* Private to ingest: lists of features. */
#ifndef KITH_INGEST_FEATURES_H
#define KITH_INGEST_FEATURES_H

#include "ingest/lists.h"

/** Inputs of the reader of a list of features, and its counts. */
typedef struct kith__feature_reader {
  const kith_feature_source *source;
  /** Above 0: a list without ids, whose line i of as many is node i - 1, blank or not.  Features are numbers,
   * and nodes and features have no maps. */
  int64_t n_line;
  kith__id_map *node, *feature; /**< null with n_line */
  bool new_nodes, new_features; /**< add unknown ids; otherwise skip their lines or fields */
  int32_t n_skip;               /**< skip lines of nodes with smaller numbers */
  int64_t unknown_nodes, unknown_features,
      without_features;       /**< lines and fields skipped; nodes without a line */
  kith_feature_format format; /**< out: given or detected */
  bool weighted;              /**< out: long, with weights */
  int32_t n_numbered;         /**< out: with n_line, the number of features */
  int64_t repeated;           /**< out: long: repeated lines, merged */
  kith_list_report report;    /**< out */
} kith__feature_reader;

/** Read a list of features: one row per node from d->n_skip on.  Local.
 * Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ENOMEM. */
kith_status kith__features_read(kith__feature_reader *d, kith_features *out) KITH_MUST_USE;

#endif
