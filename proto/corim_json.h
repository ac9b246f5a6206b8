/* SPDX-License-Identifier: Apache-2.0 */
/* What a CoRIM says as data, for the API, for people, and for differences. */
#ifndef ASSAY_CORIM_JSON_H
#define ASSAY_CORIM_JSON_H

#include <jansson.h>

#include "corim.h"

/**
 * corim_json - {id, signer, signed, signer_key?, validity?, tags, triples: {kind: count}, notes?}. Text that came
 * from outside is printable ASCII. Return: a new object.
 */
json_t *corim_json(const struct corim *c);
/**
 * corim_triples_json - every triple: {kind, environment, elements}, or what its kind has instead
 * (conditions and additions, items, keys, others) or beside them (tag_ids, left_out). Return: a new array.
 */
json_t *corim_triples_json(const struct corim *c);
/**
 * corim_notes_json - what is in it and counts for nothing, as sentences: coswid-triples that are left out,
 * files without a hash, CoSWIDs that no triple names, digests of a length that their algorithm has not. Return: a new array, empty where all counts.
 */
json_t *corim_notes_json(const struct corim *c);
/** corim_files_json - the files that CoSWIDs, or evidence of software, list: [{path, size?, digest?}]. */
json_t *corim_files_json(const struct corim *c);

#endif
