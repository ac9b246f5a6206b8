/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A browser is signed in by a cookie that stands for an API token: its hash, until when, and a MAC. It may do what the token
 * may and ends with it, at the latest after SIGN_IN_S.
 */
#ifndef ASSAY_SERVER_SIGN_IN_H
#define ASSAY_SERVER_SIGN_IN_H

#include "keys.h"

#define SIGN_IN_COOKIE "__Host-assay"
/* Pages of others can send a browser's cookie along, but no header of their own choice. */
#define SIGN_IN_HEADER "X-Assay-Request"
enum { SIGN_IN_S = 43200, SIGN_IN_TEXT = 97, GUESS_DELAY_MS = 1000 };

/** sign_in_write - the cookie's value. */
int sign_in_write(const struct server_keys *k, const u8 hash[32], long long until_s,
		  char out[SIGN_IN_TEXT], struct err *e);
/** sign_in_read - @hash: of the token that it stands for. E_NOTFOUND: not one of ours, or over. */
int sign_in_read(const struct server_keys *k, const char *cookie, long long now_s, u8 hash[32],
		 struct err *e);

#endif
