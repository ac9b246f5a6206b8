// SPDX-License-Identifier: Apache-2.0
/* What a kernel family sends, byte for byte: what is taken, and what is refused with its field named. */
#include "support.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdio.h>

#include "agent/collector/netlink_message.h"

/* ---- a message is written down, then parsed in an exact-size copy ---- */
struct draft {
	u8 room[70000];
	struct writer w;
};

static struct draft *draft_new(u8 cmd)
{
	struct draft *d = calloc(1, sizeof(*d));

	d->w = writer_on(d->room, sizeof(d->room));
	write_bytes(&d->w, BYTES(((u8[]){ cmd, 1, 0, 0 })));
	return d;
}

static void put(struct draft *d, u16 type, const void *at, size_t len)
{
	u16 head[2] = { (u16)(4 + len), type };

	write_bytes(&d->w, BYTES(head));
	write_bytes(&d->w, (struct bytes){ at, len });
	write_zeros(&d->w, (4 - len % 4) % 4);
}

static void put_u32(struct draft *d, u16 type, u32 v)
{
	put(d, type, &v, sizeof(v));
}

static void put_u64(struct draft *d, u16 type, u64 v)
{
	put(d, type, &v, sizeof(v));
}

static void put_text(struct draft *d, u16 type, const char *text)
{
	put(d, type, text, strlen(text) + 1);
}

/* ---- STATUS ---- */
static struct draft *good_status(void)
{
	struct draft *d = draft_new(ASSAY_CMD_STATUS);
	u8 nonce[32], digest[32];

	memset(nonce, 0x4e, sizeof(nonce));
	memset(digest, 0xd1, sizeof(digest));
	put_u64(d, ASSAY_A_SEQ, 7);
	put(d, ASSAY_A_PAD, NULL, 0);
	put_u64(d, ASSAY_A_DEV_ID, 0x1122334400000005);
	put_text(d, ASSAY_A_SUBSYS, "pci");
	put_text(d, ASSAY_A_DEV_NAME, "0000:01:00.0");
	put_u32(d, ASSAY_A_GENERATION, 9);
	put_u32(d, ASSAY_A_STATE, ASSAY_STATE_EVIDENCE);
	put_u32(d, ASSAY_A_ERROR, (u32)-71);
	put_text(d, ASSAY_A_WHY, "words");
	put(d, ASSAY_A_SLOT, &(u8){ 2 }, 1);
	put(d, ASSAY_A_SPDM_VERSION, &(u8){ 0x12 }, 1);
	put(d, ASSAY_A_NONCE, nonce, 32);
	put(d, ASSAY_A_CHAIN_DIGEST, digest, 32);
	put(d, ASSAY_A_MEAS_DIGEST, digest, 32);
	put_u32(d, ASSAY_A_COVERAGE, ASSAY_COVER_RESUME | ASSAY_COVER_RESET);
	put_u32(d, ASSAY_A_PREVENTS, ASSAY_COVER_HOLD);
	put_u32(d, ASSAY_A_HOLD, ASSAY_HOLD_OVERRIDE);
	put(d, 0x3ff0, "later", 5); /* of a newer module */
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

		put_u64(d, ASSAY_A_SEQ, 7);
		put_u64(d, ASSAY_A_DEV_ID, 5);
		put_text(d, ASSAY_A_SUBSYS, "pci");
		put_text(d, ASSAY_A_DEV_NAME, "0000:01:00.0");
		put_u32(d, ASSAY_A_STATE, ASSAY_STATE_EVIDENCE);
		for (size_t k = 0; k < 2; k++)
			if (rows[i].types[k])
				put_u32(d, rows[i].types[k], 1);
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

