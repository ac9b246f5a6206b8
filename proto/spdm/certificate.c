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

void spdm_read_digests(struct reader *r, const struct spdm_negotiated *n, struct spdm_digests *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_DIGESTS, n->version);
	u8 count = 0;

	if (!r->why && h.param2 == 0)
		reader_fail(r, "DIGESTS: no slot is provisioned");
	if (!r->why && n->version >= SPDM_13 && h.param1 && (h.param2 & ~h.param1))
		reader_fail(r, "DIGESTS: a provisioned slot is not a supported one");
	out->provisioned = h.param2;
	for (u8 slot = 0; slot < SPDM_SLOTS_MAX; slot++) {
		out->digest[slot] = BYTES_NONE;
		if (r->why || !(h.param2 & 1 << slot))
			continue;
		out->digest[slot] = read_bytes(r, n->hash_len, "DIGESTS Digest");
		count++;
	}
	if (n->version >= SPDM_13 && (n->other_params & SPDM_MULTI_KEY_CONN)) {
		read_bytes(r, count, "KeyPairID");
		for (u8 i = 0; i < count && !r->why; i++) {
			u8 model = read_u8(r, "CertificateInfo") & 7;

			if (model > 3)
				reader_fail(r, "CertificateInfo model");
		}
		read_bytes(r, 2 * (size_t)count, "KeyUsageMask");
	}
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
