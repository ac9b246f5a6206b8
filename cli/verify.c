// SPDX-License-Identifier: Apache-2.0
/* Offline: what a file proves by itself. */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "common/file.h"
#include "table.h"
#include "verifier/capture.h"

static void add_row(struct table *t, const struct capture_row *r, const char *version, char *sha,
		    const char *result)
{
	char asym[16], hash[16];

	snprintf(asym, sizeof(asym), "0x%x", r->asym);
	snprintf(hash, sizeof(hash), "0x%x", r->hash);
	sha[32] = 0; /* enough to tell them apart; --json has all of it */
	table_row(t, number_text((long long)r->frame), r->message, version, number_text(r->slot),
		  asym, hash, sha, result, r->why);
}

static int verify_pcap(struct cli *c, const char *path)
{
	static const char *const results[] = { "verified", "INVALID", "not checked" };
	OWNED(buf) b = NULL;
	OWNED(capture) cap = NULL;
	struct err e = { 0 };
	json_t *rows = json_array();
	struct table t;
	int code = 0;

	if (file_read(path, 64 * 1024 * 1024, &b, &e) || capture_verify(buf_bytes(b), &cap, &e)) {
		json_decref(rows);
		return cli_fail(c, &e, NULL);
	}
	if (!cap->n)
		code = 2; /* nothing signed: nothing is proven */
	t = table_of("FRAME|MESSAGE|SPDM|SLOT|ASYM|HASH|TRANSCRIPT|RESULT|WHY");
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
			add_row(&t, r, version, sha, results[r->result]);
	}
	if (c->json) {
		cli_json("verify", code == 0, json_pack("{s:o}", "rows", rows));
		json_decref(t.rows);
	} else {
		json_decref(rows);
		table_print(&t);
	}
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
