/*
 * Checks against hostile files: a file must not refer to other files, claim more data than it stores, use
 * types that Kith does not write, or need much memory at once.  Checksums detect damage; these checks hold
 * for files of any origin.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "h5/file.h"

enum {
  VALIDATE_MAX_CHUNK = 64 << 20, /* bytes; Kith writes chunks of 1 MiB or one row */
  VALIDATE_FLAGS_OFFSET = 11,
  VALIDATE_OPEN_FLAGS = 1 | 4, /* superblock flags: open for writing */
  VALIDATE_MAX_DEFLATE = 1032  /* largest compression ratio of deflate */
};

/* ---- the format ---- */

kith_status kith__h5_validate_format(const char *path, const unsigned char *head, int64_t n) {
  static const unsigned char mark[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  kith_status st = KITH_OK;
  KITH_CHECK(n >= KITH__H5_HEAD && memcmp(head, mark, sizeof mark) == 0, KITH_EDATA,
             "%s: is not an HDF5 file", path);
  KITH_CHECK(head[sizeof mark] >= 2, KITH_EDATA,
             "%s: is an HDF5 file of the old format %d, in which names and sizes carry no checksums; Kith "
             "writes format 3",
             path, head[sizeof mark]);
  KITH_CHECK(!(head[VALIDATE_FLAGS_OFFSET] & VALIDATE_OPEN_FLAGS), KITH_EDATA,
             "%s: was not closed by the program that wrote it, or still is open there; h5clear -s %s mends "
             "it, if that program is gone",
             path, path);
done:
  return st;
}

/* ---- names ---- */

kith__h5_link kith__h5_resolve(hid_t file, const char *name) {
  char part[KITH_PATH];
  H5L_info_t link;
  size_t n = strlen(name);
  if (n == 0 || n >= sizeof part) return KITH__LINK_NONE;
  for (size_t i = 1; i <= n; i++) {
    if (name[i] != '/' && name[i] != '\0') continue;
    memcpy(part, name, i);
    part[i] = '\0';
    htri_t there = H5Lexists(file, part, H5P_DEFAULT);
    if (there == 0) return KITH__LINK_NONE;
    if (there < 0 || H5Lget_info(file, part, &link, H5P_DEFAULT) < 0)
      return KITH__LINK_LOCAL; /* opening it reports the error */
    if (link.type != H5L_TYPE_HARD) return KITH__LINK_ELSEWHERE;
  }
  return KITH__LINK_LOCAL;
}

/* ---- types ---- */

bool kith__h5_validate_type(hid_t type) {
  const hid_t known[] = {H5T_STD_I8LE,  H5T_STD_I16LE, H5T_STD_I32LE,  H5T_STD_I64LE,
                         H5T_STD_U16LE, H5T_STD_U64LE, H5T_IEEE_F32LE, H5T_IEEE_F64LE};
  if (H5Tget_class(type) == H5T_STRING) return H5Tis_variable_str(type) == 0 && H5Tget_size(type) > 0;
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
    if (H5Tequal(type, known[i]) > 0) return true;
  return false;
}

/* ---- datasets ---- */

/* The data are in this file, in chunks that fit in memory. */
static kith_status validate_storage(const kith_h5 *f, const char *name, hid_t how, size_t size) {
  kith_status st = KITH_OK;
  hsize_t chunk[H5S_MAX_RANK];
  H5D_layout_t layout = H5Pget_layout(how);
  bool inside = layout == H5D_COMPACT || layout == H5D_CONTIGUOUS || layout == H5D_CHUNKED;
  KITH_CHECK(inside && H5Pget_external_count(how) == 0, KITH_EDATA,
             "%s: \"%s\" is stored in another file, which Kith does not read", f->path, name);
  int n_dim = layout == H5D_CHUNKED ? H5Pget_chunk(how, H5S_MAX_RANK, chunk) : 0;
  double bytes = (double)size;
  for (int i = 0; i < n_dim && i < H5S_MAX_RANK; i++) bytes *= (double)chunk[i];
  KITH_CHECK(n_dim == 0 || bytes <= VALIDATE_MAX_CHUNK, KITH_EDATA,
             "%s: \"%s\" lies in chunks of %.0f bytes, at most %d were expected", f->path, name, bytes,
             VALIDATE_MAX_CHUNK);
done:
  return st;
}

/* The stored bytes suffice for the extent, and fit in the file. */
static kith_status validate_size(const kith_h5 *f, const char *name, hid_t set, bool packed, double bytes) {
  kith_status st = KITH_OK;
  hsize_t whole = 0, stored = H5Dget_storage_size(set);
  KITH_CHECK(H5Fget_filesize(f->file, &whole) >= 0 && stored <= whole, KITH_EDATA,
             "%s: \"%s\" claims %" PRIu64 " bytes of a file of %" PRIu64, f->path, name, (uint64_t)stored,
             (uint64_t)whole);
  KITH_CHECK(bytes <= (double)stored * (packed ? VALIDATE_MAX_DEFLATE : 1), KITH_EDATA,
             "%s: \"%s\" claims %.0f bytes of values and stores %" PRIu64, f->path, name, bytes,
             (uint64_t)stored);
done:
  return st;
}

kith_status kith__h5_validate_dataset(const kith_h5 *f, const char *name, hid_t set, hid_t type, int n_dim,
                                      const hsize_t *dims) {
  kith_status st = KITH_OK;
  hid_t how = H5Dget_create_plist(set);
  size_t size = H5Tget_size(type);
  double bytes = (double)size;
  for (int i = 0; i < n_dim; i++) bytes *= (double)dims[i];
  KITH_CHECK(how >= 0, KITH_EDATA, "%s: \"%s\" is damaged: %s", f->path, name, kith__h5_error_text());
  KITH_CHECK(kith__h5_validate_type(type), KITH_EDATA, "%s: \"%s\" is of a type that Kith does not write",
             f->path, name);
  KITH_CHECK(n_dim < 2 || dims[1] <= INT32_MAX, KITH_EDATA, "%s: \"%s\" has rows of impossible width",
             f->path, name);
  KITH_TRY(validate_storage(f, name, how, size));
  KITH_TRY(validate_size(f, name, set, H5Pget_nfilters(how) > 0, bytes));
done:
  if (how >= 0) H5Pclose(how);
  return st;
}

/* ---- attributes ---- */

kith_status kith__h5_validate_attr(hid_t attr, hid_t type, const char *path, const char *name) {
  kith_status st = KITH_OK;
  hsize_t whole = 0;
  hid_t file = H5Iget_file_id(attr);
  bool known =
      kith__h5_validate_type(type) && (H5Tget_class(type) != H5T_INTEGER || H5Tget_sign(type) == H5T_SGN_2);
  KITH_CHECK(known, KITH_EDATA, "%s: attribute \"%s\" is of a type that Kith does not write", path, name);
  KITH_CHECK(H5Fget_filesize(file, &whole) >= 0 && H5Tget_size(type) <= whole, KITH_EDATA,
             "%s: attribute \"%s\" claims %zu bytes of a file of %" PRIu64, path, name, H5Tget_size(type),
             (uint64_t)whole);
done:
  if (file >= 0) H5Fclose(file);
  return st;
}

/* ---- values ---- */

kith_status kith__validate_finite(const char *path, const char *name, int64_t n, const float *x) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < n; i++)
    KITH_CHECK(isfinite(x[i]), KITH_EDATA, "%s: \"%s\" holds %g at index %lld", path, name, (double)x[i],
               (long long)i);
