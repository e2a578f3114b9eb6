/* Read one rank's share of parts.h5: a slice of every dataset. */
#include <stdio.h>
#include <string.h>

#include "comm/host_table.h"
#include "graph/schema.h"
#include "store/parts.h"
#include "store/parts_check.h"
#include "h5/validate.h"
#include "halo/halo.h"

kith_agreed kith__parts_check_extent(const kith_comm *comm, kith_h5 *f, const char *name, int64_t wanted) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  int d = 0;
  KITH_TRY(kith_h5_extent(f, name, &n, &d));
  KITH_TRY(kith_agree(comm, wanted <= n
                                ? KITH_OK
                                : kith_fail(KITH_EDATA, "%s: \"%s\" has %lld rows, %lld were expected",
                                            kith_h5_path(f), name, (long long)n, (long long)wanted)));
done:
  return st;
}

static kith_status parts_check_parts(const kith_comm *comm, const kith_graph *g, const char *path) {
  kith_status st = KITH_OK;
  bool nodes = g->n[KITH_USER] >= 0 && g->n[KITH_ITEM] >= 0 && g->n[KITH_USER] < INT32_MAX &&
               g->n[KITH_ITEM] < INT32_MAX;
  KITH_CHECK(g->n_part >= 1 && nodes && g->n_edge >= 0 && g->n_edge < INT64_MAX / 4, KITH_EDATA,
             "%s: impossible sizes: %d parts, %lld users, %lld items, %lld edges", path, g->n_part,
             (long long)g->n[KITH_USER], (long long)g->n[KITH_ITEM], (long long)g->n_edge);
  KITH_CHECK(comm->size <= g->n_part, KITH_ECONFIG,
             "%s: cut into %s, which %d ranks cannot share; use at most %s, or set partition.parts to %d or "
             "more and run kith partition again",
             path, KITH_COUNT(g->n_part, "part(s)"), comm->size, KITH_COUNT(g->n_part, "rank(s)"),
             comm->size);
done:
  return st;
}

static kith_agreed parts_read_node_sizes(kith_h5 *f, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  int64_t n_class = 0, n_feature = 0;
  KITH_TRY(kith_h5_get_attr_int(f, "n_node", &g->n[KITH_USER]));
  KITH_TRY(kith_h5_get_attr_int(f, "n_class", &n_class));
  KITH_TRY(kith_h5_get_attr_int(f, "n_feature", &n_feature));
  KITH_TRY(kith_h5_get_attr_int(f, "n_train", &g->n_train));
  bool good =
      n_class > 0 && n_class < INT32_MAX && n_feature >= 0 && n_feature < INT32_MAX && g->n_train >= 0;
  KITH_TRY(kith_agreed_same(
      good ? KITH_OK
           : kith_fail(KITH_EDATA, "%s: impossible sizes: %lld classes, %lld features, %lld training nodes",
                       kith_h5_path(f), (long long)n_class, (long long)n_feature, (long long)g->n_train)));
  g->n_class = (int)n_class;
  g->n_feature_of[KITH_USER] = (int)n_feature;
done:
  return st;
}

static kith_agreed parts_read_pair_sizes(kith_h5 *f, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_get_attr_int(f, "n_user", &g->n[KITH_USER]));
  KITH_TRY(kith_h5_get_attr_int(f, "n_item", &g->n[KITH_ITEM]));
done:
  return st;
}

static kith_status parts_check_schema(const char *path, const int64_t *n, const kith_graph *g) {
  kith_status st = KITH_OK;
  if (g->n_class > 0) { /* a file of one type */
    KITH_CHECK(n[0] == g->n[0] && g->schema.n_type == 1, KITH_EDATA,
               "%s: the attribute schema says %lld nodes, n_node %lld", path, (long long)n[0],
               (long long)g->n[0]);
    return st;
  }
  KITH_CHECK(n[KITH_USER] == g->n[KITH_USER] && n[KITH_ITEM] == g->n[KITH_ITEM], KITH_EDATA,
             "%s: the attribute schema says %lld users and %lld items, n_user and n_item %lld and %lld", path,
             (long long)n[KITH_USER], (long long)n[KITH_ITEM], (long long)g->n[KITH_USER],
             (long long)g->n[KITH_ITEM]);
done:
  return st;
}

