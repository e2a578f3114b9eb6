/* Matrix factorisation: the embeddings are what they are (Rendle et al., BPR, UAI 2009, section 4.3.1). */
#include "kith/model.h"

void kith_mf_record(kith_tape *t, kith_tensor *x, kith_readout *r) { kith_readout_op(t, r, 1, x); }
