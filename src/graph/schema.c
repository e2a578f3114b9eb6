/* Schemas: lookup, and their text in files. */
#include "graph/schema.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "graph/graph.h"

enum {
  SCHEMA_NAME = 31,  /* bytes of a name */
  SCHEMA_LINE = 200, /* bytes of a line: three names, two numbers, flags */
  SCHEMA_WORDS = 10,
  SCHEMA_KINDS = UINT16_MAX /* kinds of a relation */
};

kith_schema kith_schema_users_items(void) {
  return (kith_schema){.n_type = KITH_SIDES, .type = {"user", "item"}};
}

kith_schema kith_schema_nodes(void) { return (kith_schema){.n_type = 1, .type = {"node"}}; }

int kith_schema_find_type(const kith_schema *s, const char *name) {
  for (int t = 0; t < s->n_type; t++)
    if (strcmp(s->type[t], name) == 0) return t;
  return -1;
}

double kith_relation_half_life(const kith_relation_weights *w, const char *name) {
  for (int i = 0; i < w->n_half_life; i++)
    if (strcmp(w->half_life[i].name, name) == 0) return w->half_life[i].seconds;
  return 0;
}

int kith_schema_find_relation(const kith_schema *s, const char *name) {
  for (int r = 0; r < s->n_relation; r++)
    if (strcmp(s->relation[r].name, name) == 0) return r;
  return -1;
}

int64_t kith_schema_space(const kith_schema *s, const int64_t *n, int type) {
  int base = kith_schema_base(s, type);
  return n[type] + (base < 0 ? 0 : n[base]);
}

int kith_schema_node(const kith_schema *s, const int64_t *n, int type, int64_t x, int64_t *original) {
  int base = kith_schema_base(s, type);
  int64_t before = base < 0 ? 0 : n[base];
  *original = x < before ? x : x - before;
  return x < before ? base : type;
}

bool kith_schema_has(const kith_schema *s, int end, int type) {
  return end == type || kith_schema_base(s, end) == type;
}

int kith_schema_side(const kith_schema *s, int type) {
  int base = kith_schema_base(s, type), side = base < 0 ? type : base;
  return side < KITH_SIDES ? side : -1;
}

bool kith_schema_joins_sides(const kith_schema *s, const kith_relation_type *e) {
  int from = kith_schema_side(s, e->from), to = kith_schema_side(s, e->to);
  return from >= 0 && to >= 0 && from != to;
}

bool kith_schema_meets(const kith_schema *s, const kith_relation_type *e) {
  int base = kith_schema_base(s, e->from);
  return kith_schema_has(s, e->to, e->from) || (base >= 0 && kith_schema_has(s, e->to, base)) ||
         kith_schema_has(s, e->from, e->to);
}

