// SPDX-License-Identifier: Apache-2.0
/* What there is in a fleet and what becomes of it: a function of the options, the same for the same seed. */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/file.h"

u64 fleet_random(const struct fleet *f, size_t index, const char *purpose)
{
	u8 numbers[16];
	struct writer w = writer_on(numbers, sizeof(numbers));
	struct bytes pieces[] = { BYTES(numbers), bytes_text(purpose) };
	struct digest d;
	struct reader r;

	write_be64(&w, (u64)f->o.seed);
	write_be64(&w, index);
	d = digest_of(DIGEST_SHA256, pieces, ARRAY_LEN(pieces));
	r = reader_on(digest_bytes(&d));
	return read_be64(&r, "random");
}

/* ---- states ---- */
static const struct {
	const char *name, *verdict;
} states[FLEET_STATES] = {
	[FLEET_GOOD] = { "good", "affirming" },
	[FLEET_FIRMWARE] = { "firmware", "contraindicated" },
	[FLEET_MISSING] = { "missing", "contraindicated" },
	[FLEET_BOOT] = { "boot", "contraindicated" },
	[FLEET_CERTIFICATE] = { "certificate", "contraindicated" },
	[FLEET_UNKNOWN] = { "unknown", "warning" },
	[FLEET_LATELY] = { "lately", "affirming" },
	[FLEET_NEVER] = { "never", "never" },
};

const char *fleet_state_name(enum fleet_state s)
{
	return states[s].name;
}

const char *fleet_state_verdict(enum fleet_state s)
{
	return states[s].verdict;
}

enum fleet_state fleet_state_read(const char *name)
{
	int s = 0;

	while (s < FLEET_STATES && strcmp(name, states[s].name))
		s++;
	return (enum fleet_state)s;
}

/* ---- hostile text: what a page, a terminal, a log and a query must not take for their own ---- */
static const char *const hostile[] = {
	"<script>alert(document.domain)</script>",
	"\"><img src=x onerror=alert(1)>",
	"'; DROP TABLE hosts; --",
	"\342\200\256gpj.ykcirt\342\200\254",
	"\x1b[31mred\x1b[0m\x1b]0;owned\x07",
	"line\r\nlevel=error event=forged",
	"{{7*7}} ${7*7} `id` $(id)",
	"\xc2\x85\xe2\x80\xa8\xe2\x80\x8b\xef\xbb\xbfwhite space",
};

const char *fleet_hostile(size_t i)
{
	return hostile[i % ARRAY_LEN(hostile)];
}

/* ---- models ---- */
/* clang-format off */
static const struct kind {
	u16 vendor, device, subsystem_vendor, subsystem;
	u32 class_code;
	const char *name, *driver;
	bool p384;
} kinds[] = {
	{ 0x1b36, 0x0010, 0x1af4, 0x1100, 0x010802, "NVMe drive",   "nvme",       false },
	{ 0x1af4, 0x1041, 0x1af4, 0x0001, 0x020000, "network card", "virtio-pci", false },
	{ 0x1b36, 0x0100, 0x1af4, 0x1100, 0x030200, "GPU",          "qxl",        true },
	{ 0x1af4, 0x1054, 0x1af4, 0x0014, 0x108000, "crypto card",  "virtio-pci", false },
	{ 0x1b36, 0x000d, 0x1af4, 0x1100, 0x0c0330, "USB host",     "xhci_hcd",   false },
};
/* clang-format on */

static void write_measurements(struct fleet *f, size_t index, struct fleet_model *m, int v)
{
	struct fleet_version *x = &m->versions[v];
	const char *shown = x->name;
	char hex[2 * sizeof(x->name) + 1], text[600];
	struct err e = { 0 };

	for (size_t i = 0; i <= strlen(shown); i++)
		snprintf(hex + 2 * i, 3, "%02x", (u8)shown[i]);
	hex[2 * strlen(shown)] = 0;
	snprintf(x->file, sizeof(x->file), "%.250s/model%zu-%d", f->folder, index, v);
	snprintf(text, sizeof(text),
		 "1 rom digest-of:%04x:%04x rom\n2 firmware digest-of:%04x:%04x firmware %d\n"
		 "6 version hex:%s\n16 svn %d\n",
		 m->vendor, m->device, m->vendor, m->device, v, hex, x->svn);
	need(file_write(x->file, bytes_text(text), 0600, &e), &e);
}

static void plan_model(struct fleet *f, size_t i)
{
	const struct kind *k = &kinds[i % ARRAY_LEN(kinds)];
	struct fleet_model *m = &f->models[i];

	*m = (struct fleet_model){ .vendor = k->vendor,
				   .device = (u16)(k->device + 0x400 * (i / ARRAY_LEN(kinds))),
				   .subsystem_vendor = k->subsystem_vendor,
				   .subsystem = k->subsystem,
				   .class_code = k->class_code,
				   .name = k->name,
				   .driver = k->driver,
				   .p384 = k->p384,
				   .referenced = i < f->n_models };
	if (!m->referenced) {
		m->device = 0x0bad;
		m->p384 = false;
	}
	for (int v = 0; v < FLEET_VERSIONS; v++) {
		struct fleet_version *x = &m->versions[v];

		x->svn = (u8)(3 + v);
		x->referenced = m->referenced && v < FLEET_VERSIONS - 1;
		if (f->o.hostile && v != FLEET_VERSIONS - 2)
			snprintf(x->name, sizeof(x->name), "%s", fleet_hostile(4 * i + (size_t)v));
		else
			snprintf(x->name, sizeof(x->name), "%zu.%d.%d%s", 1 + i % 4, v,
				 (int)(fleet_random(f, i, "patch level") % 10),
				 v == FLEET_VERSIONS - 1 ? "-rc1" : "");
		write_measurements(f, i, m, v);
	}
}

