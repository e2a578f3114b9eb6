/* kith inspect of a graph that is an update: what stands behind its parent. */
#include <stdio.h>

#include "cli/cli.h"

void cli_inspect_update(cli *c, const kith_dataset *d, int n_update) {
  int64_t pairs = 0;
  for (kith_eid e = 0; e < d->n_edge; e++) pairs += d->is_new[e];
  cli_print(c, "an update, number %d in a row, of the graph whose fingerprint is %lld; behind it stand",
            n_update, (long long)(int64_t)d->parent.fingerprint);
  cli_json(c, "behind", "{\"update\": %d, \"train\": %lld", n_update, (long long)pairs);
  for (int t = 0; t < d->schema.n_type; t++) {
    char words[KITH_NAME + 16];
    int64_t n = d->n[t] - d->parent.n[t];
    snprintf(words, sizeof words, t < KITH_SIDES ? "%.31s(s)" : "node(s) of the type %.31s",
             d->schema.type[t]);
    cli_print(c, "  %s", KITH_COUNT(n, words));
    cli_json_more(c, ", \"%s\": %lld", d->schema.type[t], (long long)n);
  }
  cli_print(c, "  %s", KITH_COUNT(pairs, "training interaction(s)"));
  cli_json_more(c, "}");
}
