// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "challenge.h"

void spdm_write_challenge(struct writer *w, u8 version, u8 slot, const u8 *nonce, const u8 *context)
{
	write_u8(w, version);
	write_u8(w, SPDM_CHALLENGE);
	write_u8(w, slot);
	write_u8(w, 0);
	write_bytes(w, (struct bytes){ nonce, SPDM_NONCE_LEN });
	if (version >= SPDM_13)
		write_bytes(w, (struct bytes){ context, SPDM_CONTEXT_LEN });
}

void spdm_read_challenge(struct reader *r, u8 version, struct spdm_challenge *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_CHALLENGE, version);

	out->slot = h.param1;
	out->summary = h.param2;
	if (!r->why && h.param2 != 0 && h.param2 != 1 && h.param2 != 0xff)
		reader_fail(r, "MeasurementSummaryHashType");
	if (!r->why && h.param1 >= SPDM_SLOTS_MAX)
		reader_fail(r, "CHALLENGE SlotID");
	out->nonce = read_bytes(r, SPDM_NONCE_LEN, "CHALLENGE Nonce");
	out->context = version >= SPDM_13 ? read_bytes(r, SPDM_CONTEXT_LEN, "RequesterContext")
					  : BYTES_NONE;
}

static void skip_opaque_element(struct reader *r)
{
	enum { REGISTRY_MAX = 0x0a };
	u8 id = read_u8(r, "OpaqueData element");
	u8 vendor_len = read_u8(r, "OpaqueData element");
	u16 len;
	struct bytes padding;

	if (!r->why && id > REGISTRY_MAX)
		reader_fail(r, "OpaqueData element of an unknown registry");
	read_bytes(r, vendor_len, "OpaqueData element");
	len = read_le16(r, "OpaqueData element");
	read_bytes(r, len, "OpaqueData element");
	padding = read_bytes(r, (4 - r->offset % 4) % 4, "OpaqueData padding");
	if (!spdm_padding(padding))
		reader_fail(r, "OpaqueData padding");
}

/* OpaqueDataFmt1: TotalElements, three reserved bytes, elements of whole words each. */
static const char *walk_opaque(struct bytes opaque)
{
	struct reader r = reader_on(opaque);
	u8 n = read_u8(&r, "OpaqueData TotalElements");

	read_bytes(&r, 3, "OpaqueData TotalElements");
	for (u8 i = 0; i < n && !r.why; i++)
		skip_opaque_element(&r);
	if (!r.why && r.left.len)
		reader_fail(&r, "OpaqueData has bytes after its elements");
	return r.why;
}

struct bytes spdm_read_opaque(struct reader *r, const struct spdm_negotiated *n)
{
	u16 len = read_le16(r, "OpaqueDataLength");
	struct bytes opaque;
	const char *why = NULL;

	if (!r->why && len > SPDM_OPAQUE_MAX)
		reader_fail(r, "OpaqueDataLength is more than 1024");
	if (!r->why && len && n->version >= SPDM_12 && !(n->other_params & SPDM_OPAQUE_FMT_MASK))
		reader_fail(r, "OpaqueData although no format was selected");
	opaque = read_bytes(r, len, "OpaqueData");
	if (opaque.len && n->version >= SPDM_12 &&
	    (n->other_params & SPDM_OPAQUE_FMT_MASK) == SPDM_OPAQUE_FMT_1)
		why = walk_opaque(opaque);
	if (!r->why && why)
		reader_fail(r, why);
	return opaque;
}

void spdm_read_challenge_auth(struct reader *r, const struct spdm_negotiated *n,
			      const struct spdm_challenge *asked, struct spdm_challenge_auth *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_CHALLENGE_AUTH, n->version);
	bool summary = asked->summary && (n->flags & SPDM_CAP_MEAS);

	out->slot = h.param1 & 0x0f;
	if (!r->why && out->slot != asked->slot)
		reader_fail(r, "CHALLENGE_AUTH is of another slot");
	if (!r->why && h.param1 & 0x80)
		reader_fail(r,
			    "CHALLENGE_AUTH asks for mutual authentication, which was not offered");
	if (!r->why && !(h.param2 & 1 << asked->slot))
		reader_fail(r, "CHALLENGE_AUTH SlotMask lacks the slot asked for");
	out->chain_hash = read_bytes(r, n->hash_len, "CertChainHash");
	out->nonce = read_bytes(r, SPDM_NONCE_LEN, "CHALLENGE_AUTH Nonce");
	out->summary = read_bytes(r, summary ? n->hash_len : 0, "MeasurementSummaryHash");
	out->opaque = spdm_read_opaque(r, n);
	if (n->version >= SPDM_13) {
		struct bytes context = read_bytes(r, SPDM_CONTEXT_LEN, "RequesterContext");

		if (!r->why && !bytes_equal(context, asked->context))
			reader_fail(r, "RequesterContext is not the one sent");
	}
	out->signature = read_bytes(r, n->sig_len, "Signature");
}
