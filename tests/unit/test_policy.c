// SPDX-License-Identifier: Apache-2.0
/* Each rule of the default policy has a host that it refuses or warns of, and one beside it that it lets be. */
#include "acs_sample.h"
#include "edn.h"
#include "ima_sample.h"
#include "support.h"

#include <stdio.h>

#include "verifier/policy.h"

#define IS(triples) triples
#define LEARNED(triples)                                                                           \
	"18([<<{1: -7, 3: \"application/rim+cbor\", 8: <<{0: {0: \"learned\"}}>>}>>, {}, "         \
	"<<501({0: \"l\", 1: [506(<<{1: {0: \"t\"}, 4: " triples "}>>)]})>>, h'00'])"
#define FILES_A "{0: [[{0: {1: \"linux\", 2: \"linux:ima\"}}, [{1: {2: " SHA_A "}}]]]}"
#define ONE	"{0: [[" ENV ", [" ONE_IS_A "]]]}"

/* The variable SecureBoot as firmware hashes it when it is on, from a log of EDK II; and when it is off. */
#define SECURE_ON  "ccfc4bb32888a345bc8aeadaba552b627d99348c767681ab3141f5b01e40a40e"
#define SECURE_OFF "115aa827dbccfb44d216ad9ecfda56bdea620b860a94bed5b7a27bba1c4d02d8"

