/* Embeddings of new nodes: inference of the trained model on the augmented graph. */
#include "kith/embed.h"
#include "train/train.h"

#include <stdio.h>
#include <string.h>

#include "train/augment_graph.h"
#include "train/inference.h"
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
}

static kith_status embed_check(const kith_graph *g, const kith_model_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(
      kith_model_n_layer(o) > 0 || o->input != KITH_EMBEDDING, KITH_ECONFIG,
      "model.name: %s without layers reads neither neighbors nor features, so it cannot embed new nodes",
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
  out->epoch = c.epoch;
  out->step = c.step;
  snprintf(out->run, sizeof out->run, "%s", c.run);
  out->history = c.history;
  c.history = NULL;
done:
  KITH_FREE(c.history);
  return st;
}

/* Copy the output of the new nodes, the last rows of this rank. */
static kith_status embed_take(const embed *m, kith_new_embeddings *out) {
  kith_status st = KITH_OK;
  float *final = NULL;
  size_t d = (size_t)kith_model_output_dim(m->model), n_own = (size_t)m->e.g->n_own, n = (size_t)m->e.n;
  out->first = m->e.first;
  out->n = m->e.n;
  out->d = (int)d;
  KITH_TRY(KITH_NEW(final, (int64_t)(n_own * d)));
  KITH_TRY(KITH_NEW(out->x, (int64_t)(n * d)));
  kith_output_rows(&m->inference.recording.output, (int64_t)n_own, (int)d, final);
  memcpy(out->x, final + (n_own - n) * d, n * d * sizeof *final);
  kith__score_rows(m->model, m->e.g->type + (n_own - n), (kith_lid)n, (int)d, out->x);
done:
  KITH_FREE(final);
  return st;
}

static void embed_free(embed *m) {
  kith_inference_free(&m->inference);
  kith__augmented_graph_free(&m->e);
}

static kith_status embed_check_sequence(const kith_model_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->sequence == KITH_SEQUENCE_NONE, KITH_ECONFIG,
             "model.sequence: kith embed does not add the latest items of new users; export without them to "
             "embed");
done:
  return st;
}

kith_agreed kith_embed(const kith_comm *comm, const kith_graph *g, const kith_run *run,
                       const kith_new_nodes *new, const char *checkpoint, kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  embed m = {.comm = comm, .model = &run->model};
  *out = (kith_new_embeddings){.n = 0};
  KITH_TRY(kith_agreed_same(embed_check_sequence(&run->model)));
  if (!kith_model_has_steps(&run->model)) {
    st = kith__spectral_embed(comm, g, run, new, checkpoint, out);
    goto done;
  }
  KITH_TRY(kith_agreed_same(embed_check(g, &run->model)));
  KITH_TRY(kith__augment_graph(comm, g, run->parts, new, &m.e));
  /* Walks from new nodes find importance neighborhoods too; walks from known nodes meet no new node. */
  KITH_TRY(kith_inference_record(comm, m.e.g, m.model, run->train.seed, &m.inference));
  KITH_TRY(embed_load(&m, g, run, checkpoint, out));
  kith_tape_forward(m.inference.tape);
  KITH_TRY(kith_agree(comm, embed_take(&m, out)));
done:
  embed_free(&m);
  if (kith_is_bad(st)) kith_new_embeddings_free(out);
  return st;
}
