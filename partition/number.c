/* Global numbers of nodes that many ranks own: part by part, within a part type by type, each by original
 * number. */
#include "dgraph.h"

/* Nodes by part and type: here, on all ranks, on those before, and where the next one goes. */
typedef struct number_counts {
  int64_t n, *here, *all, *before; /* [parts * types] */
} number_counts;

/* The part and type of own node i. */
static int64_t number_group(const partition_dgraph *s, const kith_links *l, const int32_t *part, int32_t i) {
  int64_t node = s->first[s->comm->rank] + i;
  return (int64_t)part[i] * l->schema.n_type + kith__partition_type(l->n, &node);
}

static kith_status number_make(const partition_dgraph *s, const kith_links *l, int parts,
                               partition_numbers *out, number_counts *c) {
  kith_status st = KITH_OK;
  c->n = (int64_t)parts * l->schema.n_type;
  KITH_CHECK(c->n < INT32_MAX, KITH_ECONFIG, "partition.parts: %d parts of %d types are too many", parts,
             l->schema.n_type);
  KITH_TRY(KITH_NEW(c->here, c->n));
  KITH_TRY(KITH_NEW(out->type_count, c->n));
  c->all = out->type_count;
  KITH_TRY(KITH_NEW(c->before, c->n));
  KITH_TRY(KITH_NEW(out->first, (int64_t)parts + 1));
  KITH_TRY(KITH_NEW(out->user_count, parts));
  KITH_TRY(KITH_NEW(out->number, (int64_t)s->n_own + s->n_ghost));
done:
  return st;
}

static void number_fill(const partition_dgraph *s, const kith_links *l, int parts, const int32_t *part,
                        partition_numbers *out, number_counts *c) {
  int types = l->schema.n_type;
  int64_t next = 0;
  for (int p = 0; p < parts; p++) {
    out->first[p] = next;
    out->user_count[p] = c->all[(int64_t)p * types];
    for (int t = 0; t < types; t++) {
      c->before[(int64_t)p * types + t] += next;
      next += c->all[(int64_t)p * types + t];
    }
  }
  out->first[parts] = next;
  for (int32_t i = 0; i < s->n_own; i++) out->number[i] = c->before[number_group(s, l, part, i)]++;
}

kith_agreed kith__partition_number(const partition_dgraph *s, const kith_links *l, int parts,
                                   const int32_t *part, partition_numbers *out) {
  kith_agreed st = {KITH_OK};
  number_counts c = {0};
  *out = (partition_numbers){0};
  KITH_TRY(kith_agree(s->comm, number_make(s, l, parts, out, &c)));
  for (int32_t i = 0; i < s->n_own; i++) c.here[number_group(s, l, part, i)]++;
  for (int64_t k = 0; k < c.n; k++) c.all[k] = c.here[k];
  kith_comm_sum_int(s->comm, (int)c.n, c.all);
  KITH_MPI(MPI_Exscan(c.here, c.before, (int)c.n, MPI_INT64_T, MPI_SUM, s->comm->mpi));
  for (int64_t k = 0; k < c.n && s->comm->rank == 0; k++) c.before[k] = 0; /* undefined there */
  number_fill(s, l, parts, part, out, &c);
done:
  KITH_FREE(c.here);
  KITH_FREE(c.before);
  return st;
}

void kith__partition_numbers_free(partition_numbers *x) {
  KITH_FREE(x->first);
  KITH_FREE(x->user_count);
  KITH_FREE(x->type_count);
  KITH_FREE(x->number);
}
