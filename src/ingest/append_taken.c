/* Which lists an update has taken: lines of the attribute `taken`, "HASH PAIRS PATH", the last update's last.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ingest/append_work.h"
#include "store/store.h"

enum { TAKEN_BUFFER = 1 << 16 };

/* FNV-1a of 64 bits. */
static uint64_t taken_hash(uint64_t h, int64_t n, const char *bytes) {
  for (int64_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
  return h;
}

/* Add which list it is, and its bytes without compression. */
static kith_status taken_add(const char *name, const char *path, uint64_t *h) {
  kith_status st = KITH_OK;
  kith__bytes bytes = {.fd = -1};
  char *text = NULL;
  int64_t n = 1;
  if (!path[0]) return st;
  *h = taken_hash(*h, (int64_t)strlen(name) + 1, name);
  KITH_TRY(KITH_NEW(text, TAKEN_BUFFER));
  KITH_TRY(kith__bytes_open(path, &bytes));
  while (n > 0) {
    KITH_TRY(kith__bytes_read(&bytes, TAKEN_BUFFER, text, &n));
    *h = taken_hash(*h, n, text);
  }
done:
  kith__bytes_close(&bytes);
  KITH_FREE(text);
  return st;
}

/* A hash of the bytes of all lists.  Errors: KITH_ENOINPUT, KITH_EDATA, KITH_EIO, KITH_ENOMEM. */
static kith_status taken_hash_all(const kith_append_options *o, uint64_t *hash) {
  kith_status st = KITH_OK;
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  KITH_TRY(taken_add("interactions", o->interactions.path, &h));
  for (int i = 0; i < o->n_relation; i++)
    KITH_TRY(taken_add(o->relation[i].name, o->relation[i].list.path, &h));
  KITH_TRY(taken_add("user features", o->features[KITH_USER].path, &h));
  KITH_TRY(taken_add("item features", o->features[KITH_ITEM].path, &h));
  *hash = h;
done:
  return st;
}

kith_status kith__append_take(kith__append *a) {
  kith_status st = KITH_OK;
  uint64_t hash = 0;
  char line[KITH_PATH + 64];
  size_t before = a->t.taken ? strlen(a->t.taken) : 0;
  const char *path = a->o->interactions.path;
  if (!path[0]) path = a->o->relation[0].list.path;
  KITH_TRY(taken_hash_all(a->o, &hash));
  snprintf(line, sizeof line, "%016" PRIx64 " %lld %s\n", hash, (long long)a->r->pairs, path);
  KITH_TRY(KITH_GROW(a->t.taken, a->t.taken ? (int64_t)before + 1 : 0, (int64_t)(before + strlen(line)) + 1));
  memcpy(a->t.taken + before, line, strlen(line) + 1);
done:
  return st;
}

/* Whether the last line has the hash. */
static bool taken_is_last(const char *text, uint64_t hash) {
  char wanted[32];
  size_t n = strlen(text), begin = n > 0 ? n - 1 : 0;
  snprintf(wanted, sizeof wanted, "%016" PRIx64 " ", hash);
  while (begin > 0 && text[begin - 1] != '\n') begin--;
  return strncmp(text + begin, wanted, strlen(wanted)) == 0;
}

static kith_status taken_alone(const kith_append_options *o, const char *path, bool *taken) {
  kith_status st = KITH_OK;
  const kith_comm alone = {.mpi = MPI_COMM_SELF, .rank = 0, .size = 1};
  kith_h5 *f = NULL;
  char *text = NULL;
  uint64_t hash = 0;
  KITH_TRY(kith_h5_open(&alone, path, KITH_GRAPH_FORMAT, KITH_FILE_VERSION, &f).status);
  if (!kith_h5_has_attr(f, "taken")) goto done;
  KITH_TRY(kith_h5_get_attr_text(f, "taken", &text).status);
  KITH_TRY(taken_hash_all(o, &hash));
  *taken = taken_is_last(text, hash);
done:
  kith_h5_close(&f);
  KITH_FREE(text);
  return st;
}

kith_agreed kith_append_is_taken(const kith_comm *comm, const kith_append_options *o, const char *path,
                                 bool *taken) {
  kith_agreed st = {KITH_OK};
  bool is = false;
  *taken = false;
  KITH_TRY(kith_agree(comm, comm->rank == 0 ? taken_alone(o, path, &is) : KITH_OK));
  kith_comm_bcast(comm, (int64_t)sizeof is, &is);
  *taken = is;
done:
  return st;
}
