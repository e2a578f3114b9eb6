/*
 * Maps ids to original numbers and back.  Small integers use a direct-address table, all other ids a hash
 * table with linear probing, whose slots hold numbers; ids are stored by number.
 */
#include <inttypes.h>
#include <string.h>

#include "ingest/lists.h"

enum { ID_MAP_DIRECT = 1 << 24, ID_MAP_FIRST = 1 << 10 };
static const int32_t id_map_most = INT32_MAX - 1;

void kith__id_map_init(kith__id_map *map, const char *what, kith_id_kind ids) {
  bool text = ids == KITH_ID_TEXT;
  *map = (kith__id_map){.kind = what, .text = text, .decided = text, .declared_text = text};
}

void kith__id_map_free(kith__id_map *map) {
  KITH_FREE(map->number);
  KITH_FREE(map->direct);
  KITH_FREE(map->slot);
  KITH_FREE(map->offset);
  KITH_FREE(map->pool);
}

void kith__id_map_set_base(kith__id_map *map, const kith__id_map *base) {
  map->base = base;
  map->first = base->n;
}

/* ---- growing ---- */

static int64_t id_map_double(int64_t capacity, int64_t need) {
  int64_t grown = capacity > 0 ? capacity : ID_MAP_FIRST;
  while (grown < need) grown *= 2;
  return grown;
}

/* Grow the arrays for one more id of `size` bytes. */
static kith_status id_map_reserve(kith__id_map *map, int64_t size) {
  kith_status st = KITH_OK;
  int64_t used = map->text && map->n > 0 ? map->offset[map->n] : 0;
  if (map->n + 1 >= map->capacity) {
    int64_t capacity = id_map_double(map->capacity, map->n + 2);
    if (map->text) KITH_TRY(KITH_GROW(map->offset, map->capacity, capacity));
    else KITH_TRY(KITH_GROW(map->number, map->capacity, capacity));
    map->capacity = capacity;
  }
  if (map->text && used + size > map->pool_capacity) {
    int64_t capacity = id_map_double(map->pool_capacity, used + size);
    KITH_TRY(KITH_GROW(map->pool, map->pool_capacity, capacity));
    map->pool_capacity = capacity;
  }
done:
  return st;
}

/* Give the next number to an id. */
static kith_status id_map_append(kith__id_map *map, const kith__lines *lines, kith__field id, int64_t value) {
  kith_status st = KITH_OK;
  if (kith__id_map_space(map) >= id_map_most) {
    st = kith__lines_fail(lines, "more than %d different %ss; Kith numbers them with 32 bits", id_map_most,
                          map->kind);
    goto done;
  }
  KITH_TRY(id_map_reserve(map, id.size));
  if (map->text) {
    int64_t used = map->offset[map->n];
    if (id.size > 0) memcpy(map->pool + used, id.at, (size_t)id.size);
    map->offset[map->n + 1] = used + id.size;
    if (id.size > map->width) map->width = (int)id.size;
  } else map->number[map->n] = value;
  map->n++;
done:
  return st;
}

/* ---- the hash table ---- */

/* Multiply and fold: every bit of the id reaches the upper bits, which select the slot. */
static inline uint64_t id_map_mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

static uint64_t id_map_hash(const kith__id_map *map, kith__field id, int64_t value) {
  if (!map->text) return id_map_mix(0, (uint64_t)value) * 0xbf58476d1ce4e5b9u;
  uint64_t h = (uint64_t)id.size, x;
  int64_t i = 0;
  for (; i + 8 <= id.size; i += 8) {
    memcpy(&x, id.at + i, 8);
    h = id_map_mix(h, x);
  }
  x = 0;
  memcpy(&x, id.at + i, (size_t)(id.size - i));
  return id_map_mix(h, x) * 0xbf58476d1ce4e5b9u;
}

static bool id_map_is(const kith__id_map *map, int32_t number, kith__field id, int64_t value) {
  if (!map->text) return map->number[number] == value;
  int64_t begin = map->offset[number];
  return map->offset[number + 1] - begin == id.size && memcmp(map->pool + begin, id.at, (size_t)id.size) == 0;
}

