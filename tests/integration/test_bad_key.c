// SPDX-License-Identifier: Apache-2.0
/* Bad input: AKs, delivery keys, volumes and the cap; and releases kept for another boot. */
#include "refusal.h"

#include <stdio.h>

#include "agent/tpm.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/release_answer.h"

enum { RELEASE_PCRS = 0xdbff }; /* the server's default: 0 to 9, 11, 12, 14, 15 */

/* ---- AK and K ---- */
static void base64_member(json_t *body, const char *key, const struct buf *b)
{
	char text[1024];

	json_object_set_new(body, key, json_string(base64_write(buf_bytes(b), text)));
}

static json_t *ask_to_enrol(struct fixture *f, const struct forge_host *h, long *status)
{
	OWNED(buf) srk_pub = forge_public(TEMPLATE_SRK_ECC_P256, h->ek);
	json_t *body = json_pack("{s:s}", "name", h->name), *j;
	char *text;

	base64_member(body, "ek_pub", h->ek_pub);
	base64_member(body, "ak_pub", h->ak_pub);
	base64_member(body, "srk_pub", srk_pub);
	text = json_dumps(body, JSON_COMPACT);
	j = forge_call(&f->s, "POST", "/enroll/v1/hosts", "application/json", false,
		       bytes_text(text), status);
	json_decref(body);
	free(text);
	return j;
}

static void register_ek(struct fixture *f, const struct forge_host *h)
{
	struct digest d = host_ek_hash(buf_bytes(h->ek_pub));
	char hex[65], body[200];
	long status;

	snprintf(body, sizeof(body), "{\"ek_hash\":\"%s\",\"name\":\"%s\"}",
		 hex_write(digest_bytes(&d), hex), h->name);
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts", "application/json", true,
			       bytes_text(body), &status));
	assert_int_equal(status, 201);
}

static void an_ak_that_was_not_activated_is_nobodys(void **state)
{
	struct fixture *f = *state;
	struct forge_host h;
	struct forged t;
	char path[200];
	long status;
	json_t *j;

	forge_host_make(&h, "host-x", 0);
	register_ek(f, &h);
	j = ask_to_enrol(f, &h, &status);
	assert_int_equal(status, 202); /* the challenge is out, and not answered */
	honest(f, &h, &t);
	refused(&t, "ENROLLED QUOTE_SIGNATURE BOOT_LOG K_CERTIFIED CAP RESTART",
		"this AK is not enrolled");
	forged_clear(&t);

	/* a wrong answer: this AK and this EK are not in one TPM */
	snprintf(path, sizeof(path), "/enroll/v1/hosts/%s/activate",
		 json_string_value(json_object_get(j, "id")));
	json_decref(j);
	for (int again = 0; again < 2; again++) {
		j = forge_call(
			&f->s, "POST", path, "application/json", false,
			bytes_text("{\"secret\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}"),
			&status);
		assert_int_equal(status, again ? 404 : 403);
		assert_non_null(
			strstr(json_string_value(json_object_get(j, "detail")),
			       again ? "it was tried before" : "AK and EK are not in one TPM"));
		json_decref(j);
	}
	honest(f, &h, &t);
	refused(&t, "ENROLLED QUOTE_SIGNATURE BOOT_LOG K_CERTIFIED CAP RESTART",
		"this AK is not enrolled");
	forged_clear(&t);
	forge_host_clear(&h);
}

/* What anybody may ask for who knows the public half of a registered EK must not pile up. */
static void of_many_challenges_for_one_tpm_only_the_newest_are_kept(void **state)
{
	struct fixture *f = *state;
	struct forge_host h;
	char first[200], last[200];
	long status;
	json_t *j;

	forge_host_make(&h, "host-many", 0);
	register_ek(f, &h);
	for (int i = 0; i < 9; i++) {
		j = ask_to_enrol(f, &h, &status);
		assert_int_equal(status, 202);
		snprintf(i ? last : first, sizeof(last), "/enroll/v1/hosts/%s/activate",
			 json_string_value(json_object_get(j, "id")));
		json_decref(j);
	}
	for (int i = 0; i < 2; i++) {
		j = forge_call(
			&f->s, "POST", i ? last : first, "application/json", false,
			bytes_text("{\"secret\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}"),
			&status);
		assert_int_equal(status, i ? 403 : 404);
		json_decref(j);
	}
	forge_host_clear(&h);
}

