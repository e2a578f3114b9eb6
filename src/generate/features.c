/*
 * What users and items of the invented world are like: tags, of which some tell their tastes and others
 * nothing.
 *
 * Tag c stands for community c, tag C + NICHES c + n for its niche n, and the last TAGS_IDLE ones for
 * nothing.
 */
#include <inttypes.h>
#include <stdio.h>

#include "generate/stream.h"
#include "generate/world.h"

static const double tag_told =
    0.8; /* of the tags that a node should have it has so many, and another one instead of the others */
enum { TAGS_IDLE = 16 };

/* The tags of one node, each once. */
typedef struct tags {
  int n, of[2 * WORLD_TASTES + 1];
} tags;

static int tags_of(const kith_generate_options *o) { return o->communities * (1 + WORLD_NICHES) + TAGS_IDLE; }

static void tags_add(tags *t, int tag) {
  for (int i = 0; i < t->n; i++)
    if (t->of[i] == tag) return;
  t->of[t->n++] = tag;
}

/* A tag that tells something, or by mistake any other. */
static void tags_tell(const world *w, int type, int64_t node, tags *t, int tag) {
  kith_draw draw =
      kith_random(w->o->seed, (kith_rng_stream)WORLD_FEATURE, (uint64_t)type, (uint64_t)node, (uint64_t)tag);
  bool told = kith_random_unit(draw.bits[0]) < tag_told;
  tags_add(t, told ? tag : (int)kith_random_below(draw.bits[1], (uint64_t)tags_of(w->o)));
}

static void tags_taste(const world *w, int type, int64_t node, tags *t, int community, int niche) {
  tags_tell(w, type, node, t, community);
  tags_tell(w, type, node, t, w->o->communities + community * WORLD_NICHES + niche);
}

/* One that says nothing. */
static void tags_idle(const world *w, int type, int64_t node, tags *t) {
  kith_draw draw =
      kith_random(w->o->seed, (kith_rng_stream)WORLD_FEATURE, (uint64_t)type, (uint64_t)node, UINT64_MAX);
  tags_add(t, tags_of(w->o) - 1 - (int)kith_random_below(draw.bits[0], TAGS_IDLE));
}

static tags tags_user(const world *w, int64_t user) {
  world_taste taste[WORLD_TASTES];
  tags t = {0};
  int n = kith__world_tastes(w, user, taste);
  for (int i = 0; i < n; i++) tags_taste(w, 0, user, &t, taste[i].community, taste[i].niche);
  tags_idle(w, 0, user, &t);
  return t;
}

static tags tags_item(const world *w, int64_t item) {
  tags t = {0};
  world_taste taste = kith__world_of_item(w, item);
  tags_taste(w, 1, item, &t, taste.community, taste.niche);
  tags_idle(w, 1, item, &t);
  return t;
}

kith_status kith_generate_features(const kith_generate_options *o, bool items, const char *path) {
  kith_status st = KITH_OK;
  world w = {0};
  stream s = {0};
  char first[256];
  const spelling node = items ? kith__spelling_make(o, "item-", o->items)
                              : kith__spelling_make(o, "user-", o->users),
                 tag = kith__spelling_make(o, "tag-", tags_of(o));
  snprintf(first, sizeof first, "features of %s, communities %d, seed %" PRIu64 "\n",
           items ? "items" : "users", o->communities, o->seed);
  KITH_TRY(kith__generate_check(o));
  KITH_TRY(kith__world_create(o, &w));
  KITH_TRY(kith__stream_open(path, GENERATE_MARK, first, &s));
  for (int64_t i = 0; i < (items ? o->items : o->users); i++) {
    tags t = items ? tags_item(&w, i) : tags_user(&w, i);
    kith__spell(&s, &node, i);
    for (int k = 0; k < t.n; k++) {
      kith__stream_text(&s, k ? " " : "\t");
      kith__spell(&s, &tag, t.of[k]);
    }
    kith__stream_text(&s, "\n");
  }
  KITH_TRY(kith__stream_publish(&s));
done:
  kith__stream_close(&s);
  kith__world_free(&w);
  return st;
}
