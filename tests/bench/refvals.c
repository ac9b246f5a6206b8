// SPDX-License-Identifier: Apache-2.0
/*
 * bench-refvals ROUNDS COUNT ADMIN-TOKEN SIGNER-CERT SIGNER-KEY CONFIG...: what changes of reference values cost,
 * on a server that runs. First the time of one import request into a store of 10 CoRIMs, then the filling of the store
 * to 1,000 and the same there. Then each CONFIG, an enrolled host, makes COUNT tokens twice a round and sends them:
 * once while nothing changes, once while a CoRIM is deactivated and activated again without a pause, so that every
 * snapshot is another. Prints a JSON object with a value a round, times in ms of wall time.
 */
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/round.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/corim.h"

enum { HOSTS_MAX = 16, COUNT_MAX = 500, IMPORTS = 5, SMALL = 10, LARGE = 1000, BLOCKS = 16 };

struct host {
	struct agent_settings settings;
	struct tpm *tpm;
	struct transport *t;
	pthread_t thread;
	double ms[COUNT_MAX];
};

static size_t n_hosts, count, n_rounds, n_there;
static struct host hosts[HOSTS_MAX];
static pthread_barrier_t barrier; /* all hosts and main */
static struct transport *admin;
static char *bearer;
static struct keypair *key;
static struct cert_list *chain;
static atomic_bool swapping;
static size_t n_swaps;
static char swapped[65];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-refvals: %s\n", what);
	exit(1);
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(double *at, size_t n, double q)
{
	qsort(at, n, sizeof(*at), by_value);
	return at[(size_t)((double)(n - 1) * q + 0.5)];
}

/* ---- the operator ---- */
/* Release @number of a firmware: each has its own digests. */
static struct buf *make_corim(u32 number)
{
	struct corim_element elements[BLOCKS] = { 0 };
	struct digest digests[BLOCKS];
	u8 mkeys[BLOCKS];
	struct corim_triple t = { .env = { .vendor = bytes_text("pci:1b36"),
					   .model = bytes_text("pci:1b36:0010") },
				  .n = BLOCKS,
				  .elements = elements };
	char id[40];
	struct corim_draft d = { .id = id, .signer = "bench", .triples = &t, .n = 1 };
	struct buf *out = NULL;
	struct err e = { 0 };

	snprintf(id, sizeof(id), "release/%u", number);
	for (u8 i = 0; i < BLOCKS; i++) {
		u32 seed[2] = { number, i };

		mkeys[i] = i;
		digests[i] = sha256_of((struct bytes){ (const u8 *)seed, sizeof(seed) });
		elements[i].mkey = (struct bytes){ &mkeys[i], 1 };
		elements[i].mval.n_digests = 1;
		elements[i].mval.digests[0] = (struct corim_digest){ 1, digest_bytes(&digests[i]) };
	}
	if (corim_write(&d, key, chain, &out, &e))
		die(e.text);
	return out;
}

static void ask(const char *method, const char *path, const char *type, struct bytes body)
{
	struct reply r = { 0 };
	struct err e = { 0 };

	if (transport_call(admin, method, path, type, bearer, body, &r, &e))
		die(e.text);
	if (r.status != 200)
		die(transport_problem(&r, &e) ? e.text : "the server answered in another way");
	reply_clear(&r);
}

/* Return: how long the request took. */
static double import(u32 number, char digest[65])
{
	OWNED(buf) b = make_corim(number);
	struct digest d = sha256_of(buf_bytes(b));
	double start = now_ms();

	ask("POST", "/endorsement-provisioning/v1/submit", "application/rim+cose", buf_bytes(b));
	hex_write(digest_bytes(&d), digest);
	return now_ms() - start;
}

static void change(const char *method, const char *digest, const char *verb)
{
	char path[160];

	snprintf(path, sizeof(path), "/api/v1/refvals/%.64s%s", digest, verb);
	ask(method, path, NULL, BYTES_NONE);
}

/* Each round: the median of a few imports, taken away again, so that the store keeps its size. */
static json_t *time_imports(void)
{
	json_t *list = json_array();

	for (size_t k = 0; k < n_rounds; k++) {
		char digests[IMPORTS][65];
		double ms[IMPORTS];

		for (u32 i = 0; i < IMPORTS; i++)
			ms[i] = import(1000000 + (u32)(n_there + k) * IMPORTS + i, digests[i]);
		for (u32 i = 0; i < IMPORTS; i++)
			change("DELETE", digests[i], "");
		json_array_append_new(list, json_real(quantile(ms, IMPORTS, 0.5)));
	}
	return list;
}

/* Return: imports per second. */
static double fill(size_t size)
{
	double start = now_ms();
	size_t before = n_there;

	for (; n_there < size; n_there++)
		import((u32)n_there, swapped);
	return (double)(size - before) * 1e3 / (now_ms() - start);
}