		put(d, rows[i].type, rows[i].value, rows[i].len);
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
	put_text(d, ASSAY_A_DEV_NAME, "0000:01:00.0");
	assert_int_equal(parse_status(write_done(&d->w), &s, &why), -EBADMSG);
	assert_string_equal(why, "DEV_ID is missing");
	put_u64(d, ASSAY_A_DEV_ID, 1);
	assert_int_equal(parse_status(write_done(&d->w), &s, &why), -EBADMSG);
	assert_string_equal(why, "SUBSYS is missing");
	put_text(d, ASSAY_A_SUBSYS, "pci");
	put_u64(d, ASSAY_A_SEQ, 1);
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

/* ---- READ ---- */
enum {
	TYPE = DEVICE_EVIDENCE_A_OBJECT_TYPE,
	GENERATION = DEVICE_EVIDENCE_A_OBJECT_GENERATION,
	LENGTH = DEVICE_EVIDENCE_A_OBJECT_LENGTH,
	VAL = DEVICE_EVIDENCE_A_OBJECT_VAL,
};

struct chunk {			      /* one message */
	int type, generation, length; /* -1: not there */
	const char *value;	      /* NULL: no VAL */
};

/* Return: 0, or the reason of the first message that is refused, or of the end. */
static const char *read_chunks(const struct chunk *c, size_t n, struct netlink_evidence *ev)
{
	const char *why = NULL;

	for (size_t i = 0; i < n && !why; i++) {
		struct draft *d = draft_new(DEVICE_EVIDENCE_CMD_READ);
		struct bytes b;
		u8 *copy;

		if (c[i].type >= 0)
			put_u32(d, TYPE, (u32)c[i].type);
		if (c[i].generation >= 0)
			put_u32(d, GENERATION, (u32)c[i].generation);
		if (c[i].length >= 0)
			put_u32(d, LENGTH, (u32)c[i].length);
		if (c[i].value)
			put(d, VAL, c[i].value, strlen(c[i].value));
		b = write_done(&d->w);
		copy = heap_copy(b);
		netlink_evidence_take(ev, (struct bytes){ copy, b.len }, &why);
		free(copy);
		free(d);
	}
	if (!why)
		netlink_evidence_done(ev, &why);
	return why;
}

static void chunks_become_objects_the_empty_ones_too(void **state)
{
	static const struct chunk chunks[] = {
		{ 0, 5, 7, "chain" }, { -1, -1, -1, "12" }, /* the rest of it */
		{ 8, 5, 0, "" },			    /* legal: "included in MEASUREMENTS" */
		{ 9, 5, 4, NULL },    { -1, -1, -1, "me" }, { -1, -1, -1, "as" },
	};
	struct netlink_evidence ev = { .mask = 0x301 };

	(void)state;
	assert_null(read_chunks(chunks, ARRAY_LEN(chunks), &ev));
	assert_int_equal(ev.generation, 5);
	assert_bytes_equal(buf_bytes(ev.object[0].bytes), bytes_text("chain12"));
	assert_non_null(ev.object[8].bytes);
	assert_int_equal(ev.object[8].bytes->w.len, 0);
	assert_bytes_equal(buf_bytes(ev.object[9].bytes), bytes_text("meas"));
	assert_null(ev.object[10].bytes);
	netlink_evidence_clear(&ev);
	assert_int_equal(ev.mask, 0x301);
}

static void a_dump_that_does_not_fit_together_is_refused_and_named(void **state)
{
	static const struct {
		struct chunk c[3];
		size_t n;
		const char *why;
	} rows[] = {
		{ { { 0, 5, 2, "ab" }, { 8, 6, 1, "x" } }, 2, "GENERATION changed" },
		{ { { 8, 5, 1, "a" }, { 0, 5, 1, "x" } }, 2, "TYPE is out of order" },
		{ { { 8, 5, 1, "a" }, { 8, 5, 1, "x" } }, 2, "TYPE is out of order" },
		{ { { 0, 5, 2, "a" }, { 8, 5, 1, "x" } },
		  2,
		  "TYPE before the last object was whole" },
		{ { { 0, 5, 2, "abc" } }, 1, "VAL is longer than LENGTH" },
		{ { { 0, 5, 2, "a" }, { -1, -1, -1, "bc" } }, 2, "VAL is longer than LENGTH" },
		{ { { 0, 5, 0, "a" } }, 1, "VAL is longer than LENGTH" },
		{ { { 0, 5, 2, "a" } }, 1, "VAL is shorter than LENGTH" },
		{ { { 1, 5, 2, "ab" } }, 1, "TYPE was not asked for" },
		{ { { 10, 5, 2, "ab" } }, 1, "TYPE was not asked for" },
		{ { { 0x7fffffff, 5, 2, "ab" } }, 1, "TYPE was not asked for" },
		{ { { 0, -1, 2, "ab" } }, 1, "GENERATION is missing" },
		{ { { 0, 5, -1, "ab" } }, 1, "LENGTH is missing" },
		{ { { -1, 5, 2, "ab" } }, 1, "TYPE is missing" },
		{ { { -1, -1, -1, "ab" } }, 1, "VAL before TYPE" },
		{ { { 0, 5, SPDM_CHAIN_MAX + 1, "ab" } }, 1, "LENGTH is over its limit" },
		{ { { 9, 5, SPDM_TRANSCRIPT_MAX + 1, "ab" } }, 1, "LENGTH is over its limit" },
		{ { { 9, 5, 0x7fffffff, "ab" } }, 1, "LENGTH is over its limit" },
		{ { { 0, 0, 0, NULL } }, 0, "no object came" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct netlink_evidence ev = { .mask = 0x301 };
		const char *why = read_chunks(rows[i].c, rows[i].n, &ev);

		if (!why || strcmp(why, rows[i].why))
			fail_msg("row %zu: \"%s\", expected \"%s\"", i, why ? why : "accepted",
				 rows[i].why);
		netlink_evidence_clear(&ev);
	}
}

static void two_heads_in_one_message_are_refused(void **state)
{
	struct draft *d = draft_new(DEVICE_EVIDENCE_CMD_READ);
	struct netlink_evidence ev = { .mask = 0x301 };
	const char *why = NULL;

	(void)state;
	put_u32(d, TYPE, 0);
	put_u32(d, GENERATION, 1);
	put_u32(d, LENGTH, 0);
	put_u32(d, TYPE, 8);
	assert_int_equal(netlink_evidence_take(&ev, write_done(&d->w), &why), -EBADMSG);
	assert_string_equal(why, "TYPE");
	netlink_evidence_clear(&ev);
	free(d);
}

/* ---- TRANSCRIPT ---- */
static void a_transcript_has_one_length_and_no_more_bytes_than_that(void **state)
{
	struct netlink_object o = { 0 };
	struct draft *first = draft_new(ASSAY_CMD_TRANSCRIPT),
		     *more = draft_new(ASSAY_CMD_TRANSCRIPT);
	const char *why;

	(void)state;
	put(more, ASSAY_A_VAL, "cd", 2);
	assert_int_equal(netlink_object_take(&o, 100, write_done(&more->w), &why), -EBADMSG);
	assert_string_equal(why, "VAL before LENGTH");
	put_u32(first, ASSAY_A_LENGTH, 4);
	put(first, ASSAY_A_VAL, "ab", 2);
	assert_int_equal(netlink_object_take(&o, 3, write_done(&first->w), &why), -EBADMSG);
	assert_string_equal(why, "LENGTH is over its limit");
	assert_int_equal(netlink_object_take(&o, 4, write_done(&first->w), &why), 0);
	assert_false(netlink_object_done(&o));
	assert_int_equal(netlink_object_take(&o, 4, write_done(&first->w), &why), -EBADMSG);
	assert_string_equal(why, "LENGTH stands twice");
	assert_int_equal(netlink_object_take(&o, 4, write_done(&more->w), &why), 0);
	assert_true(netlink_object_done(&o));
	assert_bytes_equal(buf_bytes(o.bytes), bytes_text("abcd"));
	assert_int_equal(netlink_object_take(&o, 4, write_done(&more->w), &why), -EBADMSG);
	assert_string_equal(why, "VAL is longer than LENGTH");
	netlink_object_clear(&o);
	free(first);
	free(more);
}

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

/* ---- LOG ---- */
static struct draft *log_message(u32 pcr, u64 count, const char *data, size_t len)
{
	struct draft *d = draft_new(ASSAY_CMD_LOG);
	u8 nest[512];
	u16 head[2] = { (u16)(4 + len), ASSAY_LOG_A_DATA };
	struct writer w = writer_on(nest, sizeof(nest));

	write_bytes(&w, BYTES(head));
	write_bytes(&w, (struct bytes){ (const u8 *)data, len });
	write_zeros(&w, (4 - len % 4) % 4);
	put_u32(d, ASSAY_A_TPM_PCR, pcr);
	put(d, ASSAY_A_PAD, NULL, 0);
	put_u64(d, ASSAY_A_TPM_LOG_COUNT, count);
	put(d, ASSAY_A_TPM_LOG_ENTRY, nest, w.len);
	return d;
}

static int take_log(struct netlink_log *log, struct draft *d, const char **why)
{
	struct bytes b = write_done(&d->w);
	u8 *copy = heap_copy(b);
	int rc = netlink_log_take(log, (struct bytes){ copy, b.len }, why);

	free(copy);
	free(d);
	return rc;
}

static void log_entries_become_the_log_that_a_token_has(void **state)
{
	static const u8 expected[] = { 13, 0, 0, 0,   3,   'o', 'n', 'e', 0,
				       0,  0, 5, 't', 'h', 'r', 'e', 'e' };
	struct netlink_log log = { 0 };
	const char *why;

	(void)state;
	assert_int_equal(take_log(&log, log_message(13, 1, "one", 3), &why), 0);
	assert_int_equal(take_log(&log, log_message(13, 2, "three", 5), &why), 0);
	assert_int_equal(log.count, 2);
	assert_int_equal(log.bytes->w.len, sizeof(expected));
	assert_memory_equal(log.bytes->w.at, expected, sizeof(expected));
	netlink_log_clear(&log);
	assert_true(!log.bytes && !log.count);
}

static void a_log_with_a_hole_or_another_pcr_is_refused_and_named(void **state)
{
	static const struct {
		u32 pcr;
		u64 count;
		size_t len;
		const char *why;
	} rows[] = {
		{ 13, 1, 4, "TPM_LOG_COUNT" }, /* once more */
		{ 13, 3, 4, "TPM_LOG_COUNT" }, /* one is missing */
		{ 12, 2, 4, "TPM_PCR" },       { 24, 2, 4, "TPM_PCR" },
		{ 269, 2, 4, "TPM_PCR" }, /* 13 in its last byte */
		{ 13, 2, 0, "DATA" },	       { 13, 2, DEVICE_LOG_ENTRY_MAX + 1, "DATA" },
	};
	static const char data[DEVICE_LOG_ENTRY_MAX + 1] = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct netlink_log log = { 0 };
		const char *why = NULL;

		assert_int_equal(take_log(&log, log_message(13, 1, data, 4), &why), 0);
		assert_int_equal(
			take_log(&log, log_message(rows[i].pcr, rows[i].count, data, rows[i].len),
				 &why),
			-EBADMSG);
		assert_string_equal(why, rows[i].why);
		assert_int_equal(log.count, 1);
		netlink_log_clear(&log);
	}
}

static void a_log_message_has_each_of_its_parts_once(void **state)
{
	static const u16 types[] = { ASSAY_A_TPM_PCR, ASSAY_A_TPM_LOG_COUNT,
				     ASSAY_A_TPM_LOG_ENTRY };
	static const char *const missing[] = { "TPM_PCR is missing", "TPM_LOG_COUNT is missing",
					       "TPM_LOG_ENTRY is missing" };
	const u8 nest[] = { 5, 0, ASSAY_LOG_A_DATA, 0, 'x', 0, 0, 0,
			    5, 0, ASSAY_LOG_A_DATA, 0, 'y', 0, 0, 0 };

	(void)state;
	for (size_t left_out = 0; left_out < ARRAY_LEN(types); left_out++) {
		struct netlink_log log = { 0 };
		struct draft *d = draft_new(ASSAY_CMD_LOG);
		const char *why = NULL;

		if (left_out != 0)
			put_u32(d, types[0], 13);
		if (left_out != 1)
			put_u64(d, types[1], 1);
		if (left_out != 2)
			put(d, types[2], nest, 8);
		assert_int_equal(take_log(&log, d, &why), -EBADMSG);
		assert_string_equal(why, missing[left_out]);

		d = log_message(13, 1, "one", 3);
		if (left_out == 2)
			put(d, types[2], nest, 8);
		else if (left_out == 1)
			put_u64(d, types[1], 1);
		else
			put_u32(d, types[0], 13);
		assert_int_equal(take_log(&log, d, &why), -EBADMSG);
		assert_string_equal(why, "one entry a message");

		d = draft_new(ASSAY_CMD_LOG);
		put(d, ASSAY_A_TPM_LOG_ENTRY, nest, sizeof(nest));
		assert_int_equal(take_log(&log, d, &why), -EBADMSG);
		assert_string_equal(why, "DATA stands twice");
		assert_null(log.bytes);
	}
}

static void a_log_is_no_longer_than_the_kernels(void **state)
{
	struct netlink_log log = { 0 };
	const char *why = NULL;

	(void)state;
	for (u64 i = 1; i <= DEVICE_LOG_ENTRIES_MAX; i++)
		assert_int_equal(take_log(&log, log_message(13, i, "entry", 5), &why), 0);
	assert_int_equal(take_log(&log, log_message(13, log.count + 1, "entry", 5), &why),
			 -EBADMSG);
	assert_string_equal(why, "more entries than a log may have");
	netlink_log_clear(&log);
}

static void every_truncation_of_a_log_message_is_refused(void **state)
{
	struct draft *d = log_message(13, 1, "entry", 5);
	struct bytes whole = write_done(&d->w);

	(void)state;
	for (size_t len = 0; len < whole.len - 3; len++) { /* the last ones are padding */
		struct netlink_log log = { 0 };
		const char *why = NULL;
		u8 *copy = heap_copy((struct bytes){ whole.at, len });

		assert_int_equal(netlink_log_take(&log, (struct bytes){ copy, len }, &why),
				 -EBADMSG);
		assert_non_null(why);
		free(copy);
	}
	free(d);
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
		put_text(d, NLMSGERR_ATTR_MSG, "ask again");
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

/* ---- uevents, signatures, families ---- */
#define UEVENT "add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM="

static void a_uevent_of_a_pci_function_names_it(void **state)
{
	static const char pci[] = UEVENT "pci\0PCI_SLOT_NAME=0000:01:00.0\0SEQNUM=1";
	static const char usb[] = UEVENT "a-subsystem-with-a-long-name\0SEQNUM=1";
	static const char udev[] = "libudev\0ACTION=add";
	static const char bad[] = UEVENT "pci\0PCI_SLOT_NAME=../x";
	static const char open[] = UEVENT "pci\0SEQ";
	struct netlink_uevent u;
	const char *why;

	(void)state;
	assert_int_equal(netlink_parse_uevent(BYTES(pci), &u, &why), 0);
	assert_string_equal(u.action, "add");
	assert_string_equal(u.subsystem, "pci");
	assert_string_equal(u.name, "0000:01:00.0");
	assert_int_equal(netlink_parse_uevent(BYTES(usb), &u, &why), 0);
	assert_string_equal(u.subsystem, "");
	assert_int_equal(netlink_parse_uevent(BYTES(udev), &u, &why), -EBADMSG);
	assert_int_equal(netlink_parse_uevent(BYTES(bad), &u, &why), -EBADMSG);
	assert_string_equal(why, "PCI_SLOT_NAME");
	assert_int_equal(netlink_parse_uevent((struct bytes){ (const u8 *)open, sizeof(open) - 1 },
					      &u, &why),
			 -EBADMSG);
	assert_int_equal(netlink_parse_uevent(BYTES_NONE, &u, &why), -EBADMSG);
}

static void a_signature_event_names_the_function_at_the_end_of_the_path(void **state)
{
	struct draft *d = draft_new(1), *more = draft_new(1), *bad = draft_new(1);
	struct netlink_signature s;
	const char *why;

	(void)state;
	put_text(d, 1, "/devices/pci0000:00/0000:00:03.0/0000:01:00.0");
	put(d, 2, &(u8){ 0x60 }, 1);
	put(d, 3, &(u8){ 1 }, 1);
	assert_int_equal(netlink_parse_signature(write_done(&d->w), &s, &why), 0);
	assert_string_equal(s.name, "0000:01:00.0");
	assert_true(s.code == 0x60 && s.slot == 1);
	put(more, 9, "transcript", 10);
	assert_int_equal(netlink_parse_signature(write_done(&more->w), &s, &why), 0);
	assert_string_equal(s.name, "");
	put_text(bad, 1, "/devices/platform/x");
	assert_int_equal(netlink_parse_signature(write_done(&bad->w), &s, &why), -EBADMSG);
	assert_string_equal(why, "DEVICE");
	free(d);
	free(more);
	free(bad);
}

static void a_new_family_says_its_name(void **state)
{
	struct draft *d = draft_new(CTRL_CMD_NEWFAMILY);
	char name[NETLINK_FAMILY_MAX];
	const char *why;

	(void)state;
	assert_int_equal(netlink_parse_family(write_done(&d->w), name, &why), -EBADMSG);
	assert_string_equal(why, "FAMILY_NAME is missing");
	put_text(d, CTRL_ATTR_FAMILY_NAME, "assay");
	assert_int_equal(netlink_parse_family(write_done(&d->w), name, &why), 0);
	assert_string_equal(name, "assay");
	put_text(d, CTRL_ATTR_FAMILY_NAME, "a-name-longer-than-any");
	assert_int_equal(netlink_parse_family(write_done(&d->w), name, &why), -EBADMSG);
	free(d);
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
		cmocka_unit_test(chunks_become_objects_the_empty_ones_too),
		cmocka_unit_test(a_dump_that_does_not_fit_together_is_refused_and_named),
		cmocka_unit_test(two_heads_in_one_message_are_refused),
		cmocka_unit_test(a_transcript_has_one_length_and_no_more_bytes_than_that),
		cmocka_unit_test(log_entries_become_the_log_that_a_token_has),
		cmocka_unit_test(a_log_with_a_hole_or_another_pcr_is_refused_and_named),
		cmocka_unit_test(a_log_message_has_each_of_its_parts_once),
		cmocka_unit_test(a_log_is_no_longer_than_the_kernels),
		cmocka_unit_test(every_truncation_of_a_log_message_is_refused),
		cmocka_unit_test(a_datagram_is_walked_to_its_end_and_no_further),
		cmocka_unit_test(the_kernels_words_for_an_error_are_found_behind_either_form),
		cmocka_unit_test(a_uevent_of_a_pci_function_names_it),
		cmocka_unit_test(a_signature_event_names_the_function_at_the_end_of_the_path),
		cmocka_unit_test(a_new_family_says_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
