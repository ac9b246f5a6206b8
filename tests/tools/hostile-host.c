// SPDX-License-Identifier: Apache-2.0
/*
 * Root on a host, who does not care what our agent would do: asks the server for a share whatever PCR 15 says, keeps what came,
 * and plays it to the TPM again, in another boot. Linked with --wrap=transport_call_same, which is where the answer is caught.
 *
 *	hostile-host ask CONFIG UUID EPOCH COUNTER FILE   one round; the answer's release, if one came, into FILE; 0, or 2: none came
 *	hostile-host counts CONFIG                        "RESET RESTART" of the TPM
 *	hostile-host play CONFIG FILE RESET RESTART       0: a share was unsealed, with these counts or those of now; 2: the TPM refused
 *	hostile-host suspend                              TPM2_Shutdown(STATE): what comes after it is a Restart, not a Reset
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/round.h"
#include "common/file.h"
#include "common/text.h"
#include "proto/release_answer.h"

enum { REFUSED = 2, FAILED = 4 };

int __real_transport_call_same(struct transport *t, const char *method, const char *path,
			       const char *content_type, struct bytes body, struct reply *out,
			       struct err *e);
int __wrap_transport_call_same(struct transport *t, const char *method, const char *path,
			       const char *content_type, struct bytes body, struct reply *out,
			       struct err *e);

static const char *keep_in;
static bool kept;

static void keep(struct bytes body)
{
	json_t *j = json_loadb((const char *)body.at, body.len, 0, NULL);
	const char *release = json_string_value(json_object_get(j, "release"));
	u8 *raw = release ? malloc(RELEASE_ANSWER_MAX) : NULL;
	long n = raw ? base64_read(bytes_text(release), raw, RELEASE_ANSWER_MAX) : -1;
	struct err e = { 0 };

	kept = n > 0 && !file_write(keep_in, (struct bytes){ raw, (size_t)n }, 0600, &e);
	free(raw);
	json_decref(j);
}

int __wrap_transport_call_same(struct transport *t, const char *method, const char *path,
			       const char *content_type, struct bytes body, struct reply *out,
			       struct err *e)
{
	int rc = __real_transport_call_same(t, method, path, content_type, body, out, e);

	if (!rc && out->status == 200)
		keep(buf_bytes(out->body));
	return rc;
}

static int failed(const struct err *e)
{
	printf("failed: %s\n", e->text);
	return FAILED;
}

static int ask(const struct agent_settings *s, struct tpm *tpm, char **argv)
{
	struct round_ask ask = { .n = 1 };
	struct round_volume *v = &ask.volumes[0];
	const char *urls[SERVERS_MAX], *pins[PINS_MAX];
	struct transport *t = NULL;
	struct round_result r;
	struct err e = { 0 };
	int rc;

	for (size_t i = 0; i < s->n_urls; i++)
		urls[i] = s->url[i];
	for (size_t i = 0; i < s->n_pins; i++)
		pins[i] = s->pin[i];
	v->epoch = strtoull(argv[1], NULL, 10);
	v->counter = (u32)strtoul(argv[2], NULL, 0);
	v->act = VOLUME_GET;
	keep_in = argv[3];
	if (!uuid_read(argv[0], v->uuid)) {
		printf("failed: %s is no UUID\n", argv[0]);
		return FAILED;
	}
	rc = transport_open(urls, s->n_urls, pins, s->n_pins, s->ca, &t, &e) ||
	     round_run(s, tpm, t, &ask, NULL, NULL, &r, &e);
	transport_drop(&t);
	if (rc)
		return failed(&e);
	printf("%zu shares, verdict %.*s\n", r.n_shares, (int)r.json->w.len,
	       (const char *)r.json->w.at);
	rc = r.n_shares && kept ? 0 : REFUSED;
	round_result_clear(&r);
	return rc;
}

static int counts_of(const struct agent_settings *s, struct tpm *tpm, struct tpm_clock *out,
		     struct err *e)
{
	struct digest extra = sha256_of(bytes_text("counts"));
	struct tpm_quoted q = { 0 };
	struct tpm_attest attest;
	OWNED(tpm_key) ak = NULL;
	int rc = tpm_key_make(tpm, s->ak, &ak, e) || tpm_quote(tpm, ak, &extra, &q, e) ||
		 tpm_attest_parse(buf_bytes(q.attest), &attest, e);

	if (!rc)
		*out = attest.clock;
	tpm_quoted_clear(&q);
	return rc;
}

static int counts(const struct agent_settings *s, struct tpm *tpm)
{
	struct tpm_clock now;
	struct err e = { 0 };

	if (counts_of(s, tpm, &now, &e))
		return failed(&e);
	printf("%u %u\n", now.reset_count, now.restart_count);
	return 0;
}

static bool opens(const struct agent_settings *s, struct tpm *tpm, const struct tpm_key *k,
		  const struct release_share *share, const struct tpm_clock *clock)
{
	OWNED(secret) got = NULL;
	struct err e = { 0 };
	int rc = tpm_open_share(tpm, k, share->public_2b, share->private_2b, share->secret_2b,
				s->release_pcrs, clock, &got, &e);

	printf("counts %u %u: %s\n", clock->reset_count, clock->restart_count,
	       rc ? e.text : "unsealed");
	return !rc;
}

/* The TPM alone says what becomes of it: which K the release names, and in which boot it came, is looked at by nobody. */
static int play(const struct agent_settings *s, struct tpm *tpm, char **argv)
{
	struct tpm_clock then = { .reset_count = (u32)strtoul(argv[1], NULL, 10),
				  .restart_count = (u32)strtoul(argv[2], NULL, 10) };
	struct release_answer answer;
	OWNED(tpm_key) k = NULL;
	OWNED(buf) raw = NULL;
	struct tpm_clock now;
	struct err e = { 0 };
	bool opened = false;

	if (file_read(argv[0], RELEASE_ANSWER_MAX, &raw, &e) ||
	    release_answer_parse(buf_bytes(raw), &answer, &e) || counts_of(s, tpm, &now, &e) ||
	    tpm_key_make(tpm, TEMPLATE_K, &k, &e))
		return failed(&e);
	printf("K is %s\n", bytes_equal(answer.k_name, BYTES(k->name)) ? "the same" : "another");
	for (size_t i = 0; i < answer.n; i++)
		opened |= opens(s, tpm, k, &answer.shares[i], &then) ||
			  opens(s, tpm, k, &answer.shares[i], &now);
	return opened ? 0 : REFUSED;
}

