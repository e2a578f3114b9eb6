/* ranks: 1 2 3 4 */
#include "support/mpi_main.h"

#include "halo/strips.h"

enum { WIDTH = 5, MAX_RECV = 64 };

/* Rank r owns 3 r rows; rank 0 none, which tests empty ranks. */
static void ranges(kith_gid *first) {
  first[0] = 0;
  for (int r = 0; r < test_comm->size; r++) first[r + 1] = first[r] + (test_comm->size == 1 ? 7 : 3 * r);
}

/* Rows that this rank receives: random, ascending, with repeats; none on the last rank. */
static kith_lid draw_recv(const kith_gid *first, uint64_t seed, kith_gid *recv) {
  kith_gid all = first[test_comm->size];
  kith_lid n = test_comm->size > 1 && test_comm->rank == test_comm->size - 1 ? 0 : 20;
  for (kith_lid i = 0; i < n; i++)
    recv[i] = (kith_gid)kith_random_below(
        kith_random(seed, KITH_RNG_INIT, (uint64_t)test_comm->rank, (uint64_t)i, 0).bits[0], (uint64_t)all);
  for (kith_lid i = 1; i < n; i++)
    for (kith_lid j = i; j > 0 && recv[j - 1] > recv[j]; j--) {
      kith_gid swap = recv[j];
      recv[j] = recv[j - 1];
      recv[j - 1] = swap;
    }
  return n;
}

static float value_of(kith_gid g, int k) { return (float)(g * 10 + k); }

static float noise(uint64_t seed, uint64_t i) {
  return (float)kith_random_unit(kith_random(seed, KITH_RNG_INIT, (uint64_t)test_comm->rank, i, 1).bits[0]) -
         0.5f;
}

static void forward_brings_the_wanted_rows(void **state) {
  (void)state;
  kith_gid first[MAX_RECV], recv[MAX_RECV];
  ranges(first);
  kith_lid n = draw_recv(first, 3, recv),
           n_own = (kith_lid)(first[test_comm->rank + 1] - first[test_comm->rank]);
  float own[MAX_RECV * WIDTH], ghost[MAX_RECV * WIDTH];
  kith_halo *h = NULL;
  assert_int_equal(kith_halo_create(test_comm, first, n, recv, &h).status, KITH_OK);
  assert_int_equal(kith_halo_reserve(h, WIDTH), KITH_OK);
  for (kith_lid i = 0; i < n_own; i++)
    for (int k = 0; k < WIDTH; k++) own[i * WIDTH + k] = value_of(first[test_comm->rank] + i, k);
  kith_halo_begin(h, WIDTH, own, ghost);
  kith_halo_progress(h);
  kith_halo_end(h);
  for (kith_lid i = 0; i < n; i++)
    for (int k = 0; k < WIDTH; k++) assert_true(ghost[i * WIDTH + k] == value_of(recv[i], k));
  kith_halo_destroy(&h);
}

