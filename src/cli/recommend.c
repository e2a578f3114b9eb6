/* kith recommend: top items of some users to the terminal, or of all users to a file, by original ids. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/recommend.h"
#include "cli/stream.h"
#include "blend/evidence.h"

/* Parse --user, --similar-to and --similar-to-user: one of the three, repeated. */
static kith_status recommend_parse_ids(cli *c, recommend_request *w) {
  static const char *const option[] = {"user", "similar-to", "similar-to-user"};
  kith_status st = KITH_OK;
  for (int kind = 0; kind < 3; kind++)
    for (const char *id = cli_option(c, option[kind]); id; id = cli_option(c, option[kind])) {
      bool similar = kind > 0, other = w->n_user > 0 && (w->similar != similar ||
                                                         (similar && (w->type == KITH_ITEM) != (kind == 1)));
      KITH_CHECK(!other, KITH_EUSAGE,
                 "kith recommend: --user, --similar-to and --similar-to-user exclude each other; give one of "
                 "them");
      KITH_CHECK(w->n_user < RECOMMEND_USERS, KITH_EUSAGE, "more than %d --%s%s", RECOMMEND_USERS,
                 option[kind], similar ? "" : "; use --all");
      for (int q = 0; q < w->n_user; q++)
        KITH_CHECK(strcmp(w->user[q], id) != 0, KITH_EUSAGE,
                   "kith recommend: --%s %s is given twice; expected each once", option[kind], id);
      w->similar = similar;
      w->type = kind == 1 ? KITH_ITEM : KITH_USER;
      w->user[w->n_user++] = id;
    }
done:
  return st;
}

/* What a stream is asked, and what rows are. */
static kith_status recommend_check_kind(const cli *c, const recommend_request *w) {
  kith_status st = KITH_OK;
  if (!cli_replays(c)) KITH_TRY(cli_check_embeds(c));
  KITH_CHECK(w->at == RECOMMEND_END || cli_replays(c), KITH_EUSAGE,
             "kith recommend: --at is a time of a stream, and the job has no evaluate.stream; leave it out");
  KITH_CHECK(
      !cli_replays(c) || !w->similar, KITH_EUSAGE,
      "kith recommend: of a stream there are no rows to compare; expected --user ID, or --all --output "
      "FILE");
  KITH_CHECK(!cli_replays(c) || !w->new_file, KITH_EUSAGE,
             "kith recommend: --new: of a stream, new users are those of new events, which kith update and "
             "kith ingest take");
done:
  return st;
}

static kith_status recommend_parse_request(cli *c, recommend_request *w) {
  kith_status st = KITH_OK;
  const kith_eval_options *o = &c->job.evaluate;
  int64_t k = o->k[o->n_k - 1];
  KITH_TRY(cli_number(c, "k", 1, RECOMMEND_MOST_ITEMS, &k));
  w->k = (int)k;
  w->all = cli_flag(c, "all");
  w->output = cli_option(c, "output");
  w->new_file = cli_option(c, "new");
  w->at = RECOMMEND_END;
  KITH_TRY(cli_number(c, "at", -RECOMMEND_MOST_TIME, RECOMMEND_MOST_TIME, &w->at));
  KITH_TRY(cli_take_refit(c));
  KITH_TRY(recommend_parse_ids(c, w));
  KITH_CHECK(
      !w->new_file || (w->n_user > 0 && !w->similar), KITH_EUSAGE,
      "kith recommend: --new FILE goes with --user ID of a new user; of all new users, or of new items, "
      "kith export --format neighbors-tsv --new FILE lists what is near");
  KITH_TRY(cli_no_more(c));
  KITH_TRY(recommend_check_kind(c, w));
  KITH_CHECK(
      w->all != (w->n_user > 0), KITH_EUSAGE,
      "kith recommend: expected --user ID, --similar-to ITEM, --similar-to-user ID, or --all --output FILE");
  KITH_CHECK(w->all == (w->output != NULL), KITH_EUSAGE,
             "kith recommend: --all and --output FILE go together");
  const char *end = w->output ? strrchr(w->output, '.') : ".h5";
  KITH_CHECK(end && (strcmp(end, ".h5") == 0 || strcmp(end, ".tsv") == 0), KITH_EUSAGE,
             "--output %s: expected a name that ends in .tsv or .h5", w->output);
  if (w->output && c->comm->rank == 0) KITH_TRY(kith_job_check_output(&c->job, w->output));
done:
  return st;
}

