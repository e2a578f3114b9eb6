/* Tags of items, each item with 1 to 5 different ones, mostly of its own niche or community. */
#include "generate/world.h"

enum { ITEM_TAGS = 5 };

static bool has(int n, const int64_t *tag, int64_t one) {
  for (int i = 0; i < n; i++)
    if (tag[i] == one) return true;
  return false;
}

static int64_t draw_tag(const world *w, int64_t item, const world_taste *taste, int n, const int64_t *tag) {
  int64_t one = 0;
  for (uint64_t attempt = 0; attempt == 0 || has(n, tag, one); attempt++) {
    kith_draw draw =
        kith_random(w->o->seed, (kith_rng_stream)WORLD_TAG, (uint64_t)item, (uint64_t)n + 1, attempt);
    one = attempt < GENERATE_DRAWS ? kith__world_label(w, w->o->tags, taste, &draw) : (one + 1) % w->o->tags;
  }
  return one;
}

static int tags_of(const world *w, int64_t item, int64_t tag[ITEM_TAGS]) {
  world_taste taste = kith__world_of_item(w, item);
  kith_draw draw = kith_random(w->o->seed, (kith_rng_stream)WORLD_TAG, (uint64_t)item, 0, 0);
  int n = 1 + (int)kith_random_below(draw.bits[0], (uint64_t)kith_min(ITEM_TAGS, w->o->tags));
  for (int i = 0; i < n; i++) tag[i] = draw_tag(w, item, &taste, i, tag);
  return n;
}

kith_status kith__write_tags(const world *w, const char *first, const char *path, int64_t *n) {
  const spelling how_item = kith__spelling_make(w->o, "item-", w->o->items),
                 how_tag = kith__spelling_make(w->o, "tag-", w->o->tags);
  kith_status st = KITH_OK;
  stream s = {0};
  KITH_TRY(kith__stream_open(path, GENERATE_MARK, first, &s));
  for (int64_t i = 0; i < w->o->items; i++) {
    int64_t tag[ITEM_TAGS];
    int n_tag = tags_of(w, i, tag);
    for (int k = 0; k < n_tag; k++) {
      kith__spell(&s, &how_item, i);
      kith__stream_text(&s, "\t");
      kith__spell(&s, &how_tag, tag[k]);
      kith__stream_text(&s, "\n");
    }
    *n += n_tag;
  }
  KITH_TRY(kith__stream_publish(&s));
done:
  kith__stream_close(&s);
  return st;
}
