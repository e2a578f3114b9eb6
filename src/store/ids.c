/* Ids and names of nodes in graph.h5: integers, or fixed-width text. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/graph.h"

void kith_ids_free(kith_ids *ids) {
  KITH_FREE(ids->number);
  KITH_FREE(ids->text);
  ids->n = 0;
}

void kith_ids_print(const kith_ids *ids, int64_t i, size_t size, char *buffer) {
  if (ids->number) {
    snprintf(buffer, size, "%" PRId64, ids->number[i]);
    return;
  }
  const char *cell = ids->text + i * ids->width;
  snprintf(buffer, size, "%.*s", (int)strnlen(cell, (size_t)ids->width), cell);
}

static int64_t ids_find_text(const kith_ids *ids, const char *text) {
  size_t n = strlen(text), width = (size_t)ids->width;
  if (n > width) return -1;
  for (int64_t i = 0; i < ids->n; i++) {
    const char *cell = ids->text + (size_t)i * width;
    if (memcmp(cell, text, n) == 0 && (n == width || cell[n] == '\0')) return i;
  }
  return -1;
}

int64_t kith_ids_find(const kith_ids *ids, const char *text) {
  if (ids->text) return ids_find_text(ids, text);
  char *end = NULL;
  long long number = strtoll(text, &end, 10);
  if (end == text || *end) return -1;
  for (int64_t i = 0; i < ids->n; i++)
    if (ids->number[i] == number) return i;
  return -1;
}

int64_t kith__ids_bytes(const kith_ids *ids) { return ids->n * (ids->text ? ids->width : 8); }

kith_agreed kith__ids_write(kith_h5 *f, const char *name, const kith_ids *ids) {
  if (ids->text) return kith_h5_write(f, name, KITH_H5_TEXT, ids->width, ids->n, 0, ids->n, true, ids->text);
  return kith_h5_write(f, name, KITH_H5_INT64, 0, ids->n, 0, ids->n, true, ids->number);
}

kith_status kith__ids_make(int64_t n, int width, kith_ids *ids) {
  kith_status st = KITH_OK;
  *ids = (kith_ids){.n = n, .width = width};
  if (width > 0) KITH_TRY(KITH_NEW(ids->text, n * width));
  else KITH_TRY(KITH_NEW(ids->number, n));
done:
  return st;
}

/* Ids as texts of a width; of a number its digits. */
static void ids_copy(const kith_ids *from, int width, char *to) {
  char text[KITH_PATH];
  if (!from->number && !from->text) return; /* there are none */
  for (int64_t i = 0; i < from->n; i++) {
    kith_ids_print(from, i, sizeof text, text);
    memcpy(to + i * width, text, strnlen(text, (size_t)width));
  }
}

kith_status kith_ids_append(kith_ids *ids, const kith_ids *more) {
  kith_status st = KITH_OK;
  enum { DIGITS = 20 };
  int width = ids->text || more->text ? DIGITS : 0;
  if (ids->width > width) width = ids->width;
  if (more->width > width) width = more->width;
  kith_ids all = {.number = NULL};
  KITH_TRY(kith__ids_make(ids->n + more->n, width, &all));
  if (width > 0) {
    ids_copy(ids, width, all.text);
    ids_copy(more, width, all.text + ids->n * width);
  } else {
    memcpy(all.number, ids->number, (size_t)ids->n * sizeof *all.number);
    if (more->n > 0) memcpy(all.number + ids->n, more->number, (size_t)more->n * sizeof *all.number);
  }
  kith_ids_free(ids);
  *ids = all;
  all = (kith_ids){.number = NULL};
done:
  kith_ids_free(&all);
  return st;
}

/* U+0080 to U+009F: control characters of terminals. */
static bool ids_is_c1(const char *at, size_t n) {
  return (unsigned char)at[0] == 0xc2 && n > 1 && (unsigned char)at[1] >= 0x80 && (unsigned char)at[1] < 0xa0;
}

/* A valid text id: one or more characters, no control characters, zero-padded. */
static bool ids_is_text(const char *cell, size_t width) {
  size_t n = strnlen(cell, width);
  for (size_t k = 0; k < n; k++)
    if ((unsigned char)cell[k] < 0x20 || cell[k] == 0x7f || ids_is_c1(cell + k, n - k)) return false;
  for (size_t k = n; k < width; k++)
    if (cell[k]) return false;
  return n > 0;
}

