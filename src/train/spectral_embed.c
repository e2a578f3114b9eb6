/* Rows of new users from the eigenvectors of a checkpoint: known users with the same lists have the same
 * rows. */
#include <stdio.h>
#include <string.h>

#include "spectral/rows.h"
#include "train/augment_graph.h"
#include "train/spectral_embed.h"
#include "train/spectral_run.h"

static kith_status embed_check(const kith_new_nodes *new) {
  kith_status st = KITH_OK;
  KITH_CHECK(new->n[KITH_ITEM] == 0, KITH_ECONFIG,
             "model.name: spectral has no rows for new items, of which the lists name %lld; set embed.types: "
             "users",
             (long long)new->n[KITH_ITEM]);
  KITH_CHECK(new->n_relation == 0, KITH_ECONFIG,
             "embed.relations.%s: rows of new users are made of their interactions alone in model.name: "
             "spectral; leave the list out",
             new->relation[0].name);
done:
  return st;
}

/* Eigenvectors of the known items; rows of new users are zero. */
static kith_agreed embed_read(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                              const char *checkpoint, kith_spectrum *s, kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c;
  KITH_TRY(kith__spectral_read(comm, g, o, checkpoint, s, &c));
  out->epoch = c.epoch;
  out->step = c.step;
  snprintf(out->run, sizeof out->run, "%s", c.run);
  out->history = c.history;
done:
  return st;
}

kith_agreed kith__spectral_embed(const kith_comm *comm, const kith_graph *g, const kith_run *by,
                                 const kith_new_nodes *new, const char *checkpoint,
                                 kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  const kith_model_options *o = &by->model;
  augmented_graph e = {.g = NULL};
  kith_spectrum *s = NULL;
  float *x = NULL;
  size_t k = (size_t)o->dim;
  KITH_TRY(kith_agreed_same(embed_check(new)));
  KITH_TRY(kith__augment_graph(comm, g, by->parts, new, &e));
  KITH_TRY(kith_agree(comm, kith_spectrum_make(e.g->n_own, o->dim, o->dim + o->spectral.oversample, &s)));
  KITH_TRY(embed_read(comm, g, by, checkpoint, s, out));
  KITH_TRY(kith_agree(comm, KITH_NEW(x, (int64_t)e.g->n_own * o->dim)));
  KITH_TRY(kith_agree(comm, KITH_NEW(out->x, e.n * o->dim)));
  KITH_TRY(kith_spectral_rows(comm, e.g, &o->spectral, s, x));
  out->first = e.first;
  out->n = e.n;
  out->d = o->dim;
  memcpy(out->x, x + (size_t)(e.g->n_own - e.n) * k, (size_t)e.n * k * sizeof *x);
done:
  KITH_FREE(x);
  kith_spectrum_free(&s);
  kith__augmented_graph_free(&e);
  return st;
}
