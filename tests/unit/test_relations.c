/* ranks: 1 */
/* The keys of relations: patterns of the job table, which a job fills with the names that it gives. */
#include <inttypes.h>

#include "graph/schema.h"
#include "support/job_file.h"
#include "support/mpi_main.h"

static void assert_refused(const char *text, const char *words) {
  kith_job job;
  if (test_job_read(text, 0, NULL, &job) != KITH_ECONFIG) fail_msg("%s\nwas not refused as a bad job", text);
  assert_error_says(words);
}

static void assert_set_refused(const char *text, const char *set, const char *words) {
  kith_job job;
  if (test_job_read(text, 1, &set, &job) != KITH_ECONFIG) fail_msg("--set %s was not refused", set);
  assert_error_says(words);
}

static const char three[] = "data:\n"
                            "  interactions: list.tsv\n"
                            "  relations:\n"
                            "    tag: {path: tag.tsv, from: item, to: tag, columns: {from: 2, to: 1}}\n"
                            "    friend: {path: /ties.tsv, from: user, to: user, min_weight: 2}\n"
                            "    kg: {path: kg.tsv, from: tag, to: entity, format: edges}\n"
                            "model:\n"
                            "  relations: {tag: learned, friend: 0.3}\n";

static void a_job_has_the_relations_that_it_names_in_their_order(void **state) {
  (void)state;
  kith_job job;
  char path[2 * KITH_PATH];
  assert_job_read(three, 0, NULL, &job);
  const kith_relation_source *r = job.data.relation;
  assert_int_equal(job.data.n_relation, 3);
  assert_string_equal(r[0].name, "tag");
  assert_string_equal(r[1].name, "friend");
  assert_string_equal(r[2].name, "kg");
  snprintf(path, sizeof path, "%s/tag.tsv", test_job_home);
  assert_string_equal(r[0].list.path, path);
  assert_string_equal(r[1].list.path, "/ties.tsv");
  assert_string_equal(r[0].from, "item");
  assert_string_equal(r[0].to, "tag");
  assert_string_equal(r[0].list.user, "2");
  assert_string_equal(r[0].list.item, "1");
  assert_true(r[1].list.min_weight == 2 && r[2].list.format == KITH_EDGES);
}

/* By name, whatever the order in the file; a weight of 0 is none. */
static void a_model_has_the_weights_above_0_by_name(void **state) {
  (void)state;
  static const char *const set[] = {"model.relations.kg=5", "model.relations.tag=0", "model.relations.kg=7"};
  kith_job job;
  const struct kith_relation_weight *w = job.model.relations.of;
  assert_job_read(three, 0, NULL, &job);
  assert_true(job.model.relations.n == 2 && w[0].weight == 0.3 && !w[0].learned);
  assert_true(w[1].weight == 1 && w[1].learned);
  assert_string_equal(w[0].name, "friend");
  assert_string_equal(w[1].name, "tag");
  assert_job_read(three, 3, set, &job);
  assert_true(job.model.relations.n == 2 && w[1].weight == 7 && !w[1].learned);
  assert_string_equal(w[0].name, "friend");
  assert_string_equal(w[1].name, "kg");
  assert_set_refused(three, "model.relations.kg=fast", "expected a number or learned, found \"fast\"");
  assert_set_refused(three, "model.relations.kg=-1", "expected 0 to 1000, found -1");
}

static void data_social_is_short_for_a_relation_friend(void **state) {
  (void)state;
  static const char social[] = "data: {social: {path: a.tsv, columns: {user: 3}}}\n";
  static const char *const set[] = {"data.social.path=b.tsv", "model.relations.friend=0.5"};
  kith_job job;
  assert_job_read(social, 0, NULL, &job);
  assert_int_equal(job.data.n_relation, 1);
  assert_string_equal(job.data.relation[0].name, "friend");
  assert_string_equal(job.data.relation[0].from, "user");
  assert_string_equal(job.data.relation[0].to, "user");
  assert_string_equal(job.data.relation[0].list.user, "3");
  assert_job_read("data: {interactions: list.tsv}\n", 2, set, &job);
  assert_true(job.data.n_relation == 1 && job.model.relations.n == 1);
  assert_set_refused(three, "data.social=b.tsv", "data.social and data.relations.friend both name");
}

