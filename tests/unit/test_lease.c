// SPDX-License-Identifier: Apache-2.0
/* Leases: their policy and counter, computed by another program from docs/PROTOCOL.md; their bytes there and back. */
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "proto/lease.h"

static const u8 one[16] = { 0x01 }, two[16] = { 0x02 };

static struct lease_terms terms(void)
{
	return (struct lease_terms){ .counter = 0x01bffff0,
				     .value = 7,
				     .reset_max = 9,
				     .clock_max = 259200000,
				     .pcrs = 0xdbff };
}

static void assert_hex(struct bytes got, const char *want)
{
	char text[2 * NV_PUBLIC_MAX + 1];

	assert_string_equal(hex_write(got, text), want);
}

static struct digest policy_of(const struct lease_terms *t)
{
	static const u8 zeros[14][32];
	struct digest pcrs = sha256_of(BYTES(zeros));

	return lease_policy(t, digest_bytes(&pcrs));
}

static void each_is_the_one_of_the_specification(void **state)
{
	struct lease_terms t = terms();
	struct digest policy = policy_of(&t);
	u8 name[COUNTER_NAME_LEN], room[NV_PUBLIC_MAX];
	struct writer w = writer_on(room, sizeof(room));

	(void)state;
	lease_counter_public(t.counter, false, &w);
	lease_counter_name(t.counter, name);
	assert_hex(write_done(&w), "01bffff0000b0204001400000008");
	assert_hex(BYTES(name),
		   "000b597d67865202dd18e7f495ceef465b3d773afdf19296b125a2fdf2fb3ff4216e");
	assert_hex(digest_bytes(&policy),
		   "70c4da3c83cac2c768394bd29b3178ecb47ddc0ee94f63a7aea8a65055cd02d1");
}

static void each_of_its_terms_changes_what_it_is_sealed_to(void **state)
{
	struct lease_terms of[6];
	struct digest digests[6];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(of); i++)
		of[i] = terms();
	of[1].counter++;
	of[2].value++;
	of[3].reset_max++;
	of[4].clock_max++;
	of[5].pcrs ^= 1;
	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		digests[i] = policy_of(&of[i]);
		for (size_t j = 0; j < i; j++)
			assert_false(digest_equals(&digests[i], digest_bytes(&digests[j])));
	}
}

static struct lease_grant sample(void)
{
	return (struct lease_grant){
		.terms = terms(),
		.n = 2,
		.shares = { { BYTES(one), 7, bytes_text("pub"), bytes_text("priv"),
			      bytes_text("sec") },
			    { BYTES(two), 0x7fffffffffffffff, bytes_text("p"), bytes_text("q"),
			      bytes_text("r") } },
	};
}

static void assert_terms(const struct lease_terms *a, const struct lease_terms *b)
{
	assert_int_equal(a->counter, b->counter);
	assert_int_equal(a->value, b->value);
	assert_int_equal(a->reset_max, b->reset_max);
	assert_int_equal(a->clock_max, b->clock_max);
	assert_int_equal(a->pcrs, b->pcrs);
}

static struct buf *granted(void)
{
	struct buf *b = buf_new(LEASE_GRANT_MAX);
	struct lease_grant g = sample();
	struct err e = { 0 };

	assert_ok(lease_grant_write(&g, &b->w, &e), &e);
	return b;
}

static struct buf *kept(void)
{
	struct buf *b = buf_new(LEASE_KEPT_MAX);
	struct lease_kept k = { terms(), bytes_text("pub"), bytes_text("priv"),
				bytes_text("approval") };
	struct err e = { 0 };

	assert_ok(lease_kept_write(&k, &b->w, &e), &e);
	return b;
}

static void what_is_granted_and_what_is_kept_is_read_back(void **state)
{
	OWNED(buf) g = granted();
	OWNED(buf) k = kept();
	struct lease_grant grant, want = sample();
	struct lease_kept back;
	struct err e = { 0 };

	(void)state;
	assert_ok(lease_grant_parse(buf_bytes(g), &grant, &e), &e);
	assert_terms(&grant.terms, &want.terms);
	assert_int_equal(grant.n, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_bytes_equal(grant.shares[i].uuid, want.shares[i].uuid);
		assert_int_equal(grant.shares[i].epoch, want.shares[i].epoch);
		assert_bytes_equal(grant.shares[i].public_2b, want.shares[i].public_2b);
		assert_bytes_equal(grant.shares[i].private_2b, want.shares[i].private_2b);
		assert_bytes_equal(grant.shares[i].secret_2b, want.shares[i].secret_2b);
	}
	assert_ok(lease_kept_parse(buf_bytes(k), &back, &e), &e);
	assert_terms(&back.terms, &want.terms);
	assert_bytes_equal(back.public_2b, bytes_text("pub"));
	assert_bytes_equal(back.private_2b, bytes_text("priv"));
	assert_bytes_equal(back.approval, bytes_text("approval"));
}

