// SPDX-License-Identifier: Apache-2.0
#include "inventory.h"

#include <dirent.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/file.h"
#include "pci_config.h"
#include "sources/netlink.h"
#include "tsm.h"

enum { TEXT_MAX = PCI_FUNCTIONS_MAX * 512 };

void inventory_drop(struct inventory **i)
{
	if (!i || !*i)
		return;
	free((*i)->functions);
	buf_drop(&(*i)->text);
	free(*i);
	*i = NULL;
}

/* Text whose memory is already there (TEXT_MAX is reserved ahead), so that views stay. */
static struct bytes keep(struct inventory *inv, const char *text)
{
	size_t at = inv->text->w.len, len = strlen(text);

	write_bytes(&inv->text->w, bytes_text(text));
	return inv->text->w.full ? BYTES_NONE : (struct bytes){ inv->text->w.at + at, len };
}

static u32 read_hex(const char *folder, const char *name, bool *ok)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };
	char path[AGENT_PATH_MAX + 300], text[32];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (file_read(path, 31, &b, &e)) {
		*ok = false;
		return 0;
	}
	memcpy(text, b->w.at, b->w.len);
	text[b->w.len] = 0;
	return (u32)strtoul(text, NULL, 16);
}

/* 00-11-22-33-44-55-66-77 */
static void read_serial(struct inventory *inv, const char *folder, struct eat_function *f)
{
	OWNED(buf) b = NULL;
	struct err e = { 0 };
	char path[AGENT_PATH_MAX + 300];
	unsigned int v[8];
	u8 raw[8];
	size_t at = inv->text->w.len;

	snprintf(path, sizeof(path), "%s/serial_number", folder);
	if (file_read(path, 64, &b, &e))
		return;
	write_u8(&b->w, 0);
	if (b->w.full || sscanf((const char *)b->w.at, "%2x-%2x-%2x-%2x-%2x-%2x-%2x-%2x", &v[0],
				&v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) != 8)
		return;
	for (int i = 0; i < 8; i++)
		raw[i] = (u8)v[i];
	write_bytes(&inv->text->w, BYTES(raw));
	if (!inv->text->w.full)
		f->serial = (struct bytes){ inv->text->w.at + at, 8 };
}

static void keep_serial(struct inventory *inv, u64 serial, struct eat_function *f)
{
	size_t at = inv->text->w.len;
	u8 raw[8];
	struct writer w = writer_on(raw, sizeof(raw));

	write_be64(&w, serial);
	write_bytes(&inv->text->w, BYTES(raw));
	if (!inv->text->w.full)
		f->serial = (struct bytes){ inv->text->w.at + at, sizeof(raw) };
}

/* What sysfs of 6.12 does not tell: the serial number. */
static void read_config(struct inventory *inv, const char *pci, const char *address,
			struct eat_function *f)
{
	struct pci_look look;
	struct err ignored = { 0 };

	f->cma = pci_has_cma(pci, address);
	if (!f->serial.len && !pci_look(pci, address, &look, &ignored) && look.identity.has_serial)
		keep_serial(inv, look.identity.serial, f);
}

static struct bytes link_name(struct inventory *inv, const char *folder, const char *name)
{
	char path[AGENT_PATH_MAX + 300], target[512];
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return BYTES_NONE;
	target[n] = 0;
	return keep(inv, basename(target));
}

static void read_parent(struct inventory *inv, const char *folder, struct eat_function *f)
{
	char real[4096], *parent;

	if (!realpath(folder, real))
		return;
	parent = basename(dirname(real));
	if (strlen(parent) == 12 && parent[4] == ':' && parent[10] == '.')
		f->parent = keep(inv, parent);
}

