/* Cutting: the choice of method, and the two that need no library. */
#include "partition.h"
#include "update.h"

static void partition_hash(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  for (int t = 0; t < KITH_MAX_TYPES; t++)
    for (int64_t i = 0; i < d->n[t]; i++) *part++ = kith__partition_hash_one(o, t, i);
}

/* Deal nodes 0 … n - 1, weights given (null: all alike), into consecutive ranges of about the same weight. */
static void partition_deal(int64_t n, const int64_t *weight, int parts, int32_t *part) {
  int64_t all = 0, before = 0;
  for (int64_t i = 0; i < n; i++) all += weight ? weight[i] : 1;
  for (int64_t i = 0; i < n; i++) {
    part[i] = kith__partition_range_of(before, all, parts);
    before += weight ? weight[i] : 1;
  }
}

void kith__partition_deal_rest(const kith_dataset *d, const kith_partition_options *o, int64_t first,
                               int32_t *part) {
  int64_t of[KITH_MAX_TYPES + 1];
  kith__partition_first(d->n, of);
  for (int t = 0; t < KITH_MAX_TYPES; t++)
    if (of[t] >= first) partition_deal(d->n[t], NULL, o->parts, part + of[t]);
}

/* Each type in the order of original numbers; a node weighs its neighbors and one. */
kith_status kith__partition_contiguous(const kith_dataset *d, const kith_partition_options *o,
                                       int32_t *part) {
  kith_status st = KITH_OK;
  partition_graph g = {0};
  int64_t *weight = NULL, first[KITH_MAX_TYPES + 1];
  int of[KITH_MAX_RELATIONS] = {0};
  kith__partition_first(d->n, first);
  kith__partition_weights(d, o, of);
  KITH_TRY(kith__partition_union(d, of, &g));
  KITH_TRY(KITH_NEW(weight, first[KITH_MAX_TYPES]));
  for (int64_t i = 0; i < first[KITH_MAX_TYPES]; i++)
    weight[i] = 1 + (i < g.n ? g.start[i + 1] - g.start[i] : 0);
  for (int t = 0; t < KITH_MAX_TYPES; t++)
    partition_deal(d->n[t], weight + first[t], o->parts, part + first[t]);
done:
  KITH_FREE(weight);
  kith__partition_graph_free(&g);
  return st;
}

kith_status kith__partition_check_balance(const kith_partition_options *o) {
  if (o->balance == KITH_PARTITION_EDGES || o->method == KITH_PARTITION_METIS) return KITH_OK;
  return kith_fail(KITH_ECONFIG,
                   "partition.balance: users needs partition.method: metis; %s balances edges alone",
                   kith_partition_method_name(o->method));
}

kith_status kith__partition_check_size(const kith_dataset *d) {
  int64_t n = kith_dataset_n_node(d);
  if (n < UINT32_MAX) return KITH_OK;
  return kith_fail(
      KITH_ECONFIG,
      "the graph has %lld nodes of all types; one rank cuts at most 2^32 - 2: use several (mpirun "
      "-n R kith partition) and partition.method: stream, contiguous or hash",
      (long long)n);
}

kith_status kith_partition_make(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->parts >= 1, KITH_ECONFIG, "partition.parts: %d, expected at least 1", o->parts);
  KITH_TRY(kith__partition_check_balance(o));
  KITH_TRY(kith__partition_check_size(d));
  switch (o->method) {
  case KITH_PARTITION_METIS: KITH_TRY(kith__partition_metis(d, o, part)); break;
  case KITH_PARTITION_HASH: partition_hash(d, o, part); break;
  case KITH_PARTITION_CONTIGUOUS: KITH_TRY(kith__partition_contiguous(d, o, part)); break;
  case KITH_PARTITION_STREAM:
  case KITH_PARTITION_PTSCOTCH: KITH_TRY(kith__partition_alone(d, o, part)); break;
  }
done:
  return st;
}
