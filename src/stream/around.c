/* Items that users met within a few items of another: lists of the most frequent, and the latest items of
 * every user, which all ranks have. */
#include <string.h>

#include "base/base.h"
#include "stream/rules_impl.h"

enum { AROUND_ITEMS = 5, AROUND_LIST = 32 };

typedef struct around_entry {
  int32_t item, count;
} around_entry;

struct kith__around {
  int64_t n_user, n_item;
  int32_t *latest;    /* [n_user, AROUND_ITEMS] distinct items + 1, the latest first; 0: none */
  around_entry *list; /* [n_item, AROUND_LIST] a count of 0 ends it */
};

kith_status kith__around_create(int64_t n_user, int64_t n_item, kith__around **out) {
  kith_status st = KITH_OK;
  kith__around *a = NULL;
  *out = NULL;
  KITH_TRY(KITH_NEW(a, 1));
  a->n_user = n_user;
  a->n_item = n_item;
  KITH_TRY(KITH_NEW(a->latest, n_user * AROUND_ITEMS));
  KITH_TRY(KITH_NEW(a->list, n_item * AROUND_LIST));
  *out = a;
  a = NULL;
done:
  kith__around_destroy(&a);
  return st;
}

void kith__around_destroy(kith__around **around) {
  if (!*around) return;
  KITH_FREE((*around)->latest);
  KITH_FREE((*around)->list);
  KITH_FREE(*around);
}

void kith__around_reset(kith__around *a) {
  memset(a->latest, 0, (size_t)a->n_user * AROUND_ITEMS * sizeof *a->latest);
  memset(a->list, 0, (size_t)a->n_item * AROUND_LIST * sizeof *a->list);
}

/* Of a full list the first entry with the smallest count makes way. */
static void around_count(around_entry *list, int32_t item) {
  int at = 0, least = 0;
  for (; at < AROUND_LIST && list[at].count > 0; at++) {
    if (list[at].item == item) {
      list[at].count++;
      return;
    }
    if (list[at].count < list[least].count) least = at;
  }
  list[at < AROUND_LIST ? at : least] = (around_entry){item, 1};
}

static void around_add_one(kith__around *a, const kith_event *e) {
  int32_t *latest = a->latest + (int64_t)e->user_number * AROUND_ITEMS, item = e->item_number;
  int at = 0;
  if (latest[0] == item + 1) return;
  for (int p = 0; p < AROUND_ITEMS && latest[p]; p++) {
    int32_t other = latest[p] - 1;
    if (other == item) continue;
    around_count(a->list + (int64_t)other * AROUND_LIST, item);
    around_count(a->list + (int64_t)item * AROUND_LIST, other);
  }
  while (at < AROUND_ITEMS - 1 && latest[at] && latest[at] != item + 1) at++;
  memmove(latest + 1, latest, (size_t)at * sizeof *latest);
  latest[0] = item + 1;
}

void kith__around_add(kith__around *a, int n, const kith_event *event) {
  for (int i = 0; i < n; i++) around_add_one(a, &event[i]);
}

/* The number of entries of an item's list, and the sum of their counts. */
static int around_size(const around_entry *list, int64_t *sum) {
  int n = 0;
  for (*sum = 0; n < AROUND_LIST && list[n].count > 0; n++) *sum += list[n].count;
  return n;
}

void kith__around_shares(const kith__around *a, int32_t user, double weight, double *share) {
  const int32_t *latest = a->latest + (int64_t)user * AROUND_ITEMS;
  int64_t sum;
  double total = 0;
  for (int p = 0; p < AROUND_ITEMS && latest[p]; p++)
    if (around_size(a->list + (int64_t)(latest[p] - 1) * AROUND_LIST, &sum) > 0) total += 1.0 / (p + 1);
  for (int p = 0; p < AROUND_ITEMS && latest[p]; p++) {
    const around_entry *list = a->list + (int64_t)(latest[p] - 1) * AROUND_LIST;
    int n = around_size(list, &sum);
    for (int k = 0; k < n; k++)
      share[list[k].item] += weight * (list[k].count / (double)sum) / ((p + 1) * total);
  }
}
