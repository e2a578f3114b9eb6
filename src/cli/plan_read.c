/* kith plan: what one rank reads of graph.h5 and parts.h5. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/plan.h"
#include "comm/placement.h"
#include "graph/schema.h"
#include "stream/stream.h"

static const kith_comm plan_alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};

/* Whether one rank can hold what a file has: about three times its bytes. */
static bool plan_fits(const char *path) {
  struct stat is = {0};
  kith_host_info here;
  kith_host_info_get(&here);
  return stat(path, &is) == 0 && (double)is.st_size * 3 < (double)here.memory;
}

static kith_status plan_make_nodes(planner *p, int64_t n) {
  kith_status st = KITH_OK;
  p->n = p->degrees.n = n;
  KITH_TRY(KITH_NEW(p->degrees.degree, n));
  KITH_TRY(KITH_NEW(p->degrees.is_item, n));
done:
  return st;
}

static kith_status plan_nodes_of_parts(planner *p) {
  kith_status st = KITH_OK;
  const kith_graph *g = p->whole;
  KITH_TRY(plan_make_nodes(p, g->n_own));
  for (kith_lid i = 0; i < g->n_own; i++) {
    p->degrees.degree[i] = (int32_t)(g->start[i + 1] - g->start[i]);
    p->degrees.is_item[i] = g->n_class == 0 && g->type[i] == KITH_ITEM;
  }
done:
  return st;
}

/* Users, then items, then other types, which have no interactions; classification: nodes. */
static kith_status plan_nodes_of_graph(planner *p, const char *path) {
  kith_status st = KITH_OK;
  kith_dataset *d = NULL;
  KITH_TRY(kith_dataset_read(&plan_alone, path, &d).status);
  KITH_TRY(plan_make_nodes(p, kith_dataset_n_node(d)));
  int64_t users = d->n[KITH_USER], items = d->n_class > 0 ? 0 : d->n[KITH_ITEM];
  for (int64_t u = 0; u < users; u++)
    p->degrees.degree[u] = (int32_t)(d->train.start[u + 1] - d->train.start[u]);
  for (int64_t i = 0; i < items; i++) p->degrees.is_item[users + i] = 1;
  for (kith_eid e = 0; e < d->train.start[users] && items > 0; e++)
    p->degrees.degree[users + d->train.value[e]]++;
done:
  kith_dataset_destroy(&d);
  return st;
}

static kith_status plan_read_parts(planner *p, const char *parts) {
  kith_status st = KITH_OK;
  cli alone = *p->c; /* reading alone, it tells of graph.h5 that was ingested again */
  alone.comm = &plan_alone;
  KITH_TRY(cli_read_parts(&alone, parts, &p->whole).status);
  KITH_TRY(kith_graph_sizes_of(p->whole, 1, 0, &p->all));
  KITH_TRY(plan_nodes_of_parts(p));
done:
  return st;
}

/* Nodes of one side whose degrees differ by at most 1, as two classes from class `at` on. */
static void plan_even_degrees(kith_plan_degrees *d, int at, int64_t n, int64_t interactions) {
  int64_t low = interactions / n, more = interactions - low * n;
  d->degree[at] = (int32_t)low;
  d->degree[at + 1] = (int32_t)(low + 1);
  d->count[at] = n - more;
  d->count[at + 1] = more;
}

/* A graph that is not there, of which only the sizes are known. */
static kith_status plan_read_sizes(planner *p) {
  kith_status st = KITH_OK;
  kith_graph_sizes *s = &p->all;
  KITH_TRY(plan_make_nodes(p, 2 * KITH_SIDES));
  KITH_TRY(KITH_NEW(p->degrees.count, 2 * KITH_SIDES));
  plan_even_degrees(&p->degrees, 0, p->users, p->interactions);
  plan_even_degrees(&p->degrees, 2, p->items, p->interactions);
  p->degrees.is_item[2] = p->degrees.is_item[3] = 1;
  p->n = p->users + p->items;
  *s = (kith_graph_sizes){.schema = kith_schema_users_items(),
                          .n = {p->users, p->items},
                          .n_edge = p->interactions,
                          .size = 1,
                          .n_own = p->n,
                          .n_entry = 2 * p->interactions,
                          .n_pair = p->interactions,
                          .n_own_of = {p->users, p->items}};
done:
  return st;
}

