/* Taking a file apart, and putting an edited one together, by the plain HDF5 library. */
#include "fuzz/h5_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/folder.h"

enum { BUILD_ATTRIBUTE = 1 << 24, BUILD_NEST = 1000, BUILD_MANY = 4200 };

/* ---- apart ---- */

static void build_take(edit_thing *t, hid_t space, hid_t type) {
  t->type = type;
  t->element = H5Tget_size(type);
  t->n_dim = H5Sget_simple_extent_ndims(space);
  FUZZ_HOLD(t->n_dim <= EDIT_RANK, "%s has %d dimensions", t->name, t->n_dim);
  H5Sget_simple_extent_dims(space, t->dims, NULL);
  t->n_byte = (size_t)H5Sget_simple_extent_npoints(space) * t->element;
  t->data = calloc(t->n_byte + 1, 1);
  H5Sclose(space);
}

static edit_thing *build_next(edit_file *f, const char *name) {
  FUZZ_HOLD(f->n < EDIT_THINGS && strlen(name) < EDIT_NAME, "no room for %s", name);
  edit_thing *t = &f->thing[f->n++];
  *t = (edit_thing){.type = H5I_INVALID_HID};
  snprintf(t->name, sizeof t->name, "%s", name);
  return t;
}

/* What attributes are taken of, and into. */
typedef struct build_owner {
  edit_file *base;
  const char *name; /* of the dataset; "" for the root */
} build_owner;

static herr_t build_on_attribute(hid_t object, const char *name, const H5A_info_t *info, void *owner) {
  (void)info;
  const build_owner *of = owner;
  char whole[2 * EDIT_NAME];
  snprintf(whole, sizeof whole, "%s%s%s", of->name, of->name[0] ? "@" : "", name);
  edit_thing *t = build_next(of->base, whole);
  hid_t attr = H5Aopen(object, name, H5P_DEFAULT);
  t->attribute = true;
  build_take(t, H5Aget_space(attr), H5Aget_type(attr));
  H5Aread(attr, t->type, t->data);
  H5Aclose(attr);
  return 0;
}

static herr_t build_on_object(hid_t file, const char *name, const H5O_info_t *info, void *base) {
  if (info->type != H5O_TYPE_DATASET) return 0;
  edit_thing *t = build_next(base, name);
  hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  build_take(t, H5Dget_space(set), H5Dget_type(set));
  H5Dread(set, t->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->data);
  build_owner of = {base, name};
  H5Aiterate2(set, H5_INDEX_NAME, H5_ITER_INC, NULL, build_on_attribute, &of);
  H5Dclose(set);
  return 0;
}

/* A seal would refuse all edits at the door, and nothing behind it would be reached: the file becomes one of
 * version 2. */
static void build_unseal(edit_file *f) {
  int n = 0;
  for (int i = 0; i < f->n; i++) {
    edit_thing *t = &f->thing[i];
    bool plain = strstr(t->name, "/parameter") || strstr(t->name, "/adam_") || strstr(t->name, "/embedding");
    if (strcmp(t->name, "seal") == 0 || (strncmp(t->name, "checksum/", 9) == 0 && !plain)) {
      H5Tclose(t->type);
      free(t->data);
      continue;
    }
    if (strcmp(t->name, "format_version") == 0) t->data[0] = 2;
    f->thing[n++] = *t;
  }
  f->n = n;
}

void edit_open(const char *path, edit_file *base) {
  *base = (edit_file){.n = 0};
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  FUZZ_HOLD(file >= 0, "%s cannot be opened", path);
  build_owner root = {base, ""};
  H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, NULL, build_on_attribute, &root);
#if H5_VERSION_GE(1, 12, 0)
  H5Ovisit3(file, H5_INDEX_NAME, H5_ITER_INC, build_on_object, base, H5O_INFO_BASIC);
#else
  H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, build_on_object, base, H5O_INFO_BASIC);
#endif
  H5Fclose(file);
  build_unseal(base);
}

/* ---- types ---- */

static hid_t build_string(size_t size, H5T_str_t pad) {
  hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, size);
  H5Tset_strpad(type, pad);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

static hid_t build_compound(void) {
  hid_t type = H5Tcreate(H5T_COMPOUND, 16);
  H5Tinsert(type, "a", 0, H5T_STD_I64LE);
  H5Tinsert(type, "b", 8, H5T_IEEE_F64LE);
  return type;
}

