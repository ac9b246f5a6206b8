// SPDX-License-Identifier: Apache-2.0
#include "support.h"

#include "common/buf.h"
#include "proto/device_log.h"

static void put_part(struct writer *w, struct bytes part)
{
	write_be32(w, (u32)part.len);
	write_bytes(w, part);
}

static void put_entry(struct writer *log, const char *label, const char *address, u8 fill)
{
	u8 entry[256], digest[32];
	struct writer w = writer_on(entry, sizeof(entry));

	memset(digest, fill, sizeof(digest));
	put_part(&w, bytes_text(label));
	put_part(&w, bytes_text(address));
	put_part(&w, BYTES(digest));
	put_part(&w, BYTES(digest));
	put_part(log, write_done(&w));
}

#define LABEL "assay/device-state/1"

/* Once more by hand, from the rule of the TPM: new = H(old ‖ H(entry)). */
static void a_log_replays_to_what_a_tpm_would_hold(void **state)
{
	u8 room[512], expected[32] = { 0 };
	struct writer w = writer_on(room, sizeof(room));
	struct bytes log, left;
	struct digest pcr;
	struct err e = { 0 };

	(void)state;
	put_entry(&w, LABEL, "0000:01:00.0", 1);
	put_entry(&w, LABEL, "0000:02:00.0", 2);
	log = write_done(&w);
	for (left = log; left.len;) {
		size_t n = left.at[3];
		struct bytes entry = bytes_slice(left, 4, n);
		struct digest d = digest_of(DIGEST_SHA256, &entry, 1);
		struct bytes both[] = { BYTES(expected), digest_bytes(&d) };

		d = digest_of(DIGEST_SHA256, both, 2);
		memcpy(expected, d.at, sizeof(expected));
		left = bytes_slice(left, 4 + n, left.len - 4 - n);
	}
	assert_ok(device_log_replay(log, DIGEST_SHA256, &pcr, &e), &e);
	assert_memory_equal(pcr.at, expected, sizeof(expected));
}

static void what_came_after_the_quote_is_left_out(void **state)
{
	u8 room[512];
	struct writer w = writer_on(room, sizeof(room));
	size_t ends[4] = { 0 };
	struct digest pcr, other = sha256_of(bytes_text("of another log"));
	struct err e = { 0 };

	(void)state;
	for (u8 i = 1; i < ARRAY_LEN(ends); i++) {
		put_entry(&w, LABEL, "0000:01:00.0", i);
		ends[i] = w.len;
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		assert_ok(
			device_log_replay((struct bytes){ room, ends[i] }, DIGEST_SHA256, &pcr, &e),
			&e);
		assert_int_equal(device_log_before(write_done(&w), &pcr).len, ends[i]);
	}
	/* for the verifier to refuse */
	assert_int_equal(device_log_before(write_done(&w), &other).len, w.len);
	assert_int_equal(device_log_before(write_done(&w), NULL).len, w.len);
	assert_int_equal(device_log_before((struct bytes){ room, ends[1] - 1 }, &pcr).len,
			 ends[1] - 1);
}

static void the_newest_entry_about_an_address_counts(void **state)
{
	u8 room[512];
	struct writer w = writer_on(room, sizeof(room));
	struct device_log_entry entry;

	(void)state;
	put_entry(&w, LABEL, "0000:01:00.0", 1);
	put_entry(&w, LABEL, "0000:02:00.0", 2);
	put_entry(&w, LABEL, "0000:01:00.0", 3);
	assert_true(device_log_last(write_done(&w), bytes_text("0000:01:00.0"), &entry));
	assert_int_equal(entry.chain_digest.at[0], 3);
	assert_false(device_log_last(write_done(&w), bytes_text("0000:03:00.0"), &entry));
}

static void a_malformed_log_is_refused_and_the_field_is_named(void **state)
{
	u8 room[512];
	struct writer w = writer_on(room, sizeof(room));
	struct bytes log;
	struct digest pcr;
	struct err e = { 0 };

	(void)state;
	put_entry(&w, LABEL, "0000:01:00.0", 1);
	log = write_done(&w);
	for (size_t n = 1; n < log.len; n++) {
		u8 *cut = malloc(n); /* exactly: a sanitizer sees one byte too far */

		memcpy(cut, log.at, n);
		assert_int_equal(
			device_log_replay((struct bytes){ cut, n }, DIGEST_SHA256, &pcr, &e),
			E_FORMAT);
		free(cut);
	}
	w = writer_on(room, sizeof(room));
	put_entry(&w, "assay/device-state/2", "0000:01:00.0", 1);
	assert_int_equal(device_log_replay(write_done(&w), DIGEST_SHA256, &pcr, &e), E_FORMAT);
	assert_non_null(strstr(e.text, "label"));
	w = writer_on(room, sizeof(room));
	put_entry(&w, LABEL, "an address that is longer than any", 1);
	assert_int_equal(device_log_replay(write_done(&w), DIGEST_SHA256, &pcr, &e), E_FORMAT);
	assert_non_null(strstr(e.text, "address"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_replays_to_what_a_tpm_would_hold),
		cmocka_unit_test(what_came_after_the_quote_is_left_out),
		cmocka_unit_test(the_newest_entry_about_an_address_counts),
		cmocka_unit_test(a_malformed_log_is_refused_and_the_field_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
