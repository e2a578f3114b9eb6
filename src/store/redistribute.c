/*
 * The way between rows by owner and rows in original order, for each node type.
 *
 * On disk, rank r of R handles the block of original numbers n r / R … n (r + 1) / R - 1.  An owner's rows,
 * sorted by original number, are sorted by block too; so both ends know the order of what they exchange, and
 * no numbers travel. The way is gone in rounds of some mebibytes a rank, in one direction to write and in the
 * other to read: room is small, and rows that have arrived go to the file while they are in the cache.
 */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h5/rows.h"
#include "h5/validate.h"
#include "kith/store.h"

enum { ROWS_ROUND = 16 << 20 }; /* bytes of a rank's block in one round */

/* One node type. */
typedef struct rows_type {
  int64_t *block;  /* [size + 1] original numbers by rank */
  int64_t *to;     /* [size + 1] order[to[r]] … order[to[r + 1] - 1] lie in the block of rank r */
  kith_lid *order; /* [owned] rows, by original number */
  int32_t *from;   /* [rows of this block] who owns each */
} rows_type;

struct kith_rows {
  const kith_comm *comm;
  const kith_graph *g;
  rows_type type[KITH_TYPES];
};

/* ---- who has what ---- */

/* A row and its original number. */
typedef struct rows_one {
  int64_t original;
  kith_lid row;
} rows_one;

static int rows_compare(const void *a, const void *b) {
  int64_t x = ((const rows_one *)a)->original, y = ((const rows_one *)b)->original;
  return (x > y) - (x < y);
}

/* Sort the owned rows and deal them to blocks. */
static kith_status rows_sort(const kith_rows *r, int t, rows_type *type) {
  kith_status st = KITH_OK;
  const kith_graph *g = r->g;
  int64_t n = g->n_own_of[t], at = 0;
  int size = r->comm->size;
  rows_one *one = NULL;
  KITH_TRY(KITH_NEW(type->block, size + 1));
  KITH_TRY(KITH_NEW(type->to, size + 1));
  KITH_TRY(KITH_NEW(type->order, n));
  KITH_TRY(KITH_NEW(one, n));
  for (int i = 0; i <= size; i++) type->block[i] = kith_block(g->n[t], size, i);
  for (int64_t i = 0; i < n; i++) one[i] = (rows_one){g->original[g->row_of[t][i]], g->row_of[t][i]};
  qsort(one, (size_t)n, sizeof *one, rows_compare);
  for (int64_t i = 0; i < n; i++) type->order[i] = one[i].row;
  for (int q = 0; q < size; q++) {
    while (at < n && one[at].original < type->block[q + 1]) at++;
    type->to[q + 1] = at;
  }
  KITH_CHECK(at == n && (n == 0 || one[0].original >= 0), KITH_EDATA,
             "original numbers of %ss are out of range: run kith partition again",
             kith_type_text(g->task, t));
done:
  KITH_FREE(one);
  return st;
}

/* Room for the numbers of rows that the owners tell the block's rank, once. */
typedef struct rows_tell {
  int *n_out, *at_out, *n_in, *at_in;
  int32_t *out, *in; /* places within the block */
} rows_tell;

static kith_status rows_tell_make(const kith_rows *r, int t, rows_tell *tell) {
  kith_status st = KITH_OK;
  const rows_type *type = &r->type[t];
  int size = r->comm->size;
  KITH_TRY(KITH_NEW(tell->n_out, size));
  KITH_TRY(KITH_NEW(tell->at_out, size + 1));
  KITH_TRY(KITH_NEW(tell->n_in, size));
  KITH_TRY(KITH_NEW(tell->at_in, size + 1));
  KITH_TRY(KITH_NEW(tell->out, r->g->n_own_of[t]));
  for (int q = 0; q < size; q++) {
    tell->n_out[q] = (int)(type->to[q + 1] - type->to[q]);
    for (int64_t i = type->to[q]; i < type->to[q + 1]; i++)
      tell->out[i] = (int32_t)(r->g->original[type->order[i]] - type->block[q]);
  }
  kith_add_up(size, tell->n_out, tell->at_out);
done:
  return st;
}

