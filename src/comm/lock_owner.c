/* The holder of a lock: its text, and whether its process is alive. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "comm/lock_owner.h"

/* The first line of a system file; "" if there is none. */
static void owner_line(const char *path, size_t size, char *line) {
  FILE *f = fopen(path, "re");
  if (!f || !fgets(line, (int)size, f)) line[0] = '\0';
  if (f) fclose(f);
  line[strcspn(line, "\n")] = '\0';
}

/* State (field 3) and start time (field 22) of a process; both follow the name in parentheses. */
static bool owner_process(long long pid, char *state, long long *start) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%lld/stat", pid);
  owner_line(path, sizeof line, line);
  const char *at = strrchr(line, ')');
  if (!at || at[1] != ' ') return false;
  *state = at[2];
  for (int field = 3; at && field <= 22; field++) at = strchr(at + 1, ' ');
  if (!at) return false;
  *start = strtoll(at, NULL, 10);
  return true;
}

static void owner_slurm(lock_owner *o) {
  const char *cluster = getenv("SLURM_CLUSTER_NAME"), *job = getenv("SLURM_JOB_ID"),
             *restart = getenv("SLURM_RESTART_COUNT");
  if (!job || !*job) return;
  snprintf(o->slurm, sizeof o->slurm, "%.30s %.30s", cluster ? cluster : "", job);
  o->restart = restart ? strtoll(restart, NULL, 10) : 0; /* unset in the first run */
}

void kith__owner_self(const char *verb, const char *job, lock_owner *self) {
  char state = ' ';
  time_t now = time(NULL);
  struct tm utc;
  *self = (lock_owner){.pid = (long long)getpid()};
  if (gethostname(self->host, sizeof self->host - 1) != 0)
    snprintf(self->host, sizeof self->host, "unknown-host");
  owner_line("/proc/sys/kernel/random/boot_id", sizeof self->boot, self->boot);
  ssize_t n = readlink("/proc/self/ns/pid", self->space, sizeof self->space - 1);
  if (n < 0) self->space[0] = '\0';
  owner_process(self->pid, &state, &self->start);
  owner_slurm(self);
  snprintf(self->verb, sizeof self->verb, "%s", verb);
  snprintf(self->job, sizeof self->job, "%s", job);
  self->job[strcspn(self->job, "\n")] = '\0';
  if (gmtime_r(&now, &utc)) strftime(self->since, sizeof self->since, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void kith__owner_print(const lock_owner *o, size_t size, char *text) {
  snprintf(text, size,
           "host: %s\nboot: %s\nspace: %s\npid: %lld\nstart: %lld\nslurm: %s\nrestart: %lld\nverb: "
           "%s\nsince: %s\njob: %s\nend\n",
           o->host, o->boot, o->space, o->pid, o->start, o->slurm, o->restart, o->verb, o->since, o->job);
}

/* The value of "key: " at the beginning of a line. */
static bool owner_value(const char *text, const char *key, size_t size, char *value) {
  size_t n = strlen(key);
  const char *at = text;
  while (at && strncmp(at, key, n) != 0) at = (at = strchr(at, '\n')) ? at + 1 : NULL;
  if (!at) return false;
  snprintf(value, size, "%.*s", (int)strcspn(at + n, "\n"), at + n);
  return true;
}

bool kith__owner_parse(const char *text, lock_owner *o) {
  char pid[32], start[32], restart[32], end[8];
  *o = (lock_owner){.pid = 0};
  bool good = owner_value(text, "host: ", sizeof o->host, o->host) &&
              owner_value(text, "boot: ", sizeof o->boot, o->boot) &&
              owner_value(text, "space: ", sizeof o->space, o->space) &&
              owner_value(text, "pid: ", sizeof pid, pid) &&
              owner_value(text, "start: ", sizeof start, start) &&
              owner_value(text, "slurm: ", sizeof o->slurm, o->slurm) &&
              owner_value(text, "restart: ", sizeof restart, restart) &&
              owner_value(text, "verb: ", sizeof o->verb, o->verb) &&
              owner_value(text, "since: ", sizeof o->since, o->since) &&
              owner_value(text, "job: ", sizeof o->job, o->job) && owner_value(text, "end", sizeof end, end);
  if (!good) return false;
  o->pid = strtoll(pid, NULL, 10);
  o->start = strtoll(start, NULL, 10);
  o->restart = strtoll(restart, NULL, 10);
  return o->pid > 0;
}

/* Whether the holder's process id is valid here: same boot and process namespace. */
static bool owner_is_local(const lock_owner *o, const lock_owner *self) {
  return o->boot[0] && o->space[0] && strcmp(o->boot, self->boot) == 0 && strcmp(o->space, self->space) == 0;
}

/* A zombie (Z, X) writes nothing; a process whose /proc entry is hidden may be alive. */
static owner_state owner_look_local(const lock_owner *o, const char **why) {
  char state = ' ';
  long long start = 0;
  *why = "which has ended without giving it back";
  if (kill((pid_t)o->pid, 0) != 0 && errno == ESRCH) return OWNER_GONE;
  if (!owner_process(o->pid, &state, &start)) return OWNER_ALIVE;
  return state == 'Z' || state == 'X' || start != o->start ? OWNER_GONE : OWNER_ALIVE;
}

owner_state kith__owner_look(const lock_owner *o, const lock_owner *self, const char **why) {
  if (owner_is_local(o, self)) return owner_look_local(o, why);
  *why = "whose Slurm job was put back into the queue and is this one";
  bool same = o->slurm[0] && strcmp(o->slurm, self->slurm) == 0;
  return same && self->restart > o->restart ? OWNER_GONE : OWNER_UNKNOWN;
}

void kith__owner_describe(const lock_owner *o, size_t size, char *text) {
  const char *job = strchr(o->slurm, ' ');
  if (o->pid == 0) snprintf(text, size, "an unknown program");
  else
    snprintf(text, size, "kith %s of %.300s (process %lld on %s%s%s, since %s)", o->verb, o->job, o->pid,
             o->host, job ? ", Slurm job " : "", job ? job + 1 : "", o->since);
}
