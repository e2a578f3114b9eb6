#include "support/timed.h"

#include <stdio.h>

#include "ingest/ingest.h"
#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"

kith_graph *test_timed_graph(const char *folder, int n, const kith_split *split, char *graph, char *parts) {
  static kith_ingest_report report;
  static char text[TEST_TIMED_MOST * 32];
  size_t size = 0;
  kith_graph *g = NULL;
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES, .time = "3"}, .split = *split};
  assert_true(n <= TEST_TIMED_MOST);
  for (int i = 0; i < n; i++)
    size += (size_t)snprintf(text + size, sizeof text - size, "%d,%d,%d\n", i % TEST_TIMED_USERS,
                             10 + i * i % TEST_TIMED_ITEMS, 1000 + 7 * i);
  test_path(folder, "list", o.interactions.path);
  if (test_comm->rank == 0) test_file_write(folder, "list", text, size, o.interactions.path);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  test_path(folder, "graph.h5", graph);
  assert_int_equal(KITH_OK, kith_ingest(test_comm, &o, "", graph, &report).status);
  test_path(folder, "parts.h5", parts);
  kith_status st =
      test_comm->rank == 0 ? test_parts_write(graph, parts, 3, KITH_PARTITION_HASH).status : KITH_OK;
  assert_int_equal(KITH_OK, kith_agree(test_comm, st).status);
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, parts, &g).status);
  return g;
}
