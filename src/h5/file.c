/*
 * Create, publish, open and close an HDF5 file.  A file is written under a temporary name and renamed when it
 * is complete.
 *
 * Writing: the ranks use collective MPI-IO, or only rank 0 calls HDF5 and the others write rows directly.  A
 * rank that fails inside a collective write could not rejoin the others.  So rank 0 checks the expected
 * errors beforehand with plain system calls, and disk space is preallocated.
 *
 * Reading: every rank opens the file serially, so that a bad checksum on one rank leaves no other rank
 * waiting.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "h5/file.h"

enum { FILE_METADATA_BYTES = 64 << 10 }; /* superblock, headers, attributes, chunk index */

static kith_status file_new(const kith_comm *comm, const char *path, bool writing, bool single,
                            kith_h5 **out) {
  kith_status st = KITH_OK;
  kith_h5 *f = NULL;
  KITH_TRY(KITH_NEW(f, 1));
  f->comm = comm;
  f->file = H5I_INVALID_HID;
  f->writing = writing;
  f->single = single;
  f->sealed = writing;
  f->bytes_expected = FILE_METADATA_BYTES;
  KITH_TRY(kith_file_tmp_name(path, f->path, f->tmp));
  *out = f;
  f = NULL;
done:
  KITH_FREE(f);
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* errors become statuses, not output on stderr */
  return st;
}

/* Opened before MPI_Init(), HDF5 installs no handler in MPI_Finalize(); H5dont_atexit() removes that of
 * exit(). */
void kith_h5_init(void) {
  H5dont_atexit();
  H5open();
}

/* Access properties of all files.  Published files never change, so they need no locks. */
static hid_t file_access(void) {
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110); /* metadata have checksums from 1.10 on */
#if H5_VERSION_GE(1, 10, 7)
  H5Pset_file_locking(access, false, true);
#endif
  return access;
}

/* ---- disk space ---- */

static kith_status file_check_space(const kith_h5 *f, int64_t bytes) {
  char folder[KITH_PATH];
  struct statvfs fs;
  kith_file_parent(f->path, folder);
  if (statvfs(folder, &fs) != 0) return kith_fail(KITH_EIO, "%s: %s", folder, strerror(errno));
  double there = (double)fs.f_bavail * (double)fs.f_frsize;
  if (there >= (double)(bytes - f->bytes_reserved)) return KITH_OK;
  return kith_fail(KITH_EIO, "%s: the disk is too full: %.1f MiB are needed, %.1f MiB are free", f->path,
                   (double)bytes / 0x1p20, (there + (double)f->bytes_reserved) / 0x1p20);
}

/* Allocate blocks without extending the file; without fallocate(), only compare with the free space. */
static kith_status file_preallocate(kith_h5 *f, int64_t bytes) {
  kith_status st = KITH_OK;
  int file = -1, why = 0;
  if (bytes <= f->bytes_reserved) return st;
  KITH_TRY(file_check_space(f, bytes));
  KITH_TRY(kith_file_tmp_reopen(f->tmp, &file));
  if (!kith_fault(KITH_FAULT_WRITE) && fallocate(file, FALLOC_FL_KEEP_SIZE, 0, bytes) == 0)
    f->bytes_reserved = bytes;
  else why = errno;
  KITH_CHECK(why != ENOSPC && why != EDQUOT && why != EFBIG, KITH_EIO, "%s: no room for %.1f MiB: %s",
             f->path, (double)bytes / 0x1p20, strerror(why));
done:
  if (file >= 0) close(file);
  return st;
}

kith_agreed kith__h5_reserve(kith_h5 *f, int64_t bytes) {
  f->bytes_expected += bytes;
  kith_agreed st = kith_agree(f->comm, f->comm->rank == 0 ? file_preallocate(f, f->bytes_expected) : KITH_OK);
  f->failed = f->failed || kith_is_bad(st);
  return st;
}

