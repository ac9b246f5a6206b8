// SPDX-License-Identifier: Apache-2.0
/* The passphrase of a LUKS slot. The value was computed by another program from docs/PROTOCOL.md. */
#include "support.h"

#include "proto/passphrase.h"

struct inputs {
	u8 l[HALF_LEN], s[HALF_LEN], uuid[16], ueid[UEID_LEN];
	u64 epoch;
};

static struct inputs of_the_vector(void)
{
	struct inputs in = { .epoch = 7 };

	for (u8 i = 0; i < HALF_LEN; i++) {
		in.l[i] = i;
		in.s[i] = (u8)(HALF_LEN + i);
	}
	for (u8 i = 0; i < 16; i++)
		in.uuid[i] = (u8)(0x11 * i);
	memset(in.ueid, 0xee, sizeof(in.ueid));
	in.ueid[0] = 1;
	return in;
}

static struct secret *made_of(const struct inputs *in)
{
	struct secret *out = NULL;
	struct err e = { 0 };

	assert_ok(passphrase_make(in->l, in->s, in->uuid, in->ueid, in->epoch, &out, &e), &e);
	return out;
}

static void it_is_the_one_of_the_specification(void **state)
{
	struct inputs in = of_the_vector();
	OWNED(secret) p = made_of(&in);

	(void)state;
	assert_int_equal(p->len, PASSPHRASE_LEN);
	assert_memory_equal(p->at, "dwUEzpKcp4-vTkzvhM7tEbNJWJI1ktqIkCKEd-0xcgE", PASSPHRASE_LEN);
}

static void every_input_changes_it(void **state)
{
	struct inputs in = of_the_vector();
	OWNED(secret) p = made_of(&in);
	u8 *const bytes[] = { in.l, in.s, in.uuid, in.ueid, (u8 *)&in.epoch };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		OWNED(secret) other = NULL;

		bytes[i][0] ^= 1;
		other = made_of(&in);
		assert_memory_not_equal(p->at, other->at, PASSPHRASE_LEN);
		bytes[i][0] ^= 1;
	}
}

static void the_halves_are_not_interchangeable(void **state)
{
	struct inputs in = of_the_vector(), swapped = in;
	OWNED(secret) p = made_of(&in);
	OWNED(secret) other = NULL;

	(void)state;
	memcpy(swapped.l, in.s, HALF_LEN);
	memcpy(swapped.s, in.l, HALF_LEN);
	other = made_of(&swapped);
	assert_memory_not_equal(p->at, other->at, PASSPHRASE_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_one_of_the_specification),
		cmocka_unit_test(every_input_changes_it),
		cmocka_unit_test(the_halves_are_not_interchangeable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
