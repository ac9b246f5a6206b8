// SPDX-License-Identifier: Apache-2.0
#include "nvidia_gpu.h"

#include <stdio.h>

#include "proto/spdm_evidence.h"

enum {
	OPAQUE_DRIVER = 3,
	OPAQUE_VBIOS = 6,
	OPAQUE_NVDEC0 = 11,
	OPAQUE_FWID = 20,
	FWID_LEN = 48,
	CHAIN_MIN = 3,
};
static const char oid_tcb_info[] = "2.23.133.5.4.1";

static const struct spdm_negotiated format = {
	.version = SPDM_11,
	.flags = SPDM_CAP_CERT | SPDM_CAP_MEAS_SIG,
	.meas_spec = SPDM_MEAS_SPEC_DMTF,
	.base_asym = SPDM_ECDSA_P384,
	.base_hash = SPDM_SHA_384,
	.meas_hash = SPDM_MEAS_SHA_384,
	.sig_len = 96,
	.hash_len = 48,
	.meas_hash_len = 48,
};

static void take_text(struct bytes b, char *out, size_t size)
{
	size_t n = 0;

	for (; n < b.len && n < size - 1 && b.at[n]; n++)
		out[n] = b.at[n] < 0x20 || b.at[n] > 0x7e ? '?' : (char)b.at[n];
	out[n] = 0;
}

/* {type u16, length u16, data}, not the opaque format of DSP0274. */
static int take_opaque(struct nvidia_gpu *g, struct bytes *fwid, struct err *e)
{
	struct reader r = reader_on(g->measurements.opaque);

	while (!r.why && r.left.len) {
		u16 type = read_le16(&r, "opaque type");
		struct bytes b = read_bytes(&r, read_le16(&r, "opaque length"), "opaque data");

		if (type == OPAQUE_DRIVER)
			take_text(b, g->driver, sizeof(g->driver));
		else if (type == OPAQUE_VBIOS && b.len >= 5)
			snprintf(g->vbios, sizeof(g->vbios), "%02X.%02X.%02X.%02X.%02X", b.at[3],
				 b.at[2], b.at[1], b.at[0], b.at[4]);
		else if (type == OPAQUE_NVDEC0 && b.len >= 1)
			g->nvdec0 = b.at[0];
		else if (type == OPAQUE_FWID)
			*fwid = b;
	}
	return r.why ? err_set(e, E_FORMAT, "GPU report: %s", r.why) : 0;
}

/* The leaf names the firmware it was made for; the report says which one runs. */
static int check_fwid(struct nvidia_gpu *g, const struct cert *leaf, struct bytes fwid,
		      struct err *e)
{
	struct bytes tcb;

	if (!fwid.len)
		return 0; /* older reports carry none */
	if (fwid.len != FWID_LEN)
		return err_set(e, E_FORMAT, "GPU report: FWID of %zu bytes", fwid.len);
	if (cert_extension(leaf, oid_tcb_info, &tcb, e))
		return err_set(e, E_POLICY, "leaf certificate %s names no firmware (FWID)",
			       cert_subject(leaf));
	if (tcb.len < FWID_LEN ||
	    !bytes_equal(bytes_slice(tcb, tcb.len - FWID_LEN, FWID_LEN), fwid))
		return err_set(e, E_BINDING, "leaf certificate %s is for other firmware (FWID)",
			       cert_subject(leaf));
	g->fwid = NVIDIA_FWID_MATCHES;
	return 0;
}

int nvidia_gpu_verify(struct bytes report, const struct cert_list *chain,
		      const struct trust_store *roots, const u8 nonce[32], long long unix_s,
		      struct nvidia_gpu *out, struct err *e)
{
	struct reader r = reader_on(report);
	struct spdm_get_measurements asked;
	struct nvidia_gpu g = { 0 };
	struct bytes fwid = BYTES_NONE, signed_part;
	const struct cert *leaf = chain->at[0];

	spdm_read_get_measurements(&r, SPDM_11, &asked);
	spdm_read_measurements(&r, &format, &asked, &g.measurements);
	if (read_done(&r))
		return err_set(e, E_FORMAT, "GPU report: %s", r.why);
	if (!asked.signature || asked.operation != 0xff)
		return err_set(e, E_FORMAT, "GPU report: not all measurements, or not signed");
	if (!bytes_equal(asked.nonce, (struct bytes){ nonce, 32 }))
		return err_set(e, E_FRESHNESS, "GPU report answers another nonce");
	g.opaque_len = g.measurements.opaque.len;
	if (take_opaque(&g, &fwid, e))
		return (int)e->code;
	if (chain->n < CHAIN_MIN)
		return err_set(e, E_FORMAT, "certificate chain is too short: %zu certificates",
			       chain->n);
	if (trust_store_verify(roots, leaf, chain, unix_s, NULL, e) ||
	    check_fwid(&g, leaf, fwid, e))
		return (int)e->code;
	signed_part = (struct bytes){ report.at, report.len - g.measurements.signature.len };
	if (spdm_verify_transcript(SPDM_11, format.base_asym, format.base_hash, "",
				   cert_pubkey(leaf), &signed_part, 1, g.measurements.signature, e))
		return err_while(e, "signature of the GPU report");
	*out = g;
	return 0;
}
