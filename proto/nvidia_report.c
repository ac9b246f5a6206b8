// SPDX-License-Identifier: Apache-2.0
#include "nvidia_report.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { ALL_BLOCKS = 0xff };

const struct spdm_negotiated nvidia_report_algorithms = {
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

static struct bytes trimmed(struct bytes b)
{
	while (b.len && isspace(b.at[b.len - 1]))
		b.len--;
	return b;
}

static bool is_hex(struct bytes b)
{
	return b.len >= 4 && !strncasecmp((const char *)b.at, "11e0", 4);
}

bool nvidia_report_is(struct bytes b)
{
	return (b.len >= 2 && b.at[0] == SPDM_11 && b.at[1] == SPDM_GET_MEASUREMENTS) || is_hex(b);
}

int nvidia_report_raw(struct bytes file, struct buf **out, struct err *e)
{
	struct bytes hex = trimmed(file);
	OWNED(buf) raw = NULL;
	OWNED(buf) text = NULL;
	u8 *p;

	if (!is_hex(hex)) {
		*out = buf_copy(file);
		return *out ? 0 : err_set(e, E_MEMORY, "no memory for a GPU report");
	}
	raw = buf_new(hex.len);
	text = buf_new(hex.len + 1);
	p = raw ? write_space(&raw->w, hex.len / 2) : NULL;
	if (!p || !text)
		return err_set(e, E_MEMORY, "no memory for a GPU report");
	write_bytes(&text->w, hex);
	write_u8(&text->w, 0);
	if (!hex_read((const char *)text->w.at, p, hex.len / 2))
		return err_set(e, E_FORMAT, "GPU report: begins as hex and is none");
	*out = TAKE(raw);
	return 0;
}

int nvidia_report_parse(struct bytes report, struct nvidia_report *out, struct err *e)
{
	struct reader r = reader_on(report), opaque;
	struct nvidia_report n = { 0 };

	spdm_read_get_measurements(&r, SPDM_11, &n.asked);
	spdm_read_measurements(&r, &nvidia_report_algorithms, &n.asked, &n.answer);
	if (read_done(&r))
		return err_set(e, E_FORMAT, "GPU report: %s%s", r.why, r.cut ? " is cut off" : "");
	if (!n.asked.signature || n.asked.operation != ALL_BLOCKS)
		return err_set(e, E_FORMAT, "GPU report: not all measurements, or not signed");
	opaque = reader_on(n.answer.opaque);
	while (!opaque.why && opaque.left.len)
		nvidia_next_field(&opaque);
	if (opaque.why)
		return err_set(e, E_FORMAT, "GPU report: %s%s", opaque.why,
			       opaque.cut ? " is cut off" : "");
	n.signed_part = (struct bytes){ report.at, report.len - n.answer.signature.len };
	*out = n;
	return 0;
}

/* ---- opaque data ---- */
struct nvidia_field nvidia_next_field(struct reader *opaque)
{
	struct nvidia_field f = { .type = read_le16(opaque, "opaque type") };

	f.data = read_bytes(opaque, read_le16(opaque, "opaque length"), "opaque data");
	return f;
}

const char *nvidia_field_name(u16 type)
{
	static const struct {
		u16 type;
		const char *name;
	} names[] = {
		{ NVIDIA_DRIVER, "driver version" },
		{ 4, "GPU info" },
		{ NVIDIA_VBIOS, "VBIOS version" },
		{ NVIDIA_NVDEC0, "NVDEC0 status" },
		{ 12, "measurement counts" },
		{ 13, "CPR info" },
		{ 14, "board id" },
		{ 15, "chip SKU" },
		{ 16, "chip SKU modifier" },
		{ 17, "project" },
		{ 18, "project SKU" },
		{ 19, "project SKU modifier" },
		{ NVIDIA_FWID, "FWID" },
		{ 21, "protected PCIe status" },
		{ 22, "switch PDIs" },
		{ 23, "floorswept ports" },
		{ 24, "position" },
		{ 25, "lock status" },
		{ 33, "system enable" },
		{ 34, "opaque version" },
		{ 35, "chip info" },
		{ 36, "feature flag" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return NULL;
}

/* Text up to its NUL. */
static const char *take_text(struct bytes b, char *out, size_t size)
{
	size_t n = 0;

	for (; n < b.len && n < size - 1 && b.at[n]; n++)
		out[n] = b.at[n] < 0x20 || b.at[n] > 0x7e ? '?' : (char)b.at[n];
	out[n] = 0;
	return out;
}

const char *nvidia_field_text(const struct nvidia_field *f, char *out, size_t size)
{
	struct bytes b = f->data;

	if (f->type == NVIDIA_DRIVER)
		return take_text(b, out, size);
	if (f->type == NVIDIA_VBIOS && b.len >= 5) {
		snprintf(out, size, "%02X.%02X.%02X.%02X.%02X", b.at[3], b.at[2], b.at[1], b.at[0],
			 b.at[4]);
		return out;
	}
	if (size < 2 * b.len + 1)
		b.len = (size - 1) / 2;
	return hex_write(b, out);
}
