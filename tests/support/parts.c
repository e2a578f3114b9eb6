#include "support/parts.h"

#include "support/mpi_main.h"

static kith_agreed parts_cut(const kith_comm *alone, const kith_dataset *d, const kith_partition_options *o,
                             const char *parts) {
  kith_agreed st = {KITH_OK};
  int32_t *part = NULL;
  KITH_TRY(kith_agree(alone, KITH_NEW(part, kith_dataset_n_node(d))));
  KITH_TRY(kith_agree(alone, kith_partition_make(d, o, part)));
  KITH_TRY(kith_partition_write(alone, parts, d, o, part));
done:
  KITH_FREE(part);
  return st;
}

void test_parts_of(const kith_comm *comm, const kith_dataset *d, const kith_partition_options *o,
                   const char *parts) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_status st = comm->rank == 0 ? parts_cut(&alone, d, o, parts).status : KITH_OK;
  assert_int_equal(KITH_OK, kith_agree(comm, st).status);
}

kith_agreed test_parts_write(const char *graph, const char *parts, int n, kith_partition_method how) {
  kith_agreed st = {KITH_OK};
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_partition_options o = kith_partition_defaults();
  kith_dataset *d = NULL;
  o.parts = n;
  o.method = how;
  KITH_TRY(kith_dataset_read(&alone, graph, &d));
  KITH_TRY(parts_cut(&alone, d, &o, parts));
done:
  kith_dataset_destroy(&d);
  return st;
}
