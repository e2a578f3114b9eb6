/*
 * The configuration key as earlier versions wrote it, to compare with their checkpoints.  It is frozen: an
 * option that is added belongs to the job table only.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "train/train.h"

typedef struct config_key {
  const kith_graph *g;
  const kith_run *o;
  size_t size;
  char *text;
} config_key;

static bool config_key_classifies(const config_key *r) { return r->g->n_class > 0; }

static void config_key_add(config_key *r, const char *format, ...) KITH_FORMAT(2, 3);
static void config_key_add(config_key *r, const char *format, ...) {
  va_list words;
  size_t n = strlen(r->text);
  va_start(words, format);
  vsnprintf(r->text + n, r->size - n, format, words);
  va_end(words);
}

/* Those versions had no relations: a run that reads one differs from all of theirs. */
static void config_key_add_relation(config_key *r, const struct kith_relation_weight *w) {
  if (w->learned) config_key_add(r, " relations.%s=learned", w->name);
  else config_key_add(r, " relations.%s=%.9g", w->name, w->weight);
}

/*
 * Options added later are written only if they differ from their defaults, so that older checkpoints can be
 * resumed.
 */
static void config_key_add_model(config_key *r) {
  const kith_model_options *m = &r->o->model;
  if (m->start != KITH_START_RANDOM) config_key_add(r, " start=%s", kith_start_text(m->start));
  if (m->input != KITH_EMBEDDING) config_key_add(r, " input=%s", kith_input_text(m->input));
  if (m->name == KITH_GAT) config_key_add(r, " heads=%d", m->gat.heads);
  if (m->name == KITH_GAT && m->gat.last_heads > 0) config_key_add(r, " heads_last=%d", m->gat.last_heads);
  if (m->name == KITH_GAT && m->gat.last_merge != KITH_HEADS_CONCAT)
    config_key_add(r, " gat_last=%s", kith_head_merge_text(m->gat.last_merge));
  if (m->name == KITH_GAT && m->gat.attention_dropout > 0)
    config_key_add(r, " attention_dropout=%.9g", m->gat.attention_dropout);
  if (m->name == KITH_SAGE)
    config_key_add(r, " aggregator=%s", kith_sage_aggregator_text(m->sage.aggregator));
  if (m->name == KITH_PINSAGE)
    config_key_add(r, " walks=%d walk_length=%d neighbours=%d restart=%.9g", m->pinsage.walks,
                   m->pinsage.length, m->pinsage.neighbors, m->pinsage.restart);
  if (m->name == KITH_LIGHTGCN && m->lightgcn.layer_weights != KITH_LAYER_WEIGHTS_FIXED)
    config_key_add(r, " layer_weights=%s", kith_layer_weights_text(m->lightgcn.layer_weights));
  if (m->edge_dropout > 0 && kith_model_n_layer(m) > 0)
    config_key_add(r, " edge_dropout=%.9g", m->edge_dropout);
  if (m->dropout > 0) config_key_add(r, " dropout=%.9g", m->dropout);
  for (int i = 0; i < m->relations.n; i++)
    if (kith_model_relation(m, m->relations.of[i].name)) config_key_add_relation(r, &m->relations.of[i]);
  for (int i = 0; i < m->relations.n_half_life; i++) {
    const struct kith_relation_half_life *h = &m->relations.half_life[i];
    if (kith_model_relation(m, h->name)) config_key_add(r, " half_life.%s=%.9g", h->name, h->seconds);
  }
  if (kith_model_relations(m)->n > 0 && m->relations.tie != KITH_TIE_NONE)
    config_key_add(r, " tie=%s", m->relations.tie == KITH_TIE_LEARNED ? "learned" : "similarity");
  if (kith_model_decays(m)) config_key_add(r, " half_life=%.9g", m->lightgcn.half_life);
}

