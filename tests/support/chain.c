#include "support/chain.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/mpi_main.h"
#include "support/parts.h"
#include "ingest/ingest.h"

test_chain chain;
static const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};

/* ---- the links ---- */

const char *test_chain_output(const char *name) {
  static char path[KITH_PATH];
  return test_path(chain.outputs, name, path);
}

static kith_agreed chain_ingest(kith_ingest_options *o, const char *path) {
  kith_ingest_report r;
  snprintf(o->interactions.path, sizeof o->interactions.path, "%s", chain.list);
  return kith_ingest(test_comm, o, "job text", path, &r);
}

kith_agreed test_chain_ingest(const char *path) {
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES},
                           .split = {.method = KITH_SPLIT_RATIO, .test = 0.3, .seed = 1}};
  return chain_ingest(&o, path);
}

kith_agreed test_chain_ingest_all(const char *path) {
  kith_ingest_options o = {.interactions = {.format = KITH_EDGES},
                           .split = {.method = KITH_SPLIT_RATIO, .test = 0.3, .seed = 1}};
  o.features[KITH_ITEM].format = KITH_FEATURES_AUTO;
  snprintf(o.features[KITH_ITEM].path, KITH_PATH, "%s", chain.tags);
  snprintf(o.names[KITH_ITEM].path, KITH_PATH, "%s", chain.names);
  o.n_relation = o.n_path = 1;
  o.relation[0] = (kith_relation_source){.name = "tag", .from = "item", .to = "tag"};
  o.relation[0].list.format = KITH_EDGES;
  snprintf(o.relation[0].list.path, KITH_PATH, "%s", chain.tags);
  o.path[0] = (kith_path_source){.name = "alike",
                                 .steps = {2, {{"tag", false}, {"tag", true}}},
                                 .weights = KITH_PATH_SIMILARITY};
  return chain_ingest(&o, path);
}

kith_agreed test_chain_cut(const char *path) {
  return test_parts_write(chain.graph, path, 4, KITH_PARTITION_HASH);
}

kith_agreed test_chain_train(bool fresh) {
  kith_run_result result;
  chain.run.fresh = fresh;
  return kith_train_run(test_comm, chain.share, &chain.run, &result);
}

/* ---- what is left ---- */

typedef struct chain_look {
  kith_h5 *f;
  bool whole;
} chain_look;

static void chain_look_at(void *context, const kith_h5_entry *e) {
  chain_look *l = context;
  if (!e->attribute && kith_is_bad(kith_h5_check_dataset(l->f, e->name))) l->whole = false;
}

static bool chain_is_whole(const char *path) {
  chain_look l = {.whole = true};
  if (kith_is_bad(kith_h5_open(&alone, path, NULL, KITH_FILE_VERSION, &l.f))) return false;
  if (kith_is_bad(kith_h5_visit(l.f, chain_look_at, &l))) l.whole = false;
  kith_h5_close(&l.f);
  return l.whole;
}

const char *test_chain_look(int64_t k) {
  const char *wrong = NULL;
  char path[KITH_PATH];
  (void)k;
  if (test_comm->rank != 0) return NULL;
  DIR *d = opendir(chain.outputs);
  for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
    const char *end = strrchr(e->d_name, '.');
    if (end && strcmp(end, ".h5") == 0 && !chain_is_whole(test_path(chain.outputs, e->d_name, path)))
      wrong = "a file under its final name is not whole";
  }
  if (d) closedir(d);
  return wrong;
}

bool test_chain_is_right(void) {
  float *x = NULL;
  int d = 0;
  bool good =
      !kith_is_bad(kith_embeddings_read(test_comm, chain.share, test_chain_output("embeddings.h5"), &d, &x));
  good = good && memcmp(x, chain.right, (size_t)chain.share->n_own * (size_t)d * sizeof *x) == 0;
  KITH_FREE(x);
  return good;
}

/* ---- making it ---- */

static void chain_set(void) {
  chain.run = (kith_run){.model = kith_model_defaults(),
                         .train = kith_train_defaults(),
                         .evaluate = kith_eval_defaults(),
                         .checkpoint = kith_checkpoint_defaults(),
                         .job = "job text"};
  chain.run.model = (kith_model_options){.name = KITH_LIGHTGCN, .dim = 3, .layers = 1, .init = 0.1};
  chain.run.train.batch = 8;
  chain.run.train.epochs = 2;
  chain.run.checkpoint.every_epochs = 1;
  chain.run.checkpoint.async_above_mb = INT_MAX;
  snprintf(chain.run.work, sizeof chain.run.work, "%s", chain.outputs);
  snprintf(chain.run.graph, sizeof chain.run.graph, "%s", chain.graph);
  snprintf(chain.run.parts, sizeof chain.run.parts, "%s", chain.parts);
}

/* The folders lie in memory where they can: thousands of files are put onto the disk. */
static void chain_folders(void) {
  const char *text = "a w\na x\na y\nb x\nb y\nb z\nc y\nc z\nc w\nd z\nd w\nd x\ne x\ne z\ne w\n";
  if (access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 0);
  test_folder_make(chain.inputs);
  test_folder_make(chain.outputs);
  test_file_write(chain.inputs, "list.txt", text, strlen(text), chain.list);
  test_file_write(chain.inputs, "names.txt", "w\tdouble u\nx\tex\nz\tzed\n",
                  strlen("w\tdouble u\nx\tex\nz\tzed\n"), chain.names);
  test_file_write(chain.inputs, "tags.txt", "w\tred\nw\tblue\nx\tred\n", strlen("w\tred\nw\tblue\nx\tred\n"),
                  chain.tags);
  test_path(chain.inputs, "graph.h5", chain.graph);
  test_path(chain.inputs, "parts.h5", chain.parts);
}

void test_chain_begin(void) {
  int d = 0;
  if (test_comm->rank == 0) chain_folders();
  kith_comm_bcast(test_comm, sizeof chain, &chain);
  chain_set();
  assert_int_equal(KITH_OK, test_chain_ingest(chain.graph).status);
  assert_int_equal(
      KITH_OK,
      kith_agree(test_comm, test_comm->rank == 0 ? test_chain_cut(chain.parts).status : KITH_OK).status);
  assert_int_equal(KITH_OK, kith_graph_read(test_comm, chain.parts, &chain.share).status);
  assert_int_equal(KITH_OK, test_chain_train(true).status);
  assert_int_equal(KITH_OK, kith_embeddings_read(test_comm, chain.share, test_chain_output("embeddings.h5"),
                                                 &d, &chain.right)
                                .status);
}

void test_chain_end(void) {
  kith_graph_destroy(&chain.share);
  KITH_FREE(chain.right);
  KITH_MPI(MPI_Barrier(test_comm->mpi));
  if (test_comm->rank != 0) return;
  test_folder_remove(chain.inputs);
  test_folder_remove(chain.outputs);
}
