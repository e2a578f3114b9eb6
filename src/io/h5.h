/* One HDF5 file, as h5.c (its life), h5_data.c (datasets) and h5_attr.c (attributes) share it. */
#ifndef KITH_SRC_IO_H5_H
#define KITH_SRC_IO_H5_H

#include <hdf5.h>

#include "kith/fault.h"
#include "kith/file.h"
#include "kith/io.h"
#include "kith/watch.h"

struct kith_h5 {
  const kith_comm *comm;
  hid_t file;
  bool writing;
  bool failed;             /* a write failed: the file will not be published */
  int64_t promised;        /* bytes of the datasets written so far and of the metadata around them */
  int64_t reserved;        /* bytes that the file system has set aside */
  char path[KITH_PATH];
  char tmp[KITH_TMP_PATH];
};

/** Run an HDF5 statement that all ranks take part in, so that who waits in it too long says so, and in which file. */
#define KITH_H5_TOGETHER(f, what, statement)                                                                           \
  do {                                                                                                                 \
    static const kith_place kith__here = {what, #statement, __FILE__, __LINE__};                                       \
    kith_watch_file((f)->path);                                                                                        \
    kith__wait_begin(&kith__here);                                                                                     \
    statement;                                                                                                         \
    kith__wait_end();                                                                                                  \
  } while (0)

/** Why the last HDF5 call failed, in one line.  Local; valid until the next call. */
const char *kith__h5_reason(void);

/** What kind of failure kith__h5_reason() has just told of: KITH_EIO if the system gave it, else KITH_EDATA.  Local. */
kith_status kith__h5_kind(void) KITH_MUST_USE;

/** Whether a read has to fail by intent (kith_fault()); HDF5 then gives the reason.  Local. */
bool kith__h5_fault(void);

/** Read one attribute of an open file.  Local. */
kith_status kith__h5_attr_int(hid_t file, const char *path, const char *name, int64_t *value) KITH_MUST_USE;
kith_status kith__h5_attr_real(hid_t file, const char *path, const char *name, double *value) KITH_MUST_USE;
kith_status kith__h5_attr_text(hid_t file, const char *path, const char *name, char **text) KITH_MUST_USE;

/** Set room aside for `bytes` more bytes of data, so that no write finds the disk full.  Collective. */
kith_agreed kith__h5_reserve(kith_h5 *f, int64_t bytes) KITH_MUST_USE;

/** Agree on what an HDF5 call inside a write gave; remembers a failure.  Collective. */
kith_agreed kith__h5_agree_write(kith_h5 *f, const char *what, bool good) KITH_MUST_USE;

#endif
