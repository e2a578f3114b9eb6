/* Tables that never change, once a host. */
#include <sys/mman.h>

#include "comm/host_table.h"

/* Smaller ones are not worth a mapping. */
static int64_t table_least = 1 << 20;

int64_t kith__host_table_share_from(int64_t bytes) {
  int64_t before = table_least;
  table_least = bytes;
  return before;
}

int64_t kith_host_table_bytes(int64_t bytes, int n_here) {
  return bytes < table_least || n_here < 2 ? bytes : bytes / n_here;
}

/* Null if it is refused, which all ranks know.  A rank takes the pages of its share of the table. */
static kith_agreed table_share(kith_host_table *t) {
  kith_agreed st = {KITH_OK};
  int64_t first = 0, n = 0;
  KITH_TRY(kith_share_create(t->hosts, t->bytes, &t->share));
  if (!t->share) return st;
  kith_host_table_part(t, t->bytes, &first, &n);
  (void)kith_share_seal(&t->share, kith_share_claim(t->share, t->share->base + first, n));
done:
  return st;
}

static kith_status table_alloc(kith_host_table *t) {
  kith_status st = KITH_OK;
  char *own = NULL;
  KITH_TRY(KITH_NEW(own, t->bytes));
  t->data = own;
done:
  return st;
}

kith_agreed kith_host_table_make(const kith_comm *comm, int64_t bytes, kith_host_table *out) {
  kith_agreed st = {KITH_OK};
  kith_host_table t = {.bytes = bytes, .comm = comm};
  *out = (kith_host_table){.bytes = 0};
  if (comm->size > 1 && bytes >= table_least) KITH_TRY(kith_hosts_create(comm, &t.hosts));
  if (t.hosts && t.hosts->n < comm->size) KITH_TRY(table_share(&t));
  if (t.share) t.data = t.share->base;
  else KITH_TRY(kith_agree(comm, table_alloc(&t)));
  *out = t;
  t = (kith_host_table){.bytes = 0};
done:
  kith_host_table_free(&t);
  return st;
}

void kith_host_table_part(const kith_host_table *t, int64_t n, int64_t *first, int64_t *count) {
  const kith_comm one = {.size = 1}, *here = t->share ? &t->hosts->here : &one;
  *first = kith_chunk_begin(n, here->size, here->rank);
  *count = kith_chunk_begin(n, here->size, here->rank + 1) - *first;
}

bool kith_host_table_leads(const kith_host_table *t) { return !t->share || t->hosts->here.rank == 0; }

/* The ranks of a host have put theirs into one table; the first ranks of hosts then sum those. */
void kith_host_table_sum(const kith_host_table *t, int64_t n) {
  kith_comm leaders = {.mpi = MPI_COMM_NULL};
  if (!t->share) {
    kith_comm_sum_int(t->comm, n, t->data);
    return;
  }
  bool leads = kith_host_table_leads(t);
  kith_hosts_barrier(t->hosts);
  if (t->hosts->n == 1) return;
  KITH_MPI(MPI_Comm_split(t->comm->mpi, leads ? 0 : MPI_UNDEFINED, t->comm->rank, &leaders.mpi));
  if (leads) {
    kith_comm_sum_int(&leaders, n, t->data);
    KITH_MPI(MPI_Comm_free(&leaders.mpi));
  }
}

void kith_host_table_end(kith_host_table *t) {
  if (t->share) {
    kith_hosts_barrier(t->hosts);
    (void)mprotect(t->share->base, (size_t)t->share->bytes, PROT_READ); /* a guard only */
  }
  kith_hosts_destroy(&t->hosts);
}

void kith_host_table_free(kith_host_table *t) {
  if (!t->share) KITH_FREE(t->data);
  kith_share_destroy(&t->share);
  kith_hosts_destroy(&t->hosts);
  *t = (kith_host_table){.bytes = 0};
}
