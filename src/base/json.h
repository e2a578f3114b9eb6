/**
 * JSON: a text read into a tree (RFC 8259).
 *
 * Strict: what a writer of JSON would not write is refused, with its line.  A YAML reader would not do: it
 * accepts comments, unquoted words and much more, and libyaml refuses the pairs of \u escapes that many
 * writers make of every character beyond U+FFFF.
 */
#ifndef KITH_BASE_JSON_H
#define KITH_BASE_JSON_H

#include "base/base.h"

typedef enum kith_json_kind {
  KITH_JSON_NULL,
  KITH_JSON_BOOL,
  KITH_JSON_NUMBER,
  KITH_JSON_TEXT,
  KITH_JSON_LIST,
  KITH_JSON_OBJECT
} kith_json_kind;

/** A value; of an object's members, `name` is set.  The tree belongs to its kith_json. */
typedef struct kith_json_value {
  kith_json_kind kind;
  const char *name; /**< of a member, UTF-8; else null */
  const char *text; /**< of a text, UTF-8 without zero bytes; else null */
  double number;    /**< of a number, which is finite; of a bool 0 or 1 */
  int64_t integer;  /**< of a number without point and exponent, all its digits; those of 2^63 and
                         above, as of a fingerprint, less 2^64; else 0 */
  int64_t n;        /**< elements of a list, members of an object */
  struct kith_json_value *first; /**< the first of them; null if there is none */
  struct kith_json_value *next;  /**< the next one of the enclosing list or object; null after the last */
} kith_json_value;

/** A tree that was read. */
typedef struct kith_json {
  kith_json_value *value; /**< value[0] is the outermost one */
  char *text;             /**< what the values' texts point into */
} kith_json;

enum {
  KITH_JSON_DEPTH = 64,     /* deepest nesting that is read */
  KITH_JSON_FILE = 64 << 20 /* bytes of the largest file that is read */
};

/*
 * All are Local.  On failure *out is empty, and the message begins with NAME:LINE.
 */

/**
 * Read one value from `size` bytes.
 * @param name  of the file, for messages
 * Errors: KITH_EDATA, KITH_ENOMEM.  Cost: O(size); about 60 bytes for each value, and `size`.
 */
kith_status kith_json_read(const char *name, const char *text, int64_t size, kith_json *out) KITH_MUST_USE;

/**
 * Read lines of one value each (JSON Lines) into a list.  Empty lines are skipped; so is a last line without
 * its end, which a killed writer leaves.  Errors: as kith_json_read().
 */
kith_status kith_json_read_lines(const char *name, const char *text, int64_t size,
                                 kith_json *out) KITH_MUST_USE;

/** Read a file of one value, or of `lines`.  Errors: as above; those of kith_file_open(); KITH_EIO. */
kith_status kith_json_read_file(const char *path, bool lines, kith_json *out) KITH_MUST_USE;

void kith_json_free(kith_json *j);

/** The first member of this name; null if there is none, if `of` is no object, or null. */
const kith_json_value *kith_json_get(const kith_json_value *of, const char *name);
/** The number of a member, or of a value (name null); `otherwise` if there is none. */
double kith_json_number(const kith_json_value *of, const char *name, double otherwise);
/** The text of a member; null if there is none. */
const char *kith_json_text(const kith_json_value *of, const char *name);

#endif
