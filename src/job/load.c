/*
 * YAML text → values by key, through libcyaml.
 *
 * The schema is made from the table at run time.  Every scalar is an optional string, so that values of the
 * file and of --set have the same parser and bounds (value.c).  All levels of mappings share one struct of
 * pointers.
 */
#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* What libcyaml fills in: a string a key, or a list of strings. */
typedef struct load_slots {
  char *text[KITH_JOB_MAX_KEYS];
  char **list[KITH_JOB_MAX_KEYS];
  uint32_t n_list[KITH_JOB_MAX_KEYS];
} load_slots;

enum { LOAD_FIELDS = 2 * KITH_JOB_MAX_KEYS };

/* Fields of all levels in one array, names in another; `used` of both. */
typedef struct load_schema {
  cyaml_schema_field_t field[LOAD_FIELDS];
  char name[LOAD_FIELDS][KITH_NAME];
  int used;
  const job_table *table;
  const job_source_map *map;
} load_schema;

static const cyaml_schema_value_t load_string = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static cyaml_schema_field_t load_leaf(const load_schema *s, int i) {
  cyaml_schema_field_t f = {.value = {.type = CYAML_STRING,
                                      .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                                      .data_size = sizeof(char),
                                      .string = {.min = 0, .max = CYAML_UNLIMITED}}};
  f.data_offset = (uint32_t)(offsetof(load_slots, text) + (size_t)i * sizeof(char *));
  if (!kith__job_is_list(&s->table->key[i]) || s->map->is_scalar[s->table->slot[i]]) return f;
  f.data_offset = (uint32_t)(offsetof(load_slots, list) + (size_t)i * sizeof(char **));
  f.count_offset = (uint32_t)(offsetof(load_slots, n_list) + (size_t)i * sizeof(uint32_t));
  f.count_size = sizeof(uint32_t);
  f.value = (cyaml_schema_value_t){.type = CYAML_SEQUENCE,
                                   .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                                   .data_size = sizeof(char *),
                                   .sequence = {.entry = &load_string, .min = 0, .max = CYAML_UNLIMITED}};
  return f;
}

/* The number of leading bytes of a key up to and with the dot that ends its part at `depth` bytes in; 0 for a
 * leaf. */
static size_t load_group(const char *key, size_t depth) {
  const char *dot = strchr(key + depth, '.');
  return dot ? (size_t)(dot - key) + 1 : 0;
}

/* Where the keys of the table that share their first `group` bytes with key `first` end; the next one for a
 * leaf. */
static int load_group_end(const job_table *t, int first, int last, size_t group) {
  int i = first + 1;
  while (group && i < last && strncmp(t->key[i].key, t->key[first].key, group) == 0) i++;
  return i;
}

/* Fields of the keys first … last - 1, which agree in their first `depth` bytes; returns where they begin. */
static cyaml_schema_field_t *load_build(load_schema *s, int first, int last, size_t depth) {
  const job_table *t = s->table;
  int begin = s->used;
  for (int i = first; i < last; i = load_group_end(t, i, last, load_group(t->key[i].key, depth))) s->used++;
  s->used++; /* this level's fields lie together; the last, zero, ends them */
  for (int f = begin, i = first; i < last; f++) {
    const char *key = t->key[i].key;
    size_t group = load_group(key, depth);
    int end = load_group_end(t, i, last, group),
        size = group ? (int)(group - depth) - 1 : (int)strlen(key + depth);
    snprintf(s->name[f], KITH_NAME, "%.*s", size, key + depth);
    bool brief = group && s->map->is_path[t->slot[i]] && kith__job_begins_with_path(&t->key[i], group - 1);
    s->field[f] = group && !brief
                      ? (cyaml_schema_field_t){.value = {.type = CYAML_MAPPING,
                                                         .flags = CYAML_FLAG_OPTIONAL,
                                                         .data_size = sizeof(load_slots),
                                                         .mapping = {.fields = load_build(s, i, end, group)}}}
                      : load_leaf(s, i);
    s->field[f].key = s->name[f];
    i = end;
  }
  return &s->field[begin];
}

