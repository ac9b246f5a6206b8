// SPDX-License-Identifier: Apache-2.0
/* A GPU's report and measurement records, for `assay inspect`. */
#include <stdio.h>

#include "common/text.h"
#include "inspect.h"
#include "proto/nvidia_report.h"
#include "proto/spdm_bare.h"
#include "verifier/ect.h"

enum { SHOWN_MAX = 512 /* bytes of a value */, VALUE_MAX = 2 * SHOWN_MAX + 200 };

/* ---- blocks ---- */
/* As its type means it: a version is text, an SVN a number, the rest hex. */
static void block_text(const struct spdm_block *b, char *out, size_t size)
{
	struct reader r = reader_on(b->value);
	struct bytes shown =
		b->value.len > SHOWN_MAX ? bytes_slice(b->value, 0, SHOWN_MAX) : b->value;
	char hex[2 * SHOWN_MAX + 1], text[300];

	if (b->type == SPDM_VALUE_SVN && b->value.len == 8)
		snprintf(out, size, "%llu", (unsigned long long)read_le64(&r, "svn"));
	else if (b->type == SPDM_VALUE_VERSION && b->raw && b->value.len <= 64)
		snprintf(out, size, "\"%s\"", text_visible(b->value, text, sizeof(text)));
	else
		snprintf(out, size, "%s, %zu bytes: %s%s", b->raw ? "raw" : "digest", b->value.len,
			 hex_write(shown, hex), shown.len < b->value.len ? "..." : "");
}

void inspect_record(struct inspection *in, size_t depth, struct bytes record)
{
	struct reader r = reader_on(record);

	for (size_t i = 0; r.left.len && i < SPDM_BLOCKS_MAX; i++) { /* more have an index twice */
		struct spdm_block b = spdm_next_block(&r);
		char path[40], label[40], text[VALUE_MAX - 60], value[VALUE_MAX];

		if (r.why)
			return; /* told as a fault */
		block_text(&b, text, sizeof(text));
		snprintf(path, sizeof(path), "record[%zu]", i);
		snprintf(label, sizeof(label), "block %u", b.index);
		snprintf(value, sizeof(value), "%s (type %u), %s", measurement_type_name(b.type),
			 b.type, text);
		inspect_say_at(in, depth, path, label, value);
	}
}

/* ---- a GPU's report ---- */
static void say_hex(struct inspection *in, size_t depth, const char *path, const char *label,
		    struct bytes b)
{
	char hex[2 * SHOWN_MAX + 1];

	inspect_say_at(in, depth, path, label,
		       hex_write(b.len > SHOWN_MAX ? bytes_slice(b, 0, SHOWN_MAX) : b, hex));
}

static void show_opaque(struct inspection *in, struct bytes opaque)
{
	struct reader r = reader_on(opaque);
	char value[VALUE_MAX], label[80], path[40];

	snprintf(value, sizeof(value), "%zu bytes", opaque.len);
	inspect_say_at(in, 1, "response.opaque", "opaque data", value);
	for (size_t i = 0; r.left.len; i++) {
		struct nvidia_field f = nvidia_next_field(&r);
		const char *name = nvidia_field_name(f.type);

		if (r.why)
			return;
		snprintf(path, sizeof(path), "response.opaque[%zu]", i);
		snprintf(label, sizeof(label), "%u %s", f.type, name ? name : "(unknown)");
		inspect_say_at(in, 2, path, label, nvidia_field_text(&f, value, sizeof(value)));
	}
}

void inspect_gpu_report(struct inspection *in)
{
	OWNED(buf) raw = NULL;
	struct nvidia_report r;
	struct err e = { 0 };
	char value[120];

	if (nvidia_report_raw(in->bytes, &raw, &e) || nvidia_report_parse(buf_bytes(raw), &r, &e))
		return;
	snprintf(value, sizeof(value), "GET_MEASUREMENTS, SPDM 1.1, slot %u, all blocks, signed",
		 r.asked.slot);
	inspect_say(in, 0, "request", value);
	say_hex(in, 1, "request.nonce", "nonce", r.asked.nonce);
	inspect_say(in, 0, "response", "MEASUREMENTS, SPDM 1.1");
	snprintf(value, sizeof(value), "%u blocks, %zu bytes", r.answer.n_blocks,
		 r.answer.record.len);
	inspect_say_at(in, 1, "response.record", "record", value);
	inspect_record(in, 2, r.answer.record);
	say_hex(in, 1, "response.nonce", "nonce", r.answer.nonce);
	show_opaque(in, r.answer.opaque);
	say_hex(in, 1, "response.signature", "signature (ECDSA P-384, SHA-384)",
		r.answer.signature);
}
