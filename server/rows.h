/* SPDX-License-Identifier: Apache-2.0 */
/* How rows become structs: what the files that read hosts, registrations and tokens share. */
#ifndef ASSAY_SERVER_ROWS_H
#define ASSAY_SERVER_ROWS_H

#include "store.h"

/** row_mac_check - E_SIGNATURE unless @mac is that of @fields: the fields that decide trust. */
static inline int row_mac_check(struct tx *tx, const char *label, const struct bytes *fields,
				size_t n, struct bytes mac, struct err *e)
{
	struct digest want;

	if (keys_row_mac(tx->keys, label, fields, n, &want, e))
		return (int)e->code;
	return digest_equals(&want, mac)
		       ? 0
		       : err_set(e, E_SIGNATURE, "row of the database was changed (%s)", label);
}

/** row_text - @text cut to @size with its NUL. Return: @text. */
static inline struct bytes row_text(char *out, size_t size, struct bytes text)
{
	size_t n = text.len < size ? text.len : size - 1;

	if (n)
		memcpy(out, text.at, n);
	out[n] = 0;
	return text;
}

/* What a row is looked for into. */
struct finding {
	struct tx *tx;
	void *out;
	bool found;
};

#endif
