/*
 * Names that other libraries give to keys and values of a job.
 *
 * A job that uses one is refused with Kith's name, wherever the key is nested.  Names are compared without
 * case, "_" and "-": learning_rate, learningRate and train.learning-rate are one.  The names are those of the
 * documentation of RecBole, PyTorch Geometric, DGL, GraphStorm, implicit, LightFM and the code of LightGCN
 * and NGCF.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "job/table.h"

#define ON_CPUS "Kith runs on CPUs; leave it out"
#define BY_RANKS "mpirun -n and OMP_NUM_THREADS decide it; leave it out"
#define ALL_METRICS "Kith reports all of its metrics, at the cutoffs of evaluate.k; leave it out"
#define BY_MEMORY "Kith chooses it; leave it out"

const job_foreign kith__job_foreign[] = {
    /* the model */
    {"embedding_dim", "model.dim", NULL, NULL},
    {"embedding_size", "model.dim", NULL, NULL},
    {"embed_size", "model.dim", NULL, NULL},
    {"embed_dim", "model.dim", NULL, NULL},
    {"emb_size", "model.dim", NULL, NULL},
    {"emb_dim", "model.dim", NULL, NULL},
    {"latent_dim", "model.dim", NULL, NULL},
    {"latent_dim_rec", "model.dim", NULL, NULL},
    {"lat_dim", "model.dim", NULL, NULL},
    {"rec_dim", "model.dim", NULL, NULL},
    {"hidden_dim", "model.dim", NULL, NULL},
    {"hidden_size", "model.dim", NULL, NULL},
    {"hidden_channels", "model.dim", NULL, NULL},
    {"num_hidden", "model.dim", NULL, NULL},
    {"n_hidden", "model.dim", NULL, NULL},
    {"factors", "model.dim", NULL, NULL},
    {"n_factors", "model.dim", NULL, NULL},
    {"no_components", "model.dim", NULL, NULL},
    {"dimension", "model.dim", NULL, NULL},
    {"n_layers", "model.layers", NULL, NULL},
    {"num_layers", "model.layers", NULL, NULL},
    {"n_layer", "model.layers", NULL, NULL},
    {"layer_size", "model.dim", "model.layers", NULL},
    {"lightgcn_n_layers", "model.layers", NULL, NULL},
    {"gnn_layers", "model.layers", NULL, NULL},
    {"n_hops", "model.layers", NULL, NULL},
    {"num_hops", "model.layers", NULL, NULL},
    {"context_hops", "model.layers", NULL, NULL},
    {"model_name", "model.name", NULL, NULL},
    {"model_type", "model.name", NULL, NULL},
    {"model_encoder_type", "model.name", NULL, NULL},
    {"encoder", "model.name", NULL, NULL},
    {"architecture", "model.name", NULL, NULL},
    {"dropout_prob", "model.dropout", NULL, NULL},
    {"dropout_rate", "model.dropout", NULL, NULL},
    {"mess_dropout", "model.dropout", NULL, NULL},
    {"message_dropout", "model.dropout", NULL, NULL},
    {"node_dropout", "model.edge_dropout", NULL, NULL},
    {"drop_edge", "model.edge_dropout", NULL, NULL},
    {"aggr", "model.aggregator", NULL, NULL},
    {"aggregator_type", "model.aggregator", NULL, NULL},
    {"n_heads", "model.gat.heads", "model.sasrec.heads", NULL},
    {"num_heads", "model.gat.heads", "model.sasrec.heads", NULL},
    {"attn_drop", "model.gat.attention_dropout", NULL, NULL},
    {"attn_dropout_prob", "model.sasrec.dropout", NULL, NULL},
    {"hidden_dropout_prob", "model.sasrec.dropout", NULL, NULL},
    {"max_item_list_length", "model.sasrec.length", NULL, NULL},
    {"max_seq_length", "model.sasrec.length", NULL, NULL},
    {"num_bases", "model.rgcn.bases", NULL, NULL},
    {"n_bases", "model.rgcn.bases", NULL, NULL},
    {"n_factor", "model.kgin.intents", NULL, NULL},
    {"init_std", "model.init", NULL, NULL},
    /* the loss and the negatives */
    {"loss_type", "loss.name", NULL, NULL},
    {"loss_func", "loss.name", NULL, NULL},
    {"loss_function", "loss.name", NULL, NULL},
    {"loss_fn", "loss.name", NULL, NULL},
    {"lp_loss_func", "loss.name", NULL, NULL},
    {"criterion", "loss.name", NULL, NULL},
    {"reg_weight", "loss.l2", NULL, NULL},
    {"regs", "loss.l2", NULL, NULL},
    {"reg", "loss.l2", NULL, NULL},
    {"lambda_reg", "loss.l2", NULL, NULL},
    {"l2_reg", "loss.l2", NULL, NULL},
    {"regularization", "loss.l2", NULL, NULL},
    {"item_alpha", "loss.l2", NULL, NULL},
    {"user_alpha", "loss.l2", NULL, NULL},
    {"weight_decay", "loss.l2", "train.weight_decay", NULL},
    {"wd", "loss.l2", "train.weight_decay", NULL},
    {"wd_l2norm", "loss.l2", "train.weight_decay", NULL},
    {"alpha_l2norm", "loss.l2", "train.weight_decay", NULL},
    {"tau", "loss.temperature", NULL, NULL},
    {"contrastive_loss_temperature", "loss.temperature", NULL, NULL},
    {"neg_sampling", "negatives.count", NULL, NULL},
    {"neg_sampling_ratio", "negatives.count", NULL, NULL},
    {"train_neg_sample_args", "negatives.count", NULL, NULL},
    {"n_neg", "negatives.count", NULL, NULL},
    {"n_negs", "negatives.count", NULL, NULL},
    {"num_neg", "negatives.count", NULL, NULL},
    {"num_negs", "negatives.count", NULL, NULL},
    {"neg_num", "negatives.count", NULL, NULL},
    {"neg_ratio", "negatives.count", NULL, NULL},
    {"num_negatives", "negatives.count", NULL, NULL},
    {"n_negatives", "negatives.count", NULL, NULL},
    {"negative_samples", "negatives.count", NULL, NULL},
    {"num_negative_edges", "negatives.count", NULL, NULL},
    {"train_negative_sampler", "negatives.popularity", "negatives.shared", NULL},
    {"max_sampled", "negatives.pool", NULL, NULL},
    /* the optimizer */
    {"learning_rate", "train.lr", NULL, NULL},
    {"sparse_optimizer_lr", "train.lr", NULL, NULL},
    {"learner", "train.optimizer", NULL, NULL},
    {"optim", "train.optimizer", NULL, NULL},
    {"optimizer_name", "train.optimizer", NULL, NULL},
    {"learning_schedule", "train.optimizer", NULL, NULL},
    {"lr_scheduler", "train.lr_decay", NULL, NULL},
    {"lr_gamma", "train.lr_decay", NULL, NULL},
    {"betas", "train.beta1", "train.beta2", NULL},
    {"batch_size", "train.batch", NULL, NULL},
    {"train_batch_size", "train.batch", NULL, NULL},
    {"bpr_batch", "train.batch", NULL, NULL},
    {"bpr_batch_size", "train.batch", NULL, NULL},
    {"n_epochs", "train.epochs", NULL, NULL},
    {"num_epochs", "train.epochs", NULL, NULL},
    {"max_epochs", "train.epochs", NULL, NULL},
    {"iterations", "train.epochs", NULL, NULL},
    {"n_iter", "train.epochs", NULL, NULL},
    {"random_seed", "train.seed", NULL, NULL},
    {"random_state", "train.seed", NULL, NULL},
    {"early_stopping", "train.patience", NULL, NULL},
    {"early_stop_rounds", "train.patience", NULL, NULL},
    {"early_stop_patience", "train.patience", NULL, NULL},
    {"stopping_step", "train.patience", NULL, NULL},
    /* the sampler */
    {"fanout", "sampler.fanouts", NULL, NULL},
    {"num_neighbors", "sampler.fanouts", NULL, NULL},
    {"num_neighbours", "sampler.fanouts", NULL, NULL},
    {"neighbor_sizes", "sampler.fanouts", NULL, NULL},
    {"sampler_type", "sampler.mode", NULL, NULL},
    {"exclude_training_targets", "sampler.exclude_targets", NULL, NULL},
    {"exclude_eids", "sampler.exclude_targets", NULL, NULL},
    /* the partition */
    {"num_parts", "partition.parts", NULL, NULL},
    {"n_parts", "partition.parts", NULL, NULL},
    {"num_partitions", "partition.parts", NULL, NULL},
    {"part_method", "partition.method", NULL, NULL},
    {"part_config", "parts", NULL, NULL},
    /* the evaluation */
    {"topk", "evaluate.k", NULL, NULL},
    {"topks", "evaluate.k", NULL, NULL},
    {"cutoffs", "evaluate.k", NULL, NULL},
    {"cutoff", "evaluate.k", NULL, NULL},
    {"metric_k", "evaluate.k", NULL, NULL},
    {"eval_k", "evaluate.k", NULL, NULL},
    {"eval_step", "evaluate.every", NULL, NULL},
    {"eval_every", "evaluate.every", NULL, NULL},
    {"eval_frequency", "evaluate.every", NULL, NULL},
    {"test_interval", "evaluate.every", NULL, NULL},
    {"metric", NULL, NULL, ALL_METRICS},
    {"eval_metric", NULL, NULL, ALL_METRICS},
    {"metrics", NULL, NULL, ALL_METRICS},
    {"eval_batch_size", NULL, NULL, BY_MEMORY},
    {"test_batch_size", NULL, NULL, BY_MEMORY},
    /* the data */
    {"user_id_field", "data.interactions.columns.user", NULL, NULL},
    {"user_col", "data.interactions.columns.user", NULL, NULL},
    {"user_column", "data.interactions.columns.user", NULL, NULL},
    {"item_id_field", "data.interactions.columns.item", NULL, NULL},
    {"item_col", "data.interactions.columns.item", NULL, NULL},
    {"item_column", "data.interactions.columns.item", NULL, NULL},
    {"time_field", "data.interactions.columns.time", NULL, NULL},
    {"timestamp", "data.interactions.columns.time", NULL, NULL},
    {"timestamp_col", "data.interactions.columns.time", NULL, NULL},
    {"rating_field", "data.interactions.columns.weight", NULL, NULL},
    {"rating", "data.interactions.columns.weight", NULL, NULL},
    {"rating_col", "data.interactions.columns.weight", NULL, NULL},
    {"min_rating", "data.interactions.min_weight", NULL, NULL},
    {"field_separator", "data.interactions.delimiter", NULL, NULL},
    {"separator", "data.interactions.delimiter", NULL, NULL},
    {"sep", "data.interactions.delimiter", NULL, NULL},
    {"dataset", "data.interactions.path", NULL, NULL},
    {"data_path", "data.interactions.path", NULL, NULL},
    {"data_dir", "data.interactions.path", NULL, NULL},
    {"train_file", "data.interactions.path", NULL, NULL},
    {"test_file", "data.test.path", NULL, NULL},
    {"test_size", "data.split.test", NULL, NULL},
    {"test_ratio", "data.split.test", NULL, NULL},
    {"valid_ratio", "data.split.valid", NULL, NULL},
    {"val_ratio", "data.split.valid", NULL, NULL},
    {"eval_args", "data.split.method", "evaluate.protocol", NULL},
    {"task_type", "task", NULL, NULL},
    /* files and the machine */
    {"output_dir", "work", NULL, NULL},
    {"save_dir", "work", NULL, NULL},
    {"checkpoint_dir", "work", NULL, NULL},
    {"save_model_path", "work", NULL, NULL},
    {"save_model_frequency", "checkpoint.steps", NULL, NULL},
    {"save_every", "checkpoint.every", NULL, NULL},
    {"topk_model_to_save", "checkpoint.keep", NULL, NULL},
    {"graph_name", "name", NULL, NULL},
    {"device", NULL, NULL, ON_CPUS},
    {"gpu", NULL, NULL, ON_CPUS},
    {"gpu_id", NULL, NULL, ON_CPUS},
    {"use_gpu", NULL, NULL, ON_CPUS},
    {"cuda", NULL, NULL, ON_CPUS},
    {"num_workers", NULL, NULL, BY_RANKS},
    {"num_threads", NULL, NULL, BY_RANKS},
    {"n_jobs", NULL, NULL, BY_RANKS},
};
const int kith__job_n_foreign = (int)(sizeof kith__job_foreign / sizeof *kith__job_foreign);

