/*
 * A job as files store it: the text that kith_job_print() of this or an earlier version wrote.
 *
 * That text has one key a line, two spaces of indentation a level and each value on its key's line, so it is
 * read line by line.  Retired keys and values are taken under their present names; unknown keys are ignored.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/table.h"

enum { STORED_DEPTH = 8 };

typedef struct stored {
  const char *name; /* of the file, for messages */
  int line;
  char key[KITH_JOB_KEY_SIZE];  /* the dotted key of the current line */
  size_t end[STORED_DEPTH + 1]; /* end[i]: length of its first i parts, each with its dot */
  int depth;                    /* sections that are open */
  char value[JOB_VALUE_SIZE];
} stored;

/* Undo print_quote() of print.c: size bytes, with the quotes.  False where there is something else. */
static bool stored_unquote(const char *text, size_t size, char *out) {
  if (size < 2 || text[size - 1] != '"') return false;
  for (const char *c = text + 1, *end = text + size - 1; c < end; c++) {
    if (*c != '\\') {
      *out++ = *c;
      continue;
    }
    if (++c == end) return false;
    char hex[3] = {0};
    if (*c == '"' || *c == '\\') *out++ = *c;
    else if (*c == 'x' && end - c > 2) {
      memcpy(hex, c + 1, 2);
      *out++ = (char)strtol(hex, NULL, 16);
      c += 2;
    } else return false;
  }
  *out = '\0';
  return true;
}

/* ["a.tsv", "b.tsv"] as kith__job_value_paths() reads it: "[", a path a line, "]". */
static bool stored_list(const char *text, size_t size, char *out) {
  const char *at = text + 1, *end = text + size - 1;
  if (*end != ']') return false;
  *out++ = '[';
  while (at < end) {
    const char *stop = at + 1;
    while (stop < end && *stop != '"') stop += *stop == '\\' ? 2 : 1;
    if (*at != '"' || stop >= end || !stored_unquote(at, (size_t)(stop + 1 - at), out)) return false;
    out += strlen(out);
    *out++ = '\n';
    at = stop + 1;
    at += strspn(at, ", ");
  }
  strcpy(out, "]");
  return true;
}

static kith_status stored_value(stored *s, const char *text, size_t size) {
  kith_status st = KITH_OK;
  KITH_CHECK(size < sizeof s->value, KITH_EDATA, "%s: job, line %d: a value of %zu bytes", s->name, s->line,
             size);
  bool quoted = text[0] == '"', listed = size > 1 && text[0] == '[' && text[1] == '"';
  if (!quoted && !listed) snprintf(s->value, sizeof s->value, "%.*s", (int)size, text);
  KITH_CHECK(listed ? stored_list(text, size, s->value) : !quoted || stored_unquote(text, size, s->value),
             KITH_EDATA, "%s: job, line %d: the quotes of a value do not match", s->name, s->line);
done:
  return st;
}

/* Split a line of `size` bytes into s->key and s->value; *section is true where it opens a section. */
static kith_status stored_split(stored *s, const char *line, size_t size, bool *section) {
  kith_status st = KITH_OK;
  size_t indent = strspn(line, " "), depth = indent / 2;
  const char *part = line + indent, *colon = memchr(line, ':', size);
  KITH_CHECK(colon && colon > part && indent % 2 == 0 && (int)depth <= s->depth, KITH_EDATA,
             "%s: job, line %d: expected \"key: value\" below an open section", s->name, s->line);
  size_t n = (size_t)(colon - part), rest = size - (size_t)(colon - line) - 1;
  KITH_CHECK(s->end[depth] + n + 2 <= sizeof s->key && depth < STORED_DEPTH, KITH_EDATA,
             "%s: job, line %d: the key is too long", s->name, s->line);
  *section = rest == 0;
  s->depth = (int)depth + *section;
  snprintf(s->key + s->end[depth], sizeof s->key - s->end[depth], "%.*s%s", (int)n, part,
           *section ? "." : "");
  s->end[depth + 1] = s->end[depth] + n + 1;
  if (!*section) KITH_TRY(stored_value(s, colon + 1 + strspn(colon + 1, " "), rest - strspn(colon + 1, " ")));
done:
  return st;
}

static kith_status stored_set(const stored *s, kith_job *job) {
  char now[KITH_JOB_KEY_SIZE];
  job_table t;
  if (kith_is_bad(kith__job_add_name(job, s->key))) return KITH_OK;
  kith__job_table_of(job, &t);
  const job_key *k = kith__job_find(&t, s->key);
  if (!k && kith_job_renamed(s->key, now)) k = kith__job_find(&t, now);
  if (!k) return KITH_OK;
  const char *value = kith__job_renamed_value(k, s->value);
  return kith__job_set(job, k, value ? value : s->value);
}

kith_status kith_job_read_stored(const char *name, const char *text, kith_job *job) {
  kith_status st = KITH_OK;
  stored s = {.name = name};
  for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
    size_t size = strcspn(line, "\n");
    bool section = false;
    s.line++;
    KITH_TRY(stored_split(&s, line, size, &section));
    if (!section) KITH_TRY(stored_set(&s, job));
  }
done:
  return st;
}
