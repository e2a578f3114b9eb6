/* The pattern of a halo, shared by its setup (plan.c) and the exchange (exchange.c). */
#ifndef KITH_SRC_HALO_HALO_H
#define KITH_SRC_HALO_HALO_H

#include <math.h>

#include "comm/sparse.h"
#include "halo/halo.h"

enum { HALO_WIDTHS = 16 };

/* A request for one row, from the receiver to the owner: its place among the owner's rows, and the key. */
typedef struct halo_request {
  int64_t place, key;
} halo_request;

struct kith_halo {
  const kith_comm *comm;
  const kith_gid *first; /* [size + 1] ownership ranges */
  kith_lid max_recv, max_send;
  kith_lid n_recv, n_send;
  int *recv_first;                 /* [size + 1] received rows by owner */
  int *send_first;                 /* [size + 1] sent rows by receiver */
  int *count_send, *count_recv;    /* [size] of the exchange of requests, in 64-bit words */
  int *displ_send, *displ_recv;    /* [size] */
  kith_sparse sparse;              /* of a dynamic halo's requests */
  MPI_Datatype request_type;       /* the same; MPI_DATATYPE_NULL: the halo is not dynamic */
  halo_request *recv_request;      /* [max_recv]; without keys a dynamic halo has places alone, kith_lid */
  halo_request *send_request;      /* [max_send] */
  kith_lid *send_row;              /* [max_send] */
  int64_t *send_key;               /* [max_send] */
  int n_width, width[HALO_WIDTHS]; /* reserved widths of rows */
  MPI_Datatype row[HALO_WIDTHS];   /* a row of each width */
  int max_width;
  float *packed;        /* [max_send, max_width] */
  MPI_Request *request; /* [2 * size] */
  int n_request;
  int64_t bytes, messages; /* sent to other ranks so far */
  int strips,
      cut_strips;   /* of an exchange in strips: at most, 0 as 1; and the most that rows were cut into */
  const bool *skip; /* [size] ranks to which nothing is sent, while a near halo runs; null: none */
};

/* Whether rank r is left out of an exchange: this rank, and those that read rows in place. */
static inline bool kith__halo_skips(const kith_halo *h, int r) {
  return r == h->comm->rank || (h->skip && h->skip[r]);
}

/* A row of a reserved width. */
MPI_Datatype kith__halo_row(const kith_halo *h, int d);

/* Rows to or from each rank: n [size] from first [size] on; null: up to the next rank's first. */
typedef struct kith__halo_runs {
  const int *first, *n;
} kith__halo_runs;

/* Begin an exchange with all ranks that are not skipped: receives of `in` rows, and sends of `out` rows, both
 * of a reserved width. */
void kith__halo_post(kith_halo *h, int width, int tag, kith__halo_runs in, float *to, kith__halo_runs out,
                     const float *from);

/* kith_halo_begin() of `width` columns of rows `own` that are ld floats apart. */
void kith__halo_begin_columns(kith_halo *h, int ld, int width, const float *own, float *ghost);

/* Whether no message is under way; progresses those that are. */
bool kith__halo_is_idle(kith_halo *h);

/* Rows of a matrix on this rank, by global numbers. */
typedef struct kith__csr_rows {
  const kith_eid *start;  /* [n_own + 1] entries of each owned row */
  const kith_gid *number; /* [start[n_own]] their columns */
} kith__csr_rows;

/**
 * Rows of any neighbors as local columns, with their halo, degrees (entries of a row) and node keys; columns
 * stand in the order of `number`, and weights are zero.  Collective.
 *
 * @param transpose  the rows of the transpose; start is null: the matrix is symmetric
 */
kith_agreed kith__dist_csr_make(const kith_comm *comm, const kith_graph *g, kith__csr_rows rows,
                                kith__csr_rows transpose, int d, kith_dist_csr **out) KITH_MUST_USE;

/* A merged matrix, or its transpose, while it is made: the entries of a row stand term after term. */
typedef struct kith__merged_side {
  int n;
  kith__csr_rows term[1 + KITH_MAX_RELATIONS]; /* rows of the interactions, then of the relations */
  kith_eid *start;                             /* [n_own + 1] all entries of each owned row … */
  kith_gid *number;                            /* [start[n_own]] … and their columns */
  kith_eid *at;                                /* [n_own] entries of a row that have a weight so far */
  kith_csr *csr;
  uint8_t *of; /* [entries] the term of each entry */
  float *base; /* [entries] null if no omega is learned */
} kith__merged_side;

/* Sort the rows by the node key of the column, then by term.  Local. */
kith_status kith__merged_order(const kith__merged_side *s, const int64_t *node) KITH_MUST_USE;

/* Units of times in a second, by the latest: 1 for seconds (until the year 5138), 1000 for milliseconds, … */
double kith__decay_units(int64_t latest);
/* Whether an entry at `time`, and so every earlier one, counts the least.  Local. */
bool kith__decay_is_least(const kith_decay *t, int64_t time);

/* ---- entry_counts.c: entries that count unequally ---- */

/* How the entries of a relation count: by age, by what their ends have in common, or both; else each is 1. */
typedef struct kith__counts {
  bool ages, overlaps;
  kith_decay decay;
} kith__counts;

/* The entries of the owned rows, and what is known of them. */
typedef struct kith__counted {
  const kith_eid *start;  /* [n_own + 1] */
  const int64_t *time;    /* [start[n_own]] if they age */
  const int32_t *overlap; /* [start[n_own]] if they count overlaps */
} kith__counted;

/* Check that a relation that the graph has also has what its weights need.  Local.  Errors: KITH_ECONFIG. */
kith_status kith__counts_check(const kith_graph *g, const kith_relation_weights *w,
                               const char *name) KITH_MUST_USE;
/* How a relation's entries count; warns where age makes no difference.  Collective.  Errors: KITH_ECONFIG
 * (its times have another unit). */
kith_agreed kith__counts_make(const kith_comm *comm, const kith_graph *g, const kith_relation_weights *w,
                              const char *name, kith__counts *out) KITH_MUST_USE;
/* The roots of the sums of what the entries of each row count, ghosts included: root [n_col].  Collective. */
kith_agreed kith__counts_roots(const kith_comm *comm, kith_halo *halo, const kith_csr *csr,
                               const kith__counts *c, const kith__counted *rows, double *root) KITH_MUST_USE;
/*
 * Weights omega f / (here_i there_j) of entries that count f.  Local.
 *
 * @param end   [n_own] entries of each row of `csr` up to the last one of `rows`; null: they are all
 * @param base  [entries of csr] gets the weights before omega; may be null
 */
void kith__counts_weigh(const kith__counts *c, const kith__counted *rows, const double *here,
                        const double *there, double omega, const kith_csr *csr, const kith_eid *end,
                        float *base);

/* ---- gated.c ---- */

/* Make a->merged->gated of the entries of relations with gated[k].  Local.  Errors: KITH_ENOMEM. */
kith_status kith__gated_make(kith_dist_csr *a, const bool *gated) KITH_MUST_USE;
void kith__gated_free(kith_gated_entries **gated);

/* omega / sqrt(degree of the row * degree of the column), symmetric to the last bit; a degree of 0 counts
 * as 1. */
static inline float kith__symmetric_weight(double omega, int64_t row, int64_t col) {
  return (float)(omega / sqrt((double)(row * (col > 0 ? col : 1))));
}

#endif
