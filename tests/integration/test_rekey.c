// SPDX-License-Identifier: Apache-2.0
/*
 * Another key-encryption key: every row is under the new one and none under the old; a change that is killed at any system
 * call that writes leaves a store that opens under one of both, with nothing of the other beside it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file.h"
#include "rig.h"
#include "stocked.h"
#include "server/leases.h"
#include "server/approvals.h"
#include "server/corim_rows.h"
#include "server/enrolment.h"
#include "server/expected.h"
#include "server/ima_states.h"
#include "server/proposals.h"
#include "server/rekey.h"
#include "server/routes.h"
#include "server/secrets.h"
#include "server/signer_rows.h"
#include "server/volumes.h"

#define SERVER BUILD_FOLDER "/server/assay-server"

static const u8 ueid[UEID_LEN] = STOCKED_UEID, uuid[16] = STOCKED_UUID, hash[32] = STOCKED_HASH;

struct fixture {
	char folder[256];
	struct settings settings;
	u8 share[2][SHARE_LEN]; /* of epochs 1 and 2 */
};

/* ---- and read by those who use them ---- */
static int take_corim(void *user, const struct corim_row *row, struct err *e)
{
	(void)e;
	*(int *)user += row->genuine;
	return 0;
}

static int take_signer(void *user, const struct signer_row *row, struct err *e)
{
	(void)e;
	*(int *)user += row->genuine;
	return 0;
}

static int take_proposal(void *user, const struct proposal_row *row, struct err *e)
{
	(void)row;
	(void)e;
	++*(int *)user;
	return 0;
}

static void read_shares(struct tx *tx, u8 into[2][SHARE_LEN], struct err *e)
{
	for (u64 epoch = 1; epoch <= 2; epoch++) {
		OWNED(secret) share = NULL;
		bool pending;

		assert_ok(share_open(tx, ueid, uuid, epoch, &share, &pending, e), e);
		assert_int_equal(pending, epoch == 2);
		memcpy(into[epoch - 1], share->at, SHARE_LEN);
	}
}

static void read_lease_and_approval(struct tx *tx, struct err *e)
{
	struct buf *approvals[APPROVALS_MAX] = { 0 };
	struct lease_host h;
	size_t n = 0;

	assert_ok(lease_host_find(tx, ueid, &h, e), e);
	assert_true(h.denied);
	assert_int_equal(h.n, 1);
	assert_ok(approvals_find(tx, uuid, 1, approvals, &n, e), e);
	assert_int_equal(n, 1);
	buf_drop(&approvals[0]);
}

static void read_hosts(struct tx *tx, struct err *e)
{
	u8 old_ak[AK_NAME_LEN] = { 7 };
	OWNED(host) h = NULL;
	OWNED(host) old = NULL;
	struct expected_host x;
	struct join_token t;
	struct enrolment n = { .id = "an-id" };

	read_lease_and_approval(tx, e);
	assert_ok(host_find_by_name(tx, "db-17", &h, e), e);
	assert_ok(host_find_by_ak(tx, BYTES(old_ak), &old, e), e);
	assert_false(old->ak_active);
	assert_ok(expected_host_find(tx, hash, &x, e), e);
	assert_ok(join_token_find(tx, hash, &t, e), e);
	assert_ok(join_token_find(tx, (const u8[32]){ 5 }, &t, e), e);
	assert_ok(enrolment_find(tx, &n, e), e);
	enrolment_clear(&n);
}

static int read_all(struct tx *tx, void *arg, struct err *e)
{
	struct fixture *f = arg;
	OWNED(buf) inventory = NULL;
	struct known_device d;
	struct volume v[VOLUMES_MAX];
	u8 share[2][SHARE_LEN];
	int n = 0;
	size_t n_volumes;

	read_hosts(tx, e);
	assert_ok(inventory_find(tx, ueid, &inventory, e), e);
	assert_ok(device_find(tx, ueid, "nvme 1", &d, e), e);
	assert_ok(volumes_of(tx, ueid, v, &n_volumes, e), e);
	assert_int_equal(n_volumes, 2);
	assert_ok(corim_rows_all(tx, take_corim, &n, e), e);
	assert_ok(signer_rows_all(tx, SIGNER_ANCHOR, take_signer, &n, e), e);
	assert_ok(signer_rows_all(tx, SIGNER_CRL, take_signer, &n, e), e);
	assert_ok(proposal_rows(tx, "", NULL, NULL, take_proposal, &n, e), e);
	assert_int_equal(n, 2 + 1 + 1 + 1);
	read_shares(tx, share, e);
	assert_memory_equal(share, f->share, sizeof(share));
	return 0;
}

