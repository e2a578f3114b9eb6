/* ranks: 3 */
/* The files of an update: its parts.h5, and what is left where something is refused. */
#include "partition/update.h"
#include "support/appended.h"
#include "support/parts.h"
#include "support/sweep.h"

/* A list of the pairs between users and items of two halves that are in one half, or that are not. */
static void halves(bool same, char *text) {
  size_t n = 0;
  text[0] = '\0';
  for (int u = 0; u < 16; u++)
    for (int i = 0; i < 16; i++)
      if ((u < 8) == (i < 8) ? same : !same && (u + i) % 2 == 0)
        n += (size_t)snprintf(text + n, APPENDED_TEXT - n, "u%d,i%d\n", u, i);
}

/* Of two halves, which new pairs join: nothing is cut at first, and later updates are compared with the cut
 * that was made then. */
static void a_cut_that_has_become_worse_is_made_anew(void **state) {
  (void)state;
  static char text[APPENDED_TEXT];
  static kith_append_report r;
  const char *const name[] = {"first.h5",        "first-parts.h5", "second.h5",
                              "second-parts.h5", "third.h5",       "third-parts.h5"};
  char path[6][KITH_PATH];
  kith_partition_update_report u, v;
  kith_partition_options o = kith_partition_defaults();
  o.parts = 2;
  for (int i = 0; i < 6; i++) test_path(appended_folder, name[i], path[i]);
  halves(true, text);
  kith_ingest_options data = appended_pairs(text, "", "");
  appended_ingest(&data, name[0]);
  if (test_comm->rank == 0)
    assert_int_equal(test_parts_write(path[0], path[1], o.parts, o.method).status, KITH_OK);
  halves(false, text);
  kith_append_options more = appended_more(text);
  appended_well(&data, &more, name[0], name[2], &r);
  assert_int_equal(kith_partition_update(test_comm, path[0], path[1], path[2], &o, path[3], &u).status,
                   KITH_OK);
  assert_int_equal(u.why, KITH_RECUT_WORSE);
  assert_true(u.first_cut == 0 && u.extended_cut > 0.3);
  more = appended_more("u16,i16\nu16,i0\n");
  appended_well(&data, &more, name[2], name[4], &r);
  assert_int_equal(kith_partition_update(test_comm, path[2], path[3], path[4], &o, path[5], &v).status,
                   KITH_OK);
  assert_true(v.first_cut == u.cut);
  assert_int_equal(v.why, KITH_RECUT_NONE);
  assert_int_equal(v.n_new, 2);
}

/* ---- refused memory, reads and writes ---- */

static kith_ingest_options sweep_data;
static kith_append_options sweep_more;
static char sweep_inputs[KITH_PATH], sweep_outputs[KITH_PATH];

/* Append and cut. */
static kith_agreed sweep_update(void) {
  kith_agreed st = {KITH_OK};
  char graph[KITH_PATH], old_parts[KITH_PATH], new_graph[KITH_PATH], parts[KITH_PATH];
  kith_append_report r;
  kith_partition_update_report u;
  kith_partition_options o = kith_partition_defaults();
  o.parts = 3;
  test_path(sweep_inputs, "graph.h5", graph);
  test_path(sweep_inputs, "parts.h5", old_parts);
  test_path(sweep_outputs, "graph.h5", new_graph);
  test_path(sweep_outputs, "parts.h5", parts);
  KITH_TRY(kith_append(test_comm, &sweep_data, &sweep_more, graph, "job", new_graph, &r));
  KITH_TRY(kith_partition_update(test_comm, graph, old_parts, new_graph, &o, parts, &u));
done:
  return st;
}

/* The two files of the update, of which none is half-written. */
static void assert_whole(bool all) {
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  int n = test_folder_count(sweep_outputs);
  assert_true(all ? n == 2 : n <= 2);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
}

/* Every `step`-th event of a kind on rank 0, which does the work. */
static void refuse(kith_fault_kind kind, int step) {
  kith_status st = KITH_ENOMEM;
  int64_t live = kith_alloc_live(), k = 1;
  if (!sweep_has(kind)) return;
  for (; st != KITH_OK && k < 4000; k += step) {
    kith_fault_set(kind, test_comm->rank == 0 ? k : 0);
    st = sweep_update().status;
    kith_fault_set(kind, 0);
    if (kind == KITH_FAULT_ALLOC) assert_true(st == KITH_OK || st == KITH_ENOMEM);
    assert_int_equal(kith_alloc_live(), live);
    assert_whole(st == KITH_OK);
  }
  assert_int_equal(st, KITH_OK);
  assert_true(k > 2 * step);
}

