/* A step of the full graph: what is sent, and how long it takes. */
#include <math.h>

#include "plan/plan.h"

/* Bytes of a requested row of the batch: its place and its key; of a pair that travels to the rank of its
 * tile, and to all others. */
enum { STEP_REQUEST = 16, STEP_TILED = 24, STEP_SHARED = 8 };

const char *kith_plan_limit_text(kith_plan_limit limit) {
  static const char *const text[] = {"products", "memory", "copies", "network", "latency"};
  return text[limit];
}

double kith_plan_read_chance(double degree, double n_edge, double batch, double drawn) {
  double misses = (n_edge > degree ? batch * log1p(-degree / n_edge) : -INFINITY) - drawn;
  return -expm1(misses);
}

double kith_plan_ghost_chance(const kith_plan_degrees *d, int size, double n_edge, double batch,
                              double drawn) {
  double miss = log1p(-1.0 / size), read = 0, ghosts = 0;
  for (int64_t i = 0; i < d->n && size > 1; i++) {
    double n = -kith_plan_nodes(d, i) * expm1(d->degree[i] * miss);
    ghosts += n;
    read += n * kith_plan_read_chance(d->degree[i], n_edge, batch, d->is_item[i] ? drawn : 0);
  }
  return ghosts > 0 ? read / ghosts : 0;
}

/* Rows of a batch that another rank owns: items of cut interactions, and negatives.  A pair is worked on by
 * the rank of its user; in tiles, by any. */
static double step_batch_rows(const kith_plan_cut *cut, const kith_plan_work *w) {
  double others = (cut->size - 1.0) / cut->size,
         cut_share = cut->n_edge > 0 ? cut->cut_pairs / cut->n_edge : 0;
  if (w->tiled) return w->batch * (2 + w->negatives) * others;
  return w->batch * (cut_share + w->negatives * cut->remote_items);
}

/* What one exchange of all ghosts sends, by the design: rows, messages, and those of the fullest rank or
 * node. */
typedef struct step_exchange {
  double rows, messages;
  double node_rows, node_messages, most_node_rows;
  double most;    /* rows that the fullest rank copies, against the mean */
  double entries; /* that read a row which is sent, for each of them */
} step_exchange;

static step_exchange step_exchange_of(const kith_plan_cut *c, const kith_plan_design *design) {
  double leaves = c->rows > 0 ? c->node_rows / c->rows : 0; /* share of entries that cross nodes */
  if (design->in_place && c->n_node == 1) return (step_exchange){0};
  step_exchange x = {.rows = c->rows,
                     .messages = c->messages,
                     .node_rows = c->node_rows,
                     .node_messages = c->node_messages,
                     .most_node_rows = c->most_node_rows,
                     .most = c->rows > 0 ? c->most_rows * c->size / c->rows : 1,
                     .entries = c->rows > 0 ? 2 * c->cut_pairs / c->rows : 0};
  if (!design->in_place) return x;
  x.rows = x.node_rows = c->node_rows_once;
  x.messages = x.node_messages = c->node_pairs;
  x.most_node_rows = c->most_node_rows_once;
  x.most = x.rows > 0 ? c->most_node_rows_once * c->n_node / x.rows : 1;
  x.entries = x.rows > 0 ? 2 * c->cut_pairs * leaves / x.rows : 0;
  return x;
}

/* Bytes of a row in all exchanges: in the last layer's, forward those that a row of the batch reads, backward
 * the same, or those that are in the batch. */
static double step_row_bytes(const step_exchange *x, const kith_plan_work *w,
                             const kith_plan_design *design) {
  double forward = -expm1(x->entries * log1p(-fmin(w->entry_chance, 1 - 1e-12)));
  if (!design->reads_last) return w->row_bytes;
  double backward = w->last_reads_twice ? forward : w->ghost_chance;
  return w->row_bytes - w->last_bytes * (1 - (forward + backward) / 2);
}

static int step_strips(const kith_plan_design *design) { return design->strips > 1 ? design->strips : 1; }

/* Seconds of the network that strips hide: sums of one are made while the next travels, but for the first and
 * the last. */
static double step_hidden(const kith_plan_design *design, double network, double sums) {
  return (1 - 1.0 / step_strips(design)) * fmin(network, sums);
}

