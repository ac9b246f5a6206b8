// SPDX-License-Identifier: Apache-2.0
/* Shares by epoch, and whose they are: each act of a release claim that was granted, and what somebody else did to the rows. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "server/hosts.h"
#include "server/release_rate.h"
#include "server/secrets.h"
#include "server/volumes.h"

enum { COUNTER = COUNTER_FIRST + 3 };
static const u8 here[UEID_LEN] = { 1, 0xa }, there[UEID_LEN] = { 1, 0xb };
static const u8 uuid[16] = { 0xd1, 0x5c }, proof[CAP_PROOF_LEN] = { 7 };

struct fixture {
	char folder[64], state[80], kek[100], db[100], floor[100];
	struct server_keys *keys;
	struct store *store;
};

static int add_hosts(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	for (int i = 0; i < 2; i++) {
		struct host h = { .active = true, .ak_active = true };
		OWNED(buf) pub = buf_copy(i ? bytes_text("b") : bytes_text("a"));

		memcpy(h.ueid, i ? there : here, UEID_LEN);
		snprintf(h.name, sizeof(h.name), "host-%c", 'a' + i);
		h.ak_name[0] = (u8)(i + 1);
		h.ek_pub = pub;
		h.ak_pub = pub;
		if (host_enrol(tx, &h, e))
			return (int)e->code;
	}
	return 0;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct key_place kek = { f->kek, "", "" };
	struct err e = { 0 };

	snprintf(f->folder, sizeof(f->folder), "/tmp/assay-volumes.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	snprintf(f->state, sizeof(f->state), "%s/state", f->folder);
	snprintf(f->kek, sizeof(f->kek), "%s/kek.pem", f->state);
	snprintf(f->db, sizeof(f->db), "%s/db", f->folder);
	snprintf(f->floor, sizeof(f->floor), "%s/floor", f->folder);
	assert_ok(folder_make(f->state, 0700, &e), &e);
	assert_ok(keys_init(f->state, &kek, &e), &e);
	assert_ok(keys_load(f->state, &kek, NULL, &f->keys, &e), &e);
	assert_ok(store_init(f->db, f->keys->root_id, &e), &e);
	assert_ok(store_open(f->db, f->floor, f->keys, &f->store, &e), &e);
	assert_ok(store_write(f->store, add_hosts, NULL, &e), &e);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char command[100];

	store_drop(&f->store);
	server_keys_drop(&f->keys);
	snprintf(command, sizeof(command), "rm -rf %s", f->folder);
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* ---- claims, one after another ---- */
struct claim {
	const u8 *ueid, *uuid;
	enum eat_volume_act act;
	u64 epoch, counted;
};

static int settle(struct tx *tx, void *arg, struct err *e)
{
	const struct claim *c = arg;
	struct eat *token = calloc(1, sizeof(*token));
	struct verified_view v = { .token = token };
	int rc;

	memcpy(token->ueid, c->ueid, UEID_LEN);
	token->n_volumes = 1;
	token->volumes[0] = (struct eat_volume){ .uuid = { c->uuid, 16 },
						 .epoch = c->epoch,
						 .counter = COUNTER,
						 .act = c->act,
						 .proof = BYTES(proof) };
	v.counted[0] = c->counted;
	rc = volumes_settle(tx, &v, "host-a", "test", e);
	free(token);
	return rc;
}

static int put_row(void *user, const struct db_row *row, struct err *e)
{
	char *out = user;
	size_t n = strlen(out);

	(void)e;
	snprintf(out + n, 200 - n, "%s%lld %.*s", n ? ", " : "", row->at[0].number,
		 (int)row->at[1].bytes.len, (const char *)row->at[1].bytes.at);
	return 0;
}

static int list(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "SELECT epoch, state FROM secrets ORDER BY uuid, epoch", NULL, 0,
		      put_row, arg, NULL, e);
}

