/* What kith recommend is asked for, and what it needs to answer. */
#ifndef KITH_SRC_CLI_RECOMMEND_H
#define KITH_SRC_CLI_RECOMMEND_H

#include "cli/cli.h"

enum { RECOMMEND_USERS = 100, RECOMMEND_BECAUSE = 5, RECOMMEND_BLOCK = 1 << 16 };

/* What is asked for. */
typedef struct wish {
  const char *user[RECOMMEND_USERS]; /* users, or the nodes whose like is looked for */
  int n_user, k;
  bool all;
  bool similar; /* nodes like those, of this type */
  kith_node_type type;
  const char *output, *newcomers; /* the latter: the file of kith embed; null: new.h5 in the work folder */
} wish;

/* All of what is needed to answer. */
typedef struct answer {
  kith_graph *g;
  kith_ids user, item;
  kith_ids
      name[KITH_TYPES]; /* on rank 0: what users and items are called; n = 0 where the graph does not say */
  int d;
  float *x;
  kith_embeddings_origin from; /* of the embeddings */
} answer;

/* What a node is called, "" if nobody said; `buffer` has KITH_PATH bytes. */
const char *cli_recommend_name(const answer *a, int type, int64_t i, char *buffer);
/* The id of a node as a value in the JSON object. */
void cli_recommend_json_id(cli *c, const kith_ids *ids, int64_t i);

/* The nodes most alike to some, by the cosine of their embeddings.  Collective. */
kith_agreed cli_recommend_similar(cli *c, const wish *w, const answer *a) KITH_MUST_USE;
/* The best items of users whom kith embed made rows for.  Collective. */
kith_agreed cli_recommend_new(cli *c, const wish *w, const answer *a) KITH_MUST_USE;
/* Whether the first of the users is one of the file of kith embed, and not of the graph.  Collective. */
bool cli_recommend_is_new(const cli *c, const wish *w, const answer *a);

#endif
