/* The configuration key of a run on a graph. */
#include <stdio.h>
#include <string.h>

#include "train/train.h"

/* The sampler of clusters draws parts of the cut, whose number is the graph's. */
void kith_config_key(const kith_graph *g, const kith_run *o, size_t size, char *text) {
  if (!o->config_key) {
    kith_config_key_legacy(g, o, size, text);
    return;
  }
  int n = snprintf(text, size, "%s", o->config_key);
  if (o->train.sampler.mode == KITH_CLUSTER && n >= 0 && (size_t)n < size)
    snprintf(text + n, size - (size_t)n, " parts=%d", g->n_part);
}
