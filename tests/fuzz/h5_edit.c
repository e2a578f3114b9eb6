/* Edits: from bytes to a model of a file. */
#include "fuzz/h5_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/h5_build.h"
#include "support/folder.h"

enum { EDIT_DATA = 1 << 16 }; /* bytes that a dataset is given; more are only claimed */

/* ---- memory: malloc, so that the sanitizers see the ends and Kith's count of blocks is its own ---- */

static void *edit_alloc(size_t n) {
  void *p = calloc(n + 1, 1);
  FUZZ_HOLD(p, "no memory");
  return p;
}

/* ---- edits of one thing ---- */

typedef struct edit {
  int kind, place;
  uint64_t key, value;
} edit;

static size_t edit_n(const edit_thing *t) { return t->data && t->element > 0 ? t->n_byte / t->element : 0; }

static void edit_put(edit_thing *t, size_t i, uint64_t value) {
  uint8_t *at = t->data + i * t->element;
  for (size_t k = 0; k < t->element && k < sizeof value; k++) at[k] = (uint8_t)(value >> (8 * k));
}

static uint64_t edit_get(const edit_thing *t, size_t i) {
  const uint8_t *at = t->data + i * t->element;
  uint64_t value = 0;
  for (size_t k = 0; k < t->element && k < sizeof value; k++) value |= (uint64_t)at[k] << (8 * k);
  return value;
}

/* A text is one element; its letters are what is changed. */
static void edit_letter(edit_thing *t, const edit *e) {
  size_t at = (size_t)e->place % t->n_byte;
  t->data[at] = (uint8_t)e->value;
}

static void edit_element(edit_thing *t, const edit *e) {
  size_t n = edit_n(t), at = n > 0 ? (size_t)e->place % n : 0;
  if (n == 0) return;
  if (t->element > sizeof e->value || H5Tget_class(t->type) == H5T_STRING) edit_letter(t, e);
  else if (e->kind == EDIT_SET) edit_put(t, at, e->value);
  else if (e->kind == EDIT_ADD) edit_put(t, at, edit_get(t, at) + (uint64_t)(int64_t)(int8_t)e->value);
  else if (e->kind == EDIT_COPY) edit_put(t, at, edit_get(t, (size_t)(e->value % n)));
  else
    for (; at < n; at++) edit_put(t, at, e->value);
}

/* Room for what type and extent now ask for: old bytes again and again, or nothing where it is too much. */
static void edit_refill(edit_thing *t) {
  uint64_t n = t->n_dim < 0 ? 0 : 1;
  for (int i = 0; i < t->n_dim; i++)
    n = t->dims[i] != 0 && n > EDIT_DATA / t->dims[i] ? EDIT_DATA + 1 : n * t->dims[i];
  size_t bytes =
      n > EDIT_DATA || t->element > EDIT_DATA || n * t->element > EDIT_DATA ? 0 : (size_t)n * t->element;
  bool known = n <= EDIT_DATA && (bytes > 0 || n == 0);
  uint8_t *data = known ? edit_alloc(bytes) : NULL;
  for (size_t i = 0; i < bytes && t->n_byte > 0 && t->data; i++) data[i] = t->data[i % t->n_byte];
  free(t->data);
  t->data = data;
  t->n_byte = bytes;
}

static void edit_type(edit_thing *t, const edit *e) {
  hid_t made = build_type((int)(e->value % BUILD_TYPES));
  if (t->attribute && H5Tget_size(made) > EDIT_DATA) { /* would stand in the file, and large files are slow */
    H5Tclose(made);
    return;
  }
  H5Tclose(t->type);
  t->type = made;
  t->element = H5Tget_size(made);
  edit_refill(t);
}

static void edit_rank(edit_thing *t, const edit *e) {
  int n = (int)(e->value % (EDIT_RANK + 2)) - 1;
  for (int i = t->n_dim < 0 ? 0 : t->n_dim; i < n; i++) t->dims[i] = 1;
  t->n_dim = n;
  edit_refill(t);
}

