/*
 * Rooms of a sampler: rows times fan-out, limited by the method's number of nodes and by the graph.  What
 * other ranks may ask of one rank is limited twice: by what all ranks together may ask of anyone, which
 * follows the batch and not the number of ranks, and by what each may ask of this rank's own rows.
 */
#include "sample/sampler_rooms.h"

#include "halo/halo.h"

/* a * b, or INT64_MAX if that is larger; neither is negative. */
static int64_t rooms_times(int64_t a, int64_t b) {
  int64_t product;
  return __builtin_mul_overflow(a, b, &product) ? INT64_MAX : product;
}

/* The most entries that a row samples in a layer. */
static int64_t rooms_fan(const kith_sampler_sizes *z, int l) {
  return z->max_drawn[l] > 0 ? kith_min(z->max_drawn[l], z->max_degree) : z->max_degree;
}

static int64_t rooms_sources(const kith_sampler_sizes *z, int l, int64_t rows, int64_t most) {
  return kith_min(rooms_times(rows, rooms_fan(z, l) + 1), most);
}

/* The most rows of one rank in a step in which it has so many seed nodes. */
static int64_t rooms_most(const kith_sampler_sizes *z, int64_t n_seed) {
  return z->max_nodes > 0 ? kith_min(z->n_node, n_seed + z->max_nodes) : z->n_node;
}

int64_t kith__sampler_reach(const kith_sampler_sizes *z, int64_t n_seed) {
  int64_t rows = kith_min(n_seed, z->n_node);
  for (int l = z->n_layer - 1; l >= 0; l--) rows = rooms_sources(z, l, rows, rooms_most(z, n_seed));
  return rows;
}

/* What others ask of this rank's rows in layer l, where each has `rows` at most and all have `all`. */
static void rooms_add_asked(const kith_sampler_sizes *z, int l, int64_t rows, int64_t all,
                            kith_sampler_rooms *out) {
  int64_t others = z->size - 1, asked = kith_min(all, rooms_times(others, kith_min(rows, z->n_own))),
          answered = kith_min(rooms_times(asked, rooms_fan(z, l)), rooms_times(others, z->n_own_entry));
  if (asked > out->asked) out->asked = asked;
  if (answered > out->answered) out->answered = answered;
}

kith_status kith_sampler_make_rooms(const kith_sampler_sizes *z, kith_sampler_rooms *out) {
  kith_status st = KITH_OK;
  int64_t most = rooms_most(z, z->max_seed), all = z->all_seed, all_most = rooms_times(z->size, most);
  *out = (kith_sampler_rooms){.asked = 0};
  out->rows[z->n_layer] = kith_min(z->max_seed, z->n_node);
  for (int l = z->n_layer - 1; l >= 0; l--) {
    int64_t rows = out->rows[l + 1];
    out->entries[l] = kith_min(rooms_times(rows, rooms_fan(z, l)), z->n_entry);
    out->rows[l] = rooms_sources(z, l, rows, most);
    if (z->size > 1) rooms_add_asked(z, l, rows, all, out);
    all = rooms_sources(z, l, all, all_most);
    KITH_CHECK(out->rows[l] <= KITH_HALO_MOST && out->entries[l] < INT32_MAX, KITH_ECONFIG,
               "train.batch, sampler.fanouts: a step may reach %lld rows by %lld sampled neighbors on one "
               "rank, at most %d and %d; use a smaller batch or smaller fan-outs",
               (long long)out->rows[l], (long long)out->entries[l], KITH_HALO_MOST, INT32_MAX - 1);
  }
  out->leaves = kith_min(all, rooms_times(z->size, kith_min(out->rows[0], z->n_own)));
  KITH_CHECK(
      out->leaves <= KITH_HALO_MOST, KITH_ECONFIG,
      "train.batch, sampler.fanouts: in a step all ranks together may ask one rank for %lld rows, at most "
      "%d; use a smaller batch or smaller fan-outs",
      (long long)out->leaves, KITH_HALO_MOST);
done:
  return st;
}
