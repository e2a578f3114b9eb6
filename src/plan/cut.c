/* Count what ranks, and nodes, would exchange, from a graph that one rank has read whole. */
#include <string.h>

#include "plan/plan.h"

/* Consecutive ranges of global numbers, each with an owner: ranks, or nodes. */
typedef struct cut_ranges {
  int n;
  kith_gid *first; /* [n + 1] */
} cut_ranges;

/* The entries of a row: those of interactions, and of relations, back and forth. */
typedef struct cut_lists {
  int n;
  struct cut_list {
    const kith_eid *start;
    const kith_gid *neighbor;
  } of[1 + 2 * KITH_MAX_RELATIONS];
} cut_lists;

/* What one owner reads of the others. */
typedef struct cut_reads {
  uint64_t *seen;   /* a bit for each node of the graph */
  int64_t *rows_of; /* [owners] rows that it reads of each */
} cut_reads;

static kith_gid cut_first(const kith_graph *g, int size, int rank) {
  return g->part_first[kith_chunk_begin(g->n_part, size, rank)];
}

static kith_status cut_ranges_make(const kith_graph *g, int size, int step, cut_ranges *out) {
  kith_status st = KITH_OK;
  out->n = (size + step - 1) / step;
  KITH_TRY(KITH_NEW(out->first, out->n + 1));
  for (int i = 0; i <= out->n; i++)
    out->first[i] = cut_first(g, size, (int)kith_min((int64_t)i * step, size));
done:
  return st;
}

static void cut_lists_add(const kith_adjacency *a, cut_lists *lists) {
  if (a->start) lists->of[lists->n++] = (struct cut_list){a->start, a->neighbor};
}

/* A directed relation is read along its edges, and gradients go back. */
static cut_lists cut_lists_of(const kith_graph *g, const kith_relation_weights *read) {
  cut_lists lists = {.n = 1, .of = {{g->start, g->neighbor}}};
  for (int r = 0; read && r < g->schema.n_relation; r++)
    for (int i = 0; i < read->n; i++) {
      if (read->of[i].weight == 0 || strcmp(read->of[i].name, g->schema.relation[r].name) != 0) continue;
      cut_lists_add(&g->relation[r], &lists);
      cut_lists_add(&g->transpose[r], &lists);
    }
  return lists;
}

static void cut_read_list(const struct cut_list *l, const cut_ranges *owners, int o, cut_reads *reads) {
  kith_gid low = owners->first[o], high = owners->first[o + 1];
  for (kith_eid e = l->start[low]; e < l->start[high]; e++) {
    kith_gid k = l->neighbor[e];
    uint64_t bit = (uint64_t)1 << (k % 64);
    if ((k >= low && k < high) || (reads->seen[k / 64] & bit)) continue;
    reads->seen[k / 64] |= bit;
    reads->rows_of[kith_owner(owners->n, owners->first, k)]++;
  }
}

/* Mark and count the rows of other owners among the neighbors of those of owner `o`. */
static void cut_read(const kith_graph *g, const cut_lists *lists, const cut_ranges *owners, int o,
                     cut_reads *reads) {
  memset(reads->seen, 0, ((size_t)kith_graph_n_node(g) / 64 + 1) * sizeof *reads->seen);
  memset(reads->rows_of, 0, (size_t)owners->n * sizeof *reads->rows_of);
  for (int i = 0; i < lists->n; i++) cut_read_list(&lists->of[i], owners, o, reads);
}

static void cut_most(double n, double *most) {
  if (n > *most) *most = n;
}

/* Add what rank `r` reads; rows of other nodes are of the node that reads them. */
static void cut_add_rank(const cut_reads *reads, int r, kith_plan_cut *c, double *of_node) {
  int64_t rows = 0, messages = 0;
  for (int o = 0; o < c->size; o++) {
    rows += reads->rows_of[o];
    messages += reads->rows_of[o] > 0;
    if (o / c->per_node == r / c->per_node) continue;
    *of_node += (double)reads->rows_of[o];
    c->node_messages += reads->rows_of[o] > 0;
  }
  c->rows += (double)rows;
  c->messages += (double)messages;
  cut_most((double)rows, &c->most_rows);
  cut_most((double)messages, &c->most_messages);
}

