// SPDX-License-Identifier: Apache-2.0
/* Formats that are neither text nor CBOR: which bytes are taken for which, and where a fault is. */
#include "format_sample.h"
#include "support.h"

#include <stdio.h>

#include "common/text.h"
#include "crl_sample.h"
#include "proto/formats.h"
#include "proto/nvidia_report.h"
#include "proto/spdm_bare.h"

enum { NOW = 1700000000, DAY = 86400 };

struct files {
	struct keypair *key;
	struct cert *root, *leaf;
	struct buf *pair; /* root, leaf */
	struct buf *record, *report, *hex, *chain, *rootless, *crl, *pem;
};

static int make_files(void **state)
{
	struct files *f = calloc(1, sizeof(*f));
	struct cert_request want = {
		.common_name = "root", .ca = true, .not_before = NOW - DAY, .not_after = NOW + DAY
	};
	struct err e = { 0 };
	char *text;

	assert_ok(keypair_new(KEY_P384, 0, &f->key, &e), &e);
	want.key = keypair_pub(f->key);
	want.issuer_key = f->key;
	assert_ok(cert_make(&want, &f->root, &e), &e);
	f->leaf = format_sample_cert("leaf", f->key, f->root, f->key, NOW - DAY, NOW + DAY);
	f->pair = buf_new(65536);
	write_bytes(&f->pair->w, cert_der(f->root));
	write_bytes(&f->pair->w, cert_der(f->leaf));
	f->record = buf_new(1024);
	format_sample_record(&f->record->w);
	f->report = format_sample_report(f->key);
	text = malloc(2 * f->report->w.len + 1);
	f->hex = buf_copy(bytes_text(hex_write(buf_bytes(f->report), text)));
	free(text);
	f->chain = format_sample_chain(DIGEST_SHA384, cert_der(f->root), buf_bytes(f->pair));
	f->rootless = format_sample_chain(DIGEST_SHA512, cert_der(f->root), cert_der(f->leaf));
	f->crl = crl_sample(f->root, f->key, NOW - DAY, NOW + DAY, f->leaf, NOW - 5);
	f->pem = buf_new(65536);
	assert_ok(cert_pem(f->leaf, &f->pem->w, &e), &e);
	assert_ok(cert_pem(f->root, &f->pem->w, &e), &e);
	*state = f;
	return 0;
}

static int drop_files(void **state)
{
	struct files *f = *state;

	keypair_drop(&f->key);
	cert_drop(&f->root);
	cert_drop(&f->leaf);
	buf_drop(&f->pair);
	buf_drop(&f->record);
	buf_drop(&f->report);
	buf_drop(&f->hex);
	buf_drop(&f->chain);
	buf_drop(&f->rootless);
	buf_drop(&f->crl);
	buf_drop(&f->pem);
	free(f);
	return 0;
}

static int check(struct bytes b, struct format_seen *seen, struct err *e)
{
	u8 *copy = heap_copy(b);
	int rc = format_check((struct bytes){ copy, b.len }, seen, e);

	free(copy);
	return rc;
}

