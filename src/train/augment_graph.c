/*
 * Augment the training graph by new nodes. Global numbers shift, since a rank's new nodes follow its known
 * ones: with b[r] the first new node of rank r, known number k becomes k + b[owner of k], and new node i of
 * rank r becomes first[r + 1] + i.
 */
#include <stdlib.h>
#include <string.h>

#include "train/augment.h"
#include "halo/halo.h"

void kith__augmented_graph_free(augmented_graph *e) { kith_graph_destroy(&e->g); }

/* ---- numbers ---- */

int64_t kith__augment_new_index(const kith_new_nodes *new, int type, int64_t original) {
  if (type >= KITH_SIDES) return -1;
  int64_t i = original - new->n_known[type];
  return i < 0 ? -1 : type == KITH_USER ? i : new->n[KITH_USER] + i;
}

int64_t kith__augment_row(const augment *x, int type, int64_t original) {
  int64_t i = kith__augment_new_index(x->new, type, original);
  return i >= x->first && i < x->first + x->n ? i - x->first : -1;
}

kith_gid kith__augment_known_number(const augment *x, kith_gid number) {
  return number + x->block[kith_owner(x->comm->size, x->known->first, number)];
}

kith_gid kith__augment_new_number(const augment *x, int64_t i) {
  return x->known->first[kith_owner(x->comm->size, x->block, i) + 1] + i;
}

/* ---- rows ---- */

/* Degrees of this rank's new nodes, and their number of known neighbors. */
static void augment_count(augment *x) {
  const kith_new_nodes *new = x->new;
  for (int64_t p = 0; p < new->n_pair; p++) {
    int64_t user = kith__augment_row(x, KITH_USER, new->user[p]),
            item = kith__augment_row(x, KITH_ITEM, new->item[p]);
    if (user >= 0) x->next[user + 1]++;
    if (item >= 0) x->next[item + 1]++;
    x->n_pending[KITH_ITEM] += user >= 0 && new->item[p] < new->n_known[KITH_ITEM];
    x->n_pending[KITH_USER] += item >= 0 && new->user[p] < new->n_known[KITH_USER];
  }
  for (int64_t i = 0; i < x->n; i++) x->next[i + 1] += x->next[i];
}

static kith_status augment_make(augment *x) {
  kith_status st = KITH_OK;
  int size = x->comm->size, rank = x->comm->rank;
  int64_t n_new = x->new->n[KITH_USER] + x->new->n[KITH_ITEM];
  KITH_TRY(KITH_NEW(x->block, size + 1));
  for (int r = 0; r <= size; r++) x->block[r] = kith_chunk_begin(n_new, size, r);
  x->first = x->block[rank];
  x->n = x->block[rank + 1] - x->first;
  KITH_CHECK(x->known->n_own + x->n < INT32_MAX - 1, KITH_EDATA,
             "this rank has %lld rows with the new nodes; at most 2^31 - 2: use more ranks",
             (long long)(x->known->n_own + x->n));
  KITH_TRY(KITH_NEW(x->next, x->n + 1));
  augment_count(x);
  for (int t = 0; t < KITH_SIDES; t++) KITH_TRY(KITH_NEW(x->pending[t], x->n_pending[t]));
  KITH_TRY(KITH_NEW(x->g, 1));
  kith_graph *g = x->g;
  g->n_own = x->known->n_own + (kith_lid)x->n;
  KITH_TRY(KITH_NEW(g->first, size + 1));
  KITH_TRY(KITH_NEW(g->type, g->n_own));
  KITH_TRY(KITH_NEW(g->original, g->n_own));
  KITH_TRY(KITH_NEW(g->start, (int64_t)g->n_own + 1));
  KITH_TRY(KITH_NEW(g->neighbor, x->known->start[x->known->n_own] + x->next[x->n]));
done:
  return st;
}

