// SPDX-License-Identifier: Apache-2.0
/* Offline: what a file proves by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "common/file.h"
#include "verifier/capture.h"

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
