/** What other rooms of the library use of base, beyond kith/base.h. */
#ifndef KITH_BASE_BASE_H
#define KITH_BASE_BASE_H

#include "kith/base.h"

/* ---- instruction sets ---- */

/*
 * Several instruction sets in one binary, chosen when the program starts.  Not with clang 14 (its resolvers
 * do not link) nor under sanitizers.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(KITH_NO_CLONES)
#define KITH_KERNEL __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define KITH_KERNEL
#endif

/* A helper of a kernel: inlined into each of its clones, so that it is compiled for their instruction sets.
 */
#if defined(__GNUC__)
#define KITH_INLINE static inline __attribute__((always_inline))
#else
#define KITH_INLINE static inline
#endif

/* ---- memory ---- */

/** Zero a block again; the pages of a large one go back to the system until touched.  `count` and `size` as
 * allocated. */
void kith_alloc_discard(void *p, int64_t count, size_t size);

/** For tests: fail the k-th allocation from now (1: the next one); 0: none. */
void kith_alloc_refuse(int64_t k);
/** For tests: whether a failure is still pending. */
bool kith_alloc_refuses(void);
/** For tests: number of live blocks on this rank, and their bytes, each rounded up as it was allocated. */
int64_t kith_alloc_live(void);
int64_t kith_alloc_live_bytes(void);

/** Bytes of KITH_NEW(p, n); `p` is not read. */
#define KITH_BYTES(p, n) ((int64_t)(n) * (int64_t)sizeof *(p))

/* ---- random numbers ---- */

/** The same with counter (a, b, c, d). */
kith_draw kith_random4(uint64_t rng_seed, kith_rng_stream stream, uint64_t a, uint64_t b, uint64_t c,
                       uint64_t d);

/**
 * n random numbers of 64 bits: those of kith_random4() with counter, then with counter[2] + 4, + 8, …: four
 * of each.  Local.
 */
void kith_random_fill(uint64_t rng_seed, kith_rng_stream stream, const uint64_t counter[4], int n,
                      uint64_t *bits);

/** The last of n ranges that begins at or before `at`: first [n] ascends from 0.  Local. */
int64_t kith_range_find(int64_t n, const int64_t *first, int64_t at);

/** The smaller of two. */
static inline int64_t kith_min(int64_t a, int64_t b) { return a < b ? a : b; }

/** First of the contiguous chunk that rank (or part, or tile) `i` of `size` gets of `n` elements: n * i /
 * size. */
static inline int64_t kith_chunk_begin(int64_t n, int size, int i) {
  return (int64_t)((__int128_t)n * i / size);
}

/** Map 64 random bits to 0 … n - 1, with bias below n / 2^64. */
static inline uint64_t kith_random_below(uint64_t bits, uint64_t n) {
  __extension__ typedef unsigned __int128 wide;
  return (uint64_t)(((wide)bits * n) >> 64);
}

/** A standard normal number from 128 random bits (Box and Muller 1958). */
double kith_random_normal(uint64_t bits0, uint64_t bits1);

/**
 * A keyed permutation of 0 … n - 1 with random access, in O(1) memory: a Feistel network over side * side >=
 * n with cycle walking (Black and Rogaway, CT-RSA 2002).  So every rank can compute any element of it.
 */
typedef struct kith_permutation {
  uint64_t n, side, key[6];
} kith_permutation;

kith_permutation kith_permutation_make(uint64_t rng_seed, kith_rng_stream stream, uint64_t epoch, uint64_t n);
/** The element at `index`. */
uint64_t kith_permutation_apply(const kith_permutation *s, uint64_t index);
/** The index of `element`. */
uint64_t kith_permutation_inverse(const kith_permutation *s, uint64_t element);

/* ---- sorting ---- */

/** A sort key with its value. */
typedef struct kith_key_value {
  int64_t key;
  int32_t value;
} kith_key_value;

/**
 * Stable radix sort by key, ascending.  Allocates nothing.
 *
 * @param max_key     keys are 0 … max_key
 * @param x, scratch  [n]
 * Cost: O(n), two passes for keys below 2^22, four below 2^44.
 */
void kith_sort(int64_t n, int64_t max_key, kith_key_value *x, kith_key_value *scratch);

/* ---- order-independent sums ---- */

void kith_exact_sum_merge(kith_exact_sum *s, const kith_exact_sum *other); /**< s += other */

/* ---- text ---- */

/** A 64-bit hash of a text, which keys random numbers with a name: FNV-1a.  Local. */
uint64_t kith_text_hash(const char *text);
/** Copy text into a buffer of `size` bytes; KITH_ECONFIG naming `what` if it does not fit. */
kith_status kith_text_copy(const char *what, const char *text, size_t size, char *buffer) KITH_MUST_USE;

/** Append `before`, and a word quoted for a shell where it needs it, to text [size]; what does not fit is
 * cut.  Local. */
void kith_text_append_quoted(const char *before, const char *word, size_t size, char *text);

/** Parse a number from 0 on and advance the text behind it.  Local. */
bool kith_text_number(const char **text, int64_t *number);
/** Seconds that an environment variable sets, or else `usual`.  Errors: KITH_EUSAGE. */
kith_status kith_env_seconds(const char *name, double usual, double *seconds) KITH_MUST_USE;

