/* What embeddings.h5 or blend.h5 says of the models that a blend is made of: attributes of the root. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/blend.h"
#include "store/word.h"

kith_agreed kith__embeddings_open(const kith_comm *comm, const char *path, kith_h5 **f) {
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  const char *format = strcmp(name, "blend.h5") == 0 ? KITH_BLEND_FORMAT : KITH_EMBEDDINGS_FORMAT;
  return kith_h5_open(comm, path, format, KITH_FILE_VERSION, f);
}

/* The attributes of the k-th evidence, from 1. */
static const char *blend_evidence(int k, const char *what, char *name) {
  snprintf(name, KITH_NAME, "evidence_%d%s", k + 1, what);
  return name;
}

/* The attribute of the m-th model, from 1: name [KITH_NAME]. */
static const char *blend_attribute(int m, const char *what, char *name) {
  snprintf(name, KITH_NAME, "member_%d_%s", m + 1, what);
  return name;
}

kith_agreed kith__blend_origin_write(kith_h5 *f, const kith_blend_origin *blend) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  KITH_TRY(kith_h5_put_attr_int(f, "members", blend->n));
  for (int m = 0; m < blend->n; m++) {
    const kith_blend_model *of = &blend->model[m];
    KITH_TRY(kith_h5_put_attr_text(f, blend_attribute(m, "name", name), of->name));
    KITH_TRY(kith_h5_put_attr_text(f, blend_attribute(m, "folder", name), of->folder));
    KITH_TRY(kith_h5_put_attr_text(f, blend_attribute(m, "model", name), of->model));
    KITH_TRY(kith_h5_put_attr_text(f, blend_attribute(m, "run", name), of->run));
    KITH_TRY(kith_h5_put_attr_int(f, blend_attribute(m, "width", name), of->width));
    KITH_TRY(kith_h5_put_attr_real(f, blend_attribute(m, "gamma", name), of->gamma));
    KITH_TRY(kith_h5_put_attr_real(f, blend_attribute(m, "sigma", name), of->sigma));
  }
  if (blend->n_evidence > 0) KITH_TRY(kith_h5_put_attr_int(f, "evidence", blend->n_evidence));
  if (blend->evidence_width > 0) KITH_TRY(kith_h5_put_attr_int(f, "evidence_width", blend->evidence_width));
  if (blend->weight_users > 0) KITH_TRY(kith_h5_put_attr_int(f, "weight_users", blend->weight_users));
  for (int k = 0; k < blend->n_evidence; k++) {
    KITH_TRY(kith_h5_put_attr_text(f, blend_evidence(k, "", name), blend->evidence[k].text));
    KITH_TRY(kith_h5_put_attr_real(f, blend_evidence(k, "_weight", name), blend->evidence[k].weight));
  }
done:
  return st;
}

static kith_agreed blend_read_model(kith_h5 *f, int m, kith_blend_model *out) {
  kith_agreed st = {KITH_OK};
  char name[KITH_NAME];
  KITH_TRY(kith__word_read(f, blend_attribute(m, "name", name), sizeof out->name, out->name));
  KITH_TRY(kith__word_read(f, blend_attribute(m, "folder", name), sizeof out->folder, out->folder));
  KITH_TRY(kith__word_read(f, blend_attribute(m, "model", name), sizeof out->model, out->model));
  KITH_TRY(kith__word_read(f, blend_attribute(m, "run", name), sizeof out->run, out->run));
  KITH_TRY(kith_h5_get_attr_int(f, blend_attribute(m, "width", name), &out->width));
  KITH_TRY(kith_h5_get_attr_real(f, blend_attribute(m, "gamma", name), &out->gamma));
  KITH_TRY(kith_h5_get_attr_real(f, blend_attribute(m, "sigma", name), &out->sigma));
done:
  return st;
}

