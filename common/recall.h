/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded memory of what was decoded or verified before, by the SHA-256 of its bytes. Never a source
 * of truth: what falls out is made again. Thread-safe.
 */
#ifndef ASSAY_RECALL_H
#define ASSAY_RECALL_H

#include "bytes.h"
#include "own.h"

struct recall;
/**
 * recall_new - at most about @max things (rounded up to sets of four).
 * @share: one more owner of a thing, or NULL when memory is short; @drop: one owner less.
 */
struct recall *recall_new(size_t max, void *(*share)(void *thing), void (*drop)(void *thing));
void recall_drop(struct recall **r);
/** recall_find - the thing kept under @key, owned by the caller too; NULL: none. @r may be NULL. */
void *recall_find(struct recall *r, const u8 key[32]);
/** recall_keep - keep one more share of @thing; the least recently used of its set makes room. @r may be NULL. */
void recall_keep(struct recall *r, const u8 key[32], void *thing);

#endif
