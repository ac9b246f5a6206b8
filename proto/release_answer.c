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
	struct release_answer back;

	if (a->n > ARRAY_LEN(a->shares) || a->n_approvals > ARRAY_LEN(a->approvals))
		return err_set(e, E_LIMIT, "release answer: more shares or approvals than fit");
	cbor_put_map(out, 3u + !!a->lease.len + !!a->n_approvals);
	cbor_put_uint(out, 1);
	cbor_put_uint(out, VERSION);
	cbor_put_uint(out, 2);
	cbor_put_bytes(out, a->k_name);
	cbor_put_uint(out, 3);
	cbor_put_array(out, a->n);
	for (size_t i = 0; i < a->n; i++)
		put_share(out, &a->shares[i]);
	if (a->lease.len) {
		cbor_put_uint(out, 4);
		cbor_put_bytes(out, a->lease);
	}
	if (a->n_approvals) {
		cbor_put_uint(out, 5);
		cbor_put_array(out, a->n_approvals);
	}
	for (size_t i = 0; i < a->n_approvals; i++)
		cbor_put_bytes(out, a->approvals[i]);
	if (out->full)
		return err_set(e, E_LIMIT, "no room for a release answer");
	return release_answer_parse(write_done(out), &back, e) ? err_while(e, "write") : 0;
}

static struct bytes sized(struct cbor *c, size_t min, size_t max, const char *name)
{
	struct bytes b = cbor_bytes(c, name);

	if (!c->r.why && (b.len < min || b.len > max))
		cbor_fail_with(c, min < max && b.len > max ? E_LIMIT : E_FORMAT, name);
	return b;
}

static size_t counted(struct cbor *c, size_t max, const char *name)
{
	size_t n = cbor_array(c, name);

	if (!c->r.why && (n == 0 || n > max))
		cbor_fail_with(c, n ? E_LIMIT : E_FORMAT, name);
	return c->r.why ? 0 : n;
}

static void expect_key(struct cbor *c, u64 key)
{
	if (cbor_uint(c, "member") != key)
		cbor_fail(c, "a member is missing or of another version");
}

static void take_share(struct cbor *c, struct release_share *s)
{
	struct bytes state;

	if (cbor_map(c, "share") != 6)
		cbor_fail(c, "share has not six members");
	expect_key(c, 1);
	s->uuid = sized(c, 16, 16, "share UUID");
	expect_key(c, 2);
	s->epoch = cbor_uint(c, "share epoch");
	if (s->epoch > 0x7fffffffffffffffULL)
		cbor_fail(c, "share epoch");
	expect_key(c, 3);
	state = cbor_text(c, "share state");
	s->pending = bytes_equal(state, bytes_text("pending"));
	if (!s->pending && !bytes_equal(state, bytes_text("current")))
		cbor_fail(c, "share state");
	expect_key(c, 4);
	s->public_2b = sized(c, 1, TPM_STRUCT_MAX, "share public");
	expect_key(c, 5);
	s->private_2b = sized(c, 1, TPM_STRUCT_MAX, "share private");
	expect_key(c, 6);
	s->secret_2b = sized(c, 1, TPM_STRUCT_MAX, "share secret");
}

static void take_shares(struct cbor *c, struct release_answer *out)
{
	out->n = counted(c, ARRAY_LEN(out->shares), "shares");
	for (size_t i = 0; i < out->n && !c->r.why; i++) {
		const struct release_share *s = &out->shares[i];

		take_share(c, &out->shares[i]);
		for (size_t k = 0; k < i && !c->r.why; k++)
			if (bytes_equal(s->uuid, out->shares[k].uuid) &&
			    (s->pending == out->shares[k].pending ||
			     s->epoch == out->shares[k].epoch))
				cbor_fail(c, "shares: two of one volume and state or epoch");
	}
}

static void take_approvals(struct cbor *c, struct release_answer *out)
{
	out->n_approvals = counted(c, APPROVALS_MAX, "approvals");
	for (size_t i = 0; i < out->n_approvals && !c->r.why; i++)
		out->approvals[i] = sized(c, 1, TPM_STRUCT_MAX, "approval");
}

/* Keys ascend, so that each optional member stands where it is looked for or not at all. */
static void take_answer(struct cbor *c, struct release_answer *out)
{
	size_t n = cbor_map(c, "release answer");
	u64 key;

	if (n < 3)
		cbor_fail(c, "a member is missing or of another version");
	expect_key(c, 1);
	if (cbor_uint(c, "version") != VERSION)
		cbor_fail_with(c, E_UNSUPPORTED, "version");
	expect_key(c, 2);
	out->k_name = sized(c, AK_NAME_LEN, AK_NAME_LEN, "Name(K)");
	expect_key(c, 3);
	take_shares(c, out);
	for (size_t i = 3; i < n && !c->r.why; i++) {
		key = cbor_uint(c, "member");
		if (key == 4)
			out->lease = sized(c, 1, LEASE_GRANT_MAX, "lease");
		else if (key == 5)
			take_approvals(c, out);
		else
			cbor_fail(c, "a member is missing or of another version");
	}
}

int release_answer_parse(struct bytes b, struct release_answer *out, struct err *e)
{
	struct cbor c = cbor_on(b, CBOR_STRICT);

	*out = (struct release_answer){ 0 };
	if (b.len > RELEASE_ANSWER_MAX)
		return err_set(e, E_LIMIT, "release answer of %zu bytes", b.len);
	if (cbor_check(b, CBOR_STRICT, e))
		return err_while(e, "release answer");
	take_answer(&c, out);
	if (cbor_done(&c))
		return err_set(e, cbor_code(&c), "release answer: %s", c.r.why);
	return 0;
}
