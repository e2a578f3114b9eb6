/* What the program was built with; the values are made by src/facts.cmake. */
#ifndef KITH_SRC_CLI_BUILD_H
#define KITH_SRC_CLI_BUILD_H

#include <stdbool.h>

/* A library as it was found when Kith was built; version "" if that could not be learned. */
typedef struct cli_library {
  const char *id, *name, *version;
  const char *license; /* SPDX expression */
} cli_library;

typedef struct cli_build {
  const char *compiler, *type, *flags, *system;
  int metis_bits; /* of METIS's integers */
  bool native;    /* -DKITH_NATIVE=ON: for one kind of machine */
  bool faults;    /* -DKITH_FAULTS=ON: for tests */
  bool sanitize;
  bool shared; /* libkith.so was built beside libkith.a */
  int n_linked;
  const cli_library *linked; /* [n_linked] */
} cli_build;

extern const cli_build cli_build_facts;

/* `kith --version --verbose [--json]` is `kith version [--json]`: change the arguments accordingly.  Local.
 */
void cli_version_words(int *argc, char **argv);

/* Print `kith 0.2.0 (commit)`.  Local. */
void cli_version_line(void);

#endif
