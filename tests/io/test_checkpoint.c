/* ranks: 1 3 4 */
/*
 * A checkpoint's file: what all ranks write, any other ranks read; whatever happens to its bytes, it gives
 * what was written or says that it is damaged; and a thread that writes it writes what was there when it was
 * told to.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "support/cut.h"
#include "support/folder.h"
#include "support/mpi_main.h"

#include "kith/optimizer.h"
#include "store/checkpoint_writer.h"

enum { WIDTH = 3, WEIGHTS = 5, TEXT = 9000, FLIPS = 500, CUTS = 40 };

static char folder[KITH_PATH]; /* of rank 0, known to all */
static test_graph whole;
static kith_graph *share;
static char history[TEXT], job[TEXT];

static float value_of(int k, int type, int64_t original, int64_t column) {
  return (float)(k * 1000 + type * 500 + original) + (float)column / 64;
}

/* A checkpoint with blocks of its own for what it lends. */
typedef struct state {
  kith_checkpoint c;
  float *x[3], weight[3][WEIGHTS];
} state;

static void state_room(state *s, const kith_graph *g) {
  *s = (state){.c = {.d = WIDTH}};
  for (int k = 0; k < 3; k++) assert_int_equal(KITH_OK, KITH_NEW(s->x[k], (int64_t)g->n_own * WIDTH));
  s->c.x = s->x[0];
  s->c.slot[0] = s->x[1];
  s->c.slot[1] = s->x[2];
  s->c.n_slot = 2;
  s->c.slot_name = kith_optimizer_get(KITH_ADAM)->slot_name;
  s->c.weights =
      (kith_checkpoint_weights){.n = WEIGHTS, .value = s->weight[0], .slot = {s->weight[1], s->weight[2]}};
  s->c.config_key = "recipe=1";
}

static void state_fill(state *s, const kith_graph *g) {
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < WEIGHTS; i++) s->weight[k][i] = (float)(10 * k + i);
    for (kith_lid i = 0; i < g->n_own; i++)
      for (int j = 0; j < WIDTH; j++) s->x[k][i * WIDTH + j] = value_of(k, g->type[i], g->original[i], j);
  }
  s->c.epoch = 3;
  s->c.step = 2;
  s->c.optimizer_step = 901;
  s->c.best = 0.5;
  s->c.best_epoch = 1;
  s->c.bad_evals = 7;
  s->c.loss = (kith_exact_sum){.hi = 12, .lo = 34};
  s->c.history = history;
  s->c.job = job;
}

static void state_free(state *s) {
  for (int k = 0; k < 3; k++) KITH_FREE(s->x[k]);
}

/* Whether a state that was read is the one that state_fill() makes. */
static bool state_is_right(const state *s, const kith_graph *g) {
  bool right = s->c.epoch == 3 && s->c.step == 2 && s->c.best == 0.5 && s->c.best_epoch == 1 &&
               s->c.bad_evals == 7 && s->c.loss.hi == 12 && s->c.loss.lo == 34 && s->c.loss.nan == 0 &&
               strcmp(s->c.history, history) == 0;
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < WEIGHTS; i++) right = right && s->weight[k][i] == (float)(10 * k + i);
    for (kith_lid i = 0; i < g->n_own; i++)
      for (int j = 0; j < WIDTH; j++)
        right = right && s->x[k][i * WIDTH + j] == value_of(k, g->type[i], g->original[i], j);
  }
  return right;
}

/* Another cut of the same graph. */
static kith_graph *cut(const kith_comm *comm, int parts, uint64_t seed) {
  kith_graph *g = test_graph_cut(&whole, comm, parts, seed);
  g->fingerprint = 77;
  return g;
}

static void newest(char *path) {
  assert_int_equal(KITH_OK, kith_checkpoint_find(test_comm, folder, 0, path).status);
  assert_true(path[0] != '\0');
}