/* Types and relations; n_edge [KITH_MAX_RELATIONS] edges of each relation.  Files of earlier versions have at
 * most ties between users, without a schema: n_edge is -1. */
static kith_agreed parts_read_schema(kith_h5 *f, kith_graph *g, int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  int64_t n[KITH_MAX_TYPES];
  char *text = NULL;
  g->schema = g->n_class > 0 ? kith_schema_nodes() : kith_schema_users_items();
  if (kith_h5_has_attr(f, "schema")) {
    KITH_TRY(kith_h5_get_attr_text(f, "schema", &text));
    KITH_TRY(kith_agreed_same(kith_schema_parse(kith_h5_path(f), text, &g->schema, n, n_edge)));
    KITH_TRY(kith_agreed_same(parts_check_schema(kith_h5_path(f), n, g)));
    memcpy(g->n, n, sizeof n);
  } else if (g->n_class == 0 && kith_h5_has_dataset(f, "edge/friend/start")) {
    g->schema.relation[g->schema.n_relation++] = (kith_relation_type){.name = "friend"};
    n_edge[0] = -1;
  }
done:
  KITH_FREE(text);
  return st;
}

static kith_agreed parts_read_sizes(const kith_comm *comm, kith_h5 *f, kith_graph *g, int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  int64_t parts = 0, fingerprint = 0;
  KITH_TRY(kith_h5_is_labeled(f) ? parts_read_node_sizes(f, g) : parts_read_pair_sizes(f, g));
  KITH_TRY(parts_read_schema(f, g, n_edge));
  KITH_TRY(kith_h5_get_attr_int(f, "n_edge", &g->n_edge));
  KITH_TRY(kith_h5_get_attr_int(f, "parts", &parts));
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  g->n_part = parts > 0 && parts < INT32_MAX ? (int)parts : 0;
  g->fingerprint = (uint64_t)fingerprint;
  g->timed = kith_h5_has_dataset(f, "train/time");
  KITH_TRY(kith_h5_get_time_is(f, &g->time_is));
  g->refit = kith_h5_has_attr(f, "refit");
  KITH_TRY(kith_agree(comm, parts_check_parts(comm, g, kith_h5_path(f))));
done:
  return st;
}

/* Nodes of each type are at most those of each part and are those of the whole graph in total. */
static kith_status parts_check_counts(const char *path, const kith_graph *g, const int64_t *count) {
  kith_status st = KITH_OK;
  int n_type = g->schema.n_type;
  const char *name = n_type > KITH_SIDES ? "part/type_count" : "part/user_count";
  int64_t all[KITH_MAX_TYPES] = {0};
  for (int p = 0; p < g->n_part; p++) {
    int64_t rest = g->part_first[p + 1] - g->part_first[p];
    for (int t = 0; t < n_type; t++) {
      KITH_CHECK(*count >= 0 && *count <= rest, KITH_EDATA,
                 "%s: %s says %lld %ss of part %d, which has %lld nodes", path, name, (long long)*count,
                 g->schema.type[t], p, (long long)(g->part_first[p + 1] - g->part_first[p]));
      all[t] += *count;
      rest -= *count++;
    }
    KITH_CHECK(rest == 0, KITH_EDATA, "%s: %s leaves %lld nodes of part %d without a type", path, name,
               (long long)rest, p);
  }
  for (int t = 0; t < n_type; t++)
    KITH_CHECK(all[t] == g->n[t], KITH_EDATA, "%s: %s says %lld %ss, the graph has %lld", path, name,
               (long long)all[t], g->schema.type[t], (long long)g->n[t]);
done:
  return st;
}

