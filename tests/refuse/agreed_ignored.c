/* refused: ignoring return value of .*warn_unused_result */
/* What all ranks agreed on is looked at by all of them. */
#include "kith/comm.h"

kith_agreed caller(kith_comm **comm);

kith_agreed caller(kith_comm **comm) {
#ifdef REFUSED
  kith_comm_create(MPI_COMM_WORLD, comm);
  return (kith_agreed){KITH_OK};
#else
  return kith_comm_create(MPI_COMM_WORLD, comm);
#endif
}
