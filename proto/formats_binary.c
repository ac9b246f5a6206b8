// SPDX-License-Identifier: Apache-2.0
/* Formats that are not text and not CBOR, and PEM and hex. */
#include <stdio.h>
#include <stdlib.h>

#include "boot_log.h"
#include "common/x509_tell.h"
#include "formats_read.h"
#include "ima_log.h"
#include "nvidia_report.h"
#include "pcap.h"
#include "spdm_bare.h"
#include "tpm_attest.h"

enum { NODE_ID_LEN = 16 };

/* ---- looking ---- */
static bool is_pcap(struct bytes b)
{
	static const u8 magics[][4] = { { 0xd4, 0xc3, 0xb2, 0xa1 },
					{ 0xa1, 0xb2, 0xc3, 0xd4 },
					{ 0x4d, 0x3c, 0xb2, 0xa1 },
					{ 0xa1, 0xb2, 0x3c, 0x4d } };

	for (size_t i = 0; b.len >= 24 && i < ARRAY_LEN(magics); i++)
		if (!memcmp(b.at, magics[i], 4))
			return true;
	return false;
}

/* A log begins with EV_NO_ACTION for PCR 0. */
static bool is_boot_log(struct bytes b)
{
	struct reader r = reader_on(b);

	return read_le32(&r, "pcr") == 0 && read_le32(&r, "type") == EV_NO_ACTION && !r.why;
}

static bool is_enacttrust(struct bytes b)
{
	struct reader r = reader_on(b);

	read_bytes(&r, NODE_ID_LEN, "node id");
	read_be16(&r, "size");
	return read_be32(&r, "magic") == TPM_GENERATED && !r.why;
}

static bool is_ima_list(struct bytes b)
{
	enum ima_form form;

	return ima_list_form(b, &form);
}

/* ---- grammar ---- */
static int check_pcap(struct bytes b, struct format_seen *out, struct err *e)
{
	struct pcap p;
	struct bytes packet;
	int rc;

	(void)out;
	if (pcap_open(b, &p, e))
		return (int)e->code;
	while ((rc = pcap_next(&p, &packet, e)) > 0)
		;
	return rc ? (int)e->code : 0;
}

static int check_boot_log(struct bytes b, struct format_seen *out, struct err *e)
{
	OWNED(boot_log) log = NULL;

	(void)out;
	return boot_log_parse(b, &log, e);
}

static int check_ima_list(struct bytes b, struct format_seen *out, struct err *e)
{
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_entry entry;
	enum ima_form form;
	int rc = -1;

	(void)out;
	if (!c || !ima_list_form(b, &form)) {
		free(c);
		return err_set(e, E_MEMORY, "no memory for an IMA list");
	}
	ima_cursor_on(c, b, form);
	do
		rc = ima_next(c, &entry, e);
	while (rc > 0);
	free(c);
	return rc ? (int)e->code : 0;
}

int format_read_tpm_token(struct bytes b, struct tpm_token *out, struct err *e)
{
	struct reader r = reader_on(b);

	out->node_id = read_bytes(&r, NODE_ID_LEN, "node id");
	out->quote = read_bytes(&r, read_be16(&r, "size"), "TPMS_ATTEST");
	out->signature = r.left;
	if (r.why)
		return err_set(e, E_FORMAT, "TPM token: %s%s", r.why, r.cut ? " is cut off" : "");
	if (out->quote.len > TPM_STRUCT_MAX || out->signature.len > TPM_STRUCT_MAX)
		return err_set(e, E_LIMIT, "TPM token: more than %d bytes", TPM_STRUCT_MAX);
	return tpm_attest_parse(out->quote, &out->attest, e);
}

static int check_enacttrust(struct bytes b, struct format_seen *out, struct err *e)
{
	struct tpm_token t;

	(void)out;
	if (format_read_tpm_token(b, &t, e))
		return (int)e->code;
	if (t.attest.type != TPM_ST_ATTEST_QUOTE)
		return err_set(e, E_FORMAT, "TPM token: not a quote");
	if (!t.signature.len)
		return err_set(e, E_FORMAT, "TPM token: no signature");
	return t.attest.extra_data.len ? 0 : err_set(e, E_FRESHNESS, "TPM token: answers no nonce");
}

