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

enum { KITH__SAMPLE = 1000 }; /**< lines that are looked at */

/** The first lines of a list; they stay valid until one is read. */
typedef struct kith__sample {
  const kith_source *source;
  const kith__meet *meet;
  kith__lines *lines;
  int n;
  kith__cell line[KITH__SAMPLE]; /**< that hold something */
  int64_t number[KITH__SAMPLE];
  kith__cell comment; /**< the last one in front of them that begins with #, without that; size -1: none */
  int64_t comment_number;
} kith__sample;

/** Places from 0 of the columns of an edge list; -1 = not there. */
typedef struct kith__columns {
  int user, item, time, weight;
  int n; /**< columns that a line must have */
} kith__columns;

/** One way of cutting all lines of a sample. */
typedef struct kith__way {
  kith__knife knife;
  kith__columns columns;
  bool fits;          /**< the columns that the job names are there */
  bool torn;          /**< quotes are wrong */
  bool mixed, spaced; /**< an id holds another sign that parts columns; some cell holds blanks */
  bool commented;     /**< the header is the comment in front of the first line */
  int min, max;       /**< cells of a line */
} kith__way;

typedef struct kith__dialect {
  kith_format format;
  kith__way way;
  kith__cell header; /**< size -1: none */
  int64_t header_number;
} kith__dialect;

/** Look at the first lines of an open list.  Errors: those of reading. */
kith_status kith__sample_take(const kith_source *source, const kith__meet *meet, kith__lines *lines,
                              kith__sample *sample) KITH_MUST_USE;
/** Cut the sample by a knife. */
kith__way kith__way_measure(const kith__sample *sample, kith__knife knife);

/** How the list is written.  Errors: KITH_EDATA (file:line and the choices); KITH_ECONFIG (columns by name
 * without header). */
kith_status kith__dialect_find(const kith__sample *sample, kith__dialect *out) KITH_MUST_USE;
/** Whether the first line is a header that nobody announced, or the announced one is none.  Errors:
 * KITH_EDATA. */
kith_status kith__dialect_check_header(const kith__sample *sample, const kith__dialect *d) KITH_MUST_USE;

/** Whether two ids of a line are words that name a user and an item. */
bool kith__header_words(kith__cell user, kith__cell item);

/** The place of a column that the job names, by name or by number; `otherwise` without a name; -2: it is not
 * there. */
int kith__column_place(const kith__knife *knife, kith__cell header, const char *name, int otherwise);
/** How many columns of a header have a name. */
int kith__column_count(const kith__knife *knife, kith__cell header, const char *name);

#endif
