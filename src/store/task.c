/* The task of a file, and the names of datasets of its node types. */
#include "store/store.h"

#include <stdio.h>

#include "graph/schema.h"

void kith_type_dataset(const kith_schema *s, int type, const char *column, char *name) {
  snprintf(name, KITH_NAME, "%s%.31s/%s", type < KITH_SIDES ? "" : "node/", s->type[type], column);
}

kith_agreed kith_h5_put_types(kith_h5 *f, const kith_graph *g) {
  kith_agreed st = {KITH_OK};
  kith_schema types = g->schema;
  char *text = NULL;
  if (types.n_type <= KITH_SIDES) return st;
  types.n_relation = 0;
  KITH_TRY(kith_agreed_same(kith_schema_print(&types, g->n, NULL, &text)));
  KITH_TRY(kith_h5_put_attr_text(f, "schema", text));
done:
  KITH_FREE(text);
  return st;
}

bool kith_h5_is_labeled(kith_h5 *f) {
  return kith_h5_has_dataset(f, "node/label") || kith_h5_has_dataset(f, "class/id");
}
