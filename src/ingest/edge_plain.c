/* Lines of two known numbers, read where they lie: most lines of a large list. */
#include "ingest/edge_reader.h"

enum { PLAIN_DIGITS = 8 /* of ids in the tables of small integers */, PLAIN_LINE = 2 * PLAIN_DIGITS + 3 };

static inline bool plain_is_digit(char c) { return (unsigned char)c - (unsigned)'0' <= 9; }

bool kith__edge_plain_may(const kith__edge_reader *r) {
  const kith__edge_columns *e = &r->e;
  const kith__columns *c = &e->c;
  const kith__edge_policy *p = r->policy;
  const kith__lines *l = &r->lines;
  const bool two = c->n == 2 && c->time < 0 && c->weight < 0 && c->kind < 0;
  return r->d.format == KITH_EDGES && two && e->least <= 2 && !(e->min_weight > 0) &&
         e->delimiter.size <= 1 && !plain_is_digit(e->delimiter.text[0]) && !p->by_line && !p->ends &&
         !p->add_whole && !p->must_be_new && !(l->header_size > 0 && plain_is_digit(l->header[0]));
}

/* Place behind up to eight digits without leading zeros; `at` itself: there is no such number. */
static inline const char *plain_number(const char *at, int64_t *value) {
  uint32_t x = 0;
  int k = 0;
  for (; k < PLAIN_DIGITS && plain_is_digit(at[k]); k++) x = 10 * x + ((unsigned char)at[k] - (unsigned)'0');
  *value = x;
  return *at == '0' && k > 1 ? at : at + k;
}

static inline int32_t plain_find(const kith__id_map *map, int64_t value) {
  return value < map->n_direct && map->direct[value] > 0 ? map->first + map->direct[value] - 1 : -1;
}

kith_status kith__edge_plain_read(kith__edge_reader *r, kith__edge_list *edges) {
  kith_status st = KITH_OK;
  kith__lines *l = &r->lines;
  const kith__id_map *map[] = {r->policy->user, r->policy->item};
  const int user = r->e.c.user;
  const char by = r->e.delimiter.size == 1 ? r->e.delimiter.text[0] : ' ',
             or_by = r->e.delimiter.size == 1 ? by : '\t';
  const char *begin = l->buffer + l->begin, *at = begin;
  const int64_t size = l->end - l->begin - PLAIN_LINE, limit = l->limit - l->at;
  int64_t n = 0, value[2];
  if (l->fresh || map[0]->text || map[1]->text) return st;
  while (at - begin <= size && at - begin < limit) {
    const char *stop = plain_number(at, &value[0]);
    if (stop == at || (*stop != by && *stop != or_by)) break;
    const char *next = stop + 1, *end = plain_number(next, &value[1]);
    if (end == next) break;
    end += *end == '\r';
    if (*end != '\n') break;
    const int32_t u = plain_find(map[0], value[user]), i = plain_find(map[1], value[1 - user]);
    if (u < 0 || i < 0) break;
    at = end + 1;
    n++;
    st = kith__edge_list_add(edges, u, i, 0, 0, 0);
    if (kith_is_bad(st)) break;
  }
  l->begin += at - begin;
  l->at += at - begin;
  l->number += n;
  l->n_data += n;
  return st;
}
