/*
 * Write and read one checkpoint.  Rows are in original order, so that any number of ranks can resume.  See
 * checkpoint_folder.c for names, lookup and removal.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/checkpoint.h"
#include "h5/validate.h"
#include "store/word.h"

/* "phase_sample", … */
static void phase_name(int phase, char *name) {
  snprintf(name, KITH_NAME, "phase_%s", kith_phase_name[phase]);
}

static kith_agreed checkpoint_put_phases(kith_h5 *f, const kith_phases *x) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  for (int p = 0; p < KITH_PHASE_N; p++) {
    phase_name(p, name);
    KITH_TRY(kith_h5_put_attr_real(f, name, x->seconds[p]));
  }
done:
  return st;
}

static kith_agreed checkpoint_get_phases(kith_h5 *f, kith_phases *x) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  for (int p = 0; p < KITH_PHASE_N; p++) {
    phase_name(p, name);
    x->seconds[p] = NAN;
    if (kith_h5_has_attr(f, name)) KITH_TRY(kith_h5_get_attr_real(f, name, &x->seconds[p]));
  }
done:
  return st;
}

static kith_agreed checkpoint_attributes(kith_h5 *f, const kith_graph *g, const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_put_attr_int(f, "fingerprint", (int64_t)g->fingerprint));
  KITH_TRY(kith_h5_put_attr_int(f, "width", c->d));
  KITH_TRY(kith_h5_put_types(f, g));
  KITH_TRY(kith_h5_put_attr_int(f, "epoch", c->epoch));
  KITH_TRY(kith_h5_put_attr_int(f, "step", c->step));
  KITH_TRY(kith_h5_put_attr_int(f, "optimizer_step", c->optimizer_step));
  KITH_TRY(kith_h5_put_attr_int(f, "loss_high", c->loss.hi));
  KITH_TRY(kith_h5_put_attr_int(f, "loss_low", c->loss.lo));
  KITH_TRY(kith_h5_put_attr_int(f, "loss_nan", c->loss.nan));
  KITH_TRY(kith_h5_put_attr_real(f, "best", c->best));
  KITH_TRY(kith_h5_put_attr_int(f, "best_epoch", c->best_epoch));
  KITH_TRY(kith_h5_put_attr_int(f, "bad_evals", c->bad_evals));
  KITH_TRY(kith_h5_put_attr_real(f, "seconds", c->seconds));
  KITH_TRY(checkpoint_put_phases(f, &c->phases));
  KITH_TRY(kith_h5_put_attr_int(f, "halo_bytes", c->halo_bytes));
  KITH_TRY(kith_h5_put_attr_text(f, "run", c->run));
  KITH_TRY(kith_h5_put_attr_text(f, "score", c->score));
  if (c->learned && c->learned[0]) KITH_TRY(kith_h5_put_attr_text(f, "learned", c->learned));
  if (c->has_half_life) KITH_TRY(kith_h5_put_attr_real(f, "half_life", c->half_life));
  KITH_TRY(kith_h5_put_attr_text(f, "config_key", c->config_key));
  KITH_TRY(kith_h5_put_attr_text(f, "metrics", c->history));
  KITH_TRY(kith_h5_put_attr_text(f, "job", c->job));
done:
  return st;
}

/* The weights are equal on all ranks; rank 0 writes them. */
static kith_agreed checkpoint_write_weights(const kith_comm *comm, kith_h5 *f, const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  const kith_checkpoint_weights *w = &c->weights;
  char name[KITH_NAME];
  int64_t mine = comm->rank == 0 ? w->n : 0, first = comm->rank == 0 ? 0 : w->n;
  if (w->n == 0) return st;
  KITH_TRY(kith_h5_write_rows(f, "weights/parameter", 0, w->n, first, mine, w->value));
  for (int s = 0; s < c->n_slot; s++) {
    snprintf(name, sizeof name, "weights/%s", c->slot_name[s]);
    KITH_TRY(kith_h5_write_rows(f, name, 0, w->n, first, mine, w->slot[s]));
  }
done:
  return st;
}

/* Read weights of one name on every rank. */
static kith_agreed checkpoint_read_weight(kith_h5 *f, const char *name, int64_t n, float *x) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_read(f, name, KITH_H5_FLOAT, 0, 0, n, x));
  KITH_TRY(kith_agreed_same(kith__validate_finite(kith_h5_path(f), name, n, x)));
done:
  return st;
}

