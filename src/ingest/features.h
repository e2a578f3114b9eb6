/* Private to ingest: lists of features. */
#ifndef KITH_INGEST_FEATURES_H
#define KITH_INGEST_FEATURES_H

#include "ingest/lists.h"

enum {
  KITH__FEATURE_SIGNS = 5,       /**< "::", tab, comma, semicolon, bar */
  KITH__FEATURE_DELIMITERS = 24, /**< bytes of kith__feature_delimiter_print() */
};

/** Delimiters of a list of features, and what its first lines hold behind the ids. */
typedef struct kith__feature_delimiter {
  kith__delimiter outer, inner;      /**< behind the id; between the features of a line */
  int64_t line[KITH__FEATURE_SIGNS]; /**< the first line with each sign; 0: none */
  bool spaced[KITH__FEATURE_SIGNS];  /**< a line with the sign has spaces within names */
  int64_t blank;                     /**< the first line with spaces between words; 0: none */
  bool listed;                       /**< some comma is not that of a decimal number */
  bool numbers;                      /**< in: features are numbers, not names */
  int found;                         /**< sign of `inner`; -1: white space */
  bool columns;                      /**< `inner` is `outer` */
  bool told;                         /**< the warning was given */
} kith__feature_delimiter;

/** The delimiter behind the id of the first line: the first of these signs, or white space. */
kith__delimiter kith__feature_delimiter_outer(kith__field line);
/** Look at one of the first lines: what is behind its id. */
void kith__feature_delimiter_look(kith__feature_delimiter *f, kith__field rest, int64_t line);
/** Decide `inner`.  Errors: KITH_EDATA (file:line): there are several readings. */
kith_status kith__feature_delimiter_decide(kith__feature_delimiter *f, const char *path) KITH_MUST_USE;
/** The two delimiters as text [KITH__FEATURE_DELIMITERS], such as "tab ,"; behind them "spaces" if names of
 * features have some. */
void kith__feature_delimiter_print(const kith__feature_delimiter *f, char *text);
/** Take `inner` over from such a text of a related list, if `outer` is the same; false if it is another one.
 */
bool kith__feature_delimiter_take(kith__feature_delimiter *f, const char *text);
/** Check a line.  Errors: KITH_EDATA (file:line): its features are separated otherwise. */
kith_status kith__feature_delimiter_check(kith__feature_delimiter *f, const kith__lines *lines,
                                          kith__field rest) KITH_MUST_USE;
/** Whether a field is a number with a decimal comma, "3,5". */
bool kith__field_is_decimal_comma(kith__field field);

/** Inputs of the reader of a list of features, and its counts. */
typedef struct kith__feature_reader {
  const kith_feature_source *source;
  /** Above 0: a list without ids, whose line i of as many is node i - 1, blank or not.  Features are numbers,
   * and nodes and features have no maps. */
  int64_t n_line;
  kith__id_map *node, *feature; /**< null with n_line */
  bool new_nodes, new_features; /**< add unknown ids; otherwise skip their lines or fields */
  int32_t n_skip;               /**< skip lines of nodes with smaller numbers */
  int64_t unknown_nodes, unknown_features,
      without_features;       /**< lines and fields skipped; nodes without a line */
  kith_feature_format format; /**< out: given or detected */
  /** In: of a related list, which this one is separated as; "": there is none.  Out: those of this list. */
  char delimiters[KITH__FEATURE_DELIMITERS];
  bool weighted;           /**< out: long, with weights */
  int32_t n_numbered;      /**< out: with n_line, the number of features */
  int64_t repeated;        /**< out: long: repeated lines, merged */
  kith_list_report report; /**< out */
} kith__feature_reader;

/** Read a list of features: one row per node from d->n_skip on.  Local.
 * Errors: KITH_ENOINPUT, KITH_EDATA (file:line), KITH_ENOMEM. */
kith_status kith__features_read(kith__feature_reader *d, kith_features *out) KITH_MUST_USE;

#endif
