/* The graph that a final model is trained on: validation interactions, and those outside of a core, put back.
 */
#include "graph/schema.h"
#include "ingest/relations.h"

enum { REFIT_LISTS = 3 };
static const char *const refit_group[REFIT_LISTS] = {"train", "valid", "outside"};

/* Lists that have no interaction in common, with their times and weights, or null. */
typedef struct refit_lists {
  const kith_ragged *list[REFIT_LISTS]; /* start is null: there is no such list */
  int64_t *time[REFIT_LISTS];
  float *weight[REFIT_LISTS];
} refit_lists;

/* The lists as one. */
typedef struct refit_merged {
  kith_ragged rows, users; /* users of each item, where relations between items count overlaps */
  int64_t *time;
  float *weight;
} refit_merged;

static int64_t refit_size(const refit_lists *l, int k) {
  return l->list[k]->start ? l->list[k]->start[l->list[k]->n_row] : 0;
}

/* The list that goes on with the smallest item; -1 if none goes on. */
static int refit_least(const refit_lists *l, int64_t u, const kith_eid *at) {
  int least = -1;
  for (int k = 0; k < REFIT_LISTS; k++) {
    const kith_ragged *from = l->list[k];
    if (!from->start || at[k] == from->start[u + 1]) continue;
    if (least < 0 || from->value[at[k]] < l->list[least]->value[at[least]]) least = k;
  }
  return least;
}

static void refit_merge_row(const refit_lists *l, int64_t u, refit_merged *all) {
  kith_eid at[REFIT_LISTS] = {0}, to = all->rows.start[u];
  all->rows.start[u + 1] = to;
  for (int k = 0; k < REFIT_LISTS; k++) {
    if (!l->list[k]->start) continue;
    at[k] = l->list[k]->start[u];
    all->rows.start[u + 1] += l->list[k]->start[u + 1] - at[k];
  }
  for (int k = refit_least(l, u, at); k >= 0; k = refit_least(l, u, at), to++) {
    all->rows.value[to] = l->list[k]->value[at[k]];
    if (l->time[k]) all->time[to] = l->time[k][at[k]];
    if (l->weight[k]) all->weight[to] = l->weight[k][at[k]];
    at[k]++;
  }
}

/* Times and weights of the further lists, where training has them. */
static kith_agreed refit_read(const kith_comm *comm, const char *path, const kith_dataset *d,
                              refit_lists *l) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  KITH_TRY(kith_h5_open(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  for (int k = 1; k < REFIT_LISTS; k++) {
    int64_t n = refit_size(l, k);
    if (n == 0) continue;
    if (d->time) KITH_TRY(kith__times_read(comm, f, refit_group[k], 0, n, &l->time[k]));
    if (d->weight) KITH_TRY(kith__weights_read(comm, f, refit_group[k], 0, n, &l->weight[k]));
    bool lacks = (d->time && !l->time[k]) || (d->weight && !l->weight[k]);
    if (lacks)
      KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA, "%s: %s has no times or no weights, though train has",
                                          path, refit_group[k])));
  }
done:
  kith_h5_close(&f);
  return st;
}

/* Whether overlaps of a relation are counted: between users, or between items. */
static bool refit_overlaps(const kith_dataset *d, int r, kith_node_type type) {
  return d->relation[r].overlap && d->schema.relation[r].from == (int)type;
}

static kith_status refit_merge(const refit_lists *l, const kith_dataset *d, refit_merged *all) {
  kith_status st = KITH_OK;
  int64_t n = 0;
  bool by_item = false;
  for (int k = 0; k < REFIT_LISTS; k++) n += refit_size(l, k);
  KITH_TRY(kith__ragged_alloc(d->train.n_row, n, &all->rows));
  if (d->time) KITH_TRY(KITH_NEW(all->time, n));
  if (d->weight) KITH_TRY(KITH_NEW(all->weight, n));
  for (int64_t u = 0; u < all->rows.n_row; u++) refit_merge_row(l, u, all);
  for (int r = 0; r < d->schema.n_relation; r++) by_item |= refit_overlaps(d, r, KITH_ITEM);
  if (by_item) KITH_TRY(kith_ragged_transpose(&all->rows, d->n[KITH_ITEM], &all->users));
done:
  return st;
}

/* Put the merged lists into the dataset.  Cannot fail. */
static void refit_apply(refit_merged *all, kith_dataset *d) {
  for (int r = 0; r < d->schema.n_relation; r++) {
    kith_relation_edges *e = &d->relation[r];
    if (refit_overlaps(d, r, KITH_USER)) kith__overlaps_count(&all->rows, &e->edges, e->overlap);
    if (refit_overlaps(d, r, KITH_ITEM)) kith__overlaps_count(&all->users, &e->edges, e->overlap);
  }
  KITH_FREE(d->time);
  KITH_FREE(d->weight);
  KITH_FREE(d->is_new);
  d->parent = (kith_parent){.is = false};
  kith_ragged_free(&d->train);
  kith_ragged_free(&d->outside);
  for (int64_t u = 0; u <= d->valid.n_row; u++) d->valid.start[u] = 0;
  d->n_edge = all->rows.start[all->rows.n_row];
  d->train = all->rows;
  d->time = all->time;
  d->weight = all->weight;
  d->refit = true;
  all->rows = (kith_ragged){.n_row = 0};
  all->time = NULL;
  all->weight = NULL;
}

kith_agreed kith_dataset_refit(const kith_comm *comm, const char *path, kith_dataset *d) {
  kith_agreed st = {KITH_OK};
  refit_lists l = {.list = {&d->train, &d->valid, &d->outside}, .time = {d->time}, .weight = {d->weight}};
  refit_merged all = {.time = NULL};
  bool holds = d->n_class == 0 && d->valid.start[d->valid.n_row] > 0;
  if (!holds)
    KITH_TRY(kith_agreed_same(kith_fail(
        KITH_ECONFIG,
        "%s: holds out no interactions for validation, so that none can be put back; train without --refit",
        path)));
  KITH_TRY(refit_read(comm, path, d, &l));
  KITH_TRY(kith_agree(comm, refit_merge(&l, d, &all)));
  refit_apply(&all, d);
done:
  kith_ragged_free(&all.rows);
  kith_ragged_free(&all.users);
  KITH_FREE(all.time);
  KITH_FREE(all.weight);
  for (int k = 1; k < REFIT_LISTS; k++) {
    KITH_FREE(l.time[k]);
    KITH_FREE(l.weight[k]);
  }
  return st;
}
