// SPDX-License-Identifier: Apache-2.0
/* Captures, the logs of a host and what a TPM signed, for `assay inspect`. */
#include <stdio.h>
#include <stdlib.h>

#include "common/text.h"
#include "inspect.h"
#include "proto/boot_log.h"
#include "proto/ima_log.h"
#include "verifier/capture.h"

void inspect_capture(struct inspection *in)
{
	static const char *const results[] = { "verified", "INVALID", "not checked" };
	OWNED(capture) cap = NULL;
	struct err e = { 0 };
	char value[320];

	if (capture_verify(in->bytes, &cap, &e)) {
		in->fault = e;
		return;
	}
	for (size_t i = 0; i < cap->n; i++) {
		const struct capture_row *r = &cap->rows[i];

		snprintf(value, sizeof(value), "frame %zu, SPDM 1.%d, slot %u: %s%s%.200s",
			 r->frame, r->version & 15, r->slot, results[r->result],
			 r->why[0] ? ", " : "", r->why);
		inspect_say(in, 0, r->message, value);
	}
	if (!cap->n)
		inspect_say(in, 0, "messages", "none that is signed");
}

void inspect_boot_log(struct inspection *in)
{
	OWNED(boot_log) log = NULL;
	struct err e = { 0 };
	char value[80];

	if (boot_log_parse(in->bytes, &log, &e))
		return;
	snprintf(value, sizeof(value), "%zu", log->n_events);
	inspect_say(in, 0, "events", value);
	for (size_t i = 0; i < log->n_banks; i++) {
		snprintf(value, sizeof(value), "%s (TPM_ALG_ID 0x%04x)",
			 log->alg[i] ? digest_name(log->alg[i]) : "not one of ours",
			 log->tpm_alg[i]);
		inspect_say(in, 0, "bank", value);
	}
	if (!in->c->json)
		printf("its events as sentences: assay boot show FILE\n");
}

static void show_ima_entry(struct inspection *in, size_t i, const struct ima_entry *entry)
{
	char label[40], path[600], digest[2 * DIGEST_MAX + 1] = "", value[1000];

	snprintf(label, sizeof(label), "entry %zu", i);
	hex_write(entry->digest.len <= DIGEST_MAX ? entry->digest : BYTES_NONE, digest);
	snprintf(value, sizeof(value), "%s%s:%s %s%s%s", entry->verity ? "verity:" : "",
		 entry->alg ? digest_name(entry->alg) : "?", digest,
		 text_visible(entry->path, path, sizeof(path)),
		 entry->signature.len ? ", with a signature" : "",
		 entry->violation ? ", VIOLATION: it changed while it was measured" : "");
	inspect_say(in, 1, label, value);
}

/* Each entry, and where the whole list leads in every bank that it may have been extended in. */
void inspect_ima_list(struct inspection *in)
{
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384,
						DIGEST_SHA512 };
	struct ima_cursor *c = malloc(sizeof(*c));
	struct ima_banks banks;
	struct ima_entry entry;
	struct err e = { 0 };
	enum ima_form form;
	size_t violations = 0;
	char value[2 * DIGEST_MAX + 40], hex[2 * DIGEST_MAX + 1];

	if (!c || !ima_list_form(in->bytes, &form)) {
		free(c);
		return;
	}
	ima_banks_start(&banks, algs, ARRAY_LEN(algs));
	ima_cursor_on(c, in->bytes, form);
	inspect_say(in, 0, "form", form == IMA_BINARY ? "binary" : "ASCII");
	for (size_t i = 0; ima_next(c, &entry, &e) > 0; i++) {
		show_ima_entry(in, i, &entry);
		violations += entry.violation;
		ima_extend(&banks, &entry);
	}
	snprintf(value, sizeof(value), "%zu, %zu violations", c->n, violations);
	inspect_say(in, 0, "entries", value);
	for (size_t i = 0; i < banks.n && !in->fault.code; i++) {
		snprintf(value, sizeof(value), "%s:%s", digest_name(banks.at[i].alg),
			 hex_write(digest_bytes(&banks.at[i]), hex));
		inspect_say(in, 0, "leads to PCR 10", value);
	}
	free(c);
}

void inspect_tpm_token(struct inspection *in)
{
	struct tpm_token t;
	struct err e = { 0 };
	char hex[2 * TPM_STRUCT_MAX + 1], value[200];

	if (format_read_tpm_token(in->bytes, &t, &e))
		return;
	inspect_say(in, 0, "node id", hex_write(t.node_id, hex));
	inspect_say(in, 0, "TPMS_ATTEST",
		    t.attest.type == TPM_ST_ATTEST_QUOTE ? "a quote" : "not a quote");
	inspect_say(in, 1, "qualifiedSigner", hex_write(t.attest.qualified_signer, hex));
	inspect_say(in, 1, "extraData", hex_write(t.attest.extra_data, hex));
	snprintf(value, sizeof(value), "%llu ms, reset %u, restart %u, %s",
		 (unsigned long long)t.attest.clock.clock_ms, t.attest.clock.reset_count,
		 t.attest.clock.restart_count, t.attest.clock.safe ? "safe" : "not safe");
	inspect_say(in, 1, "clockInfo", value);
	for (size_t i = 0; i < t.attest.selection.n; i++) {
		snprintf(value, sizeof(value), "PCRs 0x%06x of TPM_ALG_ID 0x%04x",
			 t.attest.selection.bank[i].pcrs, t.attest.selection.bank[i].alg);
		inspect_say(in, 1, "pcrSelect", value);
	}
	inspect_say(in, 1, "pcrDigest", hex_write(t.attest.pcr_digest, hex));
	inspect_say(in, 0, "signature", hex_write(t.signature, hex));
}
