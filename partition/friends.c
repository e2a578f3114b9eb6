/* The relation `friend` of parts.h5: ties between users, made symmetric, in global order. */
#include <string.h>

#include "partition.h"
#include "graph/schema.h"

/* The edges of the relation; null: the graph does not have it. */
static const kith_ragged *friends_of(const kith_dataset *d) {
  int r = kith_schema_find_relation(&d->schema, "friend");
  const kith_relation_type *e = r < 0 ? NULL : &d->schema.relation[r];
  return e && e->from == KITH_USER && e->to == KITH_USER ? &d->relation[r].edges : NULL;
}

int64_t kith__partition_n_friends(const kith_dataset *d) {
  const kith_ragged *out = friends_of(d);
  return out ? 2 * out->start[out->n_row] : 0;
}

/* The transpose: who names a user, ascending. */
static kith_status friends_transpose(const kith_ragged *out, kith_ragged *in) {
  kith_status st = KITH_OK;
  kith_eid *next = NULL, n = out->start[out->n_row];
  in->n_row = out->n_row;
  KITH_TRY(KITH_NEW(in->start, in->n_row + 1));
  KITH_TRY(KITH_NEW(in->value, n));
  KITH_TRY(KITH_NEW(next, in->n_row));
  for (kith_eid e = 0; e < n; e++) in->start[out->value[e] + 1]++;
  for (int64_t u = 0; u < in->n_row; u++) in->start[u + 1] += in->start[u];
  for (int64_t u = 0; u < in->n_row; u++) next[u] = in->start[u];
  for (int64_t u = 0; u < out->n_row; u++)
    for (kith_eid e = out->start[u]; e < out->start[u + 1]; e++)
      in->value[next[out->value[e]]++] = (int32_t)u;
done:
  KITH_FREE(next);
  return st;
}

/* The union of two ascending lists without `self`, as global numbers; returns how many. */
static kith_eid friends_union(const int32_t *a, kith_eid n_a, const int32_t *b, kith_eid n_b, int64_t self,
                              const int64_t *number, kith_gid *to) {
  kith_eid i = 0, j = 0, n = 0;
  while (i < n_a || j < n_b) {
    int32_t next = j == n_b || (i < n_a && a[i] <= b[j]) ? a[i] : b[j];
    if (i < n_a && a[i] == next) i++;
    if (j < n_b && b[j] == next) j++;
    if (next != self) to[n++] = number[next];
  }
  return n;
}

static kith_status friends_cut(const kith_dataset *d, int64_t n, const int64_t *node, const int64_t *number,
                               kith_adjacency *cut) {
  kith_status st = KITH_OK;
  const kith_ragged *out = friends_of(d);
  kith_ragged in = {0};
  kith_eid at = 0;
  KITH_TRY(friends_transpose(out, &in));
  KITH_TRY(KITH_NEW(cut->start, n + 1));
  KITH_TRY(KITH_NEW(cut->neighbor, kith__partition_n_friends(d)));
  for (int64_t k = 0; k < n; k++) {
    int64_t u = node[k];
    if (u < d->n[KITH_USER])
      at +=
          friends_union(out->value + out->start[u], out->start[u + 1] - out->start[u], in.value + in.start[u],
                        in.start[u + 1] - in.start[u], u, number, cut->neighbor + at);
    cut->start[k + 1] = at;
  }
done:
  kith_ragged_free(&in);
  return st;
}

/* Friends first, then items, as nodes. */
static kith_status friends_add(const kith_dataset *d, const partition_graph *g, partition_graph *out) {
  kith_status st = KITH_OK;
  kith_adjacency cut = {0};
  int64_t *same = NULL;
  partition_graph all = {.n = g->n};
  KITH_TRY(KITH_NEW(same, g->n));
  for (int64_t i = 0; i < g->n; i++) same[i] = i;
  KITH_TRY(friends_cut(d, g->n, same, same, &cut));
  KITH_TRY(KITH_NEW(all.start, g->n + 1));
  KITH_TRY(KITH_NEW(all.to, g->start[g->n] + cut.start[g->n]));
  for (int64_t i = 0; i < g->n; i++) {
    int64_t at = all.start[i], n = g->start[i + 1] - g->start[i];
    for (kith_eid e = cut.start[i]; e < cut.start[i + 1]; e++) all.to[at++] = (int32_t)cut.neighbor[e];
    memcpy(all.to + at, g->to + g->start[i], (size_t)n * sizeof *g->to);
    all.start[i + 1] = at + n;
  }
  *out = all;
  all = (partition_graph){0};
done:
  kith__partition_graph_free(&all);
  kith_adjacency_free(&cut);
  KITH_FREE(same);
  return st;
}

kith_status kith__partition_graph_make_read(const kith_dataset *d, const kith_partition_options *o,
                                            partition_graph *out) {
  partition_graph g = {0};
  kith_status st = kith__partition_graph_make(d, out);
  if (st != KITH_OK || !o->friends || !friends_of(d)) return st;
  g = *out;
  *out = (partition_graph){0};
  st = friends_add(d, &g, out);
  kith__partition_graph_free(&g);
  return st;
}

kith_agreed kith__partition_write_friends(const kith_comm *comm, kith_h5 *f, const kith_dataset *d, int64_t n,
                                          const int64_t *node, const int64_t *number) {
  kith_agreed st = {KITH_OK};
  kith_adjacency cut = {0};
  if (!friends_of(d)) return st;
  KITH_TRY(kith_agree(comm, friends_cut(d, n, node, number, &cut)));
  kith_eid many = cut.start[n];
  KITH_TRY(kith_h5_write(f, "edge/friend/start", KITH_H5_INT64, 0, n + 1, 0, n + 1, false, cut.start));
  KITH_TRY(kith_h5_write(f, "edge/friend/neighbor", KITH_H5_INT64, 0, many, 0, many, false, cut.neighbor));
done:
  kith_adjacency_free(&cut);
  return st;
}
