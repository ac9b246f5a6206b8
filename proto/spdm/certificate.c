// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "certificate.h"

void spdm_write_get_digests(struct writer *w, u8 version)
{
	write_u8(w, version);
	write_u8(w, SPDM_GET_DIGESTS);
	write_le16(w, 0);
}

void spdm_read_get_digests(struct reader *r, u8 version)
{
	spdm_expect(r, SPDM_GET_DIGESTS, version);
}

/* Three arrays, an element for each provisioned slot: KeyPairID, CertificateInfo, KeyUsageMask. */
static void read_key_facts(struct reader *r, struct spdm_digests *d)
{
	enum { GENERIC_MODEL = 3 };

	for (u8 slot = 0; slot < SPDM_SLOTS_MAX; slot++)
		if (d->provisioned & 1 << slot)
			read_u8(r, "KeyPairID");
	for (u8 slot = 0; slot < SPDM_SLOTS_MAX && !r->why; slot++) {
		u8 model = d->provisioned & 1 << slot ? read_u8(r, "CertificateInfo") & 7 : 1;

		/* slot 0 holds what the manufacturer put there */
		if (!r->why &&
		    (!model || model > GENERIC_MODEL || (slot == 0 && model == GENERIC_MODEL)))
			reader_fail(r, "CertificateInfo model");
	}
	for (u8 slot = 0; slot < SPDM_SLOTS_MAX && !r->why; slot++) {
		if (!(d->provisioned & 1 << slot))
			continue;
		d->usage[slot] = read_le16(r, "KeyUsageMask");
		if (d->usage[slot] & ~SPDM_USAGE_ALL)
			reader_fail(r, "KeyUsageMask has reserved bits");
	}
}

void spdm_read_digests(struct reader *r, const struct spdm_negotiated *n, struct spdm_digests *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_DIGESTS, n->version);

	if (!r->why && h.param2 == 0)
		reader_fail(r, "DIGESTS: no slot is provisioned");
	if (!r->why && n->version >= SPDM_13 && (h.param2 & ~h.param1))
		reader_fail(r, "DIGESTS: a provisioned slot is not a supported one");
	out->provisioned = h.param2;
	for (u8 slot = 0; slot < SPDM_SLOTS_MAX; slot++) {
		out->digest[slot] = BYTES_NONE;
		out->usage[slot] = 0xffff;
		if (r->why || !(h.param2 & 1 << slot))
			continue;
		out->digest[slot] = read_bytes(r, n->hash_len, "DIGESTS Digest");
	}
	if (n->multi_key)
		read_key_facts(r, out);
}

void spdm_write_get_certificate(struct writer *w, u8 version, u8 slot, u16 offset, u16 length)
{
	write_u8(w, version);
	write_u8(w, SPDM_GET_CERTIFICATE);
	write_u8(w, slot);
	write_u8(w, 0);
	write_le16(w, offset);
	write_le16(w, length);
}

void spdm_read_get_certificate(struct reader *r, u8 version, struct spdm_get_certificate *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_GET_CERTIFICATE, version);

	out->large = version >= SPDM_14 && h.param1 & 0x80;
	out->slot = h.param1 & 0x7f;
	out->offset = read_le16(r, "Offset");
	out->length = read_le16(r, "Length");
	if (out->large) {
		out->offset = read_le32(r, "LargeOffset");
		out->length = read_le32(r, "LargeLength");
	}
	if (!r->why && out->slot >= SPDM_SLOTS_MAX)
		reader_fail(r, "GET_CERTIFICATE SlotID");
}

void spdm_read_certificate(struct reader *r, u8 version, const struct spdm_get_certificate *asked,
			   struct spdm_portion *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_CERTIFICATE, version);
	u32 portion = read_le16(r, "PortionLength");

	out->remainder = read_le16(r, "RemainderLength");
	if (asked->large) {
		portion = read_le32(r, "LargePortionLength");
		out->remainder = read_le32(r, "LargeRemainderLength");
	}
	out->slot = h.param1 & 0x0f;
	if (!r->why && (h.param1 & 0x0f) != asked->slot)
		reader_fail(r, "CERTIFICATE is of another slot");
	if (!r->why && !(h.param1 & 0x80) != !asked->large)
		reader_fail(r, "CERTIFICATE: large chain is not what was asked for");
	if (!r->why && portion == 0)
		reader_fail(r, "PortionLength is zero");
	if (!r->why && portion > asked->length)
		reader_fail(r, "PortionLength is more than was asked for");
	if (!r->why &&
	    (out->remainder > SPDM_CHAIN_MAX || asked->offset > SPDM_CHAIN_MAX ||
	     portion > SPDM_CHAIN_MAX || asked->offset + portion + out->remainder > SPDM_CHAIN_MAX))
		reader_fail(r, "RemainderLength runs past the largest chain");
	out->bytes = read_bytes(r, portion, "CertChain");
}

int spdm_parse_chain(struct bytes chain, u16 hash_len, struct spdm_chain *out, const char **why)
{
	struct reader r = reader_on(chain);
	u16 length = read_le16(&r, "chain Length");

	read_le16(&r, "chain Reserved");
	if (!r.why && length != chain.len)
		reader_fail(&r, "chain Length is not the size of the chain");
	out->root_hash = read_bytes(&r, hash_len, "RootHash");
	out->certificates = read_bytes(&r, r.left.len, "Certificates");
	if (!r.why && !out->certificates.len)
		reader_fail(&r, "chain without certificates");
	*why = r.why;
	return r.why ? -EBADMSG : 0;
}
