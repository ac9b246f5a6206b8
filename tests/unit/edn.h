/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR in tests, written as people read it. */
#ifndef ASSAY_EDN_H
#define ASSAY_EDN_H

#include "common/buf.h"

/**
 * edn_put - as much of the diagnostic notation (RFC 8949 8) as tests need: numbers, h'..', "..",
 * arrays, maps, tags, null, true, false, and << item >> for a byte string that holds an item.
 * Members of a map are written in the order given. Fails the test when it cannot read @text.
 */
void edn_put(const char *text, struct writer *w);
struct buf *edn(const char *text);

#endif
