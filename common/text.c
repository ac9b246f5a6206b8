// SPDX-License-Identifier: Apache-2.0
#include "text.h"

char *hex_write(struct bytes b, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < b.len; i++) {
		out[2 * i] = digits[b.at[i] >> 4];
		out[2 * i + 1] = digits[b.at[i] & 15];
	}
	out[2 * b.len] = 0;
	return out;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_read(const char *text, u8 *out, size_t len)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int hi = hex_digit(text[2 * i]), lo = hex_digit(text[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (u8)(hi << 4 | lo);
	}
	return true;
}

size_t base64_len(size_t n, bool pad)
{
	static const size_t rest[] = { 0, 2, 3 };

	if (pad)
		return (n + 2) / 3 * 4;
	return n / 3 * 4 + rest[n % 3];
}

static char *write_alphabet(struct bytes b, const char *alphabet, bool pad, char *out)
{
	char *p = out;

	for (size_t i = 0; i < b.len; i += 3) {
		size_t n = b.len - i < 3 ? b.len - i : 3;
		u32 v = (u32)b.at[i] << 16;

		if (n > 1)
			v |= (u32)b.at[i + 1] << 8;
		if (n > 2)
			v |= b.at[i + 2];
		for (size_t k = 0; k < 4; k++) {
			if (k <= n)
				*p++ = alphabet[v >> (18 - 6 * k) & 63];
			else if (pad)
				*p++ = '=';
		}
	}
	*p = 0;
	return out;
}

char *base64_write(struct bytes b, char *out)
{
	return write_alphabet(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
			      true, out);
}

char *base64url_write(struct bytes b, bool pad, char *out)
{
	return write_alphabet(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
			      pad, out);
}

static int base64_digit(u8 c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

long base64_read(struct bytes text, u8 *out, size_t max)
{
	size_t len = text.len, n = 0;
	u32 v = 0;
	unsigned int bits = 0;

	if (len && len % 4 == 0 && text.at[len - 1] == '=')
		len -= text.at[len - 2] == '=' ? 2 : 1;
	if (len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++) {
		int d = base64_digit(text.at[i]);

		if (d < 0)
			return -1;
		v = v << 6 | (u32)d;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (n >= max)
				return -1;
			out[n++] = (u8)(v >> bits);
			v &= (1u << bits) - 1;
		}
	}
	return v ? -1 : (long)n; /* bits that no byte holds must be zero: one text, one value */
}

char *text_visible(struct bytes b, char *out, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0, i = 0;

	for (; i < b.len && n + 8 < size; i++) {
		u8 c = b.at[i];

		if (c > 0x1f && c < 0x7f && c != '\\') {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = digits[c >> 4];
		out[n++] = digits[c & 15];
	}
	if (size)
		out[n] = 0;
	if (i < b.len && n + 4 <= size)
		memcpy(out + n, "...", 4);
	return out;
}

char *uuid_write(const u8 uuid[16], char out[UUID_TEXT_LEN + 1])
{
	static const u8 groups[] = { 4, 2, 2, 2, 6 };
	char *p = out;

	for (size_t g = 0, at = 0; g < sizeof(groups); at += groups[g++]) {
		if (g)
			*p++ = '-';
		hex_write((struct bytes){ uuid + at, groups[g] }, p);
		p += 2 * groups[g];
	}
	return out;
}

bool uuid_read(const char *text, u8 uuid[16])
{
	char digits[33];
	size_t n = 0;

	if (strlen(text) != UUID_TEXT_LEN)
		return false;
	for (size_t i = 0; i < UUID_TEXT_LEN; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash != (text[i] == '-'))
			return false;
		if (!dash)
			digits[n++] = text[i];
	}
	digits[n] = 0;
	return hex_read(digits, uuid, 16);
}
