/*
 * YAML text → values by key, through libcyaml.
 *
 * The schema is made from the table at run time: every scalar is an optional string, so that parsing and bounds have
 * one path (value.c), which --set goes too.  All levels of mappings share one struct of pointers.
 */
#include <ctype.h>
#include <cyaml/cyaml.h>
#include <stdio.h>
#include <string.h>

#include "job/table.h"

/* What libcyaml fills in: a string a key, or a list of strings. */
typedef struct load_slots {
  char *text[JOB_KEYS_MOST];
  char **list[JOB_KEYS_MOST];
  uint32_t n_list[JOB_KEYS_MOST];
} load_slots;

enum { LOAD_FIELDS = 2 * JOB_KEYS_MOST };

/* Fields of all levels in one array, names in another; `used` of both. */
typedef struct load_schema {
  cyaml_schema_field_t field[LOAD_FIELDS];
  char name[LOAD_FIELDS][KITH_NAME];
  int used;
} load_schema;

static const cyaml_schema_value_t load_string = {CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, CYAML_UNLIMITED)};

static cyaml_schema_field_t load_leaf(int i) {
  cyaml_schema_field_t f = {.value = {.type = CYAML_STRING, .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, .data_size = sizeof(char),
                                      .string = {.min = 0, .max = CYAML_UNLIMITED}}};
  f.data_offset = (uint32_t)(offsetof(load_slots, text) + (size_t)i * sizeof(char *));
  if (kith__job_table[i].kind != JOB_CUTOFFS) return f;
  f.data_offset = (uint32_t)(offsetof(load_slots, list) + (size_t)i * sizeof(char **));
  f.count_offset = (uint32_t)(offsetof(load_slots, n_list) + (size_t)i * sizeof(uint32_t));
  f.count_size = sizeof(uint32_t);
  f.value = (cyaml_schema_value_t){.type = CYAML_SEQUENCE, .flags = CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, .data_size = sizeof(char *),
                                   .sequence = {.entry = &load_string, .min = 0, .max = CYAML_UNLIMITED}};
  return f;
}

/* The number of leading bytes of a key up to and with the dot that ends its part at `depth` bytes in; 0 for a leaf. */
static size_t load_group(const char *key, size_t depth) {
  const char *dot = strchr(key + depth, '.');
  return dot ? (size_t)(dot - key) + 1 : 0;
}

/* Fields of the keys first … last - 1, which agree in their first `depth` bytes; returns where they begin. */
static cyaml_schema_field_t *load_build(load_schema *s, int first, int last, size_t depth) {
  int n = 0, at = first;
  for (int i = first; i < last; n++) { /* count this level's fields, so that they lie together */
    size_t group = load_group(kith__job_table[i].key, depth);
    int from = i++;
    while (group && i < last && strncmp(kith__job_table[i].key, kith__job_table[from].key, group) == 0) i++;
  }
  int begin = s->used;
  s->used += n + 1; /* the last, zero, ends the level */
  for (int f = begin; at < last; f++) {
    const char *key = kith__job_table[at].key;
    size_t group = load_group(key, depth);
    int from = at++;
    while (group && at < last && strncmp(kith__job_table[at].key, key, group) == 0) at++;
    int size = group ? (int)(group - depth) - 1 : (int)strlen(key + depth);
    snprintf(s->name[f], KITH_NAME, "%.*s", size, key + depth);
    s->field[f] = group ? (cyaml_schema_field_t){.value = {.type = CYAML_MAPPING, .flags = CYAML_FLAG_OPTIONAL, .data_size = sizeof(load_slots),
                                                           .mapping = {.fields = load_build(s, from, at, group)}}}
                        : load_leaf(from);
    s->field[f].key = s->name[f];
  }
  return &s->field[begin];
}

/* What libcyaml says when something is wrong. */
typedef struct load_trouble {
  char what[1024];
  char path[8][KITH_NAME]; /* the mappings around it, innermost first */
  int depth, line;
} load_trouble;

static void load_note(cyaml_log_t level, void *context, const char *format, va_list rest) {
  load_trouble *t = context;
  char text[1024], name[KITH_NAME];
  int line = 0;
  if (level < CYAML_LOG_ERROR) return;
  vsnprintf(text, sizeof text, format, rest);
  text[strcspn(text, "\n")] = '\0';
  if (strstr(text, "Backtrace")) return;
  const char *at = strstr(text, "(line: ");
  if (at && sscanf(at, "(line: %d", &line) == 1) {
    if (!t->line) t->line = line;
    if (t->depth < 8 && sscanf(text, " in mapping field '%63[^']'", name) == 1) snprintf(t->path[t->depth++], KITH_NAME, "%s", name);
  } else if (!t->what[0]) snprintf(t->what, sizeof t->what, "%s", strncmp(text, "Load: ", 6) == 0 ? text + 6 : text);
}

/* The dotted key around the trouble, with `last` behind it. */
static void load_key(const load_trouble *t, const char *last, size_t size, char *key) {
  size_t n = 0;
  key[0] = '\0';
  for (int i = t->depth - 1; i >= 0; i--) n += (size_t)snprintf(key + n, size - n, "%s%s", t->path[i], i || last[0] ? "." : "");
  snprintf(key + n, size - n, "%s", last);
}

static kith_status load_fail(const char *name, const load_trouble *t) {
  char key[512];
  const char *unknown = strstr(t->what, "Unexpected key: "), *twice = strstr(t->what, "already seen: ");
  if (unknown) {
    load_key(t, unknown + 16, sizeof key, key);
    return kith_fail(KITH_ECONFIG, "%s:%d: unknown key \"%s\"; the nearest known key is \"%s\"", name, t->line, key, kith__job_nearest(key));
  }
  load_key(t, "", sizeof key, key);
  if (twice) return kith_fail(KITH_ECONFIG, "%s:%d: \"%s\" is given twice", name, t->line, twice + 14);
  return kith_fail(KITH_ECONFIG, "%s:%d: %s%s%s", name, t->line, key, key[0] ? ": " : "", t->what[0] ? t->what : "not understood as YAML");
}

static kith_status load_copy(const load_slots *s, int i, char **value) {
  kith_status st = KITH_OK;
  char text[JOB_VALUE] = "";
  const char *from = s->text[i];
  if (s->list[i]) {
    size_t n = 0;
    for (uint32_t k = 0; k < s->n_list[i] && n < sizeof text; k++) n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", k ? "," : "", s->list[i][k]);
    from = text;
  }
  if (!from) return st;
  KITH_TRY(KITH_NEW(*value, (int64_t)strlen(from) + 1));
  memcpy(*value, from, strlen(from));
done:
  return st;
}

kith_status kith__job_load(const char *name, const char *yaml, size_t size, char **value) {
  kith_status st = KITH_OK;
  load_schema *schema = NULL;
  load_slots *slots = NULL;
  load_trouble trouble = {.what = ""};
  cyaml_config_t config = {.log_fn = load_note, .log_ctx = &trouble, .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem};
  KITH_TRY(KITH_NEW(schema, 1));
  cyaml_schema_value_t top = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, load_slots, load_build(schema, 0, kith__job_n_key, 0))};
  cyaml_err_t code = cyaml_load_data((const uint8_t *)yaml, size, &config, &top, (cyaml_data_t **)&slots, NULL);
  if (code != CYAML_OK) KITH_TRY(load_fail(name, &trouble));
  for (int i = 0; slots && i < kith__job_n_key; i++) KITH_TRY(load_copy(slots, i, &value[i]));
done:
  if (slots) cyaml_free(&config, &top, slots, 0);
  KITH_FREE(schema);
  return st;
}
