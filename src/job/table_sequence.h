/* Rows of the table of keys (table.c): model.sequence. */
#ifndef KITH_SRC_JOB_TABLE_SEQUENCE_H
#define KITH_SRC_JOB_TABLE_SEQUENCE_H

/* Members are designators, which offsetof() takes without parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses) */
/* clang-format off */
#define JOB_SEQUENCE_KEYS \
  {"model.sequence", JOB_ENUM, AT(model.sequence), 0, 0, "none | recent | sasrec", \
   "What is added to the final rows of users, of the order of their items. recent: model.recent.weight " \
   "times the sum of the final rows of the user's latest items, each weighted by model.recent.decay times " \
   "the next later one. It is applied where rows are evaluated and exported, and not trained; " \
   "interactions have times. sasrec: rows beside them, by SASRec, which is trained on the users' items in " \
   "order of time after the model has been trained in the folder base of the work folder."}, \
  {"model.recent.decay", JOB_CHOICE, AT(model.recent.decay), 0, 1, "", \
   "model.sequence: recent: what an item weighs less than the next later one; the latest weighs 1. auto: " \
   "chosen on about 4000 validation users, by NDCG at the largest of evaluate.k."}, \
  {"model.recent.weight", JOB_CHOICE, AT(model.recent.weight), 0, 1e6, "", \
   "model.sequence: recent: factor of the sum. auto: likewise."}, \
  {"model.recent.items", JOB_INT, AT(model.recent.items), 1, 100000, "items", \
   "model.sequence: recent: most items of a user that are summed, the latest."}, \
  {"model.sasrec.graph", JOB_BOOL, AT(model.sasrec.graph), 0, 0, "", \
   "sasrec: an item's rows have those of the model, times weights that are learned, beside its own. false: " \
   "no model of the graph is trained."}, \
  {"model.sasrec.joint", JOB_BOOL, AT(model.sasrec.joint), 0, 0, "", \
   "sasrec: the model of the graph is trained on by its loss, too, on the full graph: embeddings and " \
   "weights go on from those of the folder base. false: its rows stay as they are."}, \
  {"model.sasrec.dim", JOB_INT, AT(model.sasrec.dim), 1, 4096, "columns", "sasrec: columns of its rows."}, \
  {"model.sasrec.length", JOB_INT, AT(model.sasrec.length), 1, KITH_SASREC_LONGEST, "items", \
   "sasrec: most items of a user that are read, the latest."}, \
  {"model.sasrec.blocks", JOB_INT, AT(model.sasrec.blocks), 0, 16, "blocks", \
   "sasrec: blocks of attention and two dense layers."}, \
  {"model.sasrec.heads", JOB_INT, AT(model.sasrec.heads), 1, 64, "heads", \
   "sasrec: heads of attention. They divide model.sasrec.dim."}, \
  {"model.sasrec.dropout", JOB_REAL, AT(model.sasrec.dropout), 0, 0.95, "probability", \
   "sasrec: dropout of elements of the rows that enter, and of what attention and the dense layers add."}, \
  {"model.sasrec.epochs", JOB_INT, AT(model.sasrec.epochs), 0, 1e9, "epochs", \
   "sasrec: its number of epochs, those of earlier runs included; train.epochs are the model's."}, \
  {"model.sasrec.batch", JOB_INT, AT(model.sasrec.batch), 1, 1e7, "users", \
   "sasrec: users per step, over all ranks; each gives all places of its sequence."}, \
  {"model.sasrec.candidates", JOB_INT, AT(model.sasrec.candidates), 0, 1e7, "items", \
   "sasrec: items of a step's softmax that are drawn uniformly, beside the items that follow any of its " \
   "places; logits less the log of how often an item is expected among them. Of so many items that all of " \
   "them cost too much. 0: all items."}, \
  {"model.sasrec.rate", JOB_REAL, AT(model.sasrec.rate), 1e-12, 1e3, "per step", \
   "sasrec: learning rate, of Adam."}, \
  {"model.sasrec.gamma", JOB_CHOICE, AT(model.sasrec.gamma), 0, 1e6, "", \
   "sasrec: weight of the model's scores beside its own in the rows that are exported. 0: its own alone. " \
   "auto: 0 or a power of two, chosen on about 4000 validation users, by NDCG at the largest of " \
   "evaluate.k."}
/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