static void whole_files_are_taken_for_what_they_are(void **state)
{
	struct files *f = *state;
	const struct {
		struct bytes b;
		enum format format;
		const char *note;
	} rows[] = {
		{ buf_bytes(f->record), FORMAT_SPDM_RECORD, "" },
		{ buf_bytes(f->report), FORMAT_NVIDIA_GPU, "" },
		{ buf_bytes(f->hex), FORMAT_NVIDIA_GPU, "" },
		{ buf_bytes(f->chain), FORMAT_SPDM_CHAIN, "" },
		{ buf_bytes(f->rootless), FORMAT_SPDM_CHAIN, "the root is not in the chain" },
		{ cert_der(f->root), FORMAT_X509, "" },
		{ buf_bytes(f->pair), FORMAT_X509, "" },
		{ buf_bytes(f->crl), FORMAT_X509, "" },
		{ buf_bytes(f->pem), FORMAT_X509, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct format_seen seen;
		struct err e = { 0 };

		if (check(rows[i].b, &seen, &e) || seen.format != rows[i].format)
			fail_msg("row %zu: %s \"%s\"", i, format_name(seen.format), e.text);
		if (rows[i].note[0] ? !strstr(seen.note, rows[i].note) : seen.note[0])
			fail_msg("row %zu: note \"%s\"", i, seen.note);
	}
}

/* Cut anywhere, a file stays what it was or is nothing that is known; it is accepted where it may end alone. */
static void every_truncation_is_refused_or_ends_between_items(void **state)
{
	struct files *f = *state;
	const struct {
		struct bytes b;
		enum format format;
		size_t ends; /* how many places there are at which it may */
	} rows[] = {
		{ buf_bytes(f->record), FORMAT_SPDM_RECORD, 2 },
		{ buf_bytes(f->report), FORMAT_NVIDIA_GPU, 0 },
		{ buf_bytes(f->hex), FORMAT_NVIDIA_GPU, 0 },
		{ buf_bytes(f->chain), FORMAT_SPDM_CHAIN, 0 },
		{ buf_bytes(f->pair), FORMAT_X509, 1 },
		{ buf_bytes(f->crl), FORMAT_X509, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t ends = 0;

		for (size_t len = 2; len < rows[i].b.len; len++) { /* one byte alone may be CBOR */
			struct format_seen seen;
			struct err e = { 0 };
			int rc = check((struct bytes){ rows[i].b.at, len }, &seen, &e);

			ends += !rc;
			if (seen.format != rows[i].format && (!rc || seen.format != FORMAT_UNKNOWN))
				fail_msg("row %zu cut to %zu: %s \"%s\"", i, len,
					 format_name(seen.format), e.text);
			if (rc && !e.text[0])
				fail_msg("row %zu cut to %zu: no reason", i, len);
		}
		assert_int_equal(ends, rows[i].ends);
	}
}

static void each_fault_has_its_place(void **state)
{
	struct files *f = *state;
	size_t first = cert_der(f->root).len, header = 4 + 48;
	const struct {
		struct bytes b;
		size_t at;
		u8 flip;
		enum format format;
		const char *why;
	} rows[] = {
		{ buf_bytes(f->record), 55, 3, FORMAT_SPDM_RECORD, "record[1]: block Index twice" },
		{ buf_bytes(f->record), 57, 0x80, FORMAT_SPDM_RECORD,
		  "record[1]: block MeasurementSize is not the value's size and 3" },
		{ buf_bytes(f->record), 56, 2, FORMAT_SPDM_RECORD,
		  "record[1]: block MeasurementSpecification is not DMTF" },
		{ buf_bytes(f->report), 2, 1, FORMAT_NVIDIA_GPU, "GPU report: " },
		{ buf_bytes(f->report), 37, 1, FORMAT_NVIDIA_GPU, "GPU report: " },
		{ buf_bytes(f->report), 41, 1, FORMAT_NVIDIA_GPU,
		  "GPU report: bytes after the end" },
		{ buf_bytes(f->chain), 0, 1, FORMAT_SPDM_CHAIN,
		  "chain: chain Length is not the size of the chain" },
		{ buf_bytes(f->chain), 9, 1, FORMAT_SPDM_CHAIN,
		  "chain: RootHash is not the hash of the chain's root" },
		{ buf_bytes(f->chain), header + first, 1, FORMAT_SPDM_CHAIN,
		  "chain: certificates[1]: not DER" },
		{ buf_bytes(f->pair), first, 1, FORMAT_X509, "certificates[1]: not DER" },
		{ buf_bytes(f->pair), first + 4, 1, FORMAT_X509,
		  "certificates[1]: certificate is not well-formed DER" },
		{ buf_bytes(f->pem), 200, 0x80, FORMAT_X509,
		  "certificates[0]: PEM is not well-formed" },
		{ buf_bytes(f->pem), f->pem->w.len - 200, 0x80, FORMAT_X509,
		  "certificates[1]: PEM is not well-formed" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = buf_copy(rows[i].b);
		struct format_seen seen;
		struct err e = { 0 };

		b->w.at[rows[i].at] ^= rows[i].flip;
		if (!check(buf_bytes(b), &seen, &e) || seen.format != rows[i].format ||
		    !strstr(e.text, rows[i].why))
			fail_msg("row %zu: %s \"%s\", expected \"%s\"", i, format_name(seen.format),
				 e.text, rows[i].why);
	}
}

/* What looks like two formats is one of them, whatever stands behind it. */
static void no_bytes_are_of_two_formats(void **state)
{
	static const struct {
		const char *hex;
		enum format format;
		const char *why; /* NULL: accepted */
	} rows[] = {
		/* well-formed CBOR whose first bytes would do for a measurement block: { 1: bytes } */
		{ "a1 01 4a 00 01 47 00 000000000000", FORMAT_CBOR, NULL },
		/* the same with a byte more is none, and its lengths agree with a block that is cut off */
		{ "a1 01 4a 00 01 47 00 00000000000000", FORMAT_SPDM_RECORD,
		  "record[0]: block value is cut off" },
		{ "a1 01 4a 00 01 46 00 00000000000000", FORMAT_UNKNOWN, "CBOR" },
		/* index 9 is a tab, 0x0a a line end, and 0x20 a space: no text begins behind them */
		{ "09 01 0400 81 0100 7b", FORMAT_SPDM_RECORD, NULL },
		{ "20 01 0400 81 0100 7d", FORMAT_SPDM_RECORD, NULL },
		{ "00 01 0400 81 0100 7b", FORMAT_UNKNOWN, "CBOR" },
		{ "ff 01 0400 81 0100 7b", FORMAT_UNKNOWN, "CBOR" },
		/* index 0x30: no SEQUENCE of DER has a length of 1 and a certificate in it */
		{ "30 01 0400 81 0100 7b", FORMAT_SPDM_RECORD, NULL },
		/* index 0x11 with specification 1, and a report */
		{ "11 01 0400 81 0100 7b", FORMAT_SPDM_RECORD, NULL },
		{ "11 e0 01 ff", FORMAT_NVIDIA_GPU, "GET_MEASUREMENTS Nonce is cut off" },
		{ "31316530", FORMAT_NVIDIA_GPU, "GPU report: " },
		{ "31316530 7a", FORMAT_NVIDIA_GPU, "begins as hex and is none" },
		/* a node id that begins as a report does: the magic number behind it decides */
		{ "11e0 0000000000000000000000000000 0004 ff544347", FORMAT_ENACTTRUST,
		  "TPMS_ATTEST" },
		/* keys: refused, and never shown */
		{ "3059 3013 0607 2a8648ce3d0201", FORMAT_UNKNOWN, "CBOR" },
		{ "300d 300b 0609 2a864886f70d010101", FORMAT_UNKNOWN, "a key in PEM or DER" },
		{ "300a 0201 00 3005 0603 2a0304", FORMAT_UNKNOWN, "a key in PEM or DER" },
		/* the beginning of a certificate */
		{ "3082 0100 3081 f0 a003 020102", FORMAT_X509,
		  "certificates[0]: the file ends inside it" },
		{ "3080 3080 a003 020102", FORMAT_UNKNOWN, "CBOR" },
		/* a chain header, and nothing where the certificates would be */
		{ "0800 0000 00000000", FORMAT_UNKNOWN, "CBOR" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = from_hex(rows[i].hex);
		struct format_seen seen;
		struct err e = { 0 };
		int rc = check(buf_bytes(b), &seen, &e);

		if (seen.format != rows[i].format || !rc != !rows[i].why ||
		    (rc && !strstr(e.text, rows[i].why)))
			fail_msg("%s: %s, %d \"%s\"", rows[i].hex, format_name(seen.format), rc,
				 e.text);
	}
}

static void a_key_in_pem_is_refused_and_not_shown(void **state)
{
	struct files *f = *state;
	OWNED(buf) b = buf_new(65536);
	struct format_seen seen;
	struct err e = { 0 };

	assert_ok(keypair_pem(f->key, &b->w, &e), &e);
	assert_refused(check(buf_bytes(b), &seen, &e), &e, E_UNSUPPORTED, "a key in PEM or DER");
	assert_int_equal(seen.format, FORMAT_UNKNOWN);
	/* nor behind a certificate */
	OWNED(buf) both = buf_copy(buf_bytes(f->pem));
	OWNED(buf) all = buf_new(65536);
	write_bytes(&all->w, buf_bytes(both));
	write_bytes(&all->w, buf_bytes(b));
	e = (struct err){ 0 };
	assert_refused(check(buf_bytes(all), &seen, &e), &e, E_UNSUPPORTED,
		       "certificates[2]: PRIVATE KEY in PEM is no certificate");
	assert_int_equal(seen.format, FORMAT_X509);
}

static void the_hash_of_a_chain_is_found_by_where_its_certificates_begin(void **state)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512 };
	struct files *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		OWNED(buf)
		b = format_sample_chain(algs[i], cert_der(f->root), buf_bytes(f->pair));
		struct spdm_bare_chain c;
		struct err e = { 0 };

		assert_ok(spdm_bare_chain_parse(buf_bytes(b), &c, &e), &e);
		assert_int_equal(c.alg, algs[i]);
		assert_true(c.has_root);
		assert_bytes_equal(c.parts.certificates, buf_bytes(f->pair));
		/* 16 bytes of the hash that look like the beginning of a certificate change nothing */
		if (algs[i] == DIGEST_SHA256)
			continue;
		memcpy(b->w.at + 4 + 32, "\x30\x82\x01\x00\x30\x81\xf0\xa0", 8);
		assert_ok(spdm_bare_chain_parse(buf_bytes(b), &c, &e), &e);
		assert_int_equal(c.alg,
				 DIGEST_SHA256); /* RootHash is none now: the first that will do */
		assert_false(c.has_root);
	}
}

static void opaque_fields_are_told_by_name_and_value(void **state)
{
	struct files *f = *state;
	struct nvidia_report r;
	struct nvidia_field field;
	struct err e = { 0 };
	struct reader opaque;
	char text[40];

	assert_ok(nvidia_report_parse(buf_bytes(f->report), &r, &e), &e);
	opaque = reader_on(r.answer.opaque);
	field = nvidia_next_field(&opaque);
	assert_string_equal(nvidia_field_name(field.type), "driver version");
	assert_string_equal(nvidia_field_text(&field, text, sizeof(text)), "550.1?");
	field = nvidia_next_field(&opaque);
	assert_string_equal(nvidia_field_text(&field, text, sizeof(text)), "96.03.02.01.04");
	field = nvidia_next_field(&opaque);
	assert_null(nvidia_field_name(field.type));
	assert_string_equal(nvidia_field_text(&field, text, sizeof(text)), "3f");
	field = (struct nvidia_field){ 4, buf_bytes(f->report) };
	assert_int_equal(strlen(nvidia_field_text(&field, text, sizeof(text))), 38);
	assert_false(read_done(&opaque));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_files_are_taken_for_what_they_are),
		cmocka_unit_test(every_truncation_is_refused_or_ends_between_items),
		cmocka_unit_test(each_fault_has_its_place),
		cmocka_unit_test(no_bytes_are_of_two_formats),
		cmocka_unit_test(a_key_in_pem_is_refused_and_not_shown),
		cmocka_unit_test(the_hash_of_a_chain_is_found_by_where_its_certificates_begin),
		cmocka_unit_test(opaque_fields_are_told_by_name_and_value),
	};

	return cmocka_run_group_tests(tests, make_files, drop_files);
}