static kith_agreed blend_read_evidence(kith_h5 *f, const char *path, kith_blend_origin *out) {
  kith_agreed st = {KITH_OK};
  int64_t n = 0;
  char name[KITH_NAME];
  if (!kith_h5_has_attr(f, "evidence")) return st;
  KITH_TRY(kith_h5_get_attr_int(f, "evidence", &n));
  if (n < 0 || n > KITH_BLEND_EVIDENCE)
    KITH_TRY(kith_agreed_same(kith_fail(KITH_EDATA, "%s: evidence is %lld, expected 0 to %d", path,
                                        (long long)n, KITH_BLEND_EVIDENCE)));
  out->n_evidence = (int)n;
  if (kith_h5_has_attr(f, "evidence_width"))
    KITH_TRY(kith_h5_get_attr_int(f, "evidence_width", &out->evidence_width));
  for (int k = 0; k < out->n_evidence; k++) {
    struct kith_blend_evidence *e = &out->evidence[k];
    KITH_TRY(kith__word_read(f, blend_evidence(k, "", name), sizeof e->text, e->text));
    KITH_TRY(kith_h5_get_attr_real(f, blend_evidence(k, "_weight", name), &e->weight));
  }
done:
  return st;
}

static kith_status blend_check(const char *path, const kith_blend_origin *b, int64_t width) {
  kith_status st = KITH_OK;
  int64_t sum = b->evidence_width;
  KITH_CHECK(sum == 0 || sum == 1, KITH_EDATA, "%s: evidence_width is %lld, expected 0 or 1", path,
             (long long)sum);
  for (int m = 0; m < b->n; m++) {
    const kith_blend_model *of = &b->model[m];
    bool good = isfinite(of->gamma) && of->gamma >= 0 && isfinite(of->sigma) && of->sigma > 0 &&
                of->width >= 0 && of->width <= width;
    KITH_CHECK(good, KITH_EDATA,
               "%s: model %d has gamma %g, sigma %g and %lld columns, which cannot be; run kith blend again",
               path, m + 1, of->gamma, of->sigma, (long long)of->width);
    sum += of->width;
  }
  for (int k = 0; k < b->n_evidence; k++)
    KITH_CHECK(isfinite(b->evidence[k].weight), KITH_EDATA,
               "%s: evidence %s has the weight %g, which cannot be", path, b->evidence[k].text,
               b->evidence[k].weight);
  KITH_CHECK(sum == width, KITH_EDATA,
             "%s: models and evidence have %lld columns, the rows %lld; run kith blend again", path,
             (long long)sum, (long long)width);
done:
  return st;
}

static kith_status blend_check_count(const char *path, int64_t n) {
  kith_status st = KITH_OK;
  KITH_CHECK(n >= 1 && n <= KITH_BLEND_MODELS, KITH_EDATA, "%s: members is %lld, expected 1 to %d", path,
             (long long)n, KITH_BLEND_MODELS);
done:
  return st;
}

kith_agreed kith_blend_origin_read(const kith_comm *comm, const char *path, kith_blend_origin *out) {
  kith_agreed st = {KITH_OK};
  kith_h5 *f = NULL;
  int64_t n = 0, width = 0;
  *out = (kith_blend_origin){.n = 0};
  KITH_TRY(kith__embeddings_open(comm, path, &f));
  if (!kith_h5_has_attr(f, "members")) goto done;
  KITH_TRY(kith_h5_get_attr_int(f, "members", &n));
  KITH_TRY(kith_h5_get_attr_int(f, "width", &width));
  KITH_TRY(kith_agreed_same(blend_check_count(path, n)));
  out->n = (int)n;
  for (int m = 0; m < out->n; m++) KITH_TRY(blend_read_model(f, m, &out->model[m]));
  KITH_TRY(blend_read_evidence(f, path, out));
  KITH_TRY(kith_agreed_same(blend_check(path, out, width)));
done:
  kith_h5_close(&f);
  return st;
}
