// SPDX-License-Identifier: Apache-2.0
/* The token plugin's own reader: it takes what luks_token_write() writes, as libcryptsetup hands it over or by hand, and no other. */
#include "support.h"

#include "agent/token/token_json.h"

#define HALVES "\"public\":\"AAEC\",\"private\":\"_w\""
#define REST   "\"version\":1,\"state\":\"active\",\"epoch\":\"7\"," HALVES

static void what_is_written_is_read(void **state)
{
	static const struct luks_token rows[] = {
		{ .state = LUKS_TOKEN_ACTIVE, .keyslot = 31, .planned = -1, .epoch = 1 },
		{ .state = LUKS_TOKEN_PENDING,
		  .keyslot = -1,
		  .planned = 9,
		  .epoch = (1ull << 63) - 1 },
		{ .state = LUKS_TOKEN_STAGED, .keyslot = -1, .planned = -1, .epoch = 7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct luks_token t = rows[i], got;
		OWNED(buf) json = NULL;
		struct err e = { 0 };

		t.public_len = t.private_len = LUKS_TOKEN_SEALED_MAX;
		memset(t.public_2b, 0xa5, t.public_len);
		memset(t.private_2b, 0x5a, t.private_len);
		t.lease_len = i * (LEASE_KEPT_MAX / 2);
		memset(t.lease, 0xc3, t.lease_len);
		assert_ok(luks_token_write(&t, &json, &e), &e);
		assert_ok(token_json_parse(buf_bytes(json), &got, &e), &e);
		assert_memory_equal(&got, &t, sizeof(t));
	}
}

static void space_between_is_none_of_its_business(void **state)
{
	struct luks_token got;
	struct err e = { 0 };

	(void)state;
	assert_ok(token_json_parse(
			  bytes_text(" {\n\t\"type\" : \"assay\" , \"keyslots\" : [ \"3\" ] , " REST
				     "}\r\n"),
			  &got, &e),
		  &e);
	assert_int_equal(got.keyslot, 3);
	assert_true(got.epoch == 7);
	assert_int_equal(got.public_len, 3);
	assert_int_equal(got.private_2b[0], 0xff);
}

#define OURS(more) "{\"type\":\"assay\",\"keyslots\":[\"3\"]," more "}"
static const struct {
	const char *json;
	enum err_code code;
	const char *says;
} rows[] = {
	{ "", E_FORMAT, "not a JSON object" },
	{ "[]", E_FORMAT, "not a JSON object" },
	{ "{}", E_FORMAT, "not a JSON object of ours" },
	{ "{\"type\":\"other\",\"keyslots\":[]}", E_NOTFOUND, "not one of ours" },
	{ "{\"type\":\"assay\"}", E_FORMAT, "keyslots is missing" },
	{ "{\"type\":\"assay\",\"keyslots\":[\"3\"]", E_FORMAT, "does not end" },
	{ OURS(REST) "x", E_FORMAT, "does not end" },
	{ OURS(REST ","), E_FORMAT, "not a JSON object of ours" },
	{ OURS(REST ",\"x\":\"y\""), E_FORMAT, "more members" },
	{ OURS(REST ",\"epoch\":\"8\""), E_FORMAT, "epoch stands there twice" },
	{ OURS(REST ",\"lease\":\"\""), E_FORMAT, "lease is not base64url" },
	{ OURS(REST ",\"planned\":\"4\""), E_FORMAT, "planned beside" },
	{ OURS("\"version\":2,\"state\":\"active\",\"epoch\":\"7\"," HALVES), E_UNSUPPORTED,
	  "version" },
	{ OURS("\"version\":01,\"state\":\"active\",\"epoch\":\"7\"," HALVES), E_UNSUPPORTED,
	  "version" },
	{ OURS("\"version\":\"1\",\"state\":\"active\",\"epoch\":\"7\"," HALVES), E_FORMAT,
	  "version is not of its kind" },
	{ OURS("\"version\":1,\"state\":\"Active\",\"epoch\":\"7\"," HALVES), E_FORMAT,
	  "no such state" },
	{ OURS("\"version\":1,\"state\":\"\",\"epoch\":\"7\"," HALVES), E_FORMAT, "no such state" },
	{ OURS("\"version\":1,\"state\":\"activ\\u0065\",\"epoch\":\"7\"," HALVES), E_FORMAT,
	  "state is not of its kind" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":\"0\"," HALVES), E_FORMAT, "epoch 0" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":\"07\"," HALVES), E_FORMAT,
	  "epoch is not a number" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":\"\"," HALVES), E_FORMAT,
	  "epoch is not a number" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":\"9223372036854775808\"," HALVES),
	  E_LIMIT, "epoch is too large" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":\"99999999999999999999\"," HALVES),
	  E_LIMIT, "epoch is too large" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":7," HALVES), E_FORMAT,
	  "epoch is not of its kind" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":\"7\",\"public\":\"\",\"private\":\"_"
	       "w\""),
	  E_FORMAT, "public is not base64url" },
	{ OURS("\"version\":1,\"state\":\"active\",\"epoch\":\"7\",\"public\":\"AAEC\",\"private\":"
	       "\"_x\""),
	  E_FORMAT, "private is not base64url" },
	{ "{\"type\":\"assay\",\"keyslots\":[\"32\"]," REST "}", E_LIMIT, "keyslots is too large" },
	{ "{\"type\":\"assay\",\"keyslots\":[\"1\",\"2\"]," REST "}", E_FORMAT,
	  "keyslots is not of its kind" },
	{ "{\"type\":\"assay\",\"keyslots\":[1]," REST "}", E_FORMAT,
	  "keyslots is not of its kind" },
	{ "{\"type\":\"assay\",\"keyslots\":[\"-1\"]," REST "}", E_FORMAT,
	  "keyslots is not a number" },
	{ "{\"type\":\"assay\",\"keyslots\":{}," REST "}", E_FORMAT,
	  "keyslots is not of its kind" },
};

/* What stands after a text is not read: each is given as long as it is. */
static void what_is_none_is_refused_by_its_member(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].json);
		u8 *copy = malloc(len + !len);
		struct luks_token t;
		struct err e = { 0 }, e2 = { 0 };
		struct bytes b = { copy, len };

		memcpy(copy, rows[i].json, len);
		if (token_json_parse(b, &t, &e) != (int)rows[i].code ||
		    !strstr(e.text, rows[i].says))
			fail_msg("%s: %s", rows[i].json, e.text);
		if (!strstr(rows[i].json, "\\u")) /* the other reader refuses the same */
			assert_int_not_equal(luks_token_parse(b, &t, &e2), 0);
		free(copy);
	}
}

static void one_that_is_too_long_is_not_read(void **state)
{
	static u8 spaces[LUKS_TOKEN_MAX + 1];
	struct luks_token t;
	struct err e = { 0 };

	(void)state;
	memset(spaces, ' ', sizeof(spaces));
	assert_int_equal(token_json_parse((struct bytes){ spaces, sizeof(spaces) }, &t, &e),
			 E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(space_between_is_none_of_its_business),
		cmocka_unit_test(what_is_none_is_refused_by_its_member),
		cmocka_unit_test(one_that_is_too_long_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
