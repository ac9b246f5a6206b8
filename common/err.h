/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error that tells its story. The innermost function states the fact, each caller adds what it
 * was doing, main() or the handler logs once:
 *   verify evidence: check TPM quote signature of db-17: invalid
 */
#ifndef ASSAY_ERR_H
#define ASSAY_ERR_H

#include "port.h"

enum err_code {
	E_OK = 0,
	E_USAGE,       /* the caller or the operator asked for something impossible */
	E_CONFIG,      /* configuration is wrong                                    */
	E_IO,	       /* file, socket, process                                     */
	E_MEMORY,      /* out of memory                                             */
	E_FORMAT,      /* bytes from outside do not have the form they must have    */
	E_LIMIT,       /* a maximum of limits.h was exceeded                        */
	E_UNSUPPORTED, /* well-formed, but not something this build can do          */
	E_CRYPTO,      /* the library failed, not the data                          */
	E_SIGNATURE,   /* a signature, MAC or certificate path is not valid         */
	E_BINDING,     /* evidence is bound to something else                       */
	E_FRESHNESS,   /* stale, reused, foreign nonce                              */
	E_POLICY,      /* appraisal or policy says no                               */
	E_NOTFOUND,
	E_CONFLICT,    /* exists already, with another content                      */
	E_DENIED,      /* the caller has no right to this                           */
	E_AGAIN,       /* try again later                                           */
	E_UNREACHABLE, /* nobody answers                                            */
	E_TPM,	       /* the TPM said no                                           */
	E_DEVICE,      /* a device said no or answered nonsense                     */
	E_INTERNAL,    /* a defect of ours                                          */
};

enum { ERR_TEXT_MAX = 768 };

struct err {
	enum err_code code;
	char text[ERR_TEXT_MAX]; /* one line; hostile bytes are escaped by err_set() */
};

/** err_set - state the fact. Return: @code, so that `return err_set(...)` reads well. */
int err_set(struct err *e, enum err_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/** err_while - put "what we were doing: " in front. Return: the code already set. */
int err_while(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** err_exit_code - DESIGN's exit codes: 0 ok, 1 usage, 2 refused, 3 unreachable, 4 internal. */
int err_exit_code(const struct err *e);

#endif
