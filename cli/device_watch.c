// SPDX-License-Identifier: Apache-2.0
/* `assay device watch`: what happens to devices, as it happens. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/collector/service.h"
#include "agent/collector/sources/netlink.h"
#include "device.h"
#include "table.h"

#define PCI_FOLDER "/sys/bus/pci/devices"

static void when(long long at_ms, char out[32])
{
	snprintf(out, 32, "%s", when_text(at_ms / 1000));
}

static void print_json(const struct device_event *v, const char *at)
{
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b}", "schema",
			      "assay.device-watch/1", "at", at, "source", v->source, "address",
			      v->address, "device", v->model, "cause", v->cause, "state", v->state,
			      "why", v->why, "generation", (json_int_t)v->generation, "seq",
			      (json_int_t)v->seq, "attests", (int)v->acts);

	if (!j)
		return;
	json_dumpf(j, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	putchar('\n');
	json_decref(j);
}

static void print_event(void *user, const struct device_event *v)
{
	const struct cli *c = user;
	char at[32];

	when(v->at_ms, at);
	if (c->json)
		print_json(v, at);
	else
		printf("%-20s %s %s %s %s %s\n", at,
		       text_padded(v->address[0] ? v->address : "-", 12),
		       text_padded(v->model[0] ? v->model : "-", 9), text_padded(v->cause, 11),
		       text_padded(v->state[0] ? v->state : "-", 11), cli_safe(v->why));
	fflush(stdout);
}

static int not_loaded(const struct cli *c)
{
	struct err e = { 0 };

	err_set(&e, E_UNREACHABLE, "the kernel tells of no devices: the module is not loaded");
	return cli_fail(c, &e, "modprobe assay_spdm");
}

static int signals_of_the_end(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Waits; true when a signal ended it. */
static bool ended(struct pollfd *fds, nfds_t n)
{
	while (poll(fds, n, -1) < 0)
		;
	return fds[0].revents;
}

static int watch_collector(struct cli *c, int sock)
{
	struct pollfd fds[] = { { signals_of_the_end(), POLLIN, 0 }, { sock, POLLIN, 0 } };
	struct device_event v;
	struct err e = { 0 };

	if (collector_event(sock, &v, &e))
		return cli_fail(c, &e, NULL);
	if (!strcmp(v.cause, "absent"))
		return not_loaded(c);
	while (!ended(fds, 2)) {
		if (collector_event(sock, &v, &e))
			return cli_fail(c, &e, NULL);
		print_event(c, &v);
	}
	return 0;
}

static int watch_kernel(struct cli *c)
{
	OWNED(netlink_watch) w = NULL;
	struct pollfd fds[1 + WATCH_FDS] = { { signals_of_the_end(), POLLIN, 0 } };
	struct err e = { 0 };
	int watched[WATCH_FDS];

	if (netlink_watch_open(PCI_FOLDER, &w, &e))
		return cli_fail(c, &e, NULL);
	if (!netlink_watch_serves(w))
		return not_loaded(c);
	netlink_watch_fds(w, watched);
	for (size_t i = 0; i < WATCH_FDS; i++)
		fds[1 + i] = (struct pollfd){ watched[i], POLLIN, 0 };
	while (!ended(fds, 1 + WATCH_FDS))
		netlink_watch_read(w, print_event, c);
	return 0;
}

int device_watch(struct cli *c)
{
	const char *path = c->option[OPT_COLLECTOR];
	struct err e = { 0 };
	int sock, rc;

	sock = collector_subscribe(path ? path : "/run/assay/collector.sock", &e);
	if (sock < 0)
		return e.code == E_UNREACHABLE && !path && geteuid() == 0
			       ? watch_kernel(c)
			       : cli_fail(c, &e, "run as root, or start assay-collector");
	rc = watch_collector(c, sock);
	close(sock);
	return rc;
}