static void read_iommu(struct inventory *inv, const char *folder, struct eat_function *f)
{
	OWNED(buf) type = NULL;
	struct err e = { 0 };
	char path[AGENT_PATH_MAX + 320], text[64];
	struct bytes group = link_name(inv, folder, "iommu_group");

	if (!group.len || group.len > 9)
		return;
	memcpy(text, group.at, group.len);
	text[group.len] = 0;
	f->has_group = true;
	f->group = (u32)strtoul(text, NULL, 10);
	snprintf(path, sizeof(path), "%s/iommu_group/type", folder);
	if (file_read(path, 32, &type, &e))
		return;
	memcpy(text, type->w.at, type->w.len);
	text[type->w.len] = 0;
	text[strcspn(text, "\n")] = 0;
	f->domain = keep(inv, text);
}

static int read_tsm(struct inventory *inv, const char *folder, struct eat_function *f,
		    struct err *e)
{
	struct tsm_look look;

	if (tsm_look(folder, &look, e))
		return err_while(e, "%s", folder);
	f->tsm = keep(inv, look.connected);
	f->authenticated_by = keep(inv, look.authenticated_by);
	f->has_authenticated = look.has_authenticated;
	f->authenticated = look.authenticated;
	for (; f->n_streams < look.n_streams; f->n_streams++)
		f->streams[f->n_streams] = keep(inv, look.streams[f->n_streams]);
	return 0;
}

static int read_function(struct inventory *inv, const char *pci, const char *address, struct err *e)
{
	struct eat_function f = { 0 };
	char folder[AGENT_PATH_MAX + 270];
	bool ok = true, subsystem = true;

	snprintf(folder, sizeof(folder), "%s/%s", pci, address);
	f.address = keep(inv, address);
	f.vendor = (u16)read_hex(folder, "vendor", &ok);
	f.device = (u16)read_hex(folder, "device", &ok);
	f.class_code = read_hex(folder, "class", &ok) & 0xffffff;
	f.revision = (u8)read_hex(folder, "revision", &ok);
	f.subsystem_vendor = (u16)read_hex(folder, "subsystem_vendor", &subsystem);
	f.subsystem = (u16)read_hex(folder, "subsystem_device", &subsystem);
	f.has_subsystem = subsystem;
	if (!subsystem)
		f.subsystem_vendor = f.subsystem = 0;
	if (!ok)
		return 0; /* it went away while we looked */
	read_serial(inv, folder, &f);
	read_config(inv, pci, address, &f);
	read_parent(inv, folder, &f);
	f.driver = link_name(inv, folder, "driver");
	read_iommu(inv, folder, &f);
	if (read_tsm(inv, folder, &f, e))
		return (int)e->code;
	if (inv->n_functions == PCI_FUNCTIONS_MAX || inv->text->w.full)
		return err_set(e, E_LIMIT, "more than %d PCI functions", PCI_FUNCTIONS_MAX);
	inv->functions[inv->n_functions++] = f;
	return 0;
}

