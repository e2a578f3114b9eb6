/* Labels beside points of a drawing, none over another. */
#ifndef KITH_REPORT_LABELS_H
#define KITH_REPORT_LABELS_H

#include "report/chart.h"

/** A label: wants to be at a point. */
typedef struct report_label {
  double x, y;       /* the point */
  double width;      /* of the text */
  bool beside;       /* not over its point, nor over that of another such label */
  bool is_placed;    /* there is room for it: */
  double left, base; /* where the text begins, and its base line */
} report_label;

/** Frame of a drawing, in its units. */
typedef struct report_frame {
  double left, top, right, bottom;
} report_frame;

/** About how wide a text is, as kith__text_width(); characters of three bytes and more, such as Chinese ones,
 * may be twice as wide as Latin ones.  Local. */
double kith__label_width(const char *text);

/**
 * Place labels in order: each where it is nearest to its point without leaving the frame or touching one that
 * was placed before; a label without such a place is left out.  Local.
 *
 * @param height  of a line of text
 */
void kith__labels_place(int n, report_label *label, const report_frame *frame, double height);

#endif
