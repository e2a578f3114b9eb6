/* Trials on this machine, several at once. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sweep/process.h"

enum { RUN_WORDS = 24, RUN_PARALLEL = 256, RUN_NAP = 20 }; /* milliseconds */

typedef struct run_slot {
  pid_t child; /* 0: free */
  int trial;
} run_slot;

typedef struct run {
  kith_sweep *s;
  const kith_sweep_runner *o;
  kith_process_env env;
  char threads[KITH_NAME];   /* a variable of env */
  int rung, n_running, told; /* told: stops that were passed on */
  run_slot slot[RUN_PARALLEL];
} run;

static void run_nap(void) { nanosleep(&(struct timespec){.tv_nsec = RUN_NAP * 1000000L}, NULL); }

/* Cores are shared by all ranks that run at once, unless the user has said how many threads a rank has. */
static kith_status run_environment(const kith_sweep_runner *o, char *threads, kith_process_env *out) {
  const char *const add[] = {o->threads > 0 ? threads : NULL, NULL};
  snprintf(threads, KITH_NAME, "OMP_NUM_THREADS=%d", o->threads);
  return kith__process_environment(o->unset, add, out);
}

/* mpirun -n R kith …, or kith alone. */
static int run_words(const kith_sweep_runner *o, char *ranks, const char **word) {
  int n = 0;
  snprintf(ranks, 16, "%d", o->ranks);
  if (o->ranks > 1) {
    word[n++] = "mpirun";
    word[n++] = "-n";
    word[n++] = ranks;
  }
  word[n++] = o->program;
  return n;
}

static void run_tell(const run *r, int t) {
  if (r->o->changed) r->o->changed(r->o->context, r->s, t);
}

static kith_status run_start(run *r, int t, run_slot *slot) {
  kith_status st = KITH_OK;
  const char *word[RUN_WORDS] = {NULL};
  char ranks[16], job[KITH_PATH], log[KITH_PATH], epochs[KITH_NAME];
  int n = run_words(r->o, ranks, word);
  KITH_TRY(kith_sweep_path(r->s, t, "job.yaml", job));
  KITH_TRY(kith_sweep_path(r->s, t, "log.txt", log));
  word[n++] = "train";
  word[n++] = job;
  word[n++] = "--json";
  word[n++] = "--quiet";
  if (!kith_sweep_of_stream(r->s)) word[n++] = "--no-test";
  if (r->rung < r->s->n_rung) {
    snprintf(epochs, sizeof epochs, "%s=%d", kith_sweep_epochs_key(r->s->base),
             r->s->rung_epochs[r->rung - 1]);
    word[n++] = "--set";
    word[n++] = epochs;
  }
  KITH_TRY(kith__process_start(log, word, &r->env, &slot->child));
  slot->trial = t;
  r->n_running++;
  r->s->trial[t].status = KITH_TRIAL_RUNNING;
  run_tell(r, t);
done:
  if (kith_is_bad(st)) slot->child = 0;
  return st;
}

/* What a trial has come to whose program has ended. */
static kith_status run_end(run *r, run_slot *slot, int code) {
  kith_status st = KITH_OK;
  kith_trial *x = &r->s->trial[slot->trial];
  const bool stopped = kith__process_stops() > 0;
  slot->child = 0;
  r->n_running--;
  KITH_TRY(kith_sweep_look(r->s, slot->trial));
  const bool reached = code == 0 && kith_sweep_reached(r->s, slot->trial, r->rung);
  if (reached || (stopped && (code == KITH_EINTERRUPT || code >= 128))) x->status = KITH_TRIAL_WAITING;
  else {
    x->status = KITH_TRIAL_FAILED;
    x->code = code;
    if (code >= 128) snprintf(x->error, sizeof x->error, "killed by signal %d", code - 128);
    else if (!x->error[0]) snprintf(x->error, sizeof x->error, "ended with code %d; see its log.txt", code);
  }
  KITH_TRY(kith_sweep_write(r->s));
  run_tell(r, slot->trial);
done:
  return st;
}

