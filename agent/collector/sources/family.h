/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of the kernel's two families, and one request at a time. An error of ours (not the kernel's) leaves
 * the rest of an answer on its way: the client is then only to be closed.
 */
#ifndef ASSAY_FAMILY_H
#define ASSAY_FAMILY_H

#include "../netlink_message.h"
#include "common/err.h"

struct nl_msg;
struct nl_sock;

enum { FAMILY_TRIES = 3 }; /* of a dump or a collection that changes under our hands */

struct family_client {
	struct nl_sock *sk;
	int assay, evidence; /* family numbers, 0: absent */
	long long deadline;  /* for all that is waited for */
	unsigned int back_off_ms;
};

/** family_open - @c is {0}, or has only a deadline. A family that is absent is no error. */
int family_open(struct family_client *c, struct err *e);
void family_close(struct family_client *c);
/**
 * family_wait - before a request is repeated: longer each time.
 * @what: for the message. Return: 0; E_UNREACHABLE when the client's time is up.
 */
int family_wait(struct family_client *c, const char *what, struct err *e);

/* One request; memory that there was none of is reported by family_ask(). */
struct family_request {
	struct nl_msg *m;
	int family;
	const char *what; /* for messages */
	int (*take)(void *user, struct bytes payload, const char **why);
	void *user;
};

struct family_request family_request(int family, u8 cmd, const char *what, bool dump);
void family_put(struct family_request *rq, int attr, struct bytes value);
void family_put_u8(struct family_request *rq, int attr, u8 v);
void family_put_u32(struct family_request *rq, int attr, u32 v);
void family_put_u64(struct family_request *rq, int attr, u64 v);
void family_put_text(struct family_request *rq, int attr, const char *text);

struct family_answer {
	int error;		     /* errno of the kernel, 0: it did as asked */
	char text[NETLINK_TEXT_MAX]; /* its words */
	bool interrupted;	     /* a dump that may have missed something */
};

/** family_ask - Return: 0 when the kernel answered, also when it refused (then a->error); the request is gone. */
int family_ask(struct family_client *c, struct family_request *rq, struct family_answer *a,
	       struct err *e);
/** family_refused - a->error as an error of ours. Return: its code, never 0. */
int family_refused(const struct family_answer *a, const char *what, struct err *e);
int family_no_memory(struct err *e);

/** family_status - STATUS of the device @name. */
int family_status(struct family_client *c, const char *name, struct netlink_status *s,
		  struct err *e);
/** family_read - READ once. @nonce: 32 bytes, or NULL for what is there. a->error EAGAIN: ask again. */
int family_read(struct family_client *c, const char *name, const u8 *nonce,
		struct netlink_evidence *ev, struct family_answer *a, struct err *e);
/** family_read_until - READ until it is collected. */
int family_read_until(struct family_client *c, const char *name, const u8 *nonce,
		      struct netlink_evidence *ev, struct err *e);

#endif
