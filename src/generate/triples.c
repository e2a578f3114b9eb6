/*
 * A small knowledge graph.  A third of the entities are makers, a third are series, and the others are
 * subjects.  Every item is made by a maker, half of the items are part of a series, and items, makers and
 * series are about a subject.  All three belong to communities and niches, as items do.
 */
#include "generate/world.h"

typedef enum entity_role { ENTITY_MAKER, ENTITY_SERIES, ENTITY_SUBJECT, ENTITY_ROLES } entity_role;

static const char *const kind_of[ENTITY_ROLES] = {"\tmade_by\t", "\tpart_of\t", "\tabout\t"};
static const double in_series = 0.5; /* of the items */

typedef struct triples {
  const world *w;
  spelling item, entity;
  int64_t first[ENTITY_ROLES + 1]; /* entity numbers of each role */
  int64_t n;                       /* triples written */
  stream s;
} triples;

static int64_t role_size(const triples *t, entity_role role) { return t->first[role + 1] - t->first[role]; }

/* `key` tells heads apart: items and entities have one number each. */
static void write_triple(triples *t, const spelling *how, int64_t head, int64_t key, const world_taste *taste,
                         entity_role role) {
  kith_draw draw =
      kith_random(t->w->o->seed, (kith_rng_stream)WORLD_TRIPLE, (uint64_t)key, (uint64_t)role, 0);
  if (role == ENTITY_SERIES && kith_random_unit(draw.bits[3]) >= in_series) return;
  kith__spell(&t->s, how, head);
  kith__stream_text(&t->s, kind_of[role]);
  kith__spell(&t->s, &t->entity, t->first[role] + kith__world_label(t->w, role_size(t, role), taste, &draw));
  kith__stream_text(&t->s, "\n");
  t->n++;
}

static void write_items(triples *t) {
  for (int64_t i = 0; i < t->w->o->items; i++) {
    world_taste taste = kith__world_of_item(t->w, i);
    for (int role = 0; role < ENTITY_ROLES; role++)
      write_triple(t, &t->item, i, i, &taste, (entity_role)role);
  }
}

static void write_entities(triples *t) {
  for (int role = ENTITY_MAKER; role <= ENTITY_SERIES; role++)
    for (int64_t e = t->first[role]; e < t->first[role + 1]; e++) {
      world_taste taste = kith__world_of_label(t->w, role_size(t, (entity_role)role), e - t->first[role]);
      write_triple(t, &t->entity, e, t->w->o->items + e, &taste, ENTITY_SUBJECT);
    }
}

kith_status kith__write_triples(const world *w, bool items_only, const char *first, const char *path,
                                int64_t *n) {
  triples t = {.w = w,
               .item = kith__spelling_make(w->o, "item-", w->o->items),
               .entity = kith__spelling_make(w->o, "entity-", w->o->entities)};
  kith_status st = KITH_OK;
  for (int role = 0; role <= ENTITY_ROLES; role++) t.first[role] = w->o->entities * role / ENTITY_ROLES;
  KITH_TRY(kith__stream_open(path, GENERATE_MARK, first, &t.s));
  write_items(&t);
  if (!items_only) write_entities(&t);
  KITH_TRY(kith__stream_publish(&t.s));
  *n += t.n;
done:
  kith__stream_close(&t.s);
  return st;
}
