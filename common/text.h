/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as text and back: hex, base64, base64url, UUID. Readers accept only the canonical form. */
#ifndef ASSAY_TEXT_H
#define ASSAY_TEXT_H

#include "bytes.h"

/** hex_write - lower-case hex and a NUL into @out of 2*len+1 bytes. Return: @out. */
char *hex_write(struct bytes b, char *out);
/** hex_read - upper or lower case; false unless @text is exactly 2*@len digits. */
bool hex_read(const char *text, u8 *out, size_t len);

/** base64_len - characters without NUL that @n bytes need; @pad: with '='. */
size_t base64_len(size_t n, bool pad);
/** base64_write - standard alphabet, padded. @out has base64_len(len, true) + 1 bytes. */
char *base64_write(struct bytes b, char *out);
/** base64url_write - URL alphabet; @pad: with '='. */
char *base64url_write(struct bytes b, bool pad, char *out);
/**
 * base64_read - either alphabet, padded or not, no white space, unused bits zero.
 * @out has room for @max bytes. Return: bytes written, or -1.
 */
long base64_read(struct bytes text, u8 *out, size_t max);

/**
 * text_visible - bytes for people: what is not printable ASCII, and the backslash, as \xNN; "..." where it is
 * cut. Return: @out.
 */
char *text_visible(struct bytes b, char *out, size_t size);

enum { UUID_TEXT_LEN = 36 };
/** uuid_write - RFC 9562 text of 16 bytes and a NUL. */
char *uuid_write(const u8 uuid[16], char out[UUID_TEXT_LEN + 1]);
bool uuid_read(const char *text, u8 uuid[16]);

#endif
