/* The tape knows order, and nothing else. */
#include "kith/tape.h"

enum { TAPE_MOST = 256 }; /* ops and tensors of one model */

typedef struct tape_op {
  const char *name;
  bool everyone;
  void (*forward)(void *self);
  void (*backward)(void *self);
  void *self;
} tape_op;

struct kith_tape {
  int n_op, n_tensor, n_room;
  tape_op op[TAPE_MOST];
  kith_tensor *tensor[TAPE_MOST];
  void *room[TAPE_MOST];
  int64_t room_bytes[TAPE_MOST];
  void (*between)(void *self);
  void *between_self;
  kith_tape_bytes taken;
  kith_status status;
};

kith_status kith_tape_create(kith_tape **out) {
  kith_tape *t = NULL;
  kith_status st = KITH_NEW(t, 1);
  *out = t;
  return st;
}

void kith_tape_destroy(kith_tape **tape) {
  kith_tape *t = *tape;
  if (!t) return;
  for (int i = 0; i < t->n_op; i++) KITH_FREE(t->op[i].self);
  for (int i = 0; i < t->n_room; i++) KITH_FREE(t->room[i]);
  for (int i = 0; i < t->n_tensor; i++) {
    KITH_FREE(t->tensor[i]->value);
    KITH_FREE(t->tensor[i]->grad);
    KITH_FREE(t->tensor[i]);
  }
  KITH_FREE(*tape);
}

static kith_status tape_make_tensor(int64_t n_row, int d, bool learns, kith_tensor **out) {
  kith_status st = KITH_OK;
  kith_tensor *x = NULL;
  KITH_TRY(KITH_NEW(x, 1));
  x->n_row = n_row;
  x->d = d;
  KITH_TRY(KITH_NEW(x->value, n_row * d));
  if (learns) KITH_TRY(KITH_NEW(x->grad, n_row * d));
  *out = x;
  x = NULL;
done:
  if (x) {
    KITH_FREE(x->value);
    KITH_FREE(x->grad);
  }
  KITH_FREE(x);
  return st;
}

static kith_tensor *tape_tensor(kith_tape *t, int64_t n_row, int d, bool learns) {
  kith_tensor *x = NULL;
  if (t->status != KITH_OK) return NULL;
  if (t->n_tensor == TAPE_MOST)
    t->status = kith_fail(KITH_ECONFIG, "a model may have at most %d tensors", TAPE_MOST);
  else t->status = tape_make_tensor(n_row, d, learns, &x);
  if (!x) return NULL;
  t->tensor[t->n_tensor++] = x;
  t->taken.value += n_row * d * (int64_t)sizeof(float);
  if (learns) t->taken.grad += n_row * d * (int64_t)sizeof(float);
  return x;
}

kith_tensor *kith_tape_tensor(kith_tape *t, int64_t n_row, int d) { return tape_tensor(t, n_row, d, true); }

kith_tensor *kith_tape_rows(kith_tape *t, const kith_frame *frame, int d) {
  kith_tensor *x = kith_tape_tensor(t, frame->most, d);
  if (x) x->frame = frame;
  return x;
}

kith_tensor *kith_tape_data(kith_tape *t, const kith_frame *frame, int d) {
  kith_tensor *x = tape_tensor(t, frame->most, d, false);
  if (x) x->frame = frame;
  return x;
}

kith_tensor *kith_tape_rows_like(kith_tape *t, const kith_tensor *x, const kith_frame *frame, int d) {
  return kith_tensor_learns(x) ? kith_tape_rows(t, frame, d) : kith_tape_data(t, frame, d);
}

void *kith_tape_room(kith_tape *t, int64_t count, size_t size) {
  char *room = NULL;
  if (t->status != KITH_OK) return NULL;
  if (t->n_room == TAPE_MOST)
    t->status = kith_fail(KITH_ECONFIG, "a model may have at most %d working spaces", TAPE_MOST);
  else t->status = KITH_NEW(room, count * (int64_t)size);
  if (!room) return NULL;
  t->room_bytes[t->n_room] = count * (int64_t)size;
  t->room[t->n_room++] = room;
  t->taken.room += count * (int64_t)size;
  return room;
}

void *kith_tape_op(kith_tape *t, const char *name, bool everyone, void (*forward)(void *self),
                   void (*backward)(void *self), size_t size) {
  char *self = NULL;
  if (t->status != KITH_OK) return NULL;
  if (t->n_op == TAPE_MOST)
    t->status = kith_fail(KITH_ECONFIG, "a model may have at most %d operations", TAPE_MOST);
  else t->status = KITH_NEW(self, (int64_t)size);
  if (self) t->op[t->n_op++] = (tape_op){name, everyone, forward, backward, self};
  return self;
}

kith_status kith_tape_check(kith_tape *t, kith_status st) {
  if (t->status == KITH_OK) t->status = st;
  return t->status;
}

kith_status kith_tape_status(const kith_tape *t) { return t->status; }

kith_tape_bytes kith_tape_taken(const kith_tape *t) { return t->taken; }

void kith_tape_between(kith_tape *t, void (*between)(void *self), void *self) {
  t->between = between;
  t->between_self = self;
}

static void tape_play(const kith_tape *t, void (*play)(void *self), void *self) {
  play(self);
  if (t->between) t->between(t->between_self);
}

void kith_tape_forward(kith_tape *t) {
  for (int i = 0; i < t->n_op; i++) tape_play(t, t->op[i].forward, t->op[i].self);
}

void kith_tape_backward(kith_tape *t) {
  for (int i = 0; i < t->n_tensor; i++) t->tensor[i]->touched = false;
  for (int i = t->n_op - 1; i >= 0; i--)
    if (t->op[i].backward) tape_play(t, t->op[i].backward, t->op[i].self);
}

static void tape_rest_tensor(const kith_tensor *x) {
  kith_alloc_rest(x->value, x->n_row * x->d, sizeof *x->value);
  if (x->grad) kith_alloc_rest(x->grad, x->n_row * x->d, sizeof *x->grad);
}

void kith_tape_rest(kith_tape *t, const kith_tensor *keep, bool rooms) {
  for (int i = 0; i < t->n_tensor; i++)
    if (t->tensor[i] != keep) tape_rest_tensor(t->tensor[i]);
  for (int i = 0; i < t->n_room && rooms; i++) kith_alloc_rest(t->room[i], t->room_bytes[i], 1);
}

float *kith_tensor_open(kith_tensor *x) {
  int64_t n = x->frame ? x->frame->n + x->frame->n_ghost : x->n_row;
  if (!kith_tensor_touch(x)) kith_clear(n * x->d, x->grad);
  return x->grad;
}

bool kith_tensor_touch(kith_tensor *x) {
  bool was = x->touched;
  x->touched = true;
  return was;
}