static void rows_tell_free(rows_tell *tell) {
  KITH_FREE(tell->n_out);
  KITH_FREE(tell->at_out);
  KITH_FREE(tell->n_in);
  KITH_FREE(tell->at_in);
  KITH_FREE(tell->out);
  KITH_FREE(tell->in);
}

/* Every row of the block has one owner. */
static kith_status rows_own(const kith_rows *r, int t, const rows_tell *tell) {
  kith_status st = KITH_OK;
  const rows_type *type = &r->type[t];
  int64_t n = type->block[r->comm->rank + 1] - type->block[r->comm->rank];
  for (int64_t i = 0; i < n; i++) type->from[i] = -1;
  for (int p = 0; p < r->comm->size; p++)
    for (int64_t i = tell->at_in[p]; i < tell->at_in[p + 1]; i++) {
      KITH_CHECK(type->from[tell->in[i]] == -1, KITH_EDATA,
                 "two %ss have the original number %lld: run kith partition again",
                 kith_type_text(r->g->task, t), (long long)(type->block[r->comm->rank] + tell->in[i]));
      type->from[tell->in[i]] = p;
    }
done:
  return st;
}

static kith_status rows_room(const kith_rows *r, int t, rows_type *type, rows_tell *tell) {
  kith_status st = KITH_OK;
  int64_t n = type->block[r->comm->rank + 1] - type->block[r->comm->rank];
  kith_add_up(r->comm->size, tell->n_in, tell->at_in);
  KITH_CHECK(tell->at_in[r->comm->size] == n, KITH_EDATA,
             "%lld %ss have numbers of a block of %lld: run kith partition again",
             (long long)tell->at_in[r->comm->size], kith_type_text(r->g->task, t), (long long)n);
  KITH_TRY(KITH_NEW(type->from, n));
  KITH_TRY(KITH_NEW(tell->in, n));
done:
  return st;
}

static kith_agreed rows_make_type(kith_rows *r, int t) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = r->comm;
  rows_tell tell = {.n_out = NULL};
  KITH_TRY(kith_agree(comm, rows_sort(r, t, &r->type[t])));
  KITH_TRY(kith_agree(comm, rows_tell_make(r, t, &tell)));
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoall(tell.n_out, 1, MPI_INT, tell.n_in, 1, MPI_INT, comm->mpi));
  KITH_TRY(kith_agree(comm, rows_room(r, t, &r->type[t], &tell)));
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoallv(tell.out, tell.n_out, tell.at_out, MPI_INT32_T, tell.in, tell.n_in, tell.at_in,
                          MPI_INT32_T, comm->mpi));
  KITH_TRY(kith_agree(comm, rows_own(r, t, &tell)));
done:
  rows_tell_free(&tell);
  return st;
}

kith_agreed kith_rows_create(const kith_comm *comm, const kith_graph *g, kith_rows **out) {
  kith_agreed st = {KITH_OK};
  kith_rows *r = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(r, 1)));
  r->comm = comm;
  r->g = g;
  for (int t = 0; t < kith_type_n(g->task); t++) KITH_TRY(rows_make_type(r, t));
  *out = r;
  r = NULL;
done:
  kith_rows_destroy(&r);
  return st;
}

void kith_rows_destroy(kith_rows **rows) {
  kith_rows *r = *rows;
  if (!r) return;
  for (int t = 0; t < KITH_TYPES; t++) {
    KITH_FREE(r->type[t].block);
    KITH_FREE(r->type[t].to);
    KITH_FREE(r->type[t].order);
    KITH_FREE(r->type[t].from);
  }
  KITH_FREE(*rows);
}

/* ---- the way ---- */

/*
 * Rows of one width under way.  Rounds end at multiples of `round` rows counted from row 0 of the file, so
 * that they end where blocks with a checksum do, whoever writes them.
 */
