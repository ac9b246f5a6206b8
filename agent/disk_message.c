// SPDX-License-Identifier: Apache-2.0
#include "disk_message.h"

#include "common/reader.h"

struct disk_message *disk_message_new(struct secret **hold)
{
	*hold = secret_new(sizeof(struct disk_message));
	if (!*hold)
		return NULL;
	memset((*hold)->at, 0, sizeof(struct disk_message));
	return (struct disk_message *)(void *)(*hold)->at;
}

static void write_lp16(struct writer *w, struct bytes b)
{
	write_be16(w, (u16)b.len);
	write_bytes(w, b);
}

void disk_message_write(const struct disk_message *m, struct writer *w)
{
	write_bytes(w, BYTES(m->uuid));
	write_be32(w, m->counter);
	write_u8(w, (u8)m->lease);
	if (m->lease == DISK_LEASE_USED)
		write_be32(w, m->reboots_left);
	write_u8(w, m->has_proof);
	if (m->has_proof)
		write_bytes(w, BYTES(m->proof));
	write_lp16(w, (struct bytes){ m->policy_key, m->policy_key_len });
	write_u8(w, (u8)m->n);
	for (size_t i = 0; i < m->n; i++) {
		const struct disk_key *k = &m->keys[i];

		write_be64(w, k->epoch);
		write_u8(w, k->pending);
		write_lp16(w, (struct bytes){ k->public_2b, k->public_len });
		write_lp16(w, (struct bytes){ k->private_2b, k->private_len });
		write_lp16(w, (struct bytes){ k->lease, k->lease_len });
		write_u8(w, k->has_passphrase);
		if (k->has_passphrase)
			write_bytes(w, BYTES(k->passphrase));
	}
	write_be64(w, m->times.began_ms);
	for (size_t i = 0; m->times.began_ms && i < DISK_PARTS; i++)
		write_be32(w, m->times.ms[i]);
}

static size_t read_lp16(struct reader *r, u8 *out, size_t max, const char *field)
{
	u16 len = read_be16(r, field);
	struct bytes b;

	if (len > max)
		reader_fail(r, field);
	b = read_bytes(r, len, field);
	if (r->why || !b.len)
		return 0;
	memcpy(out, b.at, b.len);
	return b.len;
}

static bool read_flag(struct reader *r, const char *field)
{
	u8 v = read_u8(r, field);

	if (v > 1)
		reader_fail(r, field);
	return v == 1;
}

static void read_fixed(struct reader *r, void *out, size_t len, const char *field)
{
	struct bytes b = read_bytes(r, len, field);

	if (!r->why)
		memcpy(out, b.at, len);
}

int disk_message_parse(struct bytes b, struct disk_message *out, struct err *e)
{
	struct reader r = reader_on(b);

	memset(out, 0, sizeof(*out));
	read_fixed(&r, out->uuid, sizeof(out->uuid), "UUID");
	out->counter = read_be32(&r, "counter");
	out->lease = (enum disk_lease)read_u8(&r, "lease");
	if (out->lease > DISK_LEASE_USED)
		reader_fail(&r, "lease");
	if (out->lease == DISK_LEASE_USED)
		out->reboots_left = read_be32(&r, "reboots left");
	out->has_proof = read_flag(&r, "has proof");
	if (out->has_proof)
		read_fixed(&r, out->proof, sizeof(out->proof), "proof");
	out->policy_key_len = read_lp16(&r, out->policy_key, sizeof(out->policy_key), "policy key");
	out->n = read_u8(&r, "number of keys");
	if (out->n > DISK_KEYS_MAX)
		reader_fail(&r, "number of keys");
	for (size_t i = 0; i < out->n && !r.why; i++) {
		struct disk_key *k = &out->keys[i];

		k->epoch = read_be64(&r, "epoch");
		k->pending = read_flag(&r, "pending");
		k->public_len = read_lp16(&r, k->public_2b, sizeof(k->public_2b), "public");
		k->private_len = read_lp16(&r, k->private_2b, sizeof(k->private_2b), "private");
		k->lease_len = read_lp16(&r, k->lease, sizeof(k->lease), "lease");
		k->has_passphrase = read_flag(&r, "has passphrase");
		if (k->has_passphrase)
			read_fixed(&r, k->passphrase, sizeof(k->passphrase), "passphrase");
		if (!r.why && (!k->epoch || k->epoch >> 63 || (i && k->epoch <= k[-1].epoch)))
			reader_fail(&r, "epochs are not ascending");
	}
	out->times.began_ms = read_be64(&r, "times");
	for (size_t i = 0; out->times.began_ms && i < DISK_PARTS; i++)
		out->times.ms[i] = read_be32(&r, "times");
	return read_done(&r) ? err_set(e, E_FORMAT, "message about a disk: %s", r.why) : 0;
}
