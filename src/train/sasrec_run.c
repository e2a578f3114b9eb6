/*
 * The run of model.sequence: sasrec.  First the model of the graph is trained in WORK/base, as a run of its
 * own; then SASRec in WORK, on the final rows that the first one exported.
 *
 * What is exported is one product again: a user's row is [gamma e_u, h_u], an item's [e_i, z_i].
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sequence/few.h"
#include "sequence/sequence.h"
#include "train/run.h"

bool kith__run_is_sasrec(const run *r) { return r->o->model.sequence == KITH_SEQUENCE_SASREC; }
bool kith__run_is_joint(const run *r) { return kith__run_is_sasrec(r) && r->o->model.sasrec.joint; }

/* ---- the model of the graph ---- */

/* The configuration key without the words of the sequence, which do not decide its rows. */
static void base_config_key(const char *key, size_t size, char *text) {
  size_t done = 0;
  text[0] = '\0';
  for (const char *at = key; *at && done < size;) {
    const size_t n = strcspn(at, " ");
    if (strncmp(at, "model.sasrec.", 13) != 0 && strncmp(at, "model.sequence=", 15) != 0)
      done += (size_t)snprintf(text + done, size - done, "%s%.*s", done > 0 ? " " : "", (int)n, at);
    at += n + strspn(at + n, " ");
  }
}

kith_status kith__sasrec_base_run(const kith_run *o, char *key, kith_run *base) {
  kith_status st = KITH_OK;
  *base = *o;
  base->model.sequence = KITH_SEQUENCE_NONE;
  KITH_TRY(kith_path_join(o->work, "base", base->work));
  if (o->config_key) {
    base_config_key(o->config_key, KITH_CONFIG_KEY_SIZE, key);
    const size_t n = strlen(key); /* a base that trains on would move the rows below a finished SASRec */
    snprintf(key + n, KITH_CONFIG_KEY_SIZE - n, " train.epochs=%d", o->train.epochs);
    base->config_key = key;
  }
done:
  return st;
}

kith_agreed kith__sasrec_base(const kith_comm *comm, const kith_graph *g, const kith_run *o) {
  kith_agreed st = {KITH_OK};
  kith_run base;
  kith_run_result result;
  char key[KITH_CONFIG_KEY_SIZE];
  if (o->old[0])
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG, "model.sequence: sasrec is not updated: run kith train on the new graph, "
                                "or set model.sequence to none")));
  if (!o->model.sasrec.graph) return st;
  KITH_TRY(kith_agree(comm, kith__sasrec_base_run(o, key, &base)));
  /* Where no validation selects the epoch, the figures of the sequence's rows are those that count. */
  if (kith_eval_split_resolve(comm, g, o->evaluate.split) != KITH_EVAL_VALID && o->train.patience == 0)
    base.evaluate.every = 0;
  kith_log("the model of the graph, in %s:", base.work);
  KITH_TRY(kith_train_run(comm, g, &base, &result));
  kith_log("sasrec, on the rows of %s/embeddings.h5:", base.work);
done:
  return st;
}

kith_agreed kith__sasrec_base_checkpoint(const kith_comm *comm, const kith_run *base, char *checkpoint) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  KITH_TRY(kith_agree(comm, kith_path_join(base->work, "embeddings.h5", path)));
  KITH_TRY(kith_embeddings_origin_read(comm, path, &from));
  KITH_TRY(kith_checkpoint_at_epoch(comm, base->work, from.epoch, checkpoint));
  if (!checkpoint[0])
    KITH_TRY(kith_agreed_same(kith_fail(KITH_ENOINPUT,
                                        "%s: is of epoch %lld, of which there is no checkpoint; run kith "
                                        "train --fresh with checkpoint.best: true",
                                        path, (long long)from.epoch)));
done:
  KITH_FREE(from.config_key);
  return st;
}

kith_agreed kith__sasrec_begin_joint(run *r) {
  kith_agreed st = {KITH_OK};
  const kith_train_state s = kith_trainer_state(r->trainer);
  kith_run base;
  char own[KITH_CONFIG_KEY_SIZE], key[KITH_CONFIG_KEY_SIZE], legacy[KITH_CONFIG_KEY_SIZE], path[KITH_PATH];
  kith_checkpoint c = {.d = s.d,
                       .x = s.x,
                       .weights = {.n = kith_trainer_graph_weights(r->trainer), .value = s.weights.value},
                       .config_key = key,
                       .config_key_legacy = legacy,
                       .config_usual = r->o->config_usual};
  KITH_TRY(kith_agree(r->comm, kith__sasrec_base_run(r->job, own, &base)));
  kith_config_key(r->comm, r->g, &base, sizeof key, key);
  kith_config_key_legacy(r->g, &base, sizeof legacy, legacy);
  KITH_TRY(kith__sasrec_base_checkpoint(r->comm, &base, path));
  KITH_TRY(kith_checkpoint_read(r->comm, r->g, path, &c));
done:
  KITH_FREE(c.history);
  return st;
}

