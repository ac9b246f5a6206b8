// SPDX-License-Identifier: Apache-2.0
/*
 * Who writes into the database and has not the root key decides nothing: each column that does is under its row's MAC, and
 * whoever reads the row says that it was changed.
 */
#include <stdio.h>
#include <string.h>

#include "proto/strict.h"
#include "rig.h"
#include "server/approvals.h"
#include "server/corim_rows.h"
#include "server/enrolment.h"
#include "server/expected.h"
#include "server/hosts.h"
#include "server/ima_states.h"
#include "server/leases.h"
#include "server/proposals.h"
#include "server/rekey.h"
#include "server/secrets.h"
#include "server/server.h"
#include "server/signer_rows.h"
#include "server/volumes.h"
#include "stocked.h"

static const u8 ueid[UEID_LEN] = STOCKED_UEID, uuid[16] = STOCKED_UUID, hash[32] = STOCKED_HASH;
static char folder[256];
static struct settings settings;

/* ---- who reads ---- */
static void host_by_name(struct tx *tx, struct err *e)
{
	OWNED(host) h = NULL;

	host_find_by_name(tx, "db-17", &h, e);
}

static void host_by_ak(struct tx *tx, struct err *e)
{
	const u8 ak[AK_NAME_LEN] = { 8 };
	OWNED(host) h = NULL;

	host_find_by_ak(tx, BYTES(ak), &h, e);
}

static void expected(struct tx *tx, struct err *e)
{
	struct expected_host x;

	expected_host_find(tx, hash, &x, e);
}

static void join_token(struct tx *tx, struct err *e)
{
	struct join_token t;

	join_token_find(tx, hash, &t, e);
}

static void enrolment(struct tx *tx, struct err *e)
{
	struct enrolment n = { .id = "an-id" };

	enrolment_find(tx, &n, e);
	enrolment_clear(&n);
}

static void ima_state(struct tx *tx, struct err *e)
{
	struct ima_state *s = NULL;

	ima_state_find(tx, ueid, &s, e);
	free(s);
}

static void ima_pending(struct tx *tx, struct err *e)
{
	struct ima_state *s = NULL;

	ima_pending_find(tx, ueid, BYTES(uuid), &s, e);
	free(s);
}

static int take_proposal(void *user, const struct proposal_row *row, struct err *e)
{
	(void)user;
	(void)row;
	(void)e;
	return 0;
}

static void proposal(struct tx *tx, struct err *e)
{
	proposal_rows(tx, "", NULL, NULL, take_proposal, NULL, e);
}

static void inventory(struct tx *tx, struct err *e)
{
	OWNED(buf) b = NULL;

	inventory_find(tx, ueid, &b, e);
}

static void device(struct tx *tx, struct err *e)
{
	struct known_device d;

	device_find(tx, ueid, "nvme 1", &d, e);
}

/* These go on without what was changed, and show it as not genuine. */
static int corim_is_genuine(void *user, const struct corim_row *row, struct err *e)
{
	(void)user;
	return row->genuine ? 0 : err_set(e, E_SIGNATURE, "not genuine");
}

static int signer_is_genuine(void *user, const struct signer_row *row, struct err *e)
{
	(void)user;
	return row->genuine ? 0 : err_set(e, E_SIGNATURE, "not genuine");
}

static void corim(struct tx *tx, struct err *e)
{
	corim_rows_all(tx, corim_is_genuine, NULL, e);
}

static void anchor(struct tx *tx, struct err *e)
{
	signer_rows_all(tx, SIGNER_ANCHOR, signer_is_genuine, NULL, e);
}

static void crl(struct tx *tx, struct err *e)
{
	signer_rows_all(tx, SIGNER_CRL, signer_is_genuine, NULL, e);
}

static void share(struct tx *tx, struct err *e)
{
	OWNED(secret) s = NULL;
	bool pending;

	share_open(tx, ueid, uuid, 1, &s, &pending, e);
}

static void volume(struct tx *tx, struct err *e)
{
	struct volume v;

	volume_find(tx, uuid, &v, e);
}

static void lease(struct tx *tx, struct err *e)
{
	struct lease_host h;

	lease_host_find(tx, ueid, &h, e);
}

static void approval(struct tx *tx, struct err *e)
{
	struct buf *found[APPROVALS_MAX] = { 0 };
	size_t n = 0;

	approvals_find(tx, uuid, 1, found, &n, e);
	for (size_t i = 0; i < n; i++)
		buf_drop(&found[i]);
}