static const struct row {
	enum policy_rule rule;
	const char *sentence;
	const char *devices[2]; /* measurements of one or two devices 1b36:0010 */
	const char *corims[2];	/* triples, or a whole CoRIM */
	const char *require, *floor, *refuse, *warn;
	bool learned_affirms, debug_allowed, secure_boot_required;
	const char *secure_boot; /* SHA-256 that the boot log has for it; NULL: none */
	long long reboot_within_s, boot_phase_s, boot_age_s;
	bool boot_ended;
	enum cap_state boot_end;
	const char *files[3]; /* of an IMA list: "/path=content", "!/path" for a violation */
	enum ima_mode ima;
	enum ima_changed changed;
	bool unknown_warns;
	const char *ima_refuse, *ima_require;
	int submod, claim;
	signed char becomes; /* of that claim; 0: nothing is said */
	const char *why;
} rows[] = {
	{ .rule = POLICY_REQUIRED,
	  .sentence = "one device where two are required",
	  .devices = { "1a" },
	  .require = "1b36:0010 2",
	  .claim = TV_HARDWARE,
	  .becomes = 97,
	  .why = "required devices: expected 2 of 1b36:0010, found 1 with evidence that holds" },
	{ .rule = POLICY_REQUIRED,
	  .sentence = "two devices where two are required",
	  .devices = { "1a", "1a" },
	  .require = "1b36:0010 2" },
	{ .rule = POLICY_REQUIRED,
	  .sentence = "a device of another kind does not stand in",
	  .devices = { "1a" },
	  .require = "1b36:0011",
	  .claim = TV_HARDWARE,
	  .becomes = 97,
	  .why = "expected 1 of 1b36:0011, found 0" },
	{ .rule = POLICY_SVN_FLOOR,
	  .sentence = "a security version below the floor",
	  .devices = { "1a 5=6" },
	  .floor = "1b36:0010 7",
	  .submod = 1,
	  .claim = TV_EXECUTABLES,
	  .becomes = 96,
	  .why = "security version: expected svn >= 7, found svn 6" },
	{ .rule = POLICY_SVN_FLOOR,
	  .sentence = "a security version at the floor",
	  .devices = { "1a 5=7" },
	  .floor = "1b36:0010 7" },
	{ .rule = POLICY_SVN_FLOOR,
	  .sentence = "no security version where a floor is set",
	  .devices = { "1a" },
	  .floor = "1b36:0010 7",
	  .submod = 1,
	  .claim = TV_EXECUTABLES,
	  .becomes = 33,
	  .why = "none is measured" },
	{ .rule = POLICY_LEARNED,
	  .sentence = "a value that was only learned",
	  .devices = { "1a" },
	  .corims = { LEARNED(ONE) },
	  .submod = 1,
	  .claim = TV_EXECUTABLES,
	  .becomes = 33,
	  .why = "only learned values hold it" },
	{ .rule = POLICY_LEARNED,
	  .sentence = "a learned value that its maker confirms",
	  .devices = { "1a" },
	  .corims = { LEARNED(ONE), ONE } },
	{ .rule = POLICY_LEARNED,
	  .sentence = "a learned value where policy takes those",
	  .devices = { "1a" },
	  .corims = { LEARNED(ONE) },
	  .learned_affirms = true },
	{ .rule = POLICY_DEBUG,
	  .sentence = "a device that is endorsed to be in debug mode",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {3: {3: true}}}]]]}" },
	  .submod = 1,
	  .claim = TV_CONFIGURATION,
	  .becomes = 96,
	  .why = "flags: it is in debug mode" },
	{ .rule = POLICY_DEBUG,
	  .sentence = "debug mode where policy only warns of it",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {3: {3: true}}}]]]}" },
	  .debug_allowed = true,
	  .submod = 1,
	  .claim = TV_CONFIGURATION,
	  .becomes = 32,
	  .why = "flags: it is in debug mode" },
	{ .rule = POLICY_DEBUG,
	  .sentence = "a device that is not in debug mode",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {3: {3: false}}}]]]}" } },
	{ .rule = POLICY_INSECURE,
	  .sentence = "a device that is endorsed not to be secure",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {3: {1: false}}}]]]}" },
	  .submod = 1,
	  .claim = TV_CONFIGURATION,
	  .becomes = 32,
	  .why = "not in its secure state" },
	{ .rule = POLICY_INSECURE,
	  .sentence = "a device of whose security nothing is said",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {3: {0: true}}}]]]}" } },
	{ .rule = POLICY_ENDORSED_NAME,
	  .sentence = "an endorsement that policy refuses",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {11: \"CVE-2026-1\"}}]]]}" },
	  .refuse = "CVE-*",
	  .submod = 1,
	  .claim = TV_EXECUTABLES,
	  .becomes = 96,
	  .why = "its maker says \"CVE-2026-1\"" },
	{ .rule = POLICY_ENDORSED_NAME,
	  .sentence = "an endorsement that policy warns of",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {11: \"old\"}}]]]}" },
	  .warn = "old",
	  .submod = 1,
	  .claim = TV_EXECUTABLES,
	  .becomes = 32,
	  .why = "its maker says \"old\"" },
	{ .rule = POLICY_ENDORSED_NAME,
	  .sentence = "an endorsement that only begins like a refused name",
	  .devices = { "1a" },
	  .corims = { "{1: [[" ENV ", [{1: {11: \"older\"}}]]]}" },
	  .refuse = "old" },
	{ .rule = POLICY_SECURE_BOOT,
	  .sentence = "Secure Boot off where it is required",
	  .devices = { "1a" },
	  .secure_boot_required = true,
	  .secure_boot = SECURE_OFF,
	  .claim = TV_CONFIGURATION,
	  .becomes = 96,
	  .why = "secure-boot: expected on, found not on, or not measured" },
	{ .rule = POLICY_SECURE_BOOT,
	  .sentence = "Secure Boot that was not measured where it is required",
	  .devices = { "1a" },
	  .secure_boot_required = true,
	  .claim = TV_CONFIGURATION,
	  .becomes = 96,
	  .why = "not on, or not measured" },
	{ .rule = POLICY_SECURE_BOOT,
	  .sentence = "Secure Boot on",
	  .devices = { "1a" },
	  .secure_boot_required = true,
	  .secure_boot = SECURE_ON },
	{ .rule = POLICY_BOOT_AGE,
	  .sentence = "a host that has run for too long",
	  .devices = { "1a" },
	  .reboot_within_s = 30 * 86400,
	  .boot_age_s = 31 * 86400,
	  .claim = TV_EXECUTABLES,
	  .becomes = 32,
	  .why = "time since boot: expected at most 30 days, found 31 days" },
	{ .rule = POLICY_BOOT_AGE,
	  .sentence = "a host that was booted in time",
	  .devices = { "1a" },
	  .reboot_within_s = 30 * 86400,
	  .boot_age_s = 29 * 86400 },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "another root volume",
	  .devices = { "1a" },
	  .boot_ended = true,
	  .boot_end = CAP_OTHER,
	  .claim = TV_CONFIGURATION,
	  .becomes = 96,
	  .why = "another root volume" },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "a disk that a person opened",
	  .devices = { "1a" },
	  .boot_ended = true,
	  .boot_end = CAP_PASSPHRASE,
	  .claim = TV_CONFIGURATION,
	  .becomes = 32,
	  .why = "passphrase" },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "a boot that opened none of its volumes",
	  .devices = { "1a" },
	  .boot_ended = true,
	  .boot_end = CAP_NONE,
	  .claim = TV_CONFIGURATION,
	  .becomes = 32,
	  .why = "none of its volumes was opened" },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "an initramfs that does not end the boot phase",
	  .devices = { "1a" },
	  .boot_phase_s = 900,
	  .boot_age_s = 1860,
	  .boot_ended = true,
	  .boot_end = CAP_OPEN,
	  .claim = TV_CONFIGURATION,
	  .becomes = 32,
	  .why = "expected extended within 15 minutes of the boot, found zero after 31 minutes" },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "a boot phase that lasts, where policy lets it",
	  .devices = { "1a" },
	  .boot_age_s = 1860,
	  .boot_ended = true,
	  .boot_end = CAP_OPEN },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "a boot phase that is not over yet",
	  .devices = { "1a" },
	  .boot_phase_s = 900,
	  .boot_age_s = 900,
	  .boot_ended = true,
	  .boot_end = CAP_OPEN },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "the boot phase, in which nothing is opened yet",
	  .devices = { "1a" },
	  .boot_ended = true,
	  .boot_end = CAP_OPEN },
	{ .rule = POLICY_BOOT_END,
	  .sentence = "volumes as they are enrolled",
	  .devices = { "1a" },
	  .boot_ended = true,
	  .boot_end = CAP_VOLUMES },
	{ .rule = POLICY_IMA_FILES,
	  .sentence = "a file that nobody knows",
	  .devices = { "1a" },
	  .corims = { FILES_A },
	  .ima = IMA_MODE_KNOWN,
	  .files = { "/usr/bin/good=a", "/tmp/e\nvil=b" },
	  .claim = TV_FILE_SYSTEM,
	  .becomes = 96,
	  .why = "entry 1, /tmp/e\\x0avil, "
		 "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d: no "
		 "reference value and no accepted signature holds it" },
	{ .rule = POLICY_IMA_FILES,
	  .sentence = "a file that nobody knows where policy only warns of it",
	  .devices = { "1a" },
	  .ima = IMA_MODE_KNOWN,
	  .unknown_warns = true,
	  .files = { "/tmp/evil=b" },
	  .claim = TV_FILE_SYSTEM,
	  .becomes = 32,
	  .why = "/tmp/evil" },
	{ .rule = POLICY_IMA_FILES,
	  .sentence = "files that are known",
	  .devices = { "1a" },
	  .corims = { FILES_A },
	  .ima = IMA_MODE_KNOWN,
	  .files = { "/usr/bin/good=a", "/usr/bin/better=a" } },
	{ .rule = POLICY_IMA_FILES,
	  .sentence = "a file that nobody knows where none has to be known",
	  .devices = { "1a" },
	  .ima = IMA_MODE_REPLAY,
	  .files = { "/tmp/evil=b" } },
	{ .rule = POLICY_IMA_PATHS,
	  .sentence = "a file where policy wants none",
	  .devices = { "1a" },
	  .ima = IMA_MODE_REPLAY,
	  .ima_refuse = "/dev/shm",
	  .files = { "/dev/shm/x=a" },
	  .claim = TV_FILE_SYSTEM,
	  .becomes = 96,
	  .why = "entry 0, /dev/shm/x, sha256:" },
	{ .rule = POLICY_IMA_PATHS,
	  .sentence = "a file elsewhere",
	  .devices = { "1a" },
	  .ima = IMA_MODE_REPLAY,
	  .ima_refuse = "/dev/shm",
	  .files = { "/dev/shmem/x=a" } },
	{ .rule = POLICY_IMA_REQUIRED,
	  .sentence = "a file that policy requires and nobody ran",
	  .devices = { "1a" },
	  .ima = IMA_MODE_REPLAY,
	  .ima_require = "/usr/sbin/auditd",
	  .files = { "/usr/bin/x=a", "!/usr/sbin/auditd" },
	  .claim = TV_FILE_SYSTEM,
	  .becomes = 96,
	  .changed = IMA_CHANGED_IGNORED,
	  .why = "expected /usr/sbin/auditd measured, found no entry for it since boot" },
	{ .rule = POLICY_IMA_REQUIRED,
	  .sentence = "a file that policy requires",
	  .devices = { "1a" },
	  .ima = IMA_MODE_REPLAY,
	  .ima_require = "/usr/sbin/auditd",
	  .files = { "/usr/sbin/auditd=a" } },
	{ .rule = POLICY_IMA_REQUIRED,
	  .sentence = "nothing is required of a list that is not judged",
	  .devices = { "1a" },
	  .ima_require = "/usr/sbin/auditd",
	  .files = { "/usr/bin/x=a" } },
	{ .rule = POLICY_IMA_CHANGED,
	  .sentence = "a file that was changed while it was measured",
	  .devices = { "1a" },
	  .ima = IMA_MODE_REPLAY,
	  .files = { "!/var/log/x" },
	  .claim = TV_FILE_SYSTEM,
	  .becomes = 32,
	  .why = "entry 0, /var/log/x" },
	{ .rule = POLICY_IMA_CHANGED,
	  .sentence = "a changed file where policy refuses it",
	  .devices = { "1a" },
	  .ima = IMA_MODE_KNOWN,
	  .changed = IMA_CHANGED_REFUSES,
	  .files = { "!/var/log/x" },
	  .claim = TV_FILE_SYSTEM,
	  .becomes = 96,
	  .why = "it was changed while it was measured" },
	{ .rule = POLICY_IMA_CHANGED,
	  .sentence = "a changed file where policy does not mind",
	  .devices = { "1a" },
	  .ima = IMA_MODE_KNOWN,
	  .changed = IMA_CHANGED_IGNORED,
	  .files = { "!/var/log/x" } },
};