static int read_pci(struct inventory *inv, const char *pci, struct err *e)
{
	struct dirent **names = NULL;
	int n = scandir(pci, &names, NULL, alphasort), rc = 0;

	if (n < 0)
		return err_set(e, E_IO, "list PCI functions in %s: %s", pci, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (!rc && names[i]->d_name[0] != '.')
			rc = read_function(inv, pci, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	return rc;
}

static int list_test_devices(struct inventory *inv, const struct agent_settings *s, struct err *e)
{
	for (size_t i = 0; i < s->n_devices; i++) {
		const struct test_device *t = &s->devices[i];
		struct source_device *d = &inv->devices[inv->n_devices++];

		*d = (struct source_device){ .source = t->file[0] ? &source_file : &source_socket,
					     .slot = t->slot };
		snprintf(d->address, sizeof(d->address), "%s", t->file[0] ? t->file : t->address);
		if (pci_identity_parse(t->identity, &d->identity, e))
			return (int)e->code;
	}
	return 0;
}

static int list_kernel_devices(struct inventory *inv, const struct agent_settings *s, struct err *e)
{
	size_t n;

	if (!s->kernel_cma || !s->pci_folder[0])
		return 0;
	if (netlink_devices(s->pci_folder, inv->devices, DEVICES_MAX - TEST_DEVICES_MAX, &n, e))
		return (int)e->code;
	for (size_t i = 0; i < n; i++) {
		struct source_device *d = &inv->devices[i];

		d->slot = s->slots[0];
		d->n_other_slots = s->n_slots - 1;
		memcpy(d->other_slots, s->slots + 1, d->n_other_slots);
	}
	inv->n_devices = n;
	return 0;
}

/* A simulated or saved device stands in the inventory like a function with CMA. */
static int add_function(struct inventory *inv, const struct source_device *d, struct err *e)
{
	struct eat_function f = { .vendor = d->identity.vendor,
				  .device = d->identity.device,
				  .class_code = d->identity.class_code,
				  .revision = d->identity.revision,
				  .has_subsystem = d->identity.has_subsystem,
				  .subsystem_vendor = d->identity.subsystem_vendor,
				  .subsystem = d->identity.subsystem,
				  .cma = true };
	char address[SOURCE_ADDRESS_MAX + 8];

	if (d->source == &source_netlink) /* it came after sysfs was read */
		snprintf(address, sizeof(address), "%s", d->address);
	else
		snprintf(address, sizeof(address), "%s:%s", d->source->name, d->address);
	f.address = keep(inv, address);
	f.label = keep(inv, d->label);
	if (d->identity.has_serial)
		keep_serial(inv, d->identity.serial, &f);
	if (inv->n_functions == PCI_FUNCTIONS_MAX || inv->text->w.full)
		return err_set(e, E_LIMIT, "more than %d PCI functions", PCI_FUNCTIONS_MAX);
	inv->functions[inv->n_functions++] = f;
	return 0;
}

static struct eat_function *function_at(struct inventory *inv, const char *address)
{
	for (size_t i = 0; i < inv->n_functions; i++)
		if (bytes_equal(inv->functions[i].address, bytes_text(address)))
			return &inv->functions[i];
	return NULL;
}

/* A function that does not answer any more is still what it was when the kernel found it. */
static void remember_identity(struct inventory *inv, struct source_device *d)
{
	const struct eat_function *f = function_at(inv, d->address);

	if (!f || d->identity.vendor)
		return;
	d->identity.vendor = f->vendor;
	d->identity.device = f->device;
}

static int add_devices(struct inventory *inv, const struct agent_settings *s, struct err *e)
{
	if (list_kernel_devices(inv, s, e))
		return (int)e->code;
	for (size_t i = 0; i < inv->n_devices; i++)
		remember_identity(inv, &inv->devices[i]);
	if (list_test_devices(inv, s, e))
		return (int)e->code;
	labels_fix(inv->devices, inv->n_devices);
	for (size_t i = 0; i < inv->n_devices; i++) {
		const struct source_device *d = &inv->devices[i];
		struct eat_function *f =
			d->source == &source_netlink ? function_at(inv, d->address) : NULL;

		if (!f && add_function(inv, d, e))
			return (int)e->code;
		if (f) {
			f->cma = true; /* the kernel speaks to its mailbox, whatever sysfs says */
			f->label = keep(inv, d->label);
		}
	}
	return inv->text->w.full ? err_set(e, E_LIMIT, "the inventory is too long") : 0;
}

int inventory_read(const struct agent_settings *s, struct inventory **out, struct err *e)
{
	OWNED(inventory) inv = calloc(1, sizeof(*inv));

	if (!inv || !(inv->functions = calloc(PCI_FUNCTIONS_MAX, sizeof(*inv->functions))) ||
	    !(inv->text = buf_new(TEXT_MAX)) || !write_space(&inv->text->w, TEXT_MAX))
		return err_set(e, E_MEMORY, "no memory for the inventory");
	inv->text->w.len = 0;
	if ((s->pci_folder[0] && read_pci(inv, s->pci_folder, e)) || add_devices(inv, s, e))
		return err_while(e, "inventory");
	*out = TAKE(inv);
	return 0;
}
