// SPDX-License-Identifier: Apache-2.0
/* What is missing or insecure on this host, and the next step. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/collector/hold.h"
#include "agent/collector/sources/netlink.h"
#include "agent/local.h"
#include "common/clock.h"
#include "doctor.h"
#include "server.h"
#include "table.h"

#define AGENT_CONFIG "/etc/assay/agent.conf"
enum { ENDS_SOON_S = 3 * 86400, SKEW_MAX_S = 60 };

/* ---- agent and collector ---- */
/* It runs, and what its last round ended with. */
static void tell_agent(struct bytes answer, struct findings *f)
{
	json_t *j = json_loadb((const char *)answer.at, answer.len, 0, NULL);
	const char *status = json_string_value(json_object_get(j, "status"));
	long long at = json_integer_value(json_object_get(j, "at"));

	found(f, true, "agent", "", "runs; last round: %.60s%s%s",
	      status ? cli_safe(status) : "none yet", at ? " at " : "", at ? when_text(at) : "");
	json_decref(j);
}

static const char *not_running(const char *socket, const char *start)
{
	return !access(socket, F_OK) && access(socket, W_OK) ? "run as root" : start;
}

static void check_agent(const struct cli *c, struct findings *f)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	if (!ask_agent(c, AGENT_STATUS, BYTES_NONE, &b, &e))
		tell_agent(buf_bytes(b), f);
	else
		found(f, false, "agent",
		      not_running(c->agent_socket, "systemctl enable --now assay-collector "
						   "assay-agent; journalctl -u assay-agent "
						   "(docs/OPERATIONS.md)"),
		      "%.300s", e.text);
}

static void check_collector(const struct agent_settings *s, struct findings *f)
{
	struct err e = { 0 };
	int fd = local_connect(s->collector_socket, &e);

	if (fd >= 0)
		close(fd);
	found(f, fd >= 0, "collector",
	      not_running(s->collector_socket,
			  "systemctl enable --now assay-collector; journalctl -u assay-collector"),
	      "%.300s", fd >= 0 ? "runs" : e.text);
}

/* ---- servers ---- */
/* Who knows a server by a pin, by CAs, and what says so. */
struct known_by {
	const char *what, *url, *pins[PINS_MAX], *ca;
	size_t n_pins;
};

static const char *unreachable_next(const struct err *e, const struct known_by *k)
{
	if (e->code == E_SIGNATURE)
		return k->n_pins ? "compare `assay-server pins` on the server with [server] pin; "
				   "correct the file, then make the initramfs anew"
				 : "is the certificate over, or of another CA: `assay-server "
				   "doctor` there; [server] ca";
	if (strstr(e->text, "resolve"))
		return "the name in [server] url, or DNS; a second url with an address needs none";
	if (strstr(e->text, "Timeout"))
		return "is there a way to it: route, firewall on its port";
	return "is assay-server running there (systemctl status assay-server), and is this its "
	       "port";
}

static void tell_clock(const struct known_by *k, long long date_s, struct findings *f)
{
	long long off = clock_now_s() - date_s;

	if (date_s && (off > SKEW_MAX_S || off < -SKEW_MAX_S))
		found(f, false, "clock and server", "keep both right: timedatectl, on both",
		      "this clock is %lld s %s that of %.200s", off < 0 ? -off : off,
		      off < 0 ? "behind" : "before", k->url);
}

static void check_server(const struct known_by *k, struct findings *f)
{
	OWNED(transport) t = NULL;
	struct reply r = { 0 };
	struct err e = { 0 };

	if (transport_open(&k->url, 1, k->pins, k->n_pins, k->ca, &t, &e) ||
	    transport_call(t, "GET", "/healthz", NULL, NULL, BYTES_NONE, &r, &e)) {
		found(f, false, k->what, unreachable_next(&e, k), "%.300s", cli_safe(e.text));
		return;
	}
	found(f, r.status == 200, k->what, "see its log: journalctl -u assay-server",
	      r.status == 200 ? "%.250s answers, and is known by its %s"
			      : "%.250s answers, and is no assay-server, or not well",
	      k->url, k->n_pins ? "pin" : "certificate");
	tell_clock(k, r.date_s, f);
	reply_clear(&r);
}

static void check_agents_servers(const struct agent_settings *s, struct findings *f)
{
	for (size_t i = 0; i < s->n_urls; i++) {
		struct known_by k = { "server", s->url[i], { 0 }, s->ca, s->n_pins };

		for (size_t p = 0; p < s->n_pins; p++)
			k.pins[p] = s->pin[p];
		check_server(&k, f);
	}
}

