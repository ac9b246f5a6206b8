// SPDX-License-Identifier: Apache-2.0
/* The strict profile against a real TPM implementation: a half opens where a key that is elsewhere approved of the boot. */
#include "rig.h"

#include "agent/tpm_disk.h"

#include <stdio.h>

enum { INDEX = 0x01810001, VOLUME = 5 };

struct fixture {
	struct rig_tpm sw;
	char folder[256];
	struct tpm *tpm;
	struct tpm_key *salt;
	u8 l[32], ueid[UEID_LEN];
	struct keypair *key;
	struct tpm_strict strict;
	struct approval approvals[4];
	struct tpm_half half;
	u64 epoch;
	struct err e;
};

static void open_tpm(struct fixture *f)
{
	assert_ok(tpm_open(f->sw.tcti, &f->tpm, &f->e), &f->e);
	assert_ok(tpm_key_make(f->tpm, TEMPLATE_K, &f->salt, &f->e), &f->e);
}

static void close_tpm(struct fixture *f)
{
	tpm_key_drop(&f->salt);
	tpm_drop(&f->tpm);
}

static void key_of(const struct keypair *key, struct strict_key *out)
{
	u8 spki[STRICT_SPKI_MAX];
	struct writer w = writer_on(spki, sizeof(spki));
	struct err e = { 0 };

	assert_ok(pubkey_spki(keypair_pub(key), &w, &e), &e);
	assert_ok(strict_key_of(write_done(&w), out, &e), &e);
}

/* Off the host: what these PCRs will be, of whom and for which epoch. PCR 4 is @pcr4, the others are zero. */
static struct approval approve(const struct keypair *key, const u8 ueid[UEID_LEN], u64 epoch,
			       const u8 pcr4[32])
{
	static const u8 zero[32];
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);
	struct approval a = { .uuid = { VOLUME }, .epoch = epoch, .pcrs = STRICT_PCRS };
	struct digest d;
	struct err e = { 0 };

	for (int p = 0; p < TPM_PCRS; p++)
		if (STRICT_PCRS >> p & 1)
			hasher_add(h, (struct bytes){ p == 4 ? pcr4 : zero, 32 });
	d = hasher_end(h);
	memcpy(a.pcr_digest, d.at, 32);
	assert_ok(strict_sign(&a, ueid, key, &e), &e);
	return a;
}

static int start_tpm(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rig_folder(f->folder);
	rig_tpm_start(&f->sw, f->folder);
	open_tpm(f);
	f->ueid[0] = 1;
	assert_ok(random_bytes(f->l, sizeof(f->l), &f->e), &f->e);
	assert_ok(keypair_new(KEY_P256, 0, &f->key, &f->e), &f->e);
	assert_ok(tpm_counter_make(f->tpm, INDEX, &f->epoch, &f->e), &f->e);
	key_of(f->key, &f->strict.key);
	f->strict.ref = strict_ref(f->ueid, f->epoch);
	f->strict.approvals = f->approvals;
	assert_ok(
		tpm_half_seal(f->tpm, f->salt, f->l, INDEX, f->epoch, &f->strict, &f->half, &f->e),
		&f->e);
	*state = f;
	return 0;
}

