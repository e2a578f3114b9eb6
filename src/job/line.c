/* Where a key stands in a YAML text: a walk over libyaml's events, taken only when a value has to be complained about. */
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "job/table.h"

/* The walk: the dotted path so far, by its length at each level, and whether a key or a value comes next. */
typedef struct line_walk {
  char path[1024];
  size_t length[16];
  int depth;
  bool wants_key[16];
  int list; /* depth of sequences, which have no keys */
} line_walk;

static void line_descend(line_walk *w) {
  if (w->depth + 1 >= 16) return;
  w->length[w->depth + 1] = strlen(w->path);
  w->wants_key[++w->depth] = true;
}

static void line_append(line_walk *w, const char *name) {
  size_t n = w->length[w->depth];
  snprintf(w->path + n, sizeof w->path - n, "%s%s", n ? "." : "", name);
}

/* Returns true when the scalar is the key that is looked for. */
static bool line_scalar(line_walk *w, const char *name, const char *key) {
  if (w->list) return false;
  if (!w->wants_key[w->depth]) {
    w->wants_key[w->depth] = true;
    return false;
  }
  line_append(w, name);
  w->wants_key[w->depth] = false;
  return strcmp(w->path, key) == 0;
}

static void line_ascend(line_walk *w) {
  if (w->depth == 0) return;
  w->path[w->length[w->depth--]] = '\0';
  w->wants_key[w->depth] = true;
}

int kith__job_line(const char *yaml, size_t size, const char *key) {
  yaml_parser_t parser;
  line_walk w = {.path = ""};
  int line = 0;
  if (!yaml_parser_initialize(&parser)) return 0;
  yaml_parser_set_input_string(&parser, (const unsigned char *)yaml, size);
  for (bool going = true; going && !line;) {
    yaml_event_t event;
    if (!yaml_parser_parse(&parser, &event)) break;
    going = event.type != YAML_STREAM_END_EVENT;
    if (event.type == YAML_MAPPING_START_EVENT) line_descend(&w);
    else if (event.type == YAML_MAPPING_END_EVENT) line_ascend(&w);
    else if (event.type == YAML_SEQUENCE_START_EVENT) w.list++;
    else if (event.type == YAML_SEQUENCE_END_EVENT && --w.list == 0) w.wants_key[w.depth] = true;
    else if (event.type == YAML_SCALAR_EVENT && line_scalar(&w, (const char *)event.data.scalar.value, key)) line = (int)event.start_mark.line + 1;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return line;
}
