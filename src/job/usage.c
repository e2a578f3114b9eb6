/*
 * Which keys have an effect in a job.
 *
 * A key that is set without effect is probably a mistake: model.gat.heads with model.name: mf, or
 * loss.temperature with loss.name: bpr.  A rule states which verb uses the keys of a section, under which
 * condition, and what the condition needs.  The longest rule that matches a key decides; a test asserts that
 * every key has one.
 */
#include <string.h>

#include "job/table.h"

/* ---- conditions ---- */

static bool always(const kith_job *j) { return j != NULL; }
static bool never(const kith_job *j) { return j == NULL; }
static bool recommends(const kith_job *j) { return j->task == KITH_TASK_RECOMMEND; }
static bool classifies(const kith_job *j) { return j->task == KITH_TASK_CLASSIFY; }

static bool splits(const kith_job *j) { return recommends(j) && j->data.split.method != KITH_SPLIT_NONE; }
static bool draws_split(const kith_job *j) {
  kith_split_method method = j->data.split.method;
  return splits(j) && method != KITH_SPLIT_TIME && method != KITH_SPLIT_STREAM;
}
static bool cuts_core(const kith_job *j) { return splits(j) && j->data.split.method == KITH_SPLIT_CORE; }
static bool holds_out_test(const kith_job *j) { return splits(j) && !j->data.test.path[0]; }

static bool reads_edges(const kith_job *j) { return classifies(j) && j->model.name != KITH_HAN; }

static bool has_columns(const kith_job *j) {
  return recommends(j) && j->data.interactions.format != KITH_ADJACENCY;
}
static bool names_relation(const kith_relation_names *names, const char *name) {
  for (int i = 0; i < names->n; i++)
    if (strcmp(names->of[i], name) == 0) return true;
  return false;
}
/* Whether evidence of a blend needs the times of a relation. */
static bool orders_evidence(const kith_job *j, const char *name) {
  const kith_relation_names *e = j->blend.evidence;
  bool aged = j->blend.half_life > 0 && names_relation(&e[KITH_EVIDENCE_POPULAR], name);
  return aged || names_relation(&e[KITH_EVIDENCE_RECENT], name) ||
         names_relation(&e[KITH_EVIDENCE_ORDER], name);
}
static bool reads_times(const kith_job *j) {
  kith_split_method method = j->data.split.method;
  bool splits_by_time =
      method == KITH_SPLIT_TIME || method == KITH_SPLIT_LEAVE_LAST_OUT || method == KITH_SPLIT_STREAM;
  const bool orders =
      kith__job_adds_recent(j) || kith__job_is_sasrec(j) || orders_evidence(j, KITH_INTERACTIONS);
  return kith__job_has_order(j) &&
         (splits_by_time || kith_model_decays(&j->model) || kith__job_ages_relations(j) ||
          kith_model_time_dim(&j->model) > 0 || orders);
}
static bool reads_weights(const kith_job *j) {
  bool draws = j->train.sampler.mode == KITH_NEIGHBOR && j->train.sampler.weighting == KITH_EDGE_WEIGHT;
  return has_columns(j) && (draws || j->data.interactions.min_weight > 0);
}
static bool filters_ties(const kith_job *j) { return j->data.social.min_weight > 0; }
static bool test_has_columns(const kith_job *j) {
  return recommends(j) && j->data.test.format != KITH_ADJACENCY;
}
static bool adds_features(const kith_job *j) { return recommends(j) && j->model.input != KITH_EMBEDDING; }
static bool reads_features(const kith_job *j) {
  return adds_features(j) || (recommends(j) && kith__job_embeds_means(j)) || kith__job_begins_by_features(j);
}
static bool reads_item_features(const kith_job *j) {
  return reads_features(j) || names_relation(&j->blend.evidence[KITH_EVIDENCE_ALIKE], "features");
}

static bool cuts_by_bound(const kith_job *j) {
  return j->partition.method != KITH_PARTITION_HASH && j->partition.method != KITH_PARTITION_CONTIGUOUS;
}
static bool cuts_by_key(const kith_job *j) { return j->partition.method != KITH_PARTITION_CONTIGUOUS; }

