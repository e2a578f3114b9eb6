/* The host, cores and memory of a rank, from /proc, /sys and control groups; any of the files may be missing.
 */
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "comm/hosts.h"
#include "comm/placement.h"

enum { PLACEMENT_PATH = 2 * KITH_PATH }; /* size of paths of control groups */

int kith_cpu_set_count(const kith_cpu_set *c) {
  int n = 0;
  for (int i = 0; i < KITH_CPU_SET_BITS; i++) n += (int)(c->bits[i / 64] >> (i % 64) & 1);
  return n;
}

void kith_cpu_set_union(kith_cpu_set *to, const kith_cpu_set *from) {
  for (int i = 0; i < KITH_CPU_SET_BITS / 64; i++) to->bits[i] |= from->bits[i];
}

static void placement_cores(kith_cpu_set *out) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return;
  for (int i = 0; i < KITH_CPU_SET_BITS && i < CPU_SETSIZE; i++)
    if (CPU_ISSET((size_t)i, &set)) out->bits[i / 64] |= (uint64_t)1 << (i % 64);
}

/* The rest of the first line that begins with `key`; false if there is none. */
static bool placement_value(const char *path, const char *key, size_t size, char *value) {
  char line[1024];
  bool found = false;
  FILE *file = fopen(path, "r");
  if (!file) return false;
  while (!found && fgets(line, sizeof line, file)) {
    if (strncmp(line, key, strlen(key)) != 0) continue;
    const char *at = line + strlen(key);
    at += strspn(at, " \t:");
    snprintf(value, size, "%.*s", (int)strcspn(at, "\n"), at);
    found = true;
  }
  fclose(file);
  return found;
}

/* A value in KiB from a file of /proc, in bytes; -1 if it is missing. */
static int64_t placement_kib(const char *path, const char *key) {
  char value[64];
  return placement_value(path, key, sizeof value, value) ? 1024 * strtoll(value, NULL, 10) : -1;
}

/* The count of numbers in a list such as "0-3,8". */
static int placement_count(const char *list) {
  int n = 0;
  for (const char *at = list; *at >= '0' && *at <= '9';) {
    char *end = NULL;
    long low = strtol(at, &end, 10), high = *end == '-' ? strtol(end + 1, &end, 10) : low;
    n += (int)(high - low + 1);
    at = *end == ',' ? end + 1 : end;
  }
  return n;
}

/* Limit the memory by a control group: its limit less its usage, from two files. */
static void placement_memory(const char *folder, const char *limit, const char *use, kith_host_info *p) {
  char path[PLACEMENT_PATH + KITH_NAME], most[64], now[64];
  snprintf(path, sizeof path, "%s/%s", folder, limit);
  if (!placement_value(path, "", sizeof most, most) || strcmp(most, "max") == 0) return;
  snprintf(path, sizeof path, "%s/%s", folder, use);
  if (placement_value(path, "", sizeof now, now))
    p->memory = kith_min(p->memory, strtoll(most, NULL, 10) - strtoll(now, NULL, 10));
}

static void placement_quota_min(double time, double period, kith_host_info *p) {
  if (time > 0 && period > 0 && (p->quota == 0 || time / period < p->quota)) p->quota = time / period;
}

/* CPU quota in cores: "20000 100000" is 0.2.  In version 1 the two numbers are in two files, -1 is no limit.
 */
static void placement_quota(const char *folder, kith_host_info *p) {
  char path[PLACEMENT_PATH + KITH_NAME], text[64], *rest = NULL;
  snprintf(path, sizeof path, "%s/cpu.max", folder);
  if (placement_value(path, "", sizeof text, text) && strncmp(text, "max", 3) != 0) {
    double time = strtod(text, &rest);
    placement_quota_min(time, strtod(rest, NULL), p);
  }
  snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
  if (!placement_value(path, "", sizeof text, text)) return;
  double time = strtod(text, NULL);
  snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  if (placement_value(path, "", sizeof text, text)) placement_quota_min(time, strtod(text, NULL), p);
}

