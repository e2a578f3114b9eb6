/* Item rows in the order of original numbers, dealt to the ranks in whole chunks. */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "ops/ops.h"
#include "spectral/spectral_impl.h"

/* First original number of a rank's block. */
static int64_t block_low(int64_t n_item, int size, int rank) {
  int64_t n_chunk = (n_item + CHUNK - 1) / CHUNK;
  return kith_min(kith_chunk_begin(n_chunk, size, rank) * CHUNK, n_item);
}

int64_t kith__item_block_bytes(int size, int64_t n_item, int64_t n_own) {
  const kith__item_block *b = NULL;
  int64_t n = kith_min((n_item / size / CHUNK + 2) * CHUNK, n_item);
  return KITH_BYTES(b->at, n) + KITH_BYTES(b->packed, n * SLAB) +
         kith_halo_memory_bytes(size, n, n_own, SLAB);
}

/* The global numbers of the block, ascending, and where each of its rows is among them. */
static kith_status block_numbers(kith__item_block *b, int64_t low, kith_gid **out) {
  kith_status st = KITH_OK;
  kith_key_value *x = NULL, *scratch = NULL;
  kith_gid *number = NULL;
  KITH_TRY(KITH_NEW(number, b->n));
  KITH_TRY(KITH_NEW(x, b->n));
  KITH_TRY(KITH_NEW(scratch, b->n));
  KITH_TRY(KITH_NEW(b->at, b->n));
  KITH_TRY(KITH_NEW(b->packed, (int64_t)b->n * SLAB));
  for (kith_lid i = 0; i < b->n; i++) x[i] = (kith_key_value){b->g->item_number[low + i], i};
  kith_sort(b->n, kith_graph_n_node(b->g), x, scratch);
  for (kith_lid r = 0; r < b->n; r++) {
    number[r] = x[r].key;
    b->at[x[r].value] = r;
  }
  *out = number;
  number = NULL;
done:
  KITH_FREE(number);
  KITH_FREE(x);
  KITH_FREE(scratch);
  return st;
}

kith_agreed kith__item_block_make(const kith_comm *comm, const kith_graph *g, kith__item_block *b) {
  kith_agreed st = {KITH_OK};
  int64_t low = block_low(g->n[KITH_ITEM], comm->size, comm->rank),
          high = block_low(g->n[KITH_ITEM], comm->size, comm->rank + 1);
  kith_gid *number = NULL;
  *b = (kith__item_block){.comm = comm, .g = g, .n = (kith_lid)(high - low)};
  KITH_TRY(kith_agree(comm, block_numbers(b, low, &number)));
  KITH_TRY(kith_halo_create(comm, g->first, b->n, number, &b->halo));
  KITH_TRY(kith_agree(comm, kith_halo_reserve(b->halo, SLAB)));
done:
  KITH_FREE(number);
  return st;
}

void kith__item_block_free(kith__item_block *b) {
  kith_halo_destroy(&b->halo);
  KITH_FREE(b->at);
  KITH_FREE(b->packed);
}

/* Exponent of the largest absolute value on all ranks: 2^exponent is above it. */
static int block_exponent(const kith__item_block *b) {
  uint32_t most = 0;
  const float *x = b->packed;
#pragma omp parallel for reduction(max : most)
  for (int64_t i = 0; i < (int64_t)b->n * SLAB; i++) {
    uint32_t bits;
    memcpy(&bits, &x[i], sizeof bits);
    bits &= 0x7fffffffu; /* in this order infinities and NaN are the largest */
    if (bits > most) most = bits;
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_UINT32_T, MPI_MAX, b->comm->mpi));
  if (most >= 0x7f800000u) return INT_MAX;
  return most < 0x00800000u ? 0 : (int)(most >> 23) - 126;
}

int kith__item_block_take(kith__item_block *b, const float *x, int width, float *y, int ld) {
  kith_halo_begin(b->halo, SLAB, x, b->packed);
  kith_halo_end(b->halo);
  int exponent = block_exponent(b);
  if (exponent == INT_MAX) return exponent;
  double scale = ldexp(1, -exponent);
#pragma omp parallel for
  for (kith_lid i = 0; i < b->n; i++) {
    const float *from = b->packed + (size_t)b->at[i] * SLAB;
    float *to = y + (size_t)i * (size_t)ld;
    for (int k = 0; k < width; k++) to[k] = (float)((double)from[k] * scale);
  }
  return exponent;
}

void kith__item_block_give(kith__item_block *b, const float *y, int width, int ld, float *x) {
#pragma omp parallel for
  for (kith_lid i = 0; i < b->n; i++) {
    float *to = b->packed + (size_t)b->at[i] * SLAB;
    memcpy(to, y + (size_t)i * (size_t)ld, (size_t)width * sizeof *to);
    memset(to + width, 0, (size_t)(SLAB - width) * sizeof *to);
  }
  for (kith_lid i = 0; i < b->g->n_own_of[KITH_ITEM]; i++)
    memset(x + (size_t)b->g->row_of[KITH_ITEM][i] * SLAB, 0, SLAB * sizeof *x);
  kith_halo_backward(b->halo, SLAB, b->packed, x);
}
