/* Arguments of the command line, and output to stdout. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

static void options_drop(cli *c, int i, int n) {
  c->n_arg -= n;
  for (; i < c->n_arg; i++) c->arg[i] = c->arg[i + n];
}

/* The next argument is no value if it is an option itself; a value that begins with -- is given as
 * --name=value. */
static bool options_is_value(const char *word) { return strncmp(word, "--", 2) != 0; }

/* The value of --sbatch is made of options, none of which is one of the verb. */
static bool options_is_value_of(const cli *c, const char *name, const char *word) {
  return options_is_value(word) ||
         (strcmp(name, "sbatch") == 0 && cli_option_find(c->verb, word) == CLI_OPTION_UNKNOWN);
}

/* Whether a word is --name. */
static bool options_is(const char *word, const char *name) {
  return strncmp(word, "--", 2) == 0 && strcmp(word + 2, name) == 0;
}

bool cli_flag(cli *c, const char *name) {
  for (int i = 0; i < c->n_arg; i++)
    if (options_is(c->arg[i], name)) {
      options_drop(c, i, 1);
      return true;
    }
  return false;
}

const char *cli_option(cli *c, const char *name) {
  size_t n = strlen(name);
  for (int i = 0; i < c->n_arg; i++) {
    const char *word = c->arg[i];
    if (strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, n) == 0 && word[2 + n] == '=') {
      options_drop(c, i, 1);
      return word + 3 + n;
    }
    if (!options_is(word, name) || i + 1 >= c->n_arg) continue;
    if (!options_is_value_of(c, name, c->arg[i + 1])) continue;
    const char *value = c->arg[i + 1];
    options_drop(c, i, 2);
    return value;
  }
  return NULL;
}

kith_status cli_number(cli *c, const char *name, int64_t least, int64_t most, int64_t *value) {
  kith_status st = KITH_OK;
  const char *text = cli_option(c, name), *end = text;
  int64_t n = 0;
  if (!text) return st;
  KITH_CHECK(kith_text_number(&end, &n) && !*end && n >= least && n <= most, KITH_EUSAGE,
             "--%s %s: expected a number from %lld to %lld", name, text, (long long)least, (long long)most);
  *value = n;
done:
  return st;
}

kith_status cli_take_operand(cli *c) {
  kith_status st = KITH_OK;
  int i = 0;
  while (i < c->n_arg && strcmp(c->arg[i], "--") != 0) i++;
  if (i == c->n_arg) return st;
  KITH_CHECK(i + 1 < c->n_arg, KITH_EUSAGE, "kith %s: --: expected a file behind it", c->verb);
  const char *file = c->arg[i + 1];
  KITH_TRY(kith_text_copy("the file behind --", file, KITH_PATH, c->operand));
  if (file[0] == '-') snprintf(c->operand, sizeof c->operand, "./%s", file);
  options_drop(c, i, 2);
  memmove(c->arg + 1, c->arg, (size_t)c->n_arg * sizeof *c->arg);
  c->arg[0] = c->operand;
  c->n_arg++;
done:
  return st;
}

/* The argument that gives --output its value, and the offset of the value in it; -1 if there is none. */
static int options_find_output(const cli *c, size_t *at) {
  static const char name[] = "--output";
  for (int i = 0; i < c->n_arg; i++) {
    *at =
        strncmp(c->arg[i], name, sizeof name - 1) == 0 && c->arg[i][sizeof name - 1] == '=' ? sizeof name : 0;
    if (*at > 0) return i;
    if (strcmp(c->arg[i], name) == 0 && i + 1 < c->n_arg && options_is_value(c->arg[i + 1])) return i + 1;
  }
  return -1;
}

kith_agreed cli_expand_output(cli *c) {
  kith_agreed st = {KITH_OK};
  size_t at = 0;
  int i = options_find_output(c, &at);
  if (i < 0) return st;
  memcpy(c->output, c->arg[i], at);
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0
                                   ? kith_path_expand("--output", c->arg[i] + at, c->output + at)
                                   : KITH_OK));
  kith_comm_bcast(c->comm, sizeof c->output, c->output);
  c->arg[i] = c->output;
done:
  return st;
}

kith_status cli_take_file(cli *c, const char *what, const char **path) {
  kith_status st = KITH_OK;
  KITH_CHECK(c->n_arg > 0, KITH_EUSAGE, "kith %s: expected %s; see kith %s --help", c->verb, what, c->verb);
  bool known = cli_option_find(c->verb, c->arg[0]) != CLI_OPTION_UNKNOWN;
  KITH_CHECK(!known, KITH_EUSAGE, "kith %s: expected %s before %s; see kith %s --help", c->verb, what,
             c->arg[0], c->verb);
  if (c->arg[0][0] == '-') return cli_no_more(c);
  *path = c->arg[0];
  options_drop(c, 0, 1);
done:
  return st;
}

void cli_append_quoted(char *text, const char *before, const char *word) {
  kith_text_append_quoted(before, word, CLI_JOB_ARGS, text);
}

/* Whether "key=value" sets one of the keys, which a null follows; "section." is all of its keys. */
static bool options_sets(const char *setting, const char *const *key) {
  for (; key && *key; key++) {
    size_t n = strlen(*key);
    if (strncmp(setting, *key, n) == 0 && (setting[n] == '=' || (*key)[n - 1] == '.')) return true;
  }
  return false;
}

