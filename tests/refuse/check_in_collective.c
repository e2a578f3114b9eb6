/* refused: to (type )?'kith_agreed'.* from (incompatible )?type 'kith_status' */
/* KITH_CHECK() is for local functions: what it finds is known to one rank. */
#include "kith/comm.h"

kith_agreed collective(const kith_comm *comm, int n);

static kith_status check(int n) {
  kith_status st = KITH_OK;
  KITH_CHECK(n > 0, KITH_EUSAGE, "n is %d, at least 1 is needed", n);
done:
  return st;
}

kith_agreed collective(const kith_comm *comm, int n) {
  kith_agreed st = {KITH_OK};
#ifdef REFUSED
  KITH_CHECK(n > 0, KITH_EUSAGE, "n is %d, at least 1 is needed", n);
#endif
  KITH_TRY(kith_agree(comm, check(n)));
done:
  return st;
}
