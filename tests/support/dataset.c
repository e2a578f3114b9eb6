#include "support/dataset.h"

#include "graph/schema.h"
#include "support/mpi_main.h"

void test_assert_rows(const kith_dataset *d, const char *relation, const char *expected) {
  char text[256];
  size_t n = 0;
  int r = kith_schema_find_relation(&d->schema, relation);
  assert_true(r >= 0);
  const kith_ragged *l = &d->relation[r].edges;
  assert_int_equal(l->n_row, d->n[d->schema.relation[r].from]);
  text[0] = '\0';
  for (int64_t i = 0; i < l->n_row; i++) {
    n += (size_t)snprintf(text + n, sizeof text - n, "%d:", (int)i);
    for (kith_eid e = l->start[i]; e < l->start[i + 1]; e++)
      n += (size_t)snprintf(text + n, sizeof text - n, " %d", l->value[e]);
    n += (size_t)snprintf(text + n, sizeof text - n, ";");
  }
  assert_string_equal(text, expected);
}
