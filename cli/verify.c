// SPDX-License-Identifier: Apache-2.0
/* Offline: what a file proves by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "common/clock.h"
#include "common/file.h"
#include "verifier/capture.h"
#include "verifier/nvidia_gpu.h"

static int verify_pcap(struct cli *c, const char *path)
{
	static const char *const results[] = { "verified", "INVALID", "not checked" };
	OWNED(buf) b = NULL;
	OWNED(capture) cap = NULL;
	struct err e = { 0 };
	json_t *rows = json_array();
	int code = 0;

	if (file_read(path, 64 * 1024 * 1024, &b, &e) || capture_verify(buf_bytes(b), &cap, &e)) {
		json_decref(rows);
		return cli_fail(c, &e, NULL);
	}
	if (!cap->n)
		code = 2; /* nothing signed: nothing is proven */
	if (!c->json)
		printf("%-6s %-18s %-5s %-5s %-8s %-6s %-34s %-12s %s\n", "FRAME", "MESSAGE",
		       "SPDM", "SLOT", "ASYM", "HASH", "TRANSCRIPT", "RESULT", "WHY");
	for (size_t i = 0; i < cap->n; i++) {
		const struct capture_row *r = &cap->rows[i];
		char sha[2 * DIGEST_MAX + 1], version[8];

		hex_write(digest_bytes(&r->transcript), sha);
		snprintf(version, sizeof(version), "1.%d", r->version & 15);
		if (r->result != CAPTURE_VERIFIED)
			code = 2;
		if (c->json)
			json_array_append_new(
				rows,
				json_pack("{s:s, s:I, s:s, s:s, s:i, s:I, s:I, s:s, s:s, s:s}",
					  "file", path, "frame", (json_int_t)r->frame, "message",
					  r->message, "version", version, "slot", r->slot, "asym",
					  (json_int_t)r->asym, "hash", (json_int_t)r->hash,
					  "transcript_sha", sha, "result", results[r->result],
					  "why", r->why));
		else
			printf("%-6zu %-18s %-5s %-5u 0x%-6x 0x%-4x %-34.32s %-12s %s\n", r->frame,
			       r->message, version, r->slot, r->asym, r->hash, sha,
			       results[r->result], cli_safe(r->why));
	}
	if (c->json)
		cli_json("verify", code == 0, json_pack("{s:o}", "rows", rows));
	else
		json_decref(rows);
	return code;
}

/* Raw bytes, or hex text as the vendor's tools write it. */
static int read_report(const char *path, struct buf **out, struct err *e)
{
	OWNED(buf) b = NULL;
	OWNED(buf) raw = NULL;
	size_t len;
	char *text;
	u8 *p;

	if (file_read(path, 1024 * 1024, &b, e))
		return (int)e->code;
	if (b->w.len && b->w.at[0] == 0x11) { /* SPDM 1.1 */
		*out = TAKE(b);
		return 0;
	}
	len = b->w.len;
	while (len &&
	       (b->w.at[len - 1] == '\n' || b->w.at[len - 1] == '\r' || b->w.at[len - 1] == ' '))
		len--;
	b->w.len = len;
	write_u8(&b->w, 0);
	text = (char *)b->w.at;
	raw = buf_new(len);
	p = raw ? write_space(&raw->w, len / 2) : NULL;
	if (!p || !hex_read(text, p, len / 2))
		return err_set(e, E_FORMAT, "%s is neither an SPDM 1.1 report nor hex", path);
	*out = TAKE(raw);
	return 0;
}

static int verify_gpu(struct cli *c, const char *path)
{
	OWNED(buf) report = NULL;
	OWNED(buf) pem = NULL;
	OWNED(cert_list) chain = NULL;
	OWNED(trust_store) roots = trust_store_new();
	struct nvidia_gpu g;
	struct err e = { 0 };
	u8 nonce[32];

	if (!c->option[OPT_CHAIN] || !c->option[OPT_ROOT] || !c->option[OPT_NONCE] ||
	    !hex_read(c->option[OPT_NONCE], nonce, 32))
		return cli_usage();
	if (read_report(path, &report, &e) ||
	    file_read(c->option[OPT_CHAIN], 1024 * 1024, &pem, &e) ||
	    cert_list_from_pem(buf_bytes(pem), &chain, &e) ||
	    trust_store_add_file(roots, c->option[OPT_ROOT], &e) ||
	    nvidia_gpu_verify(buf_bytes(report), chain, roots, nonce, clock_now_s(), &g, &e))
		return cli_fail(c, &e, NULL);
	if (c->json)
		cli_json("verify", true,
			 json_pack("{s:s, s:s, s:i, s:s, s:s}", "driver", g.driver, "vbios",
				   g.vbios, "blocks", g.measurements.n_blocks, "fwid",
				   g.fwid == NVIDIA_FWID_MATCHES ? "matches" : "absent",
				   "appraisal", "not done"));
	else
		printf("verified: driver %s, VBIOS %s, %u measurement blocks, FWID %s; revocation "
		       "is not checked, and nothing "
		       "was appraised\n",
		       g.driver, g.vbios, g.measurements.n_blocks,
		       g.fwid == NVIDIA_FWID_MATCHES ? "matches the leaf" : "absent");
	return 0;
}

int cmd_verify(struct cli *c)
{
	const char *format = c->option[OPT_FORMAT];
	struct err e = { 0 };

	if (c->argc != 1)
		return cli_usage();
	if (!format || !strcmp(format, "token"))
		return verify_token(c, c->argv[0]);
	if (!strcmp(format, "spdm-pcap"))
		return verify_pcap(c, c->argv[0]);
	if (!strcmp(format, "nvidia-gpu"))
		return verify_gpu(c, c->argv[0]);
	if (!strcmp(format, "ear"))
		return result_verify(c, c->argv[0], "verify");
	err_set(&e, E_UNSUPPORTED,
		"format \"%s\" is not one this build reads (token, ear, spdm-pcap, nvidia-gpu)",
		format);
	return cli_fail(c, &e, NULL);
}
