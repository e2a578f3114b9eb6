/* Edges in reading order, in chunks. */
#include "ingest/lists.h"

/* Chunks double up to 4 MiB, a few huge pages, and are freed one by one. */
static const int64_t chunk_first = 1 << 14, chunk_last = (4 << 20) - 64;

static int64_t chunk_edge_bytes(const kith__edge_list *edges) {
  return 2 * (int64_t)sizeof(int32_t) + (edges->has_time ? 8 : 0) + (edges->has_weight ? 4 : 0) +
         4 * (int64_t)edges->n_feature + (edges->has_kind ? 2 : 0);
}

/* Append an empty chunk. */
static kith_status chunk_add(kith__edge_list *edges, int64_t capacity) {
  kith_status st = KITH_OK;
  char *memory = NULL;
  KITH_TRY(KITH_NEW(memory, (int64_t)sizeof(kith__edge_chunk) + capacity * chunk_edge_bytes(edges)));
  kith__edge_chunk *b = (kith__edge_chunk *)(void *)memory;
  int64_t *wide = (int64_t *)(void *)(b + 1);
  b->capacity = capacity;
  b->time = edges->has_time ? wide : NULL;
  b->user = (int32_t *)(void *)(wide + (edges->has_time ? capacity : 0));
  b->item = b->user + capacity;
  float *real = (float *)(void *)(b->item + capacity);
  b->weight = edges->has_weight ? real : NULL;
  real += edges->has_weight ? capacity : 0;
  b->feature = edges->n_feature > 0 ? real : NULL;
  b->kind = edges->has_kind ? (uint16_t *)(void *)(real + capacity * edges->n_feature) : NULL;
  if (edges->last) edges->last->next = b;
  else edges->first = b;
  edges->last = b;
done:
  return st;
}

kith_status kith__edge_list_grow(kith__edge_list *edges) {
  const int64_t each = chunk_edge_bytes(edges);
  int64_t bytes = edges->last ? 2 * edges->last->capacity * each : chunk_first;
  return chunk_add(edges, (kith_min(bytes, chunk_last) - (int64_t)sizeof(kith__edge_chunk)) / each);
}

kith_status kith__edge_list_reserve(kith__edge_list *edges, int64_t n) {
  kith_status st = KITH_OK;
  KITH_TRY(chunk_add(edges, n));
  edges->n = edges->first->n = n;
done:
  return st;
}

void kith__edge_list_free(kith__edge_list *edges) {
  for (kith__edge_chunk *b = edges->first, *next; b; b = next) {
    next = b->next;
    KITH_FREE(b);
  }
  *edges = (kith__edge_list){.has_time = edges->has_time,
                             .has_weight = edges->has_weight,
                             .has_kind = edges->has_kind,
                             .n_feature = edges->n_feature};
}