static void run_pass_on_stops(run *r) {
  const int stops = kith__process_stops();
  for (; r->told < stops && r->told < 3; r->told++)
    for (int i = 0; i < r->o->parallel; i++)
      if (r->slot[i].child > 0) kith__process_signal(r->slot[i].child, r->told + 1);
}

static kith_status run_poll(run *r) {
  kith_status st = KITH_OK;
  int code = 0;
  run_pass_on_stops(r);
  for (int i = 0; i < r->o->parallel; i++)
    if (r->slot[i].child > 0 && kith__process_ended(r->slot[i].child, &code))
      KITH_TRY(run_end(r, &r->slot[i], code));
done:
  return st;
}

/* The trials of a rung, by number, each as soon as a slot is free. */
static kith_status run_rung(run *r, const bool *todo) {
  kith_status st = KITH_OK;
  int next = 0;
  for (;;) {
    while (next < r->s->n && !todo[next]) next++;
    const bool more = next < r->s->n && kith__process_stops() == 0;
    for (int i = 0; i < r->o->parallel && more && next < r->s->n; i++)
      if (r->slot[i].child == 0) {
        KITH_TRY(run_start(r, next++, &r->slot[i]));
        break;
      }
    if (r->n_running == 0 && (!more || next == r->s->n)) break;
    if (r->n_running == r->o->parallel || !more) run_nap();
    KITH_TRY(run_poll(r));
  }
done:
  return st;
}

/* After a failure of our own: ask all to stop, and wait. */
static void run_abandon(run *r) {
  int code = 0;
  for (int i = 0; i < r->o->parallel; i++)
    if (r->slot[i].child > 0) kith__process_signal(r->slot[i].child, 1);
  for (int i = 0; i < r->o->parallel; i++)
    while (r->slot[i].child > 0 && !kith__process_ended(r->slot[i].child, &code)) run_nap();
}

kith_status kith_sweep_run(kith_sweep *s, const kith_sweep_runner *o) {
  kith_status st = KITH_OK;
  run *r = NULL;
  bool *todo = NULL;
  kith__process_signals_install();
  KITH_TRY(KITH_NEW(r, 1));
  *r = (run){.s = s, .o = o};
  KITH_TRY(KITH_NEW(todo, s->n + 1));
  KITH_TRY(run_environment(o, r->threads, &r->env));
  for (;;) {
    KITH_TRY(kith_sweep_settle(s, &r->rung, todo));
    KITH_TRY(kith_sweep_write(s));
    if (r->rung > s->n_rung || kith__process_stops() > 0) break;
    KITH_TRY(run_rung(r, todo));
  }
  KITH_CHECK(kith__process_stops() == 0, KITH_EINTERRUPT,
             "stopped by a signal; trials that were running have written checkpoints: run again to continue");
done:
  if (r && kith_is_bad(st)) run_abandon(r);
  if (r) kith__process_environment_free(&r->env);
  kith__process_signals_restore();
  KITH_FREE(r);
  KITH_FREE(todo);
  return st;
}

kith_status kith_sweep_stage(const kith_sweep_runner *o, const char *log, int n, const char *const *further,
                             int *code) {
  kith_status st = KITH_OK;
  const char *word[2 * 128 + RUN_WORDS] = {NULL};
  char ranks[16], threads[KITH_NAME];
  kith_process_env env = {.text = NULL};
  pid_t child = 0;
  int at = run_words(o, ranks, word), told = 0;
  kith__process_signals_install();
  for (int i = 0; i < n; i++) word[at++] = further[i];
  KITH_TRY(run_environment(o, threads, &env));
  KITH_TRY(kith__process_start(log, word, &env, &child));
  while (!kith__process_ended(child, code)) {
    for (; told < kith__process_stops() && told < 2; told++) kith__process_signal(child, told + 2);
    run_nap();
  }
done:
  kith__process_environment_free(&env);
  kith__process_signals_restore();
  return st;
}
