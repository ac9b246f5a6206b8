// SPDX-License-Identifier: Apache-2.0
/* Events: nothing is polled, each of the sockets wakes us. */
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>

#include "../netlink_message.h"
#include "../pci_config.h"
#include "common/clock.h"
#include "netlink.h"

#define SPDM_FAMILY "spdm"
#define SPDM_GROUP  "sig"

enum { KERNEL_UEVENTS = 1 /* group: not udev's, which any process may send */ };

struct netlink_watch {
	const char *pci_folder;
	struct nl_sock *families; /* generic netlink */
	struct nl_sock *uevents;
	int assay, spdm, evidence; /* family numbers, 0: absent */
	struct known known;
};

/* ---- sockets ---- */
static int failed(const char *what, int rc, struct err *e)
{
	return err_set(e, E_IO, "%s: %s", what, nl_geterror(rc));
}

static struct nl_sock *listener(int protocol, struct err *e)
{
	struct nl_sock *sk = nl_socket_alloc();
	int rc = sk ? nl_connect(sk, protocol) : -NLE_NOMEM;

	if (!rc)
		rc = nl_socket_set_nonblocking(sk);
	if (!rc)
		return sk;
	failed("listen on netlink", rc, e);
	if (sk)
		nl_socket_free(sk);
	return NULL;
}

/* Families that are there now. The listening socket is not asked: events would come between the answers. */
static int find_families(struct netlink_watch *w, struct err *e)
{
	static const struct {
		const char *family,
			*group; /* NULL: no group, its coming and going is of interest */
	} rows[] = { { ASSAY_FAMILY_NAME, ASSAY_MCGRP_EVENTS },
		     { SPDM_FAMILY, SPDM_GROUP },
		     { DEVICE_EVIDENCE_FAMILY_NAME, NULL },
		     { "nlctrl", "notify" } };
	int ignored, *numbers[] = { &w->assay, &w->spdm, &w->evidence, &ignored };
	struct nl_sock *sk = nl_socket_alloc();
	int rc = sk ? genl_connect(sk) : -NLE_NOMEM;

	for (size_t i = 0; !rc && i < ARRAY_LEN(rows); i++) {
		int number = genl_ctrl_resolve(sk, rows[i].family), group;

		*numbers[i] = number > 0 ? number : 0;
		if (number <= 0 || !rows[i].group)
			continue;
		group = genl_ctrl_resolve_grp(sk, rows[i].family, rows[i].group);
		if (group > 0)
			rc = nl_socket_add_membership(w->families, group);
	}
	if (sk)
		nl_socket_free(sk);
	return rc ? failed("join a group of events", rc, e) : 0;
}

void netlink_watch_drop(struct netlink_watch **w)
{
	if (!w || !*w)
		return;
	if ((*w)->families)
		nl_socket_free((*w)->families);
	if ((*w)->uevents)
		nl_socket_free((*w)->uevents);
	free(*w);
	*w = NULL;
}

static void take_seq(void *user, const struct netlink_status *s)
{
	u64 *seq = user;

	if (s->seq > *seq)
		*seq = s->seq;
}

static u64 seq_now(void)
{
	struct err ignored = { 0 };
	u64 seq = 0;

	return netlink_statuses(take_seq, &seq, &ignored) ? 0 : seq;
}

int netlink_watch_open(const char *pci_folder, struct netlink_watch **out, struct err *e)
{
	OWNED(netlink_watch) w = calloc(1, sizeof(*w));
	int rc;

	if (!w)
		return err_set(e, E_MEMORY, "no memory to watch devices");
	w->pci_folder = pci_folder;
	w->families = listener(NETLINK_GENERIC, e);
	w->uevents = w->families ? listener(NETLINK_KOBJECT_UEVENT, e) : NULL;
	if (!w->uevents || find_families(w, e))
		return (int)e->code;
	rc = nl_socket_add_membership(w->uevents, KERNEL_UEVENTS);
	if (rc)
		return failed("join the kernel's uevents", rc, e);
	w->known.seq = seq_now();
	*out = TAKE(w);
	return 0;
}

void netlink_watch_fds(const struct netlink_watch *w, int fds[WATCH_FDS])
{
	fds[0] = nl_socket_get_fd(w->families);
	fds[1] = nl_socket_get_fd(w->uevents);
}

bool netlink_watch_serves(const struct netlink_watch *w)
{
	return w->assay || w->spdm || w->evidence;
}

struct known *netlink_watch_known(struct netlink_watch *w)
{
	return &w->known;
}

/* ---- one event ---- */
struct telling {
	struct netlink_watch *w;
	void (*told)(void *user, const struct device_event *v);
	void *user;
};

static void set_text(char *out, size_t size, const char *text)
{
	size_t i = 0;

	for (; text[i] && i + 1 < size; i++)
		out[i] = text[i] < 0x20 || text[i] > 0x7e ? '?' : text[i];
	out[i] = 0;
}

static void tell(const struct telling *t, struct device_event *v, const char *source,
		 const char *address, const char *cause)
{
	struct pci_look look;
	struct err ignored = { 0 };

	v->at_ms = clock_now_s() * 1000;
	set_text(v->source, sizeof(v->source), source);
	set_text(v->address, sizeof(v->address), address);
	set_text(v->cause, sizeof(v->cause), cause);
	if (address[0] && !pci_look(t->w->pci_folder, address, &look, &ignored))
		snprintf(v->model, sizeof(v->model), "%04x:%04x", look.identity.vendor,
			 look.identity.device);
	t->told(t->user, v);
}

/* ---- family "assay" ---- */
struct search {
	const char *name;
	bool found;
	struct netlink_status s;
};

