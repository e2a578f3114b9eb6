/* ranks: 1 3 4 */
/* Ranks of a host read each other's rows in place, rows of other hosts come once, and products have the same
 * bits; refused memory is told to all ranks, and no fault of it is met twice. */
#include <errno.h>

#include "support/cut.h"
#include "support/mpi_main.h"
#include "support/sweep.h"

#include "base/fault.h"
#include "comm/hosts.h"
#include "halo/strips.h"
#include "halo/shared_halo.h"
#include "tape/tape.h"

enum { WIDTH = 21 };

static float noise(const kith_graph *g, kith_lid i, int k, uint64_t seed) {
  return (float)kith_random_unit(
             kith_random(seed, KITH_RNG_INIT, g->type[i], (uint64_t)g->original[i], (uint64_t)k).bits[0]) -
         0.5f;
}

/* The hosts if `n` ranks were on each; 0: as they are. */
static kith_hosts *hosts_of(int n) {
  kith_hosts *hosts = NULL;
  char text[16];
  snprintf(text, sizeof text, "%d", n);
  setenv("KITH_RANKS_PER_HOST", text, 1);
  assert_int_equal(kith_hosts_create(test_comm, &hosts).status, KITH_OK);
  unsetenv("KITH_RANKS_PER_HOST");
  return hosts;
}

static void hosts_are_numbered_by_their_lowest_ranks(void **state) {
  (void)state;
  for (int n = 0; n <= 3; n++) {
    kith_hosts *h = hosts_of(n);
    const int each = n > 0 ? n : test_comm->size;
    assert_int_equal(h->n, (test_comm->size + each - 1) / each);
    assert_int_equal(h->mine, test_comm->rank / each);
    assert_int_equal(h->here.rank, test_comm->rank % each);
    for (int r = 0; r < test_comm->size; r++) {
      assert_int_equal(h->of[r], r / each);
      assert_int_equal(h->member[r], r);
    }
    for (int i = 0; i < h->n; i++) assert_int_equal(h->first[i], i * each);
    assert_int_equal(h->first[h->n], test_comm->size);
    kith_hosts_destroy(&h);
  }
}

/* This rank's numbers lie at their place in the memory of all ranks of its host. */
static void ranks_of_a_host_write_into_one_memory(void **state) {
  (void)state;
  enum { EACH = 5 << 16 };
  for (int n = 0; n <= 2; n++) {
    kith_hosts *h = hosts_of(n);
    kith_share *s = NULL;
    assert_int_equal(kith_share_create(h, (int64_t)h->here.size * EACH * 4, &s).status, KITH_OK);
    assert_non_null(s);
    int *x = (int *)(void *)s->base, *mine = x + h->here.rank * EACH;
    assert_int_equal((size_t)s->base % (2 << 20), 0);
    assert_true(kith_share_seal(&s, kith_share_claim(s, mine, EACH * 4)));
    bool zero = true, same = true;
    for (int i = 0; i < EACH; i++) zero = zero && mine[i] == 0;
    assert_true(zero);
    for (int i = 0; i < EACH; i++) mine[i] = test_comm->rank * EACH + i;
    kith_hosts_barrier(h);
    const int first = h->member[h->first[h->mine]];
    for (int i = 0; i < h->here.size * EACH; i++) same = same && x[i] == first * EACH + i;
    assert_true(same);
    kith_hosts_barrier(h);
    kith_share_destroy(&s);
    kith_hosts_destroy(&h);
  }
}

/* A run of all that a mapping needs; whether it was given. */
static bool is_shared(const kith_hosts *h, bool *huge) {
  enum { BYTES = 5 << 20 };
  kith_share *s = NULL;
  assert_int_equal(kith_share_create(h, BYTES, &s).status, KITH_OK);
  bool given = s && kith_share_seal(&s, kith_share_claim(s, s->base, BYTES));
  *huge = given && s->in_small_pages == 0;
  if (!given) assert_null(s);
  kith_share_destroy(&s);
  return given;
}