static hid_t build_array(void) {
  hsize_t n = 3;
  return H5Tarray_create2(H5T_STD_I64LE, 1, &n);
}

static hid_t build_enum(void) {
  hid_t type = H5Tenum_create(H5T_STD_I32LE);
  int value = 1;
  H5Tenum_insert(type, "one", &value);
  return type;
}

/* An integer of which only some bits count. */
static hid_t build_bits(void) {
  hid_t type = H5Tcopy(H5T_STD_I64LE);
  H5Tset_precision(type, 17);
  H5Tset_offset(type, 40);
  return type;
}

static hid_t build_wide(size_t size) {
  hid_t type = H5Tcopy(H5T_STD_I64LE);
  H5Tset_size(type, size);
  H5Tset_precision(type, 8 * size);
  return type;
}

hid_t build_type(int which) {
  switch (which) {
  case 0: return H5Tcopy(H5T_STD_I8LE);
  case 1: return H5Tcopy(H5T_STD_I16LE);
  case 2: return H5Tcopy(H5T_STD_I32LE);
  case 3: return H5Tcopy(H5T_STD_I64LE);
  case 4: return H5Tcopy(H5T_STD_U64LE);
  case 5: return H5Tcopy(H5T_STD_I64BE);
  case 6: return H5Tcopy(H5T_STD_U8LE);
  case 7: return H5Tcopy(H5T_IEEE_F32LE);
  case 8: return H5Tcopy(H5T_IEEE_F64LE);
  case 9: return H5Tcopy(H5T_IEEE_F32BE);
  case 10: return H5Tcopy(H5T_NATIVE_LDOUBLE);
  case 11: return build_string(8, H5T_STR_NULLPAD);
  case 12: return build_string(1, H5T_STR_NULLTERM);
  case 13: return build_string(1000, H5T_STR_SPACEPAD);
  case 14: return build_string(H5T_VARIABLE, H5T_STR_NULLTERM);
  case 15: return H5Tvlen_create(H5T_STD_I32LE);
  case 16: return build_compound();
  case 17: return build_array();
  case 18: return build_enum();
  case 19: return build_bits();
  case 20: return build_wide(16);
  case 21: return build_string((size_t)1 << 30, H5T_STR_NULLPAD);
  case 22: return H5Tcopy(H5T_STD_REF_OBJ);
  default: return H5Tcreate(H5T_OPAQUE, 5);
  }
}

/* ---- links ---- */

/* What stands where a thing was; fuzz_folder/other.h5 is the good file. */
static void build_link(hid_t file, const edit_thing *t, const edit_file *f, hid_t lcpl) {
  char other[KITH_PATH], whole[EDIT_NAME + 1];
  const edit_thing *next = &f->thing[(t - f->thing + 1) % f->n];
  test_path(fuzz_folder, "other.h5", other);
  snprintf(whole, sizeof whole, "/%s", t->name);
  switch (t->link - 1) {
  case 0: H5Gclose(H5Gcreate2(file, t->name, lcpl, H5P_DEFAULT, H5P_DEFAULT)); break;
  case 1: H5Lcreate_soft("/nowhere", file, t->name, lcpl, H5P_DEFAULT); break;
  case 2: H5Lcreate_soft(whole, file, t->name, lcpl, H5P_DEFAULT); break; /* leads to itself */
  case 3: H5Lcreate_soft(next->name, file, t->name, lcpl, H5P_DEFAULT); break;
  case 4: H5Lcreate_external(other, whole, file, t->name, lcpl, H5P_DEFAULT); break;
  case 5: H5Lcreate_external("/dev/zero", whole, file, t->name, lcpl, H5P_DEFAULT); break;
  case 6: H5Lcreate_external("", whole, file, t->name, lcpl, H5P_DEFAULT); break;
  case 7: H5Lcreate_hard(file, "/", file, t->name, lcpl, H5P_DEFAULT); break; /* its own ancestor */
  default: H5Lcreate_hard(file, next->name, file, t->name, lcpl, H5P_DEFAULT); break;
  }
}

/* ---- layouts ---- */

