/*
 * Private to ingest: how text lists become rows.
 *
 *   bytes    a plain, gzip or zstd file (bytes.h)
 *   kind     files that are no lists, told by their first bytes
 *   dialect  how a list is written, told by its first lines (dialect.h)
 *   lines    a list line by line, with the place for messages
 *   fields    a line cut into columns, and what stands in one
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
  int64_t header_size, n_header;           /**< bytes of it; lines that were equal to it */
  const char *key;                         /**< of the source in the job, for messages */
  const struct kith__delimiter *delimiter; /**< how lines are cut, and … */
  int min_fields, max_fields;              /**< … how many fields they have; 0: nobody knows */
  int n_data_like;                         /**< comments so far that could be data */
  kith_progress progress;
} kith__lines;

/** Some bytes of a line; valid until the next line is asked for. */
typedef struct kith__field {
  const char *at;
  int64_t size;
} kith__field;

/** Open a list.  Errors: those of kith__bytes_open(), and KITH_EDATA if its first bytes are those of another
 * kind of file. */
kith_status kith__lines_open(const char *path, kith__lines *lines) KITH_MUST_USE;
/** The next line, whatever it holds, without its end; size < 0 after the last one. */
kith_status kith__lines_next_raw(kith__lines *lines, kith__field *line) KITH_MUST_USE;
/**
 * The next line that is neither blank nor a comment, without its end; size < 0 after the last one.
 * A comment that has as many fields as the data around it is refused (KITH_EDATA), unless the job says what #
 * is.
 */
kith_status kith__lines_next(kith__lines *lines, kith__field *line) KITH_MUST_USE;
/** This line names the columns: kith__lines_next() passes over it wherever it stands, since files may have
 * been joined. */
kith_status kith__lines_set_header(kith__lines *lines, kith__field header) KITH_MUST_USE;
void kith__lines_close(kith__lines *lines);
/** Read on behind what lies in the buffer, which may move. */
kith_status kith__lines_refill(kith__lines *lines) KITH_MUST_USE;

typedef enum kith__line_kind { KITH__LINE_DATA, KITH__LINE_COMMENT, KITH__LINE_BLANK } kith__line_kind;
kith__line_kind kith__line_kind_of(const kith__lines *lines, kith__field line);
/** KITH_EDATA with "path:line: " before the message. */
kith_status kith__lines_fail(const kith__lines *lines, const char *format, ...) KITH_FORMAT(2, 3);

/** KITH_EDATA, saying what it is and what to do, if these first bytes of a file are not those of a text list.
 */
kith_status kith__file_type_check(const char *path, const char *text, int64_t n) KITH_MUST_USE;

/* ---- fields ---- */

enum { KITH__MAX_FIELDS = 256 }; /**< columns that are looked at */

/** How a line is cut: one character, several, or (size 0) any run of spaces and tabs. */
typedef struct kith__delimiter {
  char text[8];
  int size;
  bool no_quotes;   /**< a quote is a character like any other */
  bool allow_value; /**< a quoted field may have a colon and a value behind it: "drama, dark":0.5 */
  bool read_only;   /**< the line is only looked at: doubled quotes stay as they are */
} kith__delimiter;

/** What is wrong with the quotes of a line: the size of `rest` where it could not be cut any further. */
enum { KITH__QUOTE_OPEN = -1, KITH__QUOTE_PASSED = -2 };

/** The delimiter that a job names; "" and " " mean white space. */
kith__delimiter kith__delimiter_make(const char *delimiter);
/** The delimiter that suits a line: "::", tab, comma, semicolon, else white space. */
kith__delimiter kith__delimiter_detect(kith__field line);
/**
 * Cut the next field off the front of `rest`; spaces around it are dropped.  A field in quotes may hold
 * delimiters and, written twice, quotes (RFC 4180); doubled ones are made single in place, so `rest` lies in
 * memory that may be written. Returns false at the end of the line, and where its quotes are wrong, which
 * kith__field_end() tells apart. After the last field rest->at is null, unless the delimiter is white space.
 */
bool kith__field_next(const kith__delimiter *delimiter, kith__field *rest, kith__field *field);
/** Whether the quotes of the line are right to its end, columns that nobody read included.  Errors:
 * KITH_EDATA. */
