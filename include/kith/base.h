/**
 * Base: statuses and their messages, memory, random numbers, sums, clock, log, progress.
 *
 * Everything here is Local: no function in this header communicates.
 */
#ifndef KITH_BASE_H
#define KITH_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KITH_VERSION "0.1.0"

typedef int64_t kith_gid; /**< global number of a node: parts contiguous, the same on every rank */
typedef int32_t kith_lid; /**< local row on one rank: owned rows first, then ghosts */
typedef int64_t kith_eid; /**< place in an array of edges */

enum {
  KITH_NAME = 64,
  KITH_PATH = 1024
}; /**< sizes of the text buffers in option structs, with the closing zero */

/* ---- status ---- */

/**
 * What one rank knows about an operation.  The values are the exit codes of the program (sysexits.h where it
 * has one). A larger code wins when ranks fail differently.
 */
typedef enum kith_status {
  KITH_OK = 0,
  KITH_EUSAGE = 64,     /**< command line: unknown verb or option */
  KITH_EDATA = 65,      /**< a list or a file says something impossible; torn or foreign file */
  KITH_ENOINPUT = 66,   /**< a file is missing or unreadable */
  KITH_ENUMERIC = 70,   /**< the loss is not finite */
  KITH_ENOMEM = 71,     /**< no memory */
  KITH_EOUTPUT = 73,    /**< a file or folder cannot be written */
  KITH_EIO = 74,        /**< reading or writing failed half-way: disk full, device error */
  KITH_EINTERRUPT = 75, /**< stopped by a signal after writing a checkpoint; run again to continue */
  KITH_ECONFIG = 78     /**< job file: unknown key, value out of bounds, contradiction */
} kith_status;

/** What all ranks know, with the same value on each.  Made only by kith_agree() and the sums built on it. */
typedef struct kith_agreed {
  kith_status status;
} kith_agreed;

#if defined(__GNUC__)
#define KITH_MUST_USE __attribute__((warn_unused_result))
#define KITH_FORMAT(text, first) __attribute__((format(printf, text, first)))
#else
#define KITH_MUST_USE
#define KITH_FORMAT(text, first)
#endif

static inline bool kith__status_is_bad(kith_status st) { return st != KITH_OK; }
static inline bool kith__agreed_is_bad(kith_agreed st) { return st.status != KITH_OK; }

/** Whether a kith_status or a kith_agreed says that something failed. */
#define kith_is_bad(st)                                                                                      \
  _Generic((st), kith_status : kith__status_is_bad, kith_agreed : kith__agreed_is_bad)(st)

/**
 * Run a call, remember its status in the caller's `st`, go to `done` if it failed.
 * `st` has the type of the function: a Local call in a Collective function does not compile, nor the reverse.
 */
#define KITH_TRY(call)                                                                                       \
  do {                                                                                                       \
    st = (call);                                                                                             \
    if (kith_is_bad(st)) goto done;                                                                          \
  } while (0)

/** In a Local function: unless `good`, record the message and leave through `done`. */
#define KITH_CHECK(good, code, ...)                                                                          \
  do {                                                                                                       \
    if (!(good)) {                                                                                           \
      st = kith_fail(code, __VA_ARGS__);                                                                     \
      goto done;                                                                                             \
    }                                                                                                        \
  } while (0)

/**
 * Record the one-line message of a failure (printf style) and return its code, in sight of whoever analyses
 * the caller. What is not printable UTF-8 in it, line ends among them, becomes question marks.
 */
#define kith_fail(code, ...) (kith__fail(__VA_ARGS__), kith__code(code))
void kith__fail(const char *format, ...) KITH_FORMAT(1, 2);
static inline kith_status kith__code(kith_status code) { return code; }

/** The message of the last failure on this rank; "" if there was none.  Valid until the next kith_fail(). */
const char *kith_error_text(void);

/** Short name of a status, such as "no input". */
const char *kith_status_name(kith_status code);

/* ---- memory ---- */