/* Copy the known rows, with shifted numbers. */
static void augment_copy_known(augment *x) {
  const kith_graph *k = x->known;
  kith_graph *g = x->g;
  g->schema = k->schema;
  for (int t = 0; t < g->schema.n_type; t++) g->n[t] = k->n[t] + (t < KITH_SIDES ? x->new->n[t] : 0);
  g->n_edge = k->n_edge;
  g->n_part = k->n_part;
  g->fingerprint = k->fingerprint;
  g->timed = k->timed;
  g->time_is = k->time_is;
  for (int r = 0; r <= x->comm->size; r++) g->first[r] = k->first[r] + x->block[r];
  memcpy(g->type, k->type, (size_t)k->n_own * sizeof *g->type);
  memcpy(g->original, k->original, (size_t)k->n_own * sizeof *g->original);
  memcpy(g->start, k->start, ((size_t)k->n_own + 1) * sizeof *g->start);
  for (kith_eid e = 0; e < k->start[k->n_own]; e++)
    g->neighbor[e] = kith__augment_known_number(x, k->neighbor[e]);
}

/* Add the other end of a pair as a neighbor: the number of a new node is known here, that of a known node is
 * read later. */
static void augment_add_edge(augment *x, int64_t row, int type, int64_t original) {
  if (row < 0) return;
  int64_t i = kith__augment_new_index(x->new, type, original);
  kith_eid at = x->known->start[x->known->n_own] + x->next[row]++;
  if (i >= 0) x->g->neighbor[at] = kith__augment_new_number(x, i);
  else x->pending[type][x->n_pending[type]++] = (augment_pending){original, at};
}

/* Times of the known interactions; those of new nodes are as recent as the latest of them. */
static kith_status augment_times(augment *x, int64_t now) {
  kith_status st = KITH_OK;
  kith_eid n_known = x->known->start[x->known->n_own], n = n_known + x->next[x->n];
  if (!x->known->time) return st;
  KITH_TRY(KITH_NEW(x->g->time, n));
  memcpy(x->g->time, x->known->time, (size_t)n_known * sizeof *x->g->time);
  for (kith_eid e = n_known; e < n; e++) x->g->time[e] = now;
done:
  return st;
}

/* Add the new rows. Pairs are sorted by user, then item, so both directions are sorted by original number. */
static void augment_add_rows(augment *x) {
  kith_graph *g = x->g;
  kith_lid n_known = x->known->n_own;
  for (int64_t i = 0; i < x->n; i++) {
    int64_t which = x->first + i, n_user = x->new->n[KITH_USER];
    int t = which < n_user ? KITH_USER : KITH_ITEM;
    g->type[n_known + i] = (uint8_t)t;
    g->original[n_known + i] = x->new->n_known[t] + which - (t == KITH_USER ? 0 : n_user);
    g->start[n_known + i + 1] = g->start[n_known] + x->next[i + 1];
  }
  for (int t = 0; t < KITH_SIDES; t++) x->n_pending[t] = 0;
  for (int64_t p = 0; p < x->new->n_pair; p++) {
    augment_add_edge(x, kith__augment_row(x, KITH_USER, x->new->user[p]), KITH_ITEM, x->new->item[p]);
    augment_add_edge(x, kith__augment_row(x, KITH_ITEM, x->new->item[p]), KITH_USER, x->new->user[p]);
  }
}

/* ---- features ---- */

/* Features of a new node's type, and its row there; null: the type has none. */
static const kith_features *augment_features_of(const augment *x, int64_t i, int64_t *row) {
  int64_t which = x->first + i, n_user = x->new->n[KITH_USER];
  int t = which < n_user ? KITH_USER : KITH_ITEM;
  *row = t == KITH_USER ? which : which - n_user;
  return x->new->features[t].start ? &x->new->features[t] : NULL;
}

static void augment_copy(const kith_features *from, kith_eid begin, kith_eid end, kith_features *to,
                         kith_eid at) {
  memcpy(to->index + at, from->index + begin, (size_t)(end - begin) * sizeof *to->index);
  memcpy(to->value + at, from->value + begin, (size_t)(end - begin) * sizeof *to->value);
}

