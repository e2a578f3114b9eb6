/*
 * The table of evidence: each kind lists pairs of the owned users, and the lists are merged by item.
 * docs/models.md has the formulas.
 */
#include "blend/evidence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "eval/eval.h"
#include "graph/schema.h"

static const char *const evidence_name[] = {"seen", "rate", "friends"};
enum { EVIDENCE_KINDS = sizeof evidence_name / sizeof *evidence_name, EVIDENCE_PRIOR = 20 };

void kith_evidence_print(const kith_evidence *e, char *text) {
  snprintf(text, 2 * KITH_NAME, "%s %s", evidence_name[e->kind], e->relation);
}

bool kith_evidence_parse(const char *text, kith_evidence *out) {
  const char *space = strchr(text, ' ');
  size_t n = space ? (size_t)(space - text) : 0;
  for (int k = 0; k < EVIDENCE_KINDS && space; k++) {
    if (strlen(evidence_name[k]) != n || strncmp(text, evidence_name[k], n) != 0) continue;
    *out = (kith_evidence){.kind = (kith_evidence_kind)k};
    return kith_schema_is_name(space + 1) &&
           kith_text_copy("evidence", space + 1, sizeof out->relation, out->relation) == KITH_OK;
  }
  return false;
}

/* ---- lists ---- */

/* A pair of an owned user, its evidence and which it is. */
typedef struct evidence_pair {
  kith_lid user;
  int32_t item;
  int of;
  double value;
} evidence_pair;

typedef struct evidence_work {
  const kith_comm *comm;
  const kith_graph *g;
  int64_t n, capacity;
  evidence_pair *pair; /* [n] */
} evidence_work;

static kith_status evidence_add(evidence_work *w, kith_lid user, int32_t item, int of, double value) {
  kith_status st = KITH_OK;
  if (w->n == w->capacity) {
    KITH_TRY(KITH_GROW(w->pair, w->capacity, 2 * w->capacity + 1024));
    w->capacity = 2 * w->capacity + 1024;
  }
  w->pair[w->n++] = (evidence_pair){user, item, of, value};
done:
  return st;
}

static kith_status evidence_relation(const kith_graph *g, const kith_evidence *e, int *r) {
  kith_status st = KITH_OK;
  bool friends = e->kind == KITH_EVIDENCE_FRIENDS;
  *r = kith_schema_find_relation(&g->schema, e->relation);
  KITH_CHECK(*r >= 0, KITH_ECONFIG, "blend.%s: the graph has no relation %s", evidence_name[e->kind],
             e->relation);
  const kith_relation_type *type = &g->schema.relation[*r];
  KITH_CHECK(friends || kith_schema_joins_sides(&g->schema, type), KITH_ECONFIG,
             "blend.%s: %s is no relation of users with items", evidence_name[e->kind], e->relation);
  KITH_CHECK(!friends || (type->from == KITH_USER && type->to == KITH_USER), KITH_ECONFIG,
             "blend.friends: %s is no relation between users", e->relation);
done:
  return st;
}

/* ---- seen, rate ---- */

/* Of each item how many users have it in the lists, and how many of these in training: count [items, 2]. */
static void evidence_count(const evidence_work *w, const kith_ragged *l, int64_t *count) {
  for (kith_lid u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      int32_t item = l->value[e];
      bool again = e > l->start[u] && l->value[e - 1] == item; /* of another kind */
      if (again) continue;
      count[2 * (int64_t)item]++;
      count[2 * (int64_t)item + 1] += kith_ragged_has(&w->g->train, u, item);
    }
  kith_comm_sum_int(w->comm, (int)(2 * w->g->n[KITH_ITEM]), count);
}

static kith_status evidence_add_seen(evidence_work *w, const kith_ragged *l, int of, const int64_t *count) {
  kith_status st = KITH_OK;
  for (kith_lid u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) {
      const int64_t *c = count + 2 * (int64_t)l->value[e];
      KITH_TRY(
          evidence_add(w, u, l->value[e], of, log((double)(c[1] + 1) / (double)(c[0] + EVIDENCE_PRIOR))));
    }
done:
  return st;
}

