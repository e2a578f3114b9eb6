/*
 * The stages from a text list to rows of edges.  Everything here is Local.
 *
 *   bytes      the bytes of a plain, gzip or zstd file (bytes.h)
 *   file_type  recognizes files that are not lists by their first bytes
 *   lines      the lines of a list, with file and line number for messages
 *   preview    the first lines, to detect the dialect (dialect.h)
 *   dialect    format, delimiter, header and columns of a list (dialect.h)
 *   fields     splits a line into fields and parses them
 *   id_map     ids of one node type <-> original numbers
 *   edge_list  edges (user, item, time, weight, kind) in reading order
 *   edge_csr   the same as rows: one per user, ascending by item and kind, each edge once
 *
 * Of a relation, user and item stand for the two ends, from and to.
 */
#ifndef KITH_INGEST_LISTS_H
#define KITH_INGEST_LISTS_H

#include <string.h>

#include "ingest/bytes.h"
#include "store/graph.h"
#include "base/fault.h"
#include "ingest/ingest.h"

/* ---- lines ---- */

/** The files of a list, in the order in which they are read. */
typedef struct kith__list_files {
  int n;
  char **path;
  int64_t *bytes; /**< [n] */
} kith__list_files;

/**
 * Find the files of paths and globs, one a line.  The files of a glob are in the order of their names' bytes;
 * a path that exists is no glob.  Of several files, empty ones are left out, unless all are.
 * Errors: KITH_ENOINPUT (a glob of no file); KITH_ECONFIG (a file named twice); KITH_ENOMEM.
 */
kith_status kith__list_files_find(const char *paths, kith__list_files *out) KITH_MUST_USE;
void kith__list_files_free(kith__list_files *files);
/** The name of file i, without its folder. */
const char *kith__list_files_name(const kith__list_files *files, int i);
/** A list's paths for messages: "part-*.tsv", or "a.tsv and 2 more".  `text` has KITH_PATH bytes. */
const char *kith__list_files_show(const char *paths, char *text);

enum { KITH__FAILURE = 1024 };

/** A file, or several, being read; `path` and `files` are borrowed. */
typedef struct kith__lines {
  kith__bytes bytes;
  const char *path;              /**< of the file being read */
  const kith__list_files *files; /**< null: that file alone */
  int file;                      /**< its index */
  int64_t at, limit,
      limit_last;       /**< where the next line begins, and from where on none does; of the last file */
  char *failure;        /**< [KITH__FAILURE] gets messages without file and line; null: they have both */
  bool resumed;         /**< data comes before what is read here */
  int64_t before;       /**< lines of the files before it */
  int64_t bytes_before; /**< their bytes */
  bool fresh, heads;    /**< no data of a further file was read; each file must begin with the header */
  char *buffer;
  int64_t capacity, begin, end; /**< capacity of buffer; buffer[begin … end) is unread */
  int64_t number;               /**< of the last line returned, from 1 */
  bool at_end;
  int64_t n_data, n_comment, n_blank; /**< counts of kith__lines_next(): returned, skipped */
  kith_comment comment;
  char *header;                            /**< lines equal to the header are skipped; may be null */
  int64_t header_size, n_header;           /**< its bytes; number of lines equal to it */
  int64_t header_number;                   /**< its line number; 0: none, or not read by kith__lines_next() */
  const char *key;                         /**< job key of the source, for messages */
  const struct kith__delimiter *delimiter; /**< of the dialect */
  int min_fields, max_fields;              /**< fields of a line; 0: unknown */
  int n_data_like;                         /**< comments that look like data */
  kith_progress progress;
} kith__lines;

/** Part of a line; valid until the next line is read. */
typedef struct kith__field {
  const char *at;
  int64_t size;
} kith__field;

/** Open a list.  Errors: those of kith__bytes_open(); KITH_EDATA (a file of another type). */
kith_status kith__lines_open(const char *path, kith__lines *lines) KITH_MUST_USE;
/** Open the first file of a list; kith__lines_next() goes on to the others.  A line ends with its file. */
kith_status kith__lines_open_files(const kith__list_files *files, kith__lines *lines) KITH_MUST_USE;
/** Open what begins in the bytes from … of the first file, to the lines that begin before byte `to` of the
 * last one.  A packed file is read as a whole where its first byte is among them, else not at all. */
