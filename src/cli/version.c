/* kith --version, and kith version: what the program is, what it was built with, what it runs with. */
#include <stdio.h>
#include <string.h>

#include "cli/build.h"
#include "cli/cli.h"
#include "cli/start.h"
#include "ops/blas.h"

void cli_version_words(int *argc, char **argv) {
  static char verb[] = "version";
  int n = 2;
  if (*argc < 3 || strcmp(argv[1], "--version") != 0) return;
  argv[1] = verb;
  for (int i = 2; i < *argc; i++)
    if (strcmp(argv[i], "--verbose") != 0) argv[n++] = argv[i];
  argv[n] = NULL;
  *argc = n;
}

static void version_text(size_t size, char *text) {
  bool known = cli_commit[0];
  snprintf(text, size, "%s%s%s%s", KITH_VERSION, known ? " (" : "", cli_commit, known ? ")" : "");
}

void cli_version_line(void) {
  char text[KITH_NAME];
  version_text(sizeof text, text);
  printf("kith %s\n", text);
}

/* What a library says of itself now, which may differ from what Kith was built with; "" if it says nothing.
 */
static void version_at_run(const char *id, size_t size, char *text) {
  char said[MPI_MAX_LIBRARY_VERSION_STRING];
  int n = 0;
  text[0] = '\0';
  if (strcmp(id, "mpi") == 0) {
    KITH_MPI(MPI_Get_library_version(said, &n));
    snprintf(text, size, "%.*s", (int)strcspn(said, ",\n"), said);
  } else if (strcmp(id, "hdf5") == 0) {
    snprintf(text, size, "HDF5 ");
    kith_h5_library_version(size - strlen(text), text + strlen(text));
  } else if (strcmp(id, "blas") == 0) kith_blas_library(size, text);
}

/* What else matters of a library, "" for most. */
static void version_detail(const char *id, size_t size, char *text) {
  text[0] = '\0';
  if (strcmp(id, "hdf5") == 0) snprintf(text, size, "parallel");
  else if (strcmp(id, "metis") == 0) snprintf(text, size, "%d-bit integers", cli_build_facts.metis_bits);
  else if (strcmp(id, "ptscotch") == 0) snprintf(text, size, "64-bit integers");
  else if (strcmp(id, "blas") == 0) snprintf(text, size, "%s kernels", kith_blas_core());
}

static void version_library(cli *c, bool first, const cli_library *l) {
  char now[KITH_NAME + 64], detail[KITH_NAME], built[KITH_NAME];
  version_at_run(l->id, sizeof now, now);
  bool other = now[0] && !strstr(now, l->version);
  version_detail(l->id, sizeof detail, detail);
  snprintf(built, sizeof built, "%s%s%s", l->name, l->version[0] ? " " : "", l->version);
  cli_print(c, "  %-11s%s%s%s%s%s", first ? "libraries" : "", built, detail[0] ? ", " : "", detail,
            other ? "; here " : "", other ? now : "");
  cli_json_more(c, "%s{\"id\": \"%s\", \"name\": \"%s\", \"version\": \"%s\", \"license\": \"%s\"",
                first ? "" : ", ", l->id, l->name, l->version, l->license);
  if (detail[0]) cli_json_more(c, ", \"detail\": \"%s\"", detail);
  if (now[0]) cli_json_more(c, ", \"here\": ");
  if (now[0]) cli_json_string(c, now);
  cli_json_more(c, "}");
}

static bool version_has(const char *id) {
  for (int i = 0; i < cli_build_facts.n_linked; i++)
    if (strcmp(cli_build_facts.linked[i].id, id) == 0) return true;
  return false;
}

static void version_build(cli *c) {
  const cli_build *b = &cli_build_facts;
  cli_print(c, "  %-11s%s, %s, %s", "compiler", b->compiler, b->type[0] ? b->type : "no build type",
            b->system);
  cli_print(c, "  %-11s%s", "flags", b->flags);
  cli_print(c, "  %-11s%s%s%s%s", "build",
            b->native ? "for this kind of machine only" : "for any CPU of the family",
            b->shared ? "; libkith.so and libkith.a" : "; libkith.a",
            b->faults ? "; with faults on purpose, for tests" : "", b->sanitize ? "; with sanitizers" : "");
  cli_print(c, "  %-11s%s", "processor", kith_simd_text(kith_cpu_simd()));
  cli_json(c, "compiler", "\"%s\"", b->compiler);
  cli_json(c, "build_type", "\"%s\"", b->type);
  cli_json(c, "flags", "%s", "");
  cli_json_string(c, b->flags);
  cli_json(c, "system", "\"%s\"", b->system);
  cli_json(c, "native", "%s", b->native ? "true" : "false");
  cli_json(c, "shared", "%s", b->shared ? "true" : "false");
  cli_json(c, "faults", "%s", b->faults ? "true" : "false");
  cli_json(c, "sanitize", "%s", b->sanitize ? "true" : "false");
  cli_json(c, "processor", "\"%s\"", kith_simd_text(kith_cpu_simd()));
}

kith_agreed cli_version(cli *c) {
  kith_agreed st = {KITH_OK};
  char text[KITH_NAME];
  KITH_TRY(kith_agreed_same(cli_no_more(c)));
  version_text(sizeof text, text);
  cli_print(c, "kith %s", text);
  cli_json(c, "version", "\"%s\"", KITH_VERSION);
  cli_json(c, "commit", "\"%s\"", cli_commit);
  version_build(c);
  cli_json(c, "libraries", "[");
  for (int i = 0; i < cli_build_facts.n_linked; i++) version_library(c, i == 0, &cli_build_facts.linked[i]);
  cli_json_more(c, "]");
  if (!version_has("ptscotch"))
    cli_print(c, "  %-11spartition.method: ptscotch is not in this build (PT-Scotch with 64-bit integers)",
              "");
done:
  return st;
}
