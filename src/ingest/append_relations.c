/*
 * Relations of an append.  All lists are read before rows are made, since a list may add nodes to a type, and
 * since an end whose numbers begin with those of another type moves when that type grows.
 */
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "ingest/append_work.h"
#include "ingest/paths.h"
#include "ingest/relations.h"

/* ---- meta-paths ---- */

static bool append_is_path(const kith__append *a, const char *name) {
  for (int i = 0; i < a->data->n_path; i++)
    if (strcmp(a->data->path[i].name, name) == 0) return true;
  return false;
}

/* Meta-paths are the last relations of the schema; those of which a step has new edges are composed anew. */
static kith_status append_drop_paths(kith__append *a) {
  kith_status st = KITH_OK;
  kith_schema *s = &a->t.schema;
  int n = a->data->n_path, first = s->n_relation - n;
  for (int i = 0; i < a->o->n_relation; i++)
    a->recompose |= kith__paths_use(n, a->data->path, a->o->relation[i].name);
  if (!a->recompose) return st;
  for (int p = 0; p < n; p++)
    KITH_CHECK(first >= 0 && strcmp(s->relation[first + p].name, a->data->path[p].name) == 0, KITH_ECONFIG,
               "data.paths.%s: %s was made with other meta-paths; begin with kith ingest",
               a->data->path[p].name, a->path);
  for (; s->n_relation > first; s->n_relation--) {
    kith__edge_csr_free(&a->t.relation[s->n_relation - 1]);
    kith_ids_free(&a->t.kind_ids[s->n_relation - 1]);
    s->relation[s->n_relation - 1] = (kith_relation_type){.n_kind = 0};
  }
done:
  return st;
}

kith_status kith__append_paths(kith__append *a) {
  kith_status st = KITH_OK;
  kith_relation_report *r = NULL;
  if (!a->recompose) return st;
  KITH_TRY(KITH_NEW(r, KITH_MAX_RELATIONS));
  KITH_TRY(kith__paths_make(a->data->n_path, a->data->path, KITH__PATH_ENTRIES, &a->t, r));
done:
  KITH_FREE(r);
  return st;
}

/* ---- old rows ---- */

/* Numbers of an end from `at` on move by `by`: those of a type behind those of another one. */
static int64_t append_moves(const kith__append *a, int type, int64_t *at) {
  int base = kith_schema_base(&a->t.schema, type);
  *at = a->n_old[base < 0 ? type : base];
  return base < 0 ? 0 : a->map[base].n - *at;
}

/* Bring the rows of a relation to the new numbers. */
static kith_status append_renumber(kith__append *a, int r) {
  kith_status st = KITH_OK;
  const kith_relation_type *e = &a->t.schema.relation[r];
  kith_ragged *l = &a->t.relation[r].ragged;
  kith_eid *start = NULL;
  int64_t at = 0, to_at = 0, by = append_moves(a, e->from, &at), to_by = append_moves(a, e->to, &to_at);
  int64_t n_row = kith__id_map_space(&a->map[e->from]);
  KITH_TRY(KITH_NEW(start, n_row + 1));
  for (int64_t i = 0; i <= n_row; i++) {
    int64_t old = i <= at ? i : i <= at + by ? at : i - by;
    start[i] = l->start[kith_min(old, l->n_row)];
  }
  for (kith_eid k = 0; k < l->start[l->n_row]; k++)
    if (l->value[k] >= to_at) l->value[k] += (int32_t)to_by;
  KITH_FREE(l->start);
  l->start = start;
  l->n_row = n_row;
done:
  return st;
}

/* ---- lists ---- */

static kith_status append_refuse_relation(const kith__append *a, const char *name) {
  char have[KITH_MAX_RELATIONS * KITH_NAME] = " none";
  const kith_schema *s = &a->t.schema;
  for (int r = 0, n = 0; r < s->n_relation; r++)
    n += snprintf(have + n, sizeof have - (size_t)n, "%s %s", r ? "," : "", s->relation[r].name);
  return kith_fail(KITH_ECONFIG,
                   "update.relations.%s: %s has no relation of this name; it has%s.  New edges are of "
                   "relations that kith ingest read",
                   name, a->path, have);
}

