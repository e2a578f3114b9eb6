/*
 * A background thread that writes one checkpoint while training continues.
 *
 * The threads of all ranks use their own communicator, so that their messages never match those of training.
 * Its waits sleep instead of polling, so that they take no core from training.  The status is equal on all
 * ranks, and kept until kith_checkpoint_writer_wait().
 */
#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "comm/watchdog.h"
#include "store/checkpoint_writer.h"

enum { WRITER_TEXT = 2048 };

struct kith_checkpoint_writer {
  const kith_graph *g;
  kith_comm *comm; /* used by the threads only */
  kith_redistribution *rows;
  bool is_async, is_pending; /* is_pending: there is something to wait for */
  bool is_threaded;          /* the thread could be started; else its work was done in place */
  pthread_t thread;
  int d;
  int64_t n_weight;
  int n_slot;
  float *row[1 + KITH_MAX_SLOTS], *weight[1 + KITH_MAX_SLOTS]; /* the copies of values and slots */
  char *history;
  int64_t history_room;
  kith_checkpoint copy;
  char folder[KITH_PATH];
  int keep;
  kith_agreed outcome;
  char text[WRITER_TEXT];
};

static kith_status writer_alloc(kith_checkpoint_writer *w) {
  kith_status st = KITH_OK;
  for (int k = 0; k <= w->n_slot && w->is_async; k++) {
    KITH_TRY(KITH_NEW(w->row[k], (int64_t)w->g->n_own * w->d));
    KITH_TRY(KITH_NEW(w->weight[k], w->n_weight));
  }
done:
  return st;
}

int64_t kith_checkpoint_writer_bytes(int64_t n_own, int d, int64_t n_weight, int n_slot) {
  const kith_checkpoint_writer *w = NULL;
  return KITH_BYTES(w, 1) +
         (1 + n_slot) * (KITH_BYTES(w->row[0], n_own * d) + KITH_BYTES(w->weight[0], n_weight));
}

/* Whether MPI provides MPI_THREAD_MULTIPLE on all ranks. */
static bool writer_has_threads(const kith_comm *comm) {
  int provided = MPI_THREAD_SINGLE;
  KITH_MPI(MPI_Query_thread(&provided));
  return kith_comm_max(comm, provided < MPI_THREAD_MULTIPLE) == 0;
}

kith_agreed kith_checkpoint_writer_create(const kith_comm *comm, const kith_graph *g, int d, int64_t n_weight,
                                          int n_slot, int64_t from, kith_checkpoint_writer **out) {
  kith_agreed st = {KITH_OK};
  kith_checkpoint_writer *w = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, KITH_NEW(w, 1)));
  w->g = g;
  w->d = d;
  w->n_weight = n_weight;
  w->n_slot = n_slot;
  w->is_async =
      writer_has_threads(comm) && kith_checkpoint_bytes(kith_graph_n_node(g), d, n_weight, n_slot) >= from;
  KITH_TRY(kith_comm_create(comm->mpi, &w->comm));
  KITH_TRY(kith_redistribution_create(w->comm, g, &w->rows));
  KITH_TRY(kith_agree(comm, writer_alloc(w)));
  w->comm->sleeps = w->is_async;
  *out = w;
  w = NULL;
done:
  kith_checkpoint_writer_destroy(&w);
  return st;
}

static kith_status writer_copy_history(kith_checkpoint_writer *w, const char *history) {
  kith_status st = KITH_OK;
  int64_t n = (int64_t)strlen(history) + 1;
  if (n > w->history_room) {
    KITH_FREE(w->history);
    w->history_room = 0;
    KITH_TRY(KITH_NEW(w->history, 2 * n));
    w->history_room = 2 * n;
  }
  memcpy(w->history, history, (size_t)n);
done:
  return st;
}

/* Values, and as many slots. */
static void writer_copy_arrays(int64_t n, int n_slot, const float *value, float *const *slot,
                               float *const *to) {
  for (int k = 0; k <= n_slot && n > 0; k++)
    memcpy(to[k], k == 0 ? value : slot[k - 1], (size_t)n * sizeof(float));
}

