// SPDX-License-Identifier: Apache-2.0
/* What is kept of a fleet's past: bounded, looked through in parts, and made anew where it is missing. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/text.h"
#include "fleet_rig.h"
#include "server/audit.h"
#include "server/events.h"
#include "server/samples.h"
#include "server/seen_devices.h"
#include "wire.h"

/* ---- what is bounded, and what is made anew ---- */
static int take_number(void *user, const struct db_row *row, struct err *e)
{
	(void)e;
	*(long long *)user = row->at[0].number;
	return 0;
}

/* What a device says of its firmware is without end. */
static int run_much(struct tx *tx, void *arg, struct err *e)
{
	struct fixture *f = arg;
	OWNED(host) h = NULL;
	struct seen_device d = { .label = "1af4:4d58/-/1",
				 .address = "0000:07:00.0",
				 .model = "pci:1af4:4d58",
				 .status = TIER_WARNING };

	if (host_find_by_name(tx, f->b.name, &h, e))
		return (int)e->code;
	for (int i = 0; i < FIRMWARES_PER_MODEL_MAX + 20; i++) {
		snprintf(d.firmware, sizeof(d.firmware), "version %d", i);
		if (seen_devices_set(tx, h, &d, 1, e))
			return (int)e->code;
	}
	return 0;
}

static int count_firmware(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "SELECT COUNT(*) FROM firmware WHERE model = 'pci:1af4:4d58'", NULL,
		      0, take_number, arg, NULL, e);
}

static void a_device_that_calls_itself_ever_something_else_is_told_apart_so_often(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	long long n = 0;
	char path[100];
	json_t *j;

	assert_ok(store_write(f->s.server->store, run_much, f, &e), &e);
	assert_ok(store_read(f->s.server->store, count_firmware, &n, &e), &e);
	assert_int_equal(n, FIRMWARES_PER_MODEL_MAX);
	snprintf(path, sizeof(path), "/api/v1/devices?model=pci:1af4:4d58&firmware=version%%20%d",
		 FIRMWARES_PER_MODEL_MAX + 19);
	j = fleet_get(f, path, 200); /* the last one is what it runs */
	assert_int_equal(json_array_size(json_object_get(j, "devices")), 1);
	json_decref(j);
	assert_int_equal(firmware_total(f, "pci:1af4:4d58"), 1);
	affirm(f, &f->b);
}

static int go_to_and_fro(struct tx *tx, void *arg, struct err *e)
{
	struct fixture *f = arg;
	OWNED(reasons) none = reasons_new();
	OWNED(host) h = NULL;
	struct verdict_change c;

	if (host_find_by_name(tx, f->b.name, &h, e))
		return (int)e->code;
	for (int i = 0; i < 2 * CHANGES_PER_HOST_MAX; i++)
		if (standing_verdict(tx, h, i % 2 ? TIER_AFFIRMING : TIER_CONTRAINDICATED, none, &c,
				     e))
			return (int)e->code;
	return 0;
}

static void
a_host_that_goes_to_and_fro_keeps_its_last_changes_and_who_missed_many_looks_anew(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char path[700] = "/api/v1/changes?host=host-b&limit=500", heard[65536];
	json_t *j;
	int fd;

	assert_ok(store_write(f->s.server->store, go_to_and_fro, f, &e), &e);
	j = fleet_get(f, path, 200);
	assert_int_equal(json_array_size(json_object_get(j, "changes")), CHANGES_PER_HOST_MAX);
	json_decref(j);
	fd = listen_as(f, f->s.token, "Last-Event-ID: 1\r\n");
	wire_hear(fd, heard, sizeof(heard), 500);
	assert_non_null(strstr(heard, "event: reload\n"));
	close(fd);
	affirm(f, &f->b);
}

static int write_much(struct tx *tx, void *arg, struct err *e)
{
	(void)arg;
	if (audit_append(tx, "needle", "rare", "{}", e))
		return (int)e->code;
	for (int i = 0; i < AUDIT_LOOKED_MAX + 50; i++)
		if (audit_append(tx, "straw", "common", "{}", e))
			return (int)e->code;
	return 0;
}

