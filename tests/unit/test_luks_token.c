// SPDX-License-Identifier: Apache-2.0
/* The token in a LUKS2 header: what is written is read back, and what somebody else wrote is refused by its member. */
#include "support.h"

#include "proto/luks_token.h"

static struct luks_token sample(void)
{
	struct luks_token t = {
		.state = LUKS_TOKEN_ACTIVE, .keyslot = 3, .planned = LUKS_NO_KEYSLOT, .epoch = 7
	};

	t.public_len = 80;
	t.private_len = 190;
	memset(t.public_2b, 0xa5, t.public_len);
	memset(t.private_2b, 0x5a, t.private_len);
	return t;
}

static void what_is_written_is_read_back(void **state)
{
	static const enum luks_token_state states[] = { LUKS_TOKEN_STAGED, LUKS_TOKEN_PENDING,
							LUKS_TOKEN_ACTIVE };
	static const u64 epochs[] = { 1, 7, (1ull << 63) - 1 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct luks_token t = sample(), got;
		OWNED(buf) json = NULL;
		struct err e = { 0 };

		t.state = states[i];
		t.epoch = epochs[i];
		t.keyslot = i ? LUKS_KEYSLOTS_MAX - 1 : 0;
		t.lease_len = i ? LEASE_KEPT_MAX : 0;
		memset(t.lease, 0xc3, t.lease_len);
		assert_ok(luks_token_write(&t, &json, &e), &e);
		assert_int_equal(json->w.at[json->w.len], 0);
		assert_ok(luks_token_parse(buf_bytes(json), &got, &e), &e);
		assert_int_equal(got.state, t.state);
		assert_int_equal(got.keyslot, t.keyslot);
		assert_true(got.epoch == t.epoch);
		assert_memory_equal(got.public_2b, t.public_2b, t.public_len);
		assert_int_equal(got.public_len, t.public_len);
		assert_memory_equal(got.private_2b, t.private_2b, t.private_len);
		assert_int_equal(got.private_len, t.private_len);
		assert_int_equal(got.lease_len, t.lease_len);
		assert_memory_equal(got.lease, t.lease, t.lease_len);
	}
}

static void a_keyslot_that_is_to_be_made_or_was_removed_is_told_apart(void **state)
{
	static const struct {
		int keyslot, planned;
	} rows[] = { { LUKS_NO_KEYSLOT, 9 }, { LUKS_NO_KEYSLOT, LUKS_NO_KEYSLOT } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct luks_token t = sample(), got;
		OWNED(buf) json = NULL;
		struct err e = { 0 };

		t.keyslot = rows[i].keyslot;
		t.planned = rows[i].planned;
		assert_ok(luks_token_write(&t, &json, &e), &e);
		assert_ok(luks_token_parse(buf_bytes(json), &got, &e), &e);
		assert_int_equal(got.keyslot, t.keyslot);
		assert_int_equal(got.planned, t.planned);
	}
}

static void two_of_the_longest_fit_into_a_header_with_room_for_others(void **state)
{
	struct luks_token t = sample();
	OWNED(buf) json = NULL;
	struct err e = { 0 };

	(void)state;
	t.public_len = t.private_len = LUKS_TOKEN_SEALED_MAX;
	assert_ok(luks_token_write(&t, &json, &e), &e);
	assert_true(json->w.len <= LUKS_TOKEN_MAX / 2);
	buf_drop(&json);
	t.lease_len = LEASE_KEPT_MAX; /* in one of the two */
	assert_ok(luks_token_write(&t, &json, &e), &e);
	assert_true(json->w.len <= LUKS_TOKEN_MAX * 3 / 4);
	t.public_len++;
	buf_drop(&json);
	assert_refused(luks_token_write(&t, &json, &e), &e, E_LIMIT, "sealed half");
}

