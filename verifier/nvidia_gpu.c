// SPDX-License-Identifier: Apache-2.0
#include "nvidia_gpu.h"

#include "proto/spdm_evidence.h"

enum { FWID_LEN = 48, CHAIN_MIN = 3 };
static const char oid_tcb_info[] = "2.23.133.5.4.1";

static struct bytes take_opaque(struct nvidia_gpu *g)
{
	struct reader r = reader_on(g->measurements.opaque);
	struct bytes fwid = BYTES_NONE;

	while (!r.why && r.left.len) { /* walked once already */
		struct nvidia_field f = nvidia_next_field(&r);

		if (f.type == NVIDIA_DRIVER)
			nvidia_field_text(&f, g->driver, sizeof(g->driver));
		else if (f.type == NVIDIA_VBIOS && f.data.len >= 5)
			nvidia_field_text(&f, g->vbios, sizeof(g->vbios));
		else if (f.type == NVIDIA_NVDEC0 && f.data.len >= 1)
			g->nvdec0 = f.data.at[0];
		else if (f.type == NVIDIA_FWID)
			fwid = f.data;
	}
	return fwid;
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

int nvidia_gpu_check_signature(const struct nvidia_report *r, const struct pubkey *key,
			       struct err *e)
{
	const struct spdm_negotiated *n = &nvidia_report_algorithms;

	return spdm_verify_transcript(SPDM_11, n->base_asym, n->base_hash, "", key, &r->signed_part,
				      1, r->answer.signature, e)
		       ? err_while(e, "signature of the GPU report")
		       : 0;
}

int nvidia_gpu_check_signer(const struct nvidia_report *r, const struct cert_list *chain,
			    const struct trust_store *roots, long long unix_s,
			    struct nvidia_gpu *out, struct err *e)
{
	struct nvidia_gpu g = { .measurements = r->answer, .opaque_len = r->answer.opaque.len };
	struct bytes fwid = take_opaque(&g);
	const struct cert *leaf = chain->at[0];

	if (chain->n < CHAIN_MIN)
		return err_set(e, E_FORMAT, "certificate chain is too short: %zu certificates",
			       chain->n);
	if (trust_store_verify(roots, leaf, chain, unix_s, NULL, e) ||
	    check_fwid(&g, leaf, fwid, e) || nvidia_gpu_check_signature(r, cert_pubkey(leaf), e))
		return (int)e->code;
	*out = g;
	return 0;
}

int nvidia_gpu_verify(struct bytes report, const struct cert_list *chain,
		      const struct trust_store *roots, const u8 nonce[32], long long unix_s,
		      struct nvidia_gpu *out, struct err *e)
{
	struct nvidia_report r;

	if (nvidia_report_parse(report, &r, e))
		return (int)e->code;
	if (!bytes_equal(r.asked.nonce, (struct bytes){ nonce, 32 }))
		return err_set(e, E_FRESHNESS, "GPU report answers another nonce");
	return nvidia_gpu_check_signer(&r, chain, roots, unix_s, out, e);
}
