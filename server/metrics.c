// SPDX-License-Identifier: Apache-2.0
#include "metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "assay_commit.h"
#include "common/clock.h"
#include "standings.h"
#include "verifier/explain.h"

enum { CLASSES = 5, TEXT_MAX = 262144 }; /* 1xx to 5xx */

/* Upper ends in microseconds; the last bucket has none. */
static const u32 bucket_us[] = { 250,	500,   1000,   2500,   5000,   10000,
				 25000, 50000, 100000, 250000, 500000, 1000000 };
enum { BUCKETS = ARRAY_LEN(bucket_us) + 1 };

struct histogram {
	atomic_ullong count[BUCKETS], sum_ns;
};

struct metrics {
	long long started;
	atomic_ullong events[EVENT_COUNT];
	struct histogram stages[STAGE_COUNT];
	atomic_ullong requests[METRIC_ROUTES_MAX][CLASSES];
};

struct metrics *metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (m)
		m->started = clock_now_s();
	return m;
}

void metrics_drop(struct metrics **m)
{
	if (!m)
		return;
	free(*m);
	*m = NULL;
}

static void one_more(atomic_ullong *n)
{
	atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

void metrics_event(struct metrics *m, enum metric_event event)
{
	one_more(&m->events[event]);
}

u64 metrics_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}

u64 metrics_stage(struct metrics *m, enum metric_stage stage, u64 since)
{
	struct histogram *h = &m->stages[stage];
	u64 now = metrics_now(), ns = now - since;
	size_t i = 0;

	while (i < ARRAY_LEN(bucket_us) && ns > bucket_us[i] * 1000ull)
		i++;
	one_more(&h->count[i]);
	atomic_fetch_add_explicit(&h->sum_ns, ns, memory_order_relaxed);
	return now;
}

void metrics_request(struct metrics *m, size_t route, unsigned int status)
{
	if (route < METRIC_ROUTES_MAX && status >= 100 && status < 600)
		one_more(&m->requests[route][status / 100 - 1]);
}

/* ---- the text ---- */
static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	write_bytes(w, bytes_text(line));
}

