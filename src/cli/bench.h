/* Private to kith bench: the kernels that are timed, the limits of the machine, and the table of both. */
#ifndef KITH_SRC_CLI_BENCH_H
#define KITH_SRC_CLI_BENCH_H

#include "cli/bench_work.h"
#include "cli/cli.h"
#include "ops/roofline.h"

enum {
  BENCH_REPEAT_MOST = 101,
  BENCH_FAR = 16 << 20, /* numbers in an array that no cache holds: 64 MiB */
  BENCH_SMALL = 1 << 20 /* a graph of which a rank has fewer numbers says little: 4 MiB stay in a cache */
};

/* Parts of a step's limit. */
enum { BENCH_GATHERS, BENCH_PRODUCTS, BENCH_STREAMS, BENCH_MESSAGES, BENCH_PARTS };

/* Medians of the slowest rank's seconds. */
typedef struct bench_pair {
  double work, limit;
} bench_pair;

typedef struct bench {
  cli *c;
  kith_graph *g;
  kith_dist_csr *a;
  kith_trainer *trainer;
  int d, layers, repeat;
  int words;            /* 32-bit words of a row that layers gather: d, or half as many where they are bf16 */
  const char *profile;  /* --profile: the file that rates are written to; null: none */
  int64_t rows;         /* --rows: only checkpoints of so many are measured; 0: the kernels */
  int64_t n;            /* numbers in this rank's embeddings: n_own * d */
  float *x, *y, *m, *v; /* [n_row, d] */
  kith_bf16_pair *rounded; /* [n_row, words] null: layers gather floats */
  float *far[3];           /* [BENCH_FAR], for the limits of memory, whatever the graph */
  int64_t
      n_random; /* rows of far[0] that are gathered: as many as the graph has entries, all of them at least */
  kith_lid *random;         /* [n_random] uniformly random */
  float sink;               /* sum of values that are only read, so that the compiler keeps the reads */
  double part[BENCH_PARTS]; /* seconds of the parts of a step's limit, summed over its runs */
  int wire_rows;            /* rows that a message between neighbors in the ring has */
  struct {
    bench_pair step, rank, write;
    double drawn;         /* neighbors a second, in sampled steps of all ranks … */
    double products;      /* … and multiply-adds a second of their softmax */
    double triad, gather; /* bytes a second of all ranks: streams, and rows by the graph's columns */
  } timed;                /* what kith bench --profile keeps */
  bool sends;             /* steps sent ghost rows in messages */
  kith_agreed st;         /* of kernels that can fail: once bad, the others do nothing */
} bench;

/*
 * Run a kernel and its limit in turn, all ranks together, once to warm up and `repeat` times for the medians.
 * In turn, because machines that are shared change speed from one second to the next.  Collective.
 */
bench_pair bench_time(bench *b, void (*work)(bench *b), void (*limit)(bench *b));

/* The middle one of n numbers, which it sorts. */
double bench_median(int n, double *x);

/* Checkpoints of `n` rows, users and items, against plain writes.  Collective. */
kith_agreed bench_rows(cli *c, int64_t n, int repeat) KITH_MUST_USE;

/* Write the rates of this machine to a profile, or those of this number of ranks into one.  Collective.
 * Errors: KITH_ECONFIG (the file is no profile), KITH_EOUTPUT. */
kith_agreed bench_profile(bench *b, const char *path) KITH_MUST_USE;
/* Add the rate of sampled steps to a profile that has the other rates.  Collective.  Errors: the same;
 * KITH_ENOINPUT (it has none of this number of ranks). */
kith_agreed bench_profile_sample(bench *b, const char *path) KITH_MUST_USE;

/* Limits of the machine; each moves the bytes, or computes the products, of the kernel that it is compared
 * with. */
void bench_roofline_adam(bench *b);   /* seven streams of all numbers */
void bench_roofline_gather(bench *b); /* the graph's columns */
void bench_roofline_random(bench *b); /* uniformly random rows of 64 MiB */
void bench_roofline_stream(bench *b); /* nine streams of 64 MiB */
void bench_roofline_rank(bench *b);   /* as many products as ranking of all users, in its tiles */
void bench_roofline_halo(bench *b);   /* messages around the ring, as many bytes as an exchange */
void bench_roofline_disk(bench *b);   /* plain write and fsync of all numbers */
/* The work of a step (bench_step_work()): each part as fast as this machine is at nothing else. */
void bench_roofline_step(bench *b);
bench_work bench_least_work(const bench *b); /* that work, on this rank */

#endif
