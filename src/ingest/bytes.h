/*
 * Private to ingest: the bytes of a list, whether the file is plain, gzip or zstd.
 *
 * Several gzip members, or zstd frames, one behind the other are one text, as gzip and zstd themselves have
 * it. Whatever else stands behind one is an error: it would be lost without a word.  Everything here is
 * Local.
 */
#ifndef KITH_INGEST_BYTES_H
#define KITH_INGEST_BYTES_H

#include <zlib.h>
#include <zstd.h>

#include "kith/base.h"

typedef enum kith__compression { KITH__PLAIN, KITH__GZIP, KITH__ZSTD } kith__compression;

/** An open file; `path` is borrowed. */
typedef struct kith__bytes {
  const char *path;
  int fd; /**< -1: none is open */
  kith__compression compression;
  unsigned char *raw; /**< bytes as the file has them; raw[begin … end) are not yet unpacked */
  int64_t begin, end;
  int64_t bytes_read, size; /**< bytes read of the file, and how many it has */
  bool at_end, in_frame;    /**< the file is read to its end; a member or frame has begun and not ended */
  z_stream zip;
  ZSTD_DStream *zstd;
} kith__bytes;

/** Errors: KITH_ENOINPUT (missing, unreadable, a folder), KITH_ENOMEM, KITH_EIO. */
kith_status kith__bytes_open(const char *path, kith__bytes *bytes) KITH_MUST_USE;
/**
 * The next bytes of the text, at most `room`, at least one unless it is at its end.
 * Errors: KITH_EIO; KITH_EDATA (a member that is torn or damaged, bytes behind one that are none).
 */
kith_status kith__bytes_read(kith__bytes *bytes, int64_t room, char *text, int64_t *n) KITH_MUST_USE;
/** Accepts what could not be opened. */
void kith__bytes_close(kith__bytes *bytes);

#endif
