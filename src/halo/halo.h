/* The plan behind a halo, shared by planning (plan.c) and moving (swap.c). */
#ifndef KITH_SRC_HALO_HALO_H
#define KITH_SRC_HALO_HALO_H

#include "kith/halo.h"

enum { HALO_WIDTHS = 16 };

/* What one rank tells another about a wanted row. */
typedef struct halo_ask {
  int64_t number, key;
} halo_ask;

struct kith_halo {
  const kith_comm *comm;
  const kith_gid *first; /* [size + 1] ownership of the numbers */
  kith_lid max_want, max_send;
  kith_lid n_want, n_send;
  int *want_first;                 /* [size + 1] wanted rows by owner */
  int *send_first;                 /* [size + 1] asked-for rows by asker */
  int *count_out, *count_in;       /* [size] for the exchange of asks, in 64-bit words */
  int *place_out, *place_in;       /* [size] */
  int64_t *tell, *told;            /* [2 * size] (count, note) pairs */
  halo_ask *ask;                   /* [max_want] */
  halo_ask *asked;                 /* [max_send] */
  kith_lid *send_row;              /* [max_send] */
  int64_t *send_key;               /* [max_send] */
  int n_width, width[HALO_WIDTHS]; /* widths of rows that are reserved … */
  MPI_Datatype row[HALO_WIDTHS];   /* … so many floats each */
  int most_width;
  float *packed;        /* [max_send, most_width] */
  MPI_Request *request; /* [2 * size] */
  int n_request;
  int64_t bytes;
};

#endif
