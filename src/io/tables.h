/* Private to io: what graph.h5 holds, between reading the lists and writing the file. */
#ifndef KITH_IO_TABLES_H
#define KITH_IO_TABLES_H

#include "io/lists.h"

typedef struct kith__tables {
  kith_ids ids[KITH_TYPES];
  kith__rows train, valid, test;      /**< a row per user */
  kith_features features[KITH_TYPES]; /**< a row per node; start is null without a list */
  kith_format format;                 /**< of the interactions, which lists for kith embed take over */
  kith_ids feature_ids[KITH_TYPES];   /**< what features are called */
  kith_feature_format feature_format[KITH_TYPES]; /**< how their list was written, for those of newcomers */
  kith_ids names[KITH_TYPES];                     /**< what nodes are called; text is null without a list */
  kith__rows social; /**< a row per user, of users; start is null if the job names no social list */
} kith__tables;

void kith__tables_free(kith__tables *tables);

/** Write graph.h5.  Collective over `comm`, on which every rank but 0 brings nothing: meant for a group of
 * one. */
kith_agreed kith__tables_write(const kith_comm *comm, const kith__tables *tables, const char *job,
                               const char *path) KITH_MUST_USE;

/** Read a dataset of ids.  Collective; every rank gets the whole. */
kith_agreed kith__ids_read(const kith_comm *comm, const char *path, const char *name,
                           kith_ids *out) KITH_MUST_USE;
/** Write the ids of one type as the dataset `name`, whole, from one rank.  Collective over a group of one. */
kith_agreed kith__ids_write(kith_h5 *f, const char *name, const kith_ids *ids) KITH_MUST_USE;

#endif
