// SPDX-License-Identifier: Apache-2.0
#include "netlink.h"

#include <dirent.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "../drive.h"
#include "../netlink_message.h"
#include "../pci_config.h"
#include "common/clock.h"
#include "proto/spdm/vca.h"

enum {
	ANSWER_WAIT_S = 10,
	BACK_OFF_MIN_MS = 50,
	BACK_OFF_MAX_MS = 1000,
	COLLECTIONS_MAX = 3, /* of a device that changes under our hands */
	MASK_VCA = 1 << DEVICE_EVIDENCE_TYPE_VCA,
	MASK_MEASUREMENTS = 1 << DEVICE_EVIDENCE_TYPE_MEASUREMENTS,
};

/* ---- a socket and the families behind it ---- */
struct client {
	struct nl_sock *sk;
	int assay, evidence; /* family numbers, 0: absent */
	long long deadline;  /* for all that is waited for */
	unsigned int back_off_ms;
};

static void client_close(struct client *c)
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

static int client_open(struct client *c, struct err *e)
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
struct answer {
	int error;		     /* errno of the kernel, 0: it did as asked */
	char text[NETLINK_TEXT_MAX]; /* its words */
	bool interrupted;	     /* a dump that may have missed something */
};

struct request {
	struct nl_msg *m;
	int family;
	const char *what; /* for messages */
	int (*take)(void *user, struct bytes payload, const char **why);
	void *user;
};

static struct request request(int family, u8 cmd, const char *what, bool dump)
{
	struct request rq = { .m = nlmsg_alloc(), .family = family, .what = what };

	if (rq.m && !genlmsg_put(rq.m, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				 NLM_F_REQUEST | (dump ? NLM_F_DUMP : NLM_F_ACK), cmd, 1)) {
		nlmsg_free(rq.m);
		rq.m = NULL;
	}
	return rq;
}

static void put_bytes(struct request *rq, int attr, struct bytes value)
{
	if (rq->m && nla_put(rq->m, attr, (int)value.len, value.at)) {
		nlmsg_free(rq->m);
		rq->m = NULL;
	}
}

static void put_u8(struct request *rq, int attr, u8 v)
{
	put_bytes(rq, attr, (struct bytes){ &v, sizeof(v) });
}

static void put_u32(struct request *rq, int attr, u32 v)
{
	put_bytes(rq, attr, (struct bytes){ (u8 *)&v, sizeof(v) });
}

static void put_u64(struct request *rq, int attr, u64 v)
{
	put_bytes(rq, attr, (struct bytes){ (u8 *)&v, sizeof(v) });
}

static void put_text(struct request *rq, int attr, const char *text)
{
	put_bytes(rq, attr, (struct bytes){ (const u8 *)text, strlen(text) + 1 });
}

static int malformed(const struct request *rq, const char *why, struct err *e)
{
	return err_set(e, E_FORMAT, "answer to %s: %s", rq->what, why);
}

/* One message of ours; *@done after the last. */
static int take_message(const struct request *rq, const struct netlink_message *m, struct answer *a,
			bool *done, struct err *e)
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

static int take_datagram(const struct request *rq, struct bytes datagram, u32 seq, struct answer *a,
			 bool *done, struct err *e)
{
	struct reader r = reader_on(datagram);
	struct netlink_message m;

	while (!*done && netlink_next(&r, &m))
		if (m.seq == seq && take_message(rq, &m, a, done, e))
			return (int)e->code;
	return r.why ? malformed(rq, r.why, e) : 0;
}

/*
 * Return: 0 when the kernel answered, also when it refused (then a->error); the request is gone. After an
 * error of ours the rest of the answer is still on its way: the client is not to be used again.
 */
static int ask(struct client *c, struct request *rq, struct answer *a, struct err *e)
{
	bool done = false;
	int rc;
	u32 seq;

	*a = (struct answer){ 0 };
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

static int refused(const struct answer *a, const char *what, struct err *e)
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
static int wait_more(struct client *c, const char *what, struct err *e)
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

/* ---- family "assay" ---- */
struct list {
	const char *pci_folder;
	struct source_device *at;
	size_t n, max;
	bool full;
};

static void list_add(struct list *l, const char *name)
{
	struct source_device *d;
	struct pci_look look = { 0 };
	struct err ignored = { 0 };

	if (l->n == l->max) {
		l->full = true;
		return;
	}
	/* A function that cannot be read is in the list all the same: collect() says why. */
	pci_look(l->pci_folder, name, &look, &ignored);
	d = &l->at[l->n++];
	*d = (struct source_device){ .source = &source_netlink,
				     .identity = look.identity,
				     .pci_folder = l->pci_folder };
	snprintf(d->address, sizeof(d->address), "%s", name);
}

static int take_listed(void *user, struct bytes payload, const char **why)
{
	struct list *l = user;
	struct netlink_status s;

	if (netlink_parse_status(payload, &s, why))
		return -EBADMSG;
	/* a dump that was interrupted may say a device twice */
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->at[i].address, s.name))
			return 0;
	list_add(l, s.name);
	return 0;
}

