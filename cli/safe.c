// SPDX-License-Identifier: Apache-2.0
/* Text of others for a terminal: shown, and never obeyed. */
#include "cli.h"

enum { RING = 8 };

/* Characters that move, hide or turn around what stands beside them; and those of C1, which some terminals obey. */
static bool is_harmful(u32 c)
{
	static const struct {
		u32 from, to;
	} ranges[] = {
		{ 0, 0x1f },	    { 0x7f, 0x9f },	{ 0xad, 0xad },	      { 0x61c, 0x61c },
		{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },   { 0xd800, 0xdfff },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (ranges[i].from <= c && c <= ranges[i].to)
			return true;
	return false;
}

/* The bytes of the UTF-8 character at @text, in *@c; 1 and a harmful one for what is none. */
static size_t next_character(const unsigned char *text, u32 *c)
{
	static const u32 least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = text[0] < 0x80	  ? 1
		   : text[0] >> 5 == 0x06 ? 2
		   : text[0] >> 4 == 0x0e ? 3
		   : text[0] >> 3 == 0x1e ? 4
					  : 0;

	*c = n < 2 ? text[0] : text[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (text[i] >> 6 != 2) /* the NUL at the end is none either */
			n = 0;
		else
			*c = *c << 6 | (text[i] & 0x3f);
	}
	if (!n || *c < least[n] || *c > 0x10ffff) {
		*c = 0;
		return 1;
	}
	return n;
}

const char *cli_safe_into(const char *text, char *out, size_t size)
{
	size_t n = 0;

	while (text && *text) {
		u32 c;
		size_t len = next_character((const unsigned char *)text, &c);

		if (n + len >= size)
			break;
		if (is_harmful(c)) {
			out[n++] = '?';
		} else {
			memcpy(out + n, text, len);
			n += len;
		}
		text += len;
	}
	out[n] = 0;
	return out;
}

const char *cli_safe(const char *text)
{
	static char ring[RING][CLI_SAFE_MAX];
	static unsigned int at;

	return cli_safe_into(text, ring[at++ % RING], CLI_SAFE_MAX);
}
