/* Random lists of a graph with relations, features and a meta-path, and lists that come behind them; the
 * files that ingest and append make of them, in one folder. */
#ifndef KITH_TEST_APPENDED_H
#define KITH_TEST_APPENDED_H

#include "ingest/append.h"
#include "store/graph.h"
#include "support/folder.h"
#include "support/mpi_main.h"

enum { APPENDED_TEXT = 1 << 14 };

/* The lists of a graph, or what comes behind, as text. */
typedef struct appended_lists {
  char interactions[APPENDED_TEXT], tag[APPENDED_TEXT], knows[APPENDED_TEXT], friend[APPENDED_TEXT],
      features[APPENDED_TEXT];
} appended_lists;

extern char appended_folder[KITH_PATH]; /* of rank 0, known to all: test_folder_begin() */
extern uint64_t appended_seed;          /* of the next draws */

/* Users 0 … n_user - 1 and items 0 … n_item - 1, with an interaction of each that is not old, those first. */
void appended_draw(int n_old_user, int n_user, int n_old_item, int n_item, appended_lists *l);
void appended_join(const appended_lists *more, appended_lists *all);

/* Write a list; its path into `path`.  Collective, as the next ones. */
void appended_list(const char *name, const char *text, char *path);
kith_relation_source appended_relation(const char *name, const char *from, const char *to, const char *text);
/* Options of ingest, and of append, for lists; for interactions alone, with columns of times and weights or
 * "". */
kith_ingest_options appended_options(const appended_lists *l);
kith_append_options appended_behind(const appended_lists *l);
kith_ingest_options appended_pairs(const char *text, const char *time, const char *weight);
kith_append_options appended_more(const char *text);

/* Ingest or append, between files of the folder. */
void appended_ingest(const kith_ingest_options *o, const char *name);
kith_status appended_to(const kith_ingest_options *data, const kith_append_options *o, const char *from,
                        const char *to, kith_append_report *r);
void appended_well(const kith_ingest_options *data, const kith_append_options *o, const char *from,
                   const char *to, kith_append_report *r);
/* What a file holds; each rank reads it alone. */
kith__graph_data appended_data(const char *name);

#endif