static void each_act_leaves_the_shares_that_it_should(void **state)
{
	static const struct {
		const char *what;
		enum eat_volume_act act;
		u64 epoch, counted;
		enum err_code code;
		const char *shares;
	} steps[] = {
		{ "the first share", VOLUME_NEW, 5, 5, E_OK, "5 pending" },
		{ "asked for again", VOLUME_NEW, 5, 5, E_OK, "5 pending" },
		{ "its keyslot is there", VOLUME_STORED, 5, 5, E_OK, "5 current" },
		{ "and told again", VOLUME_STORED, 5, 5, E_OK, "5 current" },
		{ "a share for an epoch in use", VOLUME_NEW, 5, 5, E_CONFLICT, "5 current" },
		{ "an unlock", VOLUME_GET, 5, 5, E_OK, "5 current" },
		{ "the next", VOLUME_NEW, 6, 5, E_OK, "5 current, 6 pending" },
		{ "an unlock in between", VOLUME_GET, 5, 5, E_OK, "5 current, 6 pending" },
		{ "the next is stored", VOLUME_STORED, 6, 5, E_OK, "5 retiring, 6 current" },
		{ "an unlock before it counts", VOLUME_GET, 5, 5, E_OK, "5 retiring, 6 current" },
		{ "it has counted", VOLUME_GET, 6, 6, E_OK, "6 current" },
		{ "one more", VOLUME_NEW, 7, 6, E_OK, "6 current, 7 pending" },
		{ "which is stored and counts, and nobody was told", VOLUME_GET, 7, 7, E_OK,
		  "7 current" },
		{ "stored without a share", VOLUME_STORED, 8, 7, E_NOTFOUND, "7 current" },
		{ "counted without a share", VOLUME_GET, 9, 9, E_OK, "7 current" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct claim c = { here, uuid, steps[i].act, steps[i].epoch, steps[i].counted };
		char shares[200] = "";
		struct err e = { 0 };

		if (store_write(f->store, settle, &c, &e) != (int)steps[i].code)
			fail_msg("%s: %d %s", steps[i].what, (int)e.code, e.text);
		assert_ok(store_read(f->store, list, shares, &e), &e);
		if (strcmp(shares, steps[i].shares))
			fail_msg("%s: %s, not %s", steps[i].what, shares, steps[i].shares);
	}
}

static int rotate(struct tx *tx, void *arg, struct err *e)
{
	struct volume v;

	(void)arg;
	if (volume_find(tx, uuid, &v, e))
		return (int)e->code;
	v.rotate = true;
	return volume_put(tx, &v, e);
}

static void what_an_operator_wants_is_made_at_the_next_unlock_and_once(void **state)
{
	struct fixture *f = *state;
	struct claim first = { here, uuid, VOLUME_NEW, 1, 1 },
		     is = { here, uuid, VOLUME_STORED, 1, 1 },
		     unlock = { here, uuid, VOLUME_GET, 1, 1 },
		     next = { here, uuid, VOLUME_STORED, 2, 1 },
		     after = { here, uuid, VOLUME_GET, 2, 2 };
	char shares[200] = "";
	struct err e = { 0 };

	assert_ok(store_write(f->store, settle, &first, &e), &e);
	assert_ok(store_write(f->store, settle, &is, &e), &e);
	assert_ok(store_write(f->store, rotate, NULL, &e), &e);
	assert_ok(store_write(f->store, settle, &unlock, &e), &e);
	assert_ok(store_read(f->store, list, shares, &e), &e);
	assert_string_equal(shares, "1 current, 2 pending");
	assert_ok(store_write(f->store, settle, &next, &e), &e);
	assert_ok(store_write(f->store, settle, &after, &e), &e);
	assert_ok(store_write(f->store, settle, &after, &e), &e);
	shares[0] = 0;
	assert_ok(store_read(f->store, list, shares, &e), &e);
	assert_string_equal(shares, "2 current");
}

static void a_volume_of_another_host_stays_its(void **state)
{
	struct fixture *f = *state;
	struct claim ours = { here, uuid, VOLUME_NEW, 1, 1 },
		     theirs = { there, uuid, VOLUME_NEW, 2, 2 };
	struct err e = { 0 };

	assert_ok(store_write(f->store, settle, &ours, &e), &e);
	assert_refused(store_write(f->store, settle, &theirs, &e), &e, E_AGAIN, "owner");
}

static void one_volume_more_than_a_host_may_have_is_refused(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	for (u8 i = 0; i <= VOLUMES_MAX; i++) {
		u8 other[16] = { i };
		struct claim c = { here, other, VOLUME_NEW, 1, 1 };
		int rc = store_write(f->store, settle, &c, &e);

		if (i < VOLUMES_MAX)
			assert_ok(rc, &e);
		else
			assert_refused(rc, &e, E_LIMIT, "may have no more");
	}
}

static int tamper(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, arg, NULL, 0, NULL, NULL, NULL, e);
}

