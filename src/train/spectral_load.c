/* The eigenpairs of a run, from its newest checkpoint. */
#include "spectral/spectral.h"
#include "train/spectral_run.h"
#include "train/train.h"

static kith_agreed load_read(const kith_comm *comm, const kith_graph *g, const kith_run *o, const char *path,
                             float *ritz, kith_spectrum *s) {
  kith_agreed st = {KITH_OK};
  char config_key[KITH_CONFIG_KEY_SIZE], legacy[KITH_CONFIG_KEY_SIZE];
  kith_config_key(comm, g, o, sizeof config_key, config_key);
  kith_config_key_legacy(g, o, sizeof legacy, legacy);
  kith_checkpoint c = {.d = s->width,
                       .x = s->v,
                       .weights = {.n = 3 * (int64_t)s->width, .value = ritz},
                       .config_key = config_key,
                       .config_key_legacy = legacy};
  KITH_TRY(kith_checkpoint_read(comm, g, path, &c));
  kith__spectral_unpack(ritz, s);
  s->round = (int)c.epoch;
  s->residual = c.best;
done:
  KITH_FREE(c.history);
  return st;
}

kith_agreed kith_spectral_load(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                               kith_spectrum **out) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  float *ritz = NULL;
  kith_spectrum *s = NULL;
  const int width = o->model.dim + o->model.spectral.oversample;
  *out = NULL;
  KITH_TRY(kith_checkpoint_find(comm, o->work, 0, path));
  if (!path[0])
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ENOINPUT, "%s: no checkpoint is there: run kith train first", o->work)));
  KITH_TRY(kith_agree(comm, kith_spectrum_make(g->n_own, o->model.dim, width, &s)));
  KITH_TRY(kith_agree(comm, KITH_NEW(ritz, 3 * (int64_t)width)));
  KITH_TRY(load_read(comm, g, o, path, ritz, s));
  *out = s;
  s = NULL;
done:
  kith_spectrum_free(&s);
  KITH_FREE(ritz);
  return st;
}