static void a_relation_names_its_list_and_the_types_of_its_ends(void **state) {
  (void)state;
  assert_refused("data:\n  relations:\n    tag: {from: item, to: tag}\n",
                 "data.relations.tag.path: expected the path");
  assert_refused("data:\n  relations:\n    tag: {}\n", "data.relations.tag.path: expected the path");
  assert_refused("data:\n  relations:\n    tag: {path: a, to: tag}\n",
                 "data.relations.tag.from: expected a node type: user, item, or");
  assert_refused("data:\n  relations:\n    tag: a.tsv\n", "data.relations.tag.from: expected a node type");
  assert_refused("data:\n  relations:\n    tag: {path: a, from: item}\n",
                 "data.relations.tag.to: expected a node type");
  assert_refused("data:\n  relations:\n    tag:\n      path: a\n      from: users\n",
                 "job.yaml:5: data.relations.tag.from: expected user");
  assert_refused("data:\n  relations:\n    tag:\n      path: a\n      from: item\n      to: Tag\n",
                 "job.yaml:6: data.relations.tag.to: expected a name");
  assert_set_refused(three, "data.relations.kg.to=label", "data.relations.kg.to: label means something else");
}

/* An empty path: the relation is not read. */
static void a_list_can_be_taken_away_by_a_setting(void **state) {
  (void)state;
  static const char *const set[] = {"data.relations.tag.path=", "model.relations.tag=0"};
  kith_job job;
  assert_job_read(three, 2, set, &job);
  assert_int_equal(job.data.n_relation, 2);
  assert_string_equal(job.data.relation[0].name, "friend");
  assert_set_refused(three, "data.relations.tag.path=",
                     "job.yaml:8: model.relations.tag: data.relations.tag.path is empty");
}

static void a_relation_weighs_in_the_cut_what_the_job_says(void **state) {
  (void)state;
  static const char *const set[] = {"partition.weight.tag=3", "partition.weight.friend=0"};
  kith_job job;
  const char *needs = NULL;
  assert_job_read(three, 2, set, &job);
  const kith_partition_weights *w = &job.partition.weights;
  assert_true(w->n == 2 && strcmp(w->of[0].name, "tag") == 0 && w->of[0].weight == 3 && w->of[1].weight == 0);
  assert_true(kith__job_is_used(&job, "partition.weight.tag", &needs));
  job.partition.method = KITH_PARTITION_HASH;
  assert_false(kith__job_is_used(&job, "partition.weight.tag", &needs));
  assert_string_equal(needs, "needs a partition.method other than hash");
  assert_set_refused(three, "partition.weight.tags=1",
                     "--set partition.weight.tags: data names no such relation; the nearest is tag");
  assert_set_refused(three, "partition.weight.tag=-1", "partition.weight.tag");
}

static void a_bad_name_is_refused_in_its_line(void **state) {
  (void)state;
  static const char *const bad[] = {"Tag",
                                    "1tag",
                                    "_tag",
                                    "ta-g",
                                    "\"\"",
                                    "\"a\\nb\"",
                                    "é",
                                    "NAME",
                                    "abcdefghijklmnopqrstuvwxyz012345",
                                    "interactions",
                                    "test"};
  char text[512];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    snprintf(text, sizeof text, "data:\n  relations:\n    %s: {path: a, from: user, to: user}\n", bad[i]);
    assert_refused(text, "job.yaml:3: data.relations.");
    snprintf(text, sizeof text, "model:\n  relations:\n    %s: 1\n", bad[i]);
    assert_refused(text, "job.yaml:3: model.relations.");
  }
  kith_job job;
  assert_job_read("data: {relations: {abcdefghijklmnopqrstuvwxyz01234: {path: a, from: user, to: user}}}\n",
                  0, NULL, &job);
}

