/* What a cut is like unless told otherwise. */
#include "kith/partition.h"

kith_partition_options kith_partition_defaults(void) {
  return (kith_partition_options){.parts = 16, .method = KITH_PARTITION_METIS, .seed = 1, .imbalance = 1.05};
}
