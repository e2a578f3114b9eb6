/* The task of a file, and the names of its node types. */
#include "store/store.h"

const char *kith_type_name(kith_task task, int type) {
  return task == KITH_CLASSIFY ? "node" : type == KITH_USER ? "user" : "item";
}
int kith_type_count(kith_task task) { return task == KITH_CLASSIFY ? 1 : KITH_TYPES; }
kith_task kith_h5_task(kith_h5 *f) {
  return kith_h5_has_dataset(f, "node/label") || kith_h5_has_dataset(f, "class/id") ? KITH_CLASSIFY
                                                                                    : KITH_RECOMMEND;
}
