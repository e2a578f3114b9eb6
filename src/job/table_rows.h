/* Rows of the table of keys that several lists have. */
#ifndef KITH_SRC_JOB_TABLE_ROWS_H
#define KITH_SRC_JOB_TABLE_ROWS_H

#include "job/table.h"

#define AT(member) offsetof(kith_job, member), sizeof(((kith_job *)0)->member)
#define NONE 0, 0, ""
#define COUNT 0, 9e18

/* Members are designators, which offsetof() takes without parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses) */
/* clang-format off */
#define FEATURES(name, member, what) \
  {name ".path", JOB_PATH, AT(member.path), NONE, what}, \
  {name ".format", JOB_ENUM, AT(member.format), 0, 0, "sparse | dense | long | auto", \
   "sparse: a line has an id and its nonzero features, as drama or drama:0.5. dense: one number per " \
   "feature. long: one feature per line, perhaps with its weight, so that ids repeat. auto: long if the " \
   "first lines are, else sparse. The first column is the id. The sign between columns is found by the " \
   "first lines: ::, tab, comma, semicolon, | or blanks."}, \
  {name ".header", JOB_BOOL, AT(member.header), NONE, "The first line has the column names."}, \
  {name ".normalize", JOB_BOOL, AT(member.normalize), NONE, "Divide the features of each node by their sum."}

#define NAMES(key, member, what) \
  {key ".path", JOB_PATH, AT(member.path), NONE, what}, \
  {key ".delimiter", JOB_DELIMITER, AT(member.delimiter), NONE, \
   "Column delimiter. Empty: the one that yields known ids in the first lines."}, \
  {key ".header", JOB_BOOL, AT(member.header), NONE, "The first line has the column names."}, \
  {key ".columns.id", JOB_COLUMN, AT(member.id), NONE, "Column of the id. Empty: 1."}, \
  {key ".columns.name", JOB_COLUMN, AT(member.name), NONE, \
   "Column of the name. Empty: all text after the id."}

#define FORMAT(name, member) \
  {name ".format", JOB_ENUM, AT(member.format), 0, 0, "auto | adjacency | edges", \
   "adjacency: a line has a node and all its neighbors. edges: a line has one pair, in columns. auto: " \
   "detected from the first lines; they must agree."}, \
  {name ".delimiter", JOB_DELIMITER, AT(member.delimiter), NONE, \
   "Column delimiter: \",\", \"::\", tab, space and others. Empty: white space (adjacency), or detected " \
   "from the first lines (edges)."}, \
  {name ".header", JOB_ENUM, AT(member.header), 0, 0, "auto | true | false", \
   "The first line has the column names. auto: it does not; a first line that looks like names is an " \
   "error."}, \
  {name ".comment", JOB_ENUM, AT(member.comment), 0, 0, "auto | hash | none", \
   "Lines that begin with #. hash: skip them. none: read them as data. auto: skip them; one that looks " \
   "like data is an error."}, \
  {name ".quoting", JOB_ENUM, AT(member.quoting), 0, 0, "csv | none", \
   "csv: a column in double quotes may contain delimiters and doubled quotes. none: quotes are ordinary " \
   "characters."}

#define TIME_AND_WEIGHT(name, member) \
  {name ".columns.time", JOB_COLUMN, AT(member.time), NONE, \
   "edges: column of the time. line, of interactions: the number of the line is the time, or in adjacency lists " \
   "the order within a user, neither of which has ages. Empty: none."}, \
  {name ".columns.weight", JOB_COLUMN, AT(member.weight), NONE, \
   "edges: column of the weight. Empty: none."}

#define MIN_WEIGHT(name, member) \
  {name ".min_weight", JOB_REAL, AT(member.min_weight), 0, 1e30, "", \
   "Skip lines of a smaller weight, as if they were absent. 0: skip none."}

#define SOURCE_COLUMNS(name, member, what) \
  {name ".path", JOB_PATHS, AT(member.path), NONE, what}, \
  FORMAT(name, member), \
  {name ".columns.user", JOB_COLUMN, AT(member.user), NONE, "edges: column of the user. Empty: 1."}, \
  {name ".columns.item", JOB_COLUMN, AT(member.item), NONE, \
   "edges: column of the item (social: of the friend). Empty: 2."}, \
  TIME_AND_WEIGHT(name, member)
#define SOURCE(name, member, what) SOURCE_COLUMNS(name, member, what), MIN_WEIGHT(name, member)

/* NAME stands for each name of a relation (pattern.c). */
#define RELATION(name, member) \
  {name ".path", JOB_PATHS, AT(member.list.path), NONE, \
   "Edges of the relation NAME, between nodes of two types or of one. model.relations.NAME reads them. " \
   "Lines with unknown users or items are skipped. classify: relations of nodes with each other, or with further " \
   "types, from which data.paths lead back. Empty: no list."}, \
  {name ".from", JOB_NODE_TYPE, AT(member.from), NONE, \
   "Node type of the first column: user, item (classify: node), or a further type, which exists because a list " \
   "names it. " \
   "Required."}, \
  {name ".to", JOB_NODE_TYPE, AT(member.to), NONE, "Node type of the second column, likewise. Required."}, \
  {name ".direction", JOB_ENUM, AT(member.direction), 0, 0, "both | forward | back", \
   "Which end of an edge reads the other in the layers of a model. forward: the one of type from reads the " \
   "one of type to. back: the reverse. both: each reads the other."}, \
  FORMAT(name, member.list), \
  {name ".columns.from", JOB_COLUMN, AT(member.list.user), NONE, \
   "edges: column of the node of type from. Empty: 1."}, \
  {name ".columns.to", JOB_COLUMN, AT(member.list.item), NONE, \
   "edges: column of the node of type to. Empty: 2."}, \
  {name ".columns.kind", JOB_COLUMN, AT(member.list.kind), NONE, \
   "edges: column of the kind of an edge, such as the predicate of a triple; kinds are text, at most 65535. " \
   "Edges of one pair and different kinds are several. Empty: none."}, \
  TIME_AND_WEIGHT(name, member.list), MIN_WEIGHT(name, member.list)
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
