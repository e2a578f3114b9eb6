/*
 * Redistribute rows between their owners and blocks in original order, for each node type.
 *
 * In the file, rank r of R handles the block of original numbers n r / R … n (r + 1) / R - 1.  An owner's
 * rows, sorted by original number, are sorted by block, too; so both sides know the order of the rows that
 * they exchange, and no indices are sent.  Transfers go in rounds of some MiB per rank, to the blocks for
 * writing and back for reading: memory stays small, and rows are written while they are in the cache.
 */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "h5/rows.h"
#include "h5/validate.h"
#include "store/store.h"

enum { REDISTRIBUTE_ROUND_BYTES = 16 << 20 }; /* of a rank's block */

/* Ownership of one node type. */
typedef struct type_map {
  int64_t *block;  /* [size + 1] first original number of each rank's block */
  int64_t *to;     /* [size + 1] order[to[r]] … order[to[r + 1] - 1] belong to the block of rank r */
  kith_lid *order; /* [owned] rows, sorted by original number */
  int32_t *from;   /* [rows of this block] owner of each */
} type_map;

struct kith_redistribution {
  const kith_comm *comm;
  const kith_graph *g;
  type_map type[KITH_MAX_TYPES];
};

/* ---- ownership ---- */

/* A row and its original number, to sort. */
typedef struct numbered_row {
  int64_t original;
  kith_lid row;
} numbered_row;

static int redistribute_compare(const void *a, const void *b) {
  int64_t x = ((const numbered_row *)a)->original, y = ((const numbered_row *)b)->original;
  return (x > y) - (x < y);
}

/* Sort the owned rows and assign them to blocks. */
static kith_status redistribute_sort(const kith_redistribution *r, int t, type_map *type) {
  kith_status st = KITH_OK;
  const kith_graph *g = r->g;
  int64_t n = g->n_own_of[t], at = 0;
  int size = r->comm->size;
  numbered_row *one = NULL;
  KITH_TRY(KITH_NEW(type->block, size + 1));
  KITH_TRY(KITH_NEW(type->to, size + 1));
  KITH_TRY(KITH_NEW(type->order, n));
  KITH_TRY(KITH_NEW(one, n));
  for (int i = 0; i <= size; i++) type->block[i] = kith_chunk_begin(g->n[t], size, i);
  for (int64_t i = 0; i < n; i++) one[i] = (numbered_row){g->original[g->row_of[t][i]], g->row_of[t][i]};
  qsort(one, (size_t)n, sizeof *one, redistribute_compare);
  for (int64_t i = 0; i < n; i++) type->order[i] = one[i].row;
  for (int q = 0; q < size; q++) {
    while (at < n && one[at].original < type->block[q + 1]) at++;
    type->to[q + 1] = at;
  }
  KITH_CHECK(at == n && (n == 0 || one[0].original >= 0), KITH_EDATA,
             "original numbers of %ss are out of range: run kith partition again", g->schema.type[t]);
done:
  KITH_FREE(one);
  return st;
}

/* Buffers to send each block's rank the indices of its rows, once. */
typedef struct owner_exchange {
  int *n_out, *at_out, *n_in, *at_in;
  int32_t *out, *in; /* indices within the block */
} owner_exchange;

static kith_status exchange_make(const kith_redistribution *r, int t, owner_exchange *exchange) {
  kith_status st = KITH_OK;
  const type_map *type = &r->type[t];
  int size = r->comm->size;
  KITH_TRY(KITH_NEW(exchange->n_out, size));
  KITH_TRY(KITH_NEW(exchange->at_out, size + 1));
  KITH_TRY(KITH_NEW(exchange->n_in, size));
  KITH_TRY(KITH_NEW(exchange->at_in, size + 1));
  KITH_TRY(KITH_NEW(exchange->out, r->g->n_own_of[t]));
  for (int q = 0; q < size; q++) {
    exchange->n_out[q] = (int)(type->to[q + 1] - type->to[q]);
    for (int64_t i = type->to[q]; i < type->to[q + 1]; i++)
      exchange->out[i] = (int32_t)(r->g->original[type->order[i]] - type->block[q]);
  }
  kith_prefix_sum(size, exchange->n_out, exchange->at_out);
done:
  return st;
}

static void exchange_free(owner_exchange *exchange) {
  KITH_FREE(exchange->n_out);
  KITH_FREE(exchange->at_out);
  KITH_FREE(exchange->n_in);
  KITH_FREE(exchange->at_in);
  KITH_FREE(exchange->out);
  KITH_FREE(exchange->in);
}