/* Release unused preallocated blocks; of a failed file all, so that closing it finds space. */
static void file_trim(const kith_h5 *f) {
  struct stat is;
  if (f->comm->rank != 0 || stat(f->tmp, &is) != 0) return;
  if (truncate(f->tmp, f->failed ? 0 : is.st_size) != 0) return; /* only disk space is lost */
}

/* ---- writing ---- */

/* Rank 0 creates the file; the others then check that they see it. */
static kith_status file_begin(const kith_h5 *f, int64_t bytes) {
  kith_status st = KITH_OK;
  KITH_TRY(kith_file_tmp_create(f->path, f->tmp));
  KITH_TRY(file_check_space(f, bytes));
done:
  return st;
}

static kith_status file_check_shared(const kith_h5 *f) {
  struct stat is;
  if (stat(f->tmp, &is) == 0) return KITH_OK;
  return kith_fail(KITH_EOUTPUT,
                   "%s: rank 0 made it, but it is not seen here: the folder must be shared by all nodes",
                   f->tmp);
}

kith_agreed kith__h5_agree_write(kith_h5 *f, const char *what, bool good) {
  bool fault = kith_fault(KITH_FAULT_WRITE);
  const char *why = fault ? strerror(errno) : good ? "" : kith__h5_error_text();
  kith_status mine =
      good && !fault ? KITH_OK : kith_fail(KITH_EIO, "%s: writing %s failed: %s", f->path, what, why);
  kith_agreed st = kith_agree(f->comm, mine);
  f->failed = f->failed || kith_is_bad(st);
  return st;
}

static bool file_is_parallel(const kith_h5 *f) { return f->comm->size > 1 && !f->single; }

/* A file system gives stripes to a file when it is made: by MPI-IO, if stripes are asked for. */
static void file_leave_to_mpi(const kith_h5 *f) {
  bool asked =
      kith_h5_tuning_hint(&f->tuning, "striping_factor") || kith_h5_tuning_hint(&f->tuning, "striping_unit");
  if (!asked || !file_is_parallel(f)) return;
  if (f->comm->rank == 0) kith_file_tmp_remove(f->tmp);
  KITH_MPI(MPI_Barrier(f->comm->mpi));
}

static hid_t file_access_written(const kith_h5 *f) {
  hid_t access = file_access();
  kith__h5_tuning_align(&f->tuning, access);
  if (!file_is_parallel(f)) return access;
  MPI_Info info = kith__h5_tuning_info(&f->tuning);
  H5Pset_fapl_mpio(access, f->comm->mpi, info);
  H5Pset_all_coll_metadata_ops(access, true);
  H5Pset_coll_metadata_write(access, true);
  if (info != MPI_INFO_NULL) KITH_MPI(MPI_Info_free(&info)); /* HDF5 has a copy */
  return access;
}

static kith_agreed file_create_hdf5(kith_h5 *f) {
  if (!kith__h5_is_writer(f)) return kith__h5_agree_write(f, "the file", true);
  file_leave_to_mpi(f);
  hid_t access = file_access_written(f), creation = H5Pcreate(H5P_FILE_CREATE);
  H5Pset_obj_track_times(creation, false); /* the same content gives the same bytes */
  KITH_H5_COLLECTIVE(f, "making a file", f->file = H5Fcreate(f->tmp, H5F_ACC_TRUNC, creation, access));
  kith_agreed st = kith__h5_agree_write(f, "the file", f->file >= 0); /* the next call forgets the reason */
  H5Pclose(creation);
  H5Pclose(access);
  return st;
}

