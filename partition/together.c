/* Cutting by all ranks, of which each holds a share of the graph. */
#include "share.h"

enum { TOGETHER_PIECE = 1 << 24 }; /* nodes a message */

bool kith_partition_is_together(kith_partition_method method) {
  return method == KITH_PARTITION_STREAM || method == KITH_PARTITION_PTSCOTCH;
}

void kith__partition_schema_weights(const kith_schema *schema, const kith_partition_options *o, int *weight) {
  kith_dataset d = {.schema = *schema};
  kith__partition_weights(&d, o, weight);
}

/* Rank 0 gets the parts of all nodes, all [n]. */
static void together_gather(const partition_share *s, const int32_t *part, int32_t *all) {
  for (int r = 0; r < s->comm->size; r++)
    for (int64_t i = s->first[r]; i < s->first[r + 1]; i += TOGETHER_PIECE) {
      int n = (int)kith_min(s->first[r + 1] - i, TOGETHER_PIECE);
      if (s->comm->rank == r && r > 0)
        KITH_MPI(MPI_Send(part + (i - s->first[r]), n, MPI_INT32_T, 0, 0, s->comm->mpi));
      if (s->comm->rank == 0 && r > 0)
        KITH_MPI(MPI_Recv(all + i, n, MPI_INT32_T, r, 0, s->comm->mpi, MPI_STATUS_IGNORE));
      for (int k = 0; s->comm->rank == 0 && r == 0 && k < n; k++) all[i + k] = part[i + k];
    }
}

/* Cut: *part [n_own + n_ghost] is new. */
static kith_agreed together_cut(const kith_comm *comm, const kith_links *l, const kith_partition_options *o,
                                partition_share *s, int32_t **part) {
  kith_agreed st = {KITH_OK};
  int weight[KITH_MAX_RELATIONS] = {0};
  kith__partition_schema_weights(&l->schema, o, weight);
  KITH_TRY(kith__partition_share_make(comm, l, weight, s));
  KITH_TRY(kith_agree(comm, KITH_NEW(*part, (int64_t)s->n_own + s->n_ghost)));
  bool scotch = o->method == KITH_PARTITION_PTSCOTCH && o->parts > 1 && s->n >= 4 * (int64_t)o->parts;
  KITH_TRY(scotch ? kith__partition_ptscotch(s, o, *part) : kith__partition_stream(s, l, o, *part));
  KITH_TRY(kith__partition_order(s, o->parts, *part));
done:
  return st;
}

kith_agreed kith_partition_make_together(const kith_comm *comm, const kith_links *l,
                                         const kith_partition_options *o, int32_t *part) {
  kith_agreed st = {KITH_OK};
  partition_share s = {.n = 0};
  int32_t *own = NULL;
  KITH_TRY(together_cut(comm, l, o, &s, &own));
  together_gather(&s, own, part);
done:
  KITH_FREE(own);
  kith__partition_share_free(&s);
  return st;
}

kith_agreed kith_partition_write_together(const kith_comm *comm, const char *graph, const kith_links *l,
                                          const kith_partition_options *o, const char *path, int n,
                                          kith_partition_judged *cut, double *seconds) {
  kith_agreed st = {KITH_OK};
  partition_share s = {.n = 0};
  partition_numbers numbers = {0};
  int32_t *own = NULL;
  double began = kith_clock();
  KITH_TRY(together_cut(comm, l, o, &s, &own));
  *seconds = kith_clock() - began;
  KITH_TRY(kith__partition_share_judge(&s, o->parts, own, n, cut));
  KITH_TRY(kith__partition_number(&s, l, o->parts, own, &numbers));
  KITH_FREE(own);
  kith__partition_share_forget(&s);
  KITH_TRY(kith__partition_share_write(&s, graph, l, o, &numbers, path));
done:
  KITH_FREE(own);
  kith__partition_numbers_free(&numbers);
  kith__partition_share_free(&s);
  return st;
}

kith_status kith__partition_alone(const kith_dataset *d, const kith_partition_options *o, int32_t *part) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_links l = kith_links_of(d);
  return kith_partition_make_together(&alone, &l, o, part).status;
}
