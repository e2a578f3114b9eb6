/** What other rooms of the library use of ingest, beyond kith/ingest.h. */
#ifndef KITH_INGEST_INGEST_H
#define KITH_INGEST_INGEST_H

#include "kith/ingest.h"
#include "store/store.h"

/** Name of a format: "sparse", "dense", "long", "auto".  Local. */
const char *kith_feature_format_text(kith_feature_format format);

#endif
