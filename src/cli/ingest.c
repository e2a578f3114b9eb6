/* kith ingest: text lists to graph.h5, and what was found in them. */
#include "cli/cli.h"

static kith_status ingest_prepare(cli *c, kith_ingest_options *o, char *path, char **job) {
  kith_status st = KITH_OK;
  KITH_TRY(cli_no_more(c));
  KITH_CHECK(c->job.data.interactions.path[0], KITH_ECONFIG,
             "%s: data.interactions.path: expected a list of interactions", c->job.path);
  *o = (kith_ingest_options){.interactions = c->job.data.interactions,
                             .test = c->job.data.test,
                             .social = c->job.data.social,
                             .split = c->job.data.split};
  KITH_TRY(kith_job_file(&c->job, "graph.h5", path));
  KITH_TRY(kith_job_print(&c->job, job));
  if (c->comm->rank == 0) KITH_TRY(kith_folder_make(c->job.work));
done:
  return st;
}

/* One line where there is something to say. */
static void ingest_note(cli *c, int64_t n, const char *key, const char *what) {
  cli_json(c, key, "%lld", (long long)n);
  if (n > 0) cli_print(c, "  %lld %s", (long long)n, what);
}

static void ingest_print(cli *c, const kith_ingest_report *r, double seconds) {
  cli_print(c, "%lld users, %lld items; interactions: %lld training, %lld validation, %lld test",
            (long long)r->n[KITH_USER], (long long)r->n[KITH_ITEM], (long long)r->train, (long long)r->valid,
            (long long)r->test);
  cli_json(c, "users", "%lld", (long long)r->n[KITH_USER]);
  cli_json(c, "items", "%lld", (long long)r->n[KITH_ITEM]);
  cli_json(c, "train", "%lld", (long long)r->train);
  cli_json(c, "valid", "%lld", (long long)r->valid);
  cli_json(c, "test", "%lld", (long long)r->test);
  ingest_note(c, r->duplicates, "duplicates", "repeated interactions, counted once");
  ingest_note(c, r->light, "light", "interactions of less than the least weight, left out");
  ingest_note(c, r->in_both, "in_both", "test interactions that are also training interactions");
  ingest_note(c, r->held_out_items, "held_out_items", "items without a training interaction");
  ingest_note(c, r->idle_users, "idle_users", "users without a training interaction, kept");
  ingest_note(c, r->social, "social", "social ties");
  ingest_note(c, r->social_duplicates, "social_duplicates", "repeated social ties, counted once");
  ingest_note(c, r->social_unknown, "social_unknown", "social ties to users without interactions, left out");
  ingest_note(c, r->social_self, "social_self", "ties of a user to itself, left out");
  ingest_note(c, r->social_light, "social_light", "social ties of less than the least weight, left out");
  if (r->valid + r->test == 0 && c->job.evaluate.every > 0)
    cli_print(c, "  nothing is held out, so training cannot evaluate: give data.test or data.split, or set evaluate.every to 0");
  if (r->has_time || r->has_weight)
    cli_print(c, "  kept with each: %s%s%s", r->has_time ? "time" : "", r->has_time && r->has_weight ? ", " : "",
              r->has_weight ? "weight" : "");
  int64_t n = r->train + r->valid + r->test + r->duplicates + r->light;
  cli_print(c, "  %.2f s, %.1f M interactions/s", seconds, (double)n / seconds / 1e6);
  cli_json(c, "seconds", "%.4f", seconds);
}

kith_agreed cli_ingest(cli *c) {
  kith_agreed st = {KITH_OK};
  kith_ingest_options o;
  kith_ingest_report r;
  char path[KITH_PATH], *job = NULL;
  KITH_TRY(kith_agree(c->comm, ingest_prepare(c, &o, path, &job)));
  double began = kith_clock();
  KITH_TRY(kith_ingest(c->comm, &o, job, path, &r));
  ingest_print(c, &r, kith_clock() - began);
  cli_print(c, "wrote %s", path);
done:
  KITH_FREE(job);
  return st;
}