kith_agreed cli_recommend_load(cli *c, recommend_data *a) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH];
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "graph.h5", graph)));
  KITH_TRY(cli_read_embeddings(c, &a->g, &a->d, &a->x, &a->from, &a->pairs));
  KITH_TRY(kith_ids_read(c->comm, graph, KITH_USER, &a->user));
  KITH_TRY(kith_ids_read(c->comm, graph, KITH_ITEM, &a->item));
  KITH_TRY(cli_check_graph(c, graph, a->g));
  for (int t = 0; t < KITH_SIDES; t++)
    KITH_TRY(kith_node_names_read(c->comm, graph, (kith_node_type)t, &a->name[t]));
done:
  return st;
}

void cli_recommend_free(recommend_data *a) {
  KITH_FREE(a->from.config_key);
  kith_pair_terms_free(&a->pairs);
  kith_graph_destroy(&a->g);
  kith_ids_free(&a->user);
  kith_ids_free(&a->item);
  for (int t = 0; t < KITH_SIDES; t++) kith_ids_free(&a->name[t]);
  KITH_FREE(a->x);
}

/* Print which items are ranked, unless they are the usual ones. */
static void recommend_print_scope(cli *c) {
  char text[CLI_SCOPE];
  if (cli_scope(&c->job.evaluate.scope, text)) cli_print(c, "ranked: %s", text);
}

/* local[q] = this rank's index of user q of the request, or -1. */
static void recommend_find_local(const recommend_request *w, const recommend_data *a, kith_lid *local) {
  for (int q = 0; q < w->n_user; q++) {
    int64_t original = kith_ids_find(&a->user, w->user[q]);
    local[q] = -1;
    for (kith_lid u = 0; u < a->g->n_own_of[KITH_USER]; u++)
      if (a->g->original[a->g->row_of[KITH_USER][u]] == original) local[q] = u;
  }
}

/* For each user of the request: k items with scores, and items of the user's history; -1 and -infinity where
 * another rank owns the user. */
static kith_status recommend_fill(const recommend_request *w, const recommend_data *a, const kith_lid *local,
                                  const kith_topk *top, int32_t *item, float *score, int32_t *history) {
  kith_status st = KITH_OK;
  for (int q = 0, t = 0; q < w->n_user; q++) {
    for (int j = 0; j < w->k; j++) {
      bool here = local[q] >= 0;
      item[q * w->k + j] = here ? top->item[t * w->k + j] : -1;
      score[q * w->k + j] = here ? top->score[t * w->k + j] : -INFINITY;
    }
    for (int j = 0; j < RECOMMEND_HISTORY; j++) {
      const kith_ragged *l = &a->g->train;
      bool here = local[q] >= 0 && l->start[local[q]] + j < l->start[local[q] + 1];
      history[q * RECOMMEND_HISTORY + j] = here ? l->value[l->start[local[q]] + j] : -1;
    }
    t += local[q] >= 0;
  }
  return st;
}

/* Users whose interactions are all held out, or outside of a core: the model knows nothing they chose. */
static void recommend_warn_unknown(const cli *c, const recommend_request *w, const int32_t *history) {
  for (int q = 0; q < w->n_user && c->comm->rank == 0; q++)
    if (history[q * RECOMMEND_HISTORY] < 0)
      kith_warn("--user %s: this user has no training interactions, so the order of the items rests on "
                "features, relations or the row before training",
                w->user[q]);
}

static void recommend_warn_unknown_of_all(const cli *c, const kith_graph *g) {
  int64_t n = 0;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) n += g->train.start[u + 1] == g->train.start[u];
  kith_comm_sum_int(c->comm, 1, &n);
  if (n > 0 && c->comm->rank == 0)
    kith_warn("%s no training interactions, so the order of their items rests on features, relations or the "
              "row before training",
              KITH_COUNT(n, "of the users (has|have)"));
}

/* Some users, to the terminal: the owners compute, rank 0 prints. */
static kith_agreed recommend_some(cli *c, const recommend_request *w, const recommend_data *a) {
  kith_agreed st = {KITH_OK};
  kith_topk top = {0};
  kith_lid local[RECOMMEND_USERS], user[RECOMMEND_USERS], n = 0;
  int32_t *item = NULL, *history = NULL;
  float *score = NULL;
  int n_item = w->n_user * w->k, n_history = w->n_user * RECOMMEND_HISTORY;
  recommend_find_local(w, a, local);
  for (int q = 0; q < w->n_user; q++)
    if (local[q] >= 0) user[n++] = local[q];
  recommend_print_scope(c);
  KITH_TRY(kith_eval_topk(c->comm, a->g, a->d, a->x, &a->from.direct, &a->pairs, w->k, &c->job.evaluate.scope,
                          n, user, &top));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(item, n_item)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(score, n_item)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(history, n_history)));
  KITH_TRY(kith_agree(c->comm, recommend_fill(w, a, local, &top, item, score, history)));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, item, n_item, MPI_INT32_T, MPI_MAX, c->comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, score, n_item, MPI_FLOAT, MPI_MAX, c->comm->mpi));
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, history, n_history, MPI_INT32_T, MPI_MAX, c->comm->mpi));
  recommend_warn_unknown(c, w, history);
  cli_recommend_show(c, w, a, item, score, history);