static int look(struct tx *tx, void *arg, struct err *e)
{
	return volume_find(tx, uuid, arg, e);
}

static void a_row_that_somebody_else_changed_is_refused(void **state)
{
	static const char *const changes[] = {
		"UPDATE volumes SET counter = counter + 1",
		"UPDATE volumes SET counted = 0",
		"UPDATE volumes SET rotate = 1",
		"UPDATE volumes SET proof = zeroblob(32)",
		"UPDATE volumes SET uuid = zeroblob(16)",
	};

	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct fixture *f;
		void *own = NULL;
		struct claim c = { here, uuid, VOLUME_NEW, 1, 1 };
		struct claim stored = { here, uuid, VOLUME_STORED, 1, 1 };
		struct volume v;
		struct err e = { 0 };

		(void)state;
		set_up(&own);
		f = own;
		assert_ok(store_write(f->store, settle, &c, &e), &e);
		assert_ok(store_write(f->store, settle, &stored, &e), &e);
		assert_ok(store_read(f->store, look, &v, &e), &e);
		assert_true(v.has_proof && v.counted == 1 && v.counter == COUNTER);
		assert_ok(store_write(f->store, tamper, (void *)changes[i], &e), &e);
		if (i + 1 < ARRAY_LEN(changes))
			assert_refused(store_read(f->store, look, &v, &e), &e, E_SIGNATURE,
				       "changed");
		else
			assert_refused(store_read(f->store, look, &v, &e), &e, E_NOTFOUND, "");
		tear_down(&own);
	}
}

/* ---- how often ---- */
struct rate {
	const u8 *ueid;
	long long max, now;
	bool reached;
};

static int look_at_rate(struct tx *tx, void *arg, struct err *e)
{
	struct rate *r = arg;

	return release_rate_reached(tx, r->ueid, r->max, r->now, &r->reached, e);
}

static int note_rate(struct tx *tx, void *arg, struct err *e)
{
	struct rate *r = arg;

	return release_rate_note(tx, r->ueid, r->now, e);
}

static void a_host_gets_so_many_releases_in_ten_minutes_and_then_waits(void **state)
{
	enum { START = 1000000 };
	static const struct {
		long long max, now;
		const u8 *ueid;
		bool reached;
	} rows[] = {
		{ 3, START + 20, here, true },
		{ 4, START + 20, here, false },
		{ 0, START + 20, here, false },
		{ 3, START + 20, there, false },
		{ 3, START + RELEASE_WINDOW_S - 1, here, true },
		{ 3, START + RELEASE_WINDOW_S, here, false },
	};
	struct fixture *f = *state;
	struct err e = { 0 };

	for (int i = 0; i < 3; i++) {
		struct rate note = { .ueid = here, .now = START + 10 * i };

		assert_ok(store_write(f->store, note_rate, &note, &e), &e);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rate look = { .ueid = rows[i].ueid, .max = rows[i].max, .now = rows[i].now };

		assert_ok(store_read(f->store, look_at_rate, &look, &e), &e);
		if (look.reached != rows[i].reached)
			fail_msg("row %zu: reached is %d", i, look.reached);
	}
}

