/* The request of kith recommend, and the data that answers it. */
#ifndef KITH_SRC_CLI_RECOMMEND_H
#define KITH_SRC_CLI_RECOMMEND_H

#include "cli/cli.h"

enum {
  RECOMMEND_USERS = 100,
  RECOMMEND_HISTORY = 5,
  RECOMMEND_MOST_ITEMS = 10000,
  RECOMMEND_BLOCK = 1 << 16
};

/* Seconds of the times that can be asked for, and what stands for the end of the stream. */
#define RECOMMEND_MOST_TIME ((int64_t)1000000000000000)
#define RECOMMEND_END INT64_MIN

typedef struct recommend_request {
  const char *user[RECOMMEND_USERS]; /* ids of users, or of the nodes of a similarity query */
  int n_user, k;
  bool all;
  bool similar; /* a similarity query, for nodes of this type */
  kith_node_type type;
  int64_t at;                    /* of a stream: by the events before this time */
  const char *output, *new_file; /* the file of kith embed; null: new.h5 in the work folder */
} recommend_request;

typedef struct recommend_data {
  kith_graph *g;
  kith_ids user, item;
  kith_ids name[KITH_SIDES]; /* on rank 0: names of users and items; n = 0 where the graph has none */
  int d;
  float *x;
  kith_embeddings_origin from; /* of the embeddings */
  kith_pair_terms pairs;       /* evidence of a blend */
  bool has_time;               /* of a stream: the lists hold at this time */
  int64_t time;
} recommend_data;

/* The graph with its ids and names, and the exported rows; to be freed after a failure, too.  Collective.
 * Errors: as cli_read_embeddings(). */
kith_agreed cli_recommend_load(cli *c, recommend_data *a) KITH_MUST_USE;
void cli_recommend_free(recommend_data *a);

/* The name of a node, "" if it has none; buffer [KITH_PATH]. */
const char *cli_recommend_name(const recommend_data *a, int type, int64_t i, char *buffer);
/* Lists of the request's users on rank 0, item, score [n_user, k], padded with -1, and items of their
 * histories [n_user, RECOMMEND_HISTORY]: to the terminal and into the JSON report.  Local. */
void cli_recommend_show(cli *c, const recommend_request *w, const recommend_data *a, const int32_t *item,
                        const float *score, const int32_t *history);
/* The same of all users, into the file of the request.  Collective.  Errors: KITH_EIO. */
kith_agreed cli_recommend_save(cli *c, const recommend_request *w, const recommend_data *a,
                               const int32_t *item, const float *score, bool replaces) KITH_MUST_USE;
/* Append the id of a node to the JSON object. */
void cli_recommend_json_id(cli *c, const kith_ids *ids, int64_t i);

/* The nodes of the highest cosine similarity to those of the request.  Collective. */
kith_agreed cli_recommend_similar(cli *c, const recommend_request *w, const recommend_data *a) KITH_MUST_USE;
/* The top items of users of the file of kith embed.  Collective. */
kith_agreed cli_recommend_new(cli *c, const recommend_request *w, const recommend_data *a) KITH_MUST_USE;
/* The top items of users at a time, or of all of them, by what kith evaluate ranks the events of a stream by.
 * Collective.  Errors: those of cli_stream_open(), KITH_EDATA (no such user), KITH_EUSAGE (no event is
 * known).
 */
kith_agreed cli_recommend_stream(cli *c, const recommend_request *w, bool replaces) KITH_MUST_USE;
/* The lists of new nodes that a job names. */
kith_new_nodes_options cli_new_nodes_options(const kith_job *job);
/* A file of kith embed. */
typedef struct recommend_new {
  kith_h5 *f;
  kith_ids ids[KITH_SIDES]; /* of its users and items, on every rank */
} recommend_new;
/* Open a file of kith embed, `named` or new.h5 of the work folder if null, that goes with the rows of `a`.
 * Collective.  Errors: KITH_EDATA. */
kith_agreed cli_new_open(cli *c, const char *named, const recommend_data *a, recommend_new *n) KITH_MUST_USE;
void cli_new_close(recommend_new *n);
/* The top items of users of the request, who are in the file.  Collective. */
kith_agreed cli_new_top(cli *c, const recommend_request *w, const recommend_data *a, recommend_new *n,
                        kith_topk *top) KITH_MUST_USE;
/* Whether the users of the request are those of a file of kith embed: of --new, or of new.h5 if one of them
 * is not in the graph.  Collective.  Errors: KITH_EDATA (a user of neither; users of both). */
kith_agreed cli_recommend_find_users(const cli *c, const recommend_request *w, const recommend_data *a,
                                     bool *new_users) KITH_MUST_USE;

#endif