static kith_agreed file_create(const kith_comm *comm, const char *path, const char *format, int version,
                               int64_t bytes, bool single, kith_h5 **out) {
  kith_agreed st = {KITH_OK};
  char folder[KITH_PATH];
  kith_h5 *f = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, file_new(comm, path, true, single, &f)));
  kith_comm_bcast(comm, sizeof f->tmp, f->tmp); /* one random name on all ranks */
  kith_file_parent(f->path, folder);
  KITH_TRY(kith_h5_tuning_choose(comm, folder, &f->tuning));
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? file_begin(f, bytes) : KITH_OK));
  KITH_TRY(kith_agree(comm, file_check_shared(f)));
  KITH_TRY(file_create_hdf5(f));
  KITH_TRY(kith__h5_reserve(f, 0));
  KITH_TRY(kith_h5_put_attr_text(f, "format", format));
  KITH_TRY(kith_h5_put_attr_int(f, "format_version", version));
  KITH_TRY(kith_h5_put_attr_text(f, "software", "kith " KITH_VERSION));
  *out = f;
  f = NULL;
done:
  kith_h5_close(&f);
  return st;
}

kith_agreed kith_h5_create(const kith_comm *comm, const char *path, const char *format, int version,
                           int64_t bytes, kith_h5 **out) {
  return file_create(comm, path, format, version, bytes, false, out);
}

kith_agreed kith_h5_create_single(const kith_comm *comm, const char *path, const char *format, int version,
                                  int64_t bytes, kith_h5 **out) {
  return file_create(comm, path, format, version, bytes, true, out);
}

bool kith_h5_alone(kith_h5 *f) {
  f->self = (kith_comm){.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  f->all = f->comm;
  if (f->all->rank == 0) f->comm = &f->self;
  return f->all->rank == 0;
}

kith_agreed kith_h5_together(kith_h5 *f, kith_agreed of_rank_0) {
  f->comm = f->all;
  f->all = NULL;
  kith_agreed st = kith_agree(f->comm, f->comm->rank == 0 ? of_rank_0.status : KITH_OK);
  f->failed = f->failed || kith_is_bad(st);
  return st;
}

/* Flush and close; false: some write did not reach the file. */
static bool file_finish(kith_h5 *f) {
  if (!kith__h5_is_writer(f)) return true;
  herr_t flushed = -1, closed = -1;
  KITH_H5_COLLECTIVE(f, "writing a file's end",
                     flushed =
                         H5Fflush(f->file, H5F_SCOPE_GLOBAL)); /* for a fault asks kith__h5_agree_write() */
  if (flushed < 0) return false;
  KITH_H5_COLLECTIVE(f, "closing a file", closed = H5Fclose(f->file));
  f->file = H5I_INVALID_HID;
  return closed >= 0;
}

/* Every node wrote a part of the file, so every rank syncs; a rank that no longer sees the file has nothing
 * to. */
static kith_status file_sync(const kith_h5 *f) {
  struct stat is;
  if (f->comm->rank != 0 && stat(f->tmp, &is) != 0) return KITH_OK;
  return kith_file_sync(f->tmp);
}

kith_agreed kith_h5_publish(kith_h5 **file) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = *file;
  if (f->failed) KITH_TRY(kith_agreed_same(kith_fail(KITH_EIO, "%s: a write failed before", f->path)));
  KITH_TRY(kith__seal_write(f));
  KITH_TRY(kith__h5_agree_write(f, "the end", file_finish(f)));
  file_trim(f);
  KITH_TRY(kith_agree(f->comm, file_sync(f)));
  KITH_TRY(kith_agree(f->comm, f->comm->rank == 0 ? kith_file_publish(f->tmp, f->path) : KITH_OK));
  f->writing = false;
done:
  kith_h5_close(file);
  return st;
}

void kith_h5_close(kith_h5 **file) {
  kith_h5 *f = *file;
  if (!f) return;
  if (f->writing && f->failed) {
    file_trim(f);
    kith_comm_barrier_sleep(f->comm);
    KITH_MPI(MPI_Barrier(f->comm->mpi)); /* no rank flushes before there is space */
  }
  if (f->file >= 0) KITH_H5_COLLECTIVE(f, "closing a file", H5Fclose(f->file));
  if (f->writing && f->comm->rank == 0) kith_file_tmp_remove(f->tmp);
  KITH_FREE(f->seal.number);
  KITH_FREE(*file);
}