static void cut_count_ranks(const kith_graph *g, const cut_lists *lists, const cut_ranges *ranks,
                            cut_reads *reads, kith_plan_cut *c) {
  double of_node = 0;
  for (int r = 0; r < c->size; r++) {
    if (r % c->per_node == 0) of_node = 0;
    cut_read(g, lists, ranks, r, reads);
    double before = of_node;
    cut_add_rank(reads, r, c, &of_node);
    c->node_rows += of_node - before;
    cut_most(of_node, &c->most_node_rows);
  }
}

static void cut_count_nodes(const kith_graph *g, const cut_lists *lists, const cut_ranges *nodes,
                            cut_reads *reads, kith_plan_cut *c) {
  for (int i = 0; i < nodes->n && nodes->n > 1; i++) {
    double rows = 0;
    cut_read(g, lists, nodes, i, reads);
    for (int o = 0; o < nodes->n; o++) {
      rows += (double)reads->rows_of[o];
      c->node_pairs += reads->rows_of[o] > 0;
    }
    c->node_rows_once += rows;
    cut_most(rows, &c->most_node_rows_once);
  }
}

/* Interactions of the users of a rank: all, and those with an item of another rank; and the rank's items. */
typedef struct cut_pairs {
  double all, cut, items;
} cut_pairs;

static cut_pairs cut_pairs_of(const kith_graph *g, kith_gid low, kith_gid high) {
  cut_pairs n = {0};
  for (kith_gid i = low; i < high; i++) {
    n.items += g->type[i] == KITH_ITEM;
    if (g->type[i] != KITH_USER) continue;
    n.all += (double)(g->start[i + 1] - g->start[i]);
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++)
      n.cut += g->neighbor[e] < low || g->neighbor[e] >= high;
  }
  return n;
}

/* Items are drawn for a pair from all; those of the rank of its user are not remote. */
static void cut_count_pairs(const kith_graph *g, const cut_ranges *ranks, kith_plan_cut *c) {
  double items = (double)g->n[KITH_ITEM], edges = (double)g->n_edge;
  if (g->n_class > 0 || items <= 0 || edges <= 0) return;
  for (int r = 0; r < ranks->n; r++) {
    cut_pairs n = cut_pairs_of(g, ranks->first[r], ranks->first[r + 1]);
    c->cut_pairs += n.cut;
    c->remote_items += n.all / edges * (1 - n.items / items);
  }
}

kith_status kith_plan_count(const kith_graph *whole, const kith_relation_weights *read, int size,
                            int per_node, kith_plan_cut *out) {
  kith_status st = KITH_OK;
  const cut_lists lists = cut_lists_of(whole, read);
  cut_ranges ranks = {.n = 0}, nodes = {.n = 0};
  cut_reads reads = {.seen = NULL};
  kith_plan_cut c = {.size = size, .per_node = per_node, .exact = true};
  KITH_TRY(cut_ranges_make(whole, size, 1, &ranks));
  KITH_TRY(cut_ranges_make(whole, size, per_node, &nodes));
  KITH_TRY(KITH_NEW(reads.seen, kith_graph_n_node(whole) / 64 + 1));
  KITH_TRY(KITH_NEW(reads.rows_of, size));
  c.n_node = nodes.n;
  c.n_edge = (double)whole->n_edge;
  cut_count_ranks(whole, &lists, &ranks, &reads, &c);
  cut_count_nodes(whole, &lists, &nodes, &reads, &c);
  cut_count_pairs(whole, &ranks, &c);
  *out = c;
done:
  KITH_FREE(ranks.first);
  KITH_FREE(nodes.first);
  KITH_FREE(reads.seen);
  KITH_FREE(reads.rows_of);
  return st;
}

kith_status kith_plan_matrix(const kith_graph *whole, const kith_relation_weights *read, int size,
                             int64_t *rows) {
  kith_status st = KITH_OK;
  const cut_lists lists = cut_lists_of(whole, read);
  cut_ranges ranks = {.n = 0};
  cut_reads reads = {.seen = NULL};
  KITH_TRY(cut_ranges_make(whole, size, 1, &ranks));
  KITH_TRY(KITH_NEW(reads.seen, kith_graph_n_node(whole) / 64 + 1));
  KITH_TRY(KITH_NEW(reads.rows_of, size));
  for (int r = 0; r < size; r++) {
    cut_read(whole, &lists, &ranks, r, &reads);
    memcpy(rows + (size_t)r * (size_t)size, reads.rows_of, (size_t)size * sizeof *rows);
  }
done:
  KITH_FREE(ranks.first);
  KITH_FREE(reads.seen);
  KITH_FREE(reads.rows_of);
  return st;
}
