/*
 * Exact top k with bounds (Turtle and Flood, Inf. Process. Manage. 1995): lists of the known nodes that have
 * a feature are walked from short to long, in single precision.  What the lists that remain add to a node is
 * bounded by the lengths of the two vectors in their features (Bayardo, Ma and Srikant, WWW 2007; Anastasiu
 * and Karypis, ICDE 2014).  Once they cannot lift a node of which no list has told to the k-th place, those
 * that may still get there are scored by their own features, as soon as that costs less than to walk the next
 * list.  Those sums are in double precision and in the order of the lists: the same wherever the walk ends.
 */
#include "base/order.h"
#include "train/alike_top.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* In entries of a list, which are read one behind the other (measured): */
enum {
  ALIKE_LOOK = 2,   /* a look at all nodes met is worth a list of 1/2 of their number; … */
  ALIKE_ROW = 16,   /* … a row of features, somewhere in memory, costs as much as so many entries, … */
  ALIKE_LEADER = 40 /* … and a leader's, too, at every look, with what it takes to find it */
};

/* What roundings of units to single precision may add to a length, and those of its bound. */
static const double ALIKE_SLACK = 1e-6;

/* ---- the index ---- */

static kith_eid alike_length(const kith__alike_index *a, int32_t place) {
  return a->start[place + 1] - a->start[place];
}

/* 2^c <= n < 2^(c + 1). */
static int alike_cut(int64_t n) {
  int c = 0;
  while (n >> (c + 1) > 0) c++;
  return c;
}

typedef struct alike_feature {
  int64_t n;
  int32_t column;
} alike_feature;

static int alike_compare(const void *a, const void *b) {
  const alike_feature *x = a, *y = b;
  return x->n != y->n ? (x->n > y->n) - (x->n < y->n) : (x->column > y->column) - (x->column < y->column);
}

/* Places and the beginnings of the lists. */
static kith_status alike_order(kith__alike_index *a, const int64_t *n_of) {
  kith_status st = KITH_OK;
  alike_feature *f = NULL;
  const int64_t n = a->content.n_column;
  KITH_TRY(KITH_NEW(f, n));
  for (int64_t k = 0; k < n; k++) f[k] = (alike_feature){n_of[k], (int32_t)k};
  qsort(f, (size_t)n, sizeof *f, alike_compare);
  for (int64_t p = 0; p < n; p++) {
    a->place[f[p].column] = (int32_t)p;
    a->start[p + 1] = a->start[p] + f[p].n;
  }
done:
  KITH_FREE(f);
  return st;
}

/* at [max(features, known nodes)]. */
static void alike_fill(kith__alike_index *a, const double *weight, const double *length, kith_eid *at) {
  const kith__content *c = &a->content;
  for (int64_t p = 0; p < c->n_column; p++) at[p] = a->start[p];
  for (int64_t i = 0; i < c->n_row; i++)
    for (kith_eid e = c->start[i]; e < c->start[i + 1]; e++) {
      const int32_t p = a->place[c->column[e]];
      const float unit = length[i] > 0 ? (float)(weight[e] / length[i]) : 0;
      a->list[at[p]++] = (kith__alike_entry){(int32_t)i, unit};
      if (unit > a->high[p]) a->high[p] = unit;
      if (unit < a->low[p]) a->low[p] = unit;
    }
  for (int64_t i = 0; i < c->n_row; i++) at[i] = c->start[i];
  for (int64_t p = 0; p < c->n_column; p++)
    for (kith_eid e = a->start[p]; e < a->start[p + 1]; e++)
      a->row[at[a->list[e].of]++] = (kith__alike_entry){(int32_t)p, a->list[e].unit};
}

static uint8_t alike_round_up(double length) {
  return (uint8_t)fmin(255, ceil(255 * length * (1 + ALIKE_SLACK)));
}

