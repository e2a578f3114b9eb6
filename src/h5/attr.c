/* Attributes of the root group: numbers and texts, equal on all ranks. */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "h5/file.h"

/* ---- writing ---- */

static kith_agreed attr_create(kith_h5 *f, const char *name, hid_t on_disk, hid_t in_memory,
                               const void *value) {
  if (!kith__h5_is_writer(f)) return kith__h5_agree_write(f, name, true);
  hid_t space = H5Screate(H5S_SCALAR), attr = H5I_INVALID_HID;
  bool good = false;
  KITH_H5_COLLECTIVE(f, "making an attribute",
                     attr = H5Acreate2(f->file, name, on_disk, space, H5P_DEFAULT, H5P_DEFAULT));
  if (attr >= 0) KITH_H5_COLLECTIVE(f, "writing an attribute", good = H5Awrite(attr, in_memory, value) >= 0);
  kith_agreed st = kith__h5_agree_write(f, name, good);
  if (attr >= 0) H5Aclose(attr);
  H5Sclose(space);
  return st;
}

/* Write an attribute and add it to the seal. */
static kith_agreed attr_put(kith_h5 *f, const char *name, hid_t on_disk, hid_t in_memory, const void *value) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(attr_create(f, name, on_disk, in_memory, value));
  KITH_TRY(kith_agree(f->comm, kith__seal_add_attribute(f, name, on_disk, value)));
done:
  return st;
}

