/*
 * Rows of new users with those of their sequences.  The trained blocks read the latest items of a new user as
 * those of a known one: no weight is of a user.
 */
#include "train/sasrec_embed.h"

#include <stdio.h>
#include <string.h>

#include "sequence/sequence.h"
#include "train/embed_keep.h"
#include "train/run.h"

typedef struct embed {
  const kith_comm *comm;
  const kith_graph *g;
  const kith_new_nodes *new;
  kith_run run, base;             /* of the sequences, and of the model of the graph */
  char key[KITH_CONFIG_KEY_SIZE]; /* of base */
  double gamma;
  int width;        /* columns of the model of the graph that users' rows have; 0: none */
  int64_t first, n; /* this rank's new users */
  sasrec_rows s;    /* their lists, and the rows of known items */
  int64_t *time;    /* of the lists */
  kith_new_embeddings of_graph;
  kith_sasrec *sasrec;
  float *h; /* [n, dim] */
} embed;

static void embed_free(embed *m) {
  kith__sasrec_rows_free(&m->s);
  kith_new_embeddings_free(&m->of_graph);
  kith_sasrec_destroy(&m->sasrec);
  KITH_FREE(m->time);
  KITH_FREE(m->h);
}

static kith_status embed_check(const kith_new_nodes *new, const kith_embed_options *how) {
  kith_status st = KITH_OK;
  KITH_CHECK(new->n[KITH_ITEM] == 0, KITH_ECONFIG,
             "model.sequence: sasrec has no rows for new items, of which the lists name %lld; set "
             "embed.types: users",
             (long long)new->n[KITH_ITEM]);
  KITH_CHECK(new->n_pair == 0 || new->time, KITH_ECONFIG,
             "embed.interactions: model.sequence: sasrec needs the times of new users' items, and no column "
             "of times is named; set embed.interactions.columns.time");
  KITH_CHECK(how->adapt == 0, KITH_ECONFIG,
             "embed.adapt: %d, but rows of model.sequence: sasrec are made by its trained blocks; expected 0",
             how->adapt);
done:
  return st;
}

/* Without columns of the model of the graph only the lists of items are read. */
static kith_status embed_check_read(const embed *m, const kith_embed_options *how) {
  kith_status st = KITH_OK;
  if (m->width > 0) return st;
  KITH_CHECK(m->new->n_relation == 0, KITH_ECONFIG,
             "embed.relations.%s: rows without columns of the model of the graph are made of interactions "
             "alone; leave the list out",
             m->new->relation[0].name);
  KITH_CHECK(how->init != KITH_EMBED_MEAN && !m->new->features[KITH_USER].start, KITH_ECONFIG,
             "embed.user_features, embed.init: rows without columns of the model of the graph read no "
             "features; leave them out");
done:
  return st;
}

/* What embeddings.h5 says of the rows of known users. */
static kith_agreed embed_origin(embed *m) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH];
  kith_embeddings_origin from = {.epoch = 0};
  KITH_TRY(kith_agree(m->comm, kith_path_join(m->run.work, "embeddings.h5", path)));
  KITH_TRY(kith_embeddings_origin_read(m->comm, path, &from));
  if (!from.has_sasrec)
    KITH_TRY(kith_agreed_same(
        kith_fail(KITH_EDATA, "%s: has no rows of model.sequence: sasrec; run kith train first", path)));
  m->gamma = from.sasrec_gamma;
  m->width = (int)from.dim - m->run.model.sasrec.dim;
done:
  KITH_FREE(from.config_key);
  return st;
}

/* ---- the model of the graph ---- */

static kith_status embed_check_width(const embed *m, const char *checkpoint) {
  if (m->width == 0 || m->of_graph.d == m->width) return KITH_OK;
  return kith_fail(KITH_EDATA, "%s: rows of %d columns, and embeddings.h5 has %d of them; train with --fresh",
                   checkpoint, m->of_graph.d, m->width);
}

static kith_agreed embed_base(embed *m, const kith_embed_options *how) {
  kith_agreed st = {KITH_OK};
  char checkpoint[KITH_PATH] = "";
  if (m->width == 0) return st;
  KITH_TRY(kith__sasrec_base_checkpoint(m->comm, &m->base, checkpoint));
  KITH_TRY(kith_embed(m->comm, m->g, &m->base, m->new, how, checkpoint, &m->of_graph));
  KITH_TRY(kith_agreed_same(embed_check_width(m, checkpoint)));
done:
  return st;
}

/* ---- the sequences ---- */

/* This rank's new users and their items, the latest first: the pairs are sorted by user. */
static kith_status embed_lists(embed *m) {
  kith_status st = KITH_OK;
  kith_ragged *list = &m->s.list;
  const int64_t low = m->new->n_known[KITH_USER] + m->first;
  kith_eid begin = 0, n = 0;
  while (begin < m->new->n_pair && m->new->user[begin] < low) begin++;
  while (begin + n < m->new->n_pair && m->new->user[begin + n] < low + m->n) n++;
  list->n_row = m->n;
  KITH_TRY(KITH_NEW(m->s.user, m->n));
  KITH_TRY(KITH_NEW(list->start, m->n + 1));
  KITH_TRY(KITH_NEW(list->value, n));
  KITH_TRY(KITH_NEW(m->time, n));
  for (int64_t i = 0; i < m->n; i++) m->s.user[i] = low + i;
  for (kith_eid p = 0; p < n; p++) {
    list->start[m->new->user[begin + p] - low + 1]++;
    list->value[p] = m->new->item[begin + p];
    m->time[p] = m->new->time[begin + p];
  }
  for (int64_t i = 0; i < m->n; i++) list->start[i + 1] += list->start[i];
  KITH_TRY(kith_sequence_sort(m->s.user, m->time, list));
done:
  return st;
}

