/*
 * A walk over a YAML text that locates every key and refuses, with its line, what a job cannot have: unknown
 * keys, keys given twice, lists or mappings in place of one value, a second document.
 *
 * libcyaml, which loads the values afterwards (load.c), reports only the line at which the enclosing mapping
 * begins.
 */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "job/table.h"

enum { WALK_DEPTH = 4, WALK_KEY = 4 * KITH_NAME };

typedef struct walk {
  yaml_parser_t parser;
  yaml_event_t event; /* the last one read; the next read deletes it */
  const char *name, *text;
  int group[WALK_DEPTH][KITH_JOB_MAX_KEYS]; /* lines of mappings, by depth and by the slot of the first key
                                               that lies in them */
  kith_job *job;                            /* gets the names of patterns */
  job_table table;                          /* of the job */
  job_retired_keys *retired;
  job_source_map *out;
} walk;

static int walk_line(const walk *w) { return (int)w->event.start_mark.line + 1; }

/* Report what libyaml could not read: for a byte that is no text its offset, otherwise the line. */
static kith_status walk_fail(const walk *w) {
  const yaml_parser_t *p = &w->parser;
  size_t line = p->problem_mark.line + 1;
  if (p->error == YAML_MEMORY_ERROR) return kith_fail(KITH_ENOMEM, "%s: no memory to read it", w->name);
  if (p->error == YAML_READER_ERROR) {
    line = 1;
    for (const char *c = w->text; c < w->text + p->problem_offset && *c; c++) line += *c == '\n';
  }
  if (!p->context)
    return kith_fail(KITH_ECONFIG, "%s:%zu: not understood as YAML: %s", w->name, line, p->problem);
  return kith_fail(KITH_ECONFIG, "%s:%zu: not understood as YAML: %s, %s in line %zu", w->name, line,
                   p->problem, p->context, p->context_mark.line + 1);
}

static kith_status walk_next(walk *w) {
  kith_status st = KITH_OK;
  yaml_event_delete(&w->event);
  if (!yaml_parser_parse(&w->parser, &w->event)) return walk_fail(w);
  if (w->event.type != YAML_SCALAR_EVENT) return st;
  bool whole = strlen((const char *)w->event.data.scalar.value) == w->event.data.scalar.length;
  KITH_CHECK(whole, KITH_ECONFIG, "%s:%d: a zero byte has no place in a job", w->name, walk_line(w));
done:
  return st;
}

/* What was found in place of the expected value, for messages. */
static const char *walk_found(const walk *w) {
  switch (w->event.type) {
  case YAML_SCALAR_EVENT: return w->event.data.scalar.length ? "a single value" : "nothing";
  case YAML_ALIAS_EVENT: return "an alias";
  case YAML_SEQUENCE_START_EVENT: return "a list";
  case YAML_MAPPING_START_EVENT: return "keys";
  default: return "something else";
  }
}

/* Text, or an alias that may stand for it. */
static bool walk_is_value(const walk *w) {
  return w->event.type == YAML_SCALAR_EVENT || w->event.type == YAML_ALIAS_EVENT;
}

