/*
 * Rows that the ranks of a host read in place.  When a tape is recorded, ops name the tensors of which other
 * ranks read values in forward or gradients in backward; then these move, all at once, into memory that the
 * ranks of a host share.  There rows of all ranks of the host stand rank by rank, so that a host's halo
 * (halo/host_halo.h) names them as columns.
 *
 * When may a rank overwrite what others read?  Every exchange begins with a barrier of the host.  Values are
 * read in one exchange of forward and written again in the next forward, which begins with a barrier of its
 * own; rows that an optimizer changes after backward were read in forward, before the barriers of backward.
 * Gradients are read in one exchange of backward, and written again in the next backward.  Marks of rows are
 * written by op after op; two arrays in turn keep an op from those that slower ranks read for the op before,
 * which the barrier of its own exchange ends.
 */
#include <string.h>

#include "tape/tape.h"

enum {
  IN_PLACE_LINE = 64,
  IN_PLACE_SMALL = 16 << 20 /* bytes: larger memory is not worth sharing without huge pages */
};

/* Bytes of the memory: of tensors' rows, in front; and of all. */
typedef struct in_place_sizes {
  int64_t tensors, all;
} in_place_sizes;

static kith_shared_rows *in_place_rows(kith_tape *t, kith_tensor *x) {
  kith_in_place *all = kith_tape_in_place(t);
  if (x->shared) return x->shared;
  if (kith_tape_check(t, KITH_NEW(x->shared, 1)) != KITH_OK) return NULL;
  *x->shared = (kith_shared_rows){.of = x, .next = all->first};
  all->first = x->shared;
  return x->shared;
}

void kith_in_place_read(kith_tape *t, kith_tensor *x, kith_tensor *y) {
  kith_shared_rows *of_x = x && y ? in_place_rows(t, x) : NULL, *of_y = of_x ? in_place_rows(t, y) : NULL;
  if (!of_y) return;
  of_x->value = true;
  of_y->grad = y->grad != NULL;
  kith_tape_in_place(t)->multiplies = true;
  kith_tape_in_place(t)->d = x->d > kith_tape_in_place(t)->d ? x->d : kith_tape_in_place(t)->d;
}

void kith_in_place_gather(kith_tape *t, kith_tensor *x) {
  kith_shared_rows *of_x = x ? in_place_rows(t, x) : NULL;
  if (!of_x) return;
  of_x->gathered = true;
  kith_tape_in_place(t)->gathers = true;
}

/* The first row of this rank among those of its host's ranks, and their number. */
static kith_lid in_place_first(const kith_in_place *p) { return p->halo ? p->halo->first : p->near->first; }
static kith_lid in_place_n_row(const kith_in_place *p) { return p->halo ? p->halo->n_row : p->near->n_row; }

/* Whether others read x's values by either halo. */
static bool in_place_has_value(const kith_in_place *p, const kith_shared_rows *r) {
  return (p->halo && r->value) || (p->near && kith_ghosts_near(r->of));
}

/* A part of the memory, in lines; returns its address, or null while only sizes are counted. */
static void *in_place_take(char *base, int64_t bytes, int64_t *at) {
  void *part = base ? base + *at : NULL;
  *at += (bytes + IN_PLACE_LINE - 1) / IN_PLACE_LINE * IN_PLACE_LINE;
  return part;
}

static int64_t in_place_ghost_bytes(const kith_in_place *p, int d) {
  return p->near->n_host_ghost * d * (int64_t)sizeof(float);
}

/* What the ranks of the host have once for the host's halo. */
static void in_place_lay_out_halo(kith_in_place *p, char *base, int64_t *at) {
  const kith_host_halo *h = p->halo;
  const int64_t row = (int64_t)sizeof(float) * p->d;
  p->ghost = in_place_take(base, h->n_ghost * row, at);
  p->packed = in_place_take(base, h->n_packed * row, at);
  p->wanted = in_place_take(base, h->n_ghost, at);
  for (int i = 0; i < 2; i++) p->marks[i] = in_place_take(base, (int64_t)h->n_row + h->n_ghost, at);
}

/* Lay out the tensors' rows, behind them the gradients of ghosts, and then what the host has once.  base
 * null: only sizes. */
static in_place_sizes in_place_lay_out(kith_tape *t, kith_in_place *p, char *base) {
  in_place_sizes s = {.tensors = 0};
  int64_t at = 0;
  for (kith_shared_rows *r = p->first; r; r = r->next) {
    int64_t bytes = (int64_t)in_place_n_row(p) * r->of->d * (int64_t)sizeof(float);
    if (in_place_has_value(p, r)) r->host_value = in_place_take(base, bytes, &at);
    if (p->halo && r->grad) r->host_grad = in_place_take(base, bytes, &at);
    if (p->near && kith_ghosts_near(r->of) && kith_ghosts_have_grad(r->of))
      r->ghost_grad = in_place_take(base, in_place_ghost_bytes(p, r->of->d), &at);
  }
  if (p->near)
    kith_tape_ghosts(t)->host = in_place_take(base, in_place_ghost_bytes(p, kith_tape_ghosts(t)->d), &at);
  s.tensors = at;
  if (p->halo) in_place_lay_out_halo(p, base, &at);
  s.all = at;
  return s;
}

