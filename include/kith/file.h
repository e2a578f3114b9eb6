/* What stands under every written file: folders that can be written to, text that appears whole or not at all. */
#ifndef KITH_FILE_H
#define KITH_FILE_H

#include "kith/base.h"

enum { KITH_TMP_PATH = KITH_PATH + 8 }; /* room for a path with ".tmp" behind it */

/* All are Local. */

/** Copy a path into path [KITH_PATH] and, with ".tmp" behind it, into tmp [KITH_TMP_PATH]. */
kith_status kith_file_name(const char *wanted, char *path, char *tmp) KITH_MUST_USE;

/** The folder that a path lies in, "." if it names none. */
void kith_file_folder(const char *path, char *folder);

/** Make an empty `tmp` beside `path`.  KITH_EOUTPUT if the folder is missing, read-only, or `path` is a folder itself. */
kith_status kith_file_begin(const char *path, const char *tmp) KITH_MUST_USE;

/** Put what was written to a file onto the disk.  KITH_EIO. */
kith_status kith_file_sync(const char *path) KITH_MUST_USE;

/** Give `tmp`, already synced, its final name, and put the name onto the disk.  KITH_EIO; `tmp` is then removed. */
kith_status kith_file_publish(const char *tmp, const char *path) KITH_MUST_USE;

/** Remove what a killed write of `path` has left behind, the file under its temporary name, if it is there and can be removed. */
void kith_file_sweep(const char *path);

/** Write a small text file, atomically: readers see the old one or the new one.  Local.  KITH_EOUTPUT, KITH_EIO. */
kith_status kith_text_write(const char *path, const char *text) KITH_MUST_USE;

#endif
