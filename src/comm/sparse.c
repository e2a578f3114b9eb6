/* A round is over when all ranks have seen that their sends were matched.  A rank that knows it earlier may
 * begin the next round meanwhile, but not end it: two tags keep both apart. */
#include "comm/sparse.h"

#include "base/fault.h"

enum { SPARSE_TAG = 51 };

kith_agreed kith_sparse_make(const kith_comm *comm, kith_sparse *x) {
  kith_agreed st = {KITH_OK};
  *x = (kith_sparse){.comm = comm};
  KITH_TRY(kith_agree(comm, KITH_NEW(x->request, comm->size)));
  KITH_TRY(kith_agree(comm, KITH_NEW(x->count, comm->size)));
  KITH_TRY(kith_agree(comm, KITH_NEW(x->at, comm->size)));
  KITH_MPI(MPI_Comm_dup(comm->mpi, &x->mpi));
  x->made = true;
done:
  return st;
}

void kith_sparse_free(kith_sparse *x) {
  if (x->made) KITH_MPI(MPI_Comm_free(&x->mpi));
  x->made = false;
  KITH_FREE(x->request);
  KITH_FREE(x->count);
  KITH_FREE(x->at);
}

int64_t kith_sparse_bytes(int size) {
  const kith_sparse *x = NULL;
  return KITH_BYTES(x->request, size) + KITH_BYTES(x->count, size) + KITH_BYTES(x->at, size);
}

static int sparse_tag(const kith_sparse *x) { return SPARSE_TAG + x->round % 2; }

void kith_sparse_begin(kith_sparse *x, MPI_Datatype type, int bytes, const void *records, const int *count,
                       const int *first, int64_t note) {
  int me = x->comm->rank, size = x->comm->size;
  x->round++;
  x->note = note;
  x->n_request = 0;
  for (int i = 1; i < size; i++) {
    int r = (me + i) % size; /* staggered: each rank begins with another receiver */
    if (count[r] == 0) continue;
    KITH_MPI(MPI_Issend((const char *)records + (int64_t)first[r] * bytes, count[r], type, r, sparse_tag(x),
                        x->mpi, &x->request[x->n_request++]));
  }
  kith_fault_round();
}

/* Receive a message that has arrived, if there is one. */
static int sparse_receive(kith_sparse *x, MPI_Datatype type, int bytes, int64_t room, char *records) {
  MPI_Message message;
  MPI_Status from;
  int here = 0, n = 0, code = MPI_Improbe(MPI_ANY_SOURCE, sparse_tag(x), x->mpi, &here, &message, &from);
  if (code != MPI_SUCCESS || !here) return code;
  code = MPI_Get_count(&from, type, &n);
  if (code != MPI_SUCCESS) return code;
  if (n > room - x->n) kith_abort(__FILE__, __LINE__, "the room of a sparse exchange");
  x->count[from.MPI_SOURCE] = n;
  x->at[from.MPI_SOURCE] = x->n;
  x->n += n;
  return MPI_Mrecv(records + x->at[from.MPI_SOURCE] * bytes, n, type, &message, MPI_STATUS_IGNORE);
}

/* Receive until the all-reduce, which begins when the own sends were matched, is complete. */
static int sparse_receive_all(kith_sparse *x, MPI_Datatype type, int bytes, int64_t room, char *records) {
  MPI_Request all = MPI_REQUEST_NULL;
  int64_t most = x->note;
  bool agreeing = false;
  int done = 0, code = MPI_SUCCESS;
  while (code == MPI_SUCCESS && !done) {
    int sent = 0;
    code = sparse_receive(x, type, bytes, room, records);
    if (code != MPI_SUCCESS) break;
    if (agreeing) code = MPI_Test(&all, &done, MPI_STATUS_IGNORE);
    else code = MPI_Testall(x->n_request, x->request, &sent, MPI_STATUSES_IGNORE);
    if (code != MPI_SUCCESS || !sent) continue;
    agreeing = true;
    code = MPI_Iallreduce(&x->note, &most, 1, MPI_INT64_T, MPI_MAX, x->mpi, &all);
  }
  x->note = most;
  return code;
}

int64_t kith_sparse_end(kith_sparse *x, MPI_Datatype type, int bytes, int64_t room, void *records) {
  x->n = 0;
  for (int r = 0; r < x->comm->size; r++) x->at[r] = x->count[r] = 0;
  if (x->comm->size > 1)
    KITH_WAIT("an exchange with some ranks", sparse_receive_all(x, type, bytes, room, records));
  return x->note;
}