/* The first message of libcyaml about a text; the walk has already refused the mistakes that users are likely
 * to make. */
typedef struct load_error {
  char what[512];
} load_error;

static void load_log(cyaml_log_t level, void *context, const char *format, va_list rest) {
  load_error *t = context;
  if (level < CYAML_LOG_ERROR || t->what[0]) return;
  vsnprintf(t->what, sizeof t->what, format, rest);
  t->what[strcspn(t->what, "\n")] = '\0';
}

static kith_status load_fail(const char *name, cyaml_err_t code, const load_error *t) {
  if (code == CYAML_ERR_OOM) return kith_fail(KITH_ENOMEM, "%s: no memory to read it", name);
  return kith_fail(KITH_ECONFIG, "%s: %s", name, t->what[0] ? t->what : cyaml_strerror(code));
}

/* The words of a list as one text, with commas; an empty list is []. */
static kith_status load_join(char *const *list, uint32_t n, char **value) {
  kith_status st = KITH_OK;
  size_t size = 1;
  for (uint32_t k = 0; k < n; k++) size += strlen(list[k]) + 1;
  KITH_TRY(KITH_NEW(*value, (int64_t)size));
  char *end = *value;
  for (uint32_t k = 0; k < n; k++) {
    if (k > 0) *end++ = ',';
    end = stpcpy(end, list[k]);
  }
done:
  return st;
}

/* Paths may hold commas, so each ends its line: "[a\nb\n]". */
static kith_status load_paths(char *const *list, uint32_t n, char **value) {
  kith_status st = KITH_OK;
  size_t size = 3;
  for (uint32_t k = 0; k < n; k++) size += strlen(list[k]) + 1;
  KITH_TRY(KITH_NEW(*value, (int64_t)size));
  char *end = stpcpy(*value, "[");
  for (uint32_t k = 0; k < n; k++) end = stpcpy(stpcpy(end, list[k]), "\n");
  stpcpy(end, "]");
done:
  return st;
}

static kith_status load_copy(const load_slots *s, const job_key *k, int i, char **value) {
  char *const empty = "[]";
  if (!s->text[i] && s->n_list[i] == 0) return load_join(&empty, 1, value);
  if (!s->text[i] && k->kind == JOB_PATHS) return load_paths(s->list[i], s->n_list[i], value);
  if (!s->text[i]) return load_join(s->list[i], s->n_list[i], value);
  return load_join(&s->text[i], 1, value);
}

/* The walk has checked all keys; those without a field are sections of patterns without a name. */
kith_status kith__job_load(const char *name, const char *yaml, size_t size, const job_table *t,
                           const job_source_map *map, char **value) {
  kith_status st = KITH_OK;
  load_schema *schema = NULL;
  load_slots *slots = NULL;
  load_error trouble = {.what = ""};
  cyaml_config_t config = {.log_fn = load_log,
                           .log_ctx = &trouble,
                           .log_level = CYAML_LOG_ERROR,
                           .flags = CYAML_CFG_IGNORE_UNKNOWN_KEYS,
                           .mem_fn = cyaml_mem};
  KITH_TRY(KITH_NEW(schema, 1));
  schema->table = t;
  schema->map = map;
  cyaml_schema_value_t top = {
      CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, load_slots, load_build(schema, 0, t->n, 0))};
  cyaml_err_t code =
      cyaml_load_data((const uint8_t *)yaml, size, &config, &top, (cyaml_data_t **)&slots, NULL);
  if (code != CYAML_OK) KITH_TRY(load_fail(name, code, &trouble));
  for (int i = 0; i < t->n; i++)
    if (map->line[t->slot[i]]) KITH_TRY(load_copy(slots, &t->key[i], i, &value[i]));
done:
  if (slots) cyaml_free(&config, &top, slots, 0);
  KITH_FREE(schema);
  return st;
}
