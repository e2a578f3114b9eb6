/*
 * Private to ingest: how text lists become rows.
 *
 *   bytes    a plain, gzip or zstd file (bytes.h)
 *   kind     files that are no lists, told by their first bytes
 *   dialect  how a list is written, told by its first lines (dialect.h)
 *   lines    a list line by line, with the place for messages
 *   cells    a line cut into columns, and what stands in one
 *   names    ids of one node type <-> original numbers
 *   pairs    (user, item, time, weight) in reading order, in blocks that are freed as they are consumed
 *   rows     the same, one row per user, ascending by item, no pair twice
 *   nodes    lists whose line i is node i, and lists of such numbers, for node classification
 *
 * Everything here is Local.
 */
#ifndef KITH_INGEST_LISTS_H
#define KITH_INGEST_LISTS_H

#include "ingest/bytes.h"
#include "store/graph_writer.h"
#include "kith/fault.h"
#include "kith/ingest.h"

/* ---- lines ---- */

/** A file being read; `path` is borrowed. */
typedef struct kith__lines {
  kith__bytes bytes;
  const char *path;
  char *buffer;
  int64_t room, begin, end; /**< buffer[begin … end) is read but not yet given out */
  int64_t number;           /**< of the last line given out, from 1 */
  bool at_end;
  int64_t n_data, n_comment, n_blank; /**< lines that kith__lines_next() gave out and passed over */
  kith_comment comment;
  char *header; /**< that names the columns; lines equal to it are passed over; may be null */
  int64_t header_size, n_header;   /**< bytes of it; lines that were equal to it */
  const char *key;                 /**< of the source in the job, for messages */
  const struct kith__knife *knife; /**< how lines are cut, and … */
  int min_cell, max_cell;          /**< … how many cells they have; 0: nobody knows */
  int n_alike;                     /**< comments so far that could be data */
  kith_progress progress;
} kith__lines;

/** Some bytes of a line; valid until the next line is asked for. */
typedef struct kith__cell {
  const char *at;
  int64_t size;
} kith__cell;

/** Open a list.  Errors: those of kith__bytes_open(), and KITH_EDATA if its first bytes are those of another
 * kind of file. */
kith_status kith__lines_open(const char *path, kith__lines *lines) KITH_MUST_USE;
/** The next line, whatever it holds, without its end; size < 0 after the last one. */
kith_status kith__lines_any(kith__lines *lines, kith__cell *line) KITH_MUST_USE;
/**
 * The next line that is neither blank nor a comment, without its end; size < 0 after the last one.
 * A comment that has as many cells as the data around it is refused (KITH_EDATA), unless the job says what #
 * is.
 */
kith_status kith__lines_next(kith__lines *lines, kith__cell *line) KITH_MUST_USE;
/** This line names the columns: kith__lines_next() passes over it wherever it stands, since files may have
 * been joined. */
kith_status kith__lines_set_header(kith__lines *lines, kith__cell header) KITH_MUST_USE;
void kith__lines_close(kith__lines *lines);
/** Read on behind what lies in the buffer, which may move. */
kith_status kith__lines_more(kith__lines *lines) KITH_MUST_USE;

typedef enum kith__line_kind { KITH__LINE_DATA, KITH__LINE_COMMENT, KITH__LINE_BLANK } kith__line_kind;
kith__line_kind kith__line_kind_of(const kith__lines *lines, kith__cell line);
/** KITH_EDATA with "path:line: " before the message. */
kith_status kith__lines_fail(const kith__lines *lines, const char *format, ...) KITH_FORMAT(2, 3);

/** KITH_EDATA, saying what it is and what to do, if these first bytes of a file are not those of a text list.
 */
kith_status kith__kind_check(const char *path, const char *text, int64_t n) KITH_MUST_USE;

/* ---- cells ---- */

enum { KITH__CELLS = 256 }; /**< columns that are looked at */

/** How a line is cut: one character, several, or (size 0) any run of spaces and tabs. */
typedef struct kith__knife {
  char text[8];
  int size;
  bool unquoted; /**< a quote is a character like any other */
  bool valued;   /**< a quoted cell may have a colon and a value behind it: "drama, dark":0.5 */
  bool dry;      /**< the line is only looked at: doubled quotes stay as they are */
} kith__knife;

/** What is wrong with the quotes of a line: the size of `rest` where it could not be cut any further. */
enum { KITH__QUOTE_OPEN = -1, KITH__QUOTE_PASSED = -2 };

/** The knife that a job names; "" and " " mean white space. */
kith__knife kith__knife_make(const char *delimiter);
/** The knife that suits a line: "::", tab, comma, semicolon, else white space. */
kith__knife kith__knife_guess(kith__cell line);
/**
 * Cut the next cell off the front of `rest`; spaces around it are dropped.  A cell in quotes may hold
 * delimiters and, written twice, quotes (RFC 4180); doubled ones are made single in place, so `rest` lies in
 * memory that may be written. Returns false at the end of the line, and where its quotes are wrong, which
 * kith__knife_end() tells apart. After the last cell rest->at is null, unless the knife is white space.
 */
