/*
 * Exact top k with bounds (Turtle and Flood, Inf. Process. Manage. 1995): lists of the known nodes that have
 * a feature are walked from short to long.  When the lists that remain cannot lift a node of which no list
 * has told to the k-th place, those that may still get there are scored by their own features instead, as
 * soon as that costs less than to walk the next list.
 */
#include "train/alike_top.h"

#include <math.h>
#include <stdlib.h>

/* In entries of a list, which are read one behind the other (measured): */
enum {
  ALIKE_LOOK = 2,   /* a look at all nodes met is worth a list of 1/2 of their number; … */
  ALIKE_ROW = 16,   /* … a row of features, somewhere in memory, costs as much as so many entries, … */
  ALIKE_LEADER = 40 /* … and a leader's, too, at every look, with what it takes to find it */
};

/* ---- the index ---- */

static void alike_fill(kith__alike_index *a, const double *weight, const double *length) {
  const kith__content *c = &a->content;
  for (int64_t k = 0; k < c->n_column; k++) a->start[k + 2] = a->start[k + 1] + a->n_of[k];
  for (int64_t i = 0; i < c->n_row; i++)
    for (kith_eid e = c->start[i]; e < c->start[i + 1]; e++) {
      int32_t k = c->column[e];
      float unit = length[i] > 0 ? (float)(weight[e] / length[i]) : 0;
      a->row[e] = (kith__alike_entry){k, unit};
      a->list[a->start[k + 1]++] = (kith__alike_entry){(int32_t)i, unit};
      if (unit > a->high[k]) a->high[k] = unit;
      if (unit < a->low[k]) a->low[k] = unit;
    }
}

kith_status kith__alike_index_make(kith__content *content, int64_t n_known, kith__alike_index *out) {
  kith_status st = KITH_OK;
  double *weight = NULL, *length = NULL;
  kith__content *c = &out->content;
  *out = (kith__alike_index){.content = *content};
  *content = (kith__content){.n_row = 0};
  if (c->n_row > n_known) c->n_row = n_known;
  int64_t n = c->start[c->n_row];
  KITH_TRY(KITH_NEW(weight, n));
  KITH_TRY(KITH_NEW(length, c->n_row));
  KITH_TRY(KITH_NEW(out->row, n));
  KITH_TRY(KITH_NEW(out->n_of, c->n_column));
  KITH_TRY(KITH_NEW(out->start, c->n_column + 2));
  KITH_TRY(KITH_NEW(out->list, n));
  KITH_TRY(KITH_NEW(out->high, c->n_column));
  KITH_TRY(KITH_NEW(out->low, c->n_column));
  kith__content_count(c, out->n_of);
  kith__content_weigh(c, 1, out->n_of, weight, length);
  alike_fill(out, weight, length);
  kith__content_free_entries(c);
done:
  KITH_FREE(weight);
  KITH_FREE(length);
  return st;
}

void kith__alike_index_free(kith__alike_index *a) {
  kith__content_free(&a->content);
  KITH_FREE(a->row);
  KITH_FREE(a->n_of);
  KITH_FREE(a->start);
  KITH_FREE(a->list);
  KITH_FREE(a->high);
  KITH_FREE(a->low);
}

kith_status kith__alike_scratch_make(const kith__alike_index *a, const kith_features *f,
                                     kith__alike_scratch *out) {
  kith_status st = KITH_OK;
  int64_t most = 0;
  for (int64_t i = 0; f->start && i < f->n_row; i++)
    if (f->start[i + 1] - f->start[i] > most) most = f->start[i + 1] - f->start[i];
  *out = (kith__alike_scratch){.term = NULL};
  KITH_TRY(kith__sparse_make(a->content.n_row, &out->score));
  KITH_TRY(KITH_NEW(out->term, most + 1));
  KITH_TRY(KITH_NEW(out->open, a->content.n_column));
done:
  return st;
}

void kith__alike_scratch_free(kith__alike_scratch *w) {
  kith__sparse_free(&w->score);
  KITH_FREE(w->term);
  KITH_FREE(w->open);
}

/* ---- the terms of a new node ---- */

static kith_eid alike_length(const kith__alike_index *a, int32_t column) {
  return a->start[column + 1] - a->start[column];
}

static bool alike_is_rarer(const kith__alike_index *a, int32_t x, int32_t y) {
  return alike_length(a, x) != alike_length(a, y) ? alike_length(a, x) < alike_length(a, y) : x < y;
}

/* By insertion: features of one node are few. */
static int alike_terms(const kith__alike_index *a, const kith_features *f, int64_t row,
                       kith__alike_term *term) {
  int n = 0;
  for (kith_eid e = f->start ? f->start[row] : 0; f->start && e < f->start[row + 1]; e++) {
    int32_t k = f->index[e];
    if (a->n_of[k] == 0 || a->n_of[k] == a->content.n_row || f->value[e] == 0) continue;
    double w = (double)f->value[e] * log((double)a->content.n_row / (double)a->n_of[k]);
    int to = n++;
    for (; to > 0 && alike_is_rarer(a, k, term[to - 1].column); to--) term[to] = term[to - 1];
    term[to] = (kith__alike_term){.column = k, .weight = w};
  }
  return n;
}

