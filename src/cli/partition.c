/* kith partition: partition the graph offline, and report the quality of the cut for every useful number of
 * ranks. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "graph/schema.h"
#include "partition/update.h"

enum { PARTITION_REPORTS = 64, PARTITION_METHODS = KITH_PARTITION_PTSCOTCH + 1 };

/* What a method has cut. */
typedef struct partition_parts {
  int32_t *part; /* rank 0: [nodes]; null: it was not asked for */
  double seconds;
} partition_parts;

/* Powers of two and divisors of K, from 2 to K. */
static int partition_ranks(int parts, int *ranks) {
  int n = 0;
  for (int r = 2; r <= parts && n < PARTITION_REPORTS; r++)
    if ((r & (r - 1)) == 0 || parts % r == 0) ranks[n++] = r;
  return n;
}

/* One line for each relation, and one JSON object. */
static void partition_print_relations(cli *c, kith_partition_method method, const kith_partition_report *r) {
  char key[KITH_NAME];
  double own = r->ghosts_per_own > 0 ? (double)r->ghosts / r->ghosts_per_own : 1;
  for (int i = 0; i < r->n_relation; i++) {
    const kith_partition_relation_report *one = &r->relation[i];
    cli_print(c, "%-10s  %5s  %6.2f%%  %10.3f  of %s alone", "", "", 100 * one->cut_share,
              (double)one->ghosts / own, one->name);
    snprintf(key, sizeof key, "%s_%d_%.31s", kith_partition_method_name(method), r->ranks, one->name);
    cli_json(c, key, "{\"cut\": %lld, \"cut_share\": %.6g, \"ghosts\": %lld}", (long long)one->cut,
             one->cut_share, (long long)one->ghosts);
  }
}

/* Whether layers exchange rows of model.dim columns.  Those of a classification have the columns of features,
 * layers or classes, as the model does it; a model without layers exchanges the rows of batches alone,
 * and a blend none. */
static bool partition_knows_width(const cli *c) {
  return c->job.task == KITH_TASK_RECOMMEND && !cli_is_blend(c) && kith_model_n_layer(&c->job.model) > 0;
}

static void partition_print(cli *c, kith_partition_method method, int n, const kith_partition_judged *cut) {
  char key[KITH_NAME], bytes[64] = "";
  bool known = partition_knows_width(c);
  cli_print(c, "%-10s  %5s  %7s  %10s  %6s  %6s  %6s%s", kith_partition_method_name(method), "ranks", "cut",
            "ghosts/own", "nodes", "edges", "users", known ? "   MB a layer  MB an epoch" : "");
  for (int i = 0; i < n; i++) {
    const kith_partition_report *r = &cut[i].report;
    if (known)
      snprintf(bytes, sizeof bytes, "  %11.3f  %11.1f", (double)r->bytes_per_layer / 1e6,
               (double)r->bytes_per_epoch / 1e6);
    cli_print(c, "%-10s  %5d  %6.2f%%  %10.3f  %6.3f  %6.3f  %6.3f%s", "", r->ranks, 100 * r->cut_share,
              r->ghosts_per_own, r->node_balance, r->edge_balance, r->user_balance, bytes);
    snprintf(key, sizeof key, "%s_%d", kith_partition_method_name(method), r->ranks);
    cli_json(
        c, key,
        "{\"cut\": %lld, \"cut_share\": %.6g, \"ghosts\": %lld, \"ghosts_per_own\": %.6g, \"node_balance\": "
        "%.6g, \"edge_balance\": %.6g, \"user_balance\": %.6g",
        (long long)r->cut, r->cut_share, (long long)r->ghosts, r->ghosts_per_own, r->node_balance,
        r->edge_balance, r->user_balance);
    if (known)
      cli_json_more(c, ", \"bytes_per_layer\": %lld, \"bytes_per_epoch\": %lld",
                    (long long)r->bytes_per_layer, (long long)r->bytes_per_epoch);
    cli_json_more(c, "}");
    partition_print_relations(c, method, r);
  }
}

static void partition_explain(const cli *c) {
  cli_note(c, 2,
           "cut: %s between two ranks; ghosts/own: rows needed of others for each "
           "row owned; nodes, edges, users: the fullest rank against the mean%s",
           c->job.task == KITH_TASK_CLASSIFY ? "edges" : "interactions or edges",
           partition_knows_width(c) ? "; MB: sent by all ranks" : "");
}