void cli_print_job_args(const cli *c, const char *const *except, char *text) {
  text[0] = '\0';
  cli_append_quoted(text, "", c->job_file);
  for (int i = 0; i < c->n_set; i++)
    if (!options_sets(c->set[i], except)) cli_append_quoted(text, " --set ", c->set[i]);
}

enum { CLI_HINT = 4 * KITH_JOB_KEY_SIZE };

/* What an unknown option may have been meant for: another option, or a key of the job; hint [CLI_HINT]. */
static void options_hint(const char *verb, const char *word, char *hint) {
  char key[KITH_JOB_KEY_SIZE], near[KITH_JOB_KEY_SIZE];
  const char *name = word + strspn(word, "-");
  const cli_verb *v = cli_verb_find(verb);
  snprintf(key, sizeof key, "%.*s", (int)strcspn(name, "="), name);
  for (char *c = key; *c; c++) *c = *c == '-' ? '_' : *c;
  if (cli_option_nearest(verb, word, near)) snprintf(hint, CLI_HINT, " (did you mean %s?)", near);
  else if (v && cli_verb_takes_job(v) && kith_job_foreign(key, sizeof near, near))
    snprintf(hint, CLI_HINT, " (a key of the job? --set KEY=VALUE; %s)", near);
  else if (v && cli_verb_takes_job(v) && kith_job_nearest(key, near) && !kith_job_is_section(near))
    snprintf(hint, CLI_HINT, " (a key of the job? --set %s=VALUE)", near);
}

kith_status cli_no_more(const cli *c) {
  if (c->n_arg == 0) return KITH_OK;
  const char *word = c->arg[0], *why = word[0] == '-' ? "unknown option" : "one word too many";
  bool value = strchr(word, '=') != NULL, behind = c->n_arg > 1 && options_is_value(c->arg[1]);
  cli_option_kind kind = cli_option_find(c->verb, word);
  if (kind == CLI_OPTION_FLAG) why = value ? "takes no value" : "given twice";
  if (kind == CLI_OPTION_VALUE) why = value || behind ? "given twice" : "expected a value behind it";
  char hint[CLI_HINT] = "";
  if (kind == CLI_OPTION_UNKNOWN && word[0] == '-') options_hint(c->verb, word, hint);
  return kith_fail(KITH_EUSAGE, "kith %s: %s: %s%s; see kith %s --help", c->verb, word, why, hint, c->verb);
}

void cli_print(const cli *c, const char *format, ...) {
  if (c->comm->rank != 0) return;
  va_list rest;
  va_start(rest, format);
  vprintf(format, rest);
  va_end(rest);
  printf("\n");
}

/* ---- the JSON line ---- */

static void json_add(cli *c, const char *format, va_list rest) {
  va_list again;
  va_copy(again, rest);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (n < 0) kith_abort(__FILE__, __LINE__, "the JSON line");
  if (c->n_members + n + 1 > c->members_capacity) {
    int64_t room = 2 * (c->n_members + n) + 1024;
    if (kith_is_bad(KITH_GROW(c->members, c->members_capacity, room)))
      kith_abort(__FILE__, __LINE__, kith_error_text());
    c->members_capacity = room;
  }
  vsnprintf(c->members + c->n_members, (size_t)n + 1, format, rest);
  c->n_members += n;
}

void cli_json_more(cli *c, const char *format, ...) {
  va_list rest;
  va_start(rest, format);
  json_add(c, format, rest);
  va_end(rest);
}

void cli_json(cli *c, const char *key, const char *format, ...) {
  va_list rest;
  cli_json_more(c, ", \"%s\": ", key);
  va_start(rest, format);
  json_add(c, format, rest);
  va_end(rest);
}

/* Control characters are escaped; bytes that are no UTF-8 become the replacement character. */
void cli_json_string(cli *c, const char *text) {
  cli_json_more(c, "\"");
  while (*text) {
    unsigned char byte = (unsigned char)*text;
    int n = byte < 0x80 ? 1 : kith_utf8_length(text);
    if (byte == '"' || byte == '\\') cli_json_more(c, "\\%c", byte);
    else if (byte < 0x20) cli_json_more(c, "\\u%04x", byte);
    else if (n == 0) cli_json_more(c, "\\ufffd");
    else cli_json_more(c, "%.*s", n, text);
    text += n > 0 ? n : 1;
  }
  cli_json_more(c, "\"");
}

/* Print the JSON line.  That of a failure lacks the members that the verb has added. */
void cli_print_json(const cli *c, kith_agreed outcome) {
  cli line = {.comm = c->comm};
  cli_json_more(&line, "{\"verb\": ");
  cli_json_string(&line, c->verb);
  cli_json(&line, "status", "\"%s\"", kith_status_name(outcome.status));
  cli_json(&line, "code", "%d", (int)outcome.status);
  cli_json(&line, "ranks", "%d", c->comm->size);
  if (kith_is_bad(outcome)) {
    cli_json(&line, "error", "%s", "");
    cli_json_string(&line, kith_error_text());
  } else if (c->members) cli_json_more(&line, "%s", c->members);
  printf("%s}\n", line.members);
  KITH_FREE(line.members);
}
