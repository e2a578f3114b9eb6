/*
 * The run of the spectral model: rounds of subspace iteration, with the checkpoints and signals of epochs.
 *
 * Checkpoints hold what the rounds leave, and none of what the export applies to it: the filter, powers of
 * degrees, the direct term.  So a finished run exports with other settings without iterating again.
 */
#include "train/spectral_run.h"

#include <math.h>
#include <stdio.h>

#include "base/fault.h"
#include "spectral/filter.h"
#include "spectral/rows.h"
#include "train/signals.h"

void kith__spectral_pack(const kith_spectrum *s, float *out) {
  for (int j = 0; j < s->width; j++) {
    double rest = s->value[j];
    for (int i = 0; i < 3; i++) {
      out[3 * j + i] = (float)rest;
      rest -= (double)out[3 * j + i];
    }
  }
}

void kith__spectral_unpack(const float *in, kith_spectrum *s) {
  for (int j = 0; j < s->width; j++)
    s->value[j] = (double)in[3 * j] + ((double)in[3 * j + 1] + (double)in[3 * j + 2]);
}

kith_train_state kith__spectral_state(run *r) {
  static const kith_optimizer none = {.n_slot = 0};
  kith_spectrum *s = r->spectrum;
  return (kith_train_state){.d = s->width,
                            .x = s->v,
                            .optimizer = &none,
                            .weights = {.n = 3 * (int64_t)s->width, .value = r->ritz},
                            .loss = &r->no_loss};
}

void kith__spectral_free(run *r) {
  kith_spectrum_free(&r->spectrum);
  KITH_FREE(r->ritz);
}

/* Columns: random ones, or zeros that an update fills. */
static kith_agreed spectral_columns(run *r) {
  const kith_model_options *o = &r->o->model;
  int k = o->dim, further = o->spectral.oversample;
  if (r->o->old[0]) return kith_agree(r->comm, kith_spectrum_make(r->g->n_own, k, k + further, &r->spectrum));
  return kith_spectrum_start(r->comm, r->g, k, further, r->o->train.seed, &r->spectrum);
}

/* The state before the first round, then that of a checkpoint, if there is one.  The rounds of an update
 * count from 0. */
static kith_agreed spectral_begin(run *r) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(spectral_columns(r));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(r->ritz, 3 * (int64_t)r->spectrum->width)));
  if (r->o->old[0]) KITH_TRY(kith__spectral_update_begin(r));
  KITH_TRY(kith__run_open_writer(r));
  KITH_TRY(kith__run_resume(r));
  if (!r->from[0]) r->epoch = 0;
  if (r->epoch == 0) return st;
  kith__spectral_unpack(r->ritz, r->spectrum);
  r->spectrum->round = (int)r->epoch;
  r->spectrum->residual = r->best;
done:
  return st;
}

static bool spectral_is_done(const run *r) {
  const kith_spectral_options *o = &r->o->model.spectral;
  return r->epoch > 0 && (r->epoch >= o->rounds || r->spectrum->residual <= o->tolerance);
}

static kith_agreed spectral_record(run *r) {
  kith_agreed st = {KITH_OK};
  history_line line = {.is_round = true,
                       .epoch = r->epoch,
                       .residual = r->spectrum->residual,
                       .seconds = r->seconds,
                       .phases = r->phases,
                       .evaluate_seconds = -1,
                       .halo_bytes = r->halo_bytes};
  kith_comm_bcast(r->comm, sizeof line.seconds, &line.seconds); /* every rank keeps the same history */
  kith_comm_sum_int(r->comm, 1, &line.halo_bytes);
  kith__run_tell_checkpoints(r, &line);
  kith__history_times(r->comm, &line);
  r->result->halo_bytes += line.halo_bytes;
  KITH_TRY(kith_agree(r->comm, kith__history_add(&r->history, &line)));
  KITH_TRY(kith_agree(r->comm, r->comm->rank == 0 ? kith__history_write(&r->history) : KITH_OK));
  kith_log("round %lld  residual %.3g  %.1f s", (long long)r->epoch, line.residual, line.seconds);
done:
  return st;
}

static kith_agreed spectral_save_if_due(run *r) {
  kith_agreed st = {KITH_OK};
  int every = r->o->checkpoint.every_epochs;
  bool due = every > 0 && r->epoch % every == 0;
  if (!due && !spectral_is_done(r) && !kith__run_checkpoint_is_due(r)) return st;
  KITH_TRY(kith__run_save(r));
  if (r->request != KITH_REQUEST_CHECKPOINT_NOW) return st;
  KITH_TRY(kith__run_wait(r));
  kith__signals_clear_launcher();
done:
  return st;
}