/* What is cut; the edges of relations are in the lines below, if there are any. */
static const char *partition_edges(const kith_dataset *d, bool related, size_t size, char *text) {
  const char *words = d->n_class > 0 ? "edge(s)"
                      : related      ? "interaction(s) and the relations below"
                                     : "interaction(s)";
  if (d->n_class > 0 && d->n_edge == 0 && d->schema.n_relation > 0)
    snprintf(text, size, "%s", KITH_COUNT(d->schema.n_relation, "relation(s)"));
  else snprintf(text, size, "%s", KITH_COUNT(d->n_edge, words));
  return text;
}

/* Whether a method is to cut: that of the job, or all that there are. */
static bool partition_asks(const cli *c, bool compare, int method) {
  if (!compare) return method == (int)c->job.partition.method;
  return method != KITH_PARTITION_PTSCOTCH || kith_partition_has_ptscotch();
}

/* One method; of those that are compared only METIS can balance users. */
static void partition_take(kith_partition_options *o, bool compare, int method) {
  o->method = (kith_partition_method)method;
  if (compare && o->method != KITH_PARTITION_METIS) o->balance = KITH_PARTITION_EDGES;
}

/* Cut by the methods that need the whole graph, on rank 0. */
static kith_status partition_make(const cli *c, const kith_dataset *d, bool compare, partition_parts *made) {
  kith_status st = KITH_OK;
  kith_partition_options o = c->job.partition;
  for (int m = 0; m < PARTITION_METHODS; m++) {
    partition_take(&o, compare, m);
    if (!partition_asks(c, compare, m) || kith_partition_is_together(o.method)) continue;
    double began = kith_clock();
    KITH_TRY(KITH_NEW(made[m].part, kith_dataset_n_node(d)));
    KITH_TRY(kith_partition_make(d, &o, made[m].part));
    made[m].seconds = kith_clock() - began;
  }
done:
  return st;
}

static int64_t partition_steps(const cli *c, const kith_dataset *d) {
  return d->n_class > 0 ? 1 : (d->n_edge + c->job.train.batch - 1) / c->job.train.batch;
}

/* One cut, for n numbers of ranks. */
static void partition_tell(cli *c, const kith_dataset *d, kith_partition_method method, double seconds, int n,
                           const kith_partition_judged *cut) {
  char edges[KITH_COUNT_SIZE];
  cli_print_wrapped(c, 2, "%s, %s cut into %s by %s in %.2f s", KITH_COUNT(kith_dataset_n_node(d), "node(s)"),
                    partition_edges(d, n > 0 && cut[0].report.n_relation > 1, sizeof edges, edges),
                    KITH_COUNT(c->job.partition.parts, "part(s)"), kith_partition_method_name(method),
                    seconds);
  partition_print(c, method, n, cut);
}

/* Judge and print what was made, on rank 0. */
static kith_status partition_report(cli *c, const kith_dataset *d, const partition_parts *made) {
  kith_status st = KITH_OK;
  const kith_partition_options *o = &c->job.partition;
  kith_partition_judged *cut = NULL;
  int ranks[PARTITION_REPORTS], n = partition_ranks(o->parts, ranks), n_cut = 0;
  KITH_TRY(KITH_NEW(cut, (int64_t)n * PARTITION_METHODS));
  for (int m = 0; m < PARTITION_METHODS; m++)
    for (int i = 0; made[m].part && i < n; i++)
      cut[n_cut++] = (kith_partition_judged){.part = made[m].part, .ranks = ranks[i]};
  KITH_TRY(kith_partition_judge_all(d, o, c->job.model.dim, kith_model_n_layer(&c->job.model),
                                    partition_steps(c, d), n_cut, cut));
  for (int m = 0, first = 0; m < PARTITION_METHODS; m++) {
    if (!made[m].part) continue;
    partition_tell(c, d, (kith_partition_method)m, made[m].seconds, n, cut + first);
    first += n;
  }
  partition_explain(c);
done:
  KITH_FREE(cut);
  return st;
}

static void partition_warn(const cli *c, const kith_dataset *d) {
  int64_t n = kith_dataset_n_node(d);
  if (c->job.partition.parts > n)
    kith_warn("%s: partition.parts is %d, but the graph has %s: some parts have none", c->job.path,
              c->job.partition.parts, KITH_COUNT(n, "node(s)"));
}