/* ---- the operator ---- */
static void tell_token(const json_t *row, struct findings *f)
{
	long long end = member_number(row, "not_after"), left = end - clock_now_s();

	found(f, !end || left > ENDS_SOON_S, "operator's token",
	      "assay token create NAME ROLE --until +90d, by an administrator; put it into "
	      "token_file",
	      "%.80s, %.40s, %s%s", member_text(row, "name"), member_text(row, "role"),
	      end ? "ends " : "never ends", end ? when_text(end) : "");
}

static const char *token_next(const struct err *e)
{
	if (e->code == E_DENIED)
		return "assay token create, by an administrator; or assay-server token reset NAME "
		       "on the server";
	if (e->code == E_SIGNATURE)
		return "compare `assay-server pins` on the server with [server] pin";
	return e->code == E_UNREACHABLE ? "`assay-server doctor` on the server"
					: "correct the file ([server] url, pin or ca, token_file)";
}

static void check_token(struct cli *c, const char *path, struct findings *f)
{
	json_t *answer = NULL;
	struct err e = { 0 };
	struct stat st;

	if (!path[0] || stat(path, &st)) {
		found(f, false, "operator's token",
		      "[server] token_file names the file with what `assay token create` printed",
		      "%.200s%s", path[0] ? path : "[server] token_file",
		      path[0] ? " is not there" : " is not said");
		return;
	}
	if (st.st_mode & 0077)
		found(f, false, "operator's token file",
		      "chmod go= FILE; then another token: who has read it may use it",
		      "%.200s may be read by others (mode %03o)", path, st.st_mode & 0777);
	if (!call_server(c, "GET", "/api/v1/tokens/self", NULL, BYTES_NONE, &answer, &e))
		tell_token(answer, f);
	else if (e.code == E_DENIED && strstr(e.text, "no right"))
		found(f, true, "operator's token", "", "good for joining hosts alone");
	else
		found(f, false, "operator's token", token_next(&e), "%.300s", cli_safe(e.text));
	json_decref(answer);
}

static void check_operator(struct cli *c, struct findings *f)
{
	static const char what[] = "operator's configuration";
	struct server_settings s;
	struct err e = { 0 };
	struct stat st;

	if (stat(c->config, &st)) {
		found(f, true, what, "",
		      "%.200s is not there: only who manages the server needs it", c->config);
		return;
	}
	found(f, !(st.st_mode & 0022), what, "chmod go-w FILE", "%.200s %s", c->config,
	      st.st_mode & 0022 ? "is writable by others" : "is not writable by others");
	if (server_settings_load(c->config, &s, &e))
		found(f, false, what, "correct the file: assay.conf(5)", "%.300s", e.text);
	else
		check_token(c, s.token_file, f);
}

/* ---- the gate: does a driver wait for the verdict, and is that worth something? ---- */
struct row {
	bool good;
	char said[300];
	const char *next;
};

struct survey {
	const struct agent_settings *s;
	size_t n, n_ungated, n_open;
	char ungated[ASSAY_NAME_MAX + 1], open[ASSAY_NAME_MAX + 1];
	const char *gap;
};

static bool is_bootstrap(const struct agent_settings *s, const char *address)
{
	for (size_t i = 0; i < s->n_ungated; i++)
		if (!strcmp(s->ungated[i], address))
			return true;
	return false;
}

static void look_at(void *user, const struct netlink_status *now)
{
	struct survey *v = user;
	const char *gap = hold_gap(v->s->pci_folder, now->name);

	v->n++;
	if (!(now->prevents & ASSAY_COVER_HOLD) && !is_bootstrap(v->s, now->name) &&
	    !v->n_ungated++)
		memcpy(v->ungated, now->name, sizeof(v->ungated));
	if (gap && !v->n_open++) {
		memcpy(v->open, now->name, sizeof(v->open));
		v->gap = gap;
	}
}

static void judge_hold(const struct survey *v, char option, const struct err *e, struct row *f)
{
	f->next = "put \"options assay_spdm hold=1\" into /etc/modprobe.d/assay.conf, load the "
		  "module in the initramfs before other drivers, reboot";
	if (!option)
		snprintf(f->said, sizeof(f->said), "on, and assay_spdm is not loaded");
	else if (option != 'Y')
		snprintf(f->said, sizeof(f->said),
			 "on, and assay_spdm was loaded without hold=1: drivers bind before the "
			 "verdict");
	else if (e->code)
		snprintf(f->said, sizeof(f->said), "on; %.180s", e->text);
	else if (v->n_ungated)
		snprintf(f->said, sizeof(f->said),
			 "on; %zu of %zu devices had a driver before the verdict, the first is %s",
			 v->n_ungated, v->n, v->ungated);
	else
		snprintf(f->said, sizeof(f->said), "on; %zu devices wait for the verdict", v->n);
	f->good = option == 'Y' && !e->code && !v->n_ungated;
}

