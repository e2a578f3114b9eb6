/* A recommendations file as a table, or as arrays. */
#include <stdio.h>
#include <string.h>

#include "export/files.h"
#include "store/graph.h"

static const kith_comm lists_alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};

/* The lists of all users; a block of them is read at a time. */
typedef struct lists_work {
  kith_h5 *f;
  kith_ids user, item;
  int64_t n, block; /* users, and those of a block */
  int k;
  int32_t *top; /* [block, k] rows of `item`; -1: there are no more */
  float *score;
} lists_work;

static kith_status lists_open(kith_h5 *f, lists_work *w) {
  kith_status st = KITH_OK;
  w->f = f;
  KITH_TRY(kith__ids_load(&lists_alone, f, "user/id", &w->user).status);
  KITH_TRY(kith__ids_load(&lists_alone, f, "item/id", &w->item).status);
  KITH_TRY(kith_h5_extent(f, "top/item", &w->n, &w->k).status);
  KITH_CHECK(w->n == w->user.n && w->k > 0, KITH_EDATA,
             "%s: top/item is [%lld, %d], but there are %lld users", kith_h5_path(f), (long long)w->n, w->k,
             (long long)w->user.n);
  w->block = kith__export_block(w->k);
  KITH_TRY(KITH_NEW(w->top, kith_min(w->block, w->n) * w->k));
  KITH_TRY(KITH_NEW(w->score, kith_min(w->block, w->n) * w->k));
done:
  return st;
}

static void lists_close(lists_work *w) {
  kith_ids_free(&w->user);
  kith_ids_free(&w->item);
  KITH_FREE(w->top);
  KITH_FREE(w->score);
}

/* Read the lists of users first … first + n - 1. */
static kith_status lists_read(lists_work *w, int64_t first, int64_t n) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_h5_read(w->f, "top/item", KITH_H5_INT32, w->k, first, n, w->top).status);
  KITH_TRY(kith_h5_read(w->f, "top/score", KITH_H5_FLOAT, w->k, first, n, w->score).status);
  for (int64_t i = 0; i < n * w->k; i++)
    KITH_CHECK(w->top[i] >= -1 && w->top[i] < w->item.n, KITH_EDATA,
               "%s: top/item holds %d, expected -1 to %lld", kith_h5_path(w->f), w->top[i],
               (long long)w->item.n - 1);
done:
  return st;
}

static void lists_print(const lists_work *w, int64_t user, const int32_t *top, const float *score,
                        char delimiter, FILE *f) {
  char id[KITH_PATH];
  for (int j = 0; j < w->k && top[j] >= 0; j++) {
    kith_ids_print(&w->user, user, sizeof id, id);
    kith__export_field(f, id, delimiter);
    fprintf(f, "%c%d%c", delimiter, j + 1, delimiter);
    kith_ids_print(&w->item, top[j], sizeof id, id);
    kith__export_field(f, id, delimiter);
    fprintf(f, "%c%.9g\n", delimiter, (double)score[j]);
  }
}

static kith_status lists_table(kith_export *o, lists_work *w, char delimiter) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  KITH_TRY(kith__export_open(o, delimiter == ',' ? "recommendations.csv" : "recommendations.tsv", &f));
  fprintf(f, "user%cposition%citem%cscore\n", delimiter, delimiter, delimiter);
  for (int64_t first = 0; first < w->n; first += w->block) {
    int64_t n = kith_min(w->block, w->n - first);
    KITH_TRY(lists_read(w, first, n));
    for (int64_t u = 0; u < n; u++)
      lists_print(w, first + u, w->top + u * w->k, w->score + u * w->k, delimiter, f);
    KITH_TRY(kith__export_check(o));
  }
done:
  return st;
}

/* top.item.npy, or top.score.npy. */
static kith_status lists_array(kith_export *o, lists_work *w, bool score) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  KITH_TRY(kith__export_open(o, score ? "top.score.npy" : "top.item.npy", &f));
  kith__export_npy_header(f, score ? "<f4" : "<i4", w->n, w->k);
  for (int64_t first = 0; first < w->n; first += w->block) {
    int64_t n = kith_min(w->block, w->n - first);
    KITH_TRY(lists_read(w, first, n));
    if (score) kith__export_bytes(f, w->score, n * w->k * (int64_t)sizeof *w->score);
    else kith__export_bytes(f, w->top, n * w->k * (int64_t)sizeof *w->top);
    KITH_TRY(kith__export_check(o));
  }
done:
  return st;
}

kith_status kith_export_lists(kith_export *o, kith_h5 *f, char delimiter) {
  kith_status st = KITH_OK;
  lists_work w = {.n = 0};
  KITH_TRY(lists_open(f, &w));
  if (delimiter) {
    KITH_TRY(lists_table(o, &w, delimiter));
    goto done;
  }
  KITH_TRY(lists_array(o, &w, false));
  KITH_TRY(lists_array(o, &w, true));
  KITH_TRY(kith__export_ids(o, "user", &w.user));
  KITH_TRY(kith__export_ids(o, "item", &w.item));
done:
  lists_close(&w);
  return st;
}