/* Set the owner of every row of the block; each has exactly one. */
static kith_status redistribute_set_owners(const kith_redistribution *r, int t,
                                           const owner_exchange *exchange) {
  kith_status st = KITH_OK;
  const type_map *type = &r->type[t];
  int64_t n = type->block[r->comm->rank + 1] - type->block[r->comm->rank];
  for (int64_t i = 0; i < n; i++) type->from[i] = -1;
  for (int p = 0; p < r->comm->size; p++)
    for (int64_t i = exchange->at_in[p]; i < exchange->at_in[p + 1]; i++) {
      KITH_CHECK(type->from[exchange->in[i]] == -1, KITH_EDATA,
                 "two %ss have the original number %lld: run kith partition again", r->g->schema.type[t],
                 (long long)(type->block[r->comm->rank] + exchange->in[i]));
      type->from[exchange->in[i]] = p;
    }
done:
  return st;
}

static kith_status redistribute_alloc(const kith_redistribution *r, int t, type_map *type,
                                      owner_exchange *exchange) {
  kith_status st = KITH_OK;
  int64_t n = type->block[r->comm->rank + 1] - type->block[r->comm->rank];
  kith_prefix_sum(r->comm->size, exchange->n_in, exchange->at_in);
  KITH_CHECK(exchange->at_in[r->comm->size] == n, KITH_EDATA,
             "%lld %ss have numbers of a block of %lld: run kith partition again",
             (long long)exchange->at_in[r->comm->size], r->g->schema.type[t], (long long)n);
  KITH_TRY(KITH_NEW(type->from, n));
  KITH_TRY(KITH_NEW(exchange->in, n));
done:
  return st;
}

static kith_agreed redistribute_create_type(kith_redistribution *r, int t) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = r->comm;
  owner_exchange exchange = {.n_out = NULL};
  KITH_TRY(kith_agree(comm, redistribute_sort(r, t, &r->type[t])));
  KITH_TRY(kith_agree(comm, exchange_make(r, t, &exchange)));
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoall(exchange.n_out, 1, MPI_INT, exchange.n_in, 1, MPI_INT, comm->mpi));
  KITH_TRY(kith_agree(comm, redistribute_alloc(r, t, &r->type[t], &exchange)));
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoallv(exchange.out, exchange.n_out, exchange.at_out, MPI_INT32_T, exchange.in,
                          exchange.n_in, exchange.at_in, MPI_INT32_T, comm->mpi));
  KITH_TRY(kith_agree(comm, redistribute_set_owners(r, t, &exchange)));
done:
  exchange_free(&exchange);
  return st;
}

kith_agreed kith_redistribution_create(const kith_comm *comm, const kith_graph *g,
                                       kith_redistribution **out) {
  kith_agreed st = {KITH_OK};
  kith_redistribution *r = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(r, 1)));
  r->comm = comm;
  r->g = g;
  for (int t = 0; t < g->schema.n_type; t++) KITH_TRY(redistribute_create_type(r, t));
  *out = r;
  r = NULL;
done:
  kith_redistribution_destroy(&r);
  return st;
}

int64_t kith_redistribution_bytes(int n_type, int size, int64_t n_own, int64_t n_block) {
  const kith_redistribution *r = NULL;
  return KITH_BYTES(r, 1) + n_type * 2 * KITH_BYTES(r->type[0].block, size + 1) +
         KITH_BYTES(r->type[0].order, n_own) + KITH_BYTES(r->type[0].from, n_block);
}

void kith_redistribution_destroy(kith_redistribution **rows) {
  kith_redistribution *r = *rows;
  if (!r) return;
  for (int t = 0; t < KITH_MAX_TYPES; t++) {
    KITH_FREE(r->type[t].block);
    KITH_FREE(r->type[t].to);
    KITH_FREE(r->type[t].order);
    KITH_FREE(r->type[t].from);
  }
  KITH_FREE(*rows);
}

/* ---- transfers ---- */

/*
 * A transfer of rows of one width.  Rounds end at multiples of `round` rows from row 0 of the file, i.e. at
 * boundaries of checksum blocks, for any number of ranks.
 */