/* Known vectors have length 1 at most, so that the open terms' length bounds what they add, as does the sum
 * of what each adds alone. */
static void alike_bound(const kith__alike_index *a, int n, kith__alike_term *term) {
  double above = 0, square = 0;
  for (int j = n - 1; j >= 0; j--) {
    const int32_t k = term[j].column;
    above += fmax(term[j].weight * (double)a->high[k], term[j].weight * (double)a->low[k]);
    square += term[j].weight * term[j].weight;
    term[j].above = fmin(above, sqrt(square));
  }
}

/* ---- the top k ---- */

static bool alike_is_before(const kith__sparse *s, int32_t a, int32_t b) {
  return s->value[a] != s->value[b] ? s->value[a] > s->value[b] : a < b;
}

/* near [k]: by insertion. */
static void alike_select(const kith__sparse *s, int k, int32_t *near) {
  int n = 0;
  for (int64_t t = 0; t < s->n_touched; t++) {
    int32_t node = s->touched[t];
    if (s->value[node] <= 0 || (n == k && !alike_is_before(s, node, near[k - 1]))) continue;
    int to = n < k ? n++ : k - 1;
    for (; to > 0 && alike_is_before(s, node, near[to - 1]); to--) near[to] = near[to - 1];
    near[to] = node;
  }
  for (; n < k; n++) near[n] = -1;
}

static void alike_walk(const kith__alike_index *a, const kith__alike_term *t, kith__alike_scratch *w) {
  for (kith_eid e = a->start[t->column]; e < a->start[t->column + 1]; e++)
    kith__sparse_add(&w->score, a->list[e].of, t->weight * (double)a->list[e].unit);
  w->open[t->column] = 0;
}

/* A node's score with the open terms. */
static double alike_whole(const kith__alike_index *a, const kith__alike_scratch *w, int32_t node) {
  double sum = w->score.value[node];
  for (kith_eid e = a->content.start[node]; e < a->content.start[node + 1]; e++)
    sum += w->open[a->row[e].of] * (double)a->row[e].unit;
  return sum;
}

/* A score that k nodes reach, less what rounding may hide: those that lead without the open terms. */
static double alike_least(const kith__alike_index *a, const kith__alike_scratch *w, int k,
                          const int32_t *near, double above) {
  double least = INFINITY;
  if (near[k - 1] < 0) return -INFINITY;
  for (int i = 0; i < k; i++) least = fmin(least, alike_whole(a, w, near[i]));
  return least - 1e-9 * (fabs(least) + above);
}

static int64_t alike_count(const kith__sparse *s, double above, double least) {
  int64_t n = 0;
  for (int64_t i = 0; i < s->n_touched; i++) n += s->value[s->touched[i]] + above >= least;
  return n;
}

/* Whether to score nodes by their own features now, and from which score on they may be among the top k. */
static bool alike_is_settled(const kith__alike_index *a, const kith__alike_term *t, int k,
                             const kith__alike_scratch *w, int32_t *near, double *least) {
  const kith__sparse *s = &w->score;
  const kith_eid next = alike_length(a, t->column);
  if (s->n_touched < k || next < s->n_touched / ALIKE_LOOK + (kith_eid)k * ALIKE_LEADER) return false;
  alike_select(s, k, near);
  *least = alike_least(a, w, k, near, t->above);
  return t->above < *least && alike_count(s, t->above, *least) * ALIKE_ROW < next;
}

/* The others stay below `least`. */
static void alike_complete(const kith__alike_index *a, double above, double least, kith__alike_scratch *w) {
  kith__sparse *s = &w->score;
  for (int64_t i = 0; i < s->n_touched; i++) {
    int32_t node = s->touched[i];
    if (s->value[node] + above >= least) s->value[node] = alike_whole(a, w, node);
  }
}

void kith__alike_top(const kith__alike_index *a, const kith_features *f, int64_t row, int k,
                     kith__alike_scratch *w, int32_t *near) {
  const kith__alike_term *t = w->term;
  int n = alike_terms(a, f, row, w->term), j = 0;
  double least = 0;
  alike_bound(a, n, w->term);
  for (int i = 0; i < n; i++) w->open[t[i].column] = t[i].weight;
  for (; j < n && !alike_is_settled(a, &t[j], k, w, near, &least); j++) alike_walk(a, &t[j], w);
  if (j < n) alike_complete(a, t[j].above, least, w);
  for (; j < n; j++) w->open[t[j].column] = 0;
  alike_select(&w->score, k, near);
  kith__sparse_clear(&w->score);
}
