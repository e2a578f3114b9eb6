/* The plan behind a halo, shared by planning (plan.c) and moving (swap.c). */
#ifndef KITH_SRC_HALO_HALO_H
#define KITH_SRC_HALO_HALO_H

#include "kith/halo.h"

enum { HALO_WIDTHS = 16 };

/* What one rank tells another about a wanted row. */
typedef struct halo_request {
  int64_t number, key;
} halo_request;

struct kith_halo {
  const kith_comm *comm;
  const kith_gid *first; /* [size + 1] ownership of the numbers */
  kith_lid max_recv, max_send;
  kith_lid n_recv, n_send;
  int *recv_first;                    /* [size + 1] wanted rows by owner */
  int *send_first;                    /* [size + 1] send_request-for rows by asker */
  int *count_send, *count_recv;       /* [size] for the exchange of asks, in 64-bit words */
  int *displ_send, *displ_recv;       /* [size] */
  int64_t *header_send, *header_recv; /* [2 * size] (count, piggyback) pairs */
  halo_request *recv_request;         /* [max_recv] */
  halo_request *send_request;         /* [max_send] */
  kith_lid *send_row;                 /* [max_send] */
  int64_t *send_key;                  /* [max_send] */
  int n_width, width[HALO_WIDTHS];    /* widths of rows that are reserved … */
  MPI_Datatype row[HALO_WIDTHS];      /* … so many floats each */
  int most_width;
  float *packed;        /* [max_send, most_width] */
  MPI_Request *request; /* [2 * size] */
  int n_request;
  int64_t bytes;
};

/**
 * Rows of any neighbors as local columns, with their halo, degrees (entries of a row) and node keys; columns
 * stand in the order of `number`, and weights are zero.  Collective.
 *
 * @param start   [n_own + 1] entries of each owned row …
 * @param number  [start[n_own]] … and their global numbers
 */
kith_agreed kith__dist_csr_make(const kith_comm *comm, const kith_graph *g, const kith_eid *start,
                                const kith_gid *number, int d, kith_dist_csr **out) KITH_MUST_USE;

#endif