/* Every relation that the model reads, or that has a weight, must be in the graph. */
static kith_status partition_check_relations(const kith_schema *schema, const kith_partition_options *o) {
  kith_status st = KITH_OK;
  const kith_relation_weights *read = &o->relations;
  for (int i = 0; i < read->n; i++)
    KITH_CHECK(kith_schema_find_relation(schema, read->of[i].name) >= 0, KITH_ECONFIG,
               "model.relations.%s: the graph has no relation %s; name its list in data.relations.%s (ties "
               "between users: data.social), and run kith ingest again",
               read->of[i].name, read->of[i].name, read->of[i].name);
  for (int i = 0; i < o->weights.n; i++)
    KITH_CHECK(kith_schema_find_relation(schema, o->weights.of[i].name) >= 0, KITH_ECONFIG,
               "partition.weight.%s: the graph has no relation %s", o->weights.of[i].name,
               o->weights.of[i].name);
done:
  return st;
}

/* Read the graph, and check that it has what the job says of relations. */
static kith_agreed partition_read(cli *c, const kith_comm *alone, kith_dataset **d) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  KITH_TRY(kith_agree(alone, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(kith_dataset_read(alone, graph, d));
  if (c->refit) KITH_TRY(kith_dataset_refit(alone, graph, *d));
  c->job.partition.relations = *kith_model_relations(&c->job.model);
  KITH_TRY(kith_agree(alone, partition_check_relations(&(*d)->schema, &c->job.partition)));
done:
  return st;
}

/* Cut by the methods that all ranks share, each of which reads its share of the graph. */
static kith_agreed partition_share(cli *c, bool compare, partition_parts *made) {
  kith_agreed st = {KITH_OK};
  kith_links *l = NULL;
  kith_partition_options o = c->job.partition;
  char graph[KITH_PATH];
  int64_t n = 0;
  if (!compare && !kith_partition_is_together(o.method)) return st;
  o.relations = *kith_model_relations(&c->job.model);
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(kith_links_read(c->comm, graph, c->refit, &l));
  KITH_TRY(kith_agree(c->comm, partition_check_relations(&l->schema, &o)));
  for (int t = 0; t < KITH_MAX_TYPES; t++) n += l->n[t];
  for (int m = 0; m < PARTITION_METHODS; m++) {
    double began = kith_clock();
    partition_take(&o, compare, m);
    if (!partition_asks(c, compare, m) || !kith_partition_is_together(o.method)) continue;
    KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? KITH_NEW(made[m].part, n) : KITH_OK));
    KITH_TRY(kith_partition_make_together(c->comm, l, &o, made[m].part));
    made[m].seconds = kith_clock() - began;
  }
done:
  kith_links_destroy(&l);
  return st;
}

/* Cut and write by all ranks, with a share of the graph on each, where graph.h5 has what that can write. */
static kith_agreed partition_together(cli *c, const char *graph, const char *parts, bool *written) {
  kith_agreed st = {KITH_OK};
  kith_links *l = NULL;
  kith_partition_judged *cut = NULL;
  kith_dataset d = {.n_edge = 0}; /* sizes alone */
  int ranks[PARTITION_REPORTS], n = partition_ranks(c->job.partition.parts, ranks);
  double seconds = 0;
  KITH_TRY(kith_links_read(c->comm, graph, false, &l));
  KITH_TRY(kith_agree(c->comm, partition_check_relations(&l->schema, &c->job.partition)));
  if (!l->plain) goto done;
  memcpy(d.n, l->n, sizeof d.n);
  d.n_edge = l->list[0].edges.start[l->list[0].edges.n_row];
  kith_comm_sum_int(c->comm, 1, &d.n_edge);
  if (c->comm->rank == 0) partition_warn(c, &d);
  KITH_TRY(kith_agree(c->comm, kith_log_check()));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(cut, n)));
  for (int i = 0; i < n; i++) cut[i].ranks = ranks[i];
  const bool shared = c->comm->rank == 0 && cli_is_shared(c, parts);
  KITH_TRY(kith_partition_write_together(c->comm, graph, l, &c->job.partition, parts, n, cut, &seconds));
  *written = true;
  if (c->comm->rank > 0) goto done;
  for (int i = 0; i < n; i++) {
    kith_partition_report *r = &cut[i].report;
    r->bytes_per_layer = r->ghosts * c->job.model.dim * (int64_t)sizeof(float);
    r->bytes_per_epoch = r->bytes_per_layer * 2 * kith_model_n_layer(&c->job.model) * partition_steps(c, &d);
  }
  partition_tell(c, &d, c->job.partition.method, seconds, n, cut);
  partition_explain(c);
  cli_print_written(c, parts, shared);
