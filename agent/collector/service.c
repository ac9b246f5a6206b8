// SPDX-License-Identifier: Apache-2.0
#include "service.h"

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

/* ---- what each verb gives ---- */
static int give_inventory(const struct agent_settings *s, struct bytes ctx, struct buf **out, struct err *e)
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

static int give_devices(const struct agent_settings *s, struct bytes ctx, struct buf **out, struct err *e)
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

static int give_logs(const struct agent_settings *s, struct bytes ctx, struct buf **out, struct err *e)
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
	int (*give)(const struct agent_settings *s, struct bytes ctx, struct buf **out, struct err *e);
} verbs[] = {
	{ COLLECT_INVENTORY, give_inventory },
	{ COLLECT_DEVICES, give_devices },
	{ COLLECT_LOGS, give_logs },
};

/* ---- one request ---- */
static int parse_request(struct bytes packet, u64 *verb, struct bytes *ctx, struct err *e)
{
	struct cbor c = cbor_on(packet, CBOR_STRICT);
	size_t n;

	if (cbor_check(packet, CBOR_STRICT, e))
		return (int)e->code;
	n = cbor_map(&c, "request");
	if (cbor_int(&c, "key") != 1)
		cbor_fail(&c, "verb is missing");
	*verb = cbor_uint(&c, "verb");
	*ctx = BYTES_NONE;
	if (n == 2 && cbor_int(&c, "key") == 2)
		*ctx = cbor_bytes(&c, "ctx");
	return cbor_done(&c) ? err_set(e, E_FORMAT, "request: %s", c.r.why) : 0;
}

static int answer(const struct agent_settings *s, struct bytes packet, struct buf **out, struct err *e)
{
	struct bytes ctx;
	u64 verb = 0;

	if (parse_request(packet, &verb, &ctx, e))
		return (int)e->code;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (verbs[i].verb == verb)
			return verbs[i].give(s, ctx, out, e);
	return err_set(e, E_USAGE, "no such verb");
}

static void serve_one(const struct agent_settings *s, int sock)
{
	OWNED(buf) packet = NULL;
	OWNED(buf) content = NULL;
	struct err e = { 0 };
	u8 room[ERR_TEXT_MAX + 32];
	struct writer w = writer_on(room, sizeof(room));
	int fd = -1, passed = -1;

	if (local_receive(sock, &packet, &passed, &e))
		return;
	if (passed >= 0)
		close(passed);
	if (!answer(s, buf_bytes(packet), &content, &e))
		fd = memfd_from("assay-evidence", buf_bytes(content), &e);
	cbor_put_map(&w, 2);
	cbor_put_uint(&w, 1);
	cbor_put_uint(&w, (u64)e.code);
	cbor_put_uint(&w, 2);
	cbor_put_text(&w, bytes_text(e.text));
	local_send(sock, write_done(&w), fd, &e);
	if (fd >= 0)
		close(fd);
}

int collector_serve(const struct agent_settings *s, struct err *e)
{
	int listening = local_listen(s->collector_socket, 0660, e), signals;
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

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents)
			break;
		sock = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (sock < 0)
			continue;
		serve_one(s, sock);
		close(sock);
	}
	close(signals);
	close(listening);
	unlink(s->collector_socket);
	return 0;
}

/* ---- the other half's side ---- */
static int parse_answer(struct bytes packet, struct err *e)
{
	struct cbor c = cbor_on(packet, CBOR_STRICT);
	struct bytes text;
	u64 code;

	if (cbor_check(packet, CBOR_STRICT, e))
		return err_while(e, "collector's answer");
	if (cbor_map(&c, "answer") != 2 || cbor_int(&c, "key") != 1)
		cbor_fail(&c, "answer");
	code = cbor_uint(&c, "code");
	if (cbor_int(&c, "key") != 2)
		cbor_fail(&c, "answer");
	text = cbor_text(&c, "text");
	if (cbor_done(&c) || code > E_INTERNAL)
		return err_set(e, E_FORMAT, "collector's answer: %s", c.r.why ? c.r.why : "code");
	return code ? err_set(e, (enum err_code)code, "collector: %.*s", (int)text.len, (const char *)text.at) : 0;
}

int collector_ask(const char *socket_path, enum collector_verb verb, struct bytes ctx, struct buf **out,
		  struct err *e)
{
	OWNED(buf) packet = NULL;
	u8 room[64];
	struct writer w = writer_on(room, sizeof(room));
	int sock = local_connect(socket_path, e), fd = -1, rc;

	if (sock < 0)
		return (int)e->code;
	cbor_put_map(&w, ctx.len ? 2 : 1);
	cbor_put_uint(&w, 1);
	cbor_put_uint(&w, verb);
	if (ctx.len) {
		cbor_put_uint(&w, 2);
		cbor_put_bytes(&w, ctx);
	}
	rc = local_send(sock, write_done(&w), -1, e);
	if (!rc)
		rc = local_receive(sock, &packet, &fd, e);
	close(sock);
	if (!rc)
		rc = parse_answer(buf_bytes(packet), e);
	if (!rc && fd < 0)
		rc = err_set(e, E_FORMAT, "collector sent no evidence");
	if (!rc)
		rc = memfd_read(fd, EVIDENCE_MAX, out, e);
	if (fd >= 0)
		close(fd);
	return rc;
}
