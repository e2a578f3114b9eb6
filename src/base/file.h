/**
 * File: reads of regular files only, and atomic writes: a new file is written under a temporary name, synced
 * and renamed, so that readers see the old file or the new one, never a part.
 */
#ifndef KITH_BASE_FILE_H
#define KITH_BASE_FILE_H

#include <stdio.h>

#include "base/base.h"

enum { KITH_TMP_PATH = KITH_PATH + 32 }; /* a path with ".tmp-" and 16 digits appended */

/* All are Local.  Calls that a signal interrupts (EINTR) are repeated. */

/** The parent folder of a path (dirname), "." if it names none. */
void kith_file_parent(const char *path, char *folder);

/** The file type of a stat() mode as text: "a file", "a folder", "a pipe (FIFO)", … */
const char *kith_file_kind(unsigned mode);

/**
 * Open a regular file for reading; the caller closes *out.  Does not block on a FIFO, socket or device.
 * Errors: KITH_ENOINPUT, with *out = -1, if it is missing or not a regular file.
 */
kith_status kith_file_open(const char *path, int *out) KITH_MUST_USE;
/** The same as a stream; the caller calls fclose(). */
kith_status kith_file_fopen(const char *path, FILE **out) KITH_MUST_USE;

/** Copy a path into path [KITH_PATH], and with ".tmp-" and a random number appended into tmp [KITH_TMP_PATH].
 * Errors: KITH_EIO. */
kith_status kith_file_tmp_name(const char *wanted, char *path, char *tmp) KITH_MUST_USE;

/**
 * Create an empty file `tmp` in the folder of `path`; nothing of this name may exist, not even a link.
 * Errors: KITH_EOUTPUT if the folder is missing or read-only, or if `path` exists and is not a regular file.
 */
kith_status kith_file_tmp_create(const char *path, const char *tmp) KITH_MUST_USE;
/** Create `tmp` and open it for writing; the caller closes *out. */
kith_status kith_file_tmp_open(const char *path, const char *tmp, int *out) KITH_MUST_USE;
/** The same as a stream; on failure `tmp` does not exist. */
kith_status kith_file_tmp_fopen(const char *path, const char *tmp, FILE **out) KITH_MUST_USE;
/** Open for writing a file that kith_file_tmp_create() has created, not through a link; the caller closes
 * *out. Errors: KITH_EIO. */
kith_status kith_file_tmp_reopen(const char *tmp, int *out) KITH_MUST_USE;

/** Sync a file to disk (fsync).  Errors: KITH_EIO. */
kith_status kith_file_sync(const char *path) KITH_MUST_USE;

/** Rename `tmp`, already synced, to `path` and sync the folder.  Errors: KITH_EIO; `tmp` is then removed. */
kith_status kith_file_publish(const char *tmp, const char *path) KITH_MUST_USE;

/** Remove a temporary file if it exists; warns if it cannot. */
void kith_file_tmp_remove(const char *tmp);

/**
 * Remove the temporary files that killed processes have left in a folder.  Those of user-chosen names are
 * removed only when older than an hour.  The caller must hold the folder's lock (kith/lock.h). Errors:
 * KITH_ENOINPUT if the folder cannot be read.
 */
kith_status kith_file_remove_stale(const char *folder) KITH_MUST_USE;

/** The same for those of the file `name`, of any age: nobody else may be writing it in the folder. */
kith_status kith_file_remove_stale_of(const char *folder, const char *name) KITH_MUST_USE;

/** Write a small text file atomically.  Local.  Errors: KITH_EOUTPUT, KITH_EIO. */
kith_status kith_text_write(const char *path, const char *text) KITH_MUST_USE;
/**
 * Append to a text file of `size` bytes, and bring it to the disk; where it fails, or this is not the file's
 * size, the file stays as it is.  A program that is killed meanwhile may leave a part of the text.  Local.
 *
 * @param[out] fits  whether the file is a regular one of that size; if not, nothing was written
 * Errors: KITH_EIO.
 */
kith_status kith_text_append(const char *path, int64_t size, const char *text, bool *fits) KITH_MUST_USE;

/** Whether two paths are those of one file or folder that is there.  Local. */
bool kith_file_is_same(const char *a, const char *b);

#endif