/* Seconds of all sums of gathered rows. */
static double step_sums(const kith_plan_work *w, const kith_plan_design *design, int busy, double rate) {
  return w->gathered * busy / rate * (design->strips > 1 ? design->strip_cost : 1);
}

kith_plan_design kith_plan_design_now(void) {
  return (kith_plan_design){.in_place = true, .reads_last = true};
}

kith_plan_step kith_plan_step_counts(const kith_plan_cut *cut, const kith_plan_work *w,
                                     const kith_plan_design *design) {
  double pairs = cut->size * (cut->size - 1.0), rows = step_batch_rows(cut, w);
  const step_exchange x = step_exchange_of(cut, design);
  double row_bytes = step_row_bytes(&x, w, design);
  bool says = design->reads_last && w->last_bytes > 0; /* which rows, in a message of bits */
  double exchanges = w->exchanges * step_strips(design) + says;
  kith_plan_step s = {.bytes = x.rows * (row_bytes + (says ? 0.25 : 0)),
                      .whole_bytes = x.rows * (w->row_bytes - (design->reads_last ? w->last_bytes : 0)),
                      .messages = x.messages * exchanges,
                      .node_bytes = x.node_rows * row_bytes,
                      .node_messages = x.node_messages * exchanges};
  if (w->batch <= 0 || cut->size == 1) return s;
  double messages = -pairs * expm1(-rows / pairs); /* pairs of ranks with a row, at random */
  s.batch_bytes = rows * (STEP_REQUEST + 2 * w->output_bytes);
  if (w->tiled) s.batch_bytes += w->batch * (STEP_TILED + STEP_SHARED * (cut->size - 1.0));
  s.batch_messages = 3 * messages;
  return s;
}

/* Seconds that messages need: those of the rank with most, and rounds that wait for the last one. */
static double step_latency(const kith_plan_cut *cut, const kith_plan_work *w, const kith_plan_design *design,
                           const kith_machine *m, const kith_plan_step *s) {
  double begun = cut->n_node > 1 ? m->latency : m->local,
         mean = (s->messages + s->batch_messages) / cut->size;
  double most = cut->messages > 0 && !design->in_place ? cut->most_messages * cut->size / cut->messages : 1;
  double exchanges = w->exchanges * step_strips(design);
  double rounds = cut->size > 1 ? exchanges + (w->batch > 0 ? 2 + 2 * log2(cut->size) : 0) : 0;
  double waits = design->in_place && cut->size > 1 ? 2 * exchanges * m->local * log2(cut->size) : 0;
  return 2 * mean * most * m->message + rounds * begun + waits;
}

void kith_plan_step_seconds(const kith_plan_cut *cut, const kith_plan_work *w, const kith_plan_design *design,
                            const kith_machine *m, kith_plan_step *s) {
  int busy = cut->size < cut->per_node ? cut->size : cut->per_node;
  const kith_machine_rates r = kith_machine_at(m, busy);
  const step_exchange x = step_exchange_of(cut, design);
  const double sums = step_sums(w, design, busy, r.gather);
  double batch_bytes = s->batch_bytes / cut->size, row_bytes = step_row_bytes(&x, w, design);
  double node_share = cut->rows > 0 ? cut->node_rows / cut->rows : 0;
  s->part[KITH_PLAN_PRODUCTS] = w->products * busy / r.product + w->serial / kith_machine_at(m, 1).product;
  s->part[KITH_PLAN_MEMORY] = sums + w->streamed * busy / r.stream;
  s->part[KITH_PLAN_COPIES] = (s->bytes / cut->size * x.most + batch_bytes) * busy / r.exchange;
  double layers = x.most_node_rows * row_bytes / m->network;
  s->part[KITH_PLAN_NETWORK] = cut->n_node > 1 ? layers - step_hidden(design, layers, sums) +
                                                     s->batch_bytes * node_share / cut->n_node / m->network
                                               : 0;
  s->part[KITH_PLAN_LATENCY] = step_latency(cut, w, design, m, s);
  s->seconds = 0;
  for (int i = 0; i < KITH_PLAN_LIMITS; i++) s->seconds += s->part[i];
}

kith_plan_limit kith_plan_step_limit(const kith_plan_step *s) {
  int most = 0;
  for (int i = 1; i < KITH_PLAN_LIMITS; i++)
    if (s->part[i] > s->part[most]) most = i;
  return (kith_plan_limit)most;
}
