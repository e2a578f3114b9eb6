/* Rows of new users from the eigenvectors of a checkpoint: known users with the same lists have the same
 * rows. */
#include <stdio.h>
#include <string.h>

#include "spectral/rows.h"
#include "train/alike_rows.h"
#include "train/augment_graph.h"
#include "train/embed_keep.h"
#include "train/spectral_embed.h"
#include "train/spectral_run.h"

static kith_status embed_check(const kith_new_nodes *new, const kith_embed_options *how) {
  kith_status st = KITH_OK;
  bool mean = how->init == KITH_EMBED_MEAN;
  KITH_CHECK(new->n[KITH_ITEM] == 0 || mean, KITH_ECONFIG,
             "model.name: spectral has no rows for new items, of which the lists name %lld; set embed.types: "
             "users, or embed.init: mean for rows of known items with like features",
             (long long)new->n[KITH_ITEM]);
  KITH_CHECK(
      !mean || new->features[KITH_USER].start || new->features[KITH_ITEM].start, KITH_ECONFIG,
      "embed.init: mean: no new node has features (embed.user_features, embed.item_features); expected "
      "zero");
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
  kith__embed_keep(&c, out);
done:
  return st;
}

/* Rows of new items, and of new users without interactions, as means of rows x of known nodes. */
static kith_agreed embed_means(const kith_comm *comm, const kith_graph *g, const char *parts_path,
                               const augmented_graph *e, const kith_new_nodes *new,
                               const kith_embed_options *how, const float *x, kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  uint8_t *skip = NULL;
  const kith_eid *start = e->g->start + g->n_own;
  KITH_TRY(kith_agree(comm, KITH_NEW(skip, e->n)));
  for (int64_t i = 0; i < e->n; i++) skip[i] = e->first + i < new->n[KITH_USER] && start[i + 1] > start[i];
  const kith__alike_block o = {.new = new,
                               .neighbors = how->init_neighbors,
                               .first = e->first,
                               .n = e->n,
                               .skip = skip,
                               .d = out->d,
                               .x = out->x};
  for (int t = 0; t < KITH_SIDES; t++)
    KITH_TRY(kith__alike_rows_fill(comm, g, parts_path, &o, (kith_node_type)t, x, &out->n_alone[t]));
done:
  KITH_FREE(skip);
  return st;
}

kith_agreed kith__spectral_embed(const kith_comm *comm, const kith_graph *g, const kith_run *by,
                                 const kith_new_nodes *new, const kith_embed_options *how,
                                 const char *checkpoint, kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  const kith_model_options *o = &by->model;
  augmented_graph e = {.g = NULL};
  kith_spectrum *s = NULL;
  float *x = NULL;
  size_t k = (size_t)o->dim;
  KITH_TRY(kith_agreed_same(embed_check(new, how)));
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
  if (how->init == KITH_EMBED_MEAN) KITH_TRY(embed_means(comm, g, by->parts, &e, new, how, x, out));
done:
  KITH_FREE(x);
  kith_spectrum_free(&s);
  kith__augmented_graph_free(&e);
  return st;
}