static kith_agreed checkpoint_read_weights(kith_h5 *f, const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  const kith_checkpoint_weights *w = &c->weights;
  char name[KITH_NAME];
  int64_t n = 0;
  int d = 0;
  if (w->n == 0) return st;
  KITH_TRY(kith_h5_extent(f, "weights/parameter", &n, &d));
  KITH_TRY(kith_agreed_same(n == w->n
                                ? KITH_OK
                                : kith_fail(KITH_EDATA,
                                            "%s: holds %lld weights, the model has %lld: another version of "
                                            "kith made it, and this one trains the model anew",
                                            kith_h5_path(f), (long long)n, (long long)w->n)));
  KITH_TRY(checkpoint_read_weight(f, "weights/parameter", n, w->value));
  for (int s = 0; s < c->n_slot; s++) {
    snprintf(name, sizeof name, "weights/%s", c->slot_name[s]);
    KITH_TRY(checkpoint_read_weight(f, name, n, w->slot[s]));
  }
done:
  return st;
}

static kith_agreed checkpoint_write_rows(kith_redistribution *rows, kith_h5 *f, const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  if (c->items_only) return kith_redistribution_write_type(rows, f, KITH_ITEM, "parameter", c->d, c->x);
  KITH_TRY(kith_redistribution_write(rows, f, "parameter", c->d, c->x));
  for (int s = 0; s < c->n_slot; s++)
    KITH_TRY(kith_redistribution_write(rows, f, c->slot_name[s], c->d, c->slot[s]));
done:
  return st;
}

static kith_agreed checkpoint_write_file(const kith_comm *comm, const kith_graph *g,
                                         kith_redistribution *rows, const char *path,
                                         const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t bytes = kith_checkpoint_bytes(kith_graph_n_node(g), c->d, c->weights.n, c->n_slot);
  KITH_TRY(kith_h5_create_single(comm, path, KITH_CHECKPOINT_FORMAT, KITH_FILE_VERSION, bytes, &f));
  KITH_TRY(checkpoint_attributes(f, g, c));
  if (c->d > 0) KITH_TRY(checkpoint_write_rows(rows, f, c));
  KITH_TRY(checkpoint_write_weights(comm, f, c));
  KITH_TRY(kith_h5_publish(&f));
done:
  kith_h5_close(&f);
  return st;
}

kith_agreed kith_checkpoint_write(const kith_comm *comm, const kith_graph *g, kith_redistribution *rows,
                                  const char *folder, int keep, const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME], path[KITH_PATH];
  KITH_TRY(kith_agree(comm, kith__checkpoint_path(folder, c->epoch, c->step, name, path)));
  KITH_TRY(checkpoint_write_file(comm, g, rows, path, c));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? kith__checkpoint_set_latest(folder, name) : KITH_OK));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? kith__checkpoint_prune(folder, keep, c->epoch, c->step,
                                                                     c->keep_best ? c->best_epoch : -1)
                                            : KITH_OK));
done:
  return st;
}

/* Refuse a checkpoint of another configuration, naming the first difference. */
static kith_status checkpoint_compare(const char *path, const kith_checkpoint *c, const char *found) {
  char wanted_word[KITH_CONFIG_WORD_SIZE], found_word[KITH_CONFIG_WORD_SIZE];
  if (!kith_config_key_differs(c->config_key, c->config_key_legacy, found, wanted_word, found_word))
    return KITH_OK;
  kith_config_key_usual(c->config_usual, wanted_word);
  kith_config_key_usual(c->config_usual, found_word);
  return kith_fail(KITH_ECONFIG,
                   "%s: was trained with %s, the job has %s; use what it was trained with, train into "
                   "another folder with --set work=FOLDER, or with --fresh, which removes these checkpoints",
                   path, found_word, wanted_word);
}

/* The attributes of progress are plausible. */
static kith_status checkpoint_check(const char *path, const kith_checkpoint *c) {
  kith_status st = KITH_OK;
  bool been = c->epoch >= 0 && c->epoch < INT32_MAX && c->step >= 0 && c->step < INT64_MAX / 2;
  KITH_CHECK(been, KITH_EDATA, "%s: epoch %lld and step %lld are impossible", path, (long long)c->epoch,
             (long long)c->step);
  bool went = c->best_epoch >= 0 && c->best_epoch <= c->epoch && c->bad_evals >= 0 &&
              c->bad_evals < INT32_MAX && !isnan(c->best);
  KITH_CHECK(went, KITH_EDATA,
             "%s: best %g, best_epoch %lld and bad_evals %lld are impossible after epoch %lld", path, c->best,
             (long long)c->best_epoch, (long long)c->bad_evals, (long long)c->epoch);
  bool sum = c->loss.lo >= 0 && c->loss.lo < INT64_C(1) << 40 && c->loss.nan >= 0 &&
             c->loss.hi > INT64_MIN / 2 && c->loss.hi < INT64_MAX / 2;
  KITH_CHECK(sum, KITH_EDATA, "%s: loss_high, loss_low and loss_nan are no sum", path);
done:
  return st;
}