/**
 * A zeroed block of count * size bytes, aligned to 64 bytes (to 2 MiB, in huge pages where the kernel allows,
 * when large).  Null if it does not fit or an injected refusal is due.  A block of zero bytes is a valid
 * block.
 */
void *kith_alloc(int64_t count, size_t size);

/** Make a block zero again; a large one takes no memory then until it is touched.  `count` and `size` as it
 * was made with. */
void kith_alloc_discard(void *p, int64_t count, size_t size);

/** Set `p` to a zeroed array of `n` of its elements; a kith_status. */
#define KITH_NEW(p, n)                                                                                       \
  (((p) = kith_alloc((n), sizeof *(p))) != NULL                                                              \
       ? KITH_OK                                                                                             \
       : (kith__fail_memory((int64_t)(n), sizeof *(p)), KITH_ENOMEM))

/** Grow the array `p` of `old_n` elements to `new_n`, keeping its content; on failure `p` is unchanged.  A
 * kith_status. */
#define KITH_GROW(p, old_n, new_n) kith__grow((void **)(void *)&(p), (old_n), (new_n), sizeof *(p))

/** Free what a pointer names and null the pointer. */
#define KITH_FREE(p) (kith_free(p), (void)((p) = NULL))

void kith_free(void *p);
void kith__fail_memory(int64_t count, size_t size);
kith_status kith__grow(void **p, int64_t old_n, int64_t new_n, size_t size) KITH_MUST_USE;

/** Testing: refuse the k-th allocation from now (1 = the next); 0 refuses none. */
void kith_alloc_refuse(int64_t k);
/** Testing: whether a refusal is still to come. */
bool kith_alloc_refuses(void);
/** Testing: blocks now alive on this rank. */
int64_t kith_alloc_live(void);

/* ---- random numbers ---- */

/** What a random number decides.  One stream per purpose, so that adding a purpose changes no other draw. */
typedef enum kith_rng_stream {
  KITH_RNG_INIT = 1,     /**< initial embeddings: (type, original number, column) */
  KITH_RNG_SHUFFLE = 2,  /**< order of the training edges in an epoch */
  KITH_RNG_NEGATIVE = 3, /**< negatives of a training pair: (epoch, edge, (place in a pool, negative, try)) */
  KITH_RNG_SPLIT = 4,    /**< which interactions are held out: (user, item) */
  KITH_RNG_PROTOCOL = 5, /**< negatives of the sampled-N protocol: (user, draw) */
  KITH_RNG_PARTITION = 6,          /**< hash partition: (type, original number) */
  KITH_RNG_WEIGHT = 7,             /**< initial weights: (name, row, column) */
  KITH_RNG_DROPOUT = 8,            /**< what dropout drops: (step, node, op and column) */
  KITH_RNG_NEIGHBOR = 9,           /**< sampled neighbors: (step, node, hop and draw) */
  KITH_RNG_SHARED_NEGATIVE = 10,   /**< negatives that a step's pairs share: (epoch, step, draw) */
  KITH_RNG_ATTENTION_DROPOUT = 11, /**< what is dropped of edges: (step, node, node, op and head) */
  KITH_RNG_EDGE_DROPOUT = 12,      /**< edges that a step leaves out: (step, smaller node, larger node) */
  KITH_RNG_NEIGHBOR_ORDER =
      13, /**< in which order a row reads its neighbors: (step, row's node, neighbor's node) */
  KITH_RNG_GENERATE = 16,        /**< the generator's purposes start here: 16 … 31 */
  KITH_RNG_NODE_SET = 32,        /**< which nodes are in a step's set: (step, node, layer) */
  KITH_RNG_CLUSTER = 33,         /**< order of the parts in a round */
  KITH_RNG_IMPORTANCE_WALK = 34, /**< walks to a node's important neighbors: (0, walk, hop) */
  KITH_RNG_INCLUSION = 35 /**< sets that are drawn to count chances, before training: as KITH_RNG_NODE_SET */
} kith_rng_stream;

