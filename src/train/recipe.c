/* What must be the same for a checkpoint to be continued, in words. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kith/train.h"

typedef struct recipe {
  const kith_graph *g;
  const kith_run *o;
  size_t size;
  char *text;
} recipe;

static bool recipe_classifies(const recipe *r) { return r->g->task == KITH_CLASSIFY; }

static void recipe_add(recipe *r, const char *format, ...) KITH_FORMAT(2, 3);
static void recipe_add(recipe *r, const char *format, ...) {
  va_list words;
  size_t n = strlen(r->text);
  va_start(words, format);
  vsnprintf(r->text + n, r->size - n, format, words);
  va_end(words);
}

/*
 * What came later is named only where it departs from the defaults, so that checkpoints from before these
 * keys can be continued.
 */
static void recipe_add_model(recipe *r) {
  const kith_model_options *m = &r->o->model;
  if (m->input != KITH_EMBEDDING) recipe_add(r, " input=%s", kith_input_text(m->input));
  if (m->name == KITH_GAT) recipe_add(r, " heads=%d", m->heads);
  if (m->name == KITH_GAT && m->heads_last > 0) recipe_add(r, " heads_last=%d", m->heads_last);
  if (m->name == KITH_GAT && m->gat_last != KITH_GAT_CONCAT)
    recipe_add(r, " gat_last=%s", kith_gat_last_text(m->gat_last));
  if (m->name == KITH_GAT && m->attention_dropout > 0)
    recipe_add(r, " attention_dropout=%.9g", m->attention_dropout);
  if (m->name == KITH_SAGE) recipe_add(r, " aggregator=%s", kith_aggregator_text(m->aggregator));
  if (m->name == KITH_PINSAGE)
    recipe_add(r, " walks=%d walk_length=%d neighbours=%d restart=%.9g", m->near.walks, m->near.length,
               m->near.neighbors, m->near.restart);
  if (m->name == KITH_LIGHTGCN && m->layer_weights != KITH_FIXED)
    recipe_add(r, " layer_weights=%s", kith_layer_weights_text(m->layer_weights));
  if (m->edge_dropout > 0 && kith_model_n_layer(m) > 0) recipe_add(r, " edge_dropout=%.9g", m->edge_dropout);
  if (m->dropout > 0) recipe_add(r, " dropout=%.9g", m->dropout);
}

static void recipe_add_negatives(recipe *r) {
  const kith_negative_options *n = &r->o->train.negatives;
  const kith_loss_options *loss = &r->o->train.loss;
  bool drawn = loss->name != KITH_SOFTMAX, shared = !drawn && loss->shared > 0;
  if (!drawn && loss->inbatch && loss->mask) recipe_add(r, " mask=true");
  if (shared) recipe_add(r, " inbatch=%s shared=%d", loss->inbatch ? "true" : "false", loss->shared);
  if (drawn && n->count != 1) recipe_add(r, " negatives=%d", n->count);
  if ((drawn || shared) && n->popularity > 0)
    recipe_add(r, " popularity=%.9g alpha=%.9g", n->popularity, n->alpha);
  if (drawn && n->inbatch > 0) recipe_add(r, " inbatch=%.9g", n->inbatch);
  if (drawn && n->hard > 0) recipe_add(r, " hard=%.9g pool=%d", n->hard, n->pool);
}

static void recipe_add_mode(recipe *r) {
  const kith_train_options *t = &r->o->train;
  const kith_sampler_options *o = &t->sampler;
  if (t->weight_decay > 0)
    recipe_add(r, " weight_decay=%.9g weight_decay_on=%s", t->weight_decay,
               t->decay_on == KITH_DECAY_FIRST ? "first" : "all");
  if (o->mode == KITH_FULL) return;
  recipe_add(r, " mode=%s", kith_train_mode_text(o->mode));
  if (!recipe_classifies(r)) recipe_add(r, " exclude=%s", t->exclude ? "true" : "false");
  if (o->mode == KITH_LAYERWISE || o->mode == KITH_SAINT_NODE)
    recipe_add(r, " budget=%lld", (long long)o->budget);
  if (o->mode == KITH_SAINT_EDGE || o->mode == KITH_SAINT_WALK)
    recipe_add(r, " budget=%lld walk=%d coverage=%d", (long long)o->budget, o->walk, o->coverage);
  if (o->mode == KITH_CLUSTER)
    recipe_add(r, " parts=%d clusters=%d cut=%s", r->g->n_part, o->clusters, kith_cut_text(o->cut));
  if (o->mode != KITH_NEIGHBOR) return;
  recipe_add(r, " fanouts=");
  for (int i = 0; i < o->fanouts.n; i++) recipe_add(r, i ? ",%d" : "%d", o->fanouts.of[i]);
  if (o->draw != KITH_UNIFORM) recipe_add(r, " draw=%s", kith_drawing_text(o->draw));
}

/* The words that all tasks have. */
static void recipe_add_steps(recipe *r) {
  const kith_train_options *t = &r->o->train;
  recipe_add(r, "batch=%d lr=%.9g decay=%.9g beta1=%.9g beta2=%.9g epsilon=%.9g seed=%llu", t->batch,
             t->adam.lr, t->decay, t->adam.beta1, t->adam.beta2, t->adam.epsilon,
             (unsigned long long)t->seed);
}

/* What must be the same for a checkpoint to be continued: all that decides the next bit. */
static void recipe_write(recipe *r) {
  const kith_run *o = r->o;
  const kith_loss_options *loss = &o->train.loss;
  bool softmax = loss->name == KITH_SOFTMAX;
  if (recipe_classifies(r))
    recipe_add(r, "task=classify model=%s width=%d layers=%d init=%.9g ", kith_model_text(o->model.name),
               o->model.width, o->model.layers, o->model.init);
  else
    recipe_add(r,
               "model=%s score=%s width=%d layers=%d init=%.9g loss=%s l2=%.9g temperature=%.9g logq=%.9g ",
               kith_model_text(o->model.name), kith_score_text(o->model.score), o->model.width,
               kith_model_n_layer(&o->model), o->model.init, kith_loss_text(loss->name), loss->l2,
               softmax ? loss->temperature : 0.0, softmax ? loss->logq : 0.0);
  recipe_add_steps(r);
  recipe_add_model(r);
  if (!recipe_classifies(r)) recipe_add_negatives(r);
  else if (o->evaluate.pick == KITH_PICK_LOSS) recipe_add(r, " pick=loss");
  recipe_add_mode(r);
}

void kith_run_recipe(const kith_graph *g, const kith_run *o, size_t size, char *text) {
  recipe r = {.g = g, .o = o, .size = size, .text = text};
  text[0] = '\0';
  recipe_write(&r);
}
