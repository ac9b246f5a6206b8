// SPDX-License-Identifier: Apache-2.0
#include "release_answer.h"

enum { VERSION = 1 };

static void put_share(struct writer *w, const struct release_share *s)
{
	cbor_put_map(w, 6);
	cbor_put_uint(w, 1);
	cbor_put_bytes(w, s->uuid);
	cbor_put_uint(w, 2);
	cbor_put_uint(w, s->epoch);
	cbor_put_uint(w, 3);
	cbor_put_text(w, bytes_text(s->pending ? "pending" : "current"));
	cbor_put_uint(w, 4);
	cbor_put_bytes(w, s->public_2b);
	cbor_put_uint(w, 5);
	cbor_put_bytes(w, s->private_2b);
	cbor_put_uint(w, 6);
	cbor_put_bytes(w, s->secret_2b);
}

int release_answer_write(const struct release_answer *a, struct writer *out, struct err *e)
{
	cbor_put_map(out, 3);
	cbor_put_uint(out, 1);
	cbor_put_uint(out, VERSION);
	cbor_put_uint(out, 2);
	cbor_put_bytes(out, a->k_name);
	cbor_put_uint(out, 3);
	cbor_put_array(out, a->n);
	for (size_t i = 0; i < a->n; i++)
		put_share(out, &a->shares[i]);
	return out->full ? err_set(e, E_MEMORY, "no room for a release answer") : 0;
}

static void expect_key(struct cbor *c, u64 key)
{
	if (cbor_uint(c, "key") != key)
		cbor_fail(c, "key is not the expected one");
}

static void take_share(struct cbor *c, struct release_share *s)
{
	struct bytes state;

	if (cbor_map(c, "share") != 6)
		cbor_fail(c, "share has not six members");
	expect_key(c, 1);
	s->uuid = cbor_bytes(c, "share UUID");
	if (!c->r.why && s->uuid.len != 16)
		cbor_fail(c, "share UUID");
	expect_key(c, 2);
	s->epoch = cbor_uint(c, "share epoch");
	expect_key(c, 3);
	state = cbor_text(c, "share state");
	s->pending = bytes_equal(state, bytes_text("pending"));
	if (!s->pending && !bytes_equal(state, bytes_text("current")))
		cbor_fail(c, "share state");
	expect_key(c, 4);
	s->public_2b = cbor_bytes(c, "share public");
	expect_key(c, 5);
	s->private_2b = cbor_bytes(c, "share private");
	expect_key(c, 6);
	s->secret_2b = cbor_bytes(c, "share secret");
}

int release_answer_parse(struct bytes b, struct release_answer *out, struct err *e)
{
	struct cbor c = cbor_on(b, CBOR_STRICT);

	*out = (struct release_answer){ 0 };
	if (b.len > RELEASE_ANSWER_MAX)
		return err_set(e, E_LIMIT, "release answer of %zu bytes", b.len);
	if (cbor_check(b, CBOR_STRICT, e))
		return err_while(e, "release answer");
	if (cbor_map(&c, "release answer") != 3) /* lease and approvals: not in this version */
		cbor_fail(&c, "release answer has members of another version");
	expect_key(&c, 1);
	if (cbor_uint(&c, "version") != VERSION)
		cbor_fail(&c, "version");
	expect_key(&c, 2);
	out->k_name = cbor_bytes(&c, "Name(K)");
	if (!c.r.why && out->k_name.len != AK_NAME_LEN)
		cbor_fail(&c, "Name(K)");
	expect_key(&c, 3);
	out->n = cbor_array(&c, "shares");
	if (out->n == 0 || out->n > ARRAY_LEN(out->shares))
		cbor_fail(&c, "shares");
	for (size_t i = 0; i < out->n && !c.r.why; i++)
		take_share(&c, &out->shares[i]);
	if (cbor_done(&c))
		return err_set(e, E_FORMAT, "release answer: %s", c.r.why);
	return 0;
}