static void refused_memory_is_told_to_all_ranks(void **state) {
  (void)state;
  bool huge = false;
  kith_fault_set(KITH_FAULT_SHARE, 1000);
  bool built = kith_fault_is_due(KITH_FAULT_SHARE);
  kith_fault_set(KITH_FAULT_SHARE, 0);
  if (!built) skip();
  kith_hosts *h = hosts_of(0);
  for (int r = 0; r < test_comm->size; r++) {
    int64_t refused = 0;
    for (int k = 1; k <= 4; k++) {
      kith_fault_set(KITH_FAULT_SHARE, test_comm->rank == r ? k : 0);
      bool given = is_shared(h, &huge);
      int64_t due = kith_comm_max(test_comm, kith_fault_is_due(KITH_FAULT_SHARE));
      kith_fault_set(KITH_FAULT_SHARE, 0);
      assert_int_equal(kith_comm_max(test_comm, given), !kith_comm_max(test_comm, !given));
      assert_int_equal(given, due);
      refused += !given;
      if (!given) assert_non_null(strstr(kith_error_text(), strerror(EIO)));
    }
    assert_int_equal(refused, 3);
  }
  for (int r = 0; r < test_comm->size; r++) {
    kith_fault_set(KITH_FAULT_HUGE, test_comm->rank == r);
    assert_true(is_shared(h, &huge));
    assert_false(huge);
  }
  kith_hosts_destroy(&h);
}

static void more_than_there_is_is_refused(void **state) {
  (void)state;
  kith_hosts *h = hosts_of(0);
  kith_share *s = NULL;
  assert_int_equal(kith_share_create(h, (int64_t)1 << 50, &s).status, KITH_OK);
  assert_null(s);
  assert_non_null(strstr(kith_error_text(), "more than this host can give"));
  kith_hosts_destroy(&h);
}

/* Rows of the host, then its ghosts, then its packed rows, in memory that it shares. */
static kith_share *place_rows(kith_host_halo *h, float **x) {
  kith_share *s = NULL;
  int64_t bytes = ((int64_t)h->n_row + h->n_ghost + h->n_packed) * WIDTH * 4 + h->n_row + 2 * h->n_ghost;
  assert_int_equal(kith_share_create(h->hosts, bytes, &s).status, KITH_OK);
  assert_true(kith_share_seal(&s, kith_share_claim(s, s->base, bytes)));
  *x = (float *)(void *)s->base;
  h->ghost = *x + (size_t)h->n_row * WIDTH;
  h->packed = h->ghost + (size_t)h->n_ghost * WIDTH;
  h->wanted = (uint8_t *)(void *)(h->packed + (size_t)h->n_packed * WIDTH);
  return s;
}

static void product(const kith_dist_csr *a, float *x, float *y) {
  kith_lid n = a->csr.n_row;
  kith_halo_begin(a->halo, WIDTH, x, x + (size_t)n * WIDTH);
  kith_halo_end(a->halo);
  kith_spmm(&a->csr, 0, n, WIDTH, x, false, y);
}

/* One strip of whole rows. */
static kith_strips strips_of(kith_host_halo *h, const float *x) {
  return (kith_strips){.n = 1,
                       .d = WIDTH,
                       .h = h->halo,
                       .host = h,
                       .rows = x,
                       .own = x + (size_t)h->first * WIDTH,
                       .ghost = h->ghost};
}

static void host_product(kith_host_halo *h, const float *x, float *y) {
  kith_strips s = strips_of(h, x);
  kith_strips_begin(&s);
  kith_strips_progress(&s);
  kith_strips_end(&s, 0);
  kith_spmm(&h->csr, 0, h->csr.n_row, WIDTH, x, false, y);
}

/* A third of the rows is not zero: those of other hosts alone are sent, and the product is the same. */
static void compare_marked(const kith_graph *g, const kith_dist_csr *a, kith_host_halo *h, float *x,
                           float *own, float *y, float *hy) {
  uint8_t *marks = h->wanted + h->n_ghost;
  kith_hosts_barrier(h->hosts);
  for (kith_lid i = 0; i < g->n_own; i++) {
    bool is = kith_node_key(g->type[i], g->original[i]) % 3 == 0;
    for (int k = 0; k < WIDTH; k++) own[i * WIDTH + k] = is ? noise(g, i, k, 9) : 0;
    marks[h->first + i] = is;
  }
  memcpy(x + (size_t)h->first * WIDTH, own, (size_t)g->n_own * WIDTH * 4);
  product(a, own, y);
  kith_strips s = strips_of(h, x);
  s.marks = marks;
  kith_strips_begin(&s);
  kith_strips_end(&s, 0);
  kith_node_rows rows = {.own = x, .ghost = h->ghost, .n_own = h->n_row};
  kith_spmm_nonzero(&h->csr, 0, h->csr.n_row, WIDTH, marks, rows, false, hy);
  for (int i = 0; i < g->n_own * WIDTH; i++) assert_true(y[i] == hy[i]);
  kith_spmm_of(&h->csr, 0, h->csr.n_row, WIDTH, rows, false, hy);
  assert_memory_equal(y, hy, (size_t)g->n_own * WIDTH * 4);
}

