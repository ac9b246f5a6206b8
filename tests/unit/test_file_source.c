// SPDX-License-Identifier: Apache-2.0
/* Saved evidence as a source: just what stands in the token, or a reason. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "agent/collector/source.h"
#include "common/file.h"
#include "proto/eat.h"

static const char answered[] = "1b36:0010/00000000000000a1/0";
static const char silent[] = "1b36:0010/00000000000000a2/0";

static struct buf *bytes_of(const char *text)
{
	return buf_copy(bytes_text(text));
}

static struct buf *device_value(bool failed)
{
	struct device_evidence d = {
		.source = "kernel-cma", .address = "0000:01:00.0", .generation = 7, .slot = 3
	};
	struct buf *value = NULL;
	struct err e = { 0 };

	if (failed) {
		snprintf(d.failure, sizeof(d.failure), "mailbox is silent");
	} else {
		d.vca = bytes_of("vca");
		d.chain = bytes_of("chain");
		d.measurements = bytes_of("measurements");
		d.challenge = bytes_of("challenge");
	}
	assert_ok(eat_write_device(&d, &value, &e), &e);
	device_evidence_clear(&d);
	return value;
}

/* A token with a device that answered and one that did not; nobody checks a signature here. */
static struct buf *saved_token(void)
{
	static const u8 name[AK_NAME_LEN] = { 0, 0x0b }, nonce[32], ueid[UEID_LEN] = { 1 }, pcr[32];
	struct eat_bank bank = { .alg = TPM_ALG_SHA256, .pcrs = 1, .value = { BYTES(pcr) } };
	struct eat_tpm_draft tpm_draft = { .ak_name = BYTES(name),
					   .quote = bytes_text("quote"),
					   .quote_sig = bytes_text("signature"),
					   .banks = &bank,
					   .n_banks = 1 };
	struct eat_host_draft host_draft = { .agent_version = "t", .phase = "system" };
	OWNED(buf) good = device_value(false);
	OWNED(buf) bad = device_value(true);
	OWNED(buf) host = NULL;
	OWNED(buf) tpm = NULL;
	OWNED(buf) logs = NULL;
	OWNED(keypair) cnf = NULL;
	struct buf *token = NULL;
	struct err e = { 0 };

	assert_ok(eat_write_host(&host_draft, &host, &e), &e);
	assert_ok(eat_write_tpm(&tpm_draft, &tpm, &e), &e);
	assert_ok(eat_write_logs(&(struct eat_logs){ 0 }, &logs, &e), &e);
	assert_ok(keypair_new(KEY_P256, 0, &cnf, &e), &e);
	struct eat_submodule subs[] = { { bytes_text("host"), buf_bytes(host) },
					{ bytes_text("tpm"), buf_bytes(tpm) },
					{ bytes_text("logs"), buf_bytes(logs) },
					{ bytes_text(answered), buf_bytes(good) },
					{ bytes_text(silent), buf_bytes(bad) } };

	assert_ok(
		eat_write_token(nonce, ueid, 1, cnf, BYTES_NONE, subs, ARRAY_LEN(subs), &token, &e),
		&e);
	return token;
}

static int save(void **state)
{
	OWNED(buf) token = saved_token();
	char *path = strdup("/tmp/assay-saved.XXXXXX");
	struct err e = { 0 };
	int fd = mkstemp(path);

	close(fd);
	assert_ok(file_write(path, buf_bytes(token), 0600, &e), &e);
	*state = path;
	return 0;
}

static int drop(void **state)
{
	unlink(*state);
	free(*state);
	return 0;
}

static void collect(const char *path, const char *label, struct device_evidence *out)
{
	struct source_device d = { .source = &source_file, .slot = 0 };
	struct evidence_context c = { { 1 } };

	snprintf(d.address, sizeof(d.address), "%s", path);
	snprintf(d.label, sizeof(d.label), "%s", label);
	source_collect(&d, &c, out);
}

static void saved_evidence_is_given_as_it_stands_and_says_where_it_is_from(void **state)
{
	struct device_evidence got;

	collect(*state, answered, &got);
	assert_string_equal(got.failure, "");
	assert_string_equal(got.source, "file"); /* not the source it once had */
	assert_string_equal(got.address, *state);
	assert_int_equal(got.slot, 3);
	assert_int_equal(got.generation, 7);
	assert_bytes_equal(buf_bytes(got.vca), bytes_text("vca"));
	assert_bytes_equal(buf_bytes(got.chain), bytes_text("chain"));
	assert_bytes_equal(buf_bytes(got.measurements), bytes_text("measurements"));
	assert_bytes_equal(buf_bytes(got.challenge), bytes_text("challenge"));
	device_evidence_clear(&got);
}

static void what_a_file_does_not_hold_is_a_failure_with_its_reason(void **state)
{
	const struct {
		const char *path, *label, *why;
	} rows[] = {
		{ *state, "1b36:0010/-/0", "has no device 1b36:0010/-/0" },
		{ *state, silent, "mailbox is silent" },
		{ "/nowhere/token", answered, "No such file" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct device_evidence got;

		collect(rows[i].path, rows[i].label, &got);
		if (!strstr(got.failure, rows[i].why) || !strstr(got.failure, rows[i].path))
			fail_msg("\"%s\", expected \"%s\"", got.failure, rows[i].why);
		assert_null(got.chain);
		device_evidence_clear(&got);
	}
}

static void a_file_cut_short_anywhere_is_a_failure(void **state)
{
	OWNED(buf) whole = file_bytes(*state);
	struct err e = { 0 };

	for (size_t len = 0; len < whole->w.len; len++) {
		struct device_evidence got;

		assert_ok(file_write(*state, (struct bytes){ whole->w.at, len }, 0600, &e), &e);
		collect(*state, answered, &got);
		if (!strstr(got.failure, "saved evidence"))
			fail_msg("%zu of %zu bytes: \"%s\"", len, whole->w.len, got.failure);
		device_evidence_clear(&got);
	}
	assert_ok(file_write(*state, buf_bytes(whole), 0600, &e), &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(saved_evidence_is_given_as_it_stands_and_says_where_it_is_from),
		cmocka_unit_test(what_a_file_does_not_hold_is_a_failure_with_its_reason),
		cmocka_unit_test(a_file_cut_short_anywhere_is_a_failure),
	};

	return cmocka_run_group_tests(tests, save, drop);
}
