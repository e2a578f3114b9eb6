/* Words of the command line, and what goes to stdout. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/verbs.h"

static void options_drop(cli *c, int i, int n) {
  c->n_arg -= n;
  for (; i < c->n_arg; i++) c->arg[i] = c->arg[i + n];
}

/* The value of an option is not itself an option; who means one that begins like that says --name=value. */
static bool options_is_value(const char *word) { return strncmp(word, "--", 2) != 0; }

/* Whether a word is --name. */
static bool options_is(const char *word, const char *name) { return strncmp(word, "--", 2) == 0 && strcmp(word + 2, name) == 0; }

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
    if (!options_is(word, name) || i + 1 >= c->n_arg || !options_is_value(c->arg[i + 1])) continue;
    const char *value = c->arg[i + 1];
    options_drop(c, i, 2);
    return value;
  }
  return NULL;
}

kith_status cli_take_file(cli *c, const char *what, const char **path) {
  kith_status st = KITH_OK;
  KITH_CHECK(c->n_arg > 0, KITH_EUSAGE, "kith %s: expected %s; see kith %s --help", c->verb, what, c->verb);
  bool known = cli_option_find(c->verb, c->arg[0]) != CLI_OPTION_UNKNOWN;
  KITH_CHECK(!known, KITH_EUSAGE, "kith %s: expected %s before %s; see kith %s --help", c->verb, what, c->arg[0], c->verb);
  if (c->arg[0][0] == '-') return cli_no_more(c);
  *path = c->arg[0];
  options_drop(c, 0, 1);
done:
  return st;
}

kith_status cli_no_more(const cli *c) {
  if (c->n_arg == 0) return KITH_OK;
  const char *word = c->arg[0], *why = word[0] == '-' ? "unknown option" : "one word too many";
  bool value = strchr(word, '=') != NULL, behind = c->n_arg > 1 && options_is_value(c->arg[1]);
  cli_option_kind kind = cli_option_find(c->verb, word);
  if (kind == CLI_OPTION_FLAG) why = value ? "takes no value" : "given twice";
  if (kind == CLI_OPTION_VALUE) why = value || behind ? "given twice" : "expected a value behind it";
  return kith_fail(KITH_EUSAGE, "kith %s: %s: %s; see kith %s --help", c->verb, word, why, c->verb);
}

void cli_print(const cli *c, const char *format, ...) {
  if (c->comm->rank != 0) return;
  va_list rest;
  va_start(rest, format);
  vprintf(format, rest);
  va_end(rest);
  printf("\n");
}

void cli_json(cli *c, const char *key, const char *format, ...) {
  size_t n = strlen(c->members);
  va_list rest;
  int k = snprintf(c->members + n, sizeof c->members - n, ", \"%s\": ", key);
  if (k < 0 || n + (size_t)k >= sizeof c->members) kith_abort(__FILE__, __LINE__, "room for the JSON line");
  va_start(rest, format);
  int m = vsnprintf(c->members + n + k, sizeof c->members - n - (size_t)k, format, rest);
  va_end(rest);
  if (m < 0 || n + (size_t)(k + m) >= sizeof c->members) kith_abort(__FILE__, __LINE__, "room for the JSON line");
}

/* A JSON string: quotes, backslashes and control characters escaped. */
static void options_print_string(const char *text) {
  putchar('"');
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    if (*p == '"' || *p == '\\') printf("\\%c", *p);
    else if (*p < 0x20) printf("\\u%04x", *p);
    else putchar(*p);
  }
  putchar('"');
}

void cli_print_json(const cli *c, kith_agreed outcome) {
  printf("{\"verb\": ");
  options_print_string(c->verb);
  printf(", \"status\": \"%s\", \"ranks\": %d", kith_status_name(outcome.status), c->comm->size);
  if (kith_is_bad(outcome)) {
    printf(", \"error\": ");
    options_print_string(kith_error_text());
  } else printf("%s", c->members);
  printf("}\n");
}
