/* What the map of items shows: which items, in which groups, with which labels. */
#ifndef KITH_REPORT_ITEM_MAP_H
#define KITH_REPORT_ITEM_MAP_H

#include "report/pca.h"
#include "report/section.h"

enum {
  MAP_FIT = 100000,       /* rows that the axes are made of, at most … */
  MAP_NUMBERS = 10000000, /* … and numbers in them */
  MAP_POINTS = 2000,
  MAP_GROUPS = 7,
  MAP_LABELS = 14, /* of single items, where there are no groups */
  MAP_TEXT = 96
};

typedef struct report_map {
  int64_t n;     /* nodes that are ranked: items, or those of a classification */
  int64_t n_fit; /* of these, the axes are made of: drawn by key where there are many */
  report_pca pca;
  int n_point;
  double *at;        /* [n_point, PCA_AXES] */
  int *group;        /* [n_point]; -1: in none of those that are shown */
  char by[MAP_TEXT]; /* what the groups are of: "tag", "class"; "": none */
  int n_group;       /* largest first */
  struct report_map_group {
    char name[MAP_TEXT];
    int64_t n;           /* its items in the whole graph; of a single item: its interactions */
    double at[PCA_AXES]; /* their mean */
  } of[MAP_LABELS];      /* without groups: single items, the most popular of those drawn first */
  bool scaled;           /* rows were scaled to length 1 */
} report_map;

/** Local.  Errors: KITH_ENOMEM, KITH_ENUMERIC, those of the files; the caller frees *out, then too. */
kith_status kith__item_map_make(kith_report *r, report_map *out) KITH_MUST_USE;
void kith__item_map_free(report_map *m);

/**
 * Set the groups: classes; of items the nodes of the further type that most edges of a relation lead to, or
 * features; else the most popular single items.  An item of several groups is of the smallest that is shown.
 * Local.  Errors: as above.
 *
 * @param fit  [n_fit] original numbers of the rows that the axes are made of, whose first n_point are drawn
 * @param at   [n_fit, PCA_AXES] their coordinates
 */
kith_status kith__item_map_groups(kith_report *r, const int64_t *fit, const double *at,
                                  report_map *m) KITH_MUST_USE;

/** The `most` numbers below n_all with the largest counts, but for counts below 2 and above `limit`: the
 * largest first, of equal ones the smallest number.  Returns how many there are.  Local. */
int kith__item_map_largest(int64_t n_all, const int64_t *count, int64_t limit, int most, int64_t *of);

#endif