static int stop_tpm(void **state)
{
	struct fixture *f = *state;

	close_tpm(f);
	keypair_drop(&f->key);
	tpm_half_clear(&f->half);
	rig_tpm_stop(&f->sw);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static void opens(struct fixture *f)
{
	OWNED(secret) got = NULL;
	struct err e = { 0 };

	assert_ok(tpm_strict_check(f->tpm, &f->strict, &e), &e);
	assert_ok(tpm_half_open(f->tpm, f->salt, &f->half, INDEX, f->epoch, &f->strict, &got, &e),
		  &e);
	assert_int_equal(got->len, sizeof(f->l));
	assert_memory_equal(got->at, f->l, sizeof(f->l));
}

static void stays_shut(struct fixture *f, const char *why)
{
	OWNED(secret) got = NULL;
	struct err e = { 0 };

	assert_refused(
		tpm_half_open(f->tpm, f->salt, &f->half, INDEX, f->epoch, &f->strict, &got, &e), &e,
		E_POLICY, why);
	assert_null(got);
}

static const u8 as_it_was[32];
static const u8 extension[32] = { [31] = 7 };

/* What PCR 4 is after the firmware has started another kernel. */
static struct digest another_kernel(void)
{
	struct bytes both[] = { BYTES(as_it_was), BYTES(extension) };

	return digest_of(DIGEST_SHA256, both, 2);
}

static void boot(struct fixture *f, bool other)
{
	char argument[80];

	close_tpm(f);
	rig_tpm_reset(&f->sw);
	snprintf(argument, sizeof(argument), "4:sha256=%064d", 7);
	if (other)
		assert_int_equal(rig_tpm_tool(&f->sw, (const char *const[]){ "tpm2_pcrextend",
									     argument, NULL }),
				 0);
	open_tpm(f);
}

static void another_kernel_opens_nothing_until_it_is_approved(void **state)
{
	struct fixture *f = *state;
	struct digest next = another_kernel();

	stays_shut(f, "nobody has approved of what was booted (0 approvals");
	f->approvals[f->strict.n++] = approve(f->key, f->ueid, f->epoch, as_it_was);
	opens(f);
	boot(f, false);
	opens(f);
	boot(f, true);
	stays_shut(f, "nobody has approved of what was booted (1 approvals");
	f->approvals[f->strict.n++] = approve(f->key, f->ueid, f->epoch, next.at);
	opens(f);
	boot(f, false); /* and the one before until a change of epochs */
	opens(f);
}

static void an_approval_for_another_host_epoch_or_of_another_key_is_none(void **state)
{
	struct fixture *f = *state;
	OWNED(keypair) other = NULL;
	u8 elsewhere[UEID_LEN] = { 1, 1 };

	assert_ok(keypair_new(KEY_P256, 0, &other, &f->e), &f->e);
	f->approvals[0] = approve(f->key, elsewhere, f->epoch, as_it_was);
	f->approvals[1] = approve(f->key, f->ueid, f->epoch + 1, as_it_was);
	f->approvals[2] = approve(other, f->ueid, f->epoch, as_it_was);
	for (size_t i = 0; i < 3; i++) {
		struct tpm_strict one = f->strict;

		f->strict.approvals = &f->approvals[i];
		f->strict.n = 1;
		stays_shut(f, "not the policy key's for this host and epoch: TPM2_VerifySignature");
		f->strict = one;
	}
	/* bad ones before it are passed over */
	f->approvals[3] = approve(f->key, f->ueid, f->epoch, as_it_was);
	f->strict.n = 4;
	opens(f);
}

static void an_approval_that_was_changed_is_none(void **state)
{
	struct fixture *f = *state;
	struct digest next = another_kernel();

	f->approvals[0] = approve(f->key, f->ueid, f->epoch, as_it_was);
	f->strict.n = 1;
	for (size_t i = 0; i < APPROVAL_SIG_LEN; i += 9) {
		f->approvals[0].signature[i] ^= 1;
		stays_shut(f, "TPM2_VerifySignature");
		f->approvals[0].signature[i] ^= 1;
	}
	/* the signature of the old kernel over the digest of the new one */
	boot(f, true);
	f->approvals[1] = approve(f->key, f->ueid, f->epoch, next.at);
	memcpy(f->approvals[0].pcr_digest, f->approvals[1].pcr_digest, 32);
	stays_shut(f, "TPM2_VerifySignature");
	/* fewer registers than were signed */
	boot(f, false);
	f->approvals[0] = approve(f->key, f->ueid, f->epoch, as_it_was);
	f->approvals[0].pcrs = 1;
	f->approvals[0].pcr_digest[0] ^= 1;
	stays_shut(f, "nobody has approved");
}

static void counter_and_cap_hold_as_in_the_standard_profile(void **state)
{
	struct fixture *f = *state;
	struct digest value = sha256_of(bytes_text("end of the boot phase"));

	f->approvals[0] = approve(f->key, f->ueid, f->epoch, as_it_was);
	f->strict.n = 1;
	opens(f);
	assert_ok(tpm_cap(f->tpm, &value, &f->e), &f->e);
	stays_shut(f, "TPM2_Unseal");
	boot(f, false);
	opens(f);
	assert_ok(tpm_counter_up(f->tpm, INDEX, &f->e), &f->e);
	stays_shut(f, "TPM2_Unseal");
}

static void a_half_of_one_profile_is_none_of_the_other(void **state)
{
	struct fixture *f = *state;
	struct tpm_half standard = { 0 };
	OWNED(secret) got = NULL;
	struct tpm_strict other = f->strict;
	OWNED(keypair) key = NULL;
	struct err e = { 0 };

	f->approvals[0] = approve(f->key, f->ueid, f->epoch, as_it_was);
	f->strict.n = 1;
	assert_ok(tpm_half_seal(f->tpm, f->salt, f->l, INDEX, f->epoch, NULL, &standard, &e), &e);
	assert_refused(
		tpm_half_open(f->tpm, f->salt, &standard, INDEX, f->epoch, &f->strict, &got, &e),
		&e, E_POLICY, "sealed to something else");
	assert_refused(tpm_half_open(f->tpm, f->salt, &f->half, INDEX, f->epoch, NULL, &got, &e),
		       &e, E_POLICY, "sealed to something else");
	assert_ok(keypair_new(KEY_P256, 0, &key, &f->e), &f->e);
	key_of(key, &other.key);
	assert_refused(tpm_half_open(f->tpm, f->salt, &f->half, INDEX, f->epoch, &other, &got, &e),
		       &e, E_POLICY, "sealed to something else");
	tpm_half_clear(&standard);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, start_tpm, stop_tpm)
		T(another_kernel_opens_nothing_until_it_is_approved),
		T(an_approval_for_another_host_epoch_or_of_another_key_is_none),
		T(an_approval_that_was_changed_is_none),
		T(counter_and_cap_hold_as_in_the_standard_profile),
		T(a_half_of_one_profile_is_none_of_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