void kith__sasrec_options(kith_run *o) {
  const kith_train_options all = o->train;
  o->train = kith_train_defaults();
  o->train.epochs = o->model.sasrec.epochs;
  o->train.patience = all.patience;
  o->train.seed = all.seed;
  if (o->model.sasrec.joint) o->train.optimizer.lr = o->model.sasrec.rate;
  o->evaluate.oversmoothing = false;
}

/* ---- its rows ---- */

void kith__sasrec_rows_free(sasrec_rows *s) {
  kith_ragged_free(&s->list);
  KITH_FREE(s->user);
  KITH_FREE(s->own);
  KITH_FREE(s->item);
  KITH_FREE(s->h);
}

void kith__sasrec_free(run *r) {
  if (!r->sasrec) return;
  kith__sasrec_rows_free(r->sasrec);
  KITH_FREE(r->sasrec);
}

static kith_status sasrec_lists(const kith_graph *g, sasrec_rows *s) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_sequence_latest(g, 0, &s->list));
  KITH_TRY(kith_sequence_users(g, &s->user));
done:
  return st;
}

kith_agreed kith__sasrec_gather(const kith_comm *comm, const kith_graph *g, sasrec_rows *s) {
  kith_agreed st = {KITH_OK};
  const int d = s->d;
  const int64_t n = g->n[KITH_ITEM] * d;
  KITH_TRY(kith_agreed_same(n <= INT32_MAX
                                ? KITH_OK
                                : kith_fail(KITH_ECONFIG,
                                            "model.sequence: sasrec holds the rows of all items on "
                                            "every rank: %lld items of %d columns are too many",
                                            (long long)g->n[KITH_ITEM], d)));
  KITH_TRY(kith_agree(comm, s->item ? KITH_OK : KITH_NEW(s->item, n)));
  kith_clear(n, s->item);
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == KITH_ITEM)
      memcpy(s->item + g->original[i] * d, s->own + (int64_t)i * d, (size_t)d * sizeof *s->item);
  KITH_WAIT("the rows of all items",
            MPI_Allreduce(MPI_IN_PLACE, s->item, (int)n, MPI_FLOAT, MPI_SUM, comm->mpi));
done:
  return st;
}

kith_agreed kith__sasrec_read_base(const kith_comm *comm, const kith_graph *g, const char *folder,
                                   sasrec_rows *s) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  KITH_TRY(kith_agree(comm, kith_path_join(folder, "embeddings.h5", path)));
  KITH_TRY(kith_embeddings_origin_read(comm, path, &from));
  if (from.direct.c != 0)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_ECONFIG, "model.sequence: sasrec reads rows, and scores of model.spectral have a "
                                "direct term beside them; set model.spectral.direct to 0")));
  KITH_TRY(kith_embeddings_read(comm, g, path, &s->d, &s->own));
  KITH_TRY(kith__sasrec_gather(comm, g, s));
done:
  KITH_FREE(from.config_key);
  return st;
}

static kith_agreed sasrec_read(run *r) {
  kith_agreed st = {KITH_OK};
  char folder[KITH_PATH];
  if (!r->o->model.sasrec.graph) return st;
  KITH_TRY(kith_agree(r->comm, kith_path_join(r->o->work, "base", folder)));
  KITH_TRY(kith__sasrec_read_base(r->comm, r->g, folder, r->sasrec));
done:
  return st;
}

int kith__sasrec_width(const run *r) {
  const kith_sasrec_options *o = &r->o->model.sasrec;
  return o->dim + (o->gamma == 0 ? 0 : r->sasrec->d); /* d is 0 without a graph */
}

kith_agreed kith__sasrec_begin(run *r) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = r->g;
  KITH_TRY(kith_agree(r->comm, KITH_NEW(r->sasrec, 1)));
  KITH_TRY(kith_agree(r->comm, sasrec_lists(g, r->sasrec)));
  KITH_TRY(sasrec_read(r));
  if (kith__run_is_joint(r))
    KITH_TRY(kith_agree(r->comm, KITH_NEW(r->sasrec->h, r->sasrec->list.n_row * r->o->model.sasrec.dim)));
  KITH_TRY(kith_agree(r->comm, KITH_NEW(r->rows, (int64_t)g->n_own * kith__sasrec_width(r))));
  r->sasrec->data = (kith_sasrec_data){.n_user = g->n[KITH_USER],
                                       .n_item = g->n[KITH_ITEM],
                                       .list = &r->sasrec->list,
                                       .user = r->sasrec->user,
                                       .d_row = r->sasrec->d,
                                       .row = r->sasrec->item};
done:
  return st;
}

/* ---- what is exported ---- */