static bool has_model(const kith_job *j) { return !kith__job_has_tgn(j); }
static bool has_sequence(const kith_job *j) { return recommends(j) && has_model(j); }
static bool is_model(const kith_job *j, kith_model_name name) {
  return has_model(j) && j->model.name == name;
}
static bool is_gat(const kith_job *j) { return is_model(j, KITH_GAT); }
static bool is_gcnii(const kith_job *j) { return is_model(j, KITH_GCNII); }
static bool is_sage(const kith_job *j) { return is_model(j, KITH_SAGE); }
static bool is_lightgcn(const kith_job *j) { return is_model(j, KITH_LIGHTGCN); }
static bool reads_friends(const kith_job *j) { return kith_model_relation(&j->model, "friend") != NULL; }
static bool reads_relations(const kith_job *j) { return kith_model_relations(&j->model)->n > 0; }
static bool ages_friends(const kith_job *j) { return kith_model_relation_half_life(&j->model, "friend") > 0; }
static bool propagates_linearly(const kith_job *j) { return is_lightgcn(j) && j->model.layers > 0; }
static bool reads_relations_linearly(const kith_job *j) { return is_lightgcn(j) && reads_relations(j); }
static bool mixes_in_input(const kith_job *j) {
  return (is_lightgcn(j) || is_model(j, KITH_GCN)) && j->model.layers > 0;
}
static bool is_pinsage(const kith_job *j) { return is_model(j, KITH_PINSAGE); }
static bool is_spectral(const kith_job *j) { return is_model(j, KITH_SPECTRAL); }
static bool is_diffnet(const kith_job *j) { return is_model(j, KITH_DIFFNET); }
static bool is_rgcn(const kith_job *j) { return is_model(j, KITH_RGCN); }
static bool is_cascade(const kith_job *j) { return is_model(j, KITH_CASCADE); }
static bool transforms_behaviors(const kith_job *j) { return is_cascade(j) && !j->model.cascade.residual; }
static bool has_readers(const kith_job *j) {
  return kith_model_has_readers(&j->model) && j->model.layers > 0;
}
static bool is_han(const kith_job *j) { return is_model(j, KITH_HAN); }
static bool attends(const kith_job *j) { return is_han(j) && j->model.han.neighbors == KITH_HAN_ATTENTION; }
static bool scores_paths(const kith_job *j) {
  return is_han(j) && (j->model.han.fuse == KITH_HAN_BY_TYPE || j->model.han.fuse == KITH_HAN_BY_NODE);
}
/* Softmax regression on given features has no rows between features and classes. */
static bool has_width(const kith_job *j) {
  return has_model(j) &&
         (!is_han(j) || j->model.han.fuse != KITH_HAN_CONCAT || !classifies(j) || !j->data.nodes.features[0]);
}
static bool is_kgin(const kith_job *j) { return is_model(j, KITH_KGIN); }
static bool can_read_relations(const kith_job *j) {
  if (is_han(j)) return true;
  return propagates_linearly(j) || is_spectral(j) || is_cascade(j) || has_readers(j) ||
         (is_kgin(j) && j->model.layers > 0);
}
static bool is_ratio(const kith_job *j) {
  return is_spectral(j) && j->model.spectral.filter == KITH_FILTER_RATIO;
}
static bool is_knots(const kith_job *j) {
  return is_spectral(j) && j->model.spectral.filter == KITH_FILTER_KNOTS;
}
static bool has_steps(const kith_job *j) { return has_model(j) && kith_model_has_steps(&j->model); }
static bool learns(const kith_job *j) { return has_steps(j) || kith__job_has_tgn(j); }
static bool counts_layers(const kith_job *j) {
  return has_steps(j) && (!is_cascade(j) || kith_cascade_reads_layers(&j->model));
}
static bool has_pairs(const kith_job *j) { return has_steps(j) && recommends(j); }
static bool ranks_by_products(const kith_job *j) { return has_pairs(j) && j->model.score == KITH_DOT; }
static bool finds_eigenvectors(const kith_job *j) {
  return is_spectral(j) || (has_steps(j) && j->model.start == KITH_START_SPECTRAL);
}
static bool drops_columns(const kith_job *j) {
  return has_steps(j) && !is_model(j, KITH_MF) && !is_lightgcn(j) && !is_cascade(j);
}
static bool propagates(const kith_job *j) { return has_model(j) && kith_model_n_layer(&j->model) > 0; }
static bool regularizes_layers(const kith_job *j) {
  return recommends(j) && propagates(j) && j->train.loss.l2 > 0;
}
static bool learns_relations(const kith_job *j) {
  const kith_relation_weights *w = kith_model_relations(&j->model);
  for (int i = 0; i < w->n; i++)
    if (w->of[i].learned) return true;
  return false;
}
static bool has_weights(const kith_job *j) {
  if (kith_model_reads_kinds(&j->model)) return true;
  bool mixes = is_lightgcn(j) && j->model.lightgcn.layer_weights == KITH_LAYER_WEIGHTS_LEARNED;
  bool transforms = transforms_behaviors(j) && j->model.cascade.transform != KITH_CASCADE_NONE;
  return drops_columns(j) || mixes || transforms || learns_relations(j) || adds_features(j);
}
/* Embeddings beside features (model.input: both), or beside neighbors. */
static bool forgets(const kith_job *j) {
  if (classifies(j)) return propagates(j) && !j->data.nodes.features[0];
  return has_steps(j) && (propagates(j) || j->model.input == KITH_BOTH);
}
static bool decays(const kith_job *j) { return has_weights(j) && j->train.weight_decay > 0; }