kith_status kith__lines_open_span(const kith__list_files *files, int64_t from, int64_t to,
                                  kith__lines *lines) KITH_MUST_USE;
/** Whether a further file follows, and to go on to it, past what is unread of this one. */
static inline bool kith__lines_has_file(const kith__lines *lines) {
  return lines->files && lines->file + 1 < lines->files->n;
}
kith_status kith__lines_next_file(kith__lines *lines) KITH_MUST_USE;
/** Read the next line, of any content, without its line end; size < 0 at the end of the file. */
kith_status kith__lines_next_raw(kith__lines *lines, kith__field *line) KITH_MUST_USE;
/**
 * Read the next line that is neither blank nor a comment, without its line end; size < 0 at the end.
 * Errors: KITH_EDATA if a comment has as many fields as data, and the job does not set `comment`.
 */
kith_status kith__lines_next(kith__lines *lines, kith__field *line) KITH_MUST_USE;
/** Set the header line.  kith__lines_next() skips every line equal to it: concatenated files repeat it. */
kith_status kith__lines_set_header(kith__lines *lines, kith__field header) KITH_MUST_USE;
void kith__lines_close(kith__lines *lines);
/** Read more bytes into the buffer, which may move. */
kith_status kith__lines_refill(kith__lines *lines) KITH_MUST_USE;

typedef enum kith__line_kind { KITH__LINE_DATA, KITH__LINE_COMMENT, KITH__LINE_BLANK } kith__line_kind;
kith__line_kind kith__line_kind_of(const kith__lines *lines, kith__field line);
/** Fail with KITH_EDATA and the message "path:line: …". */
kith_status kith__lines_fail(const kith__lines *lines, const char *format, ...) KITH_FORMAT(2, 3);

/** Check the first bytes of a file.  Errors: KITH_EDATA, naming the file type and the remedy, if it is not a
 * text list. */
kith_status kith__file_type_check(const char *path, const char *text, int64_t n) KITH_MUST_USE;

/* ---- fields ---- */

enum { KITH__MAX_FIELDS = 256 }; /**< columns that are read */

/** Delimiter of fields: one character, several, or (size 0) any run of spaces and tabs. */
typedef struct kith__delimiter {
  char text[8];
  int size;
  bool no_quotes;   /**< quotes are ordinary characters */
  bool allow_value; /**< a value may follow a quoted field: "drama, dark":0.5 */
  bool read_only;   /**< do not change the line: doubled quotes stay doubled */
} kith__delimiter;

/** Counts of the lines read so far, of a list whose header, if any, is no comment. */
kith_list_report kith__lines_report(const kith__lines *lines, const char *kind,
                                    const kith__delimiter *delimiter);

/** Malformed quotes, as the size of `rest`: not closed; text behind the closing quote. */
enum { KITH__QUOTE_OPEN = -1, KITH__QUOTE_PASSED = -2 };

/** The delimiter of a job; "" and " " mean white space. */
kith__delimiter kith__delimiter_make(const char *delimiter);
/** A delimiter for messages: "white space", "tabs", or the delimiter in quotes; `text` has 16 bytes. */
const char *kith__delimiter_show(const kith__delimiter *delimiter, char *text);
/** The first delimiter that a line contains: "::", tab, comma, semicolon, "|" if there are no
 * spaces, else white space. */
kith__delimiter kith__delimiter_detect(kith__field line);
/**
 * Take the next field from the front of `rest`, without the spaces around it.  A quoted field may contain
 * delimiters and doubled quotes (RFC 4180), which are undoubled in place: the line must be writable.
 *
 * Returns false at the end of the line or at malformed quotes; kith__field_end() tells which.  After the last
 * field rest->at is null, unless the delimiter is white space.
 */
bool kith__field_next(const kith__delimiter *delimiter, kith__field *rest, kith__field *field);
/** Check the quotes in the rest of the line, in unread columns, too.  Errors: KITH_EDATA. */
kith_status kith__field_end(const kith__delimiter *delimiter, const kith__lines *lines,
                            kith__field rest) KITH_MUST_USE;