static void an_unknown_relation_is_told_the_nearest(void **state) {
  (void)state;
  char text[1024];
  snprintf(text, sizeof text, "%s    \n", three);
  assert_set_refused(
      three, "model.relations.frend=1",
      "--set model.relations.frend: data names no such relation; the nearest is friend, all are "
      "tag, friend, kg");
  assert_set_refused(three, "data.relations.tga.path=x", "where the nearest is tag");
  assert_set_refused("data: {interactions: a}\n", "data.relations.tag.path=x", "which names none");
  assert_set_refused(three, "data.relations.tag.pth=x",
                     "the nearest known key is \"data.relations.tag.path\"");
  assert_set_refused(three, "data.relation.tag.path=x",
                     "the nearest known key is \"data.relations.tag.path\"");
  assert_set_refused(three, "data.relations.NAME.path=x", "data.relations.NAME: ");
  assert_refused("data:\n  interactions: a\n  relations: {tag: {path: a, from: item, to: t, paht: b}}\n",
                 "job.yaml:3: unknown key \"data.relations.tag.paht\"; the nearest known key is");
  assert_refused("data:\n  interactions: a\nmodel:\n  relations: {tag: 1}\n",
                 "job.yaml:4: model.relations.tag: data names no such relation; data.relations.tag would");
}

/* What the job does not ingest may have any relation. */
static void a_graph_of_elsewhere_may_have_a_relation_that_data_does_not_name(void **state) {
  (void)state;
  kith_job job;
  assert_job_read("graph: there.h5\nmodel: {relations: {tag: 1}}\n", 0, NULL, &job);
  assert_int_equal(job.model.relations.n, 1);
}

static void sections_of_relations_are_mappings_and_are_given_once(void **state) {
  (void)state;
  kith_job job;
  assert_job_read("data: {relations: {}}\nmodel: {relations: {}}\n", 0, NULL, &job);
  assert_refused("data:\n  relations: a\n", "data.relations: expected keys below it");
  assert_refused("data:\n  relations: [a]\n", "data.relations: expected keys below it");
  assert_refused("model:\n  relations: 0.3\n", "model.relations: expected keys below it");
  assert_refused("model:\n  relations: {tag: {a: 1}}\n", "model.relations.tag: expected a single value");
  assert_refused("data:\n  relations: {}\n  relations: {}\n", "job.yaml:3: data.relations is given twice");
  assert_refused("data:\n  relations:\n    a: {path: x}\n    a: {path: x}\n",
                 "job.yaml:4: data.relations.a is given twice");
  assert_refused("model:\n  relations:\n    a: 1\n    a: 2\n",
                 "job.yaml:4: model.relations.a is given twice");
  assert_refused("data:\n  relations:\n    a: {path: x,\n      path: y}\n",
                 "job.yaml:4: data.relations.a.path is given twice");
}

/* ---- many ---- */

static size_t spell_many(int n, char *text) {
  size_t at = (size_t)sprintf(text, "data:\n  interactions: a\n  relations:\n");
  for (int i = 0; i < n; i++)
    at += (size_t)sprintf(text + at, "    r%d: {path: r%d.tsv, from: user, to: t%d}\n", i, i, i % 10);
  at += (size_t)sprintf(text + at, "model:\n  relations:\n");
  for (int i = n - 1; i >= 0; i--) at += (size_t)sprintf(text + at, "    r%d: %d\n", i, i + 1);
  at += (size_t)sprintf(text + at, "  half_lives:\n");
  for (int i = 0; i < n; i++) at += (size_t)sprintf(text + at, "    r%d: %dd\n", i, i + 1);
  at += (size_t)sprintf(text + at, "embed:\n  relations:\n");
  for (int i = 0; i < n; i++) at += (size_t)sprintf(text + at, "    r%d: new%d.tsv\n", i, i);
  at += (size_t)sprintf(text + at, "update:\n  relations:\n");
  for (int i = 0; i < n; i++) at += (size_t)sprintf(text + at, "    r%d: more%d.tsv\n", i, i);
  at += (size_t)sprintf(text + at, "partition:\n  weight:\n");
  for (int i = 0; i < n; i++) at += (size_t)sprintf(text + at, "    r%d: %d\n", i, 2 * i);
  at += (size_t)sprintf(text + at, "sampler:\n  relations:\n");
  for (int i = 0; i < n; i++) at += (size_t)sprintf(text + at, "    r%d: [%d, 3]\n", i, i);
  return at;
}

