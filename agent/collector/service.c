// SPDX-License-Identifier: Apache-2.0
#include "service.h"

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
#include "inventory.h"

enum { IDLE_MS = 1000 };

/* ---- what each verb gives ---- */
static int give_inventory(const struct agent_settings *s, struct bytes ctx, struct buf **out,
			  struct err *e)
{
	OWNED(inventory) inv = NULL;
	OWNED(buf) host = NULL;
	struct eat_host_draft d = { .agent_version = "", .phase = "" };
	struct cbor c;

	(void)ctx;
	if (inventory_read(s, &inv, e))
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

static int give_devices(const struct agent_settings *s, struct bytes ctx, struct buf **out,
			struct err *e)
{
	OWNED(inventory) inv = NULL;
	OWNED(buf) all = buf_new(EVIDENCE_MAX);
	struct evidence_context context;
	int rc = 0;

	if (ctx.len != sizeof(context.ctx))
		return err_set(e, E_FORMAT, "context has %zu bytes", ctx.len);
	memcpy(context.ctx, ctx.at, ctx.len);
	if (!all || inventory_read(s, &inv, e))
		return e->code ? (int)e->code : err_set(e, E_MEMORY, "no memory for evidence");
	cbor_put_array(&all->w, inv->n_devices);
	for (size_t i = 0; !rc && i < inv->n_devices; i++) {
		struct device_evidence d;
		OWNED(buf) value = NULL;

		source_collect(&inv->devices[i], &context, &d);
		if (d.failure[0])
			log_event(LOG_LEVEL_WARN, "device-failed", LOG_T("device", d.label),
				  LOG_T("address", d.address), LOG_T("why", d.failure));
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

static int give_logs(const struct agent_settings *s, struct bytes ctx, struct buf **out,
		     struct err *e)
{
	(void)ctx;
	if (!s->boot_log[0] || access(s->boot_log, F_OK)) {
		*out = buf_new(1);
		return *out ? 0 : err_set(e, E_MEMORY, "no memory for logs");
	}
	return file_read(s->boot_log, BOOT_LOG_MAX, out, e);
}

static const struct {
	enum collector_verb verb;
	int (*give)(const struct agent_settings *s, struct bytes ctx, struct buf **out,
		    struct err *e);
} verbs[] = {
	{ COLLECT_INVENTORY, give_inventory },
	{ COLLECT_DEVICES, give_devices },
	{ COLLECT_LOGS, give_logs },
};

/* ---- one request ---- */
static int answer(const struct agent_settings *s, struct bytes packet, struct buf **out,
		  struct err *e)
{
	struct local_request rq;

	if (local_request_parse(packet, &rq, e))
		return (int)e->code;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (verbs[i].verb == rq.verb)
			return verbs[i].give(s, rq.argument, out, e);
	return err_set(e, E_USAGE, "no such verb");
}

static void serve_one(const struct agent_settings *s, int sock)
{
	OWNED(buf) packet = NULL;
	OWNED(buf) content = NULL;
	struct err e = { 0 };
	int fd = -1, passed = -1;

	if (local_receive(sock, &packet, &passed, &e))
		return;
	if (passed >= 0)
		close(passed);
	if (!answer(s, buf_bytes(packet), &content, &e)) {
		e.code = E_OK;
		fd = memfd_from("assay-evidence", buf_bytes(content), &e);
	}
	local_answer(sock, &e, fd);
}

int collector_serve(const struct agent_settings *s, struct err *e)
{
	int listening = local_listen(s->collector_socket, 0660, e), signals;
	bool busy = true;
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
	sd_notify(0, "READY=1");
	for (;;) {
		struct pollfd fds[] = { { listening, POLLIN, 0 }, { signals, POLLIN, 0 } };
		int sock;

		if (poll(fds, 2, busy ? IDLE_MS : -1) < 0)
			continue;
		if (busy && !fds[0].revents) {
			malloc_trim(0); /* an hour may pass to the next request */
			busy = false;
		}
		if (fds[1].revents)
			break;
		if (!fds[0].revents)
			continue;
		sock = local_accept(listening);
		if (sock < 0)
			continue;
		serve_one(s, sock);
		close(sock);
		busy = true;
	}
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
