// SPDX-License-Identifier: Apache-2.0
/* fleet --url URL --pki FOLDER --token-file FILE [options]: docs/TESTING.md, Fleet */
#include "fleet.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/cert.h"
#include "common/clock.h"
#include "common/config.h"
#include "common/file.h"
#include "common/text.h"

/* Boots of a second run have to be later ones: hosts begin at 16 for each second since 2026. */
enum { EPOCH_OF_BOOTS = 1767225600, BOOTS_PER_S = 16 };

static struct fleet fleet;
static volatile sig_atomic_t ended;

static void remove_folder(void)
{
	char name[300];

	for (size_t i = 0; i <= fleet.n_models; i++)
		for (int v = 0; v < FLEET_VERSIONS; v++)
			unlink(fleet.models[i].versions[v].file);
	for (int i = 0; i < FLEET_BOOTS; i++) {
		static const char *const kinds[] = { "boot", "kernel", "initrd" };

		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			snprintf(name, sizeof(name), "%.250s/%s%d", fleet.folder, kinds[k], i);
			unlink(name);
		}
	}
	if (fleet.folder[0])
		rmdir(fleet.folder);
}

void die(const char *format, ...)
{
	va_list args;

	fputs("fleet: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	remove_folder();
	_exit(1); /* other threads are at work */
}

/* ---- options ---- */
static const char usage[] =
	"usage: fleet --pki FOLDER                                        make the devices' root, "
	"for the server\n"
	"       fleet --pki FOLDER --url URL --token-file FILE (--pin PIN | --ca FILE) [options]\n"
	"  --hosts N --devices M --groups G --models K --rounds R --jobs J --seed S\n"
	"  --refused P --warned P --stale P --proposing P      per cent of the hosts\n"
	"  --hostile                             names and texts that are meant to do harm\n"
	"  --live SECONDS                        go on attesting, with changes now and then\n"
	"  --rewind DAYS --database FILE         earlier rounds become that old, by SQL\n"
	"  --touch NAME=STATE                    only one attestation of that host of the same "
	"fleet:\n"
	"                                        good, firmware, missing, boot, certificate\n";

/* clang-format off */
static const struct number_option {
	const char *name;
	size_t at;
	long long least, most, otherwise;
} numbers[] = {
	{ "hosts",     offsetof(struct fleet_options, hosts),        1, FLEET_HOSTS_MAX,    30 },
	{ "devices",   offsetof(struct fleet_options, devices),      1, FLEET_DEVICES_MAX,  2 },
	{ "groups",    offsetof(struct fleet_options, groups),       1, FLEET_GROUPS_MAX,   3 },
	{ "models",    offsetof(struct fleet_options, models),       1, FLEET_MODELS_MAX,   3 },
	{ "proposing", offsetof(struct fleet_options, proposing),    0, 100,                0 },
	{ "rounds",    offsetof(struct fleet_options, rounds),       1, 1000,               1 },
	{ "jobs",      offsetof(struct fleet_options, jobs),         1, FLEET_JOBS_MAX,     8 },
	{ "seed",      offsetof(struct fleet_options, seed),         0, 1000000000,         1 },
	{ "refused",   offsetof(struct fleet_options, refused),      0, 100,                0 },
	{ "warned",    offsetof(struct fleet_options, warned),       0, 100,                0 },
	{ "stale",     offsetof(struct fleet_options, stale),        0, 100,                0 },
	{ "live",      offsetof(struct fleet_options, live_s),       0, 31536000,           0 },
	{ "rewind",    offsetof(struct fleet_options, rewind_days),  0, 3650,               0 },
};
static const struct text_option {
	const char *name;
	size_t at;
} texts[] = {
	{ "url",        offsetof(struct fleet_options, url) },
	{ "ca",         offsetof(struct fleet_options, ca) },
	{ "pin",        offsetof(struct fleet_options, pin) },
	{ "token-file", offsetof(struct fleet_options, token_file) },
	{ "pki",        offsetof(struct fleet_options, pki) },
	{ "database",   offsetof(struct fleet_options, database) },
};
/* clang-format on */
enum { N_NUMBERS = ARRAY_LEN(numbers), N_TEXTS = ARRAY_LEN(texts) };
enum { OPTION_HOSTILE = N_NUMBERS + N_TEXTS, OPTION_TOUCH };

static void *field(struct fleet_options *o, size_t at)
{
	return (char *)o + at;
}

static void take_option(struct fleet_options *o, int i, const char *value)
{
	struct err e = { 0 };

	if (i < N_NUMBERS)
		need(config_number(field(o, numbers[i].at), numbers[i].least, numbers[i].most,
				   value, &e),
		     &e);
	else if (i < OPTION_HOSTILE)
		*(const char **)field(o, texts[i - N_NUMBERS].at) = value;
	else if (i == OPTION_HOSTILE)
		o->hostile = true;
	else if (o->n_touched < ARRAY_LEN(o->touched))
		o->touched[o->n_touched++] = value;
	else
		die("too many hosts to touch");
}

static void read_options(struct fleet_options *o, int argc, char **argv)
{
	struct option all[OPTION_TOUCH + 2] = { 0 };
	int i = 0, c;

	for (; i < N_NUMBERS; i++) {
		all[i] = (struct option){ numbers[i].name, required_argument, NULL, 256 + i };
		*(long long *)field(o, numbers[i].at) = numbers[i].otherwise;
	}
	for (; i < OPTION_HOSTILE; i++)
		all[i] = (struct option){ texts[i - N_NUMBERS].name, required_argument, NULL,
					  256 + i };
	all[OPTION_HOSTILE] = (struct option){ "hostile", no_argument, NULL, 256 + OPTION_HOSTILE };
	all[OPTION_TOUCH] = (struct option){ "touch", required_argument, NULL, 256 + OPTION_TOUCH };
	while ((c = getopt_long(argc, argv, "", all, NULL)) >= 256)
		take_option(o, c - 256, optarg);
	if (c != -1 || optind != argc || !o->pki ||
	    (o->url && (!o->token_file || !o->pin == !o->ca)) ||
	    (!o->rewind_days != !o->database)) {
		fputs(usage, stderr);
		exit(1);
	}
	if (o->refused + o->warned + o->stale + o->proposing > 100)
		die("more than all hosts would be refused, warned of, stale or propose a boot");
}

/* ---- beginning and end ---- */
static void make_pki(const char *folder)
{
	if (identity_make_root(folder, "p256"))
		die("%s cannot be written", folder);
	fprintf(stderr,
		"The server has to know %s/root.pem before it starts: [trust] device_roots is a "
		"folder with it.\n",
		folder);
}

static void on_signal(int n)
{
	(void)n;
	ended = 1;
}

static void begin(struct fleet *f)
{
	struct sigaction act = { .sa_handler = on_signal };
	OWNED(buf) token = NULL;
	struct err e = { 0 };
	size_t len;

	f->authority = authority_open(f->o.pki);
	if (!f->authority)
		die("no devices' root in %s: make it with --pki alone, before the server starts",
		    f->o.pki);
	need(file_read(f->o.token_file, sizeof(f->token) - 1, &token, &e), &e);
	len = token->w.len;
	while (len && strchr(" \r\n", token->w.at[len - 1]))
		len--;
	memcpy(f->token, token->w.at, len);
	snprintf(f->folder, sizeof(f->folder), "/tmp/assay-fleet.XXXXXX");
	if (!mkdtemp(f->folder))
		die("no scratch folder");
	atexit(remove_folder);
	f->turned_away = json_array();
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	fleet_plan(f);
	fleet_boots_make(f);
	for (size_t i = 0; i < (size_t)f->o.jobs; i++)
		need(transport_open(&f->o.url, 1, &f->o.pin, f->o.pin ? 1 : 0,
				    f->o.ca ? f->o.ca : "", &f->transports[i], &e),
		     &e);
}

static void finish(struct fleet *f)
{
	for (size_t i = 0; i < (size_t)f->o.jobs; i++)
		transport_drop(&f->transports[i]);
	for (size_t i = 0; i < (size_t)f->o.hosts; i++) {
		struct fleet_host *h = &f->hosts[i];

		buf_drop(&h->ek_pub);
		buf_drop(&h->ak_pub);
		for (size_t d = 0; d < h->n_devices; d++)
			octets_free(&h->devices[d].leaf);
	}
	free(f->hosts);
	for (int i = 0; i < FLEET_BOOTS; i++)
		buf_drop(&f->boots[i].log);
	keypair_drop(&f->signer);
	cert_drop(&f->signer_cert);
	authority_close(f->authority);
	json_decref(f->turned_away);
}

/* ---- all hosts, several at a time ---- */
struct stretch {
	struct fleet *f;
	const char *what;
	void (*each)(struct fleet *f, struct transport *t, struct fleet_host *h, long long round);
	long long round;
	atomic_size_t next;
};
struct worker {
	struct stretch *phase;
	struct transport *t;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct stretch *p = w->phase;
	size_t i;

	while ((i = p->next++) < (size_t)p->f->o.hosts && !ended)
		p->each(p->f, w->t, &p->f->hosts[i], p->round);
	return NULL;
}

static void run_phase(struct fleet *f, const char *what, long long round,
		      void (*each)(struct fleet *, struct transport *, struct fleet_host *,
				   long long))
{
	struct stretch p = { .f = f, .what = what, .each = each, .round = round };
	struct worker workers[FLEET_JOBS_MAX];
	long long since = clock_monotonic_ms(), told = since;

	for (size_t i = 0; i < (size_t)f->o.jobs; i++) {
		workers[i] = (struct worker){ &p, f->transports[i], 0 };
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			die("no thread");
	}
	while (p.next < (size_t)f->o.hosts && !ended) {
		usleep(20000);
		if (clock_monotonic_ms() - told < 2000)
			continue;
		told = clock_monotonic_ms();
		fprintf(stderr, "%s: %zu of %lld hosts\n", what, (size_t)p.next, f->o.hosts);
	}
	for (size_t i = 0; i < (size_t)f->o.jobs; i++)
		pthread_join(workers[i].thread, NULL);
	fprintf(stderr, "%s: done, %.1f s\n", what, (double)(clock_monotonic_ms() - since) / 1e3);
}

static u32 first_reset(void)
{
	return (u32)((clock_now_s() - EPOCH_OF_BOOTS) * BOOTS_PER_S);
}

static void enrol(struct fleet *f, struct transport *t, struct fleet_host *h, long long round)
{
	(void)round;
	h->reset_count = first_reset();
	fleet_host_make(f, h);
	fleet_host_enrol(f, t, h);
}

static void attest(struct fleet *f, struct transport *t, struct fleet_host *h, long long round)
{
	bool last = round == f->o.rounds - 1;
	struct fleet_shown shown;

	if (h->state == FLEET_NEVER || (h->state == FLEET_LATELY && round))
		return;
	if (h->state == FLEET_MISSING && last &&
	    !h->status) { /* what it is made of has to be known */
		fleet_shows(f, h, FLEET_GOOD, round, &shown);
		fleet_host_attest(f, t, h, &shown);
	}
	fleet_shows(f, h, last ? h->state : FLEET_GOOD, round, &shown);
	fleet_host_attest(f, t, h, &shown);
}

static void propose(struct fleet *f, struct transport *t, struct fleet_host *h, long long round)
{
	(void)round;
	fleet_host_propose(f, t, h);
}

/* A record of a host tells whose deployment this is, and only the viewer's token is needed. */
static void learn_deployment(struct fleet *f, const struct fleet_host *h)
{
	char path[128];
	long status;
	json_t *answer;
	const char *text;

	snprintf(path, sizeof(path), "/api/v1/hosts/%s", h->name);
	answer = fleet_call(f, f->transports[0], "GET", path, NULL, true, BYTES_NONE, &status);
	text = json_string_value(json_object_get(answer, "deployment"));
	if (status != 200 || !text || !uuid_read(text, f->deployment))
		fleet_refused(h->name, status, answer);
	json_decref(answer);
}

/* ---- what goes on ---- */
static void run_rounds(struct fleet *f)
{
	for (long long r = 0; r < f->o.rounds && !ended; r++) {
		long long since = clock_now_s(), last = f->o.rounds - 1,
			  by = f->o.rewind_days * 86400 * (last - r) / (last ? last : 1);
		char what[64];

		snprintf(what, sizeof(what), "round %lld", r + 1);
		run_phase(f, what, r, attest);
		if (by > 0)
			fprintf(stderr,
				"REWIND: %lld rows of %s are now %lld h older than they are\n",
				fleet_rewind(f->o.database, since, by), f->o.database, by / 3600);
	}
}

/* One host after the other, so that each has its turn within a minute; one in twelve changes. */
static void go_on(struct fleet *f)
{
	long long until = clock_monotonic_ms() + f->o.live_s * 1000, n = 0;
	long long pause_us = 60 * 1000000LL / f->o.hosts;

	pause_us = pause_us > 250000 ? 250000 : pause_us;
	for (; clock_monotonic_ms() < until && !ended; n++) {
		struct fleet_host *h =
			&f->hosts[fleet_random(f, (size_t)n, "whose turn") % (u64)f->o.hosts];
		struct fleet_shown shown;
		bool change = fleet_random(f, (size_t)n, "changes") % 12 == 0;

		usleep((useconds_t)pause_us);
		if (h->state == FLEET_NEVER || h->state == FLEET_LATELY)
			continue;
		if (change && (h->state == FLEET_GOOD || h->state == FLEET_FIRMWARE)) {
			h->state = h->state == FLEET_GOOD ? FLEET_FIRMWARE : FLEET_GOOD;
			fprintf(stderr, "%s: now %s\n", h->name, fleet_state_verdict(h->state));
		}
		fleet_shows(f, h, h->state, f->o.rounds, &shown);
		fleet_host_attest(f, f->transports[0], h, &shown);
	}
}

static void touch(struct fleet *f, const char *what)
{
	const char *equals = strchr(what, '=');
	enum fleet_state state = fleet_state_read(equals ? equals + 1 : "");

	if (state > FLEET_CERTIFICATE)
		die("%s: NAME=good, firmware, missing, boot or certificate", what);
	for (size_t i = 0; i < (size_t)f->o.hosts; i++) {
		struct fleet_host *h = &f->hosts[i];
		struct fleet_shown shown;

		if (strlen(h->name) != (size_t)(equals - what) ||
		    strncmp(h->name, what, strlen(h->name)))
			continue;
		if (!h->ak_pub) {
			h->reset_count = first_reset();
			fleet_host_make(f, h);
			learn_deployment(f, h);
		}
		fleet_shows(f, h, state, f->o.rounds, &shown);
		fleet_host_attest(f, f->transports[0], h, &shown);
		return;
	}
	die("%s: there is no such host in this fleet", what);
}

int main(int argc, char **argv)
{
	struct fleet *f = &fleet;
	int rc;

	read_options(&f->o, argc, argv);
	if (!f->o.url) {
		make_pki(f->o.pki);
		return 0;
	}
	begin(f);
	for (size_t i = 0; i < f->o.n_touched; i++)
		touch(f, f->o.touched[i]);
	if (!f->o.n_touched) {
		if (f->o.hostile)
			fleet_hostile_names(f);
		fleet_refvals(f);
		run_phase(f, "keys and enrolment", 0, enrol);
		learn_deployment(f, &f->hosts[0]);
		run_rounds(f);
		if (f->o.proposing)
			run_phase(f, "proposals", 0, propose);
		go_on(f);
	}
	fleet_tell(f, ended);
	rc = f->mismatches ? 2 : 0;
	finish(f);
	return rc;
}