bool kith_schema_is_name(const char *name) {
  if (!(name[0] >= 'a' && name[0] <= 'z') || strlen(name) > SCHEMA_NAME) return false;
  return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

bool kith_schema_is_reserved(const char *name) {
  static const char *const taken[] = {"id",    "name",    "original", "edge",  "label",
                                      "split", "feature", "number",   "train", "parameter"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(name, taken[i]) == 0) return true;
  return false;
}

const char *kith_direction_text(kith_direction direction) {
  static const char *const text[] = {"both", "forward", "back"};
  return text[direction];
}

/* Words of a relation's line behind its number of edges. */
static void schema_print_flags(const kith_relation_type *e, size_t size, char *text) {
  char kinds[24] = "", direction[12] = "";
  if (e->direction != KITH_DIRECTION_BOTH)
    snprintf(direction, sizeof direction, " %s", kith_direction_text(e->direction));
  if (e->n_kind > 0) snprintf(kinds, sizeof kinds, " kinds %d", e->n_kind);
  snprintf(text, size, "%s%s%s%s", e->weighted ? " weighted" : "", e->timed ? " timed" : "", direction,
           kinds);
}

kith_status kith_schema_print(const kith_schema *s, const int64_t *n, const int64_t *n_edge, char **text) {
  kith_status st = KITH_OK;
  size_t size = (size_t)(s->n_type + s->n_relation) * SCHEMA_LINE + 1, at = 0;
  char *out = NULL, flags[64];
  KITH_TRY(KITH_NEW(out, (int64_t)size));
  for (int t = 0; t < s->n_type; t++) {
    int base = kith_schema_base(s, t);
    at += (size_t)snprintf(out + at, size - at, "type %s %" PRId64 "%s%s\n", s->type[t], n[t],
                           base < 0 ? "" : " same_as ", base < 0 ? "" : s->type[base]);
  }
  for (int r = 0; r < s->n_relation; r++) {
    const kith_relation_type *e = &s->relation[r];
    schema_print_flags(e, sizeof flags, flags);
    at += (size_t)snprintf(out + at, size - at, "relation %s %s %s %" PRId64 "%s\n", e->name,
                           s->type[e->from], s->type[e->to], n_edge[r], flags);
  }
  *text = out;
  out = NULL;
done:
  KITH_FREE(out);
  return st;
}

/* A number from 0 on, of digits alone; -1: it is none. */
static int64_t schema_number(const char *word) {
  int64_t n = 0;
  if (!word[0] || strlen(word) > 18) return -1;
  for (; *word; word++) {
    if (!isdigit((unsigned char)*word)) return -1;
    n = 10 * n + (*word - '0');
  }
  return n;
}

/* "same_as TYPE" behind a type's number of nodes: a type of an earlier line, which has no such words itself.
 */
static bool schema_take_base(int n_word, char **word, kith_schema *s, const int64_t *n) {
  int t = s->n_type;
  if (n_word == 3) return true;
  int base = n_word == 5 && strcmp(word[3], "same_as") == 0 ? kith_schema_find_type(s, word[4]) : -1;
  if (t < KITH_SIDES || base < 0 || s->base[base] > 0) return false;
  s->base[t] = (int8_t)(1 + base);
  return kith_schema_space(s, n, t) < INT32_MAX;
}

static bool schema_add_type(int n_word, char **word, kith_schema *s, int64_t *n) {
  if (n_word < 3 || s->n_type == KITH_MAX_TYPES || s->n_relation > 0) return false;
  int64_t many = schema_number(word[2]);
  if (!kith_schema_is_name(word[1]) || kith_schema_find_type(s, word[1]) >= 0) return false;
  if (many < 0 || many >= INT32_MAX) return false;
  n[s->n_type] = many;
  if (!schema_take_base(n_word, word, s, n)) return false;
  snprintf(s->type[s->n_type++], KITH_NAME, "%s", word[1]);
  return true;
}

/* Take word *i if it is this flag. */
static bool schema_take_flag(int n_word, char **word, const char *flag, int *i) {
  bool is = *i < n_word && strcmp(word[*i], flag) == 0;
  *i += is;
  return is;
}

/* Take the words behind the number of edges, in their order, which is that of schema_print_flags(). */
static bool schema_take_flags(int n_word, char **word, int i, kith_relation_type *e) {
  e->weighted = schema_take_flag(n_word, word, "weighted", &i);
  e->timed = schema_take_flag(n_word, word, "timed", &i);
  if (schema_take_flag(n_word, word, "forward", &i)) e->direction = KITH_DIRECTION_FORWARD;
  else if (schema_take_flag(n_word, word, "back", &i)) e->direction = KITH_DIRECTION_BACK;
  if (schema_take_flag(n_word, word, "kinds", &i)) {
    int64_t n = i < n_word ? schema_number(word[i++]) : -1;
    if (n < 1 || n > SCHEMA_KINDS) return false;
    e->n_kind = (int)n;
  }
  return i == n_word;
}

static bool schema_add_relation(int n_word, char **word, kith_schema *s, int64_t *n_edge) {
  if (n_word < 5 || s->n_relation == KITH_MAX_RELATIONS) return false;
  kith_relation_type e = {.from = kith_schema_find_type(s, word[2]), .to = kith_schema_find_type(s, word[3])};
  int64_t many = schema_number(word[4]);
  if (!schema_take_flags(n_word, word, 5, &e) || !kith_schema_is_name(word[1]) ||
      kith_schema_find_relation(s, word[1]) >= 0)
    return false;
  if (e.from < 0 || e.to < 0 || many < 0 || many >= INT64_MAX / 8) return false;
  snprintf(e.name, sizeof e.name, "%s", word[1]);
  n_edge[s->n_relation] = many;
  s->relation[s->n_relation++] = e;
  return true;
}

static bool schema_add_line(char *line, kith_schema *s, int64_t *n, int64_t *n_edge) {
  char *word[SCHEMA_WORDS + 1], *rest = NULL;
  int n_word = 0;
  for (char *w = strtok_r(line, " ", &rest); w && n_word <= SCHEMA_WORDS; w = strtok_r(NULL, " ", &rest))
    word[n_word++] = w;
  if (n_word == 0) return false;
  if (strcmp(word[0], "type") == 0) return schema_add_type(n_word, word, s, n);
  return strcmp(word[0], "relation") == 0 && schema_add_relation(n_word, word, s, n_edge);
}

/* Users and items, or nodes alone. */
static bool schema_begins_well(const kith_schema *s) {
  if (s->n_type == 1) return strcmp(s->type[0], "node") == 0;
  return s->n_type >= KITH_SIDES && strcmp(s->type[KITH_USER], "user") == 0 &&
         strcmp(s->type[KITH_ITEM], "item") == 0;
}

kith_status kith_schema_parse(const char *path, const char *text, kith_schema *schema, int64_t *n,
                              int64_t *n_edge) {
  kith_status st = KITH_OK;
  kith_schema s = {0};
  char line[SCHEMA_LINE];
  memset(n, 0, KITH_MAX_TYPES * sizeof *n);
  memset(n_edge, 0, KITH_MAX_RELATIONS * sizeof *n_edge);
  for (int number = 1; *text; number++) {
    size_t length = strcspn(text, "\n");
    snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : 0), text);
    KITH_CHECK(schema_add_line(line, &s, n, n_edge), KITH_EDATA,
               "%s: line %d of the attribute schema is \"%.*s\", expected \"type NAME NODES\" or \"relation "
               "NAME FROM TO EDGES\"",
               path, number, (int)(length < SCHEMA_LINE ? length : SCHEMA_LINE), text);
    text += length + (text[length] == '\n');
  }
  KITH_CHECK(schema_begins_well(&s), KITH_EDATA,
             "%s: the attribute schema does not begin with user and item, and is not of nodes", path);
  *schema = s;
done:
  return st;
}
