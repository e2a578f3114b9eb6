/*
 * Setup of a host's halo.  The first rank of a host merges the ghosts of its ranks that other hosts own; for
 * each other host, one rank asks one rank there for them.  Which one: the ranks of a host take turns.
 */
#include <limits.h>

#include "base/order.h"
#include "halo/halo_impl.h"
#include "halo/host_halo.h"

enum { HOST_REQUEST = 14 }; /* tag */

/* What the setup needs, and forgets. */
typedef struct host_plan {
  kith_host_halo *h;
  const kith_graph *g;
  const kith_dist_csr *a;
  int *count, *displ; /* [ranks of the host (+ 1)] */
  int64_t *far;       /* [n_far] this rank's ghosts on other hosts, ascending */
  kith_lid n_far;
  int64_t n_all;        /* those of all ranks of the host, repeats included */
  kith_gid *all;        /* [n_all] on the first rank: gathered; on all ranks [n_ghost]: by host, ascending */
  kith_lid *host_first; /* [hosts + 1] of the ghosts */
  int64_t n_request;    /* rows that other hosts ask this rank for */
  kith_gid *request;    /* [n_request] peer by peer */
  kith_gid *packed;     /* [n_packed] numbers of the packed rows */
} host_plan;

static int host_owner(const host_plan *p, kith_gid number) {
  return kith_owner(p->h->hosts->all->size, p->g->first, number);
}

static int host_of(const host_plan *p, kith_gid number) { return p->h->hosts->of[host_owner(p, number)]; }

/* The rank of host `a` that talks to host `b`. */
static int host_speaker(const kith_hosts *t, int a, int b) {
  int n = t->first[a + 1] - t->first[a];
  return t->member[t->first[a] + b % n];
}

/* Rows of the ranks of this host, of those before rank `end`. */
static int64_t host_rows_before(const host_plan *p, int end) {
  const kith_hosts *t = p->h->hosts;
  int64_t n = 0;
  for (int i = t->first[t->mine]; i < t->first[t->mine + 1] && t->member[i] < end; i++)
    n += p->g->first[t->member[i] + 1] - p->g->first[t->member[i]];
  return n;
}

/* The row of the host that a rank of it owns. */
static kith_lid host_row_of(const host_plan *p, int owner, kith_gid number) {
  return (kith_lid)(host_rows_before(p, owner) + number - p->g->first[owner]);
}

/* MPI counts in int, and columns are as many. */
static kith_status host_check(const char *what, int64_t n) {
  kith_status st = KITH_OK;
  KITH_CHECK(n < INT_MAX - 1, KITH_EIO, "the ranks of a host have %lld %s", (long long)n, what);
done:
  return st;
}

static kith_status host_make(const kith_hosts *t, host_plan *p) {
  kith_status st = KITH_OK;
  const kith_dist_csr *a = p->a;
  const kith_lid n_own = a->csr.n_row;
  kith_host_halo *h = NULL;
  KITH_TRY(KITH_NEW(h, 1));
  p->h = h;
  h->hosts = t;
  h->halo = a->halo;
  KITH_TRY(KITH_NEW(h->recv, t->n));
  KITH_TRY(KITH_NEW(h->send, t->n));
  KITH_TRY(KITH_NEW(h->request, 2 * (int64_t)t->n));
  KITH_TRY(KITH_NEW(h->col, a->csr.start[n_own]));
  if (a->transpose) KITH_TRY(KITH_NEW(h->back_col, a->transpose->csr.start[n_own]));
  KITH_TRY(KITH_NEW(p->count, t->here.size));
  KITH_TRY(KITH_NEW(p->displ, t->here.size + 1));
  KITH_TRY(KITH_NEW(p->host_first, t->n + 1));
  KITH_TRY(KITH_NEW(p->far, a->n_ghost));
  for (kith_lid i = n_own; i < a->csr.n_col; i++)
    if (host_of(p, a->number[i]) != t->mine) p->far[p->n_far++] = a->number[i];
done:
  return st;
}

