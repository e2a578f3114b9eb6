/**
 * Sample: the training edges or nodes of a step, their negatives, and the rows of the graph that a step
 * reads.
 */
#ifndef KITH_SAMPLE_SAMPLE_H
#define KITH_SAMPLE_SAMPLE_H

#include "sample/batch.h"
#include "sample/edge_order.h"
#include "sample/negatives.h"
#include "sample/sampler.h"
#include "sample/train_nodes.h"
#include "sample/walk.h"

#endif