/* Check that the run can resume from this file. */
static kith_agreed checkpoint_fits(kith_h5 *f, const kith_graph *g, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  int64_t fingerprint = 0;
  char *config_key = NULL;
  c->refused = false;
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &fingerprint));
  KITH_TRY(kith_h5_get_attr_text(f, "config_key", &config_key));
  c->refused = true;
  KITH_TRY(kith_agreed_same(
      (uint64_t)fingerprint == (c->of_parent ? g->parent.fingerprint : g->fingerprint)
          ? KITH_OK
          : kith_fail(KITH_EDATA,
                      "%s: a checkpoint of another graph; train into another folder with --set "
                      "work=FOLDER, or with --fresh, which removes these checkpoints",
                      kith_h5_path(f))));
  KITH_TRY(kith_agreed_same(checkpoint_compare(kith_h5_path(f), c, config_key)));
  c->refused = false;
done:
  KITH_FREE(config_key);
  return st;
}

/* The run and its score; "" where an older file lacks one. */
static kith_agreed checkpoint_read_names(kith_h5 *f, char run[KITH_NAME], char score[KITH_SCORE_SIZE]) {
  kith_agreed st = {KITH_OK};
  run[0] = score[0] = '\0';
  if (kith_h5_has_attr(f, "run")) KITH_TRY(kith__word_read(f, "run", KITH_NAME, run));
  if (kith_h5_has_attr(f, "score")) KITH_TRY(kith__word_read(f, "score", KITH_SCORE_SIZE, score));
done:
  return st;
}

/* Half-lives as jobs take them; 0: none. */
static bool half_life_is_possible(double seconds) {
  return seconds == 0 || (seconds >= 1 && seconds <= 1e12);
}

static kith_agreed checkpoint_check_half_life(kith_h5 *f) {
  kith_agreed st = {KITH_OK};
  double seconds = 0;
  if (!kith_h5_has_attr(f, "half_life")) return st;
  KITH_TRY(kith_h5_get_attr_real(f, "half_life", &seconds));
  KITH_TRY(kith_agreed_same(
      half_life_is_possible(seconds)
          ? KITH_OK
          : kith_fail(KITH_EDATA, "%s: a half_life of %g seconds is impossible", kith_h5_path(f), seconds)));
done:
  return st;
}

static kith_status checkpoint_check_optimizer(const char *path, const kith_checkpoint *c) {
  if (c->optimizer_step >= c->step && c->optimizer_step < INT64_MAX / 2) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: optimizer_step %lld is impossible after %lld of an epoch", path,
                   (long long)c->optimizer_step, (long long)c->step);
}

/* Read attributes that older files lack. */
static kith_agreed checkpoint_read_later(kith_h5 *f, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  c->seconds = 0;
  c->halo_bytes = 0;
  c->optimizer_step = -1;
  c->has_score = kith_h5_has_attr(f, "score");
  KITH_TRY(checkpoint_read_names(f, c->run, c->score));
  KITH_TRY(checkpoint_check_half_life(f));
  KITH_TRY(checkpoint_get_phases(f, &c->phases));
  if (kith_h5_has_attr(f, "optimizer_step")) {
    KITH_TRY(kith_h5_get_attr_int(f, "optimizer_step", &c->optimizer_step));
    KITH_TRY(kith_agreed_same(checkpoint_check_optimizer(kith_h5_path(f), c)));
  }
  if (!kith_h5_has_attr(f, "seconds")) return st;
  KITH_TRY(kith_h5_get_attr_real(f, "seconds", &c->seconds));
  KITH_TRY(kith_h5_get_attr_int(f, "halo_bytes", &c->halo_bytes));
done:
  return st;
}