/* The ghosts that some rows read, twice: another part of the rows each time. */
static void compare_wanted(const kith_graph *g, const kith_dist_csr *a, kith_host_halo *h, float *x,
                           float *own, float *y, float *hy) {
  kith_lid *position = calloc((size_t)g->n_own + 1, sizeof *position);
  for (int part = 0; part < 2; part++) {
    kith_lid n = 0;
    kith_hosts_barrier(h->hosts);
    for (kith_lid i = 0; i < g->n_own * WIDTH; i++) own[i] = noise(g, i / WIDTH, i % WIDTH, (uint64_t)part);
    memcpy(x + (size_t)h->first * WIDTH, own, (size_t)g->n_own * WIDTH * 4);
    product(a, own, y);
    for (kith_lid i = part; i < g->n_own; i += 5) position[n++] = i;
    for (kith_lid i = 0; i < n; i++)
      for (kith_eid e = h->csr.start[position[i]]; e < h->csr.start[position[i] + 1]; e++)
        if (h->csr.col[e] >= h->n_row) h->wanted[h->csr.col[e] - h->n_row] = 1;
    for (kith_lid i = 0; i < h->n_ghost * WIDTH && h->hosts->here.rank == 0; i++) h->ghost[i] = NAN;
    kith_host_halo_begin_wanted(h);
    kith_strips s = strips_of(h, x);
    s.wanted = true;
    kith_strips_begin(&s);
    kith_strips_end(&s, 0);
    int64_t kept = 0;
    for (kith_lid i = 0; i < h->n_ghost; i++) kept += isnan(h->ghost[i * WIDTH]);
    if (h->n_ghost > 0) assert_true(kept > 0);
    kith_spmm_rows(&h->csr, n, position, WIDTH,
                   (kith_node_rows){.own = x, .ghost = h->ghost, .n_own = h->n_row}, hy);
    for (kith_lid i = 0; i < n; i++) {
      size_t at = (size_t)h->csr.perm[position[i]] * WIDTH;
      assert_memory_equal(y + at, hy + at, WIDTH * 4);
    }
  }
  free(position);
}

/* Rows of other hosts that the ranks of a host read, counted by brute force: each for itself, and each once.
 */
static void expect_rows(const kith_host_halo *h, const kith_graph *g, const kith_dist_csr *a) {
  const kith_hosts *t = h->hosts;
  int64_t n_all = g->first[test_comm->size], apart = 0, once = 0, received = 0;
  int64_t *reads = calloc((size_t)n_all, sizeof *reads);
  for (kith_lid i = a->csr.n_row; i < a->csr.n_col; i++) {
    int owner = 0;
    while (a->number[i] >= g->first[owner + 1]) owner++;
    reads[a->number[i]] += t->of[owner] != t->mine;
  }
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, reads, (int)n_all, MPI_INT64_T, MPI_SUM, t->here.mpi));
  for (int64_t i = 0; i < n_all; i++) {
    apart += reads[i];
    once += reads[i] > 0;
  }
  free(reads);
  for (int i = 0; i < h->n_recv; i++) received += h->recv[i].n;
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, &received, 1, MPI_INT64_T, MPI_SUM, t->here.mpi));
  assert_int_equal(h->n_apart, apart);
  assert_int_equal(h->n_ghost, once);
  assert_int_equal(received, once);
}

/* Messages and bytes of `n` exchanges: one message for each pair of hosts, since all of them are neighbors.
 */
static void expect_counts(const kith_host_halo *h, int n, int64_t messages, int64_t bytes) {
  int64_t sum[3] = {messages, bytes, h->hosts->here.rank == 0 ? h->n_ghost : 0};
  kith_comm_sum_int(test_comm, 3, sum);
  assert_int_equal(sum[0], n * h->hosts->n * (h->hosts->n - 1));
  assert_int_equal(sum[1], n * sum[2] * WIDTH * 4);
}

