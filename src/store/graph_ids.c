/* Ids and names for embeddings.h5, held from the start of a run, since graph.h5 may be replaced meanwhile. */
#include "store/graph_ids.h"

#include <stdio.h>

void kith_graph_ids_destroy(kith_graph_ids **ids) {
  kith_graph_ids *all = *ids;
  if (!all) return;
  for (int i = 0; i < all->n; i++) KITH_FREE(all->of[i].block);
  KITH_FREE(*ids);
}

/* Read this rank's block of one dataset. */
static kith_agreed ids_read_block(const kith_comm *comm, kith_h5 *f, const char *name, int64_t n_node,
                                  kith__id_block *b) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  snprintf(b->name, sizeof b->name, "%s", name);
  b->n_node = n_node;
  b->first = kith_chunk_begin(n_node, comm->size, comm->rank);
  b->n = kith_chunk_begin(n_node, comm->size, comm->rank + 1) - b->first;
  KITH_TRY(kith_h5_extent(f, name, &n, &b->width));
  KITH_TRY(kith_agreed_same(
      n == n_node ? KITH_OK
                  : kith_fail(KITH_EDATA, "%s: %s has %lld rows, expected %lld; run kith partition again",
                              kith_h5_path(f), name, (long long)n, (long long)n_node)));
  b->type = b->width > 0 ? KITH_H5_TEXT : KITH_H5_INT64;
  size_t size = b->width > 0 ? (size_t)b->width : sizeof(int64_t);
  KITH_TRY(kith_agree(comm, (b->block = kith_alloc(b->n, size))
                                ? KITH_OK
                                : kith_fail(KITH_ENOMEM, "no memory for ids")));
  KITH_TRY(kith_h5_read(f, name, b->type, b->width, b->first, b->n, b->block));
done:
  return st;
}

kith_agreed kith_graph_ids_read(const kith_comm *comm, const kith_graph *g, const char *graph_path,
                                kith_graph_ids **out) {
  kith_agreed st = {KITH_OK};
  kith_graph_ids *ids = NULL;
  kith_h5 *f = NULL;
  char name[KITH_NAME];
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(ids, 1)));
  KITH_TRY(kith_h5_open(comm, graph_path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_check_fingerprint(
      f, g->fingerprint, "was ingested again after the graph was partitioned; run kith partition again"));
  for (int t = 0; t < g->schema.n_type; t++) {
    kith_type_dataset(&g->schema, t, "id", name);
    KITH_TRY(ids_read_block(comm, f, name, g->n[t], &ids->of[ids->n++]));
  }
  for (int t = 0; t < g->schema.n_type && t < KITH_SIDES; t++) {
    kith_type_dataset(&g->schema, t, "name", name);
    if (kith_h5_has_dataset(f, name)) KITH_TRY(ids_read_block(comm, f, name, g->n[t], &ids->of[ids->n++]));
  }
  if (g->n_class > 0) KITH_TRY(ids_read_block(comm, f, "class/id", g->n_class, &ids->of[ids->n++]));
  *out = ids;
  ids = NULL;
done:
  kith_h5_close(&f);
  kith_graph_ids_destroy(&ids);
  return st;
}

kith_agreed kith__graph_ids_write(const kith_graph_ids *ids, kith_h5 *f) {
  kith_agreed st = {KITH_OK};
  for (int i = 0; i < ids->n; i++) {
    const kith__id_block *b = &ids->of[i];
    KITH_TRY(kith_h5_write(f, b->name, b->type, b->width, b->n_node, b->first, b->n, true, b->block));
  }
done:
  return st;
}