static void a_job_has_up_to_32_relations_and_16_types(void **state) {
  (void)state;
  char text[8192];
  static const char *const set = "data.relations.r31.to=t31";
  kith_job job;
  spell_many(KITH_MAX_RELATIONS, text);
  assert_job_read(text, 0, NULL, &job);
  assert_int_equal(job.data.n_relation, KITH_MAX_RELATIONS);
  for (int i = 0; i < KITH_MAX_RELATIONS; i++) {
    char name[KITH_NAME];
    const struct kith_relation_weight *w = &job.model.relations.of[i];
    snprintf(name, sizeof name, "r%d", i);
    assert_string_equal(job.data.relation[i].name, name);
    assert_true(w->weight == strtod(w->name + 1, NULL) + 1);
    assert_string_equal(job.partition.weights.of[i].name, name);
    assert_int_equal(job.partition.weights.of[i].weight, 2 * i);
    assert_string_equal(job.train.sampler.relations.of[i].name, name);
    assert_int_equal(job.train.sampler.relations.of[i].fanouts.of[0], i);
    if (i > 0) assert_true(strcmp(job.model.relations.of[i - 1].name, w->name) < 0);
  }
  assert_job_read(text, 1, &set, &job); /* 13 types */
  assert_set_refused(text, "data.social=a", "data.social: expected at most 32 relations");
  assert_set_refused(text, "model.relations.more=1", "expected at most 32 relations");
  spell_many(KITH_MAX_RELATIONS + 1, text);
  assert_refused(text, "job.yaml:36: data.relations.r32: expected at most 32 relations");
  size_t at = (size_t)sprintf(text, "data:\n  relations:\n");
  for (int i = 0; i < 15; i++)
    at += (size_t)sprintf(text + at, "    r%d: {path: a, from: user, to: t%d}\n", i, i);
  assert_refused(text, "data.relations: 17 node types, user and item included; expected at most 16");
  at = (size_t)sprintf(text, "data:\n  nodes:\n");
  for (int i = 0; i <= KITH_MAX_TYPES; i++) at += (size_t)sprintf(text + at, "    t%d: {features: a}\n", i);
  assert_refused(text, "job.yaml:19: data.nodes.t16: expected at most 16 node types, user and item included");
}

static void a_node_type_that_no_list_has_is_told_by_its_own_key(void **state) {
  (void)state;
  static const char no_end[] = "no relation of data.relations has this node type at an end";
  static const char *const said[][2] = {{"features: a", "features.path"},
                                        {"same_as: item, features: a", "same_as"},
                                        {"same_as: item", "same_as"}};
  char text[256], words[256];
  for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
    snprintf(text, sizeof text, "data:\n  interactions: {path: a}\n  nodes:\n    tagg: {%s}\n", said[i][0]);
    snprintf(words, sizeof words, "job.yaml:4: data.nodes.tagg.%s: %s", said[i][1], no_end);
    assert_refused(text, words);
  }
}

