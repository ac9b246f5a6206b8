// SPDX-License-Identifier: Apache-2.0
/*
 * The token's writer and reader: what goes in comes out, and the bytes between are those of
 * tests/vectors/eat. What is refused: test_eat_defects.c.
 */
#include "eat_sample.h"

/* ---- round trip ---- */
static void check_function(const struct eat_function *got, const struct eat_function *want)
{
	assert_bytes_equal(got->address, want->address);
	assert_int_equal(got->vendor, want->vendor);
	assert_int_equal(got->device, want->device);
	assert_int_equal(got->class_code, want->class_code);
	assert_int_equal(got->revision, want->revision);
	assert_int_equal(got->has_subsystem, want->has_subsystem);
	assert_int_equal(got->subsystem_vendor, want->subsystem_vendor);
	assert_int_equal(got->subsystem, want->subsystem);
	assert_bytes_equal(got->serial, want->serial);
	assert_bytes_equal(got->parent, want->parent);
	assert_bytes_equal(got->driver, want->driver);
	assert_int_equal(got->has_group, want->has_group);
	assert_int_equal(got->group, want->group);
	assert_bytes_equal(got->domain, want->domain);
	assert_int_equal(got->cma, want->cma);
	assert_bytes_equal(got->label, want->label);
	assert_bytes_equal(got->tsm, want->tsm);
	assert_bytes_equal(got->authenticated_by, want->authenticated_by);
	assert_int_equal(got->has_authenticated, want->has_authenticated);
	assert_int_equal(got->authenticated, want->authenticated);
	assert_int_equal(got->n_streams, want->n_streams);
	for (size_t i = 0; i < want->n_streams; i++)
		assert_bytes_equal(got->streams[i], want->streams[i]);
}

static void check_devices(const struct eat *t)
{
	const struct eat_device *nvme = &t->devices[0], *nic = &t->devices[1];

	assert_int_equal(t->n_devices, 2); /* the shorter label first: key order */
	assert_bytes_equal(nvme->label, bytes_text(NVME));
	assert_bytes_equal(nvme->source, bytes_text("socket"));
	assert_bytes_equal(nvme->address, bytes_text("nvme"));
	assert_bytes_equal(nvme->failure, bytes_text("nobody answers"));
	assert_int_equal(nvme->measurements.len, 0);
	assert_bytes_equal(nic->label, bytes_text(NIC));
	assert_bytes_equal(nic->source, bytes_text("kernel-cma"));
	assert_bytes_equal(nic->address, bytes_text("0000:01:00.0"));
	assert_int_equal(nic->generation, 7);
	assert_int_equal(nic->slot, 3);
	assert_bytes_equal(nic->chain, bytes_text("chain object"));
	assert_bytes_equal(nic->vca, bytes_text("six messages"));
	assert_bytes_equal(nic->measurements, bytes_text("measurements"));
	assert_bytes_equal(nic->challenge, bytes_text("challenge"));
	assert_true(nic->guard.known && !nvme->guard.known);
	assert_int_equal(nic->guard.detects, 7);
	assert_int_equal(nic->guard.prevents, 16);
	assert_int_equal(nic->guard.hold, 1);
	assert_int_equal(nic->failure.len, 0);
	/* the leaf covers the entry's value as it stands in the token */
	assert_true(nic->value.at > t->bytes->w.at && nic->value.at[0] == 0xaa);
}

static void everything_that_is_written_is_read_back(void **state)
{
	OWNED(buf) token = write_token(true);
	OWNED(keypair) key = cnf_key();
	OWNED(eat) t = NULL;
	struct err e = { 0 };
	u8 thumb[32];

	(void)state;
	assert_ok(eat_parse(buf_bytes(token), &t, &e), &e);
	assert_ok(eat_check_signature(t, &e), &e);
	assert_int_equal(t->iat, IAT);
	assert_memory_equal(t->nonce, nonce, 32);
	assert_memory_equal(t->ueid, ueid, UEID_LEN);
	assert_true(pubkey_equal(t->cnf, keypair_pub(key)));
	assert_ok(cose_thumbprint(keypair_pub(key), thumb, &e), &e);
	assert_memory_equal(t->thumbprint, thumb, 32);

	assert_int_equal(t->n_functions, 3);
	for (size_t i = 0; i < 3; i++)
		check_function(&t->functions[i], &functions[i]);
	assert_bytes_equal(t->agent_version, bytes_text("0.1.0"));
	assert_bytes_equal(t->phase, bytes_text("initramfs"));
	assert_int_equal(t->n_switches, 2);
	assert_bytes_equal(t->switches[1], bytes_text("allow_file_source"));
	assert_int_equal(t->n_pins, 2);
	assert_memory_equal(t->pins[1].at, "pin-two", EAT_PIN_LEN);

	assert_bytes_equal(t->ak_name, BYTES(ak_name));
	assert_bytes_equal(t->quote, BYTES(quote));
	assert_bytes_equal(t->quote_sig, BYTES(quote_sig));
	assert_int_equal(t->n_banks, 2);
	assert_int_equal(t->banks[0].alg, TPM_ALG_SHA1);
	assert_int_equal(t->banks[0].pcrs, 1);
	assert_bytes_equal(t->banks[0].value[0], BYTES(pcr_sha1));
	assert_int_equal(t->banks[1].alg, TPM_ALG_SHA256);
	assert_int_equal(t->banks[1].pcrs, 0x800001);
	assert_bytes_equal(t->banks[1].value[0], BYTES(pcr_sha256));
	assert_bytes_equal(t->banks[1].value[23], BYTES(pcr_zero));
	assert_bytes_equal(t->certify, BYTES(certify));
	assert_bytes_equal(t->certify_sig, BYTES(certify_sig));
	assert_bytes_equal(t->logs.boot_log, BYTES(boot_log));
	assert_bytes_equal(t->logs.device_log, BYTES(device_log));
	assert_int_equal(t->logs.device_log_pcr, 13);
	check_devices(t);

	assert_int_equal(t->n_volumes, 2);
	assert_bytes_equal(t->volumes[0].uuid, BYTES(uuid_a));
	assert_int_equal(t->volumes[1].epoch, 300);
	assert_bytes_equal(t->volumes[1].k_public, BYTES(k_public));
	assert_true(t->release.len && t->release.at[0] == 0x82);
}

