/** Report: one self-contained page of HTML about a run, made from the files that it left. */
#ifndef KITH_REPORT_REPORT_H
#define KITH_REPORT_REPORT_H

#include "job/job.h"

enum {
  KITH_REPORT_RUNS = 8,         /* most runs in one page */
  KITH_REPORT_EDGES = 50000000, /* most interactions, or edges of a classification, of a graph that is read */
};

enum {
  KITH_REPORT_THIRDS = 3,   /* groups of users by activity */
  KITH_REPORT_EXAMPLES = 6, /* users, as many of each */
  KITH_REPORT_ITEMS = 5,    /* recommended to each */
  KITH_REPORT_CHOSEN = 5,   /* training items that are named */
  KITH_REPORT_REASONS = 3,  /* of an item */
  KITH_REPORT_TEXT = 256
};

/** What a user would be recommended, and why; texts are what people call nodes. */
typedef struct kith_report_example {
  char user[KITH_REPORT_TEXT];
  int64_t n_train; /**< training interactions */
  int n_chosen;    /**< of these … */
  char chosen[KITH_REPORT_CHOSEN][KITH_REPORT_TEXT];
  bool is_exact; /**< shares are parts of scores; else they are estimates */
  int n_item;
  struct kith_report_item {
    char name[KITH_REPORT_TEXT];
    double score;
    double own;    /**< share of the user's own row in the score; NAN: none */
    bool held_out; /**< the user chose it, in a held-out interaction */
    int n_reason;
    struct kith_report_reason {
      char text[2 * KITH_REPORT_TEXT]; /**< "chose Dune" */
      double share;                    /**< of the score */
    } reason[KITH_REPORT_REASONS];
  } item[KITH_REPORT_ITEMS];
} kith_report_example;

typedef struct kith_report_options {
  const kith_job *job;
  const char *job_args;       /**< "job.yaml --set work=x", for advice to run a verb */
  const char *program;        /**< version of the program, "0.2.0 (f00)" */
  bool refit;                 /**< the job's work folder is that of a refit */
  int n_compare;              /**< at most KITH_REPORT_RUNS - 1 */
  const char *const *compare; /**< work folders or job files of other runs */
  int n_example;
  const kith_report_example *example; /**< [n_example] */
  const char *no_reasons;             /**< why they have no reasons; "": they have */
  kith_graph *graph; /**< that of parts.h5, if one rank has read all of it; null: it is read when needed */
} kith_report_options;

typedef struct kith_report_result {
  int64_t bytes;
  int n_section, n_missing;
  char missing[1024]; /**< what is not shown, with commas */
} kith_report_result;

/**
 * Read what the work folder has and write the page at `path`, atomically.  What is missing or damaged is
 * named in the page; damage is also a warning.  Local; one rank calls it.
 *
 * Errors: KITH_EUSAGE (a run is compared with itself), KITH_ENOINPUT (the folder has nothing to report, or
 * another run is missing), KITH_ECONFIG (a job file of another run), KITH_EOUTPUT (a file that is no report
 * is in the way), KITH_EIO, KITH_ENOMEM.
 */
kith_status kith_report_write(const kith_report_options *o, const char *path,
                              kith_report_result *out) KITH_MUST_USE;

#endif
