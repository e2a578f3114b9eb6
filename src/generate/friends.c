/* Friendships, each written once, as they are drawn. */
#include "generate/world.h"

/* A friendship is written by one of the two users: which one follows from the pair, and each user writes half
 * of the pairs. */
static bool begins_friendship(int64_t user, int64_t other) {
  bool smaller = (user + other) % 2 == 0;
  return user != other && (user < other) == smaller;
}

/* `taken` [users] holds user + 1 for the friends that this user has already. */
static void write_user(const world *w, int64_t user, const spelling *how, int32_t *taken, stream *s) {
  for (int64_t k = 0; k < w->ties[user]; k++) {
    int32_t other = kith__world_friend(w, user, k, 0);
    for (int64_t attempt = 1; !begins_friendship(user, other) || taken[other] == (int32_t)user + 1; attempt++)
      other = attempt < GENERATE_DRAWS ? kith__world_friend(w, user, k, attempt)
                                       : (int32_t)((other + 1) % w->o->users);
    taken[other] = (int32_t)user + 1;
    kith__spell(s, how, user);
    kith__stream_text(s, "\t");
    kith__spell(s, how, other);
    kith__stream_text(s, "\n");
  }
}

kith_status kith__write_friends(const world *w, const char *first, const char *path) {
  const spelling how = kith__spelling_make(w->o, "user-", w->o->users);
  kith_status st = KITH_OK;
  stream s = {0};
  int32_t *taken = NULL;
  KITH_TRY(KITH_NEW(taken, w->o->users));
  KITH_TRY(kith__stream_open(path, GENERATE_MARK, first, &s));
  for (int64_t u = 0; u < w->o->users; u++) write_user(w, u, &how, taken, &s);
  KITH_TRY(kith__stream_publish(&s));
done:
  kith__stream_close(&s);
  KITH_FREE(taken);
  return st;
}