static void judge_memory(const struct survey *v, struct row *f)
{
	f->next = "switch the IOMMU on in the firmware's set-up and for the kernel "
		  "(intel_iommu=on; not iommu=pt)";
	f->good = !v->n_open;
	if (v->n_open)
		snprintf(f->said, sizeof(f->said),
			 "the gate is advisory for %zu of %zu devices, the first is %s: %s",
			 v->n_open, v->n, v->open, v->gap);
	else
		snprintf(f->said, sizeof(f->said), "devices without a driver reach no memory");
}

static void check_gate(const struct agent_settings *s, struct findings *f)
{
	struct survey v = { .s = s };
	struct row gate = { .good = true }, memory = { .good = true };
	struct err e = { 0 };

	snprintf(memory.said, sizeof(memory.said), "the gate is not on");
	if (!s) {
		snprintf(gate.said, sizeof(gate.said), "no agent is configured here");
	} else if (s->gate != GATE_MODE_ON) {
		snprintf(gate.said, sizeof(gate.said), "%s: no driver waits for a verdict",
			 s->gate == GATE_MODE_OFF ? "off" : "accept");
	} else {
		netlink_statuses(look_at, &v, &e);
		judge_hold(&v, hold_option("/sys/module"), &e, &gate);
		judge_memory(&v, &memory);
	}
	found(f, gate.good, "gate", gate.next, "%s", gate.said);
	found(f, memory.good, "memory protection", memory.next, "%s", memory.said);
}

/* ---- all of it ---- */
/* NULL: there is none, or *@unread: it cannot be read, which is found. */
static struct agent_settings *load_agent(const char *path, bool *unread, struct findings *f)
{
	struct agent_settings *s = access(path, F_OK) ? NULL : calloc(1, sizeof(*s));
	struct err e = { 0 };

	if (s && agent_settings_load(path, s, &e)) {
		found(f, false, "agent's configuration",
		      access(path, R_OK) ? "run as root" : "correct the file: assay-agent.conf(5)",
		      "%.300s", e.text);
		free(s);
		s = NULL;
		*unread = true;
	}
	return s;
}

static void look(struct cli *c, struct findings *f)
{
	const char *config =
		c->option[OPT_AGENT_CONFIG] ? c->option[OPT_AGENT_CONFIG] : AGENT_CONFIG;
	struct doctor_view v = {
		.root = "", .agent_config = config, .now_s = clock_now_s(), .synchronised = -1
	};
	struct agent_settings *s = load_agent(config, &v.agent_unread, f);

	doctor_machine(&v, s, f);
	check_agent(c, f);
	if (s) {
		check_collector(s, f);
		check_agents_servers(s, f);
	}
	check_operator(c, f);
	if (!v.agent_unread)
		check_gate(s, f);
	doctor_volumes(&v, s, f);
	free(s);
}

int cmd_doctor(struct cli *c)
{
	struct findings *f = calloc(1, sizeof(*f));
	struct err e = { 0 };
	json_t *rows;
	bool good = true;

	if (c->argc) {
		free(f);
		return cli_usage();
	}
	if (!f) {
		err_set(&e, E_MEMORY, "no memory for findings");
		return cli_fail(c, &e, NULL);
	}
	look(c, f);
	rows = json_array();
	for (size_t i = 0; i < f->n; i++) {
		const struct finding *row = &f->at[i];

		good &= row->good;
		if (c->json)
			json_array_append_new(rows,
					      json_pack("{s:s, s:b, s:s, s:s}", "what", row->what,
							"good", (int)row->good, "said",
							cli_safe(row->said), "next", row->next));
		else
			printf("%-4s %s %s%s%s\n", row->good ? "ok" : "BAD",
			       text_padded(row->what, 26), cli_safe(row->said),
			       row->good ? "" : "\n     next: ", row->next);
	}
	free(f);
	if (c->json)
		cli_json("doctor", good, json_pack("{s:o}", "findings", rows));
	else
		json_decref(rows);
	return good ? 0 : 2;
}
