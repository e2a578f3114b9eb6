/* refused: to (type )?'kith_agreed'.* from (incompatible )?type 'kith_status' */
/* A collective function cannot leave on a status that one rank alone has: the other ranks would wait for it.
 */
#include "kith/comm.h"

kith_status local(void) KITH_MUST_USE;
kith_agreed collective(const kith_comm *comm);

kith_agreed collective(const kith_comm *comm) {
  kith_agreed st = {KITH_OK};
#ifdef REFUSED
  KITH_TRY(local());
#else
  KITH_TRY(kith_agree(comm, local()));
#endif
done:
  return st;
}