/* ---- what somebody changes ---- */
static const struct change {
	const char *sql;
	void (*read)(struct tx *tx, struct err *e);
} changes[] = {
	{ "UPDATE hosts SET grp = 'trusted'", host_by_name },
	{ "UPDATE hosts SET ek_pub = x'00'", host_by_name },
	{ "UPDATE hosts SET ek_trust = 'certificate'", host_by_name },
	{ "UPDATE hosts SET state = 'revoked'", host_by_name },
	{ "UPDATE hosts SET name = 'db-18'", host_by_ak },
	{ "UPDATE aks SET state = 'active'", host_by_name }, /* the one that was revoked */
	{ "UPDATE aks SET pub = x'00'", host_by_ak },
	{ "UPDATE expected_hosts SET name = 'db-18'", expected },
	{ "UPDATE expected_hosts SET grp = 'trusted'", expected },
	{ "UPDATE join_tokens SET grp = 'trusted'", join_token },
	{ "UPDATE join_tokens SET host_name = 'db-18'", join_token },
	{ "UPDATE join_tokens SET ek_hash = randomblob(32)", join_token },
	{ "UPDATE join_tokens SET not_after = not_after + 1", join_token },
	{ "UPDATE enrolments SET request = randomblob(32)", enrolment },
	{ "UPDATE enrolments SET secret = randomblob(32)", enrolment },
	{ "UPDATE enrolments SET name = 'db-18'", enrolment },
	{ "UPDATE enrolments SET grp = 'trusted'", enrolment },
	{ "UPDATE enrolments SET ek_trust = 'certificate'", enrolment },
	{ "UPDATE enrolments SET ak_pub = x'00'", enrolment },
	{ "UPDATE enrolments SET token = NULL", enrolment },
	{ "UPDATE enrolments SET not_after = not_after + 1", enrolment },
	{ "UPDATE ima_states SET state = substr(state, 1, length(state) - 1) || x'07'", ima_state },
	{ "UPDATE ima_pending SET state = substr(state, 1, length(state) - 1) || x'07'",
	  ima_pending },
	{ "UPDATE proposals SET body = x'00'", proposal },
	{ "UPDATE proposals SET digest = randomblob(32)", proposal },
	{ "UPDATE inventories SET bytes = x'80'", inventory },
	{ "UPDATE devices SET leaf_key = randomblob(32)", device },
	{ "UPDATE devices SET version = 16", device },
	{ "UPDATE corims SET active = 1 - active", corim },
	{ "UPDATE corims SET is_signed = 1 - is_signed", corim },
	{ "UPDATE corims SET until = until + 1", corim },
	{ "UPDATE corims SET changed = changed + 1", corim },
	{ "UPDATE corims SET changed_by = 'nobody'", corim },
	{ "UPDATE corims SET bytes = x'00'", corim },
	{ "UPDATE corims SET beside = x'00'", corim },
	{ "UPDATE corim_anchors SET der = x'00'", anchor },
	{ "UPDATE corim_anchors SET added_by = 'nobody'", anchor },
	{ "UPDATE corim_crls SET bytes = x'00'", crl },
	{ "UPDATE corim_crls SET added = added + 1", crl },
	{ "UPDATE secrets SET sealed = zeroblob(length(sealed))", share },
	{ "UPDATE secrets SET row_key = zeroblob(length(row_key))", share },
	{ "UPDATE secrets SET row_key = (SELECT row_key FROM secrets WHERE epoch = 2),"
	  " sealed = (SELECT sealed FROM secrets WHERE epoch = 2)",
	  share },
	{ "UPDATE volumes SET counter = counter + 1", volume },
	{ "UPDATE volumes SET counted = counted - 1", volume },
	{ "UPDATE volumes SET proof = randomblob(32)", volume },
	{ "UPDATE volumes SET rotate = 1 - rotate", volume },
	{ "UPDATE leases SET epoch = epoch + 1", lease },
	{ "UPDATE leases SET counter = counter + 1", lease },
	{ "UPDATE leases SET value = value + 1", lease },
	{ "UPDATE leases SET reset_max = reset_max + 1", lease },
	{ "UPDATE leases SET clock_max = clock_max + 1", lease },
	{ "UPDATE leases SET granted = granted + 1", lease },
	{ "UPDATE lease_hosts SET denied = 0", lease },
	{ "UPDATE lease_hosts SET used = used + 1", lease },
	{ "UPDATE lease_hosts SET used_reset = used_reset + 1", lease },
	{ "UPDATE approvals SET body = body || x'00'", approval },
};

static int change_and_read(struct tx *tx, void *arg, struct err *e)
{
	const struct change *c = arg;
	struct err before = { 0 }, after = { 0 };
	long long n = 0;

	c->read(tx, &before);
	if (before.code)
		fail_msg("%s: was not readable before: %s", c->sql, before.text);
	assert_ok(db_run(tx->db, c->sql, NULL, 0, NULL, NULL, &n, e), e);
	assert_int_not_equal(n, 0);
	c->read(tx, &after);
	if (after.code != E_SIGNATURE)
		fail_msg("%s: read with code %d: %s", c->sql, after.code, after.text);
	return err_set(e, E_AGAIN, "taken back"); /* the next finds the rows as they were */
}

static void a_column_that_was_changed_is_told_by_whoever_reads_the_row(void **state)
{
	struct server *v = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(server_open_store(&settings, &v, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++)
		assert_refused(store_write(v->store, change_and_read, (void *)&changes[i], &e), &e,
			       E_AGAIN, "taken back");
	server_drop(&v);
}

/* A table that is new is not forgotten here. */
static void each_table_with_a_mac_is_changed_by_a_case(void **state)
{
	(void)state;
	for (const char *const *name = rekey_tables(); *name; name++) {
		char update[80];
		size_t i = 0;

		if (!strcmp(*name, "admin_tokens")) /* read from a request: test_server */
			continue;
		snprintf(update, sizeof(update), "UPDATE %s SET ", *name);
		while (i < ARRAY_LEN(changes) &&
		       strncmp(changes[i].sql, update, strlen(update)) != 0)
			i++;
		if (i == ARRAY_LEN(changes))
			fail_msg("no case changes table %s", *name);
	}
}

static int set_up(void **state)
{
	(void)state;
	stocked_folder(folder, &settings);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_folder_remove(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_that_was_changed_is_told_by_whoever_reads_the_row),
		cmocka_unit_test(each_table_with_a_mac_is_changed_by_a_case),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
