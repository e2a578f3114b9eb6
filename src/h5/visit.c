/* Visit the attributes and datasets of any file of Kith, and verify checksums of datasets. */
#include <stdio.h>
#include <string.h>

#include "h5/file.h"

enum {
  VISIT_PIECE = 8 << 20, /* bytes per read when verifying */
  VISIT_DEPTH = 4,       /* levels of names; Kith has no deeper ones, and groups can be cyclic */
  VISIT_MAX = 4096       /* links that are visited */
};

/* State of a walk, passed to the callbacks of HDF5. */
typedef struct visit_walk {
  const kith_h5 *f;
  kith_h5_visitor visit;
  void *context;
  kith_status st;
  int n;                 /* links visited */
  char group[KITH_NAME]; /* current group, with a trailing slash; "": root */
} visit_walk;

/* Map an HDF5 type to one of Kith's; false if there is none. */
static bool visit_type(hid_t type, kith_h5_type *kind, int *width) {
  size_t size = H5Tget_size(type);
  *width = size < INT32_MAX ? (int)size : INT32_MAX;
  if (!kith__h5_validate_type(type)) return false;
  switch (H5Tget_class(type)) {
  case H5T_INTEGER:
    *kind = size == 1 ? KITH_H5_INT8 : size == 2 ? KITH_H5_UINT16 : size == 4 ? KITH_H5_INT32 : KITH_H5_INT64;
    return size == 1 || (size == 2 && H5Tget_sign(type) == H5T_SGN_NONE) || size == 4 || size == 8;
  case H5T_FLOAT: *kind = size == 4 ? KITH_H5_FLOAT : KITH_H5_DOUBLE; return size == 4 || size == 8;
  case H5T_STRING: *kind = KITH_H5_TEXT; return H5Tis_variable_str(type) == 0;
  default: return false;
  }
}

/* ---- attributes ---- */

static kith_status visit_attribute(visit_walk *w, const char *name) {
  kith_status st = KITH_OK;
  kith_h5_entry e = {.name = name, .attribute = true};
  char *text = NULL;
  hid_t attr = H5Aopen(w->f->file, name, H5P_DEFAULT), type = attr >= 0 ? H5Aget_type(attr) : H5I_INVALID_HID;
  if (type < 0 || !visit_type(type, &e.type, &e.width)) goto done; /* not a type of Kith: skip */
  if (e.type == KITH_H5_TEXT) KITH_TRY(kith__h5_attr_text(w->f->file, w->f->path, name, &text));
  else if (e.type == KITH_H5_DOUBLE || e.type == KITH_H5_FLOAT)
    KITH_TRY(kith__h5_attr_real(w->f->file, w->f->path, name, &e.real));
  else KITH_TRY(kith__h5_attr_int(w->f->file, w->f->path, name, &e.integer));
  e.text = text;
  w->visit(w->context, &e);
done:
  KITH_FREE(text);
  if (type >= 0) H5Tclose(type);
  if (attr >= 0) H5Aclose(attr);
  return st;
}

static herr_t visit_on_attribute(hid_t file, const char *name, const H5A_info_t *info, void *walk) {
  (void)file, (void)info;
  visit_walk *w = walk;
  if (strcmp(name, KITH__SEAL) != 0) w->st = visit_attribute(w, name); /* skipped: covers the others */
  return kith_is_bad(w->st) ? -1 : 0;
}

/* ---- datasets ---- */

static kith_status visit_dataset(visit_walk *w, const char *name) {
  kith_status st = KITH_OK;
  kith_h5_entry e = {.name = name};
  hsize_t dims[2] = {0, 0};
  hid_t set = kith__h5_fault() ? H5I_INVALID_HID : H5Dopen2(w->f->file, name, H5P_DEFAULT),
        type = H5I_INVALID_HID, space = H5I_INVALID_HID;
  KITH_CHECK(set >= 0, kith__h5_error_status(), "%s: \"%s\" is damaged: %s", w->f->path, name,
             kith__h5_error_text());
  type = H5Dget_type(set);
  space = H5Dget_space(set);
  int n_dim = H5Sget_simple_extent_ndims(space);
  if (!visit_type(type, &e.type, &e.width) || n_dim < 1 || n_dim > 2) goto done;
  H5Sget_simple_extent_dims(space, dims, NULL);
  KITH_CHECK(dims[0] <= INT64_MAX && dims[1] <= INT32_MAX, KITH_EDATA, "%s: \"%s\" has an impossible size",
             w->f->path, name);
  e.n = (int64_t)dims[0];
  e.d = (int)dims[1];
  e.bytes = (int64_t)H5Dget_storage_size(set);
  w->visit(w->context, &e);
done:
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  if (set >= 0) H5Dclose(set);
  return st;
}

static kith_status visit_group(visit_walk *w, const char *name);

/* The type of an object: HDF5 1.12 gave the function another name with the struct. */
#if H5_VERSION_GE(1, 12, 0)
#define VISIT_GET_INFO H5Oget_info_by_name3
#else
#define VISIT_GET_INFO H5Oget_info_by_name2
#endif