typedef struct rows_way {
  const kith_rows *r;
  const rows_type *type;
  char name[KITH_NAME];
  size_t row;               /* bytes */
  int64_t round, rounds, i; /* rows of a round; rounds of the longest block; the one under way */
  int64_t low, high;        /* rows of this rank's block that it is about */
  MPI_Datatype mpi;
  int64_t *next; /* [size] the next row in `order` for each rank */
  int *n_out, *at_out, *n_in,
      *at_in;      /* [size], [size + 1] rows of a round by rank: of the owner, and of the block */
  char *out, *in;  /* the rows: of the owner, and of the block, by owner */
  kith_lid *place; /* [round] where in `in` each row of the round lies */
} rows_way;

/* Where round i of a rank's block begins. */
static int64_t way_cut(const rows_way *w, int rank, int64_t i) {
  const int64_t *block = w->type->block;
  return kith_least(i == 0 ? block[rank] : (block[rank] / w->round + i) * w->round, block[rank + 1]);
}

/* Rows of `order` from `at` on, for a rank, that lie before a row of the file. */
static int64_t way_count(const rows_way *w, int rank, int64_t at, int64_t before) {
  int64_t n = 0, end = w->type->to[rank + 1];
  while (at + n < end && w->r->g->original[w->type->order[at + n]] < before) n++;
  return n;
}

/* The most rows that this rank sends in one round. */
static int64_t way_most(const rows_way *w) {
  int64_t most = 0;
  memcpy(w->next, w->type->to, (size_t)w->r->comm->size * sizeof *w->next);
  for (int64_t i = 0; i < w->rounds; i++) {
    int64_t sum = 0;
    for (int q = 0; q < w->r->comm->size; q++) {
      int64_t n = way_count(w, q, w->next[q], way_cut(w, q, i + 1));
      w->next[q] += n;
      sum += n;
    }
    if (sum > most) most = sum;
  }
  return most;
}

static void way_free(rows_way *w) {
  if (w->mpi != MPI_DATATYPE_NULL) MPI_Type_free(&w->mpi);
  KITH_FREE(w->next);
  KITH_FREE(w->n_out);
  KITH_FREE(w->at_out);
  KITH_FREE(w->n_in);
  KITH_FREE(w->at_in);
  KITH_FREE(w->out);
  KITH_FREE(w->in);
  KITH_FREE(w->place);
}

static kith_status way_room(rows_way *w) {
  kith_status st = KITH_OK;
  int size = w->r->comm->size;
  const int64_t *block = w->type->block + w->r->comm->rank;
  int64_t n_in = kith_least(w->round, block[1] - block[0]);
  KITH_TRY(KITH_NEW(w->next, size));
  KITH_TRY(KITH_NEW(w->n_out, size));
  KITH_TRY(KITH_NEW(w->at_out, size + 1));
  KITH_TRY(KITH_NEW(w->n_in, size));
  KITH_TRY(KITH_NEW(w->at_in, size + 1));
  KITH_TRY(KITH_NEW(w->place, n_in));
  KITH_TRY(KITH_NEW(w->in, n_in * (int64_t)w->row));
  KITH_TRY(KITH_NEW(w->out, (size > 1 ? way_most(w) : n_in) * (int64_t)w->row));
  memcpy(w->next, w->type->to, (size_t)size * sizeof *w->next);
done:
  return st;
}

/* Rows of `row` bytes of one node type; freed by way_free() in any case. */
static kith_agreed way_make(const kith_rows *r, int t, const char *name, size_t row, rows_way *w) {
  *w = (rows_way){.r = r, .type = &r->type[t], .row = row, .mpi = MPI_DATATYPE_NULL};
  int64_t per_block = kith__h5_rows_per_block(row);
  w->round = ROWS_ROUND / (per_block * (int64_t)row) * per_block;
  if (w->round < per_block) w->round = per_block;
  for (int q = 0; q < r->comm->size; q++) {
    int64_t from = w->type->block[q], to = w->type->block[q + 1],
            n = to > from ? (to - 1) / w->round - from / w->round + 1 : 0;
    if (n > w->rounds) w->rounds = n;
  }
  snprintf(w->name, sizeof w->name, "%s/%s", kith_type_text(r->g->task, t), name);
  KITH_MPI(MPI_Type_contiguous((int)row, MPI_BYTE, &w->mpi));
  KITH_MPI(MPI_Type_commit(&w->mpi));
  return kith_agree(r->comm, way_room(w));
}