/* Without further types, nodes that are no users are items; classification: all nodes are of one type. */
static void parts_fill_counts(const kith_graph *g, const int64_t *user_count, int64_t *count) {
  for (int p = 0; p < g->n_part; p++) {
    int64_t n = g->part_first[p + 1] - g->part_first[p];
    *count++ = user_count ? user_count[p] : n;
    if (user_count) *count++ = n - user_count[p];
  }
}

/* Read the nodes of each type in each part, [n_part, n_type]. */
static kith_agreed parts_read_counts(const kith_comm *comm, kith_h5 *f, const kith_graph *g, int64_t **out) {
  kith_agreed st = {KITH_OK};
  int64_t *user_count = NULL, *count = NULL;
  int n_type = g->schema.n_type;
  KITH_TRY(kith_agree(comm, KITH_NEW(count, (int64_t)g->n_part * n_type)));
  if (n_type > KITH_SIDES) {
    KITH_TRY(kith__parts_check_extent(comm, f, "part/type_count", g->n_part));
    KITH_TRY(kith_h5_read(f, "part/type_count", KITH_H5_INT64, n_type, 0, g->n_part, count));
  } else {
    if (g->n_class == 0) KITH__READ_SLICE(f, "part/user_count", KITH_H5_INT64, 0, g->n_part, user_count);
    parts_fill_counts(g, user_count, count);
  }
  KITH_TRY(kith_agree(comm, parts_check_counts(kith_h5_path(f), g, count)));
  *out = count;
  count = NULL;
done:
  KITH_FREE(user_count);
  KITH_FREE(count);
  return st;
}

int kith__parts_type(const kith_graph *g, const int64_t *type_count, kith_gid k) {
  int part = kith_owner(g->n_part, g->part_first, k), t = 0;
  const int64_t *count = type_count + (int64_t)part * g->schema.n_type;
  for (k -= g->part_first[part]; k >= count[t]; t++) k -= count[t];
  return t;
}

/* Neighbors of users are items, and of items users; further types have no interactions. */
static kith_status parts_check_types(const kith_graph *g, const char *path, const int64_t *type_count) {
  kith_status st = KITH_OK;
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) {
      int here = g->type[i], there = kith__parts_type(g, type_count, g->neighbor[e]);
      KITH_CHECK(here < KITH_SIDES && there == KITH_USER + KITH_ITEM - here, KITH_EDATA,
                 "%s: train/neighbor holds %lld, of type %s, in the row of a node of type %s", path,
                 (long long)g->neighbor[e], g->schema.type[there], g->schema.type[here]);
    }
done:
  return st;
}

/* Set type, row_of and n_own_of of the owned rows. */
static kith_status parts_read_types(const kith_comm *comm, kith_graph *g, const int64_t *type_count) {
  kith_status st = KITH_OK;
  int n_type = g->schema.n_type;
  int64_t first = kith_chunk_begin(g->n_part, comm->size, comm->rank),
          last = kith_chunk_begin(g->n_part, comm->size, comm->rank + 1);
  kith_lid row = 0;
  KITH_TRY(KITH_NEW(g->type, g->n_own));
  for (int64_t p = first; p < last; p++)
    for (int t = 0; t < n_type; t++) g->n_own_of[t] += (kith_lid)type_count[p * n_type + t];
  for (int t = 0; t < n_type || t < KITH_SIDES; t++) {
    KITH_TRY(KITH_NEW(g->row_of[t], g->n_own_of[t]));
    g->n_own_of[t] = 0;
  }
  for (int64_t p = first; p < last; p++)
    for (int t = 0; t < n_type; t++)
      for (int64_t k = 0; k < type_count[p * n_type + t]; k++, row++) {
        g->type[row] = (uint8_t)t;
        g->row_of[t][g->n_own_of[t]++] = row;
      }
done:
  return st;
}

