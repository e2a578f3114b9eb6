/**
 * Machine: what the nodes of a cluster allow, measured by kith bench --profile, or assumed.
 *
 * A profile is a text of lines "key: value", as in YAML; rates are of a node on which so many ranks work at
 * once: "gather.4: 6e10".  docs/scale.md lists the keys.
 */
#ifndef KITH_PLAN_MACHINE_H
#define KITH_PLAN_MACHINE_H

#include "base/base.h"

enum { KITH_MACHINE_RATES = 12, KITH_MACHINE_TEXT = 8192 };

/** Rates of a node with so many busy ranks, all together. */
typedef struct kith_machine_rates {
  int ranks;
  double gather;   /**< bytes a second of rows whose addresses are in a list, as layers read them in a step */
  double stream;   /**< bytes a second of what a step reads and writes in order */
  double product;  /**< multiply-adds a second of dense products */
  double exchange; /**< bytes a second that ranks of the node send to each other, from row to ghost */
  double sample;   /**< neighbors a second that sampled steps draw, with all that a step does for them; 0:
                      unknown */
  double ranking;  /**< multiply-adds a second of an exact ranking, its heaps included */
} kith_machine_rates;

typedef struct kith_machine {
  char name[KITH_NAME];
  double cores;    /**< of a node: ranks times threads */
  double threads;  /**< of a rank, when it was measured */
  double memory;   /**< bytes of a node */
  double program;  /**< bytes of the program itself, a rank */
  double network;  /**< bytes a second that a node sends */
  double latency;  /**< seconds of a short message between nodes */
  double local;    /**< the same within a node */
  double message;  /**< seconds of a rank for sending or receiving a message */
  double disk;     /**< bytes a second that all ranks together write */
  double capacity; /**< bytes that are free where the job writes; 0: unknown */
  int n;
  kith_machine_rates of[KITH_MACHINE_RATES]; /**< by ascending ranks */
} kith_machine;

/** A machine by name, "typical"; null if there is none of that name.  Local. */
const kith_machine *kith_machine_find(const char *name);
/** Read a profile.  Local.  Errors: KITH_ECONFIG, naming `path` and the line. */
kith_status kith_machine_parse(const char *path, const char *text, kith_machine *out) KITH_MUST_USE;
/** The same of a file.  Local.  Errors: KITH_ENOINPUT, KITH_EIO, KITH_ECONFIG. */
kith_status kith_machine_read(const char *path, kith_machine *out) KITH_MUST_USE;
/** Print a profile, which kith_machine_parse() reads again, text [KITH_MACHINE_TEXT].  Local. */
void kith_machine_print(const kith_machine *m, char *text);
/** Put rates in the place of those of as many ranks, or beside the others.  Local.  Errors: KITH_ECONFIG (too
 * many). */
kith_status kith_machine_put(kith_machine *m, const kith_machine_rates *rates) KITH_MUST_USE;
/** Rates with so many ranks on a node: between two that were measured on a line, below them in proportion to
 * ranks, beyond them constant.  Local. */
kith_machine_rates kith_machine_at(const kith_machine *m, int ranks);

#endif
