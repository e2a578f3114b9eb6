/* A page of HTML in memory: text that is appended, and escaped on its way in. */
#ifndef KITH_REPORT_PAGE_H
#define KITH_REPORT_PAGE_H

#include "base/base.h"

/** What a page does not show. */
typedef struct report_lack report_lack;

/** Plain struct; zero is an empty page.  A failure of memory is kept in `st`, and nothing is appended after
 * it, so that only the end has to be checked. */
typedef struct report_page {
  char *text; /* zero-terminated once something was appended */
  int64_t n, room;
  kith_status st;
  int n_id;          /* of elements whose ids have been given, for kith__page_id() */
  report_lack *lack; /* where kith__page_missing() also notes what is missing; null: nowhere */
} report_page;

struct report_lack {
  int n;
  char names[1024]; /* with commas */
  report_page list; /* elements of a list, with reasons */
};

/**
 * Append HTML, printf style.  What stands for %s is escaped, always: the format is HTML, arguments are text.
 * Conversions: %s, %c, %d, %lld, %f, %e, %g with flags, width and precision, %%.  Local.
 */
void kith__page_put(report_page *p, const char *html, ...) KITH_FORMAT(2, 3);
/** Append HTML as it is: another page's text, which is null while that is empty; constants. */
void kith__page_html(report_page *p, const char *html);
/** The same of n bytes, which need no zero at their end. */
void kith__page_append(report_page *p, const char *html, int64_t n);
/** Append text, escaped.  Bytes that are no UTF-8, control characters and bidirectional overrides become the
 * replacement character. */
void kith__page_text(report_page *p, const char *text);

/** A number for the id of an element, which no other element has. */
int kith__page_id(report_page *p);

/**
 * Say what is not in the page and what to do, printf style: `what` is a few words ("learning curves"), and
 * the reason a sentence ("runs/x/metrics.jsonl is not there: run kith train x.yaml").
 * What stands between two ` in the reason is a command.
 */
void kith__page_missing(report_page *p, const char *what, const char *reason, ...) KITH_FORMAT(3, 4);
/** The same of what has no place of its own in the page: named at its top alone. */
void kith__page_lack(report_page *p, const char *what, const char *reason, ...) KITH_FORMAT(3, 4);

/** A sentence, in which what stands between two ` is a command or a file; printf style. */
void kith__page_prose(report_page *p, const char *class, const char *format, ...) KITH_FORMAT(3, 4);

/* ---- numbers as text: text [PAGE_NUMBER], which is returned ---- */

enum { PAGE_NUMBER = 48 };
/** "29 858", with narrow spaces that do not break. */
const char *kith__page_count(int64_t n, char *text);
/** "3.2 MB". */
const char *kith__page_bytes(double bytes, char *text);
/** "0.25 s", "3.2 s", "4:05 min", "1:02:03 h". */
const char *kith__page_seconds(double seconds, char *text);
/** A metric: four decimals; "–" where it is not a number. */
const char *kith__page_metric(double x, char *text);
#define PAGE_COUNT(n) kith__page_count((n), (char[PAGE_NUMBER]){""})
#define PAGE_BYTES(n) kith__page_bytes((double)(n), (char[PAGE_NUMBER]){""})
#define PAGE_SECONDS(s) kith__page_seconds((s), (char[PAGE_NUMBER]){""})
#define PAGE_METRIC(x) kith__page_metric((x), (char[PAGE_NUMBER]){""})

void kith__page_free(report_page *p);

/** The page's style sheet (style.c). */
extern const char kith__report_style[];

#endif
