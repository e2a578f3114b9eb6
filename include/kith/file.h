/* What stands under every file: reading of regular files only, and writing so that a file appears whole or
 * not at all. */
#ifndef KITH_FILE_H
#define KITH_FILE_H

#include <stdio.h>

#include "kith/base.h"

enum { KITH_TMP_PATH = KITH_PATH + 32 }; /* room for a path with ".tmp-" and 16 digits behind it */

/* All are Local.  Calls that a signal interrupts (EINTR) are tried again. */

/** The folder that a path lies in, "." if it names none. */
void kith_file_parent(const char *path, char *folder);

/** What a mode of stat() stands for, in words: "a file", "a folder", "a pipe (FIFO)", … */
const char *kith_file_kind(unsigned mode);

/**
 * Open a regular file for reading; the caller closes *out.  A folder, FIFO, socket or device is refused,
 * never waited for. KITH_ENOINPUT, with *out = -1.
 */
kith_status kith_file_open(const char *path, int *out) KITH_MUST_USE;
/** The same as a stream, for fclose(). */
kith_status kith_file_fopen(const char *path, FILE **out) KITH_MUST_USE;

/** Copy a path into path [KITH_PATH] and, with ".tmp-" and a random number behind it, into tmp
 * [KITH_TMP_PATH].  KITH_EIO. */
kith_status kith_file_tmp_name(const char *wanted, char *path, char *tmp) KITH_MUST_USE;

/**
 * Make an empty `tmp` beside `path`, where nothing must be, not even a link.
 * KITH_EOUTPUT if the folder is missing or read-only, or if what stands at `path` is no file.
 */
kith_status kith_file_tmp_create(const char *path, const char *tmp) KITH_MUST_USE;
/** The same, and leave it open for writing; the caller closes *out. */
kith_status kith_file_tmp_open(const char *path, const char *tmp, int *out) KITH_MUST_USE;
/** The same as a stream; after a failure there is no `tmp`. */
kith_status kith_file_tmp_fopen(const char *path, const char *tmp, FILE **out) KITH_MUST_USE;
/** Open for writing what kith_file_tmp_create() has made, never through a link; the caller closes *out.
 * KITH_EIO.
 */
kith_status kith_file_tmp_reopen(const char *tmp, int *out) KITH_MUST_USE;

/** Put what was written to a file onto the disk.  KITH_EIO. */
kith_status kith_file_sync(const char *path) KITH_MUST_USE;

/** Give `tmp`, already synced, its final name, and put the name onto the disk.  KITH_EIO; `tmp` is then
 * removed. */
kith_status kith_file_publish(const char *tmp, const char *path) KITH_MUST_USE;

/** Remove a temporary file, fine if it is gone; one that stays is warned of. */
void kith_file_tmp_remove(const char *tmp);

/**
 * Remove from a folder what writes that were killed have left behind: temporary files by their names, those
 * of names that users choose only when they are older than an hour.  Only for who holds the folder's lock
 * (kith/lock.h).  KITH_ENOINPUT if the folder cannot be read.
 */
kith_status kith_file_remove_stale(const char *folder) KITH_MUST_USE;

/** Write a small text file, atomically: readers see the old one or the new one.  Local.  KITH_EOUTPUT,
 * KITH_EIO. */
kith_status kith_text_write(const char *path, const char *text) KITH_MUST_USE;
/**
 * Append to a text file of `size` bytes, and bring it to the disk; where it fails, or this is not the file's
 * size, the file stays as it is.  A program that is killed meanwhile may leave a part of the text.  Local.
 *
 * @param[out] fits  whether the file is a regular one of that size; if not, nothing was written
 * Errors: KITH_EIO.
 */
kith_status kith_text_append(const char *path, int64_t size, const char *text, bool *fits) KITH_MUST_USE;

#endif