/* Values that others call otherwise, beyond case, "_" and "-". */
static const struct {
  const char *key, *word, *value;
} foreign_values[] = {
    {"model.name", "graphsage", "sage"},
    {"model.name", "bprmf", "mf"},
    {"model.name", "bpr", "mf with loss.name: bpr"},
    {"evaluate.split", "validation", "valid"},
    {"evaluate.split", "val", "valid"},
    {"evaluate.split", "dev", "valid"},
    {"model.name", "matrix_factorization", "mf"},
    {"model.name", "ppr_gcn", "gcn"},
    {"model.name", "gf_cf", "spectral"},
    {"model.name", "chebycf", "spectral"},
    {"model.sequence", "sas_rec", "sasrec"},
    {"loss.name", "bpr_loss", "bpr"},
    {"loss.name", "info_nce", "softmax"},
    {"loss.name", "sampled_softmax", "softmax"},
    {"loss.name", "ssm", "softmax"},
    {"loss.name", "cross_entropy", "softmax"},
    {"loss.name", "contrastive", "softmax"},
    {"data.split.method", "random", "ratio"},
    {"data.split.method", "random_split", "ratio"},
    {"data.split.method", "leave_one_out", "leave-last-out"},
    {"data.split.method", "loo", "leave-last-out"},
    {"data.split.method", "temporal", "time"},
    {"data.split.method", "chronological", "time"},
    {"data.split.method", "cold_start", "items"},
    {"sampler.mode", "full_graph", "full"},
    {"sampler.mode", "full_batch", "full"},
    {"sampler.mode", "neighbour", "neighbor"},
    {"sampler.mode", "neighbor_sampling", "neighbor"},
    {"sampler.mode", "cluster_gcn", "cluster"},
    {"sampler.mode", "graphsaint", "saint-walk"},
    {"sampler.mode", "graphsaint_rw", "saint-walk"},
    {"sampler.mode", "random_walk", "saint-walk"},
    {"sampler.mode", "ladies", "layerwise"},
    {"sampler.mode", "fastgcn", "layerwise"},
    {"partition.method", "random", "hash"},
    {"model.score", "inner_product", "dot"},
    {"model.score", "dot_product", "dot"},
    {"evaluate.protocol", "full_rank", "full"},
    {"evaluate.protocol", "uni100", "sampled-100"},
    {"task", "recommendation", "recommend"},
    {"task", "link_prediction", "recommend"},
    {"task", "node_classification", "classify"},
    {"task", "classification", "classify"},
};

