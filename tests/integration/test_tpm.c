// SPDX-License-Identifier: Apache-2.0
/* Our TPM code against a real TPM implementation: what the server wraps, only this TPM opens. */
#include "rig.h"

#include "agent/tpm.h"
#include "proto/tpm_policy.h"
#include "proto/tpm_wrap.h"

#include <stdio.h>
#include <unistd.h>

enum { RELEASE_PCRS = 0xdbff }; /* 0-9, 11, 12, 14, 15 */

struct fixture {
	struct rig_tpm sw;
	char folder[256];
};

static int start_tpm(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	rig_folder(f->folder);
	rig_tpm_start(&f->sw, f->folder);
	*state = f;
	return 0;
}

static int stop_tpm(void **state)
{
	struct fixture *f = *state;

	rig_tpm_stop(&f->sw);
	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static void ak_and_k_are_what_their_templates_say(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	OWNED(tpm) tpm = NULL;

	assert_ok(tpm_open(f->sw.tcti, &tpm, &e), &e);
	for (enum tpm_template which = 0; which < TEMPLATE_COUNT; which++) {
		OWNED(tpm_key) key = NULL;
		struct tpm_public area;

		assert_ok(tpm_key_make(tpm, which, &key, &e), &e);
		assert_ok(tpm_public_parse(buf_bytes(key->pub), &area, &e), &e);
		assert_ok(tpm_template_check(which, &area, &e), &e);
	}
}

static void the_ak_is_the_same_key_every_time_and_k_is_another_after_a_reset(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	u8 ak_before[AK_NAME_LEN], k_before[AK_NAME_LEN];

	for (int boot = 0; boot < 2; boot++) {
		OWNED(tpm) tpm = NULL;
		OWNED(tpm_key) ak = NULL;
		OWNED(tpm_key) k = NULL;

		assert_ok(tpm_open(f->sw.tcti, &tpm, &e), &e);
		assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
		assert_ok(tpm_key_make(tpm, TEMPLATE_K, &k, &e), &e);
		if (boot == 0) {
			memcpy(ak_before, ak->name, sizeof(ak_before));
			memcpy(k_before, k->name, sizeof(k_before));
			tpm_key_drop(&k);
			tpm_key_drop(&ak);
			tpm_drop(&tpm);
			rig_tpm_reset(&f->sw);
			continue;
		}
		assert_memory_equal(ak->name, ak_before, sizeof(ak_before));
		assert_memory_not_equal(k->name, k_before, sizeof(k_before));
	}
}

static void a_credential_made_without_a_tpm_is_activated_for_each_kind_of_ek(void **state)
{
	static const enum tpm_template eks[] = { TEMPLATE_EK_ECC_P256, TEMPLATE_EK_RSA_2048,
						 TEMPLATE_EK_RSA_2048_HIGH,
						 TEMPLATE_EK_ECC_P256_HIGH,
						 TEMPLATE_EK_ECC_P384_HIGH };
	struct fixture *f = *state;
	struct err e = { 0 };
	OWNED(tpm) tpm = NULL;
	OWNED(tpm_key) ak = NULL;
	u8 secret[32], got[32];
	size_t len;

	assert_ok(tpm_open(f->sw.tcti, &tpm, &e), &e);
	assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
	assert_ok(random_bytes(secret, sizeof(secret), &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(eks); i++) {
		OWNED(tpm_key) ek = NULL;
		OWNED(buf) blob = buf_new(TPM_STRUCT_MAX);
		OWNED(buf) seed = buf_new(TPM_STRUCT_MAX);
		struct tpm_public area;
		u8 foreign[AK_NAME_LEN];

		assert_ok(tpm_key_make(tpm, eks[i], &ek, &e), &e);
		assert_ok(tpm_public_parse(buf_bytes(ek->pub), &area, &e), &e);
		assert_ok(tpm_make_credential(&area, BYTES(ak->name), BYTES(secret), &blob->w,
					      &seed->w, &e),
			  &e);
		assert_ok(
			tpm_activate(tpm, ek, ak, buf_bytes(blob), buf_bytes(seed), got, &len, &e),
			&e);
		assert_int_equal(len, sizeof(secret));
		assert_memory_equal(got, secret, len);

		/* made for an AK of another name: this TPM refuses */
		memcpy(foreign, ak->name, sizeof(foreign));
		foreign[20] ^= 1;
		blob->w.len = seed->w.len = 0;
		assert_ok(tpm_make_credential(&area, BYTES(foreign), BYTES(secret), &blob->w,
					      &seed->w, &e),
			  &e);
		assert_refused(
			tpm_activate(tpm, ek, ak, buf_bytes(blob), buf_bytes(seed), got, &len, &e),
			&e, E_TPM, "TPM2_ActivateCredential");
	}
}

/* ---- on the bus ---- */
static size_t count_of(struct bytes all, struct bytes what)
{
	size_t n = 0;

	for (const u8 *at = all.at;
	     (at = memmem(at, all.len - (size_t)(at - all.at), what.at, what.len)); at++)
		n++;
	return n;
}

/* Sessions whose key is not the null handle: without a salt the key follows from what a listener sees. */
static size_t n_salted(struct bytes all)
{
	static const u8 start_auth_session[] = { 0, 0, 1, 0x76 };
	const u8 *at = all.at;
	size_t n = 0;

	while ((at = memmem(at, all.len - (size_t)(at - all.at), start_auth_session,
			    sizeof(start_auth_session)))) {
		if (at - all.at >= 6 && at[-6] == 0x80 && at[-5] == 1 && at + 8 < all.at + all.len)
			n += at[4] == 0x80; /* a loaded key */
		at++;
	}
	return n;
}

/* The first command with this code, and what came after it. */
static struct bytes command_of(struct bytes all, u32 code)
{
	const u8 want[] = { 0, 0, 1, (u8)code };
	const u8 *at = all.at;

	while ((at = memmem(at, all.len - (size_t)(at - all.at), want, sizeof(want)))) {
		if (at - all.at >= 6 && at[-6] == 0x80 && (at[-5] == 1 || at[-5] == 2))
			return (struct bytes){ at, all.len - (size_t)(at - all.at) };
		at++;
	}
	fail_msg("no command %x in the capture", code);
	return BYTES_NONE;
}

/* What a listener between processor and TPM sees of an activation. SPEC: docs/RULES.md 23 */
static void an_activation_shows_a_listener_neither_blob_nor_secret(void **state)
{
	static const enum tpm_template eks[] = { TEMPLATE_EK_ECC_P256, TEMPLATE_EK_RSA_2048,
						 TEMPLATE_EK_ECC_P384_HIGH };
	enum { ACTIVATE_CREDENTIAL = 0x47 };
	struct fixture *f = *state;
	struct err e = { 0 };
	char tcti[400], capture[400];

	snprintf(tcti, sizeof(tcti), "pcap:%s", f->sw.tcti);
	snprintf(capture, sizeof(capture), "%s/bus.pcap", f->folder);
	setenv("TCTI_PCAP_FILE", capture, 1);
	for (size_t i = 0; i < ARRAY_LEN(eks); i++) {
		OWNED(tpm) tpm = NULL;
		OWNED(tpm_key) ak = NULL;
		OWNED(tpm_key) ek = NULL;
		OWNED(buf) blob = buf_new(TPM_STRUCT_MAX);
		OWNED(buf) seed = buf_new(TPM_STRUCT_MAX);
		OWNED(buf) seen = NULL;
		struct tpm_public area;
		struct bytes command;
		u8 secret[32], got[32];
		size_t len;

		unlink(capture);
		assert_ok(tpm_open(tcti, &tpm, &e), &e);
		assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
		assert_ok(tpm_key_make(tpm, eks[i], &ek, &e), &e);
		assert_ok(random_bytes(secret, sizeof(secret), &e), &e);
		assert_ok(tpm_public_parse(buf_bytes(ek->pub), &area, &e), &e);
		assert_ok(tpm_make_credential(&area, BYTES(ak->name), BYTES(secret), &blob->w,
					      &seed->w, &e),
			  &e);
		assert_ok(
			tpm_activate(tpm, ek, ak, buf_bytes(blob), buf_bytes(seed), got, &len, &e),
			&e);
		assert_memory_equal(got, secret, sizeof(secret));
		tpm_key_drop(&ek);
		tpm_key_drop(&ak);
		tpm_drop(&tpm);
		seen = file_bytes(capture);
		assert_non_null(seen);
		command = command_of(buf_bytes(seen), ACTIVATE_CREDENTIAL);
		assert_true(n_salted(buf_bytes(seen)) >= 1);
		/* the capture holds what was sent: the seed, which only the EK opens, is there */
		assert_true(count_of(command,
				     bytes_slice(buf_bytes(seed), 2, buf_bytes(seed).len - 2)));
		assert_int_equal(count_of(buf_bytes(seen),
					  bytes_slice(buf_bytes(blob), 2, buf_bytes(blob).len - 2)),
				 0);
		assert_int_equal(count_of(buf_bytes(seen), BYTES(secret)), 0);
	}
	unsetenv("TCTI_PCAP_FILE");
}

static void check_quote_by(struct tpm *tpm, enum tpm_template template)
{
	struct err e = { 0 };
	OWNED(tpm_key) ak = NULL;
	OWNED(pubkey) pub = NULL;
	OWNED(hasher) h = NULL;
	struct digest extra = sha256_of(bytes_text("evidence")), pcrs;
	struct tpm_quoted q = { 0 };
	struct tpm_public area;
	struct tpm_attest attest;
	struct tpm_signature sig;
	struct bytes attest_bytes;

	assert_ok(tpm_key_make(tpm, template, &ak, &e), &e);
	assert_ok(tpm_quote(tpm, ak, &extra, &q, &e), &e);
	assert_ok(tpm_public_parse(buf_bytes(ak->pub), &area, &e), &e);
	assert_ok(tpm_public_key(&area, &pub, &e), &e);
	assert_ok(tpm_signature_parse(buf_bytes(q.signature), pub, &sig, &e), &e);
	attest_bytes = buf_bytes(q.attest);
	assert_ok(pubkey_verify(pub, sig.scheme, sig.hash, &attest_bytes, 1,
				(struct bytes){ sig.raw, sig.len }, &e),
		  &e);
	assert_ok(tpm_attest_parse(attest_bytes, &attest, &e), &e);
	assert_int_equal(attest.type, TPM_ST_ATTEST_QUOTE);
	assert_true(digest_equals(&extra, attest.extra_data));
	assert_int_equal(attest.selection.n, 1);
	assert_int_equal(attest.selection.bank[0].pcrs, 0xffff);
	/* the digest of the PCRs is of the AK's own hash */
	assert_int_equal(sig.hash, tpm_digest_alg(area.scheme_hash));
	h = hasher_new(sig.hash);
	for (u32 i = 0; i < 16; i++)
		hasher_add(h, digest_bytes(&q.pcrs[0][i]));
	pcrs = hasher_end(h);
	assert_true(digest_equals(&pcrs, attest.pcr_digest));
	tpm_quoted_clear(&q);
}

static void a_quote_by_each_kind_of_ak_verifies_and_speaks_of_the_values_read(void **state)
{
	static const enum tpm_template aks[] = { TEMPLATE_AK_ECC_P256, TEMPLATE_AK_ECC_P384,
						 TEMPLATE_AK_RSA_2048 };
	struct fixture *f = *state;
	OWNED(tpm) tpm = NULL;
	struct err e = { 0 };

	assert_ok(tpm_open(f->sw.tcti, &tpm, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(aks); i++)
		check_quote_by(tpm, aks[i]);
}

/* Everything of a release that an eavesdropper or the disk could keep. */
struct recorded {
	struct buf *public_2b, *private_2b, *secret_2b;
	struct tpm_clock clock;
	u8 share[32];
};

static void recorded_clear(struct recorded *r)
{
	buf_drop(&r->public_2b);
	buf_drop(&r->private_2b);
	buf_drop(&r->secret_2b);
}

/* The server's half, as server/release.c does it: policy from the quote, share wrapped to K. */
static void make_release(struct tpm *tpm, const struct tpm_key *ak, const struct tpm_key *k,
			 struct recorded *r, struct err *e)
{
	struct digest extra = sha256_of(bytes_text("release"));
	struct tpm_selection release = { .n = 1, .bank = { { TPM_ALG_SHA256, RELEASE_PCRS } } };
	struct tpm_quoted q = { 0 };
	struct tpm_attest attest;
	struct tpm_public area;
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);
	struct digest pcrs, policy;

	assert_ok(tpm_quote(tpm, ak, &extra, &q, e), e);
	assert_ok(tpm_attest_parse(buf_bytes(q.attest), &attest, e), e);
	for (u32 i = 0; i < TPM_PCRS; i++)
		if (RELEASE_PCRS & 1u << i)
			hasher_add(h, digest_bytes(&q.pcrs[0][i]));
	pcrs = hasher_end(h);
	r->clock = attest.clock;
	policy = tpm_release_policy(&release, digest_bytes(&pcrs), &r->clock);
	r->public_2b = buf_new(TPM_STRUCT_MAX);
	r->private_2b = buf_new(TPM_STRUCT_MAX);
	r->secret_2b = buf_new(TPM_STRUCT_MAX);
	assert_ok(random_bytes(r->share, sizeof(r->share), e), e);
	assert_ok(tpm_public_parse(buf_bytes(k->pub), &area, e), e);
	assert_ok(tpm_seal_for(&area, BYTES(r->share), &policy, &r->public_2b->w, &r->private_2b->w,
			       &r->secret_2b->w, e),
		  e);
	tpm_quoted_clear(&q);
}

static int open_recorded(const struct rig_tpm *sw, const struct recorded *r, struct err *e)
{
	OWNED(tpm) tpm = NULL;
	OWNED(tpm_key) k = NULL;
	OWNED(secret) share = NULL;

	assert_ok(tpm_open(sw->tcti, &tpm, e), e);
	assert_ok(tpm_key_make(tpm, TEMPLATE_K, &k, e), e);
	if (tpm_open_share(tpm, k, buf_bytes(r->public_2b), buf_bytes(r->private_2b),
			   buf_bytes(r->secret_2b), RELEASE_PCRS, &r->clock, &share, e))
		return (int)e->code;
	assert_bytes_equal(secret_bytes(share), BYTES(r->share));
	return 0;
}

static void record_release(const struct rig_tpm *sw, struct recorded *r)
{
	struct err e = { 0 };
	OWNED(tpm) tpm = NULL;
	OWNED(tpm_key) ak = NULL;
	OWNED(tpm_key) k = NULL;

	assert_ok(tpm_open(sw->tcti, &tpm, &e), &e);
	assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
	assert_ok(tpm_key_make(tpm, TEMPLATE_K, &k, &e), &e);
	make_release(tpm, ak, k, r, &e);
}

static void a_released_share_opens_in_this_boot(void **state)
{
	struct fixture *f = *state;
	struct recorded r = { 0 };
	struct err e = { 0 };

	record_release(&f->sw, &r);
	assert_ok(open_recorded(&f->sw, &r, &e), &e);
	assert_ok(open_recorded(&f->sw, &r, &e), &e); /* and again, before the cap */
	recorded_clear(&r);
}

static void a_recorded_release_is_dead_after_a_tpm_reset(void **state)
{
	struct fixture *f = *state;
	struct recorded r = { 0 };
	struct err e = { 0 };

	record_release(&f->sw, &r);
	rig_tpm_reset(&f->sw);
	/* the NULL hierarchy has another seed: K is another key, the wrap does not authenticate */
	assert_refused(open_recorded(&f->sw, &r, &e), &e, E_TPM, "integrity check failed");
	recorded_clear(&r);
}

static void a_recorded_release_is_dead_after_a_tpm_restart(void **state)
{
	struct fixture *f = *state;
	struct recorded r = { 0 };
	struct err e = { 0 };

	record_release(&f->sw, &r);
	rig_tpm_restart(&f->sw);
	/* the seed survives a Restart, so Import and Load work; the counts are what refuses */
	assert_refused(open_recorded(&f->sw, &r, &e), &e, E_POLICY, "TPM2_Unseal");
	recorded_clear(&r);
}

static void a_recorded_release_is_dead_once_the_cap_pcr_is_extended(void **state)
{
	static const char *const cap[] = {
		"tpm2_pcrextend",
		"15:sha256=00000000000000000000000000000000000000000000000000000000000000ca", NULL
	};
	struct fixture *f = *state;
	struct recorded r = { 0 };
	struct err e = { 0 };

	record_release(&f->sw, &r);
	assert_int_equal(rig_tpm_tool(&f->sw, cap), 0);
	assert_refused(open_recorded(&f->sw, &r, &e), &e, E_POLICY, "policy");
	recorded_clear(&r);
}

static void a_share_for_the_srk_of_this_host_is_no_share_for_k(void **state)
{
	struct fixture *f = *state;
	struct recorded r = { 0 };
	struct err e = { 0 };
	OWNED(tpm) tpm = NULL;
	OWNED(tpm_key) ak = NULL;
	OWNED(tpm_key) srk = NULL;

	assert_ok(tpm_open(f->sw.tcti, &tpm, &e), &e);
	assert_ok(tpm_key_make(tpm, TEMPLATE_AK_ECC_P256, &ak, &e), &e);
	assert_ok(tpm_key_make(tpm, TEMPLATE_SRK_ECC_P256, &srk, &e), &e);
	make_release(tpm, ak, srk, &r, &e);
	tpm_key_drop(&srk);
	tpm_key_drop(&ak);
	tpm_drop(&tpm);
	assert_refused(open_recorded(&f->sw, &r, &e), &e, E_TPM, "TPM2_Import");
	recorded_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ak_and_k_are_what_their_templates_say),
		cmocka_unit_test(the_ak_is_the_same_key_every_time_and_k_is_another_after_a_reset),
		cmocka_unit_test(an_activation_shows_a_listener_neither_blob_nor_secret),
		cmocka_unit_test(a_credential_made_without_a_tpm_is_activated_for_each_kind_of_ek),
		cmocka_unit_test(a_quote_by_each_kind_of_ak_verifies_and_speaks_of_the_values_read),
		cmocka_unit_test(a_released_share_opens_in_this_boot),
		cmocka_unit_test(a_recorded_release_is_dead_after_a_tpm_reset),
		cmocka_unit_test(a_recorded_release_is_dead_after_a_tpm_restart),
		cmocka_unit_test(a_share_for_the_srk_of_this_host_is_no_share_for_k),
		cmocka_unit_test(a_recorded_release_is_dead_once_the_cap_pcr_is_extended),
	};

	return cmocka_run_group_tests(tests, start_tpm, stop_tpm);
}