/* Visit the object of a link.  Names longer than Kith's are skipped. */
static kith_status visit_link(visit_walk *w, const char *link) {
  kith_status st = KITH_OK;
  char name[KITH_NAME];
  H5O_info_t is;
  KITH_CHECK(++w->n <= VISIT_MAX, KITH_EDATA, "%s: has more than %d objects; is it a Kith file?", w->f->path,
             VISIT_MAX);
  if (snprintf(name, sizeof name, "%s%s", w->group, link) >= (int)sizeof name) goto done;
  KITH_CHECK(VISIT_GET_INFO(w->f->file, name, &is, H5O_INFO_BASIC, H5P_DEFAULT) >= 0, kith__h5_error_status(),
             "%s: \"%s\" is damaged: %s", w->f->path, name, kith__h5_error_text());
  if (is.type == H5O_TYPE_DATASET) KITH_TRY(visit_dataset(w, name));
  if (is.type == H5O_TYPE_GROUP) KITH_TRY(visit_group(w, name));
done:
  return st;
}

static herr_t visit_on_link(hid_t group, const char *link, const H5L_info_t *info, void *walk) {
  (void)group;
  visit_walk *w = walk;
  if (info->type == H5L_TYPE_HARD) w->st = visit_link(w, link);
  return kith_is_bad(w->st) ? -1 : 0;
}

/*
 * Visit the group `name`.  HDF5's own recursion would not end in cyclic groups.  Native order: to sort,
 * HDF5 1.10 trusts the stored number of links, and frees memory that it never allocated if there are fewer.
 */
static kith_status visit_group(visit_walk *w, const char *name) {
  kith_status st = KITH_OK;
  char above[KITH_NAME];
  int depth = name[0] ? 1 : 0;
  for (const char *p = name; *p; p++) depth += *p == '/';
  if (depth >= VISIT_DEPTH) return st;
  memcpy(above, w->group, sizeof above);
  if (snprintf(w->group, sizeof w->group, "%s%s", name, name[0] ? "/" : "") < (int)sizeof w->group) {
    bool walked = H5Literate_by_name(w->f->file, name[0] ? name : "/", H5_INDEX_NAME, H5_ITER_NATIVE, NULL,
                                     visit_on_link, w, H5P_DEFAULT) >= 0;
    KITH_TRY(w->st);
    KITH_CHECK(walked, kith__h5_error_status(), "%s: is torn or damaged: %s", w->f->path,
               kith__h5_error_text());
  }
  memcpy(w->group, above, sizeof above);
done:
  return st;
}

kith_status kith_h5_visit(kith_h5 *f, kith_h5_visitor visit, void *context) {
  kith_status st = KITH_OK;
  visit_walk w = {.f = f, .visit = visit, .context = context};
  bool walked = H5Aiterate2(f->file, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit_on_attribute, &w) >= 0;
  KITH_TRY(w.st);
  KITH_CHECK(walked, kith__h5_error_status(), "%s: is torn or damaged: %s", f->path, kith__h5_error_text());
  KITH_TRY(visit_group(&w, ""));
done:
  return st;
}

/* ---- checksums ---- */

/* Read all rows in pieces and discard them: HDF5 verifies the checksum of each chunk. */
static kith_status visit_read_all(const kith_h5 *f, const char *name, const kith__h5_dataset *found) {
  kith_status st = KITH_OK;
  char *block = NULL;
  const hsize_t *dims = found->dims;
  hid_t space = H5Dget_space(found->set);
  hsize_t row = dims[1] * found->size, piece = row < VISIT_PIECE ? VISIT_PIECE / (row > 0 ? row : 1) : 1;
  KITH_TRY(KITH_NEW(block, (int64_t)(piece * row)));
  for (hsize_t at[2] = {0, 0}; at[0] < dims[0]; at[0] += piece) {
    hsize_t count[2] = {dims[0] - at[0] < piece ? dims[0] - at[0] : piece, dims[1]};
    hid_t here = H5Screate_simple(found->n_dim, count, NULL);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, at, NULL, count, NULL);
    if (kith__h5_fault() || H5Dread(found->set, found->type, here, space, H5P_DEFAULT, block) <
                                0) /* get the reason at once: the next call resets it */
      st = kith_fail(kith__h5_error_status(), "%s: \"%s\" is damaged: %s", f->path, name,
                     kith__h5_error_text());
    H5Sclose(here);
    if (kith_is_bad(st)) goto done;
  }
done:
  KITH_FREE(block);
  H5Sclose(space);
  return st;
}

kith_status kith_h5_check_dataset(kith_h5 *f, const char *name) {
  kith_status st = KITH_OK;
  kith__h5_dataset found;
  name = kith__h5_dataset_name(f->file, name);
  KITH_TRY(kith__h5_dataset_open(f, name, &found));
  if (kith__checksums_exist(f, name))
    KITH_TRY(kith__checksums_verify_rows(f, name, &found, 0, (int64_t)found.dims[0], NULL));
  else KITH_TRY(visit_read_all(f, name, &found));
done:
  kith__h5_dataset_close(&found);
  return st;
}