/* What a join token alone vouches for is a host; for a secret a person has to have compared its EK. */
static int joined_by_token(struct tx *tx, void *arg, struct err *e)
{
	OWNED(host) h = NULL;

	if (host_find_by_name(tx, arg, &h, e))
		return (int)e->code;
	snprintf(h->ek_trust, sizeof(h->ek_trust), "token");
	return host_enrol(tx, h, e);
}

static void a_host_that_joined_by_token_alone_gets_no_share_until_its_ek_is_confirmed(void **state)
{
	struct fixture *f = *state;
	struct forge_host h;
	struct forged t;
	struct digest hash;
	struct err e = { 0 };
	char body[200], hex[65];
	long status;

	forge_host_make(&h, "host-token", 4);
	forge_host_enrol(&f->s, &h);
	assert_ok(store_write(f->s.server->store, joined_by_token, h.name, &e), &e);
	honest(f, &h, &t);
	withheld(&t, "release", "an operator has to confirm its EK before a share goes out");
	forged_clear(&t);
	hash = host_ek_hash(buf_bytes(h.ek_pub));
	snprintf(body, sizeof(body), "{\"ek_hash\":\"%s\"}", hex_write(digest_bytes(&hash), hex));
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-token/confirm",
			       "application/json", true, bytes_text(body), &status));
	assert_int_equal(status, 200);
	honest(f, &h, &t);
	released(&t);
	forged_clear(&t);
	/* and away: its devices are another host's below */
	json_decref(forge_call(&f->s, "POST", "/api/v1/hosts/host-token/remove", "application/json",
			       true, bytes_text("{}"), &status));
	assert_int_equal(status, 200);
	honest(f, &h, &t);
	refused(&t, "ENROLLED QUOTE_SIGNATURE BOOT_LOG K_CERTIFIED CAP RESTART",
		"this AK is not enrolled");
	forged_clear(&t);
	forge_host_clear(&h);
}