done:
  return st;
}

/* ---- values ---- */

kith_status kith__validate_offsets(const char *path, const char *name, int64_t n_place, int64_t first,
                                   int64_t n, const int64_t *start, int64_t n_value) {
  kith_status st = KITH_OK;
  if (n == 0) return st;
  KITH_CHECK(first > 0 || start[0] == 0, KITH_EDATA, "%s: %s begins with %lld, 0 was expected", path, name,
             (long long)start[0]);
  for (int64_t i = 1; i < n; i++)
    KITH_CHECK(start[i - 1] <= start[i], KITH_EDATA, "%s: %s is not ascending at index %lld", path, name,
               (long long)(first + i));
  KITH_CHECK(start[0] >= 0 && start[n - 1] <= n_value, KITH_EDATA,
             "%s: %s goes from %lld to %lld, there are %lld values", path, name, (long long)start[0],
             (long long)start[n - 1], (long long)n_value);
  KITH_CHECK(first + n < n_place || start[n - 1] == n_value, KITH_EDATA,
             "%s: %s ends with %lld, but there are %lld values", path, name, (long long)start[n - 1],
             (long long)n_value);
done:
  return st;
}

kith_status kith__validate_range(const char *path, const char *name, int64_t first, int64_t n,
                                 const int64_t *x, int64_t low, int64_t below) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < n; i++)
    KITH_CHECK(x[i] >= low && x[i] < below, KITH_EDATA,
               "%s: %s holds %lld at index %lld, expected %lld to %lld", path, name, (long long)x[i],
               (long long)(first + i), (long long)low, (long long)below - 1);
done:
  return st;
}

kith_status kith__validate_rows(const char *path, const char *name, int64_t n_row, const int64_t *start,
                                const int32_t *x, int64_t below, bool parallel) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < n_row; i++)
    for (int64_t e = start[i]; e < start[i + 1]; e++) {
      int32_t low = e > start[i] ? x[e - 1] + !parallel : 0;
      KITH_CHECK(x[e] >= low && x[e] < below, KITH_EDATA,
                 "%s: %s holds %d in row %lld, where ascending numbers from %d to %lld are expected", path,
                 name, x[e], (long long)i, low, (long long)below - 1);
    }
done:
  return st;
}

kith_status kith__validate_kinds(const char *path, const char *name, int64_t n_row, const int64_t *start,
                                 const int32_t *x, const uint16_t *kind, int n_kind) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < n_row; i++)
    for (int64_t e = start[i]; e < start[i + 1]; e++) {
      int low = e > start[i] && x[e] == x[e - 1] ? kind[e - 1] + 1 : 0;
      KITH_CHECK(kind[e] >= low && kind[e] < n_kind, KITH_EDATA,
                 "%s: %s holds %d at index %lld, where %d to %d is expected", path, name, kind[e],
                 (long long)e, low, n_kind - 1);
    }
done:
  return st;
}

kith_status kith__validate_features(const char *path, const char *name, int64_t n, const int32_t *index,
                                    const float *value, int n_feature) {
  kith_status st = KITH_OK;
  for (int64_t e = 0; e < n; e++)
    KITH_CHECK(index[e] >= 0 && index[e] < n_feature && isfinite(value[e]), KITH_EDATA,
               "%s: %s holds feature %d of %d, with the value %g", path, name, index[e], n_feature,
               (double)value[e]);
done:
  return st;
}
