/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conceptual messages in a wrapper: a record [type, bytes, ?indicator], a tag that stands for the type,
 * or a collection of these by name; in CBOR and in JSON.
 * SPEC: RFC 9999 (RATS Conceptual Messages Wrapper) 3
 */
#ifndef ASSAY_CMW_H
#define ASSAY_CMW_H

#include "cbor.h"

enum { CMW_DEPTH_MAX = 4, CMW_RECORDS_MAX = 1024 };

/** struct cmw_seen - records met, in collections of collections too. */
struct cmw_seen {
	size_t n_records, n_collections;
};
/**
 * cmw_check - grammar of one wrapper in CBOR. The text holds the path: "cmw.1[2]".
 * Return: 0; E_FORMAT; E_LIMIT for collections nested deeper than CMW_DEPTH_MAX.
 */
int cmw_check(struct bytes b, struct cmw_seen *out, struct err *e);
/** cmw_check_json - the same in JSON. */
int cmw_check_json(struct bytes json, struct cmw_seen *out, struct err *e);
/** cmw_tag_valid - @tag is one of those that stand for a content format; *@format: which one. */
bool cmw_tag_valid(u64 tag, u64 *format);

#endif
