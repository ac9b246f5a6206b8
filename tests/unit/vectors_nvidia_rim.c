// SPDX-License-Identifier: Apache-2.0
/* A GPU vendor's manifests, and what a real GPU reports held against manifests for its versions. */
#include "support.h"

#include <stdio.h>

#include "common/clock.h"
#include "proto/swid_xml.h"
#include "swid_sample.h"
#include "verifier/nvidia_rim.h"

static const struct {
	const char *file, *version;
	size_t active;
	const char *from, *until;
} rims[] = {
	{ "spdm/nvidia/rim_driver_545.00.swidtag", "545.00", 21, "2023-06-27T06:10:12Z",
	  "2025-06-26T06:10:12Z" },
	{ "spdm/nvidia/rim_vbios_1010_0205_862_96005E0004.swidtag", "96.00.5E.00.04", 12,
	  "2023-09-06T08:39:09Z", "2025-09-05T08:39:09Z" },
};

static long long seconds(const char *text)
{
	long long s = 0;

	assert_true(clock_read_utc(text, &s));
	return s;
}

static struct trust_store *vendor_roots(void)
{
	struct trust_store *roots = trust_store_new();
	struct err e = { 0 };
	char path[4096];

	third_party_path("spdm/nvidia/rim_root.pem", path, sizeof(path));
	assert_ok(trust_store_add_file(roots, path, &e), &e);
	return roots;
}

static int verify(struct bytes xml, const struct trust_store *roots, long long at, struct err *e)
{
	OWNED(swid) s = NULL;

	return swid_verify(xml, roots, at, &s, e);
}

static void the_vendors_manifests_are_valid_in_their_window_and_expired_after_it(void **state)
{
	OWNED(trust_store) roots = vendor_roots();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rims); i++) {
		OWNED(buf) b = third_party(rims[i].file);
		OWNED(swid) s = NULL;
		struct err e = { 0 };
		size_t active = 0;

		assert_ok(swid_verify(buf_bytes(b), roots, seconds("2024-01-01T00:00:00Z"), &s, &e),
			  &e);
		assert_int_equal(s->n, 64);
		assert_int_equal(s->n_active, rims[i].active);
		assert_string_equal(s->version, rims[i].version);
		assert_int_equal(s->signers->n, 4);
		for (size_t k = 0; k < s->n; k++) {
			assert_int_equal(s->at[k].index, k);
			active += s->at[k].active;
		}
		assert_int_equal(active, rims[i].active);
		assert_int_equal(s->at[35].n, i ? 1 : 2);
		assert_ok(verify(buf_bytes(b), roots, seconds(rims[i].from), &e), &e);
		assert_ok(verify(buf_bytes(b), roots, seconds(rims[i].until) - 1, &e), &e);
		assert_refused(verify(buf_bytes(b), roots, seconds(rims[i].from) - 1, &e), &e,
			       E_FRESHNESS, "signer not valid yet");
		assert_refused(verify(buf_bytes(b), roots, seconds(rims[i].until), &e), &e,
			       E_FRESHNESS, "signer expired");
	}
}

/* But for the last certificate: the root is the verifier's own, and what is said to be it is not read. */
static void a_changed_byte_of_a_vendors_manifest_is_refused(void **state)
{
	static const char last[] = "</ds:X509Certificate><ds:X509Certificate>MIICKTCCAbCg";
	OWNED(trust_store) roots = vendor_roots();
	long long at = seconds("2024-01-01T00:00:00Z");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rims); i++) {
		OWNED(buf) b = third_party(rims[i].file);
		const u8 *root = memmem(b->w.at, b->w.len, last, strlen(last));

		assert_non_null(root);
		for (size_t k = i; k < (size_t)(root - b->w.at); k += 53) {
			struct err e = { 0 };

			b->w.at[k] ^= 1;
			if (!verify(buf_bytes(b), roots, at, &e))
				fail_msg("%s: byte %zu changed, and still valid", rims[i].file, k);
			b->w.at[k] ^= 1;
		}
	}
}

static void a_vendors_manifest_does_not_count_by_the_root_of_its_devices(void **state)
{
	OWNED(trust_store) roots = trust_store_new();
	OWNED(buf) b = third_party(rims[0].file);
	struct err e = { 0 };
	char path[4096];

	(void)state;
	third_party_path("spdm/nvidia/device_root.pem", path, sizeof(path));
	assert_ok(trust_store_add_file(roots, path, &e), &e);
	assert_refused(verify(buf_bytes(b), roots, seconds("2024-01-01T00:00:00Z"), &e), &e,
		       E_SIGNATURE, "signer of the SWID tag");
}