/* [gamma e_u, h_u] and [e_i, z_i]; with gamma 0 for good, h and z alone. */
static void sasrec_fill(const run *r, double gamma, const float *h, const float *z) {
  const kith_graph *g = r->g;
  const sasrec_rows *s = r->sasrec;
  const int d = r->o->model.sasrec.dim, width = kith__sasrec_width(r), e = width - d;
  for (int64_t i = 0; i < g->n_own; i++) {
    const float weight = g->type[i] == KITH_USER ? (float)gamma : 1;
    for (int k = 0; k < e; k++) r->rows[i * width + k] = weight * s->own[i * e + k];
    for (int k = 0; k < d; k++) r->rows[i * width + e + k] = 0;
    if (g->type[i] == KITH_ITEM)
      memcpy(r->rows + i * width + e, z + g->original[i] * d, (size_t)d * sizeof *z);
  }
  for (int64_t u = 0; u < s->list.n_row; u++)
    memcpy(r->rows + (int64_t)g->row_of[KITH_USER][u] * width + e, h + u * d, (size_t)d * sizeof *h);
}

/* Sum of squares of columns first … last - 1 of the rows of a type. */
static double sasrec_square(const run *r, int type, int first, int last) {
  kith_exact_sum sum = {0};
  const int width = kith__sasrec_width(r);
  for (int64_t i = 0; i < r->g->n_own; i++)
    for (int k = first; k < last && r->g->type[i] == type; k++)
      kith_exact_sum_add(&sum, (double)r->rows[i * width + k] * (double)r->rows[i * width + k]);
  kith_comm_sum(r->comm, 1, &sum);
  return kith_exact_sum_value(&sum);
}

/* The power of two at which both parts of the rows are about as long. */
static int sasrec_scale(const run *r) {
  const int width = kith__sasrec_width(r), e = width - r->o->model.sasrec.dim;
  const double of[2] = {sasrec_square(r, KITH_USER, 0, e) * sasrec_square(r, KITH_ITEM, 0, e),
                        sasrec_square(r, KITH_USER, e, width) * sasrec_square(r, KITH_ITEM, e, width)};
  return of[0] > 0 && of[1] > 0 ? (int)lround(0.5 * log2(of[1] / of[0])) : 0;
}

/*
 * The gamma of the largest NDCG at the largest cutoff on validation users: 0, or a power of two from 1/16 to
 * 4 times what makes both parts as long.
 */
static kith_agreed sasrec_choose(run *r, const float *h, const float *z, double *gamma) {
  kith_agreed st = {KITH_OK};
  kith_few_users few = {0};
  double best = -1, alone = 0;
  kith_eval_options on = r->o->evaluate;
  kith_metrics m = {0};
  on.split = KITH_EVAL_VALID;
  KITH_TRY(kith_few_users_make(r->comm, r->g, "model.sasrec.gamma", &few));
  sasrec_fill(r, 1, h, z);
  const int middle = sasrec_scale(r);
  for (int k = middle - 5; k <= middle + 2; k++) {
    const double now = k < middle - 4 ? 0 : exp2(k);
    sasrec_fill(r, now, h, z);
    KITH_TRY(kith_eval_metrics(r->comm, &few.graph, kith__sasrec_width(r), r->rows, &on, &m));
    const double ndcg = m.ndcg[m.n_k - 1];
    if (now == 0) alone = ndcg;
    if (ndcg > best) *gamma = now, best = ndcg;
  }
  kith_log("  sasrec: gamma %g: NDCG@%d %.4f of %s, alone %.4f", *gamma, m.k[m.n_k - 1], best,
           KITH_COUNT(m.n_user, "validation user(s)"), alone);
done:
  kith_few_users_free(&few);
  return st;
}

/* model.sasrec.joint: the rows that it reads become the model's, and the users' are made of them. */
static kith_agreed sasrec_move(run *r, const float *final) {
  kith_agreed st = {KITH_OK};
  sasrec_rows *s = r->sasrec;
  memcpy(s->own, final, (size_t)r->g->n_own * (size_t)s->d * sizeof *final);
  KITH_TRY(kith__sasrec_gather(r->comm, r->g, s));
  kith_trainer_sequence_users(r->trainer, s->item, s->h);
done:
  return st;
}

kith_agreed kith__sasrec_rows(run *r, const float **final) {
  kith_agreed st = {KITH_OK};
  const kith_sasrec_options *o = &r->o->model.sasrec;
  const float *h = *final, *z = kith_trainer_sequence_items(r->trainer);
  if (kith__run_is_joint(r)) {
    KITH_TRY(sasrec_move(r, *final));
    h = r->sasrec->h;
  }
  double gamma = !o->graph ? 0 : o->chosen ? o->chosen_gamma : o->gamma;
  if (gamma < 0) KITH_TRY(sasrec_choose(r, h, z, &gamma));
  sasrec_fill(r, gamma, h, z);
  r->result->sasrec = true;
  r->result->sasrec_gamma = gamma;
  *final = r->rows;
done:
  return st;
}
