/*
 * Numbers for parts such that neighboring numbers are neighbors in the graph, as recursive bisection gives
 * them: parts are halved by the weight of the edges between them (Kernighan and Lin, Bell System Technical
 * Journal 49, 1970), and so are the halves.
 */
#include <string.h>

#include "dgraph.h"

enum { ORDER_MOST = 1024, ORDER_PASSES = 20 }; /* parts: time goes with their third power */

typedef struct order {
  int parts;
  const int64_t *between; /* [parts, parts] symmetric */
  int64_t *gain;          /* [parts] weight to the other half, less that to the own half */
  uint8_t *done;          /* [parts] swapped in this pass */
  int *swap;              /* [parts] pairs, in order */
} order;

static int64_t order_between(const order *x, int p, int q) { return x->between[(int64_t)p * x->parts + q]; }

/* id [n], of which the first `half` are one side. */
static void order_gains(order *x, const int *id, int n, int half) {
  for (int a = 0; a < n; a++) {
    x->gain[id[a]] = 0;
    x->done[id[a]] = 0;
    for (int b = 0; b < n; b++)
      if (a != b) x->gain[id[a]] += ((a < half) != (b < half) ? 1 : -1) * order_between(x, id[a], id[b]);
  }
}

/* The best pair of places to swap among those that have not been; the first of equal ones. */
static int64_t order_best(const order *x, const int *id, int n, int half, int *a, int *b) {
  int64_t best = INT64_MIN;
  for (int i = 0; i < half; i++)
    for (int j = half; j < n && !x->done[id[i]]; j++) {
      int64_t gain = x->gain[id[i]] + x->gain[id[j]] - 2 * order_between(x, id[i], id[j]);
      if (x->done[id[j]] || gain <= best) continue;
      best = gain;
      *a = i;
      *b = j;
    }
  return best;
}

static void order_swap(order *x, int *id, int n, int half, int a, int b) {
  int p = id[a], q = id[b];
  for (int k = 0; k < n; k++) {
    if (k == a || k == b) continue;
    int64_t change = 2 * (order_between(x, id[k], p) - order_between(x, id[k], q));
    x->gain[id[k]] += k < half ? change : -change; /* p has left the first half, q the second */
  }
  id[a] = q;
  id[b] = p;
  x->done[p] = x->done[q] = 1;
}

/* One pass: swap all pairs, best first, and go back to the best moment.  Returns what is gained. */
static int64_t order_pass(order *x, int *id, int n, int half) {
  int64_t sum = 0, most = 0;
  int kept = 0, many = half < n - half ? half : n - half;
  order_gains(x, id, n, half);
  for (int k = 0; k < many; k++) {
    int a = 0, b = 0;
    sum += order_best(x, id, n, half, &a, &b);
    order_swap(x, id, n, half, a, b);
    x->swap[2 * k] = a;
    x->swap[2 * k + 1] = b;
    if (sum > most) most = sum, kept = k + 1;
  }
  for (int k = many - 1; k >= kept; k--) {
    int p = id[x->swap[2 * k]];
    id[x->swap[2 * k]] = id[x->swap[2 * k + 1]];
    id[x->swap[2 * k + 1]] = p;
  }
  return most;
}

/* Begin with the part that has the most weight, and those that it and its like are joined to most. */
static void order_grow(order *x, int *id, int n, int half) {
  memset(x->gain, 0, (size_t)x->parts * sizeof *x->gain);
  for (int a = 0; a < n; a++)
    for (int b = 0; b < n; b++)
      if (a != b) x->gain[id[a]] += order_between(x, id[a], id[b]);
  for (int k = 0; k < half; k++) {
    int best = k;
    for (int a = k + 1; a < n; a++)
      if (x->gain[id[a]] > x->gain[id[best]]) best = a;
    int p = id[best];
    id[best] = id[k];
    id[k] = p;
    for (int a = k + 1; a < n; a++) x->gain[id[a]] = (k ? x->gain[id[a]] : 0) + order_between(x, id[a], p);
  }
}

static void order_halve(order *x, int *id, int n) {
  int half = n / 2;
  if (n < 3) return;
  order_grow(x, id, n, half);
  for (int pass = 0; pass < ORDER_PASSES; pass++)
    if (order_pass(x, id, n, half) == 0) break;
  order_halve(x, id, half);
  order_halve(x, id + half, n - half);
}

/* Weight of the edges between parts, over all ranks. */
static void order_count(const partition_dgraph *s, const int32_t *part, int parts, int64_t *between) {
  for (int32_t i = 0; i < s->n_own; i++)
    for (int64_t e = s->start[i]; e < s->start[i + 1]; e++)
      between[(int64_t)part[i] * parts + part[s->to[e]]] += s->weight ? s->weight[e] : 1;
  kith_comm_sum_int(s->comm, parts * parts, between);
}

static kith_status order_make(int parts, order *x, int64_t **between, int **id) {
  kith_status st = KITH_OK;
  x->parts = parts;
  KITH_TRY(KITH_NEW(*between, (int64_t)parts * parts));
  KITH_TRY(KITH_NEW(*id, parts));
  KITH_TRY(KITH_NEW(x->gain, parts));
  KITH_TRY(KITH_NEW(x->done, parts));
  KITH_TRY(KITH_NEW(x->swap, 2 * (int64_t)parts));
done:
  return st;
}

kith_agreed kith__partition_order(const partition_dgraph *s, int parts, int32_t *part) {
  kith_agreed st = {KITH_OK};
  order x = {.parts = 0};
  int64_t *between = NULL;
  int *id = NULL;
  if (parts > ORDER_MOST) return st;
  KITH_TRY(kith_agree(s->comm, order_make(parts, &x, &between, &id)));
  order_count(s, part, parts, between);
  x.between = between;
  for (int p = 0; p < parts; p++) id[p] = p;
  order_halve(&x, id, parts);
  for (int k = 0; k < parts; k++) x.swap[id[k]] = k;
  for (int64_t i = 0; i < (int64_t)s->n_own + s->n_ghost; i++) part[i] = x.swap[part[i]];
done:
  KITH_FREE(between);
  KITH_FREE(id);
  KITH_FREE(x.gain);
  KITH_FREE(x.done);
  KITH_FREE(x.swap);
  return st;
}
