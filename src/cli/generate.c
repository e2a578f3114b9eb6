/*
 * kith generate: a synthetic graph, written as the text lists that the job names.
 *
 * A relation's name says what its list holds: `friend`, `cart`, `view`, `tag` and `kg` are written.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "ingest/ingest.h"

/* ---- what can be written ---- */

/* Lists of a relation.  Types: "": any but user and item; null: any but user. */
typedef struct generated {
  const char *name, *what;       /* of the relation; of its edges, for messages */
  const char *from, *to;         /* node types of its ends */
  const char *columns, *to_here; /* as they are written; number of the one of the second end */
  bool timed;                    /* whether the third column is a time */
  const char *kind;              /* number of the column of kinds; "": none */
  size_t path, n;                /* offsets in kith_generate_lists and kith_generate_report */
} generated;

#define LIST(member) offsetof(kith_generate_lists, member), offsetof(kith_generate_report, member)

static const generated interactions = {
    "interactions", "interactions", "user", "item", "user, item, time", "2", true, "", LIST(interactions)};
static const generated relations[] = {
    {"friend", "friendships", "user", "user", "user, user", "2", false, "", LIST(friends)},
    {"cart", "carts", "user", "item", "user, item, time", "2", true, "", LIST(carts)},
    {"view", "views", "user", "item", "user, item, time", "2", true, "", LIST(views)},
    {"tag", "tags", "item", "", "item, tag", "2", false, "", LIST(tags)},
    {"kg", "triples", NULL, "", "item or entity, kind, entity", "3", false, "2", LIST(triples)}};
enum { RELATIONS = sizeof relations / sizeof *relations };

static const generated *generate_find(const char *name) {
  for (int i = 0; i < RELATIONS; i++)
    if (strcmp(relations[i].name, name) == 0) return &relations[i];
  return NULL;
}

static const char *generate_key(const kith_relation_source *r, char key[KITH_PATH]) {
  if (r->key[0]) snprintf(key, KITH_PATH, "%s", r->key);
  else snprintf(key, KITH_PATH, "data.relations.%s", r->name);
  return key;
}

/* ---- whether the job reads what is written ---- */

static bool generate_is_column(const char *column, const char *usual, const char *here) {
  return strcmp(column[0] ? column : usual, here) == 0;
}

static kith_status generate_check_format(const char *key, const generated *g, const kith_edge_source *s) {
  kith_status st = KITH_OK;
  bool tabs = !s->delimiter[0] || strcmp(s->delimiter, "\t") == 0 || strcmp(s->delimiter, " ") == 0;
  bool columns = generate_is_column(s->user, "1", "1") && generate_is_column(s->item, "2", g->to_here) &&
                 (!s->time[0] || (g->timed && strcmp(s->time, "3") == 0)) && !s->weight[0] &&
                 (!s->kind[0] || strcmp(s->kind, g->kind) == 0);
  KITH_CHECK(s->format != KITH_ADJACENCY && tabs && s->header != KITH_HEADER_YES &&
                 s->comment != KITH_COMMENT_NONE,
             KITH_ECONFIG,
             "%s: kith generate writes format edges, with tabs, a line of comment and without a header; the "
             "job expects something else",
             key);
  KITH_CHECK(columns, KITH_ECONFIG,
             "%s.columns: kith generate writes %s, without weights; expected columns 1 and %s for the two "
             "ends, %s for the time, and %s for the kind",
             key, g->columns, g->to_here, g->timed ? "none or 3" : "none", g->kind[0] ? "none or 2" : "none");
done:
  return st;
}

static bool generate_is_type(const char *expected, const char *type) {
  bool user = strcmp(type, "user") == 0, item = strcmp(type, "item") == 0;
  if (!expected) return !user;
  return expected[0] ? strcmp(type, expected) == 0 : !user && !item;
}

static kith_status generate_check_relation(const kith_job *job, const kith_relation_source *r) {
  kith_status st = KITH_OK;
  char key[KITH_PATH];
  const generated *g = generate_find(r->name);
  generate_key(r, key);
  KITH_CHECK(g, KITH_ECONFIG,
             "%s: %s: kith generate has no such list; expected friend, cart, view, tag or kg", job->path,
             key);
  KITH_CHECK(generate_is_type(g->from, r->from) && generate_is_type(g->to, r->to), KITH_ECONFIG,
             "%s: %s: kith generate writes %s from %s to %s; the job expects them from %s to %s", job->path,
             key, g->what, g->from ? g->from : "item or another type", g->to[0] ? g->to : "another type",
             r->from, r->to);
  KITH_TRY(generate_check_format(key, g, &r->list));
done:
  return st;
}

static kith_status generate_check_features(const kith_job *job) {
  kith_status st = KITH_OK;
  static const char *const what[] = {"user", "item"};
  for (int t = 0; t < KITH_SIDES; t++) {
    const kith_feature_source *s = &job->data.features[t];
    KITH_CHECK(!s->path[0] || s->format == KITH_SPARSE || s->format == KITH_FEATURES_AUTO, KITH_ECONFIG,
               "data.%s_features: kith generate writes format sparse; the job expects %s", what[t],
               kith_feature_format_text(s->format));
  }
done:
  return st;
}

/* ---- where it is written ---- */

/* The files that the job names, with their keys. */
typedef struct outputs {
  int n;
  struct output {
    char key[KITH_PATH];
    const char *path;
  } of[KITH_MAX_RELATIONS + 3];
} outputs;

