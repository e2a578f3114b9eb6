/* Files of a folder that are written under temporary names and renamed together. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "export/files.h"

typedef struct export_file {
  char path[KITH_PATH], tmp[KITH_TMP_PATH]; /* tmp "": another function writes and publishes it */
  bool made;                                /* its folder was made for it */
  bool published;
} export_file;

struct kith_export {
  char folder[KITH_PATH];
  bool made; /* the folder was made by this */
  kith_export_check check;
  const void *context;
  int64_t n, capacity;
  export_file *file;
  FILE *open; /* of the last file */
};

/* Make a folder unless it is there. */
static kith_status folder_make(const char *folder, bool *made) {
  struct stat is;
  bool there = stat(folder, &is) == 0;
  if (there && !S_ISDIR(is.st_mode))
    return kith_fail(KITH_EOUTPUT, "%s: is %s; --output names a folder", folder, kith_file_kind(is.st_mode));
  kith_status st = there ? KITH_OK : kith_folder_make(folder);
  *made = !there && !kith_is_bad(st);
  return st;
}

kith_status kith_export_begin(const char *folder, kith_export_check check, const void *context,
                              kith_export **out) {
  kith_status st = KITH_OK;
  kith_export *o = NULL;
  KITH_TRY(KITH_NEW(o, 1));
  o->check = check;
  o->context = context;
  KITH_TRY(kith_text_copy("--output", folder, KITH_PATH, o->folder));
  KITH_TRY(folder_make(folder, &o->made));
  *out = o;
  o = NULL;
done:
  KITH_FREE(o);
  return st;
}

void kith__export_bytes(FILE *f, const void *data, int64_t size) {
  fwrite(data, 1, (size_t)size, f); /* for a fault asks kith__export_check() */
}

kith_status kith__export_check(kith_export *o) {
  const export_file *file = &o->file[o->n - 1];
  if (!kith_fault(KITH_FAULT_WRITE) && fflush(o->open) == 0 && !ferror(o->open)) return KITH_OK;
  return kith_fail(KITH_EIO, "%s: writing failed: %s", file->path, strerror(errno));
}

static kith_status folder_close(kith_export *o) {
  if (!o->open) return KITH_OK;
  kith_status st = kith__export_check(o);
  if (fclose(o->open) != 0 && !kith_is_bad(st))
    st = kith_fail(KITH_EIO, "%s: writing failed: %s", o->file[o->n - 1].path, strerror(errno));
  o->open = NULL;
  return st;
}

/* The next file: its path, which may be written, and its folder. */
static kith_status folder_add(kith_export *o, const char *name, export_file **out) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  KITH_TRY(folder_close(o));
  if (o->n == o->capacity) {
    KITH_TRY(KITH_GROW(o->file, o->capacity, 2 * o->capacity + 8));
    o->capacity = 2 * o->capacity + 8;
  }
  export_file *file = &o->file[o->n];
  *file = (export_file){.made = false};
  KITH_TRY(kith_path_join(o->folder, name, file->path));
  for (int64_t i = 0; i < o->n; i++)
    KITH_CHECK(strcmp(o->file[i].path, file->path) != 0, KITH_EDATA, "%s: would be written twice",
               file->path);
  if (o->check) KITH_TRY(o->check(o->context, file->path));
  kith_file_parent(file->path, folder);
  if (strchr(name, '/')) KITH_TRY(folder_make(folder, &file->made));
  o->n++;
  *out = file;
done:
  return st;
}

kith_status kith__export_claim(kith_export *o, const char *name, char *path) {
  kith_status st = KITH_OK;
  export_file *file = NULL;
  KITH_TRY(folder_add(o, name, &file));
  memcpy(path, file->path, KITH_PATH);
done:
  return st;
}

kith_status kith__export_open(kith_export *o, const char *name, FILE **out) {
  kith_status st = KITH_OK;
  export_file *file = NULL;
  char path[KITH_PATH], tmp[KITH_TMP_PATH];
  KITH_TRY(folder_add(o, name, &file));
  KITH_TRY(kith_file_tmp_name(file->path, path, tmp));
  KITH_TRY(kith_file_tmp_fopen(path, tmp, &o->open));
  memcpy(file->tmp, tmp, sizeof file->tmp);
  *out = o->open;
done:
  return st;
}

kith_status kith_export_publish(kith_export *o) {
  kith_status st = KITH_OK;
  KITH_TRY(folder_close(o));
  for (int64_t i = 0; i < o->n; i++)
    if (o->file[i].tmp[0]) KITH_TRY(kith_file_sync(o->file[i].tmp));
  for (int64_t i = 0; i < o->n; i++) {
    if (o->file[i].tmp[0]) KITH_TRY(kith_file_publish(o->file[i].tmp, o->file[i].path));
    o->file[i].published = true;
  }
done:
  return st;
}

void kith_export_end(kith_export **out) {
  kith_export *o = *out;
  char folder[KITH_PATH];
  if (!o) return;
  if (o->open) fclose(o->open);
  bool kept = false;
  for (int64_t i = o->n; i-- > 0;) {
    export_file *file = &o->file[i];
    kept = kept || file->published;
    if (file->published) continue;
    if (file->tmp[0]) kith_file_tmp_remove(file->tmp);
    kith_file_parent(file->path, folder);
    if (file->made) rmdir(folder);
  }
  if (o->made && !kept) rmdir(o->folder); /* which fails, as it should, if something is in it */
  KITH_FREE(o->file);
  KITH_FREE(*out);
}

int64_t kith_export_n_file(const kith_export *o) { return o->n; }

const char *kith_export_path(const kith_export *o, int64_t i) { return o->file[i].path; }
