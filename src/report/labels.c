/* Placement of labels (labels.h). */
#include "report/labels.h"

#include <math.h>

/* Units between a point and its label, and between two labels. */
static const double labels_gap = 4, labels_apart = 2;

double kith__label_width(const char *text) {
  double width = kith__text_width(text);
  for (; *text; text++)
    if ((*text & 0xe0) == 0xe0) width += kith__text_width("m");
  return width;
}

/* Where a label may stand around its point: shares of its width and height from the middle, nearest first. */
static const double labels_around[][2] = {
    {0, 0},    {0.5, 0},  {-0.5, 0},  {0, -1},    {0, 1},     {0.5, -1}, {-0.5, -1}, {0.5, 1},   {-0.5, 1},
    {0, -2},   {0, 2},    {0.5, -2},  {-0.5, -2}, {0.5, 2},   {-0.5, 2}, {0, -3},    {0, 3},     {0.8, 0},
    {-0.8, 0}, {0.5, -3}, {-0.5, -3}, {0.5, 3},   {-0.5, 3},  {0, -4},   {0, 4},     {0.5, -4},  {-0.5, -4},
    {0.5, 4},  {-0.5, 4}, {0.8, -2},  {0.8, 2},   {-0.8, -2}, {-0.8, 2}, {0.5, -6},  {0.5, 6},   {-0.5, -6},
    {-0.5, 6}, {0.8, -5}, {0.8, 5},   {-0.8, -5}, {-0.8, 5},  {0.8, -8}, {0.8, 8},   {-0.8, -8}, {-0.8, 8}};
enum { LABELS_AROUND = (int)(sizeof labels_around / sizeof *labels_around) };

static bool labels_touch(const report_label *a, const report_label *b, double height) {
  return a->left < b->left + b->width + labels_apart && b->left < a->left + a->width + labels_apart &&
         fabs(a->base - b->base) < height + labels_apart;
}

/* Whether the text of one is over the point of another. */
static bool labels_cover(const report_label *a, const report_label *of, double height) {
  return of->x > a->left - labels_apart && of->x < a->left + a->width + labels_apart &&
         of->y > a->base - height && of->y < a->base + labels_apart;
}

static bool labels_fit(int n, const report_label *label, int i, const report_frame *f, double height) {
  const report_label *me = &label[i];
  if (me->left < f->left || me->left + me->width > f->right || me->base - height < f->top ||
      me->base > f->bottom)
    return false;
  for (int j = 0; j < i; j++)
    if (label[j].is_placed && labels_touch(me, &label[j], height)) return false;
  for (int j = 0; j < n; j++)
    if (label[j].beside && labels_cover(me, &label[j], height)) return false;
  return true;
}

void kith__labels_place(int n, report_label *label, const report_frame *frame, double height) {
  for (int i = 0; i < n; i++) {
    report_label *me = &label[i];
    me->is_placed = false;
    for (int k = 0; k < LABELS_AROUND && !me->is_placed; k++) {
      me->left = me->x - me->width / 2 + labels_around[k][0] * (me->width + 2 * labels_gap);
      me->base = me->y + height / 3 + labels_around[k][1] * (height + labels_gap);
      me->is_placed = labels_fit(n, label, i, frame, height);
    }
  }
}
