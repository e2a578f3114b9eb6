/* The lists of a synthetic graph: what can be asked for, and what is written. */
#include <inttypes.h>
#include <stdio.h>

#include "generate/world.h"

kith_generate_options kith_generate_defaults(void) {
  return (kith_generate_options){.users = 2000,
                                 .items = 3000,
                                 .interactions = 60000,
                                 .friends = 8000,
                                 .tags = 200,
                                 .entities = 300,
                                 .carts = 2,
                                 .views = 4,
                                 .homophily = 0.55,
                                 .communities = 20,
                                 .noise = 0.1,
                                 .names = true,
                                 .seed = 1};
}

kith_status kith__generate_check(const kith_generate_options *o) {
  kith_status st = KITH_OK;
  KITH_CHECK(o->users >= 1 && o->users < INT32_MAX, KITH_ECONFIG,
             "generate.users: %" PRId64 ", expected 1 to %d", o->users, INT32_MAX - 1);
  KITH_CHECK(o->items >= 8 && o->items < INT32_MAX, KITH_ECONFIG,
             "generate.items: %" PRId64 ", expected 8 to %d (eight a community)", o->items, INT32_MAX - 1);
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
  KITH_CHECK(o->homophily >= 0 && o->homophily <= 1, KITH_ECONFIG, "generate.homophily: %g, expected 0 to 1",
             o->homophily);
  KITH_CHECK(o->drift >= 0 && o->drift <= 1, KITH_ECONFIG, "generate.drift: %g, expected 0 to 1", o->drift);
done:
  return st;
}

static bool is_wanted(const char *path) { return path && path[0]; }

/* Numbers that only one list depends on. */
static kith_status check_lists(const kith_generate_options *o, const kith_generate_lists *lists) {
  kith_status st = KITH_OK;
  const int64_t half = o->items / 2;
  const double most = (double)o->users * (double)half / (double)o->interactions;
  if (is_wanted(lists->tags))
    KITH_CHECK(o->tags >= 1 && o->tags < INT32_MAX, KITH_ECONFIG,
               "generate.tags: %" PRId64 ", expected 1 to %d", o->tags, INT32_MAX - 1);
  if (is_wanted(lists->triples))
    KITH_CHECK(o->entities >= 3 && o->entities < INT32_MAX, KITH_ECONFIG,
               "generate.entities: %" PRId64 ", expected 3 to %d", o->entities, INT32_MAX - 1);
  if (is_wanted(lists->carts) || is_wanted(lists->views)) {
    KITH_CHECK(o->views >= 1 && o->views <= most, KITH_ECONFIG,
               "generate.views: %g, expected 1 to %g (half of all pairs, per interaction)", o->views, most);
    KITH_CHECK(o->carts >= 1 && o->carts <= o->views, KITH_ECONFIG,
               "generate.carts: %g, expected 1 to %g (generate.views, since what is in a cart was viewed)",
               o->carts, o->views);
  }
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

/* ---- the lists ---- */

enum { FIRST_LINE = 384 };

/* Options that came later stand in it only where they have an effect. */
static void first_line(const kith_generate_options *o, char line[FIRST_LINE]) {
  char homophily[64] = "", drift[64] = "";
  if (o->homophily != kith_generate_defaults().homophily)
    snprintf(homophily, sizeof homophily, ", homophily %g", o->homophily);
  if (o->drift > 0) snprintf(drift, sizeof drift, ", drift %g", o->drift);
  snprintf(line, FIRST_LINE,
           "users %" PRId64 ", items %" PRId64 ", interactions %" PRId64 ", friends %" PRId64
           ", communities %d, noise %g%s%s, seed %" PRIu64 "\n",
           o->users, o->items, o->interactions, o->friends, o->communities, o->noise, homophily, drift,
           o->seed);
}

static kith_status write_lists(const world *w, const kith_generate_lists *l, kith_generate_report *r) {
  kith_status st = KITH_OK;
  char first[FIRST_LINE];
  first_line(w->o, first);
  if (is_wanted(l->interactions))
    KITH_TRY(kith__write_actions(w, WORLD_BUY, first, l->interactions, &r->interactions, &r->capped));
  if (is_wanted(l->carts))
    KITH_TRY(kith__write_actions(w, WORLD_CART, first, l->carts, &r->carts, &r->capped));
  if (is_wanted(l->views))
    KITH_TRY(kith__write_actions(w, WORLD_VIEW, first, l->views, &r->views, &r->capped));
  if (is_wanted(l->friends)) {
    KITH_TRY(kith__write_friends(w, first, l->friends));
    r->friends = w->o->friends;
  }
  if (is_wanted(l->tags)) KITH_TRY(kith__write_tags(w, first, l->tags, &r->tags));
  if (is_wanted(l->triples))
    KITH_TRY(kith__write_triples(w, l->item_triples, first, l->triples, &r->triples));
done:
  return st;
}

kith_status kith_generate_check(const kith_generate_options *o, const kith_generate_lists *lists) {
  kith_status st = KITH_OK;
  KITH_TRY(kith__generate_check(o));
  KITH_TRY(check_lists(o, lists));
done:
  return st;
}

kith_status kith_generate(const kith_generate_options *o, const kith_generate_lists *lists,
                          kith_generate_report *report) {
  kith_status st = KITH_OK;
  kith_generate_report r = {0};
  world w = {0};
  KITH_TRY(kith_generate_check(o, lists));
  KITH_TRY(kith__world_create(o, &w));
  KITH_TRY(write_lists(&w, lists, &r));
  if (report) *report = r;
done:
  kith__world_free(&w);
  return st;
}
