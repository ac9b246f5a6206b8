// SPDX-License-Identifier: Apache-2.0
#include "pci_config.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"

enum {
	SUBSYSTEM_AT = 0x2c,
	EXTENDED_AT = 0x100,
	CAPABILITIES_MAX = (PCI_CONFIG_MAX - EXTENDED_AT) / 8,
	HEADER_TYPE_MASK = 0x7f,
	CAP_SERIAL_NUMBER = 0x0003,
	CAP_DOE = 0x002e,
	NOBODY = 0xffff,
};

static void read_header(struct bytes config, struct pci_identity *id, struct reader *r)
{
	struct reader subsystem =
		reader_on(bytes_slice(config, SUBSYSTEM_AT, PCI_CONFIG_MIN - SUBSYSTEM_AT));

	id->vendor = read_le16(r, "Vendor ID");
	id->device = read_le16(r, "Device ID");
	read_le32(r, "Command, Status");
	id->revision = read_u8(r, "Revision ID");
	id->class_code = read_le24(r, "Class Code");
	read_le16(r, "Cache Line Size, Latency Timer");
	id->has_subsystem = (read_u8(r, "Header Type") & HEADER_TYPE_MASK) == 0;
	if (id->has_subsystem) {
		id->subsystem_vendor = read_le16(&subsystem, "Subsystem Vendor ID");
		id->subsystem = read_le16(&subsystem, "Subsystem ID");
	}
	if (!r->why && (subsystem.why || config.len < PCI_CONFIG_MIN))
		reader_fail(r, "configuration space ends early");
	if (!r->why && id->vendor == NOBODY)
		reader_fail(r, "nobody answers at this address");
}

/* A list through the extended space; it may be made to run in a circle. */
static void read_capabilities(struct bytes config, struct pci_look *out, struct reader *r)
{
	size_t at = EXTENDED_AT;

	for (size_t i = 0; i < CAPABILITIES_MAX && at >= EXTENDED_AT; i++) {
		struct reader cap = reader_on(bytes_slice(config, at, config.len - at));
		u32 head = read_le32(&cap, "extended capability");
		u64 low, high;

		if (cap.why)
			reader_fail(r, "extended capability runs past the end");
		if (r->why || !head || head == 0xffffffff)
			return;
		if ((head & 0xffff) == CAP_DOE)
			out->has_doe = true;
		if ((head & 0xffff) == CAP_SERIAL_NUMBER && !out->identity.has_serial) {
			low = read_le32(&cap, "serial number");
			high = read_le32(&cap, "serial number");
			if (cap.why)
				reader_fail(r, "serial number runs past the end");
			out->identity.has_serial = true;
			out->identity.serial = high << 32 | low;
		}
		at = head >> 20 & ~3U;
	}
	if (at >= EXTENDED_AT)
		reader_fail(r, "extended capabilities run in a circle");
}

int pci_config_parse(struct bytes config, struct pci_look *out, const char **why)
{
	struct reader r = reader_on(config);

	*out = (struct pci_look){ 0 };
	read_header(config, &out->identity, &r);
	if (!r.why && config.len > EXTENDED_AT)
		read_capabilities(config, out, &r);
	*why = r.why;
	return r.why ? -EBADMSG : 0;
}

static bool is_there(const char *folder, const char *address, const char *name)
{
	char path[1024];

	return snprintf(path, sizeof(path), "%s/%s/%s", folder, address, name) <
		       (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

bool pci_has_cma(const char *folder, const char *address)
{
	return is_there(folder, address, "doe_features/0001:01");
}

int pci_look(const char *folder, const char *address, struct pci_look *out, struct err *e)
{
	OWNED(buf) config = NULL;
	char path[1024];
	const char *why;
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, address) >= (int)sizeof(path) - 8)
		return err_set(e, E_LIMIT, "path of %s is too long", address);
	if (stat(path, &st))
		return err_set(e, E_NOTFOUND, "no PCI function %s: %s", address, strerror(errno));
	strcat(path, "/config");
	if (file_read(path, PCI_CONFIG_MAX, &config, e))
		return (int)e->code;
	if (pci_config_parse(buf_bytes(config), out, &why))
		return err_set(e, E_DEVICE, "configuration space of %s: %s", address, why);
	out->node = st.st_ino;
	out->has_cma = pci_has_cma(folder, address);
	out->kernel_says_cma = is_there(folder, address, "doe_features");
	return 0;
}

bool pci_identity_equals(const struct pci_identity *a, const struct pci_identity *b)
{
	return a->vendor == b->vendor && a->device == b->device && a->class_code == b->class_code &&
	       a->revision == b->revision && a->has_subsystem == b->has_subsystem &&
	       a->subsystem_vendor == b->subsystem_vendor && a->subsystem == b->subsystem &&
	       a->has_serial == b->has_serial && a->serial == b->serial;
}