/* The same rows strip by strip, as many bytes, and a message for each strip. */
static void strips_bring_the_same_rows(void **state) {
  (void)state;
  enum { N = 3, WORDS = N * KITH_STRIP_WORDS };
  kith_gid first[MAX_RECV], recv[MAX_RECV];
  static float own[MAX_RECV * WORDS], whole[MAX_RECV * WORDS], ghost[MAX_RECV * WORDS];
  ranges(first);
  kith_lid n = draw_recv(first, 3, recv),
           n_own = (kith_lid)(first[test_comm->rank + 1] - first[test_comm->rank]);
  kith_halo *h = NULL;
  assert_int_equal(kith_halo_create(test_comm, first, n, recv, &h).status, KITH_OK);
  kith_halo_set_strips(h, N + 1);
  assert_int_equal(kith_halo_strips(h, WORDS - 1), 1);
  assert_int_equal(kith_halo_strips(h, WORDS), N);
  assert_int_equal(kith_halo_reserve(h, WORDS), KITH_OK);
  assert_int_equal(kith_halo_reserve(h, KITH_STRIP_WORDS), KITH_OK);
  for (kith_lid i = 0; i < n_own * WORDS; i++)
    own[i] = value_of(first[test_comm->rank] + i / WORDS, i % WORDS);
  kith_halo_begin(h, WORDS, own, whole);
  kith_halo_end(h);
  const int64_t bytes = kith_halo_bytes(h), messages = kith_halo_messages(h);
  kith_strips s = {.n = N, .d = WORDS, .h = h, .own = own, .ghost = ghost};
  kith_strips_begin(&s);
  for (int i = 0; i < N; i++) {
    kith_strips_progress(&s);
    kith_strips_end(&s, i);
    for (kith_lid k = 0; k < n * KITH_STRIP_WORDS; k++)
      assert_true(kith_strips_ghost(&s, i)[k] ==
                  whole[k / KITH_STRIP_WORDS * WORDS + i * KITH_STRIP_WORDS + k % KITH_STRIP_WORDS]);
  }
  assert_int_equal(kith_halo_bytes(h), 2 * bytes);
  assert_int_equal(kith_halo_messages(h), (1 + N) * messages);
  kith_halo_destroy(&h);
}

static void backward_is_the_transpose_of_forward(void **state) {
  (void)state;
  kith_gid first[MAX_RECV], recv[MAX_RECV];
  ranges(first);
  kith_lid n = draw_recv(first, 4, recv),
           n_own = (kith_lid)(first[test_comm->rank + 1] - first[test_comm->rank]);
  float x[MAX_RECV * WIDTH], y[MAX_RECV * WIDTH], hx[MAX_RECV * WIDTH], hty[MAX_RECV * WIDTH] = {0};
  kith_halo *h = NULL;
  double s[2] = {0};
  assert_int_equal(kith_halo_create(test_comm, first, n, recv, &h).status, KITH_OK);
  assert_int_equal(kith_halo_reserve(h, WIDTH), KITH_OK);
  for (int i = 0; i < n_own * WIDTH; i++) x[i] = noise(7, (uint64_t)i);
  for (int i = 0; i < n * WIDTH; i++) y[i] = noise(8, (uint64_t)i);
  kith_halo_begin(h, WIDTH, x, hx);
  kith_halo_end(h);
  kith_halo_backward(h, WIDTH, y, hty);
  for (int i = 0; i < n * WIDTH; i++) s[0] += (double)hx[i] * (double)y[i];
  for (int i = 0; i < n_own * WIDTH; i++) s[1] += (double)x[i] * (double)hty[i];
  KITH_MPI(MPI_Allreduce(MPI_IN_PLACE, s, 2, MPI_DOUBLE, MPI_SUM, test_comm->mpi));
  assert_true(s[0] != 0 && fabs(s[0] - s[1]) < 1e-5 * (1 + fabs(s[0])));
  kith_halo_destroy(&h);
}

