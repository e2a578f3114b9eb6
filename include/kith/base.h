/**
 * Base: status codes and messages, memory, random numbers, exact sums, what is logged.
 *
 * Everything here is Local: no function in this header communicates.
 */
#ifndef KITH_BASE_H
#define KITH_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t kith_gid; /**< global number of a node; contiguous per part, the same on every rank */
typedef int32_t kith_lid; /**< local row on one rank: owned rows first, then ghosts */
typedef int64_t kith_eid; /**< index into an array of edges */

enum {
  KITH_NAME = 64,    /**< bytes of a name in a struct, terminating zero included */
  KITH_PATH = 1024,  /**< bytes of a path, likewise */
  KITH_MAX_SLOTS = 2 /**< most arrays that an optimizer keeps for each parameter (kith/optimizer.h) */
};

/* ---- status ---- */

/**
 * Result of an operation on one rank.  The values are the program's exit codes (those of sysexits.h where it
 * has one).  If ranks fail differently, the largest code wins.
 */
typedef enum kith_status {
  KITH_OK = 0,
  KITH_EUSAGE = 64,   /**< command line: unknown command or option */
  KITH_EDATA = 65,    /**< invalid content of a list or file; truncated or foreign file */
  KITH_ENOINPUT = 66, /**< a file is missing or unreadable */
  KITH_ENUMERIC = 70, /**< the loss is not finite */
  KITH_ENOMEM = 71,   /**< out of memory */
  KITH_EOUTPUT = 73,  /**< a file or folder cannot be written */
  KITH_EIO = 74,      /**< a read or write failed: disk full, device error */
  KITH_EINTERRUPT =
      75,           /**< stopped by a signal after a checkpoint, or by the watchdog; run again to continue */
  KITH_ECONFIG = 78 /**< job file: unknown key, value out of bounds, contradiction */
} kith_status;

/**
 * Result of a Collective function: a status that is equal on all ranks of the communicator.
 *
 * A type of its own, so that the compiler holds the rule: a branch on it is taken by all ranks or by none,
 * and a collective call may follow.  A kith_status is what one rank knows, and becomes a kith_agreed only by
 * kith_agree(), an all-reduce; kith_agreed_same() wraps one that is equal everywhere by construction.
 */
typedef struct kith_agreed {
  kith_status status;
} kith_agreed;

#if defined(__GNUC__)
#define KITH_MUST_USE __attribute__((warn_unused_result))
#define KITH_FORMAT(text, first) __attribute__((format(printf, text, first)))
#define KITH_API __attribute__((visibility("default")))
#else
#define KITH_MUST_USE
#define KITH_FORMAT(text, first)
#define KITH_API
#endif

static inline bool kith__status_is_bad(kith_status st) { return st != KITH_OK; }
static inline bool kith__agreed_is_bad(kith_agreed st) { return st.status != KITH_OK; }

/** Whether a kith_status or kith_agreed is a failure. */
#define kith_is_bad(st)                                                                                      \
  _Generic((st), kith_status : kith__status_is_bad, kith_agreed : kith__agreed_is_bad)(st)

/**
 * Call a function, store its status in the caller's `st`, and go to `done` on failure.
 * `st` has the caller's result type, so a Local call in a Collective function does not compile, nor the
 * reverse.
 */
#define KITH_TRY(call)                                                                                       \
  do {                                                                                                       \
    st = (call);                                                                                             \
    if (kith_is_bad(st)) goto done;                                                                          \
  } while (0)

/** In a Local function: unless `good`, record the message and go to `done`. */
#define KITH_CHECK(good, code, ...)                                                                          \
  do {                                                                                                       \
    if (!(good)) {                                                                                           \
      st = kith_fail(code, __VA_ARGS__);                                                                     \
      goto done;                                                                                             \
    }                                                                                                        \
  } while (0)