static bool is_sgd(const kith_job *j) { return learns(j) && j->train.optimizer.name == KITH_SGD; }
static bool has_epsilon(const kith_job *j) { return learns(j) && !is_sgd(j); }
static bool has_moments(const kith_job *j) {
  return has_epsilon(j) && j->train.optimizer.name != KITH_ADAGRAD;
}

static bool in_mode(const kith_job *j, kith_sampler_mode mode) {
  return has_steps(j) && j->train.sampler.mode == mode;
}
static bool samples(const kith_job *j) { return has_steps(j) && !in_mode(j, KITH_FULL); }
static bool samples_pairs(const kith_job *j) { return samples(j) && recommends(j); }
static bool exchanges_sums(const kith_job *j) {
  return in_mode(j, KITH_FULL) && (propagates_linearly(j) || is_cascade(j));
}
static bool samples_neighbors(const kith_job *j) { return in_mode(j, KITH_NEIGHBOR); }
static bool samples_clusters(const kith_job *j) { return in_mode(j, KITH_CLUSTER); }
static bool samples_walks(const kith_job *j) { return in_mode(j, KITH_SAINT_WALK); }
static bool counts_chances(const kith_job *j) { return in_mode(j, KITH_SAINT_EDGE) || samples_walks(j); }
static bool has_budget(const kith_job *j) {
  return in_mode(j, KITH_LAYERWISE) || in_mode(j, KITH_SAINT_NODE) || counts_chances(j);
}
static bool has_batches(const kith_job *j) { return has_pairs(j) || samples(j); }

static bool is_loss(const kith_job *j, kith_loss_name name) {
  return has_pairs(j) && j->train.loss.name == name;
}
static bool is_bpr(const kith_job *j) { return is_loss(j, KITH_BPR); }
static bool is_softmax(const kith_job *j) { return is_loss(j, KITH_SOFTMAX); }
static bool is_nce(const kith_job *j) { return is_loss(j, KITH_NCE); }
static bool masks(const kith_job *j) { return is_softmax(j) && j->train.loss.inbatch; }
static bool draws_for_pairs(const kith_job *j) { return is_bpr(j) || is_nce(j); }
static bool draws_negatives(const kith_job *j) {
  return draws_for_pairs(j) || (is_softmax(j) && j->train.loss.shared > 0);
}
static bool draws_by_popularity(const kith_job *j) {
  return draws_negatives(j) && j->train.negatives.popularity > 0;
}
static bool draws_pools(const kith_job *j) { return is_bpr(j) && j->train.negatives.hard > 0; }

static bool evaluates(const kith_job *j) { return has_steps(j) && j->evaluate.every != 0; }
static bool samples_items(const kith_job *j) { return recommends(j) && j->evaluate.sampled > 0; }

static bool lists_relation(const kith_job *j, const char *name) {
  for (int i = 0; i < j->data.n_relation; i++)
    if (strcmp(j->data.relation[i].name, name) == 0) return true;
  return false;
}
static bool lists_friends(const kith_job *j) { return lists_relation(j, "friend"); }
static bool lists_tags(const kith_job *j) { return lists_relation(j, "tag"); }
static bool lists_triples(const kith_job *j) { return lists_relation(j, "kg"); }
static bool lists_views(const kith_job *j) { return lists_relation(j, "view"); }
static bool lists_carts(const kith_job *j) { return lists_views(j) || lists_relation(j, "cart"); }

static bool counts_popular(const kith_job *j) {
  return recommends(j) && j->blend.evidence[KITH_EVIDENCE_POPULAR].n > 0;
}
static bool compares_content(const kith_job *j) {
  return recommends(j) && j->blend.evidence[KITH_EVIDENCE_ALIKE].n > 0;
}
static bool chooses_weights(const kith_job *j) { return recommends(j) && j->blend.weights.n == 0; }

/* Conditions on one relation. */
static bool is_masked(const kith_job *j, const kith_relation_source *r) {
  return names_relation(&j->evaluate.scope.mask, r->name);
}
static bool is_in_layers(const kith_job *j, const kith_relation_source *r) {
  return kith_model_relation(&j->model, r->name) != NULL;
}

