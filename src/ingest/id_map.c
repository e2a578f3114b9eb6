/*
 * Ids to original numbers and back.  Small integers go through a plain table, everything else through open
 * addressing with linear probing; a slot holds only the number, the id itself lies where the number says.
 */
#include <inttypes.h>
#include <string.h>

#include "ingest/lists.h"

enum { NAMES_DENSE = 1 << 24, NAMES_FIRST = 1 << 10 };
static const int32_t names_most = INT32_MAX - 1;

void kith__names_begin(kith__names *names, const char *what, kith_id_kind ids) {
  bool text = ids == KITH_ID_TEXT;
  *names = (kith__names){.what = what, .text = text, .decided = text, .asked = text};
}

void kith__names_free(kith__names *names) {
  KITH_FREE(names->number);
  KITH_FREE(names->dense);
  KITH_FREE(names->slot);
  KITH_FREE(names->begin);
  KITH_FREE(names->pool);
}

/* ---- growing ---- */

static int64_t names_double(int64_t room, int64_t need) {
  int64_t grown = room > 0 ? room : NAMES_FIRST;
  while (grown < need) grown *= 2;
  return grown;
}

/* Room for one id more, and for `size` bytes of text. */
static kith_status names_make_room(kith__names *names, int64_t size) {
  kith_status st = KITH_OK;
  int64_t used = names->text && names->n > 0 ? names->begin[names->n] : 0;
  if (names->n + 1 >= names->room) {
    int64_t room = names_double(names->room, names->n + 2);
    if (names->text) KITH_TRY(KITH_GROW(names->begin, names->room, room));
    else KITH_TRY(KITH_GROW(names->number, names->room, room));
    names->room = room;
  }
  if (names->text && used + size > names->pool_room) {
    int64_t room = names_double(names->pool_room, used + size);
    KITH_TRY(KITH_GROW(names->pool, names->pool_room, room));
    names->pool_room = room;
  }
done:
  return st;
}

/* Give the next number to an id. */
static kith_status names_append(kith__names *names, const kith__lines *lines, kith__cell id, int64_t value) {
  kith_status st = KITH_OK;
  if (names->n >= names_most) {
    st = kith__lines_fail(lines, "more than %d different %ss; Kith numbers them with 32 bits", names_most,
                          names->what);
    goto done;
  }
  KITH_TRY(names_make_room(names, id.size));
  if (names->text) {
    int64_t used = names->begin[names->n];
    if (id.size > 0) memcpy(names->pool + used, id.at, (size_t)id.size);
    names->begin[names->n + 1] = used + id.size;
    if (id.size > names->width) names->width = (int)id.size;
  } else names->number[names->n] = value;
  names->n++;
done:
  return st;
}

/* ---- the table of all but small integers ---- */

/* Multiply and fold: every bit of the id reaches the upper bits, from which the place is taken. */
static inline uint64_t names_mix(uint64_t h, uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15u;
  return h ^ (h >> 29);
}

static uint64_t names_hash(const kith__names *names, kith__cell id, int64_t value) {
  if (!names->text) return names_mix(0, (uint64_t)value) * 0xbf58476d1ce4e5b9u;
  uint64_t h = (uint64_t)id.size, x;
  int64_t i = 0;
  for (; i + 8 <= id.size; i += 8) {
    memcpy(&x, id.at + i, 8);
    h = names_mix(h, x);
  }
  x = 0;
  memcpy(&x, id.at + i, (size_t)(id.size - i));
  return names_mix(h, x) * 0xbf58476d1ce4e5b9u;
}

static bool names_is(const kith__names *names, int32_t number, kith__cell id, int64_t value) {
  if (!names->text) return names->number[number] == value;
  int64_t begin = names->begin[number];
  return names->begin[number + 1] - begin == id.size &&
         memcmp(names->pool + begin, id.at, (size_t)id.size) == 0;
}

/* The slot that holds the id, or the free one where it belongs.  n_slot is a power of two. */
static int32_t *names_slot(const kith__names *names, kith__cell id, int64_t value) {
  uint64_t last = (uint64_t)names->n_slot - 1, at = (names_hash(names, id, value) >> 20) & last;
  while (names->slot[at] && !names_is(names, names->slot[at] - 1, id, value)) at = (at + 1) & last;
  return &names->slot[at];
}

static kith__cell names_id(const kith__names *names, int32_t number) {
  if (!names->text) return (kith__cell){NULL, 0};
  return (kith__cell){names->pool + names->begin[number], names->begin[number + 1] - names->begin[number]};
}

/* Twice the slots; the old ones are put in anew. */
static kith_status names_rehash(kith__names *names) {
  kith_status st = KITH_OK;
  int32_t *old = names->slot, *grown = NULL;
  int64_t n_old = names->n_slot, n_grown = names_double(2 * n_old, 1);
  KITH_TRY(KITH_NEW(grown, n_grown));
  names->slot = grown;
  names->n_slot = n_grown;
  for (int64_t i = 0; i < n_old; i++)
    if (old[i])
      *names_slot(names, names_id(names, old[i] - 1), names->text ? 0 : names->number[old[i] - 1]) = old[i];
  KITH_FREE(old);
done:
  return st;
}

static const char *names_one(const kith__names *names) {
  return names->what[0] == 'i'   ? "an item"
         : names->what[0] == 'c' ? "a class"
         : names->what[0] == 'f' ? "a feature"
                                 : "a user";
}

/*
 * Ids that are known are whole; others, whether they are added or not, may be bytes of another code, or hold
 * what no list of ids could: a zero byte, a tab, an escape, a mark that is not seen and makes two ids of what
 * looks like one.
 */
