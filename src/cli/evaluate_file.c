/* WORK/evaluate-SPLIT.json: the JSON object of the latest kith evaluate, for kith report and for programs. */
#include <stdio.h>

#include "base/file.h"
#include "cli/evaluate.h"

/* The object of --json; its members are there whether --json is given or not. */
static kith_status evaluation_write(const cli *c, const char *path) {
  cli line = {.comm = c->comm};
  cli_json_more(&line, "{\"verb\": \"%s\"", c->verb);
  cli_json(&line, "status", "\"ok\"");
  cli_json(&line, "code", "%d", (int)KITH_OK);
  cli_json(&line, "ranks", "%d", c->comm->size);
  cli_json_more(&line, "%s}\n", c->members);
  kith_status st = kith_text_write(path, line.members);
  KITH_FREE(line.members);
  return st;
}

kith_agreed cli_write_evaluation(cli *c, const kith_graph *g, const char *split) {
  kith_agreed st = {KITH_OK};
  char path[KITH_PATH], name[KITH_NAME];
  cli_json(c, "fingerprint", "%lld", (long long)(int64_t)g->fingerprint);
  snprintf(name, sizeof name, "evaluate-%s.json", split);
  KITH_TRY(kith_agreed_same(kith_path_join(c->job.work, name, path)));
  if (c->comm->rank == 0 && kith_is_bad(evaluation_write(c, path)))
    kith_warn("%s; the figures above are not in a file for kith report", kith_error_text());
done:
  return st;
}