static void set_policy(const struct row *r, struct policy *p)
{
	struct err e = { 0 };

	*p = (struct policy){ .learned_affirms = r->learned_affirms,
			      .debug_allowed = r->debug_allowed,
			      .secure_boot_required = r->secure_boot_required,
			      .reboot_within_s = r->reboot_within_s,
			      .boot_phase_s = r->boot_phase_s };
	p->ima.mode = r->ima;
	p->ima.changed = r->changed;
	p->ima.unknown_warns = r->unknown_warns;
	if (r->ima_refuse)
		assert_ok(ima_rules_add(&p->ima.refused, r->ima_refuse, &e), &e);
	if (r->ima_require)
		assert_ok(ima_rules_add(&p->ima.required, r->ima_require, &e), &e);
	if (r->require)
		assert_ok(policy_add_required(p, r->require, &e), &e);
	if (r->floor)
		assert_ok(policy_add_floor(p, r->floor, &e), &e);
	if (r->refuse)
		assert_ok(policy_add_name(p, true, r->refuse, &e), &e);
	if (r->warn)
		assert_ok(policy_add_name(p, false, r->warn, &e), &e);
}

/* Environment 0 is the host, whose boot log holds at most "secure-boot"; devices follow. */
static struct acs *claims_of(const struct row *r, const struct refs *refs, struct device *d,
			     size_t n, struct ect *host, struct buf *digest)
{
	static const u8 mkey[] = "\x6bsecure-boot";
	static const struct authority nobody = { 0 };
	struct acs *a = acs_new();
	struct err e = { 0 };

	host->env = (struct corim_env){ .vendor = bytes_text("tcg") };
	if (r->secure_boot) {
		host->elements[0].mkey = (struct bytes){ mkey, sizeof(mkey) - 1 };
		host->elements[0].mval.n_digests = 1;
		host->elements[0].mval.digests[0] = (struct corim_digest){ 1, buf_bytes(digest) };
		host->n = 1;
	}
	assert_ok(acs_add_evidence(a, 0, host, BYTES_NONE, &nobody, &e), &e);
	for (size_t i = 0; i < n; i++)
		assert_ok(acs_add_evidence(a, (int)i + 1, &d[i].ect, BYTES_NONE, &d[i].by, &e), &e);
	assert_ok(acs_match_references(a, refs, NOW, &e), &e);
	assert_ok(acs_endorse(a, refs, NOW, &e), &e);
	return a;
}

