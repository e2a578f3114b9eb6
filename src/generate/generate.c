/*
 * Interactions and friendships of an invented world, written as they are drawn.  A user's lines follow each
 * other in the order of time; what must be remembered is only which items he has already.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "generate/stream.h"
#include "generate/world.h"
#include "graph/graph.h"

static const int64_t calendar_begin = 1577836800; /* 2020-01-01 */
static const int64_t calendar_span = INT64_C(3) * 365 * 86400, calendar_least = INT64_C(30) * 86400;

kith_generate_options kith_generate_defaults(void) {
  return (kith_generate_options){.users = 2000,
                                 .items = 3000,
                                 .interactions = 60000,
                                 .friends = 8000,
                                 .communities = 20,
                                 .noise = 0.1,
                                 .names = true,
                                 .seed = 1};
}

kith_status kith__generate_check(const kith_generate_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->users >= 1 && o->users < INT32_MAX, KITH_ECONFIG,
             "generate.users: %" PRId64 ", expected 1 to %d", o->users, INT32_MAX - 1);
  KITH_CHECK(o->items >= 1 && o->items < INT32_MAX, KITH_ECONFIG,
             "generate.items: %" PRId64 ", expected 1 to %d", o->items, INT32_MAX - 1);
  KITH_CHECK(o->communities >= 1 && o->communities <= o->items / 8, KITH_ECONFIG,
             "generate.communities: %d, expected 1 to %" PRId64 " (an eighth of the items)", o->communities,
             o->items / 8);
  KITH_CHECK(o->interactions >= 1 && o->interactions <= o->users * (o->items / 2), KITH_ECONFIG,
             "generate.interactions: %" PRId64 ", expected 1 to %" PRId64 " (half of all pairs)",
             o->interactions, o->users * (o->items / 2));
  KITH_CHECK(o->friends >= 0 && o->friends <= o->users * (o->users / 16), KITH_ECONFIG,
             "generate.friends: %" PRId64 ", expected 0 to %" PRId64 " (an eighth of all pairs of users)",
             o->friends, o->users * (o->users / 16));
  KITH_CHECK(o->noise >= 0 && o->noise <= 1, KITH_ECONFIG, "generate.noise: %g, expected 0 to 1", o->noise);
done:
  return st;
}

/* ---- names ---- */

spelling kith__spelling_make(const kith_generate_options *o, const char *prefix, int64_t n) {
  spelling s = {"", 1};
  if (!o->names) return s;
  s.prefix = prefix;
  for (int64_t last = n - 1; last >= 10; last /= 10) s.width++;
  return s;
}

void kith__spell(stream *s, const spelling *how, int64_t number) {
  kith__stream_text(s, how->prefix);
  kith__stream_number(s, number, how->width);
}

/* ---- interactions ---- */

typedef struct calendar {
  double begin, step; /* seconds: of a user's first day, and from one interaction to the next */
} calendar;

static calendar calendar_of(const world *w, int64_t user) {
  kith_draw draw = kith_random(w->o->seed, (kith_rng_stream)WORLD_CALENDAR, (uint64_t)user, 0, 0);
  double room = (double)(calendar_span - calendar_least), late = floor(kith_random_unit(draw.bits[0]) * room);
  double span = (double)calendar_least + kith_random_unit(draw.bits[1]) * (room - late);
  return (calendar){(double)calendar_begin + late, span / (double)w->degree[user]};
}

enum {
  GENERATE_DRAWS = 1000
}; /* of one item or friend, before the next free one is taken; a quarter or more are free, so it never is */

/* `taken` [items] holds user + 1 for the items that this user has already. */
static void write_user(const world *w, int64_t user, const spelling how[KITH_TYPES], int32_t *taken,
                       stream *s) {
  world_taste taste[WORLD_TASTES];
  int n_taste = kith__world_tastes(w, user, taste);
  calendar days = calendar_of(w, user);
  for (int64_t k = 0; k < w->degree[user]; k++) {
    double moment;
    int32_t item = kith__world_item(w, user, k, 0, n_taste, taste, &moment);
    for (int64_t attempt = 1; taken[item] == (int32_t)user + 1; attempt++)
      item = attempt < GENERATE_DRAWS ? kith__world_item(w, user, k, attempt, n_taste, taste, &moment)
                                      : (int32_t)((item + 1) % w->o->items);
    taken[item] = (int32_t)user + 1;
    kith__spell(s, &how[KITH_USER], user);
    kith__stream_text(s, "\t");
    kith__spell(s, &how[KITH_ITEM], item);
    kith__stream_text(s, "\t");
    kith__stream_number(s, (int64_t)(days.begin + days.step * ((double)k + moment)), 1);
    kith__stream_text(s, "\n");
  }
}

static kith_status write_interactions(const world *w, const spelling how[KITH_TYPES], const char *first,
                                      const char *path) {
  kith_status st = KITH_OK;
  stream s = {0};
  int32_t *taken = NULL;
  int64_t done_so_far = 0;
  kith_progress progress;
  kith_progress_begin(&progress, "interactions", w->o->interactions);
  KITH_TRY(KITH_NEW(taken, w->o->items));
  KITH_TRY(kith__stream_open(path, GENERATE_MARK, first, &s));
  for (int64_t u = 0; u < w->o->users; u++) {
    write_user(w, u, how, taken, &s);
    done_so_far += w->degree[u];
    if (u % 256 == 0) kith_progress_step(&progress, done_so_far, NULL);
  }
  KITH_TRY(kith__stream_publish(&s));
done:
  kith_progress_end(&progress);
  kith__stream_close(&s);
  KITH_FREE(taken);
  return st;
}

/* ---- friendships ---- */

/* A friendship is written once, by one of the two: which one follows from the pair, and each is it for half
 * of the others. */
static bool begins_friendship(int64_t user, int64_t other) {
  bool smaller = (user + other) % 2 == 0;
  return user != other && (user < other) == smaller;
}

/* `taken` [users] as above. */
static void write_friends(const world *w, int64_t user, const spelling *how, int32_t *taken, stream *s) {
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

static kith_status write_social(const world *w, const spelling *how, const char *first, const char *path) {
  kith_status st = KITH_OK;
  stream s = {0};
  int32_t *taken = NULL;
  KITH_TRY(KITH_NEW(taken, w->o->users));
  KITH_TRY(kith__stream_open(path, GENERATE_MARK, first, &s));
  for (int64_t u = 0; u < w->o->users; u++) write_friends(w, u, how, taken, &s);
  KITH_TRY(kith__stream_publish(&s));
done:
  kith__stream_close(&s);
  KITH_FREE(taken);
  return st;
}

/* ---- both ---- */

kith_status kith_generate(const kith_generate_options *o, const char *interactions, const char *social) {
  kith_status st = KITH_OK;
  world w = {0};
  char first[256];
  const spelling how[KITH_TYPES] = {kith__spelling_make(o, "user-", o->users),
                                    kith__spelling_make(o, "item-", o->items)};
  snprintf(first, sizeof first,
           "users %" PRId64 ", items %" PRId64 ", interactions %" PRId64 ", friends %" PRId64
           ", communities %d, noise %g, seed %" PRIu64 "\n",
           o->users, o->items, o->interactions, o->friends, o->communities, o->noise, o->seed);
  KITH_TRY(kith__generate_check(o));
  KITH_TRY(kith__world_create(o, &w));
  KITH_TRY(write_interactions(&w, how, first, interactions));
  if (social[0]) KITH_TRY(write_social(&w, &how[KITH_USER], first, social));
done:
  kith__world_free(&w);
  return st;
}
