/*
 * Detects the dialect of a list: format, delimiter, header and columns.  Everything here is Local.
 *
 * The first lines are split by each candidate delimiter.  If all lines agree with one candidate, it is the
 * dialect; otherwise reading fails and the message names the keys to set.
 */
#ifndef KITH_INGEST_DIALECT_H
#define KITH_INGEST_DIALECT_H

#include "ingest/lists.h"

enum {
  KITH__PREVIEW_LINES = 1000, /**< lines in a preview */
  KITH__EDGE_COLUMNS = 5,     /**< columns that an edge list may have: kith__columns … */
  KITH__EVENT_FEATURES = 250  /**< … and as many of features */
};

/** The first lines of a list; valid until a line is read. */
typedef struct kith__preview {
  const kith_edge_source *source;
  const kith__edge_policy *policy;
  kith__lines *lines;
  int n;
  kith__field line[KITH__PREVIEW_LINES]; /**< neither blank nor a comment */
  int64_t number[KITH__PREVIEW_LINES];
  kith__field comment; /**< the last comment before line[0], without its #; size -1: none */
  int64_t comment_number;
} kith__preview;

/** Column indices of an edge list, from 0; -1: there is no such column. */
typedef struct kith__columns {
  int user, item, time, weight, kind;
  int n_feature; /**< -2: some column of features does not exist */
  int16_t feature[KITH__EVENT_FEATURES];
  int n; /**< columns that a line must have at least */
} kith__columns;

/** A preview split by one delimiter. */
typedef struct kith__candidate {
  kith__delimiter delimiter;
  kith__columns columns;
  bool has_columns;       /**< all columns that the job names exist */
  bool bad_quotes;        /**< some line has malformed quotes */
  bool mixed, spaced;     /**< an id contains another delimiter; a field contains spaces */
  bool header_is_comment; /**< the header is the comment before the first line */
  int min, max, first;    /**< fewest and most fields of a line; those of the first line behind the header */
} kith__candidate;

typedef struct kith__dialect {
  kith_list_format format;
  kith__candidate candidate;
  kith__field header; /**< size -1: none */
  int64_t header_number;
} kith__dialect;

/** Read the first lines of an open list without consuming them.  Errors: those of reading. */
kith_status kith__preview_read(const kith_edge_source *source, const kith__edge_policy *policy,
                               kith__lines *lines, kith__preview *preview) KITH_MUST_USE;
/** Split a preview by a delimiter. */
kith__candidate kith__candidate_measure(const kith__preview *preview, kith__delimiter delimiter);

/** Detect the dialect.  Errors: KITH_EDATA (file:line and the choices); KITH_ECONFIG (columns by name without
 * a header). */
kith_status kith__dialect_find(const kith__preview *preview, kith__dialect *out) KITH_MUST_USE;
/** Check for a header that the job does not declare, and for a declared one that is data.
 * Errors: KITH_EDATA. */
kith_status kith__dialect_check_header(const kith__preview *preview, const kith__dialect *d) KITH_MUST_USE;

/** Whether two fields are usual column names of a user and an item. */
bool kith__header_words(kith__field user, kith__field item);
/** Whether the n fields of a line of edges are usual names of columns: of a user and an item, or of the ends
 * of an edge and of its kind. */
bool kith__header_edge(const kith__columns *c, const kith__field *field, int n);

/** Index of a column given by name or number; `otherwise` if `name` is ""; -2 if there is no such column. */
int kith__column_index(const kith__delimiter *delimiter, kith__field header, const char *name, int otherwise);
/** Set c->feature and c->n_feature by the names, numbers and ranges of the job (event_columns.c). */
void kith__event_columns(const kith__delimiter *delimiter, kith__field header, const char *names,
                         kith__columns *c);
/** Check that columns of features exist, and are no other column.  Errors: KITH_ECONFIG, KITH_EDATA. */
kith_status kith__event_columns_check(const kith__lines *lines, const kith__dialect *d,
                                      const char *names) KITH_MUST_USE;
/** Read the features of the last edge of the list from the fields of its line.  Errors: KITH_EDATA. */
kith_status kith__event_features_read(const kith__lines *lines, const kith__columns *c,
                                      const kith__field *field, kith__edge_list *edges) KITH_MUST_USE;
/** Number of columns of a header with this name. */
int kith__column_count(const kith__delimiter *delimiter, kith__field header, const char *name);

#endif