/* NULL: the row has no list. */
static struct ima_state *judge_files(const struct row *r, const struct policy *p,
				     const struct refs *refs, struct verified_view *v)
{
	OWNED(buf) list = buf_new(65536);
	struct eat *token = calloc(1, sizeof(*token));
	struct ima_state *s = NULL;
	struct err e = { 0 };

	for (size_t i = 0; i < 3 && r->files[i]; i++) {
		bool violation = r->files[i][0] == '!';
		char path[64];
		size_t n = strcspn(r->files[i], "=");

		snprintf(path, sizeof(path), "%.*s", (int)(n - violation), r->files[i] + violation);
		ima_sample_put(&list->w, &(struct ima_sample){
						 .path = path,
						 .content = violation ? "" : r->files[i] + n + 1,
						 .violation = violation });
	}
	if (list->w.len) {
		v->token = token;
		v->ima = (struct verified_ima){ .there = true, .entries = buf_bytes(list) };
		assert_ok(ima_judge(&p->ima, p->learned_affirms, v, refs, NOW, NULL, &s, &e), &e);
	}
	free(token);
	return s;
}

static void check_row(const struct row *r)
{
	struct device *d = calloc(2, sizeof(*d));
	struct verified_device verified[2] = {
		{ .verified = true, .identity = { .vendor = 0x1b36, .device = 0x10 } },
		{ .verified = true, .identity = { .vendor = 0x1b36, .device = 0x10 } }
	};
	struct verified_view v = { .devices = verified,
				   .boot_end_known = r->boot_ended,
				   .boot_end = r->boot_end };
	struct corim_element *elements = calloc(1, sizeof(*elements));
	struct ect_info *info = calloc(1, sizeof(*info));
	struct ect host = { .elements = elements, .info = info };
	signed char vectors[3][TV_COUNT] = { 0 };
	const struct policed submods[3] = { { "host", "", vectors[0] },
					    { "first", "", vectors[1] },
					    { "second", "", vectors[2] } };
	struct policy *p = calloc(1, sizeof(*p));
	OWNED(refs) refs = refs_new();
	OWNED(reasons) reasons = reasons_new();
	OWNED(buf) digest = r->secure_boot ? from_hex(r->secure_boot) : NULL;
	struct err e = { 0 };
	char text[1200] = "";
	struct ima_state *files;
	size_t said = 0;

	for (size_t i = 0; i < 2; i++) {
		if (r->corims[i] && r->corims[i][0] == '{')
			sample_add(refs, i ? "b" : "a", r->corims[i], 7);
		else if (r->corims[i])
			sample_add_whole(refs, r->corims[i]);
		if (r->devices[i])
			device_make(&d[v.n_devices++], r->devices[i], (u8)(i + 1));
	}
	assert_ok(refs_ready(refs, &e), &e);
	set_policy(r, p);
	OWNED(acs) a = claims_of(r, refs, d, v.n_devices, &host, digest);
	files = judge_files(r, p, refs, &v);
	policy_apply(p, &v, a, submods, NOW, NOW - r->boot_age_s, files, reasons);
	for (size_t i = 0; i < reasons->n; i++) {
		if (strcmp(reasons->at[i].policy, policy_rule_name(r->rule)))
			fail_msg("%s: rule %s speaks", r->sentence, reasons->at[i].policy);
		reason_text(&reasons->at[i], text, sizeof(text));
		said += r->why && strstr(text, r->why);
	}
	for (int s = 0; s < 3; s++)
		for (int c = 0; c < TV_COUNT; c++) {
			signed char want =
				s == r->submod && c == r->claim && r->why ? r->becomes : 0;

			if (vectors[s][c] != want)
				fail_msg("%s: claim %d of %s is %d: %s", r->sentence, c,
					 submods[s].name, vectors[s][c], text);
		}
	if (r->why ? !said : reasons->n > 0)
		fail_msg("%s: \"%s\"", r->sentence, text);
	free(files);
	free(p);
	free(info);
	free(elements);
	free(d);
}

