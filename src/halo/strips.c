/* Exchanges in strips of columns: one strip at a time, so that the first one has the network for itself. */
#include "halo/strips.h"
#include "base/fault.h"
#include "halo/halo_impl.h"

void kith_halo_set_strips(kith_halo *h, int most) { h->strips = most; }

int kith_halo_strips(kith_halo *h, int words) {
  const int n = kith_strips_of(h->strips, words);
  if (n > h->cut_strips) h->cut_strips = n;
  return n;
}

int kith_halo_cut_strips(const kith_halo *h) { return h->cut_strips; }

static int strips_width(const kith_strips *s) { return s->d / s->n; }

float *kith_strips_ghost(const kith_strips *s, int i) {
  const kith_lid n = s->host ? s->host->n_ghost : s->h->n_recv;
  return s->ghost + (size_t)i * (size_t)n * (size_t)strips_width(s);
}

/* Whether hosts send each other some rows alone. */
static bool strips_some(const kith_strips *s) { return s->marks || s->wanted; }

static void strips_post_host(const kith_strips *s) {
  const size_t width = (size_t)strips_width(s), at = (size_t)s->at;
  const kith_host_bits bits = s->wanted ? KITH_HOST_WANTED : KITH_HOST_MARKS;
  if (strips_some(s))
    kith__host_halo_post_some(s->host, at > 0 ? KITH_HOST_BARE : bits, s->d, (int)width, s->rows + at * width,
                              s->marks);
  else
    kith__host_halo_post(s->host, (int)width, s->host->packed + at * (size_t)s->host->n_packed * width,
                         kith_strips_ghost(s, s->at));
}

static void strips_post(const kith_strips *s) {
  const int width = strips_width(s);
  const float *own = s->own + (size_t)s->at * (size_t)width;
  float *ghost = kith_strips_ghost(s, s->at);
  if (s->host) strips_post_host(s);
  else if (s->part) kith__halo_part_begin_columns(s->part, s->which, s->d, width, own, ghost);
  else kith__halo_begin_columns(s->h, s->d, width, own, ghost);
}

/* The strip under way has come, to this rank. */
static void strips_came(kith_strips *s) {
  const int width = strips_width(s);
  float *ghost = kith_strips_ghost(s, s->at);
  if (s->host && strips_some(s)) kith__host_halo_place_some(s->host, width, s->marks, ghost);
  else if (s->host) kith__host_halo_wait(s->host);
  else if (s->part) kith_halo_part_end_rows(s->part, s->which, width, s->clear, ghost);
  else kith_halo_end(s->h);
  if (++s->at < s->n) strips_post(s);
}

void kith_strips_begin(kith_strips *s) {
  s->at = 0;
  if (s->wanted) kith__host_halo_wait(s->host); /* for what other hosts ask */
  else if (s->marks) kith_hosts_barrier(s->host->hosts);
  else if (s->host) kith__host_halo_pack(s->host, s->n, s->d, s->own);
  strips_post(s);
}

void kith_strips_progress(kith_strips *s) {
  if (s->at >= s->n) return;
  if (s->host ? kith__host_halo_is_idle(s->host) : kith__halo_is_idle(s->h)) strips_came(s);
}

/* A rank of the host may have received what others read. */
void kith_strips_end(kith_strips *s, int i) {
  while (s->at <= i) strips_came(s);
  if (s->host && (strips_some(s) || s->host->hosts->n > 1)) kith_hosts_barrier(s->host->hosts);
  kith_fault_late();
}
