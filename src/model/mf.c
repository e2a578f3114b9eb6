/* Matrix factorization: the embeddings are what they are (Rendle et al., BPR, UAI 2009, section 4.3.1). */
#include "kith/model.h"

void kith_mf_record(const kith_model_options *o, const kith_stage *s) {
  (void)o;
  kith_readout_op(s->tape, s->readout, 1, 0, s->x);
}
