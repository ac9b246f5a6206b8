// SPDX-License-Identifier: Apache-2.0
/* IMA's list in a token: written and read again, and each way in which it may not stand there. */
#include "eat_sample.h"
#include "ima_sample.h"

static struct eat_ima sample(struct bytes entries)
{
	struct eat_ima ima = { .sent = true, .entries = entries };
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256 };

	ima_banks_start(&ima.from.pcr10, algs, 2);
	ima.from.reset_count = 7;
	ima.from.restart_count = 0xffffffff;
	ima.from.next = IMA_ENTRIES_MAX;
	ima.from.pcr10.at[1].at[31] = 9;
	return ima;
}

/* A token of that logs submodule alone, and what the reader says of it. */
static int read_token(struct bytes logs_value, struct eat **out, struct err *e)
{
	struct eat_host_draft hd = { .agent_version = "t", .phase = "t" };
	static u8 value[32];
	struct eat_bank bank = { .alg = TPM_ALG_SHA256, .pcrs = 1, .value = { BYTES(value) } };
	struct eat_tpm_draft td = { .ak_name = BYTES(ak_name),
				    .quote = BYTES(quote),
				    .quote_sig = BYTES(quote_sig),
				    .banks = &bank,
				    .n_banks = 1 };
	OWNED(buf) host = NULL;
	OWNED(buf) tpm = NULL;
	OWNED(buf) token = NULL;
	OWNED(keypair) cnf = cnf_key();
	struct eat_submodule subs[3];

	assert_ok(eat_write_host(&hd, &host, e), e);
	assert_ok(eat_write_tpm(&td, &tpm, e), e);
	subs[0] = (struct eat_submodule){ bytes_text("host"), buf_bytes(host) };
	subs[1] = (struct eat_submodule){ bytes_text("tpm"), buf_bytes(tpm) };
	subs[2] = (struct eat_submodule){ bytes_text("logs"), logs_value };
	assert_ok(eat_write_token(nonce, ueid, IAT, cnf, BYTES_NONE, subs, 3, &token, e), e);
	return eat_parse(buf_bytes(token), out, e);
}

static int round_trip(const struct eat_ima *ima, struct eat **out, struct err *e)
{
	struct eat_logs logs = { .ima = *ima };
	OWNED(buf) value = NULL;

	assert_ok(eat_write_logs(&logs, &value, e), e);
	return read_token(buf_bytes(value), out, e);
}

static void what_was_written_is_read(void **state)
{
	OWNED(buf) list = buf_new(4096);
	OWNED(eat) t = NULL;
	OWNED(eat) none = NULL;
	OWNED(eat) piece = NULL;
	struct err e = { 0 };
	struct eat_ima ima, why = { .sent = true, .why = bytes_text("no room") };

	(void)state;
	ima_sample_put(&list->w, &(struct ima_sample){ .path = "/a" });
	ima = sample(buf_bytes(list));
	assert_ok(round_trip(&ima, &t, &e), &e);
	assert_true(t->logs.ima.sent);
	assert_int_equal(t->logs.ima.from.reset_count, 7);
	assert_int_equal(t->logs.ima.from.restart_count, 0xffffffff);
	assert_int_equal(t->logs.ima.from.next, IMA_ENTRIES_MAX);
	assert_true(ima_banks_equal(&t->logs.ima.from.pcr10, &ima.from.pcr10));
	assert_bytes_equal(t->logs.ima.entries, buf_bytes(list));
	assert_int_equal(t->logs.ima.why.len, 0);
	assert_false(t->logs.ima.more);
	ima.more = true;
	assert_ok(round_trip(&ima, &piece, &e), &e);
	assert_true(piece->logs.ima.more);
	assert_bytes_equal(piece->logs.ima.entries, buf_bytes(list));
	assert_ok(round_trip(&why, &none, &e), &e);
	assert_bytes_equal(none->logs.ima.why, bytes_text("no room"));
}

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void each_defect_is_named(void **state)
{
	static const struct {
		const char *claim; /* hex, of -75303 */
		enum err_code code;
		const char *why;
	} rows[] = {
		{ "60", E_FORMAT, "logs: IMA list" },
		{ "80", E_FORMAT, "logs: IMA list" },
		{ "84 07 00 00 a1 0b 40", E_FORMAT, "logs: IMA list" },
		{ "85 20 00 00 a1 0b 40 40", E_FORMAT, "logs: IMA list" },
		{ "85 1b0000000100000000 00 00 a1 0b 40 40", E_FORMAT, "logs: IMA list" },
		{ "85 00 00 1a003d0901 a1 0b 40 40", E_FORMAT, "logs: IMA list: first entry" },
		{ "85 00 00 00 a0 40", E_FORMAT, "logs: IMA list: PCR 10" },
		{ "85 00 00 00 a1 0b 41aa 40", E_FORMAT, "logs: IMA list: PCR 10" },
		{ "85 00 00 00 a1 12 40 40", E_FORMAT, "logs: IMA list: PCR 10" },
		{ "85 00 00 00 a5 04 40 0b 40 0c 40 0d 40 12 40 40", E_LIMIT,
		  "logs: IMA list: PCR 10" },
		{ "86 00 00 00 a1 0b 5820 " ZEROS " 40 f4", E_FORMAT, "logs: IMA list: more" },
		{ "86 00 00 00 a1 0b 5820 " ZEROS " 40 01", E_FORMAT, "logs: IMA list: more" },
		{ "87 00 00 00 a1 0b 5820 " ZEROS " 40 f5 f5", E_FORMAT, "logs: IMA list" },
		{ "85 00 00 00 a1 04 54 0000000000000000000000000000000000000000 60", E_FORMAT,
		  "logs: IMA list: entries" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) value = buf_new(4096);
		OWNED(buf) claim = from_hex(rows[i].claim);
		OWNED(eat) t = NULL;
		struct err e = { 0 };

		cbor_put_map(&value->w, 2);
		cbor_put_int(&value->w, 265);
		cbor_put_text(&value->w, bytes_text("tag:assay.dev,2026:logs#1"));
		cbor_put_int(&value->w, -75303);
		write_bytes(&value->w, buf_bytes(claim));
		if (!read_token(buf_bytes(value), &t, &e) || e.code != rows[i].code ||
		    !strstr(e.text, rows[i].why))
			fail_msg("%s: %d %s", rows[i].claim, (int)e.code, e.text);
	}
}

static void more_than_the_limits_is_refused(void **state)
{
	OWNED(buf) list = buf_new(IMA_LIST_MAX + 1);
	OWNED(eat) t = NULL;
	struct err e = { 0 };
	struct eat_ima ima, why = { .sent = true };

	(void)state;
	write_zeros(&list->w, IMA_LIST_MAX + 1);
	ima = sample(buf_bytes(list));
	assert_refused(round_trip(&ima, &t, &e), &e, E_LIMIT, "IMA list: entries");
	why.why = (struct bytes){ list->w.at, IMA_WHY_MAX + 1 };
	e = (struct err){ 0 };
	assert_refused(round_trip(&why, &t, &e), &e, E_LIMIT, "IMA list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(each_defect_is_named),
		cmocka_unit_test(more_than_the_limits_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
