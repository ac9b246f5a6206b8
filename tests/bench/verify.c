// SPDX-License-Identifier: Apache-2.0
/*
 * bench-verify CONFIG TOKEN: CPU time of verifying and appraising a saved token with a server's own
 * state, and of the bare OpenSSL signature checks that it cannot do without. Rounds alternate, so that
 * both see the same machine. Prints a JSON object; times in microseconds of thread CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "common/clock.h"
#include "common/file.h"
#include "server/hosts.h"
#include "server/keys.h"
#include "server/refvals.h"
#include "server/server.h"
#include "verifier/decide.h"

enum { ROUNDS = 7, REPEATS = 20 };

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-verify: %s\n", what);
	exit(1);
}

/* ---- the floor: a signature check as a program that has the key writes it ---- */
struct floor_key {
	EVP_PKEY *pkey;
	const char *digest;
	u8 sig[160];
	size_t len;
};
static const u8 message[512] = { 1 };

static struct floor_key floor_key(const char *curve, const char *digest)
{
	struct floor_key k = { .pkey = EVP_EC_gen(curve), .digest = digest, .len = sizeof(k.sig) };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!k.pkey || !ctx ||
	    EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, k.pkey, NULL) <= 0 ||
	    EVP_DigestSign(ctx, k.sig, &k.len, message, sizeof(message)) <= 0)
		die("no key");
	EVP_MD_CTX_free(ctx);
	return k;
}

static double floor_us(const struct floor_key *k)
{
	double start = cpu_us();

	for (int i = 0; i < REPEATS; i++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();

		if (EVP_DigestVerifyInit_ex(ctx, NULL, k->digest, NULL, NULL, k->pkey, NULL) <= 0 ||
		    EVP_DigestVerify(ctx, k->sig, k->len, message, sizeof(message)) != 1)
			die("a signature of this process does not verify");
		EVP_MD_CTX_free(ctx);
	}
	return (cpu_us() - start) / REPEATS;
}

/* ---- the same token again and again, as a warm server sees its host ---- */
struct bench {
	struct server *server;
	struct eat *token;
	struct host *host;
	struct verify_context ctx;
	double us;
	struct tx *tx;
};

static int lookup(void *user, const char *label, const u8 leaf_key[32], struct known_leaf *out,
		  struct err *e)
{
	struct bench *b = user;
	struct known_device d;

	if (!device_find(b->tx, b->host->ueid, label, &d, e)) {
		out->known = true;
		out->version = d.version;
		memcpy(out->leaf_key, d.leaf_key, 32);
	}
	return device_other_host(b->tx, b->host->ueid, leaf_key, 0, out->other_host, e);
}

static int find_host(struct tx *tx, void *arg, struct err *e)
{
	struct bench *b = arg;

	return host_find_by_ak(tx, b->token->ak_name, &b->host, e);
}

static int judge(struct tx *tx, void *arg, struct err *e)
{
	struct bench *b = arg;
	struct reasons *reasons = reasons_new();
	struct verified_claims *v = NULL;
	struct appraisal *a = NULL;
	struct refs *refs;
	const struct appraisal_terms terms = { .policy = &b->server->settings->appraisal };
	struct decision d;

	b->tx = tx;
	if (!reasons || verify_evidence(b->token, &b->ctx, reasons, &v, e))
		return (int)e->code;
	refs = refvals_take(b->server->refvals);
	if (appraise(v, refs, &terms, reasons, &a, e))
		return (int)e->code;
	refvals_give(b->server->refvals, refs);
	d = decide(v, a, false);
	for (size_t i = 0; d.status != TIER_AFFIRMING && i < reasons->n; i++) {
		char text[1200];

		reason_text(&reasons->at[i], text, sizeof(text));
		fprintf(stderr, "bench-verify: %s\n", text);
	}
	appraisal_drop(&a);
	verified_claims_drop(&v);
	reasons_drop(&reasons);
	return d.status == TIER_AFFIRMING
		       ? 0
		       : err_set(e, E_POLICY, "the token to measure with is not affirmed");
}

static int judge_many(struct tx *tx, void *arg, struct err *e)
{
	struct bench *b = arg;
	double start = cpu_us();

	for (int i = 0; i < REPEATS; i++)
		if (judge(tx, arg, e))
			return (int)e->code;
	b->us = (cpu_us() - start) / REPEATS;
	return 0;
}

/* Of the devices: measurements, and a CHALLENGE where one was recorded. */
static int count_signatures(const struct eat *t, size_t *n, struct err *e)
{
	for (size_t i = 0; i < t->n_devices; i++) {
		const struct eat_device *d = &t->devices[i];
		OWNED(spdm_evidence) ev = NULL;

		if (spdm_evidence_parse(d->vca, d->chain, d->measurements, d->challenge, d->slot,
					NULL, &ev, e))
			return (int)e->code;
		if (pubkey_kind(cert_pubkey(spdm_evidence_leaf(ev))) != KEY_P384)
			return err_set(e, E_UNSUPPORTED, "device %zu is not one of P-384", i);
		*n += ev->has_challenge ? 2 : 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct settings s;
	struct bench b = { 0 };
	struct buf *bytes = NULL;
	struct err e = { 0 };
	struct floor_key p256 = floor_key("P-256", "SHA256"), p384 = floor_key("P-384", "SHA384");
	json_t *whole = json_array(), *f256 = json_array(), *f384 = json_array();
	size_t n_384 = 0;

	if (argc != 3)
		die("usage: bench-verify CONFIG TOKEN");
	if (settings_load(argv[1], &s, &e) || server_open(&s, &b.server, &e) ||
	    file_read(argv[2], EVIDENCE_MAX, &bytes, &e) ||
	    eat_parse(buf_bytes(bytes), &b.token, &e) ||
	    store_read(b.server->store, find_host, &b, &e))
		die(e.text);
	b.ctx = (struct verify_context){ .now_s = clock_now_s(),
					 .nonce = PASSED,
					 .host_name = b.host->name,
					 .ak_pub = buf_bytes(b.host->ak_pub),
					 .active = true,
					 .aks = b.server->aks,
					 .device_roots = b.server->device_roots,
					 .spdm_version_min = s.spdm_version_min,
					 .release_pcrs = s.release_pcrs,
					 .lookup = lookup,
					 .user = &b };
	memcpy(b.ctx.ueid, b.host->ueid, UEID_LEN);
	memcpy(b.ctx.deployment, b.server->keys->deployment, DEPLOYMENT_ID_LEN);
	if (count_signatures(b.token, &n_384, &e))
		die(e.text);
	for (int i = -1; i < ROUNDS; i++) { /* round -1 warms */
		double a = floor_us(&p256), c = floor_us(&p384);

		if (store_read(b.server->store, judge_many, &b, &e))
			die(e.text);
		if (i < 0)
			continue;
		json_array_append_new(f256, json_real(a));
		json_array_append_new(f384, json_real(c));
		json_array_append_new(whole, json_real(b.us));
	}
	json_dumpf(json_pack("{s:i, s:i, s:o, s:o, s:o}", "p256_signatures", 2, "p384_signatures",
			     (int)n_384, "p256_us", f256, "p384_us", f384, "verify_appraise_us",
			     whole),
		   stdout, JSON_REAL_PRECISION(6));
	puts("");
	return 0;
}