/* ---- a real GPU ---- */
static struct buf *report;
static struct nvidia_gpu gpu;

static void read_gpu(void)
{
	OWNED(buf) text = third_party("spdm/nvidia/gh100_550.90.07_report.hex.txt");
	OWNED(buf) pem = third_party("spdm/nvidia/gh100_550.90.07_chain.pem");
	OWNED(cert_list) chain = NULL;
	OWNED(trust_store) roots = trust_store_new();
	struct err e = { 0 };
	char path[4096];
	u8 nonce[32];

	third_party_path("spdm/nvidia/device_root.pem", path, sizeof(path));
	while (text->w.len && text->w.at[text->w.len - 1] <= ' ')
		text->w.len--;
	write_u8(&text->w, 0);
	buf_drop(&report);
	report = from_hex((const char *)text->w.at);
	memcpy(nonce, report->w.at + 4, 32);
	assert_ok(cert_list_from_pem(buf_bytes(pem), &chain, &e), &e);
	assert_ok(trust_store_add_file(roots, path, &e), &e);
	assert_ok(nvidia_gpu_verify(buf_bytes(report), chain, roots, nonce, CERT_TIME_IGNORE, &gpu,
				    &e),
		  &e);
}

static void manifests_of_other_versions_than_the_reports_are_a_version_mismatch(void **state)
{
	OWNED(trust_store) roots = vendor_roots();
	struct nvidia_rim_verdict v;

	(void)state;
	read_gpu();
	for (size_t i = 0; i < ARRAY_LEN(rims); i++) {
		OWNED(buf) b = third_party(rims[i].file);
		OWNED(swid) s = NULL;
		struct err e = { 0 };

		assert_ok(swid_verify(buf_bytes(b), roots, seconds("2024-01-01T00:00:00Z"), &s, &e),
			  &e);
		assert_refused(nvidia_rim_hold(&gpu, (const struct swid *[]){ s }, 1, &v, &e), &e,
			       E_POLICY, "version mismatch: manifest for ");
		assert_non_null(strstr(e.text, rims[i].version));
		assert_non_null(strstr(e.text, "driver 550.90.07 and VBIOS 96.00.9F.00.01"));
		assert_int_equal(v.n, 0);
	}
}

/* ---- manifests for its versions, with what it reports: signed by a signer of our own ---- */
static struct swid *manifest(const char *version, unsigned int from, unsigned int to,
			     unsigned int special, enum swid_special how)
{
	OWNED(buf) made = NULL;
	struct swid_signer signer;
	struct swid *s = NULL;
	struct err e = { 0 };

	swid_signer_make(&signer, false);
	made = swid_manifest(&signer, version, gpu.measurements.record, from, to, special, how);
	assert_ok(swid_verify(buf_bytes(made), signer.roots, SWID_IN_TIME, &s, &e), &e);
	swid_signer_clear(&signer);
	return s;
}

#define DRIVER "550.90.07"
#define VBIOS  "96.00.9F.00.01"
enum { NONE = 1000 };

static void what_a_gpu_reports_matches_manifests_that_say_so(void **state)
{
	struct nvidia_rim_verdict v;
	struct err e = { 0 };

	(void)state;
	read_gpu();
	OWNED(swid) driver = manifest(DRIVER, 10, 40, 12, SWID_SECOND);
	OWNED(swid) vbios = manifest(VBIOS, 0, 9, NONE, SWID_RIGHT);

	/* in whatever order they are given */
	assert_ok(nvidia_rim_hold(&gpu, (const struct swid *[]){ vbios, driver }, 2, &v, &e), &e);
	assert_ptr_equal(v.driver, driver);
	assert_ptr_equal(v.vbios, vbios);
	assert_int_equal(v.n, 41);
	assert_int_equal(v.n_match, 40);
	assert_int_equal(v.n_skipped, 1); /* the video decoder of this one is off */
	assert_int_equal(v.at[25].entry->index, 35);
	assert_int_equal(v.at[25].result, NVIDIA_RIM_SKIPPED);
}