/* Write the state by all ranks; the file's path. */
static void write_it(char *path) {
  state s;
  kith_redistribution *rows = NULL;
  state_room(&s, share);
  state_fill(&s, share);
  assert_int_equal(KITH_OK, kith_redistribution_create(test_comm, share, &rows).status);
  assert_int_equal(KITH_OK, kith_checkpoint_write(test_comm, share, rows, folder, 1, &s.c).status);
  kith_redistribution_destroy(&rows);
  state_free(&s);
  newest(path);
}

/* Read a file; `right` says whether what was read is what was written. */
static kith_agreed read_it(const kith_comm *comm, const kith_graph *g, const char *path, bool *right) {
  state s;
  state_room(&s, g);
  kith_agreed st = kith_checkpoint_read(comm, g, path, &s.c);
  *right = !kith_is_bad(st) && state_is_right(&s, g);
  KITH_FREE(s.c.history);
  state_free(&s);
  return st;
}

static void any_ranks_read_what_all_wrote(void **unused) {
  (void)unused;
  char path[KITH_PATH];
  write_it(path);
  for (int size = 1; size <= test_comm->size; size++) {
    MPI_Comm some;
    kith_comm *comm = NULL;
    KITH_MPI(MPI_Comm_split(test_comm->mpi, test_comm->rank < size, 0, &some));
    assert_int_equal(KITH_OK, kith_comm_create(some, &comm).status);
    kith_graph *g = cut(comm, 7, (uint64_t)size);
    bool right = false;
    assert_int_equal(KITH_OK, read_it(comm, g, path, &right).status);
    assert_true(right);
    kith_graph_destroy(&g);
    kith_comm_destroy(&comm);
    MPI_Comm_free(&some);
  }
}

/* A graph with more nodes takes the rows of the one that it updates, and leaves the others as they are; but
 * no file of another graph. */
static void a_later_graph_reads_the_rows_of_known_nodes(void **unused) {
  (void)unused;
  char path[KITH_PATH];
  state s;
  test_graph later = whole;
  write_it(path);
  later.n_user += 3;
  later.n_item += 2;
  kith_graph *g = test_graph_cut(&later, test_comm, 7, 9);
  g->fingerprint = 78;
  g->parent = (kith_parent){.is = true, .fingerprint = 77, .n = {whole.n_user, whole.n_item}};
  state_room(&s, g);
  for (int k = 0; k < 3; k++)
    for (int64_t i = 0; i < (int64_t)g->n_own * WIDTH; i++) s.x[k][i] = -1;
  s.c.of_parent = true;
  assert_int_equal(KITH_OK, kith_checkpoint_read(test_comm, g, path, &s.c).status);
  assert_int_equal(901, s.c.optimizer_step);
  for (int k = 0; k < 3; k++)
    for (kith_lid i = 0; i < g->n_own; i++)
      for (int j = 0; j < WIDTH; j++)
        assert_true(
            s.x[k][i * WIDTH + j] ==
            (g->original[i] < g->parent.n[g->type[i]] ? value_of(k, g->type[i], g->original[i], j) : -1));
  KITH_FREE(s.c.history);
  g->parent.fingerprint = 76;
  assert_int_equal(KITH_EDATA, kith_checkpoint_read(test_comm, g, path, &s.c).status);
  assert_true(s.c.refused);
  state_free(&s);
  kith_graph_destroy(&g);
}

/* Steps of one epoch: the latest counts, whether checkpoint-latest names it or not, and older ones are
 * removed. */
static void the_latest_step_of_an_epoch_is_the_newest(void **unused) {
  (void)unused;
  char path[KITH_PATH], where[KITH_PATH];
  kith_redistribution *rows = NULL;
  state s;
  state_room(&s, share);
  state_fill(&s, share);
  test_path(folder, "steps", where);
  if (test_comm->rank == 0) assert_int_equal(mkdir(where, 0777), 0);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(KITH_OK, kith_redistribution_create(test_comm, share, &rows).status);
  for (s.c.step = 8; s.c.step <= 11; s.c.step++)
    assert_int_equal(KITH_OK, kith_checkpoint_write(test_comm, share, rows, where, 2, &s.c).status);
  test_path(where, "checkpoint-latest", path);
  if (test_comm->rank == 0) assert_int_equal(unlink(path), 0);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  static const char *const found[] = {"checkpoint-000003-000011.h5", "checkpoint-000003-000010.h5", ""};
  for (int k = 0; k < 3; k++) {
    assert_int_equal(KITH_OK, kith_checkpoint_find(test_comm, where, k, path).status);
    assert_true(found[k][0] ? strstr(path, found[k]) != NULL : path[0] == '\0');
  }
  kith_redistribution_destroy(&rows);
  state_free(&s);
}

