/* Recommendations of some users with their reasons, for kith report. */
#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/explain.h"
#include "cli/report.h"
#include "cli/stream.h"

/* A user's degree, to sort by. */
typedef struct examples_user {
  int64_t degree, user;
} examples_user;

static int examples_compare(const void *a, const void *b) {
  const examples_user *x = a, *y = b;
  if (x->degree != y->degree) return x->degree < y->degree ? -1 : 1;
  return (x->user > y->user) - (x->user < y->user);
}

/* Training interactions of all users, on every rank: degree [n]. */
static void examples_degrees(const kith_comm *comm, const kith_graph *g, int64_t *degree) {
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    degree[g->original[g->row_of[KITH_USER][u]]] = g->train.start[u + 1] - g->train.start[u];
  kith_comm_sum_int(comm, g->n[KITH_USER], degree);
}

/*
 * Draw users by key: of those with interactions, sorted by their number, as many of each third.  user
 * [KITH_REPORT_EXAMPLES], the least active first; returns how many there are.
 */
static int examples_draw(uint64_t seed, int64_t n, const examples_user *sorted, examples_user *user) {
  enum { EACH = KITH_REPORT_EXAMPLES / KITH_REPORT_THIRDS };
  int n_user = 0;
  int64_t first = 0;
  while (first < n && sorted[first].degree == 0) first++;
  for (int t = 0; t < KITH_REPORT_THIRDS; t++) {
    const int drawn = n_user;
    const int64_t from = first + kith_chunk_begin(n - first, KITH_REPORT_THIRDS, t),
                  of = first + kith_chunk_begin(n - first, KITH_REPORT_THIRDS, t + 1) - from;
    const kith_permutation draw =
        kith_permutation_make(seed, KITH_RNG_REPORT, 1 + (uint64_t)t, (uint64_t)(of > 0 ? of : 1));
    for (int k = 0; k < EACH && k < of; k++)
      user[n_user++] = sorted[from + (int64_t)kith_permutation_apply(&draw, (uint64_t)k)];
    qsort(user + drawn, (size_t)(n_user - drawn), sizeof *user, examples_compare);
  }
  return n_user;
}

static kith_agreed examples_choose(const cli *c, const kith_graph *g, int *n, examples_user *user) {
  kith_agreed st = {KITH_OK};
  int64_t *degree = NULL;
  examples_user *all = NULL;
  const int64_t n_user = g->n[KITH_USER];
  KITH_TRY(kith_agree(c->comm, KITH_NEW(degree, n_user)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(all, n_user)));
  examples_degrees(c->comm, g, degree);
  for (int64_t u = 0; u < n_user; u++) all[u] = (examples_user){degree[u], u};
  qsort(all, (size_t)n_user, sizeof *all, examples_compare);
  *n = examples_draw(c->job.train.seed, n_user, all, user);
done:
  KITH_FREE(degree);
  KITH_FREE(all);
  return st;
}

/* ---- texts, on rank 0 ---- */

/* "name", or its id where it has none. */
static void examples_name(const explain_data *a, int type, int64_t i, char *text) {
  const kith_explain_edge node = {.type = type, .relation = KITH_EXPLAIN_CHOICE, .original = i};
  char label[EXPLAIN_TEXT];
  snprintf(text, KITH_REPORT_TEXT, "%s", cli_explain_label(a, &node, label));
}

/* The user's latest or first items: at most KITH_REPORT_CHOSEN of those that it chose, on rank 0. */
static void examples_chosen(const cli *c, const explain_data *a, int64_t user, kith_report_example *to) {
  const kith_graph *g = a->base.g;
  int32_t item[KITH_REPORT_CHOSEN];
  for (int j = 0; j < KITH_REPORT_CHOSEN; j++) item[j] = -1;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    if (g->original[g->row_of[KITH_USER][u]] != user) continue;
    for (int j = 0; j < KITH_REPORT_CHOSEN && g->train.start[u] + j < g->train.start[u + 1]; j++)
      item[j] = g->train.value[g->train.start[u] + j];
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, item, KITH_REPORT_CHOSEN, MPI_INT32_T, MPI_MAX, c->comm->mpi));
  for (int j = 0; j < KITH_REPORT_CHOSEN && item[j] >= 0; j++)
    examples_name(a, KITH_ITEM, item[j], to->chosen[to->n_chosen++]);
}

/* Whether an item is among the user's held-out ones. */
static bool examples_held_out(const cli *c, const kith_graph *g, int64_t user, int64_t item) {
  const kith_ragged *list[2] = {&g->valid, &g->test};
  int64_t found = 0;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    if (g->original[g->row_of[KITH_USER][u]] != user) continue;
    for (int s = 0; s < 2; s++)
      for (kith_eid e = list[s]->n_row > 0 ? list[s]->start[u] : 0;
           list[s]->n_row > 0 && e < list[s]->start[u + 1]; e++)
        found |= list[s]->value[e] == item;
  }
  return kith_comm_max(c->comm, found) > 0;
}

static void examples_reason(const explain_data *a, const kith_explain_reason *r, double score,
                            struct kith_report_reason *to) {
  char word[EXPLAIN_TEXT], label[EXPLAIN_TEXT];
  to->share = score != 0 ? r->value / score : NAN;
  if (r->edge.relation == KITH_EXPLAIN_EVIDENCE)
    snprintf(to->text, sizeof to->text, "evidence: %s", cli_explain_label(a, &r->edge, label));
  else
    snprintf(to->text, sizeof to->text, "%s %s", cli_explain_word(a, KITH_USER, &r->edge, word),
             cli_explain_label(a, &r->edge, label));
}