static int list_assay(struct client *c, struct list *l, struct err *e)
{
	struct answer a = { .interrupted = true };

	for (int i = 0; a.interrupted && i < COLLECTIONS_MAX; i++) {
		struct request rq =
			request(c->assay, ASSAY_CMD_STATUS, "STATUS of all devices", true);

		rq.take = take_listed;
		rq.user = l;
		if (ask(c, &rq, &a, e))
			return (int)e->code;
	}
	return a.error ? refused(&a, "STATUS of all devices", e) : 0;
}

static int take_status(void *user, struct bytes payload, const char **why)
{
	return netlink_parse_status(payload, user, why);
}

static int status_of(struct client *c, const char *name, struct netlink_status *s, struct err *e)
{
	struct answer a;
	struct request rq = request(c->assay, ASSAY_CMD_STATUS, "STATUS", false);

	*s = (struct netlink_status){ 0 };
	rq.take = take_status;
	rq.user = s;
	put_text(&rq, ASSAY_A_SUBSYS, "pci");
	put_text(&rq, ASSAY_A_DEV_NAME, name);
	if (ask(c, &rq, &a, e))
		return (int)e->code;
	if (a.error)
		return refused(&a, "STATUS", e);
	return strcmp(s->name, name) ? err_set(e, E_FORMAT, "STATUS is of another device") : 0;
}

int netlink_status_now(const char *address, struct netlink_status *out, struct err *e)
{
	struct client c = { 0 };
	int rc = client_open(&c, e);

	if (!rc && !c.assay)
		rc = err_set(e, E_NOTFOUND, "family %s is not there", ASSAY_FAMILY_NAME);
	if (!rc)
		rc = status_of(&c, address, out, e);
	client_close(&c);
	return rc;
}

/* What changes a device's standing; the kernel compares once more, under its lock. */
static int change(struct client *c, struct request *rq, struct err *e)
{
	struct answer a;

	if (ask(c, rq, &a, e))
		return (int)e->code;
	if (!a.error)
		return 0;
	refused(&a, rq->what, e);
	if (a.error == ESTALE || a.error == ENODEV || a.error == EBUSY)
		e->code = E_AGAIN;
	return (int)e->code;
}

int netlink_accept(const struct netlink_acceptance *a, struct err *e)
{
	struct client c = { 0 };
	int rc = client_open(&c, e);

	if (!rc) {
		struct request rq = request(c.assay, ASSAY_CMD_ACCEPT, "ACCEPT", false);

		put_u64(&rq, ASSAY_A_DEV_ID, a->id);
		put_u32(&rq, ASSAY_A_GENERATION, a->generation);
		put_u8(&rq, ASSAY_A_SLOT, a->slot);
		put_bytes(&rq, ASSAY_A_CHAIN_DIGEST,
			  (struct bytes){ a->chain_digest, ASSAY_DIGEST_LEN });
		put_bytes(&rq, ASSAY_A_MEAS_DIGEST,
			  (struct bytes){ a->meas_digest, ASSAY_DIGEST_LEN });
		put_u32(&rq, ASSAY_A_ON_FAIL, a->on_fail);
		rc = change(&c, &rq, e);
	}
	client_close(&c);
	return rc;
}

int netlink_forget(u64 id, struct err *e)
{
	struct client c = { 0 };
	int rc = client_open(&c, e);

	if (!rc) {
		struct request rq = request(c.assay, ASSAY_CMD_FORGET, "FORGET", false);

		put_u64(&rq, ASSAY_A_DEV_ID, id);
		rc = change(&c, &rq, e);
	}
	client_close(&c);
	return rc;
}

/* ---- family "device-evidence" ---- */
static int take_evidence(void *user, struct bytes payload, const char **why)
{
	return netlink_evidence_take(user, payload, why);
}