/**
 * Record the one-line message of a failure (printf style) and return its code.  Unprintable characters, line
 * breaks included, become question marks.  A macro, so that static analyzers see the returned code.
 */
#define kith_fail(code, ...) (kith__fail(__VA_ARGS__), kith__code(code))
KITH_API void kith__fail(const char *format, ...) KITH_FORMAT(1, 2);
static inline kith_status kith__code(kith_status code) { return code; }

/** Message of the last failure on this thread; "" if none.  Valid until the next kith_fail(). */
KITH_API const char *kith_error_text(void);

/** The version of the library that is linked, such as "0.2.0". */
KITH_API const char *kith_version(void);

/** Short name of a status, such as "no input". */
KITH_API const char *kith_status_name(kith_status code);

/* ---- memory ---- */

/**
 * Allocate count * size zeroed bytes, aligned to 64 bytes; large blocks to 2 MiB, in huge pages where the
 * kernel allows.  Null on overflow, without memory, or for an injected failure.  A block of zero bytes is
 * valid.
 */
KITH_API void *kith_alloc(int64_t count, size_t size);

/** Allocate `p`: a zeroed array of `n` elements.  The value is KITH_OK or KITH_ENOMEM. */
#define KITH_NEW(p, n)                                                                                       \
  (((p) = kith_alloc((n), sizeof *(p))) != NULL                                                              \
       ? KITH_OK                                                                                             \
       : (kith__fail_memory((int64_t)(n), sizeof *(p)), KITH_ENOMEM))

/** Resize the array `p` from `old_n` to `new_n` elements and keep its content; unchanged on failure.  The
 * value is KITH_OK or KITH_ENOMEM. */
#define KITH_GROW(p, old_n, new_n) kith__grow((void **)(void *)&(p), (old_n), (new_n), sizeof *(p))

/** Free a block and null the pointer. */
#define KITH_FREE(p) (kith_free(p), (void)((p) = NULL))

/** Free a block of kith_alloc(), KITH_NEW() or KITH_GROW(); accepts null.  KITH_FREE() also nulls the
 * pointer. */
KITH_API void kith_free(void *p);
KITH_API void kith__fail_memory(int64_t count, size_t size);
KITH_API kith_status kith__grow(void **p, int64_t old_n, int64_t new_n, size_t size) KITH_MUST_USE;

/* ---- random numbers ---- */

/**
 * Streams of random numbers, one per purpose: a new purpose changes no other stream.  In brackets the
 * counters (a, b, c) that draws of the stream give to kith_random().
 */
