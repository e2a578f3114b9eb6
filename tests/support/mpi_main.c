#include "support/mpi_main.h"
#include "support/folder.h"

kith_comm *test_comm;

void test_begin(int *argc, char ***argv) {
  kith_mpi_init(argc, argv); /* as the program does */
  if (kith_is_bad(kith_comm_create(MPI_COMM_WORLD, &test_comm))) abort();
  kith_log_set(KITH_LOG_NOTHING);
  /* A rank that fails ends the job: the others may wait for it in a collective until the time limit. */
  if (test_comm->size > 1) setenv("CMOCKA_TEST_ABORT", "1", 0);
  if (test_comm->rank != 0) cmocka_set_message_output(CM_OUTPUT_SUBUNIT);
}

int test_end(int failures) {
  int64_t all = failures;
  kith_comm_sum_int(test_comm, 1, &all);
  kith_comm_destroy(&test_comm);
  MPI_Finalize();
  return all == 0 ? 0 : 1;
}

void test_folder_begin(char *folder) {
  if (test_comm->rank == 0) test_folder_make(folder);
  kith_comm_bcast(test_comm, KITH_PATH, folder);
}

void test_folder_end(const char *folder) {
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  if (test_comm->rank == 0) test_folder_remove(folder);
}
