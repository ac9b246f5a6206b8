// SPDX-License-Identifier: Apache-2.0
/*
 * Every check of checks.h, reached by evidence that is wrong in just that way: a real TPM, real device
 * signatures, one lie at a time. None releases a share. A check that no row reaches fails the suite.
 */
#include "made.h"

#include <stdlib.h>

#include "proto/cbor.h"

static const struct lie lies[] = {
	{ .name = "token signed by another key", CHECK_TOKEN_SIGNATURE, .wrong_signature = true },
	{ .name = "stale nonce", CHECK_NONCE, .bad_nonce = true },
	{ .name = "AK not activated", CHECK_ENROLLED, .not_enrolled = true },
	{ .name = "revoked host", CHECK_ENROLLED, .revoked = true },
	{ .name = "ueid of another host", CHECK_UEID, .wrong_ueid = true },
	{ .name = "quote signature changed", CHECK_QUOTE_SIGNATURE, .wrong_quote_signature = true },
	{ .name = "certification instead of a quote", CHECK_QUOTE_TYPE, .certify_as_quote = true },
	{ .name = "quote over other PCRs than claimed", CHECK_QUOTE_SELECTION, .drop_pcr = true },
	{ .name = "PCR value changed", CHECK_QUOTE_DIGEST, .change_pcr = true },
	{ .name = "another deployment", CHECK_QUOTE_BINDS, .wrong_deployment = true },
	{ .name = "counts went back", CHECK_CLOCK, .clock_back = true },
	{ .name = "no boot log", CHECK_BOOT_LOG, .no_log = true },
	{ .name = "boot log changed", CHECK_BOOT_LOG, .other_log = true },
	{ .name = "boot log without its last event", CHECK_BOOT_LOG, .log_prefix = true },
	{ .name = "boot log of another boot", CHECK_BOOT_LOG, .log_of_other_boot = true },
	{ .name = "device log that the PCR does not show",
	  CHECK_DEVICE_LOG,
	  .made_up_device_log = true },
	{ .name = "no device log where policy wants one", CHECK_DEVICE_LOG, .no_device_log = true },
	{ .name = "no IMA list where policy wants one", CHECK_IMA_LOG, .no_ima = true },
	{ .name = "a reason in place of an IMA list", CHECK_IMA_LOG, .ima_why = true },
	{ .name = "IMA entry changed", CHECK_IMA_LOG, .other_ima = true },
	{ .name = "IMA list of another boot", CHECK_IMA_LOG, .ima_of_other_boot = true },
	{ .name = "IMA list from an entry on", CHECK_IMA_LOG, .ima_from_nowhere = true },
	{ .name = "IMA list in another bank", CHECK_IMA_LOG, .ima_other_bank = true },
	{ .name = "IMA list whose start is not zero", CHECK_IMA_LOG, .ima_starts_high = true },
	{ .name = "kernel does not prevent what policy wants", CHECK_GUARD, .unguarded = true },
	{ .name = "device removed", CHECK_DEVICES_PRESENT, .lost_device = true },
	{ .name = "inventory differs", CHECK_INVENTORY, .other_inventory = true },
	{ .name = "a volume's counter for leases", CHECK_LEASE, .lease_counter_of_volume = true },
	{ .name = "lease counter certified for other evidence",
	  CHECK_LEASE,
	  .lease_counted_before = true },
	{ .name = "lease for a key of the NULL hierarchy", CHECK_LEASE, .lease_for_k = true },
	{ .name = "another key certified for a lease", CHECK_LEASE, .lease_of_other_key = true },
	{ .name = "storage key certified for other evidence",
	  CHECK_LEASE,
	  .lease_key_before = true },
	{ .name = "two devices with one key", CHECK_KEYS_DISTINCT, .same_device_twice = true },
	{ .name = "device does not answer", CHECK_EVIDENCE, .failed_device = true },
	{ .name = "unsigned measurements", CHECK_GRAMMAR, .unsigned_measurements = true },
	{ .name = "chain of another slot", CHECK_GRAMMAR, .other_slot_chain = true },
	{ .name = "device nonce of another session",
	  CHECK_NONCE_BOUND,
	  .foreign_device_nonce = true },
	{ .name = "measurement changed by one bit", CHECK_SIGNATURE, .flip_block = true },
	{ .name = "leaf certificate is a CA", CHECK_LEAF, .ca_leaf = true },
	{ .name = "no device root", CHECK_PATH, .no_root = true },
	{ .name = "version below the floor", CHECK_VERSION, .floor_13 = true },
	{ .name = "SPDM 1.1 without challenge", CHECK_NEGOTIATION, .unauthenticated = true },
	{ .name = "certificate of another function", CHECK_IDENTITY, .wrong_serial = true },
	{ .name = "swapped device", CHECK_KEY_KNOWN, .other_key = true },
	{ .name = "key seen on another host", CHECK_KEY_KNOWN, .other_host = true },
	{ .name = "policy wants a session", CHECK_SESSION, .session_wanted = true },
	{ .name = "policy wants an encrypted link", CHECK_IDE, .ide_wanted = true },
	{ .name = "test source without the switch", CHECK_SOURCE, .no_test_switch = true },
	{ .name = "nonce of the caller's choice", CHECK_SOURCE, .caller_nonce = true },
	{ .name = "K is the SRK", CHECK_K_HIERARCHY, .k_is_srk = true },
	{ .name = "another key is certified", CHECK_K_CERTIFIED, .k_not_certified = true },
	{ .name = "volume of another host", CHECK_VOLUME, .volume_of_other = true },
	{ .name = "volume that has no share", CHECK_VOLUME, .volume_unknown = true },
	{ .name = "counter at another place than before", CHECK_VOLUME, .counter_elsewhere = true },
	{ .name = "epoch that is over", CHECK_COUNTER, .epoch_over = true },
	{ .name = "epoch after the next", CHECK_COUNTER, .epoch_ahead = true },
	{ .name = "counter certified for other evidence", CHECK_COUNTER, .counted_before = true },
	{ .name = "another counter is certified", CHECK_COUNTER, .counted_elsewhere = true },
	{ .name = "the quote in place of a counter", CHECK_COUNTER, .counted_by_quote = true },
	{ .name = "counter certified by another key", CHECK_COUNTER, .counted_by_other_key = true },
	{ .name = "release set not quoted", CHECK_RELEASE_SET, .set_16 = true },
};