enum { FOREIGN_WORD = 2 * KITH_JOB_KEY_SIZE };

/* A name as it is compared. */
static void foreign_plain(const char *name, char plain[FOREIGN_WORD]) {
  size_t n = 0;
  for (; *name && n + 1 < FOREIGN_WORD; name++)
    if (!strchr("_- ", *name)) plain[n++] = (char)tolower((unsigned char)*name);
  plain[n] = '\0';
}

static bool foreign_same(const char *a, const char *b) {
  char x[FOREIGN_WORD], y[FOREIGN_WORD];
  foreign_plain(a, x);
  foreign_plain(b, y);
  return x[0] && strcmp(x, y) == 0;
}

const job_foreign *kith__job_find_foreign(const char *key) {
  const char *dot = strrchr(key, '.'), *last = dot ? dot + 1 : key;
  for (int i = 0; i < kith__job_n_foreign; i++)
    if (foreign_same(kith__job_foreign[i].word, last)) return &kith__job_foreign[i];
  return NULL;
}

/* The key of the same section as `key` that ends as `now` does: update.lr for update.learning_rate. */
static bool foreign_in_section(const char *key, const char *now, char near[KITH_JOB_KEY_SIZE]) {
  const char *dot = strrchr(key, '.');
  if (!dot) return false;
  for (const char *end = strchr(now, '.'); end; end = strchr(end + 1, '.')) {
    snprintf(near, KITH_JOB_KEY_SIZE, "%.*s%s", (int)(dot - key), key, end);
    if (kith_job_is_key(near)) return true;
  }
  return false;
}

