/* Good files of every kind, made by Kith itself from small lists, and what reads them. */
#ifndef KITH_FUZZ_H5_BASE_H
#define KITH_FUZZ_H5_BASE_H

#include "fuzz/h5_edit.h"
#include "job/job.h"

enum { BASE_WIDTH = 4, BASE_WEIGHTS = 6 };

/* The files of one task. */
typedef struct base_files {
  char graph[KITH_PATH], parts[KITH_PATH], checkpoint[KITH_PATH], embeddings[KITH_PATH];
  kith_graph *g; /* this rank's share: all of it */
} base_files;

typedef enum base_kind { BASE_GRAPH, BASE_PARTS, BASE_CHECKPOINT, BASE_EMBEDDINGS, BASE_KINDS } base_kind;

extern base_files base_of[2];              /* by kith_task */
extern edit_file base_edit[2][BASE_KINDS]; /* the same, taken apart */

/** fuzz_begin(), then all files of both tasks. */
void base_begin(void);
/** The path of a good file. */
const char *base_path(kith_task task, base_kind kind);
/** fuzz_folder/edited.h5, as an input wants it: its first byte says the task, the rest are edits.  Returns
 * the task. */
kith_task base_edited(const uint8_t *data, size_t size, base_kind kind, char *path);
/** fuzz_outcome(), and no handle of HDF5 stays open that was not open when base_edited() returned. */
void base_outcome(kith_status st, const char *path, int64_t live_before);

#endif