static void build_chunk(hid_t dcpl, const edit_thing *t, hsize_t rows) {
  hsize_t chunk[EDIT_RANK];
  if (rows > t->dims[0]) rows = t->dims[0] > 0 ? t->dims[0] : 1; /* HDF5 has no larger chunks */
  for (int i = 0; i < t->n_dim; i++)
    chunk[i] = i == 0 ? rows : t->dims[i] > 0 && t->dims[i] < 4096 ? t->dims[i] : 1;
  H5Pset_chunk(dcpl, t->n_dim, chunk);
}

static void build_virtual(hid_t dcpl, const edit_thing *t, hid_t space) {
  char other[KITH_PATH];
  H5Pset_virtual(dcpl, space, test_path(fuzz_folder, "other.h5", other), t->name, space);
}

static hid_t build_layout(const edit_thing *t, hid_t space) {
  hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);
  char other[KITH_PATH];
  H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER);
  if (t->n_dim < 1) return dcpl;
  switch (t->layout - 1) {
  case 0: break; /* contiguous */
  case 1: H5Pset_layout(dcpl, H5D_COMPACT); break;
  case 2: build_chunk(dcpl, t, 1); break;
  case 3: build_chunk(dcpl, t, (hsize_t)1 << 28); break; /* never written */
  case 4: build_virtual(dcpl, t, space); break;
  case 5: H5Pset_external(dcpl, test_path(fuzz_folder, "other.h5", other), 0, H5F_UNLIMITED); break;
  case 6: H5Pset_external(dcpl, "/dev/zero", 0, H5F_UNLIMITED); break;
  case 7: build_chunk(dcpl, t, 4), H5Pset_deflate(dcpl, 9); break;
  case 8: build_chunk(dcpl, t, 4), H5Pset_fletcher32(dcpl); break;
  case 9: build_chunk(dcpl, t, 4), H5Pset_nbit(dcpl); break;
  case 10: build_chunk(dcpl, t, 4), H5Pset_scaleoffset(dcpl, H5Z_SO_INT, 3); break;
  case 11: build_chunk(dcpl, t, (hsize_t)1 << 15), H5Pset_deflate(dcpl, 9); break;
  default: build_chunk(dcpl, t, 1024), H5Pset_fletcher32(dcpl); break; /* as Kith does */
  }
  return dcpl;
}

/* ---- things ---- */

static hid_t build_space(const edit_thing *t) {
  if (t->n_dim < 0) return H5Screate(H5S_NULL);
  return t->n_dim == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(t->n_dim, t->dims, NULL);
}

/* Values that are places in memory are not written: what the bytes say would be looked up here. */
static bool build_has_values(const edit_thing *t) {
  H5T_class_t class = H5Tget_class(t->type);
  return t->data && t->n_byte > 0 && class != H5T_VLEN && class != H5T_REFERENCE &&
         H5Tis_variable_str(t->type) <= 0;
}

/* HDF5 makes all of an attribute in memory, so there is none in a file that claims more than the file holds.
 */
static bool build_fits(const edit_thing *t) {
  double bytes = (double)H5Tget_size(t->type);
  for (int i = 0; i < t->n_dim; i++) bytes *= (double)t->dims[i];
  return bytes <= BUILD_ATTRIBUTE;
}