static void every_truncation_is_refused(void **state)
{
	OWNED(buf) g = granted();
	OWNED(buf) k = kept();
	struct lease_grant grant;
	struct lease_kept back;

	(void)state;
	for (size_t n = 0; n < g->w.len; n++) {
		OWNED(buf) cut = buf_copy(bytes_slice(buf_bytes(g), 0, n));
		struct err e = { 0 };

		assert_int_equal(lease_grant_parse(buf_bytes(cut), &grant, &e), E_FORMAT);
	}
	for (size_t n = 0; n < k->w.len; n++) {
		OWNED(buf) cut = buf_copy(bytes_slice(buf_bytes(k), 0, n));
		struct err e = { 0 };

		assert_int_equal(lease_kept_parse(buf_bytes(cut), &back, &e), E_FORMAT);
	}
}

#define G "lease: "
#define L "kept lease: "
static const struct {
	bool of_kept;
	struct edit edit;
	enum err_code code;
	const char *why;
} defects[] = {
	{ false, { "830185", "830285" }, E_UNSUPPORTED, G "version" },
	{ false, { "830185", "840185" }, E_FORMAT, NULL },
	{ false, { "1a01bffff0", "1a01c00000" }, E_FORMAT, G "NV index of the counter" },
	{ false, { "1a01bffff0", "1a017fffff" }, E_FORMAT, G "NV index of the counter" },
	{ false, { "07091a", "071b00000001000000001a" }, E_FORMAT, G "last boot" },
	{ false, { "19dbff", "19dfff" }, E_FORMAT, G "PCRs" }, /* PCR 10 */
	{ false, { "19dbff", "195bff" }, E_FORMAT, G "PCRs" }, /* no cap */
	{ false, { "19dbff", "1a00018000" }, E_FORMAT, G "PCRs" },
	{ false, { "0743707562", "0043707562" }, E_FORMAT, G "epoch" },
	{ false, { "1b7fffffffffffffff", "1b8000000000000000" }, E_FORMAT, G "epoch" },
	{ false, { "855002", "855001" }, E_FORMAT, G "a volume stands twice" },
	{ false, { "43707562", "40" }, E_FORMAT, G "public" },
	{ false, { "4470726976", "40" }, E_FORMAT, G "private" },
	{ false, { "43736563", "40" }, E_FORMAT, G "secret" },
	{ true, { "850185", "850285" }, E_UNSUPPORTED, L "version" },
	{ true, { "19dbff", "195bff" }, E_FORMAT, L "PCRs" },
	{ true, { "1a01bffff0", "1a01c00000" }, E_FORMAT, L "NV index of the counter" },
	{ true, { "43707562", "40" }, E_FORMAT, L "public" },
	{ true, { "4470726976", "6470726976" }, E_FORMAT, L "private" },
};

static void each_defect_is_named(void **state)
{
	struct lease_grant grant;
	struct lease_kept back;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(defects); i++) {
		OWNED(buf) whole = defects[i].of_kept ? kept() : granted();
		OWNED(buf) bad = edited(buf_bytes(whole), &defects[i].edit);
		struct err e = { 0 };
		int rc = defects[i].of_kept ? lease_kept_parse(buf_bytes(bad), &back, &e)
					    : lease_grant_parse(buf_bytes(bad), &grant, &e);

		if (rc != (int)defects[i].code ||
		    (defects[i].why && strcmp(e.text, defects[i].why)))
			fail_msg("row %zu: %d, %s", i, rc, e.text);
	}
}

static void what_is_larger_than_its_place_is_refused(void **state)
{
	OWNED(buf) b = buf_new(LEASE_GRANT_MAX + 1);
	struct lease_grant grant;
	struct lease_kept back;
	struct err e = { 0 };

	(void)state;
	memset(write_space(&b->w, LEASE_GRANT_MAX + 1), 0, LEASE_GRANT_MAX + 1);
	assert_refused(lease_grant_parse(buf_bytes(b), &grant, &e), &e, E_LIMIT, "lease of");
	assert_refused(
		lease_kept_parse(bytes_slice(buf_bytes(b), 0, LEASE_KEPT_MAX + 1), &back, &e), &e,
		E_LIMIT, "kept lease of");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_the_one_of_the_specification),
		cmocka_unit_test(each_of_its_terms_changes_what_it_is_sealed_to),
		cmocka_unit_test(what_is_granted_and_what_is_kept_is_read_back),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(each_defect_is_named),
		cmocka_unit_test(what_is_larger_than_its_place_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
