/* What a cut is like unless told otherwise. */
#include "update.h"

kith_partition_options kith_partition_defaults(void) {
  return (kith_partition_options){.parts = 16, .method = KITH_PARTITION_METIS, .seed = 1, .imbalance = 1.05};
}

const char *kith_partition_method_name(kith_partition_method method) {
  static const char *const name[] = {[KITH_PARTITION_METIS] = "metis",
                                     [KITH_PARTITION_HASH] = "hash",
                                     [KITH_PARTITION_CONTIGUOUS] = "contiguous",
                                     [KITH_PARTITION_STREAM] = "stream",
                                     [KITH_PARTITION_PTSCOTCH] = "ptscotch"};
  return name[method];
}