static kith_status evidence_add_ones(evidence_work *w, const kith_ragged *l, int of) {
  kith_status st = KITH_OK;
  for (kith_lid u = 0; u < l->n_row; u++)
    for (kith_eid e = l->start[u]; e < l->start[u + 1]; e++) KITH_TRY(evidence_add(w, u, l->value[e], of, 1));
done:
  return st;
}

static kith_agreed evidence_seen(evidence_work *w, const kith_evidence *e, int of, int r) {
  kith_agreed st = {KITH_OK};
  kith_ragged l = {0};
  int64_t *count = NULL;
  KITH_TRY(kith_agree(w->comm, kith_relation_items(w->g, r, &l)));
  if (e->kind == KITH_EVIDENCE_SEEN) {
    KITH_TRY(kith_agree(w->comm, evidence_add_ones(w, &l, of)));
    goto done;
  }
  KITH_TRY(kith_agree(w->comm, KITH_NEW(count, 2 * w->g->n[KITH_ITEM])));
  evidence_count(w, &l, count);
  KITH_TRY(kith_agree(w->comm, evidence_add_seen(w, &l, of, count)));
done:
  KITH_FREE(count);
  kith_ragged_free(&l);
  return st;
}

/* ---- friends ---- */

/* user_of [nodes]: original number of the user whose global number is k; -1: it is no user. */
static kith_agreed evidence_users(const evidence_work *w, int32_t **user_of) {
  kith_agreed st = {KITH_OK};
  const kith_graph *g = w->g;
  int64_t n = kith_graph_n_node(g);
  KITH_TRY(kith_agree(w->comm, KITH_NEW(*user_of, n)));
  for (int64_t k = 0; k < n; k++) (*user_of)[k] = -1;
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++) {
    kith_lid row = g->row_of[KITH_USER][u];
    (*user_of)[g->first[w->comm->rank] + row] = (int32_t)g->original[row];
  }
  KITH_WAIT("the numbers of all users",
            MPI_Allreduce(MPI_IN_PLACE, *user_of, (int)n, MPI_INT32_T, MPI_MAX, w->comm->mpi));
done:
  return st;
}

/* Count the friends of owned user u who chose each item; times [items] is zero before and after. */
static kith_status evidence_friends_of(evidence_work *w, const kith_ragged *train, const int32_t *user_of,
                                       const kith_adjacency *a, kith_lid u, int of, int32_t *times) {
  kith_status st = KITH_OK;
  const kith_lid row = w->g->row_of[KITH_USER][u];
  for (int pass = 0; pass < 2; pass++)
    for (kith_eid e = a->start[row]; e < a->start[row + 1]; e++) {
      int32_t v = user_of[a->neighbor[e]];
      bool again = e > a->start[row] && a->neighbor[e - 1] == a->neighbor[e]; /* of another kind */
      for (kith_eid i = again ? 0 : train->start[v]; !again && i < train->start[v + 1]; i++) {
        int32_t item = train->value[i];
        if (pass == 0) times[item]++;
        else if (times[item] > 0) {
          KITH_TRY(evidence_add(w, u, item, of, log(1 + (double)times[item])));
          times[item] = 0;
        }
      }
    }
done:
  return st;
}

static kith_status evidence_add_friends(evidence_work *w, const kith_ragged *train, const int32_t *user_of,
                                        int of, int r) {
  kith_status st = KITH_OK;
  const kith_graph *g = w->g;
  const kith_relation_type *e = &g->schema.relation[r];
  const kith_adjacency *a = e->direction == KITH_DIRECTION_BACK ? &g->transpose[r] : &g->relation[r];
  int32_t *times = NULL;
  KITH_TRY(KITH_NEW(times, g->n[KITH_ITEM]));
  for (kith_lid u = 0; u < g->n_own_of[KITH_USER]; u++)
    KITH_TRY(evidence_friends_of(w, train, user_of, a, u, of, times));
done:
  KITH_FREE(times);
  return st;
}

static kith_agreed evidence_friends(evidence_work *w, int of, int r) {
  kith_agreed st = {KITH_OK};
  kith_ragged train = {0};
  int32_t *user_of = NULL;
  KITH_TRY(kith_train_lists(w->comm, w->g, &train));
  KITH_TRY(evidence_users(w, &user_of));
  KITH_TRY(kith_agree(w->comm, evidence_add_friends(w, &train, user_of, of, r)));
done:
  KITH_FREE(user_of);
  kith_ragged_free(&train);
  return st;
}