static kith_agreed spectral_round(run *r, kith_dist_csr *a) {
  kith_agreed st = {KITH_OK};
  const kith_spectral_options *o = &r->o->model.spectral;
  double began = kith_clock();
  kith_phase_clock phases = {0};
  int64_t bytes = kith_halo_bytes(a->halo);
  kith_fault_step();
  kith_phase_begin(&phases);
  KITH_TRY(kith_spectrum_round(r->comm, r->g, a, o->degree, o->tolerance, r->spectrum));
  kith__spectral_pack(r->spectrum, r->ritz);
  r->epoch++;
  r->best = r->spectrum->residual;
  kith_phase_lap(&phases, KITH_PHASE_FORWARD);
  r->seconds = kith_clock() - began;
  r->phases = phases.spent;
  r->halo_bytes = kith_halo_bytes(a->halo) - bytes;
  r->result->seconds += r->seconds;
  KITH_TRY(spectral_record(r));
  r->seconds = 0;
  r->phases = (kith_phases){0};
  r->halo_bytes = 0;
  r->request = (kith_step_request)kith_comm_max(r->comm, kith__run_request(r));
  KITH_TRY(spectral_save_if_due(r));
done:
  return st;
}

/* A stop is agreed on between rounds. */
static kith_agreed spectral_stop(run *r) {
  kith_agreed st = {KITH_OK};
  if (r->epoch > 0) KITH_TRY(kith__run_save(r));
  KITH_TRY(kith__run_wait(r));
  KITH_TRY(kith_agreed_same(kith_fail(KITH_EINTERRUPT, "stopped by a signal after %s%s",
                                      KITH_COUNT(r->epoch, "round(s)"),
                                      r->epoch > 0 ? "; a checkpoint is written: run again to continue"
                                                   : ", which left nothing to save")));
done:
  return st;
}

static kith_agreed spectral_iterate(run *r) {
  kith_agreed st = {KITH_OK};
  const kith_spectral_options *o = &r->o->model.spectral;
  kith_dist_csr *a = NULL;
  kith_spectral_relations *relations = NULL;
  KITH_TRY(kith_spectral_matrix_create(r->comm, r->g, o->user_power, o->item_power, KITH_SPECTRAL_SLAB, &a));
  KITH_TRY(kith_spectral_relations_create(r->comm, r->g, kith_model_relations(&r->o->model), o->user_power,
                                          o->item_power, &relations));
  r->spectrum->relations = relations;
  r->request = (kith_step_request)kith_comm_max(r->comm, kith__run_request(r));
  while (!spectral_is_done(r) && r->request != KITH_REQUEST_STOP) KITH_TRY(spectral_round(r, a));
  if (!spectral_is_done(r)) KITH_TRY(spectral_stop(r));
  if (r->spectrum->residual > o->tolerance)
    kith_warn("after %s an eigenpair has the residual %.3g, above model.spectral.tolerance: more "
              "model.spectral.rounds lower it",
              KITH_COUNT(r->epoch, "round(s)"), r->spectrum->residual);
done:
  kith_spectrum_end_rounds(r->spectrum);
  kith_dist_csr_destroy(&a);
  r->spectrum->relations = NULL;
  kith_spectral_relations_free(&relations);
  return st;
}

/* Rank by the exported rows while they are in memory; the eigenvectors have served. */
static kith_agreed spectral_eval(run *r, const float *x) {
  kith_agreed st = {KITH_OK};
  int k = r->spectrum->k;
  kith_spectrum_free(&r->spectrum);
  if (r->o->evaluate.every == 0) return st;
  KITH_TRY(kith__run_eval(r, k, x, r->o->evaluate.split, false, &r->result->best));
  r->measured = true;
done:
  return st;
}

static void spectral_tell_rank(const run *r) {
  int n = kith_spectral_rank(r->spectrum);
  if (n == r->spectrum->k || r->comm->rank != 0) return;
  kith_warn("model.dim: %d, but the interactions have %s not zero: the other columns of the rows are "
            "zero",
            r->spectrum->k, KITH_COUNT(n, "eigenvector(s) that (is|are)"));
}

static kith_agreed spectral_export(run *r) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  KITH_TRY(kith_agree(r->comm, KITH_NEW(x, (int64_t)r->g->n_own * r->spectrum->k)));
  spectral_tell_rank(r);
  KITH_TRY(kith_spectral_rows(r->comm, r->g, &r->o->model.spectral, r->spectrum, x));
  r->direct = kith_spectral_direct(&r->o->model.spectral, r->spectrum);
  kith_spectral_filter_print(&r->o->model.spectral, r->filter);
  const float *final = x;
  KITH_TRY(kith__run_rows(r, &final));
  KITH_TRY(kith__run_export(r, r->epoch, 0, r->history.text, final));
  KITH_TRY(spectral_eval(r, final));
done:
  KITH_FREE(x);
  return st;
}

kith_agreed kith__spectral_run(run *r) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(spectral_begin(r));
  KITH_TRY(spectral_iterate(r));
  KITH_TRY(kith__run_wait(r));
  r->result->epochs = r->epoch;
  r->result->residual = r->spectrum->residual;
  KITH_TRY(spectral_export(r));
  KITH_TRY(kith__run_measure(r));
done:
  return st;
}
