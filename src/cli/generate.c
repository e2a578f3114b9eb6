/* kith generate: a synthetic graph, written as the text lists that the job names. */
#include <string.h>

#include "cli/cli.h"
#include "ingest/ingest.h"

static kith_status generate_folder(const char *path) {
  kith_status st = KITH_OK;
  char folder[KITH_PATH];
  KITH_TRY(kith_text_copy("path", path, sizeof folder, folder));
  char *slash = strrchr(folder, '/');
  if (!slash || slash == folder) return st;
  *slash = '\0';
  KITH_TRY(kith_folder_make(folder));
done:
  return st;
}

/* What is written must be what the job says that ingest will read. */
static kith_status generate_check(const char *what, const kith_edge_source *s) {
  kith_status st = KITH_OK;
  bool tabs = !s->delimiter[0] || strcmp(s->delimiter, "\t") == 0 || strcmp(s->delimiter, " ") == 0;
  KITH_CHECK(s->format != KITH_ADJACENCY && tabs && s->header != KITH_HEADER_YES, KITH_ECONFIG,
             "data.%s: kith generate writes format edges, with tabs and without a header; the job expects "
             "something else",
             what);
done:
  return st;
}

/* Whatever is written into the work folder is written under its lock. */
static kith_agreed generate_lock(cli *c) {
  kith_agreed st = {KITH_OK};
  const char *const path[] = {c->job.data.interactions.path, c->job.data.social.path,
                              c->job.data.features[KITH_USER].path, c->job.data.features[KITH_ITEM].path};
  for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
    if (!path[i][0]) continue;
    KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? generate_folder(path[i]) : KITH_OK));
    KITH_TRY(cli_lock_for(c, path[i]));
  }
done:
  return st;
}

/* Tags of users and items, where the job names files for them. */
static kith_status generate_features(cli *c) {
  kith_status st = KITH_OK;
  static const char *const what[] = {"user", "item"};
  for (int t = 0; t < KITH_TYPES; t++) {
    const kith_feature_source *s = &c->job.data.features[t];
    if (!s->path[0]) continue;
    KITH_CHECK(s->format == KITH_SPARSE || s->format == KITH_FEATURES_AUTO, KITH_ECONFIG,
               "data.%s_features: kith generate writes format sparse; the job expects %s", what[t],
               kith_feature_format_text(s->format));
    KITH_TRY(kith_generate_features(&c->job.generate, t == KITH_ITEM, s->path));
    cli_print(c, "wrote tags of all %ss to %s", what[t], s->path);
  }
done:
  return st;
}

/* Before anything is made. */
static kith_status generate_check_job(const kith_job *job) {
  kith_status st = KITH_OK;
  const char *pairs = job->data.interactions.path, *ties = job->data.social.path;
  KITH_CHECK(!pairs[0] || strcmp(pairs, ties) != 0, KITH_ECONFIG,
             "%s: data.social.path: is the file of data.interactions.path, and would replace it", job->path);
  KITH_CHECK(job->data.interactions.path[0], KITH_ECONFIG,
             "%s: data.interactions.path: expected the file to write", job->path);
  KITH_TRY(generate_check("interactions", &job->data.interactions));
  if (job->data.social.path[0]) KITH_TRY(generate_check("social", &job->data.social));
done:
  return st;
}

static kith_status generate_work(cli *c) {
  kith_status st = KITH_OK;
  const kith_job *job = &c->job;
  double began = kith_clock();
  const kith_generate_lists lists = {.interactions = job->data.interactions.path,
                                     .friends = job->data.social.path};
  KITH_TRY(kith_generate(&job->generate, &lists, NULL));
  double seconds = kith_clock() - began;
  cli_print(c, "wrote %lld interactions of %lld users with %lld items to %s in %.2f s",
            (long long)job->generate.interactions, (long long)job->generate.users,
            (long long)job->generate.items, job->data.interactions.path, seconds);
  if (job->data.social.path[0])
    cli_print(c, "wrote %lld friendships to %s", (long long)job->generate.friends, job->data.social.path);
  KITH_TRY(generate_features(c));
  cli_json(c, "interactions", "%lld", (long long)job->generate.interactions);
  cli_json(c, "seconds", "%.4f", seconds);
done:
  return st;
}

kith_agreed cli_generate(cli *c) {
  kith_agreed st = {KITH_OK};
  KITH_TRY(kith_agree(c->comm, cli_no_more(c)));
  KITH_TRY(kith_agree(c->comm, cli_check_recommends(c)));
  KITH_TRY(kith_agree(c->comm, generate_check_job(&c->job)));
  KITH_TRY(generate_lock(c));
  KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? generate_work(c) : KITH_OK));
done:
  return st;
}