/* SPEC: TCG TPM 2.0 Part 3 9.4 */
static int suspend(void)
{
	static const u8 command[] = { 0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x45, 0, 1 },
			good[] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0, 0 };
	u8 answer[64];
	int fd = open("/dev/tpm0", O_RDWR | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0 && write(fd, command, sizeof(command)) == (ssize_t)sizeof(command))
		n = read(fd, answer, sizeof(answer));
	if (fd >= 0)
		close(fd);
	if (n == (ssize_t)sizeof(good) && !memcmp(answer, good, sizeof(good)))
		return 0;
	printf("failed: the TPM does not take TPM2_Shutdown(STATE)\n");
	return FAILED;
}

int main(int argc, char **argv)
{
	static struct agent_settings s;
	OWNED(tpm) tpm = NULL;
	struct err e = { 0 };

	if (argc == 2 && !strcmp(argv[1], "suspend"))
		return suspend();
	if (argc < 3 || agent_settings_load(argv[2], &s, &e) || tpm_open(s.tcti, &tpm, &e))
		return failed(&e);
	if (argc == 7 && !strcmp(argv[1], "ask"))
		return ask(&s, tpm, argv + 3);
	if (argc == 3 && !strcmp(argv[1], "counts"))
		return counts(&s, tpm);
	if (argc == 6 && !strcmp(argv[1], "play"))
		return play(&s, tpm, argv + 3);
	printf("failed: see the top of hostile-host.c\n");
	return 1;
}