/* Rows so wide that few of them are a block with a checksum, and that a rank's need more than one round. */
static void wide_rows_take_several_rounds(void **unused) {
  (void)unused;
  enum { D = 1 << 16 };
  test_graph t = test_graph_random(75 * test_comm->size, 5, 40, 3);
  kith_graph *g = test_graph_cut(&t, test_comm, 2 * test_comm->size, 6),
             *other = test_graph_cut(&t, test_comm, 3 * test_comm->size, 8);
  kith_redistribution *rows = NULL;
  kith_h5 *f = NULL;
  char path[KITH_PATH];
  float *x = calloc((size_t)(g->n_own + other->n_own + 1) * D, sizeof *x);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (int j = 0; j < D; j++) x[(size_t)i * D + (size_t)j] = value_of(0, g->type[i], g->original[i], j);
  test_path(folder, "wide.h5", path);
  assert_int_equal(KITH_OK, kith_redistribution_create(test_comm, g, &rows).status);
  assert_int_equal(KITH_OK, kith_h5_create(test_comm, path, "kith-test", 1, 1000, &f).status);
  assert_int_equal(KITH_OK, kith_redistribution_write(rows, f, "x", D, x).status);
  assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
  kith_redistribution_destroy(&rows);
  assert_int_equal(KITH_OK, kith_redistribution_create(test_comm, other, &rows).status);
  assert_int_equal(KITH_OK, kith_h5_open(test_comm, path, "kith-test", 1, &f).status);
  assert_int_equal(KITH_OK, kith_redistribution_read(rows, f, "x", D, x).status);
  kith_h5_close(&f);
  kith_redistribution_destroy(&rows);
  int64_t wrong = 0;
  for (kith_lid i = 0; i < other->n_own; i++)
    for (int j = 0; j < D; j++)
      wrong += x[(size_t)i * D + (size_t)j] != value_of(0, other->type[i], other->original[i], j);
  assert_int_equal(wrong, 0);
  free(x);
  kith_graph_destroy(&g);
  kith_graph_destroy(&other);
  test_graph_free(&t);
}

/* ---- damage: rank 0 alone ---- */

/* Files with one byte changed, or cut short: none gives other values.  Returns how many were refused. */
static int damage(char *bytes, size_t size, int n, bool cuts) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_graph *g = cut(&alone, 4, 9);
  char path[KITH_PATH];
  int refused = 0;
  bool right = false;
  test_file_write(folder, "spoiled.h5", bytes, size, path);
  assert_int_equal(KITH_OK, read_it(&alone, g, path, &right).status);
  assert_true(right);
  for (int i = 0; i < n; i++) {
    size_t at = size * (size_t)i / (size_t)n;
    int64_t live = kith_alloc_live();
    bytes[at] ^= (char)(cuts ? 0 : 1 << i % 8);
    test_file_write(folder, "spoiled.h5", bytes, cuts ? at : size, path);
    bytes[at] ^= (char)(cuts ? 0 : 1 << i % 8);
    kith_agreed st = read_it(&alone, g, path, &right);
    if (!kith_is_bad(st) && !right) print_message("byte %zu of %zu: other values were read\n", at, size);
    assert_true(kith_is_bad(st) || right);
    assert_true(!kith_is_bad(st) || (st.status == KITH_EDATA && strlen(kith_error_text()) > 10));
    assert_int_equal(kith_alloc_live(), live);
    refused += kith_is_bad(st);
  }
  kith_graph_destroy(&g);
  return refused;
}

