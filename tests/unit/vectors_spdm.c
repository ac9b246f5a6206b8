// SPDX-License-Identifier: Apache-2.0
/* Captures of other people's SPDM, and what an independent script says is true of them. */
#include "support.h"

#include <jansson.h>

#include "common/text.h"
#include "proto/corim.h"
#include "proto/formats.h"
#include "verifier/capture.h"
#include "verifier/nvidia_gpu.h"

static json_t *expected(void)
{
	OWNED(buf) b = third_party("spdm/captures/expected.json");
	json_t *j = json_loadb((const char *)b->w.at, b->w.len, 0, NULL);

	assert_non_null(j);
	return j;
}

static const struct capture_row *row_of(const struct capture *c, const char *message)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->rows[i].message, message))
			return &c->rows[i];
	return NULL;
}

static void compare_check(const struct capture *c, json_t *check)
{
	static const struct {
		const char *what, *message, *len, *prefix;
	} names[] = {
		{ "CHALLENGE_AUTH", "CHALLENGE_AUTH", "m1m2_len", "m1m2_hash_prefix16" },
		{ "signed MEASUREMENTS", "MEASUREMENTS", "l1l2_len", "l1l2_hash_prefix16" },
	};
	const char *what = json_string_value(json_object_get(check, "what"));

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct capture_row *row;
		char hex[2 * DIGEST_MAX + 1];

		if (strcmp(what, names[i].what))
			continue;
		row = row_of(c, names[i].message);
		assert_non_null(row);
		if (row->result != CAPTURE_VERIFIED)
			fail_msg("%s: %s", what, row->why);
		assert_int_equal(row->transcript_len,
				 json_integer_value(json_object_get(check, names[i].len)));
		hex_write(digest_bytes(&row->transcript), hex);
		hex[32] = 0;
		assert_string_equal(hex,
				    json_string_value(json_object_get(check, names[i].prefix)));
	}
}

static void compare_blocks(const struct capture *c, json_t *blocks)
{
	const struct capture_row *row = row_of(c, "MEASUREMENTS");
	struct reader record = reader_on(row->record);
	size_t i;
	json_t *want;

	json_array_foreach(blocks, i, want)
	{
		struct spdm_block b = spdm_next_block(&record);
		struct digest d = sha256_of(b.value);
		char type[8], hex[2 * DIGEST_MAX + 1];

		assert_null(record.why);
		assert_int_equal(b.index, json_integer_value(json_object_get(want, "index")));
		assert_int_equal(b.value.len, json_integer_value(json_object_get(want, "size")));
		snprintf(type, sizeof(type), "0x%x", b.type | (b.raw ? 0x80 : 0));
		assert_string_equal(type, json_string_value(json_object_get(want, "type")));
		hex_write(digest_bytes(&d), hex);
		hex[16] = 0;
		assert_string_equal(
			hex, json_string_value(json_object_get(want, "value_sha256_prefix8")));
	}
	assert_false(read_done(&record));
}

static void captures_verify_with_the_lengths_and_hashes_computed_elsewhere(void **state)
{
	static const struct {
		const char *file;
		size_t key_exchanges, endpoint_infos;
	} files[] = {
		{ "g_doe_1.0.pcap", 0, 0 }, { "g_doe_1.1.pcap", 2, 0 }, { "g_doe_1.2.pcap", 2, 0 },
		{ "g_doe_1.3.pcap", 2, 1 }, { "g_doe_1.4.pcap", 2, 1 }, { "g_mctp12.pcap", 2, 0 },
	};
	json_t *all = expected();

	(void)state;
	for (size_t f = 0; f < ARRAY_LEN(files); f++) {
		char path[128];
		OWNED(capture) c = NULL;
		struct err e = { 0 };
		json_t *want = json_object_get(all, files[f].file), *check;
		size_t i, kx = 0, ep = 0;

		snprintf(path, sizeof(path), "spdm/captures/%s", files[f].file);
		OWNED(buf) b = third_party(path);

		assert_ok(capture_verify(buf_bytes(b), &c, &e), &e);
		json_array_foreach(json_object_get(want, "checks"), i, check)
			compare_check(c, check);
		compare_blocks(c, json_object_get(want, "distinct_measurement_blocks"));
		for (i = 0; i < c->n; i++) {
			if (c->rows[i].result != CAPTURE_VERIFIED)
				fail_msg("%s frame %zu %s: %s", files[f].file, c->rows[i].frame,
					 c->rows[i].message, c->rows[i].why);
			kx += !strcmp(c->rows[i].message, "KEY_EXCHANGE_RSP");
			ep += !strcmp(c->rows[i].message, "ENDPOINT_INFO");
		}
		assert_int_equal(kx, files[f].key_exchanges);
		assert_int_equal(ep, files[f].endpoint_infos);
	}
	json_decref(all);
}

