/* Held-out interactions by the degree of their items: does validation resemble the test list? */
#include "diagnose/held_out.h"

#include <math.h>

int64_t kith_degree_low(int bucket) { return bucket == 0 ? 0 : (int64_t)1 << (bucket - 1); }

static int bucket_of(int64_t degree) {
  int b = 0;
  while (b + 1 < KITH_DEGREE_BUCKETS && degree >= kith_degree_low(b + 1)) b++;
  return b;
}

static void add_degrees(const kith_ragged *l, int64_t *degree) {
  if (!l->start) return;
  for (kith_eid e = 0; e < l->start[l->n_row]; e++) degree[l->value[e]]++;
}

static void count_buckets(int64_t n_item, const int64_t *degree, const kith_ragged *held,
                          kith_held_share *out) {
  for (int64_t i = 0; i < n_item; i++) {
    kith_degree_bucket *b = &out->bucket[bucket_of(degree[i])];
    b->items++;
    b->known += degree[i];
  }
  for (kith_eid e = 0; e < held->start[held->n_row]; e++)
    out->bucket[bucket_of(degree[held->value[e]])].held++;
  for (int k = 0; k < KITH_DEGREE_BUCKETS; k++) {
    const kith_degree_bucket *b = &out->bucket[k];
    out->known += b->known;
    out->held += b->held;
    if (b->known + b->held > 0) out->n = k + 1;
  }
}

kith_status kith_held_share_measure(const kith_dataset *d, bool test, kith_held_share *out) {
  kith_status st = KITH_OK;
  int64_t *degree = NULL;
  *out = (kith_held_share){0};
  KITH_TRY(KITH_NEW(degree, d->n[KITH_ITEM]));
  add_degrees(&d->train, degree);
  if (test) add_degrees(&d->valid, degree);
  if (test) add_degrees(&d->outside, degree);
  count_buckets(d->n[KITH_ITEM], degree, test ? &d->test : &d->valid, out);
done:
  KITH_FREE(degree);
  return st;
}

double kith_held_share_ratio(const kith_degree_bucket *b) {
  return b->known > 0 ? (double)b->held / (double)b->known : NAN;
}

double kith_held_share_lift(const kith_held_share *h, const kith_degree_bucket *b) {
  if (h->known == 0 || h->held == 0) return NAN;
  return kith_held_share_ratio(b) * (double)h->known / (double)h->held;
}
