/* The synthetic graph: where users and items belong, and what users choose. */
#include <math.h>

#include "generate/spread.h"
#include "generate/world.h"

static const double popular_offset = 0.3;                   /* how flat the front of the popularity law is */
static const double niche_share = 0.6;                      /* of the choices within a community */
static const double second_taste = 0.65, third_taste = 0.3; /* shares of users who have one */
static const double homophily_default = 0.55,
                    community_default = 0.85; /* friends of the same community at least, at that homophily */
static const double label_any = 0.15;         /* labels that are drawn from all */
static const int64_t calendar_begin = 1577836800; /* 2020-01-01 */
static const int64_t calendar_span = INT64_C(3) * 365 * 86400, calendar_least = INT64_C(30) * 86400;
enum { ATTEMPTS_NICHE = 4, ATTEMPTS_TASTE = 16 }; /* after so many the niche, the taste are exhausted */
enum { ATTEMPTS_COMMUNITY = 64 }; /* of a friend: after so many the community is exhausted, too */

/* ---- places ---- */

/* Communities share n places by weights that fall slowly: the largest of 20 is about two and a half times the
 * smallest.
 */
static void communities_place(int communities, int64_t n, int64_t *first) {
  double sum = 0, so_far = 0;
  for (int c = 0; c < communities; c++) sum += 1 / sqrt(c + 4.0);
  for (int c = 0; c < communities; c++) {
    first[c] = (int64_t)((double)n * (so_far / sum));
    so_far += 1 / sqrt(c + 4.0);
  }
  first[communities] = n;
}

static double eighth_root(double x) { return sqrt(sqrt(sqrt(x))); }

/* A place among n, the front ones more often: the inverse of the distribution of density (x + offset)^-7/8.
 */
static int64_t popular(int64_t n, double unit) {
  double low = eighth_root(popular_offset), high = eighth_root((double)n + popular_offset),
         root = low + unit * (high - low);
  double square = root * root, fourth = square * square;
  int64_t place = (int64_t)(fourth * fourth - popular_offset);
  return place < 0 ? 0 : place < n ? place : n - 1;
}

/* How many of n places belong to a niche. */
static int64_t niche_size(int64_t n, int niche) { return (n - niche + WORLD_NICHES - 1) / WORLD_NICHES; }

/* ---- making it ---- */

/* No user takes more than an eighth of the items, unless there are so many interactions that he must. */
static int64_t most_of(int64_t n, int64_t total, int64_t takers) {
  return total <= takers * (n / 16) ? n / 8 : n / 2;
}

kith_status kith__world_create(const kith_generate_options *o, world *w) {
  kith_status st = KITH_OK;
  *w = (world){.o = o,
               .user_order =
                   kith_permutation_make(o->seed, (kith_rng_stream)WORLD_USER_ORDER, 0, (uint64_t)o->users)};
  KITH_TRY(KITH_NEW(w->item_first, o->communities + 1));
  KITH_TRY(KITH_NEW(w->user_first, o->communities + 1));
  KITH_TRY(KITH_NEW(w->item_at, o->items));
  KITH_TRY(KITH_NEW(w->degree, o->users));
  KITH_TRY(KITH_NEW(w->ties, o->users));
  communities_place(o->communities, o->items, w->item_first);
  communities_place(o->communities, o->users, w->user_first);
  w->item_order = kith_permutation_make(o->seed, (kith_rng_stream)WORLD_ITEM_ORDER, 0, (uint64_t)o->items);
  for (int64_t p = 0; p < o->items; p++)
    w->item_at[p] = (int32_t)kith_permutation_apply(&w->item_order, (uint64_t)p);
  KITH_TRY(kith__spread_deal(o->seed, (kith_rng_stream)WORLD_ACTIVITY, o->users, o->interactions,
                             most_of(o->items, o->interactions, o->users), w->degree));
  KITH_TRY(kith__spread_deal(o->seed, (kith_rng_stream)WORLD_SOCIABLE, o->users, o->friends, o->users / 4,
                             w->ties));
done:
  if (kith_is_bad(st)) kith__world_free(w);
  return st;
}

void kith__world_free(world *w) {
  KITH_FREE(w->item_first);
  KITH_FREE(w->user_first);
  KITH_FREE(w->item_at);
  KITH_FREE(w->degree);
  KITH_FREE(w->ties);
}