bool kith__knife_cut(const kith__knife *knife, kith__cell *rest, kith__cell *cell);
/** Whether the quotes of the line are right to its end, columns that nobody read included.  Errors:
 * KITH_EDATA. */
kith_status kith__knife_end(const kith__knife *knife, const kith__lines *lines,
                            kith__cell rest) KITH_MUST_USE;

static inline bool kith__is_plain(char c, char delimiter) { return c > ' ' && c != delimiter && c != '"'; }

/** The same, quick where a cell is plain: between single characters, without quotes and spaces.  Most cells
 * are. */
static inline bool kith__knife_next(const kith__knife *knife, kith__cell *rest, kith__cell *cell) {
  if (knife->size != 1 || !rest->at) return kith__knife_cut(knife, rest, cell);
  const char *at = rest->at, *end = at + rest->size, *stop = at, by = knife->text[0];
  while (stop < end && kith__is_plain(*stop, by)) stop++;
  if (stop == at || (stop < end && *stop != by)) return kith__knife_cut(knife, rest, cell);
  *cell = (kith__cell){at, stop - at};
  *rest = stop < end ? (kith__cell){stop + 1, end - stop - 1} : (kith__cell){NULL, 0};
  return true;
}

/** A whole number in its only spelling (no plus sign, no leading zeros) that fits 64 bits. */
static inline bool kith__cell_integer(kith__cell cell, int64_t *value) {
  const char *at = cell.at, *end = at + cell.size;
  bool minus = at < end && *at == '-';
  at += minus;
  int64_t digits = end - at;
  if (digits < 1 || digits > 19 || (*at == '0' && (digits > 1 || minus))) return false;
  uint64_t x = 0;
  for (; at < end; at++) {
    unsigned digit = (unsigned)(unsigned char)*at - '0';
    if (digit > 9) return false;
    x = 10 * x + digit; /* 19 digits stay below 2^64 */
  }
  if (x > (uint64_t)INT64_MAX) return false;
  *value = minus ? -(int64_t)x : (int64_t)x;
  return true;
}
/** Seconds: a number (a fraction is cut off), or a date "2010-10-19", "2010-10-19T23:55:27Z", in UTC. */
bool kith__cell_time(kith__cell cell, int64_t *seconds);
/** A finite number. */
bool kith__cell_real(kith__cell cell, float *value);
/** Whether numbers can be divided by their sum: it is no leftover of numbers that cancel out.  `size` is the
 * sum of their magnitudes. */
static inline bool kith__can_normalize(double sum, double size) {
  return (sum < 0 ? -sum : sum) >= 1e-6 * size;
}
/** What programs print of a number that is none, or of one that no float holds: "nan", "-inf", "1e99". */
bool kith__cell_is_unbounded(kith__cell cell);

/** Units of the times of a list, told by how large they are: seconds since 1970, or a thousandth of a
 * thousandth. */
typedef struct kith__time_units {
  int64_t low, high;   /**< where the times of the first unit lie; 0, 0: there is none yet */
  int64_t line, value; /**< the first time of another unit, and its line; 0: there is none */
  bool between;        /**< some time lies between two units, so that none is told */
} kith__time_units;

/** A time that does not lie where those before do. */
void kith__time_units_other(kith__time_units *units, int64_t line, int64_t value);
static inline void kith__time_units_add(kith__time_units *units, int64_t line, int64_t value) {
  if (value < units->low || value >= units->high) kith__time_units_other(units, line, value);
}
/** Warn where a list has times of two units. */
void kith__time_units_warn(const kith__time_units *units, const char *path);

/** How a cell is shown in a message: quoted, cut short, without control characters.  `text` has 48 bytes. */
const char *kith__cell_show(kith__cell cell, char *text);

/* ---- names ---- */

enum { KITH__ID_BYTES = 255 }; /**< the longest text id */

/** The ids of one node type in the order of their first appearance. */
typedef struct kith__names {
  const char *what;   /**< "user", "item", "class" or "feature", for messages */
  bool text, decided; /**< whether ids are text; unknown before the first one */
  bool asked;         /**< the job says text, so no number among them is suspicious */
  int32_t n;
  int64_t room;    /**< of number or begin */
  int64_t *number; /**< [n] integer ids */
  int32_t *dense;  /**< [n_dense] number + 1 of each small integer id, 0 = none */
  int64_t n_dense;
  int32_t *slot; /**< [n_slot] number + 1, 0 = free: an open-addressing table of all other ids */
  int64_t n_slot, n_hashed;
  int64_t *begin; /**< [n + 1] places of text ids in `pool` */
  char *pool;
  int64_t pool_room;
  int width; /**< of the longest text id */
} kith__names;

void kith__names_begin(kith__names *names, const char *what, kith_id_kind ids);
void kith__names_free(kith__names *names);
/** The original number of an id: known, or (when `add`) given to it now; -1 if unknown and not added. */
kith_status kith__names_take(kith__names *names, const kith__lines *lines, kith__cell id, bool add,
                             int32_t *out) KITH_MUST_USE;
