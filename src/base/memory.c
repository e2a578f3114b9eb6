/* Allocation, counted and with injected failures, so that tests can fail every allocation in turn. */
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"

enum { MEMORY_LINE = 64, MEMORY_HUGE = 2 << 20 };

static _Atomic int64_t memory_live, memory_live_bytes, memory_refuse;

/* True once, when the countdown of the injected failure ends. */
static bool memory_is_refused(void) {
  if (atomic_load(&memory_refuse) == 0) return false;
  return atomic_fetch_sub(&memory_refuse, 1) == 1;
}

static size_t memory_line(size_t bytes) {
  return bytes >= 2 * (size_t)MEMORY_HUGE ? MEMORY_HUGE : MEMORY_LINE;
}

/* Rounded up, and at least one line, so that an empty block has an address. */
static size_t memory_whole(size_t bytes) {
  return (bytes + memory_line(bytes)) / memory_line(bytes) * memory_line(bytes);
}

/*
 * Zero a block.  The pages of large blocks are discarded, and Linux maps zero pages when they are touched, so
 * that a buffer for the worst step costs only what steps use.  Huge pages save TLB misses of random gathers.
 */
static void memory_clear(void *p, size_t bytes) {
  bool huge = memory_line(bytes) == MEMORY_HUGE;
  if (huge) madvise(p, memory_whole(bytes), MADV_HUGEPAGE); /* advice only */
  if (!huge || madvise(p, memory_whole(bytes), MADV_DONTNEED) != 0) memset(p, 0, bytes);
}

void *kith_alloc(int64_t count, size_t size) {
  if (count < 0 || (uint64_t)count > (SIZE_MAX / 2) / size || memory_is_refused()) return NULL;
  size_t bytes = (size_t)count * size;
  void *p = aligned_alloc(memory_line(bytes), memory_whole(bytes));
  if (!p) return NULL;
  memory_clear(p, bytes);
  atomic_fetch_add(&memory_live, 1);
  atomic_fetch_add(&memory_live_bytes, (int64_t)malloc_usable_size(p));
  return p;
}

void kith_alloc_discard(void *p, int64_t count, size_t size) { memory_clear(p, (size_t)count * size); }

/* The pages of a large block go back to the system: of the heap they would stay, and who gets them again
 * discards them anyway.  The words before and behind the block are malloc's. */
static void memory_return(void *p) {
  const size_t bytes = malloc_usable_size(p), page = (size_t)sysconf(_SC_PAGESIZE);
  if (bytes < 2 * (size_t)MEMORY_HUGE || (uintptr_t)p % page != 0) return;
  madvise(p, (bytes - sizeof(size_t)) / page * page, MADV_DONTNEED); /* advice only */
}

void kith_free(void *p) {
  if (!p) return;
  memory_return(p);
  atomic_fetch_sub(&memory_live, 1);
  atomic_fetch_sub(&memory_live_bytes, (int64_t)malloc_usable_size(p));
  free(p);
}

void kith__fail_memory(int64_t count, size_t size) {
  kith__fail("out of memory: %lld elements of %zu bytes", (long long)count, size);
}

kith_status kith__grow(void **p, int64_t old_n, int64_t new_n, size_t size) {
  void *q = kith_alloc(new_n, size);
  if (!q) {
    kith__fail_memory(new_n, size);
    return KITH_ENOMEM;
  }
  if (*p) memcpy(q, *p, (size_t)(old_n < new_n ? old_n : new_n) * size);
  kith_free(*p);
  *p = q;
  return KITH_OK;
}

void kith_alloc_refuse(int64_t k) { atomic_store(&memory_refuse, k); }
bool kith_alloc_refuses(void) { return atomic_load(&memory_refuse) > 0; }
int64_t kith_alloc_live(void) { return atomic_load(&memory_live); }
int64_t kith_alloc_live_bytes(void) { return atomic_load(&memory_live_bytes); }