/* Count the rows of a round, at both ends. */
static void way_begin(rows_way *w, int64_t i) {
  int size = w->r->comm->size, rank = w->r->comm->rank;
  w->i = i;
  w->low = way_cut(w, rank, i);
  w->high = way_cut(w, rank, i + 1);
  memset(w->n_in, 0, (size_t)size * sizeof *w->n_in);
  for (int q = 0; q < size; q++) w->n_out[q] = (int)way_count(w, q, w->next[q], way_cut(w, q, i + 1));
  for (int64_t k = w->low; k < w->high; k++) w->n_in[w->type->from[k - w->type->block[rank]]]++;
  kith_add_up(size, w->n_out, w->at_out);
  kith_add_up(size, w->n_in, w->at_in);
  for (int64_t k = w->low; k < w->high; k++)
    w->place[k - w->low] = w->at_in[w->type->from[k - w->type->block[rank]]]++;
  kith_add_up(size, w->n_in, w->at_in);
}

/* The owner's rows of the round, in the order in which they travel. */
static void way_pack(rows_way *w, const char *x) {
  char *out = w->out;
  for (int q = 0; q < w->r->comm->size; q++)
    for (int64_t k = 0; k < w->n_out[q]; k++, out += w->row)
      memcpy(out, x + (size_t)w->type->order[w->next[q]++] * w->row, w->row);
}

/* The transpose. */
static void way_unpack(rows_way *w, char *x) {
  const char *out = w->out;
  for (int q = 0; q < w->r->comm->size; q++)
    for (int64_t k = 0; k < w->n_out[q]; k++, out += w->row)
      memcpy(x + (size_t)w->type->order[w->next[q]++] * w->row, out, w->row);
}

/*
 * Bring the rows of a round to their block: row low + k is the one of number place[k] in what is returned.
 * One rank alone has them where they are.
 */
static const char *way_to_block(rows_way *w, int64_t i, const void *x, const kith_lid **place) {
  const kith_comm *comm = w->r->comm;
  if (comm->size == 1) {
    w->low = way_cut(w, 0, i);
    w->high = way_cut(w, 0, i + 1);
    *place = w->type->order + w->low;
    return x;
  }
  way_begin(w, i);
  way_pack(w, x);
  kith_comm_meet(comm);
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoallv(w->out, w->n_out, w->at_out, w->mpi, w->in, w->n_in, w->at_in, w->mpi, comm->mpi));
  *place = w->place;
  return w->in;
}

/* The transpose: rows of the block, sorted by owner in w->in, go to where they belong in x. */
static void way_to_owner(rows_way *w, void *x) {
  const kith_comm *comm = w->r->comm;
  kith_comm_meet(comm);
  KITH_WAIT("rows on their way to or from a file",
            MPI_Alltoallv(w->in, w->n_in, w->at_in, w->mpi, w->out, w->n_out, w->at_out, w->mpi, comm->mpi));
  way_unpack(w, x);
}

/* ---- writing ---- */

/* Sort one piece of a round, which lies in one block with a checksum, and write it. */
static int rows_put_piece(const rows_way *w, h5_rows *to, const char *from, const kith_lid *place,
                          int64_t low, int64_t high, char *spare) {
  for (int64_t k = low; k < high; k++)
    memcpy(spare + (size_t)(k - low) * w->row, from + (size_t)place[k - w->low] * w->row, w->row);
  return kith__h5_rows_put(to, low, high - low, spare);
}

/* Write the rows of a round, as many pieces at a time as there are threads, each with room of its own in
 * `spare`. */
static int rows_put_round(const rows_way *w, h5_rows *to, const char *from, const kith_lid *place,
                          char *spare) {
  int64_t per = to->sums.per_block, first = w->low / per,
          n = w->high > w->low ? (w->high - 1) / per - first + 1 : 0;
  int error = 0;
#pragma omp parallel for schedule(static, 1) reduction(max : error)
  for (int64_t b = 0; b < n; b++) {
    int64_t low = (first + b) * per, high = kith_least(low + per, w->high);
    if (low < w->low) low = w->low;
    int mine = rows_put_piece(w, to, from, place, low, high,
                              spare + (size_t)omp_get_thread_num() * (size_t)per * w->row);
    if (mine > error) error = mine;
  }
  return error;
}

