/* Groups of users and items by their training interactions, and the sums of their metrics.  Every sum is one
 * of integers or exact, so the figures have the same bits on any number of ranks. */
#include "eval/eval_impl.h"

/*
 * Cut nodes into at most KITH_GROUPS ranges of degrees with about equal numbers of nodes: a node is in group
 * number floor(KITH_GROUPS s), where s is the share of nodes with a smaller degree.  Groups without nodes do
 * not count.  Returns how many groups there are.
 *
 * count     [n_degree] nodes of each degree
 * range     [KITH_GROUPS][2] gets the smallest and the largest degree of a group
 */
static int groups_cut(int64_t n_degree, const int64_t *count, int64_t (*range)[2]) {
  int64_t all = 0, before = 0, at = -1;
  int n = 0;
  for (int64_t k = 0; k < n_degree; k++) all += count[k];
  for (int64_t k = 0; k < n_degree; before += count[k++]) {
    if (count[k] == 0) continue;
    if (KITH_GROUPS * before / all > at) range[n++][0] = k;
    at = KITH_GROUPS * before / all;
    range[n - 1][1] = k;
  }
  return n;
}

/* Training interactions of every item [items], the same on every rank; *degree is freed by the caller, on
 * failure, too. */
static kith_agreed groups_item_degrees(const kith_comm *comm, const kith_graph *g, int32_t **degree) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(comm, KITH_NEW(*degree, g->n[KITH_ITEM])));
  for (kith_eid e = 0; e < g->train.start[g->train.n_row]; e++) (*degree)[g->train.value[e]]++;
  kith_comm_reduce(comm, g->n[KITH_ITEM], MPI_INT32_T, MPI_SUM, *degree);
done:
  return st;
}

static int64_t groups_degree(const kith_graph *g, kith_lid u) {
  return g->train.start[u + 1] - g->train.start[u];
}

/* The ranges of the users with held-out items that count. */
static kith_agreed groups_cut_users(const kith_comm *comm, const kith_graph *g, const kith_ragged *truth,
                                    kith_groups *out) {
  kith_agreed st = {KITH_OK};
  int64_t most = 0, *count = NULL, range[KITH_GROUPS][2];
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    if (groups_degree(g, u) > most) most = groups_degree(g, u);
  most = kith_comm_max(comm, most);
  KITH_TRY(kith_agree(comm, KITH_NEW(count, most + 1)));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    count[groups_degree(g, u)] += truth->start[u + 1] > truth->start[u];
  kith_comm_sum_int(comm, most + 1, count);
  out->n_user = groups_cut(most + 1, count, range);
  for (int k = 0; k < out->n_user; k++)
    out->user[k] = (kith_user_group){.from = range[k][0], .to = range[k][1]};
done:
  KITH_FREE(count);
  return st;
}

/* The ranges of all items, and the group of each. */
static kith_status groups_cut_items(int64_t n_item, const int32_t *degree, kith__group_sums *s) {
  kith_status st = KITH_OK;
  int64_t most = 0, *count = NULL, range[KITH_GROUPS][2];
  for (int64_t i = 0; i < n_item; i++)
    if (degree[i] > most) most = degree[i];
  KITH_TRY(KITH_NEW(count, most + 1));
  KITH_TRY(KITH_NEW(s->item_group, n_item));
  for (int64_t i = 0; i < n_item; i++) count[degree[i]]++;
  s->out->n_item = groups_cut(most + 1, count, range);
  for (int k = 0; k < s->out->n_item; k++)
    s->out->item[k] = (kith_item_group){.from = range[k][0], .to = range[k][1]};
  for (int64_t i = 0; i < n_item; i++) {
    while (degree[i] > s->out->item[s->item_group[i]].to) s->item_group[i]++;
    s->out->item[s->item_group[i]].n_item++;
  }
done:
  KITH_FREE(count);
  return st;
}

kith_agreed kith__group_sums_make(const kith_comm *comm, const kith_graph *g, const kith_ragged *truth,
                                  kith__group_sums *s) {
  kith_agreed st = {KITH_OK};
  int32_t *degree = NULL;
  if (!s) return st;
  KITH_TRY(groups_cut_users(comm, g, truth, s->out));
  KITH_TRY(groups_item_degrees(comm, g, &degree));
  KITH_TRY(kith_agree(comm, groups_cut_items(g->n[KITH_ITEM], degree, s)));
done:
  KITH_FREE(degree);
  return st;
}

void kith__group_sums_free(kith__group_sums *s) { KITH_FREE(s->item_group); }

static int groups_find(const kith_groups *all, int64_t degree) {
  int k = 0;
  while (k + 1 < all->n_user && degree > all->user[k].to) k++;
  return k;
}

/* The held-out pairs of a user. */
static void groups_add_pairs(const kith__group_sums *s, const kith_eval_options *o, int n,
                             const int32_t *item, int64_t n_truth, const int32_t *truth) {
  for (int64_t e = 0; e < n_truth; e++) {
    kith_item_group *group = &s->out->item[s->item_group[truth[e]]];
    int position = 0;
    while (position < n && item[position] != truth[e]) position++;
    group->n_held_out++;
    for (int c = 0; c < o->n_k; c++) group->n_found[c] += position < n && position < o->k[c];
  }
}

void kith__metric_sums_add_user(kith__metric_sums *t, const kith_eval_options *o, const kith_graph *g,
                                kith_lid u, int n, const int32_t *item, int64_t n_truth,
                                const int32_t *truth) {
  kith__group_sums *s = t->groups;
  kith__metric_sums_add(t, o, n, item, n_truth, truth);
  if (!s) return;
  kith__metric_sums_add(&s->user[groups_find(s->out, groups_degree(g, u))], o, n, item, n_truth, truth);
  groups_add_pairs(s, o, n, item, n_truth, truth);
}

void kith__group_sums_reduce(const kith_comm *comm, kith__group_sums *s, const kith_eval_options *o) {
  if (!s) return;
  for (int k = 0; k < s->out->n_user; k++)
    kith__metric_sums_reduce(comm, &s->user[k], o, &s->out->user[k].metrics);
  for (int k = 0; k < s->out->n_item; k++) {
    kith_comm_sum_int(comm, 1, &s->out->item[k].n_held_out);
    kith_comm_sum_int(comm, o->n_k, s->out->item[k].n_found);
  }
}
