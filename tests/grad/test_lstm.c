/* ranks: 1 */
/* The LSTM over neighbors against one that is written out in double precision, row by row, gate by gate. */
#include "support/mpi_main.h"

#include "tape/tape.h"
#include "ops/lstm.h"

enum { ROWS = 9, COLUMNS = 12, D = 5, ENTRIES = 27 };
static const double TOLERANCE = 2e-6;

/* Rows of 0 to 9 neighbors, places in another order than rows. */
static const int length_of[ROWS] = {3, 0, 9, 1, 3, 0, 5, 2, 4};

typedef struct fixture {
  kith_lid row[ROWS], col[ENTRIES];
  kith_eid start[ROWS + 1];
  int64_t node[COLUMNS];
  float weight[ENTRIES], z[COLUMNS * 4 * D], w[D * 4 * D];
  kith_csr csr;
  kith_node_map in, out, edges;
  kith_csc back;
  kith_block block;
} fixture;

static float noise(uint64_t a, uint64_t b) {
  return 2 * (float)kith_random_unit(kith_random(8, KITH_RNG_INIT, a, b, 0).bits[0]) - 1;
}

static void begin(fixture *f) {
  *f = (fixture){.in = {.n = COLUMNS, .capacity = COLUMNS, .node = f->node},
                 .out = {.n = ROWS, .capacity = ROWS, .node = f->node},
                 .edges = {.n = ENTRIES, .capacity = ENTRIES}};
  for (int i = 0; i < COLUMNS; i++) f->node[i] = 31 * i + 5;
  for (int p = 0; p < ROWS; p++) {
    f->row[p] = (kith_lid)((p * 4 + 2) % ROWS);
    f->start[p + 1] = f->start[p] + length_of[p];
    for (int t = 0; t < length_of[p]; t++) f->col[f->start[p] + t] = (kith_lid)((p + t) % COLUMNS);
  }
  assert_int_equal(f->start[ROWS], ENTRIES);
  for (uint64_t i = 0; i < COLUMNS * 4 * D; i++) f->z[i] = 2 * noise(1, i);
  for (uint64_t i = 0; i < D * 4 * D; i++) f->w[i] = noise(2, i);
  f->csr = (kith_csr){
      .n_row = ROWS, .n_col = COLUMNS, .perm = f->row, .start = f->start, .col = f->col, .weight = f->weight};
  f->block = (kith_block){.src = &f->in, .dst = &f->out, .edges = &f->edges, .csr = &f->csr, .csc = &f->back};
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/* h after reading the columns in that order. */
static void oracle_row(const fixture *f, int n, const kith_lid *col, double *h) {
  double c[D] = {0};
  for (int k = 0; k < D; k++) h[k] = 0;
  for (int t = 0; t < n; t++) {
    double gate[4 * D];
    for (int k = 0; k < 4 * D; k++) {
      gate[k] = (double)f->z[col[t] * 4 * D + k];
      for (int j = 0; j < D; j++) gate[k] += h[j] * (double)f->w[j * 4 * D + k];
    }
    for (int k = 0; k < D; k++) {
      c[k] = sigmoid(gate[D + k] + 1) * c[k] + sigmoid(gate[k]) * tanh(gate[2 * D + k]);
      h[k] = sigmoid(gate[3 * D + k]) * tanh(c[k]);
    }
  }
}

static uint64_t key_of(const fixture *f, const kith_exec_ctx *exec, kith_lid row, kith_lid col) {
  return kith_random(exec->seed, KITH_RNG_NEIGHBOR_ORDER, exec->step, (uint64_t)f->node[row],
                     (uint64_t)f->node[col])
      .bits[0];
}

/* The columns of a place in the order in which they are read: by the smallest key that is left. */
static void oracle_order(const fixture *f, const kith_exec_ctx *exec, int p, kith_lid *col) {
  int n = length_of[p];
  memcpy(col, f->col + f->start[p], (size_t)n * sizeof *col);
  for (int i = 0; i < n && exec->training; i++)
    for (int j = i + 1; j < n; j++)
      if (key_of(f, exec, f->row[p], col[j]) < key_of(f, exec, f->row[p], col[i])) {
        kith_lid swap = col[i];
        col[i] = col[j];
        col[j] = swap;
      }
}

static void run_lstm(fixture *f, kith_exec_ctx *exec, kith_eid most, float *y) {
  kith_tape *t = NULL;
  assert_int_equal(KITH_OK, kith_tape_create(&t));
  kith_tensor *z = kith_tape_node_tensor(t, &f->in, 4 * D), *w = kith_tape_tensor(t, D, 4 * D);
  kith_tensor *made = kith_lstm_op(t, &f->block, exec, most, z, w);
  assert_int_equal(KITH_OK, kith_tape_status(t));
  memcpy(z->value, f->z, sizeof f->z);
  memcpy(w->value, f->w, sizeof f->w);
  for (int i = 0; i < ROWS * D; i++) made->value[i] = 7; /* what an earlier step left */
  kith_tape_forward(t);
  memcpy(y, made->value, ROWS * D * sizeof *y);
  kith_tape_destroy(&t);
}

static void expect_oracle(kith_exec_ctx exec, kith_eid most) {
  fixture f;
  float y[ROWS * D];
  begin(&f);
  run_lstm(&f, &exec, most, y);
  for (int p = 0; p < ROWS; p++) {
    kith_lid col[COLUMNS];
    double h[D];
    oracle_order(&f, &exec, p, col);
    oracle_row(&f, length_of[p], col, h);
    for (int k = 0; k < D; k++) {
      double found = (double)y[f.row[p] * D + k];
      if (!(fabs(found - h[k]) <= TOLERANCE))
        fail_msg("place %d, column %d: %.9g, expected %.9g", p, k, found, h[k]);
    }
  }
}

static void it_reads_in_the_order_of_the_matrix_when_not_training(void **state) {
  (void)state;
  expect_oracle((kith_exec_ctx){.training = false}, KITH_LSTM_MAX_ENTRIES);
}

static void it_reads_in_a_drawn_order_when_training(void **state) {
  (void)state;
  for (uint64_t step = 0; step < 5; step++)
    expect_oracle((kith_exec_ctx){.training = true, .seed = 3, .step = step}, KITH_LSTM_MAX_ENTRIES);
}

/* Groups as small as a row, and as large as all. */
static void groups_change_nothing(void **state) {
  (void)state;
  for (kith_eid most = 1; most <= ENTRIES + 1; most += 4)
    expect_oracle((kith_exec_ctx){.training = true, .seed = 3, .step = 9}, most);
}

/* Over many steps each of three neighbors is read first a third of the times. */
static void orders_are_even(void **state) {
  (void)state;
  enum { STEPS = 3000 };
  fixture f;
  int first[3] = {0};
  begin(&f);
  for (uint64_t step = 0; step < STEPS; step++) {
    kith_exec_ctx exec = {.training = true, .seed = 4, .step = step};
    kith_lid col[COLUMNS];
    oracle_order(&f, &exec, 0, col);
    first[col[0]]++;
  }
  for (int i = 0; i < 3; i++)
    assert_true(abs(first[i] - STEPS / 3) <
                4 * sqrt(STEPS * 2.0 / 9)); /* four standard deviations of the binomial law */
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(it_reads_in_the_order_of_the_matrix_when_not_training),
                                     cmocka_unit_test(it_reads_in_a_drawn_order_when_training),
                                     cmocka_unit_test(groups_change_nothing),
                                     cmocka_unit_test(orders_are_even)};
  test_begin(&argc, &argv);
  return test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