/* Gather counts of all ranks of the host.  Returns their sum. */
static int64_t host_counts(host_plan *p, int n) {
  const kith_comm *here = &p->h->hosts->here;
  int64_t sum = 0;
  KITH_MPI(MPI_Allgather(&n, 1, MPI_INT, p->count, 1, MPI_INT, here->mpi));
  for (int r = 0; r < here->size; r++) sum += p->count[r];
  if (sum < INT_MAX) kith_prefix_sum(here->size, p->count, p->displ);
  return sum;
}

/* Order ascending numbers by host, those of one host as they are: `by_host` [n]. */
static void host_order(const host_plan *p, int64_t n, const kith_gid *x, kith_gid *by_host) {
  kith_lid *at = p->host_first;
  for (int64_t i = 0; i < n; i++) at[host_of(p, x[i]) + 1]++;
  for (int i = 0; i < p->h->hosts->n; i++) at[i + 1] += at[i];
  for (int64_t i = n - 1; i >= 0; i--) by_host[--at[host_of(p, x[i]) + 1]] = x[i];
  for (int i = 0; i < p->h->hosts->n; i++) at[i] = at[i + 1];
  at[p->h->hosts->n] = (kith_lid)n;
}

/* The host's ghosts, on all of its ranks. */
static kith_agreed host_merge(host_plan *p) {
  kith_agreed st = {KITH_OK};
  kith_host_halo *h = p->h;
  const kith_comm *all = h->hosts->all, *here = &h->hosts->here;
  kith_gid *gathered = NULL;
  int64_t n = here->rank == 0 ? p->n_all : 0;
  h->n_apart = p->n_all;
  KITH_TRY(kith_agree(all, KITH_NEW(gathered, n)));
  KITH_WAIT("the ghosts of a host", MPI_Gatherv(p->far, p->n_far, MPI_INT64_T, gathered, p->count, p->displ,
                                                MPI_INT64_T, 0, here->mpi));
  n = kith_sort_unique(n, gathered);
  KITH_MPI(MPI_Bcast(&n, 1, MPI_INT64_T, 0, here->mpi));
  h->n_ghost = (kith_lid)n;
  KITH_TRY(kith_agree(all, KITH_NEW(p->all, n)));
  if (here->rank == 0) host_order(p, n, gathered, p->all);
  KITH_MPI(MPI_Bcast(p->all, (int)n, MPI_INT64_T, 0, here->mpi));
  KITH_MPI(MPI_Bcast(p->host_first, h->hosts->n + 1, MPI_INT, 0, here->mpi));
done:
  KITH_FREE(gathered);
  return st;
}

/* Ask the other hosts for the ghosts.  `pending` [hosts]. */
static void host_send_requests(host_plan *p, MPI_Request *pending) {
  kith_host_halo *h = p->h;
  const kith_hosts *t = h->hosts;
  for (int i = 0; i < t->n; i++) {
    pending[i] = MPI_REQUEST_NULL;
    kith_lid first = p->host_first[i], n = p->host_first[i + 1] - first;
    if (i == t->mine || host_speaker(t, t->mine, i) != t->all->rank) continue;
    int rank = host_speaker(t, i, t->mine);
    KITH_MPI(MPI_Isend(p->all + first, n, MPI_INT64_T, rank, HOST_REQUEST, t->all->mpi, &pending[i]));
    if (n > 0) h->recv[h->n_recv++] = (kith_host_peer){rank, first, n};
  }
}

/* Count what other hosts ask this rank for. */
static void host_count_requests(host_plan *p) {
  kith_host_halo *h = p->h;
  const kith_hosts *t = h->hosts;
  for (int i = 0; i < t->n; i++) {
    MPI_Status status;
    int n = 0, rank = host_speaker(t, i, t->mine);
    if (i == t->mine || host_speaker(t, t->mine, i) != t->all->rank) continue;
    KITH_WAIT("the requests of other hosts", MPI_Probe(rank, HOST_REQUEST, t->all->mpi, &status));
    KITH_MPI(MPI_Get_count(&status, MPI_INT64_T, &n));
    h->send[h->n_send++] = (kith_host_peer){rank, (kith_lid)p->n_request, n};
    p->n_request += n;
  }
}