static void no_changed_byte_gives_other_values(void **unused) {
  (void)unused;
  char path[KITH_PATH], *bytes = NULL;
  size_t size = 0;
  write_it(path);
  if (test_comm->rank != 0) return;
  bytes = test_file_read(path, &size);
  int n = getenv("KITH_TEST_FULL") ? (int)size : FLIPS;
  int refused = damage(bytes, size, n, false);
  if (getenv("KITH_TEST_FULL")) print_message("%d of %zu changed bytes were noticed\n", refused, size);
  assert_true(refused > n / 4); /* the rest lies where nothing is stored */
  KITH_FREE(bytes);
}

static void a_file_cut_short_is_refused(void **unused) {
  (void)unused;
  char path[KITH_PATH], *bytes = NULL;
  size_t size = 0;
  write_it(path);
  if (test_comm->rank != 0) return;
  bytes = test_file_read(path, &size);
  assert_int_equal(damage(bytes, size, CUTS, true), CUTS);
  KITH_FREE(bytes);
}

/* The message names the file, the matrix and the rows. */
static void the_damaged_rows_are_named(void **unused) {
  (void)unused;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  char path[KITH_PATH], *bytes = NULL;
  char wanted[2 * sizeof(float)];
  size_t size = 0, at = 0;
  write_it(path);
  if (test_comm->rank != 0) return;
  bytes = test_file_read(path, &size);
  memcpy(wanted, (float[2]){value_of(1, KITH_ITEM, 4, 0), value_of(1, KITH_ITEM, 4, 1)}, sizeof wanted);
  while (at + sizeof wanted <= size && memcmp(bytes + at, wanted, sizeof wanted) != 0) at++;
  assert_true(at + sizeof wanted <= size);
  bytes[at] ^= 1;
  test_file_write(folder, "spoiled.h5", bytes, size, path);
  kith_graph *g = cut(&alone, 4, 9);
  bool right = false;
  assert_int_equal(KITH_EDATA, read_it(&alone, g, path, &right).status);
  assert_non_null(strstr(kith_error_text(), "spoiled.h5: item/adam_m: rows 0 to "));
  kith_graph_destroy(&g);
  KITH_FREE(bytes);
}

/* A state with one number that is not finite, whose checksums are right. */
static void write_not_finite(bool in_rows, char *path) {
  state s;
  kith_redistribution *rows = NULL;
  state_room(&s, share);
  state_fill(&s, share);
  if (in_rows) s.x[1][0] = INFINITY;
  else s.weight[2][1] = NAN;
  assert_int_equal(KITH_OK, kith_redistribution_create(test_comm, share, &rows).status);
  assert_int_equal(KITH_OK, kith_checkpoint_write(test_comm, share, rows, folder, 1, &s.c).status);
  kith_redistribution_destroy(&rows);
  state_free(&s);
  newest(path);
}

static void what_is_not_finite_is_refused(void **unused) {
  (void)unused;
  for (int in_rows = 0; in_rows < 2; in_rows++) {
    char path[KITH_PATH];
    bool right = false;
    write_not_finite(in_rows, path);
    assert_int_equal(KITH_EDATA, read_it(test_comm, share, path, &right).status);
    assert_non_null(strstr(kith_error_text(), in_rows ? "adam_m" : "weights/adam_v"));
  }
}

/* ---- rows that are chunked, as in files of version 1 ---- */

static void put_old_rows(kith_h5 *f, const char *name, int k, int type, int64_t n) {
  int64_t first = kith_chunk_begin(n, test_comm->size, test_comm->rank),
          mine = kith_chunk_begin(n, test_comm->size, test_comm->rank + 1) - first;
  float *x = calloc((size_t)mine * WIDTH + 1, sizeof *x);
  for (int64_t i = 0; i < mine * WIDTH; i++) x[i] = value_of(k, type, first + i / WIDTH, i % WIDTH);
  assert_int_equal(KITH_OK, kith_h5_write(f, name, KITH_H5_FLOAT, WIDTH, n, first, mine, false, x).status);
  free(x);
}