done:
  kith_links_destroy(&l);
  KITH_FREE(cut);
  return st;
}

static void partition_free(partition_parts *made) {
  for (int m = 0; m < PARTITION_METHODS; m++) KITH_FREE(made[m].part);
}

static kith_agreed partition_alone(cli *c, const kith_comm *alone, bool compare, partition_parts *made) {
  kith_agreed st = {KITH_OK};
  kith_dataset *d = NULL;
  char parts[KITH_PATH];
  KITH_TRY(partition_read(c, alone, &d));
  KITH_TRY(kith_agree(alone, kith_job_file(&c->job, "parts.h5", parts)));
  if (!compare) partition_warn(c, d);
  KITH_TRY(kith_agree(alone, kith_log_check()));
  KITH_TRY(kith_agree(alone, partition_make(c, d, compare, made)));
  KITH_TRY(kith_agree(alone, partition_report(c, d, made)));
  if (compare) goto done;
  const bool shared = cli_is_shared(c, parts);
  KITH_TRY(kith_partition_write(alone, parts, d, &c->job.partition, made[c->job.partition.method].part));
  cli_print_written(c, parts, shared);
done:
  kith_dataset_destroy(&d);
  return st;
}

static kith_agreed partition_cut(cli *c, const kith_comm *alone, const char *parts, partition_parts *made) {
  kith_agreed st = {KITH_OK};
  kith_dataset *d = NULL;
  KITH_TRY(partition_read(c, alone, &d));
  KITH_TRY(kith_agree(alone, partition_make(c, d, false, made)));
  KITH_TRY(kith_partition_write(alone, parts, d, &c->job.partition, made[c->job.partition.method].part));
  kith_log("%s: %s cut into %s", parts, KITH_COUNT(d->n_edge, "interaction(s)"),
           KITH_COUNT(c->job.partition.parts, "part(s)"));
done:
  kith_dataset_destroy(&d);
  return st;
}

kith_agreed cli_cut(cli *c) {
  kith_agreed st = {KITH_OK};
  kith_comm *alone = NULL;
  partition_parts made[PARTITION_METHODS] = {{.seconds = 0}};
  char parts[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, kith_job_file(&c->job, "parts.h5", parts)));
  KITH_TRY(partition_share(c, false, made));
  KITH_TRY(kith_comm_create(MPI_COMM_SELF, &alone));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? partition_cut(c, alone, parts, made).status : KITH_OK));
done:
  kith_comm_destroy(&alone);
  partition_free(made);
  return st;
}

kith_agreed cli_partition(cli *c) {
  kith_agreed st = {KITH_OK};
  kith_comm *alone = NULL;
  bool compare = cli_flag(c, "compare"), written = false;
  partition_parts made[PARTITION_METHODS] = {{.seconds = 0}};
  char graph[KITH_PATH], parts[KITH_PATH];
  KITH_TRY(kith_agreed_same(cli_take_refit(c)));
  KITH_TRY(kith_agree(c->comm, cli_no_more(c)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  if (!compare) KITH_TRY(kith_agree(c->comm, cli_stage_to_write(c, "parts.h5", parts)));
  if (!compare) KITH_TRY(cli_lock_of(c, parts));
  if (!compare) KITH_TRY(kith_agree(c->comm, cli_check_update(c, !c->refit)));
  c->job.partition.relations = *kith_model_relations(&c->job.model);
  if (!compare && !c->refit && c->comm->size > 1 && c->job.partition.method != KITH_PARTITION_METIS)
    KITH_TRY(partition_together(c, graph, parts, &written));
  if (written) goto done;
  KITH_TRY(partition_share(c, compare, made));
  KITH_TRY(kith_comm_create(MPI_COMM_SELF, &alone));
  KITH_TRY(
      kith_agree(c->comm, c->comm->rank == 0 ? partition_alone(c, alone, compare, made).status : KITH_OK));
done:
  kith_comm_destroy(&alone);
  partition_free(made);
  return st;
}