static bool failed_somewhere(const struct verified_view *v, enum check_id id)
{
	bool found = v->checks.result[id] == FAILED;

	for (size_t i = 0; i < v->n_devices; i++)
		found |= v->devices[i].checks.result[id] == FAILED;
	return found;
}

static void honest_evidence_is_affirmed_and_releases(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct verdict_rig *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	struct decision d;

	made_with(f, &none, &m);
	d = made_judge(f, &m, &v, &reasons, &a);
	if (reasons->n) {
		char text[1200];

		fail_msg("%s", reason_text(&reasons->at[0], text, sizeof(text)));
	}
	assert_int_equal(d.status, TIER_AFFIRMING);
	assert_true(d.release);
	made_clear(&m);
}

/* Rule 28: forced to NOT_RUN and to FAILED, each check by itself denies. */
static void each_check_not_run_or_failed_denies_a_release(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct verdict_rig *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	struct verified_view *view;

	made_with(f, &none, &m);
	assert_true(made_judge(f, &m, &v, &reasons, &a).release);
	view = (struct verified_view *)verified_view(v); /* const to everybody but this test */
	for (int i = 0; i < CHECK_COUNT; i++) {
		struct checks *c = check_scope((enum check_id)i) == SCOPE_DEVICE
					   ? &view->devices[1].checks
					   : &view->checks;
		enum check_result before = c->result[i];

		assert_int_equal(before, PASSED);
		c->result[i] = NOT_RUN;
		assert_false(decide(v, a, true).release);
		c->result[i] = FAILED;
		assert_false(decide(v, a, true).release);
		c->result[i] = before;
	}
	assert_true(decide(v, a, true).release);
	made_clear(&m);
}

static bool said_of_log(const struct reasons *reasons)
{
	for (size_t i = 0; i < reasons->n; i++)
		if (strstr(reasons->at[i].found, "the log replays to another PCR"))
			return true;
	return false;
}

static void each_lie_fails_its_check_and_releases_nothing(void **state)
{
	struct verdict_rig *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct made m;
		OWNED(verified_claims) v = NULL;
		OWNED(reasons) reasons = NULL;
		OWNED(appraisal) a = NULL;
		struct decision d;

		made_with(f, &lies[i], &m);
		d = made_judge(f, &m, &v, &reasons, &a);
		if (d.release)
			fail_msg("%s: a share went out", lies[i].name);
		if (lies[i].log_prefix || lies[i].log_of_other_boot)
			assert_true(said_of_log(reasons));
		if (!failed_somewhere(verified_view(v), lies[i].check))
			fail_msg("%s: check %s did not fail", lies[i].name,
				 check_name(lies[i].check));
		assert_true(reasons->n > 0);
		if (check_scope(lies[i].check) != SCOPE_RELEASE)
			assert_int_equal(d.status, TIER_CONTRAINDICATED);
		assert_int_equal(verified_view(v)->quoted, !lies[i].not_enrolled &&
								   !lies[i].revoked &&
								   !lies[i].wrong_quote_signature &&
								   !lies[i].certify_as_quote);
		/* a token that nobody vouches for gets no work done on its devices */
		for (size_t k = 0; k < verified_view(v)->n_devices && !verified_view(v)->quoted;
		     k++)
			assert_null(verified_view(v)->devices[k].evidence);
		f->reached[lies[i].check] = true;
		if (lies[i].no_root)
			trust_store_drop((struct trust_store **)&m.ctx.device_roots);
		made_clear(&m);
	}
}

