/*
 * The latest items of new users, added to their rows as model.sequence: recent adds them to those of known
 * users. New nodes are numbered behind the known ones of their rank, as in the augmented graph.
 */
#include <string.h>

#include "base/base.h"
#include "sequence/recent.h"
#include "sequence/sequence.h"
#include "train/embed_latest.h"

typedef struct latest {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_new_nodes *new;
  kith_new_embeddings *e;
  kith_gid *first;   /* [ranks + 1] ownership ranges with new nodes */
  int64_t *block;    /* [ranks + 1] the new nodes of each rank */
  int64_t *user;     /* [n_user] original numbers of this rank's new users */
  kith_lid *row;     /* [n_user] */
  kith_ragged items; /* [n_user] */
  int64_t *time;     /* of the items */
  kith_gid *number;  /* of the items that are summed */
  float *x;          /* [n_own + n, d] */
} latest;

static void latest_free(latest *l) {
  KITH_FREE(l->first);
  KITH_FREE(l->block);
  KITH_FREE(l->user);
  KITH_FREE(l->row);
  kith_ragged_free(&l->items);
  KITH_FREE(l->time);
  KITH_FREE(l->number);
  KITH_FREE(l->x);
}

/* This rank's new users, who come before its new items. */
static kith_status latest_users(latest *l, const float *x) {
  kith_status st = KITH_OK;
  const size_t d = (size_t)l->e->d, n_own = (size_t)l->g->n_own;
  const int size = l->comm->size;
  const int64_t left = l->new->n[KITH_USER] - l->e->first, n = left > 0 ? kith_min(l->e->n, left) : 0;
  const int64_t n_all = l->new->n[KITH_USER] + l->new->n[KITH_ITEM];
  KITH_TRY(KITH_NEW(l->block, size + 1));
  KITH_TRY(KITH_NEW(l->first, size + 1));
  for (int r = 0; r <= size; r++) {
    l->block[r] = kith_chunk_begin(n_all, size, r);
    l->first[r] = l->g->first[r] + l->block[r];
  }
  KITH_TRY(KITH_NEW(l->user, n));
  KITH_TRY(KITH_NEW(l->row, n));
  for (int64_t i = 0; i < n; i++) {
    l->user[i] = l->new->n_known[KITH_USER] + l->e->first + i;
    l->row[i] = l->g->n_own + (kith_lid)i;
  }
  l->items.n_row = n;
  KITH_TRY(KITH_NEW(l->x, (int64_t)n_own * l->e->d + l->e->n * l->e->d));
  memcpy(l->x, x, n_own * d * sizeof *x);
  memcpy(l->x + n_own * d, l->e->x, (size_t)l->e->n * d * sizeof *x);
done:
  return st;
}

/* Their items and times: the pairs are sorted by user. */
static kith_status latest_lists(latest *l) {
  kith_status st = KITH_OK;
  const int64_t low = l->items.n_row > 0 ? l->user[0] : 0, high = low + l->items.n_row;
  int64_t at = 0;
  KITH_TRY(KITH_NEW(l->items.start, l->items.n_row + 1));
  for (int64_t p = 0; p < l->new->n_pair; p++)
    if (l->new->user[p] >= low && l->new->user[p] < high) l->items.start[l->new->user[p] - low + 1]++;
  for (int64_t i = 0; i < l->items.n_row; i++) l->items.start[i + 1] += l->items.start[i];
  KITH_TRY(KITH_NEW(l->items.value, l->items.start[l->items.n_row]));
  KITH_TRY(KITH_NEW(l->time, l->items.start[l->items.n_row]));
  for (int64_t p = 0; p < l->new->n_pair; p++) {
    if (l->new->user[p] < low || l->new->user[p] >= high) continue;
    l->items.value[at] = l->new->item[p];
    l->time[at++] = l->new->time[p];
  }
  KITH_TRY(kith_sequence_sort(l->user, l->time, &l->items));
done:
  return st;
}

/* The global number of an item among known and new nodes. */
static kith_gid latest_number(const latest *l, int64_t item) {
  const int64_t i = item - l->new->n_known[KITH_ITEM];
  if (i < 0) {
    const kith_gid known = l->g->item_number[item];
    return known + l->block[kith_owner(l->comm->size, l->g->first, known)];
  }
  const int64_t node = l->new->n[KITH_USER] + i;
  return l->g->first[kith_owner(l->comm->size, l->block, node) + 1] + node;
}

/* The first `most` of each list, as global numbers. */
static kith_status latest_numbers(latest *l, int64_t most) {
  kith_status st = KITH_OK;
  kith_eid to = 0, from = 0;
  KITH_TRY(KITH_NEW(l->number, l->items.start[l->items.n_row]));
  for (int64_t u = 0; u < l->items.n_row; u++) {
    const kith_eid end = l->items.start[u + 1], stop = kith_min(end, from + most);
    for (kith_eid e = from; e < stop; e++) l->number[to++] = latest_number(l, l->items.value[e]);
    l->items.start[u + 1] = to;
    from = end;
  }
done:
  return st;
}

kith_agreed kith_embed_latest(const kith_comm *comm, const kith_graph *g, const kith_new_nodes *new,
                              const kith_embeddings_origin *from, const float *x, kith_new_embeddings *e) {
  kith_agreed st = {KITH_OK};
  latest l = {.comm = comm, .g = g, .new = new, .e = e};
  kith_recent *r = NULL;
  if (!from->has_recent || new->n[KITH_USER] == 0 || new->n_pair == 0) return st;
  if (!new->time)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG,
                  "embed.interactions: model.sequence: recent needs the times of new users' items, and no "
                  "column of times is named; set embed.interactions.columns.time")));
  KITH_TRY(kith_agree(comm, latest_users(&l, x)));
  KITH_TRY(kith_agree(comm, latest_lists(&l)));
  KITH_TRY(kith_agree(comm, latest_numbers(&l, from->recent_items)));
  KITH_TRY(kith_recent_create_of(comm, l.first, (kith_lid)l.items.n_row, l.row, l.items.start, l.number, e->d,
                                 &r));
  kith_recent_gather(r, l.x);
  kith_recent_add(r, from->recent_decay, from->recent_weight, l.x, l.x);
  memcpy(e->x, l.x + (size_t)g->n_own * (size_t)e->d, (size_t)e->n * (size_t)e->d * sizeof *e->x);
done:
  kith_recent_destroy(&r);
  latest_free(&l);
  return st;
}
