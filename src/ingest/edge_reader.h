/* Private to ingest: a list of edges being read, as a whole or in part.  Everything here is Local. */
#ifndef KITH_INGEST_EDGE_READER_H
#define KITH_INGEST_EDGE_READER_H

#include "ingest/dialect.h"

/** How lines of the format edges are read. */
typedef struct kith__edge_columns {
  kith__delimiter delimiter;
  kith__columns c;
  int least, most;   /* fields of a line; empty ones at its end are not too many; 0: any */
  bool detected;     /* the format is that of the first lines */
  bool may_name;     /* naming the columns of the ends leaves out what is behind them */
  bool headed;       /* there is a header */
  const char *as_in; /* the line that sets the number of fields */
  kith__time_units units;
  bool named;       /* skip lines that repeat the header */
  float min_weight; /* 0: none */
} kith__edge_columns;

/** A list of edges that is open. */
typedef struct kith__edge_reader {
  kith_edge_source source;
  kith__edge_policy *policy; /**< borrowed */
  kith__list_files files;
  kith__lines lines;
  kith__preview *preview;
  kith__dialect d;
  kith__edge_columns e;  /**< of the format edges */
  int min, max;          /**< adjacency: fewest and most fields of a line */
  int64_t number, head;  /**< of the first line of data: its number, and the byte behind it in its file */
  kith__delimiter guess; /**< what that line looks as if it were separated by */
} kith__edge_reader;

/** Open a list, find its dialect and check its columns and header.  Call kith__edge_reader_close() on
 * failure, too.  Errors: those of kith__edge_list_read(). */
kith_status kith__edge_reader_open(const kith_edge_source *source, kith__edge_policy *policy,
                                   kith__edge_reader *r) KITH_MUST_USE;
/** Which columns edges have. */
void kith__edge_reader_columns(const kith__edge_reader *r, kith__edge_list *edges);
/** Read all lines; `head`: up to the one after which both maps know whether their ids are text. */
kith_status kith__edge_reader_read(kith__edge_reader *r, bool head, kith__edge_list *edges) KITH_MUST_USE;
/** Whether lines may be read as plain numbers; once the columns are known. */
bool kith__edge_plain_may(const kith__edge_reader *r);
/** Read lines of two known small integers, as the next ones are, up to one that is not.  Errors: KITH_ENOMEM.
 */
kith_status kith__edge_plain_read(kith__edge_reader *r, kith__edge_list *edges) KITH_MUST_USE;
void kith__edge_reader_close(kith__edge_reader *r);

/* ---- edge_columns.c ---- */

/** Check that the columns that the job names are there, once each, and apart.  Errors: KITH_ECONFIG,
 * KITH_EDATA. */
kith_status kith__edge_columns_check(const kith_edge_source *s, const kith__lines *lines,
                                     const kith__edge_policy *policy, const kith__dialect *d) KITH_MUST_USE;
/** A column that is called line would be another time than the one that is meant. */
kith_status kith__edge_columns_check_line(const kith__lines *lines, const kith__edge_policy *policy,
                                          const kith__dialect *d) KITH_MUST_USE;
/** Warn about unread columns, which may be weights or times. */
void kith__edge_columns_warn(const kith_edge_source *s, const kith__lines *lines,
                             const kith__edge_policy *policy, const kith__candidate *w);

/* ---- edge_report.c ---- */

/** Warn of what the lines that were read look like. */
void kith__edge_reader_warn(const kith__edge_reader *r);
/** How the lines were read, and how many. */
void kith__edge_reader_report(const kith__edge_reader *r, kith_list_report *report);
/** Fail: no edge was found, or none of the minimum weight. */
kith_status kith__edge_reader_none(const kith__edge_reader *r) KITH_MUST_USE;

#endif
