/* Which matrix the layers of a model read. */
#include <string.h>

#include "graph/schema.h"
#include "halo/strips.h"
#include "model/model.h"

const kith_relation_weights *kith_model_relations(const kith_model_options *o) {
  static const kith_relation_weights none = {0};
  bool layered =
      (o->name == KITH_LIGHTGCN || kith_model_has_readers(o) || o->name == KITH_KGIN) && o->layers > 0;
  bool reads = layered || o->name == KITH_CASCADE || o->name == KITH_HAN || o->name == KITH_SPECTRAL;
  return reads ? &o->relations : &none;
}

const struct kith_relation_weight *kith_model_relation(const kith_model_options *o, const char *name) {
  const kith_relation_weights *w = kith_model_relations(o);
  for (int i = 0; i < w->n; i++)
    if (strcmp(w->of[i].name, name) == 0) return &w->of[i];
  return NULL;
}

double kith_model_relation_half_life(const kith_model_options *o, const char *name) {
  return kith_model_relation(o, name) ? kith_relation_half_life(kith_model_relations(o), name) : 0;
}

bool kith_model_ages_relations(const kith_model_options *o) {
  const kith_relation_weights *w = kith_model_relations(o);
  for (int i = 0; i < w->n; i++)
    if (kith_relation_half_life(w, w->of[i].name) > 0) return true;
  return false;
}

bool kith_model_reads_kinds(const kith_model_options *o) {
  bool rows = o->name == KITH_LIGHTGCN && o->lightgcn.kinds == KITH_KIND_ROWS_LEARNED;
  return (rows || o->name == KITH_KGIN) && kith_model_relations(o)->n > 0;
}

/* Whether a gradient of relations' weights needs whole rows. */
static bool model_learns_relations(const kith_model_options *o) {
  const kith_relation_weights *w = kith_model_relations(o);
  bool learned = w->n > 0 && w->tie == KITH_TIE_LEARNED;
  for (int i = 0; i < w->n; i++) learned = learned || w->of[i].learned;
  return learned;
}

int kith_model_strips(const kith_model_options *o, int most) {
  const bool rounds = kith_model_rounds_rows(o);
  const bool sums = o->name == KITH_LIGHTGCN && !kith_model_reads_kinds(o) && !model_learns_relations(o);
  if (!(sums || o->name == KITH_CASCADE) || (rounds && o->dim % 2)) return 1;
  return kith_strips_of(most, rounds ? kith_bf16_words(o->dim) : o->dim);
}

bool kith_model_decays(const kith_model_options *o) {
  return o->name == KITH_LIGHTGCN && o->layers > 0 && o->lightgcn.half_life != 0;
}

int kith_model_time_dim(const kith_model_options *o) {
  if (o->layers == 0) return 0;
  return o->name == KITH_GAT ? o->gat.time_dim : o->name == KITH_DIFFNET ? o->diffnet.time_dim : 0;
}

bool kith_model_has_own_graph(const kith_model_options *o) {
  return kith_model_time_dim(o) > 0 || kith_model_uses_importance_graph(o) ||
         kith_model_relations(o)->n > 0 || kith_model_decays(o);
}

/* Interactions and relations in one matrix. */
static kith_agreed graph_create_merged(const kith_comm *comm, const kith_graph *g,
                                       const kith_model_options *o, double half_life, kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  *out = NULL;
  if (o->name == KITH_KGIN) KITH_TRY(kith_agreed_same(kith_kgin_check_graph(o, &g->schema)));
  KITH_TRY(kith_dist_csr_create_merged(comm, g, kith_model_relations(o), half_life, o->dim, &a));
  if (kith_model_reads_kinds(o)) KITH_TRY(kith_dist_csr_add_kinds(comm, g, kith_model_relations(o), a));
  if (o->name == KITH_HAN && o->han.neighbors == KITH_HAN_MEAN) /* by the weights of edges */
    KITH_TRY(kith_agree(comm, kith_dist_csr_give_weights(g, kith_model_relations(o), a)));
  *out = a;
  a = NULL;
done:
  kith_dist_csr_destroy(&a);
  return st;
}

static kith_agreed graph_create(const kith_comm *comm, const kith_graph *g, const kith_model_options *o,
                                uint64_t seed, kith_dist_csr **out) {
  if (kith_model_uses_importance_graph(o))
    return kith_importance_neighbors_create(comm, g, &o->pinsage, seed, o->dim, out);
  double half_life = kith_model_decays(o) ? o->lightgcn.half_life : 0;
  if (kith_model_relations(o)->n > 0) return graph_create_merged(comm, g, o, half_life, out);
  if (kith_model_decays(o)) return kith_dist_csr_create_decayed(comm, g, o->lightgcn.half_life, o->dim, out);
  return kith_dist_csr_create(comm, g, o->dim, out);
}

kith_agreed kith_model_graph_create(const kith_comm *comm, const kith_graph *g, const kith_model_options *o,
                                    uint64_t seed, kith_dist_csr **out) {
  kith_agreed st = {KITH_OK};
  kith_dist_csr *a = NULL;
  *out = NULL;
  KITH_TRY(graph_create(comm, g, o, seed, &a));
  if (kith_model_time_dim(o) > 0)
    KITH_TRY(kith_dist_csr_add_ages(comm, g, kith_model_relations(o),
                                    o->name == KITH_GAT ? "model.gat.time_dim" : "model.diffnet.time_dim",
                                    a));
  *out = a;
  a = NULL;
done:
  kith_dist_csr_destroy(&a);
  return st;
}
