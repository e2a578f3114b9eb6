/* The pattern of a halo, shared by its setup (plan.c) and the exchange (exchange.c). */
#ifndef KITH_SRC_HALO_HALO_H
#define KITH_SRC_HALO_HALO_H

#include <math.h>

#include "halo/halo.h"

enum { HALO_WIDTHS = 16 };

/* A request for one row, from the receiver to the owner. */
typedef struct halo_request {
  int64_t number, key;
} halo_request;

struct kith_halo {
  const kith_comm *comm;
  const kith_gid *first; /* [size + 1] ownership ranges */
  kith_lid max_recv, max_send;
  kith_lid n_recv, n_send;
  int *recv_first;                    /* [size + 1] received rows by owner */
  int *send_first;                    /* [size + 1] sent rows by receiver */
  int *count_send, *count_recv;       /* [size] of the exchange of requests, in 64-bit words */
  int *displ_send, *displ_recv;       /* [size] */
  int64_t *header_send, *header_recv; /* [2 * size] (count, piggyback) pairs */
  halo_request *recv_request;         /* [max_recv] */
  halo_request *send_request;         /* [max_send] */
  kith_lid *send_row;                 /* [max_send] */
  int64_t *send_key;                  /* [max_send] */
  int n_width, width[HALO_WIDTHS];    /* reserved widths of rows */
  MPI_Datatype row[HALO_WIDTHS];      /* a row of each width */
  int max_width;
  float *packed;        /* [max_send, max_width] */
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

/* omega / sqrt(degree of the row * degree of the column), symmetric to the last bit; a degree of 0 counts
 * as 1. */
static inline float kith__symmetric_weight(double omega, int64_t row, int64_t col) {
  return (float)(omega / sqrt((double)(row * (col > 0 ? col : 1))));
}

#endif
