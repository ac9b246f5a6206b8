// SPDX-License-Identifier: Apache-2.0
/*
 * bench-load [--volume UUID] ROUNDS COUNT SERVER-PID CONFIG...: each CONFIG is an enrolled host. Per round every host
 * makes COUNT tokens with its real TPM and devices while the server rests, then all hosts send theirs at
 * once, each over a connection that is kept. Prints a JSON object: the server's CPU time for one
 * attestation (newSession included) in microseconds and attestations per second of the sending, a value
 * a round. With a volume each attestation asks for its share, which has to come,
 * and the time between is the host's.
 */
#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/round.h"
#include "common/text.h"

enum { HOSTS_MAX = 16, COUNT_MAX = 1000 };

struct host {
	struct agent_settings settings;
	struct tpm *tpm;
	struct transport *t;
	pthread_t thread;
};

static size_t n_hosts, count, n_rounds;
static struct round_ask ask; /* of no volume: nothing is asked for */
static struct host hosts[HOSTS_MAX];
static pthread_barrier_t barrier; /* all hosts and main */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-load: %s\n", what);
	exit(1);
}

static double now_us(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		die("the server is gone");
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct round *make(struct host *h)
{
	struct round *made = NULL;
	struct err e = { 0 };

	if (round_collect(&h->settings, h->tpm, h->t, ask.n ? &ask : NULL, NULL, NULL, &made, &e))
		die(e.text);
	return made;
}

static void hand_in(struct round *made)
{
	struct round_result r;
	struct err e = { 0 };

	if (round_send(made, &r, &e))
		die(e.text);
	if (strcmp(r.status, "affirming"))
		die(r.json ? (const char *)r.json->w.at : r.status);
	if (r.n_shares != ask.n)
		die("no share came");
	round_result_clear(&r);
	round_drop(&made);
}

/* One that asks for a share holds a key in the TPM, which has room for three: it is made and sent at once. */
static void *run_host(void *arg)
{
	static __thread struct round *made[COUNT_MAX];
	struct host *h = arg;

	for (size_t k = 0; k < n_rounds; k++) {
		pthread_barrier_wait(&barrier);
		for (size_t i = 0; !ask.n && i < count; i++)
			made[i] = make(h);
		pthread_barrier_wait(&barrier);
		for (size_t i = 0; i < count; i++)
			hand_in(ask.n ? make(h) : made[i]);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void open_host(struct host *h, const char *config)
{
	const char *urls[SERVERS_MAX], *pins[PINS_MAX];
	struct err e = { 0 };

	if (agent_settings_load(config, &h->settings, &e))
		die(e.text);
	for (size_t i = 0; i < h->settings.n_urls; i++)
		urls[i] = h->settings.url[i];
	for (size_t i = 0; i < h->settings.n_pins; i++)
		pins[i] = h->settings.pin[i];
	if (tpm_open(h->settings.tcti, &h->tpm, &e) ||
	    transport_open(urls, h->settings.n_urls, pins, h->settings.n_pins, h->settings.ca,
			   &h->t, &e))
		die(e.text);
}

int main(int argc, char **argv)
{
	json_t *cpu = json_array(), *rate = json_array();
	clockid_t server;

	if (argc > 2 && !strcmp(argv[1], "--volume")) {
		if (!uuid_read(argv[2], ask.volumes[0].uuid))
			die("not the UUID of a volume");
		ask.volumes[0].epoch = 1;
		ask.n = 1;
		argc -= 2;
		argv += 2;
	}
	if (argc < 5 || argc - 4 > HOSTS_MAX)
		die("usage: bench-load [--volume UUID] ROUNDS COUNT SERVER-PID CONFIG...");
	n_rounds = strtoul(argv[1], NULL, 10);
	count = strtoul(argv[2], NULL, 10);
	n_hosts = (size_t)argc - 4;
	if (!n_rounds || !count || count > COUNT_MAX ||
	    clock_getcpuclockid((pid_t)strtol(argv[3], NULL, 10), &server))
		die("no such count, or no such process");
	pthread_barrier_init(&barrier, NULL, (unsigned int)n_hosts + 1);
	for (size_t i = 0; i < n_hosts; i++) {
		open_host(&hosts[i], argv[4 + i]);
		if (pthread_create(&hosts[i].thread, NULL, run_host, &hosts[i]))
			die("no thread");
	}
	for (size_t k = 0; k < n_rounds; k++) {
		double cpu_start = now_us(server), start, total = (double)(n_hosts * count);

		pthread_barrier_wait(&barrier);
		pthread_barrier_wait(&barrier);
		start = now_us(CLOCK_MONOTONIC);
		pthread_barrier_wait(&barrier);
		json_array_append_new(rate,
				      json_real(total * 1e6 / (now_us(CLOCK_MONOTONIC) - start)));
		json_array_append_new(cpu, json_real((now_us(server) - cpu_start) / total));
	}
	json_dumpf(json_pack("{s:o, s:o}", "server_us", cpu, "per_second", rate), stdout,
		   JSON_REAL_PRECISION(6));
	puts("");
	return 0;
}
