/* Defaults of the sampler, and names of its options. */
#include "sample/sample.h"

kith_sampler_options kith_sampler_defaults(void) {
  return (kith_sampler_options){.mode = KITH_FULL,
                                .fanouts = {.n = 1, .of = {10}},
                                .weighting = KITH_UNIFORM,
                                .budget = 8000,
                                .walk_length = 2,
                                .coverage = 50,
                                .clusters = 1,
                                .cluster_edges = KITH_CLUSTER_EDGES_REWEIGHT};
}

const kith_fanouts *kith_sampler_fanouts(const kith_sampler_options *o, uint64_t relation) {
  for (int i = 0; i < o->relations.n; i++)
    if (kith_text_hash(o->relations.of[i].name) == relation && o->relations.of[i].fanouts.n > 0)
      return &o->relations.of[i].fanouts;
  return &o->fanouts;
}

const char *kith_sampler_mode_text(kith_sampler_mode mode) {
  static const char *const text[] = {"full",       "neighbor",   "layerwise", "cluster",
                                     "saint-node", "saint-edge", "saint-walk"};
  return text[mode];
}

const char *kith_neighbor_weighting_text(kith_neighbor_weighting weighting) {
  return weighting == KITH_EDGE_WEIGHT ? "weight" : weighting == KITH_IMPORTANCE ? "importance" : "uniform";
}
/* "weigh", as in the configuration keys of earlier checkpoints; the job key says reweight. */
const char *kith_cluster_edges_text(kith_cluster_edges edges) {
  return edges == KITH_CLUSTER_EDGES_REWEIGHT ? "weigh" : edges == KITH_CLUSTER_EDGES_DROP ? "drop" : "keep";
}
