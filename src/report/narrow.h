/*
 * Tables on narrow screens: where a table has more columns than fit, each row becomes a block of lines, a
 * cell with the name of its column to a line, so that nothing needs scrolling.
 */
#ifndef KITH_REPORT_NARROW_H
#define KITH_REPORT_NARROW_H

#include "report/page.h"

/**
 * Append the HTML of a section; cells of tables that are too wide for a phone get the name of their column,
 * as the attribute data-l, and these tables the class `rows`, which the style sheet reads.  Local.
 *
 * @param html  written by sections: elements are not nested in others of the same name, no cell spans columns
 */
void kith__narrow_put(report_page *p, const char *html);

#endif