/* Read a cut if there is one that fits; else p->whole stays null. */
static kith_status plan_read_graph(planner *p) {
  kith_status st = KITH_OK;
  char graph[KITH_PATH], parts[KITH_PATH];
  struct stat is;
  kith_host_info here;
  kith_host_info_get(&here);
  p->resident = here.resident;
  if (p->interactions > 0) return plan_read_sizes(p);
  KITH_TRY(kith_job_file(&p->c->job, "graph.h5", graph));
  KITH_CHECK(access(graph, F_OK) == 0 || p->c->job.task != KITH_TASK_RECOMMEND, KITH_ENOINPUT,
             "%s: %s: run kith ingest %s first, or give --users, --items and --interactions instead", graph,
             strerror(errno), p->c->job_args);
  KITH_TRY(cli_stage(p->c, "graph.h5", graph));
  KITH_TRY(kith_job_file(&p->c->job, "parts.h5", parts));
  bool cut = stat(parts, &is) == 0;
  if (cut && plan_fits(parts)) return plan_read_parts(p, parts);
  if (cut) kith_warn("%s: too large to be read by one rank here: its cut is assumed, not counted", parts);
  KITH_CHECK(plan_fits(graph), KITH_ENOMEM, "%s: too large to be read by one rank here", graph);
  KITH_TRY(kith_graph_sizes_read(&plan_alone, graph, &p->all).status);
  KITH_TRY(plan_nodes_of_graph(p, graph));
done:
  return st;
}

/* Rows that a batch is expected to read, and their entries, over all ranks. */
static void plan_expect_reads(planner *p) {
  const kith_train_options *o = &p->c->job.train;
  double items = (double)p->all.n[KITH_ITEM], edges = (double)p->all.n_edge;
  bool softmax = o->loss.name == KITH_SOFTMAX;
  p->batch = p->all.n_class > 0 ? 0 : (double)kith_min(o->batch, p->all.n_edge);
  p->negatives = softmax ? (p->batch > 0 ? o->loss.shared / p->batch : 0)
                         : o->negatives.count * (o->negatives.hard > 0 ? o->negatives.pool : 1);
  for (int64_t i = 0; i < p->degrees.n && p->batch > 0; i++) {
    if (p->degrees.degree[i] > p->max_degree && kith_plan_nodes(&p->degrees, i) > 0)
      p->max_degree = p->degrees.degree[i];
    double drawn = p->degrees.is_item[i] && items > 0 ? p->batch * p->negatives / items : 0;
    double chance = kith_plan_read_chance(p->degrees.degree[i], edges, p->batch, drawn);
    p->read_rows += kith_plan_nodes(&p->degrees, i) * chance;
    p->read_entries += kith_plan_nodes(&p->degrees, i) * chance * p->degrees.degree[i];
  }
}

/* Events of a stream, from those of training. */
static kith_status plan_count_events(planner *p) {
  kith_status st = KITH_OK;
  const kith_split *split = &p->c->job.data.split;
  char graph[KITH_PATH];
  p->events = p->interactions;
  if (p->c->job.stream.model != KITH_STREAM_TGN || p->interactions > 0) return st;
  KITH_TRY(kith_job_file(&p->c->job, "graph.h5", graph));
  KITH_TRY(kith_stream_count_training(&plan_alone, graph, &p->events).status);
  KITH_TRY(kith_stream_count_features(&plan_alone, graph, &p->features).status);
  p->events = (int64_t)((double)p->events / (1 - split->valid - split->test));
done:
  return st;
}

kith_status plan_read(planner *p) {
  kith_status st = KITH_OK;
  KITH_TRY(plan_read_graph(p));
  KITH_TRY(plan_count_events(p));
  plan_expect_reads(p);
done:
  return st;
}

void plan_free(planner *p) {
  kith_graph_destroy(&p->whole);
  KITH_FREE(p->degrees.degree);
  KITH_FREE(p->degrees.is_item);
  KITH_FREE(p->degrees.count);
}