done:
  kith_topk_free(&top);
  KITH_FREE(item);
  KITH_FREE(score);
  KITH_FREE(history);
  return st;
}

/* Gather the lists of users, whose original numbers are `user`, on rank 0 in their order, in blocks of users:
 * item, score [n_user, k]. */
static kith_agreed recommend_gather(cli *c, const recommend_data *a, const kith_topk *top,
                                    const int32_t *user, int32_t *item, float *score) {
  kith_agreed st = {KITH_OK};
  int64_t n = a->g->n[KITH_USER], k = top->k;
  int32_t *some = NULL;
  float *their = NULL;
  KITH_TRY(kith_agree(c->comm, KITH_NEW(some, RECOMMEND_BLOCK * k)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(their, RECOMMEND_BLOCK * k)));
  for (int64_t first = 0; first < n; first += RECOMMEND_BLOCK) {
    int64_t size = n - first < RECOMMEND_BLOCK ? n - first : RECOMMEND_BLOCK;
    for (int64_t i = 0; i < size * k; i++) {
      some[i] = -1;
      their[i] = -INFINITY;
    }
    for (kith_lid u = 0; u < top->n_user; u++) {
      int64_t original = user[u] - first;
      if (original < 0 || original >= size) continue;
      memcpy(some + original * k, top->item + u * k, (size_t)k * sizeof *some);
      memcpy(their + original * k, top->score + u * k, (size_t)k * sizeof *their);
    }
    bool root = c->comm->rank == 0;
    KITH_MPI(MPI_Reduce(some, root ? item + first * k : NULL, (int)(size * k), MPI_INT32_T, MPI_MAX, 0,
                        c->comm->mpi));
    KITH_MPI(MPI_Reduce(their, root ? score + first * k : NULL, (int)(size * k), MPI_FLOAT, MPI_MAX, 0,
                        c->comm->mpi));
  }
done:
  KITH_FREE(some);
  KITH_FREE(their);
  return st;
}

static kith_agreed recommend_all(cli *c, const recommend_request *w, const recommend_data *a, bool replaces) {
  kith_agreed st = {KITH_OK};
  kith_topk top = {0};
  int32_t *item = NULL, *user = NULL;
  float *score = NULL;
  int64_t n = c->comm->rank == 0 ? a->g->n[KITH_USER] * w->k : 0;
  recommend_print_scope(c);
  recommend_warn_unknown_of_all(c, a->g);
  KITH_TRY(kith_eval_topk_all(c->comm, a->g, a->d, a->x, &a->from.direct, &a->pairs, w->k,
                              &c->job.evaluate.scope, &top, &user));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(item, n)));
  KITH_TRY(kith_agree(c->comm, KITH_NEW(score, n)));
  KITH_TRY(recommend_gather(c, a, &top, user, item, score));
  KITH_TRY(cli_recommend_save(c, w, a, item, score, replaces));
done:
  kith_topk_free(&top);
  KITH_FREE(item);
  KITH_FREE(user);
  KITH_FREE(score);
  return st;
}

kith_agreed cli_recommend(cli *c) {
  kith_agreed st = {KITH_OK};
  recommend_request w = {.n_user = 0};
  recommend_data a = {.g = NULL};
  bool replaces = false, new_users = false;
  KITH_TRY(kith_agree(c->comm, recommend_parse_request(c, &w)));
  if (w.all) {
    KITH_TRY(cli_lock_for(c, w.output));
    KITH_TRY(cli_check_replaced(c, w.output, KITH_RECOMMENDATIONS_FORMAT, NULL, &replaces));
  }
  if (cli_replays(c)) {
    KITH_TRY(cli_recommend_stream(c, &w, replaces));
    goto done;
  }
  KITH_TRY(cli_recommend_load(c, &a));
  if (!w.all && !w.similar) KITH_TRY(cli_recommend_find_users(c, &w, &a, &new_users));
  if (w.all) KITH_TRY(recommend_all(c, &w, &a, replaces));
  else if (w.similar) KITH_TRY(cli_recommend_similar(c, &w, &a));
  else if (new_users) KITH_TRY(cli_recommend_new(c, &w, &a));
  else KITH_TRY(recommend_some(c, &w, &a));
done:
  cli_recommend_free(&a);
  return st;
}