/* The slot that holds the id, or a free one for it.  n_slot is a power of two. */
static int32_t *id_map_slot(const kith__id_map *map, kith__field id, int64_t value) {
  uint64_t last = (uint64_t)map->n_slot - 1, at = (id_map_hash(map, id, value) >> 20) & last;
  while (map->slot[at] && !id_map_is(map, map->slot[at] - 1, id, value)) at = (at + 1) & last;
  return &map->slot[at];
}

static kith__field id_map_id(const kith__id_map *map, int32_t number) {
  if (!map->text) return (kith__field){"", 0};
  return (kith__field){map->pool + map->offset[number], map->offset[number + 1] - map->offset[number]};
}

/* Double the slots and reinsert all numbers. */
static kith_status id_map_rehash(kith__id_map *map) {
  kith_status st = KITH_OK;
  int32_t *old = map->slot, *grown = NULL;
  int64_t n_old = map->n_slot, n_grown = id_map_double(2 * n_old, 1);
  KITH_TRY(KITH_NEW(grown, n_grown));
  map->slot = grown;
  map->n_slot = n_grown;
  for (int64_t i = 0; i < n_old; i++)
    if (old[i])
      *id_map_slot(map, id_map_id(map, old[i] - 1), map->text ? 0 : map->number[old[i] - 1]) = old[i];
  KITH_FREE(old);
done:
  return st;
}

/*
 * Check an id that is not in the map, whether it is added or not: valid UTF-8, no control characters, and no
 * invisible characters, which would make two ids look equal.
 */
static kith_status id_map_check_text(const kith__id_map *map, const kith__lines *lines, kith__field id) {
  uint32_t code = 0;
  char shown[48];
  for (int64_t at = 0, n = 1; at < id.size; at += n) {
    n = kith_utf8_decode(id.at + at, id.size - at, &code);
    if (n == 0)
      return kith__lines_fail(lines, "expected %s ids in UTF-8, found byte 0x%02x", map->kind,
                              (unsigned char)id.at[at]);
    if (kith_unicode_is_control(code))
      return kith__lines_fail(lines,
                              "a tab or control character in %s %s id, %s (U+%04" PRIX32
                              "); ids stand between tabs in what Kith writes",
                              kith__article(map->kind), map->kind, kith__field_quote(id, shown), code);
    if (kith_unicode_is_invisible(code))
      return kith__lines_fail(lines,
                              "an invisible character, U+%04" PRIX32
                              ", in %s %s id, behind %s; remove it from the list",
                              code, kith__article(map->kind), map->kind,
                              kith__field_quote((kith__field){id.at, at}, shown));
  }
  return KITH_OK;
}

static kith_status id_map_take_hashed(kith__id_map *map, const kith__lines *lines, kith__field id,
                                      int64_t value, bool add, int32_t *out) {
  kith_status st = KITH_OK;
  *out = -1;
  if (map->n_slot == 0 || 2 * map->n_hashed >= map->n_slot) KITH_TRY(id_map_rehash(map));
  int32_t *slot = id_map_slot(map, id, value);
  if (!*slot && map->text && !map->bytes) KITH_TRY(id_map_check_text(map, lines, id));
  if (!*slot && add) {
    KITH_TRY(id_map_append(map, lines, id, value));
    *slot = map->n;
    map->n_hashed++;
  }
  *out = *slot - 1;
done:
  return st;
}

static kith_status id_map_take_dense(kith__id_map *map, const kith__lines *lines, int64_t value, bool add,
                                     int32_t *out) {
  kith_status st = KITH_OK;
  *out = -1;
  if (value >= map->n_direct) {
    if (!add) goto done;
    int64_t n = id_map_double(map->n_direct, value + 1);
    KITH_TRY(KITH_GROW(map->direct, map->n_direct, n));
    map->n_direct = n;
  }
  if (!map->direct[value] && add) {
    KITH_TRY(id_map_append(map, lines, (kith__field){"", 0}, value));
    map->direct[value] = map->n;
  }
  *out = map->direct[value] - 1;
done:
  return st;
}

/* ---- valid ids ---- */

static kith_status id_map_refuse_integer(const kith__id_map *map, const kith__lines *lines, kith__field id) {
  char shown[48];
  kith__field_quote(id, shown);
  if (id.size == 0) return kith__lines_fail(lines, "expected an integer %s id, found nothing", map->kind);
  return kith__lines_fail(lines,
                          "expected an integer %s id, found %s (the first one was an integer; if they are "
                          "text, set data.ids: text)",
                          map->kind, shown);
}

