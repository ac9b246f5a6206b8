// SPDX-License-Identifier: Apache-2.0
/* What goes between who has the disk and who has the TPM: read as it was written, and nothing else. */
#include "support.h"

#include "agent/disk_message.h"

static void fill(struct disk_message *m, size_t n)
{
	memset(m, 0, sizeof(*m));
	memset(m->uuid, 0x11, sizeof(m->uuid));
	m->counter = COUNTER_FIRST;
	m->lease = n ? DISK_LEASE_USED : DISK_LEASE_MAY;
	m->reboots_left = n ? 3 : 0;
	m->has_proof = true;
	memset(m->proof, 0x22, sizeof(m->proof));
	m->policy_key_len = n ? STRICT_SPKI_MAX : 0;
	memset(m->policy_key, 0x66, m->policy_key_len);
	m->n = n;
	m->times.began_ms = n ? 5000 : 0;
	for (u32 i = 0; n && i < DISK_PARTS; i++)
		m->times.ms[i] = 100 + i;
	for (size_t i = 0; i < n; i++) {
		struct disk_key *k = &m->keys[i];

		k->epoch = 7 + i;
		k->pending = i > 0;
		k->public_len = i ? LUKS_TOKEN_SEALED_MAX : 1;
		k->private_len = i ? LUKS_TOKEN_SEALED_MAX : 0;
		memset(k->public_2b, 0x33, k->public_len);
		memset(k->private_2b, 0x44, k->private_len);
		k->lease_len = i ? LEASE_KEPT_MAX : 0;
		memset(k->lease, 0x55, k->lease_len);
		k->has_passphrase = i == 0;
		if (k->has_passphrase)
			memset(k->passphrase, 'p', sizeof(k->passphrase));
	}
}

static struct buf *written(const struct disk_message *m)
{
	struct buf *b = buf_new(DISK_MESSAGE_MAX);

	disk_message_write(m, &b->w);
	assert_false(b->w.full);
	return b;
}

static void what_is_written_is_read_back(void **state)
{
	(void)state;
	for (size_t n = 0; n <= DISK_KEYS_MAX; n++) {
		OWNED(secret) hold_a = NULL;
		OWNED(secret) hold_b = NULL;
		struct disk_message *a = disk_message_new(&hold_a), *b = disk_message_new(&hold_b);
		OWNED(buf) bytes = NULL;
		struct err e = { 0 };

		fill(a, n);
		bytes = written(a);
		assert_ok(disk_message_parse(buf_bytes(bytes), b, &e), &e);
		assert_memory_equal(a, b, sizeof(*a));
	}
}

static void what_is_cut_short_or_goes_on_is_refused(void **state)
{
	static struct disk_message m, got;
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	(void)state;
	fill(&m, DISK_KEYS_MAX);
	b = written(&m);
	for (size_t len = 0; len < b->w.len; len++) {
		u8 *copy = heap_copy(bytes_slice(buf_bytes(b), 0, len));

		assert_int_equal(disk_message_parse((struct bytes){ copy, len }, &got, &e),
				 E_FORMAT);
		free(copy);
	}
	write_u8(&b->w, 0);
	assert_refused(disk_message_parse(buf_bytes(b), &got, &e), &e, E_FORMAT, "bytes");
}

static void each_defect_is_named(void **state)
{
	enum {
		LEASE_AT = 20,
		FLAG_AT = 25,
		POLICY_KEY_AT = 58,
		N_AT = 188,
		EPOCH_AT = 189,
		PENDING_AT = 197,
		PUBLIC_AT = 198,
		KEPT_AT = 203
	};
	static const struct {
		size_t at;
		u8 to;
		const char *why;
	} rows[] = {
		{ FLAG_AT, 2, "has proof" },	    { N_AT, DISK_KEYS_MAX + 1, "number of keys" },
		{ EPOCH_AT, 0x80, "ascending" },    { EPOCH_AT + 7, 8, "ascending" },
		{ EPOCH_AT + 7, 0, "ascending" },   { PENDING_AT, 3, "pending" },
		{ PUBLIC_AT, 3, "public" },	    { LEASE_AT, 3, "lease" },
		{ POLICY_KEY_AT, 1, "policy key" }, { KEPT_AT, 4, "lease" },
	};
	static struct disk_message m, got;

	(void)state;
	fill(&m, DISK_KEYS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		OWNED(buf) b = written(&m);
		struct err e = { 0 };

		b->w.at[rows[i].at] = rows[i].to;
		assert_refused(disk_message_parse(buf_bytes(b), &got, &e), &e, E_FORMAT,
			       rows[i].why);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(what_is_cut_short_or_goes_on_is_refused),
		cmocka_unit_test(each_defect_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