static int check_gpu(struct bytes b, struct format_seen *out, struct err *e)
{
	OWNED(buf) raw = NULL;
	struct nvidia_report r;

	(void)out;
	return nvidia_report_raw(b, &raw, e) || nvidia_report_parse(buf_bytes(raw), &r, e)
		       ? (int)e->code
		       : 0;
}

static int check_certificate(struct bytes der, size_t i, struct format_seen *out, struct err *e)
{
	OWNED(cert) c = NULL;
	const char *odd;

	if (cert_parse(der, &c, e))
		return err_while(e, "certificates[%zu]", i);
	odd = cert_oddity(c);
	if (odd && !out->note[0])
		snprintf(out->note, sizeof(out->note),
			 "certificates[%zu] is not strictly DER (%.150s): taken, and told", i, odd);
	return 0;
}

static int check_list(struct bytes der, size_t i, struct err *e)
{
	OWNED(crls) c = crls_new();

	if (!c)
		return err_set(e, E_MEMORY, "no memory for a revocation list");
	return crls_add(c, der, e) ? err_while(e, "certificates[%zu]", i) : 0;
}

/* The first fault in the order of the file, though splitting it came to the last one first. */
static int check_x509(struct bytes b, struct format_seen *out, struct err *e)
{
	OWNED(x509_file) f = NULL;
	struct err split = { 0 };

	x509_file_split(b, &f, &split);
	for (size_t i = 0; f && i < f->n; i++)
		if (f->at[i].kind == X509_CERTIFICATE ? check_certificate(f->at[i].der, i, out, e)
						      : check_list(f->at[i].der, i, e))
			return (int)e->code;
	if (split.code)
		*e = split;
	else if (!f->n)
		err_set(e, E_FORMAT, "no certificate");
	return (int)e->code;
}

static int check_chain(struct bytes b, struct format_seen *out, struct err *e)
{
	struct spdm_bare_chain c;
	OWNED(cert_list) l = NULL;

	if (spdm_bare_chain_parse(b, &c, e))
		return (int)e->code;
	if (check_x509(c.parts.certificates, out, e) ||
	    cert_list_from_der(c.parts.certificates, &l, e))
		return err_while(e, "chain");
	if (c.has_root)
		return 0;
	if (cert_self_issued(l->at[0]))
		return err_set(e, E_SIGNATURE,
			       "chain: RootHash is not the hash of the chain's root");
	if (!out->note[0])
		snprintf(out->note, sizeof(out->note),
			 "the root is not in the chain: RootHash alone names it");
	return 0;
}

/*
 * In this order. None of them is another: a capture and the TPM's token have a magic number, a boot log begins with eight
 * fixed bytes, a list with a PCR below 24 and a template's name, a report with two fixed bytes, a certificate with two
 * SEQUENCEs (or PEM), and a chain with two bytes of zero, which no other has at its place but the two logs, where
 * no certificate follows.
 */
static const struct {
	enum format format;
	bool (*is)(struct bytes b);
	int (*check)(struct bytes b, struct format_seen *out, struct err *e);
} binaries[] = {
	{ FORMAT_PCAP, is_pcap, check_pcap },
	{ FORMAT_BOOT_LOG, is_boot_log, check_boot_log },
	{ FORMAT_IMA_LIST, is_ima_list, check_ima_list },
	{ FORMAT_ENACTTRUST, is_enacttrust, check_enacttrust },
	{ FORMAT_NVIDIA_GPU, nvidia_report_is, check_gpu },
	{ FORMAT_X509, x509_file_is, check_x509 },
	{ FORMAT_SPDM_CHAIN, spdm_bare_chain_is, check_chain },
};

bool format_check_binary(struct bytes b, struct format_seen *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(binaries); i++) {
		if (!binaries[i].is(b))
			continue;
		out->format = binaries[i].format;
		binaries[i].check(b, out, e);
		return true;
	}
	return false;
}