static kith_agreed rows_write_type(kith_rows *r, kith_h5 *f, const char *name, int t, int d, const float *x) {
  kith_agreed st = {KITH_OK};
  rows_way w;
  h5_rows to = {.file = -1, .f = f};
  char *spare = NULL;
  int error = 0;
  KITH_TRY(way_make(r, t, name, (size_t)d * sizeof(float), &w));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(spare, (int64_t)omp_get_max_threads() *
                                                   kith__h5_rows_per_block(w.row) * (int64_t)w.row)));
  KITH_TRY(kith__h5_rows_begin(f, w.name, d, r->g->n[t], &to));
  for (int64_t i = 0; i < w.rounds; i++) {
    const kith_lid *place = NULL;
    const char *from = way_to_block(&w, i, x, &place);
    int mine = rows_put_round(&w, &to, from, place, spare);
    kith__h5_rows_push(&to, w.low, w.high - w.low);
    if (mine > error) error = mine;
  }
done:
  st = kith__h5_rows_end(&to, st, error);
  KITH_FREE(spare);
  way_free(&w);
  return st;
}

kith_agreed kith_rows_write(kith_rows *rows, kith_h5 *f, const char *name, int d, const float *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < kith_type_n(rows->g->task); t++) KITH_TRY(rows_write_type(rows, f, name, t, d, x));
done:
  return st;
}

static kith_agreed rows_write_int_type(kith_rows *r, kith_h5 *f, const char *name, int t, const int64_t *x) {
  kith_agreed st = {KITH_OK};
  const int64_t *mine = r->type[t].block + r->comm->rank;
  int64_t *block = NULL;
  rows_way w;
  KITH_TRY(way_make(r, t, name, sizeof *x, &w));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(block, mine[1] - mine[0])));
  for (int64_t i = 0; i < w.rounds; i++) {
    const kith_lid *place = NULL;
    const int64_t *from = (const int64_t *)(const void *)way_to_block(&w, i, x, &place);
    for (int64_t k = w.low; k < w.high; k++) block[k - mine[0]] = from[place[k - w.low]];
  }
  KITH_TRY(kith_h5_write(f, w.name, KITH_H5_INT64, 0, r->g->n[t], mine[0], mine[1] - mine[0], false, block));
done:
  KITH_FREE(block);
  way_free(&w);
  return st;
}

kith_agreed kith_rows_write_int(kith_rows *rows, kith_h5 *f, const char *name, const int64_t *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < kith_type_n(rows->g->task); t++) KITH_TRY(rows_write_int_type(rows, f, name, t, x));
done:
  return st;
}

/* ---- reading ---- */

static kith_agreed rows_read_type(kith_rows *r, kith_h5 *f, const char *name, int t, int d, float *x) {
  kith_agreed st = {KITH_OK};
  rows_way w;
  float *block = NULL;
  KITH_TRY(way_make(r, t, name, (size_t)d * sizeof(float), &w));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(block, w.round * d)));
  for (int64_t i = 0; i < w.rounds; i++) {
    way_begin(&w, i);
    KITH_TRY(kith_h5_read(f, w.name, KITH_H5_FLOAT, d, w.low, w.high - w.low, block));
    KITH_TRY(
        kith_agree(r->comm, kith__h5_trust_finite(kith_h5_path(f), w.name, (w.high - w.low) * d, block)));
    for (int64_t k = 0; k < w.high - w.low; k++)
      memcpy(w.in + (size_t)w.place[k] * w.row, block + k * d, w.row);
    way_to_owner(&w, x);
  }
done:
  KITH_FREE(block);
  way_free(&w);
  return st;
}

kith_agreed kith_rows_read(kith_rows *rows, kith_h5 *f, const char *name, int d, float *x) {
  kith_agreed st = {KITH_OK};
  for (int t = 0; t < kith_type_n(rows->g->task); t++) KITH_TRY(rows_read_type(rows, f, name, t, d, x));
done:
  return st;
}
