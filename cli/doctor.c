// SPDX-License-Identifier: Apache-2.0
/* What is missing or insecure on this host, and the next step. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "agent/collector/hold.h"
#include "agent/settings.h"
#include "agent/collector/sources/netlink.h"
#include "cli.h"
#include "common/clock.h"

#define AGENT_CONFIG "/etc/assay/agent.conf"

struct finding {
	const char *what;
	bool good;
	char said[200];
	const char *next;
};

static void check_kernel(struct finding *f)
{
	struct utsname u;
	int major = 0, minor = 0;

	*f = (struct finding){ .what = "kernel",
			       .next = "install linux-image-6.12-amd64 of bookworm-security" };
	if (uname(&u) || sscanf(u.release, "%d.%d", &major, &minor) != 2)
		return;
	f->good = major > 6 || (major == 6 && minor >= 12);
	snprintf(f->said, sizeof(f->said), "%.100s%s", u.release,
		 f->good ? "" : " has no DOE support to build on, 6.12 has");
}

static void check_tpm(struct finding *f)
{
	*f = (struct finding){ .what = "TPM", .next = "enable the TPM in the firmware's set-up" };
	f->good = !access("/dev/tpmrm0", F_OK);
	snprintf(f->said, sizeof(f->said), "%s",
		 f->good ? "/dev/tpmrm0 is there" : "/dev/tpmrm0 is not there");
	if (f->good && access("/dev/tpmrm0", R_OK | W_OK)) {
		f->good = false;
		snprintf(f->said, sizeof(f->said), "/dev/tpmrm0 may not be opened by uid %d",
			 (int)geteuid());
		f->next = "run as root, or add the user to the group tss";
	}
}

static void check_boot_log(struct finding *f)
{
	static const char path[] = "/sys/kernel/security/tpm0/binary_bios_measurements";

	*f = (struct finding){ .what = "boot log",
			       .next = "boot with UEFI; mount securityfs; run as root" };
	f->good = !access(path, R_OK);
	snprintf(f->said, sizeof(f->said), "%s %s", path,
		 f->good ? "is readable" : "cannot be read");
}

static void check_clock(struct finding *f)
{
	*f = (struct finding){ .what = "clock",
			       .next = "set the clock; a pinned server needs none, a CA does" };
	f->good = clock_now_s() > 1767225600; /* 2026 */
	snprintf(f->said, sizeof(f->said), "%s", f->good ? "plausible" : "before 2026");
}

/* It runs, and what its last round ended with. */
static void tell_agent(struct bytes answer, struct finding *f)
{
	json_t *j = json_loadb((const char *)answer.at, answer.len, 0, NULL);
	const char *status = json_string_value(json_object_get(j, "status"));
	time_t at = (time_t)json_integer_value(json_object_get(j, "at"));
	char when[32] = "";
	struct tm tm;

	if (at && gmtime_r(&at, &tm))
		strftime(when, sizeof(when), " at %Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(f->said, sizeof(f->said), "runs; last round: %.60s%s",
		 status ? cli_safe(status) : "none yet", when);
	json_decref(j);
}

static void check_agent(const struct cli *c, struct finding *f)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };

	*f = (struct finding){
		.what = "agent",
		.next = "start assay-collector and assay-agent (docs/OPERATIONS.md)"
	};
	f->good = !ask_agent(c, AGENT_STATUS, BYTES_NONE, &b, &e);
	if (f->good)
		tell_agent(buf_bytes(b), f);
	else
		snprintf(f->said, sizeof(f->said), "%.190s", e.text);
}

static void check_token(const struct cli *c, struct finding *f)
{
	struct stat st;
	bool there = !stat(c->config, &st);

	*f = (struct finding){ .what = "operator's configuration", .next = "chmod go= FILE" };

	f->good = !there || !(st.st_mode & 0022);
	snprintf(f->said, sizeof(f->said), "%.140s %s", c->config,
		 !there	   ? "is not there: only who manages the server needs it"
		 : f->good ? "is not writable by others"
			   : "is writable by others");
}

/* ---- the gate: does a driver wait for the verdict, and is that worth something? ---- */
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

static void judge_hold(const struct survey *v, char option, const struct err *e, struct finding *f)
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

static void judge_memory(const struct survey *v, struct finding *f)
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

static void check_gate(struct finding *gate, struct finding *memory)
{
	struct agent_settings *s = calloc(1, sizeof(*s));
	struct survey v = { .s = s };
	struct err e = { 0 };

	*gate = (struct finding){ .what = "gate", .good = true, .next = "correct the file" };
	*memory = (struct finding){ .what = "memory protection", .good = true };
	snprintf(memory->said, sizeof(memory->said), "the gate is not on");
	if (access(AGENT_CONFIG, F_OK)) {
		snprintf(gate->said, sizeof(gate->said), "no " AGENT_CONFIG " here");
	} else if (!s || agent_settings_load(AGENT_CONFIG, s, &e)) {
		gate->good = false;
		snprintf(gate->said, sizeof(gate->said), "%.190s", e.text);
	} else if (s->gate != GATE_MODE_ON) {
		snprintf(gate->said, sizeof(gate->said), "%s: no driver waits for a verdict",
			 s->gate == GATE_MODE_OFF ? "off" : "accept");
	} else {
		netlink_statuses(look_at, &v, &e);
		judge_hold(&v, hold_option("/sys/module"), &e, gate);
		judge_memory(&v, memory);
	}
	free(s);
}

int cmd_doctor(struct cli *c)
{
	struct finding f[8];
	json_t *rows = json_array();
	bool good = true;

	check_kernel(&f[0]);
	check_tpm(&f[1]);
	check_boot_log(&f[2]);
	check_clock(&f[3]);
	check_agent(c, &f[4]);
	check_token(c, &f[5]);
	check_gate(&f[6], &f[7]);
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		good &= f[i].good;
		if (c->json)
			json_array_append_new(rows, json_pack("{s:s, s:b, s:s, s:s}", "what",
							      f[i].what, "good", (int)f[i].good,
							      "said", cli_safe(f[i].said), "next",
							      f[i].good ? "" : f[i].next));
		else
			printf("%-4s %-26s %s%s%s\n", f[i].good ? "ok" : "BAD", f[i].what,
			       cli_safe(f[i].said),
			       f[i].good ? "" : "\n     next: ", f[i].good ? "" : f[i].next);
	}
	if (c->json)
		cli_json("doctor", good, json_pack("{s:o}", "findings", rows));
	else
		json_decref(rows);
	return good ? 0 : 2;
}
