/* Axes with round numbers, linear or logarithmic (chart.h). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/chart.h"

enum { AXIS_TICKS = (int)(sizeof((report_axis *)0)->tick / sizeof(double)) };

/* Units that a character of a label takes at its size of 11. */
static const double axis_character = 7;

double kith__text_width(const char *text) {
  int n = 0;
  for (; *text; text++) n += (*text & 0xc0) != 0x80;
  return n * axis_character;
}

/* The step of 1, 2 or 5 times a power of ten that divides a range into about n pieces. */
static double axis_step(double range, int n) {
  double rough = range / n, power = pow(10, floor(log10(rough))), f = rough / power;
  return power * (f <= 1.001 ? 1 : f <= 2.001 ? 2 : f <= 5.001 ? 5 : 10);
}

/* Decimals that distinguish multiples of a step. */
static int axis_decimals(double step) {
  int n = (int)ceil(-log10(step) - 1e-9);
  return n > 0 ? n : 0;
}

static void axis_label(double value, int decimals, char *text) {
  if (fabs(value) >= 1e7 || (value != 0 && decimals > 6)) snprintf(text, PAGE_NUMBER, "%g", value);
  else if (fabs(value) >= 10000) kith__page_count(llround(value), text);
  else snprintf(text, PAGE_NUMBER, "%.*f", decimals, value);
}

static void axis_add(report_axis *a, double value, int decimals) {
  if (a->n_tick == AXIS_TICKS) return;
  a->tick[a->n_tick] = value;
  axis_label(value, decimals, a->label[a->n_tick++]);
}

static void axis_make_linear(report_axis *a, int n) {
  double range = a->hi - a->lo;
  if (!(range > 0)) {
    range = a->lo != 0 ? fabs(a->lo) : 1;
    a->lo -= range / 2;
    a->hi = a->lo + range;
  }
  double step = axis_step(range, n);
  long long first = llround(floor(a->lo / step + 1e-9)), last = llround(ceil(a->hi / step - 1e-9));
  for (long long i = first; i <= last; i++) axis_add(a, (double)i * step, axis_decimals(step));
  a->lo = (double)first * step;
  a->hi = (double)last * step;
}

/* Powers of ten, not more than n of them; where there are one or two of them also multiples by 2 and 5. */
static void axis_make_log(report_axis *a, int n) {
  int first = (int)floor(log10(a->lo) + 1e-9), last = (int)ceil(log10(a->hi) - 1e-9);
  if (last == first) last++;
  int every = (last - first + n) / n;
  const bool fine = last - first <= 2 && every == 1;
  for (int i = first; i <= last; i += every)
    for (int m = 0; m < (fine && i < last ? 3 : 1); m++) {
      static const double multiple[] = {1, 2, 5};
      axis_add(a, multiple[m] * pow(10, i), i < 0 ? -i : 0);
    }
  a->lo = pow(10, first);
  a->hi = pow(10, last);
}

report_axis kith__axis_make(double lo, double hi, bool is_log, int n) {
  report_axis a = {.lo = lo, .hi = hi, .to = 1, .is_log = is_log};
  if (is_log) axis_make_log(&a, n);
  else axis_make_linear(&a, n);
  return a;
}

void kith__axis_trim(report_axis *a, double lo, double hi) {
  if (!(lo < hi)) return;
  int n = 0;
  for (int i = 0; i < a->n_tick; i++) {
    if (a->tick[i] < lo || a->tick[i] > hi) continue;
    a->tick[n] = a->tick[i];
    memmove(a->label[n++], a->label[i], sizeof a->label[i]);
  }
  if (n == 0) return;
  a->n_tick = n;
  a->lo = lo;
  a->hi = hi;
}

double kith__axis_at(const report_axis *a, double value) {
  double share =
      a->is_log ? (log(value) - log(a->lo)) / (log(a->hi) - log(a->lo)) : (value - a->lo) / (a->hi - a->lo);
  return a->from + share * (a->to - a->from);
}

double kith__axis_label_width(const report_axis *a) {
  double most = 0;
  for (int i = 0; i < a->n_tick; i++) most = fmax(most, kith__text_width(a->label[i]));
  return most;
}
