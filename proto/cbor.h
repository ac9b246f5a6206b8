/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR: a pull reader over libcbor's streaming decoder, and a deterministic writer. libcbor enforces
 * neither shortest forms nor key order; a STRICT reader does.
 * SPEC: RFC 8949 4.2.1 (deterministic encoding), 5.3
 */
#ifndef ASSAY_CBOR_H
#define ASSAY_CBOR_H

#include "common/err.h"
#include "common/limits.h"
#include "common/reader.h"
#include "common/writer.h"

enum cbor_mode {
	CBOR_STRICT,	  /* RFC 8949 4.2.1, and no floats, undefined or unknown simple values  */
	CBOR_WELL_FORMED, /* what the field sends: indefinite lengths, any order, no twin keys  */
};
enum cbor_kind {
	CBOR_UINT,
	CBOR_NEGINT,
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_FALSE,
	CBOR_TRUE,
	CBOR_NULL,
	CBOR_FLOAT,   /* and undefined, and simple values nobody names */
	CBOR_NOTHING, /* the end of what is read, or a failure        */
};

/** struct cbor - a reader over one document; like struct reader the first failure sticks. */
struct cbor {
	struct reader r;
	enum cbor_mode mode;
	enum err_code code; /* of the failure; 0 stands for E_FORMAT */
};

static inline struct cbor cbor_on(struct bytes b, enum cbor_mode mode)
{
	return (struct cbor){ .r = reader_on(b), .mode = mode };
}

/**
 * cbor_check - the whole of @b is one well-formed item within the limits of limits.h (depth, count),
 * text is UTF-8, no map has a key twice, and in STRICT mode everything is deterministic. Call it
 * first; the pulls below then only check types.
 * Return: 0; E_FORMAT; E_LIMIT for a document that is larger than this build reads; E_MEMORY. The text ends with
 * where it is, as keys and places: "CBOR at byte 9: map key twice, in 4.0[1].2".
 */
int cbor_check(struct bytes b, enum cbor_mode mode, struct err *e);

enum cbor_kind cbor_peek(const struct cbor *c);
u64 cbor_uint(struct cbor *c, const char *field);
long long cbor_int(struct cbor *c, const char *field);	    /* both signs, within long long     */
struct bytes cbor_bytes(struct cbor *c, const char *field); /* definite length only: a view    */
struct bytes cbor_text(struct cbor *c, const char *field);
bool cbor_bool(struct cbor *c, const char *field);
u64 cbor_tag(struct cbor *c, const char *field);
/** cbor_array, cbor_map - how many items, or pairs, follow. Indefinite ones are counted ahead. */
size_t cbor_array(struct cbor *c, const char *field);
size_t cbor_map(struct cbor *c, const char *field);
/** cbor_end - after the last item of an array or map: steps over the break of an indefinite one. */
void cbor_end(struct cbor *c);
/** cbor_item - the encoded bytes of the next item, whatever it is, as a view; steps over it. */
struct bytes cbor_item(struct cbor *c, const char *field);
void cbor_fail(struct cbor *c, const char *why);
/** cbor_fail_with - when the failure is not one of form: E_LIMIT, E_MEMORY, E_UNSUPPORTED. */
void cbor_fail_with(struct cbor *c, enum err_code code, const char *why);
/** cbor_code - what the first failure was, for err_set(). */
enum err_code cbor_code(const struct cbor *c);
/** cbor_done - true if something failed or bytes are left. */
bool cbor_done(struct cbor *c);

/**
 * cbor_same - two items that cbor_check() passed hold the same data, however they are encoded: number
 * widths and the order of map members do not count. Strings in pieces are the same only bytewise.
 */
bool cbor_same(struct bytes a, struct bytes b);

/* ---- writing: always shortest forms and definite lengths ---- */
void cbor_put_uint(struct writer *w, u64 v);
void cbor_put_int(struct writer *w, long long v);
void cbor_put_bytes(struct writer *w, struct bytes b);
/** cbor_put_bytes_head - of a byte string whose bytes the caller keeps elsewhere. */
void cbor_put_bytes_head(struct writer *w, size_t len);
void cbor_put_text(struct writer *w, struct bytes text);
void cbor_put_array(struct writer *w, size_t n);
void cbor_put_map(struct writer *w, size_t n); /* keys follow in bytewise order of their encoding */
void cbor_put_tag(struct writer *w, u64 tag);
void cbor_put_bool(struct writer *w, bool v);
void cbor_put_null(struct writer *w);

/**
 * cbor_written - @document, as write_done() gave it, is one deterministic item. Every writer of a
 * document ends with it: a caller that gave keys out of order, or text that is not UTF-8, gets an
 * error and sends nothing.
 * @what: for the message: "a token".
 * Return: 0; E_FORMAT; E_LIMIT when it did not fit, so that @document is empty.
 */
int cbor_written(struct bytes document, const char *what, struct err *e);
/** cbor_head_len - bytes of an item's head with the number or length @value. */
size_t cbor_head_len(u64 value);

/** cbor_key_less - bytewise order of encoded keys (a proper prefix comes first). */
bool cbor_key_less(struct bytes a, struct bytes b);

#endif
