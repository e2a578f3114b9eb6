/* kith inspect of graph.h5: how held-out interactions fall on rare and frequent items, split by split. */
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"
#include "diagnose/held_out.h"

static const char *const held_out_key[] = {"valid", "test"};

/* A bucket's degrees: "0", "1", "2-3", … */
static const char *print_degrees(int bucket, size_t size, char *text) {
  int64_t low = kith_degree_low(bucket), high = kith_degree_low(bucket + 1) - 1;
  if (low >= high) snprintf(text, size, "%lld", (long long)low);
  else snprintf(text, size, "%lld-%lld", (long long)low, (long long)high);
  return text;
}

/* The figures of a split in one bucket; spaces if the split is empty. */
static const char *print_cell(const kith_held_share *h, int bucket, size_t size, char *text) {
  const kith_degree_bucket *b = &h->bucket[bucket];
  if (h->held == 0) snprintf(text, size, "%s", "");
  else if (b->known > 0)
    snprintf(text, size, "%12lld %8.3f %8.2f", (long long)b->held, kith_held_share_ratio(b),
             kith_held_share_lift(h, b));
  else snprintf(text, size, "%12lld %8s %8s", (long long)b->held, "-", "-");
  return text;
}

static void print_table(const cli *c, const kith_held_share h[2]) {
  char degrees[48], cell[2][64];
  int n = h[0].n > h[1].n ? h[0].n : h[1].n;
  cli_print(c, "held-out interactions by the number of known interactions of their item");
  cli_note(c, 2, "  known are those of training; for test also those of validation, and outside of a core");
  snprintf(cell[0], sizeof cell[0], "%12s %8s %8s", "validation", "ratio", "lift");
  snprintf(cell[1], sizeof cell[1], "%12s %8s %8s", "test", "ratio", "lift");
  cli_print(c, "  %-12s%s%s", "known", h[0].held > 0 ? cell[0] : "", h[1].held > 0 ? cell[1] : "");
  for (int k = 0; k < n; k++)
    cli_print(c, "  %-12s%s%s", print_degrees(k, sizeof degrees, degrees),
              print_cell(&h[0], k, sizeof cell[0], cell[0]), print_cell(&h[1], k, sizeof cell[1], cell[1]));
  cli_note(c, 2, "  ratio: held-out to known interactions; lift: this over the ratio of all items");
}

static void json_number(cli *c, const char *key, double x) {
  if (isfinite(x)) cli_json_more(c, ", \"%s\": %.9g", key, x);
  else cli_json_more(c, ", \"%s\": null", key);
}

static void json_split(cli *c, const char *name, const kith_held_share *h) {
  cli_json_more(c, "%s\"%s\": [", c->members[c->n_members - 1] == '{' ? "" : ", ", name);
  for (int k = 0; k < h->n; k++) {
    const kith_degree_bucket *b = &h->bucket[k];
    cli_json_more(c, "%s{\"degree\": %lld, \"items\": %lld, \"known\": %lld, \"held\": %lld", k ? ", " : "",
                  (long long)kith_degree_low(k), (long long)b->items, (long long)b->known,
                  (long long)b->held);
    json_number(c, "ratio", kith_held_share_ratio(b));
    json_number(c, "lift", kith_held_share_lift(h, b));
    cli_json_more(c, "}");
  }
  cli_json_more(c, "]");
}

kith_status cli_inspect_held_out(cli *c, const kith_dataset *d) {
  kith_status st = KITH_OK;
  kith_held_share h[2];
  for (int i = 0; i < 2; i++) KITH_TRY(kith_held_share_measure(d, i == 1, &h[i]));
  if (h[0].held + h[1].held == 0) goto done;
  print_table(c, h);
  cli_json(c, "held_out", "{");
  for (int i = 0; i < 2; i++)
    if (h[i].held > 0) json_split(c, held_out_key[i], &h[i]);
  cli_json_more(c, "}");
done:
  return st;
}
