// SPDX-License-Identifier: Apache-2.0
/* Which slot's evidence is sent, and that a device without evidence says why. */
#include "support.h"

#include "agent/collector/source.h"

static u8 asked[SPDM_SLOTS_MAX][32]; /* the nonce that each slot was asked with */
static size_t n_asked;
static bool answers[SPDM_SLOTS_MAX];

/* Bytes that are no SPDM evidence, from the slots that answer. */
static int collect(const struct source_device *d, const u8 nonce[32], const u8 challenge_nonce[32],
		   struct device_evidence *out, struct err *e)
{
	(void)challenge_nonce;
	memcpy(asked[d->slot], nonce, 32);
	n_asked++;
	if (!answers[d->slot])
		return err_set(e, E_DEVICE, "slot is empty");
	out->vca = buf_copy(bytes_text("no VCA"));
	out->chain = buf_copy(bytes_text("no chain"));
	out->measurements = buf_copy(bytes_text("no measurements"));
	out->challenge = buf_new(1);
	return 0;
}

static const struct evidence_source fake = { "kernel-cma", collect };

static void collect_from(size_t n_other, struct device_evidence *out)
{
	struct source_device d = { .source = &fake,
				   .address = "0000:01:00.0",
				   .label = "1b36:0010/-/0",
				   .slot = 2,
				   .other_slots = { 0, 5 },
				   .n_other_slots = n_other };
	struct evidence_context c = { { 7 } };

	n_asked = 0;
	source_collect(&d, &c, out);
}

static void the_only_slots_evidence_is_sent_as_it_is(void **state)
{
	struct device_evidence out;

	(void)state;
	answers[2] = true;
	collect_from(0, &out);
	assert_string_equal(out.failure, "");
	assert_int_equal(out.slot, 2);
	assert_bytes_equal(buf_bytes(out.vca), bytes_text("no VCA"));
	device_evidence_clear(&out);
}

static void a_slot_whose_evidence_has_no_form_is_passed_over(void **state)
{
	struct device_evidence out;
	struct evidence_context c = { { 7 } };
	u8 nonce[32];

	(void)state;
	answers[2] = answers[5] = true;
	answers[0] = false;
	collect_from(2, &out);
	assert_int_equal(n_asked, 3);
	assert_int_equal(out.slot, 5);
	assert_string_equal(out.failure, "");
	assert_non_null(out.vca);
	/* each slot has a nonce of its own, which is that of its number */
	evidence_device_nonce(&c, NONCE_MEASUREMENTS, bytes_text("1b36:0010/-/0"), 5, nonce);
	assert_memory_equal(asked[5], nonce, 32);
	evidence_device_nonce(&c, NONCE_MEASUREMENTS, bytes_text("1b36:0010/-/0"), 2, nonce);
	assert_memory_equal(asked[2], nonce, 32);
	device_evidence_clear(&out);
}

static void a_device_without_evidence_says_why_of_every_slot(void **state)
{
	struct device_evidence out;

	(void)state;
	memset(answers, 0, sizeof(answers));
	collect_from(0, &out);
	assert_string_equal(out.failure, "slot is empty");
	answers[2] = true;
	collect_from(1, &out);
	assert_null(out.vca);
	assert_non_null(strstr(out.failure, "slot 2: "));
	assert_non_null(strstr(out.failure, "; slot 0: slot is empty"));
	assert_string_equal(out.address, "0000:01:00.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_only_slots_evidence_is_sent_as_it_is),
		cmocka_unit_test(a_slot_whose_evidence_has_no_form_is_passed_over),
		cmocka_unit_test(a_device_without_evidence_says_why_of_every_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
