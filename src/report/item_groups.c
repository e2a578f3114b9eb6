/* Groups of the map of items, and their names (item_map.h). */
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "report/item_map.h"
#include "store/store.h"

/* Which groups nodes are in: rows of l are nodes and its values groups, or the other way round; or `of`. */
typedef struct map_groups {
  const kith_ragged *l;
  kith_ragged features; /* l, of features of items */
  bool by_node;
  const int32_t *of; /* [n] the group of each node, -1: none; null: l says it */
  int64_t n_all;     /* groups */
  int64_t *count;    /* [n_all] nodes of each */
  kith_ids ids;      /* of the groups */
  int32_t *shown;    /* [n_all] place among those that are shown; -1: it is not */
  int32_t *node;     /* [n] place of each node's group; -1 */
} map_groups;

static void groups_free(map_groups *s) {
  KITH_FREE(s->count);
  KITH_FREE(s->shown);
  KITH_FREE(s->node);
  kith_ids_free(&s->ids);
}

int kith__item_map_largest(int64_t n_all, const int64_t *count, int64_t limit, int most, int64_t *of) {
  int n = 0;
  for (; n < most; n++) {
    int64_t best = -1;
    for (int64_t j = 0; j < n_all; j++) {
      bool used = count[j] < 2 || count[j] > limit;
      for (int k = 0; k < n && !used; k++) used = of[k] == j;
      if (!used && (best < 0 || count[j] > count[best])) best = j;
    }
    if (best < 0) break;
    of[n] = best;
  }
  return n;
}

/* The relation of items with nodes of a further type that has the most edges; -1: there is none. */
static int groups_relation(const kith_dataset *d) {
  int best = -1;
  kith_eid most = 0;
  for (int k = 0; k < d->schema.n_relation; k++) {
    const kith_relation_type *e = &d->schema.relation[k];
    const kith_ragged *l = &d->relation[k].edges;
    const int other = e->from == KITH_ITEM ? e->to : e->to == KITH_ITEM ? e->from : KITH_ITEM;
    if (other < KITH_SIDES || kith_schema_base(&d->schema, other) >= 0 || l->start[l->n_row] <= most)
      continue;
    most = l->start[l->n_row];
    best = k;
  }
  return best;
}

/* What says it, and the names.  n_all stays 0 if nothing does. */
static kith_status groups_find(kith_report *r, const kith_dataset *d, map_groups *s, report_map *m) {
  kith_status st = KITH_OK;
  const char *path = r->run.graph_path;
  const int k = d->n_class > 0 ? -1 : groups_relation(d);
  if (d->n_class > 0) {
    s->of = d->label;
    KITH_TRY(kith_class_ids_read(&r->alone, path, &s->ids).status);
    snprintf(m->by, sizeof m->by, "class");
  } else if (k >= 0) {
    const kith_relation_type *e = &d->schema.relation[k];
    const int other = e->from == KITH_ITEM ? e->to : e->from;
    s->l = &d->relation[k].edges;
    s->by_node = e->from == KITH_ITEM;
    KITH_TRY(kith_type_ids_read(&r->alone, path, &d->schema, other, &s->ids).status);
    snprintf(m->by, sizeof m->by, "%s", d->schema.type[other]);
  } else if (d->features[KITH_ITEM].start) {
    const kith_features *x = &d->features[KITH_ITEM];
    s->features = (kith_ragged){.n_row = x->n_row, .start = x->start, .value = x->index};
    s->l = &s->features;
    s->by_node = true;
    KITH_TRY(kith_feature_ids_read(&r->alone, path, &d->schema, KITH_ITEM, &s->ids).status);
    snprintf(m->by, sizeof m->by, "feature");
  }
  s->n_all = s->ids.n;
done:
  return st;
}

static void groups_count(const map_groups *s, int64_t n) {
  for (int64_t i = 0; i < n && s->of; i++)
    if (s->of[i] >= 0) s->count[s->of[i]]++;
  for (int64_t i = 0; !s->of && i < s->l->n_row; i++)
    for (kith_eid e = s->l->start[i]; e < s->l->start[i + 1]; e++)
      s->count[s->by_node ? s->l->value[e] : i]++;
}

