/* Limits of this machine: streams, gathers, products, messages, the disk. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench.h"
#include "ops/product.h"
#include "ops/scores.h"

static int roofline_compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double bench_median(int n, double *x) {
  qsort(x, (size_t)n, sizeof *x, roofline_compare);
  return x[n / 2];
}

static double roofline_once(bench *b, void (*work)(bench *b)) {
  KITH_MPI(MPI_Barrier(b->c->comm->mpi));
  double began = kith_clock();
  work(b);
  double took = kith_clock() - began;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &took, 1, MPI_DOUBLE, MPI_MAX, b->c->comm->mpi));
  return took;
}

bench_pair bench_time(bench *b, void (*work)(bench *b), void (*limit)(bench *b)) {
  double seconds[2][BENCH_REPEAT_MOST];
  for (int i = -1; i < b->repeat; i++) {
    double took = roofline_once(b, work), least = roofline_once(b, limit);
    if (i < 0) continue;
    seconds[0][i] = took;
    seconds[1][i] = least;
  }
  return (bench_pair){bench_median(b->repeat, seconds[0]), bench_median(b->repeat, seconds[1])};
}

/* Adam reads four streams and writes three; triads of three streams each, 7 / 3 of them. */
void bench_roofline_adam(bench *b) {
  kith_roofline_triad(b->n, 0.5f, b->x, b->m, b->v);
  kith_roofline_triad(b->n, 0.5f, b->x, b->v, b->m);
  kith_roofline_triad(b->n / 3, 0.5f, b->x, b->m, b->v);
}

void bench_roofline_gather(bench *b) {
  b->sink += kith_roofline_gather(b->a->csr.start[b->a->csr.n_row], b->a->csr.col, b->words, b->x);
}

void bench_roofline_random(bench *b) {
  b->sink += kith_roofline_gather(b->n_random, b->random, b->words, b->far[0]);
}

void bench_roofline_stream(bench *b) {
  for (int k = 0; k < 3; k++)
    kith_roofline_triad(BENCH_FAR, 0.5f, b->far[k], b->far[(k + 1) % 3], b->far[(k + 2) % 3]);
}

/* The BLAS, in tiles of ranking's size: this rank's users against all items. */
void bench_roofline_rank(bench *b) {
  int64_t users = b->g->n_own_of[KITH_USER], items = b->g->n[KITH_ITEM];
  int64_t n_tile =
      (int64_t)((double)users * (double)items / ((double)KITH_SCORE_USERS * KITH_SCORE_ITEMS)) + 1;
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < n_tile; t++) {
    float *score = b->y + (size_t)kith_thread_num() * KITH_SCORE_USERS * KITH_SCORE_ITEMS;
    kith_gemm_nt(KITH_SCORE_USERS, KITH_SCORE_ITEMS, b->d, 1, b->x, b->m, 0, score);
  }
}

/* Each rank sends as many bytes as its share of an exchange to the next rank, and receives as many from the
 * one before. */
void bench_roofline_halo(bench *b) {
  int size = b->c->comm->size, me = b->c->comm->rank, to = (me + 1) % size, from = (me + size - 1) % size;
  if (size == 1) return;
  KITH_MPI(MPI_Sendrecv(b->x, b->wire_rows * b->words, MPI_FLOAT, to, 31, b->y, b->wire_rows * b->words,
                        MPI_FLOAT, from, 31, b->c->comm->mpi, MPI_STATUS_IGNORE));
}

/* This rank's rows by plain write and fsync, into a file of its own beside the work. */
void bench_roofline_disk(bench *b) {
  char path[KITH_PATH], name[64];
  snprintf(name, sizeof name, "bench-%d.tmp", b->c->comm->rank);
  if (kith_job_file(&b->c->job, name, path) != KITH_OK) return;
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (file < 0) return;
  const char *from = (const char *)b->x;
  for (size_t left = (size_t)b->n * sizeof(float); left > 0;) {
    ssize_t n = write(file, from, left);
    if (n <= 0) break;
    from += n;
    left -= (size_t)n;
  }
  fsync(file);
  close(file);
  unlink(path);
}

bench_work bench_least_work(const bench *b) {
  const kith_loss_options *loss = &b->c->job.train.loss;
  int64_t pairs = kith_trainer_n_example(b->trainer, 0, 1);
  const bench_sizes s = {.n_own = b->g->n_own,
                         .entries = kith_trainer_entries(b->trainer),
                         .requested_rows = kith_trainer_requested_rows(b->trainer),
                         .requested = kith_trainer_requested_edges(b->trainer),
                         .pairs = pairs / b->c->comm->size,
                         .batch = pairs,
                         .shared = loss->shared,
                         .overlaps = loss->inbatch};
  return bench_step_work(&b->c->job.model, loss, b->c->job.train.negatives.count, &s);
}

/* Rows as layers gather them; every layer is another block, as in a step: no cache holds them all. */
static void roofline_gathers(bench *b, double rows) {
  const float *layer[4] = {b->x, b->y, b->m, b->v};
  kith_eid all = b->a->csr.start[b->a->csr.n_row];
  for (int i = 0; rows >= 1 && all > 0; i++) {
    kith_eid some = rows < (double)all ? (kith_eid)rows : all;
    b->sink += kith_roofline_gather(some, b->a->csr.col, b->words, layer[i % 4]);
    rows -= (double)some;
  }
}

/* In tiles that stay in a cache. */
static void roofline_products(bench *b, double products) {
  int64_t n_tile = (int64_t)(products / ((double)KITH_SCORE_USERS * KITH_SCORE_ITEMS * b->d));
#pragma omp parallel for schedule(static)
  for (int64_t t = 0; t < n_tile; t++) {
    float *tile = b->y + (size_t)kith_thread_num() * KITH_SCORE_USERS * KITH_SCORE_ITEMS;
    kith_product_nt(KITH_SCORE_USERS, KITH_SCORE_ITEMS, b->d, 1, b->x, b->m, false, tile);
  }
}

/* A triad has three streams. */
static void roofline_streams(bench *b, double streamed) {
  for (double left = streamed / 3; left >= 1 && b->n > 0; left -= (double)b->n)
    kith_roofline_triad(left < (double)b->n ? (int64_t)left : b->n, 0.5f, b->x, b->m, b->v);
}

/* The clock since the last part, which it adds to part `i`. */
static double roofline_part(bench *b, int i, double since) {
  double now = kith_clock();
  b->part[i] += now - since;
  return now;
}

void bench_roofline_step(bench *b) {
  bench_work w = bench_least_work(b);
  double since = kith_clock();
  roofline_gathers(b, w.gathered / b->d);
  since = roofline_part(b, BENCH_GATHERS, since);
  roofline_products(b, w.products);
  since = roofline_part(b, BENCH_PRODUCTS, since);
  roofline_streams(b, w.streamed);
  since = roofline_part(b, BENCH_STREAMS, since);
  for (int i = 0; i < (int)w.exchanges; i++) bench_roofline_halo(b);
  roofline_part(b, BENCH_MESSAGES, since);
}