/* From the features of the longest lists to all of them. */
static void alike_rest(kith__alike_index *a) {
  const kith__content *c = &a->content;
  for (int64_t i = 0; i < c->n_row; i++) {
    kith_eid e = c->start[i + 1];
    double square = 0;
    for (int cut = a->n_cut - 1; cut >= 0; cut--) {
      for (; e > c->start[i] && alike_length(a, a->row[e - 1].of) >= (kith_eid)1 << cut; e--)
        square += (double)a->row[e - 1].unit * (double)a->row[e - 1].unit;
      const uint8_t rest = alike_round_up(sqrt(square));
      a->rest[cut * c->n_row + i] = rest;
      if (rest > a->rest_high[cut]) a->rest_high[cut] = rest;
    }
  }
}

static kith_status alike_index_new(kith__alike_index *a) {
  kith_status st = KITH_OK;
  const kith__content *c = &a->content;
  const int64_t n = c->start[c->n_row];
  a->n_cut = alike_cut(c->n_row) + 1;
  KITH_TRY(KITH_NEW(a->row, n));
  KITH_TRY(KITH_NEW(a->place, c->n_column));
  KITH_TRY(KITH_NEW(a->start, c->n_column + 1));
  KITH_TRY(KITH_NEW(a->list, n));
  KITH_TRY(KITH_NEW(a->high, c->n_column));
  KITH_TRY(KITH_NEW(a->low, c->n_column));
  KITH_TRY(KITH_NEW(a->rest, a->n_cut * c->n_row));
  KITH_TRY(KITH_NEW(a->rest_high, a->n_cut));
done:
  return st;
}

kith_status kith__alike_index_make(kith__content *content, int64_t n_known, kith__alike_index *out) {
  kith_status st = KITH_OK;
  int64_t *n_of = NULL;
  kith_eid *at = NULL;
  double *weight = NULL, *length = NULL;
  kith__content *c = &out->content;
  *out = (kith__alike_index){.content = *content};
  *content = (kith__content){.n_row = 0};
  if (c->n_row > n_known) c->n_row = n_known;
  KITH_TRY(alike_index_new(out));
  KITH_TRY(KITH_NEW(n_of, c->n_column));
  KITH_TRY(KITH_NEW(at, c->n_column > c->n_row ? c->n_column : c->n_row));
  KITH_TRY(KITH_NEW(weight, c->start[c->n_row]));
  KITH_TRY(KITH_NEW(length, c->n_row));
  kith__content_count(c, n_of);
  kith__content_weigh(c, 1, n_of, weight, length);
  KITH_TRY(alike_order(out, n_of));
  alike_fill(out, weight, length, at);
  alike_rest(out);
  kith__content_free_entries(c);
done:
  KITH_FREE(n_of);
  KITH_FREE(at);
  KITH_FREE(weight);
  KITH_FREE(length);
  return st;
}

void kith__alike_index_free(kith__alike_index *a) {
  kith__content_free(&a->content);
  KITH_FREE(a->row);
  KITH_FREE(a->place);
  KITH_FREE(a->start);
  KITH_FREE(a->list);
  KITH_FREE(a->high);
  KITH_FREE(a->low);
  KITH_FREE(a->rest);
  KITH_FREE(a->rest_high);
}

kith_status kith__alike_scratch_make(const kith__alike_index *a, const kith_features *f,
                                     kith__alike_scratch *out) {
  kith_status st = KITH_OK;
  const int64_t most = f->start ? kith_longest_row(f->n_row, f->start) : 0;
  *out = (kith__alike_scratch){.term = NULL};
  KITH_TRY(KITH_NEW(out->partial, a->content.n_row));
  KITH_TRY(KITH_NEW(out->score, a->content.n_row));
  KITH_TRY(KITH_NEW(out->touched, a->content.n_row + 1));
  KITH_TRY(KITH_NEW(out->open, a->content.n_row));
  KITH_TRY(KITH_NEW(out->term, most + 1));
  KITH_TRY(KITH_NEW(out->weight, a->content.n_column));
done:
  return st;
}