/* As it is stored: the encoded array of the host submodule. */
static struct buf *inventory_of(const struct eat_function *functions, size_t n)
{
	struct eat_host_draft d = { .functions = functions, .n_functions = n };
	OWNED(buf) host = NULL;
	struct err e = { 0 };
	struct cbor c;

	assert_ok(eat_write_host(&d, &host, &e), &e);
	c = cbor_on(buf_bytes(host), CBOR_STRICT);
	assert_int_equal(cbor_map(&c, "host"), 3);
	for (int i = 0; i < 3; i++)
		cbor_item(&c, "profile, its value, key of the inventory");
	return buf_copy(cbor_item(&c, "inventory"));
}

/* Rule 10. Functions that are alike count: one more or one less of them is a difference. */
static void each_difference_from_the_known_inventory_is_said(void **state)
{
	static const struct lie with_twins = { .name = "honest", .twins = true };
	static const struct {
		const char *known[4]; /* addresses of twins; they stand at 3 and 4 now */
		const char *mailbox;  /* of this one a CMA mailbox is known            */
		const char *said[2];
	} rows[] = {
		{ { "0000:03:00.0", "0000:04:00.0" }, NULL, { NULL } },
		{ { "0000:03:00.0" }, NULL, { "0001:0002 at 0000:04:00.0 was added" } },
		{ { "0000:04:00.0" }, NULL, { "0001:0002 at 0000:03:00.0 was added" } },
		{ { NULL },
		  NULL,
		  { "0001:0002 at 0000:03:00.0 was added",
		    "0001:0002 at 0000:04:00.0 was added" } },
		{ { "0000:03:00.0", "0000:04:00.0", "0000:05:00.0" },
		  NULL,
		  { "0001:0002 at 0000:05:00.0 is missing" } },
		{ { "0000:02:01.0", "0000:03:00.0", "0000:04:00.0" },
		  NULL,
		  { "0001:0002 at 0000:02:01.0 is missing" } },
		{ { "0000:03:00.0", "0000:05:00.0" },
		  NULL,
		  { "0001:0002 at 0000:05:00.0 was moved" } },
		{ { "0000:05:00.0" },
		  NULL,
		  { "0001:0002 at 0000:05:00.0 was moved",
		    "0001:0002 at 0000:04:00.0 was added" } },
		{ { "0000:03:00.0", "0000:04:00.0" },
		  "0000:03:00.0",
		  { "0001:0002 at 0000:03:00.0 lost its CMA mailbox" } },
	};
	struct verdict_rig *f = *state;
	struct made m;

	made_with(f, &with_twins, &m);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct eat_function known[6] = { m.parsed->functions[0], m.parsed->functions[1] };
		OWNED(verified_claims) v = NULL;
		OWNED(reasons) reasons = NULL;
		OWNED(appraisal) a = NULL;
		OWNED(buf) inventory = NULL;
		size_t n = 2, said = 0;
		struct decision d;

		for (size_t k = 0; k < 4 && rows[i].known[k]; k++) {
			known[n] = made_twin(rows[i].known[k]);
			known[n++].cma =
				rows[i].mailbox && !strcmp(rows[i].mailbox, rows[i].known[k]);
		}
		inventory = inventory_of(known, n);
		m.ctx.inventory = buf_bytes(inventory);
		d = made_judge(f, &m, &v, &reasons, &a);
		for (; said < 2 && rows[i].said[said]; said++) {
			if (said >= reasons->n)
				fail_msg("row %zu: nobody says: %s", i, rows[i].said[said]);
			assert_string_equal(reasons->at[said].found, rows[i].said[said]);
		}
		assert_int_equal(reasons->n, said);
		assert_int_equal(d.status, said ? TIER_CONTRAINDICATED : TIER_AFFIRMING);
		assert_int_equal(d.release, !said);
		m.ctx.inventory = BYTES_NONE;
	}
	made_clear(&m);
}

