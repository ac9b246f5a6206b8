// SPDX-License-Identifier: Apache-2.0
#include "service.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent/local.h"
#include "common/file.h"
#include "common/log.h"
#include "common/clock.h"
#include "gate.h"
#include "ima.h"
#include "inventory.h"
#include "single.h"
#include "sources/netlink.h"

enum { IDLE_MS = 1000, SUBSCRIBERS_MAX = 16 };

struct collector {
	const struct agent_settings *s;
	struct netlink_watch *watch; /* NULL: events cannot be had here */
	struct gate *gate;	     /* NULL: off                       */
	size_t n_subscribers;
	int subscriber[SUBSCRIBERS_MAX];
};

/* ---- what each verb gives ---- */
static int give_inventory(struct collector *col, struct bytes ctx, struct buf **out, struct err *e)
{
	OWNED(inventory) inv = NULL;
	OWNED(buf) host = NULL;
	struct eat_host_draft d = { .agent_version = "", .phase = "" };
	struct cbor c;

	(void)ctx;
	if (col->gate)
		gate_let_bootstrap(col->gate);
	if (inventory_read(col->s, &inv, e))
		return (int)e->code;
	d.functions = inv->functions;
	d.n_functions = inv->n_functions;
	if (eat_write_host(&d, &host, e))
		return (int)e->code;
	/* The second claim of the submodule is the array itself. */
	c = cbor_on(buf_bytes(host), CBOR_STRICT);
	cbor_map(&c, "host");
	cbor_int(&c, "profile");
	cbor_item(&c, "profile");
	cbor_int(&c, "inventory");
	*out = buf_copy(cbor_item(&c, "inventory"));
	return *out && !c.r.why ? 0 : err_set(e, E_MEMORY, "no memory for the inventory");
}

static int give_devices(struct collector *col, struct bytes ctx, struct buf **out, struct err *e)
{
	OWNED(inventory) inv = NULL;
	OWNED(buf) all = buf_new(EVIDENCE_MAX);
	struct evidence_context context;
	int rc = 0;

	if (ctx.len != sizeof(context.ctx))
		return err_set(e, E_FORMAT, "context has %zu bytes", ctx.len);
	memcpy(context.ctx, ctx.at, ctx.len);
	if (!all || inventory_read(col->s, &inv, e))
		return e->code ? (int)e->code : err_set(e, E_MEMORY, "no memory for evidence");
	if (col->gate)
		gate_begin(col->gate, context.ctx);
	cbor_put_array(&all->w, inv->n_devices);
	for (size_t i = 0; !rc && i < inv->n_devices; i++) {
		struct device_evidence d;
		OWNED(buf) value = NULL;

		inv->devices[i].known = col->watch ? netlink_watch_known(col->watch) : NULL;
		source_collect(&inv->devices[i], &context, &d);
		if (d.failure[0])
			log_event(LOG_LEVEL_WARN, "device-failed", LOG_T("device", d.label),
				  LOG_T("address", d.address), LOG_T("why", d.failure));
		if (col->gate)
			gate_collected(col->gate, &d);
		rc = eat_write_device(&d, &value, e);
		if (!rc) {
			cbor_put_array(&all->w, 2);
			cbor_put_text(&all->w, bytes_text(d.label));
			cbor_put_bytes(&all->w, buf_bytes(value));
		}
		device_evidence_clear(&d);
	}
	if (!rc && all->w.full)
		rc = err_set(e, E_LIMIT, "evidence is larger than %d bytes", EVIDENCE_MAX);
	if (!rc)
		*out = TAKE(all);
	return rc;
}

static int give_logs(struct collector *col, struct bytes ctx, struct buf **out, struct err *e)
{
	const struct agent_settings *s = col->s;

	(void)ctx;
	if (!s->boot_log[0] || access(s->boot_log, F_OK)) {
		*out = buf_new(1);
		return *out ? 0 : err_set(e, E_MEMORY, "no memory for logs");
	}
	return file_read(s->boot_log, BOOT_LOG_MAX, out, e);
}

static int give_device_log(struct collector *col, struct bytes ctx, struct buf **out, struct err *e)
{
	(void)ctx;
	if (col->s->kernel_cma && col->s->pci_folder[0])
		return netlink_log(out, e);
	*out = buf_new(1);
	return *out ? 0 : err_set(e, E_MEMORY, "no memory for logs");
}

static int give_ima(struct collector *col, struct bytes argument, struct buf **out, struct err *e)
{
	struct reader r = reader_on(argument);
	u64 first = read_be64(&r, "first entry");

	if (read_done(&r))
		return err_set(e, E_USAGE, "IMA list: %s", r.why);
	return ima_collect(col->s->ima_list, first, IMA_LIST_MAX, out, e);
}

