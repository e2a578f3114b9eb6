/* Shell expansion at the beginning of a path: ~, ~user, $NAME, ${NAME}.  Elsewhere the characters are
 * literal. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define EXPAND_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

static const char *expand_home(const char *user) {
  const char *home = user[0] ? NULL : getenv("HOME");
  if (home && home[0]) return home;
  const struct passwd *p = user[0] ? getpwnam(user) : NULL;
  return p && p->pw_dir && p->pw_dir[0] ? p->pw_dir : NULL;
}

static kith_status expand_tilde(const char *what, const char *text, const char **value, const char **rest) {
  kith_status st = KITH_OK;
  char user[KITH_NAME];
  size_t n = strcspn(text + 1, "/");
  KITH_CHECK(n < sizeof user, KITH_ECONFIG,
             "%s: %s: the user name is too long; for a file of this name write ./~…", what, text);
  snprintf(user, sizeof user, "%.*s", (int)n, text + 1);
  *value = expand_home(user);
  *rest = text + 1 + n;
  KITH_CHECK(*value || user[0], KITH_ECONFIG, "%s: %s: HOME is not set; set it, or write the path out", what,
             text);
  KITH_CHECK(*value, KITH_ECONFIG, "%s: %s: unknown user \"%s\"; for a file of this name write ./%s", what,
             text, user, text);
done:
  return st;
}

static kith_status expand_variable(const char *what, const char *text, const char **value,
                                   const char **rest) {
  kith_status st = KITH_OK;
  char name[KITH_NAME];
  bool brace = text[1] == '{';
  const char *at = text + 1 + brace;
  size_t n = strspn(at, EXPAND_LETTERS);
  if (n > 0) n = strspn(at, EXPAND_LETTERS "0123456789");
  if (n == 0 && !brace) { /* "$5.txt" names no variable */
    *value = "";
    *rest = text;
    return st;
  }
  KITH_CHECK(n > 0 && n < sizeof name && (!brace || at[n] == '}'), KITH_ECONFIG,
             "%s: %s: expected ${NAME} at the beginning", what, text);
  snprintf(name, sizeof name, "%.*s", (int)n, at);
  *value = getenv(name);
  *rest = at + n + brace;
  KITH_CHECK(*value && **value, KITH_ECONFIG,
             "%s: %s: the environment has no %s; set it, write the path out, or write ./%s for a file that "
             "is called so",
             what, text, name, text);
done:
  return st;
}

kith_status kith_path_expand(const char *what, const char *text, char *path) {
  kith_status st = KITH_OK;
  const char *value = "", *rest = text;
  if (text[0] == '~') KITH_TRY(expand_tilde(what, text, &value, &rest));
  if (text[0] == '$') KITH_TRY(expand_variable(what, text, &value, &rest));
  size_t n = strlen(value);
  while (n > 1 && value[n - 1] == '/' && rest[0] == '/') n--; /* avoid a double slash */
  if (n == 1 && value[0] == '/' && rest[0] == '/') n = 0;
  char whole[2 * KITH_PATH];
  int size = snprintf(whole, sizeof whole, "%.*s%s", (int)n, value, rest);
  KITH_CHECK(size >= 0 && size < KITH_PATH, KITH_ECONFIG, "%s: %s: path longer than %d bytes", what, text,
             KITH_PATH - 1);
  memcpy(path, whole, (size_t)size + 1);
done:
  return st;
}