/* Lines are kept by slots, which stay when a setting adds a name. */
static void every_key_has_a_line_of_its_own(void **state) {
  (void)state;
  char text[8192];
  static job_table t;
  kith_job job;
  bool taken[KITH_JOB_MAX_KEYS] = {false};
  int rows = 0, unnamed = 0; /* of patterns for which the file gives no name */
  spell_many(KITH_MAX_RELATIONS, text);
  assert_job_read(text, 0, NULL, &job);
  kith__job_table_of(&job, &t);
  for (int i = 0; i < t.n; i++) {
    assert_in_range(t.slot[i], 0, KITH_JOB_MAX_KEYS - 1);
    assert_false(taken[t.slot[i]]);
    taken[t.slot[i]] = true;
  }
  for (int i = 0; i < kith__job_n_row; i++) {
    rows += strstr(kith__job_row[i].key, ".NAME") != NULL;
    unnamed += strncmp(kith__job_row[i].key, "data.nodes.", 11) == 0 ||
               strncmp(kith__job_row[i].key, "data.paths.", 11) == 0 ||
               strncmp(kith__job_row[i].key, "blend.models.", 13) == 0 ||
               strncmp(kith__job_row[i].key, "train.also.", 11) == 0;
  }
  assert_int_equal(rows, JOB_PATTERN_ROWS);
  assert_int_equal(t.n, kith__job_n_row + (KITH_MAX_RELATIONS - 1) * rows - KITH_MAX_RELATIONS * unnamed);
  assert_int_equal(kith__job_line(&job, &t, "data.relations.r7.from"), 11);
  static const char *const set = "model.relations.kg=1";
  assert_job_read(three, 1, &set, &job);
  kith__job_table_of(&job, &t);
  assert_int_equal(kith__job_line(&job, &t, "model.relations.friend"), 8);
  assert_int_equal(kith__job_line(&job, &t, "model.relations.kg"), -1);
  assert_int_equal(kith__job_line(&job, &t, "data.relations.kg.format"), 6);
  assert_int_equal(kith__job_line(&job, &t, "data.relations.kg.quoting"), 0);
}

/* ---- there and back ---- */

static const char *draw_value(const job_key *k, uint64_t i) {
  static const char *const text[] = {"1", "a b", "x: \\\"y\\\"", "#"};
  static const char *const choices[] = {"auto", "edges", "true", "hash", "csv", "none", "forward"};
  static const char *const names[] = {"user", "item", "tag", "entity_2"};
  static const char *const weights[] = {"0", "0.25", "learned", "1000"};
  static const char *const ages[] = {"none", "180d", "90s", "0.5y"};
  static const char *const reals[] = {"0", "1e-3", "7", "0.1"};
  static char out[64];
  switch (k->kind) {
  case JOB_ENUM:
    for (size_t c = i % 7;; c = (c + 1) % 7)
      if (strstr(k->unit, choices[c])) return choices[c];
  case JOB_NODE_TYPE: return names[i % 4];
  case JOB_WEIGHT: return weights[i % 4];
  case JOB_AGE: return ages[i % 4];
  case JOB_REAL: return reals[i % 4];
  case JOB_COLUMN:
  case JOB_DELIMITER: return strcmp(text[i % 4], "x: \\\"y\\\"") == 0 ? "\"" : text[i % 4];
  default: snprintf(out, sizeof out, "lists/%" PRIu64 ".tsv", i); return out;
  }
}

static void assert_same(const kith_job *a, const kith_job *b) {
  static job_table t, other;
  kith__job_table_of(a, &t);
  kith__job_table_of(b, &other);
  assert_int_equal(t.n, other.n);
  for (int i = 0; i < t.n; i++) {
    char x[JOB_VALUE_SIZE], y[JOB_VALUE_SIZE];
    assert_string_equal(t.key[i].key, other.key[i].key);
    kith__job_get(a, &t.key[i], sizeof x, x);
    kith__job_get(b, &other.key[i], sizeof y, y);
    if (t.key[i].kind != JOB_PATH && t.key[i].kind != JOB_PATHS) assert_string_equal(x, y);
  }
}

/* Every key of every relation is set at random; the job is printed, and read from there and from a file that
 * stores it. */
