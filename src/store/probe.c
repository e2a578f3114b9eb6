/* Write to a folder and read from it on all ranks, before a long job depends on it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "h5/h5.h"
#include "store/probe.h"

/* Network file systems may show another node's file with a delay. */
enum { PROBE_TRIES = 30, PROBE_PAUSE = 100000 };

enum { PROBE_COLUMNS = 3, PROBE_ROWS = 700, PROBE_ROOM = 2 * KITH_PATH };

static void probe_host(char *host) {
  host[0] = host[KITH_NAME - 1] = '\0';
  gethostname(host, KITH_NAME - 1);
}

/* The outermost folder of a path that does not exist. */
static void probe_missing(const char *folder, char *missing) {
  char part[KITH_PATH];
  struct stat is;
  missing[0] = '\0';
  snprintf(part, sizeof part, "%s", folder);
  while (part[0] && strcmp(part, ".") != 0 && stat(part, &is) != 0 && errno == ENOENT) {
    snprintf(missing, KITH_PATH, "%s", part);
    char parent[KITH_PATH];
    kith_file_parent(part, parent);
    if (strcmp(parent, part) == 0) break;
    snprintf(part, sizeof part, "%s", parent);
  }
}

static kith_status probe_prepare(kith_probe *p) {
  kith_status st = KITH_OK;
  uint64_t bits = 0;
  KITH_CHECK(getrandom(&bits, sizeof bits, 0) == sizeof bits, KITH_EIO,
             "the system has no random numbers: %s", strerror(errno));
  snprintf(p->token, sizeof p->token, "%016llx", (unsigned long long)bits);
  probe_missing(p->folder, p->created);
  KITH_TRY(kith_folder_make(p->folder));
done:
  return st;
}

/* Remove the created folders, innermost first, unless they are not empty. */
static void probe_unmake(const kith_probe *p) {
  char part[KITH_PATH], parent[KITH_PATH];
  snprintf(part, sizeof part, "%s", p->folder);
  while (p->created[0] && (rmdir(part) == 0 || errno == ENOENT) && strcmp(part, p->created) != 0) {
    kith_file_parent(part, parent);
    snprintf(part, sizeof part, "%s", parent);
  }
}

kith_agreed kith_probe_begin(const kith_comm *comm, const char *folder, kith_probe *out) {
  kith_agreed st = {KITH_OK};
  *out = (kith_probe){0};
  KITH_TRY(kith_agree(comm, kith_text_copy("folder", folder, sizeof out->folder, out->folder)));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? probe_prepare(out) : KITH_OK));
  kith_comm_bcast(comm, sizeof out->token, out->token);
  kith_comm_bcast(comm, sizeof out->created, out->created);
done:
  if (kith_is_bad(st)) {
    if (comm->rank == 0) probe_unmake(out);
    *out = (kith_probe){0}; /* kith_probe_end() then does nothing */
  }
  return st;
}

static void probe_name(const kith_probe *p, const char *what, size_t size, char *path) {
  snprintf(path, size, "%s/doctor-%s%s", p->folder, p->token, what);
}

static void probe_name_rank(const kith_probe *p, int rank, size_t size, char *path) {
  char what[32];
  snprintf(what, sizeof what, ".%d", rank);
  probe_name(p, what, size, path);
}

/* Each rank removes its own file first: in a folder that is not shared, only it sees that file. */
void kith_probe_end(const kith_comm *comm, const kith_probe *p) {
  static const char *const left[] = {".all", ".h5", ".lock"};
  char path[PROBE_ROOM];
  if (!p->token[0]) return;
  probe_name_rank(p, comm->rank, sizeof path, path);
  unlink(path);
  KITH_MPI(MPI_Barrier(comm->mpi));
  if (comm->rank != 0) return;
  for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
    probe_name(p, left[i], sizeof path, path);
    unlink(path);
  }
  probe_unmake(p);
}

/* ---- a shared folder ---- */

static kith_status probe_put(const char *path, const char *text) {
  kith_status st = KITH_OK;
  char host[KITH_NAME];
  size_t n = strlen(text);
  probe_host(host);
  int file = kith_fault(KITH_FAULT_WRITE)
                 ? -1
                 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  KITH_CHECK(file >= 0, KITH_EOUTPUT, "%s cannot be written on %s: %s", path, host, strerror(errno));
  KITH_CHECK(write(file, text, n) == (ssize_t)n && fsync(file) == 0, KITH_EIO, "%s: writing failed on %s: %s",
             path, host, strerror(errno));
done:
  if (file >= 0) close(file);
  return st;
}