static void put_old(kith_h5 *f, const kith_checkpoint *c) {
  static const char *const name[3][2] = {{"user/parameter", "item/parameter"},
                                         {"user/adam_m", "item/adam_m"},
                                         {"user/adam_v", "item/adam_v"}};
  static const char *const weight[3] = {"weights/parameter", "weights/adam_m", "weights/adam_v"};
  const float *const from[3] = {c->weights.value, c->weights.slot[0], c->weights.slot[1]};
  int64_t mine = test_comm->rank == 0 ? WEIGHTS : 0;
  for (int k = 0; k < 3; k++) {
    put_old_rows(f, name[k][0], k, KITH_USER, share->n[KITH_USER]);
    put_old_rows(f, name[k][1], k, KITH_ITEM, share->n[KITH_ITEM]);
    assert_int_equal(
        KITH_OK,
        kith_h5_write(f, weight[k], KITH_H5_FLOAT, 0, WEIGHTS, WEIGHTS - mine, mine, false, from[k]).status);
  }
}

static void chunked_rows_are_read(void **unused) {
  (void)unused;
  char path[KITH_PATH];
  kith_h5 *f = NULL;
  state s;
  bool right = false;
  test_path(folder, "old.h5", path);
  state_room(&s, share);
  state_fill(&s, share);
  const struct {
    const char *name;
    int64_t value;
  } number[] = {{"fingerprint", (int64_t)share->fingerprint},
                {"width", WIDTH},
                {"epoch", 3},
                {"step", 2},
                {"loss_whole", 12},
                {"loss_part", 34},
                {"loss_broken", 0},
                {"best_epoch", 1},
                {"stale", 7}};
  assert_int_equal(KITH_OK, kith_h5_create(test_comm, path, KITH_CHECKPOINT_FORMAT, 1, 1000, &f).status);
  for (size_t i = 0; i < sizeof number / sizeof *number; i++)
    assert_int_equal(KITH_OK, kith_h5_put_attr_int(f, number[i].name, number[i].value).status);
  assert_int_equal(KITH_OK, kith_h5_put_attr_real(f, "best", 0.5).status);
  assert_int_equal(KITH_OK, kith_h5_put_attr_text(f, "recipe", "recipe=1").status);
  assert_int_equal(KITH_OK, kith_h5_put_attr_text(f, "metrics", history).status);
  put_old(f, &s.c);
  assert_int_equal(KITH_OK, kith_h5_publish(&f).status);
  assert_int_equal(KITH_OK, read_it(test_comm, share, path, &right).status);
  assert_true(right);
  state_free(&s);
}

/* ---- the thread ---- */

/* One checkpoint by a writer; what it was told to write is spoiled as soon as begin is back. */
static kith_agreed write_beside(bool wait, const char *where) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint_writer *w = NULL;
  state s;
  char *text = malloc(TEXT);
  state_room(&s, share);
  state_fill(&s, share);
  s.c.history = strcpy(text, history);
  KITH_TRY(kith_checkpoint_writer_create(test_comm, share, WIDTH, WEIGHTS, 2, wait ? INT64_MAX : 0, &w));
  assert_true(kith_checkpoint_writer_is_async(w) == !wait);
  KITH_TRY(kith_checkpoint_writer_begin(w, where, 1, &s.c));
  memset(text, 'z', TEXT - 1);
  for (int k = 0; k < 3; k++) {
    memset(s.weight[k], 1, sizeof s.weight[k]);
    memset(s.x[k], 1, (size_t)share->n_own * WIDTH * sizeof(float));
  }
  KITH_TRY(kith_checkpoint_writer_wait(w));
done:
  kith_checkpoint_writer_destroy(&w);
  state_free(&s);
  free(text);
  return st;
}