static void what_is_optional_may_be_absent(void **state)
{
	OWNED(buf) token = write_token(false);
	OWNED(eat) t = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(eat_parse(buf_bytes(token), &t, &e), &e);
	assert_int_equal(t->n_functions, 1);
	check_function(&t->functions[0], &functions[0]);
	assert_int_equal(t->n_devices + t->n_volumes + t->n_switches + t->n_pins, 0);
	assert_int_equal(
		t->certify.len + t->logs.boot_log.len + t->logs.device_log.len + t->release.len, 0);
}

static void a_stored_inventory_is_read_like_the_tokens_own(void **state)
{
	OWNED(buf) token = write_token(true);
	OWNED(eat) t = NULL;
	struct eat_function *f = NULL;
	struct err e = { 0 };
	size_t n = 0;

	(void)state;
	assert_ok(eat_parse(buf_bytes(token), &t, &e), &e);
	assert_ok(eat_inventory_parse(t->inventory, &f, &n, &e), &e);
	assert_int_equal(n, 3);
	check_function(&f[1], &functions[1]);
	free(f);
	f = NULL;
	for (size_t len = 0; len < t->inventory.len; len++) {
		u8 *copy = heap_copy((struct bytes){ t->inventory.at, len });

		assert_int_not_equal(eat_inventory_parse((struct bytes){ copy, len }, &f, &n, &e),
				     0);
		assert_null(f);
		free(copy);
	}
}

/* ---- committed tokens ---- */
/* ECDSA signatures differ from run to run: all bytes before are compared, and the committed one verified. */
static void check_token(const char *path, struct bytes token)
{
	OWNED(buf) committed = NULL;
	OWNED(eat) t = NULL;
	struct err e = { 0 };

	assert_own_vector(path, token, SIGNATURE_LEN);
	committed = own_vector(path);
	assert_ok(eat_parse(buf_bytes(committed), &t, &e), &e);
	assert_ok(eat_check_signature(t, &e), &e);
}

static void the_largest_token_is_the_committed_one(void **state)
{
	OWNED(buf) token = write_token(true);

	(void)state;
	check_token("eat/everything.token", buf_bytes(token));
}

static void the_smallest_token_is_the_committed_one(void **state)
{
	OWNED(buf) token = write_token(false);

	(void)state;
	check_token("eat/least.token", buf_bytes(token));
}

/* ---- the writer fails closed ---- */
static void a_writer_that_is_given_nonsense_gives_no_token(void **state)
{
	const struct eat_volume unsorted[] = {
		{ .uuid = BYTES(uuid_b), .epoch = 1, .k_public = BYTES(k_public) },
		{ .uuid = BYTES(uuid_a), .epoch = 1, .k_public = BYTES(k_public) }
	};
	const struct eat_bank banks[] = { { TPM_ALG_SHA256, 1, { BYTES(pcr_zero) } },
					  { TPM_ALG_SHA1, 1, { BYTES(pcr_sha1) } } };
	const struct eat_tpm_draft tpm = { .ak_name = BYTES(ak_name),
					   .quote = BYTES(quote),
					   .quote_sig = BYTES(quote_sig),
					   .banks = banks,
					   .n_banks = 2 };
	const struct eat_function odd = { .address = bytes_text("a"),
					  .driver = { (const u8 *)"\xff", 1 } };
	const struct eat_host_draft host = {
		.functions = &odd, .n_functions = 1, .agent_version = "", .phase = ""
	};
	struct eat_submodule twice[] = { { bytes_text("host"), bytes_text("\x01") },
					 { bytes_text("host"), bytes_text("\x01") } };
	OWNED(keypair) key = cnf_key();
	OWNED(buf) out = NULL;
	struct err e = { 0 };

	(void)state;
	assert_refused(eat_write_release(unsorted, 2, &out, &e), &e, E_USAGE, "not sorted by UUID");
	assert_refused(eat_write_release(unsorted, 0, &out, &e), &e, E_USAGE, "1 to");
	assert_refused(eat_write_tpm(&tpm, &out, &e), &e, E_FORMAT,
		       "write tpm: CBOR at byte 149: map keys not in order");
	assert_refused(eat_write_host(&host, &out, &e), &e, E_FORMAT, "text is not UTF-8");
	assert_refused(eat_write_token(nonce, ueid, IAT, key, BYTES_NONE, twice, 2, &out, &e), &e,
		       E_FORMAT, "write a token: CBOR at byte 203: map key twice");
	assert_null(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_that_is_written_is_read_back),
		cmocka_unit_test(what_is_optional_may_be_absent),
		cmocka_unit_test(a_stored_inventory_is_read_like_the_tokens_own),
		cmocka_unit_test(the_largest_token_is_the_committed_one),
		cmocka_unit_test(the_smallest_token_is_the_committed_one),
		cmocka_unit_test(a_writer_that_is_given_nonsense_gives_no_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