static kith_status probe_get(const char *path, const char *wanted) {
  kith_status st = KITH_OK;
  char host[KITH_NAME], text[64] = "";
  ssize_t n = 0;
  probe_host(host);
  int file = kith_fault(KITH_FAULT_READ) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  for (int i = 0; file < 0 && errno == ENOENT && i < PROBE_TRIES; i++) {
    usleep(PROBE_PAUSE);
    file = open(path, O_RDONLY | O_CLOEXEC);
  }
  KITH_CHECK(file >= 0, KITH_EOUTPUT, "another rank wrote %s, but it is not seen on %s: %s", path, host,
             strerror(errno));
  n = read(file, text, sizeof text - 1);
  KITH_CHECK(n >= 0 && strcmp(text, wanted) == 0, KITH_EIO,
             "%s holds something else on %s than what was written", path, host);
done:
  if (file >= 0) close(file);
  return st;
}

static kith_status probe_get_all(const kith_comm *comm, const kith_probe *p) {
  kith_status st = KITH_OK;
  char path[PROBE_ROOM], text[64];
  for (int r = 0; r < comm->size; r++) {
    probe_name_rank(p, r, sizeof path, path);
    snprintf(text, sizeof text, "%s %d\n", p->token, r);
    KITH_TRY(probe_get(path, text));
  }
done:
  return st;
}

kith_agreed kith_probe_shared(const kith_comm *comm, const kith_probe *p) {
  kith_agreed st = {KITH_OK};
  char path[PROBE_ROOM], text[64];
  probe_name(p, ".all", sizeof path, path);
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? probe_put(path, p->token) : KITH_OK));
  KITH_TRY(kith_agree(comm, probe_get(path, p->token)));
  probe_name_rank(p, comm->rank, sizeof path, path);
  snprintf(text, sizeof text, "%s %d\n", p->token, comm->rank);
  KITH_TRY(kith_agree(comm, probe_put(path, text)));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? probe_get_all(comm, p) : KITH_OK));
done:
  return st;
}

bool kith_probe_can_lock(const kith_probe *p, char *why) {
  char path[PROBE_ROOM];
  probe_name(p, ".lock", sizeof path, path);
  int file = kith_fault(KITH_FAULT_WRITE)
                 ? -1
                 : open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  bool good = file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0;
  snprintf(why, KITH_NAME, "%s", good ? "" : strerror(errno));
  if (file >= 0) close(file);
  return good;
}

/* Bytes of existing checkpoints and embeddings, which a run replaces. */
static int64_t probe_replaced(const char *folder) {
  char path[PROBE_ROOM];
  int64_t bytes = 0;
  struct stat is;
  DIR *all = opendir(folder);
  for (struct dirent *e = all ? readdir(all) : NULL; e; e = readdir(all)) {
    bool ours = strncmp(e->d_name, "checkpoint-", 11) == 0 || strcmp(e->d_name, "embeddings.h5") == 0;
    snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
    if (ours && stat(path, &is) == 0) bytes += (int64_t)is.st_blocks * 512;
  }
  if (all) closedir(all);
  return bytes;
}

int64_t kith_probe_free_bytes(const kith_probe *p) {
  struct statvfs fs;
  if (statvfs(p->folder, &fs) != 0) return -1;
  return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize + probe_replaced(p->folder);
}

/* ---- parallel HDF5 ---- */

/* Rows of the ranks before `rank`: every third rank has none, the others have different numbers. */
static int64_t probe_ragged(int size, int rank) {
  int64_t n = 0;
  for (int r = 0; r < rank; r++) n += size > 1 && r % 3 == 1 ? 0 : PROBE_ROWS + 13 * (r % 7);
  return n;
}

/* Rows of the ranks before `rank` if the last one has all. */
static int64_t probe_last(int size, int rank) { return rank < size ? 0 : PROBE_ROWS; }

static float probe_real(int64_t i) { return (float)(i % 8191) * 0.5f; }
static int64_t probe_integer(int64_t i) { return i * 1000003 + 17; }

