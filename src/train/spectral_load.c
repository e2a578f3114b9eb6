/* The eigenpairs of a run, from its checkpoints. */
#include "spectral/spectral.h"
#include "train/spectral_run.h"
#include "train/train.h"

kith_agreed kith__spectral_read(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                                const char *path, kith_spectrum *s, kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  char config_key[KITH_CONFIG_KEY_SIZE];
  float *ritz = NULL;
  *c = (kith_checkpoint){.d = s->width,
                         .x = s->v,
                         .items_only = true,
                         .config_key = config_key,
                         .config_usual = o->config_usual};
  kith_config_key(comm, g, o, sizeof config_key, config_key);
  KITH_TRY(kith_agree(comm, KITH_NEW(ritz, 3 * (int64_t)s->width)));
  c->weights = (kith_checkpoint_weights){.n = 3 * (int64_t)s->width, .value = ritz};
  KITH_TRY(kith_checkpoint_read(comm, g, path, c));
  kith__spectral_unpack(ritz, s);
  s->round = (int)c->epoch;
  s->residual = c->best;
done:
  if (kith_is_bad(st)) KITH_FREE(c->history);
  c->config_key = NULL; /* of this function */
  KITH_FREE(ritz);
  return st;
}

kith_agreed kith_spectral_load(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                               kith_spectrum **out) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_checkpoint c = {.d = 0};
  kith_spectrum *s = NULL;
  const int k = o->model.dim;
  *out = NULL;
  KITH_TRY(kith_checkpoint_find(comm, o->work, 0, path));
  if (!path[0])
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ENOINPUT, "%s: no checkpoint is there: run kith train first", o->work)));
  KITH_TRY(kith_agree(comm, kith_spectrum_make(g->n_own, k, k + o->model.spectral.oversample, &s)));
  KITH_TRY(kith__spectral_read(comm, g, o, path, s, &c));
  *out = s;
  s = NULL;
done:
  KITH_FREE(c.history);
  kith_spectrum_free(&s);
  return st;
}