/* One control group, of version 1 or 2. */
static void placement_group(const char *folder, kith_host_info *p) {
  char path[PLACEMENT_PATH + KITH_NAME], list[KITH_PATH];
  snprintf(path, sizeof path, "%s/cpuset.cpus.effective", folder);
  int cores = placement_value(path, "", sizeof list, list) ? placement_count(list) : 0;
  if (cores > 0 && cores < p->online) p->online = cores;
  placement_memory(folder, "memory.max", "memory.current", p);
  placement_memory(folder, "memory.limit_in_bytes", "memory.usage_in_bytes", p);
  placement_quota(folder, p);
}

/* A group and its ancestors: each may set a limit. */
static void placement_group_chain(const char *root, char *group, kith_host_info *p) {
  char folder[PLACEMENT_PATH];
  for (;;) {
    snprintf(folder, sizeof folder, "%s%s", root, group);
    placement_group(folder, p);
    char *slash = strrchr(group, '/');
    if (!slash) break;
    *slash = '\0';
  }
}

/* The process's groups: lines such as "0::/job" (version 2) and "4:memory:/job" (version 1). */
static void placement_groups(kith_host_info *p) {
  char line[KITH_PATH];
  FILE *file = fopen("/proc/self/cgroup", "r");
  while (file && fgets(line, sizeof line, file)) {
    char *kind = strchr(line, ':'), *group = kind ? strchr(kind + 1, ':') : NULL;
    line[strcspn(line, "\n")] = '\0';
    if (!group) continue;
    if (strncmp(kind, "::", 2) == 0) placement_group_chain("/sys/fs/cgroup", group + 1, p);
    if (strncmp(kind, ":memory:", 8) == 0) placement_group_chain("/sys/fs/cgroup/memory", group + 1, p);
    if (strncmp(kind, ":cpu:", 5) == 0 || strncmp(kind, ":cpu,cpuacct:", 13) == 0)
      placement_group_chain("/sys/fs/cgroup/cpu", group + 1, p);
    if (strncmp(kind, ":cpuset:", 8) == 0) placement_group_chain("/sys/fs/cgroup/cpuset", group + 1, p);
  }
  if (file) fclose(file);
}

int64_t kith_peak_bytes(void) {
  const int64_t bytes = placement_kib("/proc/self/status", "VmHWM");
  return bytes < 0 ? 0 : bytes;
}

void kith_host_info_get(kith_host_info *out) {
  struct statvfs fs;
  *out = (kith_host_info){.threads = 1, .shm = -1, .online = (int)sysconf(_SC_NPROCESSORS_ONLN)};
  placement_cores(&out->cores);
  out->memory = placement_kib("/proc/meminfo", "MemAvailable");
  if (out->memory < 0) out->memory = INT64_MAX;
  placement_groups(out);
  if (out->memory < 0) out->memory = 0;
  out->resident = placement_kib("/proc/self/status", "VmRSS");
  if (statvfs("/dev/shm", &fs) == 0) out->shm = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
  char host[HOST_NAME_MAX + 1] = "";
  gethostname(host, sizeof host - 1);
  snprintf(out->host, sizeof out->host, "%.*s", KITH_NAME - 1, host);
  if (!placement_value("/proc/cpuinfo", "model name", sizeof out->cpu, out->cpu))
    snprintf(out->cpu, sizeof out->cpu, "unknown");
}

int kith_host_info_usable_cores(const kith_host_info *p) {
  int n = kith_cpu_set_count(&p->cores);
  if (n == 0) n = p->online;
  if (p->quota > 0 && p->quota < n) n = (int)p->quota;
  return n > 1 ? n : 1;
}

int64_t kith_huge_page_bytes(const void *base) {
  char line[256], begin[32];
  static const char key[] = "ShmemPmdMapped:";
  int64_t kib = 0;
  bool inside = false;
  snprintf(begin, sizeof begin, "%lx-", (unsigned long)base);
  FILE *file = fopen("/proc/self/smaps", "r");
  while (file && fgets(line, sizeof line, file)) {
    if (strncmp(line, begin, strlen(begin)) == 0) inside = true;
    if (!inside || strncmp(line, key, strlen(key)) != 0) continue;
    kib = strtoll(line + strlen(key), NULL, 10);
    break;
  }
  if (file) fclose(file);
  return 1024 * kib;
}

