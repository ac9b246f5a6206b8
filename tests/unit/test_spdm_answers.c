// SPDX-License-Identifier: Apache-2.0
/* What stands inside well-formed answers: blocks, digests, opaque lists, facts about keys. */
#include "spdm_script.h"

/* ---- what a digest is, and what is raw ---- */
static void a_digest_is_as_long_as_its_algorithm_and_raw_devices_send_none(void **state)
{
	static const struct {
		u32 meas_hash;
		const char *record; /* one block */
		const char *why;    /* NULL: legal */
	} rows[] = {
		{ SPDM_MEAS_RAW, "01010700 81 0400 01020304", NULL },
		{ SPDM_MEAS_RAW, "01010700 01 0400 01020304",
		  "block digest has not the length of MeasurementHashAlgo" },
		{ SPDM_MEAS_RAW, "01010300 01 0000",
		  "block digest has not the length of MeasurementHashAlgo" },
		{ SPDM_MEAS_SHA_256, "01010700 81 0400 01020304", NULL },
		{ SPDM_MEAS_SHA_256, "01010700 01 0400 01020304",
		  "block digest has not the length of MeasurementHashAlgo" },
		/* bit 7 says what a value is, for every type: a hash-extended one, a manifest's digest */
		{ SPDM_MEAS_SHA_256, "01010700 08 0400 01020304",
		  "block digest has not the length of MeasurementHashAlgo" },
		{ SPDM_MEAS_SHA_256, "01010b00 07 0800 0700000000000000",
		  "block digest has not the length of MeasurementHashAlgo" },
		{ SPDM_MEAS_SHA_256, "01010b00 87 0800 0700000000000000", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) record = from_hex(rows[i].record);
		struct response m;
		struct script s;
		int rc;

		script_start(&s, SPDM_12);
		s.meas_hash = rows[i].meas_hash;
		s.record = buf_bytes(record);
		s.n_blocks = 1;
		script_until(&s, SPDM_GET_MEASUREMENTS, &m);
		rc = script_give(&s, (struct bytes){ m.at, m.len });
		if (!rc != !rows[i].why || (rc && strcmp(s.why, rows[i].why)))
			fail_msg("%s: \"%s\", expected \"%s\"", rows[i].record,
				 rc ? s.why : "accepted", rows[i].why ? rows[i].why : "accepted");
	}
}

/* Our requester asks for all blocks at once; recorded evidence of others may ask for less. */
static void an_answer_has_the_blocks_that_were_asked_for(void **state)
{
	static const char block_1[] = "01010400 81 0100 aa", block_2[] = "02010400 81 0100 bb";
	static const struct {
		u8 operation, n_blocks;
		const char *record[2], *why; /* NULL: legal */
	} rows[] = {
		{ 0, 0, { "", "" }, NULL },
		{ 0, 1, { block_1, "" }, "NumberOfBlocks: only the count was asked for" },
		{ 0, 0, { block_1, "" }, "NumberOfBlocks: only the count was asked for" },
		{ 1, 1, { block_1, "" }, NULL },
		{ 1, 0, { "", "" }, "NumberOfBlocks: one block was asked for" },
		{ 1, 2, { block_1, block_2 }, "NumberOfBlocks: one block was asked for" },
		{ 1, 1, { block_2, "" }, "block is not the one asked for" },
		{ 0xff, 2, { block_1, block_2 }, NULL },
		{ 0xff, 2, { block_2, block_1 }, NULL }, /* in any order */
		{ 0xff, 0, { "", "" }, "NumberOfBlocks" },
	};
	const struct spdm_negotiated n = { .version = SPDM_12, .meas_hash = SPDM_MEAS_RAW };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct spdm_get_measurements asked = { .operation = rows[i].operation };
		OWNED(buf) first = from_hex(rows[i].record[0]);
		OWNED(buf) second = from_hex(rows[i].record[1]);
		OWNED(buf) m = from_hex("12600200");
		struct spdm_measurements got;
		struct reader r;

		write_u8(&m->w, rows[i].n_blocks);
		write_le24(&m->w, (u32)(first->w.len + second->w.len));
		write_bytes(&m->w, buf_bytes(first));
		write_bytes(&m->w, buf_bytes(second));
		write_zeros(&m->w, SPDM_NONCE_LEN + 2);
		r = reader_on(buf_bytes(m));
		spdm_read_measurements(&r, &n, &asked, &got);
		if (!read_done(&r) != !rows[i].why || (r.why && strcmp(r.why, rows[i].why)))
			fail_msg("operation %u, %u blocks: \"%s\", expected \"%s\"",
				 rows[i].operation, rows[i].n_blocks, r.why ? r.why : "accepted",
				 rows[i].why ? rows[i].why : "accepted");
	}
}