/* ---- drawing from it ---- */

int kith__world_tastes(const world *w, int64_t user, world_taste taste[WORLD_TASTES]) {
  static const double weight[WORLD_TASTES] = {1, 0.6, 0.35};
  kith_draw draw = kith_random(w->o->seed, (kith_rng_stream)WORLD_TASTE, (uint64_t)user, 0, 0);
  int64_t place = (int64_t)kith_permutation_inverse(&w->user_order, (uint64_t)user);
  double unit = kith_random_unit(draw.bits[0]), sum = 0, total = 0;
  int n = unit < third_taste ? 3 : unit < second_taste ? 2 : 1;
  for (int i = 0; i < n; i++) total += weight[i];
  for (int i = 0; i < n; i++) {
    if (i > 0)
      place =
          (int64_t)kith_random_below(draw.bits[i], (uint64_t)w->o->users); /* like somebody else's main one */
    taste[i].community = (int)kith_range_find(w->o->communities, w->user_first, place);
    taste[i].niche = (int)((place - w->user_first[taste[i].community]) % WORLD_NICHES);
    sum += weight[i];
    taste[i].share = sum / total;
  }
  return n;
}

world_taste kith__world_of_item(const world *w, int64_t item) {
  int64_t place = (int64_t)kith_permutation_inverse(&w->item_order, (uint64_t)item);
  int community = (int)kith_range_find(w->o->communities, w->item_first, place);
  return (world_taste){.community = community,
                       .niche = (int)((place - w->item_first[community]) % WORLD_NICHES),
                       .share = 1};
}

/* Replace each taste once, with probability `drift`, by that of another user. */
static void user_drift(const world *w, world_user *u) {
  for (int i = 0; i < u->n_taste; i++) {
    u->later[i] = u->taste[i];
    u->turn[i] = 2;
    kith_draw draw = kith_random(w->o->seed, (kith_rng_stream)WORLD_DRIFT, (uint64_t)u->id, (uint64_t)i, 0);
    if (kith_random_unit(draw.bits[0]) >= w->o->drift) continue;
    int64_t place = (int64_t)kith_random_below(draw.bits[1], (uint64_t)w->o->users);
    u->turn[i] = kith_random_unit(draw.bits[2]);
    u->later[i].community = (int)kith_range_find(w->o->communities, w->user_first, place);
    u->later[i].niche = (int)((place - w->user_first[u->later[i].community]) % WORLD_NICHES);
  }
}

world_user kith__world_user(const world *w, int64_t id) {
  world_user u = {.id = id};
  kith_draw draw = kith_random(w->o->seed, (kith_rng_stream)WORLD_CALENDAR, (uint64_t)id, 0, 0);
  double room = (double)(calendar_span - calendar_least), late = floor(kith_random_unit(draw.bits[0]) * room);
  u.begin = (double)calendar_begin + late;
  u.span = (double)calendar_least + kith_random_unit(draw.bits[1]) * (room - late);
  u.n_taste = kith__world_tastes(w, id, u.taste);
  user_drift(w, &u);
  return u;
}

/* A place of the community, by popularity at that time of the calendar, from 0 to 1; of the niche only,
 * unless it is negative.  With drift, the front moves on through all places: what is new there then fades. */
static int64_t place_in(const world *w, int community, int niche, double when, double unit) {
  int64_t first = w->item_first[community], n = w->item_first[community + 1] - first;
  if (niche >= 0) n = niche_size(n, niche);
  int64_t moved = (int64_t)(w->o->drift * when * (double)n / 2);
  int64_t place = popular(n, unit);
  if (moved > 0) place = (place + n - moved) % n;
  return first + (niche >= 0 ? place * WORLD_NICHES + niche : place);
}