static void put_head(struct writer *w, const char *name, const char *type, const char *help)
{
	put(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_events(struct writer *w, const struct metrics *m)
{
	static const struct {
		enum metric_event event;
		const char *name, *label, *help; /* help: a new family begins */
	} rows[] = {
		{ EVENT_AFFIRMED, "assay_verdicts_total", "status=\"affirmed\"",
		  "Verdicts on evidence that an enrolled AK signed." },
		{ EVENT_WARNED, "assay_verdicts_total", "status=\"warning\"", NULL },
		{ EVENT_REFUSED, "assay_verdicts_total", "status=\"contraindicated\"", NULL },
		{ EVENT_UNQUOTED, "assay_evidence_rejected_total", "reason=\"unquoted\"",
		  "Evidence that led to no verdict of any host." },
		{ EVENT_UNREADABLE, "assay_evidence_rejected_total", "reason=\"unreadable\"",
		  NULL },
		{ EVENT_RELEASED, "assay_releases_total", "outcome=\"given\"",
		  "Answers to hosts that asked for key shares." },
		{ EVENT_WITHHELD, "assay_releases_total", "outcome=\"withheld\"", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].help)
			put_head(w, rows[i].name, "counter", rows[i].help);
		put(w, "%s{%s} %llu\n", rows[i].name, rows[i].label,
		    atomic_load(&m->events[rows[i].event]));
	}
}

static void put_stages(struct writer *w, const struct metrics *m)
{
	static const char name[] = "assay_attestation_stage_seconds";
	static const char *const stages[] = { "decode", "judge", "record", "release" };

	put_head(w, name, "histogram", "Time of one attestation, by what was done.");
	for (size_t s = 0; s < STAGE_COUNT; s++) {
		const struct histogram *h = &m->stages[s];
		unsigned long long n = 0;

		for (size_t i = 0; i < ARRAY_LEN(bucket_us); i++) {
			n += atomic_load(&h->count[i]);
			put(w, "%s_bucket{stage=\"%s\",le=\"%g\"} %llu\n", name, stages[s],
			    bucket_us[i] / 1e6, n);
		}
		n += atomic_load(&h->count[BUCKETS - 1]);
		put(w, "%s_bucket{stage=\"%s\",le=\"+Inf\"} %llu\n", name, stages[s], n);
		put(w, "%s_sum{stage=\"%s\"} %.9f\n", name, stages[s],
		    (double)atomic_load(&h->sum_ns) / 1e9);
		put(w, "%s_count{stage=\"%s\"} %llu\n", name, stages[s], n);
	}
}

/* Those that were called: a series that nobody makes costs nothing. */
static void put_requests(struct writer *w, const struct metrics *m,
			 const struct metrics_route *routes, size_t n_routes)
{
	put_head(w, "assay_http_requests_total", "counter",
		 "Requests, by route and class of status.");
	for (size_t r = 0; r < METRIC_ROUTES_MAX; r++)
		for (int c = 0; c < CLASSES; c++) {
			unsigned long long n = atomic_load(&m->requests[r][c]);

			if (n)
				put(w,
				    "assay_http_requests_total{method=\"%s\",route=\"%s\","
				    "code=\"%dxx\"} %llu\n",
				    r < n_routes ? routes[r].method : "",
				    r < n_routes ? routes[r].path : "none", c + 1, n);
		}
}

/* ---- of the store ---- */
struct fleet {
	long long stale_before;
	struct fleet_count hosts;
	long long proposals, volumes, audit_records, webhooks;
};

static int take_rest(void *user, const struct db_row *row, struct err *e)
{
	struct fleet *f = user;

	(void)e;
	f->proposals = row->at[0].number;
	f->volumes = row->at[1].number;
	f->audit_records = row->at[2].number;
	f->webhooks = row->at[3].number;
	return 0;
}

static int count(struct tx *tx, void *arg, struct err *e)
{
	struct fleet *f = arg;

	return standings_count(tx, "", f->stale_before, &f->hosts, e) ||
			       db_run(tx->db,
				      "SELECT (SELECT COUNT(DISTINCT digest) FROM proposals"
				      " WHERE corim IS NULL), (SELECT COUNT(*) FROM volumes),"
				      " (SELECT MAX(seq) FROM audit),"
				      " (SELECT COUNT(*) FROM webhooks)",
				      NULL, 0, take_rest, f, NULL, e)
		       ? (int)e->code
		       : 0;
}

static void put_fleet(struct writer *w, const struct fleet *f)
{
	const struct {
		const char *state;
		long long n;
	} rows[] = { { "affirmed", f->hosts.affirming },
		     { "warning", f->hosts.warning },
		     { "contraindicated", f->hosts.contraindicated },
		     { "stale", f->hosts.stale },
		     { "never", f->hosts.never },
		     { "revoked", f->hosts.revoked } };

	put_head(w, "assay_hosts", "gauge", "Enrolled hosts, by what their last verdict is worth.");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		put(w, "assay_hosts{state=\"%s\"} %lld\n", rows[i].state, rows[i].n);
	put_head(w, "assay_proposals_pending", "gauge",
		 "Next boots that hosts proposed and nobody signed.");
	put(w, "assay_proposals_pending %lld\n", f->proposals);
	put_head(w, "assay_volumes", "gauge", "Volumes with a counter that shares are held for.");
	put(w, "assay_volumes %lld\n", f->volumes);
	put_head(w, "assay_webhooks_queued", "gauge",
		 "Changes of verdicts that nobody has taken yet.");
	put(w, "assay_webhooks_queued %lld\n", f->webhooks);
	put_head(w, "assay_audit_records_total", "counter", "Records in the audit log.");
	put(w, "assay_audit_records_total %lld\n", f->audit_records);
}

static void put_process(struct writer *w, const struct metrics *m)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f) {
		if (fscanf(f, "%*u %lu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	put_head(w, "assay_build_info", "gauge", "1; the labels say which build this is.");
	put(w, "assay_build_info{version=\"%s\",commit=\"%s\"} 1\n", ASSAY_VERSION, ASSAY_COMMIT);
	put_head(w, "process_start_time_seconds", "gauge", "When this process started.");
	put(w, "process_start_time_seconds %lld\n", m->started);
	put_head(w, "process_resident_memory_bytes", "gauge", "Resident memory.");
	put(w, "process_resident_memory_bytes %llu\n",
	    (unsigned long long)pages * (unsigned long long)sysconf(_SC_PAGESIZE));
}

int metrics_write(struct metrics *m, struct store *store, const struct metrics_route *routes,
		  size_t n_routes, long long stale_after_s, struct buf **out, struct err *e)
{
	OWNED(buf) b = buf_new(TEXT_MAX);
	struct fleet f = { .stale_before = stale_after_s ? clock_now_s() - stale_after_s : 0 };

	if (!b)
		return err_set(e, E_MEMORY, "no memory for metrics");
	if (store_read(store, count, &f, e))
		return (int)e->code;
	put_process(&b->w, m);
	put_fleet(&b->w, &f);
	put_events(&b->w, m);
	put_stages(&b->w, m);
	put_requests(&b->w, m, routes, n_routes);
	if (b->w.full)
		return err_set(e, E_LIMIT, "metrics are too long");
	*out = TAKE(b);
	return 0;
}