static void an_algorithm_this_build_lacks_is_never_called_verified(void **state)
{
	OWNED(buf) b = third_party("spdm/captures/g_pqc_mldsa65.pcap");
	OWNED(capture) c = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(capture_verify(buf_bytes(b), &c, &e), &e);
	assert_true(c->n > 0);
	for (size_t i = 0; i < c->n; i++) {
		assert_int_equal(c->rows[i].result, CAPTURE_NOT_CHECKED);
		assert_non_null(strstr(c->rows[i].why, "unsupported algorithm"));
	}
}

static size_t verified(const struct capture *c, const char *message)
{
	size_t n = 0;

	for (size_t i = 0; c && i < c->n; i++)
		n += !strcmp(c->rows[i].message, message) && c->rows[i].result == CAPTURE_VERIFIED;
	return n;
}

/* Flip bytes of everything that the signed messages depend on. */
static void a_changed_byte_in_a_signed_message_is_never_called_verified(void **state)
{
	OWNED(buf) b = third_party("spdm/captures/g_doe_1.2.pcap");
	OWNED(capture) good = NULL;
	struct err e = { 0 };
	const struct capture_row *m;
	size_t from, to;

	(void)state;
	assert_ok(capture_verify(buf_bytes(b), &good, &e), &e);
	m = row_of(good, "MEASUREMENTS");
	from = (size_t)(m->record.at - b->w.at) - 8; /* from the message's first byte */
	to = from + 8 + m->record.len + 32 + 2 + 96;
	for (size_t at = from; at < to; at += 5) {
		OWNED(capture) c = NULL;
		u8 *copy = heap_copy(buf_bytes(b));

		copy[at] ^= 0x20;
		if (!capture_verify((struct bytes){ copy, b->w.len }, &c, &e) &&
		    verified(c, "MEASUREMENTS"))
			fail_msg("byte %zu was changed, and MEASUREMENTS still verified",
				 at - from);
		capture_drop(&c);
		free(copy);
	}
}

static void a_truncated_capture_is_refused_or_yields_fewer_rows(void **state)
{
	OWNED(buf) b = third_party("spdm/captures/g_doe_1.1.pcap");
	OWNED(capture) whole = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(capture_verify(buf_bytes(b), &whole, &e), &e);
	for (size_t len = 0; len < b->w.len; len += 13) {
		OWNED(capture) c = NULL;
		u8 *copy = heap_copy((struct bytes){ b->w.at, len });

		if (!capture_verify((struct bytes){ copy, len }, &c, &e))
			assert_true(c->n <= whole->n);
		capture_drop(&c);
		free(copy);
	}
}

/* ---- a real GPU ---- */
static struct buf *gpu_report(void)
{
	OWNED(buf) text = third_party("spdm/nvidia/gh100_550.90.07_report.hex.txt");

	while (text->w.len &&
	       (text->w.at[text->w.len - 1] == '\n' || text->w.at[text->w.len - 1] == '\r'))
		text->w.len--;
	write_u8(&text->w, 0);
	return from_hex((const char *)text->w.at);
}

static int verify_gpu(struct bytes report, const char *chain_file, const u8 nonce[32],
		      struct nvidia_gpu *out, struct err *e)
{
	OWNED(buf) pem = third_party(chain_file);
	OWNED(cert_list) chain = NULL;
	OWNED(trust_store) roots = trust_store_new();
	char root[4096];

	assert_ok(cert_list_from_pem(buf_bytes(pem), &chain, e), e);
	assert_ok(trust_store_add_file(
			  roots,
			  third_party_path("spdm/nvidia/device_root.pem", root, sizeof(root)), e),
		  e);
	return nvidia_gpu_verify(report, chain, roots, nonce, CERT_TIME_IGNORE, out, e);
}

static void a_real_gpu_report_verifies_and_tells_its_versions(void **state)
{
	OWNED(buf) report = gpu_report();
	struct nvidia_gpu g;
	struct err e = { 0 };
	u8 nonce[32];

	(void)state;
	assert_int_equal(report->w.len, 4117);
	memcpy(nonce, report->w.at + 4, 32);
	assert_int_equal(nonce[0], 0x93);
	assert_int_equal(nonce[31], 0xcb);
	assert_ok(verify_gpu(buf_bytes(report), "spdm/nvidia/gh100_550.90.07_chain.pem", nonce, &g,
			     &e),
		  &e);
	assert_int_equal(g.measurements.n_blocks, 64);
	assert_int_equal(g.opaque_len, 422);
	assert_string_equal(g.driver, "550.90.07");
	assert_string_equal(g.vbios, "96.00.9F.00.01");
	assert_int_equal(g.nvdec0, 0x55);
	assert_int_equal(g.fwid, NVIDIA_FWID_MATCHES);
}

