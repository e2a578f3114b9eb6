/* Parallel file systems: alignment, and hints for MPI-IO. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "comm/hosts.h"
#include "h5/file.h"

enum { TUNING_LEAST = 64 << 10, TUNING_USUAL = 1 << 20, TUNING_LINE = 256 };
static const int64_t TUNING_MOST = (int64_t)1 << 30;

/* From linux/magic.h and the file systems' own headers. */
static const char *tuning_file_system(const char *folder) {
  static const struct {
    unsigned long magic;
    const char *name;
  } known[] = {{0x0bd00bd0, "lustre"},
               {0x47504653, "gpfs"},
               {0x19830326, "beegfs"},
               {0x00c36400, "cephfs"},
               {0xaad7aaea, "panfs"}};
  struct statfs fs;
  if (statfs(folder, &fs) != 0) return "";
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (((unsigned long)fs.f_type & 0xffffffffu) == known[i].magic) return known[i].name;
  return "";
}

const char *kith_h5_tuning_hint(const kith_h5_tuning *t, const char *key) {
  for (int i = 0; i < t->n; i++)
    if (strcmp(t->key[i], key) == 0) return t->value[i];
  return NULL;
}

static void tuning_add(kith_h5_tuning *t, const char *key, long long value) {
  snprintf(t->key[t->n], KITH_H5_HINT, "%s", key);
  snprintf(t->value[t->n++], KITH_H5_HINT, "%lld", value);
}

/* One aggregator a host, and the block.  Stripes are the folder's. */
static void tuning_of_file_system(const char *folder, int n_host, kith_h5_tuning *t) {
  struct stat is;
  if (!t->file_system[0]) return;
  t->alignment = stat(folder, &is) == 0 && is.st_blksize >= TUNING_LEAST ? is.st_blksize : TUNING_USUAL;
  tuning_add(t, "cb_nodes", n_host);
}

/* One line of ROMIO_HINTS; "" and those that begin with # say nothing. */
static kith_status tuning_line(const char *path, int number, const char *line, kith_h5_tuning *t) {
  kith_status st = KITH_OK;
  char key[TUNING_LINE] = "", value[TUNING_LINE] = "", more[2];
  int n = sscanf(line, "%255s %255s %1s", key, value, more);
  if (n <= 0 || key[0] == '#') return st;
  KITH_CHECK(n == 2 && strlen(key) < KITH_H5_HINT && strlen(value) < KITH_H5_HINT, KITH_EUSAGE,
             "%s:%d: expected a hint and its value, such as \"striping_unit 4194304\" (ROMIO_HINTS)", path,
             number);
  KITH_CHECK(t->n < KITH_H5_HINTS, KITH_EUSAGE, "%s:%d: more than %d hints (ROMIO_HINTS)", path, number,
             KITH_H5_HINTS);
  KITH_CHECK(!kith_h5_tuning_hint(t, key), KITH_EUSAGE, "%s:%d: %s is given twice (ROMIO_HINTS)", path,
             number, key);
  memcpy(t->key[t->n], key, strlen(key) + 1);
  memcpy(t->value[t->n++], value, strlen(value) + 1);
done:
  return st;
}

static kith_status tuning_read(const char *path, kith_h5_tuning *t) {
  kith_status st = KITH_OK;
  char line[TUNING_LINE], *end = NULL;
  t->from_file = true;
  FILE *f = kith_fault(KITH_FAULT_READ) ? NULL : fopen(path, "re");
  KITH_CHECK(f, KITH_EUSAGE, "%s: the hints of ROMIO_HINTS cannot be read: %s", path, strerror(errno));
  for (int i = 1; fgets(line, sizeof line, f); i++) KITH_TRY(tuning_line(path, i, line, t));
  const char *unit = kith_h5_tuning_hint(t, "striping_unit");
  t->alignment = unit ? strtoll(unit, &end, 10) : 0;
  KITH_CHECK(!unit || (*end == '\0' && t->alignment >= 1 && t->alignment <= TUNING_MOST), KITH_EUSAGE,
             "%s: striping_unit is \"%s\", expected 1 to %lld bytes (ROMIO_HINTS)", path, unit ? unit : "",
             (long long)TUNING_MOST);
done:
  if (f) fclose(f);
  return st;
}

