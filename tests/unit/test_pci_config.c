// SPDX-License-Identifier: Apache-2.0
/* A configuration space is the device's own word: it is read within its bounds. */
#include "support.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/collector/pci_config.h"
#include "common/file.h"

static void put32(u8 *config, size_t at, u32 v)
{
	struct writer w = writer_on(config + at, 4);

	write_le32(&w, v);
}

/* An NVMe drive with a serial number and DOE: AER first, DOE last. */
static void drive(u8 config[PCI_CONFIG_MAX])
{
	memset(config, 0, PCI_CONFIG_MAX);
	put32(config, 0, 0x00101b36);
	put32(config, 8, 0x01080202);
	put32(config, 0x2c, 0x11001af4);
	put32(config, 0x100, 0x15010001);
	put32(config, 0x150, 0x18010003);
	put32(config, 0x154, 0x44556677);
	put32(config, 0x158, 0x00112233);
	put32(config, 0x180, 0x0001002e);
}

static int parse(const u8 *config, size_t len, struct pci_look *out, const char **why)
{
	u8 *copy = heap_copy((struct bytes){ config, len });
	int rc = pci_config_parse((struct bytes){ copy, len }, out, why);

	free(copy);
	return rc;
}

static void a_drive_is_what_its_configuration_space_says(void **state)
{
	u8 config[PCI_CONFIG_MAX];
	struct pci_look look;
	struct pci_identity same;
	struct err e = { 0 };
	const char *why;

	(void)state;
	drive(config);
	assert_int_equal(parse(config, sizeof(config), &look, &why), 0);
	assert_ok(
		pci_identity_parse("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:"
				   "0011223344556677",
				   &same, &e),
		&e);
	assert_true(pci_identity_equals(&look.identity, &same));
	assert_true(look.has_doe);
	same.serial++;
	assert_false(pci_identity_equals(&look.identity, &same));
}

static void without_the_extended_space_there_is_no_serial_number(void **state)
{
	u8 config[PCI_CONFIG_MAX];
	struct pci_look look;
	const char *why;

	(void)state;
	drive(config);
	assert_int_equal(parse(config, 256, &look, &why), 0);
	assert_false(look.identity.has_serial || look.has_doe);
	config[0x0e] = 0x81; /* a bridge has no subsystem there */
	assert_int_equal(parse(config, 64, &look, &why), 0);
	assert_false(look.identity.has_subsystem);
	assert_int_equal(look.identity.subsystem, 0);
}

static void what_runs_past_the_end_or_in_a_circle_is_refused(void **state)
{
	static const struct {
		size_t len, at;
		u32 put;
		const char *why;
	} rows[] = {
		{ 63, 0x100, 0, "configuration space ends early" },
		{ 3, 0x100, 0, "Device ID" },
		{ PCI_CONFIG_MAX, 0, 0xffffffff, "nobody answers at this address" },
		{ PCI_CONFIG_MAX, 0x180, 0x1001002e, "extended capabilities run in a circle" },
		{ 0x182, 0x100, 0x15010001, "extended capability runs past the end" },
		{ 0x156, 0x100, 0x15010001, "serial number runs past the end" },
	};
	u8 config[PCI_CONFIG_MAX];
	struct pci_look look;
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		drive(config);
		put32(config, rows[i].at, rows[i].put);
		assert_int_equal(parse(config, rows[i].len, &look, &why), -EBADMSG);
		assert_string_equal(why, rows[i].why);
	}
}

static void a_function_is_looked_at_in_its_folder(void **state)
{
	char folder[] = "/tmp/assay-pci.XXXXXX", path[128];
	u8 config[PCI_CONFIG_MAX];
	struct pci_look look;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_refused(pci_look(folder, "0000:01:00.0", &look, &e), &e, E_NOTFOUND,
		       "no PCI function 0000:01:00.0");
	snprintf(path, sizeof(path), "%s/0000:01:00.0/doe_features/0001:01", folder);
	assert_ok(folder_make(path, 0700, &e), &e);
	drive(config);
	snprintf(path, sizeof(path), "%s/0000:01:00.0/config", folder);
	assert_ok(file_write(path, BYTES(config), 0600, &e), &e);
	assert_ok(pci_look(folder, "0000:01:00.0", &look, &e), &e);
	assert_true(look.has_cma && look.kernel_says_cma && look.node);
	snprintf(path, sizeof(path), "rm -r %s", folder);
	assert_int_equal(system(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drive_is_what_its_configuration_space_says),
		cmocka_unit_test(without_the_extended_space_there_is_no_serial_number),
		cmocka_unit_test(what_runs_past_the_end_or_in_a_circle_is_refused),
		cmocka_unit_test(a_function_is_looked_at_in_its_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