/* The digest of firmware in the certificate that a GPU makes for itself is bytes, and no DER that would be odd. */
static void the_certificates_of_a_gpu_are_der_to_the_last_byte(void **state)
{
	OWNED(buf) pem = third_party("spdm/nvidia/gh100_550.90.07_chain.pem");
	OWNED(cert_list) chain = NULL;
	struct err e = { 0 };

	(void)state;
	assert_ok(cert_list_from_pem(buf_bytes(pem), &chain, &e), &e);
	assert_true(chain->n > 2);
	for (size_t i = 0; i < chain->n; i++)
		assert_null(cert_oddity(chain->at[i]));
}

static void a_gpu_report_with_another_chain_nonce_or_byte_is_refused(void **state)
{
	static const struct {
		const char *chain, *why;
	} rows[] = {
		{ "spdm/nvidia/chain_case2_root_only.pem", "too short" },
		{ "spdm/nvidia/chain_case3_missing_intermediate.pem", "certificate path" },
		{ "spdm/nvidia/chain_case4_no_leaf.pem", "FWID" },
	};
	OWNED(buf) report = gpu_report();
	struct nvidia_gpu g;
	u8 nonce[32];

	(void)state;
	memcpy(nonce, report->w.at + 4, 32);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = { 0 };

		if (!verify_gpu(buf_bytes(report), rows[i].chain, nonce, &g, &e) ||
		    !strstr(e.text, rows[i].why))
			fail_msg("%s: \"%s\", expected \"%s\"", rows[i].chain, e.text, rows[i].why);
	}
	for (size_t at = 40; at < report->w.len; at += 211) {
		struct err e = { 0 };

		report->w.at[at] ^= 1;
		assert_int_not_equal(verify_gpu(buf_bytes(report),
						"spdm/nvidia/gh100_550.90.07_chain.pem", nonce, &g,
						&e),
				     0);
		report->w.at[at] ^= 1;
	}
	nonce[0] ^= 1;
	{
		struct err e = { 0 };

		assert_refused(verify_gpu(buf_bytes(report),
					  "spdm/nvidia/gh100_550.90.07_chain.pem", nonce, &g, &e),
			       &e, E_FRESHNESS, "another nonce");
	}
}

/*
 * The vendor's reference values for GPUs are SWID tags in XML (vectors_nvidia_rim.c). What agent and
 * server read are other formats: none of them ever takes one for a reference value.
 */
static void reference_values_in_xml_are_no_format_of_the_daemons(void **state)
{
	static const char *const files[] = {
		"spdm/nvidia/rim_driver_545.00.swidtag",
		"spdm/nvidia/rim_vbios_1010_0205_862_96005E0004.swidtag",
	};
	OWNED(trust_store) roots = trust_store_new();
	char root[4096];
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		OWNED(buf) b = third_party(files[i]);
		OWNED(corim) c = NULL;
		struct format_seen seen;

		assert_int_not_equal(format_check(buf_bytes(b), &seen, &e), 0);
		assert_int_equal(seen.format, FORMAT_UNKNOWN);
		assert_int_not_equal(corim_parse(buf_bytes(b), &c, &e), 0);
	}
	assert_ok(trust_store_add_file(
			  roots, third_party_path("spdm/nvidia/rim_root.pem", root, sizeof(root)),
			  &e),
		  &e);
	assert_int_equal(trust_store_count(roots), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_verify_with_the_lengths_and_hashes_computed_elsewhere),
		cmocka_unit_test(an_algorithm_this_build_lacks_is_never_called_verified),
		cmocka_unit_test(a_changed_byte_in_a_signed_message_is_never_called_verified),
		cmocka_unit_test(a_truncated_capture_is_refused_or_yields_fewer_rows),
		cmocka_unit_test(a_real_gpu_report_verifies_and_tells_its_versions),
		cmocka_unit_test(the_certificates_of_a_gpu_are_der_to_the_last_byte),
		cmocka_unit_test(reference_values_in_xml_are_no_format_of_the_daemons),
		cmocka_unit_test(a_gpu_report_with_another_chain_nonce_or_byte_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
