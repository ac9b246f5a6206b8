// SPDX-License-Identifier: Apache-2.0
/* What comes unasked. */
#include <linux/genetlink.h>

#include "netlink_attr.h"
#include "netlink_message.h"

/* ---- uevents ---- */
/* The next NUL-terminated string. */
static struct bytes next_string(struct reader *r)
{
	const u8 *end = r->left.len ? memchr(r->left.at, 0, r->left.len) : NULL;
	struct bytes got;

	if (!end) {
		reader_fail(r, "string without an end");
		return BYTES_NONE;
	}
	got = read_bytes(r, (size_t)(end - r->left.at), "string");
	read_u8(r, "string");
	return got;
}

static void value_of(struct reader *r, struct bytes line, const char *key, char *out, size_t size)
{
	size_t len = strlen(key);
	struct bytes value;

	if (!bytes_equal(bytes_slice(line, 0, len), bytes_text(key)))
		return;
	value = bytes_slice(line, len, line.len - len);
	if (value.len >= size)
		reader_fail(r, key);
	else if (value.len)
		memcpy(out, value.at, value.len);
	if (value.len < size)
		out[value.len] = 0;
}

int netlink_parse_uevent(struct bytes message, struct netlink_uevent *out, const char **why)
{
	struct reader r = reader_on(message);
	struct bytes first = next_string(&r);

	*out = (struct netlink_uevent){ 0 };
	if (!r.why && (!first.len || !memchr(first.at, '@', first.len)))
		reader_fail(&r, "action@devpath");
	while (!r.why && r.left.len) {
		struct bytes line = next_string(&r);

		value_of(&r, line, "ACTION=", out->action, sizeof(out->action));
		/* those of other subsystems may be longer than ours: they are not read */
		if (bytes_equal(line, bytes_text("SUBSYSTEM=pci")))
			memcpy(out->subsystem, "pci", 4);
		value_of(&r, line, "PCI_SLOT_NAME=", out->name, sizeof(out->name));
	}
	if (!r.why && out->name[0] && !pci_address_valid(out->name))
		reader_fail(&r, "PCI_SLOT_NAME");
	return netlink_result(&r, why);
}

/* ---- family "spdm", group "sig" ---- */
enum { SIG_DEVICE = 1, SIG_RSP_CODE = 2, SIG_SLOT = 3, SIG_PATH_MAX = 1024 };

/* /devices/pci0000:00/0000:00:03.0: the last part is the address */
static void take_path(struct reader *r, const struct netlink_attr *a, char *name)
{
	char path[SIG_PATH_MAX];
	const char *last;

	path[0] = 0;
	netlink_attr_text(r, a, path, sizeof(path), "DEVICE");
	last = strrchr(path, '/');
	if (!last || !pci_address_valid(last + 1))
		reader_fail(r, "DEVICE");
	else
		memcpy(name, last + 1, strlen(last + 1) + 1);
}

int netlink_parse_signature(struct bytes payload, struct netlink_signature *out, const char **why)
{
	struct reader r;
	struct netlink_attr a;

	*out = (struct netlink_signature){ 0 };
	netlink_command(payload, &r);
	while (netlink_next_attr(&r, &a)) {
		if (a.type == SIG_DEVICE)
			take_path(&r, &a, out->name);
		else if (a.type == SIG_RSP_CODE)
			out->code = netlink_attr_u8(&r, &a, "RSP_CODE");
		else if (a.type == SIG_SLOT)
			out->slot = netlink_attr_u8(&r, &a, "SLOT");
	}
	return netlink_result(&r, why);
}

int netlink_parse_family(struct bytes payload, char name[NETLINK_FAMILY_MAX], const char **why)
{
	struct reader r;
	struct netlink_attr a;

	name[0] = 0;
	netlink_command(payload, &r);
	while (netlink_next_attr(&r, &a))
		if (a.type == CTRL_ATTR_FAMILY_NAME)
			netlink_attr_text(&r, &a, name, NETLINK_FAMILY_MAX, "FAMILY_NAME");
	if (!r.why && !name[0])
		reader_fail(&r, "FAMILY_NAME is missing");
	return netlink_result(&r, why);
}
