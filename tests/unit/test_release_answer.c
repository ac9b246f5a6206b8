// SPDX-License-Identifier: Apache-2.0
/* The server's answer to a release claim: every member there and back, every defect by name. */
#include "support.h"

#include <stdio.h>

#include "proto/release_answer.h"

static const u8 name[AK_NAME_LEN] = { 0x00, 0x0b, 0x4e }, one[16] = { 0x01 }, two[16] = { 0x02 };

static struct release_answer sample(bool everything)
{
	struct release_answer a = {
		.k_name = BYTES(name),
		.n = 3,
		.shares = { { BYTES(one), 7, false, bytes_text("pub"), bytes_text("priv"),
			      bytes_text("sec") },
			    { BYTES(one), 8, true, bytes_text("PUB"), bytes_text("PRIV"),
			      bytes_text("SEC") },
			    { BYTES(two), 0x7fffffffffffffff, false, bytes_text("p"),
			      bytes_text("q"), bytes_text("r") } },
	};

	if (everything) {
		a.lease = bytes_text("lease");
		a.n_approvals = 2;
		a.approvals[0] = bytes_text("first");
		a.approvals[1] = bytes_text("second");
	}
	return a;
}

static struct buf *written(const struct release_answer *a)
{
	struct buf *b = buf_new(RELEASE_ANSWER_MAX);
	struct err e = { 0 };

	assert_ok(release_answer_write(a, &b->w, &e), &e);
	return b;
}

static void every_member_is_read_back(void **state)
{
	(void)state;
	for (int everything = 0; everything < 2; everything++) {
		struct release_answer a = sample(everything), back;
		OWNED(buf) b = written(&a);
		struct err e = { 0 };

		assert_ok(release_answer_parse(buf_bytes(b), &back, &e), &e);
		assert_bytes_equal(back.k_name, a.k_name);
		assert_int_equal(back.n, 3);
		for (size_t i = 0; i < 3; i++) {
			assert_bytes_equal(back.shares[i].uuid, a.shares[i].uuid);
			assert_int_equal(back.shares[i].epoch, a.shares[i].epoch);
			assert_int_equal(back.shares[i].pending, a.shares[i].pending);
			assert_bytes_equal(back.shares[i].public_2b, a.shares[i].public_2b);
			assert_bytes_equal(back.shares[i].private_2b, a.shares[i].private_2b);
			assert_bytes_equal(back.shares[i].secret_2b, a.shares[i].secret_2b);
		}
		assert_bytes_equal(back.lease, a.lease);
		assert_int_equal(back.n_approvals, a.n_approvals);
		for (size_t i = 0; i < a.n_approvals; i++)
			assert_bytes_equal(back.approvals[i], a.approvals[i]);
	}
}

static void the_answer_is_the_committed_one(void **state)
{
	struct release_answer a = sample(true);
	OWNED(buf) b = written(&a);

	(void)state;
	assert_own_vector("release/everything.answer", buf_bytes(b), 0);
}