/* READ once. @nonce: NULL reads what is there. a->error EAGAIN: ask again. */
static int read_once(struct client *c, const char *name, const u8 *nonce,
		     struct netlink_evidence *ev, struct answer *a, struct err *e)
{
	struct request rq = request(c->evidence, DEVICE_EVIDENCE_CMD_READ, "READ", true);
	const char *why;

	netlink_evidence_clear(ev);
	rq.take = take_evidence;
	rq.user = ev;
	put_u32(&rq, DEVICE_EVIDENCE_A_OBJECT_TYPE_MASK, ev->mask);
	put_text(&rq, DEVICE_EVIDENCE_A_OBJECT_SUBSYS, "pci");
	put_text(&rq, DEVICE_EVIDENCE_A_OBJECT_DEV_NAME, name);
	if (nonce)
		put_bytes(&rq, DEVICE_EVIDENCE_A_OBJECT_NONCE, (struct bytes){ nonce, 32 });
	if (ask(c, &rq, a, e))
		return (int)e->code;
	if (!a->error && a->interrupted)
		a->error = EAGAIN;
	if (!a->error && netlink_evidence_done(ev, &why))
		return err_set(e, E_FORMAT, "answer to READ: %s", why);
	return 0;
}

static int read_until(struct client *c, const char *name, const u8 *nonce,
		      struct netlink_evidence *ev, struct err *e)
{
	struct answer a;

	for (;;) {
		if (read_once(c, name, nonce, ev, &a, e))
			return (int)e->code;
		if (!a.error)
			return 0;
		if (a.error != EAGAIN)
			return refused(&a, "READ", e);
		if (wait_more(c, "READ", e))
			return (int)e->code;
	}
}

/*
 * Where the kernel does not say in sysfs which mailbox speaks CMA (6.12 does not), the family is asked: it
 * knows a device or has none of that name.
 */
static int serves(struct client *c, const char *name, const struct pci_look *look, bool *yes,
		  struct err *e)
{
	struct netlink_evidence ev = { .mask = MASK_VCA };
	struct answer a = { 0 };
	int rc = 0;

	*yes = look->has_cma;
	if (!look->kernel_says_cma && look->has_doe) {
		rc = read_once(c, name, NULL, &ev, &a, e);
		*yes = !rc && a.error != ENODEV;
	}
	if (!rc && (a.error == EPERM || a.error == EACCES))
		rc = refused(&a, "READ", e);
	netlink_evidence_clear(&ev);
	return rc;
}