static void each_defect_has_its_refusal(void **state)
{
#define REST "\"state\":\"active\",\"epoch\":\"1\",\"public\":\"AA\",\"private\":\"AA\"}"
#define HEAD "{\"type\":\"assay\",\"keyslots\":[\"1\"],\"version\":1,"
	static const struct {
		const char *json;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ HEAD REST, E_OK, NULL },
		{ "", E_FORMAT, "not a JSON object" },
		{ "[1]", E_FORMAT, "not a JSON object" },
		{ "{\"type\":\"assay\",\"type\":\"assay\"}", E_FORMAT, "twice" },
		{ HEAD "\"more\":1," REST, E_FORMAT, "more members" },
		{ HEAD "\"lease\":\"AA\"," REST, E_OK, NULL },
		{ HEAD "\"lease\":\"\"," REST, E_FORMAT, "lease is not base64url" },
		{ HEAD "\"lease\":7," REST, E_FORMAT, "lease is not a text" },
		{ HEAD "\"lease\":\"AA\",\"more\":1," REST, E_FORMAT, "more members" },
		{ "{\"type\":\"systemd-tpm2\",\"keyslots\":[]}", E_NOTFOUND, "not one of ours" },
		{ "{\"keyslots\":[\"1\"]}", E_FORMAT, "type is not a text" },
		{ "{\"type\":\"assay\",\"keyslots\":[\"1\"],\"version\":2," REST, E_UNSUPPORTED,
		  "version" },
		{ "{\"type\":\"assay\",\"keyslots\":[],\"version\":1," REST, E_OK, NULL },
		{ "{\"type\":\"assay\",\"keyslots\":[],\"planned\":\"3\",\"version\":1," REST, E_OK,
		  NULL },
		{ HEAD "\"planned\":\"3\"," REST, E_FORMAT, "beside the one it has" },
		{ "{\"type\":\"assay\",\"keyslots\":[],\"planned\":\"32\",\"version\":1," REST,
		  E_LIMIT, "planned" },
		{ "{\"type\":\"assay\",\"keyslots\":[],\"planned\":3,\"version\":1," REST, E_FORMAT,
		  "planned" },
		{ "{\"type\":\"assay\",\"keyslots\":3,\"version\":1," REST, E_FORMAT, "keyslots" },
		{ "{\"type\":\"assay\",\"keyslots\":[\"1\",\"2\"],\"version\":1," REST, E_FORMAT,
		  "keyslots" },
		{ "{\"type\":\"assay\",\"keyslots\":[1],\"version\":1," REST, E_FORMAT,
		  "keyslots" },
		{ "{\"type\":\"assay\",\"keyslots\":[\"32\"],\"version\":1," REST, E_LIMIT,
		  "keyslots" },
		{ "{\"type\":\"assay\",\"keyslots\":[\"-1\"],\"version\":1," REST, E_FORMAT,
		  "keyslots" },
		{ "{\"type\":\"assay\",\"keyslots\":[\"01\"],\"version\":1," REST, E_FORMAT,
		  "keyslots" },
		{ HEAD "\"state\":\"gone\",\"epoch\":\"1\",\"public\":\"AA\",\"private\":\"AA\"}",
		  E_FORMAT, "no such state" },
		{ HEAD "\"state\":\"active\",\"epoch\":1,\"public\":\"AA\",\"private\":\"AA\"}",
		  E_FORMAT, "epoch is not a text" },
		{ HEAD "\"state\":\"active\",\"epoch\":\"0\",\"public\":\"AA\",\"private\":\"AA\"}",
		  E_FORMAT, "epoch 0" },
		{ HEAD "\"state\":\"active\",\"epoch\":\"\",\"public\":\"AA\",\"private\":\"AA\"}",
		  E_FORMAT, "epoch is not a number" },
		{ HEAD "\"state\":\"active\",\"epoch\":\"9223372036854775808\",\"public\":\"AA\","
		       "\"private\":\"AA\"}",
		  E_LIMIT, "epoch is too large" },
		{ HEAD "\"state\":\"active\",\"epoch\":\"99999999999999999999\",\"public\":\"AA\","
		       "\"private\":\"AA\"}",
		  E_LIMIT, "epoch is too large" },
		{ HEAD "\"state\":\"active\",\"epoch\":\"1\",\"public\":\"A\",\"private\":\"AA\"}",
		  E_FORMAT, "public is not base64url" },
		{ HEAD "\"state\":\"active\",\"epoch\":\"1\",\"public\":\"AA\",\"private\":\"\"}",
		  E_FORMAT, "private is not base64url" },
		{ HEAD "\"state\":\"active\",\"epoch\":\"1\",\"public\":\"AA\",\"private\":null}",
		  E_FORMAT, "private is not a text" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct luks_token t;
		struct err e = { 0 };
		int rc = luks_token_parse(bytes_text(rows[i].json), &t, &e);

		if (rows[i].code == E_OK)
			assert_ok(rc, &e);
		else
			assert_refused(rc, &e, rows[i].code, rows[i].why);
	}
}

static void a_token_that_is_too_long_is_not_read(void **state)
{
	char long_one[LUKS_TOKEN_MAX + 2];
	struct luks_token t;
	struct err e = { 0 };

	(void)state;
	memset(long_one, ' ', sizeof(long_one));
	assert_refused(
		luks_token_parse((struct bytes){ (u8 *)long_one, LUKS_TOKEN_MAX + 1 }, &t, &e), &e,
		E_LIMIT, "more than");
}

static void every_truncation_is_refused(void **state)
{
	struct luks_token t = sample(), got;
	OWNED(buf) json = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(luks_token_write(&t, &json, &e), &e);
	for (size_t n = 0; n < json->w.len; n++) {
		struct err why = { 0 };

		assert_int_not_equal(
			luks_token_parse(bytes_slice(buf_bytes(json), 0, n), &got, &why), 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_keyslot_that_is_to_be_made_or_was_removed_is_told_apart),
		cmocka_unit_test(two_of_the_longest_fit_into_a_header_with_room_for_others),
		cmocka_unit_test(each_defect_has_its_refusal),
		cmocka_unit_test(a_token_that_is_too_long_is_not_read),
		cmocka_unit_test(every_truncation_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