static kith_status in_place_claim_rows(const kith_in_place *p, const kith_share *s, const kith_tensor *x,
                                       float *host) {
  if (!host) return KITH_OK;
  return kith_share_claim(s, host + (size_t)in_place_first(p) * (size_t)x->d,
                          x->n_row * x->d * (int64_t)sizeof *host);
}

/* This rank's part of the gradients of the ghosts of the host's ranks. */
static float *in_place_ghosts(const kith_in_place *p, float *host, int d) {
  return host ? host + (size_t)p->near->before[p->near->hosts->all->rank] * (size_t)d : NULL;
}

static kith_status in_place_claim_ghosts(const kith_in_place *p, const kith_share *s, float *host, int d) {
  if (!host) return KITH_OK;
  return kith_share_claim(s, in_place_ghosts(p, host, d),
                          (int64_t)p->near->n_ghost * d * (int64_t)sizeof *host);
}

/* This rank's rows, and an equal share of what the host has once. */
static kith_status in_place_claim(kith_tape *t, const kith_in_place *p, const kith_share *s, int64_t begin,
                                  int64_t end) {
  kith_status st = KITH_OK;
  const kith_comm *here = &s->hosts->here;
  int64_t low = begin + kith_chunk_begin(end - begin, here->size, here->rank),
          high = begin + kith_chunk_begin(end - begin, here->size, here->rank + 1);
  for (const kith_shared_rows *r = p->first; r; r = r->next) {
    KITH_TRY(in_place_claim_rows(p, s, r->of, r->host_value));
    KITH_TRY(in_place_claim_rows(p, s, r->of, r->host_grad));
    KITH_TRY(in_place_claim_ghosts(p, s, r->ghost_grad, r->of->d));
  }
  KITH_TRY(in_place_claim_ghosts(p, s, kith_tape_ghosts(t)->host, kith_tape_ghosts(t)->d));
  KITH_TRY(kith_share_claim(s, s->base + low, high - low));
done:
  return st;
}

static void in_place_move(const kith_in_place *p, const kith_tensor *x, float *host, float **own) {
  float *to = host ? host + (size_t)in_place_first(p) * (size_t)x->d : NULL;
  if (!host) return;
  memcpy(to, *own, (size_t)x->n_row * (size_t)x->d * sizeof *to);
  KITH_FREE(*own);
  *own = to;
}

/* Let ops find everything in the memory. */
static void in_place_move_all(kith_tape *t, kith_in_place *p) {
  kith_ghost_buffer *b = kith_tape_ghosts(t);
  for (kith_shared_rows *r = p->first; r; r = r->next) {
    in_place_move(p, r->of, r->host_value, &r->of->value);
    in_place_move(p, r->of, r->host_grad, &r->of->grad);
    if (p->near && kith_ghosts_near(r->of))
      kith_ghosts_place(r->of, p, r->ghost_grad, in_place_ghosts(p, r->ghost_grad, r->of->d));
  }
  if (b->host) {
    KITH_FREE(b->row);
    b->row = in_place_ghosts(p, b->host, b->d);
  }
  if (!p->halo) return;
  for (int i = 0; i < 2; i++) /* the same by every rank */
    memset(p->marks[i] + p->halo->n_row, 1, (size_t)p->halo->n_ghost);
  p->halo->ghost = p->ghost;
  p->halo->packed = p->packed;
  p->halo->wanted = p->wanted;
}

static void in_place_forget(kith_tape *t, kith_in_place *p) {
  for (kith_shared_rows *r = p->first; r; r = r->next) r->host_value = r->host_grad = r->ghost_grad = NULL;
  kith_tape_ghosts(t)->host = NULL;
  p->halo = NULL;
  p->near = NULL;
  p->ghost = p->packed = NULL;
  p->wanted = p->marks[0] = p->marks[1] = NULL;
}

kith_agreed kith_tape_share(kith_tape *t, kith_host_halo *h, kith_shared_halo *near) {
  kith_agreed st = {KITH_OK};
  kith_in_place *p = kith_tape_in_place(t);
  kith_share *s = NULL;
  p->halo = h;
  p->near = near;
  const in_place_sizes n = in_place_lay_out(t, p, NULL);
  KITH_TRY(kith_share_create(h ? h->hosts : near->hosts, n.all, &s));
  if (!s) goto done;
  (void)in_place_lay_out(t, p, s->base);
  kith_status claimed = in_place_claim(t, p, s, n.tensors, n.all);
  if (kith_share_seal(&s, claimed) && s->in_small_pages > IN_PLACE_SMALL) {
    kith__fail("the kernel gives shared memory no huge pages");
    kith_share_destroy(&s);
  }
  if (!s) goto done;
  in_place_move_all(t, p);
  p->memory = s;
done:
  if (!s) in_place_forget(t, p);
  return st;
}

void kith_in_place_settle(const kith_in_place *p) {
  if (p->memory) kith_hosts_barrier(p->memory->hosts);
}

void kith_in_place_free(kith_in_place *p) { kith_share_destroy(&p->memory); }
