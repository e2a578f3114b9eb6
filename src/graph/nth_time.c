/* Order statistics of times. */
#include "graph/drift.h"

enum { TIME_BINS = 1 << 12 };

/* Width of equal bins that cover low … high. */
static uint64_t time_bin(int64_t low, int64_t high) {
  return ((uint64_t)high - (uint64_t)low) / TIME_BINS + 1;
}

int64_t kith_nth_time(const kith_comm *comm, int64_t n, const int64_t *time, int64_t k) {
  const bool many = comm && comm->size > 1;
  int64_t low = INT64_MAX, high = INT64_MIN;
  for (int64_t i = 0; i < n; i++) {
    if (time[i] < low) low = time[i];
    if (time[i] > high) high = time[i];
  }
  if (many) kith_comm_reduce(comm, 1, MPI_INT64_T, MPI_MIN, &low);
  if (many) kith_comm_reduce(comm, 1, MPI_INT64_T, MPI_MAX, &high);
  while (low < high) {
    int64_t count[TIME_BINS] = {0}, bin = 0;
    uint64_t width = time_bin(low, high);
    for (int64_t i = 0; i < n; i++)
      if (time[i] >= low && time[i] <= high) count[((uint64_t)time[i] - (uint64_t)low) / width]++;
    if (many) kith_comm_sum_int(comm, TIME_BINS, count);
    for (; k >= count[bin]; bin++) k -= count[bin];
    uint64_t begin = (uint64_t)low + (uint64_t)bin * width, last = begin + (width - 1);
    if (last - (uint64_t)low < (uint64_t)high - (uint64_t)low) high = (int64_t)last;
    low = (int64_t)begin;
  }
  return low;
}