/* The old files stay, nothing is half-written, and all ranks learn of it. */
static void what_is_refused_leaves_the_old_files(void **state) {
  (void)state;
  char graph[KITH_PATH], parts[KITH_PATH];
  size_t n[4];
  test_path(appended_folder, "inputs", sweep_inputs);
  test_path(appended_folder, "outputs", sweep_outputs);
  test_path(sweep_inputs, "graph.h5", graph);
  test_path(sweep_inputs, "parts.h5", parts);
  if (test_comm->rank == 0) {
    assert_int_equal(kith_folder_make(sweep_inputs), KITH_OK);
    assert_int_equal(kith_folder_make(sweep_outputs), KITH_OK);
  }
  sweep_data = appended_pairs("a,x\na,y\nb,x\n", "", "");
  sweep_data.relation[sweep_data.n_relation++] = appended_relation("friend", "user", "user", "a,b\n");
  appended_ingest(&sweep_data, "inputs/graph.h5");
  if (test_comm->rank == 0)
    assert_int_equal(test_parts_write(graph, parts, 3, KITH_PARTITION_METIS).status, KITH_OK);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  sweep_more = appended_more("c,y\na,z\n");
  sweep_more.relation[sweep_more.n_relation++] = appended_relation("friend", "user", "user", "b,c\n");
  char *graph_before = test_file_read(graph, &n[0]), *parts_before = test_file_read(parts, &n[1]);
  refuse(KITH_FAULT_ALLOC, 61);
  refuse(KITH_FAULT_READ, 29);
  refuse(KITH_FAULT_WRITE, 29);
  char *graph_after = test_file_read(graph, &n[2]), *parts_after = test_file_read(parts, &n[3]);
  assert_true(n[0] == n[2] && n[1] == n[3]);
  assert_memory_equal(graph_before, graph_after, n[0]);
  assert_memory_equal(parts_before, parts_after, n[1]);
  KITH_FREE(graph_before);
  KITH_FREE(parts_before);
  KITH_FREE(graph_after);
  KITH_FREE(parts_after);
}

/* ---- parts ---- */

/* The part of each node by original number, read from parts.h5. */
static int32_t part_of(const kith_graph *g, int type, int64_t original) {
  for (kith_lid i = 0; i < g->n_own; i++)
    if (g->type[i] == type && g->original[i] == original)
      return kith_owner(g->n_part, g->part_first, g->first[0] + i);
  return -1;
}

/* train/new of parts.h5 says of each entry what graph.h5 says of its interaction. */
static void assert_marks(const kith_graph *g, const kith__graph_data *t, const char *parts) {
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  kith_parent parent;
  int8_t *is_new = NULL;
  int64_t n = g->start[g->n_own];
  assert_int_equal(kith_h5_open(&alone, parts, KITH_PARTS_FORMAT, KITH_FILE_VERSION, &f).status, KITH_OK);
  assert_int_equal(kith_h5_get_parent(f, &t->schema, g->n, &parent).status, KITH_OK);
  assert_memory_equal(&parent, &t->parent, sizeof parent);
  assert_int_equal(KITH_NEW(is_new, n), KITH_OK);
  assert_int_equal(kith_h5_read(f, "train/new", KITH_H5_INT8, 0, 0, n, is_new).status, KITH_OK);
  kith_h5_close(&f);
  for (kith_lid i = 0; i < g->n_own; i++)
    for (kith_eid e = g->start[i]; e < g->start[i + 1]; e++) {
      kith_lid j = (kith_lid)(g->neighbor[e] - g->first[0]);
      kith_lid u = g->type[i] == KITH_USER ? i : j, item = g->type[i] == KITH_USER ? j : i;
      kith_eid at = t->train.ragged.start[g->original[u]];
      while (t->train.ragged.value[at] != g->original[item]) at++;
      assert_int_equal(is_new[e], t->is_new[at]);
    }
  KITH_FREE(is_new);
}

