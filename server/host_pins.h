/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys of servers the hosts know, so that an operator sees whom another TLS key would lock out. It is the hosts' own
 * word, and decides nothing. SPEC: RULES 27
 */
#ifndef ASSAY_SERVER_HOST_PINS_H
#define ASSAY_SERVER_HOST_PINS_H

#include "proto/eat.h"
#include "store.h"

/** host_pins_keep - what the token says; told by the initramfs when the quoted cap is zero. */
int host_pins_keep(struct tx *tx, const u8 ueid[UEID_LEN], const struct eat *t, struct err *e);

struct pins_lacking {
	long long hosts;     /* active ones */
	long long initramfs; /* whose measured initramfs does not know the key */
	long long system;    /* whose running system does not */
	long long silent;    /* that have told nothing: an old agent, or a CA instead of pins */
};
/** host_pins_lacking - @pin: the first EAT_PIN_LEN bytes of SHA-256 of the key's SubjectPublicKeyInfo. */
int host_pins_lacking(struct tx *tx, const u8 pin[EAT_PIN_LEN], struct pins_lacking *out,
		      struct err *e);
/** host_pins_each - @take for each that lacks it, in the order of their names. */
typedef int (*host_pins_taker)(void *user, const char *host, bool initramfs, struct err *e);
int host_pins_each(struct tx *tx, const u8 pin[EAT_PIN_LEN], host_pins_taker take, void *user,
		   struct err *e);

#endif
