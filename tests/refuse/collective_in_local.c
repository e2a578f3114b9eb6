/* refused: to (type )?'kith_status'.* from (incompatible )?type 'kith_agreed' */
/* A local function cannot call a collective one: not every rank may be in it. */
#include "kith/comm.h"

kith_status local(void) KITH_MUST_USE;
kith_agreed collective(const kith_comm *comm) KITH_MUST_USE;
kith_status caller(const kith_comm *comm);

kith_status caller(const kith_comm *comm) {
  kith_status st = KITH_OK;
#ifdef REFUSED
  KITH_TRY(collective(comm));
#else
  KITH_TRY(comm->rank == 0 ? local() : KITH_OK);
#endif
done:
  return st;
}
