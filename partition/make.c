/* Cutting: the choice of method, and the two that need no library. */
#include "partition.h"

void kith__partition_hash(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  for (int64_t i = 0; i < d->n[KITH_USER] + d->n[KITH_ITEM]; i++) {
    bool item = i >= d->n[KITH_USER];
    uint64_t original = (uint64_t)(item ? i - d->n[KITH_USER] : i);
    uint64_t bits =
        kith_random(o->seed, KITH_RNG_PARTITION, item ? KITH_ITEM : KITH_USER, original, 0).bits[0];
    part[i] = (int32_t)kith_random_below(bits, (uint64_t)o->parts);
  }
}

/* Deal nodes 0 … n - 1, weights given, into consecutive ranges of about the same weight. */
static void partition_deal(int64_t n, const int64_t *weight, int parts, int32_t *part) {
  int64_t all = 0, before = 0;
  for (int64_t i = 0; i < n; i++) all += weight[i];
  for (int64_t i = 0; i < n; i++) {
    part[i] = (int32_t)((double)before / (double)all * parts); /* before < all, so below parts */
    if (part[i] >= parts) part[i] = parts - 1;
    before += weight[i];
  }
}

/* Users and items each in the order of their original numbers; a node weighs its degree and one. */
kith_status kith__partition_contiguous(const kith_dataset *d, const kith_partition_options *o,
                                       int32_t *part) {
  kith_status st = KITH_OK;
  int64_t *weight = NULL, n_user = d->n[KITH_USER], n_item = d->n[KITH_ITEM];
  KITH_TRY(KITH_NEW(weight, n_user + n_item));
  for (int64_t i = 0; i < n_user + n_item; i++) weight[i] = 1;
  for (int64_t u = 0; u < n_user; u++) weight[u] += d->train.start[u + 1] - d->train.start[u];
  for (kith_eid e = 0; d->task == KITH_RECOMMEND && e < d->n_edge; e++) weight[n_user + d->train.value[e]]++;
  partition_deal(n_user, weight, o->parts, part);
  partition_deal(n_item, weight + n_user, o->parts, part + n_user);
done:
  KITH_FREE(weight);
  return st;
}

kith_status kith_partition_make(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->parts >= 1, KITH_ECONFIG, "partition.parts: %d, expected at least 1", o->parts);
  switch (o->method) {
  case KITH_PARTITION_METIS: KITH_TRY(kith__partition_metis(d, o, part)); break;
  case KITH_PARTITION_HASH: kith__partition_hash(d, o, part); break;
  case KITH_PARTITION_CONTIGUOUS: KITH_TRY(kith__partition_contiguous(d, o, part)); break;
  }
done:
  return st;
}