static kith_agreed parts_read_ownership(const kith_comm *comm, kith_h5 *f, kith_graph *g,
                                        int64_t **type_count) {
  kith_agreed st = {KITH_OK};
  int64_t n = kith_graph_n_node(g);
  KITH__READ_SLICE(f, "part/first", KITH_H5_INT64, 0, (int64_t)g->n_part + 1, g->part_first);
  KITH_TRY(kith_agree(comm, kith__validate_offsets(kith_h5_path(f), "part/first", (int64_t)g->n_part + 1, 0,
                                                   (int64_t)g->n_part + 1, g->part_first, n)));
  KITH_TRY(kith__parts_check_extent(comm, f, "node/original", n));
  KITH_TRY(parts_read_counts(comm, f, g, type_count));
  KITH_TRY(kith_agree(comm, KITH_NEW(g->first, comm->size + 1)));
  for (int r = 0; r <= comm->size; r++)
    g->first[r] = g->part_first[kith_chunk_begin(g->n_part, comm->size, r)];
  int64_t n_own = g->first[comm->rank + 1] - g->first[comm->rank];
  KITH_TRY(kith_agree(comm, n_own < INT32_MAX - 1
                                ? KITH_OK
                                : kith_fail(KITH_ECONFIG,
                                            "one rank would own %lld rows; at most 2^31 - 2: use more ranks",
                                            (long long)n_own)));
  g->n_own = (kith_lid)n_own;
  KITH_TRY(kith_agree(comm, parts_read_types(comm, g, *type_count)));
done:
  return st;
}

kith_agreed kith__parts_read_offsets(const kith_comm *comm, kith_h5 *f, const char *name, const char *values,
                                     const kith_graph *g, int64_t **start, int64_t *first) {
  kith_agreed st = {KITH_OK};
  int64_t *s = NULL, n = (int64_t)g->n_own + 1, n_value = 0, n_place = g->first[comm->size] + 1;
  int d = 0;
  KITH_TRY(kith_h5_extent(f, values, &n_value, &d));
  KITH__READ_SLICE(f, name, KITH_H5_INT64, g->first[comm->rank], n, s);
  KITH_TRY(kith_agree(comm, kith__validate_offsets(kith_h5_path(f), name, n_place, g->first[comm->rank], n, s,
                                                   n_value)));
  *first = s[0];
  for (int64_t i = 0; i < n; i++) s[i] -= *first;
  *start = s;
  s = NULL;
done:
  KITH_FREE(s);
  return st;
}

/* Select the rows of users, with compacted offsets. */
static kith_status parts_select_users(const char *path, const kith_graph *g, const int64_t *start,
                                      const int32_t *item, kith_ragged *out) {
  kith_status st = KITH_OK;
  kith_ragged l = {.n_row = g->n_own_of[KITH_USER]};
  int64_t n = 0;
  KITH_TRY(KITH_NEW(l.start, l.n_row + 1));
  for (kith_lid u = 0; u < l.n_row; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    n += start[row + 1] - start[row];
    l.start[u + 1] = n;
  }
  KITH_TRY(KITH_NEW(l.value, n));
  for (kith_lid u = 0; u < l.n_row; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    for (int64_t e = start[row]; e < start[row + 1]; e++) {
      KITH_CHECK(item[e] >= 0 && item[e] < g->n[KITH_ITEM], KITH_EDATA, "%s: item %d of %lld", path, item[e],
                 (long long)g->n[KITH_ITEM]);
      l.value[l.start[u] + e - start[row]] = item[e];
    }
  }
  *out = l;
  l = (kith_ragged){0};
done:
  kith_ragged_free(&l);
  return st;
}