static bool weighs_in_cut(const kith_job *j, const kith_relation_source *r) {
  for (int i = 0; i < j->partition.weights.n; i++)
    if (strcmp(j->partition.weights.of[i].name, r->name) == 0) return j->partition.weights.of[i].weight > 0;
  return false;
}
static bool is_evidence(const kith_job *j, const kith_relation_source *r) {
  for (int k = 0; k < KITH_EVIDENCE_KINDS; k++)
    if (names_relation(&j->blend.evidence[k], r->name)) return true;
  return false;
}
static bool is_trained_on(const kith_job *j, const kith_relation_source *r) {
  for (int i = 0; has_pairs(j) && i < j->train.also.n; i++)
    if (strcmp(j->train.also.of[i].name, r->name) == 0) return j->train.also.of[i].weight > 0;
  return false;
}
static bool is_read(const kith_job *j, const kith_relation_source *r) {
  return is_trained_on(j, r) || is_evidence(j, r) || kith_model_relation(&j->model, r->name) != NULL ||
         is_masked(j, r) || weighs_in_cut(j, r) || kith__job_is_step(j, r->name);
}
static bool is_cut(const kith_job *j, const kith_relation_source *r) {
  return r && j->partition.method != KITH_PARTITION_HASH;
}
static bool samples_relation(const kith_job *j, const kith_relation_source *r) {
  return samples_neighbors(j) && is_in_layers(j, r);
}
/* A mask has none, nor has spectral; a relation that nothing reads is warned of as a whole. */
static bool has_direction(const kith_job *j, const kith_relation_source *r) {
  if (is_spectral(j) && is_in_layers(j, r)) return false;
  return is_in_layers(j, r) || !is_masked(j, r);
}
static bool lists_edges(const kith_job *j, const kith_relation_source *r) {
  return j && r->list.format != KITH_ADJACENCY;
}
static bool weighs_edges(const kith_job *j, const kith_relation_source *r) {
  return lists_edges(j, r) && (r->list.min_weight > 0 || (is_han(j) && is_in_layers(j, r)) ||
                               names_relation(&j->blend.evidence[KITH_EVIDENCE_ALIKE], r->name));
}
static bool ages(const kith_job *j, const kith_relation_source *r) {
  return lists_edges(j, r) &&
         (kith_model_relation_half_life(&j->model, r->name) > 0 || orders_evidence(j, r->name) ||
          (kith_model_time_dim(&j->model) > 0 && kith_model_relation(&j->model, r->name)));
}

/* ---- the rules ---- */

typedef struct usage_rule {
  const char *key;  /* a key or a section */
  const char *verb; /* that uses it and warns; "" for none */
  bool (*is_used)(const kith_job *);
  const char *needs; /* for the message "it …"; "" where it is always used */
} usage_rule;

#define USAGE_STEPS "needs a model that is trained by steps, not spectral"
#define USAGE_LAYERS                                                                                         \
  "needs a weight above 0 in model.relations, and lightgcn, rgcn, diffnet or kgin with layers"
#define USAGE_TGN "needs data.split.method: stream, and stream.model: tgn"
#define USAGE_EIGENVECTORS "needs model.name: spectral, or model.start: spectral"