static inline bool kith__is_plain(char c, char delimiter) { return c > ' ' && c != delimiter && c != '"'; }

/** As kith__field_next(); inline for the common case: a one-character delimiter, no quotes or spaces. */
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

/** Parse a 64-bit integer in canonical form: no plus sign, no leading zeros. */
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
/** Parse a time in seconds: a number (rounded down), or a UTC date "2010-10-19", "2010-10-19T23:55:27Z". */
bool kith__field_time(kith__field field, int64_t *seconds);
/** Whether a time is written as a date. */
bool kith__field_is_date(kith__field field);
/** Parse a finite number. */
bool kith__field_real(kith__field field, float *value);
/** Whether numbers can be divided by their sum, i.e. do not cancel out.  `size` is the sum of magnitudes. */
static inline bool kith__can_normalize(double sum, double size) {
  return (sum < 0 ? -sum : sum) >= 1e-6 * size;
}
/** Whether a field is a number that is not finite as a float: "nan", "-inf", "1e99". */
bool kith__field_is_unbounded(kith__field field);

/** Units of the times of a list, told by how large they are: seconds since 1970, or a thousandth of a
 * thousandth. */
typedef struct kith__time_units {
  int64_t low, high;             /**< where the times of the first unit lie; 0, 0: there is none yet */
  int64_t line, value;           /**< the first time of another unit, and its line; 0: there is none */
  bool between;                  /**< some time lies between two units, so that none is told */
  int64_t first;                 /**< line of the first time; 0: there is none yet */
  const char *path, *first_path; /**< files of `line` and `first`, set by the reader of edges; borrowed */
  bool dates;                    /**< the first time is a date */
} kith__time_units;

/** A time that does not lie where those before do. */
void kith__time_units_other(kith__time_units *units, int64_t line, int64_t value);
static inline void kith__time_units_add(kith__time_units *units, int64_t line, int64_t value) {
  if (value < units->low || value >= units->high) kith__time_units_other(units, line, value);
}
/** Warn where a list has times of two units. */
void kith__time_units_warn(const kith__time_units *units, const char *path);

/** Quote a field for a message: shortened, without control characters.  `text` has 48 bytes. */
const char *kith__field_quote(kith__field field, char *text);

/* ---- id map ---- */

enum { KITH__ID_BYTES = 255 }; /**< the longest text id */

/** The ids of one node type, numbered in the order of their first appearance. */
typedef struct kith__id_map {
  const char *kind;   /**< "user", "item", "class", "feature", or a further type, for messages; borrowed */
  bool text, decided; /**< text: ids are text; decided by the first id */
  bool resumed;       /**< ids were read before by others */
  bool bytes;         /**< text of any bytes */
  bool declared_text; /**< the job says text, so integers among them are no sign of a header */
  int32_t n;
  int64_t capacity; /**< capacity of number or offset */
  int64_t *number;  /**< [n] integer ids */
  int32_t *direct;  /**< [n_direct] direct-address table of small integer ids: number + 1, 0: none */
  int64_t n_direct;
  int32_t *slot; /**< [n_slot] hash table (open addressing) of all other ids: number + 1, 0: free */
  int64_t n_slot, n_hashed;
  int64_t *offset; /**< [n + 1] of text ids in `pool` */
  char *pool;
  int64_t pool_capacity;
  int width;                       /**< bytes of the longest text id */
  const struct kith__id_map *base; /**< ids of another type, whose numbers come first; null: none */
  int32_t first;                   /**< the number of the first own id: base->n, or 0 */
} kith__id_map;

/** The article of a noun: "an" item, "a" user.  Local. */
static inline const char *kith__article(const char *noun) {
  return noun[0] != 'u' && strchr("aeio", noun[0]) ? "an" : "a";
}
void kith__id_map_init(kith__id_map *map, const char *what, kith_id_kind ids);
void kith__id_map_free(kith__id_map *map);
/** From now on, ids that `base` knows are its nodes; it gets no further ones. */
void kith__id_map_set_base(kith__id_map *map, const kith__id_map *base);
/** Numbers of a map, those of its base included. */
static inline int64_t kith__id_map_space(const kith__id_map *map) { return (int64_t)map->first + map->n; }
/** Original number of an id.  An unknown id gets the next number if `add`, else -1. */
kith_status kith__id_map_add(kith__id_map *map, const kith__lines *lines, kith__field id, bool add,
                             int32_t *out) KITH_MUST_USE;
