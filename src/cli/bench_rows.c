/*
 * kith bench --rows: a checkpoint of so many rows, as large as wished, without a graph to train on.  Held
 * against a plain sequential write of the same bytes: written in place, and begun beside the steps, which
 * stop for the copy only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"
#include "graph/schema.h"
#include "store/checkpoint_writer.h"

enum { ROWS_TIMED = 4 };

typedef struct rows_bench {
  cli *c;
  kith_graph g;
  int d, repeat;
  float *x[3]; /* rows and moments [n_own, d] */
  kith_checkpoint_writer *in_place, *beside;
  char folder[KITH_PATH];
  double seconds[ROWS_TIMED][BENCH_REPEAT_MOST];
} rows_bench;

/* Make a graph of rows alone: half of them are users, and their owners are as far from the order of the file
 * as possible. */
static kith_status rows_deal(rows_bench *b, int64_t n) {
  kith_status st = KITH_OK;
  const kith_comm *comm = b->c->comm;
  kith_graph *g = &b->g;
  kith_lid row = 0;
  g->schema = kith_schema_users_items();
  g->n[KITH_USER] = n / 2;
  g->n[KITH_ITEM] = n - n / 2;
  for (int t = 0; t < KITH_SIDES; t++) {
    g->n_own_of[t] = (kith_lid)(kith_chunk_begin(g->n[t], comm->size, comm->rank + 1) -
                                kith_chunk_begin(g->n[t], comm->size, comm->rank));
    g->n_own += g->n_own_of[t];
  }
  KITH_TRY(KITH_NEW(g->original, g->n_own));
  for (int t = 0; t < KITH_SIDES; t++) {
    kith_permutation order = kith_permutation_make(3, KITH_RNG_GENERATE, (uint64_t)t, (uint64_t)g->n[t]);
    int64_t first = kith_chunk_begin(g->n[t], comm->size, comm->rank);
    KITH_TRY(KITH_NEW(g->row_of[t], g->n_own_of[t]));
    for (kith_lid i = 0; i < g->n_own_of[t]; i++, row++) {
      g->row_of[t][i] = row;
      g->original[row] = (int64_t)kith_permutation_apply(&order, (uint64_t)(first + i));
    }
  }
done:
  return st;
}

/* Fill with numbers that cannot be compressed. */
static kith_status rows_fill(rows_bench *b) {
  kith_status st = KITH_OK;
  int64_t n = (int64_t)b->g.n_own * b->d;
  for (int k = 0; k < 3; k++) {
    KITH_TRY(KITH_NEW(b->x[k], n));
    uint64_t s = (uint64_t)b->c->comm->rank * 3 + (uint64_t)k + 1;
    for (int64_t i = 0; i < n; i++) {
      s = s * 6364136223846793005u + 1442695040888963407u;
      b->x[k][i] = (float)(s >> 40);
    }
  }
  KITH_TRY(kith_job_file(&b->c->job, "bench-rows", b->folder));
  if (b->c->comm->rank == 0) KITH_TRY(kith_folder_make(b->folder));
done:
  return st;
}

/* This rank's bytes, one after the other, into a file of its own beside the checkpoint. */
static kith_status rows_write_plain(const rows_bench *b) {
  kith_status st = KITH_OK;
  char path[KITH_PATH], name[64];
  size_t bytes = (size_t)b->g.n_own * (size_t)b->d * sizeof(float);
  snprintf(name, sizeof name, "plain-%d", b->c->comm->rank);
  KITH_TRY(kith_path_join(b->folder, name, path));
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  bool good = file >= 0;
  for (int k = 0; k < 3 && good; k++)
    for (size_t at = 0; at < bytes && good;) {
      ssize_t n = write(file, (const char *)b->x[k] + at, bytes - at);
      good = n > 0;
      if (good) at += (size_t)n;
    }
  good = good && fsync(file) == 0;
  if (file >= 0) close(file);
  unlink(path);
  KITH_CHECK(good, KITH_EIO, "%s: plain writing failed", path);
done:
  return st;
}

static kith_agreed rows_begin(rows_bench *b, kith_checkpoint_writer *w) {
  kith_checkpoint c = {.d = b->d,
                       .x = b->x[0],
                       .slot = {b->x[1], b->x[2]},
                       .n_slot = 2,
                       .slot_name = kith_optimizer_get(KITH_ADAM)->slot_name,
                       .epoch = 1,
                       .config_key = "",
                       .history = (char[1]){""},
                       .job = ""};
  return kith_checkpoint_writer_begin(w, b->folder, 1, &c);
}

