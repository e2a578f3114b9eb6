/*
 * Private to generate: the invented world that interactions and friendships are drawn from.
 *
 * Items lie in a row of places, part of it for each community; a shuffle says which item lies where, so that
 * an item's number tells nothing.  Within a community the front places are the popular ones: weight (place +
 * offset)^-7/8.  Every NICHES-th place belongs to the same niche, so niches share the popularity of their
 * community.  A user has one to three tastes, each a niche of a community.  Users lie in such a row too, by
 * their first taste, so that friends can be found.
 *
 * All of it follows from the seed and the numbers of users and items; nothing is kept but O(users + items).
 */
#ifndef KITH_GENERATE_WORLD_H
#define KITH_GENERATE_WORLD_H

#include "generate/stream.h"
#include "generate/generate.h"

enum { WORLD_NICHES = 4, WORLD_TASTES = 3 };

/** What the generator's random numbers decide. */
enum {
  WORLD_ACTIVITY = KITH_RNG_GENERATE,
  WORLD_COMMUNITY,
  WORLD_TASTE,
  WORLD_ITEM_ORDER,
  WORLD_USER_ORDER,
  WORLD_INTERACTION,
  WORLD_CALENDAR,
  WORLD_SOCIABLE,
  WORLD_FRIEND,
  WORLD_FEATURE
};

typedef struct world_taste {
  int community, niche;
  double share; /**< of the user's choices, summed up to this taste */
} world_taste;

typedef struct world {
  const kith_generate_options *o;
  int64_t *item_first, *user_first;        /**< [communities + 1] the places of each community */
  int32_t *item_at;                        /**< [items] which item lies at a place */
  int32_t *degree;                         /**< [users] how many interactions each has */
  int32_t *ties;                           /**< [users] how many friendships each begins */
  kith_permutation user_order, item_order; /**< place <-> user, item */
} world;

kith_status kith__world_create(const kith_generate_options *o, world *w) KITH_MUST_USE;
void kith__world_free(world *w);

/** A user's tastes, the main one first; returns how many. */
int kith__world_tastes(const world *w, int64_t user, world_taste taste[WORLD_TASTES]);

/** Where an item belongs. */
world_taste kith__world_of_item(const world *w, int64_t item);

/**
 * A choice of a user: the item of his k-th interaction, and a number in [0, 1) for its moment.  The caller
 * tries attempt 0, 1, … until the item is new; later attempts look farther afield, so that this ends.
 */
int32_t kith__world_item(const world *w, int64_t user, int64_t k, int64_t attempt, int n_taste,
                         const world_taste *taste, double *moment);

/** Somebody whom a user may befriend, most likely of his community; attempts as above. */
int32_t kith__world_friend(const world *w, int64_t user, int64_t k, int64_t attempt);

/* ---- how it is written ---- */

#define GENERATE_MARK "# kith generate: "

/** Impossible numbers.  Errors: KITH_ECONFIG. */
kith_status kith__generate_check(const kith_generate_options *o) KITH_MUST_USE;

/** How ids of one type are spelled: "user-" and digits of one width, or the number. */
typedef struct spelling {
  const char *prefix;
  int width;
} spelling;

spelling kith__spelling_make(const kith_generate_options *o, const char *prefix, int64_t n);
void kith__spell(stream *s, const spelling *how, int64_t number);

#endif
