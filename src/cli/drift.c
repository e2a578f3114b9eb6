/* Print how interactions drift: kith ingest and kith inspect of graph.h5. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"

static double drift_share(int64_t part, int64_t all) { return all > 0 ? (double)part / (double)all : 0; }

static void drift_json_number(cli *c, const char *key, double x) {
  if (isfinite(x)) cli_json_more(c, ", \"%s\": %.10g", key, x);
  else cli_json_more(c, ", \"%s\": null", key);
}

static void drift_json(cli *c, const kith_drift *d) {
  cli_json(c, "drift", "[");
  for (int i = 0; i < d->n; i++) {
    const struct kith_drift_slice *s = &d->slice[i];
    cli_json_more(c, "%s{\"from\": %" PRId64 ", \"until\": %" PRId64 ", \"pairs\": %" PRId64, i ? ", " : "",
                  s->from, s->until, s->pairs);
    cli_json_more(c, ", \"users\": %" PRId64 ", \"items\": %" PRId64, s->users, s->items);
    cli_json_more(c, ", \"new_users\": %" PRId64 ", \"new_items\": %" PRId64, s->new_users, s->new_items);
    drift_json_number(c, "new_user_share", drift_share(s->new_user_pairs, s->pairs));
    drift_json_number(c, "new_item_share", drift_share(s->new_item_pairs, s->pairs));
    drift_json_number(c, "overlap", s->overlap);
    drift_json_number(c, "rank_correlation", s->rank_correlation);
    cli_json_more(c, "}");
  }
  cli_json_more(c, "]");
}

static const char *drift_number(double x, char text[16]) {
  if (isfinite(x)) snprintf(text, 16, "%.3f", x);
  else snprintf(text, 16, "-");
  return text;
}

static void drift_print(cli *c, const kith_drift *d, int indent) {
  char overlap[16], rank[16];
  cli_print(c, "%*sdrift of the training interactions over %s of time, equal shares of them", indent, "",
            KITH_COUNT(d->n, "slice(s)"));
  cli_print(c, "%*s  %5s %10s %8s %8s  %9s %9s  %8s %8s", indent, "", "slice", "pairs", "users", "items",
            "new users", "new items", "top 100", "ranks");
  for (int i = 0; i < d->n; i++) {
    const struct kith_drift_slice *s = &d->slice[i];
    cli_print(c, "%*s  %5d %10" PRId64 " %8" PRId64 " %8" PRId64 "  %7.1f %% %7.1f %%  %8s %8s", indent, "",
              i + 1, s->pairs, s->users, s->items, 100 * drift_share(s->new_user_pairs, s->pairs),
              100 * drift_share(s->new_item_pairs, s->pairs), drift_number(s->overlap, overlap),
              drift_number(s->rank_correlation, rank));
  }
  cli_note(c, indent + 2,
           "%*s  new: pairs of users and items without an earlier one; top 100, ranks: shared with the slice "
           "before, and rank correlation with it, of items by pairs",
           indent, "");
}

void cli_print_drift(cli *c, const kith_drift *d, int indent, bool print) {
  if (d->n == 0) return;
  if (print) drift_print(c, d, indent);
  drift_json(c, d);
}