int32_t kith__world_item(const world *w, const world_user *u, const world_choice *c, int64_t attempt,
                         double *moment) {
  const kith_generate_options *o = w->o;
  kith_draw draw = kith_random(o->seed, (kith_rng_stream)WORLD_INTERACTION, (uint64_t)u->id, (uint64_t)c->k,
                               (uint64_t)attempt);
  double choice = kith_random_unit(draw.bits[0]), unit = kith_random_unit(draw.bits[1]);
  int64_t anywhere = (int64_t)kith_random_below(draw.bits[2], (uint64_t)o->items);
  double when = (u->begin + u->span * c->elapsed - (double)calendar_begin) / (double)calendar_span;
  *moment = kith_random_unit(draw.bits[3]);
  if (attempt >= ATTEMPTS_TASTE) return w->item_at[anywhere];
  if (choice < c->noise)
    return w
        ->item_at[place_in(w, (int)kith_range_find(o->communities, w->item_first, anywhere), -1, when, unit)];
  choice = (choice - c->noise) / (1 - c->noise);
  int t = 0;
  while (t < u->n_taste - 1 && choice >= u->taste[t].share) t++;
  const world_taste *taste = c->elapsed < u->turn[t] ? &u->taste[t] : &u->later[t];
  bool niche = kith_random_unit(draw.bits[2]) < niche_share && attempt < ATTEMPTS_NICHE;
  return w->item_at[place_in(w, taste->community, niche ? taste->niche : -1, when, unit)];
}

/* Probabilities that a friend comes from the user's niche, and from the community at least. */
typedef struct friend_shares {
  double niche, community;
} friend_shares;

/* The community's share is 0 at homophily 0 and 1 at homophily 1.  Where the niche is exhausted, the more the
 * dial exceeds its default, the more friends still come from the community. */
static friend_shares friends_from(double homophily, int64_t attempt) {
  double above = fmax(0, (homophily - homophily_default) / (1 - homophily_default));
  friend_shares s = {homophily, community_default * fmin(1, homophily / homophily_default)};
  s.community += (1 - community_default) * above;
  if (attempt >= ATTEMPTS_TASTE) s = (friend_shares){0, above};
  if (attempt >= ATTEMPTS_COMMUNITY) s.community = 0;
  return s;
}

int32_t kith__world_friend(const world *w, int64_t user, int64_t k, int64_t attempt) {
  kith_draw draw =
      kith_random(w->o->seed, (kith_rng_stream)WORLD_FRIEND, (uint64_t)user, (uint64_t)k, (uint64_t)attempt);
  int64_t place = (int64_t)kith_permutation_inverse(&w->user_order, (uint64_t)user);
  int community = (int)kith_range_find(w->o->communities, w->user_first, place);
  int64_t first = w->user_first[community], n = w->user_first[community + 1] - first;
  int niche = (int)((place - first) % WORLD_NICHES);
  const friend_shares share = friends_from(w->o->homophily, attempt);
  double choice = kith_random_unit(draw.bits[0]);
  if (choice < share.niche)
    place = first + (int64_t)kith_random_below(draw.bits[1], (uint64_t)niche_size(n, niche)) * WORLD_NICHES +
            niche;
  else if (choice < share.community) place = first + (int64_t)kith_random_below(draw.bits[1], (uint64_t)n);
  else place = (int64_t)kith_random_below(draw.bits[1], (uint64_t)w->o->users);
  return (int32_t)kith_permutation_apply(&w->user_order, (uint64_t)place);
}

/* ---- labels ---- */

/* Label x belongs to community x mod stride, and there to niche x / stride mod NICHES; with fewer labels than
 * communities, communities share them. */
static int64_t label_stride(const world *w, int64_t n) { return kith_min(n, w->o->communities); }

int64_t kith__world_label(const world *w, int64_t n, const world_taste *taste, const kith_draw *draw) {
  int64_t stride = label_stride(w, n), community = taste->community % stride;
  int64_t size = (n - community + stride - 1) / stride, of_niche = niche_size(size, taste->niche);
  double choice = kith_random_unit(draw->bits[0]), unit = kith_random_unit(draw->bits[1]);
  if (choice < label_any) return (int64_t)kith_random_below(draw->bits[1], (uint64_t)n);
  bool niche = of_niche > 0 && kith_random_unit(draw->bits[2]) < niche_share;
  int64_t i = niche ? popular(of_niche, unit) * WORLD_NICHES + taste->niche : popular(size, unit);
  return community + stride * i;
}

world_taste kith__world_of_label(const world *w, int64_t n, int64_t x) {
  int64_t stride = label_stride(w, n);
  return (world_taste){.community = (int)(x % stride), .niche = (int)(x / stride % WORLD_NICHES), .share = 1};
}