static kith_agreed probe_write(const kith_comm *comm, kith_h5 *f) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  int64_t *y = NULL, n_x = probe_ragged(comm->size, comm->size), n_y = PROBE_ROWS;
  int64_t x0 = probe_ragged(comm->size, comm->rank), x1 = probe_ragged(comm->size, comm->rank + 1);
  int64_t y0 = probe_last(comm->size, comm->rank), y1 = probe_last(comm->size, comm->rank + 1);
  KITH_TRY(kith_agree(comm, KITH_NEW(x, (x1 - x0) * PROBE_COLUMNS)));
  KITH_TRY(kith_agree(comm, KITH_NEW(y, y1 - y0)));
  for (int64_t i = 0; i < (x1 - x0) * PROBE_COLUMNS; i++) x[i] = probe_real(x0 * PROBE_COLUMNS + i);
  for (int64_t i = y0; i < y1; i++) y[i - y0] = probe_integer(i);
  KITH_TRY(kith_h5_write(f, "ragged/real", KITH_H5_FLOAT, PROBE_COLUMNS, n_x, x0, x1 - x0, false, x));
  KITH_TRY(kith_h5_write(f, "last/integer", KITH_H5_INT64, 0, n_y, y0, y1 - y0, true, y));
done:
  KITH_FREE(x);
  KITH_FREE(y);
  return st;
}

static kith_status probe_compare(const char *path, int64_t x0, int64_t n_x, const float *x, int64_t y0,
                                 int64_t n_y, const int64_t *y) {
  kith_status st = KITH_OK;
  for (int64_t i = 0; i < n_x * PROBE_COLUMNS; i++)
    KITH_CHECK(x[i] == probe_real(x0 * PROBE_COLUMNS + i), KITH_EDATA, "%s: row %lld is not what was written",
               path, (long long)(x0 + i / PROBE_COLUMNS));
  for (int64_t i = 0; i < n_y; i++)
    KITH_CHECK(y[i] == probe_integer(y0 + i), KITH_EDATA, "%s: number %lld is not what was written", path,
               (long long)(y0 + i));
done:
  return st;
}

/* Each rank reads an equal share, which differs from the slices written. */
static kith_agreed probe_read(const kith_comm *comm, kith_h5 *f) {
  kith_agreed st = {KITH_OK};
  float *x = NULL;
  int64_t *y = NULL, all = probe_ragged(comm->size, comm->size);
  int64_t x0 = kith_chunk_begin(all, comm->size, comm->rank),
          x1 = kith_chunk_begin(all, comm->size, comm->rank + 1);
  int64_t y0 = kith_chunk_begin(PROBE_ROWS, comm->size, comm->rank),
          y1 = kith_chunk_begin(PROBE_ROWS, comm->size, comm->rank + 1);
  KITH_TRY(kith_agree(comm, KITH_NEW(x, (x1 - x0) * PROBE_COLUMNS)));
  KITH_TRY(kith_agree(comm, KITH_NEW(y, y1 - y0)));
  KITH_TRY(kith_h5_read(f, "ragged/real", KITH_H5_FLOAT, PROBE_COLUMNS, x0, x1 - x0, x));
  KITH_TRY(kith_h5_read(f, "last/integer", KITH_H5_INT64, 0, y0, y1 - y0, y));
  KITH_TRY(kith_agree(comm, probe_compare(kith_h5_path(f), x0, x1 - x0, x, y0, y1 - y0, y)));
done:
  KITH_FREE(x);
  KITH_FREE(y);
  return st;
}

kith_agreed kith_probe_h5(const kith_comm *comm, const kith_probe *p, kith_h5_tuning *tuning) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  char path[PROBE_ROOM];
  int64_t bytes = probe_ragged(comm->size, comm->size) * PROBE_COLUMNS * (int64_t)sizeof(float) +
                  PROBE_ROWS * (int64_t)sizeof(int64_t);
  probe_name(p, ".h5", sizeof path, path);
  KITH_TRY(kith_h5_tuning_choose(comm, p->folder, tuning));
  KITH_TRY(kith_h5_create(comm, path, "kith-doctor", KITH_FILE_VERSION, bytes, &f));
  KITH_TRY(probe_write(comm, f));
  KITH_TRY(kith_h5_publish(&f));
  KITH_TRY(kith_h5_open(comm, path, "kith-doctor", KITH_FILE_VERSION, &f));
  KITH_TRY(probe_read(comm, f));
done:
  kith_h5_close(&f);
  return st;
}
