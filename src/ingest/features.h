/* Private to ingest: features of users and of items, from text lists and in files. */
#ifndef KITH_INGEST_FEATURES_H
#define KITH_INGEST_FEATURES_H

#include "ingest/lists.h"

/** What a list is read against, and what was found in it that says nothing. */
typedef struct kith__feature_reader {
  const kith_feature_source *source;
  kith__id_map *node, *feature;
  bool new_nodes, new_features; /**< ids that are not known get a number; otherwise their lines, or fields,
                                   are left out */
  int32_t n_skip;               /**< lines of nodes below are passed over */
  int64_t unknown_nodes, unknown_features,
      without_features;       /**< lines and fields left out; nodes without a line */
  kith_feature_format format; /**< out: as given or found */
  bool weighted;              /**< out: long, with a column of weights */
  int64_t repeated;           /**< out: long: further lines of the same node and feature, merged */
} kith__feature_reader;

/** Read a list: a row for every node from d->n_skip on.  Local.  Errors: KITH_ENOINPUT, KITH_EDATA
 * (file:line), KITH_ENOMEM. */
kith_status kith__features_read(kith__feature_reader *d, kith_features *out) KITH_MUST_USE;

#endif