static const usage_rule usage_rules[] = {
    {"name", "", always, ""},
    {"task", "", always, ""},
    {"work", "", always, ""},
    {"graph", "", always, ""},
    {"parts", "", always, ""},
    {"data", "ingest", recommends, "needs task: recommend"},
    {"data.interactions.columns", "ingest", has_columns, "needs a list of edges (data.interactions.format)"},
    {"data.interactions.columns.time", "ingest", reads_times,
     "needs data.split.method: time, stream or leave-last-out, model.half_life, model.half_lives of a "
     "relation that the model reads, time codes (model.gat.time_dim, model.diffnet.time_dim), "
     "model.sequence: recent or sasrec, or blend.recent, order, or popular with blend.half_life; without one "
     "only figures of drift and kith evaluate --rolling read times"},
    {"data.interactions.columns.weight", "train", reads_weights, /* kith ingest stores them in any case */
     "needs data.interactions.min_weight, or sampler.mode: neighbor with sampler.weighting: weight"},
    {"data.interactions.columns.features", "ingest", kith__job_streams, "needs data.split.method: stream"},
    {"data.interactions.header", "ingest", has_columns, "needs a list of edges (data.interactions.format)"},
    {"data.test.columns", "ingest", test_has_columns, "needs a list of edges (data.test.format)"},
    {"data.test.columns.time", "ingest", never,
     "is stored in graph.h5, but nothing uses times of a test list"},
    {"data.test.header", "ingest", test_has_columns, "needs a list of edges (data.test.format)"},
    {"data.social", "ingest", reads_friends, "needs model.relations.friend above 0"},
    {"data.social.columns.time", "ingest", ages_friends,
     "needs model.half_lives.friend, and model.relations.friend above 0"},
    {"data.social.columns.weight", "ingest", filters_ties,
     "needs data.social.min_weight above 0: models do not read the weights of edges"},
    {"data.nodes.NAME.features", "train", adds_features, "needs model.input: features or both"},
    {"data.user_features", "train", reads_features,
     "needs model.input: features or both, embed.init: mean, or update.init: features"},
    {"data.item_features", "train", reads_item_features,
     "needs model.input: features or both, blend.alike: features, embed.init: mean, or update.init: "
     "features"},
    {"data.split.method", "ingest", recommends, "needs task: recommend"},
    {"data.split.valid", "ingest", splits, "needs a data.split.method other than none"},
    {"data.split.test", "ingest", holds_out_test,
     "needs a data.split.method other than none, and no list in data.test"},
    {"data.split.seed", "ingest", draws_split,
     "needs data.split.method: ratio, leave-last-out, core or items"},
    {"data.split.core", "ingest", cuts_core, "needs data.split.method: core"},
    {"data.relations", "ingest", always, ""},
    {"data.paths", "ingest", always, ""},
    {"data.edges", "ingest", reads_edges, "needs task: classify, and a model other than han"},
    {"data.labels", "ingest", classifies, "needs task: classify"},
    {"data.features", "ingest", classifies, "needs task: classify"},
    {"data.splits", "ingest", classifies, "needs task: classify"},
    {"generate", "generate", always, ""},
    {"generate.homophily", "generate", lists_friends, "needs data.relations.friend or data.social"},
    {"generate.tags", "generate", lists_tags, "needs data.relations.tag"},
    {"generate.entities", "generate", lists_triples, "needs data.relations.kg"},
    {"generate.carts", "generate", lists_carts, "needs data.relations.cart or data.relations.view"},
    {"generate.views", "generate", lists_views, "needs data.relations.view"},
    {"partition", "partition", always, ""},
    {"partition.seed", "partition", cuts_by_key, "needs a partition.method other than contiguous"},
    {"partition.balance", "partition", recommends, "needs task: recommend"},
    {"partition.imbalance", "partition", cuts_by_bound, "needs partition.method: metis, stream or ptscotch"},
    {"model", "train", has_model, "needs stream.model: none"},
    {"model.dim", "train", has_width,
     "needs model.han.fuse: type, node or mean, or nodes without features: concat is softmax regression on "
     "features, which has no rows of other columns"},
    {"model.input", "train", has_pairs, "needs task: recommend, and a model that is trained by steps"},
    {"model.layers", "train", counts_layers,
     "needs a model that is trained by steps, not spectral, and no number of its own for every behavior in "
     "model.cascade.layers"},
    {"model.init", "train", has_steps, USAGE_STEPS},
    {"model.start", "train", has_steps, USAGE_STEPS},
    {"model.score", "train", has_pairs, "needs task: recommend, and a model that is trained by steps"},
    {"model.length_discount", "train", ranks_by_products,
     "needs task: recommend, model.score: dot, and a model that is trained by steps"},
    {"model.gcnii", "train", is_gcnii, "needs model.name: gcnii"},
    {"model.gat", "train", is_gat, "needs model.name: gat"},
    {"model.dropout", "train", drops_columns,
     "needs a model with dense weights (ngcf, gcn, gcnii, gat, sage, pinsage, rgcn, diffnet, kgin, han)"},
    {"model.edge_dropout", "train", propagates, "needs a model with layers"},
    {"model.residual", "train", mixes_in_input, "needs model.name: lightgcn or gcn, with layers"},
    {"model.layer_weights", "train", is_lightgcn, "needs model.name: lightgcn"},
    {"model.kinds", "train", reads_relations_linearly,
     "needs a weight above 0 in model.relations, and lightgcn with layers"},
    {"model.storage", "train", propagates_linearly, "needs model.name: lightgcn with layers"},
    {"model.relations", "train", can_read_relations,
     "needs model.name: lightgcn, rgcn, diffnet or kgin with layers, cascade, spectral or han"},
    {"model.tie", "train", reads_relations,
     "needs a weight above 0 in model.relations, and lightgcn with layers"},
    {"model.sequence", "train", has_sequence, "needs task: recommend"},
    {"model.recent", "train", kith__job_adds_recent, "needs model.sequence: recent, and task: recommend"},
    {"model.sasrec", "train", kith__job_is_sasrec, "needs model.sequence: sasrec, and task: recommend"},
    {"model.half_lives", "train", reads_relations,
     "needs the relation in model.relations, with a weight above 0, and lightgcn with layers"},
    {"model.half_life", "train", propagates_linearly, "needs model.name: lightgcn with layers"},
    {"model.aggregator", "train", is_sage, "needs model.name: sage"},
    {"model.pinsage", "train", is_pinsage, "needs model.name: pinsage"},
    {"model.rgcn", "train", is_rgcn, "needs model.name: rgcn"},
    {"model.diffnet", "train", is_diffnet, "needs model.name: diffnet"},
    {"model.kgin", "train", is_kgin, "needs model.name: kgin"},
    {"model.cascade", "train", is_cascade, "needs model.name: cascade"},
    {"model.cascade.transform", "train", transforms_behaviors, "needs model.cascade.residual: false"},
    {"model.han", "train", is_han, "needs model.name: han"},
    {"model.han.heads", "train", attends, "needs model.name: han with model.han.neighbors: attention"},
    {"model.han.attention_dropout", "train", attends,
     "needs model.name: han with model.han.neighbors: attention"},
    {"model.han.semantic_dim", "train", scores_paths,
     "needs model.name: han with model.han.fuse: type or node"},
    {"model.spectral", "train", is_spectral, "needs model.name: spectral"},
    {"model.spectral.user_power", "train", finds_eigenvectors, USAGE_EIGENVECTORS},
    {"model.spectral.item_power", "train", finds_eigenvectors, USAGE_EIGENVECTORS},
    {"model.spectral.oversample", "train", finds_eigenvectors, USAGE_EIGENVECTORS},
    {"model.spectral.degree", "train", finds_eigenvectors, USAGE_EIGENVECTORS},
    {"model.spectral.rounds", "train", finds_eigenvectors, USAGE_EIGENVECTORS},
    {"model.spectral.tolerance", "train", finds_eigenvectors, USAGE_EIGENVECTORS},
    {"model.spectral.t", "train", is_ratio, "needs model.name: spectral with model.spectral.filter: ratio"},
    {"model.spectral.knots", "train", is_knots,
     "needs model.name: spectral with model.spectral.filter: knots"},
    {"sampler", "train", has_steps, USAGE_STEPS},
    {"sampler.fanouts", "train", samples_neighbors, "needs sampler.mode: neighbor"},
    {"train.also", "train", has_pairs, "needs task: recommend, and a model that is trained by steps"},
    {"sampler.relations", "train", samples_neighbors, "needs sampler.mode: neighbor"},
    {"sampler.weighting", "train", samples_neighbors, "needs sampler.mode: neighbor"},
    {"sampler.budget", "train", has_budget,
     "needs sampler.mode: layerwise, saint-node, saint-edge or saint-walk"},
    {"sampler.walk_length", "train", samples_walks, "needs sampler.mode: saint-walk"},
    {"sampler.coverage", "train", counts_chances, "needs sampler.mode: saint-edge or saint-walk"},
    {"sampler.clusters", "train", samples_clusters, "needs sampler.mode: cluster"},
    {"sampler.cluster_edges", "train", samples_clusters, "needs sampler.mode: cluster"},
    {"sampler.exclude_targets", "train", samples_pairs,
     "needs task: recommend, and a sampler.mode other than full"},
    {"loss", "train", has_pairs, "needs task: recommend, and a model that is trained by steps"},
    {"loss.l2_on", "train", regularizes_layers,
     "needs task: recommend, loss.l2 above 0, and a model with layers"},
    {"loss.positive", "train", is_softmax, "needs loss.name: softmax"},
    {"loss.log_sum_weight", "train", is_softmax, "needs loss.name: softmax"},
    {"loss.temperature", "train", is_softmax, "needs loss.name: softmax"},
    {"loss.logq", "train", is_softmax, "needs loss.name: softmax"},
    {"loss.inbatch", "train", is_softmax, "needs loss.name: softmax"},
    {"loss.mask_known", "train", masks, "needs loss.name: softmax with loss.inbatch"},
    {"negatives", "train", draws_for_pairs, "needs loss.name: bpr or nce"},
    {"negatives.alpha", "train", draws_by_popularity, "needs negatives.popularity above 0"},
    {"negatives.hard", "train", is_bpr, "needs loss.name: bpr"},
    {"negatives.pool", "train", draws_pools, "needs loss.name: bpr, and negatives.hard above 0"},
    {"negatives.shared", "train", is_softmax, "needs loss.name: softmax"},
    {"negatives.popularity", "train", draws_negatives,
     "needs loss.name: bpr or nce, or softmax with negatives.shared"},
    {"train", "train", learns, USAGE_STEPS},
    {"train.strips", "train", exchanges_sums, "needs sampler.mode: full, lightgcn with layers, or cascade"},
    {"train.patience", "train", has_steps, "needs model.name of a model that is trained by steps"},
    {"train.seed", "train", always, ""},
    {"train.forget", "train", forgets,
     "needs a model that is trained by steps and has embeddings beside features or neighbors"},
    {"train.batch", "train", has_batches,
     "needs a model that is trained by steps, and a sampler.mode other than full with task: classify"},
    {"train.momentum", "train", is_sgd, "needs train.optimizer: sgd"},
    {"train.beta1", "train", has_moments, "needs train.optimizer: adam or adamw"},
    {"train.beta2", "train", has_moments, "needs train.optimizer: adam or adamw"},
    {"train.epsilon", "train", has_epsilon, "needs train.optimizer: adam, adamw or adagrad"},
    {"train.weight_decay", "train", has_weights, "needs a model with dense weights"},
    {"train.weight_decay_dense", "train", is_gcnii, "needs model.name: gcnii"},
    {"train.weight_decay_on", "train", decays,
     "needs a model with dense weights, and train.weight_decay above 0"},
    {"evaluate", "train", always, ""},
    {"evaluate.k", "train", recommends, "needs task: recommend"},
    {"evaluate.select_by", "train", classifies, "needs task: classify"},
    {"evaluate.protocol", "train", recommends, "needs task: recommend"},
    {"evaluate.candidates", "train", recommends, "needs task: recommend"},
    {"evaluate.mask", "train", recommends, "needs task: recommend"},
    {"evaluate.stream", "evaluate", kith__job_streams, "needs data.split.method: stream"},
    {"evaluate.seed", "train", samples_items, "needs evaluate.protocol: sampled-N"},
    {"evaluate.oversmoothing", "train", evaluates, "needs evaluations in training (evaluate.every)"},
    {"stream", "evaluate", kith__job_replays,
     "needs data.split.method: stream, and evaluate.stream: event or batch"},
    {"stream.batch", "evaluate", kith__job_reads_batches,
     "needs data.split.method: stream, and evaluate.stream: batch or stream.model: tgn"},
    {"stream.model", "train", kith__job_streams, "needs data.split.method: stream"},
    {"stream.dim", "train", kith__job_has_tgn, USAGE_TGN},
    {"stream.heads", "train", kith__job_has_tgn, USAGE_TGN},
    {"stream.time_dim", "train", kith__job_has_tgn, USAGE_TGN},
    {"stream.neighbors", "train", kith__job_has_tgn, USAGE_TGN},
    {"stream.evidence", "train", kith__job_has_tgn, USAGE_TGN},
    {"stream.init", "train", kith__job_has_tgn, USAGE_TGN},
    {"embed", "embed", recommends, "needs task: recommend"},
    {"embed.adapt_pairs", "embed", kith__job_adapts, "needs embed.adapt above 0"},
    {"embed.adapt_users", "embed", kith__job_adapts, "needs embed.adapt above 0"},
    {"embed.init_neighbors", "embed", kith__job_embeds_means, "needs embed.init: mean"},
    {"embed.interactions.columns", "embed", kith__job_new_has_columns,
     "needs a list of edges (embed.interactions.format)"},
    {"embed.interactions.columns.time", "embed", kith__job_new_reads_times,
     "needs model.sequence: recent or sasrec; else interactions of new nodes count as the latest ones"},
    {"embed.interactions.header", "embed", kith__job_new_has_columns,
     "needs a list of edges (embed.interactions.format)"},
    {"update", "update", recommends, "needs task: recommend"},
    {"update.user_features", "update", reads_features,
     "needs model.input: features or both, or update.init: features"},
    {"update.item_features", "update", reads_item_features,
     "needs model.input: features or both, blend.alike: features, or update.init: features"},
    {"update.epochs", "update", has_pairs, USAGE_STEPS},
    {"update.replay", "update", has_pairs, USAGE_STEPS},
    {"update.lr", "update", has_pairs, USAGE_STEPS},
    {"update.hold", "update", has_pairs, USAGE_STEPS},
    {"update.init", "update", has_pairs, USAGE_STEPS},
    {"update.init_neighbors", "update", kith__job_begins_by_features,
     "needs update.init: features, and a model that is trained by steps, not spectral"},
    {"blend", "blend", recommends, "needs task: recommend"},
    {"blend.users", "blend", chooses_weights, "needs blend.weights: []"},
    {"blend.half_life", "blend", counts_popular, "needs blend.popular"},
    {"blend.alike_idf", "blend", compares_content, "needs blend.alike"},
    {"blend.alike_length", "blend", compares_content, "needs blend.alike"},
    {"checkpoint", "train", always, ""},
    {"checkpoint.async_above_mb", "train", has_model, "needs stream.model: none"},
    {"checkpoint.steps", "train", learns, USAGE_STEPS},
    {"checkpoint.best", "train", has_steps, USAGE_STEPS},
    {"watchdog", "", always, ""},
    {"sweep", "sweep", kith__job_has_axes,
     "needs a key of the job with several values, as train.lr: [0.001, 0.003]"},
    {"sweep.seed", "sweep", kith__job_draws_trials, "needs sweep.trials above 0"},
    {"sweep.halving.factor", "sweep", kith__job_halves, "needs sweep.halving.epochs above 0"},
};