static kith_agreed rows_remove(const rows_bench *b) { return kith_checkpoint_remove(b->c->comm, b->folder); }

/* The slowest rank's seconds since `began`. */
static double rows_since(const rows_bench *b, double began) {
  double took = kith_clock() - began;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &took, 1, MPI_DOUBLE, MPI_MAX, b->c->comm->mpi));
  return took;
}

/* All in turn, since a shared machine changes speed from one second to the next; round -1 warms up. */
static kith_agreed rows_time(rows_bench *b, int round) {
  kith_agreed st = {KITH_OK};
  const kith_comm *comm = b->c->comm;
  double took[ROWS_TIMED], began;
  KITH_MPI(MPI_Barrier(comm->mpi));
  began = kith_clock();
  KITH_TRY(kith_agree(comm, rows_write_plain(b)));
  took[0] = rows_since(b, began);
  began = kith_clock();
  KITH_TRY(rows_begin(b, b->in_place));
  KITH_TRY(rows_remove(b));
  took[1] = rows_since(b, began);
  began = kith_clock();
  KITH_TRY(rows_begin(b, b->beside));
  took[2] = rows_since(b, began);
  KITH_TRY(kith_checkpoint_writer_wait(b->beside));
  KITH_TRY(rows_remove(b));
  took[3] = rows_since(b, began);
  for (int k = 0; k < ROWS_TIMED && round >= 0; k++) b->seconds[k][round] = took[k];
done:
  return st;
}

static void rows_print(rows_bench *b, int64_t n) {
  static const char *const what[ROWS_TIMED] = {"plain write and fsync", "checkpoint, in place",
                                               "beside steps: they stop for", "beside steps: until written"};
  static const char *const key[ROWS_TIMED] = {"plain", "in_place", "stop", "beside"};
  double bytes = 12.0 * (double)n * b->d, median[ROWS_TIMED];
  cli_print(b->c, "a checkpoint of %s of %s with their moments, %.2f GB; %s, medians of %d",
            KITH_COUNT(n, "row(s)"), KITH_COUNT(b->d, "column(s)"), 1e-9 * bytes,
            KITH_COUNT(b->c->comm->size, "rank(s)"), b->repeat);
  for (int k = 0; k < ROWS_TIMED; k++) {
    median[k] = bench_median(b->repeat, b->seconds[k]);
    cli_print(b->c, "  %-28s %9.3f s   %6.2f GB/s   %5.1f %% of plain", what[k], median[k],
              1e-9 * bytes / median[k], 100 * median[0] / median[k]);
    cli_json(b->c, key[k], "%.6g", median[k]);
  }
  if (!kith_checkpoint_writer_is_async(b->beside))
    cli_print(b->c, "  MPI does not allow threads here (MPI_THREAD_MULTIPLE): all is in place");
  cli_json(b->c, "bytes", "%.0f", bytes);
  cli_json(b->c, "fraction", "%.4f", median[0] / median[1]);
}

static void rows_free(rows_bench *b) {
  kith_checkpoint_writer_destroy(&b->in_place);
  kith_checkpoint_writer_destroy(&b->beside);
  for (int k = 0; k < 3; k++) KITH_FREE(b->x[k]);
  for (int t = 0; t < KITH_SIDES; t++) KITH_FREE(b->g.row_of[t]);
  KITH_FREE(b->g.original);
  if (b->folder[0] && b->c->comm->rank == 0) rmdir(b->folder);
}

kith_agreed bench_rows(cli *c, int64_t n, int repeat) {
  kith_agreed st = {KITH_OK};
  rows_bench *b = NULL;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(b, 1)));
  b->c = c;
  b->d = c->job.model.dim;
  b->repeat = repeat;
  KITH_TRY(kith_agree(c->comm, rows_deal(b, n)));
  KITH_TRY(kith_agree(c->comm, rows_fill(b)));
  KITH_TRY(kith_checkpoint_writer_create(c->comm, &b->g, b->d, 0, 2, INT64_MAX, &b->in_place));
  KITH_TRY(kith_checkpoint_writer_create(c->comm, &b->g, b->d, 0, 2, 0, &b->beside));
  for (int i = -1; i < repeat; i++) KITH_TRY(rows_time(b, i));
  rows_print(b, n);
done:
  if (b) rows_free(b);
  KITH_FREE(b);
  return st;
}