static void each_rule_lowers_what_it_is_for_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&rows[i]);
}

static void no_rule_is_without_a_host_that_fails_by_it(void **state)
{
	(void)state;
	for (int rule = 0; rule < POLICY_RULE_COUNT; rule++) {
		size_t fails = 0, passes = 0;

		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			fails += (int)rows[i].rule == rule && rows[i].why;
			passes += (int)rows[i].rule == rule && !rows[i].why;
		}
		if (!fails || !passes)
			fail_msg("%s has %zu that fail, %zu that pass",
				 policy_rule_name((enum policy_rule)rule), fails, passes);
	}
}

static void every_reason_comes_with_something_to_do(void **state)
{
	struct reason r = { .check = -1, .tier = TIER_WARNING };

	(void)state;
	for (r.check = 0; r.check < CHECK_COUNT; r.check++)
		if (!reason_hint(&r) || strlen(reason_hint(&r)) < 12)
			fail_msg("%s has no hint", check_name((enum check_id)r.check));
	r.check = -1;
	for (int i = 0; i < POLICY_RULE_COUNT; i++) {
		snprintf(r.policy, sizeof(r.policy), "%s", policy_rule_name((enum policy_rule)i));
		if (!reason_hint(&r) || strlen(reason_hint(&r)) < 12)
			fail_msg("%s has no hint", r.policy);
	}
	r.policy[0] = 0;
	assert_non_null(strstr(reason_hint(&r), "Nobody has said what is right"));
	r.tier = TIER_CONTRAINDICATED;
	assert_non_null(strstr(reason_hint(&r), "does not go together"));
	snprintf(r.wanted, sizeof(r.wanted), "x");
	assert_non_null(strstr(reason_hint(&r), "(assay refval import)"));
	snprintf(r.device, sizeof(r.device), "host");
	assert_non_null(strstr(reason_hint(&r), "sign what the host proposed"));
}

