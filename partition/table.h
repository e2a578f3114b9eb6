/* Inside the partition room: rows of parts.h5 on their way to the ranks that write them. */
#ifndef KITH_SRC_PARTITION_TABLE_H
#define KITH_SRC_PARTITION_TABLE_H

#include "dgraph.h"

/** What a reader sends to a writer: an entry of a row, or what is known of a node. */
typedef struct partition_record {
  int32_t row, original; /* row: of the writer, first in every record */
  float weight;
  int64_t neighbor; /* a number */
  int64_t time;     /* of a node: its first training edge, or -1 */
} partition_record;

/** What is kept of records. */
typedef struct partition_fields {
  bool neighbor, wide, time, weight; /* besides the original number; wide: neighbors of 64 bits, else 32 */
} partition_fields;

/** The entries of a writer's rows, without gaps between what is kept of them. */
typedef struct partition_table {
  int64_t n_row;
  int64_t *start;                       /* [n_row + 1] */
  int64_t *next;                        /* [n_row] where the row's next entry goes */
  size_t width, neighbor, time, weight; /* bytes of an entry; where the fields are, 0: not kept */
  size_t neighbor_bytes;
  char *entry; /* [start[n_row]] of `width` bytes; the original number first */
} partition_table;

/** Room for entries; `start` is taken over, and nulled.  Local.  Errors: KITH_ENOMEM; the caller frees *t,
 * then too. */
kith_status kith__partition_table_make(int64_t n_row, int64_t **start, partition_fields keep,
                                       partition_table *t) KITH_MUST_USE;
void kith__partition_table_free(partition_table *t);
/** Put records into their rows, in the order in which they come, as a partition_take. */
void kith__partition_table_take(void *context, int64_t n, const void *records);
/** Put the entries of each row into the order of original numbers, after all have arrived.  Local. */
void kith__partition_table_sort(partition_table *t);

#endif