static kith_agreed checkpoint_read_attributes(kith_h5 *f, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_h5_get_attr_int(f, "epoch", &c->epoch));
  KITH_TRY(kith_h5_get_attr_int(f, "step", &c->step));
  KITH_TRY(kith_h5_get_attr_int(f, "loss_high", &c->loss.hi));
  KITH_TRY(kith_h5_get_attr_int(f, "loss_low", &c->loss.lo));
  KITH_TRY(kith_h5_get_attr_int(f, "loss_nan", &c->loss.nan));
  KITH_TRY(kith_h5_get_attr_real(f, "best", &c->best));
  KITH_TRY(kith_h5_get_attr_int(f, "best_epoch", &c->best_epoch));
  KITH_TRY(kith_h5_get_attr_int(f, "bad_evals", &c->bad_evals));
  KITH_TRY(kith_agreed_same(checkpoint_check(kith_h5_path(f), c)));
  KITH_TRY(checkpoint_read_later(f, c));
  KITH_TRY(kith_h5_get_attr_text(f, "metrics", &c->history));
done:
  return st;
}

static kith_agreed checkpoint_read_slots(kith_redistribution *rows, kith_h5 *f, const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_redistribution_read(rows, f, "parameter", c->d, c->x));
  for (int s = 0; s < c->n_slot; s++)
    KITH_TRY(kith_redistribution_read(rows, f, c->slot_name[s], c->d, c->slot[s]));
done:
  return st;
}

static kith_agreed checkpoint_read_rows(const kith_comm *comm, const kith_graph *g, kith_h5 *f,
                                        const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  kith_redistribution *rows = NULL;
  kith_graph *known = NULL; /* what the file has rows of, where that is not the whole graph */
  if (c->of_parent) KITH_TRY(kith_agree(comm, kith__graph_known_make(g, &known)));
  KITH_TRY(kith_redistribution_create(comm, known ? known : g, &rows));
  if (c->items_only) KITH_TRY(kith_redistribution_read_type(rows, f, KITH_ITEM, "parameter", c->d, c->x));
  else KITH_TRY(checkpoint_read_slots(rows, f, c));
done:
  kith_redistribution_destroy(&rows);
  kith__graph_known_free(&known);
  return st;
}

kith_agreed kith_checkpoint_read(const kith_comm *comm, const kith_graph *g, const char *path,
                                 kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  KITH_TRY(kith_h5_open(comm, path, KITH_CHECKPOINT_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(checkpoint_fits(f, g, c));
  KITH_TRY(checkpoint_read_attributes(f, c));
  if (c->d > 0) KITH_TRY(checkpoint_read_rows(comm, g, f, c));
  KITH_TRY(checkpoint_read_weights(f, c));
done:
  kith_h5_close(&f);
  return st;
}

static kith_agreed half_life_read(kith_h5 *f, uint64_t fingerprint, double *seconds, bool *found) {
  kith_agreed st = {KITH_OK};
  int64_t of = 0;
  if (!kith_h5_has_attr(f, "half_life")) return st;
  KITH_TRY(kith_h5_get_attr_int(f, "fingerprint", &of));
  KITH_TRY(kith_h5_get_attr_real(f, "half_life", seconds));
  *found = (uint64_t)of == fingerprint && half_life_is_possible(*seconds);
done:
  return st;
}

kith_agreed kith_checkpoint_half_life(const kith_comm *comm, const char *path, uint64_t fingerprint,
                                      double *seconds, bool *found) {
  kith_h5 *f = NULL;
  *found = false;
  kith_agreed st = kith_h5_open(comm, path, KITH_CHECKPOINT_FORMAT, KITH_FILE_VERSION, &f);
  if (!kith_is_bad(st)) st = half_life_read(f, fingerprint, seconds, found);
  kith_h5_close(&f);
  return st.status == KITH_ENOMEM ? st
                                  : (kith_agreed){KITH_OK}; /* who resumes from it reports what is wrong */
}

kith_agreed kith_checkpoint_progress_read(const kith_comm *comm, const char *path,
                                          kith_checkpoint_progress *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  KITH_TRY(kith_h5_open(comm, path, KITH_CHECKPOINT_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_get_attr_int(f, "epoch", &out->epoch));
  KITH_TRY(kith_h5_get_attr_int(f, "step", &out->step));
  KITH_TRY(kith_h5_get_attr_int(f, "bad_evals", &out->bad_evals));
  out->optimizer_step = -1;
  if (kith_h5_has_attr(f, "optimizer_step"))
    KITH_TRY(kith_h5_get_attr_int(f, "optimizer_step", &out->optimizer_step));
  KITH_TRY(checkpoint_read_names(f, out->run, out->score));
done:
  kith_h5_close(&f);
  return st;
}