/* ---- reading ---- */

static kith_status file_check_signature(const char *path) {
  kith_status st = KITH_OK;
  struct stat is;
  unsigned char head[KITH__H5_HEAD];
  int file = -1;
  KITH_TRY(kith_file_open(path, &file));
  KITH_CHECK(fstat(file, &is) == 0, KITH_ENOINPUT, "%s: %s", path, strerror(errno));
  KITH_CHECK(is.st_size > 0, KITH_EDATA, "%s: is empty", path);
  ssize_t n;
  do n = kith_fault(KITH_FAULT_READ) ? -1 : read(file, head, sizeof head);
  while (n < 0 && errno == EINTR);
  KITH_CHECK(n >= 0, KITH_EIO, "%s: reading failed: %s", path, strerror(errno));
  KITH_TRY(kith__h5_validate_format(path, head, n));
done:
  if (file >= 0) close(file);
  return st;
}

/* Check format and version.  A file with a seal is checked against it, whatever its version. */
static kith_status file_check_format(kith_h5 *f, const char *format, int version) {
  kith_status st = KITH_OK;
  char *found = NULL;
  int64_t found_version = 0;
  KITH_TRY(kith__h5_attr_text(f->file, f->path, "format", &found));
  KITH_TRY(kith__h5_attr_int(f->file, f->path, "format_version", &found_version));
  KITH_CHECK(!format || strcmp(found, format) == 0, KITH_EDATA, "%s: is a %s file, a %s file was expected",
             f->path, found, format);
  KITH_CHECK(found_version >= 1, KITH_EDATA, "%s: format version %lld is impossible", f->path,
             (long long)found_version);
  KITH_CHECK(found_version <= version, KITH_EDATA,
             "%s: is of format version %lld; this program (%s) reads up to version %d", f->path,
             (long long)found_version, KITH_VERSION, version);
  f->sealed = found_version >= KITH_SEALED || H5Aexists(f->file, KITH__SEAL) != 0;
done:
  KITH_FREE(found);
  return st;
}

/* Open on this rank and check the format; rank 0 also checks the seal and the layout. */
static kith_status file_open_local(kith_h5 *f, const char *format, int version) {
  kith_status st = KITH_OK;
  hid_t access = file_access();
  KITH_TRY(file_check_signature(f->path));
  f->file = kith__h5_fault() ? H5I_INVALID_HID : H5Fopen(f->path, H5F_ACC_RDONLY, access);
  KITH_CHECK(f->file >= 0, kith__h5_error_status(), "%s: is torn or damaged: %s", f->path,
             kith__h5_error_text());
  KITH_TRY(file_check_format(f, format, version));
  if (format && f->comm->rank == 0) {
    KITH_TRY(kith_h5_check_seal(f));
    KITH_TRY(kith__layout_sizes(f, format));
  }
done:
  H5Pclose(access);
  return st;
}

kith_agreed kith_h5_open(const kith_comm *comm, const char *path, const char *format, int version,
                         kith_h5 **out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  *out = NULL;
  KITH_TRY(kith_agree(comm, file_new(comm, path, false, false, &f)));
  kith_watchdog_set_file(path);
  /* Rank 0 opens first: an error is then reported once, without load on the file system by all ranks. */
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? file_open_local(f, format, version) : KITH_OK));
  KITH_TRY(kith_agree(comm, comm->rank != 0 ? file_open_local(f, format, version) : KITH_OK));
  *out = f;
  f = NULL;
done:
  kith_h5_close(&f);
  return st;
}

const char *kith_h5_path(const kith_h5 *f) { return f->path; }

void kith_h5_library_version(size_t size, char *text) {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  snprintf(text, size, "%u.%u.%u", major, minor, release);
}

bool kith_h5_can_disable_locking(void) {
#if H5_VERSION_GE(1, 10, 7)
  return true;
#else
  return false;
#endif
}