/* Of several shown groups the last: the smallest says most. */
static void groups_assign(const map_groups *s, int64_t n) {
  for (int64_t i = 0; i < n; i++) s->node[i] = s->of && s->of[i] >= 0 ? s->shown[s->of[i]] : -1;
  for (int64_t i = 0; !s->of && i < s->l->n_row; i++)
    for (kith_eid e = s->l->start[i]; e < s->l->start[i + 1]; e++) {
      const int64_t node = s->by_node ? i : s->l->value[e], group = s->by_node ? s->l->value[e] : i;
      if (s->shown[group] > s->node[node]) s->node[node] = s->shown[group];
    }
}

static void groups_place(const map_groups *s, const int64_t *fit, const double *at, report_map *m) {
  int64_t n[MAP_GROUPS] = {0};
  for (int64_t i = 0; i < m->n_fit; i++) {
    const int32_t g = s->node[fit[i]];
    if (i < m->n_point) m->group[i] = g;
    if (g < 0) continue;
    n[g]++;
    for (int a = 0; a < PCA_AXES; a++) m->of[g].at[a] += at[i * PCA_AXES + a];
  }
  for (int g = 0; g < m->n_group; g++)
    for (int a = 0; a < PCA_AXES && n[g] > 0; a++) m->of[g].at[a] /= (double)n[g];
}

static kith_status groups_make(map_groups *s, const int64_t *fit, const double *at, report_map *m) {
  kith_status st = KITH_OK;
  int64_t largest[MAP_GROUPS] = {0};
  KITH_TRY(KITH_NEW(s->count, s->n_all));
  KITH_TRY(KITH_NEW(s->shown, s->n_all));
  KITH_TRY(KITH_NEW(s->node, m->n));
  groups_count(s, m->n);
  m->n_group = kith__item_map_largest(s->n_all, s->count, s->of ? m->n : m->n / 2, MAP_GROUPS, largest);
  for (int64_t j = 0; j < s->n_all; j++) s->shown[j] = -1;
  for (int g = 0; g < m->n_group; g++) {
    s->shown[largest[g]] = g;
    m->of[g].n = s->count[largest[g]];
    kith_ids_print(&s->ids, largest[g], sizeof m->of[g].name, m->of[g].name);
  }
  groups_assign(s, m->n);
  groups_place(s, fit, at, m);
done:
  return st;
}

/* ---- single items ---- */

static kith_status groups_popular(kith_report *r, const kith_dataset *d, const int64_t *fit, const double *at,
                                  report_map *m) {
  kith_status st = KITH_OK;
  int64_t *count = NULL, *drawn = NULL, largest[MAP_LABELS] = {0};
  kith_ids id = {0}, name = {0};
  KITH_TRY(KITH_NEW(count, m->n));
  KITH_TRY(KITH_NEW(drawn, m->n_fit));
  for (kith_eid e = 0; e < d->train.start[d->train.n_row]; e++) count[d->train.value[e]]++;
  for (int64_t i = 0; i < m->n_fit; i++) drawn[i] = count[fit[i]];
  KITH_TRY(kith_ids_read(&r->alone, r->run.graph_path, KITH_ITEM, &id).status);
  KITH_TRY(kith_node_names_read(&r->alone, r->run.graph_path, KITH_ITEM, &name).status);
  m->n_group = kith__item_map_largest(m->n_fit, drawn, INT64_MAX, MAP_LABELS, largest);
  for (int g = 0; g < m->n_group; g++) {
    struct report_map_group *of = &m->of[g];
    of->n = drawn[largest[g]];
    memcpy(of->at, at + largest[g] * PCA_AXES, sizeof of->at);
    if (name.n > 0) kith_ids_print(&name, fit[largest[g]], sizeof of->name, of->name);
    if (!of->name[0]) kith_ids_print(&id, fit[largest[g]], sizeof of->name, of->name);
  }
done:
  KITH_FREE(count);
  KITH_FREE(drawn);
  kith_ids_free(&id);
  kith_ids_free(&name);
  return st;
}

kith_status kith__item_map_groups(kith_report *r, const int64_t *fit, const double *at, report_map *m) {
  kith_status st = KITH_OK;
  map_groups s = {.l = NULL};
  const kith_dataset *d = NULL;
  KITH_TRY(kith__report_dataset(r, &d));
  KITH_TRY(groups_find(r, d, &s, m));
  if (s.n_all > 0) KITH_TRY(groups_make(&s, fit, at, m));
  if (m->n_group == 0) {
    m->by[0] = '\0';
    KITH_TRY(groups_popular(r, d, fit, at, m));
  }
done:
  groups_free(&s);
  return st;
}
