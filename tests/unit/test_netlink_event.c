// SPDX-License-Identifier: Apache-2.0
/* What the kernel says unasked: uevents, signatures that were made, families that came. */
#include "support.h"

#include <linux/genetlink.h>

#include "agent/collector/netlink_message.h"
#include "netlink_draft.h"

#define UEVENT "add@/devices/x\0ACTION=add\0DEVPATH=/devices/x\0SUBSYSTEM="

static void a_uevent_of_a_pci_function_names_it(void **state)
{
	static const char pci[] = UEVENT "pci\0PCI_SLOT_NAME=0000:01:00.0\0SEQNUM=1";
	static const char usb[] = UEVENT "a-subsystem-with-a-long-name\0SEQNUM=1";
	static const char udev[] = "libudev\0ACTION=add";
	static const char bad[] = UEVENT "pci\0PCI_SLOT_NAME=../x";
	static const char open[] = UEVENT "pci\0SEQ";
	struct netlink_uevent u;
	const char *why;

	(void)state;
	assert_int_equal(netlink_parse_uevent(BYTES(pci), &u, &why), 0);
	assert_string_equal(u.action, "add");
	assert_string_equal(u.subsystem, "pci");
	assert_string_equal(u.name, "0000:01:00.0");
	assert_int_equal(netlink_parse_uevent(BYTES(usb), &u, &why), 0);
	assert_string_equal(u.subsystem, "");
	assert_int_equal(netlink_parse_uevent(BYTES(udev), &u, &why), -EBADMSG);
	assert_int_equal(netlink_parse_uevent(BYTES(bad), &u, &why), -EBADMSG);
	assert_string_equal(why, "PCI_SLOT_NAME");
	assert_int_equal(netlink_parse_uevent((struct bytes){ (const u8 *)open, sizeof(open) - 1 },
					      &u, &why),
			 -EBADMSG);
	assert_int_equal(netlink_parse_uevent(BYTES_NONE, &u, &why), -EBADMSG);
}

static void a_signature_event_names_the_function_at_the_end_of_the_path(void **state)
{
	struct draft *d = draft_new(1), *more = draft_new(1), *bad = draft_new(1);
	struct netlink_signature s;
	const char *why;

	(void)state;
	draft_put_text(d, 1, "/devices/pci0000:00/0000:00:03.0/0000:01:00.0");
	draft_put(d, 2, &(u8){ 0x60 }, 1);
	draft_put(d, 3, &(u8){ 1 }, 1);
	assert_int_equal(netlink_parse_signature(write_done(&d->w), &s, &why), 0);
	assert_string_equal(s.name, "0000:01:00.0");
	assert_true(s.code == 0x60 && s.slot == 1);
	draft_put(more, 9, "transcript", 10);
	assert_int_equal(netlink_parse_signature(write_done(&more->w), &s, &why), 0);
	assert_string_equal(s.name, "");
	draft_put_text(bad, 1, "/devices/platform/x");
	assert_int_equal(netlink_parse_signature(write_done(&bad->w), &s, &why), -EBADMSG);
	assert_string_equal(why, "DEVICE");
	free(d);
	free(more);
	free(bad);
}

static void a_new_family_says_its_name(void **state)
{
	struct draft *d = draft_new(CTRL_CMD_NEWFAMILY);
	char name[NETLINK_FAMILY_MAX];
	const char *why;

	(void)state;
	assert_int_equal(netlink_parse_family(write_done(&d->w), name, &why), -EBADMSG);
	assert_string_equal(why, "FAMILY_NAME is missing");
	draft_put_text(d, CTRL_ATTR_FAMILY_NAME, "assay");
	assert_int_equal(netlink_parse_family(write_done(&d->w), name, &why), 0);
	assert_string_equal(name, "assay");
	draft_put_text(d, CTRL_ATTR_FAMILY_NAME, "a-name-longer-than-any");
	assert_int_equal(netlink_parse_family(write_done(&d->w), name, &why), -EBADMSG);
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uevent_of_a_pci_function_names_it),
		cmocka_unit_test(a_signature_event_names_the_function_at_the_end_of_the_path),
		cmocka_unit_test(a_new_family_says_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
