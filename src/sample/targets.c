/* Every target is looked for once in a step, from each of its ends, however often the hops ask about the row.
 */
#include <stdlib.h>

#include "sample/targets.h"

enum {
  TARGETS_TOGETHER = 16
}; /* ends that are looked for at once, so that what they miss travels together */

kith_status kith__targets_make(const sample_setting *s, kith_lid most, sample_targets *t) {
  kith_status st = KITH_OK;
  *t = (sample_targets){.g = s->g, .a = s->a, .low = s->g->first[s->comm->rank]};
  KITH_TRY(KITH_NEW(t->newest, s->g->n_own));
  KITH_TRY(KITH_NEW(t->older, 2 * (int64_t)most));
  KITH_TRY(KITH_NEW(t->row, 2 * (int64_t)most));
  KITH_TRY(KITH_NEW(t->to, 2 * (int64_t)most));
  KITH_TRY(KITH_NEW(t->place, 2 * (int64_t)most));
  KITH_TRY(KITH_NEW(t->left_out, 2 * (int64_t)most));
done:
  return st;
}

void kith__targets_free(sample_targets *t) {
  KITH_FREE(t->newest);
  KITH_FREE(t->older);
  KITH_FREE(t->row);
  KITH_FREE(t->to);
  KITH_FREE(t->place);
  KITH_FREE(t->left_out);
}

/* One end of a target, if it is of this rank: the newest of its row. */
static void targets_put(sample_targets *t, kith_gid from, int64_t to) {
  if (from < t->low || from >= t->low + t->g->n_own) return;
  kith_lid row = (kith_lid)(from - t->low), i = t->n++;
  t->row[i] = row;
  t->to[i] = to;
  t->older[i] = t->newest[row];
  t->newest[row] = t->n;
}

/* A binary search under way in a row, whose columns ascend by original number. */
typedef struct targets_search {
  const kith_lid *col;
  int64_t low, high; /* the place is one of low … high */
} targets_search;

static int64_t targets_middle(const targets_search *s) { return s->low + (s->high - s->low) / 2; }

static void targets_begin(const sample_targets *t, int n, const kith_lid *row, targets_search *s) {
  const kith_dist_csr *a = t->a;
  for (int i = 0; i < n; i++) {
    __builtin_prefetch(&a->iperm[row[i]]);
    __builtin_prefetch(&a->degree[row[i]]);
  }
  for (int i = 0; i < n; i++) __builtin_prefetch(&a->csr.start[a->iperm[row[i]]]);
  for (int i = 0; i < n; i++)
    s[i] = (targets_search){.col = a->csr.col + a->csr.start[a->iperm[row[i]]], .high = a->degree[row[i]]};
}

/* Halve what is left for all of them; returns whether anything is left. */
static bool targets_halve(const sample_targets *t, int n, const int64_t *to, targets_search *s) {
  bool left = false;
  for (int i = 0; i < n; i++) __builtin_prefetch(&s[i].col[targets_middle(&s[i])]);
  for (int i = 0; i < n; i++)
    if (s[i].low < s[i].high) __builtin_prefetch(&t->a->node[s[i].col[targets_middle(&s[i])]]);
  for (int i = 0; i < n; i++) {
    if (s[i].low >= s[i].high) continue;
    int64_t middle = targets_middle(&s[i]);
    if (t->a->node[s[i].col[middle]] < to[i]) s[i].low = middle + 1;
    else s[i].high = middle;
    left = true;
  }
  return left;
}

static void targets_find(sample_targets *t, kith_lid first, int n) {
  targets_search s[TARGETS_TOGETHER];
  const kith_dist_csr *a = t->a;
  targets_begin(t, n, t->row + first, s);
  while (targets_halve(t, n, t->to + first, s)) continue;
  for (int i = 0; i < n; i++) {
    bool there = s[i].low < a->degree[t->row[first + i]] && a->node[s[i].col[s[i].low]] == t->to[first + i];
    t->place[first + i] = there ? (int32_t)s[i].low : -1;
  }
}

void kith__targets_take(sample_targets *t, int64_t n, const kith_pair *target) {
  for (kith_lid i = 0; i < t->n; i++) t->newest[t->row[i]] = 0;
  t->n = 0;
  for (int64_t i = 0; i < n; i++) {
    targets_put(t, target[i].user, kith_node_key(KITH_ITEM, target[i].item));
    targets_put(t, t->g->item_number[target[i].item], kith_node_key(KITH_USER, target[i].original));
  }
  for (kith_lid i = 0; i < t->n; i += TARGETS_TOGETHER)
    targets_find(t, i, (int)kith_min(TARGETS_TOGETHER, t->n - i));
}

static int targets_compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* A popular item may have a good part of the step's pairs, so their places are sorted rather than inserted
 * one by one. */
void kith__targets_leave_out(sample_targets *t, sample_question *q) {
  int64_t n = 0;
  for (kith_lid i = t->newest[q->row]; i > 0; i = t->older[i - 1])
    if (t->place[i - 1] >= 0) t->left_out[n++] = t->place[i - 1];
  if (n > 1) qsort(t->left_out, (size_t)n, sizeof *t->left_out, targets_compare);
  for (int64_t i = 0; i < n; i++)
    if (i == 0 || t->left_out[i] != t->left_out[i - 1]) t->left_out[q->n_left_out++] = t->left_out[i];
  q->left_out = t->left_out;
  q->among -= q->n_left_out;
}
