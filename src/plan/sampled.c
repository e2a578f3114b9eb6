/* A sampled step: rows and neighbors that are expected, and what ranks send for them. */
#include <math.h>

#include "plan/plan.h"

/* Bytes of a queried row, of a requested input row, of an excluded pair; of the fixed part of a reply. */
enum { SAMPLED_QUERY = 4, SAMPLED_REQUEST = 4, SAMPLED_EXCLUDED = 24 };

/* Whole bytes of the largest number. */
static double sampled_bytes(double most) { return most < 256 ? 1 : floor(log2(most) / 8) + 1; }

/* What a reply about a row takes, and each neighbor in it. */
typedef struct sampled_wire {
  double reply, neighbor;
} sampled_wire;

static sampled_wire sampled_wire_of(const kith_plan_degrees *d) {
  double nodes = 0, most = 1;
  for (int64_t i = 0; i < d->n; i++) {
    nodes += kith_plan_nodes(d, i);
    if (d->degree[i] > most) most = d->degree[i];
  }
  double gid = sampled_bytes(nodes), key = sampled_bytes(2 * nodes), degree = sampled_bytes(most);
  return (sampled_wire){.reply = key + 2 * degree + 4, .neighbor = gid + key + degree};
}

/* Messages of a rank whose n rows lie on the others at random. */
static double sampled_messages(int size, double n) { return -(size - 1.0) * expm1(-n / (size - 1.0)); }

/* Chance that a rank's part of a batch has each class of nodes as seeds. */
static void sampled_seeds(const kith_plan_degrees *d, const kith_plan_fans *f, int size, double *chance) {
  for (int64_t i = 0; i < d->n; i++)
    chance[i] =
        kith_plan_read_chance(d->degree[i], f->n_edge, f->batch / size, d->is_item[i] ? f->drawn / size : 0);
}

/* Rows, and the neighbors that they sample. */
static void sampled_count(const kith_plan_degrees *d, int fan, const double *chance, double *rows,
                          double *drawn) {
  *rows = *drawn = 0;
  for (int64_t i = 0; i < d->n; i++) {
    double n = kith_plan_nodes(d, i) * chance[i];
    *rows += n;
    *drawn += n * (fan > 0 && fan < d->degree[i] ? fan : d->degree[i]);
  }
}

/* Sampled neighbors are nodes in proportion to their degrees, and rows stay rows. */
static void sampled_spread(const kith_plan_degrees *d, double drawn, double entries, double *chance) {
  for (int64_t i = 0; i < d->n; i++) chance[i] = 1 - (1 - chance[i]) * exp(-drawn * d->degree[i] / entries);
}

kith_status kith_plan_sample(const kith_plan_degrees *d, const kith_plan_fans *f, const kith_plan_cut *cut,
                             kith_plan_sampled *out) {
  kith_status st = KITH_OK;
  double *chance = NULL, rows = 0, drawn = 0;
  double away = cut->n_edge > 0 ? cut->cut_pairs / cut->n_edge : 0; /* a neighbor of a row of the rank */
  double near =
      f->tiled ? 1.0 / cut->size : 1 - (away + f->negatives * cut->remote_items) / (2 + f->negatives);
  const sampled_wire wire = sampled_wire_of(d);
  kith_plan_sampled s = {.products = f->products};
  KITH_TRY(KITH_NEW(chance, d->n));
  sampled_seeds(d, f, cut->size, chance);
  for (int h = 0; h < f->n; h++, near *= 1 - away) {
    sampled_count(d, f->fan[h], chance, &rows, &drawn);
    s.drawn += drawn;
    s.bytes += (1 - near) * (rows * (SAMPLED_QUERY + wire.reply) + drawn * wire.neighbor);
    if (cut->size > 1) s.messages += 3 * sampled_messages(cut->size, (1 - near) * rows);
    sampled_spread(d, drawn, 2 * f->n_edge, chance);
  }
  sampled_count(d, 0, chance, &s.rows, &drawn);
  s.bytes += (1 - near) * s.rows * (SAMPLED_REQUEST + 2 * f->row_bytes);
  if (cut->size > 1) s.messages += 3 * sampled_messages(cut->size, (1 - near) * s.rows);
  double excluded = f->excludes ? f->batch / cut->size * away : 0;
  s.bytes += excluded * SAMPLED_EXCLUDED;
  if (cut->size > 1) s.messages += sampled_messages(cut->size, excluded);
  *out = s;
done:
  KITH_FREE(chance);
  return st;
}

kith_plan_step kith_plan_sampled_step(const kith_plan_sampled *s, const kith_plan_cut *cut,
                                      const kith_machine *m) {
  int busy = cut->size < cut->per_node ? cut->size : cut->per_node;
  const kith_machine_rates r = kith_machine_at(m, busy);
  double leaves = cut->size > 1 ? (cut->size - busy) / (cut->size - 1.0) : 0;
  kith_plan_step out = {.bytes = s->bytes * cut->size,
                        .messages = s->messages * cut->size,
                        .node_bytes = s->bytes * cut->size * leaves,
                        .node_messages = s->messages * cut->size * leaves};
  if (r.sample <= 0) return out;
  out.part[KITH_PLAN_PRODUCTS] = s->products * busy / r.product;
  out.part[KITH_PLAN_MEMORY] = s->drawn * busy / r.sample;
  out.part[KITH_PLAN_COPIES] = s->bytes * busy / r.exchange;
  out.part[KITH_PLAN_NETWORK] = s->bytes * leaves * busy / m->network;
  out.part[KITH_PLAN_LATENCY] = 2 * s->messages * m->message + (cut->size > 1 ? 16 * log2(cut->size) : 0) *
                                                                   (leaves > 0 ? m->latency : m->local);
  for (int i = 0; i < KITH_PLAN_LIMITS; i++) out.seconds += out.part[i];
  return out;
}
