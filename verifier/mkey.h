/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of elements as numbers, for look-up: what has another number differs, what has the same is compared. */
#ifndef ASSAY_MKEY_H
#define ASSAY_MKEY_H

#include "proto/corim.h"

/** mkey_hash - of a key by what it is and not by how it is encoded; those that are no number or text share one. */
u64 mkey_hash(struct bytes mkey);
/** mkey_digest_hash - of a key and one digest of its element. */
u64 mkey_digest_hash(struct bytes mkey, const struct corim_digest *d);

#endif