/* Read the neighbors of the owned rows; *first is the index of the first one in the file. */
static kith_agreed parts_read_neighbors(const kith_comm *comm, kith_h5 *f, const char *group, kith_graph *g,
                                        int64_t *first) {
  kith_agreed st = {KITH_OK};
  char start[KITH_NAME], neighbor[KITH_NAME];
  snprintf(start, sizeof start, "%s/start", group);
  snprintf(neighbor, sizeof neighbor, "%s/neighbor", group);
  KITH_TRY(kith__parts_read_offsets(comm, f, start, neighbor, g, &g->start, first));
  KITH__READ_SLICE(f, neighbor, KITH_H5_INT64, *first, g->start[g->n_own], g->neighbor);
  KITH_TRY(kith_agree(comm, kith__validate_range(kith_h5_path(f), neighbor, *first, g->start[g->n_own],
                                                 g->neighbor, 0, kith_graph_n_node(g))));
done:
  return st;
}

static kith_agreed parts_read_train(const kith_comm *comm, kith_h5 *f, kith_graph *g,
                                    const int64_t *type_count) {
  kith_agreed st = {KITH_OK};
  int32_t *original = NULL;
  int64_t first = 0;
  KITH_TRY(parts_read_neighbors(comm, f, "train", g, &first));
  KITH__READ_SLICE(f, "train/original", KITH_H5_INT32, first, g->start[g->n_own], original);
  if (kith_h5_has_dataset(f, "train/weight"))
    KITH__READ_SLICE(f, "train/weight", KITH_H5_FLOAT, first, g->start[g->n_own], g->weight);
  KITH_TRY(kith_agree(comm, kith__validate_rows(kith_h5_path(f), "train/original", g->n_own, g->start,
                                                original, INT32_MAX, false)));
  KITH_TRY(kith_agree(comm, parts_check_types(g, kith_h5_path(f), type_count)));
  if (g->weight)
    KITH_TRY(kith_agree(comm, kith__validate_finite(kith_h5_path(f), "train/weight", g->start[g->n_own],
                                                    g->weight)));
  KITH_TRY(kith_agree(comm, parts_select_users(kith_h5_path(f), g, g->start, original, &g->train)));
done:
  KITH_FREE(original);
  return st;
}

static kith_agreed parts_read_held_out(const kith_comm *comm, kith_h5 *f, const char *split,
                                       const kith_graph *g, kith_ragged *out) {
  kith_agreed st = {KITH_OK};
  char starts[KITH_NAME], name[KITH_NAME];
  int64_t *start = NULL, first = 0;
  int32_t *item = NULL;
  snprintf(starts, sizeof starts, "%s/start", split);
  snprintf(name, sizeof name, "%s/item", split);
  KITH_TRY(kith__parts_read_offsets(comm, f, starts, name, g, &start, &first));
  KITH__READ_SLICE(f, name, KITH_H5_INT32, first, start[g->n_own], item);
  KITH_TRY(
      kith_agree(comm, kith__validate_rows(kith_h5_path(f), name, g->n_own, start, item, INT32_MAX, false)));
  KITH_TRY(kith_agree(comm, parts_select_users(kith_h5_path(f), g, start, item, out)));
done:
  KITH_FREE(start);
  KITH_FREE(item);
  return st;
}

/* The global numbers of a user's items agree with item/number. */
static kith_status parts_check_items(const kith_graph *g, const char *path) {
  kith_status st = KITH_OK;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_eid e = g->start[g->row_of[KITH_USER][u]];
    for (kith_eid k = g->train.start[u]; k < g->train.start[u + 1]; k++, e++)
      KITH_CHECK(g->item_number[g->train.value[k]] == g->neighbor[e], KITH_EDATA,
                 "%s: item %d is number %lld in item/number and %lld in train/neighbor", path,
                 g->train.value[k], (long long)g->item_number[g->train.value[k]], (long long)g->neighbor[e]);
  }
done:
  return st;
}

