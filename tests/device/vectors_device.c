// SPDX-License-Identifier: Apache-2.0
/*
 * The software device against captures of another implementation: given that one's identity and
 * measurements, it gives the same bytes wherever the specification determines them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>

#include "device.h"

struct packet {
	uint8_t at[8192];
	size_t len;
};

struct capture {
	size_t n;
	struct packet *at; /* SPDM messages, plain ones only */
};

/* Little-endian pcap, link type 292 (DOE object) or 291 (four bytes of MCTP, one of type). */
static struct capture read_capture(const char *name)
{
	const char *folder = getenv("ASSAY_VECTORS");
	struct capture c = { 0 };
	uint8_t head[24], each[16], raw[8300];
	char path[4096];
	bool doe;
	FILE *f;

	if (!folder || !*folder) {
		if (getenv("CI"))
			fail_msg("ASSAY_VECTORS is not set, and on CI nothing may be skipped");
		print_message("SKIP: set ASSAY_VECTORS to the folder with third-party vectors\n");
		skip();
	}
	snprintf(path, sizeof(path), "%s/spdm/captures/%s", folder, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fread(head, sizeof(head), 1, f), 1);
	doe = head[20] == 0x24;
	c.at = calloc(256, sizeof(*c.at));
	while (fread(each, sizeof(each), 1, f) == 1 && c.n < 256) {
		size_t len = each[8] | (size_t)each[9] << 8, skip_bytes = doe ? 8 : 5;

		assert_true(len <= sizeof(raw) && fread(raw, len, 1, f) == 1);
		if (len <= skip_bytes || (doe ? raw[2] != 1 : raw[4] != 5))
			continue;
		c.at[c.n].len = len - skip_bytes;
		memcpy(c.at[c.n++].at, raw + skip_bytes, len - skip_bytes);
	}
	fclose(f);
	return c;
}

static size_t record_len(const uint8_t *m)
{
	return m[5] | (size_t)m[6] << 8 | (size_t)m[7] << 16;
}

static void take_measurements(struct device *d, const uint8_t *m)
{
	FILE *f = fopen(d->measurements, "w");
	size_t at = 8, end = 8 + record_len(m);
	static const char *const kinds[] = { "rom",  "firmware", "hwconfig", "fwconfig", "manifest",
					     "mode", "version",	 "svn",	     "extend",	 "info" };

	while (at + 7 <= end) {
		size_t len = m[at + 5] | (size_t)m[at + 6] << 8;
		unsigned int type = m[at + 4] & 0x7f;

		fprintf(f, "%u %s ", m[at], kinds[type]);
		if (type == 7) {
			unsigned long long v = 0;

			for (size_t i = len; i > 0; i--)
				v = v << 8 | m[at + 7 + i - 1];
			fprintf(f, "%llu", v);
		} else {
			fputs("hex:", f);
			for (size_t i = 0; i < len; i++)
				fprintf(f, "%02x", m[at + 7 + i]);
		}
		fputc('\n', f);
		at += 7 + len;
	}
	fclose(f);
}

/* Become the device of the capture: what cannot be derived is read off its answers. */
static void impersonate(struct device *d, const struct capture *c)
{
	for (size_t i = 0; i + 1 < c->n; i++) {
		const uint8_t *rq = c->at[i].at, *rs = c->at[i + 1].at;

		if (rq[1] == 0x84) {
			for (size_t k = 0; k < rs[5]; k++)
				d->versions[d->n_versions++] = rs[7 + 2 * k];
		} else if (rq[1] == 0xe1) {
			d->ct_exponent = rs[5];
			memcpy(&d->flags, rs + 8, 4);
		} else if (rq[1] == 0xe3) {
			memcpy(&d->meas_hash, rs + 8, 4);
			memcpy(&d->asym, rs + 12, 4);
			memcpy(&d->hash, rs + 16, 4);
		} else if (rq[1] == 0x82 && rs[1] == 0x02) {
			struct slot *s = &d->slots[rq[2] & 7];

			if (!s->key) {
				s->key = EVP_EC_gen("P-384");
				octets_add(&s->chain, rs + 8, rs[4] | (size_t)rs[5] << 8);
			}
		} else if (rq[1] == 0xe0 && rq[3] == 0xff) {
			take_measurements(d, rs);
		}
	}
}

/* The same device was captured at 1.2, where slot 1 was read too; at 1.3 only its digest was. */
static void lend_slot_1(struct device *d)
{
	struct capture c = read_capture("g_doe_1.2.pcap");

	for (size_t i = 0; i + 1 < c.n; i++)
		if (c.at[i].at[1] == 0x82 && c.at[i].at[2] == 1 && !d->slots[1].key) {
			const uint8_t *rs = c.at[i + 1].at;

			d->slots[1].key = EVP_EC_gen("P-384");
			octets_add(&d->slots[1].chain, rs + 8, rs[4] | (size_t)rs[5] << 8);
		}
	free(c.at);
}

/* From where to where two answers must be equal. */
struct range {
	size_t from, to;
};

static void compare(const char *file, size_t i, const char *what, const uint8_t *got,
		    const uint8_t *want, struct range r)
{
	for (size_t k = r.from; k < r.to; k++)
		if (got[k] != want[k])
			fail_msg("%s message %zu, %s: byte %zu is %02x, the capture has %02x", file,
				 i, what, k, got[k], want[k]);
}