/* ---- opaque data ---- */
static void a_list_of_opaque_elements_is_walked_to_its_end(void **state)
{
	static const struct {
		u8 version;
		const char *opaque, *why;
	} rows[] = {
		/* elements, three reserved bytes; each: id, vendor length, vendor, length, data, padding */
		{ SPDM_12, "01000000 0000 0400 aabbccdd", NULL },
		{ SPDM_12, "01000000 0300 0200 aabb 0000", NULL },
		{ SPDM_12, "02000000 0000 0000 03 02 8680 0100 aa 00", NULL },
		{ SPDM_12, "00000000", NULL },
		{ SPDM_12, "02000000 0000 0400 aabbccdd", "OpaqueData element" },
		{ SPDM_12, "01000000 0000 0500 aabbccdd", "OpaqueData element" },
		{ SPDM_12, "01000000 00ff 0400 aabbccdd", "OpaqueData element" },
		{ SPDM_12, "01000000 0000 0100 aa 0000 01", "OpaqueData padding" },
		{ SPDM_12, "01000000 0000 0100 aa", "OpaqueData padding" },
		{ SPDM_12, "01000000 0b00 0400 aabbccdd",
		  "OpaqueData element of an unknown registry" },
		{ SPDM_12, "01000000 0000 0400 aabbccdd 00000000",
		  "OpaqueData has bytes after its elements" },
		{ SPDM_12, "010000", "OpaqueData TotalElements" },
		{ SPDM_13, "02000000 0000 0400 aabbccdd", "OpaqueData element" },
		/* before 1.2 the bytes are the vendor's own */
		{ SPDM_11, "0300 0900 35353001", NULL },
	};
	static const u8 signed_answers[] = { SPDM_CHALLENGE, SPDM_GET_MEASUREMENTS };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t q = 0; q < ARRAY_LEN(signed_answers); q++) {
			OWNED(buf) opaque = from_hex(rows[i].opaque);
			struct response m;
			struct script s;
			int rc;

			script_start(&s, rows[i].version);
			if (signed_answers[q] == SPDM_CHALLENGE)
				s.opaque = buf_bytes(opaque);
			script_until(&s, signed_answers[q], &m);
			if (signed_answers[q] == SPDM_GET_MEASUREMENTS) {
				s.opaque = buf_bytes(opaque);
				script_answer(&s, spdm_requester_next(&s.rq), &m);
			}
			rc = script_give(&s, (struct bytes){ m.at, m.len });
			if (!rc != !rows[i].why || (rc && strcmp(s.why, rows[i].why)))
				fail_msg("%s: \"%s\", expected \"%s\"", rows[i].opaque,
					 rc ? s.why : "accepted",
					 rows[i].why ? rows[i].why : "accepted");
		}
}

static void opaque_data_without_an_agreed_format_is_refused(void **state)
{
	struct response m;
	struct script s;

	(void)state;
	script_start(&s, SPDM_12);
	s.other_params = 0;
	s.opaque = (struct bytes){ (const u8[4]){ 0 }, 4 };
	script_until(&s, SPDM_CHALLENGE, &m);
	assert_int_equal(script_give(&s, (struct bytes){ m.at, m.len }), -EBADMSG);
	assert_string_equal(s.why, "OpaqueData although no format was selected");
}

/* ---- keys of their own for each slot ---- */
static void ask_for_multi_key(struct script *s, u8 version, u32 cap, struct response *digests)
{
	script_start(s, version);
	s->flags |= cap;
	script_until(s, SPDM_GET_DIGESTS, digests);
}

static void multi_key_is_asked_for_only_of_a_device_that_knows_no_other_way(void **state)
{
	static const struct {
		u8 version;
		u32 cap;
		bool asked;
	} rows[] = {
		{ SPDM_12, 1u << 26, false }, /* reserved then */
		{ SPDM_13, 0, false },
		{ SPDM_13, 1u << 26, true },
		{ SPDM_13, 2u << 26, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct response m;
		struct script s;

		ask_for_multi_key(&s, rows[i].version, rows[i].cap, &m);
		assert_int_equal(!!(s.rq.offer.other_params & SPDM_MULTI_KEY_CONN), rows[i].asked);
		assert_int_equal(m.len, rows[i].asked ? 40 : 36);
		script_finish(&s);
	}
}

static void key_facts_of_digests_are_refused_when_they_make_no_sense(void **state)
{
	/* behind the digest: KeyPairID at 36, CertificateInfo at 37, KeyUsageMask at 38 */
	static const struct {
		u8 at, put;
		const char *why;
	} rows[] = {
		{ 37, 0, "CertificateInfo model" },
		{ 37, 3, "CertificateInfo model" }, /* generic, in slot 0 */
		{ 37, 4, "CertificateInfo model" },
		{ 38, 0x10, "KeyUsageMask has reserved bits" },
		{ 39, 0x20, "KeyUsageMask has reserved bits" },
		{ 38, 0x03, "DIGESTS: the key of the slot asked for signs no measurements" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct response m;
		struct script s;

		ask_for_multi_key(&s, SPDM_13, 1u << 26, &m);
		m.at[rows[i].at] = rows[i].put;
		assert_int_equal(script_give(&s, (struct bytes){ m.at, m.len }), -EBADMSG);
		assert_string_equal(s.why, rows[i].why);
	}
	for (size_t len = 36; len < 40; len++) {
		static const char *const names[] = { "KeyPairID", "CertificateInfo", "KeyUsageMask",
						     "KeyUsageMask" };
		struct response m;
		struct script s;

		ask_for_multi_key(&s, SPDM_13, 1u << 26, &m);
		assert_int_equal(script_give(&s, (struct bytes){ m.at, len }), -EBADMSG);
		assert_string_equal(s.why, names[len - 36]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_digest_is_as_long_as_its_algorithm_and_raw_devices_send_none),
		cmocka_unit_test(an_answer_has_the_blocks_that_were_asked_for),
		cmocka_unit_test(a_list_of_opaque_elements_is_walked_to_its_end),
		cmocka_unit_test(opaque_data_without_an_agreed_format_is_refused),
		cmocka_unit_test(multi_key_is_asked_for_only_of_a_device_that_knows_no_other_way),
		cmocka_unit_test(key_facts_of_digests_are_refused_when_they_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