static int keep_shares(struct tx *tx, void *arg, struct err *e)
{
	read_shares(tx, arg, e);
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct server *v = NULL;
	struct err e = { 0 };

	assert_non_null(f);
	stocked_folder(f->folder, &f->settings);
	assert_ok(server_open_store(&f->settings, &v, &e), &e);
	assert_ok(store_read(v->store, keep_shares, f->share, &e), &e);
	server_drop(&v);
	assert_int_equal(rig_shell("cp -a %s/state %s/before", f->folder, f->folder), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rig_folder_remove(f->folder);
	free(f);
	return 0;
}

static int check_chain(struct tx *tx, void *arg, struct err *e)
{
	long long n;

	(void)arg;
	return audit_check(tx, &n, e);
}

/* Opens, reads every row, and says under which KEK. */
static void expect_opens(struct fixture *f, u8 kek_id[KEK_ID_LEN])
{
	struct server *v = NULL;
	struct err e = { 0 };

	assert_ok(server_open_store(&f->settings, &v, &e), &e);
	memcpy(kek_id, v->keys->kek_id, KEK_ID_LEN);
	assert_ok(store_read(v->store, read_all, f, &e), &e);
	assert_ok(store_read(v->store, check_chain, NULL, &e), &e);
	server_drop(&v);
	assert_int_equal(rig_shell("ls %s/state | grep -qE 'next$|root-next'", f->folder), 1);
}

static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

/* Whatever table has a MAC is among those that are written anew, and this test has a row in each. */
struct tables {
	struct db *db;
	size_t n;
};

static int take_table(void *user, const struct db_row *row, struct err *e)
{
	const char *const *known = rekey_tables();
	struct tables *t = user;

	(void)e;
	while (*known && !bytes_equal(row->at[0].bytes, bytes_text(*known)))
		known++;
	if (!*known)
		fail_msg("table %.*s has a MAC and is not among those of rekey",
			 (int)row->at[0].bytes.len, (const char *)row->at[0].bytes.at);
	t->n++;
	return 0;
}

static void every_table_with_a_mac_is_known(void **state)
{
	struct fixture *f = *state;
	const char *const *known = rekey_tables();
	struct tables t = { 0 };
	struct err e = { 0 };
	size_t n_known = 0;

	assert_ok(db_open(f->settings.database, false, &t.db, &e), &e);
	assert_ok(db_run(t.db,
			 "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) p"
			 " WHERE m.type = 'table' AND p.name = 'mac'",
			 NULL, 0, take_table, &t, NULL, &e),
		  &e);
	for (; known[n_known]; n_known++) {
		static char sql[32][80]; /* statements are known by their address */
		long long n = 0;

		snprintf(sql[n_known], sizeof(sql[0]), "SELECT COUNT(*) FROM %s", known[n_known]);
		assert_ok(db_run(t.db, sql[n_known], NULL, 0, take_number, &n, NULL, &e), &e);
		if (!n)
			fail_msg("this test has no row in %s", known[n_known]);
	}
	assert_int_equal(t.n + 1, n_known); /* secrets have no MAC: they are sealed */
	db_drop(&t.db);
}

/* ---- the change ---- */
static void expect_old_keys_are_of_no_use(struct fixture *f)
{
	char kek[320], folder[300];
	struct key_place where = { kek, "", "" };
	struct server_keys *old = NULL;
	struct store *store = NULL;
	struct tx tx = { 0 };
	u8 id[ROOT_ID_LEN];
	struct err e = { 0 };
	OWNED(secret) share = NULL;
	OWNED(host) h = NULL;
	bool known, pending;

	snprintf(folder, sizeof(folder), "%s/before", f->folder);
	snprintf(kek, sizeof(kek), "%s/kek.pem", folder);
	assert_ok(store_root_id(f->settings.database, id, &known, &e), &e);
	assert_true(known);
	assert_refused(keys_load(folder, &where, id, &old, &e), &e, E_CONFIG, "another root key");
	/* and without asking the database whose it is */
	assert_ok(keys_load(folder, &where, NULL, &old, &e), &e);
	assert_refused(store_open(f->settings.database, f->settings.audit_floor, old, &store, &e),
		       &e, E_CONFLICT, "floor file was changed");
	assert_ok(db_open(f->settings.database, false, &tx.db, &e), &e);
	tx.keys = old;
	assert_refused(share_open(&tx, ueid, uuid, 1, &share, &pending, &e), &e, E_SIGNATURE, "");
	assert_refused(host_find_by_name(&tx, "db-17", &h, &e), &e, E_SIGNATURE, "changed");
	db_drop(&tx.db);
	server_keys_drop(&old);
}

static void every_row_is_under_the_new_key_and_none_under_the_old(void **state)
{
	struct fixture *f = *state;
	u8 was[KEK_ID_LEN], told[KEK_ID_LEN], now[KEK_ID_LEN];
	struct err e = { 0 };
	long long n = 0, again = 0;

	expect_opens(f, was);
	assert_ok(rekey_run(&f->settings, NULL, told, &n, &e), &e);
	expect_opens(f, now);
	assert_memory_equal(now, told, KEK_ID_LEN);
	assert_memory_not_equal(now, was, KEK_ID_LEN);
	assert_true(n >= 20);
	expect_old_keys_are_of_no_use(f);
	/* each row's MAC is checked once more by the next change */
	assert_ok(rekey_run(&f->settings, NULL, told, &again, &e), &e);
	assert_int_equal(again, n);
	expect_opens(f, now);
}

static void a_key_elsewhere_takes_over_and_is_named_from_then_on(void **state)
{
	struct fixture *f = *state;
	char uri[300];
	struct key_place to = { uri, "", "" };
	u8 told[KEK_ID_LEN], now[KEK_ID_LEN];
	struct server *v = NULL;
	struct err e = { 0 };
	long long n;

	snprintf(uri, sizeof(uri), "file:%s/ec.pem", f->folder);
	assert_int_equal(
		rig_shell("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "
			  "%s/ec.pem 2>/dev/null",
			  f->folder),
		0);
	assert_ok(rekey_run(&f->settings, &to, told, &n, &e), &e);
	assert_refused(server_open_store(&f->settings, &v, &e), &e, E_CONFIG, "[kek] names");
	snprintf(f->settings.kek, sizeof(f->settings.kek), "%s", uri);
	expect_opens(f, now);
	assert_memory_equal(now, told, KEK_ID_LEN);
	assert_refused(rekey_run(&f->settings, NULL, told, &n, &e), &e, E_USAGE, "--kek");
	expect_opens(f, now);
}

static void a_row_that_is_not_ours_stops_the_change_before_anything_has_changed(void **state)
{
	struct fixture *f = *state;
	u8 was[KEK_ID_LEN], id[KEK_ID_LEN], now[KEK_ID_LEN];
	struct server *v = NULL;
	struct db *d = NULL;
	struct err e = { 0 };
	long long n;

	expect_opens(f, was);
	assert_ok(db_open(f->settings.database, false, &d, &e), &e);
	assert_ok(db_run(d, "UPDATE admin_tokens SET role = 'operator'", NULL, 0, NULL, NULL, NULL,
			 &e),
		  &e);
	db_drop(&d);
	assert_refused(rekey_run(&f->settings, NULL, id, &n, &e), &e, E_SIGNATURE,
		       "row 1 of admin_tokens");
	expect_opens(f, now);
	assert_memory_equal(now, was, KEK_ID_LEN);
	/* and while a server runs, nobody changes its keys */
	assert_ok(server_open_store(&f->settings, &v, &e), &e);
	assert_refused(rekey_run(&f->settings, NULL, id, &n, &e), &e, E_CONFLICT, "stop it first");
	server_drop(&v);
}

/* ---- killed ---- */
/* Each fourth such call, which takes a minute; with ASSAY_SWEEP set each one. */
static const char writes[] = "pwrite64,write,fsync,fdatasync,rename,link,unlink,ftruncate";

static void a_change_that_is_killed_anywhere_leaves_one_key_in_force(void **state)
{
	struct fixture *f = *state;
	u8 was[KEK_ID_LEN], now[KEK_ID_LEN], after[KEK_ID_LEN];
	int n, rc = -1, n_old = 0, n_new = 0, step = getenv("ASSAY_SWEEP") ? 1 : 4;

	expect_opens(f, was);
	for (n = 1; rc != 0 && n < 400; n += step) {
		assert_int_equal(rig_shell("rm -rf %s/state && cp -a %s/before %s/state", f->folder,
					   f->folder, f->folder),
				 0);
		rc = rig_shell(
			"ASAN_OPTIONS=detect_leaks=0 exec strace -f -qq -o /dev/null -e trace=%s -e"
			" inject=%s:signal=KILL:when=%d " SERVER
			" --config %s/server.conf rekey >%s/out 2>&1",
			writes, writes, n, f->folder, f->folder);
		if (rc == 127)
			fail_msg("strace is not there");
		expect_opens(f, now);
		n_old += !memcmp(now, was, KEK_ID_LEN);
		n_new += !!memcmp(now, was, KEK_ID_LEN);
		if (memcmp(now, was, KEK_ID_LEN))
			expect_old_keys_are_of_no_use(f);
		expect_opens(f, after); /* settled once and for all */
		assert_memory_equal(after, now, KEK_ID_LEN);
	}
	assert_int_equal(rc, 0); /* in the last round nothing was left to be killed at */
	print_message("%d times the old key, %d times the new one\n", n_old, n_new);
	assert_true(n_old > 5);
	assert_true(n_new > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_table_with_a_mac_is_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			every_row_is_under_the_new_key_and_none_under_the_old, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_key_elsewhere_takes_over_and_is_named_from_then_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_row_that_is_not_ours_stops_the_change_before_anything_has_changed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_change_that_is_killed_anywhere_leaves_one_key_in_force, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