/* Concatenate the features of known and new rows. */
static kith_status augment_features(augment *x) {
  kith_status st = KITH_OK;
  const kith_features *k = &x->known->features, *from = NULL;
  kith_features *f = &x->g->features;
  int64_t n_known = x->known->n_own, row = 0;
  if (!k->start) return st;
  kith_eid n = k->start[n_known];
  for (int64_t i = 0; i < x->n; i++)
    if ((from = augment_features_of(x, i, &row))) n += from->start[row + 1] - from->start[row];
  KITH_TRY(kith_features_make(x->g->n_own, n, f));
  memcpy(f->start, k->start, (size_t)(n_known + 1) * sizeof *f->start);
  augment_copy(k, 0, k->start[n_known], f, 0);
  for (int64_t i = 0; i < x->n; i++) {
    kith_eid at = f->start[n_known + i], many = 0;
    if ((from = augment_features_of(x, i, &row))) {
      many = from->start[row + 1] - from->start[row];
      augment_copy(from, from->start[row], from->start[row + 1], f, at);
    }
    f->start[n_known + i + 1] = at + many;
  }
  for (int t = 0; t < KITH_MAX_TYPES; t++) x->g->n_feature_of[t] = x->known->n_feature_of[t];
done:
  return st;
}

/* ---- global numbers of known neighbors ---- */

static int augment_compare(const void *a, const void *b) {
  int64_t x = ((const augment_pending *)a)->original, y = ((const augment_pending *)b)->original;
  return (x > y) - (x < y);
}

kith_agreed kith__augment_resolve(const augment *x, const char *parts_path, int type, int64_t n,
                                  augment_pending *p, kith_gid *neighbor) {
  kith_agreed st = {KITH_OK};
  int64_t *original = NULL, *number = NULL;
  KITH_TRY(kith_agree(x->comm, KITH_NEW(original, n)));
  KITH_TRY(kith_agree(x->comm, KITH_NEW(number, n)));
  qsort(p, (size_t)n, sizeof *p, augment_compare);
  for (int64_t i = 0; i < n; i++) original[i] = p[i].original;
  KITH_TRY(kith_global_ids_read(x->comm, parts_path, x->known, (kith_node_type)type, n, original, number));
  for (int64_t i = 0; i < n; i++) neighbor[p[i].at] = kith__augment_known_number(x, number[i]);
done:
  KITH_FREE(original);
  KITH_FREE(number);
  return st;
}

static void augment_free(augment *x) {
  KITH_FREE(x->block);
  KITH_FREE(x->next);
  for (int t = 0; t < KITH_SIDES; t++) KITH_FREE(x->pending[t]);
  kith_graph_destroy(&x->g);
}

kith_agreed kith__augment_graph(const kith_comm *comm, const kith_graph *known, const char *parts_path,
                                const kith_new_nodes *new, augmented_graph *out) {
  kith_agreed st = {KITH_OK};
  augment x = {.comm = comm, .known = known, .new = new};
  *out = (augmented_graph){.g = NULL};
  KITH_TRY(kith_agree(comm, augment_make(&x)));
  const int64_t now = kith_latest_time(comm, known);
  KITH_TRY(kith_agree(comm, augment_times(&x, now)));
  KITH_TRY(kith_agree(comm, augment_features(&x)));
  augment_copy_known(&x);
  augment_add_rows(&x);
  for (int t = 0; t < KITH_SIDES; t++)
    KITH_TRY(kith__augment_resolve(&x, parts_path, t, x.n_pending[t], x.pending[t], x.g->neighbor));
  KITH_TRY(kith__augment_relations(&x, parts_path));
  *out = (augmented_graph){.g = x.g, .first = x.first, .n = x.n};
  x.g = NULL;
done:
  augment_free(&x);
  return st;
}