static void take_found(void *user, const struct netlink_status *s)
{
	struct search *f = user;

	if (strcmp(s->name, f->name))
		return;
	f->found = true;
	f->s = *s;
}

static bool somebody_elses_differs(struct netlink_watch *w, const struct netlink_status *event)
{
	struct search f = { .name = event->name };
	struct err ignored = { 0 };

	return netlink_statuses(take_found, &f, &ignored) || !f.found ||
	       known_compare(&w->known, &f.s) == KNOWN_ACTS;
}

static void take_event(const struct telling *t, struct bytes payload)
{
	struct device_event v = { 0 };
	struct netlink_status s;
	enum known_verdict verdict;
	const char *why;

	if (netlink_parse_status(payload, &s, &why) || !s.has_cause) {
		v.acts = true; /* something happened, and we cannot read what */
		set_text(v.why, sizeof(v.why), why ? why : "CAUSE is missing");
		tell(t, &v, "assay", "", "unreadable");
		return;
	}
	verdict = known_event(&t->w->known, &s);
	v.acts =
		verdict == KNOWN_ACTS || (verdict == KNOWN_ASK && somebody_elses_differs(t->w, &s));
	v.generation = s.generation;
	v.seq = s.seq;
	set_text(v.state, sizeof(v.state), netlink_state_name(s.state));
	set_text(v.why, sizeof(v.why), s.why);
	tell(t, &v, "assay", s.name, netlink_cause_name(s.cause));
}

/* ---- family "spdm": of its own it acts only where no better one speaks ---- */
static void take_signature(const struct telling *t, struct bytes payload)
{
	struct device_event v = { 0 };
	struct netlink_signature sig;
	const char *why;

	if (netlink_parse_signature(payload, &sig, &why) || !sig.name[0])
		return; /* the rest of one */
	v.acts = !t->w->assay && known_signature(&t->w->known, sig.name) == KNOWN_ACTS;
	snprintf(v.why, sizeof(v.why), "message 0x%02x of slot %u", sig.code, sig.slot);
	tell(t, &v, SPDM_FAMILY, sig.name, "signature");
}

/* ---- families that come and go ---- */
static void take_family(const struct telling *t, struct bytes payload)
{
	char name[NETLINK_FAMILY_MAX];
	struct device_event v = { .acts = true };
	struct err ignored = { 0 };
	struct reader attrs;
	u8 cmd = netlink_command(payload, &attrs);
	const char *why;

	if ((cmd != CTRL_CMD_NEWFAMILY && cmd != CTRL_CMD_DELFAMILY) ||
	    netlink_parse_family(payload, name, &why) ||
	    (strcmp(name, ASSAY_FAMILY_NAME) && strcmp(name, SPDM_FAMILY) &&
	     strcmp(name, DEVICE_EVIDENCE_FAMILY_NAME)))
		return;
	t->w->known = (struct known){ 0 }; /* its numbers begin anew */
	find_families(t->w, &ignored);
	snprintf(v.why, sizeof(v.why), "family %s", name);
	tell(t, &v, "module", "", cmd == CTRL_CMD_NEWFAMILY ? "loaded" : "unloaded");
}

static void take_datagram(const struct telling *t, struct bytes datagram)
{
	struct reader r = reader_on(datagram);
	struct netlink_message m;

	while (netlink_next(&r, &m)) {
		if (m.type == GENL_ID_CTRL)
			take_family(t, m.payload);
		else if (t->w->assay && m.type == t->w->assay)
			take_event(t, m.payload);
		else if (t->w->spdm && m.type == t->w->spdm)
			take_signature(t, m.payload);
	}
}

static void take_uevent(const struct telling *t, struct bytes message)
{
	struct device_event v = { 0 };
	struct netlink_uevent u;
	const char *why;

	if (netlink_parse_uevent(message, &u, &why) || !u.subsystem[0] || !u.name[0])
		return;
	v.acts = !strcmp(u.action, "add") || !strcmp(u.action, "remove") ||
		 !strcmp(u.action, "bind") || !strcmp(u.action, "unbind");
	if (v.acts)
		tell(t, &v, "pci", u.name, u.action);
}

/* Return: false when there is no more. */
static bool read_one(const struct telling *t, struct nl_sock *sk,
		     void (*take)(const struct telling *t, struct bytes datagram), bool *overrun)
{
	struct sockaddr_nl from = { 0 };
	unsigned char *at = NULL;
	int n = nl_recv(sk, &from, &at, NULL);

	if (n == -NLE_NOMEM) { /* ENOBUFS: told once, then reading goes on */
		*overrun = true;
		return true;
	}
	if (n <= 0)
		return false;
	if (!from.nl_pid) /* of the kernel, not of a process that plays it */
		take(t, (struct bytes){ at, (size_t)n });
	free(at);
	return true;
}

enum { READS_MAX = 10000 };

static void drain(const struct telling *t, struct nl_sock *sk,
		  void (*take)(const struct telling *t, struct bytes datagram), bool *overrun)
{
	for (int i = 0; i < READS_MAX && read_one(t, sk, take, overrun);)
		i++;
}

void netlink_watch_read(struct netlink_watch *w,
			void (*told)(void *user, const struct device_event *v), void *user)
{
	struct telling t = { w, told, user };
	struct device_event v = { 0 };
	bool lost = false, lost_uevents = false;

	drain(&t, w->families, take_datagram, &lost);
	drain(&t, w->uevents, take_uevent, &lost_uevents);
	if (lost) {
		v.acts = known_overrun(&w->known, seq_now()) == KNOWN_ACTS;
		tell(&t, &v, "module", "", "overrun");
	}
	if (lost_uevents) {
		v = (struct device_event){ .acts = true };
		tell(&t, &v, "pci", "", "overrun");
	}
	known_caught_up(&w->known);
}
