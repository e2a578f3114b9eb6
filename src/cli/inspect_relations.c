/* kith inspect of graph.h5: further node types and relations. */
#include <stdio.h>

#include "cli/cli.h"
#include "store/graph.h"

kith_status cli_inspect_relations(cli *c, kith_h5 *f) {
  kith_status st = KITH_OK;
  kith_schema s;
  int64_t n[KITH_MAX_TYPES], n_edge[KITH_MAX_RELATIONS];
  KITH_TRY(kith__graph_schema_read(f, &s, n, n_edge).status);
  for (int t = KITH_TYPES; t < s.n_type; t++)
    cli_print(c, "  %lld nodes of the further type %s", (long long)n[t], s.type[t]);
  for (int r = 0; r < s.n_relation; r++)
    cli_print(c, "  relation %s, %s to %s: %lld edges", s.relation[r].name, s.type[s.relation[r].from],
              s.type[s.relation[r].to], (long long)n_edge[r]);
done:
  return st;
}