/* It would sign a made-up quote: the host could tell any story. */
static void an_ak_without_restricted_is_not_enrolled(void **state)
{
	static const struct {
		u32 flip;
		const char *why;
	} rows[] = {
		{ TPMA_RESTRICTED, "AK: attribute restricted is missing" },
		{ TPMA_FIXED_TPM, "AK: attribute fixedTPM is missing" },
		{ TPMA_FIXED_PARENT, "AK: attribute fixedParent is missing" },
		{ TPMA_SENSITIVE_DATA_ORIGIN, "AK: attribute sensitiveDataOrigin is missing" },
		{ TPMA_SIGN, "AK: attribute sign is missing" },
		{ TPMA_DECRYPT, "AK: attribute decrypt is set and must not be" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct forge_host h;
		struct forged t;
		const char *detail;
		long status;
		json_t *j;

		forge_host_make(&h, "host-y", 0);
		for (int k = 0; k < 4; k++) /* after type and nameAlg, big endian */
			h.ak_pub->w.at[4 + k] ^= (u8)(rows[i].flip >> (24 - 8 * k));
		register_ek(f, &h);
		j = ask_to_enrol(f, &h, &status);
		detail = json_string_value(json_object_get(j, "detail"));
		if (status != 403 || !strstr(detail, rows[i].why))
			fail_msg("%s: %ld %s", rows[i].why, status, detail);
		json_decref(j);
		honest(f, &h, &t);
		refused(&t, "ENROLLED QUOTE_SIGNATURE BOOT_LOG K_CERTIFIED CAP RESTART",
			"this AK is not enrolled");
		forged_clear(&t);
		forge_host_clear(&h);
	}
}

/* The SRK has K's attributes, and so may its children: only the qualified name tells them apart. */
static void a_k_that_is_the_srk_or_its_child_gets_no_share(void **state)
{
	enum { OWNER = 0x40000001, ENDORSEMENT = 0x4000000b };
	static const u8 srk_name[AK_NAME_LEN] = { 0x00, 0x0b, 1, 2, 3 };
	const struct {
		const char *name;
		u32 hierarchy;
		struct bytes parent;
	} rows[] = {
		{ "the SRK", OWNER, BYTES_NONE },
		{ "a child of the SRK", OWNER, BYTES(srk_name) },
		{ "a primary of the endorsement hierarchy", ENDORSEMENT, BYTES_NONE },
		{ "a child of a primary of the NULL hierarchy", TPM_RH_NULL, BYTES(srk_name) },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct forged t;

		forge_begin(&f->s, &f->a, &t);
		forge_collect(&t);
		t.k_hierarchy = rows[i].hierarchy;
		t.k_parent_name = rows[i].parent;
		forge_rest(&t);
		withheld(&t, "K_HIERARCHY", "K has another parent: it would survive a reset");
		forged_clear(&t);
	}
}

/* The AK certifies whatever its TPM has loaded, also a key whose private half somebody else has. */
static void a_k_that_is_held_in_software_gets_no_share(void **state)
{
	enum {
		FIXED_TPM = 1 << 1,
		FIXED_PARENT = 1 << 4,
		ORIGIN = 1 << 5,
		WITH_AUTH = 1 << 6,
		DUPLICATION = 1 << 11,
		RESTRICTED = 1 << 16,
		SIGN = 1 << 18
	};
	static const struct {
		const char *name;
		u32 without, with;
	} rows[] = {
		{ "loaded from outside", FIXED_TPM | FIXED_PARENT | ORIGIN, 0 },
		{ "imported", FIXED_TPM | FIXED_PARENT | ORIGIN, DUPLICATION },
		{ "may be duplicated", FIXED_TPM | FIXED_PARENT, 0 },
		{ "goes with its parent", FIXED_TPM, 0 },
		{ "not made by a TPM", ORIGIN, 0 },
		{ "decrypts what anybody gives it", RESTRICTED, 0 },
		{ "signs", 0, SIGN },
		{ "by policy only", WITH_AUTH, 0 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct forged t;
		u8 *attributes;

		forge_begin(&f->s, &f->a, &t);
		attributes = t.k_pub->w.at + 4; /* type 2, nameAlg 2 */
		for (int at = 0; at < 4; at++) {
			u8 without = (u8)(rows[i].without >> (24 - 8 * at));

			attributes[at] &= (u8)~without;
			attributes[at] |= (u8)(rows[i].with >> (24 - 8 * at));
		}
		forge_collect(&t);
		forge_rest(&t);
		withheld(&t, "K_TEMPLATE", "K ");
		forged_clear(&t);
	}
}

static void a_k_of_another_host_gets_no_share(void **state)
{
	struct fixture *f = *state;
	OWNED(keypair) other = NULL;
	struct forged t;
	struct err e = { 0 };

	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	t.k_certifier = f->b.ak; /* it lives in host-b's TPM, whose AK vouches for it */
	forge_rest(&t);
	withheld(&t, "K_CERTIFIED", "the AK certifies K with this evidence");
	forged_clear(&t);

	assert_ok(keypair_new(KEY_P256, 0, &other, &e), &e);
	forge_begin(&f->s, &f->a, &t);
	forge_collect(&t);
	forge_bind(&t);
	forge_quote(&t);
	buf_drop(&t.k_pub); /* asks for a foreign K, shows the certification of its own */
	t.k_pub = forge_public(TEMPLATE_K, other);
	forge_certify(&t);
	forge_assemble(&t);
	forge_sign(&t, t.cnf);
	withheld(&t, "K_CERTIFIED", "another key is certified");
	forged_clear(&t);
}

static int count_audit(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

static int audit_says(struct tx *tx, void *arg, struct err *e)
{
	return db_run(
		tx->db,
		"SELECT COUNT(*) FROM audit WHERE event = 'release-refused' AND detail LIKE"
		" '{\"host\":\"host-a\",\"why\":\"volume %: the volume belongs to host host-b\"}'",
		NULL, 0, count_audit, arg, NULL, e);
}

static void a_volume_of_another_host_gets_no_share(void **state)
{
	struct fixture *f = *state;
	struct forged t;
	struct err e = { 0 };
	long long n = 0;

	forge_begin(&f->s, &f->a, &t);
	forge_volume(&f->b, t.volume);
	forge_collect(&t);
	forge_rest(&t);
	withheld(&t, "VOLUME", "the volume belongs to host host-b");
	forged_clear(&t);
	assert_ok(store_read(f->s.server->store, audit_says, &n, &e), &e);
	assert_int_equal(n, 1); /* whoever asks for another host's volume is on record */
}

static void an_extended_cap_pcr_gets_no_share(void **state)
{
	struct fixture *f = *state;

	/* any bit of it, first and last byte; and whatever the agent says of where the boot is */
	for (size_t at = 0; at < 32; at += 31) {
		struct forged t;

		forge_begin(&f->s, &f->a, &t);
		t.phase = at ? "initrd" : "system";
		forge_collect(&t);
		t.pcrs[15].at[at] = 1;
		forge_rest(&t);
		withheld(&t, "CAP", "PCR 15 is extended: this boot has left the initramfs");
		forged_clear(&t);
	}
}

/* ---- a release of this server, recorded, and opened in another boot of the very TPM it was for ---- */
struct recorded {
	struct buf *answer; /* CBOR of the release */
	struct tpm_clock clock;
};

/* An honest round of a host whose AK and K are a TPM's. */
static void record(struct fixture *f, const struct forge_host *h, struct tpm *tpm,
		   struct tpm_key *ak, struct tpm_key *k, struct recorded *r)
{
	struct tpm_quoted q = { 0 };
	struct tpm_attest attest;
	struct forged t;
	struct err e = { 0 };

	forge_begin(&f->s, h, &t);
	buf_drop(&t.k_pub);
	t.k_pub = buf_copy(buf_bytes(k->pub));
	forge_collect(&t);
	forge_bind(&t);
	assert_ok(tpm_quote(tpm, ak, &t.bind, &q, &e), &e);
	assert_ok(tpm_certify(tpm, ak, k, &t.bind, &t.certify, &t.certify_sig, &e), &e);
	memcpy(t.pcrs, q.pcrs[0], sizeof(t.pcrs));
	t.quote = TAKE(q.attest);
	t.quote_sig = TAKE(q.signature);
	assert_ok(tpm_attest_parse(buf_bytes(t.quote), &attest, &e), &e);
	r->clock = attest.clock;
	forge_assemble(&t);
	forge_sign(&t, t.cnf);
	r->answer = released_answer(&t);
	forged_clear(&t);
}

static int open_recorded(struct tpm *tpm, const struct tpm_key *k, const struct recorded *r,
			 struct err *e)
{
	OWNED(secret) share = NULL;
	struct release_answer a;

	assert_ok(release_answer_parse(buf_bytes(r->answer), &a, e), e);
	assert_int_equal(a.n, 1);
	return tpm_open_share(tpm, k, a.shares[0].public_2b, a.shares[0].private_2b,
			      a.shares[0].secret_2b, RELEASE_PCRS, &r->clock, &share, e);
}

static void open_keys(const struct rig_tpm *sw, struct tpm **tpm, struct tpm_key **ak,
		      struct tpm_key **k)
{
	struct err e = { 0 };

	assert_ok(tpm_open(sw->tcti, tpm, &e), &e);
	assert_ok(tpm_key_make(*tpm, TEMPLATE_AK_ECC_P256, ak, &e), &e);
	assert_ok(tpm_key_make(*tpm, TEMPLATE_K, k, &e), &e);
}

/* Recorded in one boot, tried in the next, with the same PCR values as before. */
static void replay_after(struct fixture *f, const char *name, int first_device,
			 void (*cycle)(struct rig_tpm *), enum err_code want, const char *words)
{
	struct forge_host h = { .first_device = first_device };
	struct rig_tpm sw = { 0 };
	struct recorded r = { 0 };
	struct err e = { 0 };
	char path[300], log[320];

	snprintf(path, sizeof(path), "%s/%s", f->s.folder, name);
	snprintf(log, sizeof(log), "%s/boot.log", path);
	snprintf(h.name, sizeof(h.name), "%s", name);
	assert_ok(folder_make(path, 0700, &e), &e);
	rig_tpm_start(&sw, path);
	rig_tpm_boot(&sw, log);
	{
		OWNED(tpm) tpm = NULL;
		OWNED(tpm_key) ak = NULL;
		OWNED(tpm_key) k = NULL;
		OWNED(tpm_key) ek = NULL;

		assert_ok(tpm_open(sw.tcti, &tpm, &e), &e);
		assert_ok(tpm_key_make(tpm, TEMPLATE_EK_ECC_P256, &ek, &e), &e);
		h.ek_pub = buf_copy(buf_bytes(ek->pub));
		assert_ok(tpm_ueid(buf_bytes(h.ek_pub), h.ueid, &e), &e);
		tpm_key_drop(&ek);
		tpm_drop(&tpm);
		open_keys(&sw, &tpm, &ak, &k);
		h.ak_pub = buf_copy(buf_bytes(ak->pub));
		memcpy(h.ak_name, ak->name, AK_NAME_LEN);
		forge_host_enrol(&f->s, &h);
		record(f, &h, tpm, ak, k, &r);
		assert_ok(open_recorded(tpm, k, &r, &e), &e); /* it is good where it was meant */
	}
	cycle(&sw);
	rig_tpm_boot(&sw, log);
	{
		OWNED(tpm) tpm = NULL;
		OWNED(tpm_key) ak = NULL;
		OWNED(tpm_key) k = NULL;

		open_keys(&sw, &tpm, &ak, &k);
		assert_refused(open_recorded(tpm, k, &r, &e), &e, want, words);
	}
	rig_tpm_stop(&sw);
	buf_drop(&r.answer);
	forge_host_clear(&h);
}

static void a_recorded_release_does_not_open_after_a_tpm_reset(void **state)
{
	/* the NULL hierarchy has another seed: K is another key, the wrap does not authenticate */
	replay_after(*state, "host-reset", 4, rig_tpm_reset, E_TPM, "integrity check failed");
}

static void a_recorded_release_does_not_open_after_a_tpm_restart(void **state)
{
	/* K comes back, and so do the PCR values; the restart count is what refuses */
	replay_after(*state, "host-restart", 6, rig_tpm_restart, E_POLICY, "TPM2_Unseal");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		REFUSAL(an_ak_that_was_not_activated_is_nobodys),
		REFUSAL(of_many_challenges_for_one_tpm_only_the_newest_are_kept),
		REFUSAL(a_host_that_joined_by_token_alone_gets_no_share_until_its_ek_is_confirmed),
		REFUSAL(an_ak_without_restricted_is_not_enrolled),
		REFUSAL(a_k_that_is_the_srk_or_its_child_gets_no_share),
		REFUSAL(a_k_that_is_held_in_software_gets_no_share),
		REFUSAL(a_k_of_another_host_gets_no_share),
		REFUSAL(a_volume_of_another_host_gets_no_share),
		REFUSAL(an_extended_cap_pcr_gets_no_share),
		REFUSAL(a_recorded_release_does_not_open_after_a_tpm_reset),
		REFUSAL(a_recorded_release_does_not_open_after_a_tpm_restart),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