static int tuning_n_host(const kith_comm *comm) {
  MPI_Comm host = kith_hosts_split(comm);
  int rank = 0;
  KITH_MPI(MPI_Comm_rank(host, &rank));
  KITH_MPI(MPI_Comm_free(&host));
  int64_t first = rank == 0;
  kith_comm_sum_int(comm, 1, &first);
  return (int)first;
}

kith_agreed kith_h5_tuning_choose(const kith_comm *comm, const char *folder, kith_h5_tuning *out) {
  kith_agreed st = {KITH_OK};
  const char *hints = getenv("ROMIO_HINTS");
  *out = (kith_h5_tuning){.n = 0};
  if (comm->rank == 0) snprintf(out->file_system, sizeof out->file_system, "%s", tuning_file_system(folder));
  bool named = hints && hints[0];
  KITH_TRY(kith_agree(comm, comm->rank == 0 && named ? tuning_read(hints, out) : KITH_OK));
  kith_comm_bcast(comm, sizeof *out, out);
  if (out->from_file || !out->file_system[0]) return st;
  int n_host = tuning_n_host(comm);
  if (comm->rank == 0) tuning_of_file_system(folder, n_host, out);
  kith_comm_bcast(comm, sizeof *out, out);
done:
  return st;
}

/* Chunks, of at most 1 MiB, lie anywhere: aligned they would take twice the space. */
void kith__h5_tuning_align(const kith_h5_tuning *t, hid_t access) {
  if (t->alignment > 1) H5Pset_alignment(access, KITH__H5_LARGE, (hsize_t)t->alignment);
}

MPI_Info kith__h5_tuning_info(const kith_h5_tuning *t) {
  MPI_Info info = MPI_INFO_NULL;
  if (t->n == 0) return info;
  KITH_MPI(MPI_Info_create(&info));
  for (int i = 0; i < t->n; i++) KITH_MPI(MPI_Info_set(info, t->key[i], t->value[i]));
  return info;
}

static void tuning_get_hints(MPI_Info info, kith_h5_tuning *out) {
  int n = 0, there = 0;
  char key[MPI_MAX_INFO_KEY];
  KITH_MPI(MPI_Info_get_nkeys(info, &n));
  for (int i = 0; i < n && out->n < KITH_H5_HINTS; i++) {
    KITH_MPI(MPI_Info_get_nthkey(info, i, key));
    snprintf(out->key[out->n], KITH_H5_HINT, "%.63s", key);
    KITH_MPI(MPI_Info_get(info, key, KITH_H5_HINT - 1, out->value[out->n], &there));
    out->n += there;
  }
}

void kith_h5_tuning_get(const kith_h5 *f, kith_h5_tuning *out) {
  hsize_t least = 0, alignment = 0;
  MPI_Comm comm = MPI_COMM_NULL;
  MPI_Info info = MPI_INFO_NULL;
  *out = (kith_h5_tuning){.n = 0};
  hid_t access = H5Fget_access_plist(f->file);
  if (access < 0) return;
  if (H5Pget_alignment(access, &least, &alignment) >= 0 && alignment > 1) out->alignment = (int64_t)alignment;
  if (H5Pget_driver(access) == H5FD_MPIO && H5Pget_fapl_mpio(access, &comm, &info) >= 0) {
    if (info != MPI_INFO_NULL) tuning_get_hints(info, out);
    if (info != MPI_INFO_NULL) KITH_MPI(MPI_Info_free(&info));
    KITH_MPI(MPI_Comm_free(&comm));
  }
  H5Pclose(access);
}

void kith_h5_tuning_print(const kith_h5_tuning *t, size_t size, char *text) {
  int at = snprintf(text, size, "%s", t->file_system[0] ? t->file_system : "no parallel file system");
  if (t->alignment > 1 && at < (int)size)
    at += snprintf(text + at, size - (size_t)at, "; large datasets at multiples of %lld bytes",
                   (long long)t->alignment);
  for (int i = 0; i < t->n && at < (int)size; i++)
    at += snprintf(text + at, size - (size_t)at, "%s%s %s", i ? ", " : "; ", t->key[i], t->value[i]);
  if (t->from_file && at < (int)size) snprintf(text + at, size - (size_t)at, " (ROMIO_HINTS)");
}
