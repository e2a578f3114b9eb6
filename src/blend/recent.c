/* Evidence of repetition: 1 over the place of an item among those of the user, the latest first. */
#include "blend/evidence_impl.h"

static kith_status recent_add(kith__evidence_work *w, int r, int of) {
  kith_status st = KITH_OK;
  kith_ragged l = {0};
  KITH_TRY(kith__evidence_latest(w->g, r, &l));
  for (kith_lid u = 0; u < l.n_row; u++)
    for (kith_eid e = l.start[u]; e < l.start[u + 1]; e++)
      KITH_TRY(kith__evidence_add(w, u, l.value[e], of, 1 / (double)(e - l.start[u] + 1)));
done:
  kith_ragged_free(&l);
  return st;
}

kith_agreed kith__evidence_recent(kith__evidence_work *w, const kith_evidence *e, int of, int r,
                                  double **column) {
  (void)e, (void)column;
  return kith_agree(w->comm, recent_add(w, r, of));
}