typedef struct transfer {
  const kith_redistribution *r;
  const type_map *type;
  char name[KITH_NAME];
  size_t row;               /* bytes */
  int64_t round, rounds, i; /* rows per round; rounds of the longest block; current round */
  int64_t low, high;        /* rows of this rank's block in the current round */
  MPI_Datatype mpi;
  int64_t *next; /* [size] next index into `order` for each rank */
  int *n_out, *at_out, *n_in,
      *at_in;         /* [size], [size + 1] rows of a round by rank: of the owner, and of the block */
  char *out, *in;     /* buffers: rows of the owner; rows of the block, grouped by owner */
  kith_lid *position; /* [round] index in `in` of each row of the round */
} transfer;

/* First row of round i of a rank's block. */
static int64_t transfer_bound(const transfer *w, int rank, int64_t i) {
  const int64_t *block = w->type->block;
  return kith_min(i == 0 ? block[rank] : (block[rank] / w->round + i) * w->round, block[rank + 1]);
}

/* Number of entries of `order` from `at` on, for a rank, below original number `before`. */
static int64_t transfer_count(const transfer *w, int rank, int64_t at, int64_t before) {
  int64_t n = 0, end = w->type->to[rank + 1];
  while (at + n < end && w->r->g->original[w->type->order[at + n]] < before) n++;
  return n;
}

/* Largest number of rows that this rank sends in one round. */
static int64_t transfer_max_rows(const transfer *w) {
  int64_t most = 0;
  memcpy(w->next, w->type->to, (size_t)w->r->comm->size * sizeof *w->next);
  for (int64_t i = 0; i < w->rounds; i++) {
    int64_t sum = 0;
    for (int q = 0; q < w->r->comm->size; q++) {
      int64_t n = transfer_count(w, q, w->next[q], transfer_bound(w, q, i + 1));
      w->next[q] += n;
      sum += n;
    }
    if (sum > most) most = sum;
  }
  return most;
}

static void transfer_free(transfer *w) {
  if (w->mpi != MPI_DATATYPE_NULL) MPI_Type_free(&w->mpi);
  KITH_FREE(w->next);
  KITH_FREE(w->n_out);
  KITH_FREE(w->at_out);
  KITH_FREE(w->n_in);
  KITH_FREE(w->at_in);
  KITH_FREE(w->out);
  KITH_FREE(w->in);
  KITH_FREE(w->position);
}

static kith_status transfer_alloc(transfer *w) {
  kith_status st = KITH_OK;
  int size = w->r->comm->size;
  const int64_t *block = w->type->block + w->r->comm->rank;
  int64_t n_in = kith_min(w->round, block[1] - block[0]);
  KITH_TRY(KITH_NEW(w->next, size));
  KITH_TRY(KITH_NEW(w->n_out, size));
  KITH_TRY(KITH_NEW(w->at_out, size + 1));
  KITH_TRY(KITH_NEW(w->n_in, size));
  KITH_TRY(KITH_NEW(w->at_in, size + 1));
  KITH_TRY(KITH_NEW(w->position, n_in));
  KITH_TRY(KITH_NEW(w->in, n_in * (int64_t)w->row));
  KITH_TRY(KITH_NEW(w->out, (size > 1 ? transfer_max_rows(w) : n_in) * (int64_t)w->row));
  memcpy(w->next, w->type->to, (size_t)size * sizeof *w->next);
done:
  return st;
}

/* Rows of a block in a round. */
static int64_t transfer_round(size_t row) {
  int64_t per_block = kith__rows_per_block(row),
          round = REDISTRIBUTE_ROUND_BYTES / (per_block * (int64_t)row) * per_block;
  return round < per_block ? per_block : round;
}

/* Rows on their way in and out, and a block of the file. */
int64_t kith_redistribution_transfer_bytes(int64_t n_block, int d) {
  const transfer *w = NULL;
  size_t row = (size_t)d * sizeof(float);
  int64_t n = kith_min(transfer_round(row), n_block);
  return KITH_BYTES(w->position, n) + 3 * n * (int64_t)row;
}

/* Prepare a transfer of rows of `row` bytes; call transfer_free() on failure, too. */
static kith_agreed transfer_make(const kith_redistribution *r, int t, const char *name, size_t row,
                                 transfer *w) {
  *w = (transfer){.r = r, .type = &r->type[t], .row = row, .mpi = MPI_DATATYPE_NULL};
  w->round = transfer_round(row);
  for (int q = 0; q < r->comm->size; q++) {
    int64_t from = w->type->block[q], to = w->type->block[q + 1],
            n = to > from ? (to - 1) / w->round - from / w->round + 1 : 0;
    if (n > w->rounds) w->rounds = n;
  }
  kith_type_dataset(&r->g->schema, t, name, w->name);
  KITH_MPI(MPI_Type_contiguous((int)row, MPI_BYTE, &w->mpi));
  KITH_MPI(MPI_Type_commit(&w->mpi));
  return kith_agree(r->comm, transfer_alloc(w));
}

