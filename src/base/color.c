/*
 * Colors of lines on stderr.
 *
 * By default a terminal has them, but for TERM=dumb; NO_COLOR and CLICOLOR_FORCE in the environment decide
 * otherwise (no-color.org, bixense.com/clicolors), and --color decides before all.  Files and pipes have
 * none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static kith_color_when color_when;

void kith_color_set(kith_color_when when) { color_when = when; }

/* A variable that is set, not empty and not 0. */
static bool color_says(const char *name) {
  const char *value = getenv(name);
  return value && value[0] && strcmp(value, "0") != 0;
}

static bool color_is_on(void) {
  const char *none = getenv("NO_COLOR");
  if (color_when != KITH_COLOR_AUTO) return color_when == KITH_COLOR_ALWAYS;
  if (none && none[0]) return false;
  if (color_says("CLICOLOR_FORCE")) return true;
  return kith_terminal_columns() > 0;
}

const char *kith_color(kith_color_of what) {
  static const char *const code[] = {[KITH_COLOR_END] = "\033[0m",
                                     [KITH_COLOR_ERROR] = "\033[1;31m",
                                     [KITH_COLOR_WARNING] = "\033[33m",
                                     [KITH_COLOR_BEST] = "\033[32m"};
  return color_is_on() ? code[what] : "";
}