/* ---- the table ---- */

static int evidence_compare(const void *a, const void *b) {
  const evidence_pair *x = a, *y = b;
  if (x->user != y->user) return x->user < y->user ? -1 : 1;
  if (x->item != y->item) return x->item < y->item ? -1 : 1;
  return (x->of > y->of) - (x->of < y->of);
}

static bool evidence_begins(const evidence_pair *p, int64_t i) {
  return i == 0 || p[i].user != p[i - 1].user || p[i].item != p[i - 1].item;
}

/* Merge the pairs; what is listed twice has one value. */
static kith_status evidence_merge(evidence_work *w, int n, kith_evidence_table *out) {
  kith_status st = KITH_OK;
  int64_t n_pair = 0, at = -1;
  qsort(w->pair, (size_t)w->n, sizeof *w->pair, evidence_compare);
  for (int64_t i = 0; i < w->n; i++) n_pair += evidence_begins(w->pair, i);
  out->item.n_row = w->g->n_own_of[KITH_USER];
  KITH_TRY(KITH_NEW(out->item.start, out->item.n_row + 1));
  KITH_TRY(KITH_NEW(out->item.value, n_pair));
  KITH_TRY(KITH_NEW(out->value, n_pair * n));
  for (int64_t i = 0; i < w->n; i++) {
    const evidence_pair *p = &w->pair[i];
    at += evidence_begins(w->pair, i);
    out->item.value[at] = p->item;
    out->item.start[p->user + 1] = at + 1;
    out->value[at * n + p->of] = p->value;
  }
  for (int64_t u = 0; u < out->item.n_row; u++) /* users without a pair */
    if (out->item.start[u + 1] == 0) out->item.start[u + 1] = out->item.start[u];
done:
  return st;
}

void kith_evidence_free(kith_evidence_table *t) {
  kith_ragged_free(&t->item);
  KITH_FREE(t->value);
}

static kith_agreed evidence_one(evidence_work *w, const kith_evidence *e, int of) {
  kith_agreed st = {KITH_OK};
  int r = -1;
  KITH_TRY(kith_agreed_same(evidence_relation(w->g, e, &r)));
  if (e->kind == KITH_EVIDENCE_FRIENDS) KITH_TRY(evidence_friends(w, of, r));
  else KITH_TRY(evidence_seen(w, e, of, r));
done:
  return st;
}

kith_agreed kith_evidence_make(const kith_comm *comm, const kith_graph *g, int n, const kith_evidence *e,
                               kith_evidence_table *out) {
  kith_agreed st = {KITH_OK};
  evidence_work w = {.comm = comm, .g = g};
  *out = (kith_evidence_table){.n = n};
  for (int k = 0; k < n; k++) KITH_TRY(evidence_one(&w, &e[k], k));
  KITH_TRY(kith_agree(comm, evidence_merge(&w, n, out)));
done:
  KITH_FREE(w.pair);
  if (kith_is_bad(st)) kith_evidence_free(out);
  return st;
}

void kith_pair_terms_free(kith_pair_terms *terms) {
  kith_ragged_free(&terms->item);
  KITH_FREE(terms->value);
}

kith_status kith_evidence_terms(const kith_evidence_table *t, const kith_evidence *e, kith_pair_terms *out) {
  kith_status st = KITH_OK;
  kith_pair_terms terms = {.item = {.n_row = t->item.n_row}};
  int64_t n = t->item.start[t->item.n_row];
  *out = (kith_pair_terms){.value = NULL};
  KITH_TRY(KITH_NEW(terms.item.start, t->item.n_row + 1));
  KITH_TRY(KITH_NEW(terms.item.value, n));
  KITH_TRY(KITH_NEW(terms.value, n));
  memcpy(terms.item.start, t->item.start, (size_t)(t->item.n_row + 1) * sizeof *terms.item.start);
  memcpy(terms.item.value, t->item.value, (size_t)n * sizeof *terms.item.value);
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int k = 0; k < t->n; k++) sum += e[k].weight * t->value[i * t->n + k];
    terms.value[i] = (float)sum;
  }
  *out = terms;
  terms = (kith_pair_terms){.value = NULL};
done:
  kith_pair_terms_free(&terms);
  return st;
}
