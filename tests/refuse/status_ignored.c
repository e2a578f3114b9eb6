/* refused: ignoring return value of .*warn_unused_result */
/* A status is looked at. */
#include "kith/base.h"

kith_status caller(void);

kith_status caller(void) {
  char path[KITH_PATH];
#ifdef REFUSED
  kith_path_join("folder", "name", path);
  return KITH_OK;
#else
  return kith_path_join("folder", "name", path);
#endif
}
