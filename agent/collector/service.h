/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The privileged half: it sees devices and logs and has no network. The other half asks it over a
 * local socket: { 1: verb, ? 2: ctx }; the answer is { 1: exit code, 2: text } and a memory file.
 */
#ifndef ASSAY_COLLECTOR_SERVICE_H
#define ASSAY_COLLECTOR_SERVICE_H

#include "agent/settings.h"
#include "event.h"

enum collector_verb {
	COLLECT_INVENTORY = 1,	/* memory file: encoded array of pci-function           */
	COLLECT_DEVICES = 2,	/* memory file: array of [label, encoded submodule]     */
	COLLECT_LOGS = 3,	/* memory file: the boot log, empty when there is none  */
	COLLECT_EVENTS = 4,	/* no memory file: packets of event.h follow, the first at once */
	COLLECT_DEVICE_LOG = 5, /* memory file: u8 pcr ‖ the kernel's device log, or empty */
	COLLECT_JUDGED = 6,	/* argument: verdict.h; memory file: u8, 1: another round is due */
	COLLECT_IMA = 8,	/* argument: u64be entry; memory file: ima.h            */
	COLLECT_SINGLE = 7,	/* root only; request and memory file: single.h */
};
/** collector_serve - until a signal. */
int collector_serve(const struct agent_settings *s, struct err *e);

/** collector_ask - the other half's side; *@out is the memory file's content. */
int collector_ask(const char *socket_path, enum collector_verb verb, struct bytes ctx,
		  struct buf **out, struct err *e);
/**
 * collector_subscribe - what happens to devices, as it happens. The first packet tells whether the kernel
 * serves devices ("loaded") or not ("absent"). Return: a socket for collector_event(), or -1.
 */
int collector_subscribe(const char *socket_path, struct err *e);
/** collector_event - the next event; waits for it. E_NOTFOUND when the collector has ended. */
int collector_event(int sock, struct device_event *out, struct err *e);

#endif
