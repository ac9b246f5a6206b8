// SPDX-License-Identifier: Apache-2.0
/*
 * bench-overview fill DATABASE HOSTS DEVICES: rows of a fleet, written into the database of a server that does not run. They are
 * what is shown of hosts, not what is trusted: none of these hosts could attest.
 * bench-overview ask COUNT URL PIN TOKEN-FILE: asks the running server what the pages of a dashboard ask, COUNT times each.
 * Prints a JSON object: for each question its times in ms, sorted, and the bytes of its answer.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/transport.h"
#include "common/file.h"
#include "server/db.h"
#include "verifier/explain.h"

enum { MODELS = 40, VERSIONS = 5, TOKEN_BYTES = 2048, UEID_BYTES = 33 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-overview: %s\n", what);
	exit(1);
}

static void run(struct db *d, const char *sql, const struct db_value *v, size_t n)
{
	struct err e = { 0 };

	if (db_run(d, sql, v, n, NULL, NULL, NULL, &e))
		die(e.text);
}

/* ---- filling ---- */
static enum ear_tier tier_of(long h)
{
	return h % 100 == 1 ? TIER_CONTRAINDICATED : h % 50 == 2 ? TIER_WARNING : TIER_AFFIRMING;
}

static void ueid_of(long h, u8 out[UEID_BYTES])
{
	memset(out, 0, UEID_BYTES);
	out[0] = 1;
	for (int i = 0; i < 8; i++)
		out[25 + i] = (u8)((unsigned long)h >> (56 - 8 * i));
}

static void fill_device(struct db *d, struct bytes ueid, const char *group, long h, long k,
			long long now)
{
	char label[64], address[32], model[32], firmware[64];
	u8 leaf[32] = { 0 };
	long m = (h * 7 + k) % MODELS, v = (h / MODELS + k) % VERSIONS;

	snprintf(label, sizeof(label), "1b36:%04lx/%016lx/0", 0x10 + m, h * 64 + k);
	snprintf(address, sizeof(address), "0000:%02lx:00.0", k + 1);
	snprintf(model, sizeof(model), "pci:1b36:%04lx", 0x10 + m);
	snprintf(firmware, sizeof(firmware), "%ld.%ld.0 (%08lx)", m, v, m * 4096 + v);
	memcpy(leaf, &h, sizeof(h));
	memcpy(leaf + 8, &k, sizeof(k));
	const struct db_value row[] = { DB_B(ueid),	  DB_T(label),	     DB_T(group),
					DB_T(address),	  DB_T(model),	     DB_T(firmware),
					DB_I(tier_of(h)), DB_B(BYTES(leaf)), DB_I(now) };

	run(d,
	    "INSERT INTO seen_devices (ueid, label, grp, address, model, firmware, status, "
	    "leaf_key,"
	    " since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
	    row, ARRAY_LEN(row));
}

static void fill_host(struct db *d, long h, long devices, struct bytes token, long long now)
{
	u8 ueid[UEID_BYTES], mac[32] = { 0 };
	char name[32], group[32];
	enum ear_tier tier = tier_of(h);
	long long time = h % 200 == 3 ? now - 30 * 86400 : now;

	ueid_of(h, ueid);
	snprintf(name, sizeof(name), "host-%07ld", h);
	snprintf(group, sizeof(group), "rack-%03ld", h % 200);
	const struct db_value v[] = {
		DB_B(BYTES(ueid)),
		DB_T(name),
		DB_T(group),
		DB_I(tier),
		DB_I(time),
		DB_B(BYTES(mac)),
		DB_B(token),
		DB_T(tier == TIER_AFFIRMING ? ""
					    : "device 1b36:0010 has firmware "
					      "that no reference value names"),
	};

	run(d,
	    "INSERT INTO hosts (ueid, name, grp, ek_pub, ek_trust, state, created, mac)"
	    " VALUES ($1, $2, $3, $6, 'registered', 'active', $5, $6)",
	    v, ARRAY_LEN(v));
	run(d,
	    "INSERT INTO standings (ueid, name, grp, state, status, time, since, reason)"
	    " VALUES ($1, $2, $3, 'active', $4, $5, $5, $8)",
	    v, ARRAY_LEN(v));
	run(d,
	    "INSERT INTO attestations (ueid, time, status, reset_count, restart_count, clock_ms,"
	    " reasons, devices, token) VALUES ($1, $5, $4, 1, 0, 1, '[]', '[]', $7)",
	    v, ARRAY_LEN(v));
	run(d,
	    "INSERT INTO verdict_changes (ueid, time, status, was, reason)"
	    " VALUES ($1, $5, $4, 0, $8)",
	    v, ARRAY_LEN(v));
	for (long k = 0; k < devices; k++)
		fill_device(d, v[0].bytes, group, h, k, now);
}

