/*
 * Memory that the ranks of a host share: a memfd, which has no name in any folder, so that a killed rank
 * leaves nothing behind.  The first rank of a host makes it, the others open it by the first one's number of
 * process and of descriptor.
 *
 * Pages are taken by MADV_POPULATE_WRITE or fallocate(), which fail where a mere access would end in SIGBUS.
 * Huge pages: MADV_HUGEPAGE is heeded where shmem_enabled says so; MADV_COLLAPSE (Linux 6.1) gathers pages
 * whatever it says, but for "deny".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "comm/hosts.h"
#include "comm/placement.h"

enum { SHARE_HUGE = 2 << 20, SHARE_POPULATE = 23, SHARE_COLLAPSE = 25 }; /* bytes; Linux's advice */

/* How the first rank names the file to the others of its host. */
typedef struct share_name {
  int64_t process, file, device, inode;
} share_name;

/* Whether it is worth huge pages. */
static bool share_is_large(int64_t bytes) { return bytes >= 2 * (int64_t)SHARE_HUGE; }

/* Rounded up, and at least one page. */
static int64_t share_whole(int64_t bytes) {
  const int64_t page = share_is_large(bytes) ? SHARE_HUGE : sysconf(_SC_PAGESIZE);
  return bytes > 0 ? (bytes + page - 1) / page * page : page;
}

/* On the first rank of a host. */
static kith_status share_make(kith_share *s) {
  kith_status st = KITH_OK;
  kith_host_info host = {.memory = INT64_MAX};
  if (share_is_large(s->bytes)) kith_host_info_get(&host);
  KITH_CHECK(s->bytes <= host.memory, KITH_EIO, "%lld MB are more than this host can give",
             (long long)(s->bytes >> 20));
  s->file = kith_fault(KITH_FAULT_SHARE) ? -1 : memfd_create("kith", MFD_CLOEXEC);
  KITH_CHECK(s->file >= 0, KITH_EIO, "memfd_create: %s", strerror(errno));
  KITH_CHECK(ftruncate(s->file, s->bytes) == 0, KITH_EIO, "%lld MB: %s", (long long)(s->bytes >> 20),
             strerror(errno));
done:
  return st;
}

static share_name share_name_of(const kith_share *s) {
  struct stat is = {0};
  (void)fstat(s->file, &is);
  return (share_name){getpid(), s->file, (int64_t)is.st_dev, (int64_t)is.st_ino};
}

/* On the others.  In another name space of processes the path may lead elsewhere. */
static kith_status share_open(kith_share *s, const share_name *name) {
  kith_status st = KITH_OK;
  char path[64];
  snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)name->process, (long long)name->file);
  s->file = kith_fault(KITH_FAULT_SHARE) ? -1 : open(path, O_RDWR | O_CLOEXEC);
  KITH_CHECK(s->file >= 0, KITH_EIO, "%s: %s", path, strerror(errno));
  share_name mine = share_name_of(s);
  KITH_CHECK(mine.device == name->device && mine.inode == name->inode, KITH_EIO, "%s: another file", path);
done:
  return st;
}

/* At an address that huge pages fit: among more addresses than are needed, whose ends are given back. */
static kith_status share_map(kith_share *s) {
  kith_status st = KITH_OK;
  size_t n = (size_t)s->bytes, room = n + SHARE_HUGE;
  char *all = kith_fault(KITH_FAULT_SHARE)
                  ? MAP_FAILED
                  : mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  KITH_CHECK(all != MAP_FAILED, KITH_EIO, "mmap: %s", strerror(errno));
  size_t before = (SHARE_HUGE - (size_t)all % SHARE_HUGE) % SHARE_HUGE;
  if (before > 0) munmap(all, before);
  if (room - before > n) munmap(all + before + n, room - before - n);
  s->base = mmap(all + before, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, s->file, 0);
  if (s->base == MAP_FAILED) {
    s->base = NULL;
    munmap(all + before, n);
    KITH_CHECK(false, KITH_EIO, "mmap: %s", strerror(errno));
  }
  s->small = kith_fault(KITH_FAULT_HUGE);
  (void)madvise(s->base, n, s->small ? MADV_NOHUGEPAGE : MADV_HUGEPAGE); /* advice only */
done:
  return st;
}

