/**
 * Sample: the training edges or nodes of a step, their negatives, and the rows of the graph that a step
 * reads.
 */
#ifndef KITH_SAMPLE_H
#define KITH_SAMPLE_H

#include "kith/batch.h"
#include "kith/edge_order.h"
#include "kith/negatives.h"
#include "kith/sampler.h"
#include "kith/train_nodes.h"
#include "kith/walk.h"

#endif
