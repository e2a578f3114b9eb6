/* A temporary folder and the files in it.  Failures end the program: a test without its folder tests nothing.
 */
#ifndef KITH_TEST_FOLDER_H
#define KITH_TEST_FOLDER_H

#include <stddef.h>

#include "base/base.h"

/** Make a new folder under $TMPDIR (or /tmp); its path into `folder` [KITH_PATH]. */
void test_folder_make(char *folder);
/** Remove it and what is in it. */
void test_folder_remove(const char *folder);

/** folder/name into `path` [KITH_PATH]; returns `path`. */
const char *test_path(const char *folder, const char *name, char *path);
/** Write `size` bytes, plain or through gzip; the path into `path`. */
void test_file_write(const char *folder, const char *name, const void *bytes, size_t size, char *path);
void test_file_write_gzip(const char *folder, const char *name, const void *bytes, size_t size, char *path);
/** The content of a file in a new block, freed with KITH_FREE(), with a closing zero. */
char *test_file_read(const char *path, size_t *size);
/** How many files are in a folder. */
int test_folder_count(const char *folder);

#endif