typedef struct kith_draw {
  uint64_t bits[4];
} kith_draw;

/**
 * 256 random bits that depend on nothing but the arguments: Philox 4x64-10 (Salmon et al., SC 2011) with
 * key (rng_seed, use) and counter (a, b, c, 0).
 */
kith_draw kith_random(uint64_t rng_seed, kith_rng_stream use, uint64_t a, uint64_t b, uint64_t c);
/** The same of four numbers: counter (a, b, c, d). */
kith_draw kith_random4(uint64_t rng_seed, kith_rng_stream use, uint64_t a, uint64_t b, uint64_t c,
                       uint64_t d);

/** The smaller of two. */
static inline int64_t kith_min(int64_t a, int64_t b) { return a < b ? a : b; }

/** Map 64 random bits to [0, 1), 53 bits of it. */
static inline double kith_random_unit(uint64_t bits) { return (double)(bits >> 11) * 0x1.0p-53; }

/** Map 64 random bits to 0 … n - 1; bias below n / 2^64. */
uint64_t kith_random_below(uint64_t bits, uint64_t n);

/** A standard normal number from 128 random bits (Box and Muller 1958). */
double kith_random_normal(uint64_t bits0, uint64_t bits1);

/**
 * A keyed permutation of 0 … n - 1 that any place of can be asked for alone: a Feistel network over a x a >=
 * n, walked until it falls below n (Black and Rogaway, CT-RSA 2002).  Memory O(1), so every rank knows the
 * whole order.
 */
typedef struct kith_permutation {
  uint64_t n, side, key[6];
} kith_permutation;

kith_permutation kith_permutation_make(uint64_t rng_seed, kith_rng_stream use, uint64_t epoch, uint64_t n);
uint64_t kith_permutation_apply(const kith_permutation *s, uint64_t place); /**< what lies at a place */
uint64_t kith_permutation_inverse(const kith_permutation *s,
                                  uint64_t what); /**< the inverse: where it lies */

/* ---- sorting ---- */

/** A number, and what it belongs to. */
typedef struct kith_key_value {
  int64_t key;
  int32_t value;
} kith_key_value;

/**
 * Sort by key, ascending; what has the same key keeps its order.  Keys are 0 … most.  Allocates nothing;
 * O(n), two passes over keys below 2^22, four below 2^44.
 *
 * @param x, scratch  [n]
 */
void kith_sort(int64_t n, int64_t most, kith_key_value *x, kith_key_value *scratch);

/* ---- sums that do not depend on their order ---- */

/**
 * A sum of real numbers held as integers, value = whole + part / 2^40 with 0 <= part < 2^40.
 * Each number is rounded once to 2^-40 on entry; after that addition is exact and associative, so any
 * grouping over threads, parts or ranks gives the same bits.  A number that is not finite or exceeds 2^60
 * makes the sum NaN for good.
 */
typedef struct kith_exact_sum {
  int64_t hi, lo, nan;
} kith_exact_sum;

void kith_exact_sum_add(kith_exact_sum *s, double x);                      /**< s += x */
void kith_exact_sum_merge(kith_exact_sum *s, const kith_exact_sum *other); /**< s += other */
double kith_exact_sum_value(const kith_exact_sum *s); /**< the sum; NaN if anything added was not finite */

/* ---- text ---- */

/** Copy text into a buffer of `size` bytes; KITH_ECONFIG naming `what` if it does not fit. */
kith_status kith_text_copy(const char *what, const char *text, size_t size, char *buffer) KITH_MUST_USE;

/** Fewest letters to insert, drop or change that make `b` of `a` (Levenshtein 1966); for suggestions. */
int kith_edit_distance(const char *a, const char *b);
/** Whether so many letters are few enough, a third of the word's, to guess that another word was meant. */
bool kith_edit_distance_is_small(const char *word, int distance);