/* YAML's words for nothing, without quotes. */
static bool walk_is_null(const walk *w) {
  static const char *const word[] = {"~", "null", "Null", "NULL"};
  if (w->event.type != YAML_SCALAR_EVENT || w->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
    return false;
  for (size_t i = 0; i < sizeof word / sizeof *word; i++)
    if (strcmp((const char *)w->event.data.scalar.value, word[i]) == 0) return true;
  return false;
}

/* Text that can be the path of a list. */
static bool walk_is_path(const walk *w) {
  return w->event.type == YAML_SCALAR_EVENT && w->event.data.scalar.length > 0 && !walk_is_null(w);
}

static kith_status walk_list(walk *w, const char *key) {
  kith_status st = KITH_OK;
  KITH_TRY(walk_next(w));
  while (w->event.type != YAML_SEQUENCE_END_EVENT) {
    KITH_CHECK(walk_is_value(w), KITH_ECONFIG, "%s:%d: %s: expected single values in the list, found %s",
               w->name, walk_line(w), key, walk_found(w));
    KITH_TRY(walk_next(w));
  }
done:
  return st;
}

/* The value of key `i` of the table, whose key was the last event. */
static kith_status walk_leaf(walk *w, int i) {
  kith_status st = KITH_OK;
  const job_key *k = &w->table.key[i];
  int slot = w->table.slot[i], *line = &w->out->line[slot];
  KITH_CHECK(*line == 0, KITH_ECONFIG, "%s:%d: %s is given twice, the first time in line %d", w->name,
             walk_line(w), k->key, *line);
  *line = walk_line(w);
  KITH_TRY(walk_next(w));
  if (kith__job_is_list(k) && w->event.type == YAML_SEQUENCE_START_EVENT) return walk_list(w, k->key);
  KITH_CHECK(walk_is_value(w), KITH_ECONFIG, "%s:%d: %s: expected a single value, found %s%s", w->name, *line,
             k->key, walk_found(w),
             w->event.type == YAML_MAPPING_START_EVENT ? "; a text that begins with { needs quotes" : "");
  KITH_CHECK(!walk_is_null(w), KITH_ECONFIG,
             "%s:%d: %s: expected a value, found nothing (%s); leave the key out, or quote the word", w->name,
             *line, k->key, (const char *)w->event.data.scalar.value);
  w->out->is_scalar[slot] = kith__job_is_list(k);
done:
  return st;
}

static kith_status walk_mapping(walk *w, const char *above, int depth);

/* A section whose key was the last event: a mapping, or the path of a list.  `first` is its first key. */
static kith_status walk_section(walk *w, const char *key, int depth, int slot, const job_key *first) {
  kith_status st = KITH_OK;
  int line = walk_line(w), *known = &w->group[depth][slot];
  KITH_CHECK(*known == 0, KITH_ECONFIG, "%s:%d: %s is given twice, the first time in line %d", w->name, line,
             key, *known);
  *known = line;
  KITH_TRY(walk_next(w));
  if (walk_is_path(w) && kith__job_begins_with_path(first, strlen(key))) {
    w->out->line[slot] = line;
    w->out->is_path[slot] = w->out->is_scalar[slot] = true;
    return st;
  }
  KITH_CHECK(w->event.type == YAML_MAPPING_START_EVENT, KITH_ECONFIG,
             "%s:%d: %s: expected keys below it, such as %s; found %s", w->name, line, key, first->key,
             walk_found(w));
  KITH_TRY(walk_mapping(w, key, depth + 1));
done:
  return st;
}

/* Pass over the value of a key, which is the next event: text, or all that a list or a mapping holds. */
static kith_status walk_skip(walk *w) {
  kith_status st = KITH_OK;
  int depth = 0;
  do {
    KITH_TRY(walk_next(w));
    yaml_event_type_t type = w->event.type;
    depth += type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
    depth -= type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
  } while (depth > 0);
done:
  return st;
}

/* Retired keys are reported together, after the whole text has been read. */
static kith_status walk_unknown(walk *w, const char *key) {
  char place[KITH_PATH + 16];
  int line = walk_line(w);
  snprintf(place, sizeof place, "%s:%d", w->name, line);
  if (kith__job_note_retired(w->retired, place, key)) return walk_skip(w);
  return kith__job_located(kith__job_fail_unknown(&w->table, key), w->name, line);
}

/* A key in a section that a pattern fills gives it a name. */
static kith_status walk_name(walk *w, const char *above, const char *key) {
  if (kith__job_pattern_row(above) < 0) return KITH_OK;
  kith_status st = kith__job_add_name(w->job, key);
  if (!kith_is_bad(st)) kith__job_table_of(w->job, &w->table);
  return kith__job_located(st, w->name, walk_line(w));
}

/* The values of a list of values, each of which may be a list again. */
static kith_status walk_axis_list(walk *w, kith_sweep_axis *a, int depth) {
  kith_status st = KITH_OK;
  bool further = false;
  KITH_TRY(walk_next(w));
  while (w->event.type != YAML_SEQUENCE_END_EVENT) {
    const bool inner = depth == 0 && w->event.type == YAML_SEQUENCE_START_EVENT;
    KITH_CHECK(inner || (w->event.type == YAML_SCALAR_EVENT && !walk_is_null(w)), KITH_ECONFIG,
               "%s:%d: sweep.%s: expected values in the list, found %s", w->name, walk_line(w), a->key,
               walk_found(w));
    if (inner) KITH_TRY(walk_axis_list(w, a, 1));
    else
      KITH_TRY(kith__job_located(kith__job_axis_value(a, (const char *)w->event.data.scalar.value,
                                                      further && depth > 0),
                                 w->name, walk_line(w)));
    further = true;
    KITH_TRY(walk_next(w));
  }
  KITH_CHECK(further, KITH_ECONFIG, "%s:%d: sweep.%s: expected values in the list, found none", w->name,
             walk_line(w), a->key);
done:
  return st;
}

/* {from: 1e-4, to: 1e-2, scale: log} */
static kith_status walk_axis_range(walk *w, kith_sweep_axis *a) {
  kith_status st = KITH_OK;
  char name[KITH_NAME];
  a->is_range = true;
  KITH_TRY(walk_next(w));
  while (w->event.type != YAML_MAPPING_END_EVENT) {
    const int line = walk_line(w);
    KITH_CHECK(w->event.type == YAML_SCALAR_EVENT, KITH_ECONFIG,
               "%s:%d: sweep.%s: expected from, to and scale, found %s", w->name, line, a->key,
               walk_found(w));
    snprintf(name, sizeof name, "%.63s", (const char *)w->event.data.scalar.value);
    KITH_TRY(walk_next(w));
    KITH_CHECK(w->event.type == YAML_SCALAR_EVENT, KITH_ECONFIG,
               "%s:%d: sweep.%s: %s: expected a single value, found %s", w->name, line, a->key, name,
               walk_found(w));
    KITH_TRY(kith__job_located(kith__job_axis_range(a, name, (const char *)w->event.data.scalar.value),
                               w->name, line));
    KITH_TRY(walk_next(w));
  }
done:
  return st;
}

/* What a key of the job shall be in the trials of a sweep; the key was the last event. */
static kith_status walk_axis(walk *w, const char *axis) {
  kith_status st = KITH_OK;
  kith_sweep_axis *a = NULL;
  const int line = walk_line(w);
  KITH_TRY(kith__job_located(kith__job_axis_add(w->job, axis, line, &a), w->name, line));
  KITH_TRY(walk_next(w));
  if (w->event.type == YAML_SEQUENCE_START_EVENT) return walk_axis_list(w, a, 0);
  if (w->event.type == YAML_MAPPING_START_EVENT) return walk_axis_range(w, a);
  KITH_CHECK(w->event.type == YAML_SCALAR_EVENT && w->event.data.scalar.length > 0 && !walk_is_null(w),
             KITH_ECONFIG, "%s:%d: sweep.%s: expected a list of values, or {from: …, to: …}; found %s",
             w->name, line, axis, walk_is_null(w) ? "nothing" : walk_found(w));
  KITH_TRY(kith__job_located(kith__job_axis_value(a, (const char *)w->event.data.scalar.value, false),
                             w->name, line));
done:
  return st;
}

/* A key below sweep that is one of the job, or a section of those. */
static kith_status walk_varied(walk *w, const char *key, const char *axis, int depth) {
  kith_status st = KITH_OK;
  bool leaf = false;
  if (!kith__job_is_known(axis, &leaf)) return walk_unknown(w, strchr(axis, '.') ? axis : key);
  if (leaf) return walk_axis(w, axis);
  const int line = walk_line(w);
  KITH_TRY(walk_next(w));
  KITH_CHECK(w->event.type == YAML_MAPPING_START_EVENT, KITH_ECONFIG,
             "%s:%d: sweep.%s: expected keys below it; found %s", w->name, line, axis, walk_found(w));
  KITH_TRY(walk_mapping(w, key, depth + 1));
done:
  return st;
}

/* One key, the last event, and what belongs to it. */
static kith_status walk_entry(walk *w, const char *above, int depth) {
  kith_status st = KITH_OK;
  char key[WALK_KEY];
  const char *axis = NULL;
  bool leaf = false;
  KITH_CHECK(w->event.type == YAML_SCALAR_EVENT, KITH_ECONFIG, "%s:%d: expected a key, found %s", w->name,
             walk_line(w), walk_found(w));
  int line = walk_line(w);
  const char *name = (const char *)w->event.data.scalar.value;
  snprintf(key, sizeof key, "%s%s%s", above, above[0] ? "." : "", name);
  if (kith__job_is_axis(key, &axis)) return walk_varied(w, key, axis, depth);
  KITH_CHECK(!strchr(name, '.'), KITH_ECONFIG,
             "%s:%d: %s: the parts of a key nest here, as in train: {lr: 0.001}", w->name, line, name);
  KITH_TRY(walk_name(w, above, key));
  int i = kith__job_find_first(w->table.n, w->table.key, key, &leaf), row = kith__job_pattern_row(key);
  if (row >= 0) return walk_section(w, key, depth, row, &kith__job_row[row]);
  if (i < 0) return walk_unknown(w, key);
  if (leaf) return walk_leaf(w, i);
  return walk_section(w, key, depth, w->table.slot[i], &w->table.key[i]);
done:
  return st;
}

/* Known keys nest less than WALK_DEPTH deep, and nothing goes below an unknown one. */
static kith_status walk_mapping(walk *w, const char *above, int depth) {
  kith_status st = KITH_OK;
  KITH_TRY(walk_next(w));
  while (w->event.type != YAML_MAPPING_END_EVENT) {
    KITH_TRY(walk_entry(w, above, depth));
    KITH_TRY(walk_next(w));
  }
done:
  return st;
}

static kith_status walk_document(walk *w) {
  kith_status st = KITH_OK;
  KITH_TRY(walk_next(w)); /* the stream begins */
  KITH_TRY(walk_next(w));
  if (w->event.type == YAML_STREAM_END_EVENT) return st;
  KITH_TRY(walk_next(w));
  w->out->any = w->event.type == YAML_MAPPING_START_EVENT;
  bool empty = w->event.type == YAML_SCALAR_EVENT && w->event.data.scalar.length == 0;
  KITH_CHECK(w->out->any || empty, KITH_ECONFIG, "%s:%d: expected keys, such as name: or data:, found %s",
             w->name, walk_line(w), walk_found(w));
  if (w->out->any) KITH_TRY(walk_mapping(w, "", 0));
  KITH_TRY(walk_next(w)); /* the document ends */
  KITH_TRY(walk_next(w));
  KITH_CHECK(w->event.type == YAML_STREAM_END_EVENT, KITH_ECONFIG,
             "%s:%d: a second document begins, expected one", w->name, walk_line(w));
done:
  return st;
}

kith_status kith__job_walk(const char *name, const char *yaml, size_t size, kith_job *job,
                           job_retired_keys *retired, job_source_map *out) {
  walk w = {.name = name, .text = yaml, .job = job, .retired = retired, .out = out};
  kith__job_table_of(job, &w.table);
  *out = (job_source_map){.any = false};
  if (!yaml_parser_initialize(&w.parser)) return kith_fail(KITH_ENOMEM, "%s: no memory to read it", name);
  yaml_parser_set_input_string(&w.parser, (const unsigned char *)yaml, size);
  kith_status st = walk_document(&w);
  yaml_event_delete(&w.event);
  yaml_parser_delete(&w.parser);
  return st;
}
