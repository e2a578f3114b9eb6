/* Private to generate: a text file that is written once, in order, and appears whole or not at all. */
#ifndef KITH_GENERATE_STREAM_H
#define KITH_GENERATE_STREAM_H

#include <stdio.h>

#include "base/fault.h"
#include "base/file.h"

typedef struct stream {
  FILE *file;
  char *buffer;
  int64_t used;
  int trouble; /* errno of the first failed write, 0 if there was none */
  char path[KITH_PATH], tmp[KITH_TMP_PATH];
} stream;

/** Begin a file with `first` as its first line.  KITH_EOUTPUT if the path holds a file with another
 * beginning. */
kith_status kith__stream_open(const char *path, const char *mark, const char *first, stream *s) KITH_MUST_USE;
/** Append text, or a number with at least `width` digits; what fails is told by kith__stream_publish(). */
void kith__stream_text(stream *s, const char *text);
void kith__stream_number(stream *s, int64_t number, int width);
/** Put it onto the disk under its name.  KITH_EIO. */
kith_status kith__stream_publish(stream *s) KITH_MUST_USE;
/** Free; what was not published is removed. */
void kith__stream_close(stream *s);

#endif