/* Where most edges are left out, ids may be written otherwise. */
static void append_warn_left_out(const char *path, const kith_relation_report *r, const kith__edge_list *l) {
  int64_t left_out = r->unknown + r->self_loops, n = l->n + left_out;
  if (left_out > n / 2)
    kith_warn("%s: most of its edges are left out: %lld of %lld have an unknown user or item, %lld join a "
              "node to itself",
              path, (long long)r->unknown, (long long)n, (long long)r->self_loops);
}

/* Read list i, of relation *r. */
static kith_status append_read_relation(kith__append *a, int i, kith__edge_list *edges, int *r) {
  kith_status st = KITH_OK;
  const kith_relation_source *s = &a->o->relation[i];
  kith_relation_report *report = &a->r->relation[i].list;
  kith__id_map kind;
  char key[KITH_NAME];
  kith__id_map_init(&kind, "kind", KITH_ID_TEXT);
  snprintf(key, sizeof key, "update.relations.%.31s", s->name);
  KITH_CHECK(!append_is_path(a, s->name), KITH_ECONFIG,
             "%s: is a meta-path, which is composed of other relations; expected lists of its steps", key);
  *r = kith_schema_find_relation(&a->t.schema, s->name);
  if (*r < 0) KITH_TRY(append_refuse_relation(a, s->name));
  kith_relation_type *e = &a->t.schema.relation[*r];
  snprintf(key, sizeof key, "data.relations.%.31s", s->name); /* whose settings the list has */
  KITH_TRY(kith__edge_source_check(key, &s->list));
  if (e->n_kind > 0) KITH_TRY(kith__id_map_load(a->path, &a->t.kind_ids[*r], "kind", &kind));
  KITH_TRY(kith__relation_list_read(key, s, &a->t.schema, e, a->map, &kind, edges, report));
  KITH_TRY(kith__append_check_columns(a->path, key, "the relation", edges, &a->t.relation[*r]));
  append_warn_left_out(s->list.path, report, edges);
  if (kind.n == e->n_kind) goto done;
  e->n_kind = kind.n;
  kith_ids_free(&a->t.kind_ids[*r]);
  KITH_TRY(kith__id_map_ids(&kind, &a->t.kind_ids[*r]));
done:
  kith__id_map_free(&kind);
  return st;
}

static kith_status append_unite_relation(kith__append *a, int i, int r, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  kith__edge_csr fresh = {0}, all = {0}, *old = &a->t.relation[r];
  struct kith_append_relation_report *report = &a->r->relation[i];
  int64_t earlier = 0;
  KITH_TRY(kith__edge_csr_build(edges, old->ragged.n_row, &fresh, &report->list.duplicates));
  kith__append_check_units(a->o->relation[i].list.path, a->path, old, &fresh);
  KITH_TRY(kith__edge_csr_unite(old, &fresh, &all, NULL, &report->known, &earlier));
  report->list.edges = fresh.ragged.start[fresh.ragged.n_row] - report->known;
  a->r->earlier += earlier;
  kith__edge_csr_free(old);
  *old = all;
done:
  kith__edge_csr_free(&fresh);
  return st;
}

kith_status kith__append_relations(kith__append *a) {
  kith_status st = KITH_OK;
  kith__edge_list *edges = NULL;
  int r[KITH_MAX_RELATIONS] = {0};
  KITH_TRY(append_drop_paths(a));
  KITH_TRY(KITH_NEW(edges, KITH_MAX_RELATIONS));
  for (int i = 0; i < a->o->n_relation; i++) KITH_TRY(append_read_relation(a, i, &edges[i], &r[i]));
  for (int k = 0; k < a->t.schema.n_relation; k++) KITH_TRY(append_renumber(a, k));
  for (int i = 0; i < a->o->n_relation; i++) KITH_TRY(append_unite_relation(a, i, r[i], &edges[i]));
done:
  for (int i = 0; edges && i < a->o->n_relation; i++) kith__edge_list_free(&edges[i]);
  KITH_FREE(edges);
  return st;
}