static int list_evidence(struct client *c, struct list *l, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(l->pci_folder, &names, NULL, alphasort), rc = 0;

	if (n < 0)
		return err_set(e, E_IO, "list PCI functions in %s: %s", l->pci_folder,
			       strerror(errno));
	for (int i = 0; i < n; i++) {
		struct pci_look look;
		struct err ignored = { 0 };
		bool yes = false;

		if (!rc && pci_address_valid(names[i]->d_name) &&
		    !pci_look(l->pci_folder, names[i]->d_name, &look, &ignored))
			rc = serves(c, names[i]->d_name, &look, &yes, e);
		if (!rc && yes)
			list_add(l, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return rc;
}

int netlink_devices(const char *pci_folder, struct source_device *out, size_t max, size_t *n,
		    struct err *e)
{
	struct list l = { .pci_folder = pci_folder, .at = out, .max = max };
	struct client c = { 0 };
	int rc = client_open(&c, e);

	*n = 0;
	if (!rc && c.assay)
		rc = list_assay(&c, &l, e);
	else if (!rc && c.evidence)
		rc = list_evidence(&c, &l, e);
	client_close(&c);
	if (!rc && l.full)
		rc = err_set(e, E_LIMIT, "more than %zu devices with CMA", max);
	if (rc)
		return err_while(e, "devices of the kernel");
	*n = l.n;
	return 0;
}

struct visit {
	void (*each)(void *user, const struct netlink_status *s);
	void *user;
};

static int take_visit(void *user, struct bytes payload, const char **why)
{
	const struct visit *v = user;
	struct netlink_status s;

	if (netlink_parse_status(payload, &s, why))
		return -EBADMSG;
	v->each(v->user, &s);
	return 0;
}

int netlink_statuses(void (*each)(void *user, const struct netlink_status *s), void *user,
		     struct err *e)
{
	struct visit v = { each, user };
	struct client c = { 0 };
	struct answer a = { 0 };
	int rc = client_open(&c, e);

	if (!rc && !c.assay)
		rc = err_set(e, E_NOTFOUND, "family %s is not there", ASSAY_FAMILY_NAME);
	if (!rc) {
		struct request rq =
			request(c.assay, ASSAY_CMD_STATUS, "STATUS of all devices", true);

		rq.take = take_visit;
		rq.user = &v;
		rc = ask(&c, &rq, &a, e);
	}
	client_close(&c);
	if (!rc && a.error)
		rc = refused(&a, "STATUS of all devices", e);
	return rc;
}

/* ---- LOG ---- */
static int no_memory(struct err *e)
{
	return err_set(e, E_MEMORY, "no memory for evidence");
}

static int take_log(void *user, struct bytes payload, const char **why)
{
	return netlink_log_take(user, payload, why);
}

int netlink_log(struct buf **out, struct err *e)
{
	struct answer a = { .interrupted = true };
	struct netlink_log log = { 0 };
	struct client c = { 0 };
	int rc = client_open(&c, e);

	for (int i = 0; !rc && c.assay && a.interrupted && i < COLLECTIONS_MAX; i++) {
		struct request rq = request(c.assay, ASSAY_CMD_LOG, "LOG", true);

		netlink_log_clear(&log);
		rq.take = take_log;
		rq.user = &log;
		rc = ask(&c, &rq, &a, e);
		if (!rc && a.error)
			rc = refused(&a, "LOG", e);
	}
	if (!rc && c.assay && a.interrupted)
		rc = err_set(e, E_DEVICE, "LOG changed during each of %d dumps", COLLECTIONS_MAX);
	client_close(&c);
	if (!rc) {
		*out = log.bytes ? TAKE(log.bytes) : buf_new(1);
		rc = *out ? 0 : no_memory(e);
	}
	netlink_log_clear(&log);
	return rc;
}

/* ---- is it still the same device? ---- */
struct sight {
	struct pci_look look;
	bool has_status;
	struct netlink_status status;
};

static int see(struct client *c, const struct source_device *d, struct sight *s, struct err *e)
{
	*s = (struct sight){ .has_status = c->assay };
	snprintf(s->status.name, sizeof(s->status.name), "%.31s", d->address);
	if (pci_look(d->pci_folder, d->address, &s->look, e))
		return (int)e->code;
	return s->has_status ? status_of(c, d->address, &s->status, e) : 0;
}

/* NULL, or what is different in @after. @generation: of the evidence between the two. */
static const char *difference(const struct sight *before, const struct sight *after, u32 generation)
{
	if (!pci_identity_equals(&before->look.identity, &after->look.identity))
		return "identity";
	if (before->look.node != after->look.node)
		return "place in sysfs";
	if (before->status.id != after->status.id)
		return "DEV_ID";
	if (after->has_status && after->status.generation != generation)
		return "GENERATION";
	return NULL;
}

/* ---- evidence ---- */
static struct buf *take(struct netlink_object *o)
{
	struct buf *b = o->bytes ? TAKE(o->bytes) : buf_new(1);

	return b;
}

/* A version that cannot be read is for the form check to refuse. */
static u8 version_of(struct bytes vca)
{
	struct spdm_versions versions;
	struct spdm_negotiated nego = { 0 };
	const char *why;

	return spdm_read_vca(vca, &versions, &nego, &why) ? 0 : nego.version;
}

static int from_read(struct client *c, const struct source_device *d, const u8 nonce[32],
		     struct device_evidence *out, struct err *e)
{
	struct netlink_evidence ev = { .mask = 1U << d->slot | MASK_VCA | MASK_MEASUREMENTS };
	int rc = read_until(c, d->address, nonce, &ev, e);

	if (!rc) {
		out->generation = ev.generation;
		out->chain = take(&ev.object[d->slot]);
		out->vca = take(&ev.object[DEVICE_EVIDENCE_TYPE_VCA]);
		out->measurements = take(&ev.object[DEVICE_EVIDENCE_TYPE_MEASUREMENTS]);
		out->challenge = buf_new(1);
		if (!out->chain || !out->vca || !out->measurements || !out->challenge)
			rc = no_memory(e);
		else if (!out->chain->w.len || !out->measurements->w.len)
			rc = err_set(e, E_DEVICE, "READ: object %s is empty",
				     out->chain->w.len ? "MEASUREMENTS" : "CERT of the slot");
	}
	netlink_evidence_clear(&ev);
	return rc;
}

/* COLLECT, until one of ours runs. */
static int start_collection(struct client *c, const struct source_device *d, u64 id,
			    const u8 nonce[32], const u8 challenge_nonce[32], struct err *e)
{
	struct answer a;

	for (;;) {
		struct request rq = request(c->assay, ASSAY_CMD_COLLECT, "COLLECT", false);

		put_u64(&rq, ASSAY_A_DEV_ID, id);
		put_u8(&rq, ASSAY_A_SLOT, d->slot);
		put_bytes(&rq, ASSAY_A_NONCE, (struct bytes){ nonce, 32 });
		put_bytes(&rq, ASSAY_A_CHALLENGE_NONCE, (struct bytes){ challenge_nonce, 32 });
		if (ask(c, &rq, &a, e))
			return (int)e->code;
		if (!a.error)
			return 0;
		if (a.error != EAGAIN && a.error != EBUSY)
			return refused(&a, "COLLECT", e);
		if (wait_more(c, "COLLECT", e))
			return (int)e->code;
	}
}

/* Until STATUS shows evidence over @nonce. E_AGAIN: somebody else's came in its place. */
static int await_collection(struct client *c, const struct source_device *d, const u8 nonce[32],
			    struct netlink_status *s, struct err *e)
{
	for (;;) {
		if (status_of(c, d->address, s, e))
			return (int)e->code;
		if (s->has_nonce && s->slot == d->slot && !memcmp(s->nonce, nonce, 32))
			return 0;
		if (s->state != ASSAY_STATE_COLLECTING)
			return s->error ? refused(&(struct answer){ .error = -s->error },
						  s->why[0] ? s->why : "COLLECT", e)
					: err_set(e, E_AGAIN, "other evidence was collected");
		if (wait_more(c, "COLLECT", e))
			return (int)e->code;
	}
}

struct transcript {
	struct netlink_object object;
	size_t max;
};

static int take_transcript(void *user, struct bytes payload, const char **why)
{
	struct transcript *t = user;

	return netlink_object_take(&t->object, t->max, payload, why);
}

/* E_AGAIN when the evidence is of another generation by now. */
static int transcript(struct client *c, u64 id, u32 generation, u8 kind, struct buf **out,
		      struct err *e)
{
	static const char *const names[] = { "", "TRANSCRIPT of the chain", "TRANSCRIPT of the VCA",
					     "TRANSCRIPT of the measurements",
					     "TRANSCRIPT of the challenge" };
	struct request rq = request(c->assay, ASSAY_CMD_TRANSCRIPT, names[kind], true);
	struct transcript t = { .max = kind == ASSAY_KIND_CHAIN ? SPDM_CHAIN_MAX
								: SPDM_TRANSCRIPT_MAX };
	struct answer a;
	int rc;

	rq.take = take_transcript;
	rq.user = &t;
	put_u64(&rq, ASSAY_A_DEV_ID, id);
	put_u32(&rq, ASSAY_A_GENERATION, generation);
	put_u8(&rq, ASSAY_A_KIND, kind);
	rc = ask(c, &rq, &a, e);
	if (!rc && (a.error == ESTALE || a.interrupted))
		rc = err_set(e, E_AGAIN, "%s: other evidence was collected", names[kind]);
	else if (!rc && a.error)
		rc = refused(&a, names[kind], e);
	else if (!rc && !netlink_object_done(&t.object))
		rc = err_set(e, E_FORMAT, "answer to %s: VAL is shorter than LENGTH", names[kind]);
	if (!rc)
		*out = take(&t.object);
	netlink_object_clear(&t.object);
	return rc || *out ? rc : no_memory(e);
}

static int from_collect(struct client *c, const struct source_device *d, u64 id, const u8 nonce[32],
			const u8 challenge_nonce[32], struct device_evidence *out, struct err *e)
{
	struct netlink_status s;

	if (start_collection(c, d, id, nonce, challenge_nonce, e) ||
	    await_collection(c, d, nonce, &s, e))
		return (int)e->code;
	out->generation = s.generation;
	return transcript(c, s.id, s.generation, ASSAY_KIND_CHAIN, &out->chain, e) ||
			       transcript(c, s.id, s.generation, ASSAY_KIND_VCA, &out->vca, e) ||
			       transcript(c, s.id, s.generation, ASSAY_KIND_MEASUREMENTS,
					  &out->measurements, e) ||
			       transcript(c, s.id, s.generation, ASSAY_KIND_CHALLENGE,
					  &out->challenge, e)
		       ? (int)e->code
		       : 0;
}

/*
 * Below 1.2 the measurement signature covers neither the negotiation nor a context: only a CHALLENGE over a
 * nonce of ours does, and only COLLECT asks for one. (RULES 14)
 */
static int evidence(struct client *c, const struct source_device *d, const struct sight *before,
		    const u8 nonce[32], const u8 challenge_nonce[32], struct device_evidence *out,
		    struct err *e)
{
	u8 version = before->status.version;

	if (!c->evidence && !c->assay)
		return err_set(e, E_NOTFOUND, "the kernel serves no device any more");
	if (version < SPDM_12 && version && c->assay)
		return from_collect(c, d, before->status.id, nonce, challenge_nonce, out, e);
	if (!c->evidence)
		return from_collect(c, d, before->status.id, nonce, challenge_nonce, out, e);
	if (from_read(c, d, nonce, out, e))
		return (int)e->code;
	version = version_of(buf_bytes(out->vca));
	if (!version || version >= SPDM_12)
		return 0;
	device_evidence_clear(out);
	if (!c->assay)
		return err_set(e, E_UNSUPPORTED,
			       "SPDM 1.%d: its negotiation is authenticated by a CHALLENGE over "
			       "our nonce only, which family device-evidence cannot ask for",
			       version & 15);
	return from_collect(c, d, before->status.id, nonce, challenge_nonce, out, e);
}

/* The newest generation; where only "device-evidence" tells it, a READ without a nonce. */
static int newest(struct client *c, const struct source_device *d, struct sight *s, struct err *e)
{
	struct netlink_evidence ev = { .mask = MASK_VCA };
	int rc;

	if (s->has_status)
		return 0;
	rc = read_until(c, d->address, NULL, &ev, e);
	s->status.generation = ev.generation;
	s->has_status = true;
	netlink_evidence_clear(&ev);
	return rc;
}

/* The kernel's claim, as it stands once the evidence is there. */
static struct kernel_guard guard_of(const struct netlink_status *s)
{
	if (!s->has_guard)
		return (struct kernel_guard){ 0 };
	return (struct kernel_guard){
		.known = true, .detects = s->coverage, .prevents = s->prevents, .hold = (u8)s->hold
	};
}

/* *@changed: what was another afterwards; then nothing is to be kept. *@last: the last STATUS we saw. */
static int collect_once(struct client *c, const struct source_device *d, const u8 nonce[32],
			const u8 challenge_nonce[32], struct device_evidence *out,
			const char **changed, struct netlink_status *last, struct err *e)
{
	struct sight before, after;
	int rc;

	if (see(c, d, &before, e))
		return (int)e->code;
	*last = before.status;
	if (!pci_identity_equals(&before.look.identity, &d->identity))
		return err_set(e, E_DEVICE, "another device than the inventory lists is there now");
	rc = evidence(c, d, &before, nonce, challenge_nonce, out, e);
	if (rc == E_AGAIN)
		*changed = "GENERATION";
	if (rc)
		return rc;
	if (see(c, d, &after, e) || newest(c, d, &after, e))
		return (int)e->code;
	*last = after.status;
	*changed = difference(&before, &after, out->generation);
	out->guard = guard_of(&after.status);
	out->slots = after.status.slots;
	return *changed ? err_set(e, E_AGAIN, "%s changed", *changed) : 0;
}

static int collect(const struct source_device *d, const u8 nonce[32], const u8 challenge_nonce[32],
		   struct device_evidence *out, struct err *e)
{
	const long long deadline = clock_monotonic_ms() + DRIVE_DEADLINE_MS;
	struct netlink_status last = { 0 };
	const char *changed = NULL;
	int rc = E_AGAIN;

	for (int i = 0; rc && i < COLLECTIONS_MAX && (!i || changed); i++) {
		struct client c = { .deadline = deadline };

		changed = NULL;
		e->code = E_OK;
		rc = client_open(&c, e);
		if (!rc)
			rc = collect_once(&c, d, nonce, challenge_nonce, out, &changed, &last, e);
		client_close(&c);
		if (rc) {
			device_evidence_clear(out);
			out->guard = (struct kernel_guard){ 0 };
		}
	}
	out->instance = last.id;
	if (d->known && last.name[0])
		(rc ? known_failed : known_collected)(d->known, &last);
	if (rc && changed)
		err_set(e, E_DEVICE, "%s changed during each of %d collections", changed,
			COLLECTIONS_MAX);
	return rc ? err_while(e, "%s", d->address) : 0;
}

const struct evidence_source source_netlink = { "kernel-cma", collect };
