/**
 * Host table: an array that is the same on every rank and never changes, once a host.
 *
 * Numbers of all items, say: each rank would hold all of them, and read all of them from the file.  Where
 * shared memory is refused, and for small tables, each rank has one of its own.
 */
#ifndef KITH_COMM_HOST_TABLE_H
#define KITH_COMM_HOST_TABLE_H

#include "comm/hosts.h"

typedef struct kith_host_table {
  void *data;    /**< [bytes] zero at first; read only in the end */
  int64_t bytes; /**< its size */
  const kith_comm *comm;
  kith_share *share; /**< null: memory of this rank */
  kith_hosts *hosts; /**< until kith_host_table_end() */
} kith_host_table;

/** Allocate.  Collective.  Errors: KITH_ENOMEM; *out is empty. */
kith_agreed kith_host_table_make(const kith_comm *comm, int64_t bytes, kith_host_table *out) KITH_MUST_USE;
/** Which of n elements this rank puts, so that all are put: a share of them, or all.  Local. */
void kith_host_table_part(const kith_host_table *t, int64_t n, int64_t *first, int64_t *count);
/** Sum n integers over ranks: each rank has put those of its own, which no other rank has, and otherwise
 * nothing.  Collective. */
void kith_host_table_sum(const kith_host_table *t, int64_t n);
/** Whether this rank changes the whole table, for the others of its host; kith_host_table_end() follows.
 * Local. */
bool kith_host_table_leads(const kith_host_table *t);
/** The table is complete: all ranks may read it, and none may write.  Collective. */
void kith_host_table_end(kith_host_table *t);
/** Free it; accepts an empty one.  Local, but collective before kith_host_table_end(). */
void kith_host_table_free(kith_host_table *t);
/** Memory of one of n_here ranks of a host for a table.  Local. */
int64_t kith_host_table_bytes(int64_t bytes, int n_here);
/** For tests: share tables from this size on; returns the size before. */
int64_t kith__host_table_share_from(int64_t bytes);

#endif