/* Keys of a relation. */
static const struct {
  const char *key;
  bool (*is_used)(const kith_job *, const kith_relation_source *);
  const char *needs;
} usage_relation[] = {
    {"data.relations.NAME", is_read,
     USAGE_LAYERS ", spectral or han; or data.paths, model.cascade.order, train.also, evaluate.mask, "
                  "partition.weight or evidence of blend"},
    {"data.paths.NAME", is_read,
     USAGE_LAYERS ", spectral or han; or evaluate.mask, partition.weight or evidence of blend"},
    {"data.relations.NAME.direction", has_direction, USAGE_LAYERS},
    {"data.relations.NAME.header", lists_edges, "needs a list of edges (its format)"},
    {"data.relations.NAME.columns", lists_edges, "needs a list of edges (its format)"},
    {"data.relations.NAME.columns.time", ages,
     "needs a half-life in model.half_lives, or model.diffnet.time_dim, and a weight above 0 in "
     "model.relations; or blend.recent, order, or popular with blend.half_life"},
    {"data.relations.NAME.columns.weight", weighs_edges,
     "needs min_weight above 0, blend.alike, or model.name: han: other models do not read the weights of "
     "edges"},
    {"partition.weight.NAME", is_cut, "needs a partition.method other than hash"},
    {"sampler.relations.NAME", samples_relation,
     "needs sampler.mode: neighbor, and a weight above 0 in model.relations with lightgcn, rgcn, diffnet or "
     "kgin and layers"},
    {"model.half_lives.NAME", is_in_layers,
     "needs the relation in model.relations, with a weight above 0, and lightgcn with layers"},
    {"embed.relations.NAME", is_in_layers, USAGE_LAYERS},
    {"update.relations.NAME", is_read, "is of a relation that nothing reads"},
};