/* ---- hosts ---- */
static const char *const group_names[] = { "web",  "db",   "gpu",   "build",
					   "edge", "mail", "queue", "cache" };

/* Which hosts are what: exact numbers, in an order that the seed shuffled. */
static void plan_states(struct fleet *f)
{
	size_t n = (size_t)f->o.hosts, at = 0;
	size_t refused = n * (size_t)f->o.refused / 100, warned = n * (size_t)f->o.warned / 100,
	       stale = n * (size_t)f->o.stale / 100, proposing = n * (size_t)f->o.proposing / 100;
	size_t kinds_of_refusal = f->o.hostile ? 4 : 3;
	size_t *order = calloc(n, sizeof(*order));

	if (!order)
		die("no memory");
	for (size_t i = 0; i < n; i++) {
		f->hosts[i].next_boot = -1;
		order[i] = i;
	}
	for (size_t i = n; i > 1; i--) {
		size_t k = fleet_random(f, i, "order") % i, was = order[i - 1];

		order[i - 1] = order[k];
		order[k] = was;
	}
	for (size_t i = 0; i < refused && at < n; i++) {
		f->hosts[order[at]].bad_name = i / kinds_of_refusal % 2;
		f->hosts[order[at++]].state =
			(enum fleet_state)(FLEET_FIRMWARE + i % kinds_of_refusal);
	}
	for (size_t i = 0; i < warned && at < n; i++)
		f->hosts[order[at++]].state = FLEET_UNKNOWN;
	for (size_t i = 0; i < stale && at < n; i++)
		f->hosts[order[at++]].state = i % 2 ? FLEET_LATELY : FLEET_NEVER;
	for (size_t i = 0; i < proposing && at < n; i++)
		f->hosts[order[at++]].next_boot = i % 2 ? FLEET_BOOT_SHELL - 1 : FLEET_BOOT_NEXT;
	free(order);
}

static void plan_host(struct fleet *f, size_t i)
{
	struct fleet_host *h = &f->hosts[i];
	size_t group = i % (size_t)f->o.groups;

	h->index = i;
	h->group = f->groups[group];
	h->boot = -1;
	h->n_devices = (size_t)f->o.devices;
	if (f->o.seed == 1)
		snprintf(h->name, sizeof(h->name), "%s-%04zu", h->group, i);
	else /* several fleets at one server */
		snprintf(h->name, sizeof(h->name), "%s%lld-%04zu", h->group, f->o.seed, i);
	for (size_t d = 0; d < h->n_devices; d++) {
		size_t m = (group + d) % f->n_models;

		if (!d && h->state == FLEET_UNKNOWN)
			m = f->n_models;
		h->devices[d] = (struct fleet_device){
			.model = &f->models[m],
			.serial = fleet_random(f, i * FLEET_DEVICES_MAX + d, "serial") >> 8,
			.version = -1
		};
	}
}

void fleet_plan(struct fleet *f)
{
	size_t n = (size_t)f->o.hosts;

	f->n_models = (size_t)f->o.models;
	for (size_t i = 0; i <= f->n_models; i++)
		plan_model(f, i);
	for (size_t g = 0; g < (size_t)f->o.groups; g++) {
		const char *name = group_names[g % ARRAY_LEN(group_names)];

		if (g < ARRAY_LEN(group_names))
			snprintf(f->groups[g], sizeof(f->groups[g]), "%s", name);
		else
			snprintf(f->groups[g], sizeof(f->groups[g]), "%s%zu", name,
				 g / ARRAY_LEN(group_names));
	}
	f->hosts = calloc(n, sizeof(*f->hosts));
	if (!f->hosts)
		die("no memory for %zu hosts", n);
	plan_states(f);
	for (size_t i = 0; i < n; i++)
		plan_host(f, i);
}

/* ---- over time: hosts get the newest firmware and kernel one after another ---- */
static bool updated(const struct fleet *f, size_t index, const char *what, long long round)
{
	return round > (long long)(fleet_random(f, index, what) % (u64)(f->o.rounds + 1)) - 1;
}

void fleet_shows(const struct fleet *f, const struct fleet_host *h, enum fleet_state state,
		 long long round, struct fleet_shown *out)
{
	*out = (struct fleet_shown){ .missing = -1 };
	out->boot = (int)(fleet_random(f, h->index, "kernel") % 2);
	out->boot += updated(f, h->index, "kernel update", round);
	for (size_t d = 0; d < h->n_devices; d++) {
		size_t index = h->index * FLEET_DEVICES_MAX + d;

		out->version[d] = (int)(fleet_random(f, index, "version") % 2);
		out->version[d] += updated(f, index, "firmware update", round);
	}
	if (state == FLEET_GOOD && h->state == FLEET_UNKNOWN)
		state = FLEET_UNKNOWN; /* as it always was */
	out->verdict = fleet_state_verdict(state);
	if (state == FLEET_FIRMWARE)
		out->version[0] = FLEET_VERSIONS - 1;
	if (state == FLEET_MISSING)
		out->missing = (int)(fleet_random(f, h->index, "missing") % h->n_devices);
	out->bad_certificate = state == FLEET_CERTIFICATE;
	if (state == FLEET_BOOT)
		out->boot = FLEET_BOOT_SHELL;
}
