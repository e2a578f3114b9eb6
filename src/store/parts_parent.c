/* Which of a rank's training interactions the graph lacked that it was updated from: read from parts.h5 for
 * updates only. */
#include "store/graph.h"
#include "store/parts.h"
#include "store/parts_check.h"

static kith_agreed parts_check_parent(kith_h5 *f, const kith_graph *g, kith_parent *out) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_check_fingerprint(f, g->fingerprint, "is another partition than the one that was read"));
  KITH_TRY(kith_h5_get_parent(f, &g->schema, g->n, out));
  if (!out->is)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: is of a graph that updates no other one; kith update makes such files",
                  kith_h5_path(f))));
done:
  return st;
}

kith_agreed kith_graph_parent_read(const kith_comm *comm, const char *parts_path, kith_graph *g) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  kith_parent parent;
  int64_t first = 0, *start = NULL, n = g->start[g->n_own];
  int8_t *is_new = NULL;
  if (g->is_new) return st;
  KITH_TRY(kith_h5_open(comm, parts_path, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(parts_check_parent(f, g, &parent));
  KITH_TRY(kith__parts_read_offsets(comm, f, "train/start", "train/new", g, &start, &first));
  KITH__READ_SLICE(f, "train/new", KITH_H5_INT8, first, n, is_new);
  KITH_TRY(kith_agree(comm, kith__is_new_check(parts_path, n, is_new)));
  KITH_TRY(kith__parts_check_new(comm, g, is_new, parts_path));
  g->parent = parent;
  g->is_new = is_new;
  is_new = NULL;
done:
  KITH_FREE(start);
  KITH_FREE(is_new);
  kith_h5_close(&f);
  return st;
}