static const usage_rule *usage_find(const char *key) {
  const usage_rule *best = NULL;
  char generic[KITH_JOB_KEY_SIZE];
  kith__job_generic(key, generic);
  for (size_t i = 0; i < sizeof usage_rules / sizeof *usage_rules; i++)
    if (kith__job_holds(usage_rules[i].key, generic) &&
        (!best || strlen(usage_rules[i].key) > strlen(best->key)))
      best = &usage_rules[i];
  return best;
}

/* The relation among `n` that a key of a section is about, or null. */
static const kith_relation_source *usage_among(const char *section, int n, const kith_relation_source *r,
                                               const char *key) {
  size_t size = strlen(section);
  if (strncmp(key, section, size) != 0) return NULL;
  for (int i = 0; i < n; i++)
    if (kith__job_holds(r[i].name, key + size)) return &r[i];
  return NULL;
}

/* The relation that a key is about, or null. */
static const kith_relation_source *usage_source(const kith_job *job, const char *key) {
  const kith_relation_source *r = usage_among("data.relations.", job->data.n_listed, job->data.listed, key);
  if (!r) r = usage_among("partition.weight.", job->data.n_relation, job->data.relation, key);
  if (!r) r = usage_among("sampler.relations.", job->data.n_relation, job->data.relation, key);
  if (!r) r = usage_among("model.half_lives.", job->data.n_relation, job->data.relation, key);
  if (!r) r = usage_among("update.relations.", job->data.n_relation, job->data.relation, key);
  return r ? r : usage_among("embed.relations.", job->data.n_relation, job->data.relation, key);
}

