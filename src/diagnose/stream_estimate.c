/* Memory and disk space of a training run of a model of streams. */
#include "diagnose/memory_estimate.h"

#include "store/store.h"
#include "stream/stream.h"
#include "tgn/tgn.h"

enum {
  STREAM_LIBRARIES = 8 << 20,    /* bytes of HDF5 and MPI */
  STREAM_FILE_OVERHEAD = 1 << 18 /* bytes of a checkpoint beside its rows */
};

/* A rank's slice of the events, while it is read the file's columns beside it, and the window of all ranks.
 */
static int64_t stream_events(const kith_graph_sizes *s, int64_t n_event, int n_feature) {
  const int64_t slice = n_event / s->size + 1, features = n_feature * (int64_t)sizeof(float);
  return slice * ((int64_t)(sizeof(kith_event) + sizeof(int64_t) + 2 * sizeof(int32_t)) + features) +
         (s->size > 1 ? KITH_STREAM_WINDOW * ((int64_t)sizeof(kith_event) + features) : 0);
}

void kith_estimate_stream_memory(const kith_graph_sizes *s, const kith_stream_options *o,
                                 const kith_train_options *train, int every, int64_t n_event, int n_feature,
                                 kith_memory_estimate *out) {
  const int n_slot = kith_optimizer_get(train->optimizer.name)->n_slot;
  const kith_tgn_bytes b = kith_tgn_memory(s, o, n_feature, n_slot);
  int64_t most = 0;
  for (int t = 0; t < KITH_MAX_TYPES; t++) most = s->n[t] > most * s->size ? s->n[t] / s->size : most;
  *out = (kith_memory_estimate){.graph = kith_graph_bytes(s, true) + stream_events(s, n_event, n_feature),
                                .state = b.state,
                                .activations = every > 0 ? b.evaluation : 0,
                                .batch = b.step};
  out->transient = b.packed + kith_redistribution_bytes(s->schema.n_type, s->size, s->n_own, s->n_own) +
                   kith_redistribution_transfer_bytes(most, (3 + n_slot) * o->dim + 4 + n_feature) +
                   STREAM_LIBRARIES;
}

int64_t kith_estimate_stream_disk(const kith_graph_sizes *s, const kith_stream_options *o, int n_feature,
                                  const kith_train_options *train,
                                  const kith_checkpoint_options *checkpoint) {
  kith_graph_sizes whole = *s;
  whole.n_own = s->n[KITH_USER] + s->n[KITH_ITEM];
  const int n_slot = kith_optimizer_get(train->optimizer.name)->n_slot;
  const int64_t one = kith_tgn_memory(&whole, o, n_feature, n_slot).packed;
  return (one + STREAM_FILE_OVERHEAD) * (checkpoint->keep + 1);
}
