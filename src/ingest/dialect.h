/*
 * Private to ingest: how a list is written, which its first lines say where the job leaves it open.
 *
 *   sample    the first lines, looked at before any is read
 *   dialect   format, delimiter, header: decided where all lines of the sample agree, refused otherwise
 *
 * Everything here is Local.
 */
#ifndef KITH_INGEST_DIALECT_H
#define KITH_INGEST_DIALECT_H

#include "ingest/lists.h"

enum { KITH__PREVIEW_LINES = 1000 }; /**< lines that are looked at */

/** The first lines of a list; they stay valid until one is read. */
typedef struct kith__preview {
  const kith_edge_source *source;
  const kith__edge_policy *policy;
  kith__lines *lines;
  int n;
  kith__field line[KITH__PREVIEW_LINES]; /**< that hold something */
  int64_t number[KITH__PREVIEW_LINES];
  kith__field comment; /**< the last one in front of them that begins with #, without that; size -1: none */
  int64_t comment_number;
} kith__preview;

/** Places from 0 of the columns of an edge list; -1 = not there. */
typedef struct kith__columns {
  int user, item, time, weight;
  int n; /**< columns that a line must have */
} kith__columns;

/** One way of cutting all lines of a preview. */
typedef struct kith__candidate {
  kith__delimiter delimiter;
  kith__columns columns;
  bool has_columns;       /**< the columns that the job names are there */
  bool bad_quotes;        /**< quotes are wrong */
  bool mixed, spaced;     /**< an id holds another sign that parts columns; some field holds blanks */
  bool header_is_comment; /**< the header is the comment in front of the first line */
  int min, max;           /**< fields of a line */
} kith__candidate;

typedef struct kith__dialect {
  kith_list_format format;
  kith__candidate candidate;
  kith__field header; /**< size -1: none */
  int64_t header_number;
} kith__dialect;

/** Look at the first lines of an open list.  Errors: those of reading. */
kith_status kith__preview_read(const kith_edge_source *source, const kith__edge_policy *policy,
                               kith__lines *lines, kith__preview *preview) KITH_MUST_USE;
/** Cut the sample by a delimiter. */
kith__candidate kith__candidate_measure(const kith__preview *preview, kith__delimiter delimiter);

/** How the list is written.  Errors: KITH_EDATA (file:line and the choices); KITH_ECONFIG (columns by name
 * without header). */
kith_status kith__dialect_find(const kith__preview *preview, kith__dialect *out) KITH_MUST_USE;
/** Whether the first line is a header that nobody announced, or the announced one is none.  Errors:
 * KITH_EDATA. */
kith_status kith__dialect_check_header(const kith__preview *preview, const kith__dialect *d) KITH_MUST_USE;

/** Whether two ids of a line are words that name a user and an item. */
bool kith__header_words(kith__field user, kith__field item);

/** The place of a column that the job names, by name or by number; `otherwise` without a name; -2: it is not
 * there. */
int kith__column_index(const kith__delimiter *delimiter, kith__field header, const char *name, int otherwise);
/** How many columns of a header have a name. */
int kith__column_count(const kith__delimiter *delimiter, kith__field header, const char *name);

#endif