job_usage kith__job_usage(const kith_job *job, const char *key) {
  kith_relation_source path = {.name = ""};
  const kith_relation_source *source =
      kith__job_path_of(job, key, path.name) ? &path : usage_source(job, key);
  const usage_rule *r = usage_find(key);
  job_usage found = {NULL, false, NULL};
  char generic[KITH_JOB_KEY_SIZE];
  kith__job_generic(key, generic);
  if (!source && r) found = (job_usage){r->key, r->is_used(job), kith__job_needs(job, r->is_used, r->needs)};
  for (size_t i = 0; source && i < sizeof usage_relation / sizeof *usage_relation; i++)
    if (kith__job_holds(usage_relation[i].key, generic)) /* longer keys come later */
      found =
          (job_usage){usage_relation[i].key, usage_relation[i].is_used(job, source), usage_relation[i].needs};
  if (found.section && kith__job_is_of_untrained_graph(job, key))
    return (job_usage){found.section, false, "needs model.sasrec.graph: true, or another model.sequence"};
  return found;
}

bool kith__job_is_used(const kith_job *job, const char *key, const char **needs) {
  job_usage u = kith__job_usage(job, key);
  *needs = u.needs;
  return u.used;
}

const char *kith__job_used_by(const char *key) {
  const usage_rule *r = usage_find(key);
  return r ? r->verb : "";
}