#define R	 "release answer: "
#define STRANGER "a member is missing or of another version"
static const struct {
	const char *what;
	struct edit edit[2]; /* of the answer with everything */
	enum err_code code;
	const char *why; /* the whole text */
} defects[] = {
	{ "version 2", { { "a5010102", "a5010202" } }, E_UNSUPPORTED, R "version" },
	{ "version as text", { { "a5010102", "a501613102" } }, E_FORMAT, R "version" },
	{ "no version", { { "a5010102", "a402" } }, E_FORMAT, R STRANGER },
	{ "a member named by text",
	  { { "a501", "a601" }, { "46 7365636f6e64", "46 7365636f6e64 617800" } },
	  E_FORMAT,
	  R "member" },
	{ "a member 6",
	  { { "a501", "a601" }, { "46 7365636f6e64", "46 7365636f6e64 0600" } },
	  E_FORMAT,
	  R STRANGER },
	{ "Name(K) of 33 bytes", { { "5822000b4e", "58210b4e" } }, E_FORMAT, R "Name(K)" },
	{ "Name(K) of 35 bytes", { { "5822000b4e", "582300000b4e" } }, E_FORMAT, R "Name(K)" },
	{ "Name(K) as text", { { "5822000b", "7822000b" } }, E_FORMAT, R "Name(K)" },
	{ "no Name(K)",
	  { { "a50101025822000b", "a5010107 5822000b" } },
	  E_FORMAT,
	  R "CBOR at byte 41: map keys not in order, in 3" },

	{ "no share",
	  { { "0383a6", "0380 0483a6" }, { "04456c65617365", "" } },
	  E_FORMAT,
	  R "shares" },
	{ "share is not a map", { { "0383a6", "0384 00a6" } }, E_FORMAT, R "share" },
	{ "share without its secret",
	  { { "0383a6", "0383a5" }, { "0643736563", "" } },
	  E_FORMAT,
	  R "share has not six members" },
	{ "share with another member", { { "0643736563", "0743736563" } }, E_FORMAT, R STRANGER },
	{ "UUID of 15 bytes", { { "0383a6015001", "0383a6014f" } }, E_FORMAT, R "share UUID" },
	{ "UUID as text", { { "0383a60150", "0383a60170" } }, E_FORMAT, R "share UUID" },
	{ "epoch before 0", { { "020703", "022003" } }, E_FORMAT, R "share epoch" },
	{ "epoch of 64 bits",
	  { { "1b7fffffffffffffff", "1b8000000000000000" } },
	  E_FORMAT,
	  R "share epoch" },
	{ "a state that is none",
	  { { "70656e64696e67", "70656e64696e68" } },
	  E_FORMAT,
	  R "share state" },
	{ "state as a number", { { "6770656e64696e67", "01" } }, E_FORMAT, R "share state" },
	{ "public empty", { { "0443707562", "0440" } }, E_FORMAT, R "share public" },
	{ "private empty", { { "054470726976", "0540" } }, E_FORMAT, R "share private" },
	{ "secret empty", { { "0643736563", "0640" } }, E_FORMAT, R "share secret" },
	{ "secret as text", { { "0643736563", "0663736563" } }, E_FORMAT, R "share secret" },
	{ "two current shares of one volume",
	  { { "6770656e64696e67", "6763757272656e74" } },
	  E_FORMAT,
	  R "shares: two of one volume and state or epoch" },
	{ "two shares of one epoch",
	  { { "020803", "020703" } },
	  E_FORMAT,
	  R "shares: two of one volume and state or epoch" },

	{ "lease empty", { { "04456c65617365", "0440" } }, E_FORMAT, R "lease" },
	{ "lease as text", { { "04456c65617365", "04656c65617365" } }, E_FORMAT, R "lease" },
	{ "no approval",
	  { { "a501", "a601" }, { "0582456669727374", "0580 0682456669727374" } },
	  E_FORMAT,
	  R "approvals" },
	{ "approval empty", { { "456669727374", "40" } }, E_FORMAT, R "approval" },
	{ "approval as a number", { { "456669727374", "00" } }, E_FORMAT, R "approval" },
	{ "a byte after the end",
	  { { "46 7365636f6e64", "46 7365636f6e64 00" } },
	  E_FORMAT,
	  R "CBOR at byte 203: bytes after the end" },
	{ "members out of order",
	  { { "04456c65617365", "" }, { "46 7365636f6e64", "46 7365636f6e64 04456c65617365" } },
	  E_FORMAT,
	  R "CBOR at byte 197: map keys not in order, in 4" },
};

