// SPDX-License-Identifier: Apache-2.0
/*
 * bench-appraise: CPU time of appraising 8 devices of 64 blocks against a snapshot of 10,000 CoRIMs, all
 * of that device's model, and of the bare OpenSSL signature checks that such a token asks for. Prints a
 * JSON object; times in microseconds of thread CPU.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "verifier/acs.h"
#include "verifier/nonmatch.h"

enum { ROUNDS = 7, REPEATS = 20, CORIMS = 10000, BLOCKS = 64, DEVICES = 8 };

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "bench-appraise: %s\n", what);
	exit(1);
}

/* ---- reference values: release N of a firmware has its own digest for every block ---- */
struct release {
	struct corim_element elements[BLOCKS];
	u8 mkeys[BLOCKS][3];
	struct digest digests[BLOCKS];
};

static void make_release(struct release *r, u32 number)
{
	for (u32 i = 0; i < BLOCKS; i++) {
		struct writer w = writer_on(r->mkeys[i], sizeof(r->mkeys[i]));
		u32 seed[2] = { number, i };

		cbor_put_uint(&w, i + 1);
		r->digests[i] = sha256_of((struct bytes){ (const u8 *)seed, sizeof(seed) });
		r->elements[i] = (struct corim_element){ .mkey = write_done(&w) };
		r->elements[i].mval.n_digests = 1;
		r->elements[i].mval.digests[0] =
			(struct corim_digest){ 1, digest_bytes(&r->digests[i]) };
	}
}

static const struct corim_env model = { .vendor = { (const u8 *)"pci:1b36", 8 },
					.model = { (const u8 *)"pci:1b36:0010", 13 } };

static struct refs *snapshot(double *ready_us)
{
	struct release *r = malloc(sizeof(*r));
	struct refs *refs = refs_new();
	struct err e = { 0 };
	double start;

	if (!r || !refs)
		die("no memory");
	for (u32 i = 0; i < CORIMS; i++) {
		const struct corim_triple triple = { .env = model,
						     .n = BLOCKS,
						     .elements = r->elements };
		char id[32];
		struct corim_draft draft = {
			.id = id, .signer = "bench", .triples = &triple, .n = 1
		};
		struct buf *bytes = NULL;
		struct corim *c = NULL;

		snprintf(id, sizeof(id), "release-%u", i);
		make_release(r, i);
		if (corim_write(&draft, NULL, NULL, &bytes, &e) ||
		    corim_parse(buf_bytes(bytes), &c, &e) || refs_add(refs, c, &e))
			die(e.text);
		buf_drop(&bytes);
	}
	start = cpu_us();
	if (refs_ready(refs, &e))
		die(e.text);
	*ready_us = cpu_us() - start;
	free(r);
	return refs;
}

/* ---- evidence ---- */
struct device {
	struct release runs;
	struct ect ect;
	struct authority by;
	u8 instance[3];
};

static void make_device(struct device *d, u32 release, u8 number)
{
	struct ect *x = &d->ect;

	make_release(&d->runs, release);
	*x = (struct ect){ .env = model, .n = BLOCKS, .elements = d->runs.elements };
	x->info = calloc(BLOCKS, sizeof(*x->info));
	if (!x->info)
		die("no memory");
	for (size_t i = 0; i < BLOCKS; i++)
		x->info[i].vector = TV_EXECUTABLES;
	memcpy(d->instance, (u8[]){ 0x42, 0, number }, 3); /* h'00NN' */
	d->by.n = 1;
	d->by.key[0][0] = number;
}

static double appraise_us(const struct refs *refs, struct device *d, bool affirmed)
{
	double start = cpu_us();

	for (int i = 0; i < REPEATS; i++) {
		OWNED(acs) a = acs_new();
		OWNED(reasons) reasons = reasons_new();
		signed char vector[TV_COUNT] = { 0 };
		struct err e = { 0 };

		for (int k = 0; a && k < DEVICES; k++)
			if (acs_add_evidence(a, k, &d[k].ect, BYTES(d[k].instance), &d[k].by, &e))
				die(e.text);
		if (!a || !reasons || acs_match_references(a, refs, 0, &e) ||
		    acs_endorse(a, refs, 0, &e))
			die(e.text);
		for (size_t k = 0; k < a->n; k++)
			if (nonmatch_explain(a->envs[k], refs, 0, "d", "", vector, reasons, &e))
				die(e.text);
		if (affirmed != !reasons->n)
			die("what should be affirmed is not, or the other way round");
	}
	return (cpu_us() - start) / REPEATS;
}

/* ---- the floor ---- */
static double verify_us(const char *curve, const char *digest)
{
	static const u8 message[512] = { 1 };
	EVP_PKEY *pkey = EVP_EC_gen(curve);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	u8 sig[160];
	size_t len = sizeof(sig);
	double start;

	if (!pkey || !ctx ||
	    EVP_DigestSignInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL) <= 0 ||
	    EVP_DigestSign(ctx, sig, &len, message, sizeof(message)) <= 0)
		die("no key");
	EVP_MD_CTX_free(ctx);
	start = cpu_us();
	for (int i = 0; i < REPEATS; i++) {
		ctx = EVP_MD_CTX_new();
		if (EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, pkey, NULL) <= 0 ||
		    EVP_DigestVerify(ctx, sig, len, message, sizeof(message)) != 1)
			die("a signature of this process does not verify");
		EVP_MD_CTX_free(ctx);
	}
	EVP_PKEY_free(pkey);
	return (cpu_us() - start) / REPEATS;
}

int main(void)
{
	struct device *good = calloc(DEVICES, sizeof(*good)),
		      *bad = calloc(1, DEVICES * sizeof(*bad));
	json_t *matches = json_array(), *misses = json_array(), *floors = json_array();
	double ready_us, first_us;
	struct refs *refs = snapshot(&ready_us);
	const struct values *values;
	struct err e = { 0 };

	if (!good || !bad)
		die("no memory");
	first_us = cpu_us();
	if (refs_values(refs, &values, &e))
		die(e.text);
	first_us = cpu_us() - first_us;
	for (u8 k = 0; k < DEVICES; k++) {
		make_device(&good[k], (u32)k * 1000, k);
		make_device(&bad[k], (u32)k * 1000, k);
	}
	bad[7].runs.digests[5].at[0] ^= 1;  /* one block of one device is another */
	for (int i = -1; i < ROUNDS; i++) { /* round -1 warms */
		double a = appraise_us(refs, good, true), b = appraise_us(refs, bad, false);
		double f =
			2 * verify_us("P-256", "SHA256") + DEVICES * verify_us("P-384", "SHA384");

		if (i < 0)
			continue;
		json_array_append_new(matches, json_real(a));
		json_array_append_new(misses, json_real(b));
		json_array_append_new(floors, json_real(f));
	}
	json_dumpf(json_pack("{s:i, s:i, s:i, s:f, s:f, s:o, s:o, s:o}", "corims", CORIMS,
			     "devices", DEVICES, "blocks", BLOCKS, "snapshot_ready_us", ready_us,
			     "first_miss_us", first_us, "match_us", matches, "miss_us", misses,
			     "floor_us", floors),
		   stdout, JSON_REAL_PRECISION(6));
	puts("");
	refs_drop(&refs);
	return 0;
}