/** The same, quick where the id is a small integer that is known already.  Most are. */
static inline kith_status kith__names_meet(kith__names *names, const kith__lines *lines, kith__cell id,
                                           bool add, int32_t *out) {
  int64_t value = 0;
  bool quick = !names->text && kith__cell_integer(id, &value) && value >= 0 && value < names->n_dense;
  if (!quick || names->dense[value] == 0) return kith__names_take(names, lines, id, add, out);
  *out = names->dense[value] - 1;
  return KITH_OK;
}

/** The ids of one type, numbered as in graph.h5, which is at `path`; what comes later must be of their kind.
 */
kith_status kith__names_know(const char *path, const kith_ids *ids, const char *what,
                             kith__names *names) KITH_MUST_USE;
/** The ids as the file holds them. */
kith_status kith__names_ids(const kith__names *names, kith_ids *out) KITH_MUST_USE;

/* ---- pairs ---- */

/** Some pairs; the arrays lie in one piece of memory behind the block, [room] each. */
typedef struct kith__block {
  struct kith__block *next;
  int64_t n, room;
  int32_t *user, *item;
  int64_t *time; /**< null without times */
  float *weight; /**< null without weights */
} kith__block;

typedef struct kith__pairs {
  bool has_time, has_weight;
  int64_t n;
  kith__block *first, *last;
} kith__pairs;

kith_status kith__pairs_grow(kith__pairs *pairs) KITH_MUST_USE;
void kith__pairs_free(kith__pairs *pairs);

/** Append a pair: inline, since it runs once for each interaction. */
static inline kith_status kith__pairs_add(kith__pairs *pairs, int32_t user, int32_t item, int64_t time,
                                          float weight) {
  kith__block *b = pairs->last;
  if (!b || b->n == b->room) {
    kith_status st = kith__pairs_grow(pairs);
    if (kith_is_bad(st)) return st;
    b = pairs->last;
  }
  b->user[b->n] = user;
  b->item[b->n] = item;
  if (b->time) b->time[b->n] = time;
  if (b->weight) b->weight[b->n] = weight;
  b->n++;
  pairs->n++;
  return KITH_OK;
}

/** Which ids a list may bring along. */
typedef struct kith__meet {
  const char *key;  /**< of the source in the job, such as "data.test" */
  kith_format hint; /**< of the list that this one goes with; auto: of none */
  kith_list_report report;
  kith__names *user, *item;
  bool new_users, new_items;
  bool skip_unknown;           /**< an unknown id leaves its pair out instead of being an error */
  int64_t skipped, light;      /**< pairs left out for that; lines below the least weight */
  const char *wanted;          /**< "a new user": every pair must have an id that is new; null: it need not */
  int32_t n_known[KITH_TYPES]; /**< ids that are not new */
} kith__meet;

/**
 * Take over from the source of a list that was read as `format` what `source` leaves open, if it is of that
 * format or of none that is named: delimiter, header, columns of user and item (of weights where they are
 * asked for), comments, quotes.
 */
void kith__source_inherit(const kith_source *from, kith_format format, kith_source *source);
/** What a format cannot have.  `key` is that of the source in the job, such as "data.test".  Errors:
 * KITH_ECONFIG. */
kith_status kith__source_check(const char *key, const kith_source *source) KITH_MUST_USE;
/** Read a whole list.  Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ECONFIG (columns). */
kith_status kith__pairs_read(const kith_source *source, kith__meet *meet, kith__pairs *pairs) KITH_MUST_USE;

/* ---- rows ---- */

/** Sort pairs into n_row rows.  A repeated pair is kept once, with its earliest time; `pairs` is emptied. */
kith_status kith__rows_make(kith__pairs *pairs, int64_t n_row, kith__rows *out,
                            int64_t *duplicates) KITH_MUST_USE;
/** Move the entries marked `which` (mark [n], one per entry) out of `rows` into `out`, and close the gaps. */
kith_status kith__rows_take(kith__rows *rows, uint8_t *mark, uint8_t which, kith__rows *out) KITH_MUST_USE;

/** Sort n keys by their upper 32 bits, of which the low `bits` are in use; stable.  `other` has room for n.
 */
void kith__sort_keys(int64_t n, int bits, uint64_t *key, uint64_t *other);

/**
 * Take the held-out shares out of `train`.  With keep_test false nothing goes to test.
 *
 * @param ids  [KITH_TYPES] of users and items, by which draws among equal times are keyed, so that they do
 * not depend on the order of lines; null: by number Errors: KITH_ECONFIG, KITH_EDATA (nothing could be held
 * out), KITH_ENOMEM.
 */
kith_status kith__split(const kith_split *split, bool keep_test, const kith_ids *ids, kith__rows *train,
                        kith__rows *valid, kith__rows *test, kith_split_report *report) KITH_MUST_USE;

#endif
