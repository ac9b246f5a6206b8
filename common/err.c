// SPDX-License-Identifier: Apache-2.0
#include "err.h"

#include <stdarg.h>
#include <stdio.h>

/*
 * Control bytes would let a device write to a terminal or forge a log line; bytes above ASCII may be
 * no UTF-8, or be cut in the middle, and then no JSON could carry the reason.
 */
static void make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			*text = '?';
}

int err_set(struct err *e, enum err_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(e->text, sizeof(e->text), format, args);
	va_end(args);
	make_printable(e->text);
	e->code = code;
	return (int)code;
}

int err_while(struct err *e, const char *format, ...)
{
	char doing[ERR_TEXT_MAX];
	char fact[ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(doing, sizeof(doing), format, args);
	va_end(args);
	make_printable(doing);
	memcpy(fact, e->text, sizeof(fact));
	fact[sizeof(fact) - 1] = 0;
	if (snprintf(e->text, sizeof(e->text), "%s: %s", doing, fact) < 0)
		e->text[0] = 0;
	if (e->code == E_OK)
		e->code = E_INTERNAL;
	return (int)e->code;
}

int err_exit_code(const struct err *e)
{
	switch (e->code) {
	case E_OK:
		return 0;
	case E_USAGE:
	case E_CONFIG:
		return 1;
	case E_FORMAT:
	case E_LIMIT:
	case E_UNSUPPORTED:
	case E_SIGNATURE:
	case E_BINDING:
	case E_FRESHNESS:
	case E_POLICY:
	case E_NOTFOUND:
	case E_CONFLICT:
	case E_DENIED:
	case E_DEVICE:
		return 2;
	case E_UNREACHABLE:
	case E_AGAIN:
		return 3;
	default:
		return 4;
	}
}
