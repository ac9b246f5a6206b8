// SPDX-License-Identifier: Apache-2.0
/*
 * Measurements from a text file, one block a line: INDEX KIND VALUE
 *   1 rom digest-of:boot rom v1      2 firmware digest-of:fw 1.2.3     16 svn 7
 *   6 version 1.2.3                  0xfd manifest hex:00ff             0xfe mode hex:...
 * digest-of: hashes the rest of the line; hex: gives bytes; anything else is text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

static const struct {
	const char *kind;
	uint8_t type;
} kinds[] = {
	{ "rom", 0 },	      { "firmware", 1 }, { "hwconfig", 2 },   { "fwconfig", 3 },
	{ "manifest", 0x84 }, { "mode", 0x85 },	 { "version", 0x86 }, { "svn", 0x87 },
	{ "extend", 8 },      { "info", 0x89 },
};

static const EVP_MD *meas_md(const struct device *d)
{
	return d->meas_hash == 2 ? EVP_sha256() : d->meas_hash == 4 ? EVP_sha384() : EVP_sha512();
}

static int take_value(const struct device *d, const char *text, struct block *b)
{
	unsigned int n = 0;

	if ((b->type & 0x7f) == 7) {
		unsigned long long v = strtoull(text, NULL, 0);

		for (b->len = 0; b->len < 8; b->len++, v >>= 8)
			b->value[b->len] = (uint8_t)v;
		return 0;
	}
	if (!strncmp(text, "digest-of:", 10)) {
		if (!EVP_Digest(text + 10, strlen(text + 10), b->value, &n, meas_md(d), NULL))
			return -1;
		b->len = (uint16_t)n;
		return 0;
	}
	if (!strncmp(text, "hex:", 4)) {
		for (text += 4; text[0] && text[1] && n < sizeof(b->value); text += 2) {
			unsigned int v;

			if (sscanf(text, "%2x", &v) != 1)
				return -1;
			b->value[n++] = (uint8_t)v;
		}
		b->len = (uint16_t)n;
		return 0;
	}
	b->len = (uint16_t)strnlen(text, sizeof(b->value));
	memcpy(b->value, text, b->len);
	return 0;
}

int measurements_load(const struct device *d, struct block *out, int max)
{
	FILE *f = fopen(d->measurements, "r");
	char line[2200], kind[32];
	int n = 0, at;
	long index;

	if (!f)
		return -1;
	while (n < max && fgets(line, sizeof(line), f)) {
		char *end;

		line[strcspn(line, "\n")] = 0;
		if (!line[0] || line[0] == '#')
			continue;
		index = strtol(line, &end, 0);
		if (end == line || sscanf(end, " %31s %n", kind, &at) != 1 || index < 1 ||
		    index > 0xfe)
			continue;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
			if (strcmp(kind, kinds[i].kind))
				continue;
			out[n].index = (uint8_t)index;
			out[n].type = kinds[i].type;
			if (!take_value(d, end + at, &out[n]))
				n++;
			break;
		}
	}
	fclose(f);
	return n;
}
