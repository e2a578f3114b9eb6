/*
 * The names that a job file gives to relations, paths, node types and models.
 *
 * A walk over the keys alone, without the checks of a job, since what is being typed may be wrong.
 */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "job/job.h"

enum { NAMES_DEPTH = 3 };

/* Sections whose keys are names, in the words of keys: data.relations and so on. */
static const struct {
  const char *above, *section;
} names_of[] = {{"data", "relations"}, {"data", "paths"}, {"data", "nodes"}, {"blend", "models"}};

typedef struct names_walk {
  char key[NAMES_DEPTH][KITH_NAME]; /* of the mappings around */
  int depth;                        /* of mappings; -1: outside */
  int list;                         /* lists around, in which nothing is a key */
  bool is_key;                      /* what comes next, if it is text */
  void (*found)(const char *key);
} names_walk;

static void names_found(const names_walk *w) {
  char key[NAMES_DEPTH * KITH_NAME];
  snprintf(key, sizeof key, "%s.%s.%s", w->key[0], w->key[1], w->key[2]);
  w->found(key);
}

static void names_text(names_walk *w, const char *text) {
  if (w->list > 0 || w->depth < 0) return;
  if (w->is_key && w->depth < NAMES_DEPTH) {
    snprintf(w->key[w->depth], KITH_NAME, "%.63s", text);
    for (size_t i = 0; w->depth == 2 && i < sizeof names_of / sizeof *names_of; i++)
      if (strcmp(w->key[0], names_of[i].above) == 0 && strcmp(w->key[1], names_of[i].section) == 0)
        names_found(w);
  }
  w->is_key = !w->is_key;
}

static void names_event(names_walk *w, const yaml_event_t *e) {
  switch (e->type) {
  case YAML_SCALAR_EVENT: names_text(w, (const char *)e->data.scalar.value); break;
  case YAML_ALIAS_EVENT: w->is_key = true; break;
  case YAML_SEQUENCE_START_EVENT: w->list++; break;
  case YAML_SEQUENCE_END_EVENT:
    w->list--;
    w->is_key = true;
    break;
  case YAML_MAPPING_START_EVENT:
    w->depth++;
    w->is_key = true;
    break;
  case YAML_MAPPING_END_EVENT:
    w->depth--;
    w->is_key = true;
    break;
  default: break;
  }
}

kith_status kith_job_names(const char *path, void (*found)(const char *key)) {
  kith_status st = KITH_OK;
  FILE *f = NULL;
  yaml_parser_t parser;
  yaml_event_t e;
  names_walk w = {.depth = -1, .found = found};
  bool more = true;
  KITH_TRY(kith_file_fopen(path, &f));
  KITH_CHECK(yaml_parser_initialize(&parser), KITH_ENOMEM, "%s: no memory to read it", path);
  yaml_parser_set_input_file(&parser, f);
  while (more && yaml_parser_parse(&parser, &e)) {
    more = e.type != YAML_STREAM_END_EVENT && w.depth < KITH_NAME;
    names_event(&w, &e);
    yaml_event_delete(&e);
  }
  yaml_parser_delete(&parser);
done:
  if (f) fclose(f);
  return st;
}