static kith_agreed embed_weights(embed *m, const char *checkpoint, kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  char key[KITH_CONFIG_KEY_SIZE], legacy[KITH_CONFIG_KEY_SIZE];
  const kith_weights w = kith_params_weights(kith_sasrec_params(m->sasrec));
  kith_config_key(m->comm, m->g, &m->run, sizeof key, key);
  kith_config_key_legacy(m->g, &m->run, sizeof legacy, legacy);
  kith_checkpoint c = {.weights = {.n = w.n, .value = w.value},
                       .config_key = key,
                       .config_key_legacy = legacy,
                       .config_usual = m->run.config_usual};
  KITH_TRY(kith_checkpoint_read(m->comm, m->g, checkpoint, &c));
  kith__embed_keep(&c, out);
done:
  KITH_FREE(c.history);
  return st;
}

/* The weights of the blocks, as many as a SASRec with rows of these columns has. */
static kith_agreed embed_create(embed *m) {
  kith_sasrec_options o = m->run.model.sasrec;
  o.candidates = 0; /* of training alone … */
  o.joint = false;  /* … as is this */
  const kith_sasrec_data data = {.n_user = m->new->n[KITH_USER],
                                 .n_item = m->g->n[KITH_ITEM],
                                 .list = &m->s.list,
                                 .user = m->s.user,
                                 .d_row = m->s.d,
                                 .row = m->s.item};
  return kith_sasrec_create(m->comm, &o, m->run.train.seed, &data, &m->sasrec);
}

static kith_agreed embed_sequences(embed *m, const char *checkpoint, kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  if (m->run.model.sasrec.graph) KITH_TRY(kith__sasrec_read_base(m->comm, m->g, m->base.work, &m->s));
  KITH_TRY(embed_create(m));
  KITH_TRY(embed_weights(m, checkpoint, out));
done:
  return st;
}

/* What they say of the checkpoint. */
static void embed_take_meta(kith_new_embeddings *from, kith_new_embeddings *out) {
  kith_checkpoint c = {.epoch = from->epoch, .step = from->step, .history = from->history};
  memcpy(c.run, from->run, sizeof c.run);
  from->history = NULL;
  kith__embed_keep(&c, out);
}

/* One checkpoint has all that was trained jointly; rows of items are those of its model of the graph. */
static kith_agreed embed_jointly(embed *m, const kith_embed_options *how, const char *checkpoint,
                                 kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  const int64_t d = kith_model_output_dim(&m->run.model);
  m->s.d = (int)d;
  KITH_TRY(kith_agree(m->comm, KITH_NEW(m->s.own, m->g->n_own * d)));
  KITH_TRY(kith_agree(m->comm, KITH_NEW(m->s.item, m->g->n[KITH_ITEM] * d)));
  KITH_TRY(embed_create(m));
  const kith__embed_joint joint = {.sasrec = kith_params_weights(kith_sasrec_params(m->sasrec)),
                                   .known = m->s.own};
  KITH_TRY(kith__embed_graph(m->comm, m->g, &m->run, m->new, how, checkpoint, &joint, &m->of_graph));
  KITH_TRY(kith_agreed_same(embed_check_width(m, checkpoint)));
  KITH_TRY(kith__sasrec_gather(m->comm, m->g, &m->s));
  kith_sasrec_set_rows(m->sasrec, m->s.item);
  embed_take_meta(&m->of_graph, out);
done:
  return st;
}

/* [gamma e_u, h_u]. */
static kith_status embed_join(const embed *m, kith_new_embeddings *out) {
  kith_status st = KITH_OK;
  const int e = m->width, d = m->run.model.sasrec.dim, width = e + d;
  KITH_TRY(KITH_NEW(out->x, m->n * width));
  for (int64_t i = 0; i < m->n; i++) {
    for (int k = 0; k < e; k++) out->x[i * width + k] = (float)m->gamma * m->of_graph.x[i * e + k];
    memcpy(out->x + i * width + e, m->h + i * d, (size_t)d * sizeof *m->h);
  }
  out->first = m->first;
  out->n = m->n;
  out->d = width;
done:
  return st;
}

kith_agreed kith__sasrec_embed(const kith_comm *comm, const kith_graph *g, const kith_run *by,
                               const kith_new_nodes *new, const kith_embed_options *how,
                               const char *checkpoint, kith_new_embeddings *out) {
  kith_agreed st = {KITH_OK};
  embed m = {.comm = comm, .g = g, .new = new, .run = *by};
  m.first = kith_chunk_begin(new->n[KITH_USER], comm->size, comm->rank);
  m.n = kith_chunk_begin(new->n[KITH_USER], comm->size, comm->rank + 1) - m.first;
  KITH_TRY(kith_agreed_same(embed_check(new, how)));
  KITH_TRY(kith_agree(comm, kith__sasrec_base_run(by, m.key, &m.base)));
  kith__sasrec_options(&m.run);
  KITH_TRY(embed_origin(&m));
  KITH_TRY(kith_agreed_same(embed_check_read(&m, how)));
  KITH_TRY(kith_agree(comm, embed_lists(&m)));
  if (by->model.sasrec.joint) KITH_TRY(embed_jointly(&m, how, checkpoint, out));
  else {
    KITH_TRY(embed_base(&m, how));
    KITH_TRY(embed_sequences(&m, checkpoint, out));
  }
  KITH_TRY(kith_agree(comm, KITH_NEW(m.h, m.n * m.run.model.sasrec.dim)));
  kith_sasrec_users(m.sasrec, m.h);
  KITH_TRY(kith_agree(comm, embed_join(&m, out)));
done:
  embed_free(&m);
  return st;
}
