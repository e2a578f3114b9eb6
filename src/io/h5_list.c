/* What a file holds, thing by thing: for kith inspect. */
#include <stdio.h>
#include <string.h>

#include "io/h5.h"

typedef struct list_walk {
  void (*tell)(void *context, const kith_h5_item *item);
  void *context;
} list_walk;

static void list_kind(hid_t type, size_t size, char *kind) {
  int bits = (int)(8 * H5Tget_size(type));
  switch (H5Tget_class(type)) {
  case H5T_INTEGER: snprintf(kind, size, "int%d", bits); break;
  case H5T_FLOAT: snprintf(kind, size, "float%d", bits); break;
  case H5T_STRING: snprintf(kind, size, "string"); break;
  default: snprintf(kind, size, "other"); break;
  }
}

static void list_value(hid_t attribute, hid_t type, size_t size, char *text) {
  long long whole = 0;
  double real = 0;
  char *string = NULL;
  text[0] = '\0';
  switch (H5Tget_class(type)) {
  case H5T_INTEGER:
    if (H5Aread(attribute, H5T_NATIVE_LLONG, &whole) >= 0) snprintf(text, size, "%lld", whole);
    break;
  case H5T_FLOAT:
    if (H5Aread(attribute, H5T_NATIVE_DOUBLE, &real) >= 0) snprintf(text, size, "%g", real);
    break;
  case H5T_STRING:
    if (H5Tis_variable_str(type) > 0) {
      if (H5Aread(attribute, type, &string) >= 0 && string) snprintf(text, size, "%s", string);
      if (string) H5free_memory(string);
    } else if (H5Tget_size(type) < size && H5Aread(attribute, type, text) >= 0) text[H5Tget_size(type)] = '\0';
    break;
  default: break;
  }
}

static herr_t list_attribute(hid_t at, const char *name, const H5A_info_t *info, void *data) {
  static char text[1 << 16]; /* history and job texts are long; HDF5 is called by one thread */
  const list_walk *w = data;
  char kind[32];
  (void)info;
  hid_t attribute = H5Aopen(at, name, H5P_DEFAULT), type = H5Aget_type(attribute);
  list_kind(type, sizeof kind, kind);
  list_value(attribute, type, sizeof text, text);
  w->tell(w->context, &(kith_h5_item){.name = name, .attribute = true, .kind = kind, .text = text});
  H5Tclose(type);
  H5Aclose(attribute);
  return 0;
}

static herr_t list_dataset(hid_t at, const char *name, const H5O_info_t *info, void *data) {
  const list_walk *w = data;
  char kind[32];
  hsize_t dims[8] = {0};
  if (info->type != H5O_TYPE_DATASET) return 0;
  hid_t set = H5Dopen2(at, name, H5P_DEFAULT), type = H5Dget_type(set), space = H5Dget_space(set);
  int n_dim = H5Sget_simple_extent_ndims(space);
  if (n_dim >= 0 && n_dim <= 8) H5Sget_simple_extent_dims(space, dims, NULL);
  list_kind(type, sizeof kind, kind);
  w->tell(w->context, &(kith_h5_item){.name = name, .kind = kind, .n = (int64_t)dims[0], .d = n_dim > 1 ? (int)dims[1] : 0});
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(set);
  return 0;
}

kith_status kith_h5_list(const char *path, void (*tell)(void *context, const kith_h5_item *item), void *context) {
  kith_status st = KITH_OK;
  list_walk w = {tell, context};
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  FILE *plain = fopen(path, "rb");
  KITH_CHECK(plain, KITH_ENOINPUT, "%s: cannot be read", path);
  fclose(plain);
  hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  KITH_CHECK(file >= 0, KITH_EDATA, "%s: torn, or not an HDF5 file", path);
  herr_t good = H5Aiterate2(file, H5_INDEX_NAME, H5_ITER_INC, NULL, list_attribute, &w);
  if (good >= 0) good = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, list_dataset, &w, H5O_INFO_BASIC);
  H5Fclose(file);
  KITH_CHECK(good >= 0, KITH_EDATA, "%s: torn: not all of it can be read", path);
done:
  return st;
}