/** The number of an integer id, 0 or more; an unknown one gets the next.  The map has no base. */
kith_status kith__id_map_add_integer(kith__id_map *map, const kith__lines *lines, int64_t value,
                                     int32_t *out) KITH_MUST_USE;
/** As kith__id_map_add(); inline for the common case: a known small integer. */
static inline kith_status kith__id_map_find(kith__id_map *map, const kith__lines *lines, kith__field id,
                                            bool add, int32_t *out) {
  int64_t value = 0;
  bool quick = !map->text && kith__field_integer(id, &value) && value >= 0 && value < map->n_direct;
  if (!quick || map->direct[value] == 0) return kith__id_map_add(map, lines, id, add, out);
  *out = map->first + map->direct[value] - 1;
  return KITH_OK;
}

/** The number of an id of this map alone, not of its base; -1: it is unknown.  Local. */
int32_t kith__id_map_peek(const kith__id_map *map, kith__field id);

/** Load the ids of graph.h5 at `path`, with their numbers, before the map gets a base, if it does; ids added
 * later must be of the same kind. */
kith_status kith__id_map_load(const char *path, const kith_ids *ids, const char *what,
                              kith__id_map *map) KITH_MUST_USE;
/** The ids as an array, in the order of their numbers. */
kith_status kith__id_map_ids(const kith__id_map *map, kith_ids *out) KITH_MUST_USE;
/**
 * Count text ids that look like another one: they differ only in characters without a shape of their own, in
 * the kind of space, or in how an accent is encoded (Latin, Greek and Cyrillic letters, kana, Hangul). Local.
 *
 * @param[out] pair  two nodes whose ids look alike, if there are any
 */
kith_status kith__ids_lookalikes(const kith_ids *ids, int64_t *count, int64_t pair[2]) KITH_MUST_USE;

/** Count the ids of a type that look like another one, and warn if there are any.  Errors: KITH_ENOMEM. */
kith_status kith__lookalikes_warn(const kith__graph_data *t, int type, int64_t *count) KITH_MUST_USE;

/* ---- edge list ---- */

/** A chunk of edges; its arrays [capacity] follow it in one allocation. */
typedef struct kith__edge_chunk {
  struct kith__edge_chunk *next;
  int64_t n, capacity;
  int32_t *user, *item;
  int64_t *time;  /**< null without times */
  float *weight;  /**< null without weights */
  float *feature; /**< [capacity, n_feature] of a stream's events; null without features */
  uint16_t *kind; /**< null without kinds */
} kith__edge_chunk;

typedef struct kith__edge_list {
  bool has_time, has_weight, has_kind;
  int n_feature;
  int64_t n;
  kith__edge_chunk *first, *last;
} kith__edge_list;

kith_status kith__edge_list_grow(kith__edge_list *edges) KITH_MUST_USE;
/** Of an empty list: n edges in one chunk, to be filled in by the caller.  Errors: KITH_ENOMEM. */
kith_status kith__edge_list_reserve(kith__edge_list *edges, int64_t n) KITH_MUST_USE;
void kith__edge_list_free(kith__edge_list *edges);

/** Append an edge.  Inline: called once per interaction. */
static inline kith_status kith__edge_list_add(kith__edge_list *edges, int32_t user, int32_t item,
                                              int64_t time, float weight, uint16_t kind) {
  kith__edge_chunk *b = edges->last;
  if (!b || b->n == b->capacity) {
    kith_status st = kith__edge_list_grow(edges);
    if (kith_is_bad(st)) return st;
    b = edges->last;
  }
  b->user[b->n] = user;
  b->item[b->n] = item;
  if (b->time) b->time[b->n] = time;
  if (b->weight) b->weight[b->n] = weight;
  if (b->kind) b->kind[b->n] = kind;
  b->n++;
  edges->n++;
  return KITH_OK;
}