typedef enum kith_rng_stream {
  KITH_RNG_INIT = 1,    /**< initial embeddings: (type, original number, column) */
  KITH_RNG_SHUFFLE = 2, /**< order of the training edges in an epoch: (epoch) */
  KITH_RNG_NEGATIVE =
      3, /**< negatives of a training pair: (epoch, edge, (index in a pool, negative, attempt)) */
  KITH_RNG_SPLIT = 4,              /**< which interactions are held out: (user, item) */
  KITH_RNG_PROTOCOL = 5,           /**< negatives of the sampled-N protocol: (user, draw) */
  KITH_RNG_PARTITION = 6,          /**< hash partition: (type, original number) */
  KITH_RNG_WEIGHT = 7,             /**< initial weights: (name, row, column) */
  KITH_RNG_DROPOUT = 8,            /**< dropout: (step, node, op and column) */
  KITH_RNG_NEIGHBOR = 9,           /**< sampled neighbors: (step, node, hop and draw) */
  KITH_RNG_SHARED_NEGATIVE = 10,   /**< shared negatives of a step: (epoch, step, draw) */
  KITH_RNG_ATTENTION_DROPOUT = 11, /**< attention dropout: (step, node, node, op and head) */
  KITH_RNG_EDGE_DROPOUT = 12,      /**< edge dropout: (step, smaller node, larger node), and the relation */
  KITH_RNG_NEIGHBOR_ORDER = 13,    /**< order of a row's neighbors: (step, row's node, neighbor's node) */
  KITH_RNG_GENERATE = 16,          /**< first of the generator's streams, 16 to 31 */
  KITH_RNG_NODE_SET = 32,          /**< node set of a step: (step, node, layer) */
  KITH_RNG_CLUSTER = 33,           /**< order in which steps take the parts: (pass over all parts) */
  KITH_RNG_IMPORTANCE_WALK = 34,   /**< walks to importance neighbors: (0, walk, hop) */
  KITH_RNG_INCLUSION = 35,  /**< sets for inclusion probabilities, before training: as KITH_RNG_NODE_SET */
  KITH_RNG_INSPECT = 36,    /**< pairs that kith inspect compares: (node, node); (pair, draw) */
  KITH_RNG_SLICE = 37,      /**< users on whom half-lives are compared: (user, slice of time) */
  KITH_RNG_SPECTRAL = 38,   /**< first columns of the spectral iteration: (item, group of columns) */
  KITH_RNG_TUNE_USER = 40,  /**< users that kith tune takes, and their halves: (user) */
  KITH_RNG_TUNE_TRIAL = 41, /**< steps of its search: (trial, setting) */
  KITH_RNG_BLEND_USER = 42, /**< users that kith blend takes: (user) */
  KITH_RNG_BLEND_PAIR = 43, /**< pairs that it measures scores on: (pair) */
  KITH_RNG_LATEST = 44,     /**< which of two items of equal time is the later one: (user, item) */
  KITH_RNG_FORGET = 45,     /**< nodes whose embedding a step leaves out: (step, node) */
  KITH_RNG_REPLAY = 46,     /**< old training edges that an epoch of an update draws: (epoch) */
  KITH_RNG_ADAPT = 47, /**< users of the episodes of embed.adapt: (user), and their items: (user, item) */
  KITH_RNG_REPORT =
      48 /**< what kith report shows: items of the map (0), users of a third by activity (1 …) */
} kith_rng_stream;

/** 256 random bits. */
typedef struct kith_draw {
  uint64_t bits[4];
} kith_draw;

/**
 * Counter-based random bits, a pure function of the arguments: Philox 4x64-10 (Salmon et al., SC 2011) with
 * key (rng_seed, stream) and counter (a, b, c, 0).
 */
KITH_API kith_draw kith_random(uint64_t rng_seed, kith_rng_stream stream, uint64_t a, uint64_t b, uint64_t c);

/** Map 64 random bits to [0, 1), with 53 bits of precision. */
static inline double kith_random_unit(uint64_t bits) { return (double)(bits >> 11) * 0x1.0p-53; }

/* ---- order-independent sums ---- */

/**
 * A sum of real numbers in fixed point: hi + lo / 2^40 with 0 <= lo < 2^40.
 * Each term is rounded once to 2^-40; after that addition is exact and associative, so any grouping over
 * threads, parts or ranks gives the same bits.  A term that is not finite or exceeds 2^60 makes the sum NaN.
 */
typedef struct kith_exact_sum {
  int64_t hi, lo, nan; /**< nan not 0: the sum is NaN */
} kith_exact_sum;

KITH_API void kith_exact_sum_add(kith_exact_sum *s, double x); /**< s += x */

KITH_API double kith_exact_sum_value(const kith_exact_sum *s); /**< the sum, or NaN */

/* ---- log ---- */

/** What a process logs to stderr: everything; warnings only (--quiet); nothing (all ranks but 0). */
typedef enum kith_log_level { KITH_LOG_ALL, KITH_LOG_WARNINGS, KITH_LOG_NOTHING } kith_log_level;
/** Set what this process logs from now on. */
KITH_API void kith_log_set(kith_log_level level);

/** Print the message of the last failure to stderr, in bold on a terminal. */
KITH_API void kith_log_error(void);

#endif
