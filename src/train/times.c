/* What an epoch's line says of time and memory. */
#include "comm/placement.h"
#include "train/history.h"

enum { TIMES_MOST = KITH_PHASE_N };

static void times_mean(const kith_comm *comm, int n, double *x) {
  kith_exact_sum sum[TIMES_MOST] = {0};
  for (int i = 0; i < n; i++) kith_exact_sum_add(&sum[i], x[i]);
  kith_comm_sum(comm, n, sum);
  for (int i = 0; i < n; i++) x[i] = kith_exact_sum_value(&sum[i]) / comm->size;
}

void kith__phases_mean(const kith_comm *comm, kith_phases *x) { times_mean(comm, KITH_PHASE_N, x->seconds); }

void kith__history_times(const kith_comm *comm, history_line *line) {
  double further[2] = {line->evaluate_seconds, line->checkpoint_seconds};
  kith__phases_mean(comm, &line->phases);
  times_mean(comm, 2, further);
  line->evaluate_seconds = further[0];
  line->checkpoint_seconds = further[1];
  line->ranks = comm->size;
  line->peak_bytes = kith_comm_max(comm, kith_peak_bytes());
}
