/* The bytes of a list: plain, or decompressed member by member. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd_errors.h>

#include "ingest/bytes.h"
#include "base/fault.h"
#include "base/file.h"

enum { BYTES_RAW = 1 << 17, BYTES_MAGIC = 4 };

/* ---- the file ---- */

static ssize_t bytes_read_file(int fd, void *to, int64_t capacity) {
  ssize_t n;
  do {
    n = read(fd, to, (size_t)capacity);
  } while (n < 0 && errno == EINTR);
  return n;
}

static kith_status bytes_from_file(kith__bytes *b, int64_t capacity, void *to, int64_t *n) {
  ssize_t found = kith_fault(KITH_FAULT_READ) ? -1 : bytes_read_file(b->fd, to, capacity);
  *n = 0;
  if (found < 0) return kith_fail(KITH_EIO, "%s: reading failed: %s", b->path, strerror(errno));
  *n = found;
  b->bytes_read += found;
  b->at_end = found == 0;
  return KITH_OK;
}

/* Fill `raw` with at least `least` bytes, unless the file ends. */
static kith_status bytes_fill(kith__bytes *b, int64_t least) {
  kith_status st = KITH_OK;
  if (b->end - b->begin >= least) return st;
  memmove(b->raw, b->raw + b->begin, (size_t)(b->end - b->begin));
  b->end -= b->begin;
  b->begin = 0;
  while (b->end < least && !b->at_end) {
    int64_t n = 0;
    KITH_TRY(bytes_from_file(b, BYTES_RAW - b->end, b->raw + b->end, &n));
    b->end += n;
  }
done:
  return st;
}

/* Detect the compression of the bytes from `begin` on.  A zstd file may begin with a skippable frame. */
static kith__compression bytes_detect(const kith__bytes *b) {
  const unsigned char *m = b->raw + b->begin;
  int64_t n = b->end - b->begin;
  if (n >= 3 && m[0] == 0x1f && m[1] == 0x8b && m[2] == 8) return KITH__GZIP;
  if (n >= BYTES_MAGIC && memcmp(m, "\x28\xb5\x2f\xfd", BYTES_MAGIC) == 0) return KITH__ZSTD;
  if (n >= BYTES_MAGIC && m[0] >= 0x50 && m[0] <= 0x5f && memcmp(m + 1, "\x2a\x4d\x18", 3) == 0)
    return KITH__ZSTD;
  return KITH__PLAIN;
}

static kith_status bytes_begin(kith__bytes *b) {
  kith_status st = KITH_OK;
  KITH_TRY(bytes_fill(b, BYTES_MAGIC));
  b->compression = bytes_detect(b);
  if (b->compression == KITH__GZIP && inflateInit2(&b->zip, 16 + MAX_WBITS) != Z_OK)
    st = kith_fail(KITH_ENOMEM, "%s: no memory to unpack gzip", b->path);
  if (b->compression == KITH__ZSTD && !(b->zstd = ZSTD_createDStream()))
    st = kith_fail(KITH_ENOMEM, "%s: no memory to unpack zstd", b->path);
  b->in_frame = b->compression != KITH__PLAIN;
done:
  return st;
}

kith_status kith__bytes_open(const char *path, kith__bytes *b) {
  kith_status st = KITH_OK;
  struct stat is;
  *b = (kith__bytes){.path = path, .fd = -1};
  KITH_TRY(kith_file_open(path, &b->fd));
  KITH_CHECK(fstat(b->fd, &is) == 0, KITH_ENOINPUT, "%s: cannot be read: %s", path, strerror(errno));
  b->size = is.st_size;
  KITH_TRY(KITH_NEW(b->raw, BYTES_RAW));
  KITH_TRY(bytes_begin(b));
done:
  if (kith_is_bad(st)) kith__bytes_close(b);
  return st;
}

kith_status kith__bytes_seek(kith__bytes *b, int64_t offset) {
  kith_status st = KITH_OK;
  KITH_CHECK(lseek(b->fd, offset, SEEK_SET) == offset, KITH_EIO, "%s: reading failed: %s", b->path,
             strerror(errno));
  b->begin = b->end = 0;
  b->at_end = false;
done:
  return st;
}

void kith__bytes_close(kith__bytes *b) {
  if (b->compression == KITH__GZIP) inflateEnd(&b->zip);
  if (b->zstd) ZSTD_freeDStream(b->zstd);
  if (b->fd >= 0) close(b->fd);
  KITH_FREE(b->raw);
  *b = (kith__bytes){.path = b->path, .fd = -1};
}

/* ---- decompression ---- */

static const char *bytes_what(const kith__bytes *b) { return b->compression == KITH__GZIP ? "gzip" : "zstd"; }

