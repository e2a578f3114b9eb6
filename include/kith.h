/**
 * Kith: distributed training of graph neural networks for recommendation.  This header includes all others,
 * in the order in which to read them.  docs/examples has the programs to begin with.
 *
 * Conventions of all headers:
 *
 * - *Local*: the function does not communicate, and returns a kith_status or a plain value.  *Collective*
 * (over `comm`; without more, over the communicator that the object was created with): every rank calls it at
 * the same point, and a kith_agreed is the same on every rank.
 * - Every kith_*_destroy(&object) frees and nulls an object, and accepts a null one; every
 * kith_*_free(&object) frees what a struct points to, and accepts a zeroed one.  Both are Local, unless their
 * own comment says otherwise.  Every kith_*_defaults() is Local and cannot fail.
 * - On failure the pointer to a new object is null, and kith_error_text() has the message.
 * - [n, d] is the shape of an array: n rows of d numbers, row-major.  A' is the transpose of A.  dx is the
 *   gradient of the loss by x.
 * - Row i *reads* row j: the output of a layer for node i is a sum over rows j, so a message goes from j to
 * i, and entry (i, j) of the matrix weighs it.
 * - A node has an original number (files, results), a global number (kith_gid: the partitioned graph) and on
 * a rank a local one (kith_lid: its row).  kith/graph.h says how they follow from each other.
 * - *Job*: a YAML file with the options of a run, each under a key such as train.lr.  `kith VERB` in a
 * comment is the command of the program, which docs/job.md and README.md describe.
 */
#ifndef KITH_H
#define KITH_H

/* What all others use. */
#include "kith/base.h"
#include "kith/comm.h"

/* The graph: what it is, and how lists become a partitioned one. */
#include "kith/schema.h"
#include "kith/graph.h"
#include "kith/store.h"
#include "kith/generate.h"
#include "kith/ingest.h"
#include "kith/partition.h"

/* Formulas on the distributed graph. */
#include "kith/halo.h"
#include "kith/ops.h"
#include "kith/tape.h"

/* Training. */
#include "kith/walk.h"
#include "kith/model.h"
#include "kith/sampler.h"
#include "kith/loss.h"
#include "kith/negatives.h"
#include "kith/optimizer.h"
#include "kith/train.h"

/* What trained rows are for. */
#include "kith/eval.h"
#include "kith/stream.h"
#include "kith/embed.h"

/* The program around it. */
#include "kith/job.h"
#include "kith/watchdog.h"
#include "kith/h5.h"

#endif