static void a_printed_job_has_the_same_relations(void **state) {
  (void)state;
  static job_table t;
  for (uint64_t seed = 0; seed < 40; seed++) {
    kith_job job, again, stored = kith_job_defaults();
    char *text = NULL, set[64][256];
    const char *words[64];
    int n = 0;
    assert_job_read(three, 0, NULL, &job);
    kith__job_table_of(&job, &t);
    for (int i = 0; i < t.n; i++) {
      uint64_t bits = kith_random(seed, KITH_RNG_INIT, (uint64_t)i, 0, 0).bits[0];
      if (!strstr(t.key[i].key, ".relations.") && !strstr(t.key[i].key, ".half_lives.")) continue;
      snprintf(set[n], sizeof set[n], "%s=%s", t.key[i].key, draw_value(&t.key[i], bits));
      words[n] = set[n];
      n++;
    }
    assert_int_equal(n, 3 * 15 + 2);
    assert_job_read(three, n, words, &job);
    assert_int_equal(kith_job_print(&job, &text), KITH_OK);
    assert_job_read(text, 0, NULL, &again);
    assert_same(&job, &again);
    for (int i = 0; i < job.data.n_relation; i++)
      assert_string_equal(job.data.relation[i].list.path, again.data.relation[i].list.path);
    assert_int_equal(kith_job_read_stored("graph.h5", text, &stored), KITH_OK);
    assert_same(&job, &stored);
    KITH_FREE(text);
  }
}

/* ---- what has an effect ---- */

static void a_relation_has_an_effect_where_the_model_reads_it(void **state) {
  (void)state;
  static const struct {
    const char *key;
    bool used;
  } of[] = {{"data.relations.tag.path", true},
            {"data.relations.kg.path", false},
            {"data.relations.kg.to", false},
            {"data.relations.tag.columns.time", false},
            {"data.relations.tag.columns.weight", false},
            {"data.relations.friend.columns.weight", true},
            {"data.relations.friend.min_weight", true},
            {"model.relations.tag", true}};
  kith_job job;
  assert_job_read(three, 0, NULL, &job);
  for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
    const char *needs = NULL;
    if (kith__job_is_used(&job, of[i].key, &needs) != of[i].used) fail_msg("%s", of[i].key);
    assert_true(needs && needs[0]);
    assert_string_equal(kith__job_used_by(of[i].key), of[i].key[0] == 'd' ? "ingest" : "train");
  }
  const char *needs = NULL;
  job.task = KITH_TASK_CLASSIFY;
  assert_true(kith__job_is_used(&job, "data.relations.tag.path", &needs));
  job.task = KITH_TASK_RECOMMEND;
  job.model.layers = 0;
  assert_false(kith__job_is_used(&job, "data.relations.tag.path", &needs));
  assert_false(kith__job_is_used(&job, "model.relations.tag", &needs));
}

/* As the version before wrote it, and with relations in one order whatever that of the file is. */
static void the_config_key_has_the_weights_by_name(void **state) {
  (void)state;
  char key[KITH_CONFIG_KEY_SIZE];
  kith_job job;
  assert_job_read(three, 0, NULL, &job);
  assert_int_equal(kith_job_config_key(&job, sizeof key, key), KITH_OK);
  assert_string_equal(key, KITH_CONFIG_KEY_BEGIN
                      " model.relations.friend=0.3 model.relations.tag=learned train.lr=0.01");
  static const char *const set[] = {"model.relations.kg=0", "model.relations.tag=0",
                                    "model.relations.friend=0"};
  assert_job_read(three, 3, set, &job);
  assert_int_equal(kith_job_config_key(&job, sizeof key, key), KITH_OK);
  assert_string_equal(key, KITH_CONFIG_KEY_BEGIN " train.lr=0.01");
}