/* Receive it; hosts that ask for nothing are left out from then on. */
static void host_receive_requests(host_plan *p) {
  kith_host_halo *h = p->h;
  int n_send = 0;
  for (int i = 0; i < h->n_send; i++) {
    kith_host_peer *s = &h->send[i];
    KITH_MPI(MPI_Recv(p->request + s->first, s->n, MPI_INT64_T, s->rank, HOST_REQUEST, h->hosts->all->mpi,
                      MPI_STATUS_IGNORE));
    if (s->n > 0) h->send[n_send++] = *s;
  }
  h->n_send = n_send;
}

/* This rank's rows among the packed ones. */
static kith_status host_list_packed(host_plan *p) {
  kith_status st = KITH_OK;
  kith_host_halo *h = p->h;
  const kith_gid low = p->g->first[h->hosts->all->rank], high = low + p->a->csr.n_row;
  kith_lid n = 0;
  for (kith_lid i = 0; i < h->n_packed; i++) n += p->packed[i] >= low && p->packed[i] < high;
  KITH_TRY(KITH_NEW(h->pack, n));
  KITH_TRY(KITH_NEW(h->pack_at, n));
  for (kith_lid i = 0; i < h->n_packed; i++) {
    if (p->packed[i] < low || p->packed[i] >= high) continue;
    h->pack[h->n_pack] = (kith_lid)(p->packed[i] - low);
    h->pack_at[h->n_pack++] = i;
  }
done:
  return st;
}

/* The most rows that go from host to host. */
static int64_t host_most(const kith_host_halo *h) {
  kith_lid most = 0;
  for (int i = 0; i < h->n_recv; i++)
    if (h->recv[i].n > most) most = h->recv[i].n;
  return most;
}

/* Room for messages of parts; none where MPI could not count their numbers. */
static kith_status host_make_parts(host_plan *p, int d) {
  kith_status st = KITH_OK;
  kith_host_halo *h = p->h;
  const kith_host_peer *last = &h->recv[h->n_recv > 0 ? h->n_recv - 1 : 0];
  int64_t n_recv = last->first + last->n - h->recv[0].first;
  KITH_TRY(KITH_NEW(h->send_row, p->n_request));
  for (int64_t i = 0; i < p->n_request; i++)
    h->send_row[i] = host_row_of(p, host_owner(p, p->request[i]), p->request[i]);
  h->d_part = d;
  KITH_TRY(KITH_NEW(h->part_send, p->n_request * (d + 1)));
  KITH_TRY(KITH_NEW(h->part_recv, n_recv * (d + 1)));
done:
  return st;
}

/* The packed rows of the host: what its ranks are to send, rank by rank. */
static kith_agreed host_pack(host_plan *p, int d) {
  kith_agreed st = {KITH_OK};
  kith_host_halo *h = p->h;
  const kith_comm *all = h->hosts->all, *here = &h->hosts->here;
  MPI_Request *pending = h->request;
  host_send_requests(p, pending);
  host_count_requests(p);
  KITH_TRY(kith_agree(all, KITH_NEW(p->request, p->n_request)));
  host_receive_requests(p);
  KITH_WAIT("the requests of this host", MPI_Waitall(h->hosts->n, pending, MPI_STATUSES_IGNORE));
  int64_t n = host_counts(p, (int)p->n_request);
  KITH_TRY(kith_agree(all, host_check("rows for other hosts", n)));
  h->n_packed = (kith_lid)n;
  h->first_packed = p->displ[here->rank];
  for (int i = 0; i < h->n_send; i++) h->send[i].first += h->first_packed;
  KITH_TRY(kith_agree(all, KITH_NEW(p->packed, h->n_packed)));
  KITH_WAIT("the rows that a host packs",
            MPI_Allgatherv(p->request, (int)p->n_request, MPI_INT64_T, p->packed, p->count, p->displ,
                           MPI_INT64_T, here->mpi));
  KITH_TRY(kith_agree(all, host_list_packed(p)));
  if (kith_comm_max(all, host_most(h)) * (d + 1) < INT_MAX) KITH_TRY(kith_agree(all, host_make_parts(p, d)));
done:
  return st;
}

