/*
 * Private to ingest: the bytes of a plain, gzip or zstd file.  Everything here is Local.
 *
 * Concatenated gzip members or zstd frames are one text, as in the gzip and zstd programs.  Other bytes
 * behind a member are an error, since they would be lost silently.
 */
#ifndef KITH_INGEST_BYTES_H
#define KITH_INGEST_BYTES_H

#include <zlib.h>
#include <zstd.h>

#include "base/base.h"

typedef enum kith__compression { KITH__PLAIN, KITH__GZIP, KITH__ZSTD } kith__compression;

/** An open file; `path` is borrowed. */
typedef struct kith__bytes {
  const char *path;
  int fd; /**< -1: none is open */
  kith__compression compression;
  unsigned char *raw; /**< bytes of the file; raw[begin … end) is not yet decompressed */
  int64_t begin, end;
  int64_t bytes_read, size; /**< bytes read so far; size of the file */
  bool at_end, in_frame;    /**< end of the file reached; inside a member or frame */
  z_stream zip;
  ZSTD_DStream *zstd;
} kith__bytes;

/** Open a file and detect its compression.  Errors: KITH_ENOINPUT (missing, unreadable, a folder),
 * KITH_ENOMEM, KITH_EIO. */
kith_status kith__bytes_open(const char *path, kith__bytes *bytes) KITH_MUST_USE;
/**
 * Read the next *n bytes of the text, at most `capacity`; 0 only at its end.
 * Errors: KITH_EIO; KITH_EDATA (a truncated or damaged member, other bytes behind one).
 */
kith_status kith__bytes_read(kith__bytes *bytes, int64_t capacity, char *text, int64_t *n) KITH_MUST_USE;
/** Go on reading at byte `offset` of a plain file.  Errors: KITH_EIO. */
kith_status kith__bytes_seek(kith__bytes *bytes, int64_t offset) KITH_MUST_USE;
/** Close; also after a failed open. */
void kith__bytes_close(kith__bytes *bytes);

#endif
