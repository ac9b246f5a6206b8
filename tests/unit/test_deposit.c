// SPDX-License-Identifier: Apache-2.0
/* A share on its way to the server: its form, and what is signed over it. */
#include "support.h"

#include "common/text.h"
#include "proto/deposit.h"
#include "proto/tpm_half.h"

static const struct deposit sample = {
	.uuid = { 0, 0x11, 0x22, 0x33 }, .counter = 0x01810001, .epoch = 7, .share = { 0xaa, 0xbb }
};

static void what_is_written_is_read(void **state)
{
	u8 room[DEPOSIT_LEN];
	struct writer w = writer_on(room, sizeof(room));
	struct deposit d;
	struct err e = { 0 };

	(void)state;
	deposit_write(&sample, &w);
	assert_false(w.full);
	assert_int_equal(w.len, DEPOSIT_LEN);
	assert_ok(deposit_parse(write_done(&w), &d, &e), &e);
	assert_memory_equal(d.uuid, sample.uuid, sizeof(d.uuid));
	assert_memory_equal(d.share, sample.share, sizeof(d.share));
	assert_int_equal(d.counter, sample.counter);
	assert_int_equal(d.epoch, sample.epoch);
}

static void each_lie_is_named(void **state)
{
	static const struct {
		size_t at, cut;
		u8 value;
		const char *why;
	} rows[] = {
		{ 0, 0, 2, "version" },
		{ 17, 0, 0x02, "counter" },
		{ 17, 0, 0x00, "counter" },
		{ 28, 0, 0, "epoch" },
		{ 0, 1, 1, "share" },
		{ 0, 42, 1, "counter" },
		{ 0, DEPOSIT_LEN, 0, "version" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		u8 room[DEPOSIT_LEN];
		struct writer w = writer_on(room, sizeof(room));
		struct deposit d;
		struct err e = { 0 };

		deposit_write(&sample, &w);
		room[rows[i].at] = rows[i].value;
		assert_refused(
			deposit_parse((struct bytes){ room, DEPOSIT_LEN - rows[i].cut }, &d, &e),
			&e, E_FORMAT, rows[i].why);
	}
}

static void more_than_a_deposit_is_none(void **state)
{
	u8 room[DEPOSIT_LEN + 1] = { 0 };
	struct writer w = writer_on(room, sizeof(room));
	struct deposit d;
	struct err e = { 0 };

	(void)state;
	deposit_write(&sample, &w);
	assert_refused(deposit_parse(BYTES(room), &d, &e), &e, E_FORMAT, "");
}

/* SHA-256 over lp("assay/deposit/1") ‖ lp(nonce) ‖ lp(SHA-256(body)), by another program. */
static void what_is_signed_is_bound_to_nonce_and_body(void **state)
{
	u8 room[DEPOSIT_LEN], nonce[EVIDENCE_NONCE_LEN], other[EVIDENCE_NONCE_LEN] = { 1 };
	struct writer w = writer_on(room, sizeof(room));
	struct digest d, of_other;
	char hex[65];

	(void)state;
	for (size_t i = 0; i < sizeof(nonce); i++)
		nonce[i] = (u8)i;
	deposit_write(&sample, &w);
	d = deposit_bind(nonce, write_done(&w));
	assert_string_equal(hex_write(digest_bytes(&d), hex),
			    "9153a857189af6af9092870cac25bf3aef25ced2c7ebfd4c30cb00e181097838");
	of_other = deposit_bind(other, write_done(&w));
	assert_false(digest_equals(&d, digest_bytes(&of_other)));
	room[DEPOSIT_LEN - 1] ^= 1;
	of_other = deposit_bind(nonce, write_done(&w));
	assert_false(digest_equals(&d, digest_bytes(&of_other)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(each_lie_is_named),
		cmocka_unit_test(more_than_a_deposit_is_none),
		cmocka_unit_test(what_is_signed_is_bound_to_nonce_and_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
