// SPDX-License-Identifier: Apache-2.0
/* Recorded SPDM: what a VCA may say, and which bytes each version's signatures cover. */
#include "spdm_script.h"

#include <stdio.h>

#include "proto/spdm_evidence.h"

/* ---- VCA ---- */
/* SPDM 1.3, P-256, SHA-256, DHE and AEAD asked for and selected. */
static const char good_vca[] = "10840000"
			       "1004000000010013"
			       "13e10000 00000000 00000000 f8110000 f8110000"
			       "13610000 000a0000 16000000 f8110000 f8110000"
			       "13e30200 2800 01 02 10000000 01000000 000000000000000000000000"
			       "00000000 02201000 03200200"
			       "13630200 2c00 01 02 02000000 10000000 01000000 00000000"
			       "00000000000000 00 00 00 0000 02201000 03200200";
/* Where things are in it. */
enum {
	REQUESTER_FLAGS_24 = 12 + 8 + 3,
	RESPONDER_FLAGS_24 = 32 + 8 + 3,
	OFFERED = 52, /* NEGOTIATE_ALGORITHMS */
	OFFERED_PARAMS = OFFERED + 7,
	OFFERED_MEL = OFFERED + 31,
	OFFERED_DHE = OFFERED + 32,
	OFFERED_AEAD = OFFERED + 36,
	SELECTED = 92, /* ALGORITHMS */
	SELECTED_PARAMS = SELECTED + 7,
	SELECTED_MEL = SELECTED + 31,
	SELECTED_DHE = SELECTED + 36,
	SELECTED_AEAD = SELECTED + 40,
};

static void a_selection_must_be_one_of_what_was_offered(void **state)
{
	static const struct {
		const char *what;
		struct {
			size_t at;
			u8 put;
		} edit[3];
		const char *why; /* NULL: legal */
	} rows[] = {
		{ "as it is", { { 0, 0x10 } }, NULL },
		{ "no DHE group in common", { { SELECTED_DHE + 2, 0 } }, NULL },
		{ "a DHE group that was not offered",
		  { { SELECTED_DHE + 2, 0x08 } },
		  "AlgStruct selects what was not offered" },
		{ "two DHE groups",
		  { { OFFERED_DHE + 2, 0x18 }, { SELECTED_DHE + 2, 0x18 } },
		  "AlgStruct selects more than one algorithm" },
		{ "a type that was not asked for",
		  { { SELECTED_AEAD, 5 } },
		  "AlgStruct was not asked for" },
		{ "a type of 1.4",
		  { { OFFERED_AEAD, 6 }, { SELECTED_AEAD, 6 } },
		  "AlgType is unknown, twice or out of order" },
		{ "a type twice",
		  { { SELECTED_AEAD, 2 } },
		  "AlgType is unknown, twice or out of order" },
		{ "three fixed bytes",
		  { { SELECTED_AEAD + 1, 0x30 } },
		  "AlgCount: fixed algorithms are not two bytes" },
		{ "an extended algorithm",
		  { { SELECTED_DHE + 1, 0x21 } },
		  "AlgCount: an extended algorithm was not offered" },
		{ "a log format offered and not selected", { { OFFERED_MEL, 1 } }, NULL },
		{ "a log format offered and selected",
		  { { OFFERED_MEL, 1 }, { SELECTED_MEL, 1 } },
		  NULL },
		{ "a log format that was not offered",
		  { { SELECTED_MEL, 1 } },
		  "MELspecificationSel was not offered" },
		{ "two opaque formats",
		  { { OFFERED_PARAMS, 3 }, { SELECTED_PARAMS, 3 } },
		  "OtherParamsSelection was not offered" },
		{ "keys per slot, of a device that can",
		  { { OFFERED_PARAMS, 0x12 }, { RESPONDER_FLAGS_24, 0x08 } },
		  NULL },
		{ "keys per slot, of a device that cannot",
		  { { OFFERED_PARAMS, 0x12 } },
		  "OtherParamsSupport does not agree with the device's MULTI_KEY_CAP" },
		{ "no keys per slot, of a device that insists",
		  { { RESPONDER_FLAGS_24, 0x04 } },
		  "OtherParamsSupport does not agree with the device's MULTI_KEY_CAP" },
		{ "keys per slot of a requester that can",
		  { { REQUESTER_FLAGS_24, 0x08 }, { SELECTED_PARAMS, 0x12 } },
		  NULL },
		{ "keys per slot of a requester that cannot",
		  { { OFFERED_PARAMS, 0x12 },
		    { SELECTED_PARAMS, 0x12 },
		    { RESPONDER_FLAGS_24, 0x08 } },
		  "OtherParamsSelection was not offered" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) vca = from_hex(good_vca);
		struct spdm_versions versions;
		struct spdm_negotiated n;
		const char *why = "accepted";
		int rc;

		for (size_t k = 0; k < 3 && rows[i].edit[k].at + rows[i].edit[k].put; k++)
			vca->w.at[rows[i].edit[k].at] = rows[i].edit[k].put;
		rc = spdm_read_vca(buf_bytes(vca), &versions, &n, &why);
		if (!rc != !rows[i].why || (rc && strcmp(why, rows[i].why)))
			fail_msg("%s: \"%s\", expected \"%s\"", rows[i].what, why,
				 rows[i].why ? rows[i].why : "accepted");
	}
}

static void a_recorded_vca_cut_or_lengthened_is_refused(void **state)
{
	OWNED(buf) vca = from_hex(good_vca);
	struct bytes all = buf_bytes(vca);
	struct spdm_versions versions;
	struct spdm_negotiated n;
	const char *why;

	(void)state;
	for (size_t len = 0; len < all.len; len++) {
		u8 *copy = heap_copy((struct bytes){ all.at, len });

		why = NULL;
		assert_int_equal(spdm_read_vca((struct bytes){ copy, len }, &versions, &n, &why),
				 -EBADMSG);
		assert_non_null(why);
		free(copy);
	}
	write_u8(&vca->w, 0); /* DOE's padding has no place in a transcript */
	assert_int_equal(spdm_read_vca(buf_bytes(vca), &versions, &n, &why), -EBADMSG);
	assert_string_equal(why, "bytes after the end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_selection_must_be_one_of_what_was_offered),
		cmocka_unit_test(a_recorded_vca_cut_or_lengthened_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
