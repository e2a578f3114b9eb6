/* Embeddings of new nodes: inference of the trained model on the augmented graph. */
#include "kith/embed.h"
#include "train/train.h"

#include <stdio.h>
#include <string.h>

#include "train/alike_rows.h"
#include "train/augment_graph.h"
#include "train/embed_keep.h"
#include "train/inference.h"
#include "train/sasrec_embed.h"
#include "train/score_rows.h"
#include "train/spectral_embed.h"

/* The model on the augmented graph. */
typedef struct embed {
  const kith_comm *comm;
  const kith_model_options *model;
  augmented_graph e;
  kith_inference inference;
} embed;

void kith_new_embeddings_free(kith_new_embeddings *e) {
  KITH_FREE(e->x);
  KITH_FREE(e->history);
  KITH_FREE(e->adapted.shared);
}

static kith_status embed_check(const kith_graph *g, const kith_model_options *o,
                               const kith_embed_options *how) {
  kith_status st = KITH_OK;
  KITH_CHECK(kith_model_n_layer(o) > 0 || o->input != KITH_EMBEDDING || how->init == KITH_EMBED_MEAN ||
                 how->adapt > 0,
             KITH_ECONFIG,
             "model.name: %s without layers reads neither neighbors nor features, so it cannot embed new "
             "nodes; embed.init: mean takes the rows of known nodes with like features, and embed.adapt "
             "learns those of users",
             kith_model_text(o->name));
  KITH_CHECK(
      kith_model_time_dim(o) == 0, KITH_ECONFIG,
      "model.%s.time_dim: kith embed does not compute time codes of new edges; train without them to embed",
      kith_model_text(o->name));
  KITH_CHECK(!kith_model_decays(o) || (o->lightgcn.half_life > 0 && g->time), KITH_ECONFIG,
             "model.half_life: expected a number of seconds and a graph with times, which "
             "kith_graph_times_read() reads");
done:
  return st;
}

/* Load embeddings of known nodes, and weights; embeddings of new nodes stay zero. */
static kith_agreed embed_load(embed *m, const kith_graph *g, const kith_run *o, const char *checkpoint,
                              kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint c = {.history = NULL};
  KITH_TRY(kith_inference_read(&m->inference, g, o, checkpoint, &c));
  kith__embed_keep(&c, out);
done:
  KITH_FREE(c.history);
  return st;
}

/* Whether any new node has features, and an embedding that can be a mean. */
static kith_status embed_check_mean(const kith_graph *g, const kith_model_options *o,
                                    const kith_new_nodes *new) {
  kith_status st = KITH_OK;
  bool any = false;
  for (int t = 0; t < KITH_SIDES; t++)
    any = any || (new->n[t] > 0 && new->features[t].start &&kith_model_uses_embedding(o, g, t));
  KITH_CHECK(any, KITH_ECONFIG,
             "embed.init: mean: no new node has both features (embed.user_features, embed.item_features) and "
             "an embedding beside them (model.input: %s); expected zero",
             kith_input_text(o->input));
done:
  return st;
}

/* Embeddings of new nodes as means of those of known ones. */
static kith_agreed embed_means(embed *m, const kith_graph *g, const char *parts_path,
                               const kith_new_nodes *new, const kith_embed_options *how,
                               kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  const kith_tensor *x = m->inference.recording.x;
  const kith__alike_block o = {.new = new,
                               .neighbors = how->init_neighbors,
                               .first = m->e.first,
                               .n = m->e.n,
                               .d = x->d,
                               .x = x->value + (size_t)g->n_own *(size_t)x->d};
  for (int t = 0; t < KITH_SIDES; t++)
    if (kith_model_uses_embedding(m->model, g, t))
      KITH_TRY(
          kith__alike_rows_fill(m->comm, g, parts_path, &o, (kith_node_type)t, x->value, &out->n_alone[t]));
done:
  return st;
}

/* Copy the output of the new nodes, the last rows of this rank. */
static kith_status embed_take(const embed *m, kith_new_embeddings *out) {
  kith_status st = KITH_OK;
  const int d = kith_model_output_dim(m->model);
  const kith_lid known = m->e.g->n_own - (kith_lid)m->e.n;
  out->first = m->e.first;
  out->n = m->e.n;
  out->d = d;
  KITH_TRY(KITH_NEW(out->x, m->e.n * d));
  kith_output_rows(&m->inference.recording.output, known, m->e.n, d, out->x);
  kith__score_rows(m->model, m->e.g->type + known, (kith_lid)m->e.n, d, out->x);
done:
  return st;
}

static void embed_free(embed *m) {
  kith_inference_free(&m->inference);
  kith__augmented_graph_free(&m->e);
}

kith_agreed kith__embed_graph(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                              const kith_new_nodes *new, const kith_embed_options *how,
                              const char *checkpoint, const kith__embed_joint *joint,
                              kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  embed m = {.comm = comm, .model = &run->model};
  if (joint) m.inference.behind = joint->sasrec;
  KITH_TRY(kith_agreed_same(embed_check(g, &run->model, how)));
  if (how->init == KITH_EMBED_MEAN) KITH_TRY(kith_agreed_same(embed_check_mean(g, &run->model, new)));
  KITH_TRY(kith__augment_graph(comm, g, run->parts, new, &m.e));
  /* Walks from new nodes find importance neighborhoods too; walks from known nodes meet no new node. */
  KITH_TRY(kith_inference_record(comm, m.e.g, m.model, run->train.seed, &m.inference));
  KITH_TRY(embed_load(&m, g, run, checkpoint, out));
  if (how->init == KITH_EMBED_MEAN) KITH_TRY(embed_means(&m, g, run->parts, new, how, out));
  kith_tape_forward(m.inference.tape);
  KITH_TRY(kith_agree(comm, embed_take(&m, out)));
  if (joint) kith_output_rows(&m.inference.recording.output, 0, g->n_own, out->d, joint->known);
done:
  embed_free(&m);
  return st;
}

kith_agreed kith_embed(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                       const kith_new_nodes *new, const kith_embed_options *o, const char *checkpoint,
                       kith_new_embeddings *out) {
  const kith_embed_options usual = kith_embed_defaults(), *how = o ? o : &usual;
  kith_agreed st;
  *out = (kith_new_embeddings){.n = 0};
  if (run->model.sequence == KITH_SEQUENCE_SASREC)
    st = kith__sasrec_embed(comm, g, run, new, how, checkpoint, out);
  else if (kith_model_has_steps(&run->model))
    st = kith__embed_graph(comm, g, run, new, how, checkpoint, NULL, out);
  else st = kith__spectral_embed(comm, g, run, new, how, checkpoint, out);
  if (kith_is_bad(st)) kith_new_embeddings_free(out);
  return st;
}
