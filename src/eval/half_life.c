/* Choose a half-life by slices of time; the method: eval/half_life.h. */
#include "eval/half_life.h"

#include <string.h>

#include "eval/eval_impl.h"
#include "eval/time_slice.h"

const double kith_half_life_choices[KITH_HALF_LIFE_CHOICES] = {
    0, 2 * 365 * 86400.0, 365 * 86400.0, 180 * 86400.0, 90 * 86400.0, 30 * 86400.0, 7 * 86400.0};

enum { HALF_LIFE_WIDTH = 64 }; /* users that are ranked at once */

/* Rows of HALF_LIFE_WIDTH columns, one for each user of a block: owned rows, then ghosts. */
typedef struct half_life {
  const kith_comm *comm;
  const kith_time_slice *slice;
  kith_dist_csr *a;
  float *one, *two, *three; /* [n_col, width] columns of A, A^2 and A^3 */
  kith_scored_item *best;   /* [width, K] of this rank's items for each user of the block; score 0: none */
  kith_scored_item *all;    /* [size, width, K] of all ranks */
} half_life;

static void half_life_free(half_life *h) {
  kith_dist_csr_destroy(&h->a);
  KITH_FREE(h->one);
  KITH_FREE(h->two);
  KITH_FREE(h->three);
  KITH_FREE(h->best);
  KITH_FREE(h->all);
}

static kith_status half_life_alloc(half_life *h) {
  kith_status st = KITH_OK;
  int64_t n = (int64_t)h->a->csr.n_col * HALF_LIFE_WIDTH, n_best = HALF_LIFE_WIDTH * KITH_HALF_LIFE_K;
  KITH_TRY(KITH_NEW(h->one, n));
  KITH_TRY(KITH_NEW(h->two, n));
  KITH_TRY(KITH_NEW(h->three, n));
  KITH_TRY(KITH_NEW(h->best, n_best));
  KITH_TRY(KITH_NEW(h->all, n_best * h->comm->size));
done:
  return st;
}

/* to = A from; the ghost rows of `from` are received. */
static void half_life_multiply(const half_life *h, float *from, float *to) {
  const kith_csr *csr = &h->a->csr;
  kith_halo_begin(h->a->halo, HALF_LIFE_WIDTH, from, from + (size_t)csr->n_row * HALF_LIFE_WIDTH);
  kith_halo_end(h->a->halo);
  kith_spmm(csr, 0, csr->n_row, HALF_LIFE_WIDTH, from, false, to);
}

/* The columns of A, A^2 and A^3 of the users first … first + width - 1 of the slice, counted over ranks. */
static void half_life_paths(const half_life *h, int64_t first) {
  const kith_time_slice *s = h->slice;
  memset(h->three, 0, (size_t)h->a->csr.n_row * HALF_LIFE_WIDTH * sizeof *h->three);
  for (kith_lid i = 0; i < s->n_user; i++) {
    int64_t column = s->first_user + i - first;
    if (column < 0 || column >= HALF_LIFE_WIDTH) continue;
    h->three[(size_t)s->g.row_of[KITH_USER][s->user[i]] * HALF_LIFE_WIDTH + (size_t)column] = 1;
  }
  half_life_multiply(h, h->three, h->one);
  half_life_multiply(h, h->one, h->two);
  half_life_multiply(h, h->two, h->three);
}

/* The best of this rank's items for each user of the block: those that paths reach, the user's own apart. */
static void half_life_rank(const half_life *h) {
  const kith_graph *g = &h->slice->g;
#pragma omp parallel for schedule(dynamic)
  for (int c = 0; c < HALF_LIFE_WIDTH; c++) {
    kith_scored_item *best = h->best + c * KITH_HALF_LIFE_K;
    kith_topk_heap heap = {.k = KITH_HALF_LIFE_K, .entry = best};
    memset(best, 0, KITH_HALF_LIFE_K * sizeof *best);
    for (kith_lid i = 0; i < g->n_own_of[KITH_ITEM]; i++) {
      kith_lid row = g->row_of[KITH_ITEM][i];
      size_t at = (size_t)row * HALF_LIFE_WIDTH + (size_t)c;
      if (h->three[at] <= 0 || h->one[at] > 0) continue;
      kith__topk_heap_push(&heap, (kith_scored_item){h->three[at], (int32_t)g->original[row]});
    }
  }
}

/* The best of all ranks for the user in column c, best first; returns how many there are. */
static int half_life_merge(const half_life *h, int64_t c, int32_t *item) {
  kith_scored_item best[KITH_HALF_LIFE_K];
  kith_topk_heap heap = {.k = KITH_HALF_LIFE_K, .entry = best};
  for (int r = 0; r < h->comm->size; r++) {
    const kith_scored_item *from = h->all + (r * HALF_LIFE_WIDTH + c) * KITH_HALF_LIFE_K;
    for (int k = 0; k < KITH_HALF_LIFE_K; k++)
      if (from[k].score > 0) kith__topk_heap_push(&heap, from[k]);
  }
  kith__topk_heap_sort(&heap);
  for (int k = 0; k < heap.n; k++) item[k] = best[k].item;
  return heap.n;
}