kith_agreed kith_h5_put_attr_int(kith_h5 *f, const char *name, int64_t value) {
  return attr_put(f, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

kith_agreed kith_h5_put_attr_real(kith_h5 *f, const char *name, double value) {
  return attr_put(f, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

/* Fixed length: parallel HDF5 cannot write variable-length strings. */
static hid_t attr_text_type(size_t size) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, size);
  H5Tset_strpad(type, H5T_STR_NULLTERM);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

/*
 * Every rank writes rank 0's text.  HDF5 keeps a copy of the metadata on every rank: texts of different
 * lengths would give different file sizes, and a deadlock when the file is flushed.
 */
kith_agreed kith_h5_put_attr_text(kith_h5 *f, const char *name, const char *text) {
  kith_agreed st = {KITH_OK};
  char *shared = NULL;
  int64_t size = (int64_t)strlen(text) + 1;
  kith_comm_bcast(f->comm, sizeof size, &size);
  hid_t type = attr_text_type((size_t)size);
  KITH_TRY(kith_agree(f->comm, KITH_NEW(shared, size)));
  if (f->comm->rank == 0) memcpy(shared, text, (size_t)size);
  kith_comm_bcast(f->comm, size, shared);
  KITH_TRY(kith__h5_reserve(f, size));
  KITH_TRY(attr_put(f, name, type, type, shared));
done:
  H5Tclose(type);
  KITH_FREE(shared);
  return st;
}

/* ---- reading ---- */

/* Open an attribute with one value of a class (H5T_INTEGER, …). */
static kith_status attr_open(hid_t file, const char *path, const char *name, H5T_class_t class,
                             const char *expected, hid_t *out) {
  kith_status st = KITH_OK;
  hid_t attr = H5I_INVALID_HID, space = H5I_INVALID_HID, type = H5I_INVALID_HID;
  KITH_CHECK(H5Aexists(file, name) != 0, KITH_EDATA, "%s: has no attribute \"%s\"; is it a Kith file?", path,
             name);
  attr = H5Aopen(file, name, H5P_DEFAULT);
  KITH_CHECK(attr >= 0, kith__h5_error_status(), "%s: attribute \"%s\" is damaged: %s", path, name,
             kith__h5_error_text());
  space = H5Aget_space(attr);
  type = H5Aget_type(attr);
  bool fits = H5Sget_simple_extent_npoints(space) == 1 && H5Tget_class(type) == class &&
              H5Tis_variable_str(type) <= 0;
  KITH_CHECK(fits, KITH_EDATA, "%s: attribute \"%s\" is not %s", path, name, expected);
  KITH_TRY(kith__h5_validate_attr(attr, type, path, name));
  *out = attr;
  attr = H5I_INVALID_HID;
done:
  if (type >= 0) H5Tclose(type);
  if (space >= 0) H5Sclose(space);
  if (attr >= 0) H5Aclose(attr);
  return st;
}

static kith_status attr_read(hid_t attr, const char *path, const char *name, hid_t in_memory, void *value) {
  if (!kith__h5_fault() && H5Aread(attr, in_memory, value) >= 0) return KITH_OK;
  return kith_fail(kith__h5_error_status(), "%s: attribute \"%s\" is damaged: %s", path, name,
                   kith__h5_error_text());
}

static kith_status attr_number(hid_t file, const char *path, const char *name, H5T_class_t class,
                               const char *expected, hid_t in_memory, void *value) {
  kith_status st = KITH_OK;
  hid_t attr = H5I_INVALID_HID;
  name = kith__h5_attr_name(file, name);
  KITH_TRY(attr_open(file, path, name, class, expected, &attr));
  KITH_TRY(attr_read(attr, path, name, in_memory, value));
done:
  if (attr >= 0) H5Aclose(attr);
  return st;
}

kith_status kith__h5_attr_int(hid_t file, const char *path, const char *name, int64_t *value) {
  return attr_number(file, path, name, H5T_INTEGER, "an integer", H5T_NATIVE_INT64, value);
}

kith_status kith__h5_attr_real(hid_t file, const char *path, const char *name, double *value) {
  return attr_number(file, path, name, H5T_FLOAT, "a real number", H5T_NATIVE_DOUBLE, value);
}

/* In files without a seal, the attribute NAME_crc32 holds the CRC-32 of a long text. */
static uint32_t attr_text_crc(const char *text) {
  return (uint32_t)crc32(0, (const Bytef *)text, (uInt)strlen(text));
}

static void attr_crc_name(const char *name, char *sum) { snprintf(sum, KITH_NAME, "%.50s_crc32", name); }

/* Verify the CRC-32 of a text, if there is one. */
static kith_status attr_text_check(hid_t file, const char *path, const char *name, const char *text) {
  kith_status st = KITH_OK;
  char sum[KITH_NAME];
  int64_t wanted = 0;
  attr_crc_name(name, sum);
  if (H5Aexists(file, sum) == 0) return st;
  KITH_TRY(kith__h5_attr_int(file, path, sum, &wanted));
  KITH_CHECK(wanted == attr_text_crc(text), KITH_EDATA, "%s: attribute \"%s\" fails its checksum", path,
             name);
done:
  return st;
}

kith_status kith__h5_attr_text(hid_t file, const char *path, const char *name, char **text) {
  kith_status st = KITH_OK;
  hid_t attr = H5I_INVALID_HID, on_disk = H5I_INVALID_HID, type = H5I_INVALID_HID;
  char *t = NULL;
  name = kith__h5_attr_name(file, name);
  KITH_TRY(attr_open(file, path, name, H5T_STRING, "a text of fixed length", &attr));
  on_disk = H5Aget_type(attr);
  size_t size = H5Tget_size(on_disk) + 1;
  type = attr_text_type(size);
  KITH_TRY(KITH_NEW(t, (int64_t)size));
  KITH_TRY(attr_read(attr, path, name, type, t));
  KITH_TRY(attr_text_check(file, path, name, t));
  *text = t;
  t = NULL;
done:
  KITH_FREE(t);
  if (type >= 0) H5Tclose(type);
  if (on_disk >= 0) H5Tclose(on_disk);
  if (attr >= 0) H5Aclose(attr);
  return st;
}

bool kith_h5_has_attr(kith_h5 *f, const char *name) {
  bool there = f->comm->rank == 0 && H5Aexists(f->file, kith__h5_attr_name(f->file, name)) !=
                                         0; /* on error, reading it reports why */
  kith_comm_bcast(f->comm, sizeof there, &there);
  return there;
}

kith_agreed kith_h5_get_attr_int(kith_h5 *f, const char *name, int64_t *value) {
  return kith_agree(f->comm, kith__h5_attr_int(f->file, f->path, name, value));
}

kith_agreed kith_h5_get_attr_real(kith_h5 *f, const char *name, double *value) {
  return kith_agree(f->comm, kith__h5_attr_real(f->file, f->path, name, value));
}

kith_agreed kith_h5_get_attr_text(kith_h5 *f, const char *name, char **text) {
  *text = NULL;
  kith_agreed st = kith_agree(f->comm, kith__h5_attr_text(f->file, f->path, name, text));
  if (kith_is_bad(st)) KITH_FREE(*text);
  return st;
}