/* The numbers of all items are read and kept once a host. */
static kith_agreed parts_read_items(const kith_comm *comm, kith_h5 *f, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  int64_t n_item = g->n[KITH_ITEM], first = 0, n = 0;
  KITH_TRY(kith__parts_check_extent(comm, f, "item/number", n_item));
  KITH_TRY(kith_agree(comm, KITH_NEW(g->item_table, 1)));
  KITH_TRY(kith_host_table_make(comm, KITH_BYTES(g->item_number, n_item), g->item_table));
  g->item_number = g->item_table->data;
  kith_host_table_part(g->item_table, n_item, &first, &n);
  KITH_TRY(kith_h5_read(f, "item/number", KITH_H5_INT64, 0, first, n, g->item_number + first));
  KITH_TRY(kith_agree(comm, kith__validate_range(kith_h5_path(f), "item/number", first, n,
                                                 g->item_number + first, 0, kith_graph_n_node(g))));
  kith_host_table_end(g->item_table);
done:
  return st;
}

static kith_agreed parts_read_pairs(const kith_comm *comm, kith_h5 *f, kith_graph *g,
                                    const int64_t *type_count, const int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  KITH__READ_SLICE(f, "node/edge", KITH_H5_INT64, g->first[comm->rank], g->n_own, g->first_edge);
  KITH_TRY(parts_read_train(comm, f, g, type_count));
  KITH_TRY(parts_read_held_out(comm, f, "valid", g, &g->valid));
  KITH_TRY(parts_read_held_out(comm, f, "test", g, &g->test));
  KITH_TRY(kith__parts_read_features(comm, f, g));
  KITH_TRY(kith__parts_read_relations(comm, f, g, type_count, n_edge));
  KITH_TRY(parts_read_items(comm, f, g));
  KITH_TRY(kith_agree(comm, parts_check_items(g, kith_h5_path(f))));
done:
  return st;
}

/* Empty lists of items, for node classification. */
static kith_status parts_alloc_empty_lists(kith_graph *g) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(g->train.start, 1));
  KITH_TRY(KITH_NEW(g->valid.start, 1));
  KITH_TRY(KITH_NEW(g->test.start, 1));
done:
  return st;
}

/* Dense features, of older files. */
static kith_agreed parts_read_dense(const kith_comm *comm, kith_h5 *f, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  kith_gid first = g->first[comm->rank];
  int d = g->n_feature_of[KITH_USER];
  float *dense = NULL;
  KITH_TRY(kith__parts_check_extent(comm, f, "node/feature", first + g->n_own));
  KITH_TRY(kith_agree(comm, KITH_NEW(dense, (int64_t)g->n_own * d)));
  KITH_TRY(kith_h5_read(f, "node/feature", KITH_H5_FLOAT, d, first, g->n_own, dense));
  KITH_TRY(
      kith_agree(comm, kith__validate_finite(kith_h5_path(f), "node/feature", (int64_t)g->n_own * d, dense)));
  KITH_TRY(kith_agree(comm, kith_features_from_dense(g->n_own, d, dense, &g->features)));
done:
  KITH_FREE(dense);
  return st;
}

static kith_status parts_check_nodes(const kith_graph *g, const char *path) {
  kith_status st = KITH_OK;
  for (kith_lid i = 0; i < g->n_own; i++) {
    bool label = g->label[i] >= -1 && g->label[i] < g->n_class,
         split = g->split[i] >= 0 && g->split[i] < KITH_NODE_SPLITS;
    bool train =
        (g->split[i] == KITH_NODE_TRAIN) == (g->train_index[i] >= 0) && g->train_index[i] < g->n_train;
    KITH_CHECK(label && split && train && (g->split[i] == KITH_NODE_NONE || g->label[i] >= 0), KITH_EDATA,
               "%s: node %lld has label %d of %d classes, split %d and training number %lld", path,
               (long long)g->original[i], g->label[i], g->n_class, g->split[i], (long long)g->train_index[i]);
  }
done:
  return st;
}

