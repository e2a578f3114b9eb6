/**
 * Kith: distributed training of graph neural networks for recommendation.  This header includes all others.
 *
 * docs/examples has the programs to begin with.
 */
#ifndef KITH_H
#define KITH_H

#include "kith/base.h"
#include "kith/comm.h"
#include "kith/embed.h"
#include "kith/generate.h"
#include "kith/graph.h"
#include "kith/h5.h"
#include "kith/halo.h"
#include "kith/ingest.h"
#include "kith/job.h"
#include "kith/loss.h"
#include "kith/model.h"
#include "kith/ops.h"
#include "kith/optimizer.h"
#include "kith/partition.h"
#include "kith/eval.h"
#include "kith/schema.h"
#include "kith/store.h"
#include "kith/tape.h"
#include "kith/train.h"

#endif
