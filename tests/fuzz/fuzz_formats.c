// SPDX-License-Identifier: Apache-2.0
/* Whatever somebody gives `assay inspect`: it is told apart, and held to a grammar. */
#include "fuzz.h"

#include "proto/formats.h"
#include "proto/nvidia_report.h"

/* What is drawn of a report that keeps its grammar. */
static void draw_report(struct bytes b)
{
	struct buf *raw = NULL;
	struct nvidia_report r;
	struct err e = { 0 };
	struct reader opaque;
	char text[64];

	if (nvidia_report_raw(b, &raw, &e) || nvidia_report_parse(buf_bytes(raw), &r, &e))
		abort(); /* it was accepted */
	opaque = reader_on(r.answer.opaque);
	while (opaque.left.len && !opaque.why) {
		struct nvidia_field f = nvidia_next_field(&opaque);

		if (strlen(nvidia_field_text(&f, text, sizeof(text))) >= sizeof(text))
			abort();
	}
	buf_drop(&raw);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	u8 *copy = fuzz_copy(data, size);
	struct format_seen seen;
	struct err e = { 0 };
	struct bytes b = { copy, size };
	bool ok = !format_check(b, &seen, &e);

	if (ok ? e.code != E_OK : !e.text[0])
		abort(); /* a refusal without a reason, or a reason without one */
	if (ok && seen.format == FORMAT_NVIDIA_GPU)
		draw_report(b);
	planted_bug(b, ok && seen.format == FORMAT_CMW);
	free(copy);
	return 0;
}