static void limits_that_are_no_limits_are_refused(void **state)
{
	static const char *const devices[] = { "",
					       "1b36",
					       "1b36:0010 x",
					       "1b36:00101 2",
					       "1b36:0010 -1",
					       "1b36:0010 2 3",
					       "1b36:0010  2" };
	struct policy *p = calloc(1, sizeof(*p));
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
		e = (struct err){ 0 };
		assert_refused(policy_add_floor(p, devices[i], &e), &e, E_CONFIG, "expected");
	}
	e = (struct err){ 0 };
	assert_refused(policy_add_floor(p, "1b36:0010", &e), &e, E_CONFIG, "expected");
	assert_ok(policy_add_required(p, "1b36:0010", &e), &e);
	assert_int_equal(p->required[0].number, 1);
	e = (struct err){ 0 };
	assert_refused(policy_add_name(p, true, "", &e), &e, E_CONFIG, "names");
	for (int i = 0; i < POLICY_ROWS_MAX - 1; i++)
		assert_ok(policy_add_required(p, "1b36:0010", &e), &e);
	assert_refused(policy_add_required(p, "1b36:0010", &e), &e, E_LIMIT, "more than");
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_lowers_what_it_is_for_and_nothing_else),
		cmocka_unit_test(no_rule_is_without_a_host_that_fails_by_it),
		cmocka_unit_test(every_reason_comes_with_something_to_do),
		cmocka_unit_test(limits_that_are_no_limits_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
