/* The options of a verb, read from the lines of its help. */
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

/* The first line of an option at or behind a text; null if there is none. */
static const char *option_line(const char *text) {
  while (*text && strncmp(text, "  --", 4) != 0) {
    text += strcspn(text, "\n");
    text += *text == '\n';
  }
  return *text ? text : NULL;
}

static const char *option_next_line(const char *text) {
  text += strcspn(text, "\n");
  return text + (*text == '\n');
}

/* What an option does: the rest of its line, and the lines below it. */
static void option_read_help(const char *from, char *help) {
  size_t n = 0;
  for (const char *c = from; *c; c++) {
    if (c > from && c[-1] == '\n' && strncmp(c, "  --", 4) == 0) break;
    const bool blank = *c == ' ' || *c == '\n';
    if (blank && (n == 0 || help[n - 1] == ' ')) continue;
    if (n + 1 < CLI_OPTION_HELP) help[n++] = blank ? ' ' : *c;
  }
  while (n > 0 && help[n - 1] == ' ') n--;
  help[n] = '\0';
}

/* A line has two spaces, the option, one space and the name of its value, or several spaces for a flag. */
static void option_read(const char *line, cli_option_help *out) {
  const char *at = line + 2;
  size_t n = strcspn(at, " \n");
  snprintf(out->name, sizeof out->name, "%.*s", (int)n, at);
  at += n;
  n = *at == ' ' && at[1] != ' ' ? strcspn(at + 1, " \n") : 0;
  snprintf(out->value, sizeof out->value, "%.*s", (int)n, at + (n > 0));
  option_read_help(at + (n > 0 ? n + 1 : 0), out->help);
}

bool cli_option_at(const cli_verb *v, int i, cli_option_help *out) {
  const char *const page[] = {v ? v->options : "", v && cli_verb_takes_job(v) ? cli_options_of_jobs : "",
                              cli_options_common};
  for (size_t p = 0; p < sizeof page / sizeof *page; p++)
    for (const char *line = option_line(page[p]); line; line = option_line(option_next_line(line)))
      if (i-- == 0) {
        option_read(line, out);
        return true;
      }
  return false;
}

cli_option_kind cli_option_find(const char *verb, const char *word) {
  const cli_verb *v = cli_verb_find(verb);
  cli_option_help o;
  const size_t n = strcspn(word, "=");
  for (int i = 0; v && cli_option_at(v, i, &o); i++)
    if (strlen(o.name) == n && strncmp(o.name, word, n) == 0)
      return o.value[0] ? CLI_OPTION_VALUE : CLI_OPTION_FLAG;
  return CLI_OPTION_UNKNOWN;
}

bool cli_option_nearest(const char *verb, const char *word, char *near) {
  const cli_verb *v = cli_verb_find(verb);
  const char *name = word + strspn(word, "-");
  char plain[KITH_JOB_KEY_SIZE];
  cli_option_help o;
  int least = 1 << 20;
  snprintf(plain, sizeof plain, "--%.*s", (int)strcspn(name, "="), name);
  for (int i = 0; v && cli_option_at(v, i, &o); i++) {
    const int distance = kith_edit_distance(plain, o.name);
    if (distance >= least) continue;
    least = distance;
    snprintf(near, KITH_JOB_KEY_SIZE, "%s", o.name);
  }
  return v && kith_edit_distance_is_small(plain + 2, least);
}