kith_status kith__field_end(const kith__delimiter *delimiter, const kith__lines *lines,
                            kith__field rest) KITH_MUST_USE;

static inline bool kith__is_plain(char c, char delimiter) { return c > ' ' && c != delimiter && c != '"'; }

/** The same, quick where a field is plain: between single characters, without quotes and spaces.  Most fields
 * are. */
static inline bool kith__field_next_fast(const kith__delimiter *delimiter, kith__field *rest,
                                         kith__field *field) {
  if (delimiter->size != 1 || !rest->at) return kith__field_next(delimiter, rest, field);
  const char *at = rest->at, *end = at + rest->size, *stop = at, by = delimiter->text[0];
  while (stop < end && kith__is_plain(*stop, by)) stop++;
  if (stop == at || (stop < end && *stop != by)) return kith__field_next(delimiter, rest, field);
  *field = (kith__field){at, stop - at};
  *rest = stop < end ? (kith__field){stop + 1, end - stop - 1} : (kith__field){NULL, 0};
  return true;
}

/** A whole number in its only spelling (no plus sign, no leading zeros) that fits 64 bits. */
static inline bool kith__field_integer(kith__field field, int64_t *value) {
  const char *at = field.at, *end = at + field.size;
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
bool kith__field_time(kith__field field, int64_t *seconds);
/** A finite number. */
bool kith__field_real(kith__field field, float *value);
/** Whether numbers can be divided by their sum: it is no leftover of numbers that cancel out.  `size` is the
 * sum of their magnitudes. */
static inline bool kith__can_normalize(double sum, double size) {
  return (sum < 0 ? -sum : sum) >= 1e-6 * size;
}
/** What programs print of a number that is none, or of one that no float holds: "nan", "-inf", "1e99". */
bool kith__field_is_unbounded(kith__field field);

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

/** How a field is shown in a message: quoted, cut short, without control characters.  `text` has 48 bytes. */
const char *kith__field_quote(kith__field field, char *text);

/* ---- names ---- */

enum { KITH__ID_BYTES = 255 }; /**< the longest text id */

/** The ids of one node type in the order of their first appearance. */
typedef struct kith__id_map {
  const char *kind;   /**< "user", "item", "class" or "feature", for messages */
  bool text, decided; /**< whether ids are text; unknown before the first one */
  bool declared_text; /**< the job says text, so no number among them is suspicious */
  int32_t n;
  int64_t room;    /**< of number or begin */
  int64_t *number; /**< [n] integer ids */
  int32_t *direct; /**< [n_direct] number + 1 of each small integer id, 0 = none */
  int64_t n_direct;
  int32_t *slot; /**< [n_slot] number + 1, 0 = free: an open-addressing table of all other ids */
  int64_t n_slot, n_hashed;
  int64_t *offset; /**< [n + 1] places of text ids in `pool` */
  char *pool;
  int64_t pool_room;
  int width; /**< of the longest text id */
} kith__id_map;

void kith__id_map_init(kith__id_map *map, const char *what, kith_id_kind ids);
void kith__id_map_free(kith__id_map *map);
/** The original number of an id: known, or (when `add`) given to it now; -1 if unknown and not added. */
kith_status kith__id_map_add(kith__id_map *map, const kith__lines *lines, kith__field id, bool add,
                             int32_t *out) KITH_MUST_USE;
/** The same, quick where the id is a small integer that is known already.  Most are. */
static inline kith_status kith__id_map_find(kith__id_map *map, const kith__lines *lines, kith__field id,
                                            bool add, int32_t *out) {
  int64_t value = 0;
  bool quick = !map->text && kith__field_integer(id, &value) && value >= 0 && value < map->n_direct;
  if (!quick || map->direct[value] == 0) return kith__id_map_add(map, lines, id, add, out);
  *out = map->direct[value] - 1;
  return KITH_OK;
}

/** The ids of one type, numbered as in graph.h5, which is at `path`; what comes later must be of their kind.
 */
kith_status kith__id_map_load(const char *path, const kith_ids *ids, const char *what,
                              kith__id_map *map) KITH_MUST_USE;
/** The ids as the file holds them. */
kith_status kith__id_map_ids(const kith__id_map *map, kith_ids *out) KITH_MUST_USE;

/* ---- pairs ---- */

/** Some pairs; the arrays lie in one piece of memory behind the block, [room] each. */
typedef struct kith__edge_chunk {
  struct kith__edge_chunk *next;
  int64_t n, room;
  int32_t *user, *item;
  int64_t *time; /**< null without times */
  float *weight; /**< null without weights */
} kith__edge_chunk;

typedef struct kith__edge_list {
  bool has_time, has_weight;
  int64_t n;
  kith__edge_chunk *first, *last;
} kith__edge_list;

kith_status kith__edge_list_grow(kith__edge_list *edges) KITH_MUST_USE;
void kith__edge_list_free(kith__edge_list *edges);

/** Append a pair: inline, since it runs once for each interaction. */
static inline kith_status kith__edge_list_add(kith__edge_list *edges, int32_t user, int32_t item,
                                              int64_t time, float weight) {
  kith__edge_chunk *b = edges->last;
  if (!b || b->n == b->room) {
    kith_status st = kith__edge_list_grow(edges);
    if (kith_is_bad(st)) return st;
    b = edges->last;
  }
  b->user[b->n] = user;
  b->item[b->n] = item;
  if (b->time) b->time[b->n] = time;
  if (b->weight) b->weight[b->n] = weight;
  b->n++;
  edges->n++;
  return KITH_OK;
}

/** Which ids a list may bring along. */
typedef struct kith__edge_policy {
  const char *key;              /**< of the source in the job, such as "data.test" */
  kith_list_format format_hint; /**< of the list that this one goes with; auto: of none */
  kith_list_report report;
  kith__id_map *user, *item;
  bool add_users, add_items;
  bool skip_unknown;                 /**< an unknown id leaves its pair out instead of being an error */
  int64_t skipped, below_min_weight; /**< pairs left out for that; lines below the least weight */
  const char *must_be_new;     /**< "a new user": every pair must have an id that is new; null: it need not */
  int32_t n_known[KITH_TYPES]; /**< ids that are not new */
} kith__edge_policy;

/**
 * Take over from the source of a list that was read as `format` what `source` leaves open, if it is of that
 * format or of none that is named: delimiter, header, columns of user and item (of weights where they are
 * asked for), comments, quotes.
 */
void kith__edge_source_inherit(const kith_edge_source *from, kith_list_format format,
                               kith_edge_source *source);
/** What a format cannot have.  `key` is that of the source in the job, such as "data.test".  Errors:
 * KITH_ECONFIG. */
kith_status kith__edge_source_check(const char *key, const kith_edge_source *source) KITH_MUST_USE;
/** Read a whole list.  Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ECONFIG (columns). */
kith_status kith__edge_list_read(const kith_edge_source *source, kith__edge_policy *policy,
                                 kith__edge_list *edges) KITH_MUST_USE;

/* ---- rows ---- */

/** Sort pairs into n_row rows.  A repeated pair is kept once, with its earliest time; `pairs` is emptied. */
kith_status kith__edge_csr_build(kith__edge_list *edges, int64_t n_row, kith__edge_csr *out,
                                 int64_t *duplicates) KITH_MUST_USE;
/** Move the entries marked `which` (mark [n], one per entry) out of `rows` into `out`, and close the gaps. */
kith_status kith__edge_csr_extract(kith__edge_csr *rows, uint8_t *mark, uint8_t which,
                                   kith__edge_csr *out) KITH_MUST_USE;

/** Sort n keys by their upper 32 bits, of which the low `bits` are in use; stable.  `other` has room for n.
 */
void kith__radix_sort(int64_t n, int bits, uint64_t *key, uint64_t *other);

/**
 * Take the held-out shares out of `train`.  With keep_test false nothing goes to test.
 *
 * @param ids  [KITH_TYPES] of users and items, by which draws among equal times are keyed, so that they do
 * not depend on the order of lines; null: by number Errors: KITH_ECONFIG, KITH_EDATA (nothing could be held
 * out), KITH_ENOMEM.
 */
kith_status kith__split(const kith_split *split, bool keep_test, const kith_ids *ids, kith__edge_csr *train,
                        kith__edge_csr *valid, kith__edge_csr *test, kith_split_report *report) KITH_MUST_USE;

#endif