static size_t compare_answer(const char *file, size_t i, const struct device *d, const uint8_t *rq,
			     const uint8_t *got, const uint8_t *want)
{
	uint8_t version = rq[0];
	size_t chains = 0;

	for (int k = 0; k < SLOTS; k++)
		chains += d->slots[k].key != NULL;
	switch (rq[1]) {
	case 0x84:
		compare(file, i, "VERSION", got, want, (struct range){ 0, 6 + 2u * want[5] });
		return 1;
	case 0xe1: /* buffer sizes are each implementation's own */
		compare(file, i, "CAPABILITIES", got, want, (struct range){ 0, 12 });
		return 1;
	case 0xe3: /* the capture selects session algorithms too, and multi-key at 1.3 */
		compare(file, i, "ALGORITHMS", got, want, (struct range){ 6, 7 });
		assert_int_equal(got[7], want[7] & 0x0f);
		compare(file, i, "ALGORITHMS", got, want, (struct range){ 8, 36 });
		return 1;
	case 0x81:
		compare(file, i, "DIGESTS", got, want, (struct range){ 0, 4 + 48 * chains });
		/* KeyPairID and usage are each device's own; the model between them is not */
		if (version >= 0x13)
			compare(file, i, "CertInfo", got, want,
				(struct range){ 4 + 49 * chains, 4 + 50 * chains });
		return 1;
	case 0x82:
		compare(file, i, "CERTIFICATE", got, want,
			(struct range){ 0, 8 + (want[4] | (size_t)want[5] << 8) });
		return 1;
	case 0x83:
		compare(file, i, "CHALLENGE_AUTH", got, want, (struct range){ 0, 4 + 48 });
		/* the nonce is free */
		compare(file, i, "MeasurementSummaryHash", got, want,
			(struct range){ 84, 84 + 48 });
		if (version >= 0x13) /* opaque length differs; the context is echoed behind it */
			compare(file, i, "RequesterContext", got + 134, rq + 36,
				(struct range){ 0, 8 });
		return 1;
	case 0xe0:
		compare(file, i, "MEASUREMENTS", got, want,
			(struct range){ 0, 8 + record_len(want) });
		return 1;
	default:
		return 0;
	}
}

static void the_device_answers_as_another_implementation_did(void **state)
{
	static const struct {
		const char *file;
		size_t answers;
	} files[] = {
		{ "g_doe_1.0.pcap", 11 }, { "g_doe_1.1.pcap", 11 }, { "g_doe_1.2.pcap", 11 },
		{ "g_doe_1.3.pcap", 11 }, { "g_mctp12.pcap", 11 },
	};

	(void)state;
	for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
		struct capture c = read_capture(files[f].file);
		struct device d = { .portion_max = 4000 };
		struct session s = { .device = &d };
		size_t compared = 0;
		int fd;

		snprintf(d.measurements, sizeof(d.measurements), "/tmp/assay-test-meas.XXXXXX");
		fd = mkstemp(d.measurements);
		assert_true(fd >= 0);
		close(fd);
		impersonate(&d, &c);
		lend_slot_1(&d);
		session_reset(&s);
		for (size_t i = 0; i + 1 < c.n; i++) {
			uint8_t out[MESSAGE_MAX + 1024];

			if (!(c.at[i].at[1] & 0x80) || c.at[i].at[1] == 0xe4 ||
			    c.at[i].at[1] == 0x87)
				continue;
			respond(&s, c.at[i].at, c.at[i].len, out);
			compared += compare_answer(files[f].file, i, &d, c.at[i].at, out,
						   c.at[i + 1].at);
		}
		assert_int_equal(compared, files[f].answers);
		session_free(&s);
		for (int k = 0; k < SLOTS; k++) {
			EVP_PKEY_free(d.slots[k].key);
			octets_free(&d.slots[k].chain);
		}
		unlink(d.measurements);
		free(c.at);
	}
}

/* Every request cut short anywhere is answered, by an ERROR or a whole message, and never crashes. */
static void a_request_cut_short_is_answered_with_an_error(void **state)
{
	struct capture c = read_capture("g_doe_1.2.pcap");
	struct device d = { .portion_max = 4000 };
	struct session s = { .device = &d };

	(void)state;
	snprintf(d.measurements, sizeof(d.measurements), "/tmp/assay-test-meas.XXXXXX");
	close(mkstemp(d.measurements));
	impersonate(&d, &c);
	session_reset(&s);
	for (size_t i = 0; i + 1 < c.n; i += 2) {
		uint8_t out[MESSAGE_MAX + 1024];

		for (size_t len = 0; len < c.at[i].len; len++) {
			struct session fork = { .device = &d,
						.stage = s.stage,
						.version = s.version };
			uint8_t *copy = malloc(len ? len : 1);
			size_t n;

			memcpy(copy, c.at[i].at, len);
			n = respond(&fork, copy, len, out);
			assert_true(n >= 4);
			if (len < 4)
				assert_int_equal(out[1], 0x7f);
			free(copy);
			session_free(&fork);
		}
		respond(&s, c.at[i].at, c.at[i].len, out);
	}
	session_free(&s);
	for (int k = 0; k < SLOTS; k++) {
		EVP_PKEY_free(d.slots[k].key);
		octets_free(&d.slots[k].chain);
	}
	unlink(d.measurements);
	free(c.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_device_answers_as_another_implementation_did),
		cmocka_unit_test(a_request_cut_short_is_answered_with_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
