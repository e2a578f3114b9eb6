/* Inside the partition room: rows of parts.h5 on their way to the ranks that write them. */
#ifndef KITH_SRC_PARTITION_TABLE_H
#define KITH_SRC_PARTITION_TABLE_H

#include "share.h"

/** What a reader sends to a writer: an entry of row `row` (of the writer), or what is known of a node. */
typedef struct partition_record {
  int64_t neighbor, time; /* of a node: its first training edge, or -1 */
  int32_t row, original;
  float weight;
} partition_record;

/** Records that have arrived, in any order. */
typedef struct partition_table {
  int64_t n, at;
  int32_t *row, *original;
  int64_t *neighbor, *time; /* time, weight: null if there are none */
  float *weight;
} partition_table;

/** Where the record is that has a place in the order of rows. */
typedef struct partition_place {
  int32_t original, at;
} partition_place;

/** Room for n records.  Local.  Errors: KITH_ENOMEM, KITH_ECONFIG (too many for one rank); the caller frees
 * *t, then too. */
kith_status kith__partition_table_make(int64_t n, bool neighbor, bool timed, bool weighted,
                                       partition_table *t) KITH_MUST_USE;
void kith__partition_table_free(partition_table *t);
/** Put records into the table, as a partition_take. */
void kith__partition_table_take(void *context, int64_t n, const void *records);
/** The order by row, then by original number.  Local.  Errors: KITH_ENOMEM; the caller frees both, then too.
 *
 * @param[out] start  [n_row + 1]
 * @param[out] place  [t->n] */
kith_status kith__partition_table_sort(const partition_table *t, int64_t n_row, int64_t **start,
                                       partition_place **place) KITH_MUST_USE;

#endif
