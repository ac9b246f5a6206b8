// SPDX-License-Identifier: Apache-2.0
/* Datagrams, errors and STATUS of a kernel family, byte for byte: what is taken, and what is refused with its field named. */
#include "support.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "agent/collector/netlink_message.h"
#include "netlink_draft.h"

/* ---- datagrams and errors ---- */
static size_t put_message(u8 *at, u16 type, u16 flags, const void *payload, size_t len)
{
	struct nlmsghdr h = { .nlmsg_len = (u32)(NLMSG_HDRLEN + len),
			      .nlmsg_type = type,
			      .nlmsg_flags = flags,
			      .nlmsg_seq = 77 };

	memcpy(at, &h, sizeof(h));
	memcpy(at + sizeof(h), payload, len);
	memset(at + sizeof(h) + len, 0, (4 - len % 4) % 4);
	return NLMSG_ALIGN(sizeof(h) + len);
}

static void a_datagram_is_walked_to_its_end_and_no_further(void **state)
{
	u8 datagram[64];
	size_t len = put_message(datagram, 100, 2, "abcde", 5);
	struct netlink_message m;
	struct reader r;
	u8 *copy;

	(void)state;
	len += put_message(datagram + len, 101, 0, "", 0);
	copy = heap_copy((struct bytes){ datagram, len });
	r = reader_on((struct bytes){ copy, len });
	assert_true(netlink_next(&r, &m));
	assert_true(m.type == 100 && m.flags == 2 && m.seq == 77);
	assert_bytes_equal(m.payload, bytes_text("abcde"));
	assert_true(netlink_next(&r, &m));
	assert_int_equal(m.payload.len, 0);
	assert_false(netlink_next(&r, &m));
	assert_null(r.why);
	free(copy);
	for (size_t cut = 1; cut < 16; cut++) {
		copy = heap_copy((struct bytes){ datagram, cut });
		r = reader_on((struct bytes){ copy, cut });
		assert_false(netlink_next(&r, &m));
		assert_non_null(r.why);
		free(copy);
	}
	datagram[0] = 15; /* shorter than its own head: would be read forever */
	r = reader_on((struct bytes){ datagram, len });
	assert_false(netlink_next(&r, &m));
	assert_string_equal(r.why, "nlmsg_len");
}

static void the_kernels_words_for_an_error_are_found_behind_either_form(void **state)
{
	static const u16 flags[] = { NLM_F_ACK_TLVS | NLM_F_CAPPED, NLM_F_ACK_TLVS };
	struct nlmsghdr request = { .nlmsg_len = NLMSG_HDRLEN + 8 };
	char text[NETLINK_TEXT_MAX];
	const char *why;
	int error = -11;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		struct draft *d = calloc(1, sizeof(*d));
		struct netlink_message m = { .type = NLMSG_ERROR, .flags = flags[i] };

		d->w = writer_on(d->room, sizeof(d->room));
		write_bytes(&d->w, BYTES(((int[]){ -11 })));
		write_bytes(&d->w, (struct bytes){ (u8 *)&request, sizeof(request) });
		if (!(flags[i] & NLM_F_CAPPED))
			write_zeros(&d->w, 8);
		draft_put_text(d, NLMSGERR_ATTR_MSG, "ask again");
		m.payload = write_done(&d->w);
		assert_int_equal(netlink_parse_error(&m, &error, text, &why), 0);
		assert_int_equal(error, -11);
		assert_string_equal(text, "ask again");
		m.payload.len -= 3;
		assert_int_equal(netlink_parse_error(&m, &error, text, &why), -EBADMSG);
		m.payload.len = 3;
		assert_int_equal(netlink_parse_error(&m, &error, text, &why), -EBADMSG);
		free(d);
	}
	error = -22;
	assert_int_equal(
		netlink_parse_error(&(struct netlink_message){ .type = NLMSG_DONE,
							       .payload = BYTES(((int[]){ -22 })) },
				    &error, text, &why),
		0);
	assert_int_equal(error, -22);
	assert_string_equal(text, "");
}