static kith_status bytes_damaged(const kith__bytes *b, const char *why) {
  return kith_fail(KITH_EDATA, "%s: the %s file is damaged: %s; download or compress it again", b->path,
                   bytes_what(b), why);
}

/* Decompress some of `raw` to *n bytes; in_frame becomes false at the end of the member. */
static kith_status bytes_inflate(kith__bytes *b, int64_t capacity, char *text, int64_t *n) {
  b->zip.next_in = b->raw + b->begin;
  b->zip.avail_in = (unsigned)(b->end - b->begin);
  b->zip.next_out = (unsigned char *)text;
  b->zip.avail_out = (unsigned)capacity;
  int why = inflate(&b->zip, Z_NO_FLUSH);
  b->begin = b->end - b->zip.avail_in;
  *n = capacity - b->zip.avail_out;
  b->in_frame = why != Z_STREAM_END;
  if (why == Z_MEM_ERROR) return kith_fail(KITH_ENOMEM, "%s: no memory to unpack gzip", b->path);
  if (why != Z_OK && why != Z_STREAM_END && why != Z_BUF_ERROR)
    return bytes_damaged(b, b->zip.msg ? b->zip.msg : "its data make no sense");
  return KITH_OK;
}

static kith_status bytes_zstd_fail(const kith__bytes *b, size_t code) {
  switch (ZSTD_getErrorCode(code)) {
  case ZSTD_error_dictionary_wrong:
    return kith_fail(
        KITH_EDATA, "%s: the zstd file was compressed with a dictionary; unpack it: zstd -d -D DICTIONARY %s",
        b->path, b->path);
  case ZSTD_error_frameParameter_windowTooLarge:
    return kith_fail(
        KITH_EDATA,
        "%s: the zstd file was compressed with a window of over 128 MiB; unpack it: zstd -d --long=31 %s",
        b->path, b->path);
  default: return bytes_damaged(b, ZSTD_getErrorName(code));
  }
}

static kith_status bytes_decompress(kith__bytes *b, int64_t capacity, char *text, int64_t *n) {
  ZSTD_inBuffer in = {b->raw + b->begin, (size_t)(b->end - b->begin), 0};
  ZSTD_outBuffer out = {.size = (size_t)capacity};
  out.dst = text;
  size_t left = ZSTD_decompressStream(b->zstd, &out, &in);
  b->begin += (int64_t)in.pos;
  *n = (int64_t)out.pos;
  if (ZSTD_isError(left)) return bytes_zstd_fail(b, left);
  b->in_frame = left > 0;
  return KITH_OK;
}

/* A member is followed by another one of the same compression, or by the end of the file. */
static kith_status bytes_next_member(kith__bytes *b) {
  kith_status st = KITH_OK;
  KITH_TRY(bytes_fill(b, BYTES_MAGIC));
  if (b->end == b->begin) goto done;
  KITH_CHECK(bytes_detect(b) == b->compression, KITH_EDATA,
             "%s: bytes from %lld on, behind the end of what is packed, are no %s; unpack the parts one by "
             "one, or pack the whole again",
             b->path, (long long)(b->bytes_read - (b->end - b->begin)), bytes_what(b));
  if (b->compression == KITH__GZIP) inflateReset(&b->zip);
  b->in_frame = true;
done:
  return st;
}

static kith_status bytes_unpack(kith__bytes *b, int64_t capacity, char *text, int64_t *n) {
  kith_status st = KITH_OK;
  const int64_t most = 1 << 30; /* zlib counts in unsigned int */
  while (*n == 0) {
    if (!b->in_frame) KITH_TRY(bytes_next_member(b));
    if (!b->in_frame) break;
    KITH_TRY(bytes_fill(b, 1));
    bool dry = b->end == b->begin;
    KITH_TRY((b->compression == KITH__GZIP
                  ? bytes_inflate
                  : bytes_decompress)(b, capacity < most ? capacity : most, text, n));
    KITH_CHECK(*n > 0 || !dry || !b->in_frame, KITH_EDATA,
               "%s: the %s file is truncated; download or compress it again", b->path, bytes_what(b));
  }
done:
  return st;
}

/* Return the bytes that were read to detect the compression first. */
static kith_status bytes_plain(kith__bytes *b, int64_t capacity, char *text, int64_t *n) {
  int64_t held = b->end - b->begin;
  if (held == 0) return b->at_end ? KITH_OK : bytes_from_file(b, capacity, text, n);
  *n = held < capacity ? held : capacity;
  memcpy(text, b->raw + b->begin, (size_t)*n);
  b->begin += *n;
  return KITH_OK;
}

kith_status kith__bytes_read(kith__bytes *b, int64_t capacity, char *text, int64_t *n) {
  *n = 0;
  return b->compression == KITH__PLAIN ? bytes_plain(b, capacity, text, n)
                                       : bytes_unpack(b, capacity, text, n);
}