/* ---- hosts ---- */
static void send_all(struct host *h)
{
	static __thread struct round *made[COUNT_MAX];
	struct err e = { 0 };

	pthread_barrier_wait(&barrier);
	for (size_t i = 0; i < count; i++)
		if (round_collect(&h->settings, h->tpm, h->t, NULL, NULL, NULL, &made[i], &e))
			die(e.text);
	pthread_barrier_wait(&barrier); /* the changes begin, or do not */
	pthread_barrier_wait(&barrier);
	for (size_t i = 0; i < count; i++) {
		double start = now_ms();
		struct round_result r;

		if (round_send(made[i], &r, &e))
			die(e.text);
		h->ms[i] = now_ms() - start;
		if (strcmp(r.status, "affirming"))
			die(r.json ? (const char *)r.json->w.at : r.status);
		round_result_clear(&r);
		round_drop(&made[i]);
	}
	pthread_barrier_wait(&barrier);
}

static void *run_host(void *arg)
{
	for (size_t k = 0; k < 2 * n_rounds; k++)
		send_all(arg);
	return NULL;
}

static void open_server(const struct agent_settings *s, struct transport **out)
{
	const char *urls[SERVERS_MAX], *pins[PINS_MAX];
	struct err e = { 0 };

	for (size_t i = 0; i < s->n_urls; i++)
		urls[i] = s->url[i];
	for (size_t i = 0; i < s->n_pins; i++)
		pins[i] = s->pin[i];
	if (transport_open(urls, s->n_urls, pins, s->n_pins, s->ca, out, &e))
		die(e.text);
}

static void open_host(struct host *h, const char *config)
{
	struct err e = { 0 };

	if (agent_settings_load(config, &h->settings, &e) ||
	    tpm_open(h->settings.tcti, &h->tpm, &e))
		die(e.text);
	open_server(&h->settings, &h->t);
}

static void *swap(void *arg)
{
	(void)arg;
	while (swapping) {
		change("POST", swapped, "/deactivate");
		change("POST", swapped, "/activate");
		n_swaps += 2;
	}
	return NULL;
}

/* One time COUNT tokens of each host. Return: the 99th percentile of a request with a token. */
static double phase(bool with_swaps)
{
	double *all = calloc(n_hosts * count, sizeof(*all)), p99;
	pthread_t swapper;

	if (!all)
		die("no memory");
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	swapping = with_swaps;
	if (with_swaps && pthread_create(&swapper, NULL, swap, NULL))
		die("no thread");
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	swapping = false;
	if (with_swaps)
		pthread_join(swapper, NULL);
	for (size_t i = 0; i < n_hosts; i++)
		memcpy(all + i * count, hosts[i].ms, count * sizeof(*all));
	p99 = quantile(all, n_hosts * count, 0.99);
	free(all);
	return p99;
}

static void read_operator(char **argv)
{
	OWNED(buf) token = NULL;
	OWNED(buf) cert = NULL;
	OWNED(buf) pem = NULL;
	struct err e = { 0 };

	if (file_read(argv[0], 4096, &token, &e) || file_read(argv[1], 65536, &cert, &e) ||
	    file_read(argv[2], 65536, &pem, &e) ||
	    cert_list_from_pem(buf_bytes(cert), &chain, &e) ||
	    keypair_from_pem(buf_bytes(pem), &key, &e))
		die(e.text);
	bearer = strndup((const char *)token->w.at, token->w.len);
	if (!bearer)
		die("no memory");
	bearer[strcspn(bearer, " \r\n")] = 0;
}

int main(int argc, char **argv)
{
	json_t *small, *large, *quiet = json_array(), *busy = json_array();
	double per_second;

	if (argc < 7 || argc - 6 > HOSTS_MAX)
		die("usage: bench-refvals ROUNDS COUNT ADMIN-TOKEN SIGNER-CERT SIGNER-KEY "
		    "CONFIG...");
	n_rounds = strtoul(argv[1], NULL, 10);
	count = strtoul(argv[2], NULL, 10);
	if (!n_rounds || !count || count > COUNT_MAX)
		die("no such count");
	read_operator(argv + 3);
	n_hosts = (size_t)argc - 6;
	n_there = n_hosts; /* the values of each */
	for (size_t i = 0; i < n_hosts; i++)
		open_host(&hosts[i], argv[6 + i]);
	open_server(&hosts[0].settings, &admin);

	fill(SMALL);
	small = time_imports();
	per_second = fill(LARGE);
	large = time_imports();

	pthread_barrier_init(&barrier, NULL, (unsigned int)n_hosts + 1);
	for (size_t i = 0; i < n_hosts; i++)
		if (pthread_create(&hosts[i].thread, NULL, run_host, &hosts[i]))
			die("no thread");
	for (size_t k = 0; k < n_rounds; k++) {
		json_array_append_new(quiet, json_real(phase(false)));
		json_array_append_new(busy, json_real(phase(true)));
	}
	if (!n_swaps)
		die("nothing was swapped");
	json_dumpf(json_pack("{s:o, s:o, s:f, s:o, s:o, s:I, s:i, s:i}", "import_small_ms", small,
			     "import_large_ms", large, "imports_per_second", per_second,
			     "quiet_p99_ms", quiet, "swap_p99_ms", busy, "swaps",
			     (json_int_t)n_swaps, "small", SMALL, "large", LARGE),
		   stdout, JSON_REAL_PRECISION(6));
	puts("");
	return 0;
}