/** How the edge reader treats ids that are unknown or known, and its counts. */
typedef struct kith__edge_policy {
  const char *key;              /**< job key of the source, such as "data.test" */
  kith_list_format format_hint; /**< format of the related list; auto: there is none */
  kith_list_report report;
  kith__id_map *user, *item;
  kith__id_map *kind; /**< kinds of edges, which are added; null if the source has no column of them */
  bool add_users, add_items;
  bool skip_unknown;                 /**< skip edges with an unknown id instead of failing */
  bool add_whole;                    /**< with skip_unknown: an edge that is skipped adds no node */
  bool from_to;                      /**< the columns of the ends are called from and to, not user and item */
  int64_t skipped, below_min_weight; /**< edges skipped for that; lines below the minimum weight */
  int64_t swapped;                   /**< from_to: of the skipped edges, those that fit with exchanged ends */
  int64_t self_loops;                /**< with `same`: unknown nodes joined with themselves, skipped */
  int64_t same;                      /**< below it, equal numbers are a self-loop, which numbers no kind */
  bool ends;                         /**< lines of times from `until` on are not read; their ids are none */
  int64_t until;
  bool by_line;                /**< the line, or the place in the list, is the time */
  bool named;                  /**< a line looked like a header, so that reading failed */
  const char *must_be_new;     /**< "a new user": each edge must have a new end; null: it need not */
  int32_t n_known[KITH_SIDES]; /**< ids below these numbers are not new */
} kith__edge_policy;

/** Name of the column of an end, 0 or 1: "user" and "item", or "from" and "to".  Local. */
static inline const char *kith__edge_end(const kith__edge_policy *policy, int end) {
  static const char *const name[2][2] = {{"user", "item"}, {"from", "to"}};
  return name[policy->from_to][end];
}

/**
 * Copy settings that `source` leaves open from the source of a list that was read as `format`: delimiter,
 * header, columns, comments and quotes.  Nothing is copied if `source` names another format.
 */
void kith__edge_source_inherit(const kith_edge_source *from, kith_list_format format,
                               kith_edge_source *source);
#define KITH__BY_LINE "line" /**< column of the time: none, the order of lines */

/** Check that the settings fit the format.  `key` is the job key, such as "data.test".  Errors: KITH_ECONFIG.
 */
kith_status kith__edge_source_check(const char *key, const kith_edge_source *source) KITH_MUST_USE;
/** Read a list of edges.  Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ECONFIG (columns). */
kith_status kith__edge_list_read(const kith_edge_source *source, kith__edge_policy *policy,
                                 kith__edge_list *edges) KITH_MUST_USE;

/* ---- rows ---- */

/** Convert to n_row rows.  A repeated edge, of the same kind, is kept once, with its earliest time; `edges`
 * is emptied. */
kith_status kith__edge_csr_build(kith__edge_list *edges, int64_t n_row, kith__edge_csr *out,
                                 int64_t *duplicates) KITH_MUST_USE;
/** Move the entries with mark[e] == which from `rows` to `out`; rows and marks are compacted. */
kith_status kith__edge_csr_extract(kith__edge_csr *rows, uint8_t *mark, uint8_t which,
                                   kith__edge_csr *out) KITH_MUST_USE;

/**
 * The edges of `a` and `b`, which have the same columns; b has no fewer rows.  Of an edge in both, that of a
 * is kept unless its time in b is earlier, as kith__edge_csr_build() merges repetitions.
 *
 * @param[out] is_new  a new block [edges of out]: 1 where a lacks the edge; or null: not wanted
 * @param[in,out] known, earlier  incremented by the edges in both, and by those of them that b has earlier
 */
kith_status kith__edge_csr_unite(const kith__edge_csr *a, const kith__edge_csr *b, kith__edge_csr *out,
                                 int8_t **is_new, int64_t *known, int64_t *earlier) KITH_MUST_USE;

/** Sort n keys by their upper 32 bits, of which the low `bits` are used; stable.  `other` is scratch [n]. */
void kith__radix_sort(int64_t n, int bits, uint64_t *key, uint64_t *other);

/** As kith__split_shared(), of one rank that has all rows.  Local. */
kith_status kith__split(const kith_split *split, bool keep_test, const kith_ids *ids, kith__edge_csr *train,
                        kith__edge_csr *valid, kith__edge_csr *test, kith__edge_csr *outside,
                        kith_split_report *report) KITH_MUST_USE;

#endif
