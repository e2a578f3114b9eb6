/* Nodes of an append: ids behind those of the old graph, and what is known of them. */
#include <stdio.h>
#include <string.h>

#include "graph/schema.h"
#include "ingest/append_work.h"
#include "ingest/features.h"
#include "ingest/ingest.h"

kith_status kith__append_load_ids(kith__append *a) {
  kith_status st = KITH_OK;
  for (int t = 0; t < a->t.schema.n_type; t++)
    KITH_TRY(kith__id_map_load(a->path, &a->t.ids[t], a->t.schema.type[t], &a->map[t]));
done:
  return st;
}

/* New users or items that the graph has as nodes of a type whose ids may be theirs: these keep their numbers,
 * and stay apart. */
static void append_warn_namesakes(const kith__append *a, int type, int base) {
  const kith_ids *ids = &a->t.ids[type];
  char id[KITH__ID_BYTES + 1], words[2 * KITH_NAME];
  int64_t count = 0;
  for (int64_t i = 0; i < ids->n; i++) {
    kith_ids_print(ids, i, sizeof id, id);
    count += kith__id_map_peek(&a->map[base], (kith__field){id, (int64_t)strlen(id)}) >= 0;
  }
  snprintf(words, sizeof words, "%s(s) (has|have)", a->map[base].kind);
  if (count > 0)
    kith_warn("update: %s the id of a node of type %s that was none before: the two stay apart; begin with "
              "kith ingest to join them",
              KITH_COUNT(count, words), a->t.schema.type[type]);
}

kith_status kith__append_join_types(kith__append *a) {
  for (int t = KITH_SIDES; t < a->t.schema.n_type; t++) {
    int base = kith_schema_base(&a->t.schema, t);
    if (base < 0) continue;
    append_warn_namesakes(a, t, base);
    kith__id_map_set_base(&a->map[t], &a->map[base]);
  }
  return KITH_OK;
}

/* Warn where new ids look like others. */
static kith_status append_lookalikes(const kith__append *a, int type, int64_t before) {
  kith_status st = KITH_OK;
  int64_t now = 0, pair[2];
  KITH_TRY(kith__ids_lookalikes(&a->t.ids[type], &now, pair));
  if (now > before) KITH_TRY(kith__lookalikes_warn(&a->t, type, &now));
done:
  return st;
}

static kith_status append_ids(kith__append *a, int type) {
  kith_status st = KITH_OK;
  int64_t before = 0, pair[2];
  a->r->n[type] = a->map[type].n;
  if (a->r->n[type] == a->n_old[type]) return st;
  KITH_TRY(kith__ids_lookalikes(&a->t.ids[type], &before, pair));
  kith_ids_free(&a->t.ids[type]);
  KITH_TRY(kith__id_map_ids(&a->map[type], &a->t.ids[type]));
  KITH_TRY(append_lookalikes(a, type, before));
done:
  return st;
}

/* ---- features ---- */

static kith_feature_format append_format(const char *text) {
  int k = KITH_SPARSE;
  while (k < KITH_FEATURES_AUTO && strcmp(text, kith_feature_format_text((kith_feature_format)k)) != 0) k++;
  return (kith_feature_format)k;
}

/* Features of the new nodes of a type, [new nodes]. */
static kith_status append_read_features(kith__append *a, int type, kith_features *fresh) {
  kith_status st = KITH_OK;
  kith__id_map feature = {0};
  kith_feature_source s = a->o->features[type];
  kith__feature_reader d = {.source = &s,
                            .node = &a->map[type],
                            .feature = &feature,
                            .n_skip = (int32_t)a->n_old[type]};
  KITH_CHECK(a->t.features[type].start, KITH_ECONFIG,
             "update.%s_features: %s was made without features of %ss; name data.%s_features and begin with "
             "kith ingest",
             a->t.schema.type[type], a->path, a->t.schema.type[type], a->t.schema.type[type]);
  if (s.format == KITH_FEATURES_AUTO) s.format = append_format(a->t.feature_format[type]);
  s.normalize |= a->data->features[type].normalize;
  snprintf(d.delimiters, sizeof d.delimiters, "%.23s", a->t.feature_delimiters[type]);
  KITH_TRY(kith__id_map_load(a->path, &a->t.feature_ids[type], "feature", &feature));
  KITH_TRY(kith__features_read(&d, fresh));
  a->r->features_list[type] = d.report;
  a->r->features_unknown[type] = d.unknown_features;
  a->r->nodes_unknown[type] = d.unknown_nodes;
done:
  kith__id_map_free(&feature);
  return st;
}

/* Put rows behind others: those of `fresh`, or empty ones. */
static kith_status append_rows(kith_features *f, int64_t n_row, const kith_features *fresh) {
  kith_status st = KITH_OK;
  int64_t n_old = f->n_row;
  kith_eid n = f->start[n_old], more = fresh->start ? fresh->start[fresh->n_row] : 0;
  KITH_TRY(KITH_GROW(f->index, n, n + more));
  KITH_TRY(KITH_GROW(f->value, n, n + more));
  KITH_TRY(KITH_GROW(f->start, n_old + 1, n_row + 1));
  f->n_row = n_row;
  for (int64_t i = n_old; i < n_row; i++)
    f->start[i + 1] = n + (fresh->start ? fresh->start[i + 1 - n_old] : 0);
  for (kith_eid e = 0; e < more; e++) {
    f->index[n + e] = fresh->index[e];
    f->value[n + e] = fresh->value[e];
  }
done:
  return st;
}

static kith_status append_features(kith__append *a, int type) {
  kith_status st = KITH_OK;
  kith_features fresh = {.n_row = 0}, *f = &a->t.features[type];
  if (type < KITH_SIDES && a->o->features[type].path[0]) KITH_TRY(append_read_features(a, type, &fresh));
  if (!f->start) goto done;
  KITH_TRY(append_rows(f, a->r->n[type], &fresh));
  for (int64_t i = a->n_old[type]; type < KITH_SIDES && i < f->n_row; i++)
    a->r->without_features[type] += f->start[i] == f->start[i + 1];
done:
  kith_features_free(&fresh);
  return st;
}

/* ---- names ---- */

/* New nodes have none. */
static kith_status append_names(kith__append *a, int type) {
  kith_status st = KITH_OK;
  kith_ids *names = &a->t.names[type];
  int64_t n = a->r->n[type];
  if (!names->text) return st;
  KITH_TRY(KITH_GROW(names->text, names->n * names->width, n * names->width));
  a->r->unnamed[type] = n - names->n;
  names->n = n;
done:
  return st;
}

kith_status kith__append_nodes(kith__append *a) {
  kith_status st = KITH_OK;
  for (int t = 0; t < a->t.schema.n_type; t++) {
    KITH_TRY(append_ids(a, t));
    KITH_TRY(append_features(a, t));
    if (t < KITH_SIDES) KITH_TRY(append_names(a, t));
  }
done:
  return st;
}
