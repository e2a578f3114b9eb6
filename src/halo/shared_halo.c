/*
 * Ghosts read in place.  Two waits keep readers and writers apart.  Forward: all ranks of the host have
 * written their rows.  Backward: all have written the gradients of their ghosts; then each adds those of its
 * own rows from the memory of the others; and all have read, so that the memory may be written again.
 */
#include <limits.h>

#include "halo/halo_impl.h"
#include "halo/shared_halo.h"

/* Rows of the ranks of this host before each of them; returns those of all. */
static int64_t near_rows(const kith_hosts *t, const kith_gid *first, int64_t *before) {
  int64_t n = 0;
  for (int i = t->first[t->mine]; i < t->first[t->mine + 1]; i++) {
    const int r = t->member[i];
    before[r] = n;
    n += first[r + 1] - first[r];
  }
  return n;
}

static kith_status near_make(const kith_hosts *t, const kith_dist_csr *a, kith_shared_halo **out) {
  kith_status st = KITH_OK;
  kith_shared_halo *n = NULL;
  KITH_TRY(KITH_NEW(n, 1));
  *out = n; /* from here on the caller destroys */
  n->hosts = t;
  n->halo = a->halo;
  n->n_ghost = a->n_ghost;
  KITH_TRY(KITH_NEW(n->at, (int64_t)a->n_ghost + 1));
  KITH_TRY(KITH_NEW(n->here, t->all->size));
  KITH_TRY(KITH_NEW(n->before, t->all->size));
  KITH_TRY(KITH_NEW(n->theirs, t->all->size));
  for (int r = 0; r < t->all->size; r++) n->here[r] = t->of[r] == t->mine;
  int64_t n_row = near_rows(t, a->halo->first, n->before);
  KITH_CHECK(n_row < INT_MAX, KITH_EIO, "the ranks of a host have %lld rows", (long long)n_row);
  n->n_row = (kith_lid)n_row;
  n->first = (kith_lid)n->before[t->all->rank];
done:
  return st;
}

/* The place of each ghost; `before` has rows of the ranks before. */
static void near_place(kith_shared_halo *n, const kith_dist_csr *a) {
  const kith_halo *h = a->halo;
  for (int r = 0; r < h->comm->size; r++)
    for (kith_lid i = h->recv_first[r]; i < h->recv_first[r + 1]; i++)
      n->at[i] = n->here[r] ? (kith_lid)(n->before[r] + a->number[a->csr.n_row + i] - h->first[r]) : -1 - i;
}

/* Tell each rank of the host where its rows are among this rank's ghosts, and how many those are.  `mine` and
 * `other` have two places for each rank. */
static void near_tell(kith_shared_halo *n, int *mine, int *other) {
  const kith_hosts *t = n->hosts;
  const int *member = t->member + t->first[t->mine];
  for (int i = 0; i < t->here.size; i++) {
    mine[2 * i] = n->halo->recv_first[member[i]];
    mine[2 * i + 1] = n->n_ghost;
  }
  KITH_MPI(MPI_Alltoall(mine, 2, MPI_INT, other, 2, MPI_INT, t->here.mpi));
  for (int i = 0; i < t->here.size; i++) {
    n->theirs[member[i]] = other[2 * i];
    n->before[member[i]] = n->n_host_ghost;
    n->n_host_ghost += other[2 * i + 1];
  }
}

kith_agreed kith_shared_halo_create(const kith_hosts *hosts, const kith_dist_csr *a, kith_shared_halo **out) {
  kith_agreed st = {KITH_OK};
  kith_shared_halo *n = NULL;
  int *scratch = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(hosts->all, near_make(hosts, a, &n)));
  KITH_TRY(kith_agree(hosts->all, KITH_NEW(scratch, 4 * (int64_t)hosts->here.size)));
  near_place(n, a);
  near_tell(n, scratch, scratch + 2 * hosts->here.size);
  *out = n;
  n = NULL;
done:
  KITH_FREE(scratch);
  kith_shared_halo_destroy(&n);
  return st.status == KITH_EIO ? (kith_agreed){KITH_OK} : st;
}

void kith_shared_halo_destroy(kith_shared_halo **near) {
  kith_shared_halo *n = *near;
  if (!n) return;
  KITH_FREE(n->at);
  KITH_FREE(n->here);
  KITH_FREE(n->before);
  KITH_FREE(n->theirs);
  KITH_FREE(*near);
}

void kith_shared_halo_forward(kith_shared_halo *near, const kith_halo_part *part, int d, const float *own,
                              float *ghost) {
  kith_halo *h = near->halo;
  kith_hosts_barrier(near->hosts);
  if (near->hosts->n == 1) return;
  h->skip = near->here;
  if (part) {
    kith_halo_part_begin_rows(part, KITH_HALO_READ, d, own, ghost);
    kith_halo_part_end_rows(part, KITH_HALO_READ, d, false, ghost);
  } else {
    kith_halo_begin(h, d, own, ghost);
    kith_halo_end(h);
  }
  h->skip = NULL;
}

static void near_return(kith_shared_halo *near, const kith_halo_part *part, int d, float *ghost) {
  kith_halo *h = near->halo;
  if (near->hosts->n == 1) return;
  h->skip = near->here;
  if (part) kith__halo_part_return(part, d, ghost);
  else kith_halo_backward_packed(h, d, ghost, h->packed);
  h->skip = NULL;
}

/* Add rank r's gradients of this rank's rows.  Those of other hosts are packed from `far` on; returns what
 * follows. */
static const float *near_add(const kith_shared_halo *near, const uint8_t *some, int r, int width,
                             kith_shared_grads ghosts, const float *far, float *own) {
  const kith_halo *h = near->halo;
  const size_t d = (size_t)width;
  const float *from = far;
  if (near->here[r])
    from = ghosts.row + (size_t)near->before[r] * (size_t)ghosts.stride + d * (size_t)near->theirs[r];
  for (int s = h->send_first[r]; s < h->send_first[r + 1]; s++) {
    float *to = own + d * (size_t)h->send_row[s];
    const bool reads = !some || some[s];
    for (size_t k = 0; k < d && reads; k++) to[k] += from[k];
    if (reads || near->here[r]) from += d;
  }
  return near->here[r] ? far : from;
}

void kith_shared_halo_backward(kith_shared_halo *near, const kith_halo_part *part, int d,
                               kith_shared_grads ghosts, float *own) {
  const kith_halo *h = near->halo;
  const size_t mine = (size_t)near->before[h->comm->rank] * (size_t)ghosts.stride;
  kith_hosts_barrier(near->hosts);
  near_return(near, part, d, ghosts.row + mine);
  const float *far = h->packed;
  for (int r = 0; r < h->comm->size; r++) {
    if (!part && !near->here[r]) far = h->packed + (size_t)d * (size_t)h->send_first[r];
    far = near_add(near, part ? part->send[KITH_HALO_READ] : NULL, r, d, ghosts, far, own);
  }
  kith_hosts_barrier(near->hosts);
}
