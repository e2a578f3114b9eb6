/*
 * Private to generate: the synthetic graph ("world") that all lists are drawn from.
 *
 * Items lie in a row of places, part of it for each community; a shuffle says which item lies where, so that
 * an item's number tells nothing.  Within a community the front places are the popular ones: weight (place +
 * offset)^-7/8.  Every NICHES-th place belongs to the same niche, so niches share the popularity of their
 * community.  A user has one to three tastes, each a niche of a community.  Users lie in such a row too, by
 * their first taste, so that friends can be found.
 *
 * With drift, the front of every row of items moves on over the calendar, and each taste of a user may be
 * replaced by another one once.  Friends and features follow the tastes before that.
 *
 * All of it follows from the seed and the numbers of users and items; nothing is kept but O(users + items).
 */
#ifndef KITH_GENERATE_WORLD_H
#define KITH_GENERATE_WORLD_H

#include "generate/stream.h"
#include "generate/generate.h"

enum { WORLD_NICHES = 4, WORLD_TASTES = 3 };

enum {
  GENERATE_DRAWS = 1000
}; /* of one item, friend or tag, before the next free one is taken; a quarter or more are free, so it rarely
      is */

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
  WORLD_FEATURE,
  WORLD_DRIFT,
  WORLD_LEAD,
  WORLD_TAG,
  WORLD_TRIPLE
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

/** A user's tastes before any drift, the main one first; returns how many. */
int kith__world_tastes(const world *w, int64_t user, world_taste taste[WORLD_TASTES]);

/** Where an item belongs. */
world_taste kith__world_of_item(const world *w, int64_t item);

/** What a user's choices depend on. */
typedef struct world_user {
  int64_t id;
  double begin, span; /**< seconds: of the user's first day, and from there to the last interaction */
  int n_taste;
  world_taste taste[WORLD_TASTES], later[WORLD_TASTES]; /**< before and after a taste is replaced */
  double turn[WORLD_TASTES]; /**< share of the span after which it is; more than 1: never */
} world_user;

world_user kith__world_user(const world *w, int64_t id);

/** A choice of a user. */
typedef struct world_choice {
  int64_t k;      /**< number among the user's choices */
  double noise;   /**< probability that it is outside the tastes */
  double elapsed; /**< share of the user's span that has passed */
} world_choice;

/**
 * The item of a choice, and a number in [0, 1) for its moment.  The caller tries attempt 0, 1, … until the
 * item is new; later attempts look farther afield, so that this ends.
 */
int32_t kith__world_item(const world *w, const world_user *u, const world_choice *c, int64_t attempt,
                         double *moment);

/** Somebody whom a user may befriend, by homophily of the user's niche; attempts as above. */
int32_t kith__world_friend(const world *w, int64_t user, int64_t k, int64_t attempt);

/**
 * One of n labels for a node of the given taste.  Labels belong to communities and niches by their numbers;
 * mostly one of the same niche or community is drawn, sometimes any.
 */
int64_t kith__world_label(const world *w, int64_t n, const world_taste *taste, const kith_draw *draw);

/** The taste that label x of n belongs to. */
world_taste kith__world_of_label(const world *w, int64_t n, int64_t x);

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

/* ---- the lists; `first` is the first line of each file ---- */

/** What a user does with an item: each includes the ones before it. */
typedef enum world_action { WORLD_BUY, WORLD_CART, WORLD_VIEW } world_action;

/** Adds the lines to *n, and to *capped the users with fewer lines than the options demand. */
kith_status kith__write_actions(const world *w, world_action action, const char *first, const char *path,
                                int64_t *n, int64_t *capped) KITH_MUST_USE;
kith_status kith__write_friends(const world *w, const char *first, const char *path) KITH_MUST_USE;
kith_status kith__write_tags(const world *w, const char *first, const char *path, int64_t *n) KITH_MUST_USE;
kith_status kith__write_triples(const world *w, bool items_only, const char *first, const char *path,
                                int64_t *n) KITH_MUST_USE;

#endif
