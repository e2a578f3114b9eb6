/* The relations that a model reads one by one, each apart for every type of node that reads in it. */
#include <stdio.h>

#include "graph/schema.h"
#include "model/model.h"

static void readers_add(kith_readers *m, int relation, int type, double weight, const char *name) {
  kith_reader *r = &m->of[m->n++];
  *r = (kith_reader){.relation = relation, .type = type, .weight = (float)weight};
  if (type < 0) snprintf(r->name, sizeof r->name, "%.31s", name);
  else snprintf(r->name, sizeof r->name, "%.31s to %d", name, type);
}

/* Whether nodes of a type may read others in a relation. */
static bool readers_has(const kith_schema *s, const kith_relation_type *e, int type) {
  return (e->direction != KITH_DIRECTION_BACK && kith_schema_has(s, e->from, type)) ||
         (e->direction != KITH_DIRECTION_FORWARD && kith_schema_has(s, e->to, type));
}

void kith_model_readers(const kith_model_options *o, const kith_schema *s, kith_readers *m) {
  const kith_relation_weights *w = kith_model_relations(o);
  m->n = 0;
  for (int t = 0; s && t < s->n_type && t < KITH_SIDES; t++) readers_add(m, 0, t, 1, KITH_INTERACTIONS);
  if (!s) readers_add(m, 0, -1, 1, KITH_INTERACTIONS);
  for (int i = 0; i < w->n; i++) {
    int r = s ? kith_schema_find_relation(s, w->of[i].name) : -1;
    if (r < 0) readers_add(m, 1 + i, -1, w->of[i].weight, w->of[i].name);
    for (int t = 0; r >= 0 && t < s->n_type; t++)
      if (readers_has(s, &s->relation[r], t)) readers_add(m, 1 + i, t, w->of[i].weight, w->of[i].name);
  }
}

kith_status kith_readers_check(const kith_model_options *o, const char *learns, const char *takes) {
  kith_status st = KITH_OK;
  const kith_relation_weights *w = &o->relations;
  for (int i = 0; i < w->n; i++)
    KITH_CHECK(!w->of[i].learned, KITH_ECONFIG,
               "model.relations.%s: learned, but %s has %s for every relation; expected a number",
               w->of[i].name, kith_model_text(o->name), learns);
  for (int i = 0; i < w->n_half_life; i++)
    KITH_CHECK(!kith_model_relation(o, w->half_life[i].name), KITH_ECONFIG,
               "model.half_lives.%s: %s takes %s edges of any age; expected none", w->half_life[i].name,
               kith_model_text(o->name), takes);
  KITH_CHECK(w->n == 0 || w->tie == KITH_TIE_NONE, KITH_ECONFIG, "model.tie: %s takes %s ties; expected none",
             kith_model_text(o->name), takes);
done:
  return st;
}