/* The longest names and numbers, beside every other key of training. */
static void the_config_key_of_any_job_fits(void **state) {
  (void)state;
  static job_table t;
  static char key[KITH_CONFIG_KEY_SIZE];
  char text[8192];
  size_t at = (size_t)sprintf(text, "model:\n  relations:\n");
  for (int i = 0; i < KITH_MAX_RELATIONS; i++)
    at += (size_t)sprintf(text + at, "    a_long_name_of_a_relation_____%c: 0.12345678901234567%d\n",
                          i < 26 ? 'a' + i : '0' + i - 26, i);
  kith_job job;
  assert_job_read(text, 0, NULL, &job);
  assert_int_equal(kith_job_config_key(&job, sizeof key, key), KITH_OK);
  size_t size = strlen(key);
  assert_true(size > KITH_MAX_RELATIONS * 60);
  kith__job_table_of(&job, &t);
  for (int i = 0; i < t.n; i++) /* a number of 24 bytes in each */
    if (!kith__job_may_change(t.key[i].key) && t.key[i].kind != JOB_WEIGHT) size += strlen(t.key[i].key) + 26;
  assert_in_range(size, 0, sizeof key - 100);
}

/* Half-lives by name; none is no half-life; a printed job has them. */
static void a_model_has_the_half_lives_of_relations(void **state) {
  (void)state;
  static const char *const set[] = {"model.half_lives.tag=90s", "model.half_lives.kg=1d",
                                    "model.half_lives.friend=2y", "model.half_lives.kg=none"};
  kith_job job, again;
  char *text = NULL;
  assert_job_read(three, 4, set, &job);
  const kith_relation_weights *w = &job.model.relations;
  assert_int_equal(w->n_half_life, 2);
  assert_string_equal(w->half_life[0].name, "friend");
  assert_true(w->half_life[0].seconds == 2 * 365 * 86400.0 && w->half_life[1].seconds == 90);
  assert_true(kith_relation_half_life(w, "tag") == 90 && kith_relation_half_life(w, "kg") == 0);
  assert_int_equal(kith_job_print(&job, &text), KITH_OK);
  assert_job_read(text, 0, NULL, &again);
  assert_same(&job, &again);
  KITH_FREE(text);
  assert_set_refused(three, "model.half_lives.tag=auto", "auto chooses for interactions in layers only");
  assert_set_refused(three, "model.half_lives.tag=-1d", "expected none or a time with its unit");
  assert_set_refused(three, "model.half_lives.tga=1d", "model.half_lives.tga: data names no such relation");
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_job_has_the_relations_that_it_names_in_their_order),
      cmocka_unit_test(a_model_has_the_weights_above_0_by_name),
      cmocka_unit_test(a_model_has_the_half_lives_of_relations),
      cmocka_unit_test(data_social_is_short_for_a_relation_friend),
      cmocka_unit_test(a_relation_names_its_list_and_the_types_of_its_ends),
      cmocka_unit_test(a_list_can_be_taken_away_by_a_setting),
      cmocka_unit_test(a_relation_weighs_in_the_cut_what_the_job_says),
      cmocka_unit_test(a_bad_name_is_refused_in_its_line),
      cmocka_unit_test(an_unknown_relation_is_told_the_nearest),
      cmocka_unit_test(a_graph_of_elsewhere_may_have_a_relation_that_data_does_not_name),
      cmocka_unit_test(sections_of_relations_are_mappings_and_are_given_once),
      cmocka_unit_test(a_job_has_up_to_32_relations_and_16_types),
      cmocka_unit_test(a_node_type_that_no_list_has_is_told_by_its_own_key),
      cmocka_unit_test(every_key_has_a_line_of_its_own),
      cmocka_unit_test(a_printed_job_has_the_same_relations),
      cmocka_unit_test(a_relation_has_an_effect_where_the_model_reads_it),
      cmocka_unit_test(the_config_key_has_the_weights_by_name),
      cmocka_unit_test(the_config_key_of_any_job_fits),
  };
  test_begin(&argc, &argv);
  test_job_begin();
  int failures = cmocka_run_group_tests(tests, NULL, NULL);
  test_job_end();
  return test_end(failures);
}