/* A line of seven days, for a chart is a part of the page. */
static void fill_trend(struct db *d, long hosts, long long now)
{
	for (int h = 1; h <= 168; h++) {
		const struct db_value v[] = { DB_I(now - h * 3600LL), DB_I(hosts * 97 / 100 - h),
					      DB_I(hosts / 50), DB_I(hosts / 100 + h % 24),
					      DB_I(hosts / 200) };

		run(d,
		    "INSERT INTO fleet_samples (time, affirming, warning, contraindicated, stale, "
		    "never) VALUES ($1, $2, $3, $4, $5, 0)",
		    v, ARRAY_LEN(v));
	}
}

static int fill(const char *database, long hosts, long devices)
{
	static const u8 token[TOKEN_BYTES];
	OWNED(db) d = NULL;
	struct err e = { 0 };
	long long now = (long long)time(NULL);

	if (db_open(database, false, &d, &e))
		die(e.text);
	for (long h = 0; h < hosts; h++) {
		if (h % 10000 == 0 && ((h && db_commit(d, &e)) || db_begin(d, &e)))
			die(e.text);
		fill_host(d, h, devices, BYTES(token), now);
	}
	run(d,
	    "INSERT INTO firmware (model, firmware, status, n, first_seen, last_seen)"
	    " SELECT model, firmware, status, COUNT(*), MIN(since), MAX(since) FROM seen_devices"
	    " GROUP BY model, firmware, status",
	    NULL, 0);
	fill_trend(d, hosts, now);
	if (db_commit(d, &e))
		die(e.text);
	return 0;
}

/* ---- asking ---- */
static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static json_t *ask(struct transport *t, const char *token, const char *path, size_t n)
{
	double *ms = calloc(n, sizeof(*ms));
	json_t *list = json_array();
	size_t bytes = 0;

	for (size_t i = 0; ms && i < n; i++) {
		struct reply r;
		struct err e = { 0 };
		double begin = now_ms();

		if (transport_call(t, "GET", path, NULL, token, BYTES_NONE, &r, &e))
			die(e.text);
		ms[i] = now_ms() - begin;
		bytes = r.body->w.len;
		if (r.status != 200)
			die(path);
		reply_clear(&r);
	}
	qsort(ms, n, sizeof(*ms), by_size);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_real(ms[i]));
	free(ms);
	return json_pack("{s:o, s:I}", "ms", list, "bytes", (json_int_t)bytes);
}

static int ask_all(size_t n, const char *url, const char *pin, const char *token_file)
{
	static const struct {
		const char *name, *path;
	} rows[] = {
		{ "overview", "/api/v1/overview" },
		{ "hosts", "/api/v1/hosts" },
		{ "hosts_refused", "/api/v1/hosts?status=contraindicated" },
		{ "hosts_stale", "/api/v1/hosts?status=stale" },
		{ "hosts_found", "/api/v1/hosts?q=099999" },
		{ "hosts_of_firmware", "/api/v1/hosts?model=pci%3A1b36%3A0012&firmware="
				       "2.3.0%20%2800002003%29" },
		{ "hosts_of_group", "/api/v1/hosts?group=rack-042" },
		{ "changes", "/api/v1/changes" },
		{ "firmware", "/api/v1/firmware" },
		{ "devices", "/api/v1/devices" },
		{ "devices_refused", "/api/v1/devices?status=contraindicated" },
		{ "groups", "/api/v1/groups" },
	};
	OWNED(transport) t = NULL;
	OWNED(buf) token = NULL;
	struct err e = { 0 };
	json_t *out = json_object();

	if (transport_open(&url, 1, &pin, 1, "", &t, &e) || file_read(token_file, 200, &token, &e))
		die(e.text);
	write_u8(&token->w, 0);
	((char *)token->w.at)[strcspn((char *)token->w.at, "\r\n ")] = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		json_object_set_new(out, rows[i].name,
				    ask(t, (char *)token->w.at, rows[i].path, n));
	json_dumpf(out, stdout, JSON_COMPACT | JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(out);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "fill"))
		return fill(argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
	if (argc == 6 && !strcmp(argv[1], "ask"))
		return ask_all(strtoul(argv[2], NULL, 10), argv[3], argv[4], argv[5]);
	die("fill DATABASE HOSTS DEVICES | ask COUNT URL PIN TOKEN-FILE");
}
