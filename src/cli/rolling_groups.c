/* kith evaluate --rolling --groups: the figures of a slice by group of users and of items. */
#include <stdio.h>

#include "cli/evaluate.h"
#include "cli/rolling.h"

kith_agreed cli_rolling_groups(cli *c, kith_groups *out) {
  kith_agreed st = {KITH_OK};
  char parts[KITH_PATH], embeddings[KITH_PATH];
  kith_graph *g = NULL;
  kith_embeddings_origin from = {.epoch = 0};
  kith_eval_options o = c->job.evaluate;
  kith_metrics m;
  float *x = NULL;
  int d = 0;
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "parts.h5", parts)));
  KITH_TRY(kith_agree(c->comm, cli_stage(c, "embeddings.h5", embeddings)));
  KITH_TRY(cli_read_parts(c, parts, &g));
  KITH_TRY(kith_embeddings_origin_read(c->comm, embeddings, &from));
  KITH_TRY(kith_embeddings_read(c->comm, g, embeddings, &d, &x));
  o.direct = from.direct;
  KITH_TRY(kith_eval_metrics_by_group(c->comm, g, d, x, &o, &m, out));
done:
  KITH_FREE(from.config_key);
  KITH_FREE(x);
  kith_graph_destroy(&g);
  return st;
}

void cli_rolling_print_groups(cli *c, int n, const kith_groups *all) {
  for (int i = 0; all && i < n; i++) {
    cli_print(c, "slice %d of %d, by group", i + 1, n);
    cli_print_groups(c, &all[i]);
  }
}
