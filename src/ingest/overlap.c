/*
 * Overlaps: of each edge between two users, or two items, how many training neighbors its ends have in
 * common. Held-out interactions do not count.
 */
#include "graph/schema.h"
#include "ingest/relations.h"

/* The numbers that two ascending rows have in common: those of the shorter one are looked up in the other. */
static int32_t overlap_count(const kith_ragged *l, int64_t a, int64_t b) {
  bool a_is_shorter = l->start[a + 1] - l->start[a] < l->start[b + 1] - l->start[b];
  int64_t shorter = a_is_shorter ? a : b, other = a_is_shorter ? b : a;
  int32_t n = 0;
  for (kith_eid e = l->start[shorter]; e < l->start[shorter + 1]; e++)
    n += kith_ragged_has(l, other, l->value[e]);
  return n;
}

void kith__overlaps_count(const kith_ragged *neighbors, const kith_ragged *edges, int32_t *overlap) {
#pragma omp parallel for schedule(dynamic, 64)
  for (int64_t i = 0; i < edges->n_row; i++)
    for (kith_eid e = edges->start[i]; e < edges->start[i + 1]; e++)
      overlap[e] = overlap_count(neighbors, i, edges->value[e]);
}

static kith_status overlap_relation(const kith_ragged *neighbors, kith__edge_csr *rows,
                                    kith_relation_report *report) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &rows->ragged;
  KITH_TRY(KITH_NEW(rows->overlap, l->start[l->n_row]));
  kith__overlaps_count(neighbors, l, rows->overlap);
  report->overlaps = true;
  for (kith_eid e = 0; e < l->start[l->n_row]; e++) report->without_overlap += rows->overlap[e] == 0;
done:
  return st;
}

kith_status kith__relations_overlap(const kith_ragged *train, kith__graph_data *t,
                                    kith_ingest_report *report) {
  kith_status st = KITH_OK;
  kith_ragged users = {0};
  for (int r = 0; r < t->schema.n_relation; r++) {
    const kith_relation_type *e = &t->schema.relation[r];
    if (!kith_relation_is_tie(e) || e->from > KITH_ITEM) continue;
    if (e->from == KITH_USER) {
      KITH_TRY(overlap_relation(train, &t->relation[r], &report->relation[r]));
      continue;
    }
    if (!users.start) KITH_TRY(kith_ragged_transpose(train, t->ids[KITH_ITEM].n, &users));
    KITH_TRY(overlap_relation(&users, &t->relation[r], &report->relation[r]));
  }
done:
  kith_ragged_free(&users);
  return st;
}