/* Start a round: count its rows on both sides. */
static void transfer_begin(transfer *w, int64_t i) {
  int size = w->r->comm->size, rank = w->r->comm->rank;
  w->i = i;
  w->low = transfer_bound(w, rank, i);
  w->high = transfer_bound(w, rank, i + 1);
  memset(w->n_in, 0, (size_t)size * sizeof *w->n_in);
  for (int q = 0; q < size; q++)
    w->n_out[q] = (int)transfer_count(w, q, w->next[q], transfer_bound(w, q, i + 1));
  for (int64_t k = w->low; k < w->high; k++) w->n_in[w->type->from[k - w->type->block[rank]]]++;
  kith_prefix_sum(size, w->n_out, w->at_out);
  kith_prefix_sum(size, w->n_in, w->at_in);
  for (int64_t k = w->low; k < w->high; k++)
    w->position[k - w->low] = w->at_in[w->type->from[k - w->type->block[rank]]]++;
  kith_prefix_sum(size, w->n_in, w->at_in);
}

/* Pack the owner's rows of the round. */
static void transfer_pack(transfer *w, const char *x) {
  char *out = w->out;
  for (int q = 0; q < w->r->comm->size; q++)
    for (int64_t k = 0; k < w->n_out[q]; k++, out += w->row)
      memcpy(out, x + (size_t)w->type->order[w->next[q]++] * w->row, w->row);
}

/* Unpack the owner's rows: the inverse. */
static void transfer_unpack(transfer *w, char *x) {
  const char *out = w->out;
  for (int q = 0; q < w->r->comm->size; q++)
    for (int64_t k = 0; k < w->n_out[q]; k++, out += w->row)
      memcpy(x + (size_t)w->type->order[w->next[q]++] * w->row, out, w->row);
}

/*
 * Send the rows of round i to their blocks.  Row low + k is row (*position)[k] of the returned buffer.  A
 * single rank needs no copy.
 */
static const char *transfer_to_block(transfer *w, int64_t i, const void *x, const kith_lid **position) {
  const kith_comm *comm = w->r->comm;
  if (comm->size == 1) {
    w->low = transfer_bound(w, 0, i);
    w->high = transfer_bound(w, 0, i + 1);
    *position = w->type->order + w->low;
    return x;
  }
  transfer_begin(w, i);
  transfer_pack(w, x);
  kith_comm_barrier_sleep(comm);
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoallv(w->out, w->n_out, w->at_out, w->mpi, w->in, w->n_in, w->at_in, w->mpi, comm->mpi));
  *position = w->position;
  return w->in;
}

/* The inverse: send the rows of the block, grouped by owner in w->in, to x on their owners. */
static void transfer_to_owner(transfer *w, void *x) {
  const kith_comm *comm = w->r->comm;
  kith_comm_barrier_sleep(comm);
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoallv(w->in, w->n_in, w->at_in, w->mpi, w->out, w->n_out, w->at_out, w->mpi, comm->mpi));
  transfer_unpack(w, x);
}

/* ---- writing ---- */

/* Sort and write one piece of a round, within one checksum block. */
static int redistribute_put_piece(const transfer *w, kith__raw_rows *to, const char *from,
                                  const kith_lid *position, int64_t low, int64_t high, char *buffer) {
  for (int64_t k = low; k < high; k++)
    memcpy(buffer + (size_t)(k - low) * w->row, from + (size_t)position[k - w->low] * w->row, w->row);
  return kith__raw_rows_write(to, low, high - low, buffer);
}

/* Write the rows of a round, one piece per thread at a time, each through its own part of `buffer`. */
static int redistribute_put_round(const transfer *w, kith__raw_rows *to, const char *from,
                                  const kith_lid *position, char *buffer) {
  int64_t per = to->sums.per_block, first = w->low / per,
          n = w->high > w->low ? (w->high - 1) / per - first + 1 : 0;
  int error = 0;
#pragma omp parallel for schedule(static, 1) reduction(max : error)
  for (int64_t b = 0; b < n; b++) {
    int64_t low = (first + b) * per, high = kith_min(low + per, w->high);
    if (low < w->low) low = w->low;
    int mine = redistribute_put_piece(w, to, from, position, low, high,
                                      buffer + (size_t)omp_get_thread_num() * (size_t)per * w->row);
    if (mine > error) error = mine;
  }
  return error;
}

