/* The four arrays of counts and displacements that MPI_Alltoallv() takes. */
#include "comm/comm.h"

kith_status kith_alltoall_make(int size, kith_alltoall *out) {
  kith_status st = KITH_OK;
  KITH_TRY(KITH_NEW(out->send_count, size));
  KITH_TRY(KITH_NEW(out->send_displ, size + 1));
  KITH_TRY(KITH_NEW(out->recv_count, size));
  KITH_TRY(KITH_NEW(out->recv_displ, size + 1));
done:
  return st;
}

void kith_alltoall_free(kith_alltoall *x) {
  KITH_FREE(x->send_count);
  KITH_FREE(x->send_displ);
  KITH_FREE(x->recv_count);
  KITH_FREE(x->recv_displ);
}
