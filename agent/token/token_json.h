/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The token of a keyslot of ours, read without a library: this runs inside of whoever opens a disk. It takes the form in
 * which libcryptsetup hands tokens over, and nothing that luks_token_parse() refuses; a text with an escape in it is
 * refused, for none of ours needs one.
 * SPEC: docs/PROTOCOL.md, LUKS token; RULES 19
 */
#ifndef ASSAY_TOKEN_JSON_H
#define ASSAY_TOKEN_JSON_H

#include "proto/luks_token.h"

const char *token_state_name(enum luks_token_state state);
/** token_json_parse - E_FORMAT or E_LIMIT naming the member; one of another type is E_NOTFOUND. */
int token_json_parse(struct bytes json, struct luks_token *out, struct err *e);

#endif
