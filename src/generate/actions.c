/*
 * What users do with items: they view some, put some of these into the cart, and buy some of these.  The
 * interactions are what is bought.  A user's lines ascend in time; what must be remembered is only which
 * items this user has already.
 */
#include <math.h>

#include "generate/world.h"
#include "graph/graph.h"

enum { WORLD_ACTIONS = WORLD_VIEW + 1 };

/* What leads to no purchase is more often outside the user's tastes. */
static const double more_noise[WORLD_ACTIONS] = {0, 0.1, 0.3};
static const int64_t lead_least = 60, lead_cart = 3600, lead_view = 86400; /* seconds, from one to the next */

static int64_t wanted(const world *w, int64_t user, world_action action) {
  const double per_buy[WORLD_ACTIONS] = {1, w->o->carts, w->o->views};
  return llround((double)w->degree[user] * per_buy[action]);
}

/* How many items a user has bought, put into the cart, viewed: three quarters of all at most, but everything
 * that was bought. */
static void count_actions(const world *w, int64_t user, int64_t n[WORLD_ACTIONS]) {
  int64_t most = w->o->items * 3 / 4;
  n[WORLD_BUY] = w->degree[user];
  for (int a = WORLD_CART; a < WORLD_ACTIONS; a++) {
    int64_t given = kith_min(wanted(w, user, (world_action)a), most);
    n[a] = given > n[a - 1] ? given : n[a - 1];
  }
}

static int64_t most_actions(const world *w, world_action action) {
  int64_t n[WORLD_ACTIONS], most = 1;
  for (int64_t u = 0; u < w->o->users; u++) {
    count_actions(w, u, n);
    most = n[action] > most ? n[action] : most;
  }
  return most;
}

/* The time of an action, from that of the last action with this item. */
static int64_t time_before(const world *w, int64_t user, int64_t k, world_action last, world_action action,
                           int64_t time) {
  if (last == action) return time;
  kith_draw draw = kith_random(w->o->seed, (kith_rng_stream)WORLD_LEAD, (uint64_t)user, (uint64_t)k, 0);
  if (last == WORLD_BUY) time -= lead_least + (int64_t)kith_random_below(draw.bits[0], (uint64_t)lead_cart);
  if (action == WORLD_VIEW)
    time -= lead_least + (int64_t)kith_random_below(draw.bits[1], (uint64_t)lead_view);
  return time;
}

/* Choice k of a user that is not taken yet.  `taken` [items] holds user + 1 for the items that are. */
static int32_t choose(const world *w, const world_user *u, const world_choice *c, int32_t *taken,
                      double *moment) {
  int32_t item = kith__world_item(w, u, c, 0, moment);
  for (int64_t attempt = 1; taken[item] == (int32_t)u->id + 1; attempt++)
    item = attempt < GENERATE_DRAWS ? kith__world_item(w, u, c, attempt, moment)
                                    : (int32_t)((item + 1) % w->o->items);
  taken[item] = (int32_t)u->id + 1;
  return item;
}

/* The choices from `from` to `to`, spread evenly over the user's span; `last` is the last action with them.
 */
static void choose_range(const world *w, const world_user *u, int64_t from, int64_t to, world_action last,
                         world_action action, int32_t *taken, kith_key_value *e) {
  double n = (double)(to - from), step = u->span / n;
  for (int64_t k = from; k < to; k++) {
    double moment;
    world_choice c = {.k = k,
                      .noise = fmin(1, w->o->noise + more_noise[last]),
                      .elapsed = (double)(k - from) / n};
    e[k].value = choose(w, u, &c, taken, &moment);
    e[k].key =
        time_before(w, u->id, k, last, action, (int64_t)(u->begin + step * ((double)(k - from) + moment)));
  }
}

static void write_events(stream *s, const spelling how[KITH_SIDES], int64_t user, int64_t n,
                         const kith_key_value *e) {
  for (int64_t k = 0; k < n; k++) {
    kith__spell(s, &how[KITH_USER], user);
    kith__stream_text(s, "\t");
    kith__spell(s, &how[KITH_ITEM], e[k].value);
    kith__stream_text(s, "\t");
    kith__stream_number(s, e[k].key, 1);
    kith__stream_text(s, "\n");
  }
}

/* Purchases are drawn in the order of time already. */
static void write_user(const world *w, int64_t user, world_action action, const int64_t n[WORLD_ACTIONS],
                       const spelling how[KITH_SIDES], int32_t *taken, kith_key_value *e,
                       kith_key_value *scratch, stream *s) {
  world_user u = kith__world_user(w, user);
  choose_range(w, &u, 0, n[WORLD_BUY], WORLD_BUY, action, taken, e);
  for (int a = WORLD_CART; a <= (int)action; a++)
    choose_range(w, &u, n[a - 1], n[a], (world_action)a, action, taken, e);
  if (action != WORLD_BUY) kith_sort(n[action], (int64_t)(u.begin + u.span), e, scratch);
  write_events(s, how, user, n[action], e);
}

kith_status kith__write_actions(const world *w, world_action action, const char *first, const char *path,
                                int64_t *n, int64_t *capped) {
  static const char *const what[WORLD_ACTIONS] = {"interactions", "carts", "views"};
  const spelling how[KITH_SIDES] = {kith__spelling_make(w->o, "user-", w->o->users),
                                    kith__spelling_make(w->o, "item-", w->o->items)};
  kith_status st = KITH_OK;
  stream s = {0};
  int32_t *taken = NULL;
  kith_key_value *e = NULL, *scratch = NULL; /* time and item of each action of a user */
  kith_progress progress;
  kith_progress_begin(&progress, what[action], w->o->users);
  KITH_TRY(KITH_NEW(taken, w->o->items));
  KITH_TRY(KITH_NEW(e, most_actions(w, action)));
  KITH_TRY(KITH_NEW(scratch, most_actions(w, action)));
  KITH_TRY(kith__stream_open(path, GENERATE_MARK, first, &s));
  for (int64_t u = 0; u < w->o->users; u++) {
    int64_t of_user[WORLD_ACTIONS] = {0};
    count_actions(w, u, of_user);
    write_user(w, u, action, of_user, how, taken, e, scratch, &s);
    *n += of_user[action];
    *capped += of_user[action] < wanted(w, u, action);
    if (u % 256 == 0) kith_progress_step(&progress, u, NULL);
  }
  KITH_TRY(kith__stream_publish(&s));
done:
  kith_progress_end(&progress);
  kith__stream_close(&s);
  KITH_FREE(taken);
  KITH_FREE(e);
  KITH_FREE(scratch);
  return st;
}