static int give_judged(struct collector *col, struct bytes argument, struct buf **out,
		       struct err *e)
{
	struct device_verdicts *v = calloc(1, sizeof(*v));
	bool anew = false;
	u8 answer;
	int rc;

	if (!v)
		return err_set(e, E_MEMORY, "no memory for a verdict");
	rc = !col->gate ? err_set(e, E_USAGE, "[devices] gate is off")
			: verdicts_parse(argument, v, e) || gate_judge(col->gate, v, &anew, e);
	free(v);
	if (rc)
		return (int)e->code;
	answer = anew;
	*out = buf_copy((struct bytes){ &answer, 1 });
	return *out ? 0 : err_set(e, E_MEMORY, "no memory for an answer");
}

static int give_single(struct collector *col, struct bytes argument, struct buf **out,
		       struct err *e)
{
	struct single_request q;

	if (single_request_parse(argument, &q, e))
		return (int)e->code;
	return single_collect(col->s, col->watch ? netlink_watch_known(col->watch) : NULL, &q, out,
			      e);
}

static const struct {
	enum collector_verb verb;
	int (*give)(struct collector *col, struct bytes ctx, struct buf **out, struct err *e);
	bool root_only; /* a nonce of one's own choice is nothing for the half with the network */
} verbs[] = {
	{ COLLECT_INVENTORY, give_inventory, false },
	{ COLLECT_DEVICES, give_devices, false },
	{ COLLECT_LOGS, give_logs, false },
	{ COLLECT_DEVICE_LOG, give_device_log, false },
	{ COLLECT_IMA, give_ima, false },
	{ COLLECT_JUDGED, give_judged, false },
	{ COLLECT_SINGLE, give_single, true },
};

/* ---- one request ---- */
static int answer(struct collector *col, const struct local_request *rq, uid_t peer,
		  struct buf **out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (verbs[i].verb != rq->verb)
			continue;
		if (verbs[i].root_only && peer != 0 && peer != geteuid())
			return err_set(e, E_DENIED, "only root may ask the collector for that");
		return verbs[i].give(col, rq->argument, out, e);
	}
	return err_set(e, E_USAGE, "no such verb");
}

/* ---- subscribers ---- */
static void unsubscribe(struct collector *col, size_t i)
{
	close(col->subscriber[i]);
	col->subscriber[i] = col->subscriber[--col->n_subscribers];
}

/* One that does not read is cut off: it comes again, and knows that it missed something. */
static void tell(struct collector *col, size_t i, const struct device_event *v)
{
	u8 room[EVENT_PACKET_MAX];
	struct writer w = writer_on(room, sizeof(room));
	struct err ignored = { 0 };

	device_event_write(v, &w);
	if (local_send(col->subscriber[i], write_done(&w), -1, &ignored))
		unsubscribe(col, i);
}

static void tell_all(void *user, const struct device_event *v)
{
	struct collector *col = user;

	if (v->acts)
		log_event(LOG_LEVEL_INFO, "device-event", LOG_T("source", v->source),
			  LOG_T("address", v->address), LOG_T("cause", v->cause),
			  LOG_T("state", v->state), LOG_T("why", v->why));
	for (size_t i = col->n_subscribers; i > 0; i--)
		tell(col, i - 1, v);
}

/* Takes @sock. */
static void subscribe(struct collector *col, int sock)
{
	bool serves = col->watch && netlink_watch_serves(col->watch);
	struct device_event first = { .at_ms = clock_now_s() * 1000, .source = "module" };
	struct err e = { 0 };

	if (!col->watch)
		err_set(&e, E_UNSUPPORTED, "this host tells of no events");
	else if (col->n_subscribers == SUBSCRIBERS_MAX)
		err_set(&e, E_LIMIT, "%d subscribers are there already", SUBSCRIBERS_MAX);
	local_answer(sock, &e, -1);
	if (e.code || fcntl(sock, F_SETFL, O_NONBLOCK)) {
		close(sock);
		return;
	}
	col->subscriber[col->n_subscribers++] = sock;
	strcpy(first.cause, serves ? "loaded" : "absent");
	tell(col, col->n_subscribers - 1, &first);
}

/* ---- one request; takes @sock ---- */
static void serve_one(struct collector *col, int sock)
{
	OWNED(buf) packet = NULL;
	OWNED(buf) content = NULL;
	struct local_request rq;
	struct err e = { 0 };
	int fd = -1, passed = -1, rc;

	rc = local_receive(sock, &packet, &passed, &e);
	if (passed >= 0)
		close(passed);
	if (rc) {
		close(sock);
		return;
	}
	rc = local_request_parse(buf_bytes(packet), &rq, &e);
	if (!rc && rq.verb == COLLECT_EVENTS) {
		subscribe(col, sock);
		return;
	}
	if (!rc && !answer(col, &rq, local_peer_uid(sock), &content, &e)) {
		e.code = E_OK;
		fd = memfd_from("assay-evidence", buf_bytes(content), &e);
	}
	local_answer(sock, &e, fd);
	close(sock);
}