/* Twice: the second product overwrites rows that others have read for the first. */
static void compare(const kith_graph *g, const kith_dist_csr *a, kith_host_halo *h) {
  enum { TIMES = 2 };
  float *x = NULL, *own = calloc((size_t)a->csr.n_col * WIDTH, 4),
        *y = calloc((size_t)g->n_own * WIDTH + 1, 4), *hy = calloc((size_t)g->n_own * WIDTH + 1, 4);
  int64_t bytes = 0, messages = 0;
  kith_share *s = place_rows(h, &x);
  for (int t = 0; t < TIMES; t++) {
    for (kith_lid i = 0; i < g->n_own; i++)
      for (int k = 0; k < WIDTH; k++) own[i * WIDTH + k] = noise(g, i, k, (uint64_t)t);
    kith_hosts_barrier(h->hosts);
    memcpy(x + (size_t)h->first * WIDTH, own, (size_t)g->n_own * WIDTH * 4);
    product(a, own, y);
    bytes -= kith_halo_bytes(a->halo);
    messages -= kith_halo_messages(a->halo);
    host_product(h, x, hy);
    bytes += kith_halo_bytes(a->halo);
    messages += kith_halo_messages(a->halo);
    assert_memory_equal(y, hy, (size_t)g->n_own * WIDTH * 4);
  }
  expect_counts(h, TIMES, messages, bytes);
  if (h->d_part > 0) compare_marked(g, a, h, x, own, y, hy);
  if (h->d_part > 0) compare_wanted(g, a, h, x, own, y, hy);
  kith_hosts_barrier(h->hosts);
  kith_share_destroy(&s);
  free(own);
  free(y);
  free(hy);
}

static void products_by_host_have_the_same_bits(void **state) {
  (void)state;
  test_graph t = test_graph_random(40, 50, 400, 2);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 3);
  kith_dist_csr *a = NULL;
  assert_int_equal(kith_dist_csr_create(test_comm, g, WIDTH, &a).status, KITH_OK);
  for (int n = 0; n <= 3; n++) {
    kith_hosts *hosts = hosts_of(n);
    kith_host_halo *h = NULL;
    assert_int_equal(kith_host_halo_create(hosts, g, a, WIDTH, &h).status, KITH_OK);
    expect_rows(h, g, a);
    compare(g, a, h);
    kith_host_halo_destroy(&h);
    kith_hosts_destroy(&hosts);
  }
  kith_dist_csr_destroy(&a);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

/* Two layers, the last of which has a gradient in the rows of a batch of users alone. */
typedef struct layers {
  kith_dist_csr *a;
  kith_host_halo *h;
  kith_full_block full;
  kith_tape *tape;
  kith_tensor *x, *y;
  kith_output out;
  kith_gather_index batch;
} layers;

typedef struct batch_gradient {
  const kith_graph *g;
  const layers *l;
  bool late;
} batch_gradient;

static void nothing(void *self) { (void)self; }
static void batch_gradient_backward(void *self) {
  const batch_gradient *p = self;
  float *dy = kith_tensor_grad(p->l->y);
  for (kith_lid i = 0; i < p->l->batch.n_unique; i++) {
    kith_lid row = p->l->batch.unique_row[i];
    for (int k = 0; k < WIDTH; k++) dy[row * WIDTH + k] = noise(p->g, row, k, 4);
  }
  if (p->late) kith_fault_set(KITH_FAULT_LATE, 1);
}