kith_agreed kith_redistribution_write_type(kith_redistribution *r, kith_h5 *f, int t, const char *name, int d,
                                           const float *x) {
  kith_agreed st = {KITH_OK};
  transfer w;
  kith__raw_rows to = {.file = -1, .f = f};
  char *buffer = NULL;
  int error = 0;
  KITH_TRY(transfer_make(r, t, name, (size_t)d * sizeof(float), &w));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(buffer, (int64_t)omp_get_max_threads() * kith__rows_per_block(w.row) *
                                                    (int64_t)w.row)));
  KITH_TRY(kith__raw_rows_begin(f, w.name, KITH_H5_FLOAT, d, r->g->n[t], &to));
  for (int64_t i = 0; i < w.rounds; i++) {
    const kith_lid *position = NULL;
    const char *from = transfer_to_block(&w, i, x, &position);
    int mine = redistribute_put_round(&w, &to, from, position, buffer);
    kith__raw_rows_flush(&to, w.low, w.high - w.low);
    if (mine > error) error = mine;
  }
done:
  st = kith__raw_rows_end(&to, st, error);
  KITH_FREE(buffer);
  transfer_free(&w);
  return st;
}

kith_agreed kith_redistribution_write(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                      const float *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < rows->g->schema.n_type; t++)
    KITH_TRY(kith_redistribution_write_type(rows, f, t, name, d, x));
done:
  return st;
}

static kith_agreed redistribute_write_int_type(kith_redistribution *r, kith_h5 *f, const char *name, int t,
                                               const int64_t *x) {
  kith_agreed st = {KITH_OK};
  const int64_t *mine = r->type[t].block + r->comm->rank;
  int64_t *block = NULL;
  transfer w;
  KITH_TRY(transfer_make(r, t, name, sizeof *x, &w));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(block, mine[1] - mine[0])));
  for (int64_t i = 0; i < w.rounds; i++) {
    const kith_lid *position = NULL;
    const int64_t *from = (const int64_t *)(const void *)transfer_to_block(&w, i, x, &position);
    for (int64_t k = w.low; k < w.high; k++) block[k - mine[0]] = from[position[k - w.low]];
  }
  KITH_TRY(kith_h5_write(f, w.name, KITH_H5_INT64, 0, r->g->n[t], mine[0], mine[1] - mine[0], false, block));
done:
  KITH_FREE(block);
  transfer_free(&w);
  return st;
}

kith_agreed kith_redistribution_write_int(kith_redistribution *rows, kith_h5 *f, const char *name,
                                          const int64_t *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < rows->g->schema.n_type; t++) KITH_TRY(redistribute_write_int_type(rows, f, name, t, x));
done:
  return st;
}

/* ---- reading ---- */

kith_agreed kith_redistribution_read_type(kith_redistribution *r, kith_h5 *f, int t, const char *name, int d,
                                          float *x) {
  kith_agreed st = {KITH_OK};
  transfer w;
  float *block = NULL;
  KITH_TRY(transfer_make(r, t, name, (size_t)d * sizeof(float), &w));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(block, w.round * d)));
  for (int64_t i = 0; i < w.rounds; i++) {
    transfer_begin(&w, i);
    KITH_TRY(kith_h5_read(f, w.name, KITH_H5_FLOAT, d, w.low, w.high - w.low, block));
    KITH_TRY(
        kith_agree(r->comm, kith__validate_finite(kith_h5_path(f), w.name, (w.high - w.low) * d, block)));
    for (int64_t k = 0; k < w.high - w.low; k++)
      memcpy(w.in + (size_t)w.position[k] * w.row, block + k * d, w.row);
    transfer_to_owner(&w, x);
  }
done:
  KITH_FREE(block);
  transfer_free(&w);
  return st;
}

kith_agreed kith_redistribution_read(kith_redistribution *rows, kith_h5 *f, const char *name, int d,
                                     float *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < rows->g->schema.n_type; t++)
    KITH_TRY(kith_redistribution_read_type(rows, f, t, name, d, x));
done:
  return st;
}
