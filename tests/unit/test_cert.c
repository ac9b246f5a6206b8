// SPDX-License-Identifier: Apache-2.0
/* Certificate paths, and that a path found once is believed again only while all of it holds. */
#include "support.h"

#include "common/cert.h"

enum { NOW = 1700000000, DAY = 86400 };

struct chain {
	struct keypair *root_key, *leaf_key;
	struct cert *root, *leaf;
	struct buf *der; /* root, leaf */
};

static struct cert *issue(const char *name, const struct keypair *key, const struct cert *issuer,
			  const struct keypair *issuer_key, long long until)
{
	struct cert_request want = { .common_name = name,
				     .ca = !issuer,
				     .not_before = NOW - DAY,
				     .not_after = until,
				     .key = keypair_pub(key),
				     .issuer = issuer,
				     .issuer_key = issuer_key };
	struct cert *c = NULL;
	struct err e = { 0 };

	assert_ok(cert_make(&want, &c, &e), &e);
	return c;
}

static int make_chain(void **state)
{
	struct chain *c = calloc(1, sizeof(*c));
	struct err e = { 0 };

	assert_ok(keypair_new(KEY_P256, 0, &c->root_key, &e), &e);
	assert_ok(keypair_new(KEY_P384, 0, &c->leaf_key, &e), &e);
	c->root = issue("root", c->root_key, NULL, c->root_key, NOW + 30 * DAY);
	c->leaf = issue("leaf", c->leaf_key, c->root, c->root_key, NOW + 2 * DAY);
	c->der = buf_new(8192);
	write_bytes(&c->der->w, cert_der(c->root));
	write_bytes(&c->der->w, cert_der(c->leaf));
	*state = c;
	return 0;
}

static int drop_chain(void **state)
{
	struct chain *c = *state;

	keypair_drop(&c->root_key);
	keypair_drop(&c->leaf_key);
	cert_drop(&c->root);
	cert_drop(&c->leaf);
	buf_drop(&c->der);
	free(c);
	return 0;
}

static struct trust_store *store_with(const struct cert *root)
{
	struct trust_store *s = trust_store_new();
	struct err e = { 0 };

	if (root)
		assert_ok(trust_store_add(s, root, &e), &e);
	assert_ok(trust_store_remember(s, 8, &e), &e);
	return s;
}

static void a_list_with_a_path_is_the_same_list_at_the_next_sight(void **state)
{
	struct chain *c = *state;
	OWNED(trust_store) s = store_with(c->root);
	OWNED(cert_list) first = NULL;
	OWNED(cert_list) early = NULL;
	OWNED(cert_list) second = NULL;
	struct err e = { 0 };

	assert_ok(trust_store_list(s, buf_bytes(c->der), &first, &e), &e);
	assert_ok(trust_store_list(s, buf_bytes(c->der), &early, &e), &e);
	assert_ptr_not_equal(first, early); /* no path yet: not remembered */
	assert_ok(trust_store_check_list(s, first, NOW, &e), &e);
	assert_ok(trust_store_list(s, buf_bytes(c->der), &second, &e), &e);
	assert_ptr_equal(first, second);
	assert_ok(trust_store_check_list(s, second, NOW, &e), &e);
	cert_list_drop(&first);
	assert_int_equal(second->n, 2); /* one owner less is not the end of it */
}

static void a_remembered_path_ends_with_its_first_certificate(void **state)
{
	static const struct {
		long long at;
		bool good;
	} cases[] = {
		{ NOW, true },
		{ NOW + 2 * DAY, true },
		{ NOW + 2 * DAY + 1, false },
		{ NOW + 29 * DAY, false },
		{ NOW - DAY - 1, false },
		{ NOW - DAY, true },
	};
	struct chain *c = *state;
	OWNED(trust_store) s = store_with(c->root);
	OWNED(cert_list) l = NULL;
	struct err e = { 0 };

	assert_ok(trust_store_list(s, buf_bytes(c->der), &l, &e), &e);
	assert_ok(trust_store_check_list(s, l, NOW, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		e = (struct err){ 0 };
		assert_int_equal(!trust_store_check_list(s, l, cases[i].at, &e), cases[i].good);
		assert_int_equal(e.code, cases[i].good ? E_OK : E_SIGNATURE);
	}
}

static void what_has_no_path_is_not_remembered(void **state)
{
	struct chain *c = *state;
	OWNED(trust_store) s = store_with(NULL);
	OWNED(cert_list) l = NULL;
	OWNED(cert_list) again = NULL;
	struct err e = { 0 };

	assert_ok(trust_store_list(s, buf_bytes(c->der), &l, &e), &e);
	assert_int_equal(trust_store_check_list(s, l, NOW, &e), E_SIGNATURE);
	assert_ok(trust_store_list(s, buf_bytes(c->der), &again, &e), &e);
	assert_ptr_not_equal(l, again);
}

static void a_path_to_one_store_counts_for_no_other(void **state)
{
	struct chain *c = *state;
	OWNED(trust_store) with_root = store_with(c->root);
	OWNED(trust_store) without = store_with(NULL);
	OWNED(cert_list) l = NULL;
	struct err e = { 0 };

	assert_ok(trust_store_list(with_root, buf_bytes(c->der), &l, &e), &e);
	assert_ok(trust_store_check_list(with_root, l, NOW, &e), &e);
	assert_int_equal(trust_store_check_list(without, l, NOW, &e), E_SIGNATURE);
}

static void a_time_that_was_not_checked_teaches_nothing(void **state)
{
	struct chain *c = *state;
	OWNED(trust_store) s = store_with(c->root);
	OWNED(cert_list) l = NULL;
	struct err e = { 0 };

	assert_ok(trust_store_list(s, buf_bytes(c->der), &l, &e), &e);
	assert_ok(trust_store_check_list(s, l, CERT_TIME_IGNORE, &e), &e);
	assert_int_equal(trust_store_check_list(s, l, NOW + 3 * DAY, &e), E_SIGNATURE);
	assert_null(l->path_to);
}

static void the_key_hash_is_of_the_subject_public_key_info(void **state)
{
	struct chain *c = *state;
	OWNED(buf) spki = buf_new(1024);
	struct err e = { 0 };
	struct digest d;

	assert_ok(pubkey_spki(cert_pubkey(c->leaf), &spki->w, &e), &e);
	d = sha256_of(buf_bytes(spki));
	assert_memory_equal(cert_key_hash(c->leaf), d.at, 32);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make_chain, drop_chain)
	const struct CMUnitTest tests[] = {
		T(a_list_with_a_path_is_the_same_list_at_the_next_sight),
		T(a_remembered_path_ends_with_its_first_certificate),
		T(what_has_no_path_is_not_remembered),
		T(a_path_to_one_store_counts_for_no_other),
		T(a_time_that_was_not_checked_teaches_nothing),
		T(the_key_hash_is_of_the_subject_public_key_info),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