void kith__job_print_foreign(const job_foreign *f, const char *key, size_t size, char *text) {
  char near[KITH_JOB_KEY_SIZE];
  bool here = (f->key && foreign_in_section(key, f->key, near)) ||
              (f->other && foreign_in_section(key, f->other, near));
  if (here || (f->key && !f->other)) snprintf(text, size, "Kith calls it %s", here ? near : f->key);
  else if (f->key) snprintf(text, size, "in Kith it is %s or %s", f->key, f->other);
  else snprintf(text, size, "there is no such key: %s", f->note);
}

/* The name among those of a key, separated by " | ", that is nearest to a text. */
static int foreign_nearest(const char *names, const char *text, char *near) {
  char copy[512], plain[FOREIGN_WORD], one[FOREIGN_WORD], *rest = NULL;
  int least = 1 << 20;
  near[0] = '\0';
  snprintf(copy, sizeof copy, "%s", names);
  foreign_plain(text, plain);
  for (char *name = strtok_r(copy, " |", &rest); name; name = strtok_r(NULL, " |", &rest)) {
    foreign_plain(name, one);
    int distance = kith_edit_distance(plain, one);
    if (distance >= least) continue;
    least = distance;
    snprintf(near, KITH_NAME, "%s", name);
  }
  return least;
}

bool kith__job_nearest_value(const job_key *k, const char *text, char *near) {
  for (size_t i = 0; i < sizeof foreign_values / sizeof *foreign_values; i++)
    if (strcmp(foreign_values[i].key, k->key) == 0 && foreign_same(foreign_values[i].word, text)) {
      snprintf(near, KITH_NAME, "%s", foreign_values[i].value);
      return true;
    }
  int distance = foreign_nearest(k->unit, text, near);
  return near[0] && (distance == 0 || (strlen(text) > 2 && kith_edit_distance_is_small(text, distance)));
}