static kith_status names_check_text(const kith__names *names, const kith__lines *lines, kith__cell id) {
  uint32_t code = 0;
  char shown[48];
  for (int64_t at = 0, n = 1; at < id.size; at += n) {
    n = kith_text_code(id.at + at, id.size - at, &code);
    if (n == 0)
      return kith__lines_fail(lines, "expected %s ids in UTF-8, found byte 0x%02x", names->what,
                              (unsigned char)id.at[at]);
    if (kith_text_is_control(code))
      return kith__lines_fail(lines,
                              "a tab or control character in %s id, %s (U+%04" PRIX32
                              "); ids stand between tabs in what Kith writes",
                              names_one(names), kith__cell_show(id, shown), code);
    if (kith_text_is_hidden(code))
      return kith__lines_fail(lines,
                              "a character that is not seen, U+%04" PRIX32
                              ", in %s id, behind %s; take it out of the list",
                              code, names_one(names), kith__cell_show((kith__cell){id.at, at}, shown));
  }
  return KITH_OK;
}

static kith_status names_take_hashed(kith__names *names, const kith__lines *lines, kith__cell id,
                                     int64_t value, bool add, int32_t *out) {
  kith_status st = KITH_OK;
  *out = -1;
  if (names->n_slot == 0 || 2 * names->n_hashed >= names->n_slot) KITH_TRY(names_rehash(names));
  int32_t *slot = names_slot(names, id, value);
  if (!*slot && names->text) KITH_TRY(names_check_text(names, lines, id));
  if (!*slot && add) {
    KITH_TRY(names_append(names, lines, id, value));
    *slot = names->n;
    names->n_hashed++;
  }
  *out = *slot - 1;
done:
  return st;
}

static kith_status names_take_dense(kith__names *names, const kith__lines *lines, int64_t value, bool add,
                                    int32_t *out) {
  kith_status st = KITH_OK;
  *out = -1;
  if (value >= names->n_dense) {
    if (!add) goto done;
    int64_t n = names_double(names->n_dense, value + 1);
    KITH_TRY(KITH_GROW(names->dense, names->n_dense, n));
    names->n_dense = n;
  }
  if (!names->dense[value] && add) {
    KITH_TRY(names_append(names, lines, (kith__cell){NULL, 0}, value));
    names->dense[value] = names->n;
  }
  *out = names->dense[value] - 1;
done:
  return st;
}

/* ---- what counts as an id ---- */

static kith_status names_refuse_integer(const kith__names *names, const kith__lines *lines, kith__cell id) {
  char shown[48];
  kith__cell_show(id, shown);
  if (id.size == 0) return kith__lines_fail(lines, "expected an integer %s id, found nothing", names->what);
  return kith__lines_fail(lines,
                          "expected an integer %s id, found %s (the first one was an integer; if they are "
                          "text, say data.ids: text)",
                          names->what, shown);
}

static kith_status names_take_integer(kith__names *names, const kith__lines *lines, kith__cell id, bool add,
                                      int32_t *out) {
  int64_t value;
  if (!kith__cell_integer(id, &value)) return names_refuse_integer(names, lines, id);
  if (value < 0)
    return kith__lines_fail(lines, "expected %s id of 0 or more, found %lld", names_one(names),
                            (long long)value);
  if (value < NAMES_DENSE) return names_take_dense(names, lines, value, add, out);
  return names_take_hashed(names, lines, id, value, add, out);
}

/* A word followed by a number is most likely a line of column names that nobody announced. */
static bool names_look_headed(const kith__names *names, kith__cell id) {
  int64_t value;
  return !names->asked && names->n == 1 && kith__cell_integer(id, &value);
}

static kith_status names_take_text(kith__names *names, const kith__lines *lines, kith__cell id, bool add,
                                   int32_t *out) {
  char first[48], shown[48];
  if (id.size == 0) return kith__lines_fail(lines, "expected %s id, found nothing", names_one(names));
  if (id.size > KITH__ID_BYTES)
    return kith__lines_fail(lines, "expected %s id of at most %d bytes, found %lld", names_one(names),
                            KITH__ID_BYTES, (long long)id.size);
  if (names_look_headed(names, id))
    return kith__lines_fail(
        lines,
        "%s id %s is an integer but the first one, %s, is not; if line 1 names columns say header: true, "
        "if ids are text say data.ids: text",
        names->what, kith__cell_show(id, shown), kith__cell_show(names_id(names, 0), first));
  return names_take_hashed(names, lines, id, 0, add, out);
}

kith_status kith__names_take(kith__names *names, const kith__lines *lines, kith__cell id, bool add,
                             int32_t *out) {
  if (!names->decided) {
    int64_t value;
    names->decided = true;
    names->text = !kith__cell_integer(id, &value);
  }
  return names->text ? names_take_text(names, lines, id, add, out)
                     : names_take_integer(names, lines, id, add, out);
}

/* ---- out ---- */

kith_status kith__names_ids(const kith__names *names, kith_ids *out) {
  kith_status st = KITH_OK;
  *out = (kith_ids){.n = names->n};
  if (names->text) {
    out->width = names->width > 0 ? names->width : 1;
    KITH_TRY(KITH_NEW(out->text, (int64_t)names->n * out->width));
    for (int32_t i = 0; i < names->n; i++) {
      kith__cell id = names_id(names, i);
      memcpy(out->text + (int64_t)i * out->width, id.at, (size_t)id.size);
    }
  } else {
    KITH_TRY(KITH_NEW(out->number, names->n));
    if (names->n > 0) memcpy(out->number, names->number, (size_t)names->n * sizeof *names->number);
  }
done:
  return st;
}
