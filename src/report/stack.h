/* Stacked bars: parts of a whole along an axis of epochs. */
#ifndef KITH_REPORT_STACK_H
#define KITH_REPORT_STACK_H

#include "report/chart.h"

enum { STACK_PARTS = 8 /* most parts: as many as there are colors */, STACK_BARS = 60 /* most bars */ };

typedef struct report_stack {
  const char *title, *x_label, *y_label, *describe;
  int n_part;
  const char *const *name; /* [n_part] */
  int64_t n;
  const double *x;    /* [n] ascending */
  const double *part; /* [n, n_part] not below 0 */
} report_stack;

/** Append a figure: a bar for each x or, of more than STACK_BARS, for the mean of as many neighbors as
 * needed; nothing if n is 0.  Local. */
void kith__stack_put(report_page *p, const report_stack *s);

#endif
