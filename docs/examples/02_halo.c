/*
 * A distributed sparse matrix: y = A x and z = A' y with halo exchanges, compared with one rank.
 *     mpirun -n 3 ./02_halo        reads parts.h5, which 01_one_rank has written
 * A is the normalized adjacency.  A rank owns some rows of A and x; rows of x that others own are its ghosts.
 */
#include <kith.h>
#include <math.h>
#include <stdio.h>

enum { D = 16 };

typedef struct product {
  kith_graph *g;
  kith_dist_csr *a;
  kith_csc columns; /* of the rank's rows of A */
  float *x, *y, *z; /* [n_own + n_ghost, D] */
} product;

static kith_status product_make(product *p) {
  kith_status st = KITH_OK;
  const kith_csr *csr = &p->a->csr;
  int64_t n = (int64_t)csr->n_col * D, n_own = (int64_t)csr->n_row * D;
  KITH_TRY(KITH_NEW(p->x, n));
  KITH_TRY(KITH_NEW(p->y, n));
  KITH_TRY(KITH_NEW(p->z, n));
  KITH_TRY(kith_csc_make(csr->n_col, csr->start[csr->n_row], &p->columns));
  kith_csc_fill(csr, 0, NULL, &p->columns);
  for (int64_t i = 0; i < n_own; i++) p->x[i] = (float)((p->a->node[i / D] * D + i % D) % 101) / 101;
done:
  return st;
}

/* y = A x: interior rows have no ghosts, so they are computed while messages travel. */
static void forward(product *p) {
  const kith_csr *csr = &p->a->csr;
  kith_halo_begin(p->a->halo, D, p->x, p->x + (size_t)csr->n_row * D);
  kith_spmm(csr, 0, p->a->n_interior, D, p->x, false, p->y);
  kith_halo_end(p->a->halo);
  kith_spmm(csr, p->a->n_interior, csr->n_row, D, p->x, false, p->y);
}

/* z = A' y: the rank's rows of A add to ghosts, too; the halo adds those to the rows of their owners. */
static void transpose(product *p) {
  kith_spmm_transpose(&p->columns, p->a->csr.weight, D, p->y, p->z);
  kith_halo_backward(p->a->halo, D, p->z + (size_t)p->a->csr.n_row * D, p->z);
}

static kith_agreed product_compute(const kith_comm *comm, product *p) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_graph_read(comm, "parts.h5", &p->g));
  KITH_TRY(kith_dist_csr_create(comm, p->g, D, &p->a));
  KITH_TRY(kith_agree(comm, product_make(p)));
  forward(p);
  transpose(p);
done:
  return st;
}

static void product_free(product *p) {
  KITH_FREE(p->x);
  KITH_FREE(p->y);
  KITH_FREE(p->z);
  kith_csc_free(&p->columns);
  kith_dist_csr_destroy(&p->a);
  kith_graph_destroy(&p->g);
}

/* Row i of a rank is row first[rank] + i of the one rank that has all rows. */
static kith_status compare(int rank, const product *p, const product *one) {
  kith_status st = KITH_OK;
  int64_t first = p->g->first[rank] * D;
  for (int64_t i = 0; i < (int64_t)p->g->n_own * D; i++) {
    bool same = p->y[i] == one->y[first + i] && fabsf(p->z[i] - one->z[first + i]) < 1e-5f;
    KITH_CHECK(same, KITH_EDATA, "row %d differs from that of one rank", (int)(i / D));
  }
done:
  return st;
}

int main(int argc, char **argv) {
  kith_agreed st = {KITH_OK};
  kith_comm *all = NULL, *self = NULL;
  product p = {0}, one = {0};
  kith_h5_init();
  kith_mpi_init(&argc, &argv);
  KITH_TRY(kith_comm_create(MPI_COMM_WORLD, &all));
  KITH_TRY(kith_comm_create(MPI_COMM_SELF, &self));
  KITH_TRY(product_compute(all, &p));
  KITH_TRY(kith_agree(all, product_compute(self, &one).status));
  KITH_TRY(kith_agree(all, compare(all->rank, &p, &one)));
  if (all->rank == 0) printf("A x and A' y of %d ranks are those of one\n", all->size);
done:
  if (kith_is_bad(st) && all && all->rank == 0) kith_log_error();
  product_free(&p);
  product_free(&one);
  kith_comm_destroy(&self);
  kith_comm_destroy(&all);
  MPI_Finalize();
  return (int)st.status;
}
