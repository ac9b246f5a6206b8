// SPDX-License-Identifier: Apache-2.0
#include "evidence.h"

#include <stdlib.h>

void device_evidence_clear(struct device_evidence *d)
{
	buf_drop(&d->chain);
	buf_drop(&d->vca);
	buf_drop(&d->measurements);
	buf_drop(&d->challenge);
}

static void add_prefixed(struct hasher *h, struct bytes b)
{
	u8 len[4];
	struct writer w = writer_on(len, sizeof(len));

	write_be32(&w, (u32)b.len);
	hasher_add(h, write_done(&w));
	hasher_add(h, b);
}

struct digest hash_labelled(const char *label, const struct bytes *parts, size_t n)
{
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);

	if (!h)
		abort();
	add_prefixed(h, bytes_text(label));
	for (size_t i = 0; i < n; i++)
		add_prefixed(h, parts[i]);
	return hasher_end(h);
}

struct evidence_context evidence_context_make(const u8 nonce[32], const u8 deployment[16],
					      struct bytes ak_name, const u8 cnf_thumbprint[32])
{
	struct digest a = sha256_of((struct bytes){ deployment, DEPLOYMENT_ID_LEN });
	struct bytes parts[] = {
		{ nonce, EVIDENCE_NONCE_LEN }, digest_bytes(&a), ak_name, { cnf_thumbprint, 32 }
	};
	struct digest d = hash_labelled("assay/context/1", parts, ARRAY_LEN(parts));
	struct evidence_context c;

	memcpy(c.ctx, d.at, sizeof(c.ctx));
	return c;
}

void evidence_device_nonce(const struct evidence_context *c, enum device_nonce_kind kind,
			   struct bytes label, u8 slot, u8 out[32])
{
	struct bytes parts[] = { BYTES(c->ctx), label, { &slot, 1 } };
	struct digest d = hash_labelled(kind == NONCE_CHALLENGE ? "assay/device-challenge/1"
								: "assay/device-measurements/1",
					parts, ARRAY_LEN(parts));

	memcpy(out, d.at, 32);
}

static struct digest leaf_hash(const struct evidence_leaf *leaf)
{
	static const u8 kind = 0x00;
	OWNED(hasher) h = hasher_new(DIGEST_SHA256);

	if (!h)
		abort();
	hasher_add(h, (struct bytes){ &kind, 1 });
	add_prefixed(h, leaf->label);
	add_prefixed(h, leaf->value);
	return hasher_end(h);
}

static struct digest node_hash(const struct digest *l, const struct digest *r)
{
	static const u8 kind = 0x01;
	struct bytes pieces[] = { { &kind, 1 }, digest_bytes(l), digest_bytes(r) };

	return digest_of(DIGEST_SHA256, pieces, ARRAY_LEN(pieces));
}

/* In place: joining neighbours level by level, an odd last one rising as it is, gives RFC 6962's split. */
struct digest evidence_root(const struct evidence_leaf *leaves, size_t n, struct digest *scratch)
{
	if (n == 0)
		return sha256_of(BYTES_NONE);
	for (size_t i = 0; i < n; i++)
		scratch[i] = leaf_hash(&leaves[i]);
	while (n > 1) {
		for (size_t i = 0; i + 1 < n; i += 2)
			scratch[i / 2] = node_hash(&scratch[i], &scratch[i + 1]);
		if (n & 1)
			scratch[n / 2] = scratch[n - 1];
		n = (n + 1) / 2;
	}
	return scratch[0];
}

struct digest evidence_bind(const struct evidence_context *c, u32 n_devices,
			    const struct digest *root, struct bytes host, struct bytes release)
{
	struct digest host_digest = sha256_of(host);
	u8 count[4];
	struct writer w = writer_on(count, sizeof(count));
	struct bytes parts[] = { BYTES(c->ctx), BYTES(count), digest_bytes(root),
				 digest_bytes(&host_digest), release };

	write_be32(&w, n_devices);
	return hash_labelled("assay/bind/1", parts, ARRAY_LEN(parts));
}

static bool hex_digits(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++)
		if (!((b.at[i] >= '0' && b.at[i] <= '9') || (b.at[i] >= 'a' && b.at[i] <= 'f')))
			return false;
	return b.len > 0;
}

static bool ordinal(struct bytes b)
{
	if (b.len < 1 || b.len > 3 || (b.len > 1 && b.at[0] == '0'))
		return false;
	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] < '0' || b.at[i] > '9')
			return false;
	return true;
}

bool evidence_label_valid(struct bytes label)
{
	size_t serial_end;

	if (label.len < 12 || label.len > LABEL_MAX || label.at[4] != ':' || label.at[9] != '/' ||
	    !hex_digits(bytes_slice(label, 0, 4)) || !hex_digits(bytes_slice(label, 5, 4)))
		return false;
	if (label.at[10] == '-')
		serial_end = 11;
	else if (hex_digits(bytes_slice(label, 10, 16)))
		serial_end = 26;
	else
		return false;
	return serial_end < label.len && label.at[serial_end] == '/' &&
	       ordinal(bytes_slice(label, serial_end + 1, label.len - serial_end - 1));
}