static void edit_size(edit_thing *t, const edit *e) {
  if (t->n_dim < 1) return;
  t->dims[e->place % t->n_dim] = e->value == H5S_UNLIMITED ? e->value - 1 : e->value;
  edit_refill(t);
}

/* ---- finding what an edit is about ---- */

static uint64_t edit_hash(const char *name) {
  uint64_t h = 0xcbf29ce484222325u;
  for (; *name; name++) h = (h ^ (uint8_t)*name) * 0x100000001b3u;
  return (h >> 24) & 0xffff;
}

/* The thing whose hash comes next. */
static edit_thing *edit_find(edit_file *f, uint64_t key) {
  edit_thing *best = &f->thing[0];
  uint64_t least = UINT64_MAX;
  for (int i = 0; i < f->n; i++) {
    uint64_t away = (edit_hash(f->thing[i].name) - key) & 0xffff;
    if (away >= least) continue;
    least = away;
    best = &f->thing[i];
  }
  return best;
}

static void edit_apply(edit_file *f, const edit *e, build_plan *plan) {
  edit_thing *t = edit_find(f, e->key);
  t->edited = t->edited || e->kind < EDIT_EXTRA;
  switch (e->kind) {
  case EDIT_SET:
  case EDIT_ADD:
  case EDIT_COPY:
  case EDIT_FILL: edit_element(t, e); break;
  case EDIT_TYPE: edit_type(t, e); break;
  case EDIT_SIZE: edit_size(t, e); break;
  case EDIT_RANK_: edit_rank(t, e); break;
  case EDIT_DROP: t->dropped = true; break;
  case EDIT_LINK: t->link = 1 + (int)(e->value % BUILD_LINKS); break;
  case EDIT_LAYOUT: t->layout = 1 + (int)(e->value % BUILD_LAYOUTS); break;
  case EDIT_EXTRA: plan->extra = 1 + (int)(e->value % BUILD_EXTRAS); break;
  case EDIT_OLD: plan->old = true; break;
  default: break;
  }
}

/* The checksum of docs/files.md: words of 32 bits times 1, 3, 5, … */
static uint64_t edit_sum(const edit_thing *t) {
  uint64_t sum = 0;
  for (size_t i = 0; i + 4 <= t->n_byte; i += 4) {
    uint64_t word = 0;
    for (int k = 0; k < 4; k++) word |= (uint64_t)t->data[i + (size_t)k] << (8 * k);
    sum += word * (i / 2 + 1);
  }
  return sum;
}

/*
 * A hostile writer gets checksums right: those of rows that were changed are made anew, unless it is they
 * that were changed. Rows of so small files lie in one block.
 */
static void edit_sums(edit_file *f) {
  char sum[EDIT_NAME + 16];
  for (int i = 0; i < f->n; i++) {
    snprintf(sum, sizeof sum, "checksum/%s", f->thing[i].name);
    for (int k = 0; k < f->n; k++) {
      const edit_thing *t = &f->thing[k];
      bool is = strcmp(t->name, sum) == 0 && !t->edited && t->data && t->n_byte == 8 && f->thing[i].data;
      if (is) edit_put(&f->thing[k], 0, edit_sum(&f->thing[i]));
    }
  }
}

/* ---- the whole ---- */

static void edit_copy(const edit_file *base, edit_file *out) {
  *out = *base;
  for (int i = 0; i < base->n; i++) {
    edit_thing *t = &out->thing[i];
    t->type = H5Tcopy(t->type);
    t->data = edit_alloc(t->n_byte);
    memcpy(t->data, base->thing[i].data, t->n_byte);
  }
}

static void edit_free(edit_file *f) {
  for (int i = 0; i < f->n; i++) {
    H5Tclose(f->thing[i].type);
    free(f->thing[i].data);
  }
}

