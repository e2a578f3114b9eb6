/* The map of items: rows, axes and points (item_map.h). */
#include "report/item_map.h"

#include <math.h>

/* What it is made of. */
typedef struct map_rows {
  int width;
  const float *x; /* rows in the order of the cut graph */
  int64_t *row;   /* [n] of each original number */
  int64_t *fit;   /* [n_fit] original numbers, drawn by key */
  float *drawn;   /* [n_fit, width] their rows */
  double *at;     /* [n_fit, PCA_AXES] */
} map_rows;

static void map_free_rows(map_rows *m) {
  KITH_FREE(m->row);
  KITH_FREE(m->fit);
  KITH_FREE(m->drawn);
  KITH_FREE(m->at);
}

static kith_status map_read(kith_report *r, map_rows *m, report_map *out) {
  kith_status st = KITH_OK;
  kith_graph *g = NULL;
  KITH_TRY(kith__report_graph(r, &g));
  KITH_TRY(kith__report_rows(r, &m->width, &m->x));
  const int type = g->n_class > 0 ? KITH_USER : KITH_ITEM;
  out->scaled = g->n_class == 0;
  out->n = g->n[type];
  KITH_TRY(KITH_NEW(m->row, out->n));
  for (kith_lid i = 0; i < g->n_own_of[type]; i++) {
    const kith_lid row = g->row_of[type][i];
    m->row[g->original[row]] = row;
  }
done:
  return st;
}

/* Scores are products of rows, and lengths follow popularity: directions tell more of what items are.  Rows
 * of zeros stay. */
static void map_copy(const map_rows *m, bool scaled, int64_t i, float *out) {
  const float *row = m->x + m->row[i] * m->width;
  double length = 0;
  for (int k = 0; k < m->width; k++) length += (double)row[k] * (double)row[k];
  const double scale = scaled && length > 0 ? 1 / sqrt(length) : 1;
  for (int k = 0; k < m->width; k++) out[k] = (float)((double)row[k] * scale);
}

static kith_status map_draw(const kith_report *r, map_rows *m, report_map *out) {
  kith_status st = KITH_OK;
  const kith_permutation draw =
      kith_permutation_make(r->o->job->train.seed, KITH_RNG_REPORT, 0, (uint64_t)out->n);
  out->n_fit = kith_min(kith_min(out->n, MAP_FIT), MAP_NUMBERS / (m->width > 0 ? m->width : 1));
  KITH_TRY(KITH_NEW(m->fit, out->n_fit));
  KITH_TRY(KITH_NEW(m->drawn, out->n_fit * m->width));
  KITH_TRY(KITH_NEW(m->at, out->n_fit * PCA_AXES));
  for (int64_t i = 0; i < out->n_fit; i++) {
    m->fit[i] = (int64_t)kith_permutation_apply(&draw, (uint64_t)i);
    map_copy(m, out->scaled, m->fit[i], m->drawn + i * m->width);
  }
done:
  return st;
}

static kith_status map_points(map_rows *m, report_map *out) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__pca(out->n_fit, m->width, m->drawn, &out->pca));
  out->n_point = (int)kith_min(out->n_fit, MAP_POINTS);
  KITH_TRY(KITH_NEW(out->at, (int64_t)out->n_point * PCA_AXES));
  KITH_TRY(KITH_NEW(out->group, out->n_point));
  for (int64_t i = 0; i < out->n_fit; i++)
    kith__pca_project(&out->pca, m->drawn + i * m->width, m->at + i * PCA_AXES);
  for (int64_t i = 0; i < (int64_t)out->n_point * PCA_AXES; i++) out->at[i] = m->at[i];
  for (int i = 0; i < out->n_point; i++) out->group[i] = -1;
done:
  return st;
}

kith_status kith__item_map_make(kith_report *r, report_map *out) {
  kith_status st = KITH_OK;
  map_rows m = {.width = 0};
  *out = (report_map){.n = 0};
  KITH_TRY(map_read(r, &m, out));
  KITH_TRY(map_draw(r, &m, out));
  KITH_TRY(map_points(&m, out));
  KITH_TRY(kith__item_map_groups(r, m.fit, m.at, out));
done:
  map_free_rows(&m);
  return st;
}

void kith__item_map_free(report_map *m) {
  kith__pca_free(&m->pca);
  KITH_FREE(m->at);
  KITH_FREE(m->group);
}