/* A ghost's column by host. */
static kith_lid host_column(const host_plan *p, kith_gid number) {
  const kith_host_halo *h = p->h;
  const int owner = host_owner(p, number), host = h->hosts->of[owner];
  if (host == h->hosts->mine) return host_row_of(p, owner, number);
  const kith_lid low = p->host_first[host], n = p->host_first[host + 1] - low;
  return h->n_row + low + (kith_lid)kith_range_find(n, p->all + low, number);
}

static void host_columns(const kith_host_halo *h, const kith_csr *from, const kith_lid *ghost, kith_lid *col,
                         kith_csr *out) {
  for (kith_eid e = 0; e < from->start[from->n_row]; e++)
    col[e] = from->col[e] < from->n_row ? h->first + from->col[e] : ghost[from->col[e] - from->n_row];
  *out = *from;
  out->col = col;
  out->n_col = h->n_row + h->n_ghost;
}

static kith_status host_matrix(host_plan *p) {
  kith_status st = KITH_OK;
  const kith_dist_csr *a = p->a;
  kith_lid *ghost = NULL;
  KITH_TRY(KITH_NEW(ghost, a->n_ghost));
  for (kith_lid i = 0; i < a->n_ghost; i++) ghost[i] = host_column(p, a->number[a->csr.n_row + i]);
  host_columns(p->h, &a->csr, ghost, p->h->col, &p->h->csr);
  if (a->transpose) host_columns(p->h, &a->transpose->csr, ghost, p->h->back_col, &p->h->transpose);
done:
  KITH_FREE(ghost);
  return st;
}

/* Ghosts and packed rows; with one host there are none. */
static kith_agreed host_fetch(host_plan *p, int d) {
  kith_agreed st = {KITH_OK};
  const kith_hosts *t = p->h->hosts;
  const int64_t n_row = host_rows_before(p, t->all->size);
  if (t->n > 1) p->n_all = host_counts(p, p->n_far);
  kith_status fits = host_check("rows and ghosts", n_row + p->n_all);
  KITH_TRY(t->n > 1 ? kith_agree(t->all, fits) : kith_agreed_same(fits));
  p->h->n_row = (kith_lid)n_row;
  if (t->n == 1) return st;
  KITH_TRY(host_merge(p));
  KITH_TRY(host_pack(p, d));
done:
  return st;
}

kith_agreed kith_host_halo_create(const kith_hosts *hosts, const kith_graph *g, const kith_dist_csr *a, int d,
                                  kith_host_halo **out) {
  kith_agreed st = {KITH_OK};
  host_plan p = {.g = g, .a = a};
  *out = NULL;
  KITH_TRY(kith_agree(hosts->all, host_make(hosts, &p)));
  p.h->first = (kith_lid)host_rows_before(&p, hosts->all->rank);
  KITH_TRY(host_fetch(&p, d));
  KITH_TRY(kith_agree(hosts->all, host_matrix(&p)));
  *out = p.h;
  p.h = NULL;
done:
  kith_host_halo_destroy(&p.h);
  KITH_FREE(p.count);
  KITH_FREE(p.displ);
  KITH_FREE(p.far);
  KITH_FREE(p.all);
  KITH_FREE(p.host_first);
  KITH_FREE(p.request);
  KITH_FREE(p.packed);
  return st.status == KITH_EIO ? (kith_agreed){KITH_OK} : st;
}

void kith_host_halo_destroy(kith_host_halo **halo) {
  kith_host_halo *h = *halo;
  if (!h) return;
  KITH_FREE(h->col);
  KITH_FREE(h->back_col);
  KITH_FREE(h->recv);
  KITH_FREE(h->send);
  KITH_FREE(h->pack);
  KITH_FREE(h->pack_at);
  KITH_FREE(h->send_row);
  KITH_FREE(h->part_send);
  KITH_FREE(h->part_recv);
  KITH_FREE(h->request);
  KITH_FREE(*halo);
}