static void the_audit_log_is_looked_through_in_parts_that_lead_on(void **state)
{
	static const char *const filters[] = { "q=needle", "event=rare", "q=nothing",
					       "event=none" };
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(store_write(f->s.server->store, write_much, NULL, &e), &e);
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		char path[700], cursor[64] = "";
		size_t found = 0, parts = 0;

		do {
			json_t *j;
			const char *next;

			snprintf(path, sizeof(path), "/api/v1/audit?newest=yes&%s%s", filters[i],
				 cursor);
			j = fleet_get(f, path, 200);
			next = json_string_value(json_object_get(j, "next"));
			found += json_array_size(json_object_get(j, "records"));
			if (!parts++)
				assert_true(next && !found); /* it is further back than one looks */
			snprintf(cursor, sizeof(cursor), "&cursor=%s", next ? next : "");
			json_decref(j);
		} while (strlen(cursor) > strlen("&cursor="));
		assert_int_equal(found, i < 2);
		assert_int_equal(parts, 2);
	}
}

static int forget_and_fill(struct tx *tx, void *arg, struct err *e)
{
	return db_run(tx->db, "DELETE FROM standings", NULL, 0, NULL, NULL, NULL, e) ||
			       standings_fill(tx, arg, e)
		       ? (int)e->code
		       : 0;
}

static void standings_that_a_database_lacks_are_made_of_its_verdicts(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	long long n = 0;
	json_t *j, *h;

	contradict(f, &f->b);
	assert_ok(store_write(f->s.server->store, forget_and_fill, &n, &e), &e);
	assert_int_equal(n, 2);
	events_moved(f->s.server->events);
	j = fleet_get(f, "/api/v1/overview", 200);
	h = json_object_get(j, "hosts");
	assert_int_equal(number_in(h, "affirming"), 1);
	assert_int_equal(number_in(h, "contraindicated"), 1);
	json_decref(j);
	affirm(f, &f->b);
}

struct sampling {
	long long now_s;
	bool due;
};

static int sample(struct tx *tx, void *arg, struct err *e)
{
	struct sampling *s = arg;

	return samples_due(tx, s->now_s, &s->due, e) || (s->due && samples_take(tx, s->now_s, 0, e))
		       ? (int)e->code
		       : 0;
}

static void each_hour_is_a_point_of_the_trend_and_each_day_of_the_spread(void **state)
{
	static const struct {
		long long later;
		bool due;
	} rows[] = {
		{ 0, true }, { 1, false }, { SAMPLE_EACH_S, true }, { FIRMWARE_EACH_S, true }
	};
	struct fixture *f = *state;
	long long base = clock_now_s() / FIRMWARE_EACH_S * FIRMWARE_EACH_S;
	json_t *d = first_device(f, "host-a"), *j, *list;
	char path[100];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sampling s = { base + rows[i].later, false };
		struct err e = { 0 };

		assert_ok(store_write(f->s.server->store, sample, &s, &e), &e);
		assert_int_equal(s.due, rows[i].due);
	}
	events_moved(f->s.server->events);
	j = fleet_get(f, "/api/v1/overview", 200);
	list = json_object_get(j, "trend");
	assert_int_equal(json_array_size(list), 3);
	assert_int_equal(number_in(json_array_get(list, 0), "time"), base);
	assert_int_equal(number_in(json_array_get(list, 2), "affirming"), 2);
	json_decref(j);
	snprintf(path, sizeof(path), "/api/v1/firmware/%s/spread", text_in(d, "model"));
	j = fleet_get(f, path, 200);
	list = json_object_get(j, "samples");
	assert_int_equal(json_array_size(list), 2);
	assert_true(number_in(json_object_get(json_array_get(list, 1), "versions"),
			      text_in(d, "firmware")) > 0);
	json_decref(j);
	json_decref(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_device_that_calls_itself_ever_something_else_is_told_apart_so_often),
		cmocka_unit_test(
			a_host_that_goes_to_and_fro_keeps_its_last_changes_and_who_missed_many_looks_anew),
		cmocka_unit_test(the_audit_log_is_looked_through_in_parts_that_lead_on),
		cmocka_unit_test(standings_that_a_database_lacks_are_made_of_its_verdicts),
		cmocka_unit_test(each_hour_is_a_point_of_the_trend_and_each_day_of_the_spread),
		cmocka_unit_test(every_answer_was_as_openapi_yaml_describes_it),
	};

	return cmocka_run_group_tests(tests, refusal_set_up, refusal_tear_down);
}
