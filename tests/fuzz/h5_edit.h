/*
 * Hostile HDF5 files: a good one is taken apart into its attributes and datasets, an input is read as a list
 * of edits, and what they make is put together again.  So every input is a file that the HDF5 library opens,
 * until an edit damages its bytes, and what is wrong with it is what Kith has to notice.
 *
 * An edit is EDIT_BYTES bytes: what it does, which thing it is done to (by a hash of its name, so that edits
 * mean the same when things are added), a place, and a value.
 */
#ifndef KITH_FUZZ_H5_EDIT_H
#define KITH_FUZZ_H5_EDIT_H

#include <hdf5.h>

#include "fuzz/fuzz.h"

enum { EDIT_BYTES = 13, EDIT_MOST = 24, EDIT_THINGS = 128, EDIT_NAME = 64, EDIT_RANK = 3 };

typedef enum edit_kind {
  EDIT_SET,    /* the element at the place becomes the value */
  EDIT_ADD,    /* … or grows by it, taken as a small number with a sign */
  EDIT_COPY,   /* … or becomes the element at another place */
  EDIT_FILL,   /* all elements from the place on become the value */
  EDIT_TYPE,   /* another type, of the table in h5_edit.c */
  EDIT_SIZE,   /* another extent, with data where it is small */
  EDIT_RANK_,  /* another number of dimensions, none at all */
  EDIT_DROP,   /* not there */
  EDIT_LINK,   /* a group, or a link to somewhere, stands at its name */
  EDIT_LAYOUT, /* another way of lying in the file, or another filter */
  EDIT_EXTRA,  /* something that does not belong there is there as well */
  EDIT_OLD,    /* the file format of long ago, without checksums */
  EDIT_BYTE,   /* a byte of the file is changed */
  EDIT_CUT,    /* the file ends early */
  EDIT_KINDS
} edit_kind;

/** An attribute of the root, or of a dataset ("checksum/user/parameter@rows"), or a dataset. */
typedef struct edit_thing {
  char name[EDIT_NAME];
  bool attribute, edited;
  hid_t type;
  int n_dim; /* -1: no elements at all */
  hsize_t dims[EDIT_RANK];
  size_t element, n_byte; /* of an element; of the data */
  uint8_t *data;          /* null: as many zeroes as the extent asks for, none of which is stored */
  bool dropped;
  int link, layout; /* edits of that kind, + 1; 0: none */
} edit_thing;

typedef struct edit_file {
  int n;
  edit_thing thing[EDIT_THINGS];
} edit_file;

/** Take a good file apart.  Ends the program on failure, as all of these do. */
void edit_open(const char *path, edit_file *base);
/** Write fuzz_folder/name as the edits of an input leave the base; its path into `path`. */
void edit_write(const edit_file *base, fuzz_bytes edits, const char *name, char *path);
/** Change, add or drop an edit; some values are likelier than others. */
size_t edit_mutate(uint8_t *data, size_t size, size_t most, unsigned seed, size_t head);

#endif
