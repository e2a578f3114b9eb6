/* refused: ignoring return value of .*warn_unused_result */
/* A status is looked at. */
#include "kith/generate.h"

kith_status caller(void);

kith_status caller(void) {
  kith_generate_options o = kith_generate_defaults();
  kith_generate_lists lists = {.interactions = "interactions.tsv"};
#ifdef REFUSED
  kith_generate(&o, &lists, NULL);
  return KITH_OK;
#else
  return kith_generate(&o, &lists, NULL);
#endif
}
