/* Time of training steps by phase. */
#include "comm/phases.h"

const char *const kith_phase_name[KITH_PHASE_N] = {"sample", "forward", "exchange", "backward", "update"};

void kith_phase_begin(kith_phase_clock *c) {
  c->at = kith_clock();
  c->mpi = kith_mpi_seconds();
  c->sampled = c->sampled_mpi = 0;
}

void kith_phase_lap(kith_phase_clock *c, kith_phase phase) {
  const double began = c->at, mpi_before = c->mpi, sampled = c->sampled, sampled_mpi = c->sampled_mpi;
  kith_phase_begin(c);
  const double exchanged = c->mpi - mpi_before - sampled_mpi;
  c->spent.seconds[KITH_PHASE_SAMPLE] += sampled;
  c->spent.seconds[KITH_PHASE_EXCHANGE] += exchanged;
  c->spent.seconds[phase] += c->at - began - sampled - exchanged;
}

double kith_phase_sampled(kith_phase_clock *c, double began, double mpi) {
  const double seconds = kith_clock() - began;
  c->sampled += seconds;
  c->sampled_mpi += kith_mpi_seconds() - mpi;
  return seconds;
}

void kith_phases_add(kith_phases *total, double sign, const kith_phases *x) {
  for (int p = 0; p < KITH_PHASE_N; p++) total->seconds[p] += sign * x->seconds[p];
}
