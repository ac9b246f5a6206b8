// SPDX-License-Identifier: Apache-2.0
#include "family.h"

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "../drive.h"
#include "common/clock.h"

enum { ANSWER_WAIT_S = 10, BACK_OFF_MIN_MS = 50, BACK_OFF_MAX_MS = 1000 };

void family_close(struct family_client *c)
{
	if (c->sk)
		nl_socket_free(c->sk);
	c->sk = NULL;
}

static int resolve(struct nl_sock *sk, const char *name, int *number, struct err *e)
{
	int rc = genl_ctrl_resolve(sk, name);

	*number = rc > 0 ? rc : 0;
	return rc > 0 || rc == -NLE_OBJ_NOTFOUND
		       ? 0
		       : err_set(e, E_IO, "look for family %s: %s", name, nl_geterror(rc));
}

static void wait_at_most(int fd, time_t seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int family_open(struct family_client *c, struct err *e)
{
	int rc, one = 1, fd;

	if (!c->deadline)
		c->deadline = clock_monotonic_ms() + DRIVE_DEADLINE_MS;
	c->back_off_ms = BACK_OFF_MIN_MS;
	c->sk = nl_socket_alloc();
	if (!c->sk)
		return err_set(e, E_MEMORY, "no memory for a netlink socket");
	rc = genl_connect(c->sk);
	if (rc == -NLE_PROTO_MISMATCH)
		return 0; /* a kernel without generic netlink has no family either */
	if (rc)
		return err_set(e, E_IO, "generic netlink: %s", nl_geterror(rc));
	fd = nl_socket_get_fd(c->sk);
	wait_at_most(fd, ANSWER_WAIT_S);
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (resolve(c->sk, ASSAY_FAMILY_NAME, &c->assay, e) ||
	    resolve(c->sk, DEVICE_EVIDENCE_FAMILY_NAME, &c->evidence, e))
		return (int)e->code;
	nl_socket_disable_auto_ack(c->sk);
	return 0;
}

/* ---- one request ---- */
struct family_request family_request(int family, u8 cmd, const char *what, bool dump)
{
	struct family_request rq = { .m = nlmsg_alloc(), .family = family, .what = what };

	if (rq.m && !genlmsg_put(rq.m, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				 NLM_F_REQUEST | (dump ? NLM_F_DUMP : NLM_F_ACK), cmd, 1)) {
		nlmsg_free(rq.m);
		rq.m = NULL;
	}
	return rq;
}

void family_put(struct family_request *rq, int attr, struct bytes value)
{
	if (rq->m && nla_put(rq->m, attr, (int)value.len, value.at)) {
		nlmsg_free(rq->m);
		rq->m = NULL;
	}
}

void family_put_u8(struct family_request *rq, int attr, u8 v)
{
	family_put(rq, attr, (struct bytes){ &v, sizeof(v) });
}

void family_put_u32(struct family_request *rq, int attr, u32 v)
{
	family_put(rq, attr, (struct bytes){ (u8 *)&v, sizeof(v) });
}

void family_put_u64(struct family_request *rq, int attr, u64 v)
{
	family_put(rq, attr, (struct bytes){ (u8 *)&v, sizeof(v) });
}

void family_put_text(struct family_request *rq, int attr, const char *text)
{
	family_put(rq, attr, (struct bytes){ (const u8 *)text, strlen(text) + 1 });
}

static int malformed(const struct family_request *rq, const char *why, struct err *e)
{
	return err_set(e, E_FORMAT, "answer to %s: %s", rq->what, why);
}

/* One message of ours; *@done after the last. */
static int take_message(const struct family_request *rq, const struct netlink_message *m,
			struct family_answer *a, bool *done, struct err *e)
{
	const char *why = NULL;
	int error;

	a->interrupted |= m->flags & NLM_F_DUMP_INTR;
	if (m->type == NLMSG_ERROR || m->type == NLMSG_DONE) {
		if (netlink_parse_error(m, &error, a->text, &why))
			return malformed(rq, why, e);
		a->error = -error;
		*done = true;
		return 0;
	}
	if (m->type == NLMSG_OVERRUN)
		return malformed(rq, "data was lost", e);
	if (m->type == rq->family && rq->take && rq->take(rq->user, m->payload, &why))
		return malformed(rq, why, e);
	return 0;
}

static int take_datagram(const struct family_request *rq, struct bytes datagram, u32 seq,
			 struct family_answer *a, bool *done, struct err *e)
{
	struct reader r = reader_on(datagram);
	struct netlink_message m;

	while (!*done && netlink_next(&r, &m))
		if (m.seq == seq && take_message(rq, &m, a, done, e))
			return (int)e->code;
	return r.why ? malformed(rq, r.why, e) : 0;
}

int family_ask(struct family_client *c, struct family_request *rq, struct family_answer *a,
	       struct err *e)
{
	bool done = false;
	int rc;
	u32 seq;

	*a = (struct family_answer){ 0 };
	if (!rq->m)
		return err_set(e, E_MEMORY, "no memory for %s", rq->what);
	rc = nl_send_auto(c->sk, rq->m);
	seq = nlmsg_hdr(rq->m)->nlmsg_seq;
	nlmsg_free(rq->m);
	rq->m = NULL;
	if (rc < 0)
		return err_set(e, E_IO, "%s: %s", rq->what, nl_geterror(rc));
	while (!done) {
		struct sockaddr_nl from = { 0 };
		unsigned char *at = NULL;
		int n = nl_recv(c->sk, &from, &at, NULL);

		if (n <= 0)
			return err_set(e, E_UNREACHABLE, "%s: %s", rq->what,
				       n ? nl_geterror(n) : "no answer");
		/* only the kernel's word counts */
		rc = from.nl_pid
			     ? 0
			     : take_datagram(rq, (struct bytes){ at, (size_t)n }, seq, a, &done, e);
		free(at);
		if (rc)
			return rc;
	}
	return 0;
}

int family_refused(const struct family_answer *a, const char *what, struct err *e)
{
	enum err_code code = a->error == EPERM || a->error == EACCES	? E_DENIED
			     : a->error == ENODEV || a->error == ENOENT ? E_NOTFOUND
			     : a->error == EOPNOTSUPP			? E_UNSUPPORTED
			     : a->error == ETIMEDOUT			? E_UNREACHABLE
									: E_DEVICE;

	return err_set(e, code, "%s: %s%s%s%s", what, a->text, a->text[0] ? " (" : "",
		       strerror(a->error), a->text[0] ? ")" : "");
}

/* ---- waiting ---- */
int family_wait(struct family_client *c, const char *what, struct err *e)
{
	unsigned int ms = c->back_off_ms;
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	if (clock_monotonic_ms() + ms > c->deadline)
		return err_set(e, E_UNREACHABLE, "%s: still collecting after %d s", what,
			       DRIVE_DEADLINE_MS / 1000);
	nanosleep(&t, NULL);
	c->back_off_ms = ms * 2 > BACK_OFF_MAX_MS ? BACK_OFF_MAX_MS : ms * 2;
	return 0;
}

int family_no_memory(struct err *e)
{
	return err_set(e, E_MEMORY, "no memory for evidence");
}

/* ---- what both lists and collections ask ---- */
static int take_status(void *user, struct bytes payload, const char **why)
{
	return netlink_parse_status(payload, user, why);
}

int family_status(struct family_client *c, const char *name, struct netlink_status *s,
		  struct err *e)
{
	struct family_answer a;
	struct family_request rq = family_request(c->assay, ASSAY_CMD_STATUS, "STATUS", false);

	*s = (struct netlink_status){ 0 };
	rq.take = take_status;
	rq.user = s;
	family_put_text(&rq, ASSAY_A_SUBSYS, "pci");
	family_put_text(&rq, ASSAY_A_DEV_NAME, name);
	if (family_ask(c, &rq, &a, e))
		return (int)e->code;
	if (a.error)
		return family_refused(&a, "STATUS", e);
	return strcmp(s->name, name) ? err_set(e, E_FORMAT, "STATUS is of another device") : 0;
}

static int take_evidence(void *user, struct bytes payload, const char **why)
{
	return netlink_evidence_take(user, payload, why);
}

/* READ once. @nonce: NULL reads what is there. a->error EAGAIN: ask again. */
int family_read(struct family_client *c, const char *name, const u8 *nonce,
		struct netlink_evidence *ev, struct family_answer *a, struct err *e)
{
	struct family_request rq =
		family_request(c->evidence, DEVICE_EVIDENCE_CMD_READ, "READ", true);
	const char *why;

	netlink_evidence_clear(ev);
	rq.take = take_evidence;
	rq.user = ev;
	family_put_u32(&rq, DEVICE_EVIDENCE_A_OBJECT_TYPE_MASK, ev->mask);
	family_put_text(&rq, DEVICE_EVIDENCE_A_OBJECT_SUBSYS, "pci");
	family_put_text(&rq, DEVICE_EVIDENCE_A_OBJECT_DEV_NAME, name);
	if (nonce)
		family_put(&rq, DEVICE_EVIDENCE_A_OBJECT_NONCE, (struct bytes){ nonce, 32 });
	if (family_ask(c, &rq, a, e))
		return (int)e->code;
	if (!a->error && a->interrupted)
		a->error = EAGAIN;
	if (!a->error && netlink_evidence_done(ev, &why))
		return err_set(e, E_FORMAT, "answer to READ: %s", why);
	return 0;
}

int family_read_until(struct family_client *c, const char *name, const u8 *nonce,
		      struct netlink_evidence *ev, struct err *e)
{
	struct family_answer a;

	for (;;) {
		if (family_read(c, name, nonce, ev, &a, e))
			return (int)e->code;
		if (!a.error)
			return 0;
		if (a.error != EAGAIN)
			return family_refused(&a, "READ", e);
		if (family_wait(c, "READ", e))
			return (int)e->code;
	}
}
