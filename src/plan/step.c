/* A step of the full graph: what is sent, and how long it takes. */
#include <math.h>

#include "plan/plan.h"

enum {
  STEP_HEADER = 16,
  STEP_REQUEST = 16
}; /* bytes of a halo's counts for a rank, and of a requested row */

const char *kith_plan_limit_text(kith_plan_limit limit) {
  static const char *const text[] = {"products", "memory", "copies", "network", "latency"};
  return text[limit];
}

double kith_plan_read_chance(double degree, double n_edge, double batch, double drawn) {
  double misses = (n_edge > degree ? batch * log1p(-degree / n_edge) : -INFINITY) - drawn;
  return -expm1(misses);
}

/* Rows of a batch that another rank owns: items of cut interactions, and negatives.  A pair is worked on by
 * the rank of its user; in tiles, by any. */
static double step_batch_rows(const kith_plan_cut *cut, const kith_plan_work *w) {
  double others = (cut->size - 1.0) / cut->size,
         cut_share = cut->n_edge > 0 ? cut->cut_pairs / cut->n_edge : 0;
  if (w->tiled) return w->batch * (2 + w->negatives) * others;
  return w->batch * (cut_share + w->negatives * cut->remote_items);
}

kith_plan_step kith_plan_step_counts(const kith_plan_cut *cut, const kith_plan_work *w) {
  double size = cut->size, pairs = size * (size - 1);
  double rows = step_batch_rows(cut, w);
  kith_plan_step s = {.bytes = cut->rows * w->row_bytes,
                      .messages = cut->messages * w->exchanges,
                      .node_bytes = cut->node_rows * w->row_bytes,
                      .node_messages = cut->node_messages * w->exchanges};
  if (w->batch <= 0 || cut->size == 1) return s;
  double messages = -pairs * expm1(-rows / pairs); /* pairs of ranks with a row, at random */
  s.batch_bytes = pairs * STEP_HEADER + rows * (STEP_REQUEST + 2 * w->output_bytes);
  s.batch_messages = pairs + 3 * messages;
  return s;
}

void kith_plan_step_seconds(const kith_plan_cut *cut, const kith_plan_work *w, const kith_machine *m,
                            kith_plan_step *s) {
  int busy = cut->size < cut->per_node ? cut->size : cut->per_node;
  const kith_machine_rates r = kith_machine_at(m, busy);
  double most = cut->rows > 0 ? cut->most_rows / (cut->rows / cut->size) : 1; /* against the mean */
  double batch_bytes = s->batch_bytes / cut->size,
         node_share = cut->rows > 0 ? cut->node_rows / cut->rows : 0;
  s->part[KITH_PLAN_PRODUCTS] = w->products * busy / r.product;
  s->part[KITH_PLAN_MEMORY] = w->gathered * busy / r.gather + w->streamed * busy / r.stream;
  s->part[KITH_PLAN_COPIES] = (s->bytes / cut->size * most + batch_bytes) * busy / r.exchange;
  s->part[KITH_PLAN_NETWORK] =
      cut->n_node > 1
          ? (cut->most_node_rows * w->row_bytes + s->batch_bytes * node_share / cut->n_node) / m->network
          : 0;
  double begun = cut->n_node > 1 ? m->latency : m->local;
  double messages = cut->most_messages * w->exchanges + s->batch_messages / cut->size;
  double rounds = cut->size > 1 ? w->exchanges + (w->batch > 0 ? 2 + 2 * log2(cut->size) : 0) : 0;
  s->part[KITH_PLAN_LATENCY] = 2 * messages * m->message + rounds * begun;
  s->seconds = 0;
  for (int i = 0; i < KITH_PLAN_LIMITS; i++) s->seconds += s->part[i];
}

kith_plan_limit kith_plan_step_limit(const kith_plan_step *s) {
  int most = 0;
  for (int i = 1; i < KITH_PLAN_LIMITS; i++)
    if (s->part[i] > s->part[most]) most = i;
  return (kith_plan_limit)most;
}
