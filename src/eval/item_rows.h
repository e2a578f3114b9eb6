/* Private to eval: rows of listed items, fetched from the ranks that own them. */
#ifndef KITH_EVAL_ITEM_ROWS_H
#define KITH_EVAL_ITEM_ROWS_H

#include "eval/eval.h"

typedef struct kith__item_rows {
  const kith_comm *comm;
  const kith_graph *g;
  int d;
  const float *x;    /* [n_own, d] borrowed */
  kith_lid *slot;    /* [most rows of a rank] place of an owner's row in `fetched`; -1: not wanted */
  kith_lid n_wanted; /* rows wanted of the owner of this round, each once … */
  kith_lid *wanted;  /* [most items of a rank] … by their index there */
  float *fetched;    /* [most items of a rank, d] */
  kith_lid *asked;   /* [own items] rows that another rank wants … */
  float *served;     /* [own items, d] … and gets */
  MPI_Datatype row;
  int64_t n_fetched; /* rows so far, from other ranks */
} kith__item_rows;

/* Collective.  Errors: KITH_ENOMEM. */
kith_agreed kith__item_rows_make(const kith_comm *comm, const kith_graph *g, int d, const float *x,
                                 kith__item_rows *out) KITH_MUST_USE;
void kith__item_rows_free(kith__item_rows *w);
/* Bytes: most_own the most rows of a rank, most_item the most items. */
int64_t kith__item_rows_bytes(int size, int64_t most_own, int64_t most_item, int d);

/* The rank whose rows this one gets in round 0 … size - 1; in round 0 its own, which do not travel. */
int kith__item_rows_owner(const kith__item_rows *w, int round);
/* Ask for the row of an item of that rank, perhaps several times.  Local, one thread. */
void kith__item_rows_want(kith__item_rows *w, int owner, int32_t item);
/* Collective: every rank passes the rounds in the same order. */
void kith__item_rows_fetch(kith__item_rows *w, int round);
/* The row [d] of an item that was wanted in this round.  Local. */
const float *kith__item_rows_get(const kith__item_rows *w, int owner, int32_t item);
/* End a round. */
void kith__item_rows_forget(kith__item_rows *w);

#endif
