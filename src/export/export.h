/**
 * Export: what Kith has in its own files, written as others read it.  docs/export.md describes the formats.
 *
 * All functions are Local, and only one rank calls them, except kith_export_neighbors().
 */
#ifndef KITH_EXPORT_EXPORT_H
#define KITH_EXPORT_EXPORT_H

#include "kith/comm.h"
#include "store/store.h"

/* ---- the folder ---- */

/** Files that appear in a folder together, when all of them are whole. */
typedef struct kith_export kith_export;

/** Whether a file may be written.  Local. */
typedef kith_status (*kith_export_check)(const void *context, const char *path);

/** Make the folder unless it is there.  Errors: KITH_EOUTPUT, KITH_ENOMEM.
 * @param check  asked for each file before it is created; null: all may be written */
kith_status kith_export_begin(const char *folder, kith_export_check check, const void *context,
                              kith_export **out) KITH_MUST_USE;
/** Sync and rename all files.  Errors: KITH_EIO, KITH_EOUTPUT. */
kith_status kith_export_publish(kith_export *o) KITH_MUST_USE;
/** Remove what was not published, and the folder if it was made for that; null the pointer.  Accepts null. */
void kith_export_end(kith_export **o);
/** Number of files so far, and the path of one. */
int64_t kith_export_n_file(const kith_export *o);
const char *kith_export_path(const kith_export *o, int64_t i);

/* ---- rows: embeddings.h5, blend.h5, new.h5 ---- */

/** The rows of one node type in an open file. */
typedef struct kith_export_rows {
  char type[KITH_NAME];    /**< "user", "item", …; of labeled nodes "node" */
  kith_h5 *f;              /**< borrowed, opened by one rank */
  char dataset[KITH_NAME]; /**< of the rows, float32 [n, d] */
  int64_t n;
  int d;
  kith_ids ids;
  kith_ids name;   /**< display names; n = 0: there are none */
  int64_t *degree; /**< [n] training interactions; null: not known */
} kith_export_rows;

/** The node types of an open file that has rows.  Errors: KITH_EDATA. */
kith_status kith_export_types(kith_h5 *f, kith_schema *schema) KITH_MUST_USE;
/** Ids and shape of the rows of a type.  Errors: KITH_EDATA, KITH_ENOMEM; the caller frees *out, then too. */
kith_status kith_export_rows_open(kith_h5 *f, const kith_schema *schema, int type,
                                  kith_export_rows *out) KITH_MUST_USE;
/** Add names and numbers of training interactions of users or items from the graph.h5 at `path`, which must
 * be that of the rows.  Nothing for other types.  Errors: KITH_EDATA, KITH_ENOINPUT, KITH_ENOMEM. */
kith_status kith_export_rows_describe(const char *path, kith_export_rows *rows) KITH_MUST_USE;
void kith_export_rows_close(kith_export_rows *rows);

/** TYPE.npy, float32 [n, d], and TYPE.ids.txt, an id a line.  Errors: KITH_EIO, KITH_EOUTPUT, KITH_EDATA. */
kith_status kith_export_npy(kith_export *o, const kith_export_rows *rows) KITH_MUST_USE;
/** TYPE.csv or TYPE.tsv: a line "id,x0,x1,…" of names, then a line a node.  Errors: as above. */
kith_status kith_export_table(kith_export *o, const kith_export_rows *rows, char delimiter) KITH_MUST_USE;
/**
 * TYPE.w2v.txt or TYPE.w2v.bin in the formats of word2vec (Mikolov et al. 2013).
 *
 * @param[out] n_escaped  ids that hold a space or a %, which are written as %20 and %25, for both end a word
 * Errors: as above.
 */
kith_status kith_export_word2vec(kith_export *o, const kith_export_rows *rows, bool binary,
                                 int64_t *n_escaped) KITH_MUST_USE;
/** TYPE.vectors.tsv and TYPE.metadata.tsv for the embedding projector.  Errors: as above. */
kith_status kith_export_projector(kith_export *o, const kith_export_rows *rows) KITH_MUST_USE;
/** projector_config.pbtxt of n types that were written so.  Errors: as above. */
kith_status kith_export_projector_config(kith_export *o, int n, const char (*type)[KITH_NAME]) KITH_MUST_USE;

/* ---- other files ---- */

/** A recommendations file of kith recommend --all.  delimiter: of recommendations.csv or .tsv; 0: .npy files.
 * Errors: as above, KITH_ENOMEM. */
kith_status kith_export_lists(kith_export *o, kith_h5 *f, char delimiter) KITH_MUST_USE;
/** The edges of the graph.h5 at `path`, a .tsv a list.  Errors: as above, KITH_ENOINPUT, KITH_ENOMEM. */
kith_status kith_export_edges(kith_export *o, const char *path) KITH_MUST_USE;
/** The numbers of metrics.jsonl as event files of TensorBoard, NAME/events.out.tfevents.kith: NAME is made of
 * the work folder and the run's id.  about: said of the runs, behind their ids; "": nothing.  Errors: as
 * above, KITH_ENOINPUT, KITH_ENOMEM. */
kith_status kith_export_scalars(kith_export *o, const char *path, const char *about) KITH_MUST_USE;

/* ---- nearest neighbors ---- */

/** Exact nearest neighbors of rows among rows. */
typedef struct kith_export_nearest {
  const char *queries;      /**< the file of the queries */
  const char *candidates;   /**< the file of the candidates; the same path: a node is no neighbor of itself */
  const char *from, *among; /**< node types */
  int k;
  bool cosine; /**< else inner products */
  bool tsv;    /**< FROM.neighbors.tsv, else FROM.neighbors.h5 */
} kith_export_nearest;

/** Lists of neighbors, on rank 0. */
typedef struct kith_export_neighbors {
  int64_t n; /**< queries */
  int k;
  uint64_t fingerprint;
  kith_ids query, candidate;
  int32_t *item; /**< [n, k] rows of `candidate`, best first; -1: there are no more */
  float *score;  /**< [n, k] */
} kith_export_neighbors;

/**
 * Find them; the same bits on any number of ranks.  Collective.  Errors: KITH_EDATA (no such type, rows of
 * other widths or graphs), KITH_ENOINPUT, KITH_ENOMEM; *out is freed by the caller, then too.
 */
kith_agreed kith_export_nearest_find(const kith_comm *comm, const kith_export_nearest *w,
                                     kith_export_neighbors *out) KITH_MUST_USE;
/** Write them.  Errors: KITH_EIO, KITH_EOUTPUT. */
kith_status kith_export_nearest_write(kith_export *o, const kith_export_nearest *w,
                                      const kith_export_neighbors *found) KITH_MUST_USE;
void kith_export_neighbors_free(kith_export_neighbors *found);

#endif