static void outputs_add(outputs *o, const char *key, const char *path) {
  if (!path[0]) return;
  o->of[o->n].path = path;
  snprintf(o->of[o->n++].key, KITH_PATH, "%s", key);
}

static void outputs_of(const kith_job *job, outputs *o) {
  char key[KITH_PATH];
  o->n = 0;
  outputs_add(o, "data.interactions", job->data.interactions.path);
  for (int i = 0; i < job->data.n_relation; i++)
    outputs_add(o, generate_key(&job->data.relation[i], key), job->data.relation[i].list.path);
  outputs_add(o, "data.user_features", job->data.features[KITH_USER].path);
  outputs_add(o, "data.item_features", job->data.features[KITH_ITEM].path);
}

static kith_status generate_check_outputs(const kith_job *job) {
  kith_status st = KITH_OK;
  outputs o;
  outputs_of(job, &o);
  for (int i = 0; i < o.n; i++)
    KITH_CHECK(!strpbrk(o.of[i].path, "*?\n"), KITH_ECONFIG,
               "%s: %s.path: names several files, and kith generate writes one; expected its path", job->path,
               o.of[i].key);
  for (int i = 0; i < o.n; i++)
    KITH_CHECK(!kith_job_is_own_name(o.of[i].path), KITH_ECONFIG,
               "%s: %s.path: %s is a name that Kith keeps for itself", job->path, o.of[i].key, o.of[i].path);
  for (int i = 0; i < o.n; i++)
    for (int k = 0; k < i; k++)
      KITH_CHECK(strcmp(o.of[i].path, o.of[k].path) != 0, KITH_ECONFIG,
                 "%s: %s.path: is the file of %s.path, and would replace it", job->path, o.of[i].key,
                 o.of[k].key);
done:
  return st;
}

static void generate_lists_of(const kith_job *job, kith_generate_lists *lists) {
  *lists = (kith_generate_lists){.interactions = job->data.interactions.path};
  for (int i = 0; i < job->data.n_relation; i++) {
    const kith_relation_source *r = &job->data.relation[i];
    const generated *g = generate_find(r->name);
    *(const char **)((char *)lists + g->path) = r->list.path;
    if (strcmp(r->name, "kg") == 0) lists->item_triples = strcmp(r->from, "item") == 0;
  }
}

/* Before anything is made. */
static kith_status generate_check_job(const kith_job *job) {
  kith_status st = KITH_OK;
  kith_generate_lists lists;
  KITH_CHECK(job->data.interactions.path[0], KITH_ECONFIG,
             "%s: data.interactions.path: expected the file to write", job->path);
  KITH_TRY(generate_check_format("data.interactions", &interactions, &job->data.interactions));
  for (int i = 0; i < job->data.n_relation; i++)
    KITH_TRY(generate_check_relation(job, &job->data.relation[i]));
  KITH_TRY(generate_check_features(job));
  KITH_TRY(generate_check_outputs(job));
  generate_lists_of(job, &lists);
  KITH_TRY(kith_generate_check(&job->generate, &lists));
done:
  return st;
}

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

/* Whatever is written into the work folder is written under its lock. */
static kith_agreed generate_lock(cli *c) {
  kith_agreed st = {KITH_OK};
  outputs o;
  outputs_of(&c->job, &o);
  for (int i = 0; i < o.n; i++) {
    KITH_TRY(kith_agree(c->comm, c->comm->rank == 0 ? generate_folder(o.of[i].path) : KITH_OK));
    KITH_TRY(cli_lock_for(c, o.of[i].path));
  }
done:
  return st;
}

/* ---- writing ---- */

/* Features of users and items, where the job names files for them. */
static kith_status generate_features(cli *c) {
  kith_status st = KITH_OK;
  static const char *const what[] = {"user", "item"};
  for (int t = 0; t < KITH_SIDES; t++) {
    const char *path = c->job.data.features[t].path;
    if (!path[0]) continue;
    KITH_TRY(kith_generate_features(&c->job.generate, t == KITH_ITEM, path));
    cli_print(c, "wrote features of all %ss to %s", what[t], path);
  }
done:
  return st;
}

static void generate_report(cli *c, const kith_generate_report *report, double seconds) {
  const kith_job *job = &c->job;
  cli_print(c, "wrote %s of %s with %s to %s in %.2f s", KITH_COUNT(report->interactions, "interaction(s)"),
            KITH_COUNT(job->generate.users, "user(s)"), KITH_COUNT(job->generate.items, "item(s)"),
            job->data.interactions.path, seconds);
  cli_json(c, "interactions", "%lld", (long long)report->interactions);
  for (int i = 0; i < job->data.n_relation; i++) {
    const generated *g = generate_find(job->data.relation[i].name);
    long long n = (long long)*(const int64_t *)((const char *)report + g->n);
    cli_print(c, "wrote %lld %s to %s", n, g->what, job->data.relation[i].list.path);
    cli_json(c, g->what, "%lld", n);
  }
  if (report->capped > 0)
    cli_print(c, "%s cut to three quarters of the items",
              KITH_COUNT(report->capped, "list(s) of carts or views (was|were)"));
}

static kith_status generate_work(cli *c) {
  kith_status st = KITH_OK;
  kith_generate_lists lists;
  kith_generate_report report;
  double began = kith_clock();
  generate_lists_of(&c->job, &lists);
  KITH_TRY(kith_generate(&c->job.generate, &lists, &report));
  double seconds = kith_clock() - began;
  generate_report(c, &report, seconds);
  KITH_TRY(generate_features(c));
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
