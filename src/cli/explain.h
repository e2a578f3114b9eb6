/* The request of kith explain, and the data that answers it. */
#ifndef KITH_SRC_CLI_EXPLAIN_H
#define KITH_SRC_CLI_EXPLAIN_H

#include "cli/recommend.h"
#include "explain/explain.h"

typedef struct explain_request {
  const char *user, *item, *against; /* ids; null: none */
  const char *new_file;              /* the file of kith embed; null: new.h5 in the work folder */
  int64_t k, n_reason, n_path, n_connection;
  bool paths_asked;
  bool all;           /* all users, … */
  const char *output; /* … to this file */
} explain_request;

enum { EXPLAIN_UNRANKED = 2 * KITH_NAME + 128 };

typedef struct explain_data {
  recommend_data base;
  kith_ids further[KITH_MAX_TYPES];  /* ids of further types */
  kith_ids kind[KITH_MAX_RELATIONS]; /* names of kinds; n = 0: none */
  kith_ids feature[KITH_SIDES];      /* of users and items; n = 0: none */
  kith_explainer *explainer;
  bool has_new; /* whether any node of the request is new: */
  recommend_new file;
  kith_new_nodes nodes;                        /* of the lists, as kith embed reads them */
  int n_member;                                /* models of a blend that have weight */
  struct explain_member *member;               /* [n_member]; null: no blend */
  kith_evidence_table table;                   /* evidence of a blend … */
  kith_evidence evidence[KITH_BLEND_EVIDENCE]; /* … [table.n] with its weights */
  char unranked[KITH_SIDES][EXPLAIN_UNRANKED]; /* why --item and --against are not ranked; "": they are */
} explain_data;

/* Read what explanations need; cli_explain_free() must follow, after a failure, too.  Collective.  Errors:
 * those of kith_explainer_create(), which come last: then a->base is there, and a->explainer null. */
kith_agreed cli_explain_load(cli *c, const explain_request *w, kith_run *run, char *config_key,
                             explain_data *a) KITH_MUST_USE;
void cli_explain_free(explain_data *a);
/* A user's top items, on every rank: item [k], -1 where there are no more.  Collective.  Errors: those of
 * kith_eval_topk(). */
kith_agreed cli_explain_top(const cli *c, const explain_data *a, int64_t user, int k,
                            int32_t *item) KITH_MUST_USE;

enum { EXPLAIN_TEXT = 512 }; /* bytes of a label of a node */

/* What people call the end of an edge: its name, or else its id.  text [EXPLAIN_TEXT] */
const char *cli_explain_label(const explain_data *a, const kith_explain_edge *edge, char *text);
/* The word for an edge that is read from a node of type `from`: "chose", "chosen by", "has the feature", a
 * kind or a relation.  text [EXPLAIN_TEXT] */
const char *cli_explain_word(const explain_data *a, int from, const kith_explain_edge *edge, char *text);

/* The ids of a type. */
const kith_ids *cli_explain_ids(const explain_data *a, int type);

/* Make the explainer of a blend, whose graph and rows were read; of the items that are ranked, or of `any`.
 * Collective.  Errors: those of kith_explainer_create(); KITH_EDATA if a model was trained again since. */
kith_agreed cli_explain_blend(const cli *c, bool any, explain_data *a) KITH_MUST_USE;
void cli_explain_free_members(explain_data *a);
/* The name of a model in blend.models, by its number among those that have weight. */
const char *cli_explain_member(const explain_data *a, int member);
/* If a node of the request is not in the graph: open the file of kith embed, and read the lists that it was
 * made of; base.user and base.item then have its ids, too.  Collective.  Errors: those of
 * kith_new_nodes_read(); KITH_EDATA (no such node; other lists). */
kith_agreed cli_explain_find_new(cli *c, const explain_request *w, explain_data *a) KITH_MUST_USE;
/* Refuse a file whose rows are not those of the explainer.  Collective.  Errors: KITH_EDATA. */
kith_agreed cli_explain_check_new(cli *c, const explain_data *a) KITH_MUST_USE;
/* Say at a->unranked why items that were asked for by name are not ranked for the user.  Collective.  Errors:
 * those of kith_eval_ranks(). */
kith_agreed cli_explain_find_unranked(const cli *c, const kith_explain_query *q,
                                      explain_data *a) KITH_MUST_USE;
/* Write the top items of all users with their reasons to a file.  Collective. */
kith_agreed cli_explain_all(cli *c, const explain_request *w, const explain_data *a,
                            bool replaces) KITH_MUST_USE;
/* Print the n explanations of a user for people.  Rank 0. */
void cli_explain_print(const explain_request *w, const explain_data *a, const kith_explain_query *query,
                       const kith_explanations *e);
/* The same as the member `explanations` of the JSON object.  Rank 0. */
void cli_explain_json(cli *c, const explain_request *w, const explain_data *a,
                      const kith_explain_query *query, const kith_explanations *e);
/* Whether what terms miss is more than half of the score. */
bool cli_explain_is_remainder(const kith_explain_sums *s);

#endif
