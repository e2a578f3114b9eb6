/*
 * Overlaps: of each edge between two users, or two items, how many training neighbors its ends have in
 * common. Held-out interactions do not count.
 */
#include "graph/schema.h"
#include "ingest/relations.h"

/* Those of the shorter row are looked up in the other. */
int32_t kith__overlap(const kith_ragged *x, int64_t a, const kith_ragged *y, int64_t b) {
  int32_t n = 0;
  if (x->start[a + 1] - x->start[a] > y->start[b + 1] - y->start[b]) return kith__overlap(y, b, x, a);
  for (kith_eid e = x->start[a]; e < x->start[a + 1]; e++) n += kith_ragged_has(y, b, x->value[e]);
  return n;
}

void kith__overlaps_count(const kith_ragged *neighbors, const kith_ragged *edges, int32_t *overlap) {
#pragma omp parallel for schedule(dynamic, 64)
  for (int64_t i = 0; i < edges->n_row; i++)
    for (kith_eid e = edges->start[i]; e < edges->start[i + 1]; e++)
      overlap[e] = kith__overlap(neighbors, i, neighbors, edges->value[e]);
}

void kith__overlap_report(const kith__edge_csr *rows, kith_relation_report *report) {
  report->overlaps = true;
  for (kith_eid e = 0; e < rows->ragged.start[rows->ragged.n_row]; e++)
    report->without_overlap += rows->overlap[e] == 0;
}

static kith_status overlap_relation(const kith_ragged *neighbors, kith__edge_csr *rows,
                                    kith_relation_report *report) {
  kith_status st = KITH_OK;
  const kith_ragged *l = &rows->ragged;
  KITH_TRY(KITH_NEW(rows->overlap, l->start[l->n_row]));
  kith__overlaps_count(neighbors, l, rows->overlap);
  kith__overlap_report(rows, report);
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
