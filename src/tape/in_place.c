/*
 * Rows that the ranks of a host read in place.  When a tape is recorded, ops name the tensors of which other
 * ranks read values in forward or gradients in backward; then these move, all at once, into memory that the
 * ranks of a host share.  There rows of all ranks of the host stand rank by rank, so that a host's halo
 * (halo/host_halo.h) names them as columns.
 *
 * When may a rank overwrite what others read?  Every exchange begins with a barrier of the host.  Values are
 * read in one exchange of forward and written again in the next forward, which begins with a barrier of its
 * own; rows that an optimizer changes after backward were read in forward, before the barriers of backward.
 * Gradients are read in one exchange of backward, and written again in the next backward.
 */
#include <string.h>

#include "tape/tape.h"

enum {
  IN_PLACE_LINE = 64,
  IN_PLACE_SMALL = 16 << 20 /* bytes: larger memory is not worth sharing without huge pages */
};

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
  kith_tape_in_place(t)->d = x->d > kith_tape_in_place(t)->d ? x->d : kith_tape_in_place(t)->d;
}

/* A part of the memory, in lines; returns its address, or null while only sizes are counted. */
static void *in_place_take(char *base, int64_t bytes, int64_t *at) {
  void *part = base ? base + *at : NULL;
  *at += (bytes + IN_PLACE_LINE - 1) / IN_PLACE_LINE * IN_PLACE_LINE;
  return part;
}

/* Lay out the tensors' rows, and behind them what the host has once.  Returns the bytes of both; base null:
 * only those. */
static int64_t in_place_lay_out(kith_in_place *p, const kith_host_halo *h, char *base, int64_t *n_tensor) {
  int64_t at = 0, row = (int64_t)sizeof(float) * p->d;
  for (kith_shared_rows *r = p->first; r; r = r->next) {
    int64_t bytes = (int64_t)h->n_row * r->of->d * (int64_t)sizeof(float);
    if (r->value) r->host_value = in_place_take(base, bytes, &at);
    if (r->grad) r->host_grad = in_place_take(base, bytes, &at);
  }
  *n_tensor = at;
  p->ghost = in_place_take(base, h->n_ghost * row, &at);
  p->packed = in_place_take(base, h->n_packed * row, &at);
  p->wanted = in_place_take(base, h->n_ghost, &at);
  p->marks = in_place_take(base, (int64_t)h->n_row + h->n_ghost, &at);
  return at;
}

static kith_status in_place_claim_rows(const kith_share *s, const kith_shared_rows *r,
                                       const kith_host_halo *h, float *host) {
  const size_t first = (size_t)h->first * (size_t)r->of->d;
  if (!host) return KITH_OK;
  return kith_share_claim(s, host + first, r->of->n_row * r->of->d * (int64_t)sizeof *host);
}

/* This rank's rows, and an equal share of the rest. */
static kith_status in_place_claim(const kith_in_place *p, const kith_share *s, const kith_host_halo *h,
                                  int64_t begin, int64_t end) {
  kith_status st = KITH_OK;
  const kith_comm *here = &h->hosts->here;
  int64_t low = begin + kith_chunk_begin(end - begin, here->size, here->rank),
          high = begin + kith_chunk_begin(end - begin, here->size, here->rank + 1);
  for (const kith_shared_rows *r = p->first; r; r = r->next) {
    KITH_TRY(in_place_claim_rows(s, r, h, r->host_value));
    KITH_TRY(in_place_claim_rows(s, r, h, r->host_grad));
  }
  KITH_TRY(kith_share_claim(s, s->base + low, high - low));
done:
  return st;
}

static void in_place_move(const kith_shared_rows *r, const kith_host_halo *h, float *host, float **own) {
  float *to = host ? host + (size_t)h->first * (size_t)r->of->d : NULL;
  if (!host) return;
  memcpy(to, *own, (size_t)r->of->n_row * (size_t)r->of->d * sizeof *to);
  KITH_FREE(*own);
  *own = to;
}

static void in_place_forget(kith_in_place *p) {
  for (kith_shared_rows *r = p->first; r; r = r->next) r->host_value = r->host_grad = NULL;
  p->ghost = p->packed = NULL;
  p->wanted = p->marks = NULL;
}

kith_agreed kith_tape_share(kith_tape *t, kith_host_halo *h) {
  kith_agreed st = {KITH_OK};
  kith_in_place *p = kith_tape_in_place(t);
  kith_share *s = NULL;
  int64_t n_tensor = 0, bytes = in_place_lay_out(p, h, NULL, &n_tensor);
  KITH_TRY(kith_share_create(h->hosts, bytes, &s));
  if (!s) goto done;
  (void)in_place_lay_out(p, h, s->base, &n_tensor);
  kith_status claimed = in_place_claim(p, s, h, n_tensor, bytes);
  if (kith_share_seal(&s, claimed) && s->in_small_pages > IN_PLACE_SMALL) {
    kith__fail("the kernel gives shared memory no huge pages");
    kith_share_destroy(&s);
  }
  if (!s) goto done;
  for (kith_shared_rows *r = p->first; r; r = r->next) {
    in_place_move(r, h, r->host_value, &r->of->value);
    in_place_move(r, h, r->host_grad, &r->of->grad);
  }
  memset(p->marks + h->n_row, 1, (size_t)h->n_ghost); /* the same by every rank */
  h->ghost = p->ghost;
  h->packed = p->packed;
  h->wanted = p->wanted;
  p->memory = s;
  p->halo = h;
done:
  if (!s) in_place_forget(p);
  return st;
}

void kith_in_place_settle(const kith_in_place *p) {
  if (p->memory) kith_hosts_barrier(p->memory->hosts);
}

void kith_in_place_free(kith_in_place *p) { kith_share_destroy(&p->memory); }