/* By a method that ranks share, which rank 0 uses alone: from scratch where the parts are by another one. */
static void a_cut_by_stream_is_extended(const char *old_graph, const char *parts, const char *new_graph,
                                        const char *updated) {
  kith_partition_update_report u;
  kith_partition_options o = kith_partition_defaults();
  o.parts = 4;
  o.method = KITH_PARTITION_STREAM;
  assert_int_equal(kith_partition_update(test_comm, old_graph, parts, new_graph, &o, updated, &u).status,
                   KITH_OK);
  assert_int_equal(u.why, KITH_RECUT_SETTINGS);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  if (test_comm->rank == 0)
    assert_int_equal(test_parts_write(old_graph, parts, o.parts, o.method).status, KITH_OK);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  assert_int_equal(kith_partition_update(test_comm, old_graph, parts, new_graph, &o, updated, &u).status,
                   KITH_OK);
  assert_int_equal(u.why, u.extended_cut > 1.3 * u.first_cut ? KITH_RECUT_WORSE : KITH_RECUT_NONE);
  assert_true(u.first_cut > 0 && u.extended_cut > 0);
}

static void old_nodes_keep_their_parts(void **state) {
  (void)state;
  static appended_lists old, more;
  static kith_append_report r;
  char old_graph[KITH_PATH], new_graph[KITH_PATH], parts[KITH_PATH], updated[KITH_PATH], hashed[KITH_PATH];
  kith_partition_update_report u;
  kith_graph *a = NULL, *b = NULL;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_partition_options o = kith_partition_defaults();
  o.parts = 4;
  appended_seed = 9;
  appended_draw(0, 20, 0, 20, &old);
  appended_draw(20, 24, 20, 26, &more);
  kith_ingest_options data = appended_options(&old);
  appended_ingest(&data, "old.h5");
  kith_append_options behind = appended_behind(&more);
  appended_well(&data, &behind, "old.h5", "new.h5", &r);
  test_path(appended_folder, "old.h5", old_graph);
  test_path(appended_folder, "new.h5", new_graph);
  test_path(appended_folder, "old-parts.h5", parts);
  test_path(appended_folder, "new-parts.h5", updated);
  if (test_comm->rank == 0)
    assert_int_equal(test_parts_write(old_graph, parts, o.parts, o.method).status, KITH_OK);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  kith_status st = kith_partition_update(test_comm, old_graph, parts, new_graph, &o, updated, &u).status;
  if (st != KITH_OK) print_error("%s\n", kith_error_text());
  assert_int_equal(st, KITH_OK);
  assert_int_equal(kith_graph_read(&alone, parts, &a).status, KITH_OK);
  assert_int_equal(kith_graph_read(&alone, updated, &b).status, KITH_OK);
  for (int t = 0; u.why == KITH_RECUT_NONE && t < a->schema.n_type; t++)
    for (int64_t i = 0; i < a->n[t]; i++) assert_int_equal(part_of(a, t, i), part_of(b, t, i));
  assert_int_equal(u.why, u.extended_cut > 1.3 * u.first_cut ? KITH_RECUT_WORSE : KITH_RECUT_NONE);
  kith__graph_data t = appended_data("new.h5");
  assert_marks(b, &t, updated);
  kith__graph_data_free(&t);
  kith_graph_destroy(&a);
  kith_graph_destroy(&b);
  /* other settings cut from scratch; parts of another graph are refused */
  test_path(appended_folder, "hashed-parts.h5", hashed);
  o.method = KITH_PARTITION_HASH;
  assert_int_equal(kith_partition_update(test_comm, old_graph, parts, new_graph, &o, hashed, &u).status,
                   KITH_OK);
  assert_int_equal(u.why, KITH_RECUT_SETTINGS);
  assert_int_equal(kith_partition_update(test_comm, old_graph, updated, new_graph, &o, hashed, &u).status,
                   KITH_EDATA);
  a_cut_by_stream_is_extended(old_graph, parts, new_graph, updated);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(old_nodes_keep_their_parts),
      cmocka_unit_test(a_cut_that_has_become_worse_is_made_anew),
      cmocka_unit_test(what_is_refused_leaves_the_old_files),
  };
  test_begin(&argc, &argv);
  test_folder_begin(appended_folder);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  test_folder_end(appended_folder);
  return test_end(failed);
}