static kith_agreed parts_read_nodes(const kith_comm *comm, kith_h5 *f, kith_graph *g,
                                    const int64_t *type_count, const int64_t *n_edge) {
  kith_agreed st = {KITH_OK};
  int64_t at = 0;
  kith_gid first = g->first[comm->rank];
  KITH__READ_SLICE(f, "node/train", KITH_H5_INT64, first, g->n_own, g->train_index);
  KITH__READ_SLICE(f, "node/label", KITH_H5_INT32, first, g->n_own, g->label);
  KITH__READ_SLICE(f, "node/split", KITH_H5_INT8, first, g->n_own, g->split);
  KITH_TRY(kith_agree(comm, parts_check_nodes(g, kith_h5_path(f))));
  KITH_TRY(parts_read_neighbors(comm, f, "edge", g, &at));
  KITH_TRY(kith_agree(comm, parts_alloc_empty_lists(g)));
  KITH_TRY(kith__parts_read_features(comm, f, g));
  if (g->n_feature_of[KITH_USER] > 0 && !g->features.start) KITH_TRY(parts_read_dense(comm, f, g));
  KITH_TRY(kith__parts_read_relations(comm, f, g, type_count, n_edge));
done:
  return st;
}

static kith_agreed parts_read_local(const kith_comm *comm, kith_h5 *f, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  int64_t *type_count = NULL, n_edge[KITH_MAX_RELATIONS];
  KITH_TRY(parts_read_sizes(comm, f, g, n_edge));
  KITH_TRY(parts_read_ownership(comm, f, g, &type_count));
  KITH__READ_SLICE(f, "node/original", KITH_H5_INT64, g->first[comm->rank], g->n_own, g->original);
  KITH_TRY(g->n_class > 0 ? parts_read_nodes(comm, f, g, type_count, n_edge)
                          : parts_read_pairs(comm, f, g, type_count, n_edge));
  KITH_TRY(kith__parts_check(comm, g, kith_h5_path(f)));
done:
  KITH_FREE(type_count);
  return st;
}

kith_agreed kith_graph_read(const kith_comm *comm, const char *parts_path, kith_graph **out) {
  kith_agreed st = {KITH_OK};
  kith_graph *g = NULL;
  kith_h5 *f = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(g, 1)));
  KITH_TRY(kith_h5_open(comm, parts_path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(parts_read_local(comm, f, g));
  *out = g;
  g = NULL;
done:
  kith_h5_close(&f);
  kith_graph_destroy(&g);
  return st;
}

/* Rank r reads the block n r / R … n (r + 1) / R - 1 of the numbers; a halo exchange brings what others need.
 */
kith_agreed kith_global_ids_read(const kith_comm *comm, const char *parts_path, const kith_graph *g,
                                 kith_node_type type, int64_t n, const int64_t *original, int64_t *number) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  kith_halo *h = NULL;
  int64_t *block = NULL, *mine = NULL;
  char name[KITH_NAME];
  KITH_TRY(kith_agree(comm, KITH_NEW(block, comm->size + 1)));
  for (int r = 0; r <= comm->size; r++) block[r] = kith_chunk_begin(g->n[type], comm->size, r);
  int64_t first = block[comm->rank], n_mine = block[comm->rank + 1] - first;
  KITH_TRY(kith_agree(comm, KITH_NEW(mine, n_mine)));
  KITH_TRY(kith_h5_open(comm, parts_path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f));
  kith_type_dataset(&g->schema, (int)type, "number", name);
  KITH_TRY(kith_h5_read(f, name, KITH_H5_INT64, 0, first, n_mine, mine));
  KITH_TRY(kith_halo_create(comm, block, n, original, &h));
  KITH_TRY(kith_halo_forward_int(h, mine, number));
done:
  kith_h5_close(&f);
  kith_halo_destroy(&h);
  KITH_FREE(block);
  KITH_FREE(mine);
  return st;
}
