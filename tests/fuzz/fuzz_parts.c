/* parts.h5: a rank's share of the cut graph, and the way to rows in original order. */
#include <math.h>
#include <string.h>

#include "fuzz/h5_base.h"

/* NOLINTNEXTLINE(readability-non-const-parameter): libFuzzer says so */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  base_begin();
  return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed) {
  return edit_mutate(data, size, most, seed, 1);
}

/* Every original number once, of each type. */
static void parts_hold_numbers(const kith_graph *g) {
  static bool seen[KITH_MAX_TYPES][1 << 12];
  memset(seen, 0, sizeof seen);
  for (kith_lid i = 0; i < g->n_own; i++) {
    int64_t original = g->original[i];
    FUZZ_HOLD(original >= 0 && original < g->n[g->type[i]] && original < 1 << 12, "row %d is number %lld", i,
              (long long)original);
    FUZZ_HOLD(!seen[g->type[i]][original], "number %lld occurs twice", (long long)original);
    seen[g->type[i]][original] = true;
  }
}

/* What says in which step a pair comes: each number of 0 … n - 1 once. */
static void parts_hold_places(const kith_graph *g) {
  static bool seen[1 << 12];
  int64_t n = 0, all = g->n_class > 0 ? g->n_train : g->n_edge;
  FUZZ_HOLD(all <= 1 << 12, "%lld places", (long long)all);
  memset(seen, 0, sizeof seen);
  for (kith_lid i = 0; i < g->n_own; i++) {
    int64_t many = g->n_class > 0            ? g->train_index[i] >= 0
                   : g->type[i] == KITH_USER ? g->start[i + 1] - g->start[i]
                                             : 0;
    for (int64_t k = 0; k < many; k++, n++) {
      int64_t at = (g->n_class > 0 ? g->train_index[i] : g->first_edge[i]) + k;
      FUZZ_HOLD(at >= 0 && at < all && !seen[at], "place %lld of %lld", (long long)at, (long long)all);
      seen[at] = true;
    }
  }
  FUZZ_HOLD(n == all, "%lld places of %lld", (long long)n, (long long)all);
}

static bool parts_has(const kith_graph *g, kith_gid row, kith_gid other) {
  for (kith_eid e = g->start[row]; e < g->start[row + 1]; e++)
    if (g->neighbor[e] == other) return true;
  return false;
}

static void parts_hold_neighbors(const kith_graph *g) {
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) {
      kith_gid other = g->neighbor[e];
      FUZZ_HOLD(other >= 0 && other < g->n_own && parts_has(g, other, i),
                "row %d has a neighbor %lld that does not have it", i, (long long)other);
      FUZZ_HOLD(g->n_class > 0 || g->type[i] != g->type[other], "row %d has a neighbor of its own kind", i);
      FUZZ_HOLD(e == g->start[i] || g->original[g->neighbor[e - 1]] < g->original[other],
                "row %d has neighbors in disorder", i);
    }
}

static void parts_hold(const kith_graph *g) {
  int64_t n_user = g->n_own_of[KITH_USER];
  FUZZ_HOLD(g->n_own == kith_graph_n_node(g) && n_user == g->n[KITH_USER], "%d rows", g->n_own);
  parts_hold_numbers(g);
  parts_hold_places(g);
  parts_hold_neighbors(g);
  if (g->n_class > 0) return;
  fuzz_hold_lists(&g->train, n_user, g->n[KITH_ITEM]);
  fuzz_hold_lists(&g->valid, n_user, g->n[KITH_ITEM]);
  fuzz_hold_lists(&g->test, n_user, g->n[KITH_ITEM]);
  for (kith_eid e = 0; g->weight && e < g->start[g->n_own]; e++)
    FUZZ_HOLD(isfinite(g->weight[e]), "weight %lld is not finite", (long long)e);
}

static kith_agreed parts_read(const char *path) {
  kith_agreed st = {KITH_OK};
  kith_graph *g = NULL;
  kith_redistribution *rows = NULL;
  KITH_TRY(kith_graph_read(&fuzz_comm, path, &g));
  parts_hold(g);
  KITH_TRY(kith_redistribution_create(&fuzz_comm, g, &rows));
  if (g->n_class > 0) goto done;
  KITH_TRY(kith_graph_parent_read(&fuzz_comm, path, g));
  for (kith_eid e = 0; e < g->start[g->n_own]; e++)
    FUZZ_HOLD(g->is_new[e] == 0 || g->is_new[e] == 1, "entry %lld is new %d times", (long long)e,
              g->is_new[e]);
  FUZZ_HOLD(g->parent.n[KITH_ITEM] <= g->n[KITH_ITEM], "the parent has more items");
done:
  kith_redistribution_destroy(&rows);
  kith_graph_destroy(&g);
  return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char path[KITH_PATH];
  base_edited(data, size, BASE_PARTS, path);
  int64_t live = kith_alloc_live();
  base_outcome(parts_read(path).status, path, live);
  return 0;
}