static kith_status id_map_take_integer(kith__id_map *map, const kith__lines *lines, kith__field id, bool add,
                                       int32_t *out) {
  int64_t value;
  if (!kith__field_integer(id, &value)) return id_map_refuse_integer(map, lines, id);
  if (value < 0)
    return kith__lines_fail(lines, "expected %s %s id of 0 or more, found %lld", kith__article(map->kind),
                            map->kind, (long long)value);
  if (value < ID_MAP_DIRECT) return id_map_take_dense(map, lines, value, add, out);
  return id_map_take_hashed(map, lines, id, value, add, out);
}

kith_status kith__id_map_add_integer(kith__id_map *map, const kith__lines *lines, int64_t value,
                                     int32_t *out) {
  if (value < ID_MAP_DIRECT) return id_map_take_dense(map, lines, value, true, out);
  return id_map_take_hashed(map, lines, (kith__field){"", 0}, value, true, out);
}

/* A word followed by an integer is most likely an undeclared header. */
static bool id_map_look_headed(const kith__id_map *map, kith__field id) {
  int64_t value;
  return !map->declared_text && !map->resumed && map->n == 1 && kith__field_integer(id, &value);
}

static kith_status id_map_take_text(kith__id_map *map, const kith__lines *lines, kith__field id, bool add,
                                    int32_t *out) {
  char first[48], shown[48];
  if (id.size == 0)
    return kith__lines_fail(lines, "expected %s %s id, found nothing", kith__article(map->kind), map->kind);
  if (id.size > KITH__ID_BYTES)
    return kith__lines_fail(lines, "expected %s %s id of at most %d bytes, found %lld",
                            kith__article(map->kind), map->kind, KITH__ID_BYTES, (long long)id.size);
  if (id_map_look_headed(map, id))
    return kith__lines_fail(
        lines,
        "%s id %s is an integer but the first one, %s, is not; if line 1 names columns set header: true, "
        "if ids are text set data.ids: text",
        map->kind, kith__field_quote(id, shown), kith__field_quote(id_map_id(map, 0), first));
  return id_map_take_hashed(map, lines, id, 0, add, out);
}

/* The number of an id, or -1 where the map lacks it, of whatever form it is. */
int32_t kith__id_map_peek(const kith__id_map *map, kith__field id) {
  int64_t value = 0;
  if (!map->text && (!kith__field_integer(id, &value) || value < 0)) return -1;
  if (!map->text && value < ID_MAP_DIRECT) return value < map->n_direct ? map->direct[value] - 1 : -1;
  return map->n_slot > 0 ? *id_map_slot(map, id, value) - 1 : -1;
}

kith_status kith__id_map_add(kith__id_map *map, const kith__lines *lines, kith__field id, bool add,
                             int32_t *out) {
  *out = map->base ? kith__id_map_peek(map->base, id) : -1;
  if (*out >= 0) return KITH_OK;
  if (!map->decided) {
    int64_t value;
    map->decided = true;
    map->text = !kith__field_integer(id, &value);
  }
  kith_status st =
      map->text ? id_map_take_text(map, lines, id, add, out) : id_map_take_integer(map, lines, id, add, out);
  if (*out >= 0) *out += map->first;
  return st;
}

/* ---- out ---- */

kith_status kith__id_map_ids(const kith__id_map *map, kith_ids *out) {
  kith_status st = KITH_OK;
  *out = (kith_ids){.n = map->n};
  if (map->text) {
    out->width = map->width > 0 ? map->width : 1;
    KITH_TRY(KITH_NEW(out->text, (int64_t)map->n * out->width));
    for (int32_t i = 0; i < map->n; i++) {
      kith__field id = id_map_id(map, i);
      memcpy(out->text + (int64_t)i * out->width, id.at, (size_t)id.size);
    }
  } else {
    KITH_TRY(KITH_NEW(out->number, map->n));
    if (map->n > 0) memcpy(out->number, map->number, (size_t)map->n * sizeof *map->number);
  }
done:
  return st;
}
