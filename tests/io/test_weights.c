/* ranks: 1 2 3 4 */
/* Weights of interactions: from a text list through graph.h5 and parts.h5 to both ends of an edge, wherever
 * they are owned. */
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

#include "kith/partition.h"
#include "ingest/ingest.h"

enum { USERS = 8, ITEMS = 11, TEXT = 4096 };

static char folder[KITH_PATH]; /* of rank 0, known to all */

static bool is_pair(int u, int i) { return u == 0 || (u * 7 + i * 5) % 3 == 0; }
static float weight_of(int64_t u, int64_t i) { return (float)(100 * u + i) - 350.5f; }

/* User 0 has all items in order, so that original numbers are the ids. */
static void write_list(bool weighs, char *path) {
  char text[TEXT];
  size_t n = 0;
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) {
      if (!is_pair(u, i)) continue;
      n += (size_t)snprintf(text + n, TEXT - n, "%d\t%d", u, i);
      n += (size_t)(weighs ? snprintf(text + n, TEXT - n, "\t%.1f\n", (double)weight_of(u, i))
                           : snprintf(text + n, TEXT - n, "\n"));
    }
  test_path(folder, "list", path);
  if (test_comm->rank == 0) test_file_write(folder, "list", text, n, path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

static void cut(const char *graph, const char *parts) {
  if (test_comm->rank == 0)
    assert_int_equal(KITH_OK, test_parts_write(graph, parts, 6, KITH_PARTITION_HASH).status);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

/* This rank's share of the graph, after all stages. */
static kith_graph *share(bool weighs) {
  char list[KITH_PATH], graph[KITH_PATH], parts[KITH_PATH];
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES}};
  kith_ingest_report r;
  kith_graph *g = NULL;
  write_list(weighs, list);
  snprintf(o.interactions.path, KITH_PATH, "%s", list);
  if (weighs) snprintf(o.interactions.weight, KITH_NAME, "3");
  assert_int_equal(KITH_OK,
                   kith_ingest(test_comm, &o, "job", test_path(folder, "graph.h5", graph), &r).status);
  cut(graph, test_path(folder, "parts.h5", parts));
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, parts, &g).status);
  return g;
}

/* The original item that global number k stands for, or -1. */
static int64_t item_at(const kith_graph *g, kith_gid k) {
  for (int64_t i = 0; i < ITEMS; i++)
    if (g->item_number[i] == k) return i;
  return -1;
}

static void both_ends_know_the_weight(void **state) {
  (void)state;
  kith_graph *g = share(true);
  int64_t n = g->start[g->n_own], pairs = 0;
  assert_non_null(g->weight);
  for (kith_lid row = 0; row < g->n_own; row++) {
    int64_t u = 0; /* an item's users come by their numbers */
    for (kith_eid e = g->start[row]; e < g->start[row + 1]; e++, u++) {
      if (g->type[row] == KITH_USER) {
        assert_true(g->weight[e] == weight_of(g->original[row], item_at(g, g->neighbor[e])));
        continue;
      }
      while (!is_pair((int)u, (int)g->original[row])) u++;
      assert_true(g->weight[e] == weight_of(u, g->original[row]));
    }
  }
  kith_comm_sum_int(test_comm, 1, &n);
  for (int u = 0; u < USERS; u++)
    for (int i = 0; i < ITEMS; i++) pairs += is_pair(u, i);
  assert_int_equal(2 * pairs, n);
  kith_graph_destroy(&g);
}

static void without_weights_there_are_none(void **state) {
  (void)state;
  kith_graph *g = share(false);
  assert_null(g->weight);
  kith_graph_destroy(&g);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(both_ends_know_the_weight),
                                     cmocka_unit_test(without_weights_there_are_none)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  return test_end(failures);
}