/* The gradient of x: rows of a host in place, or by messages where there are no hosts. */
static void layers_run(layers *l, const kith_graph *g, const kith_hosts *hosts, int late) {
  *l = (layers){.out = {.gather_index = &l->batch}};
  l->batch.unique_row = calloc((size_t)g->n_own + 1, sizeof *l->batch.unique_row);
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == KITH_USER) l->batch.unique_row[l->batch.n_unique++] = i;
  assert_int_equal(kith_dist_csr_create(test_comm, g, WIDTH, &l->a).status, KITH_OK);
  assert_int_equal(kith_tape_create(&l->tape), KITH_OK);
  assert_int_equal(kith_full_block_make(l->a, false, false, &l->full), KITH_OK);
  l->x = kith_tape_node_tensor(l->tape, l->full.block.src, WIDTH);
  l->y = kith_propagate_with_op(l->tape, &l->full.block, &(kith_propagation){.output = &l->out},
                                kith_propagate_op(l->tape, &l->full.block, l->x));
  batch_gradient *p = kith_tape_op(l->tape, "gradient", false, nothing, batch_gradient_backward, sizeof *p);
  assert_int_equal(kith_tape_status(l->tape), KITH_OK);
  *p = (batch_gradient){g, l, late == test_comm->rank};
  if (hosts) {
    assert_int_equal(kith_host_halo_create(hosts, g, l->a, WIDTH, &l->h).status, KITH_OK);
    assert_int_equal(kith_tape_share(l->tape, l->h, NULL).status, KITH_OK);
    assert_non_null(kith_tape_in_place(l->tape)->memory);
  }
  kith_tape_forward(l->tape);
  kith_tape_backward(l->tape);
}

static void layers_free(layers *l) {
  kith_fault_set(KITH_FAULT_LATE, 0);
  kith_tape_destroy(&l->tape);
  kith_full_block_free(&l->full);
  kith_host_halo_destroy(&l->h);
  kith_dist_csr_destroy(&l->a);
  free(l->batch.unique_row);
}

/* A rank is late to read which rows the last layer has marked: all of them have no gradient of the layer
 * before, of which the other ranks mark the rows meanwhile. */
static void a_late_rank_reads_the_marks_of_its_layer(void **state) {
  (void)state;
  test_graph t = test_graph_random(40, 50, 400, 2);
  kith_graph *g = test_graph_cut(&t, test_comm, 6, 3);
  layers truth, l;
  layers_run(&truth, g, NULL, -1);
  for (int n = 0; n <= 2; n += 2)
    for (int late = 0; late < kith_min(test_comm->size, 2); late++) {
      kith_hosts *hosts = hosts_of(n);
      layers_run(&l, g, hosts, late);
      for (int i = 0; i < g->n_own * WIDTH; i++) assert_true(truth.x->grad[i] == l.x->grad[i]);
      layers_free(&l);
      kith_hosts_destroy(&hosts);
    }
  layers_free(&truth);
  kith_graph_destroy(&g);
  test_graph_free(&t);
}

static kith_graph *swept;

/* All that a shared tape needs, on hosts of two ranks. */
static kith_agreed run_all(void) {
  kith_agreed st = {KITH_OK};
  kith_hosts *hosts = NULL;
  kith_host_halo *h = NULL;
  kith_shared_halo *near = NULL;
  kith_dist_csr *a = NULL;
  kith_share *s = NULL;
  KITH_TRY(kith_dist_csr_create(test_comm, swept, WIDTH, &a));
  KITH_TRY(kith_hosts_create(test_comm, &hosts));
  KITH_TRY(kith_host_halo_create(hosts, swept, a, WIDTH, &h));
  KITH_TRY(kith_shared_halo_create(hosts, a, &near));
  KITH_TRY(kith_share_create(hosts, 1 << 16, &s));
done:
  kith_share_destroy(&s);
  kith_shared_halo_destroy(&near);
  kith_host_halo_destroy(&h);
  kith_hosts_destroy(&hosts);
  kith_dist_csr_destroy(&a);
  return st;
}

static void refused_allocations(void **state) {
  (void)state;
  test_graph t = test_graph_random(20, 30, 100, 2);
  const sweep each = {.kind = KITH_FAULT_ALLOC, .run = run_all, .least = 30};
  swept = test_graph_cut(&t, test_comm, 6, 3);
  setenv("KITH_RANKS_PER_HOST", "2", 1);
  sweep_each(&each);
  unsetenv("KITH_RANKS_PER_HOST");
  kith_graph_destroy(&swept);
  test_graph_free(&t);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(hosts_are_numbered_by_their_lowest_ranks),
                                     cmocka_unit_test(ranks_of_a_host_write_into_one_memory),
                                     cmocka_unit_test(refused_memory_is_told_to_all_ranks),
                                     cmocka_unit_test(more_than_there_is_is_refused),
                                     cmocka_unit_test(products_by_host_have_the_same_bits),
                                     cmocka_unit_test(a_late_rank_reads_the_marks_of_its_layer),
                                     cmocka_unit_test(refused_allocations)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
