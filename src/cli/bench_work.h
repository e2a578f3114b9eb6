/*
 * What a full-graph step must do at least, from the sizes of its graph, model and batch: the limit of a step
 * in kith bench takes the time of this much work and of nothing else.
 */
#ifndef KITH_SRC_CLI_BENCH_WORK_H
#define KITH_SRC_CLI_BENCH_WORK_H

#include "job/job.h"

/* Sizes of this rank's share of a step. */
typedef struct bench_sizes {
  int64_t n_own;                /* rows */
  int64_t entries;              /* of the matrix that layers multiply by */
  int64_t requested_rows;       /* rows that the batch reads … */
  int64_t requested;            /* … and their entries */
  int64_t pairs, batch, shared; /* pairs of this rank and of all, shared negatives */
  bool overlaps;                /* softmax: other pairs' items are candidates */
} bench_sizes;

/* Work; what a model adds to it is in bench_work.c, one line for each kind of op. */
typedef struct bench_work {
  double gathered;  /* numbers read by rows whose addresses are in a list */
  double products;  /* multiply-adds of dense products */
  double streamed;  /* numbers read or written in order */
  double exchanges; /* of ghost rows … */
  double exchanged; /* … numbers of a row in all of them together: as bf16, half as many */
  double last;      /* … and in those of the last layer */
} bench_work;

/* Whether the work of the model's layers is known; a new model may lack its line.  Local. */
bool bench_work_has_layers(const kith_model_options *model);
/* A step of the job's model, loss and Adam; without its layers, if they are not known.  Local. */
bench_work bench_step_work(const kith_model_options *model, const kith_loss_options *loss, int negatives,
                           const bench_sizes *s);

/* Multiply-adds of a step's softmax over all ranks; other losses: 0, since they are few.  Local. */
double bench_loss_products(const kith_model_options *model, const kith_loss_options *loss, double batch);

#endif