/* ---- a share that the host has made itself ---- */
static int put_deposit(struct tx *tx, void *arg, struct err *e)
{
	return volume_deposit(tx, here, arg, "host-a", "test", e);
}

static void a_deposited_share_waits_for_a_boot_and_is_changed_by_the_next(void **state)
{
	static const struct {
		const char *name;
		enum eat_volume_act act;
		u64 epoch, counted;
		const char *shares;
	} rows[] = {
		{ "the next boot opens it, and no change is in its way", VOLUME_GET, 5, 5,
		  "5 pending" },
		{ "and proves its keyslot", VOLUME_STORED, 5, 5, "5 current" },
		{ "from then on another one is wanted", VOLUME_GET, 5, 5, "5 current, 6 pending" },
		{ "which is stored", VOLUME_STORED, 6, 5, "5 retiring, 6 current" },
		{ "and counts", VOLUME_GET, 6, 6, "6 current" },
		{ "and that was all", VOLUME_GET, 6, 6, "6 current" },
	};
	struct fixture *f = *state;
	struct deposit d = { .counter = COUNTER, .epoch = 5, .share = { 1, 2, 3 } };
	struct err e = { 0 };
	char out[200];

	memcpy(d.uuid, uuid, sizeof(d.uuid));
	for (int again = 0; again < 2; again++) /* cut short, and made anew */
		assert_ok(store_write(f->store, put_deposit, &d, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct claim c = { here, uuid, rows[i].act, rows[i].epoch, rows[i].counted };

		assert_ok(store_write(f->store, settle, &c, &e), &e);
		out[0] = 0;
		assert_ok(store_read(f->store, list, out, &e), &e);
		if (strcmp(out, rows[i].shares))
			fail_msg("%s: %s, not %s", rows[i].name, out, rows[i].shares);
	}
	assert_refused(store_write(f->store, put_deposit, &d, &e), &e, E_CONFLICT, "in use");
	/* a later one, while what the volume was known by is there: its row is read again */
	d.epoch = 7;
	e = (struct err){ 0 };
	assert_ok(store_write(f->store, put_deposit, &d, &e), &e);
	assert_ok(
		store_write(f->store, settle, &(struct claim){ here, uuid, VOLUME_GET, 7, 7 }, &e),
		&e);
}

static void a_deposit_takes_no_volume_of_another_host_and_no_other_counter(void **state)
{
	struct fixture *f = *state;
	struct claim theirs = { there, uuid, VOLUME_NEW, 1, 1 };
	struct deposit d = { .counter = COUNTER, .epoch = 5 };
	u8 ours[16] = { 9 };
	struct claim first = { here, ours, VOLUME_NEW, 1, 1 };
	struct err e = { 0 };

	assert_ok(store_write(f->store, settle, &theirs, &e), &e);
	memcpy(d.uuid, uuid, sizeof(d.uuid));
	assert_refused(store_write(f->store, put_deposit, &d, &e), &e, E_CONFLICT,
		       "belongs to host host-b");
	e = (struct err){ 0 };
	assert_ok(store_write(f->store, settle, &first, &e), &e);
	memcpy(d.uuid, ours, sizeof(d.uuid));
	d.counter++;
	assert_refused(store_write(f->store, put_deposit, &d, &e), &e, E_BINDING, "NV index");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_deposited_share_waits_for_a_boot_and_is_changed_by_the_next, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			a_deposit_takes_no_volume_of_another_host_and_no_other_counter, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(each_act_leaves_the_shares_that_it_should, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			what_an_operator_wants_is_made_at_the_next_unlock_and_once, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_volume_of_another_host_stays_its, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(one_volume_more_than_a_host_may_have_is_refused,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_host_gets_so_many_releases_in_ten_minutes_and_then_waits, set_up,
			tear_down),
		cmocka_unit_test(a_row_that_somebody_else_changed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