static kith_status share_begin(const kith_hosts *h, int64_t bytes, kith_share **out) {
  kith_status st = KITH_OK;
  kith_share *s = NULL;
  KITH_TRY(KITH_NEW(s, 1));
  *s = (kith_share){.hosts = h, .bytes = share_whole(bytes), .file = -1};
  *out = s; /* from here on the caller destroys */
  if (h->here.rank == 0) KITH_TRY(share_make(s));
done:
  return st;
}

/* On all ranks, once the first one has the file. */
static kith_status share_finish(kith_status st, const share_name *name, kith_share *s) {
  if (kith_is_bad(st) || name->file < 0) return st; /* the first rank says why */
  if (s->hosts->here.rank > 0) KITH_TRY(share_open(s, name));
  KITH_TRY(share_map(s));
done:
  return st;
}

kith_agreed kith_share_create(const kith_hosts *h, int64_t bytes, kith_share **out) {
  kith_agreed st = {KITH_OK};
  kith_share *s = NULL;
  share_name name = {.file = -1};
  *out = NULL;
  kith_status mine = share_begin(h, bytes, &s);
  if (h->here.rank == 0 && !kith_is_bad(mine)) name = share_name_of(s);
  KITH_MPI(MPI_Bcast(&name, (int)sizeof name, MPI_BYTE, 0, h->here.mpi));
  KITH_TRY(kith_agree(h->all, share_finish(mine, &name, s)));
  *out = s;
  s = NULL;
done:
  kith_share_destroy(&s);
  return st.status == KITH_EIO ? (kith_agreed){KITH_OK} : st;
}

kith_status kith_share_claim(const kith_share *s, const void *from, int64_t bytes) {
  kith_status st = KITH_OK;
  const int64_t page = sysconf(_SC_PAGESIZE), low = ((const char *)from - s->base) / page * page;
  const int64_t high = kith_min(((const char *)from - s->base + bytes + page - 1) / page * page, s->bytes);
  if (bytes == 0) return st;
  bool done = !kith_fault(KITH_FAULT_SHARE);
  KITH_CHECK(done, KITH_EIO, "pages of shared memory: %s", strerror(errno));
  done = madvise(s->base + low, (size_t)(high - low), SHARE_POPULATE) == 0;
  if (!done && errno == EINVAL) done = fallocate(s->file, 0, low, high - low) == 0; /* before Linux 5.14 */
  KITH_CHECK(done, KITH_EIO, "pages of shared memory: %s", strerror(errno));
done:
  return st;
}

/* Whether nearly all of the mapping is in huge pages; one access maps such a page. */
static bool share_is_huge(const kith_share *s) {
  for (int64_t at = 0; at < s->bytes; at += SHARE_HUGE) (void)*(volatile const char *)(s->base + at);
  return kith_huge_page_bytes(s->base) >= s->bytes / 10 * 9;
}

/* The ranks of a host gather its pages together, each an equal share of the blocks. */
static void share_gather(const kith_share *s) {
  const kith_comm *here = &s->hosts->here;
  int64_t n = s->bytes / SHARE_HUGE, low = kith_chunk_begin(n, here->size, here->rank),
          high = kith_chunk_begin(n, here->size, here->rank + 1);
  for (int64_t i = low; i < high && !s->small; i++)
    if (madvise(s->base + i * SHARE_HUGE, SHARE_HUGE, SHARE_COLLAPSE) != 0) return; /* as it is */
}

bool kith_share_seal(kith_share **share, kith_status claimed) {
  kith_share *s = *share;
  const kith_comm *all = s->hosts->all;
  if (kith_is_bad(kith_agree(all, claimed))) {
    kith_share_destroy(share);
    return false;
  }
  bool large = share_is_large(s->bytes); /* the same on all ranks of a host */
  if (large) share_gather(s);
  if (large) kith_hosts_barrier(s->hosts);
  s->in_small_pages = kith_comm_max(all, large && share_is_huge(s) ? 0 : s->bytes);
  close(s->file);
  s->file = -1;
  return true;
}

void kith_share_destroy(kith_share **share) {
  kith_share *s = *share;
  if (!s) return;
  if (s->base) munmap(s->base, (size_t)s->bytes);
  if (s->file >= 0) close(s->file);
  KITH_FREE(*share);
}
