/*
 * PT-Scotch (Chevalier and Pellegrini, Parallel Computing 34, 2008), the only file that knows it; where the
 * build has not found it, the method is refused.
 *
 * Its parts depend on the number of ranks, but not on the run.
 */
#include "dgraph.h"

#ifdef KITH_HAS_PTSCOTCH
#include <ptscotch.h>

_Static_assert(sizeof(SCOTCH_Num) == sizeof(int64_t), "PT-Scotch counts in 64 bits");

bool kith_partition_has_ptscotch(void) { return true; }

/* Its library of 32 bits has the same name; a program that is linked by hand may load that one. */
static kith_status scotch_check(void) {
  if (SCOTCH_numSizeof() == (int)sizeof(SCOTCH_Num)) return KITH_OK;
  return kith_fail(KITH_ECONFIG,
                   "partition.method: ptscotch: the PT-Scotch that was loaded counts in %d bits; "
                   "link the program with the -rpath of that of 64 bits",
                   8 * SCOTCH_numSizeof());
}

/* A share in PT-Scotch's numbers. */
typedef struct scotch_arrays {
  SCOTCH_Num *load, *to, *weight, *part; /* weight null: 1 */
} scotch_arrays;

static kith_status scotch_make(const partition_dgraph *s, scotch_arrays *a) {
  kith_status st = KITH_OK;
  int64_t n = s->start[s->n_own], first = s->first[s->comm->rank];
  KITH_TRY(KITH_NEW(a->load, s->n_own));
  KITH_TRY(KITH_NEW(a->to, n));
  KITH_TRY(KITH_NEW(a->part, s->n_own));
  if (s->weight) KITH_TRY(KITH_NEW(a->weight, n));
  for (int32_t i = 0; i < s->n_own; i++) a->load[i] = s->start[i + 1] - s->start[i] + 1;
  for (int64_t e = 0; e < n; e++) {
    a->to[e] = s->to[e] < s->n_own ? first + s->to[e] : s->ghost[s->to[e] - s->n_own];
    if (a->weight) a->weight[e] = s->weight[e];
  }
done:
  return st;
}

/* One thread and a fixed seed: the same parts in every run. */
static int scotch_context(uint64_t seed, SCOTCH_Context *context) {
  SCOTCH_contextInit(context);
  int bad = SCOTCH_contextOptionSetNum(context, SCOTCH_OPTIONNUMDETERMINISTIC, 1) ||
            SCOTCH_contextOptionSetNum(context, SCOTCH_OPTIONNUMRANDOMFIXEDSEED, 1) ||
            SCOTCH_contextThreadSpawn(context, 1, NULL);
  SCOTCH_contextRandomSeed(context, (SCOTCH_Num)(seed & INT32_MAX));
  return bad;
}

static int scotch_cut(const partition_dgraph *s, const kith_partition_options *o, scotch_arrays *a,
                      SCOTCH_Context *context, SCOTCH_Dgraph *plain, SCOTCH_Dgraph *bound,
                      SCOTCH_Strat *strategy) {
  SCOTCH_Num n = s->n_own, entries = s->start[n];
  SCOTCH_Num *start = (SCOTCH_Num *)s->start; /* which it does not change */
  return SCOTCH_dgraphBuild(plain, 0, n, n, start, start + 1, a->load, NULL, entries, entries, a->to, NULL,
                            a->weight) ||
         SCOTCH_contextBindDgraph(context, plain, bound) ||
         SCOTCH_stratDgraphMapBuild(strategy, SCOTCH_STRATDEFAULT, s->comm->size, o->parts,
                                    o->imbalance - 1) ||
         SCOTCH_dgraphPart(bound, o->parts, strategy, a->part);
}

static kith_status scotch_run(const partition_dgraph *s, const kith_partition_options *o, scotch_arrays *a) {
  kith_status st = KITH_OK;
  SCOTCH_Context context;
  SCOTCH_Dgraph plain, bound;
  SCOTCH_Strat strategy;
  int bad = scotch_context(o->seed, &context) || SCOTCH_dgraphInit(&plain, s->comm->mpi);
  SCOTCH_dgraphInit(&bound, s->comm->mpi);
  SCOTCH_stratInit(&strategy);
  bad = bad || scotch_cut(s, o, a, &context, &plain, &bound, &strategy);
  SCOTCH_stratExit(&strategy);
  SCOTCH_dgraphExit(&bound);
  SCOTCH_dgraphExit(&plain);
  SCOTCH_contextExit(&context);
  KITH_CHECK(!bad, KITH_ECONFIG,
             "PT-Scotch: cannot cut %lld nodes into %d parts; set partition.method to stream",
             (long long)s->n, o->parts);
done:
  return st;
}

kith_agreed kith__partition_ptscotch(const partition_dgraph *s, const kith_partition_options *o,
                                     int32_t *part) {
  kith_agreed st = {KITH_OK};
  scotch_arrays a = {0};
  KITH_TRY(kith_agree(s->comm, scotch_check()));
  KITH_TRY(kith_agree(s->comm, scotch_make(s, &a)));
  KITH_TRY(kith_agree(s->comm, scotch_run(s, o, &a)));
  for (int32_t i = 0; i < s->n_own; i++) part[i] = (int32_t)a.part[i];
  KITH_TRY(kith__partition_dgraph_tell(s, sizeof *part, part));
done:
  KITH_FREE(a.load);
  KITH_FREE(a.to);
  KITH_FREE(a.weight);
  KITH_FREE(a.part);
  return st;
}

#else

bool kith_partition_has_ptscotch(void) { return false; }

kith_agreed kith__partition_ptscotch(const partition_dgraph *s, const kith_partition_options *o,
                                     int32_t *part) {
  (void)s, (void)o, (void)part;
  return kith_agreed_same(
      kith_fail(KITH_ECONFIG, "partition.method: ptscotch: this kith was built without PT-Scotch; install it "
                              "(Debian: libptscotch-dev) and build kith again, or set partition.method to "
                              "stream"));
}

#endif