void kith__alike_scratch_free(kith__alike_scratch *w) {
  KITH_FREE(w->partial);
  KITH_FREE(w->score);
  KITH_FREE(w->touched);
  KITH_FREE(w->open);
  KITH_FREE(w->term);
  KITH_FREE(w->weight);
}

/* ---- the terms of a new node ---- */

/* By insertion: features of one node are few. */
static int alike_terms(const kith__alike_index *a, const kith_features *f, int64_t row,
                       kith__alike_term *term) {
  int n = 0;
  for (kith_eid e = f->start ? f->start[row] : 0; f->start && e < f->start[row + 1]; e++) {
    const int32_t p = a->place[f->index[e]];
    const kith_eid n_of = alike_length(a, p);
    if (n_of == 0 || n_of == a->content.n_row || f->value[e] == 0) continue;
    double w = (double)f->value[e] * log((double)a->content.n_row / (double)n_of);
    int to = n++;
    for (; to > 0 && p < term[to - 1].place; to--) term[to] = term[to - 1];
    term[to] = (kith__alike_term){.place = p, .weight = w};
  }
  return n;
}

/* Behind the last term nothing is added. */
static void alike_bound(const kith__alike_index *a, int n, kith__alike_term *term) {
  double above = 0, square = 0;
  term[n] = (kith__alike_term){.place = -1};
  for (int j = n - 1; j >= 0; j--) {
    const int32_t p = term[j].place;
    above += fmax(term[j].weight * (double)a->high[p], term[j].weight * (double)a->low[p]);
    square += term[j].weight * term[j].weight;
    term[j].above = above;
    term[j].length = sqrt(square);
  }
}

/* ---- the top k ---- */

static bool alike_is_before(const double *score, int32_t a, int32_t b) {
  return score[a] != score[b] ? score[a] > score[b] : a < b;
}

/* near [k] of the nodes open [n] by insertion. */
static void alike_select(const double *score, int64_t n_open, const int32_t *open, int k, int32_t *near) {
  int n = 0;
  for (int64_t t = 0; t < n_open; t++) {
    const int32_t node = open[t];
    if (score[node] <= 0 || (n == k && !alike_is_before(score, node, near[k - 1]))) continue;
    int to = n < k ? n++ : k - 1;
    for (; to > 0 && alike_is_before(score, node, near[to - 1]); to--) near[to] = near[to - 1];
    near[to] = node;
  }
  for (; n < k; n++) near[n] = -1;
}

/* The k nodes of which the lists tell most. */
static bool alike_lead(const kith__alike_scratch *w, int k, int32_t *near) {
  int n = 0;
  float last = 0;
  for (int64_t t = 0; t < w->n_touched; t++) {
    const int32_t node = w->touched[t];
    const float s = w->partial[node];
    if (s <= last) continue;
    int to = n < k ? n++ : k - 1;
    for (; to > 0 && s > w->partial[near[to - 1]]; to--) near[to] = near[to - 1];
    near[to] = node;
    if (n == k) last = w->partial[near[k - 1]];
  }
  return n == k;
}

/* Without branches; a sum that comes back to 0 stays a node that is touched. */
static void alike_walk(const kith__alike_index *a, const kith__alike_term *t, kith__alike_scratch *w) {
  const float weight = (float)t->weight;
  int64_t n = w->n_touched;
  for (kith_eid e = a->start[t->place]; e < a->start[t->place + 1]; e++) {
    const int32_t node = a->list[e].of;
    const float before = w->partial[node], after = before + weight * a->list[e].unit;
    w->touched[n] = node;
    n += before == 0;
    w->partial[node] = after != 0 ? after : FLT_MIN;
  }
  w->n_touched = n;
}

/* A node's score, in the order in which lists are walked. */
static double alike_whole(const kith__alike_index *a, const double *weight, int32_t node) {
  double sum = 0;
  for (kith_eid e = a->content.start[node]; e < a->content.start[node + 1]; e++)
    sum += weight[a->row[e].of] * (double)a->row[e].unit;
  return sum;
}