static void what_refuses_accept_for_now_asks_for_another_round(void **state)
{
	static const struct {
		int error;
		bool anew;
	} rows[] = {
		{ EBUSY, true },   { ESTALE, true },   { ENODEV, true }, { EPERM, false },
		{ EINVAL, false }, { EBADMSG, false }, { 0, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (netlink_wants_anew(rows[i].error) != rows[i].anew)
			fail_msg("errno %d", rows[i].error);
}

/* ---- STATUS ---- */
static struct draft *good_status(void)
{
	struct draft *d = draft_new(ASSAY_CMD_STATUS);
	u8 nonce[32], digest[32];

	memset(nonce, 0x4e, sizeof(nonce));
	memset(digest, 0xd1, sizeof(digest));
	draft_put_u64(d, ASSAY_A_SEQ, 7);
	draft_put(d, ASSAY_A_PAD, NULL, 0);
	draft_put_u64(d, ASSAY_A_DEV_ID, 0x1122334400000005);
	draft_put_text(d, ASSAY_A_SUBSYS, "pci");
	draft_put_text(d, ASSAY_A_DEV_NAME, "0000:01:00.0");
	draft_put_u32(d, ASSAY_A_GENERATION, 9);
	draft_put_u32(d, ASSAY_A_STATE, ASSAY_STATE_EVIDENCE);
	draft_put_u32(d, ASSAY_A_ERROR, (u32)-71);
	draft_put_text(d, ASSAY_A_WHY, "words");
	draft_put(d, ASSAY_A_SLOT, &(u8){ 2 }, 1);
	draft_put(d, ASSAY_A_SPDM_VERSION, &(u8){ 0x12 }, 1);
	draft_put(d, ASSAY_A_NONCE, nonce, 32);
	draft_put(d, ASSAY_A_CHAIN_DIGEST, digest, 32);
	draft_put(d, ASSAY_A_MEAS_DIGEST, digest, 32);
	draft_put_u32(d, ASSAY_A_COVERAGE, ASSAY_COVER_RESUME | ASSAY_COVER_RESET);
	draft_put_u32(d, ASSAY_A_PREVENTS, ASSAY_COVER_HOLD);
	draft_put_u32(d, ASSAY_A_HOLD, ASSAY_HOLD_OVERRIDE);
	draft_put(d, 0x3ff0, "later", 5); /* of a newer module */
	return d;
}

static int parse_status(struct bytes b, struct netlink_status *s, const char **why)
{
	u8 *copy = heap_copy(b);
	int rc = netlink_parse_status((struct bytes){ copy, b.len }, s, why);

	free(copy);
	return rc;
}

static void a_status_yields_its_fields(void **state)
{
	struct draft *d = good_status();
	struct netlink_status s;
	const char *why;

	(void)state;
	assert_int_equal(parse_status(write_done(&d->w), &s, &why), 0);
	assert_true(s.id == 0x1122334400000005 && s.seq == 7);
	assert_string_equal(s.name, "0000:01:00.0");
	assert_int_equal(s.generation, 9);
	assert_string_equal(netlink_state_name(s.state), "evidence");
	assert_int_equal(s.error, -71);
	assert_string_equal(s.why, "words");
	assert_int_equal(s.slot, 2);
	assert_int_equal(s.version, 0x12);
	assert_true(s.has_nonce && s.has_digests && !s.has_cause);
	assert_int_equal(s.nonce[31], 0x4e);
	assert_true(s.has_guard);
	assert_int_equal(s.coverage, 5);
	assert_int_equal(s.prevents, 16);
	assert_int_equal(s.hold, 1);
	free(d);
}

static void half_of_what_the_kernel_guards_is_no_claim(void **state)
{
	static const struct {
		u16 types[2];
		const char *why; /* NULL: taken, without a guard */
	} rows[] = {
		{ { 0, 0 }, NULL },
		{ { ASSAY_A_PREVENTS, ASSAY_A_HOLD }, "COVERAGE is missing" },
		{ { ASSAY_A_COVERAGE, ASSAY_A_HOLD }, "PREVENTS is missing" },
		{ { ASSAY_A_COVERAGE, ASSAY_A_PREVENTS }, "HOLD is missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct draft *d = draft_new(ASSAY_CMD_EVENT);
		struct netlink_status s;
		const char *why;

		draft_put_u64(d, ASSAY_A_SEQ, 7);
		draft_put_u64(d, ASSAY_A_DEV_ID, 5);
		draft_put_text(d, ASSAY_A_SUBSYS, "pci");
		draft_put_text(d, ASSAY_A_DEV_NAME, "0000:01:00.0");
		draft_put_u32(d, ASSAY_A_STATE, ASSAY_STATE_EVIDENCE);
		for (size_t k = 0; k < 2; k++)
			if (rows[i].types[k])
				draft_put_u32(d, rows[i].types[k], 1);
		assert_int_equal(parse_status(write_done(&d->w), &s, &why),
				 rows[i].why ? -EBADMSG : 0);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_false(s.has_guard);
		free(d);
	}
}

static void every_truncation_of_a_status_is_refused_or_lacks_what_was_cut(void **state)
{
	struct draft *d = good_status();
	struct bytes whole = write_done(&d->w);

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		struct netlink_status s;
		const char *why = NULL;
		int rc = parse_status(bytes_slice(whole, 0, len), &s, &why);

		if (rc)
			assert_non_null(why);
		else /* cut between two attributes: no digest, or not the last one */
			assert_true(s.id && s.name[0]);
	}
	free(d);
}

static void a_field_of_the_wrong_form_is_refused_and_named(void **state)
{
	static const struct {
		u16 type;
		const char *value;
		size_t len;
		const char *why;
	} rows[] = {
		{ ASSAY_A_DEV_ID, "1234", 4, "DEV_ID" },
		{ ASSAY_A_GENERATION, "12345678", 8, "GENERATION" },
		{ ASSAY_A_STATE, "", 0, "STATE" },
		{ ASSAY_A_SLOT, "12", 2, "SLOT" },
		{ ASSAY_A_NONCE, "short", 5, "NONCE" },
		{ ASSAY_A_COVERAGE, "12345678", 8, "COVERAGE" },
		{ ASSAY_A_PREVENTS, "1", 1, "PREVENTS" },
		{ ASSAY_A_HOLD, "\4\0\0\0", 4, "HOLD" }, /* there are four */
		{ ASSAY_A_CHAIN_DIGEST, "short", 5, "CHAIN_DIGEST" },
		{ ASSAY_A_SUBSYS, "usb", 4, "SUBSYS" },
		{ ASSAY_A_SUBSYS, "pci", 3, "SUBSYS" },		   /* no NUL */
		{ ASSAY_A_WHY, "a\0b", 4, "WHY" },		   /* a NUL too many */
		{ ASSAY_A_DEV_NAME, "../../etc", 10, "DEV_NAME" }, /* becomes part of a path */
		{ ASSAY_A_DEV_NAME, "0000:01:00.8", 13, "DEV_NAME" },
		{ ASSAY_A_DEV_NAME, "0000:01:00.0/x", 15, "DEV_NAME" },
		{ ASSAY_A_DEV_NAME, "0000:01:00.00000000000000000000000", 35, "DEV_NAME" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct draft *d = good_status();
		struct netlink_status s;
		const char *why = NULL;

		draft_put(d, rows[i].type, rows[i].value, rows[i].len);
		assert_int_equal(parse_status(write_done(&d->w), &s, &why), -EBADMSG);
		assert_string_equal(why, rows[i].why);
		free(d);
	}
}

static void a_status_without_what_identifies_the_device_is_refused(void **state)
{
	struct draft *d = draft_new(ASSAY_CMD_STATUS);
	struct netlink_status s;
	const char *why;

	(void)state;
	draft_put_text(d, ASSAY_A_DEV_NAME, "0000:01:00.0");
	assert_int_equal(parse_status(write_done(&d->w), &s, &why), -EBADMSG);
	assert_string_equal(why, "DEV_ID is missing");
	draft_put_u64(d, ASSAY_A_DEV_ID, 1);
	assert_int_equal(parse_status(write_done(&d->w), &s, &why), -EBADMSG);
	assert_string_equal(why, "SUBSYS is missing");
	draft_put_text(d, ASSAY_A_SUBSYS, "pci");
	draft_put_u64(d, ASSAY_A_SEQ, 1);
	assert_int_equal(parse_status(write_done(&d->w), &s, &why), -EBADMSG);
	assert_string_equal(why, "STATE is missing");
	free(d);
}

static void only_a_pci_address_becomes_part_of_a_path(void **state)
{
	static const char *const good[] = { "0000:01:00.0", "ffff:ff:1f.7", "10000:e1:00.0" };
	static const char *const bad[] = { "",
					   "0000:01:00",
					   "0000:01:00.",
					   "000:01:00.0",
					   "0000:0g:00.0",
					   "0000:01:00.0 ",
					   "0000-01:00.0",
					   ".",
					   "123456789:01:00.0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(pci_address_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(pci_address_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_refuses_accept_for_now_asks_for_another_round),
		cmocka_unit_test(a_status_yields_its_fields),
		cmocka_unit_test(every_truncation_of_a_status_is_refused_or_lacks_what_was_cut),
		cmocka_unit_test(half_of_what_the_kernel_guards_is_no_claim),
		cmocka_unit_test(a_field_of_the_wrong_form_is_refused_and_named),
		cmocka_unit_test(a_status_without_what_identifies_the_device_is_refused),
		cmocka_unit_test(only_a_pci_address_becomes_part_of_a_path),
		cmocka_unit_test(a_datagram_is_walked_to_its_end_and_no_further),
		cmocka_unit_test(the_kernels_words_for_an_error_are_found_behind_either_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