static void a_thread_writes_what_was_there(void **unused) {
  (void)unused;
  char path[KITH_PATH], *bytes[2] = {NULL, NULL};
  size_t size[2];
  bool right = false;
  for (int wait = 0; wait < 2; wait++) {
    assert_int_equal(KITH_OK, write_beside(wait != 0, folder).status);
    newest(path);
    assert_int_equal(KITH_OK, read_it(test_comm, share, path, &right).status);
    assert_true(right);
    bytes[wait] = test_file_read(path, &size[wait]);
    sleep(1); /* no time of day is in it */
    KITH_MPI(MPI_Barrier(test_comm->mpi));
  }
  assert_int_equal(size[0], size[1]);
  assert_memory_equal(bytes[0], bytes[1], size[0]);
  KITH_FREE(bytes[0]);
  KITH_FREE(bytes[1]);
}

static void what_fails_in_the_thread_is_told_to_who_waits(void **unused) {
  (void)unused;
  char nowhere[KITH_PATH];
  test_path(folder, "nowhere", nowhere);
  int64_t live = kith_alloc_live();
  assert_int_equal(KITH_EOUTPUT, write_beside(false, nowhere).status);
  assert_non_null(strstr(kith_error_text(), "nowhere"));
  assert_int_equal(kith_alloc_live(), live);
}

/* The k-th allocation on rank r is refused, from making the writer to the file that is there. */
static bool refused(int r, int64_t k) {
  int64_t live = kith_alloc_live() + 3; /* the state's own */
  kith_checkpoint_writer *w = NULL;
  state s;
  state_room(&s, share);
  state_fill(&s, share);
  kith_alloc_refuse(test_comm->rank == r ? k : 0);
  kith_agreed st = kith_checkpoint_writer_create(test_comm, share, WIDTH, WEIGHTS, 2, 0, &w);
  assert_true(kith_is_bad(st) == (w == NULL));
  if (!kith_is_bad(st)) st = kith_checkpoint_writer_begin(w, folder, 1, &s.c);
  if (!kith_is_bad(st)) st = kith_checkpoint_writer_wait(w);
  kith_alloc_refuse(0);
  int64_t worst = kith_comm_max(test_comm, st.status), best = -kith_comm_max(test_comm, -(int64_t)st.status);
  assert_int_equal(worst, best);
  kith_checkpoint_writer_destroy(&w);
  assert_int_equal(kith_alloc_live(), live);
  state_free(&s);
  assert_true(!kith_is_bad(st) || st.status == KITH_ENOMEM);
  return kith_is_bad(st);
}

static void without_memory_all_ranks_learn_it(void **unused) {
  (void)unused;
  for (int r = 0; r<test_comm->size; r += test_comm->size> 1 ? test_comm->size - 1 : 1) {
    int64_t k = 1;
    while (refused(r, k)) k += k < 45 ? 1 : 5; /* one matrix after the other asks for the same */
    assert_true(k > 45);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(any_ranks_read_what_all_wrote),
                                     cmocka_unit_test(a_later_graph_reads_the_rows_of_known_nodes),
                                     cmocka_unit_test(the_latest_step_of_an_epoch_is_the_newest),
                                     cmocka_unit_test(wide_rows_take_several_rounds),
                                     cmocka_unit_test(no_changed_byte_gives_other_values),
                                     cmocka_unit_test(a_file_cut_short_is_refused),
                                     cmocka_unit_test(the_damaged_rows_are_named),
                                     cmocka_unit_test(what_is_not_finite_is_refused),
                                     cmocka_unit_test(chunked_rows_are_read),
                                     cmocka_unit_test(a_thread_writes_what_was_there),
                                     cmocka_unit_test(what_fails_in_the_thread_is_told_to_who_waits),
                                     cmocka_unit_test(without_memory_all_ranks_learn_it)};
  test_begin(&argc, &argv);
  test_folder_begin(folder);
  memset(history, 'h', TEXT - 1);
  memset(job, 'j', TEXT - 1);
  whole = test_graph_random(20, 30, 120, 4);
  share = cut(test_comm, 5, 2);
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(folder);
  kith_graph_destroy(&share);
  test_graph_free(&whole);
  return test_end(failures);
}