static void build_attribute(hid_t file, const edit_thing *t) {
  if (!build_fits(t)) return;
  char owner[EDIT_NAME] = ".";
  const char *at = strrchr(t->name, '@'), *name = at ? at + 1 : t->name;
  if (at) snprintf(owner, sizeof owner, "%.*s", (int)(at - t->name), t->name);
  hid_t space = build_space(t),
        attr = H5Acreate_by_name(file, owner, name, t->type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (attr >= 0 && build_has_values(t)) H5Awrite(attr, t->type, t->data);
  if (attr >= 0) H5Aclose(attr);
  if (space >= 0) H5Sclose(space);
}

static void build_dataset(hid_t file, const edit_thing *t, hid_t lcpl) {
  hid_t space = build_space(t), dcpl = build_layout(t, space),
        set = H5Dcreate2(file, t->name, t->type, space, lcpl, dcpl, H5P_DEFAULT);
  bool elsewhere = t->layout - 1 >= 3 && t->layout - 1 <= 6;
  if (set >= 0 && !elsewhere && build_has_values(t))
    H5Dwrite(set, t->type, H5S_ALL, H5S_ALL, H5P_DEFAULT, t->data);
  if (set >= 0) H5Dclose(set);
  H5Pclose(dcpl);
  if (space >= 0) H5Sclose(space);
}

static void build_thing(hid_t file, const edit_file *f, const edit_thing *t, hid_t lcpl) {
  if (t->dropped) return;
  if (t->attribute) build_attribute(file, t);
  else if (t->link) build_link(file, t, f, lcpl);
  else build_dataset(file, t, lcpl);
}

/* ---- what does not belong there ---- */

static void build_text(hid_t file, const char *name, const char *text, size_t size) {
  edit_thing t = {.attribute = true,
                  .type = build_string(size, H5T_STR_NULLPAD),
                  .data = (uint8_t *)(uintptr_t)text,
                  .n_byte = size};
  snprintf(t.name, sizeof t.name, "%s", name);
  build_attribute(file, &t);
  H5Tclose(t.type);
}

static void build_nest(hid_t file) {
  hid_t at = H5Gcreate2(file, "nest", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  for (int i = 0; i < BUILD_NEST; i++) {
    hid_t below = H5Gcreate2(at, "n", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(at);
    at = below;
  }
  H5Gclose(at);
}

static void build_many(hid_t file, hid_t lcpl) {
  char name[EDIT_NAME];
  for (int i = 0; i < BUILD_MANY; i++) {
    snprintf(name, sizeof name, "many/%d", i);
    H5Lcreate_hard(file, "/", file, name, lcpl, H5P_DEFAULT);
  }
}

static void build_extra(hid_t file, int which, hid_t lcpl) {
  static const char words[] = "\x1b[31mred\x07\"\\\n\xff\xfe{}";
  char longer[300];
  memset(longer, 'a', sizeof longer - 1);
  longer[sizeof longer - 1] = '\0';
  switch (which) {
  case 0: build_text(file, "words", words, sizeof words); break;
  case 1: build_text(file, "na\"me\x1b[31m\\", "x", 1); break;
  case 2: H5Gclose(H5Gcreate2(file, longer, lcpl, H5P_DEFAULT, H5P_DEFAULT)); break;
  case 3: build_nest(file); break;
  case 4: build_many(file, lcpl); break;
  case 5: H5Lcreate_hard(file, "/", file, "self/me", lcpl, H5P_DEFAULT); break;
  case 6: H5Lcreate_external("/dev/zero", "/", file, "out", lcpl, H5P_DEFAULT); break;
  default: {
    edit_thing t = {.type = H5Tcopy(H5T_STD_I64LE),
                    .n_dim = 1,
                    .dims = {8},
                    .n_byte = 64,
                    .data = (uint8_t *)(uintptr_t)longer,
                    .layout = 1};
    memcpy(t.name, longer, sizeof t.name - 1);
    build_dataset(file, &t, lcpl);
    snprintf(t.name, sizeof t.name, "odd/\x1b[31m\"%s\n", "name");
    build_dataset(file, &t, lcpl);
    H5Tclose(t.type);
  }
  }
}

/* ---- together ---- */

static hid_t build_create(const char *path, bool old) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS), creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_obj_track_times(creation, false);
  if (!old) H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, creation, access);
  FUZZ_HOLD(file >= 0, "%s cannot be made", path);
  H5Pclose(access);
  H5Pclose(creation);
  return file;
}

void build_file(const edit_file *f, const build_plan *plan, const char *path) {
  hid_t file = build_create(path, plan->old), lcpl = H5Pcreate(H5P_LINK_CREATE);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* what cannot be made is left out */
  H5Pset_create_intermediate_group(lcpl, 1);
  for (int pass = 0; pass < 2; pass++) /* datasets, then attributes, which may be of datasets */
    for (int i = 0; i < f->n; i++)
      if (f->thing[i].attribute == (pass == 1)) build_thing(file, f, &f->thing[i], lcpl);
  for (int i = 0; i < f->n; i++)
    if (f->thing[i].link)
      build_thing(file, f, &f->thing[i], lcpl); /* once more, where what it leads to came later */
  if (plan->extra) build_extra(file, plan->extra - 1, lcpl);
  H5Pclose(lcpl);
  FUZZ_HOLD(H5Fclose(file) >= 0, "%s cannot be closed", path);
}
