/* A trainer whose steps are those of SASRec: run.c goes through its epochs as through those of other models.
 */
#include "sequence/sasrec.h"
#include "train/trainer.h"

static void sasrec_destroy(kith_trainer *t) { kith_sasrec_destroy(&t->sasrec); }
static void sasrec_set_epoch(kith_trainer *t, int64_t epoch) { kith_sasrec_set_epoch(t->sasrec, epoch); }

/* The sequences of a step are taken when it runs. */
static void sasrec_fill(kith_trainer *t, int64_t step) {
  (void)t;
  (void)step;
}

static kith_step_request sasrec_setup(kith_trainer *t, kith_step_request request) {
  return (kith_step_request)kith_comm_max(t->comm, request);
}

static const kith_targets sasrec_targets = {.ranks = true,
                                            .destroy = sasrec_destroy,
                                            .set_epoch = sasrec_set_epoch,
                                            .fill = sasrec_fill,
                                            .setup_full = sasrec_setup};

static kith_status sasrec_make(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                               const kith_sasrec_data *data, kith_trainer **out) {
  kith_status st = KITH_OK;
  kith_trainer *t = NULL;
  KITH_TRY(KITH_NEW(t, 1));
  *out = t; /* from here on the caller destroys */
  t->comm = comm;
  t->g = g;
  t->model = o->model;
  t->train = o->train;
  t->targets = &sasrec_targets;
  t->whole = &t->step;
  t->optimizer = kith_optimizer_get(KITH_ADAM);
  t->planned = -1;
  KITH_TRY(KITH_NEW(t->final, data->list->n_row * o->model.sasrec.dim));
done:
  return st;
}

kith_agreed kith__sasrec_trainer_create(const kith_comm *comm, const kith_graph *g, const kith_run *o,
                                        const kith_sasrec_data *data, kith_trainer **out) {
  kith_agreed st = {KITH_OK};
  kith_trainer *t = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, sasrec_make(comm, g, o, data, &t)));
  KITH_TRY(kith_sasrec_create(comm, &o->model.sasrec, o->train.seed, data, &t->sasrec));
  t->n_step = kith_sasrec_n_step(t->sasrec);
  t->step_start = kith_sasrec_step_start(t->sasrec);
  *out = t;
  t = NULL;
done:
  kith_trainer_destroy(&t);
  return st;
}
