/* Names that attributes and datasets had in earlier files.  Writers use the present name, readers take both.
 */
#include <string.h>

#include "h5/file.h"

static const struct {
  const char *now, *then;
} renamed[] = {
    {"config_key", "recipe"},
    {"bad_evals", "stale"},
    {"loss_high", "loss_whole"},
    {"loss_low", "loss_part"},
    {"loss_nan", "loss_broken"},
    {"imbalance", "tolerance"},
    {"train/neighbor", "train/neighbour"},
    {"edge/neighbor", "edge/neighbour"},
};
enum { RENAMED = sizeof renamed / sizeof *renamed };

const char *kith_h5_present_name(const char *name) {
  for (int i = 0; i < RENAMED; i++)
    if (strcmp(renamed[i].then, name) == 0) return renamed[i].now;
  return name;
}

/* The earlier name, or null. */
static const char *renamed_former(const char *name) {
  for (int i = 0; i < RENAMED; i++)
    if (strcmp(renamed[i].now, name) == 0) return renamed[i].then;
  return NULL;
}

const char *kith__h5_attr_name(hid_t file, const char *name) {
  const char *then = renamed_former(name);
  return then && H5Aexists(file, name) == 0 && H5Aexists(file, then) > 0 ? then : name;
}

const char *kith__h5_dataset_name(hid_t file, const char *name) {
  const char *then = renamed_former(name);
  bool former = then && kith__h5_resolve(file, name) == KITH__LINK_NONE &&
                kith__h5_resolve(file, then) != KITH__LINK_NONE;
  return former ? then : name;
}