static void examples_item(const explain_data *a, const kith_explanations *e, int q, kith_report_example *to) {
  struct kith_report_item *item = &to->item[q];
  const double score = e->sums[q].score;
  item->score = score;
  item->own = score != 0 ? e->sums[q].own / score : NAN;
  for (int j = 0; j < e->n_reason && item->n_reason < KITH_REPORT_REASONS; j++) {
    const kith_explain_reason *r = &e->reason[(int64_t)q * e->n_reason + j];
    if (r->edge.type < 0 && r->edge.relation != KITH_EXPLAIN_EVIDENCE) break;
    if (r->value > 0) examples_reason(a, r, score, &item->reason[item->n_reason++]);
  }
}

/* ---- one user ---- */

static kith_agreed examples_user_make(cli *c, explain_data *a, const examples_user *of,
                                      kith_report_example *to) {
  kith_agreed st = {KITH_OK};
  int32_t item[KITH_REPORT_ITEMS];
  kith_explain_query query[KITH_REPORT_ITEMS];
  kith_explanations e = {.n = 0};
  KITH_TRY(cli_explain_top(c, a, of->user, KITH_REPORT_ITEMS, item));
  examples_name(a, KITH_USER, of->user, to->user);
  to->n_train = of->degree;
  examples_chosen(c, a, of->user, to);
  for (; to->n_item < KITH_REPORT_ITEMS && item[to->n_item] >= 0; to->n_item++) {
    query[to->n_item] = (kith_explain_query){of->user, item[to->n_item], -1};
    to->item[to->n_item].score = to->item[to->n_item].own = NAN;
    to->item[to->n_item].held_out = examples_held_out(c, a->base.g, of->user, item[to->n_item]);
    examples_name(a, KITH_ITEM, item[to->n_item], to->item[to->n_item].name);
  }
  if (!a->explainer || to->n_item == 0) return st;
  KITH_TRY(kith_explain(a->explainer, to->n_item, query, 2 * KITH_REPORT_REASONS, 0, 0, &e));
  for (int q = 0; q < to->n_item; q++) examples_item(a, &e, q, to);
  to->is_exact = e.method != KITH_EXPLAIN_GRADIENT;
done:
  kith_explanations_free(&e);
  return st;
}

static void examples_lack(cli_report_examples *x) {
  snprintf(x->lack, sizeof x->lack, "%s", kith_error_text());
}

/* With reasons or, where there can be none, without: why is in x->lack. */
static kith_agreed examples_make(cli *c, explain_data *a, cli_report_examples *x) {
  kith_agreed st = {KITH_OK};
  examples_user user[KITH_REPORT_EXAMPLES];
  int n = 0;
  KITH_TRY(examples_choose(c, a->base.g, &n, user));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(x->of, n)));
  for (; x->n < n; x->n++) KITH_TRY(examples_user_make(c, a, &user[x->n], &x->of[x->n]));
done:
  return st;
}

/* Whether the graph has at most KITH_REPORT_EDGES interactions. */
static kith_agreed examples_check_size(cli *c, cli_report_examples *x, bool *reads) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  kith_h5 *f = NULL;
  int64_t n = 0;
  int d = 0;
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(kith_h5_open(c->comm, graph, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f));
  KITH_TRY(kith_h5_extent(f, "train/item", &n, &d));
  *reads = n <= KITH_REPORT_EDGES;
  if (!*reads)
    snprintf(x->lack, sizeof x->lack,
             "they are made of graphs with at most %d million interactions, and this one has %.0f million.",
             KITH_REPORT_EDGES / 1000000, (double)n / 1e6);
done:
  kith_h5_close(&f);
  return st;
}

kith_agreed cli_report_examples_make(cli *c, cli_report_examples *x) {
  kith_agreed st = {KITH_OK};
  explain_data a = {.explainer = NULL};
  kith_run run = {0};
  char config_key[KITH_CONFIG_KEY_SIZE], path[KITH_PATH];
  const explain_request none = {.user = NULL};
  *x = (cli_report_examples){.n = 0};
  if (c->job.task != KITH_TASK_RECOMMEND || cli_replays(c) || c->job.stream.model != KITH_STREAM_NO_MODEL)
    return st;
  if (c->job.model.sequence == KITH_SEQUENCE_SASREC || !cli_has_stage(c, "parts.h5", path)) return st;
  if (!cli_has_stage(c, cli_is_blend(c) ? "blend.h5" : "embeddings.h5", path)) return st;
  bool reads = false;
  st = examples_check_size(c, x, &reads);
  if (!kith_is_bad(st) && !reads) return st;
  if (!kith_is_bad(st)) st = cli_explain_load(c, &none, &run, config_key, &a);
  if (st.status == KITH_ENOMEM || st.status == KITH_EINTERRUPT) goto done;
  if (kith_is_bad(st)) examples_lack(x);
  st = (kith_agreed){KITH_OK};
  if (!a.base.x || !a.base.item.n) goto done;
  KITH_TRY(examples_make(c, &a, x));
done:
  if (c->comm->size == 1) {
    x->graph = a.base.g;
    a.base.g = NULL;
  }
  cli_explain_free(&a);
  return st;
}

void cli_report_examples_free(cli_report_examples *x) {
  KITH_FREE(x->of);
  kith_graph_destroy(&x->graph);
}
