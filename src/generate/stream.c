/* A text file through one buffer; numbers are written by hand, since there are millions of them. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "generate/stream.h"

enum { STREAM_ROOM = 1 << 20, STREAM_SLACK = 512 }; /* no single text is longer than the slack */

/* Only a file that begins with the mark may be replaced: a job that names real lists must not lose them. */
static kith_status stream_check_old(const char *path, const char *mark) {
  kith_status st = KITH_OK;
  char head[64] = "";
  FILE *old = NULL;
  if (access(path, F_OK) != 0 && errno == ENOENT) return st;
  KITH_TRY(kith_file_fopen(path, &old));
  bool good = !kith_fault(KITH_FAULT_READ);
  size_t n = good ? fread(head, 1, strlen(mark), old) : 0;
  good = good && !ferror(old);
  int why = errno;
  fclose(old);
  KITH_CHECK(good, KITH_ENOINPUT, "%s: is there and cannot be read: %s", path, strerror(why));
  KITH_CHECK(n == strlen(mark) && memcmp(head, mark, n) == 0, KITH_EOUTPUT,
             "%s: is there and was not made by kith generate; move it away or name another path", path);
done:
  return st;
}

kith_status kith__stream_open(const char *path, const char *mark, const char *first, stream *s) {
  kith_status st = KITH_OK;
  memset(s, 0, sizeof *s);
  KITH_TRY(stream_check_old(path, mark));
  KITH_TRY(kith_file_tmp_name(path, s->path, s->tmp));
  KITH_TRY(KITH_NEW(s->buffer, STREAM_ROOM));
  KITH_TRY(kith_file_tmp_fopen(s->path, s->tmp, &s->file));
  kith__stream_text(s, mark);
  kith__stream_text(s, first);
done:
  if (kith_is_bad(st)) kith__stream_close(s);
  return st;
}

static void stream_flush(stream *s) {
  if (s->used == 0) return;
  bool good =
      !kith_fault(KITH_FAULT_WRITE) && fwrite(s->buffer, 1, (size_t)s->used, s->file) == (size_t)s->used;
  if (!good && !s->trouble) s->trouble = errno;
  s->used = 0;
}

static inline void stream_make_room(stream *s) {
  if (s->used > STREAM_ROOM - STREAM_SLACK) stream_flush(s);
}

void kith__stream_text(stream *s, const char *text) {
  size_t n = strlen(text);
  stream_make_room(s);
  memcpy(s->buffer + s->used, text, n);
  s->used += (int64_t)n;
}

void kith__stream_number(stream *s, int64_t number, int width) {
  char digits[32];
  int n = 0;
  stream_make_room(s);
  do digits[n++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  while (n < width) digits[n++] = '0';
  while (n > 0) s->buffer[s->used++] = digits[--n];
}

kith_status kith__stream_publish(stream *s) {
  kith_status st = KITH_OK;
  stream_flush(s);
  int closed = fclose(s->file);
  s->file = NULL;
  if (closed != 0 && !s->trouble) s->trouble = errno;
  KITH_CHECK(s->trouble == 0, KITH_EIO, "%s: writing failed: %s", s->path, strerror(s->trouble));
  KITH_TRY(kith_file_sync(s->tmp));
  KITH_TRY(kith_file_publish(s->tmp, s->path));
  s->tmp[0] = '\0';
done:
  return st;
}

void kith__stream_close(stream *s) {
  if (s->file) fclose(s->file);
  s->file = NULL;
  if (s->tmp[0]) kith_file_tmp_remove(s->tmp);
  s->tmp[0] = '\0';
  KITH_FREE(s->buffer);
}