/* What partial sums and bounds may lack by rounding: n terms, each of which adds |w| at most. */
static double alike_error(int n, const kith__alike_term *term) {
  return (double)(n + 4) * (double)FLT_EPSILON * term[0].length;
}

/* A score that k nodes reach. */
static double alike_least(const kith__alike_index *a, const kith__alike_scratch *w, int k,
                          const int32_t *near) {
  double least = INFINITY;
  for (int i = 0; i < k; i++) least = fmin(least, alike_whole(a, w->weight, near[i]));
  return least;
}

/* open: the touched nodes that the terms from t on may lift to `least`. */
static int64_t alike_open(const kith__alike_index *a, const kith__alike_term *t, double least,
                          kith__alike_scratch *w) {
  const uint8_t *rest = a->rest;
  if (t->place >= 0) rest += alike_cut(alike_length(a, t->place)) * a->content.n_row;
  const float above = (float)t->above, unit = (float)(t->length / 255), from = (float)least;
  int64_t n = 0;
  for (int64_t i = 0; i < w->n_touched; i++) {
    const int32_t node = w->touched[i];
    const float s = w->partial[node];
    if (s + above < from) continue;
    w->open[n] = node;
    n += s + unit * (float)rest[node] >= from;
  }
  return n;
}

/* A node of which no list has told stays below `least`. */
static bool alike_is_above(const kith__alike_index *a, const kith__alike_term *t, double least) {
  const double rest = (double)a->rest_high[alike_cut(alike_length(a, t->place))] / 255;
  return fmin(t->above, t->length * rest) < least;
}

/* Whether to score nodes by their own features now: these are open [n_open]. */
static bool alike_is_settled(const kith__alike_index *a, const kith__alike_term *t, int k, double error,
                             kith__alike_scratch *w, int32_t *near, int64_t *n_open) {
  const kith_eid next = alike_length(a, t->place);
  if (w->n_touched < k || next < w->n_touched / ALIKE_LOOK + (kith_eid)k * ALIKE_LEADER) return false;
  if (!alike_lead(w, k, near)) return false;
  const double least = alike_least(a, w, k, near) - error;
  if (!alike_is_above(a, t, least)) return false;
  *n_open = alike_open(a, t, least, w);
  return *n_open * ALIKE_ROW < next;
}

/* All lists are walked. */
static int64_t alike_open_last(const kith__alike_index *a, const kith__alike_term *t, int k, double error,
                               kith__alike_scratch *w, int32_t *near) {
  const double least = alike_lead(w, k, near) ? alike_least(a, w, k, near) - error : -INFINITY;
  return alike_open(a, t, least, w);
}

static void alike_clear(int n, kith__alike_scratch *w) {
  for (int64_t i = 0; i < w->n_touched; i++) w->partial[w->touched[i]] = 0;
  for (int j = 0; j < n; j++) w->weight[w->term[j].place] = 0;
  w->n_touched = 0;
}

void kith__alike_top(const kith__alike_index *a, const kith_features *f, int64_t row, int k,
                     kith__alike_scratch *w, int32_t *near) {
  const kith__alike_term *t = w->term;
  const int n = alike_terms(a, f, row, w->term);
  int64_t n_open = 0;
  int j = 0;
  alike_bound(a, n, w->term);
  const double error = n > 0 ? alike_error(n, t) : 0;
  for (int i = 0; i < n; i++) w->weight[t[i].place] = t[i].weight;
  for (; j < n && !alike_is_settled(a, &t[j], k, error, w, near, &n_open); j++) alike_walk(a, &t[j], w);
  if (j == n) n_open = alike_open_last(a, &t[j], k, error, w, near);
  for (int64_t i = 0; i < n_open; i++) w->score[w->open[i]] = alike_whole(a, w->weight, w->open[i]);
  alike_select(w->score, n_open, w->open, k, near);
  alike_clear(n, w);
}
