// SPDX-License-Identifier: Apache-2.0
#include "firmware.h"

#include <stdio.h>
#include <string.h>

#include "common/text.h"

enum { SHOWN_VERSION = 32 };

static bool is_code(const struct spdm_block *b)
{
	return b->type <= SPDM_VALUE_FIRMWARE || b->type == SPDM_VALUE_HASH_EXTEND;
}

/* What a device calls its version is bytes: shown as text where it is some. */
static void put_version(struct bytes value, char out[FIRMWARE_TEXT])
{
	size_t n = value.len < SHOWN_VERSION ? value.len : SHOWN_VERSION, len = 0;
	char hex[2 * 12 + 1];

	while (len < n && value.at[len] > ' ' && value.at[len] < 0x7f)
		len++;
	if (len && (len == n || !value.at[len]))
		snprintf(out, FIRMWARE_TEXT, "%.*s", (int)len, (const char *)value.at);
	else
		snprintf(out, FIRMWARE_TEXT, "0x%s",
			 hex_write(bytes_slice(value, 0, n < 12 ? n : 12), hex));
}

const char *firmware_text(const struct verified_device *d, char out[FIRMWARE_TEXT])
{
	struct hasher *h = d->verified && d->evidence ? hasher_new(DIGEST_SHA256) : NULL;
	char version[FIRMWARE_TEXT] = "", hex[65];
	struct reader record;
	bool code = false;
	struct digest sum;

	out[0] = 0;
	if (!h)
		return out;
	record = reader_on(d->evidence->answer.record);
	while (record.left.len && !record.why) {
		struct spdm_block b = spdm_next_block(&record);
		u8 head[] = { b.index, b.type };
		struct reader svn = reader_on(b.value);

		if (record.why)
			break;
		if (b.type == SPDM_VALUE_VERSION && b.value.len)
			put_version(b.value, version);
		else if (b.type == SPDM_VALUE_SVN && b.value.len == 8 && !version[0])
			snprintf(version, sizeof(version), "svn %llu",
				 (unsigned long long)read_le64(&svn, "svn"));
		if (!is_code(&b))
			continue;
		code = true;
		hasher_add(h, BYTES(head));
		hasher_add(h, b.value);
	}
	sum = hasher_end(h);
	hasher_drop(&h);
	hex_write(digest_bytes(&sum), hex);
	if (code && version[0])
		snprintf(out, FIRMWARE_TEXT, "%.40s (%.8s)", version, hex);
	else
		snprintf(out, FIRMWARE_TEXT, "%.*s", code ? 8 : 40, code ? hex : version);
	return out;
}

/* A label is vvvv:dddd/serial number/ordinal. */
const char *firmware_model(const char *label, char out[MODEL_TEXT])
{
	out[0] = 0;
	if (strcspn(label, "/") == 9)
		snprintf(out, MODEL_TEXT, "pci:%.9s", label);
	return out;
}
