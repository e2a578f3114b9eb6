/* How an edited file is put together: the tables of what can be wrong with it. */
#ifndef KITH_FUZZ_H5_BUILD_H
#define KITH_FUZZ_H5_BUILD_H

#include "fuzz/h5_edit.h"

enum { BUILD_TYPES = 24, BUILD_LINKS = 9, BUILD_LAYOUTS = 12, BUILD_EXTRAS = 8 };

typedef struct build_plan {
  bool old;
  int extra; /* + 1; 0: none */
} build_plan;

/** A type of the table; new. */
hid_t build_type(int which);
/** Write the file. */
void build_file(const edit_file *f, const build_plan *plan, const char *path);

#endif
