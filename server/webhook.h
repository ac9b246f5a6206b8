/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A changed verdict goes to a URL of the operator's: queued in the transaction that records it, signed, sent until it is taken
 * or WEBHOOK_KEPT_S old. It may arrive twice, with one id, and after a later one.
 * SPEC: Standard Webhooks 1.0.0 (webhook-id, webhook-timestamp, webhook-signature: v1, HMAC-SHA256 over id.timestamp.body)
 */
#ifndef ASSAY_SERVER_WEBHOOK_H
#define ASSAY_SERVER_WEBHOOK_H

#include "server.h"
#include "standings.h"

enum {
	WEBHOOK_KEY_MIN = 24, /* bytes; SPEC: Standard Webhooks, 24 to 64 */
	WEBHOOK_KEY_MAX = 64,
	WEBHOOK_SIGNATURE = 48, /* "v1," base64 of 32 bytes, NUL */
	WEBHOOK_FIRST_WAIT_S = 5,
	WEBHOOK_WAIT_MAX_S = 3600,
	WEBHOOK_KEPT_S = 3 * 86400,
	WEBHOOK_QUEUE_MAX = 100000, /* the oldest make room */
};

struct webhook;
/** webhook_new - reads the key of [webhook] key_file; *@out stays NULL where no URL is configured. */
int webhook_new(struct server *s, struct webhook **out, struct err *e);
/** webhook_start - sends from here on, in a thread of its own. NULL is none. */
int webhook_start(struct webhook *w, struct err *e);
void webhook_end(struct webhook *w);
void webhook_drop(struct webhook **w);

/** webhook_queue - in the transaction that records @c. Nothing where no URL is configured. */
int webhook_queue(struct tx *tx, const struct settings *s, const struct host *h,
		  const struct verdict_change *c, struct err *e);
/** webhook_wake - something was queued, and is on the disk. NULL is none. */
void webhook_wake(struct webhook *w);

/** webhook_key_load - of the file that [webhook] key_file names; messages say so. */
int webhook_key_load(const char *path, struct secret **out, struct err *e);
/** webhook_key_read - "whsec_" and base64, or base64 alone, as a line. Return: bytes, or -1. */
long webhook_key_read(struct bytes line, u8 out[WEBHOOK_KEY_MAX]);
int webhook_sign(struct bytes key, const char *id, long long timestamp, struct bytes body,
		 char out[WEBHOOK_SIGNATURE], struct err *e);
/** webhook_wait_s - how long after try number @n the next one is. */
long long webhook_wait_s(long long n);

/* webhook_send.c, the server's only user of libcurl */
/** webhook_post - @headers: lines, ending with NULL. Return: 0 when it was taken (2xx); E_UNREACHABLE and why. */
int webhook_post(const struct settings *s, const char *const *headers, struct bytes body,
		 struct err *e);

#endif