static void a_mismatch_is_named_with_its_index_and_what_was_found(void **state)
{
	struct nvidia_rim_verdict v;
	struct err e = { 0 };

	(void)state;
	read_gpu();
	OWNED(swid) driver = manifest(DRIVER, 10, 40, 20, SWID_WRONG);
	OWNED(swid) vbios = manifest(VBIOS, 0, 9, NONE, SWID_RIGHT);

	assert_refused(nvidia_rim_hold(&gpu, (const struct swid *[]){ driver, vbios }, 2, &v, &e),
		       &e, E_POLICY, "1 of 41 measurements are not what the manifests say");
	for (size_t i = 0; i < v.n; i++)
		if (v.at[i].entry->index == 20) {
			assert_int_equal(v.at[i].result, NVIDIA_RIM_MISMATCH);
			assert_int_equal(v.at[i].entry->hash[0][47], 0xff);
			assert_int_equal(v.at[i].found.len, 48);
		} else {
			assert_int_not_equal(v.at[i].result, NVIDIA_RIM_MISMATCH);
		}
	/* with the decoder on, its block counts; a status that is neither is no report of this kind */
	e.code = E_OK;
	gpu.nvdec0 = 0xaa;
	assert_refused(nvidia_rim_hold(&gpu, (const struct swid *[]){ driver, vbios }, 2, &v, &e),
		       &e, E_POLICY, "1 of 41");
	assert_int_equal(v.n_skipped, 0);
	gpu.nvdec0 = 0x54;
	assert_refused(nvidia_rim_hold(&gpu, (const struct swid *[]){ driver, vbios }, 2, &v, &e),
		       &e, E_FORMAT, "NVDEC0 status 0x54");
	/* a block that a manifest wants and the report lacks */
	e.code = E_OK;
	gpu.nvdec0 = 0x55;
	driver->at[30].index = 64;
	assert_refused(nvidia_rim_hold(&gpu, (const struct swid *[]){ driver, vbios }, 2, &v, &e),
		       &e, E_POLICY, "2 of 41");
	assert_int_equal(v.at[20].entry->index, 64);
	assert_int_equal(v.at[20].result, NVIDIA_RIM_MISSING);
	assert_int_equal(v.at[20].found.len, 0);
}

static void manifests_that_are_not_one_for_each_are_refused(void **state)
{
	struct nvidia_rim_verdict v;
	struct err e = { 0 };

	(void)state;
	read_gpu();
	OWNED(swid) driver = manifest(DRIVER, 10, 40, NONE, SWID_RIGHT);
	OWNED(swid) vbios = manifest(VBIOS, 0, 9, NONE, SWID_RIGHT);
	OWNED(swid) wide = manifest(VBIOS, 0, 10, NONE, SWID_RIGHT);
	OWNED(swid) empty = manifest(VBIOS, 100, 100, NONE, SWID_RIGHT);
	const struct {
		const struct swid *at[2];
		size_t n;
		enum err_code code;
		const char *why;
	} rows[] = {
		{ { NULL }, 0, E_NOTFOUND, "no manifest for driver 550.90.07" },
		{ { driver }, 1, E_NOTFOUND, "no manifest for VBIOS 96.00.9F.00.01" },
		{ { vbios }, 1, E_NOTFOUND, "no manifest for driver" },
		{ { driver, driver }, 2, E_CONFLICT, "two manifests for version 550.90.07" },
		{ { driver, wide },
		  2,
		  E_CONFLICT,
		  "index 10 is active in the manifests of driver" },
		{ { driver, empty }, 2, E_POLICY, "without an active entry" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		e.code = E_OK;
		assert_refused(nvidia_rim_hold(&gpu, rows[i].at, rows[i].n, &v, &e), &e,
			       rows[i].code, rows[i].why);
		assert_int_equal(v.n, 0);
	}
}

static int drop_report(void **state)
{
	(void)state;
	buf_drop(&report);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_vendors_manifests_are_valid_in_their_window_and_expired_after_it),
		cmocka_unit_test(a_changed_byte_of_a_vendors_manifest_is_refused),
		cmocka_unit_test(a_vendors_manifest_does_not_count_by_the_root_of_its_devices),
		cmocka_unit_test(
			manifests_of_other_versions_than_the_reports_are_a_version_mismatch),
		cmocka_unit_test(what_a_gpu_reports_matches_manifests_that_say_so),
		cmocka_unit_test(a_mismatch_is_named_with_its_index_and_what_was_found),
		cmocka_unit_test(manifests_that_are_not_one_for_each_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, drop_report);
}