static void k_with_other_attributes_is_refused(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct verdict_rig *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;
	u8 *attributes;

	made_with(f, &none, &m);
	attributes = (u8 *)m.parsed->volumes[0].k_public.at + 4; /* type 2, nameAlg 2 */
	attributes[1] &= (u8)~1u;				 /* restricted */
	assert_false(made_judge(f, &m, &v, &reasons, &a).release);
	assert_int_equal(verified_view(v)->checks.result[CHECK_K_TEMPLATE], FAILED);
	f->reached[CHECK_K_TEMPLATE] = true;
	made_clear(&m);
}

static void a_restart_between_quote_and_certification_and_after_it_is_refused(void **state)
{
	static const struct lie restart = { .name = "restart between", .restart_between = true };
	static const struct lie none = { .name = "honest" };
	struct verdict_rig *f = *state;
	struct made m;

	for (int i = 0; i < 2; i++) {
		OWNED(verified_claims) v = NULL;
		OWNED(reasons) reasons = NULL;
		OWNED(appraisal) a = NULL;
		enum check_id check = i ? CHECK_RESTART : CHECK_K_COUNTS;

		made_with(f, i ? &none : &restart, &m);
		assert_false(made_judge(f, &m, &v, &reasons, &a).release);
		assert_int_equal(verified_view(v)->checks.result[check], FAILED);
		f->reached[check] = true;
		made_clear(&m);
	}
	rig_tpm_reset(&f->sw);
	verdict_boot(f);
}

static void a_pcr_that_the_log_does_not_explain_is_refused(void **state)
{
	static const struct lie none = { .name = "honest" };
	static const char *const extend[] = {
		"tpm2_pcrextend",
		"12:sha256=00000000000000000000000000000000000000000000000000000000000000cb", NULL
	};
	struct verdict_rig *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;

	assert_int_equal(rig_tpm_tool(&f->sw, extend), 0);
	made_with(f, &none, &m);
	assert_false(made_judge(f, &m, &v, &reasons, &a).release);
	assert_int_equal(verified_view(v)->checks.result[CHECK_BOOT_LOG], FAILED);
	made_clear(&m);
	rig_tpm_reset(&f->sw);
	verdict_boot(f);
}

static void an_extended_cap_releases_nothing(void **state)
{
	static const struct lie none = { .name = "honest" };
	static const char *const cap[] = {
		"tpm2_pcrextend",
		"15:sha256=00000000000000000000000000000000000000000000000000000000000000ca", NULL
	};
	struct verdict_rig *f = *state;
	struct made m;
	OWNED(verified_claims) v = NULL;
	OWNED(reasons) reasons = NULL;
	OWNED(appraisal) a = NULL;

	assert_int_equal(rig_tpm_tool(&f->sw, cap), 0);
	made_with(f, &none, &m);
	assert_false(made_judge(f, &m, &v, &reasons, &a).release);
	assert_int_equal(verified_view(v)->checks.result[CHECK_CAP], FAILED);
	f->reached[CHECK_CAP] = true;
	made_clear(&m);
}

static void a_token_cut_short_anywhere_is_refused(void **state)
{
	static const struct lie none = { .name = "honest" };
	struct verdict_rig *f = *state;
	struct made m;

	made_with(f, &none, &m);
	for (size_t len = 0; len < m.token->w.len; len++) {
		OWNED(eat) t = NULL;
		struct err e = { 0 };
		u8 *copy = heap_copy((struct bytes){ m.token->w.at, len });

		assert_int_not_equal(eat_parse((struct bytes){ copy, len }, &t, &e), 0);
		assert_true(e.text[0]);
		free(copy);
	}
	made_clear(&m);
}

static void no_check_is_without_a_lie_that_reaches_it(void **state)
{
	struct verdict_rig *f = *state;

	for (int i = 0; i < CHECK_COUNT; i++)
		if (!f->reached[i] &&
		    i != CHECK_CHAIN_DIGEST) /* its lies: integration_devices, digest-of-other-chain */
			fail_msg("nothing makes check %s fail", check_name((enum check_id)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_evidence_is_affirmed_and_releases),
		cmocka_unit_test(each_check_not_run_or_failed_denies_a_release),
		cmocka_unit_test(each_lie_fails_its_check_and_releases_nothing),
		cmocka_unit_test(each_difference_from_the_known_inventory_is_said),
		cmocka_unit_test(k_with_other_attributes_is_refused),
		cmocka_unit_test(a_token_cut_short_anywhere_is_refused),
		cmocka_unit_test(a_restart_between_quote_and_certification_and_after_it_is_refused),
		cmocka_unit_test(a_pcr_that_the_log_does_not_explain_is_refused),
		cmocka_unit_test(an_extended_cap_releases_nothing),
		cmocka_unit_test(no_check_is_without_a_lie_that_reaches_it),
	};

	return cmocka_run_group_tests(tests, verdict_set_up, verdict_tear_down);
}