static void config_key_add_negatives(config_key *r) {
  const kith_negative_options *n = &r->o->train.negatives;
  const kith_loss_options *loss = &r->o->train.loss;
  bool drawn = loss->name != KITH_SOFTMAX, shared = !drawn && loss->shared > 0;
  if (loss->l2 > 0 && loss->l2_on == KITH_L2_ON_LAYERS && kith_model_n_layer(&r->o->model) > 0)
    config_key_add(r, " l2_on=layers");
  if (!drawn && loss->positive == KITH_POSITIVE_LEFT_OUT) config_key_add(r, " positive=left-out");
  if (!drawn && loss->log_sum_weight != 1) config_key_add(r, " log_sum_weight=%.9g", loss->log_sum_weight);
  if (!drawn && loss->inbatch && loss->mask) config_key_add(r, " mask=true");
  if (shared) config_key_add(r, " inbatch=%s shared=%d", loss->inbatch ? "true" : "false", loss->shared);
  if (drawn && n->count != 1) config_key_add(r, " negatives=%d", n->count);
  if ((drawn || shared) && n->popularity > 0)
    config_key_add(r, " popularity=%.9g alpha=%.9g", n->popularity, n->alpha);
  if (drawn && n->inbatch > 0) config_key_add(r, " inbatch=%.9g", n->inbatch);
  if (drawn && n->hard > 0) config_key_add(r, " hard=%.9g pool=%d", n->hard, n->pool);
}

static void config_key_add_mode(config_key *r) {
  const kith_train_options *t = &r->o->train;
  const kith_sampler_options *o = &t->sampler;
  if (t->weight_decay > 0)
    config_key_add(r, " weight_decay=%.9g weight_decay_on=%s", t->weight_decay,
                   t->weight_decay_on == KITH_DECAY_FIRST ? "first" : "all");
  if (o->mode == KITH_FULL) return;
  config_key_add(r, " mode=%s", kith_sampler_mode_text(o->mode));
  if (!config_key_classifies(r)) config_key_add(r, " exclude=%s", t->exclude_targets ? "true" : "false");
  if (o->mode == KITH_LAYERWISE || o->mode == KITH_SAINT_NODE)
    config_key_add(r, " budget=%lld", (long long)o->budget);
  if (o->mode == KITH_SAINT_EDGE || o->mode == KITH_SAINT_WALK)
    config_key_add(r, " budget=%lld walk=%d coverage=%d", (long long)o->budget, o->walk_length, o->coverage);
  if (o->mode == KITH_CLUSTER)
    config_key_add(r, " parts=%d clusters=%d cut=%s", r->g->n_part, o->clusters,
                   kith_cluster_edges_text(o->cluster_edges));
  if (o->mode != KITH_NEIGHBOR) return;
  config_key_add(r, " fanouts=");
  for (int i = 0; i < o->fanouts.n; i++) config_key_add(r, i ? ",%d" : "%d", o->fanouts.of[i]);
  if (o->weighting != KITH_UNIFORM) config_key_add(r, " draw=%s", kith_neighbor_weighting_text(o->weighting));
}

/* Words common to all tasks. */
static void config_key_add_steps(config_key *r) {
  const kith_train_options *t = &r->o->train;
  config_key_add(r, "batch=%d lr=%.9g decay=%.9g beta1=%.9g beta2=%.9g epsilon=%.9g seed=%llu", t->batch,
                 t->optimizer.lr, t->lr_decay, t->optimizer.beta1, t->optimizer.beta2, t->optimizer.epsilon,
                 (unsigned long long)t->seed);
  if (t->optimizer.name != KITH_ADAM) /* those versions had Adam only */
    config_key_add(r, " optimizer=%s", kith_optimizer_get(t->optimizer.name)->name);
}

/* Words in the order of the first versions; the comparison does not depend on it. */
static void config_key_write(config_key *r) {
  const kith_run *o = r->o;
  const kith_loss_options *loss = &o->train.loss;
  bool softmax = loss->name == KITH_SOFTMAX;
  if (config_key_classifies(r))
    config_key_add(r, "task=classify model=%s width=%d layers=%d init=%.9g ", kith_model_text(o->model.name),
                   o->model.dim, o->model.layers, o->model.init);
  else
    config_key_add(
        r, "model=%s score=%s width=%d layers=%d init=%.9g loss=%s l2=%.9g temperature=%.9g logq=%.9g ",
        kith_model_text(o->model.name), kith_score_text(o->model.score), o->model.dim,
        kith_model_n_layer(&o->model), o->model.init, kith_loss_text(loss->name), loss->l2,
        softmax ? loss->temperature : 0.0, softmax ? loss->logq : 0.0);
  config_key_add_steps(r);
  config_key_add_model(r);
  if (!config_key_classifies(r)) config_key_add_negatives(r);
  else if (o->evaluate.select_by == KITH_SELECT_BY_LOSS) config_key_add(r, " pick=loss");
  config_key_add_mode(r);
}

void kith_config_key_legacy(const kith_graph *g, const kith_run *o, size_t size, char *text) {
  config_key r = {.g = g, .o = o, .size = size, .text = text};
  text[0] = '\0';
  config_key_write(&r);
}