/** The nearest of n words to one: word i begins at first + i * stride.  Local. */
int kith_text_nearest(const char *word, int n, const char *first, size_t stride);
/** Edit distance of two words (Levenshtein 1966); for suggestions. */
int kith_edit_distance(const char *a, const char *b);
/** Whether a distance is small enough, a third of the word's length, to suggest the other word. */
bool kith_edit_distance_is_small(const char *word, int distance);

/** Decode the first code point of `size` bytes; returns its length in bytes, 0 if it is not UTF-8. */
int kith_utf8_decode(const char *text, int64_t size, uint32_t *code);
/** Whether a code point is a control character (C0, DEL, C1), a line break, a byte order mark or no
 * character. */
bool kith_unicode_is_control(uint32_t code);
/** Whether a code point is invisible: zero-width spaces, bidirectional overrides and isolates. */
bool kith_unicode_is_invisible(uint32_t code);
/** Length in bytes of the first character of `text`, printable UTF-8 or a tab; otherwise 0. */
int kith_utf8_length(const char *text);
/** Length in bytes of the longest prefix that is valid UTF-8, printable or not; `size` if all is. */
int64_t kith_utf8_valid_prefix(const char *text, int64_t size);

/** The fewest digits that are read as the same number, but "10" rather than "1e+01"; `size` 32 suffices. */
void kith_real_print(double x, size_t size, char *text);

enum { KITH_COUNT_SIZE = 192 };
/**
 * A count and its words: KITH_COUNT(n, "user(s) (has|have) no item") is "1 user has no item", or "0 users
 * have no item".  "(one|many)" is a choice, and "(s)" one between nothing and s.  KITH_COUNT is an expression
 * whose text lives as long as the block that it stands in.
 * @param[out] text  [KITH_COUNT_SIZE], which is returned
 */
const char *kith_count_print(int64_t n, const char *words, char *text);
#define KITH_COUNT(n, words) kith_count_print((n), (words), (char[KITH_COUNT_SIZE]){""})

/** folder + "/" + name (or name alone when it is absolute) into path [KITH_PATH]. */
kith_status kith_path_join(const char *folder, const char *name, char *path) KITH_MUST_USE;

/**
 * Copy a path into path [KITH_PATH], which may be `text` itself, and expand ~, ~user, $NAME or ${NAME} at its
 * beginning as a shell does; elsewhere they are literal.  Errors: KITH_ECONFIG, naming `what`, for an unset
 * or empty variable or an unknown user.  The result may differ between nodes: call it on rank 0.
 */
kith_status kith_path_expand(const char *what, const char *text, char *path) KITH_MUST_USE;

/** Create a folder and its missing parents (mkdir -p).  Errors: KITH_EOUTPUT. */
kith_status kith_folder_make(const char *path) KITH_MUST_USE;

/* ---- clock, log, progress ---- */

/** Monotonic time in seconds, from an arbitrary origin. */
double kith_clock(void);

kith_log_level kith_log_get(void);

/** Print a line to stderr at KITH_LOG_ALL; printf style, without the newline. */
void kith_log(const char *format, ...) KITH_FORMAT(1, 2);

/** Treat warnings as errors, which kith_log_check() returns (--strict). */
void kith_log_strict(void);
/** KITH_ECONFIG if warnings are errors and this rank has had one, printed or not.  Local. */
kith_status kith_log_check(void) KITH_MUST_USE;

/** Print "kith: warning: …" to stderr, except at KITH_LOG_NOTHING; printf style. */
void kith_warn(const char *format, ...) KITH_FORMAT(1, 2);

/** Whether lines on stderr have colors; color.c says what auto is. */
typedef enum kith_color_when { KITH_COLOR_AUTO, KITH_COLOR_ALWAYS, KITH_COLOR_NEVER } kith_color_when;
typedef enum kith_color_of {
  KITH_COLOR_END, /**< of any of the others */
  KITH_COLOR_ERROR,
  KITH_COLOR_WARNING,
  KITH_COLOR_BEST /**< the best epoch so far */
} kith_color_of;

void kith_color_set(kith_color_when when);
/** The escape sequence that begins a color on stderr, or ""; always a constant. */
const char *kith_color(kith_color_of what);

/**
 * Columns of the terminal that shows stderr; 0 if stderr is a file or a pipe, or with TERM=dumb.  A
 * launcher's terminal (mpirun), to which it forwards stderr, counts.
 */
int kith_terminal_columns(void);
/** Whether the parent process is an MPI launcher or its daemon on this node. */
bool kith_terminal_has_launcher(void);

/**
 * Progress display on stderr: a bar on a terminal, otherwise a line every 15 seconds.  Prints nothing below
 * KITH_LOG_ALL.  Plain struct: begin, step, end.
 */
typedef struct kith_progress {
  char what[KITH_NAME];
  int64_t n, done;
  double began, drawn;
} kith_progress;

void kith_progress_begin(kith_progress *p, const char *what, int64_t n);
/** Whether kith_progress_step() would draw now, so that a costly note is made only when it is shown. */
bool kith_progress_is_due(const kith_progress *p);
/** Report `done` of n; `note` (may be null) follows the bar, for example "loss 0.1234". */
void kith_progress_step(kith_progress *p, int64_t done, const char *note);
/** Erase the bar. */
void kith_progress_end(kith_progress *p);

/** Format a duration as "1:02:03", or "2:03" below an hour. */
void kith_duration_print(double seconds, size_t size, char *text);

#endif