enum { AT_LISTENING, AT_SIGNALS, AT_WATCH, AT_SUBSCRIBERS = AT_WATCH + WATCH_FDS };

static nfds_t poll_set(const struct collector *col, int listening, int signals, struct pollfd *fds)
{
	int watched[WATCH_FDS] = { -1, -1 }; /* poll() passes over them */

	if (col->watch)
		netlink_watch_fds(col->watch, watched);
	fds[AT_LISTENING] = (struct pollfd){ listening, POLLIN, 0 };
	fds[AT_SIGNALS] = (struct pollfd){ signals, POLLIN, 0 };
	for (size_t i = 0; i < WATCH_FDS; i++)
		fds[AT_WATCH + i] = (struct pollfd){ watched[i], POLLIN, 0 };
	for (size_t i = 0; i < col->n_subscribers; i++)
		fds[AT_SUBSCRIBERS + i] = (struct pollfd){ col->subscriber[i], POLLIN, 0 };
	return AT_SUBSCRIBERS + col->n_subscribers;
}

/* Until a signal. */
static void serve(struct collector *col, int listening, int signals)
{
	struct pollfd fds[AT_SUBSCRIBERS + SUBSCRIBERS_MAX];
	bool busy = true;

	for (;;) {
		nfds_t n = poll_set(col, listening, signals, fds);
		int sock;

		if (poll(fds, n, busy ? IDLE_MS : -1) < 0)
			continue;
		if (busy && !fds[AT_LISTENING].revents) {
			malloc_trim(0); /* an hour may pass to the next request */
			busy = false;
		}
		if (fds[AT_SIGNALS].revents)
			return;
		for (nfds_t i = n; i > AT_SUBSCRIBERS; i--)
			if (fds[i - 1].revents) /* they have nothing to say: it is gone */
				unsubscribe(col, i - 1 - AT_SUBSCRIBERS);
		if (fds[AT_LISTENING].revents) {
			sock = local_accept(listening);
			if (sock >= 0)
				serve_one(col, sock);
			busy = true;
		}
		/* After a collection of ours, so that what it caused is known as ours. */
		if (col->watch && (fds[AT_WATCH].revents || fds[AT_WATCH + 1].revents ||
				   fds[AT_LISTENING].revents))
			netlink_watch_read(col->watch, tell_all, col);
		if (col->gate && (fds[AT_WATCH].revents || fds[AT_WATCH + 1].revents))
			gate_let_bootstrap(col->gate);
	}
}

int collector_serve(const struct agent_settings *s, struct err *e)
{
	int listening = local_listen(s->collector_socket, 0660, e), signals;
	struct collector col = { .s = s };
	struct err none = { 0 };
	sigset_t set;

	if (listening < 0)
		return (int)e->code;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	log_event(LOG_LEVEL_INFO, "collector-started", LOG_T("version", ASSAY_VERSION),
		  LOG_T("socket", s->collector_socket));
	if (s->kernel_cma && s->pci_folder[0] &&
	    netlink_watch_open(s->pci_folder, &col.watch, &none))
		log_event(LOG_LEVEL_WARN, "no-events", LOG_T("why", none.text),
			  LOG_T("meaning", "a change is seen at the next round of the timer"));
	if (s->gate != GATE_MODE_OFF) {
		col.gate = gate_new(s);
		if (!col.gate)
			log_event(LOG_LEVEL_ERROR, "no-gate", LOG_T("why", "no memory"));
	}
	sd_notify(0, "READY=1");
	serve(&col, listening, signals);
	for (size_t i = col.n_subscribers; i > 0; i--)
		unsubscribe(&col, i - 1);
	netlink_watch_drop(&col.watch);
	gate_drop(&col.gate);
	close(signals);
	close(listening);
	unlink(s->collector_socket);
	return 0;
}

/* ---- the other half's side ---- */
int collector_ask(const char *socket_path, enum collector_verb verb, struct bytes ctx,
		  struct buf **out, struct err *e)
{
	return local_ask(socket_path, verb, ctx, EVIDENCE_MAX, out, e) ? err_while(e, "collector")
								       : 0;
}

int collector_subscribe(const char *socket_path, struct err *e)
{
	int sock = local_subscribe(socket_path, COLLECT_EVENTS, e);

	if (sock < 0)
		err_while(e, "collector");
	return sock;
}

int collector_event(int sock, struct device_event *out, struct err *e)
{
	OWNED(buf) packet = NULL;
	int passed = -1;

	if (local_receive(sock, &packet, &passed, e))
		return err_while(e, "collector");
	if (passed >= 0)
		close(passed);
	return device_event_parse(buf_bytes(packet), out, e);
}