static kith_status ids_check(const char *path, const char *name, const kith_ids *ids) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < ids->n; i++) {
    bool good = ids->text ? ids_is_text(ids->text + i * ids->width, (size_t)ids->width) : ids->number[i] >= 0;
    KITH_CHECK(good, KITH_EDATA, "%s: \"%s\" holds an invalid id in row %lld", path, name, (long long)i);
  }
done:
  return st;
}

kith_agreed kith__ids_load(const kith_comm *comm, kith_h5 *f, const char *name, kith_ids *out) {
  kith_agreed st = {KITH_OK};
  kith_ids ids = {0};
  int64_t n;
  int width;
  *out = ids;
  KITH_TRY(kith_h5_extent(f, name, &n, &width));
  KITH_TRY(kith_agree(comm, kith__ids_make(n, width, &ids)));
  if (ids.text) KITH_TRY(kith_h5_read(f, name, KITH_H5_TEXT, width, 0, n, ids.text));
  else KITH_TRY(kith_h5_read(f, name, KITH_H5_INT64, 0, 0, n, ids.number));
  KITH_TRY(kith_agree(comm, ids_check(kith_h5_path(f), name, &ids)));
  *out = ids;
  ids = (kith_ids){0};
done:
  kith_ids_free(&ids);
  return st;
}

kith_agreed kith__ids_read(const kith_comm *comm, const char *path, const char *name, kith_ids *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  *out = (kith_ids){0};
  KITH_TRY(kith_h5_open(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith__ids_load(comm, f, name, out));
done:
  kith_h5_close(&f);
  return st;
}

/* As ids_check(), but a name may be empty. */
static kith_status names_check(const char *path, const char *name, const kith_ids *names) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < names->n; i++) {
    const char *cell = names->text + i * names->width;
    KITH_CHECK(!cell[0] || ids_is_text(cell, (size_t)names->width), KITH_EDATA,
               "%s: \"%s\" holds an invalid name in row %lld", path, name, (long long)i);
  }
done:
  return st;
}

kith_agreed kith_node_names_read(const kith_comm *comm, const char *path, kith_node_type type,
                                 kith_ids *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  kith_ids names = {0};
  const char *name = type == KITH_USER ? "user/name" : "item/name";
  int64_t n = 0;
  int width = 0;
  *out = names;
  KITH_TRY(kith_h5_open(comm, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  if (!kith_h5_has_dataset(f, name)) goto done;
  KITH_TRY(kith_h5_extent(f, name, &n, &width));
  KITH_TRY(
      kith_agreed_same(width > 0 ? KITH_OK : kith_fail(KITH_EDATA, "%s: \"%s\" is no text", path, name)));
  if (comm->rank != 0) n = 0;
  KITH_TRY(kith_agree(comm, kith__ids_make(n, width, &names)));
  KITH_TRY(kith_h5_read(f, name, KITH_H5_TEXT, width, 0, n, names.text));
  KITH_TRY(kith_agree(comm, names_check(path, name, &names)));
  *out = names;
  names = (kith_ids){0};
done:
  kith_h5_close(&f);
  kith_ids_free(&names);
  return st;
}

kith_agreed kith_ids_read(const kith_comm *comm, const char *path, kith_node_type type, kith_ids *out) {
  return kith__ids_read(comm, path, type == KITH_USER ? "user/id" : "item/id", out);
}

kith_agreed kith_type_ids_read(const kith_comm *comm, const char *path, const kith_schema *schema, int type,
                               kith_ids *out) {
  char name[KITH_NAME];
  kith_type_dataset(schema, type, "id", name);
  return kith__ids_read(comm, path, name, out);
}

kith_agreed kith_kind_ids_read(const kith_comm *comm, const char *path, const char *relation, kith_ids *out) {
  char name[KITH_NAME];
  snprintf(name, sizeof name, "edge/%.31s/kind_id", relation);
  return kith__ids_read(comm, path, name, out);
}

kith_agreed kith_class_ids_read(const kith_comm *comm, const char *path, kith_ids *out) {
  return kith__ids_read(comm, path, "class/id", out);
}

kith_agreed kith_feature_ids_read(const kith_comm *comm, const char *path, const kith_schema *schema,
                                  int type, kith_ids *out) {
  char group[KITH_NAME], name[2 * KITH_NAME];
  kith__feature_group(schema, type, group);
  snprintf(name, sizeof name, "%s/id", group);
  return kith__ids_read(comm, path, name, out);
}
