/* Read features of new nodes, restricted to the features of the graph. */
#include "ingest/new_nodes.h"

#include <stdio.h>
#include <string.h>

#include "ingest/features.h"
#include "store/graph.h"

static const char *const datasets[KITH_SIDES] = {"user_feature/id", "item_feature/id"},
                         *const types[KITH_SIDES] = {"user", "item"};

static const char *const formats[KITH_SIDES] = {"user_feature_format", "item_feature_format"},
                         *const delimiters[KITH_SIDES] = {"user_feature_delimiters",
                                                          "item_feature_delimiters"};

/* The delimiters of the graph's list; "" in files of earlier versions. */
static kith_status features_delimiters(kith_h5 *f, int type, char *out) {
  kith_status st = KITH_OK;
  char *text = NULL;
  if (!kith_h5_has_attr(f, delimiters[type])) return st;
  KITH_TRY(kith_h5_get_attr_text(f, delimiters[type], &text).status);
  snprintf(out, KITH__FEATURE_DELIMITERS, "%s", text);
done:
  KITH_FREE(text);
  return st;
}

/* Load the feature ids of a type from graph.h5, the delimiters of their list, and its format, unless the job
 * sets one. */
static kith_status features_know(const char *path, int type, kith__id_map *map, kith_feature_format *format,
                                 char *separated) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  kith_ids ids = {0};
  char *text = NULL;
  KITH_TRY(kith_h5_open(&alone, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  KITH_CHECK(kith_h5_has_dataset(f, datasets[type]), KITH_ECONFIG,
             "embed.%s_features: %s was made without features of %ss; name data.%s_features and begin with "
             "kith ingest",
             types[type], path, types[type], types[type]);
  if (*format == KITH_FEATURES_AUTO && kith_h5_has_attr(f, formats[type])) {
    KITH_TRY(kith_h5_get_attr_text(f, formats[type], &text).status);
    for (int k = KITH_SPARSE; k < KITH_FEATURES_AUTO; k++)
      if (strcmp(text, kith_feature_format_text((kith_feature_format)k)) == 0)
        *format = (kith_feature_format)k;
  }
  KITH_TRY(features_delimiters(f, type, separated));
  kith_h5_close(&f);
  KITH_TRY(kith__ids_read(&alone, path, datasets[type], &ids).status);
  KITH_TRY(kith__id_map_load(path, &ids, "feature", map));
done:
  KITH_FREE(text);
  kith_h5_close(&f);
  kith_ids_free(&ids);
  return st;
}

kith_status kith__new_features_read(const char *path, const kith_feature_source *source, int type,
                                    bool may_be_new, kith__id_map *node, kith_new_nodes *n,
                                    int64_t *unknown) {
  kith_status st = KITH_OK;
  kith__id_map feature = {0};
  kith_feature_source as_known = *source;
  kith__feature_reader d = {.source = &as_known,
                            .node = node,
                            .feature = &feature,
                            .new_nodes = may_be_new,
                            .n_skip = (int32_t)n->n_known[type]};
  KITH_TRY(features_know(path, type, &feature, &as_known.format, d.delimiters));
  KITH_TRY(kith__features_read(&d, &n->features[type]));
  *unknown += d.unknown_features;
done:
  kith__id_map_free(&feature);
  return st;
}

kith_agreed kith__new_features_bcast(const kith_comm *comm, kith_features *f) {
  kith_agreed st = {KITH_OK};
  int64_t size[2] = {f->start ? f->n_row : -1, f->start ? f->start[f->n_row] : 0};
  kith_comm_bcast(comm, sizeof size, size);
  if (size[0] < 0) return st;
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? KITH_OK : kith_features_make(size[0], size[1], f)));
  kith_comm_bcast(comm, (size[0] + 1) * (int64_t)sizeof *f->start, f->start);
  kith_comm_bcast(comm, size[1] * (int64_t)sizeof *f->index, f->index);
  kith_comm_bcast(comm, size[1] * (int64_t)sizeof *f->value, f->value);
done:
  return st;
}