/* Rows of other types stay untouched, and so take no memory. */
static void writer_copy_items(kith_checkpoint_writer *w, const float *x) {
  size_t d = (size_t)w->d;
  for (kith_lid i = 0; i < w->g->n_own_of[KITH_ITEM]; i++) {
    size_t at = (size_t)w->g->row_of[KITH_ITEM][i] * d;
    memcpy(w->row[0] + at, x + at, d * sizeof *x);
  }
}

static kith_status writer_copy(kith_checkpoint_writer *w, const char *folder, int keep,
                               const kith_checkpoint *c) {
  kith_status st = KITH_OK;
  const kith_checkpoint_weights *all = &c->weights;
  KITH_TRY(writer_copy_history(w, c->history));
  KITH_TRY(kith_text_copy("work", folder, sizeof w->folder, w->folder));
  if (c->items_only) writer_copy_items(w, c->x);
  else writer_copy_arrays((int64_t)w->g->n_own * w->d, w->n_slot, c->x, c->slot, w->row);
  writer_copy_arrays(w->n_weight, w->n_slot, all->value, all->slot, w->weight);
  w->keep = keep;
  w->copy = *c;
  w->copy.x = w->row[0];
  w->copy.weights = (kith_checkpoint_weights){.n = w->n_weight, .value = w->weight[0]};
  for (int s = 0; s < w->n_slot; s++) {
    w->copy.slot[s] = w->row[1 + s];
    w->copy.weights.slot[s] = w->weight[1 + s];
  }
  w->copy.history = w->history;
done:
  return st;
}

static void *writer_write(void *writer) {
  kith_checkpoint_writer *w = writer;
  w->outcome = kith_checkpoint_write(w->comm, w->g, w->rows, w->folder, w->keep, &w->copy);
  snprintf(w->text, sizeof w->text, "%s", kith_error_text());
  return NULL;
}

/* One OpenMP thread: the cores belong to training. */
static void *writer_thread(void *writer) {
  omp_set_num_threads(1);
  kith_watchdog_register_writer();
  return writer_write(writer);
}

/* Block all signals in the thread: the main thread handles them.  A rank that cannot start a thread writes
 * synchronously; the threads of the others wait for it. */
static void writer_start(kith_checkpoint_writer *w) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  w->is_pending = true;
  w->is_threaded = pthread_create(&w->thread, NULL, writer_thread, w) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!w->is_threaded) writer_write(w);
}

static void writer_join(kith_checkpoint_writer *w) {
  if (!w->is_threaded) return;
  kith__wait_begin(&kith__writer_thread);
  pthread_join(w->thread, NULL);
  kith__wait_end();
}

kith_agreed kith_checkpoint_writer_begin(kith_checkpoint_writer *w, const char *folder, int keep,
                                         const kith_checkpoint *c) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_checkpoint_writer_wait(w));
  if (!w->is_async) return kith_checkpoint_write(w->comm, w->g, w->rows, folder, keep, c);
  KITH_TRY(kith_agree(w->comm, writer_copy(w, folder, keep, c)));
  writer_start(w);
done:
  return st;
}

kith_agreed kith_checkpoint_writer_wait(kith_checkpoint_writer *w) {
  if (!w->is_pending) return (kith_agreed){KITH_OK};
  writer_join(w);
  w->is_pending = false;
  if (kith_is_bad(w->outcome)) return kith_agreed_same(kith_fail(w->outcome.status, "%s", w->text));
  return w->outcome;
}

bool kith_checkpoint_writer_is_async(const kith_checkpoint_writer *w) { return w->is_async; }

void kith_checkpoint_writer_destroy(kith_checkpoint_writer **writer) {
  kith_checkpoint_writer *w = *writer;
  if (!w) return;
  if (w->is_pending) writer_join(w);
  kith_redistribution_destroy(&w->rows);
  for (int k = 0; k <= w->n_slot; k++) {
    KITH_FREE(w->row[k]);
    KITH_FREE(w->weight[k]);
  }
  KITH_FREE(w->history);
  kith_comm_destroy(&w->comm);
  KITH_FREE(*writer);
}
