// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include "key_exchange.h"

/* Size of a public share by the bit of the DHE group. */
static u16 share_len(u16 dhe)
{
	static const u16 lens[] = { 256, 384, 512, 64, 96, 132, 64 };

	for (u8 i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
		if (dhe == 1u << i)
			return lens[i];
	return 0;
}

static struct bytes read_share(struct reader *r, const struct spdm_negotiated *n)
{
	if (!r->why && !share_len(n->dhe))
		reader_fail(r, "ExchangeData: no known DHE group was negotiated");
	return read_bytes(r, share_len(n->dhe), "ExchangeData");
}

static void skip_opaque(struct reader *r)
{
	u16 len = read_le16(r, "OpaqueDataLength");

	if (!r->why && len > SPDM_OPAQUE_MAX)
		reader_fail(r, "OpaqueDataLength is more than 1024");
	read_bytes(r, len, "OpaqueData");
}

void spdm_read_key_exchange(struct reader *r, const struct spdm_negotiated *n,
			    struct spdm_key_exchange *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_KEY_EXCHANGE, n->version);

	out->summary = h.param1;
	out->slot = h.param2;
	if (!r->why && h.param2 >= SPDM_SLOTS_MAX)
		reader_fail(r, "KEY_EXCHANGE SlotID");
	read_bytes(r, 4, "ReqSessionID, SessionPolicy");
	out->random = read_bytes(r, SPDM_NONCE_LEN, "RandomData");
	out->share = read_share(r, n);
	skip_opaque(r);
}

void spdm_read_key_exchange_rsp(struct reader *r, const struct spdm_negotiated *n,
				const struct spdm_key_exchange *asked,
				struct spdm_key_exchange_rsp *out)
{
	bool summary = asked->summary && (n->flags & SPDM_CAP_MEAS);

	spdm_expect(r, SPDM_KEY_EXCHANGE_RSP, n->version);
	read_bytes(r, 4, "RspSessionID, MutAuthRequested, SlotIDParam");
	out->random = read_bytes(r, SPDM_NONCE_LEN, "RandomData");
	out->share = read_share(r, n);
	read_bytes(r, summary ? n->hash_len : 0, "MeasurementSummaryHash");
	skip_opaque(r);
	out->signature = read_bytes(r, n->sig_len, "Signature");
}

void spdm_read_get_endpoint_info(struct reader *r, u8 version, struct spdm_get_endpoint_info *out)
{
	struct spdm_header h = spdm_expect(r, SPDM_GET_ENDPOINT_INFO, version);

	out->slot = h.param2 & 0x0f;
	out->signature = read_u8(r, "RequestAttributes") & 1;
	read_bytes(r, 3, "reserved");
	read_bytes(r, out->signature ? SPDM_NONCE_LEN : 0, "GET_ENDPOINT_INFO Nonce");
}

struct bytes spdm_read_endpoint_info(struct reader *r, const struct spdm_negotiated *n,
				     const struct spdm_get_endpoint_info *asked)
{
	u32 len;

	spdm_expect(r, SPDM_ENDPOINT_INFO, n->version);
	read_le32(r, "reserved");
	read_bytes(r, asked->signature ? SPDM_NONCE_LEN : 0, "ENDPOINT_INFO Nonce");
	len = read_le32(r, "EPInfoLen");
	read_bytes(r, len, "EPInfo");
	return read_bytes(r, asked->signature ? n->sig_len : 0, "Signature");
}