static void half_life_add_metrics(const half_life *h, int64_t first, kith__metric_sums *t) {
  const kith_time_slice *s = h->slice;
  const kith_eval_options o = {.n_k = 1, .k = {KITH_HALF_LIFE_K}};
  int32_t item[KITH_HALF_LIFE_K];
  for (kith_lid i = 0; i < s->n_user; i++) {
    int64_t column = s->first_user + i - first;
    if (column < 0 || column >= HALF_LIFE_WIDTH) continue;
    int n = half_life_merge(h, column, item);
    kith__metric_sums_add(t, &o, n, item, s->target.start[i + 1] - s->target.start[i],
                          s->target.value + s->target.start[i]);
  }
}

/* NDCG@K of one half-life in one slice. */
static kith_agreed half_life_measure(const half_life *h, double seconds, double *ndcg) {
  kith_agreed st = {KITH_OK};
  const kith_eval_options o = {.n_k = 1, .k = {KITH_HALF_LIFE_K}};
  const kith_decay t = kith_decay_make(h->comm, &h->slice->g, seconds);
  int n_byte = (int)(HALF_LIFE_WIDTH * KITH_HALF_LIFE_K * sizeof *h->best);
  kith__metric_sums sums = {0};
  kith_metrics m;
  KITH_TRY(kith_dist_csr_decay(h->comm, &h->slice->g, &t, h->a));
  for (int64_t first = 0; first < h->slice->n_user_all; first += HALF_LIFE_WIDTH) {
    half_life_paths(h, first);
    half_life_rank(h);
    KITH_WAIT("the choice of a half-life",
              MPI_Allgather(h->best, n_byte, MPI_BYTE, h->all, n_byte, MPI_BYTE, h->comm->mpi));
    half_life_add_metrics(h, first, &sums);
  }
  kith__metric_sums_reduce(h->comm, &sums, &o, &m);
  *ndcg = m.ndcg[0];
done:
  return st;
}

/* All half-lives in one slice. */
static kith_agreed half_life_slice(const kith_comm *comm, const kith_time_slice *s, int at,
                                   kith_half_life_report *out) {
  kith_agreed st = {KITH_OK};
  half_life h = {.comm = comm, .slice = s};
  KITH_TRY(kith_dist_csr_create(comm, &s->g, HALF_LIFE_WIDTH, &h.a));
  KITH_TRY(kith_agree(comm, half_life_alloc(&h)));
  for (int c = 0; c < KITH_HALF_LIFE_CHOICES; c++)
    KITH_TRY(half_life_measure(&h, kith_half_life_choices[c], &out->ndcg[c][at]));
done:
  half_life_free(&h);
  return st;
}

/* The best mean among the half-lives that are worse than none in no slice. */
void kith__half_life_pick(kith_half_life_report *r) {
  r->chosen = 0;
  for (int c = 0; c < KITH_HALF_LIFE_CHOICES; c++) {
    bool worse = r->n_slice < 2; /* one slice proves nothing */
    r->mean[c] = 0;
    for (int s = 0; s < r->n_slice; s++) {
      r->mean[c] += r->ndcg[c][s] / r->n_slice;
      worse = worse || r->ndcg[c][s] < r->ndcg[0][s];
    }
    if (!worse && r->mean[c] > r->mean[r->chosen]) r->chosen = c;
  }
}

kith_agreed kith_half_life_choose(const kith_comm *comm, const kith_graph *g, kith_half_life_report *out) {
  kith_agreed st = {KITH_OK};
  kith_half_life_report r = {.n_slice = 0};
  kith_time_slice slice = {.n_user = 0};
  int64_t cut[KITH_HALF_LIFE_SLICES + 1];
  *out = r;
  kith__time_cuts(comm, g, KITH_HALF_LIFE_SLICES, cut);
  for (int s = 0; s < KITH_HALF_LIFE_SLICES; s++) {
    KITH_TRY(kith__time_slice_make(comm, g, cut[s], cut[s + 1], (uint64_t)s, &slice));
    r.n_user[r.n_slice] = slice.n_user_all;
    if (slice.n_user_all > 0) KITH_TRY(half_life_slice(comm, &slice, r.n_slice++, &r));
    kith__time_slice_free(&slice);
  }
  kith__half_life_pick(&r);
  *out = r;
done:
  kith__time_slice_free(&slice);
  return st;
}