/** The code point that text of `size` bytes begins with; returns its bytes, 0 if they are no UTF-8. */
int kith_utf8_decode(const char *text, int64_t size, uint32_t *code);
/** Whether a code point is a control character (C0, DEL, C1), ends a line, or is a byte order mark or no
 * character. */
bool kith_unicode_is_control(uint32_t code);
/** Whether a code point is not seen but changes what is: zero-width spaces, bidirectional overrides and
 * isolates. */
bool kith_unicode_is_invisible(uint32_t code);
/** Bytes of the printable UTF-8 character (or tab) that `text` begins with; 0 if it begins with none. */
int kith_utf8_length(const char *text);
/** How many of the first bytes are whole characters of UTF-8, printable or not; `size` if all are. */
int64_t kith_utf8_valid_prefix(const char *text, int64_t size);

/** "" behind one, "s" behind any other number of things. */
const char *kith_plural(int64_t n);

/** folder + "/" + name (or name alone when it is absolute) into path [KITH_PATH]. */
kith_status kith_path_join(const char *folder, const char *name, char *path) KITH_MUST_USE;

/**
 * Copy a path into path [KITH_PATH], which may be `text` itself, with ~, ~user, $NAME or ${NAME} at its
 * beginning replaced as a shell does; anywhere else they stand for themselves.  KITH_ECONFIG, naming `what`,
 * for an unset or empty variable or an unknown user.  What it gives differs from node to node: let rank 0 do
 * it.
 */
kith_status kith_path_expand(const char *what, const char *text, char *path) KITH_MUST_USE;

/** Make a folder and its missing parents; fine if it is there. */
kith_status kith_folder_make(const char *path) KITH_MUST_USE;

/* ---- clock, log, progress ---- */

/** Seconds since some fixed moment, monotonic. */
double kith_clock(void);

/** What a rank says of its own accord: everything; only what somebody should look at (--quiet); nothing (all
 * ranks but 0). */
typedef enum { KITH_LOG_ALL, KITH_LOG_WARNINGS, KITH_LOG_NOTHING } kith_log_level;
void kith_log_set(kith_log_level level);
kith_log_level kith_log_get(void);

/** The message of the last failure to stderr; on a terminal it stands out from what a launcher prints behind
 * it. */
void kith_log_error(void);

/** One line to stderr, printf style without the newline, if all is said. */
void kith_log(const char *format, ...) KITH_FORMAT(1, 2);

/** From now on a warning is an error, which kith_log_check() tells of (--strict). */
void kith_log_strict(void);
/** KITH_ECONFIG if warnings are errors and this rank has given one, said or not.  Local. */
kith_status kith_log_check(void) KITH_MUST_USE;

/** The same unless nothing is said, as "kith: warning: …". */
void kith_warn(const char *format, ...) KITH_FORMAT(1, 2);

/**
 * Columns of the terminal that shows stderr; 0 where it goes into a file or a pipe.  The terminal of a
 * launcher (mpirun) that passes stderr on counts too.
 */
int kith_terminal_columns(void);
/** Whether the parent process is an MPI launcher or its daemon on this node. */
bool kith_terminal_has_launcher(void);

/**
 * A progress display on stderr: a bar that is redrawn on a terminal, a plain line every so often in a log.
 * A plain struct; begin it, step it, end it.  Silent on a quiet rank.
 */
typedef struct kith_progress {
  char what[KITH_NAME];
  int64_t n, done;
  double began, drawn;
} kith_progress;

void kith_progress_begin(kith_progress *p, const char *what, int64_t n);
/** Whether kith_progress_step() would draw now: time to find out what a note says, if that costs something.
 */
bool kith_progress_is_due(const kith_progress *p);
/** `done` of n are done; `note` (may be null) stands behind the bar, for example "loss 0.1234". */
void kith_progress_step(kith_progress *p, int64_t done, const char *note);
/** Clear the bar. */
void kith_progress_end(kith_progress *p);

/** A duration in words of a clock, "1:02:03", or "2:03" below an hour. */
void kith_duration_print(double seconds, size_t size, char *text);

#endif