static bool edit_next(fuzz_bytes *b, edit *e) {
  if (b->at >= b->end) return false;
  e->kind = (int)(fuzz_take(b, 1) % EDIT_KINDS);
  e->key = fuzz_take(b, 2);
  e->place = (int)fuzz_take(b, 2);
  e->value = fuzz_take(b, 8);
  return true;
}

/* Bytes are changed last, in the finished file. */
static void edit_damage(const edit *e, uint8_t *bytes, size_t *n) {
  if (*n == 0) return;
  if (e->kind == EDIT_BYTE) bytes[(e->value >> 8) % *n] ^= (uint8_t)e->value;
  if (e->kind == EDIT_CUT) *n = (size_t)(e->value % *n);
}

void edit_write(const edit_file *base, fuzz_bytes edits, const char *name, char *path) {
  edit_file f;
  edit e;
  build_plan plan = {.old = false};
  fuzz_bytes again = edits;
  size_t n = 0;
  edit_copy(base, &f);
  for (int i = 0; i < EDIT_MOST && edit_next(&edits, &e); i++) edit_apply(&f, &e, &plan);
  edit_sums(&f);
  build_file(&f, &plan, test_path(fuzz_folder, name, path));
  char *bytes = test_file_read(path, &n);
  for (int i = 0; i < EDIT_MOST && edit_next(&again, &e); i++) edit_damage(&e, (uint8_t *)bytes, &n);
  fuzz_write(name, bytes, n, path);
  KITH_FREE(bytes);
  edit_free(&f);
}

/* ---- mutating ---- */

static uint64_t mutate_value(uint64_t bits) {
  static const uint64_t known[] = {0,
                                   1,
                                   2,
                                   3,
                                   7,
                                   8,
                                   UINT64_MAX,
                                   UINT64_MAX - 1,
                                   INT64_MAX,
                                   (uint64_t)INT64_MAX + 1,
                                   INT32_MAX,
                                   (uint64_t)INT32_MAX + 1,
                                   UINT32_MAX,
                                   (uint64_t)UINT32_MAX + 1,
                                   1u << 20,
                                   (uint64_t)1 << 40,
                                   (uint64_t)1 << 60,
                                   (uint64_t)1 << 61,
                                   0x7ff8000000000000u,
                                   0x7ff0000000000000u,
                                   0x7fc00000u,
                                   0x7f800000u};
  uint64_t what = bits & 3, rest = bits >> 2;
  if (what == 0) return known[rest % (sizeof known / sizeof known[0])];
  if (what == 1) return rest % 32;
  return what == 2 ? (uint64_t) - (int64_t)(rest % 32) : rest;
}

static void mutate_put(uint8_t *at, uint64_t a, uint64_t b) {
  uint64_t key = a >> 8, place = a >> 24, value = mutate_value(b);
  at[0] = (uint8_t)(a % EDIT_KINDS);
  for (int i = 0; i < 2; i++) at[1 + i] = (uint8_t)(key >> (8 * i));
  at[3] = (uint8_t)(place % 64);
  at[4] = 0;
  for (int i = 0; i < 8; i++) at[5 + i] = (uint8_t)(value >> (8 * i));
}

size_t edit_mutate(uint8_t *data, size_t size, size_t most, unsigned seed, size_t head) {
  kith_draw r = kith_random(seed, KITH_RNG_GENERATE, size, 0, 0);
  size_t n = size > head ? (size - head) / EDIT_BYTES : 0;
  if (size < head || r.bits[0] % 4 == 0) return LLVMFuzzerMutate(data, size, most);
  bool more = n < EDIT_MOST && (n == 0 || r.bits[0] % 4 == 1) && head + (n + 1) * EDIT_BYTES <= most;
  if (!more && n == 0) return size;
  size_t at = more ? n : (size_t)(r.bits[3] % n);
  mutate_put(data + head + at * EDIT_BYTES, r.bits[1], r.bits[2]);
  return head + (more ? n + 1 : n) * EDIT_BYTES;
}