static void each_single_defect_is_refused_with_its_reason(void **state)
{
	struct release_answer a = sample(true), back;
	OWNED(buf) good = written(&a);
	size_t wrong = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(defects); i++) {
		OWNED(buf) bad = edited(buf_bytes(good), &defects[i].edit[0]);
		struct err e = { 0 };
		u8 *copy;
		int rc;

		if (defects[i].edit[1].find) {
			struct buf *next = edited(buf_bytes(bad), &defects[i].edit[1]);

			buf_drop(&bad);
			bad = next;
		}
		copy = heap_copy(buf_bytes(bad));
		rc = release_answer_parse((struct bytes){ copy, bad->w.len }, &back, &e);
		if (rc != (int)defects[i].code || strcmp(e.text, defects[i].why)) {
			print_error("%s: %d \"%s\", expected %d \"%s\"\n", defects[i].what, rc,
				    rc ? e.text : "accepted", (int)defects[i].code, defects[i].why);
			wrong++;
		}
		free(copy);
	}
	assert_int_equal(wrong, 0);
}

static void every_truncation_is_refused(void **state)
{
	struct release_answer a = sample(true), back;
	OWNED(buf) b = written(&a);

	(void)state;
	for (size_t len = 0; len < b->w.len; len++) {
		u8 *copy = heap_copy((struct bytes){ b->w.at, len });
		struct err e = { 0 };

		assert_refused(release_answer_parse((struct bytes){ copy, len }, &back, &e), &e,
			       E_FORMAT, "release answer: CBOR at byte");
		free(copy);
	}
}

static void a_limit_is_told_apart_from_a_malformed_answer(void **state)
{
	OWNED(buf) b = buf_new(2 * RELEASE_ANSWER_MAX);
	struct release_answer back;
	struct err e = { 0 };

	(void)state;
	write_zeros(&b->w, RELEASE_ANSWER_MAX + 1);
	assert_refused(release_answer_parse(buf_bytes(b), &back, &e), &e, E_LIMIT,
		       "release answer of 65537 bytes");
	b->w.len = 0; /* one share more than there can be */
	cbor_put_map(&b->w, 3);
	cbor_put_uint(&b->w, 1);
	cbor_put_uint(&b->w, 1);
	cbor_put_uint(&b->w, 2);
	cbor_put_bytes(&b->w, BYTES(name));
	cbor_put_uint(&b->w, 3);
	cbor_put_array(&b->w, 2 * VOLUMES_MAX + 1);
	write_zeros(&b->w, 2 * VOLUMES_MAX + 1);
	assert_refused(release_answer_parse(buf_bytes(b), &back, &e), &e, E_LIMIT, "shares");
}

static void an_answer_that_an_agent_would_refuse_is_not_written(void **state)
{
	static u8 large[LEASE_GRANT_MAX + 1];
	struct release_answer a;
	OWNED(buf) b = buf_new(RELEASE_ANSWER_MAX);
	u8 room[64];
	struct writer small = writer_on(room, sizeof(room));
	struct err e = { 0 };

	(void)state;
	a = sample(true);
	assert_refused(release_answer_write(&a, &small, &e), &e, E_LIMIT,
		       "no room for a release answer");
	a.k_name.len = 33;
	assert_refused(release_answer_write(&a, &b->w, &e), &e, E_FORMAT,
		       "write: release answer: Name(K)");
	b->w.len = 0;
	a = sample(true);
	a.n = 0;
	assert_refused(release_answer_write(&a, &b->w, &e), &e, E_FORMAT, "shares");
	b->w.len = 0;
	a = sample(true);
	a.shares[1].pending = false;
	assert_refused(release_answer_write(&a, &b->w, &e), &e, E_FORMAT, "two of one volume");
	b->w.len = 0;
	a = sample(true);
	a.lease = BYTES(large);
	assert_refused(release_answer_write(&a, &b->w, &e), &e, E_LIMIT, "lease");
	a.n_approvals = APPROVALS_MAX + 1;
	assert_refused(release_answer_write(&a, &b->w, &e), &e, E_LIMIT,
		       "more shares or approvals");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_is_read_back),
		cmocka_unit_test(the_answer_is_the_committed_one),
		cmocka_unit_test(each_single_defect_is_refused_with_its_reason),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(a_limit_is_told_apart_from_a_malformed_answer),
		cmocka_unit_test(an_answer_that_an_agent_would_refuse_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