int kith_running_threads(void) {
  enum { LOOKS = 5, NAP = 1000000 };
  int least = INT_MAX;
  for (int i = 0; i < LOOKS; i++) {
    char line[64];
    int at = 0;
    if (i > 0) nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
    if (!placement_value("/proc/loadavg", "", sizeof line, line)) return 1;
    sscanf(line, "%*f %*f %*f %n", &at); /* "1.26 0.98 0.40 3/512 4711": 3 of 512 are running */
    least = (int)kith_min(least, strtol(line + at, NULL, 10));
  }
  return least > 1 ? least : 1;
}

bool kith_cores_are_oversubscribed(const kith_host_info *p, int ranks) {
  int ours = ranks * p->threads;
  return p->threads > kith_host_info_usable_cores(p) || (p->quota > 0 && ours > p->quota + 0.5) ||
         ours + p->other_threads > p->online;
}

/* ---- launchers ---- */

/* An integer environment variable; -1 if unset or invalid. */
static long placement_environment(const char *name) {
  const char *text = getenv(name);
  char *end = NULL;
  long n = text ? strtol(text, &end, 10) : -1;
  return text && *text && *end == '\0' && n >= 0 && n <= INT_MAX ? n : -1;
}

/*
 * The task count of an srun step.  A batch script is one process, though it has the job's task count too: it
 * has no step number, a word for one, or a reserved number above those of srun's steps.
 */
static int placement_slurm_tasks(int *rank) {
  long step = placement_environment("SLURM_STEP_ID"), tasks = placement_environment("SLURM_STEP_NUM_TASKS");
  if (step < 0 && getenv("SLURM_STEP_ID")) return 0;
  if (step >= 0 && tasks < 0) tasks = placement_environment("SLURM_NTASKS");
  *rank = (int)placement_environment("SLURM_PROCID");
  return tasks > 0 ? (int)tasks : 0;
}

int kith_launcher_size(int *rank) {
  static const char *const names[][2] = {{"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
                                         {"PMI_SIZE", "PMI_RANK"},
                                         {"MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"}};
  int own_rank = -1;
  long n_rank = -1;
  for (size_t i = 0; i < sizeof names / sizeof *names && n_rank < 0; i++) {
    n_rank = placement_environment(names[i][0]);
    own_rank = (int)placement_environment(names[i][1]);
  }
  if (n_rank < 0) n_rank = placement_slurm_tasks(&own_rank);
  if (rank) *rank = own_rank;
  return (int)n_rank;
}

/* Number the nodes by their lowest ranks. */
static void placement_number(int size, kith_host_info *all) {
  int n = 0;
  for (int r = 0; r < size; r++) all[r].node = all[r].first == r ? n++ : all[all[r].first].node;
}

kith_agreed kith_host_info_allgather(const kith_comm *comm, const kith_host_info *mine,
                                     kith_host_info **all) {
  kith_agreed st = {KITH_OK};
  kith_host_info *hosts = NULL, here = *mine;
  MPI_Comm node = kith_hosts_split(comm);
  *all = NULL;
  here.first = comm->rank;
  KITH_MPI(MPI_Bcast(&here.first, 1, MPI_INT, 0, node));
  KITH_MPI(MPI_Comm_free(&node));
  KITH_TRY(kith_agree(comm, KITH_NEW(hosts, comm->size)));
  KITH_MPI(MPI_Allgather(&here, (int)sizeof here, MPI_BYTE, hosts, (int)sizeof here, MPI_BYTE, comm->mpi));
  placement_number(comm->size, hosts);
  *all = hosts;
  hosts = NULL;
done:
  KITH_FREE(hosts);
  return st;
}

int kith_host_info_n_node(int size, const kith_host_info *all) {
  int n = 0;
  for (int r = 0; r < size; r++) n += all[r].first == r;
  return n;
}

int kith_host_info_first_rank(int size, const kith_host_info *all, int node) {
  for (int r = 0; r < size; r++)
    if (all[r].node == node) return all[r].first;
  return -1;
}