static void a_movable_halo_follows_its_aim_and_carries_the_largest_note(void **state) {
  (void)state;
  kith_gid first[MAX_RECV], recv[MAX_RECV];
  ranges(first);
  kith_lid n_own = (kith_lid)(first[test_comm->rank + 1] - first[test_comm->rank]);
  kith_halo *h = NULL;
  assert_int_equal(kith_halo_create_dynamic(test_comm, first, MAX_RECV, 4 * MAX_RECV, WIDTH, &h).status,
                   KITH_OK);
  int64_t live = kith_alloc_live();
  for (uint64_t step = 0; step < 5; step++) {
    kith_lid n = step == 2 ? 0 : draw_recv(first, 10 + step, recv); /* nobody wants anything in step 2 */
    int64_t key[MAX_RECV];
    float packed[4 * MAX_RECV * WIDTH], rows[MAX_RECV * WIDTH], back[4 * MAX_RECV * WIDTH];
    for (kith_lid i = 0; i < n; i++) key[i] = 1000 * test_comm->rank + i;
    int64_t note = step == 3 && test_comm->rank == 0 ? 1 : 0;
    assert_int_equal(kith_halo_setup(h, n, recv, key, note), step == 3);
    for (kith_lid s = 0; s < kith_halo_n_send(h); s++) {
      assert_in_range(kith_halo_send_row(h)[s], 0, n_own - 1);
      for (int k = 0; k < WIDTH; k++)
        packed[s * WIDTH + k] = value_of(first[test_comm->rank] + kith_halo_send_row(h)[s], k);
    }
    kith_halo_forward_packed(h, WIDTH, packed, rows);
    for (kith_lid i = 0; i < n; i++)
      for (int k = 0; k < WIDTH; k++) {
        assert_true(rows[i * WIDTH + k] == value_of(recv[i], k));
        rows[i * WIDTH + k] = (float)key[i];
      }
    kith_halo_backward_packed(h, WIDTH, rows, back);
    for (kith_lid s = 0; s < kith_halo_n_send(h); s++)
      assert_true(back[s * WIDTH] == (float)kith_halo_send_key(h)[s]);
  }
  assert_int_equal(kith_alloc_live(), live); /* a step allocates nothing */
  kith_halo_destroy(&h);
}

static void integers_travel_like_rows(void **state) {
  (void)state;
  kith_gid first[MAX_RECV], recv[MAX_RECV];
  ranges(first);
  kith_lid n = draw_recv(first, 5, recv);
  int64_t own[MAX_RECV], ghost[MAX_RECV];
  kith_halo *h = NULL;
  assert_int_equal(kith_halo_create(test_comm, first, n, recv, &h).status, KITH_OK);
  for (int64_t i = 0; i < MAX_RECV; i++) own[i] = 7 * (first[test_comm->rank] + i);
  assert_int_equal(kith_halo_forward_int(h, own, ghost).status, KITH_OK);
  for (kith_lid i = 0; i < n; i++) assert_int_equal(ghost[i], 7 * recv[i]);
  kith_halo_destroy(&h);
}

static void all_learn_that_one_wants_what_is_not_there(void **state) {
  (void)state;
  kith_gid first[MAX_RECV], recv[1];
  ranges(first);
  recv[0] = test_comm->rank == test_comm->size - 1 ? first[test_comm->size] : 0;
  kith_halo *h = NULL;
  int64_t live = kith_alloc_live();
  assert_int_equal(kith_halo_create(test_comm, first, first[test_comm->size] > 0, recv, &h).status,
                   KITH_EDATA);
  assert_null(h);
  assert_int_equal(kith_alloc_live(), live);
}

static void shared_rows_are_everywhere(void **state) {
  (void)state;
  int64_t first[MAX_RECV];
  float x[MAX_RECV * WIDTH] = {0};
  ranges(first);
  for (int64_t g = first[test_comm->rank]; g < first[test_comm->rank + 1]; g++)
    for (int k = 0; k < WIDTH; k++) x[g * WIDTH + k] = value_of(g, k);
  int scratch[MAX_RECV];
  kith_allgather_rows(test_comm, first, WIDTH, scratch, x);
  for (int64_t g = 0; g < first[test_comm->size]; g++)
    for (int k = 0; k < WIDTH; k++) assert_true(x[g * WIDTH + k] == value_of(g, k));
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(forward_brings_the_wanted_rows),
                                     cmocka_unit_test(strips_bring_the_same_rows),
                                     cmocka_unit_test(backward_is_the_transpose_of_forward),
                                     cmocka_unit_test(
                                         a_movable_halo_follows_its_aim_and_carries_the_largest_note),
                                     cmocka_unit_test(integers_travel_like_rows),
                                     cmocka_unit_test(all_learn_that_one_wants_what_is_not_there),
                                     cmocka_unit_test(shared_rows_are_everywhere)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
