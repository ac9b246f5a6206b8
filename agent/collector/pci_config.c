// SPDX-License-Identifier: Apache-2.0
#include "pci_config.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER_LEN = 16, /* of what is looked at; the subsystem stands further on */
	SUBSYSTEM_AT = 0x2c,
	EXTENDED_AT = 0x100,
	CAPABILITIES_MAX = (PCI_CONFIG_MAX - EXTENDED_AT) / 8,
	HEADER_TYPE_MASK = 0x7f,
	CAP_SERIAL_NUMBER = 0x0003,
	CAP_DOE = 0x002e,
	NOBODY = 0xffff,
};

/*
 * Configuration space at hand, or behind a file of sysfs. There each dword is an access to the device, which
 * in a virtual machine costs tens of microseconds: only what is looked at is fetched, not all 4096 bytes.
 */
struct config {
	struct bytes whole; /* fd < 0 */
	int fd;
	u8 fetched[HEADER_LEN];
};

/* Valid until the next part is taken; shorter than asked for where the space ends, or cannot be read. */
static struct bytes part(struct config *c, size_t at, size_t len)
{
	size_t rest = c->fd < 0 ? c->whole.len - (at < c->whole.len ? at : c->whole.len)
				: sizeof(c->fetched);
	ssize_t n;

	len = len < rest ? len : rest;
	if (c->fd < 0)
		return len ? bytes_slice(c->whole, at, len) : BYTES_NONE;
	n = pread(c->fd, c->fetched, len, (off_t)at);
	return (struct bytes){ c->fetched, n > 0 ? (size_t)n : 0 };
}

/* Each part is read to its end before the next is taken. */
static void read_header(struct config *c, struct pci_identity *id, const char **why)
{
	struct reader r = reader_on(part(c, 0, HEADER_LEN)), subsystem;

	id->vendor = read_le16(&r, "Vendor ID");
	id->device = read_le16(&r, "Device ID");
	read_le32(&r, "Command, Status");
	id->revision = read_u8(&r, "Revision ID");
	id->class_code = read_le24(&r, "Class Code");
	read_le16(&r, "Cache Line Size, Latency Timer");
	id->has_subsystem = (read_u8(&r, "Header Type") & HEADER_TYPE_MASK) == 0;
	subsystem = reader_on(part(c, SUBSYSTEM_AT, 4));
	if (id->has_subsystem) {
		id->subsystem_vendor = read_le16(&subsystem, "Subsystem Vendor ID");
		id->subsystem = read_le16(&subsystem, "Subsystem ID");
	} else {
		read_le32(&subsystem, "BARs of a bridge");
	}
	if (!r.why && subsystem.why)
		reader_fail(&r, "configuration space ends early");
	if (!r.why && id->vendor == NOBODY)
		reader_fail(&r, "nobody answers at this address");
	*why = r.why;
}

/* A list through the extended space; it may be made to run in a circle. */
static void read_capabilities(struct config *c, struct pci_look *out, const char **why)
{
	size_t at = EXTENDED_AT;

	for (size_t i = 0; i < CAPABILITIES_MAX && at >= EXTENDED_AT; i++) {
		struct reader cap = reader_on(part(c, at, 4));
		u32 head;
		u64 low, high;

		if (at == EXTENDED_AT && !cap.left.len)
			return; /* not a PCI Express function, or not ours to read */
		head = read_le32(&cap, "extended capability");
		if (cap.why)
			*why = "extended capability runs past the end";
		if (cap.why || !head || head == 0xffffffff)
			return;
		if ((head & 0xffff) == CAP_DOE)
			out->has_doe = true;
		if ((head & 0xffff) == CAP_SERIAL_NUMBER && !out->identity.has_serial) {
			cap = reader_on(part(c, at + 4, 8));
			low = read_le32(&cap, "serial number");
			high = read_le32(&cap, "serial number");
			if (cap.why) {
				*why = "serial number runs past the end";
				return;
			}
			out->identity.has_serial = true;
			out->identity.serial = high << 32 | low;
		}
		at = head >> 20 & ~3U;
	}
	if (at >= EXTENDED_AT)
		*why = "extended capabilities run in a circle";
}

static int parse(struct config *c, struct pci_look *out, const char **why)
{
	*out = (struct pci_look){ 0 };
	read_header(c, &out->identity, why);
	if (!*why)
		read_capabilities(c, out, why);
	return *why ? -EBADMSG : 0;
}

int pci_config_parse(struct bytes config, struct pci_look *out, const char **why)
{
	struct config c = { .whole = config, .fd = -1 };

	if (!parse(&c, out, why) && config.len < PCI_CONFIG_MIN)
		*why = "configuration space ends early";
	return *why ? -EBADMSG : 0;
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
	struct config config;
	char path[1024];
	const char *why;
	int rc;
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", folder, address) >= (int)sizeof(path) - 8)
		return err_set(e, E_LIMIT, "path of %s is too long", address);
	if (stat(path, &st))
		return err_set(e, E_NOTFOUND, "no PCI function %s: %s", address, strerror(errno));
	strcat(path, "/config");
	config.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (config.fd < 0)
		return err_set(e, E_IO, "%s: %s", path, strerror(errno));
	rc = parse(&config, out, &why);
	close(config.fd);
	if (rc)
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
