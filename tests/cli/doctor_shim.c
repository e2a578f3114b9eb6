/*
 * Preloaded by test_doctor.sh: a machine with something wrong with it, as the environment says.
 *
 *   SHIM_NODE=N          this rank is on node N, and its host is nodeN
 *   SHIM_AHEAD=SECONDS   the wall clock is ahead
 *   SHIM_SLOW=1          sending takes 3 ms           SHIM_NARROW=1   … and long messages 0.5 s
 *   SHIM_MPI=TEXT        the version of MPI           SHIM_LEVEL=N    its thread level
 *   SHIM_ASKED=FILE      gets the level that is asked for
 *   SHIM_KERNELS=TEXT    what the BLAS chose          SHIM_THREADS=1  it starts threads of its own
 *   SHIM_NO_LOCKS=1      flock() refuses              SHIM_SHM=BYTES  free on /dev/shm
 *   SHIM_MEMORY=BYTES    what the control group may have; it has nothing yet
 *   SHIM_TIME=TEXT       its cpu.max                  SHIM_LOAD=TEXT  /proc/loadavg
 *   SHIM_WRONG=KERNELS   products of these kernels are wrong, of "all" those of any
 *   SHIM_ILLEGAL=KERNELS … end the process with SIGILL
 *   SHIM_SPOIL=1         long reads bring another byte   SHIM_BROKEN=1   long writes fail
 */
#include <dlfcn.h>
#include <errno.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

int MPI_Comm_split_type(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *out) {
  const char *node = getenv("SHIM_NODE");
  return node ? PMPI_Comm_split(comm, (int)strtol(node, NULL, 10), key, out)
              : PMPI_Comm_split_type(comm, type, key, info, out);
}

int MPI_Init_thread(int *argc, char ***argv, int wanted, int *provided) {
  const char *path = getenv("SHIM_ASKED");
  FILE *f = path ? fopen(path, "w") : NULL;
  if (f) {
    fprintf(f, "%s\n",
            wanted == MPI_THREAD_MULTIPLE   ? "multiple"
            : wanted == MPI_THREAD_FUNNELED ? "funneled"
                                            : "other");
    fclose(f);
  }
  return PMPI_Init_thread(argc, argv, wanted, provided);
}

int gethostname(char *name, size_t size) {
  const char *node = getenv("SHIM_NODE");
  if (!node) return ((int (*)(char *, size_t))real("gethostname"))(name, size);
  snprintf(name, size, "node%s", node);
  return 0;
}

int clock_gettime(clockid_t id, struct timespec *t) {
  int rc = ((int (*)(clockid_t, struct timespec *))real("clock_gettime"))(id, t);
  const char *ahead = getenv("SHIM_AHEAD");
  if (id == CLOCK_REALTIME && ahead) t->tv_sec += strtol(ahead, NULL, 10);
  return rc;
}

int MPI_Send(const void *data, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  if (getenv("SHIM_SLOW")) usleep(3000);
  if (getenv("SHIM_NARROW") && n > 1000000) usleep(500000);
  return PMPI_Send(data, n, type, to, tag, comm);
}

int MPI_Get_library_version(char *text, int *n) {
  const char *version = getenv("SHIM_MPI");
  int rc = PMPI_Get_library_version(text, n);
  if (version) *n = snprintf(text, MPI_MAX_LIBRARY_VERSION_STRING, "%s", version);
  return rc;
}

int MPI_Query_thread(int *level) {
  int rc = PMPI_Query_thread(level);
  const char *wanted = getenv("SHIM_LEVEL");
  if (wanted) *level = (int)strtol(wanted, NULL, 10);
  return rc;
}

char *openblas_get_corename(void) {
  char *kernels = getenv("SHIM_KERNELS");
  return kernels ? kernels : ((char *(*)(void))real("openblas_get_corename"))();
}

int openblas_get_parallel(void) {
  return getenv("SHIM_THREADS") ? 1 : ((int (*)(void))real("openblas_get_parallel"))();
}

int flock(int file, int how) {
  if (!getenv("SHIM_NO_LOCKS")) return ((int (*)(int, int))real("flock"))(file, how);
  errno = ENOLCK;
  return -1;
}

int statvfs(const char *path, struct statvfs *fs) {
  int rc = ((int (*)(const char *, struct statvfs *))real("statvfs"))(path, fs);
  const char *shm = getenv("SHIM_SHM");
  if (shm && strcmp(path, "/dev/shm") == 0)
    fs->f_bavail = (fsblkcnt_t)(strtoull(shm, NULL, 10) / fs->f_frsize);
  return rc;
}

static int shim_has(const char *name) {
  const char *kernels = getenv(name);
  return kernels && (strcmp(kernels, "all") == 0 || strcmp(kernels, openblas_get_corename()) == 0);
}

void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc) {
  typedef void product(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                       float *, int);
  if (shim_has("SHIM_ILLEGAL")) raise(SIGILL);
  ((product *)real("cblas_sgemm"))(order, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  if (shim_has("SHIM_WRONG")) c[m * n - 1] += 1;
}

static const char *shim_file(const char *path) {
  if (strcmp(path, "/proc/loadavg") == 0) return getenv("SHIM_LOAD");
  const char *name = strrchr(path, '/');
  if (!name || strncmp(path, "/sys/fs/cgroup", 14) != 0) return NULL;
  if (strcmp(name, "/memory.max") == 0) return getenv("SHIM_MEMORY");
  if (strcmp(name, "/memory.current") == 0 && getenv("SHIM_MEMORY")) return "0";
  return strcmp(name, "/cpu.max") == 0 ? getenv("SHIM_TIME") : NULL;
}

FILE *fopen(const char *path, const char *how) {
  const char *text = shim_file(path);
  if (text) return fmemopen((void *)(size_t)text, strlen(text), "r");
  return ((FILE * (*)(const char *, const char *)) real("fopen"))(path, how);
}

ssize_t pread(int file, void *data, size_t n, off_t at) {
  ssize_t got = ((ssize_t(*)(int, void *, size_t, off_t))real("pread"))(file, data, n, at);
  if (getenv("SHIM_SPOIL") && got > 4000) ((char *)data)[got / 2] ^= 1;
  return got;
}

ssize_t pread64(int file, void *data, size_t n, off_t at) { return pread(file, data, n, at); }

ssize_t pwrite(int file, const void *data, size_t n, off_t at) {
  if (!getenv("SHIM_BROKEN") || n < 4000)
    return ((ssize_t(*)(int, const void *, size_t, off_t))real("pwrite"))(file, data, n, at);
  errno = EIO;
  return -1;
}

ssize_t pwrite64(int file, const void *data, size_t n, off_t at) { return pwrite(file, data, n, at); }
